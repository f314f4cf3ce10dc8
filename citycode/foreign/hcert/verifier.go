package hcert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// Limits.
const (
	MaxKeys     = 1 << 14
	DefaultSkew = 30 * time.Second // how far clocks of issuers may be ahead
	MaxSkew     = 5 * time.Minute
)

// A KID is a key id: the first 8 bytes of SHA-256 of the signer's certificate in
// DER. It chooses keys and proves nothing.
type KID [8]byte

// KIDOf returns the id of a document signer certificate.
func KIDOf(certificate []byte) KID {
	digest := sha256.Sum256(certificate)
	return KID(digest[:8])
}

// A Key is a document signer's, from a national trust list that the caller has
// verified.
type Key struct {
	ID        KID
	Public    *ecdsa.PublicKey // P-256
	NotBefore time.Time        // of the signer's certificate
	NotAfter  time.Time
}

// A Config is what a verifier knows.
type Config struct {
	Keys []Key            // ids may repeat: each key is tried
	Now  func() time.Time // nil: time.Now
	Skew time.Duration    // 0: DefaultSkew; at most MaxSkew
}

// A Verifier checks certificates. It performs no I/O, keeps no state and is safe
// for concurrent use.
type Verifier struct {
	keys map[KID][]Key
	now  func() time.Time
	skew time.Duration
}

// NewVerifier returns a verifier.
func NewVerifier(cfg Config) (*Verifier, error) {
	if len(cfg.Keys) == 0 || len(cfg.Keys) > MaxKeys {
		return nil, fmt.Errorf("hcert: verifier: %d keys", len(cfg.Keys))
	}
	if cfg.Skew < 0 || cfg.Skew > MaxSkew {
		return nil, fmt.Errorf("hcert: verifier: skew of %s is not in 0..%s", cfg.Skew, MaxSkew)
	}
	v := &Verifier{keys: make(map[KID][]Key), now: cfg.Now, skew: cfg.Skew}
	if v.now == nil {
		v.now = time.Now
	}
	if v.skew == 0 {
		v.skew = DefaultSkew
	}
	for _, k := range cfg.Keys {
		if k.Public == nil || k.Public.Curve != elliptic.P256() {
			return nil, errors.New("hcert: verifier: a key that is not on P-256")
		}
		if _, err := k.Public.ECDH(); err != nil { // which checks the point
			return nil, fmt.Errorf("hcert: verifier: %w", err)
		}
		if !k.NotBefore.Before(k.NotAfter) {
			return nil, errors.New("hcert: verifier: a key that is never valid")
		}
		v.keys[k.ID] = append(v.keys[k.ID], k)
	}
	return v, nil
}

// A Certificate is what an accepted text says.
type Certificate struct {
	Issuer    string // as the token names it: a country
	IssuedAt  time.Time
	Expires   time.Time
	KeyID     KID
	HCert     []byte // claim -260, version 1: CBOR as it was signed
	Signature [signatureSize]byte
}

// Verify implements ../SPEC.md §4. An error is an *Error with exactly one
// reason, the first in that order.
func (v *Verifier) Verify(text string) (*Certificate, error) {
	b, refused := unpack(text)
	if refused != nil {
		return nil, refused
	}
	m, refused := cut(b)
	if refused != nil {
		return nil, refused
	}
	key, refused := v.authentic(m)
	if refused != nil {
		return nil, refused
	}
	now := v.now()
	issued, expires := time.Unix(m.issued, 0).UTC(), time.Unix(m.expires, 0).UTC()
	switch {
	case issued.Before(key.NotBefore) || issued.After(key.NotAfter) || now.After(key.NotAfter):
		return nil, refuse(KeyNotValid, "")
	case issued.After(now.Add(v.skew)):
		return nil, refuse(NotYetValid, "")
	case now.After(expires):
		return nil, refuse(Expired, "")
	}
	return &Certificate{m.issuer, issued, expires, key.ID, m.hcert, [signatureSize]byte(m.signature)}, nil
}

// authentic returns the key under which the signature holds.
func (v *Verifier) authentic(m *message) (*Key, *Error) {
	switch {
	case m.algorithm != algES256 || m.critical:
		return nil, refuse(UnsupportedAlgorithm, "")
	case len(m.kid) != len(KID{}) || v.keys[KID(m.kid)] == nil:
		return nil, refuse(UnknownKey, "")
	case len(m.signature) != signatureSize:
		return nil, refuse(BadSignature, "")
	}
	digest := sha256.Sum256(m.signed())
	r, s := new(big.Int).SetBytes(m.signature[:32]), new(big.Int).SetBytes(m.signature[32:])
	// Two signers may have one id, by chance or because a list has both.
	same := v.keys[KID(m.kid)]
	for i := range same {
		if ecdsa.Verify(same[i].Public, digest[:], r, s) {
			return &same[i], nil
		}
	}
	return nil, refuse(BadSignature, "")
}
