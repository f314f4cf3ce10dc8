package sm2verify

import "math/bits"

// A point that is met once is multiplied by a non-adjacent form: digits that
// are 0 or odd and below 2^(nafWidth-1), of which about one in nafWidth+1 is not 0.
const (
	nafWidth  = 5
	nafDigits = 257 // of a number below 2^256
	nafPoints = 1 << (nafWidth - 2)
)

// naf returns the digits of k, lowest first: k = sum of digit[i]·2^i.
func (k *scalar) naf() (digits [nafDigits]int8) {
	for i, d, carry := k.nafDigit(0, 0); d != 0; i, d, carry = k.nafDigit(i+nafWidth, carry) {
		digits[i] = int8(d)
	}
	return digits
}

// nafDigit returns the first digit that is not 0 from position i on, where the
// digits below i leave carry, and what it carries itself. digit is 0 if there is
// none.
func (k *scalar) nafDigit(i, carry int) (position, digit, carries int) {
	for i < nafDigits {
		run := bits.TrailingZeros64(k.window(i) ^ -uint64(carry)) // digits 0: bits that the carry makes 0
		if run == 0 {
			d := k.bits(i, nafWidth) + carry
			carries = d >> (nafWidth - 1)
			return i, d - carries<<nafWidth, carries
		}
		i += run
	}
	return i, 0, 0
}

// multiply returns k·p.
func (p *affine) multiply(k *scalar) (product jacobian) {
	var odd [nafPoints]cached // 1p, 3p, 5p ...
	multiple := jacobian{p.x, p.y, one}
	odd[0] = newCached(&multiple)
	multiple.double()
	double := newCached(&multiple)
	multiple = odd[0].jacobian
	for i := 1; i < nafPoints; i++ {
		multiple.add(&double, false)
		odd[i] = newCached(&multiple)
	}
	digits := k.naf()
	for i := nafDigits - 1; i >= 0; i-- {
		product.double()
		if d := int(digits[i]); d > 0 {
			product.add(&odd[d/2], false)
		} else if d < 0 {
			product.add(&odd[-d/2], true)
		}
	}
	return product
}
