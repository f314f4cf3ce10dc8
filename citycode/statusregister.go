package citycode

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

// A StatusRegister is the authority's side of a status list: it is set, and
// signed at fixed times (SPEC §7.5). It is not safe for concurrent use.
type StatusRegister struct {
	issuer KeyID
	list   uint8
	size   int
	states statusBits
}

// NewStatusRegister returns a register of size entries, all valid, for the
// credentials of one issuer key.
func NewStatusRegister(issuer KeyID, list uint8, size int) (*StatusRegister, error) {
	if !issuer.valid() {
		return nil, fmt.Errorf("citycode: status register: key id %s is not of a GB/T 2260 city", issuer)
	}
	if size < 0 || size > MaxStatusEntries {
		return nil, fmt.Errorf("citycode: status register: %d entries, at most %d", size, MaxStatusEntries)
	}
	return &StatusRegister{issuer, list, size, newStatusBits(size)}, nil
}

// Register returns a register that begins with the states of a list.
func (l *StatusList) Register() *StatusRegister {
	return &StatusRegister{l.issuer, l.list, l.size, bytes.Clone(l.states)}
}

// Set changes the state of an index. A revocation is for good: a revoked index
// stays revoked.
func (r *StatusRegister) Set(index uint32, s Status) error {
	if int64(index) >= int64(r.size) {
		return fmt.Errorf("citycode: status register: index %d of %d", index, r.size)
	}
	if s > StatusSuspended {
		return fmt.Errorf("citycode: status register: no state %d", s)
	}
	if r.states.at(index) == StatusRevoked && s != StatusRevoked {
		return fmt.Errorf("citycode: status register: index %d is revoked for good", index)
	}
	r.states.set(index, s)
	return nil
}

// A StatusHeader is what an issue of a status list says about itself.
type StatusHeader struct {
	Signer   KeyID // of the key that signs, as the trust list names it
	Version  Version
	IssuedAt time.Time
	Expires  time.Time
}

// Sign returns the message that [OpenStatusList] reads (SPEC §7.3).
func (r *StatusRegister) Sign(h StatusHeader, key crypto.Signer) ([]byte, error) {
	return r.sign(h, key, rand.Reader)
}

func (r *StatusRegister) sign(h StatusHeader, key crypto.Signer, random io.Reader) ([]byte, error) {
	sk, err := newSignKey(key, random)
	if err != nil {
		return nil, err
	}
	issuedAt, err := seconds("issuedAt", h.IssuedAt)
	if err != nil {
		return nil, err
	}
	expires, err := seconds("expires", h.Expires)
	if err != nil {
		return nil, err
	}
	if !h.Signer.valid() {
		return nil, fmt.Errorf("citycode: status list: key id %s is not of a GB/T 2260 city", h.Signer)
	}
	b := []byte{WireVersion, kindStatus}
	b = binary.BigEndian.AppendUint32(b, uint32(h.Signer))
	b = binary.BigEndian.AppendUint32(b, uint32(r.issuer))
	b = append(b, r.list)
	b = appendVersion(b, h.Version)
	b = binary.BigEndian.AppendUint32(b, issuedAt)
	b = binary.BigEndian.AppendUint32(b, expires)
	b = binary.BigEndian.AppendUint32(b, uint32(r.size))
	changes, gaps := r.encode()
	b = binary.BigEndian.AppendUint32(b, changes)
	b = append(b, gaps...)
	sig, err := sk.sign(tagStatus, b)
	if err != nil {
		return nil, err
	}
	return append(b, sig...), nil
}

// encode is the inverse of readChanges.
func (r *StatusRegister) encode() (changes uint32, gaps []byte) {
	for i := range r.size {
		if r.states.at(uint32(i)) != StatusValid {
			changes++
		}
	}
	k := riceParameter(uint32(r.size), changes)
	var out bitWriter
	next := 0
	for i := range r.size {
		state := r.states.at(uint32(i))
		if state == StatusValid {
			continue
		}
		gap := uint64(i - next)
		for q := gap >> k; q > 0; q-- {
			out.bit(1)
		}
		out.bit(0)
		for bit := k - 1; bit >= 0; bit-- {
			out.bit(gap >> bit)
		}
		out.bit(uint64(state - StatusRevoked))
		next = i + 1
	}
	return changes, out.finish()
}

type bitWriter struct {
	bytes.Buffer
	last byte
	n    int
}

func (w *bitWriter) bit(v uint64) {
	w.last = w.last<<1 | byte(v&1)
	if w.n++; w.n == 8 {
		w.WriteByte(w.last)
		w.last, w.n = 0, 0
	}
}

func (w *bitWriter) finish() []byte {
	for w.n != 0 {
		w.bit(0)
	}
	return w.Bytes()
}
