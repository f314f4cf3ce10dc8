package engine

import (
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"hash"
	"math/big"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/sm4"
)

// GMSM returns the engine on github.com/emmansun/gmsm alone.
func GMSM() Engine { return gmsm{} }

type gmsm struct{}

var (
	_ Engine   = gmsm{}
	_ Combiner = gmsm{}
)

func (gmsm) Name() string { return "emmansun/gmsm v0.44.1" }

func (gmsm) Prepare(point []byte) (Key, error) {
	// One key has one spelling, whatever forms the library takes or will take.
	if len(point) != PointSize || point[0] != 2 && point[0] != 3 {
		return nil, ErrPoint
	}
	curve := sm2.P256()
	x, y := elliptic.UnmarshalCompressed(curve, point)
	if x == nil {
		return nil, ErrPoint
	}
	return newGmsmKey(x, y), nil
}

func newGmsmKey(x, y *big.Int) *gmsmKey {
	k := &gmsmKey{public: ecdsa.PublicKey{Curve: sm2.P256(), X: x, Y: y}}
	k.raw[0] = 4
	x.FillBytes(k.raw[1:33])
	y.FillBytes(k.raw[33:])
	return k
}

// Combine implements [Combiner].
func (gmsm) Combine(w, p Key, k [32]byte) (Key, error) {
	curve := sm2.P256()
	wx, wy := affine(w)
	px, py := affine(p)
	kx, ky := curve.ScalarMult(px, py, k[:])
	// The library's convention for infinity is (0, 0).
	if kx.Sign() == 0 && ky.Sign() == 0 {
		return w, nil
	}
	x, y := curve.Add(wx, wy, kx, ky)
	if x.Sign() == 0 && y.Sign() == 0 {
		return nil, ErrPoint
	}
	return newGmsmKey(x, y), nil
}

func affine(k Key) (x, y *big.Int) {
	raw := k.Bytes()
	return new(big.Int).SetBytes(raw[1:33]), new(big.Int).SetBytes(raw[33:])
}

func (gmsm) NewSM3() hash.Hash { return sm3.New() }

func (gmsm) NewSM4(key []byte) (cipher.Block, error) { return sm4.NewCipher(key) }

type gmsmKey struct {
	public ecdsa.PublicKey
	raw    [RawPointSize]byte
}

func (k *gmsmKey) Bytes() [RawPointSize]byte { return k.raw }

func (k *gmsmKey) Verify(digest [DigestSize]byte, signature [SignatureSize]byte) bool {
	if !ValidScalars(signature) {
		return false
	}
	var r, s big.Int
	r.SetBytes(signature[:32])
	s.SetBytes(signature[32:])
	return sm2.Verify(&k.public, digest[:], &r, &s)
}
