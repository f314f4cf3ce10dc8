package citycode

import (
	"encoding/binary"

	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/internal/pubkey"
	"github.com/citizencode/citizencode/citycode/internal/rice"
	"github.com/citizencode/citizencode/citycode/internal/statuslist"
)

// What the tests of package citycode_test reach behind the exported surface.
// It is only what a stranger cannot see but an attacker can aim at: parsers
// that run before a signature was verified, and the guard without a token.

// Limits that the tests name.
const (
	MaxLanes    = maxLanes
	MaxSameID   = maxSameID
	MaxPins     = maxProfiles
	MaxLifetime = maxLifetime
)

var ErrNoCombiner = pubkey.ErrNoCombiner

// Present asks the guard about an acceptance as a verifier does at the end of
// its order, and returns 0 where it was accepted.
func (g *ReplayGuard) Present(a Accepted, now int64) Reason {
	if refused := g.decide(a, now, "", &Verified{}); refused != nil {
		return refused.Reason
	}
	return 0
}

// Accept is the last step of Verify, in which something is remembered.
func (v *Verifier) Accept(verified *Verified, c Check, now int64) Reason {
	if refused := v.accept(verified, c, now); refused != nil {
		return refused.Reason
	}
	return 0
}

// Floor returns the time at or below which an unknown credential is refused.
func (g *ReplayGuard) Floor() int64 { return g.memory.Floor() }

// Lanes returns how many lanes the guard remembers.
func (g *ReplayGuard) Lanes() int { return len(g.lanes) }

// Lane remembers an acceptance of t on a lane, as Present does without one.
func (g *ReplayGuard) Lane(a Accepted, now int64, name string, t *Token) Reason {
	if refused := g.decide(a, now, name, &Verified{token: t}); refused != nil {
		return refused.Reason
	}
	return 0
}

// Repeats reports whether the guard knows t as the last code of a lane.
func (g *ReplayGuard) Repeats(name string, t *Token) bool {
	_, ok := g.repeat(name, t)
	return ok
}

// Reconstruct returns the holder's key of an implicit static part.
func Reconstruct(e engine.Engine, issuer PublicKey, static []byte) (PublicKey, error) {
	s := pubkey.NewSuite(e)
	master, err := s.Prepare(issuer)
	if err != nil {
		return PublicKey{}, err
	}
	place := s.NewPlace()
	k, err := place.Reconstruct(master, tagImplicit, static)
	if err != nil {
		return PublicKey{}, err
	}
	return k.Public, nil
}

// ReadChanges is the reader of the states of a status list.
func ReadChanges(b []byte, size, changes uint32, set func(uint32, Status)) error {
	return rice.Read(b, size, changes, 1, func(i uint32, v uint64) { set(i, StatusRevoked+Status(v)) })
}

// EncodeChanges is its inverse, over a map of the states that are not valid.
func EncodeChanges(size int, states map[uint32]Status) (changes uint32, gaps []byte) {
	r := &StatusRegister{size: size, states: statuslist.NewStates(size)}
	for i, s := range states {
		r.states.Set(i, uint8(s))
	}
	return r.Encode()
}

// A ParsedTrustList is a trust list whose signatures are not verified yet.
type ParsedTrustList struct {
	*TrustDraft
	Body  []byte
	Roots [][8]byte
	Sigs  [][engine.SignatureSize]byte
}

// ParseTrustList is what OpenTrustList does before it verifies.
func ParseTrustList(msg []byte) (*ParsedTrustList, error) {
	body, sigs, draft, err := parseTrustList(msg)
	if err != nil {
		return nil, err
	}
	p := &ParsedTrustList{TrustDraft: draft, Body: body}
	for _, s := range sigs {
		p.Roots = append(p.Roots, s.root)
		p.Sigs = append(p.Sigs, s.sig)
	}
	return p, nil
}

// A ParsedStatusList is a status list whose signature is not verified yet.
type ParsedStatusList struct {
	*StatusList
	Signer  KeyID
	Changes uint32
	Gaps    []byte
	Body    []byte
	Sig     []byte
	message *statuslist.Message
}

// ParseStatusList is what OpenStatusList does before it verifies.
func ParseStatusList(msg []byte) (*ParsedStatusList, error) {
	m, err := parseStatus(msg, statusListName, kindStatus)
	if err != nil {
		return nil, err
	}
	return &ParsedStatusList{&StatusList{head: m.Head, until: int64(m.Expires)}, KeyID(m.Signer), m.Changes, m.Gaps, m.Body, m.Signature, m}, nil
}

// Decode is what OpenStatusList does after it has verified.
func (p *ParsedStatusList) Decode() (*StatusList, error) {
	states, err := p.message.States()
	return &StatusList{head: p.message.Head, states: states}, err
}

// Memory returns the bytes that the states of an opened list take.
func (l *StatusList) Memory() int { return len(l.states) }

// Digest returns the SM3 of the body, by which a snapshot and a delta name it.
func (l *StatusList) Digest() [engine.DigestSize]byte { return l.digest }

// ReadDelta is the reader of the changes of a status delta.
func ReadDelta(b []byte, size, changes uint32, set func(uint32, Status)) error {
	return rice.Read(b, size, changes, 2, func(i uint32, v uint64) { set(i, Status(v)) })
}

// Encode returns the states of a register as they are signed.
func (r *StatusRegister) Encode() (changes uint32, gaps []byte) {
	l := StatusList{states: r.states, head: statuslist.Head{Entries: uint32(r.size)}}
	b := l.body()[statuslist.HeadSize:]
	return binary.BigEndian.Uint32(b), b[4:]
}

// Use makes a challenge one that was already accepted.
func (c *Challenge) Use() { c.used.Store(true) }

// Used reports whether a challenge was accepted.
func (c *Challenge) Used() bool { return c.used.Load() }
