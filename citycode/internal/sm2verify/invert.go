package sm2verify

import "math/bits"

// invert sets z = 1/x. The inverse of 0 is 0.
//
// It takes division steps (Bernstein and Yang, Fast constant-time gcd computation
// and modular inversion, 2019), here with no care for constant time. A step takes
// delta and two numbers, of which f is odd, to
//
//	1 - delta, g, (g - f)/2             if delta > 0 and g is odd
//	1 + delta, f, (g + (g mod 2)·f)/2   otherwise
//
// From 1, p and x it comes to f = ±1 and g = 0 within 741 steps (Theorem 11.2
// there, because f² + 4g² <= 5·2^512); 531 on average. What 62 steps do depends on
// the lowest 62 bits of f and g only, and is a matrix that is applied to all of f
// and g at once, and to d and e, for which at all times
//
//	d·x = c·f and e·x = c·g mod p
//
// c is 2^512 at first, because x is y·2^256 and 2^256/y is wanted. A batch divides
// f and g by 2^62 but d and e by a limb, 2^64, so that c becomes c/4.
func (z *element) invert(x *element) {
	if x.isZero() {
		*z = element{}
		return
	}
	f := wide{prime[0], prime[1], prime[2], prime[3]}
	g := wide{x[0], x[1], x[2], x[3]}
	e := wide{montgomery[0], montgomery[1], montgomery[2], montgomery[3]}
	var d wide
	calm, back := 0, uint64(1) // back is 4 for each batch
	for range maxBatches {
		if g[0]|g[1]|g[2]|g[3]|g[4] == 0 {
			break
		}
		var m matrix
		calm = m.steps(calm, f[0], g[0])
		m.apply(&f, &g)
		m.applyModulo(&d, &e)
		back *= 4
	}
	// The highest limb of d is -1, 0 or 1, times 2^256, of which each is d0, d1, 0, d3.
	over := d[4] + 1
	z.add((*element)(d[:4]), &element{over, over * d1, 0, over * d3})
	z.sub(z, &one)
	z.mul(z, &element{back, back * d1, 0, back * d3}) // times back, which is in Montgomery form
	if f[4] != 0 {                                    // f = -1
		z.sub(&element{}, z)
	}
}

const (
	batchSteps = 62 // the entries of a matrix are at most 2^62
	maxBatches = (741 + batchSteps - 1) / batchSteps
)

// A matrix is what takes (f, g) to 2^62 times what f and g are 62 steps later:
// u·f + v·g and q·f + r·g. |u| + |v| and |q| + |r| are at most 2^62.
type matrix struct{ u, v, q, r int64 }

// steps sets m to that of f and g, of which it is given the lowest limbs, and
// returns the next calm: 1 - delta, for how many steps no swap can come.
func (m *matrix) steps(calm int, f, g uint64) int {
	u, v, q, r := uint64(1), uint64(0), uint64(0), uint64(1)
	left := batchSteps
	for {
		// While g is even a step halves it. f stays, and u and v are doubled, as
		// what they stand for is not halved.
		even := bits.TrailingZeros64(g | 1<<(left&63))
		g >>= even & 63
		u <<= even & 63
		v <<= even & 63
		calm -= even
		left -= even
		if left == 0 {
			break
		}
		if calm <= 0 {
			calm = 2 - calm
			f, g = g, -f
			u, v, q, r = q, r, -u, -v
		}
		// The next steps add f or 0, all of them w·f, where w makes as many bits of g
		// 0. Of 1/f, f·(2 - f²) has six bits right.
		n := left
		if calm < n {
			n = calm
		}
		w := (f*f - 2) * (f * g) & ((1<<(n&63) - 1) & 63)
		g += w * f
		q += w * u
		r += w * v
	}
	*m = matrix{int64(u), int64(v), int64(q), int64(r)}
	return calm
}

// A wide is a number from -2^319 to 2^319 - 1 in two's complement, lowest limb
// first.
type wide [5]uint64

// times returns u·x + v·y, which must fit.
func (x *wide) times(u, v int64, y *wide) (t0, t1, t2, t3, t4 uint64) {
	var h, l, h1, h2, c uint64
	// As if u and v were not negative ...
	h, t0 = bits.Mul64(x[0], uint64(u))
	h1, l = bits.Mul64(x[1], uint64(u))
	t1, c = bits.Add64(h, l, 0)
	h2, l = bits.Mul64(x[2], uint64(u))
	t2, c = bits.Add64(h1, l, c)
	h, l = bits.Mul64(x[3], uint64(u))
	t3, c = bits.Add64(h2, l, c)
	t4 = h + x[4]*uint64(u) + c

	h, l = bits.Mul64(y[0], uint64(v))
	t0, c = bits.Add64(t0, l, 0)
	h1, l = bits.Mul64(y[1], uint64(v))
	t1, c = bits.Add64(t1, l, c)
	h2, l = bits.Mul64(y[2], uint64(v))
	t2, c = bits.Add64(t2, l, c)
	h3, l := bits.Mul64(y[3], uint64(v))
	t3, c = bits.Add64(t3, l, c)
	t4 += h3 + y[4]*uint64(v) + c
	t1, c = bits.Add64(t1, h, 0)
	t2, c = bits.Add64(t2, h1, c)
	t3, c = bits.Add64(t3, h2, c)
	t4 += c

	// ... and 2^64·x less if u is.
	less := uint64(u >> 63)
	t1, c = bits.Sub64(t1, less&x[0], 0)
	t2, c = bits.Sub64(t2, less&x[1], c)
	t3, c = bits.Sub64(t3, less&x[2], c)
	t4 -= less&x[3] + c
	less = uint64(v >> 63)
	t1, c = bits.Sub64(t1, less&y[0], 0)
	t2, c = bits.Sub64(t2, less&y[1], c)
	t3, c = bits.Sub64(t3, less&y[2], c)
	t4 -= less&y[3] + c
	return
}

// apply sets f and g to (u·f + v·g)/2^62 and (q·f + r·g)/2^62, which are whole,
// and no larger than the larger of f and g.
func (m *matrix) apply(f, g *wide) {
	t0, t1, t2, t3, t4 := f.times(m.u, m.v, g)
	s0, s1, s2, s3, s4 := f.times(m.q, m.r, g)
	f[0], f[1], f[2], f[3], f[4] = t0>>62|t1<<2, t1>>62|t2<<2, t2>>62|t3<<2, t3>>62|t4<<2, uint64(int64(t4)>>62)
	g[0], g[1], g[2], g[3], g[4] = s0>>62|s1<<2, s1>>62|s2<<2, s2>>62|s3<<2, s3>>62|s4<<2, uint64(int64(s4)>>62)
}

// applyModulo sets d and e to (u·d + v·e)/2^64 mod p and (q·d + r·e)/2^64 mod p.
// If they were between -p/3 and 4p/3, so they are again: a quarter of that, and
// what reduce adds.
func (m *matrix) applyModulo(d, e *wide) {
	t0, t1, t2, t3, t4 := d.times(m.u, m.v, e)
	s0, s1, s2, s3, s4 := d.times(m.q, m.r, e)
	d.reduce(t0, t1, t2, t3, t4)
	e.reduce(s0, s1, s2, s3, s4)
}

// reduce sets x = t/2^64 mod p, of which t0·p/2^64 is the part that mulGo adds in
// a step of the Montgomery reduction; here a step has one limb.
func (x *wide) reduce(t0, t1, t2, t3, t4 uint64) {
	high := uint64(int64(t4) >> 63)
	t1, c := bits.Add64(t1, t0, 0)
	t2, c = bits.Add64(t2, 0, c)
	t3, c = bits.Add64(t3, 0, c)
	t4, c = bits.Add64(t4, t0, c)
	high += c
	t1, c = bits.Sub64(t1, t0<<32, 0)
	t2, c = bits.Sub64(t2, t0>>32, c)
	t3, c = bits.Sub64(t3, t0<<32, c)
	t4, c = bits.Sub64(t4, t0>>32, c)
	x[0], x[1], x[2], x[3], x[4] = t1, t2, t3, t4, high-c
}
