package sm2verify

import "math/bits"

// The Montgomery form k·2^256 mod n of a scalar, for products.
type montgomeryScalar scalar

var (
	radixSquared = montgomeryScalar{0x901192af7c114f20, 0x3464504ade6fa2fa, 0x620fc84c3affe0d4, 0x1eb5e412a22b3d3b} // 2^512 mod n
)

const orderInverse = 0x327f9e8872350975 // -1/n mod 2^64

// montgomery returns the form of k, which is below n.
func (k *scalar) montgomery() montgomeryScalar { return montgomeryScalar(radixSquared.times(k)) }

// times returns k·l mod n of two numbers below n.
func (k *montgomeryScalar) times(l *scalar) (product scalar) {
	var t [6]uint64
	for _, f := range l {
		var c, d uint64
		for i, x := range k {
			h, low := bits.Mul64(x, f)
			low, d = bits.Add64(low, c, 0)
			h += d
			t[i], d = bits.Add64(t[i], low, 0)
			c = h + d
		}
		t[4], t[5] = bits.Add64(t[4], c, 0)
		m := t[0] * orderInverse
		h, low := bits.Mul64(m, order[0])
		_, d = bits.Add64(t[0], low, 0)
		c = h + d
		for i := 1; i < 4; i++ {
			h, low = bits.Mul64(m, order[i])
			low, d = bits.Add64(low, c, 0)
			h += d
			t[i-1], d = bits.Add64(t[i], low, 0)
			c = h + d
		}
		t[3], d = bits.Add64(t[4], c, 0)
		t[4] = t[5] + d
	}
	product = scalar{t[0], t[1], t[2], t[3]}
	if reduced, borrow := product.minus(&order); t[4] != 0 || borrow == 0 {
		product = reduced
	}
	return product
}
