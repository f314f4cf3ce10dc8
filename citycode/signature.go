package citycode

import (
	"crypto"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/internal/pubkey"
)

// The tags of SPEC §1.2: eight bytes in front of what is signed, so that a
// signature made for one purpose is never valid for another.
const (
	tagCredential = pubkey.TagCredential
	tagStatic     = pubkey.TagStatic
	tagToken      = pubkey.TagToken
	tagTrust      = "CC1/trst"
	tagStatus     = "CC1/list"
	tagDelta      = "CC1/dlta"
	tagSnapshot   = "CC1/snap"
	tagRoot       = "CC1/root"
	tagPossession = "CC1/popp"
	tagImplicit   = pubkey.TagImplicit
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

// A signKey is a signer of the SM2 curve with its public half.
type signKey struct {
	*pubkey.Key
	suite  *pubkey.Suite
	signer crypto.Signer
	rand   io.Reader
}

func newSignKey(signer crypto.Signer, rand io.Reader) (*signKey, error) {
	public, err := PublicKeyOf(signer)
	if err != nil {
		return nil, err
	}
	s := pubkey.NewSuite(nil)
	k, err := s.Prepare(public)
	if err != nil {
		return nil, err
	}
	return &signKey{k, s, signer, rand}, nil
}

// sign returns r‖s over tag ‖ message.
func (k *signKey) sign(tag string, parts ...[]byte) ([]byte, error) {
	sig, err := engine.SignDigest(k.rand, k.signer, k.Digest(tag, parts...))
	if err != nil {
		return nil, err
	}
	// A fault in an HSM or a card must not leave this process as a code that
	// every gate refuses, nor as one that gives the key away.
	if !k.Key.Key.Verify(k.Digest(tag, parts...), sig) {
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
