package citycode

import (
	"encoding/binary"
	"fmt"
)

// A Relation says for whom somebody shows a code (SPEC §4.7).
type Relation uint8

// The relations of SPEC §4.7.
const (
	ForChild Relation = iota + 1 // 代未成年人
	ForElder                     // 代老年人
	ForWard                      // 代其他被监护人
)

// A Delegation lets an adult show the code of a child or a parent, 一老一幼
// (SPEC §4.7). It stands in the source segment of profile delegated, under
// the issuer's signature; the scope is the scene mask of the credential.
type Delegation struct {
	Guardian [8]byte // pseudonym of the one who holds the key
	Relation Relation
	PerDay   uint8  // how many accepted codes a day; 0: none
	Cap      uint32 // fen that one use may cost; 0: nothing that costs
}

const delegationSize = 8 + 1 + 1 + 4

// Bytes returns the 14 bytes of SPEC §4.7.
func (d Delegation) Bytes() []byte {
	b := append([]byte(nil), d.Guardian[:]...)
	b = append(b, byte(d.Relation), d.PerDay)
	return binary.BigEndian.AppendUint32(b, d.Cap)
}

func parseDelegation(b []byte) (d Delegation, err error) {
	if len(b) != delegationSize {
		return d, fmt.Errorf("delegation of %d bytes", len(b))
	}
	copy(d.Guardian[:], b)
	d.Relation, d.PerDay, d.Cap = Relation(b[8]), b[9], binary.BigEndian.Uint32(b[10:])
	if d.Relation < ForChild || d.Relation > ForWard {
		return d, fmt.Errorf("relation %d", d.Relation)
	}
	return d, nil
}

// Delegation returns who shows the code for its subject and within which
// limits, and false if the subject shows it. The scenario keeps the limits.
func (v *Verified) Delegation() (Delegation, bool) {
	if v.profile.ID != ProfileDelegated {
		return Delegation{}, false
	}
	// The verifier has parsed it before.
	d, err := parseDelegation(v.token.source.of(v.token.raw[:]))
	return d, err == nil
}
