// Package statuslist is the bytes of a status list and of a delta (SPEC §7.3,
// §7.6): cutting them, and the states coded in them. It knows no key, no
// signature and no trust. Whose a list is, and whether it counts, is decided by
// package citycode, which decodes states only after it has verified.
package statuslist

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/citizencode/citizencode/citycode/internal/rice"
	"github.com/citizencode/citizencode/citycode/internal/wire"
)

// Limits and sizes of SPEC §7.
const (
	MaxEntries = 1 << 24
	HeadSize   = 1 + 1 + 4 + 4 + 1 + 8 + 4 + 4 + 4 // bytes, with the two that name version and kind

	digestSize    = 32
	signatureSize = 64
)

var (
	errShort = errors.New("it ends too early")
	errIdle  = errors.New("a change changes nothing, lifts a revocation or is no state")
)

// A Head is what a list and a delta begin with (SPEC §7.3).
type Head struct {
	Signer, Issuer    uint32 // key ids
	List              uint8
	Epoch, Counter    uint32 // version
	IssuedAt, Expires uint32 // seconds since 1970 UTC
	Entries           uint32
}

func readHead(r *wire.Reader) (h Head, err error) {
	h = Head{Signer: r.Uint32(), Issuer: r.Uint32(), List: r.Uint8(), Epoch: r.Uint32(), Counter: r.Uint32(),
		IssuedAt: r.Uint32(), Expires: r.Uint32(), Entries: r.Uint32()}
	if r.OK() && h.Entries > MaxEntries {
		err = fmt.Errorf("%d entries, at most %d", h.Entries, MaxEntries)
	}
	return h, err
}

// append writes the head behind the two bytes that name version and kind.
func (h Head) append(b []byte) []byte {
	for _, v := range []uint32{h.Signer, h.Issuer} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	b = append(b, h.List)
	for _, v := range []uint32{h.Epoch, h.Counter, h.IssuedAt, h.Expires, h.Entries} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

// A Message is a list or a delta that was cut and not yet decoded: a hundred
// bytes can announce four megabytes of states.
type Message struct {
	Head
	Base, Result [digestSize]byte // of a delta: SM3 of the bodies before and after
	Changes      uint32           // entries that Gaps speaks of
	Gaps         []byte
	Body         []byte // what is signed
	Signature    []byte // 64 bytes
}

// ReadList cuts a list. r stands behind the first two bytes of msg.
func ReadList(r *wire.Reader, msg []byte) (*Message, error) {
	m, err := new(Message).read(r, msg, false)
	if err == nil && m.Changes > m.Entries {
		err = fmt.Errorf("%d states of %d entries", m.Changes, m.Entries)
	}
	return m, err
}

// ReadDelta cuts a delta. r stands behind the first two bytes of msg.
func ReadDelta(r *wire.Reader, msg []byte) (*Message, error) {
	return new(Message).read(r, msg, true)
}

func (m *Message) read(r *wire.Reader, msg []byte, delta bool) (_ *Message, err error) {
	if m.Head, err = readHead(r); err != nil {
		return nil, err
	}
	if delta {
		r.Copy(m.Base[:])
		r.Copy(m.Result[:])
	}
	m.Changes = r.Uint32()
	if !r.OK() || r.Len() < signatureSize {
		return nil, errShort
	}
	m.Gaps = r.Bytes(r.Len() - signatureSize)
	m.Body, m.Signature = msg[:len(msg)-signatureSize], r.Bytes(signatureSize)
	return m, nil
}

// States decodes the states of a list.
func (m *Message) States() (States, error) {
	s := NewStates(int(m.Entries))
	err := rice.Read(m.Gaps, m.Entries, m.Changes, 1, func(i uint32, v uint64) { s.Set(i, Revoked+uint8(v)) })
	return s, err
}

// Apply returns the states that a delta makes of base, which had entries
// entries and is left as it is.
func (m *Message) Apply(base States, entries uint32) (States, error) {
	if m.Entries < entries || m.Changes > m.Entries {
		return nil, fmt.Errorf("%d changes of %d entries that were %d", m.Changes, m.Entries, entries)
	}
	next := base.Grown(int(m.Entries))
	idle := false
	err := rice.Read(m.Gaps, m.Entries, m.Changes, 2, func(i uint32, v uint64) {
		old := next.At(i)
		// A change that changes nothing would be a second form of the same
		// delta; one that lifts a revocation breaks "for good".
		if v > Suspended || uint8(v) == old || old == Revoked {
			idle = true
		}
		next.Set(i, uint8(v))
	})
	if err == nil && idle {
		err = errIdle
	}
	return next, err
}

// AppendList writes a list up to its signature. b holds the two bytes that
// name version and kind. Digests of lists are taken over this, so that a list
// that was reached by a delta has the digest of the same list sent whole.
func (h Head) AppendList(b []byte, s States) []byte {
	changes, gaps := rice.Write(int(h.Entries), 1, func(i uint32) (uint64, bool) {
		v := s.At(i)
		return uint64(v - Revoked), v != Valid
	})
	return append(binary.BigEndian.AppendUint32(h.append(b), changes), gaps...)
}

// AppendDelta writes a delta up to its signature, from base to s, which both
// hold h.Entries. It reports false where a revocation would be lifted.
func (h Head) AppendDelta(b []byte, base, s States, from, result [digestSize]byte) ([]byte, bool) {
	lifted := false
	changes, gaps := rice.Write(int(h.Entries), 2, func(i uint32) (uint64, bool) {
		now, was := s.At(i), base.At(i)
		lifted = lifted || was == Revoked && now != was
		return uint64(now), now != was
	})
	b = append(append(h.append(b), from[:]...), result[:]...)
	return append(binary.BigEndian.AppendUint32(b, changes), gaps...), !lifted
}
