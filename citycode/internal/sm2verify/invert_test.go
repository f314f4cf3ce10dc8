package sm2verify

import (
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
)

// fermat sets z = x^(p-2), which is 1/x, or 0.
func (z *element) fermat(x *element) {
	l := newLadder(x)
	var k30, r element
	k30.join(&l.k16, 8, &l.k8)
	k30.join(&k30, 4, &l.k4)
	k30.join(&k30, 2, &l.k2)
	r.join(&k30, 1, &l.k1) // fffffffe, without its last bit
	r.join(&r, 33, &l.k32) // ffffffff
	r.join(&r, 32, &l.k32) // ffffffff
	r.join(&r, 32, &l.k32) // ffffffff
	r.join(&r, 32, &l.k32) // ffffffff
	r.join(&r, 64, &l.k32) // 00000000 ffffffff
	r.join(&r, 30, &k30)   // fffffffd, without its last two bits
	z.join(&r, 2, &l.k1)
}

// toInvert returns numbers with few steps and with many, and such with special limbs.
func toInvert() []element {
	list := []element{{}, prime, one, montgomery, {2}, {^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}}
	power := element{1}
	for range 300 {
		list = append(list, power)
		power.sub(&element{}, &power) // ±2^i
		list = append(list, power)
		power.add(&power, &power)
	}
	random := seeded(74)
	for range cases(20_000) {
		list = append(list, element(special(random)))
	}
	return list
}

// Division steps against the power p-2, and once for each against math/big.
func TestInvert(t *testing.T) {
	for i, x := range toInvert() {
		var want, got element
		want.fermat(&x)
		got.invert(&x)
		require.True(t, got.equal(&want), "1/%x", x)
		z := x
		z.invert(&z)
		require.Equal(t, got, z, "in place")
		if i%16 == 0 {
			inverse := new(big.Int)
			if !x.isZero() {
				inverse.ModInverse(value(&x), curve.P)
			}
			require.Equal(t, inverse.String(), value(&got).String())
		}
	}
}

// Each batch of steps against one step after the other: the matrix takes f and
// g to what they are then, d and e stay what they stand for and within their
// bounds, and after at most 741 steps f is ±1 and g is 0.
func TestInvertSteps(t *testing.T) {
	for i, x := range toInvert() {
		if x.isZero() || i%8 != 0 {
			continue
		}
		f, g := wide{prime[0], prime[1], prime[2], prime[3]}, wide{x[0], x[1], x[2], x[3]}
		d, e := wide{}, wide{montgomery[0], montgomery[1], montgomery[2], montgomery[3]}
		wantF, wantG, delta, steps := signed(&f), signed(&g), 1, 0
		least, most := new(big.Int).Div(curve.P, big.NewInt(-3)), new(big.Int).Div(new(big.Int).Lsh(curve.P, 2), big.NewInt(3))
		c := new(big.Int).Lsh(radix, 256)
		quarter := new(big.Int).ModInverse(big.NewInt(4), curve.P)
		calm := 0
		for range maxBatches {
			var m matrix
			calm = m.steps(calm, f[0], g[0])
			m.apply(&f, &g)
			m.applyModulo(&d, &e)
			for range batchSteps {
				if wantG.Sign() != 0 {
					steps++
				}
				odd := wantG.Bit(0) == 1
				if odd && delta > 0 {
					delta = -delta
					wantF, wantG = wantG, new(big.Int).Neg(wantF)
				}
				if odd {
					wantG = new(big.Int).Add(wantG, wantF)
				}
				wantG = new(big.Int).Rsh(wantG, 1)
				delta++
			}
			require.Equal(t, 1-delta, calm)
			require.Zero(t, wantF.Cmp(signed(&f)))
			require.Zero(t, wantG.Cmp(signed(&g)))
			c.Mul(c, quarter).Mod(c, curve.P)
			for _, pair := range [][2]*wide{{&d, &f}, {&e, &g}} {
				v := signed(pair[0])
				require.True(t, v.Cmp(least) >= 0 && v.Cmp(most) < 0)
				v.Mul(v, number((*[4]uint64)(&x))).Sub(v, new(big.Int).Mul(c, signed(pair[1])))
				require.Zero(t, v.Mod(v, curve.P).Sign())
			}
		}
		require.LessOrEqual(t, steps, 741)
		require.Equal(t, wide{}, g)
		require.True(t, signed(&f).CmpAbs(big.NewInt(1)) == 0)
	}
}

// signed returns the number that x is.
func signed(x *wide) *big.Int {
	v := new(big.Int).SetInt64(int64(x[4]))
	return v.Add(v.Lsh(v, 256), number((*[4]uint64)(x[:4])))
}
