package sm2verify

import "math/bits"

// A scalar is a number below 2^256, lowest limb first; modulo n where it says so.
type scalar [4]uint64

var (
	order     = scalar{0x53bbf40939d54123, 0x7203df6b21c6052b, 0xffffffffffffffff, 0xfffffffeffffffff} // n
	orderHalf = scalar{0xa9ddfa049ceaa091, 0xb901efb590e30295, 0xffffffffffffffff, 0x7fffffff7fffffff} // (n-1)/2
)

func (k *scalar) isZero() bool { return k[0]|k[1]|k[2]|k[3] == 0 }

func (k *scalar) less(l *scalar) bool { return less((*[4]uint64)(k), (*[4]uint64)(l)) }

// plus returns k + l and the carry.
func (k *scalar) plus(l *scalar) (sum scalar, carry uint64) {
	for i := range k {
		sum[i], carry = bits.Add64(k[i], l[i], carry)
	}
	return sum, carry
}

// minus returns k - l and the borrow.
func (k *scalar) minus(l *scalar) (difference scalar, borrow uint64) {
	for i := range k {
		difference[i], borrow = bits.Sub64(k[i], l[i], borrow)
	}
	return difference, borrow
}

// reduced returns k mod n. One subtraction is enough, because 2^256 < 2n.
func (k scalar) reduced() scalar {
	if k.less(&order) {
		return k
	}
	k, _ = k.minus(&order)
	return k
}

// addModulo returns k + l mod n of two numbers below n.
func (k *scalar) addModulo(l *scalar) scalar {
	sum, carry := k.plus(l)
	if carry == 0 {
		return sum.reduced()
	}
	sum, _ = sum.minus(&order)
	return sum
}

// subModulo returns k - l mod n of two numbers below n.
func (k *scalar) subModulo(l *scalar) scalar {
	difference, borrow := k.minus(l)
	if borrow != 0 {
		difference, _ = difference.plus(&order)
	}
	return difference
}

// bits returns width bits from position on; beyond the highest there are zeros.
// width is at most 16.
func (k *scalar) bits(position, width int) int {
	limb, shift := position/64, position%64
	if limb >= len(k) {
		return 0
	}
	v := k[limb] >> shift
	if shift+width > 64 && limb+1 < len(k) {
		v |= k[limb+1] << (64 - shift)
	}
	return int(v & (1<<width - 1))
}

// window returns 64 bits from position on; beyond the highest there are zeros.
func (k *scalar) window(position int) uint64 {
	limb, shift := position/64, position%64
	if limb >= len(k) {
		return 0
	}
	v := k[limb] >> shift
	if shift > 0 && limb+1 < len(k) {
		v |= k[limb+1] << (64 - shift)
	}
	return v
}

// shift drops the lowest width bits. width is below 64.
func (k *scalar) shift(width int) {
	k[0] = k[0]>>width | k[1]<<(64-width)
	k[1] = k[1]>>width | k[2]<<(64-width)
	k[2] = k[2]>>width | k[3]<<(64-width)
	k[3] >>= width
}
