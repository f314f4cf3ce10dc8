package sm2verify

import (
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFieldConstants(t *testing.T) {
	assert.Equal(t, curve.P, number((*[4]uint64)(&prime)))
	assert.Equal(t, element{d0, d1, 0, d3}, element(limbs(new(big.Int).Sub(radix, curve.P))))
	assert.Equal(t, one, elementOf(big.NewInt(1)))
	assert.Equal(t, montgomery, elementOf(radix))
	assert.Equal(t, curveB, elementOf(curve.B))
	assert.Equal(t, base, judgedBase.affine())
	assert.Equal(t, curve.N, number((*[4]uint64)(&order)))
	assert.Equal(t, new(big.Int).Rsh(curve.N, 1), number((*[4]uint64)(&orderHalf)))
}

// Every operation on special limbs, loose values among them, with results
// written over operands, against math/big.
func TestFieldOperations(t *testing.T) {
	withEach(func(name string) {
		if name != "ifma" { // which has the field of adx
			testFieldOperations(t)
		}
	})
}

func testFieldOperations(t *testing.T) {
	random := seeded(1)
	inverse := new(big.Int).ModInverse(radix, curve.P)
	half := new(big.Int).ModInverse(big.NewInt(2), curve.P)
	for range cases(50_000) {
		x, y := element(special(random)), element(special(random))
		a, b := number((*[4]uint64)(&x)), number((*[4]uint64)(&y))
		check := func(name string, got element, want *big.Int) {
			w := new(big.Int).Mod(want, curve.P)
			g := number((*[4]uint64)(&got))
			if g.Sub(g, w).Sign() != 0 && g.Cmp(curve.P) != 0 { // w or w+p
				t.Fatalf("%s of %x and %x: %x, not %x", name, x, y, got, w)
			}
		}
		var z element
		z.mul(&x, &y)
		product := new(big.Int).Mul(a, b)
		check("product", z, product.Mul(product, inverse))
		z.square(&x)
		square := new(big.Int).Mul(a, a)
		check("square", z, square.Mul(square, inverse))
		z.add(&x, &y)
		check("sum", z, new(big.Int).Add(a, b))
		z.sub(&x, &y)
		check("difference", z, new(big.Int).Sub(a, b))
		z.half(&x)
		check("half", z, new(big.Int).Mul(a, half))
		z.subTwice(&x, &y)
		check("difference from twice", z, new(big.Int).Sub(a, new(big.Int).Lsh(b, 1)))
		u, v := element(special(random)), element(special(random))
		second := new(big.Int).Mul(number((*[4]uint64)(&u)), number((*[4]uint64)(&v)))
		second.Sub(new(big.Int).Mul(a, b), second)
		z.mulSub(&x, &y, &u, &v)
		check("difference of products", z, second.Mul(second, inverse))
		z = v
		z.mulSub(&x, &y, &u, &z)
		check("difference of products in place", z, second)

		z = x
		z.mul(&z, &y)
		check("product in place", z, product)
		z = y
		z.mul(&x, &z)
		check("product in place", z, product)
		z = x
		z.square(&z)
		check("square in place", z, square)
		z = y
		z.sub(&x, &z)
		check("difference in place", z, new(big.Int).Sub(a, b))
		z = x
		z.subTwice(&z, &y)
		check("difference from twice in place", z, new(big.Int).Sub(a, new(big.Int).Lsh(b, 1)))
		z = x
		z.add(&z, &z)
		check("double in place", z, new(big.Int).Add(a, a))

		if got, want := x.equal(&y), new(big.Int).Mod(new(big.Int).Sub(a, b), curve.P).Sign() == 0; got != want {
			t.Fatalf("%x = %x: %v", x, y, got)
		}
		if got, want := x.isZero(), a.Sign() == 0 || a.Cmp(curve.P) == 0; got != want {
			t.Fatalf("%x = 0: %v", x, got)
		}
	}
}

// x·y - u·v where u and v are just below 2^256, and x is 0 or 1, borrows more than
// is left of the high half, so that p is added to it twice, and borrows run through
// its limbs.
func TestFieldDifferenceOfProducts(t *testing.T) {
	withEach(func(name string) {
		if name == "ifma" {
			return
		}
		random := seeded(76)
		inverse := new(big.Int).ModInverse(radix, curve.P)
		for range cases(5000) {
			below := special(random)
			below[1], below[2], below[3] = below[1]&0x1ffffffff, below[2]&-uint64(random.IntN(2)), uint64(random.IntN(2))
			if below == [4]uint64{} {
				continue
			}
			x, y := element{uint64(random.IntN(2))}, element(special(random))
			u, v := element(limbs(new(big.Int).Sub(radix, number(&below)))), element(limbs(new(big.Int).Sub(radix, big.NewInt(1+random.Int64N(3)))))
			var z element
			z.mulSub(&x, &y, &u, &v)
			want := new(big.Int).Mul(number((*[4]uint64)(&x)), number((*[4]uint64)(&y)))
			want.Sub(want, new(big.Int).Mul(number((*[4]uint64)(&u)), number((*[4]uint64)(&v))))
			want.Sub(want.Mul(want, inverse), number((*[4]uint64)(&z)))
			require.Zero(t, want.Mod(want, curve.P).Sign(), "%s: %x·%x - %x·%x", name, x, y, u, v)
		}
	})
}

// Numbers below 2^256-p have two forms, and both are one number.
func TestFieldForms(t *testing.T) {
	random := seeded(2)
	for range cases(2000) {
		low := special(random)
		low[3] %= d3 // below 2^256-p
		x := element(low)
		y := element(limbs(new(big.Int).Add(number(&low), curve.P)))
		assert.True(t, x.equal(&y))
		assert.Equal(t, x.isZero(), y.isZero())
		assert.Equal(t, x.bytes(), y.bytes())
		n := y
		n.negateIf(0)
		assert.Equal(t, y, n)
		n.negateIf(^uint64(0))
		n.add(&n, &x)
		assert.True(t, n.isZero())
	}
	zero := prime
	assert.True(t, zero.isZero())
	assert.Equal(t, [32]byte{}, zero.bytes())
}

func TestFieldBytes(t *testing.T) {
	random := seeded(3)
	list := [][4]uint64{{}, {1}, [4]uint64(prime), {^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}, limbs(new(big.Int).Sub(curve.P, big.NewInt(1)))}
	for range cases(2000) {
		list = append(list, special(random))
	}
	for _, v := range list {
		var b [32]byte
		number(&v).FillBytes(b[:])
		var x element
		ok := x.setBytes(&b)
		require.Equal(t, number(&v).Cmp(curve.P) < 0, ok, "%x", b)
		if ok {
			require.Equal(t, b, x.bytes())
			require.Zero(t, number(&v).Cmp(value(&x)))
		}
	}
}

func TestFieldInvertAndRoot(t *testing.T) {
	random := seeded(4)
	roots := 0
	list := []element{{}, prime, one, montgomery}
	for range cases(400) {
		list = append(list, element(special(random)))
	}
	for _, x := range list {
		v := value(&x)
		var i, r element
		i.invert(&x)
		want := new(big.Int)
		if v.Sign() != 0 {
			want.ModInverse(v, curve.P)
		}
		require.Equal(t, want.String(), value(&i).String(), "1/%x", x)
		ok := r.root(&x)
		require.Equal(t, new(big.Int).ModSqrt(v, curve.P) != nil, ok, "root of %x", x)
		if ok {
			roots++
			require.Equal(t, v.String(), new(big.Int).Exp(value(&r), big.NewInt(2), curve.P).String())
		}
	}
	assert.Greater(t, roots, len(list)/4)
	assert.Less(t, roots, len(list)*3/4)

	inverses := make([]element, 300)
	for i := range inverses {
		inverses[i] = element{uint64(i + 1)}
	}
	invertAll(inverses)
	for i := range inverses {
		var alone element
		alone.invert(&element{uint64(i + 1)})
		require.True(t, alone.equal(&inverses[i]))
	}
}
