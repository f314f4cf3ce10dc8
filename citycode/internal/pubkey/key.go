// Package pubkey holds the public keys that the citizen code verifies with: their
// ZA, tables for those that verify often, memory for those that verify once, and
// a cache of those that come again.
package pubkey

import (
	"hash"
	"sync"

	"github.com/citizencode/citizencode/citycode/engine"
)

// A Suite is an engine with what verification reuses: hash states are pooled
// because a gate hashes some hundred bytes four times a second or ten thousand.
type Suite struct {
	Engine engine.Engine
	hashes sync.Pool
}

type hashState struct {
	hash.Hash
	buffer []byte
	sum    [engine.DigestSize]byte
}

// NewSuite returns a suite on an engine; nil is the default one.
func NewSuite(e engine.Engine) *Suite {
	if e == nil {
		e = engine.Default()
	}
	s := &Suite{Engine: e}
	s.hashes.New = func() any { return &hashState{Hash: e.NewSM3(), buffer: make([]byte, 0, 256)} }
	return s
}

func (s *Suite) hash() *hashState {
	h := s.hashes.Get().(*hashState)
	h.Reset()
	return h
}

// finish returns the sum, and h to the pool.
func (s *Suite) finish(h *hashState) [engine.DigestSize]byte {
	defer s.hashes.Put(h)
	h.Sum(h.sum[:0])
	return h.sum
}

// sum returns the sum of what is in the buffer, and h to the pool.
func (s *Suite) sum(h *hashState) [engine.DigestSize]byte {
	h.Write(h.buffer)
	return s.finish(h)
}

// Sum returns the SM3 of b.
func (s *Suite) Sum(b []byte) [engine.DigestSize]byte {
	h := s.hash()
	h.Write(b)
	return s.finish(h)
}

// za returns ZA of a key.
func (s *Suite) za(key engine.Key) [engine.DigestSize]byte {
	h := s.hash()
	h.buffer = engine.AppendZA(h.buffer[:0], key)
	return s.sum(h)
}

// A Key is a public key that is a point of the curve, with its ZA.
type Key struct {
	suite  *Suite
	Public [engine.PointSize]byte
	Key    engine.Key
	ZA     [engine.DigestSize]byte
}

// Prepare returns the key of a compressed point.
func (s *Suite) Prepare(public [engine.PointSize]byte) (*Key, error) {
	key, err := s.Engine.Prepare(public[:])
	if err != nil {
		return nil, err
	}
	return &Key{s, public, key, s.za(key)}, nil
}

// Digest returns e = SM3(ZA ‖ tag ‖ message) of GB/T 32918.2-2016, 6.1, with
// the message in parts (SPEC §1.2).
func (k *Key) Digest(tag string, parts ...[]byte) [engine.DigestSize]byte {
	h := k.suite.hash()
	h.buffer = append(append(h.buffer[:0], k.ZA[:]...), tag...)
	h.Write(h.buffer)
	for _, p := range parts {
		h.Write(p)
	}
	return k.suite.finish(h)
}

// Verify reports whether signature, 64 bytes r‖s, is k's over tag ‖ message.
func (k *Key) Verify(signature []byte, tag string, parts ...[]byte) bool {
	return k.Key.Verify(k.Digest(tag, parts...), [engine.SignatureSize]byte(signature))
}

// VerifyHint is Verify, with the hint of the signature where the engine gives one.
func (k *Key) VerifyHint(signature []byte, tag string, parts ...[]byte) (engine.Hint, bool) {
	if hinter, ok := k.Key.(engine.Hinter); ok {
		return hinter.VerifyHint(k.Digest(tag, parts...), [engine.SignatureSize]byte(signature))
	}
	return engine.NoHint, k.Verify(signature, tag, parts...)
}

// TableBytes returns how much memory the table of k takes; 0 if there is none.
func (k *Key) TableBytes() int {
	if t, ok := k.Key.(engine.Tabled); ok {
		return t.TableBytes()
	}
	return 0
}
