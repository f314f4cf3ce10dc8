package sm2verify

// squareTimes sets z = x^(2^n).
func (z *element) squareTimes(x *element, n int) {
	if useADX && n > 0 {
		squareTimesADX(z, x, n)
		return
	}
	*z = *x
	for range n {
		z.square(z)
	}
}

// A ladder holds x^(2^k - 1), a run of k one bits in the exponent, for the k
// of which the exponent of root is made.
type ladder struct{ k1, k2, k4, k8, k16, k32 element }

func newLadder(x *element) (l ladder) {
	l.k1 = *x
	l.k2.join(&l.k1, 1, &l.k1)
	l.k4.join(&l.k2, 2, &l.k2)
	l.k8.join(&l.k4, 4, &l.k4)
	l.k16.join(&l.k8, 8, &l.k8)
	l.k32.join(&l.k16, 16, &l.k16)
	return l
}

// join sets z = x^(2^n)·y: the exponent of y is written behind that of x.
func (z *element) join(x *element, n int, y *element) {
	tail := *y
	z.squareTimes(x, n)
	z.mul(z, &tail)
}

// root sets z to a square root of x, and reports false if there is none. The
// root is x^((p+1)/4), because p = 3 mod 4 (GB/T 32918.1-2016, B.1.4), and
// (p+1)/4 = 2^62·(2^32 - 1)·(2^160 - 1).
func (z *element) root(x *element) bool {
	l := newLadder(x)
	inner := newLadder(&l.k32)
	var r, check element
	r.join(&inner.k32, 32, &inner.k32) // 64 of 160 bits
	r.join(&r, 64, &r)
	r.join(&r, 32, &inner.k32)
	r.squareTimes(&r, 62)
	// The power of a number that is no square is a root of its negative.
	check.square(&r)
	if !check.equal(x) {
		return false
	}
	*z = r
	return true
}
