package citycode

import (
	"crypto"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"sync"

	"github.com/citizencode/citizencode/citycode/engine"
)

// The tags of SPEC §1.2: eight bytes in front of what is signed, so that a
// signature made for one purpose is never valid for another.
const (
	tagCredential = "CC1/cred"
	tagStatic     = "CC1/stat"
	tagToken      = "CC1/tokn"
	tagTrust      = "CC1/trst"
	tagStatus     = "CC1/list"
	tagDelta      = "CC1/dlta"
	tagSnapshot   = "CC1/snap"
	tagRoot       = "CC1/root"
	tagPossession = "CC1/popp"
	tagImplicit   = "CC1/impl"
)

// A PublicKey is an SM2 public key in the compressed form of GB/T
// 32918.1-2016, 4.2.9: 02 or 03, then x. It is not known to be a point of the
// curve until an engine has prepared it.
type PublicKey [engine.PointSize]byte

// PublicKeyOf returns the public key of a signer. It fails unless the key is
// on the SM2 curve.
func PublicKeyOf(signer crypto.Signer) (PublicKey, error) {
	p, err := engine.Point(signer.Public())
	return PublicKey(p), err
}

// ParsePublicKey reads the 66 hexadecimal digits that [PublicKey.String] prints.
func ParsePublicKey(text string) (k PublicKey, err error) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(k) || b[0] != 2 && b[0] != 3 {
		return PublicKey{}, fmt.Errorf("citycode: %.80q is not a compressed public key in hexadecimal", text)
	}
	return PublicKey(b), nil
}

// String returns the key as 66 hexadecimal digits.
func (k PublicKey) String() string { return hex.EncodeToString(k[:]) }

// A suite is an engine with what verification reuses: hash states are pooled
// because a gate hashes some hundred bytes four times a second or ten thousand.
type suite struct {
	engine engine.Engine
	hashes sync.Pool
}

type hashState struct {
	hash.Hash
	tag [8]byte
	sum [engine.DigestSize]byte
}

func newSuite(e engine.Engine) *suite {
	if e == nil {
		e = engine.Default()
	}
	s := &suite{engine: e}
	s.hashes.New = func() any { return &hashState{Hash: e.NewSM3()} }
	return s
}

// sum returns the SM3 of b.
func (s *suite) sum(b []byte) (d [engine.DigestSize]byte) {
	h := s.engine.NewSM3()
	h.Write(b)
	h.Sum(d[:0])
	return d
}

// A verifyKey is a public key that is a point of the curve, with its ZA.
type verifyKey struct {
	suite  *suite
	public PublicKey
	key    engine.Key
	za     [engine.DigestSize]byte
}

func (s *suite) prepare(public PublicKey) (*verifyKey, error) {
	key, err := s.engine.Prepare(public[:])
	if err != nil {
		return nil, err
	}
	return &verifyKey{suite: s, public: public, key: key, za: engine.ZA(s.engine, key)}, nil
}

// digest returns e = SM3(ZA ‖ tag ‖ message) of GB/T 32918.2-2016, 6.1, with
// the message in parts (SPEC §1.2).
func (k *verifyKey) digest(tag string, parts ...[]byte) [engine.DigestSize]byte {
	h := k.suite.hashes.Get().(*hashState)
	defer k.suite.hashes.Put(h)
	h.Reset()
	h.Write(k.za[:])
	copy(h.tag[:], tag)
	h.Write(h.tag[:])
	for _, p := range parts {
		h.Write(p)
	}
	h.Sum(h.sum[:0])
	return h.sum
}

// verify reports whether signature, 64 bytes r‖s, is k's over tag ‖ message.
func (k *verifyKey) verify(signature []byte, tag string, parts ...[]byte) bool {
	return k.key.Verify(k.digest(tag, parts...), [engine.SignatureSize]byte(signature))
}

// A signKey is a signer of the SM2 curve with its public half.
type signKey struct {
	*verifyKey
	signer crypto.Signer
	rand   io.Reader
}

func newSignKey(signer crypto.Signer, rand io.Reader) (*signKey, error) {
	public, err := PublicKeyOf(signer)
	if err != nil {
		return nil, err
	}
	k, err := newSuite(nil).prepare(public)
	if err != nil {
		return nil, err
	}
	return &signKey{k, signer, rand}, nil
}

// sign returns r‖s over tag ‖ message.
func (k *signKey) sign(tag string, parts ...[]byte) ([]byte, error) {
	sig, err := engine.SignDigest(k.rand, k.signer, k.digest(tag, parts...))
	if err != nil {
		return nil, err
	}
	// A fault in an HSM or a card must not leave this process as a code that
	// every gate refuses, nor as one that gives the key away.
	if !k.key.Verify(k.digest(tag, parts...), sig) {
		return nil, engine.ErrSignature
	}
	return sig[:], nil
}

// append returns message ‖ r‖s over tag ‖ message.
func (k *signKey) append(tag string, message []byte) ([]byte, error) {
	sig, err := k.sign(tag, message)
	if err != nil {
		return nil, err
	}
	return append(message, sig...), nil
}
