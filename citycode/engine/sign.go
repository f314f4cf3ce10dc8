package engine

import (
	"crypto"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"io"

	"github.com/emmansun/gmsm/sm2"
)

// ErrSignature means that a signer returned something other than the DER form
// of an SM2 signature.
var ErrSignature = errors.New("engine: signer did not return a DER SM2 signature")

// SignDigest signs digest, which is e = SM3(ZA‖M), with signer and returns
// r‖s. The signer is called with crypto.Hash(0) and answers in ASN.1, as
// [crypto.Signer] asks of every signature key; this is the only place where
// DER is accepted, and it is taken strictly.
//
// rand goes to the signer as it is. Keys that draw by themselves (HSMs, cards)
// ignore it; for a key of this package nil means a nonce derived from key and
// digest (RFC 6979 with SM3), so that the same input gives the same signature.
func SignDigest(rand io.Reader, signer crypto.Signer, digest [DigestSize]byte) ([SignatureSize]byte, error) {
	der, err := signer.Sign(rand, digest[:], crypto.Hash(0))
	if err != nil {
		return [SignatureSize]byte{}, fmt.Errorf("sign digest: %w", err)
	}
	return signatureFromDER(der)
}

// signatureFromDER accepts exactly one SEQUENCE of two minimal positive
// INTEGERs and no byte more (GB/T 35276-2017, 7.3): lenient DER makes one
// signature many byte strings.
func signatureFromDER(der []byte) ([SignatureSize]byte, error) {
	var sig, none [SignatureSize]byte
	// Both integers have at most 33 content bytes, so every length is short form.
	if len(der) < 2 || der[0] != 0x30 || int(der[1]) != len(der)-2 {
		return none, ErrSignature
	}
	rest := der[2:]
	for half := 0; half < 2; half++ {
		if len(rest) < 3 || rest[0] != 0x02 {
			return none, ErrSignature
		}
		n := int(rest[1])
		if n < 1 || n > 33 || len(rest) < 2+n {
			return none, ErrSignature
		}
		v := rest[2 : 2+n]
		rest = rest[2+n:]
		if v[0]&0x80 != 0 { // negative
			return none, ErrSignature
		}
		if v[0] == 0 && n > 1 {
			if v[1]&0x80 == 0 { // not minimal
				return none, ErrSignature
			}
			v = v[1:]
		}
		if len(v) > 32 {
			return none, ErrSignature
		}
		copy(sig[32*(half+1)-len(v):], v)
	}
	if len(rest) != 0 || !ValidScalars(sig) {
		return none, ErrSignature
	}
	return sig, nil
}

// GenerateKey makes a new SM2 key. The returned signer is constant-time.
func GenerateKey(rand io.Reader) (crypto.Signer, error) {
	key, err := sm2.GenerateKey(rand)
	if err != nil {
		return nil, fmt.Errorf("generate key: %w", err)
	}
	return key, nil
}

// NewSigner returns the signer of a 32-byte private scalar in 1..n-2.
func NewSigner(scalar []byte) (crypto.Signer, error) {
	key, err := sm2.NewPrivateKey(scalar)
	if err != nil {
		return nil, fmt.Errorf("read private key: %w", err)
	}
	return key, nil
}

// Point returns the compressed form of a public key of the SM2 curve, as
// [crypto.Signer.Public] gives it. It fails for a key of any other kind.
func Point(public crypto.PublicKey) (point [PointSize]byte, err error) {
	key, ok := public.(*ecdsa.PublicKey)
	if !ok || key == nil || !sm2.IsSM2PublicKey(key) || key.X == nil || key.Y == nil {
		return point, fmt.Errorf("engine: %T is not a public key of the SM2 curve", public)
	}
	if !key.Curve.IsOnCurve(key.X, key.Y) {
		return point, ErrPoint
	}
	point[0] = 2 + byte(key.Y.Bit(0))
	key.X.FillBytes(point[1:])
	return point, nil
}
