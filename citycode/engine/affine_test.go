package engine_test

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/engine/tjfoc"
)

// The third opinion: SM2 verification in affine coordinates over math/big,
// written from GB/T 32918 alone. It is too slow for anything but tests, and has
// no case that a carry or a window could get wrong.

// The curve of GB/T 32918.5-2017, Annex A.
var (
	curveP = integer("fffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff")
	curveB = integer("28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93")
	curveN = integer("fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123")
	curveG = point{
		integer("32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"),
		integer("bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0"),
	}
)

// A point is a point of the curve; the one without coordinates is infinity.
type point struct{ x, y *big.Int }

func (p point) infinite() bool { return p.x == nil }

func (p point) negate() point { return point{p.x, mod(new(big.Int).Neg(p.y), curveP)} }

func (p point) add(q point) point {
	if p.infinite() {
		return q
	}
	if q.infinite() {
		return p
	}
	var slope *big.Int
	switch {
	case p.x.Cmp(q.x) != 0:
		slope = quotient(sub(q.y, p.y), sub(q.x, p.x))
	case p.y.Cmp(q.y) == 0: // y is never zero: the order of the group is odd
		slope = mul(p.x, p.x)
		slope.Mul(slope, big.NewInt(3)).Sub(slope, big.NewInt(3))
		slope = quotient(slope, new(big.Int).Lsh(p.y, 1))
	default:
		return point{}
	}
	x := mod(sub(sub(mul(slope, slope), p.x), q.x), curveP)
	y := mod(sub(mul(slope, sub(p.x, x)), p.y), curveP)
	return point{x, y}
}

func (p point) multiply(k *big.Int) point { return combine(k, p, new(big.Int), point{}) }

// combine returns k·p + l·q, with the doublings shared.
func combine(k *big.Int, p point, l *big.Int, q point) point {
	addends := [4]point{1: p, 2: q, 3: p.add(q)}
	var sum point
	for i := max(k.BitLen(), l.BitLen()) - 1; i >= 0; i-- {
		sum = sum.add(sum).add(addends[k.Bit(i)+2*l.Bit(i)])
	}
	return sum
}

// compressed returns 02 or 03, then x.
func (p point) compressed() []byte {
	b := make([]byte, engine.PointSize)
	b[0] = 2 + byte(p.y.Bit(0))
	p.x.FillBytes(b[1:])
	return b
}

func (p point) onCurve() bool {
	return p.x.Cmp(curveP) < 0 && p.y.Cmp(curveP) < 0 &&
		mod(mul(p.y, p.y), curveP).Cmp(rightHandSide(p.x)) == 0
}

// pointAt returns a point with the given x, if there is one.
func pointAt(x *big.Int) (point, bool) {
	y := new(big.Int).ModSqrt(rightHandSide(x), curveP)
	return point{x, y}, y != nil
}

func rightHandSide(x *big.Int) *big.Int {
	g := mul(mul(x, x), x)
	g.Sub(g, mul(big.NewInt(3), x)).Add(g, curveB)
	return g.Mod(g, curveP)
}

// verifyAffine implements GB/T 32918.2-2016, 7.1, B1, B2 and B4 to B7.
func verifyAffine(public point, digest [engine.DigestSize]byte, signature [engine.SignatureSize]byte) bool {
	r := new(big.Int).SetBytes(signature[:32])
	s := new(big.Int).SetBytes(signature[32:])
	if r.Sign() == 0 || s.Sign() == 0 || r.Cmp(curveN) >= 0 || s.Cmp(curveN) >= 0 {
		return false
	}
	t := mod(new(big.Int).Add(r, s), curveN)
	if t.Sign() == 0 {
		return false
	}
	sum := combine(s, curveG, t, public)
	if sum.infinite() {
		return false
	}
	e := new(big.Int).SetBytes(digest[:])
	return mod(e.Add(e, sum.x), curveN).Cmp(r) == 0
}

func mul(a, b *big.Int) *big.Int { return new(big.Int).Mul(a, b) }

func sub(a, b *big.Int) *big.Int { return new(big.Int).Sub(a, b) }

func mod(a, m *big.Int) *big.Int { return new(big.Int).Mod(a, m) }

func quotient(a, b *big.Int) *big.Int {
	return mod(mul(a, new(big.Int).ModInverse(mod(b, curveP), curveP)), curveP)
}

func integer(hex string) *big.Int {
	v, ok := new(big.Int).SetString(hex, 16)
	if !ok {
		panic("not a hexadecimal integer: " + hex)
	}
	return v
}

// randomScalar returns a number in 1..n-1.
func randomScalar(random *rand.ChaCha8) *big.Int {
	var b [40]byte
	random.Read(b[:])
	v := mod(new(big.Int).SetBytes(b[:]), sub(curveN, big.NewInt(1)))
	return v.Add(v, big.NewInt(1))
}

func signatureOf(r, s *big.Int) (signature [engine.SignatureSize]byte) {
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signature
}

func digestOf(e *big.Int) (digest [engine.DigestSize]byte) {
	e.FillBytes(digest[:])
	return digest
}

// engines returns all of them; what one accepts, all must accept.
func engines() []engine.Engine {
	return []engine.Engine{engine.Default(), tjfoc.New(), engine.GMSM(), keeping{engine.Default()}}
}

// keeping is an engine whose keys all have tables.
type keeping struct{ engine.Engine }

func (k keeping) Name() string { return k.Engine.Name() + ", tables" }

func (k keeping) Prepare(point []byte) (engine.Key, error) {
	key, err := k.Engine.Prepare(point)
	if err != nil {
		return nil, err
	}
	return k.Engine.(engine.Keeper).Keep(key)
}

func (k keeping) Combine(w, p engine.Key, m [32]byte) (engine.Key, error) {
	return k.Engine.(engine.Combiner).Combine(w, p, m)
}

// requireVerdict checks that all engines and the affine verifier say want.
func requireVerdict(t *testing.T, want bool, public point, digest [engine.DigestSize]byte, signature [engine.SignatureSize]byte) {
	t.Helper()
	require.Equal(t, want, verifyAffine(public, digest, signature), "affine verifier: key %x digest %x signature %x", public.compressed(), digest, signature)
	for _, e := range engines() {
		key, err := e.Prepare(public.compressed())
		require.NoError(t, err, e.Name())
		require.Equal(t, want, key.Verify(digest, signature), "%s: key %x digest %x signature %x", e.Name(), public.compressed(), digest, signature)
	}
}

func TestAffine(t *testing.T) {
	assert.True(t, curveG.onCurve())
	assert.True(t, curveG.multiply(curveN).infinite())
	assert.Equal(t, curveG.add(curveG).add(curveG), curveG.multiply(big.NewInt(3)))
	assert.True(t, curveG.add(curveG.negate()).infinite())
}
