package sm2verify

import (
	"math/big"
	"math/bits"
	"testing"

	"github.com/stretchr/testify/require"
)

// What follows is measured and not shipped (SPEC §10): what verification would
// cost with a second point in the credential, and with the hint at hand where one
// signature is verified alone.

// multiplySum returns k·p + l·q, of numbers below 2^129, with half the doublings
// of a number of full length.
func multiplySum(p, q *affine, k, l *scalar) (product jacobian) {
	var odd [2][nafPoints]cached
	var digits [2][nafDigits]int8
	for i, point := range []*affine{p, q} {
		multiple := jacobian{point.x, point.y, one}
		odd[i][0] = newCached(&multiple)
		multiple.double()
		double := newCached(&multiple)
		multiple = odd[i][0].jacobian
		for j := 1; j < nafPoints; j++ {
			multiple.add(&double, false)
			odd[i][j] = newCached(&multiple)
		}
	}
	digits[0], digits[1] = k.naf(), l.naf()
	for i := 130; i >= 0; i-- {
		product.double()
		for j := range digits {
			if d := int(digits[j][i]); d > 0 {
				product.add(&odd[j][d/2], false)
			} else if d < 0 {
				product.add(&odd[j][-d/2], true)
			}
		}
	}
	return product
}

// certified verifies with P and far = 2^128·P.
func certified(k, far *Key, digest *[32]byte, signature *[64]byte) bool {
	q, ok := newEquation(digest, signature)
	if !ok {
		return false
	}
	low, high := scalar{q.t[0], q.t[1]}, scalar{q.t[2], q.t[3]}
	product := multiplySum(&k.point, &far.point, &low, &high)
	sum := product.projective()
	tabled := baseTable().multiply(&q.s)
	sum.add(&tabled)
	return !sum.isInfinity() && q.accepts(&sum)
}

// halve returns u and v of about half the length of n, with v·t = ±u mod n.
func halve(t *scalar) (u, v scalar, negative bool) {
	a, b := order, *t
	var v0 scalar
	v1 := scalar{1}
	for b[3] != 0 || b[2] != 0 {
		// a = quotient·b + rest, by shifts: quotients are small.
		for !a.less(&b) {
			n := length(&a) - length(&b)
			shifted := leftShift(&b, n)
			if a.less(&shifted) {
				n--
				shifted = leftShift(&b, n)
			}
			a, _ = a.minus(&shifted)
			addend := leftShift(&v1, n)
			v0, _ = v0.plus(&addend)
		}
		a, b, v0, v1, negative = b, a, v1, v0, !negative
	}
	return b, v1, negative
}

func length(k *scalar) int {
	for i := 3; i >= 0; i-- {
		if k[i] != 0 {
			return 64*i + bits.Len64(k[i])
		}
	}
	return 0
}

func leftShift(k *scalar, n int) scalar {
	var z scalar
	for i := 3; i >= n/64; i-- {
		z[i] = k[i-n/64] << (n % 64)
		if n%64 != 0 && i > n/64 {
			z[i] |= k[i-n/64-1] >> (64 - n%64)
		}
	}
	return z
}

// halfLength verifies with a hint that is right: (v·s)·G + u·P = v·R.
func halfLength(k *Key, digest *[32]byte, signature *[64]byte, hint Hint) bool {
	q, ok := newEquation(digest, signature)
	if !ok {
		return false
	}
	var r affine
	r.x.setWords((*[4]uint64)(&q.v))
	if !r.setY(byte(hint & 1)) {
		return false
	}
	u, v, negative := halve(&q.t)
	r.y.sub(&element{}, &r.y)
	vs := v.montgomery()
	base := vs.times(&q.s)
	p := k.point
	if negative {
		p.y.sub(&element{}, &p.y)
	}
	product := multiplySum(&p, &r, &u, &v)
	sum := product.projective()
	tabled := baseTable().multiply(&base)
	sum.add(&tabled)
	return sum.isInfinity()
}

func farOf(k *Key) *Key {
	far := jacobian{k.point.x, k.point.y, one}
	for range 128 {
		far.double()
	}
	sum := far.projective()
	p := sum.affine()
	return newKey(&p)
}

func TestFurther(t *testing.T) {
	for i, item := range signedItems(t, 60, 20) {
		far := farOf(item.Key)
		if i == 0 {
			requirePoint(t, item.Key.point.judged().times(new(big.Int).Lsh(big.NewInt(1), 128)), far.point.judged())
		}
		require.True(t, certified(item.Key, far, &item.Digest, &item.Signature))
		require.True(t, halfLength(item.Key, &item.Digest, &item.Signature, item.Hint))
		item.Signature[40] ^= 1
		require.False(t, certified(item.Key, far, &item.Digest, &item.Signature))
		require.False(t, halfLength(item.Key, &item.Digest, &item.Signature, item.Hint))
	}
}

func BenchmarkFurther(b *testing.B) {
	items := signedItems(b, 64, 64)
	var fars []*Key
	var points [][]byte
	for i := range items {
		fars = append(fars, farOf(items[i].Key))
		p := fars[i].Bytes()
		points = append(points, append([]byte{2 + p[64]&1}, p[1:33]...))
	}
	for _, c := range []struct {
		name string
		of   func(i int, item *Item) bool
	}{
		{"alone", func(i int, item *Item) bool { return item.Key.Verify(&item.Digest, &item.Signature) }},
		{"second point", func(i int, item *Item) bool { return certified(item.Key, fars[i], &item.Digest, &item.Signature) }},
		{"second point, decompressed", func(i int, item *Item) bool {
			return fars[i].Set(points[i]) == nil && certified(item.Key, fars[i], &item.Digest, &item.Signature)
		}},
		{"half length with hint", func(i int, item *Item) bool {
			return halfLength(item.Key, &item.Digest, &item.Signature, item.Hint)
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				if !c.of(i%64, &items[i%64]) {
					b.Fatal("a valid signature does not verify")
				}
			}
		})
	}
}
