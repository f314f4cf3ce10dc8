package sm2verify

import (
	"encoding/binary"
	"math/bits"
)

// An element is a number modulo p = 2^256 - 2^224 - 2^96 + 2^64 - 1 in
// Montgomery form, x·2^256 mod p, lowest limb first. It is loose: every value
// below 2^256 is allowed, so the numbers below 2^256 - p have two forms. A
// carry is then folded back by an addition, without a comparison. Only equal,
// isZero and bytes look at values, and they know both forms. The zero value is 0.
type element [4]uint64

// The limbs of 2^256 - p: what a carry out of the highest limb is worth. The
// limb between d1 and d3 is 0.
const (
	d0 = 0x0000000000000001
	d1 = 0x00000000ffffffff
	d3 = 0x0000000100000000
)

var (
	prime      = element{0xffffffffffffffff, 0xffffffff00000000, 0xffffffffffffffff, 0xfffffffeffffffff}
	one        = element{d0, d1, 0, d3}                                                                  // 1
	montgomery = element{0x0000000200000003, 0x00000002ffffffff, 0x0000000100000001, 0x0000000400000002} // 2^256
)

// mul sets z = x·y.
func (z *element) mul(x, y *element) {
	if useADX {
		mulADX(z, x, y)
	} else {
		z.mulGo(x, y)
	}
}

// square sets z = x².
func (z *element) square(x *element) {
	if useADX {
		squareTimesADX(z, x, 1)
	} else {
		z.squareGo(x)
	}
}

// mulGo is mul without assembly. The text of reduce stands in it, because a call
// would cost 3 % of a verification.
func (z *element) mulGo(x, y *element) {
	t0, t1, t2, t3, t4, t5, t6, t7 := x.times(y)
	s0 := t0 << 32
	m1, c := bits.Add64(t1, t0, 0)
	m1, b := bits.Sub64(m1, s0, 0)
	s1 := m1<<32 | t0>>32
	s2 := m1 >> 32
	t2, c = bits.Add64(t2, m1, c)
	t3, c = bits.Add64(t3, 0, c)
	t0, c = bits.Add64(t0, 0, c)
	t1 = m1 + c
	t2, b = bits.Sub64(t2, s1, b)
	t3, b = bits.Sub64(t3, s0|s2, b) // two limbs that share no bit
	t0, b = bits.Sub64(t0, s1, b)
	t1 -= s2 + b

	s0 = t2 << 32
	m1, c = bits.Add64(t3, t2, 0)
	m1, b = bits.Sub64(m1, s0, 0)
	s1 = m1<<32 | t2>>32
	s2 = m1 >> 32
	t0, c = bits.Add64(t0, m1, c)
	t1, c = bits.Add64(t1, 0, c)
	t2, c = bits.Add64(t2, 0, c)
	t3 = m1 + c
	t0, b = bits.Sub64(t0, s1, b)
	t1, b = bits.Sub64(t1, s0|s2, b)
	t2, b = bits.Sub64(t2, s1, b)
	t3 -= s2 + b

	t0, c = bits.Add64(t0, t4, 0)
	t1, c = bits.Add64(t1, t5, c)
	t2, c = bits.Add64(t2, t6, c)
	t3, c = bits.Add64(t3, t7, c)
	mask := -c
	t0, c = bits.Add64(t0, mask&d0, 0)
	t1, c = bits.Add64(t1, mask&d1, c)
	t2, c = bits.Add64(t2, 0, c)
	t3, _ = bits.Add64(t3, mask&d3, c)
	z[0], z[1], z[2], z[3] = t0, t1, t2, t3
}

// times returns x·y, 512 bits, without a reduction.
func (x *element) times(y *element) (t0, t1, t2, t3, t4, t5, t6, t7 uint64) {
	x0, x1, x2, x3 := x[0], x[1], x[2], x[3]
	var c, h, l, k uint64

	f := y[0]
	t1, t0 = bits.Mul64(x0, f)
	t3, t2 = bits.Mul64(x2, f)
	h, l = bits.Mul64(x1, f)
	t1, c = bits.Add64(t1, l, 0)
	t2, c = bits.Add64(t2, h, c)
	t4, l = bits.Mul64(x3, f)
	t3, c = bits.Add64(t3, l, c)
	t4 += c

	f = y[1]
	h, l = bits.Mul64(x0, f)
	t1, c = bits.Add64(t1, l, 0)
	t2, c = bits.Add64(t2, h, c)
	h, l = bits.Mul64(x2, f)
	t3, c = bits.Add64(t3, l, c)
	t4, k = bits.Add64(t4, h, c)
	h, l = bits.Mul64(x1, f)
	t2, c = bits.Add64(t2, l, 0)
	t3, c = bits.Add64(t3, h, c)
	h, l = bits.Mul64(x3, f)
	t4, c = bits.Add64(t4, l, c)
	t5 = h + k + c

	f = y[2]
	h, l = bits.Mul64(x0, f)
	t2, c = bits.Add64(t2, l, 0)
	t3, c = bits.Add64(t3, h, c)
	h, l = bits.Mul64(x2, f)
	t4, c = bits.Add64(t4, l, c)
	t5, k = bits.Add64(t5, h, c)
	h, l = bits.Mul64(x1, f)
	t3, c = bits.Add64(t3, l, 0)
	t4, c = bits.Add64(t4, h, c)
	h, l = bits.Mul64(x3, f)
	t5, c = bits.Add64(t5, l, c)
	t6 = h + k + c

	f = y[3]
	h, l = bits.Mul64(x0, f)
	t3, c = bits.Add64(t3, l, 0)
	t4, c = bits.Add64(t4, h, c)
	h, l = bits.Mul64(x2, f)
	t5, c = bits.Add64(t5, l, c)
	t6, k = bits.Add64(t6, h, c)
	h, l = bits.Mul64(x1, f)
	t4, c = bits.Add64(t4, l, 0)
	t5, c = bits.Add64(t5, h, c)
	h, l = bits.Mul64(x3, f)
	t6, c = bits.Add64(t6, l, c)
	t7 = h + k + c
	return
}

// reduce sets z = t/2^256, where t has 512 bits.
//
// The Montgomery reduction takes two steps of 128 bits; each adds to the low half
// the multiple m·p whose low 128 bits cancel those of t. As p = -1 mod 2^64, m
// follows by shifts, without a multiplication:
//
//	m·p = m·2^256 - (m<<32)·2^192 - (m<<32)·2^64 + m·2^64 - m
//
// with m = m0 + m1·2^64, m0 = t0 and m1 = t1 + t0 - (t0<<32). The low half is
// then at most p, so that its sum with the high half carries once at most, and
// not again when the carry is folded back.
func (z *element) reduce(t0, t1, t2, t3, t4, t5, t6, t7 uint64) {
	s0 := t0 << 32
	m1, c := bits.Add64(t1, t0, 0)
	m1, b := bits.Sub64(m1, s0, 0)
	s1 := m1<<32 | t0>>32
	s2 := m1 >> 32
	t2, c = bits.Add64(t2, m1, c)
	t3, c = bits.Add64(t3, 0, c)
	t0, c = bits.Add64(t0, 0, c)
	t1 = m1 + c
	t2, b = bits.Sub64(t2, s1, b)
	t3, b = bits.Sub64(t3, s0|s2, b) // two limbs that share no bit
	t0, b = bits.Sub64(t0, s1, b)
	t1 -= s2 + b

	s0 = t2 << 32
	m1, c = bits.Add64(t3, t2, 0)
	m1, b = bits.Sub64(m1, s0, 0)
	s1 = m1<<32 | t2>>32
	s2 = m1 >> 32
	t0, c = bits.Add64(t0, m1, c)
	t1, c = bits.Add64(t1, 0, c)
	t2, c = bits.Add64(t2, 0, c)
	t3 = m1 + c
	t0, b = bits.Sub64(t0, s1, b)
	t1, b = bits.Sub64(t1, s0|s2, b)
	t2, b = bits.Sub64(t2, s1, b)
	t3 -= s2 + b

	t0, c = bits.Add64(t0, t4, 0)
	t1, c = bits.Add64(t1, t5, c)
	t2, c = bits.Add64(t2, t6, c)
	t3, c = bits.Add64(t3, t7, c)
	mask := -c
	t0, c = bits.Add64(t0, mask&d0, 0)
	t1, c = bits.Add64(t1, mask&d1, c)
	t2, c = bits.Add64(t2, 0, c)
	t3, _ = bits.Add64(t3, mask&d3, c)
	z[0], z[1], z[2], z[3] = t0, t1, t2, t3
}

// squareGo is square without assembly.
func (z *element) squareGo(x *element) {
	x0, x1, x2, x3 := x[0], x[1], x[2], x[3]
	var c uint64

	t2, t1 := bits.Mul64(x0, x1)
	h, l := bits.Mul64(x0, x2)
	t2, c = bits.Add64(t2, l, 0)
	t4, t3 := bits.Mul64(x0, x3)
	t3, c = bits.Add64(t3, h, c)
	t4 += c
	h, l = bits.Mul64(x1, x2)
	t3, c = bits.Add64(t3, l, 0)
	t4, c = bits.Add64(t4, h, c)
	t6, t5 := bits.Mul64(x2, x3)
	t5, c = bits.Add64(t5, 0, c)
	t6 += c
	h, l = bits.Mul64(x1, x3)
	t4, c = bits.Add64(t4, l, 0)
	t5, c = bits.Add64(t5, h, c)
	t6 += c

	t7 := t6 >> 63
	t6 = t6<<1 | t5>>63
	t5 = t5<<1 | t4>>63
	t4 = t4<<1 | t3>>63
	t3 = t3<<1 | t2>>63
	t2 = t2<<1 | t1>>63
	t1 <<= 1

	h, t0 := bits.Mul64(x0, x0)
	t1, c = bits.Add64(t1, h, 0)
	h, l = bits.Mul64(x1, x1)
	t2, c = bits.Add64(t2, l, c)
	t3, c = bits.Add64(t3, h, c)
	h, l = bits.Mul64(x2, x2)
	t4, c = bits.Add64(t4, l, c)
	t5, c = bits.Add64(t5, h, c)
	h, l = bits.Mul64(x3, x3)
	t6, c = bits.Add64(t6, l, c)
	t7 += h + c
	z.reduce(t0, t1, t2, t3, t4, t5, t6, t7)
}

// mulSub sets z = x·y - u·v.
func (z *element) mulSub(x, y, u, v *element) {
	if useADX {
		mulSubADX(z, x, y, u, v)
	} else {
		z.mulSubGo(x, y, u, v)
	}
}

// mulSubGo is mulSub without assembly, with one reduction for both products.
func (z *element) mulSubGo(x, y, u, v *element) {
	t0, t1, t2, t3, t4, t5, t6, t7 := x.times(y)
	u0, u1, u2, u3, u4, u5, u6, u7 := u.times(v)
	t0, b := bits.Sub64(t0, u0, 0)
	t1, b = bits.Sub64(t1, u1, b)
	t2, b = bits.Sub64(t2, u2, b)
	t3, b = bits.Sub64(t3, u3, b)
	t4, b = bits.Sub64(t4, u4, b)
	t5, b = bits.Sub64(t5, u5, b)
	t6, b = bits.Sub64(t6, u6, b)
	t7, b = bits.Sub64(t7, u7, b)
	mask := -b // in the high half, a borrow is folded back as in sub
	t4, b = bits.Sub64(t4, mask&d0, 0)
	t5, b = bits.Sub64(t5, mask&d1, b)
	t6, b = bits.Sub64(t6, 0, b)
	t7, b = bits.Sub64(t7, mask&d3, b)
	if b != 0 {
		t4, b = bits.Sub64(t4, d0, 0)
		t5, b = bits.Sub64(t5, d1, b)
		t6, b = bits.Sub64(t6, 0, b)
		t7 -= d3 + b
	}
	z.reduce(t0, t1, t2, t3, t4, t5, t6, t7)
}

// add sets z = x + y.
func (z *element) add(x, y *element) {
	z0, c := bits.Add64(x[0], y[0], 0)
	z1, c := bits.Add64(x[1], y[1], c)
	z2, c := bits.Add64(x[2], y[2], c)
	z3, c := bits.Add64(x[3], y[3], c)
	mask := -c
	z0, c = bits.Add64(z0, mask&d0, 0)
	z1, c = bits.Add64(z1, mask&d1, c)
	z2, c = bits.Add64(z2, 0, c)
	z3, c = bits.Add64(z3, mask&d3, c)
	if c != 0 { // only if x+y >= 2^257 - (2^256-p)
		z0, c = bits.Add64(z0, d0, 0)
		z1, c = bits.Add64(z1, d1, c)
		z2, c = bits.Add64(z2, 0, c)
		z3 += d3 + c
	}
	z[0], z[1], z[2], z[3] = z0, z1, z2, z3
}

// sub sets z = x - y.
func (z *element) sub(x, y *element) {
	z0, b := bits.Sub64(x[0], y[0], 0)
	z1, b := bits.Sub64(x[1], y[1], b)
	z2, b := bits.Sub64(x[2], y[2], b)
	z3, b := bits.Sub64(x[3], y[3], b)
	mask := -b
	z0, b = bits.Sub64(z0, mask&d0, 0)
	z1, b = bits.Sub64(z1, mask&d1, b)
	z2, b = bits.Sub64(z2, 0, b)
	z3, b = bits.Sub64(z3, mask&d3, b)
	if b != 0 { // only if y-x > p
		z0, b = bits.Sub64(z0, d0, 0)
		z1, b = bits.Sub64(z1, d1, b)
		z2, b = bits.Sub64(z2, 0, b)
		z3 -= d3 + b
	}
	z[0], z[1], z[2], z[3] = z0, z1, z2, z3
}

// subTwice sets z = x - 2y.
func (z *element) subTwice(x, y *element) {
	z0, b := bits.Sub64(x[0], y[0]<<1, 0)
	z1, b := bits.Sub64(x[1], y[1]<<1|y[0]>>63, b)
	z2, b := bits.Sub64(x[2], y[2]<<1|y[1]>>63, b)
	z3, b := bits.Sub64(x[3], y[3]<<1|y[2]>>63, b)
	over := y[3]>>63 + b // 2^256 was borrowed so often
	z0, b = bits.Sub64(z0, over, 0)
	z1, b = bits.Sub64(z1, over*d1, b)
	z2, b = bits.Sub64(z2, 0, b)
	z3, b = bits.Sub64(z3, over*d3, b)
	if b != 0 { // only if 2y-x > p, or 2y-x > 2p
		z0, b = bits.Sub64(z0, d0, 0)
		z1, b = bits.Sub64(z1, d1, b)
		z2, b = bits.Sub64(z2, 0, b)
		z3 -= d3 + b
	}
	z[0], z[1], z[2], z[3] = z0, z1, z2, z3
}

// half sets z = x/2.
func (z *element) half(x *element) {
	mask := -(x[0] & 1) // p is odd: of x and x+p one is even
	z0, c := bits.Add64(x[0], mask&prime[0], 0)
	z1, c := bits.Add64(x[1], mask&prime[1], c)
	z2, c := bits.Add64(x[2], mask&prime[2], c)
	z3, c := bits.Add64(x[3], mask&prime[3], c)
	z[0], z[1], z[2], z[3] = z0>>1|z1<<63, z1>>1|z2<<63, z2>>1|z3<<63, z3>>1|c<<63
}

// isZero reports whether x = 0 mod p.
func (x *element) isZero() bool {
	return x[0]|x[1]|x[2]|x[3] == 0 || *x == prime
}

// equal reports whether x = y mod p.
func (x *element) equal(y *element) bool {
	var d element
	d.sub(x, y)
	return d.isZero()
}

// setBytes sets z to a big-endian number. It reports false, and z is of no
// use, unless the number is below p.
func (z *element) setBytes(b *[32]byte) bool {
	start()
	v := words(b)
	if !less(&v, (*[4]uint64)(&prime)) {
		return false
	}
	z.setWords(&v)
	return true
}

// setWords sets z to a number below 2^256.
func (z *element) setWords(v *[4]uint64) { z.mul((*element)(v), &montgomery) }

// bytes returns x as a big-endian number below p.
func (x *element) bytes() (b [32]byte) {
	var v element
	v.mul(x, &element{1})
	if !less((*[4]uint64)(&v), (*[4]uint64)(&prime)) {
		v = element{} // at most p, because one factor is 1
	}
	for i, limb := range v {
		binary.BigEndian.PutUint64(b[24-8*i:], limb)
	}
	return b
}

// words returns a big-endian number, lowest limb first.
func words(b *[32]byte) (v [4]uint64) {
	for i := range v {
		v[i] = binary.BigEndian.Uint64(b[24-8*i:])
	}
	return v
}

// less reports whether x < y.
func less(x, y *[4]uint64) bool {
	_, b := bits.Sub64(x[0], y[0], 0)
	_, b = bits.Sub64(x[1], y[1], b)
	_, b = bits.Sub64(x[2], y[2], b)
	_, b = bits.Sub64(x[3], y[3], b)
	return b != 0
}
