package citycode

import (
	"errors"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/internal/statuslist"
)

// Limits of a status list (SPEC §7).
const (
	MaxStatusEntries = statuslist.MaxEntries
	MaxStatusMessage = statuslist.HeadSize + 4 + MaxStatusEntries*2/8 + engine.SignatureSize
)

// A Status is what a list says about one credential (SPEC §7.2).
type Status uint8

// The states of SPEC §7.2, numbered as in the IETF Token Status List.
const (
	StatusValid     Status = statuslist.Valid
	StatusRevoked   Status = statuslist.Revoked   // for good
	StatusSuspended Status = statuslist.Suspended // until further notice
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

// A StatusList is a verified list of the states of one issuer key's
// credentials. It is immutable and safe for concurrent use.
type StatusList struct {
	head   statuslist.Head
	until  int64 // last moment at which it may be used: expires, or that of its signer's key
	states statuslist.States
	digest [engine.DigestSize]byte // of the body; names this state
}

// Issuer returns the issuer key whose credentials the list is about.
func (l *StatusList) Issuer() KeyID { return KeyID(l.head.Issuer) }

// List returns the number of the list.
func (l *StatusList) List() uint8 { return l.head.List }

// Version returns the version, to be kept and given to [OpenStatusList].
func (l *StatusList) Version() Version { return Version{l.head.Epoch, l.head.Counter} }

// IssuedAt returns when the list was signed.
func (l *StatusList) IssuedAt() time.Time { return timeOf(int64(l.head.IssuedAt)) }

// Expires returns the last moment at which the list may be used (SPEC §7.4).
func (l *StatusList) Expires() time.Time { return timeOf(l.until) }

// Len returns how many indices the list covers.
func (l *StatusList) Len() int { return int(l.head.Entries) }

// At returns the state of an index, and false for one that the list does not
// cover.
func (l *StatusList) At(index uint32) (Status, bool) {
	if index >= l.head.Entries {
		return 0, false
	}
	return Status(l.states.At(index)), true
}

const statusListName = "status list"

// OpenStatusList implements SPEC §7.4: it parses and verifies a status list
// under a trust list in one step. have is the highest version of this list
// ever accepted; an older one is refused. A refusal is a *ListError.
func OpenStatusList(msg []byte, trust *TrustList, have Version) (*StatusList, error) {
	if trust == nil {
		return nil, errors.New("citycode: status list: no trust list")
	}
	m, err := parseStatus(msg, statusListName, kindStatus)
	if err != nil {
		return nil, err
	}
	l := &StatusList{head: m.Head}
	if err := l.checkSigner(m, trust, statusListName, tagStatus); err != nil {
		return nil, err
	}
	if l.Version().Before(have) {
		return nil, listError(statusListName, ListRollback, "version %s is older than %s", l.Version(), have)
	}
	// States are decoded only now: a hundred bytes can announce four megabytes
	// of them, and only the city's own key may make a verifier allocate those.
	if l.states, err = m.States(); err != nil {
		return nil, listError(statusListName, ListMalformed, "%w", err)
	}
	l.digest = trust.suite.Sum(m.Body)
	return l, nil
}

// parseStatus implements SPEC §7.3 and the layout of §7.6.
func parseStatus(msg []byte, name string, kind byte) (*statuslist.Message, error) {
	read, most := statuslist.ReadList, MaxStatusMessage
	if kind == kindDelta {
		read, most = statuslist.ReadDelta, MaxDeltaMessage
	}
	r, err := openList(msg, name, kind, most)
	if err != nil {
		return nil, err
	}
	m, err := read(r, msg)
	if err == nil && !(KeyID(m.Signer).valid() && KeyID(m.Issuer).valid()) {
		err = errors.New("a key id is not of a GB/T 2260 city")
	}
	if err != nil {
		return nil, listError(name, ListMalformed, "%w", err)
	}
	return m, nil
}

// checkSigner implements SPEC §7.4 up to the signature, for a list and a delta,
// and sets until when the list may be used.
func (l *StatusList) checkSigner(m *statuslist.Message, trust *TrustList, name, tag string) error {
	signer := KeyID(m.Signer)
	// Under another city's trust list that city would say who is revoked here.
	if l.Issuer().City() != trust.city || signer.City() != trust.city {
		return listError(name, ListForeignCity, "it is about %s and signed by %s, not by city %06d", l.Issuer(), signer, trust.city)
	}
	verifyUntil, err := trust.checkListSignature(signer, UseStatus, int64(m.IssuedAt), name, tag, m.Body, m.Signature)
	// A key that was retired and then stolen could date a list back into its
	// own time, with a version that is newer than every honest one.
	l.until = min(int64(m.Expires), verifyUntil)
	return err
}

// body returns everything of a list message before its signature.
func (l *StatusList) body() []byte {
	return l.head.AppendList([]byte{WireVersion, kindStatus}, l.states)
}
