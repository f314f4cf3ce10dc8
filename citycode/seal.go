package citycode

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/citizencode/citizencode/citycode/engine"
)

// MaxSeals is how many seals one key may make (SPEC §4.6): with random nonces
// of 96 bits, more would let two of them meet.
const MaxSeals = 1 << 32

// ErrCannotUnseal means that a seal could not be opened: no key of its id, or
// a seal that was not made with it. The verdict about the code stands.
var ErrCannotUnseal = errors.New("citycode: cannot-unseal")

// A Sealer closes identities for one audience and epoch. Keys live where
// credentials are issued and where identities may be read: in HSMs, SAMs and
// online decoders, never in gates.
type Sealer interface {
	// Seal returns key id 2 ‖ nonce 12 ‖ ciphertext ‖ tag 16 of SM4-GCM over
	// plaintext with the additional data aad.
	Seal(aad, plaintext []byte) ([]byte, error)
}

// A SealKey is a Sealer and an opener in software.
type SealKey struct {
	id   uint16
	aead cipher.AEAD
	rand io.Reader

	mu   sync.Mutex
	used uint64
}

var _ Sealer = (*SealKey)(nil)

// A SealKeyConfig says what a seal key is made of.
type SealKeyConfig struct {
	ID   uint16
	Key  []byte    // 16 bytes
	Used uint64    // how many seals it has made before
	Rand io.Reader // for nonces; nil: crypto/rand
}

// NewSealKey returns a key.
func NewSealKey(cfg SealKeyConfig) (*SealKey, error) {
	block, err := engine.Default().NewSM4(cfg.Key)
	if err != nil {
		return nil, fmt.Errorf("citycode: seal key %d: %w", cfg.ID, err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("citycode: seal key %d: %w", cfg.ID, err)
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	return &SealKey{id: cfg.ID, aead: aead, rand: cfg.Rand, used: cfg.Used}, nil
}

// Used returns how many seals the key has made, to be stored with it.
func (k *SealKey) Used() uint64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.used
}

// Seal implements SPEC §4.6.
func (k *SealKey) Seal(aad, plaintext []byte) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.used >= MaxSeals {
		return nil, fmt.Errorf("citycode: seal key %d has made %d seals and is used up", k.id, k.used)
	}
	k.used++
	out := binary.BigEndian.AppendUint16(nil, k.id)
	nonce := make([]byte, k.aead.NonceSize())
	if _, err := io.ReadFull(k.rand, nonce); err != nil {
		return nil, fmt.Errorf("citycode: seal: %w", err)
	}
	out = append(out, nonce...)
	return k.aead.Seal(out, nonce, plaintext, aad), nil
}

// padIdentity gives every identity of a profile one length, so that the seal
// tells nothing by its own: a length byte, the identity, zeros.
func padIdentity(identity []byte, size int) ([]byte, error) {
	if len(identity) > size-1 || len(identity) > 255 {
		return nil, fmt.Errorf("citycode: identity of %d bytes, at most %d fit the seal", len(identity), size-1)
	}
	padded := make([]byte, size)
	padded[0] = byte(len(identity))
	copy(padded[1:], identity)
	return padded, nil
}

// An Unsealer holds the keys of one reader, the current and the earlier ones.
type Unsealer struct{ keys map[uint16]*SealKey }

// NewUnsealer returns an unsealer; no id may stand twice.
func NewUnsealer(keys ...*SealKey) (*Unsealer, error) {
	u := &Unsealer{make(map[uint16]*SealKey)}
	for _, k := range keys {
		switch {
		case k == nil:
			return nil, errors.New("citycode: unsealer: a key is missing")
		case u.keys[k.id] != nil:
			return nil, fmt.Errorf("citycode: seal key %d stands twice", k.id)
		}
		u.keys[k.id] = k
	}
	return u, nil
}

// Unseal returns the identity that the issuer sealed. It returns
// ErrCannotUnseal if the code has no seal or no key of u opens it.
func (v *Verified) Unseal(u *Unsealer) ([]byte, error) {
	b := v.token.raw[:]
	seal := v.token.seal.of(b)
	if u == nil || len(seal) <= sealOverhead {
		return nil, ErrCannotUnseal
	}
	key := u.keys[binary.BigEndian.Uint16(seal)]
	if key == nil {
		return nil, ErrCannotUnseal
	}
	n := key.aead.NonceSize()
	padded, err := key.aead.Open(nil, seal[2:2+n], seal[2+n:], b[:v.token.seal.from])
	if err != nil {
		return nil, ErrCannotUnseal
	}
	size := int(padded[0])
	// The filling is under the tag, but an issuer that hides something there
	// does not follow the standard.
	if size > len(padded)-1 || len(bytes.Trim(padded[1+size:], "\x00")) > 0 {
		return nil, ErrCannotUnseal
	}
	return padded[1 : 1+size], nil
}
