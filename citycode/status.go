package citycode

import (
	"errors"
	"fmt"
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
	digest   [engine.DigestSize]byte // of the body; names this state
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
	if err := m.checkSignature(trust, statusListName, tagStatus); err != nil {
		return nil, err
	}
	if m.list.version.Before(have) {
		return nil, listError(statusListName, ListRollback, "version %s is older than %s", m.list.version, have)
	}
	l, err := m.decode()
	if err != nil {
		return nil, err
	}
	l.digest = trust.suite.sum(m.body)
	return l, nil
}

func (m *statusMessage) checkSignature(trust *TrustList, name, tag string) error {
	return trust.checkListSignature(m.signer, UseStatus, m.list.issuedAt, name, tag, m.body, m.sig)
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
	r, err := openList(msg, statusListName, kindStatus, MaxStatusMessage)
	if err != nil {
		return nil, err
	}
	m, err := readStatusHead(r, statusListName)
	if err != nil {
		return nil, err
	}
	m.changes = r.Uint32()
	if !r.OK() || r.Len() < engine.SignatureSize {
		return fail("%w", errShort)
	}
	if int64(m.changes) > int64(m.list.size) {
		return fail("%d states of %d entries", m.changes, m.list.size)
	}
	m.gaps = r.Bytes(r.Len() - engine.SignatureSize)
	m.body, m.sig = msg[:len(msg)-engine.SignatureSize], r.Bytes(engine.SignatureSize)
	return m, nil
}

// readStatusHead reads what a list and a delta begin with (SPEC §7.3).
func readStatusHead(r *wire.Reader, name string) (*statusMessage, error) {
	m := &statusMessage{signer: KeyID(r.Uint32())}
	l := &m.list
	l.issuer, l.list, l.version = KeyID(r.Uint32()), r.Uint8(), readVersion(r)
	l.issuedAt, l.expires = int64(r.Uint32()), int64(r.Uint32())
	size := r.Uint32()
	switch {
	case !r.OK():
		return nil, listError(name, ListMalformed, "%w", errShort)
	case !m.signer.valid() || !l.issuer.valid():
		return nil, listError(name, ListMalformed, "a key id is not of a GB/T 2260 city")
	case size > MaxStatusEntries:
		return nil, listError(name, ListMalformed, "%d entries, at most %d", size, MaxStatusEntries)
	}
	l.size = int(size)
	return m, nil
}

func (m *statusMessage) decode() (*StatusList, error) {
	l := m.list
	l.states = newStatusBits(l.size)
	err := readChanges(m.gaps, uint32(l.size), m.changes, 1, func(i uint32, v uint64) { l.states.set(i, StatusRevoked+Status(v)) })
	if err != nil {
		return nil, listError(statusListName, ListMalformed, "%w", err)
	}
	return &l, nil
}
