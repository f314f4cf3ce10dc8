package citycode

import (
	"crypto"
	"crypto/rand"
	"fmt"
	"io"
	"time"

	"github.com/citizencode/citizencode/citycode/internal/statuslist"
)

// A StatusRegister is the authority's side of a status list: it is set, and
// signed at fixed times (SPEC §7.5). It is not safe for concurrent use.
type StatusRegister struct {
	issuer KeyID
	list   uint8
	size   int
	states statuslist.States
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
	return &StatusRegister{issuer, list, size, statuslist.NewStates(size)}, nil
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
	if Status(r.states.At(index)) == StatusRevoked && s != StatusRevoked {
		return fmt.Errorf("citycode: status register: index %d is revoked for good", index)
	}
	r.states.Set(index, uint8(s))
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
	l, err := r.at(h)
	if err != nil {
		return nil, err
	}
	return sk.append(tagStatus, l.body())
}

// at returns the register as a list under a header. It shares the states.
func (r *StatusRegister) at(h StatusHeader) (*StatusList, error) {
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
	return &StatusList{states: r.states, head: statuslist.Head{Signer: uint32(h.Signer), Issuer: uint32(r.issuer), List: r.list,
		Epoch: h.Version.Epoch, Counter: h.Version.Counter, IssuedAt: issuedAt, Expires: expires, Entries: uint32(r.size)}}, nil
}
