package sm2verify

import (
	"crypto/elliptic"
	"flag"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// The judge is the standard library's arithmetic over math/big for any curve
// with a = -3. It writes infinity as (0, 0).
var curve = &elliptic.CurveParams{
	P:       integer("fffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff"),
	N:       integer("fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123"),
	B:       integer("28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93"),
	Gx:      integer("32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"),
	Gy:      integer("bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0"),
	BitSize: 256,
	Name:    "SM2",
}

func integer(hex string) *big.Int {
	v, ok := new(big.Int).SetString(hex, 16)
	if !ok {
		panic("not a hexadecimal integer: " + hex)
	}
	return v
}

// A judged is a point as the judge writes it.
type judged struct{ x, y *big.Int }

var (
	judgedBase = judged{curve.Gx, curve.Gy}
	nowhere    = judged{new(big.Int), new(big.Int)}
)

func (p judged) infinite() bool { return p.x.Sign() == 0 && p.y.Sign() == 0 }

func (p judged) plus(q judged) judged {
	x, y := curve.Add(p.x, p.y, q.x, q.y)
	return judged{x, y}
}

func (p judged) times(k *big.Int) judged {
	if p.infinite() {
		return p
	}
	x, y := curve.ScalarMult(p.x, p.y, new(big.Int).Mod(k, curve.N).Bytes())
	return judged{x, y}
}

func (p judged) negated() judged {
	return judged{p.x, new(big.Int).Mod(new(big.Int).Neg(p.y), curve.P)}
}

// accepts implements GB/T 32918.2-2016, 7.1, on numbers of any size, where sum
// is s·G + t·P.
func (sum judged) accepts(e, r, s *big.Int) bool {
	for _, v := range []*big.Int{r, s} {
		if v.Sign() <= 0 || v.Cmp(curve.N) >= 0 {
			return false
		}
	}
	if modulo(new(big.Int).Add(r, s)).Sign() == 0 || sum.infinite() {
		return false
	}
	return modulo(new(big.Int).Add(e, sum.x)).Cmp(r) == 0
}

func modulo(v *big.Int) *big.Int { return new(big.Int).Mod(v, curve.N) }

func (p judged) compressed() []byte {
	b := make([]byte, 33)
	b[0] = 2 + byte(p.y.Bit(0))
	p.x.FillBytes(b[1:])
	return b
}

func (p judged) affine() affine { return affine{elementOf(p.x), elementOf(p.y)} }

func (p judged) key(t testing.TB) *Key {
	t.Helper()
	k, err := NewKey(p.compressed())
	require.NoError(t, err)
	return k
}

// judgedOf reads a point in any coordinates: x/z^2 and y/z^3.
func judgedOf(x, y, zz, zzz *element) judged {
	if value(zz).Sign() == 0 {
		return nowhere
	}
	return judged{quotient(value(x), value(zz)), quotient(value(y), value(zzz))}
}

func (p *projective) judged() judged { return judgedOf(&p.x, &p.y, &p.zz, &p.zzz) }

func (p *jacobian) judged() judged {
	q := p.projective()
	return q.judged()
}

func (p *affine) judged() judged { return judgedOf(&p.x, &p.y, &one, &one) }

// rootOf returns the y of one of the points at x, or nil if there is none.
func rootOf(x *big.Int) *big.Int {
	g := new(big.Int).Exp(x, big.NewInt(3), curve.P)
	g.Sub(g, new(big.Int).Mul(x, big.NewInt(3))).Add(g, curve.B)
	return new(big.Int).ModSqrt(g.Mod(g, curve.P), curve.P)
}

func quotient(a, b *big.Int) *big.Int {
	v := new(big.Int).ModInverse(b, curve.P)
	return v.Mod(v.Mul(v, a), curve.P)
}

var radix = new(big.Int).Lsh(big.NewInt(1), 256)

// limbs returns a number below 2^256.
func limbs(v *big.Int) [4]uint64 {
	var b [32]byte
	v.FillBytes(b[:])
	return words(&b)
}

func number(v *[4]uint64) *big.Int {
	n := new(big.Int)
	for i := len(v) - 1; i >= 0; i-- {
		n.Lsh(n, 64)
		n.Or(n, new(big.Int).SetUint64(v[i]))
	}
	return n
}

// elementOf returns v in Montgomery form, below p.
func elementOf(v *big.Int) element {
	m := new(big.Int).Mul(v, radix)
	return element(limbs(m.Mod(m, curve.P)))
}

// value returns the number below p that an element stands for.
func value(x *element) *big.Int { return quotient(number((*[4]uint64)(x)), radix) }

func seeded(b byte) *rand.Rand { return rand.New(rand.NewChaCha8([32]byte{b})) }

// specialLimb returns, three times of four, one of those where carries begin
// and end. Random limbs miss faults of carries for years (emmansun/gmsm#560).
func specialLimb(random *rand.Rand) uint64 {
	special := [...]uint64{0, 1, 2, 1<<32 - 1, 1 << 32, 1<<32 - 2, 1<<63 - 1, 1 << 63, 1<<64 - 1, 1<<64 - 1<<32, 0xfffffffeffffffff, 0xffffffff00000001}
	if random.IntN(4) == 0 {
		return random.Uint64()
	}
	return special[random.IntN(len(special))]
}

func special(random *rand.Rand) [4]uint64 {
	return [4]uint64{specialLimb(random), specialLimb(random), specialLimb(random), specialLimb(random)}
}

// randomScalar returns a number in 1..n-1.
func randomScalar(random *rand.Rand) *big.Int {
	v := [4]uint64{random.Uint64(), random.Uint64(), random.Uint64(), random.Uint64()}
	n := new(big.Int).Mod(number(&v), new(big.Int).Sub(curve.N, big.NewInt(1)))
	return n.Add(n, big.NewInt(1))
}

var long = flag.Bool("long", false, "run many more random cases; make long does")

// cases returns how many of n to take in a short, an ordinary and a long run.
func cases(n int) int {
	switch {
	case testing.Short():
		return max(1, n/20)
	case *long:
		return 50 * n
	default:
		return n
	}
}
