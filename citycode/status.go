package citycode

import (
	"errors"
	"fmt"
	"math/bits"
	"time"

	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/internal/wire"
)

// Limits of a status list (SPEC §7).
const (
	MaxStatusEntries = 1 << 24
	MaxStatusMessage = statusHead + MaxStatusEntries*2/8 + engine.SignatureSize

	statusHead = 1 + 1 + 4 + 4 + 1 + 8 + 4 + 4 + 4 + 4
)

// A Status is what a list says about one credential (SPEC §7.2).
type Status uint8

// The states of SPEC §7.2, numbered as in the IETF Token Status List.
const (
	StatusValid     Status = 0
	StatusRevoked   Status = 1 // for good
	StatusSuspended Status = 2 // until further notice
)

// String returns the word of SPEC §7.2.
func (s Status) String() string {
	switch s {
	case StatusValid:
		return "valid"
	case StatusRevoked:
		return "revoked"
	case StatusSuspended:
		return "suspended"
	}
	return fmt.Sprintf("status-%d", uint8(s))
}

// statusBits holds two bits for each index.
type statusBits []byte

func newStatusBits(n int) statusBits { return make(statusBits, (n+3)/4) }

func (s statusBits) at(i uint32) Status { return Status(s[i/4]>>(i%4*2)) & 3 }

func (s statusBits) set(i uint32, v Status) {
	s[i/4] = s[i/4]&^(3<<(i%4*2)) | byte(v)<<(i%4*2)
}

// A StatusList is a verified list of the states of one issuer key's
// credentials. It is immutable and safe for concurrent use.
type StatusList struct {
	issuer   KeyID
	list     uint8
	version  Version
	issuedAt int64
	expires  int64
	size     int
	states   statusBits
}

// Issuer returns the issuer key whose credentials the list is about.
func (l *StatusList) Issuer() KeyID { return l.issuer }

// List returns the number of the list.
func (l *StatusList) List() uint8 { return l.list }

// Version returns the version, to be kept and given to [OpenStatusList].
func (l *StatusList) Version() Version { return l.version }

// IssuedAt returns when the list was signed.
func (l *StatusList) IssuedAt() time.Time { return timeOf(l.issuedAt) }

// Len returns how many indices the list covers.
func (l *StatusList) Len() int { return l.size }

// At returns the state of an index, and false for one that the list does not
// cover.
func (l *StatusList) At(index uint32) (Status, bool) {
	if int64(index) >= int64(l.size) {
		return 0, false
	}
	return l.states.at(index), true
}

const statusListName = "status list"

// OpenStatusList implements SPEC §7.4: it parses and verifies a status list
// under a trust list in one step. have is the highest version of this list
// ever accepted; an older one is refused. A refusal is a *ListError.
func OpenStatusList(msg []byte, trust *TrustList, have Version) (*StatusList, error) {
	if trust == nil {
		return nil, errors.New("citycode: status list: no trust list")
	}
	m, err := parseStatusList(msg)
	if err != nil {
		return nil, err
	}
	if m.list.issuer.City() != trust.city || m.signer.City() != trust.city {
		return nil, listError(statusListName, ListForeignCity, "it is about %s and signed by %s, not by city %06d", m.list.issuer, m.signer, trust.city)
	}
	if err := m.checkSignature(trust); err != nil {
		return nil, err
	}
	if m.list.version.Before(have) {
		return nil, listError(statusListName, ListRollback, "version %s is older than %s", m.list.version, have)
	}
	return m.decode()
}

func (m *statusMessage) checkSignature(trust *TrustList) error {
	known := false
	for _, e := range trust.entries[m.signer] {
		if e.Use != UseStatus || m.list.issuedAt < e.issueFrom || m.list.issuedAt > e.issueUntil {
			continue
		}
		known = true
		if e.key.verify(m.sig, tagStatus, m.body) {
			return nil
		}
	}
	if !known {
		return listError(statusListName, ListUnknownSigner, "key %s may not sign it", m.signer)
	}
	return listError(statusListName, ListBadSignature, "signature of key %s", m.signer)
}

// A statusMessage is a status list whose signature is not verified yet and
// whose states are not decoded: a hundred bytes can announce four megabytes of
// states, and only the city's own key may make a verifier allocate them.
type statusMessage struct {
	list    StatusList
	signer  KeyID
	changes uint32
	gaps    []byte
	body    []byte
	sig     []byte
}

// parseStatusList implements SPEC §7.3.
func parseStatusList(msg []byte) (*statusMessage, error) {
	fail := func(format string, args ...any) (*statusMessage, error) {
		return nil, listError(statusListName, ListMalformed, format, args...)
	}
	if len(msg) > MaxStatusMessage {
		return fail("%d bytes, at most %d", len(msg), MaxStatusMessage)
	}
	r := wire.NewReader(msg)
	version, kind := r.Uint8(), r.Uint8()
	if !r.OK() || version&0xf0 != 0x10 || kind != kindStatus {
		return fail("it does not begin as a status list")
	}
	if version != WireVersion {
		return nil, listError(statusListName, ListUnsupported, "version %d", version&0x0f)
	}
	m := &statusMessage{signer: KeyID(r.Uint32())}
	l := &m.list
	l.issuer, l.list, l.version = KeyID(r.Uint32()), r.Uint8(), readVersion(r)
	l.issuedAt, l.expires = int64(r.Uint32()), int64(r.Uint32())
	size := r.Uint32()
	m.changes = r.Uint32()
	if !r.OK() || r.Len() < engine.SignatureSize {
		return fail("%w", errShort)
	}
	if !m.signer.valid() || !l.issuer.valid() {
		return fail("a key id is not of a GB/T 2260 city")
	}
	if size > MaxStatusEntries || m.changes > size {
		return fail("%d states of %d entries (at most %d)", m.changes, size, MaxStatusEntries)
	}
	l.size = int(size)
	m.gaps = r.Bytes(r.Len() - engine.SignatureSize)
	m.body, m.sig = msg[:len(msg)-engine.SignatureSize], r.Bytes(engine.SignatureSize)
	return m, nil
}

func (m *statusMessage) decode() (*StatusList, error) {
	l := m.list
	l.states = newStatusBits(l.size)
	if err := readChanges(m.gaps, uint32(l.size), m.changes, l.states.set); err != nil {
		return nil, listError(statusListName, ListMalformed, "%w", err)
	}
	return &l, nil
}

// riceParameter returns k of SPEC §7.3: the number of low bits of a gap that
// are written as they are. It follows from the counts, so there is one coding.
func riceParameter(size, changes uint32) int {
	if changes == 0 {
		return 0
	}
	mean := uint64(size) * 69 / (uint64(changes) * 100) // mean gap times ln 2
	return max(0, bits.Len64(mean)-1)
}

var errGaps = errors.New("its states do not fit its counts")

// readChanges implements the coding of SPEC §7.3: for every entry that is not
// valid, ascending, the gap to the one before it in Rice code and one bit for
// its state. The time is linear in len(b), whatever the counts say.
func readChanges(b []byte, size, changes uint32, set func(uint32, Status)) error {
	k := riceParameter(size, changes)
	in := bitReader{b: b}
	next := uint64(0)
	for ; changes > 0; changes-- {
		for {
			bit, ok := in.bit()
			if !ok {
				return errGaps
			}
			if bit == 0 {
				break
			}
			next += 1 << k
			if next >= uint64(size) {
				return errGaps
			}
		}
		low, ok := in.bits(k)
		if !ok {
			return errGaps
		}
		next += low
		state, ok := in.bit()
		if !ok || next >= uint64(size) {
			return errGaps
		}
		set(uint32(next), StatusRevoked+Status(state))
		next++
	}
	if !in.done() {
		return errGaps
	}
	return nil
}

type bitReader struct {
	b  []byte
	at int // in bits
}

func (r *bitReader) bit() (uint64, bool) {
	if r.at >= 8*len(r.b) {
		return 0, false
	}
	v := r.b[r.at/8] >> (7 - r.at%8) & 1
	r.at++
	return uint64(v), true
}

func (r *bitReader) bits(n int) (v uint64, ok bool) {
	for ; n > 0; n-- {
		bit, ok := r.bit()
		if !ok {
			return 0, false
		}
		v = v<<1 | bit
	}
	return v, true
}

// done reports whether only zero bits that fill the last byte are left: any
// other filling would be a second form of the same list.
func (r *bitReader) done() bool {
	if 8*len(r.b)-r.at >= 8 {
		return false
	}
	for r.at < 8*len(r.b) {
		if bit, _ := r.bit(); bit != 0 {
			return false
		}
	}
	return true
}
