// Package tjfoc is a second engine, on github.com/tjfoc/gmsm v1.4.1.
//
// It is for tests, as an oracle of independent origin, and for a verifier that
// wants a second opinion: its arithmetic (limbs of 28 and 29 bits, no assembly)
// shares no line with that of the default engine. It costs about 1.4 ms for
// each verification. It only verifies: it refuses to sign, decrypt or touch a
// private key, because the library does so in variable time and without the
// checks of the standard.
//
// The library has been unmaintained since 2022. Its faults are avoided thus:
//
//   - Its DER reader takes trailing bytes and extra elements: DER never
//     reaches it, only r and s that passed [engine.ValidScalars].
//   - Its point compression uses prefixes 00 and 01, gives wrong keys and
//     panics; its verification takes points off the curve: decompression and
//     the curve check are done here, over math/big.
//   - Its Sm3Digest strips leading zeros, and Sum of its hash absorbs the
//     prefix that it is given and drops it: only Sum(nil) is called.
//   - Its curve arithmetic returns (0, 0) where it adds equal or opposite
//     points, and verification reads that as x = 0; its products are wrong for
//     some rare values: see Limits.
//   - Its SM4 block keeps scratch space, so that two goroutines corrupt each
//     other's blocks, and truncates silently into a short destination: calls
//     are serialised and lengths checked. Its modes and its global IV are not
//     used.
//   - A panic inside the library is a rejection.
//
// # Limits
//
// The library computes s·G + t·P wrongly in three cases, and this engine then
// rejects even a valid signature:
//
//   - s·G = t·P: the addition of equal points is wrong.
//   - t = n-6: the last window of t·P is such an addition.
//   - P or a partial sum has a coordinate with long runs of zero or one bits:
//     the reduction of a product lets a borrow wrap round when one limb is 1
//     and the ninth above it is 0. Three such x are in the tests. Random values
//     meet it in less than one of 2^40 verifications, by estimate.
//
// Left alone, the library would in the first two, and when s·G = -t·P, also
// accept invalid signatures, for t = n-6 under any public key at all; Verify
// stops that. (It cannot stop the third.) All of these take a free choice of e
// or a key that nobody holds: they cannot be made when e is SM3(ZA‖M). In
// everything else the engine agrees with the default one. So it is a witness
// against chance faults of another engine; vectors with special limbs need a
// judge over math/big.
package tjfoc

import (
	"crypto/cipher"
	"hash"
	"math/big"
	"sync"

	"github.com/tjfoc/gmsm/sm2"
	"github.com/tjfoc/gmsm/sm3"
	"github.com/tjfoc/gmsm/sm4"

	"github.com/citizencode/citizencode/citycode/engine"
)

// New returns the engine on github.com/tjfoc/gmsm.
func New() engine.Engine { return tjfoc{} }

type tjfoc struct{}

var _ engine.Engine = tjfoc{}

func (tjfoc) Name() string { return "tjfoc/gmsm v1.4.1" }

func (tjfoc) Prepare(point []byte) (k engine.Key, err error) {
	defer func() {
		if recover() != nil {
			k, err = nil, engine.ErrPoint
		}
	}()
	if len(point) != engine.PointSize || point[0] != 2 && point[0] != 3 {
		return nil, engine.ErrPoint
	}
	// The library's arithmetic reads a global that only this call fills. It
	// does so under a sync.Once; every key passes here before its first use.
	curve := sm2.P256Sm2()
	params := curve.Params()
	x := new(big.Int).SetBytes(point[1:])
	// x and x+p would be two spellings of one key.
	if x.Cmp(params.P) >= 0 {
		return nil, engine.ErrPoint
	}
	// The library verifies under any x and y: off the curve, the group is one
	// of the caller's choice and signatures can be forged. That there is a root
	// is the check; the library's IsOnCurve rejects some good points.
	y := squareRoot(rightHandSide(x, params.B, params.P), params.P)
	if y == nil {
		return nil, engine.ErrPoint
	}
	if byte(y.Bit(0)) != point[0]&1 {
		y.Sub(params.P, y)
	}
	prepared := &key{public: sm2.PublicKey{Curve: curve, X: x, Y: y}}
	prepared.raw[0] = 4
	x.FillBytes(prepared.raw[1:33])
	y.FillBytes(prepared.raw[33:])
	return prepared, nil
}

// rightHandSide returns x³-3x+b mod p.
func rightHandSide(x, b, p *big.Int) *big.Int {
	g := new(big.Int).Mul(x, x)
	g.Sub(g, big.NewInt(3))
	g.Mul(g, x)
	g.Add(g, b)
	return g.Mod(g, p)
}

// squareRoot returns a square root of g modulo p = 3 mod 4, as in
// GB/T 32918.1-2016, B.1.4, or nil if there is none.
func squareRoot(g, p *big.Int) *big.Int {
	exponent := new(big.Int).Add(p, big.NewInt(1))
	exponent.Rsh(exponent, 2)
	y := new(big.Int).Exp(g, exponent, p)
	square := new(big.Int).Mul(y, y)
	// The power of a non-residue is a root of -g: an unchecked root would turn
	// half of all x into a point of another curve.
	if square.Mod(square, p).Cmp(g) != 0 {
		return nil
	}
	return y
}

func (tjfoc) NewSM3() hash.Hash { return sm3Hash{sm3.New()} }

// An sm3Hash is the library's SM3 with a Sum that leaves the state alone.
type sm3Hash struct{ hash.Hash }

func (h sm3Hash) Sum(b []byte) []byte {
	// The library hashes the argument of Sum instead of appending to it.
	return append(b, h.Hash.Sum(nil)...)
}

func (tjfoc) NewSM4(key []byte) (cipher.Block, error) {
	b, err := sm4.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return &sm4Block{library: b}, nil
}

// An sm4Block is the library's SM4, made safe for concurrent use as
// [cipher.Block] implementations are expected to be.
type sm4Block struct {
	mu      sync.Mutex
	library cipher.Block
}

func (b *sm4Block) BlockSize() int { return sm4.BlockSize }

func (b *sm4Block) Encrypt(dst, src []byte) { b.crypt(b.library.Encrypt, dst, src) }

func (b *sm4Block) Decrypt(dst, src []byte) { b.crypt(b.library.Decrypt, dst, src) }

func (b *sm4Block) crypt(f func(dst, src []byte), dst, src []byte) {
	// As crypto/cipher asks: a truncated block is never returned in silence.
	if len(src) < sm4.BlockSize {
		panic("tjfoc: input not full block")
	}
	if len(dst) < sm4.BlockSize {
		panic("tjfoc: output not full block")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	f(dst, src)
}

type key struct {
	public sm2.PublicKey
	raw    [65]byte
}

func (k *key) Bytes() [65]byte { return k.raw }

// Verify implements GB/T 32918.2-2016, 7.1, B4 to B7, by the library's Verify.
func (k *key) Verify(digest [engine.DigestSize]byte, signature [engine.SignatureSize]byte) (valid bool) {
	if !engine.ValidScalars(signature) {
		return false
	}
	defer func() {
		if recover() != nil {
			valid = false
		}
	}()
	n := k.public.Params().N
	r := new(big.Int).SetBytes(signature[:32])
	s := new(big.Int).SetBytes(signature[32:])
	t := new(big.Int).Add(r, s)
	t.Mod(t, n)
	// The library walks t in signed windows of four bits. For t = n-6 alone
	// the last step is (n-3)·P - 3·P, two equal points, and t·P comes out as
	// (0, 0): then R would be s·G, whatever the public key, and e = r - x(s·G)
	// a forgery.
	if t.Cmp(new(big.Int).Sub(n, big.NewInt(6))) == 0 {
		return false
	}
	if !sm2.Verify(&k.public, digest[:], r, s) {
		return false
	}
	// When s·G = ±t·P the library takes x = 0 and accepts e = r: for the
	// negative sign R is infinity, which must be rejected. Only the points with
	// x = 0, which are on the curve, verify e = r rightly.
	e := new(big.Int).SetBytes(digest[:])
	if e.Mod(e, n).Cmp(r) != 0 {
		return true
	}
	x1, _ := k.public.ScalarBaseMult(s.Bytes())
	x2, _ := k.public.ScalarMult(k.public.X, k.public.Y, t.Bytes())
	return x1.Cmp(x2) != 0
}
