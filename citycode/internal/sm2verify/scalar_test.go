package sm2verify

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// boundaries are scalars below n where a recoding of some width carries, wraps
// or has digits that are all alike.
func boundaries(width int) (list []*big.Int) {
	n := curve.N
	half := new(big.Int).Rsh(n, 1)
	add := func(v *big.Int) {
		for d := int64(-2); d <= 2; d++ {
			if w := new(big.Int).Add(v, big.NewInt(d)); w.Sign() > 0 && w.Cmp(n) < 0 {
				list = append(list, w)
			}
		}
	}
	add(new(big.Int))
	add(n)
	add(half)
	add(new(big.Int).Sub(n, new(big.Int).Lsh(big.NewInt(1), 128)))
	for shift := 0; shift < 256; shift += width {
		add(new(big.Int).Lsh(big.NewInt(1), uint(shift)))
		add(new(big.Int).Lsh(big.NewInt(1), uint(shift+width-1)))
	}
	for _, digit := range []int64{1, 1<<(width-1) - 1, 1 << (width - 1), 1<<(width-1) + 1, 1<<width - 2, 1<<width - 1} {
		v := new(big.Int)
		for v.BitLen() <= 256 {
			v.Lsh(v, uint(width))
			v.Or(v, big.NewInt(digit))
		}
		for ; v.Sign() > 0; v.Rsh(v, uint(width)) {
			add(v)
			add(new(big.Int).Sub(n, v))
		}
	}
	return list
}

func anyScalar(random *rand.Rand) *big.Int {
	v := special(random)
	return number(&v)
}

func TestScalarModulo(t *testing.T) {
	random := seeded(10)
	list := append(boundaries(8), new(big.Int))
	for range cases(2000) {
		list = append(list, new(big.Int).Mod(anyScalar(random), curve.N))
	}
	for i, v := range list {
		w := list[(i*7+3)%len(list)]
		k, l := scalar(limbs(v)), scalar(limbs(w))
		sum, difference := k.addModulo(&l), k.subModulo(&l)
		want := new(big.Int).Add(v, w)
		require.Zero(t, want.Mod(want, curve.N).Cmp(number((*[4]uint64)(&sum))), "%x + %x = %x", v, w, sum)
		want.Sub(v, w)
		require.Zero(t, want.Mod(want, curve.N).Cmp(number((*[4]uint64)(&difference))), "%x - %x = %x", v, w, difference)
		require.Equal(t, v.Cmp(w) < 0, k.less(&l))
		require.Equal(t, v.Sign() == 0, k.isZero())
	}
	for range cases(2000) {
		v := anyScalar(random)
		r := scalar(limbs(v)).reduced()
		require.Zero(t, v.Mod(v, curve.N).Cmp(number((*[4]uint64)(&r))))
	}
}

func TestScalarBits(t *testing.T) {
	random := seeded(11)
	for range cases(200) {
		v := anyScalar(random)
		for position := range 260 {
			for _, width := range []int{1, 5, 8, 10, 16} {
				k := scalar(limbs(v))
				want := new(big.Int).Rsh(v, uint(position))
				want.And(want, big.NewInt(1<<width-1))
				require.EqualValues(t, want.Int64(), k.bits(position, width))
			}
		}
	}
	k := scalar(limbs(curve.P))
	for v := new(big.Int).Set(curve.P); v.Sign() > 0; v.Rsh(v, 7) {
		require.Zero(t, v.Cmp(number((*[4]uint64)(&k))))
		k.shift(7)
	}
}

// The digits of a non-adjacent form have the value, are odd and small, and
// stand apart. All short numbers are tried.
func TestNAF(t *testing.T) {
	check := func(v *big.Int) {
		k := scalar(limbs(v))
		digits := k.naf()
		sum, last := new(big.Int), nafDigits
		for i := nafDigits - 1; i >= 0; i-- {
			d := int(digits[i])
			sum.Lsh(sum, 1)
			sum.Add(sum, big.NewInt(int64(d)))
			if d == 0 {
				continue
			}
			if d%2 == 0 || d >= 2*nafPoints || d <= -2*nafPoints || last-i < nafWidth && last != nafDigits {
				t.Fatalf("%x has digit %d at %d", v, d, i)
			}
			last = i
		}
		if sum.Cmp(v) != 0 {
			t.Fatalf("%x became %x", v, sum)
		}
	}
	for i := range int64(1 << 13) {
		check(big.NewInt(i))
		check(new(big.Int).Sub(radix, big.NewInt(i+1)))
	}
	for _, v := range boundaries(nafWidth) {
		check(v)
	}
	random := seeded(12)
	for range cases(5000) {
		check(anyScalar(random))
	}
}
