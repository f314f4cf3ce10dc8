package sm2verify

// A point that is met once is multiplied by a non-adjacent form: digits that
// are 0 or odd and below 2^(nafWidth-1), of which about one in nafWidth+1 is not 0.
const (
	nafWidth  = 5
	nafDigits = 257 // of a number below 2^256
	nafPoints = 1 << (nafWidth - 2)
)

// naf returns the digits of k, lowest first: k = sum of digit[i]·2^i.
func (k *scalar) naf() (digits [nafDigits]int8) {
	carry := 0
	for i := 0; i < nafDigits; {
		if k.bits(i, 1) == carry {
			i++
			continue
		}
		d := k.bits(i, nafWidth) + carry
		carry = d >> (nafWidth - 1)
		digits[i] = int8(d - carry<<nafWidth)
		i += nafWidth
	}
	return digits
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
