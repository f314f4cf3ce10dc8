package engine

import (
	"crypto"
	"errors"
	"fmt"
	"io"

	"filippo.io/bigmod"
	"github.com/emmansun/gmsm/sm2"
)

// A Combiner is an engine that can add public points: the ability behind
// implicit keys, found by assertion. It handles public data only.
type Combiner interface {
	// Combine returns w + [k]p, the public key of GM/T 0130-2023 that follows
	// from the reconstruction point w and the issuer's key p. k is 32 bytes
	// and reduced modulo n. It returns ErrPoint if the sum is infinity.
	Combine(w, p Key, k [32]byte) (Key, error)
}

// An ImplicitKey is the master key of an issuer of implicit credentials
// (GM/T 0130-2023, 6.1). It is not a signing key and must never be used as one.
// Its arithmetic on secrets is constant-time.
type ImplicitKey struct {
	secret *bigmod.Nat
	public [PointSize]byte
}

// NewImplicitKey returns the master key of a 32-byte scalar in 1..n-2.
func NewImplicitKey(scalar []byte) (*ImplicitKey, error) {
	key, err := sm2.NewPrivateKey(scalar)
	if err != nil {
		return nil, fmt.Errorf("read implicit key: %w", err)
	}
	k := &ImplicitKey{}
	if k.public, err = Point(key.Public()); err != nil {
		return nil, err
	}
	k.secret, err = bigmod.NewNat().SetBytes(scalar, modulus())
	return k, err
}

// Point returns the public half, Ppub.
func (k *ImplicitKey) Point() [PointSize]byte { return k.public }

// An ImplicitShare is the secret half of an issuer's answer: t_A of GM/T
// 0130-2023, 6.3. With the requester's own secret it gives his private key,
// so it travels to him alone.
type ImplicitShare [32]byte

// Issue implements GM/T 0130-2023, 6.2, for the requester's point u: it draws
// a fresh w, forms W = [w]G + u, asks for lambda of W, and returns W and
// t = w + lambda·ms mod n. A w that was used for two answers gives the master
// key away, so w never leaves this function and depends on nothing but rand.
func (k *ImplicitKey) Issue(rand io.Reader, u Key, lambda func(w [PointSize]byte) ([32]byte, error)) (w [PointSize]byte, t ImplicitShare, err error) {
	const attempts = 8 // each fails with probability below 2^-250
	for range attempts {
		fresh, err := sm2.GenerateKey(rand)
		if err != nil {
			return w, t, fmt.Errorf("draw w: %w", err)
		}
		public, err := Point(fresh.Public())
		if err != nil {
			return w, t, err
		}
		g, err := gmsm{}.Prepare(public[:])
		if err != nil {
			return w, t, err
		}
		sum, err := gmsm{}.Combine(u, g, one)
		if errors.Is(err, ErrPoint) {
			continue
		}
		if err != nil {
			return w, t, err
		}
		w = Compress(sum)
		l, err := lambda(w)
		if err != nil {
			return w, t, err
		}
		n := modulus()
		product, err := bigmod.NewNat().SetBytes(l[:], n)
		if err != nil {
			return w, t, err
		}
		if product.IsZero() == 1 {
			continue
		}
		random := make([]byte, 32)
		fresh.D.FillBytes(random)
		share, err := bigmod.NewNat().SetBytes(random, n)
		clear(random)
		if err != nil {
			return w, t, err
		}
		share.Add(product.Mul(k.secret, n), n)
		return w, ImplicitShare(share.Bytes(n)), nil
	}
	return w, t, errors.New("engine: implicit key: no usable w")
}

// Complete implements GM/T 0130-2023, 6.3, on the requester's side: the private
// key d = t + d' mod n. It fails if d is 0 or n-1. The caller must check that
// the public key is the one that the credential gives.
func (t ImplicitShare) Complete(own []byte) (crypto.Signer, error) {
	if len(own) != len(t) {
		return nil, fmt.Errorf("complete implicit key: a secret of %d bytes", len(own))
	}
	n := modulus()
	a, err := bigmod.NewNat().SetBytes(t[:], n)
	if err != nil {
		return nil, fmt.Errorf("complete implicit key: %w", err)
	}
	b, err := bigmod.NewNat().SetBytes(own, n)
	if err != nil {
		return nil, fmt.Errorf("complete implicit key: %w", err)
	}
	return NewSigner(a.Add(b, n).Bytes(n))
}

// Compress returns 02 or 03‖x of a key.
func Compress(key Key) (point [PointSize]byte) {
	raw := key.Bytes()
	point[0] = 2 + raw[RawPointSize-1]&1
	copy(point[1:], raw[1:33])
	return point
}

// ReduceScalar returns a 32-byte number modulo n. It is for public numbers.
func ReduceScalar(b [32]byte) [32]byte {
	if string(b[:]) < order {
		return b
	}
	// 2^256 < 2n, so one subtraction is enough.
	borrow := 0
	for i := len(b) - 1; i >= 0; i-- {
		d := int(b[i]) - int(order[i]) - borrow
		b[i], borrow = byte(d), d>>8&1
	}
	return b
}

var one = [32]byte{31: 1}

func modulus() *bigmod.Modulus {
	n, err := bigmod.NewModulus([]byte(order))
	if err != nil {
		panic(err) // n is an odd prime
	}
	return n
}
