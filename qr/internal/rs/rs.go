// Package rs corrects Reed-Solomon blocks of QR Code, with errors at unknown and erasures at known places: ISO/IEC
// 18004, annex B.
package rs

// MaxChecks is the largest number of error correction codewords in a block.
const MaxChecks = 30

// exponent and logarithm are those of GF(256) with x^8 + x^4 + x^3 + x^2 + 1.
var exponent, logarithm = func() (e [510]byte, l [256]byte) {
	v := 1
	for i := range 255 {
		e[i], e[i+255] = byte(v), byte(v)
		l[v] = byte(i)
		if v <<= 1; v > 0xFF {
			v ^= 0x11D
		}
	}
	return e, l
}()

func times(a, b byte) byte {
	if a == 0 || b == 0 {
		return 0
	}
	return exponent[int(logarithm[a])+int(logarithm[b])]
}

// over divides by b, which is not zero.
func over(a, b byte) byte {
	if a == 0 {
		return 0
	}
	return exponent[int(logarithm[a])+255-int(logarithm[b])]
}

// syndromes evaluates the block at the roots of the generator and reports whether all are zero.
func syndromes(s *[MaxChecks]byte, block []byte, checks int) bool {
	clean := true
	for i := range checks {
		var v byte
		for _, c := range block {
			if v != 0 {
				v = exponent[int(logarithm[v])+i]
			}
			v ^= c
		}
		s[i] = v
		clean = clean && v == 0
	}
	return clean
}

// Correct repairs a block of at most 255 codewords in place; its last checks are error correction. erased are the
// places of codewords known to be unsure, none twice. It returns how many codewords it changed that were not erased, or
// false, with the block as it was, if more is wrong than 2·errors + erasures = checks allows.
func Correct(block []byte, checks int, erased []int) (errors int, ok bool) {
	n := len(block)
	if n > 255 || checks < 1 || checks > MaxChecks || checks >= n || len(erased) > checks {
		return 0, false
	}
	var s [MaxChecks]byte
	if syndromes(&s, block, checks) {
		return 0, true
	}
	// The locator of the erasures, lowest power first: the product of 1 - X·x.
	var locator, previous, next [MaxChecks + 2]byte
	locator[0] = 1
	for k, at := range erased {
		if at < 0 || at >= n {
			return 0, false
		}
		x := exponent[n-1-at]
		for j := k + 1; j > 0; j-- {
			locator[j] ^= times(locator[j-1], x)
		}
	}
	// Berlekamp and Massey, started from the erasures.
	previous = locator
	length := len(erased)
	for k := len(erased); k < checks; k++ {
		var d byte
		for j := 0; j <= k; j++ {
			d ^= times(locator[j], s[k-j])
		}
		copy(next[1:], previous[:]) // previous times x
		next[0] = 0
		previous = next
		if d == 0 {
			continue
		}
		next = locator
		for j := range next {
			next[j] ^= times(d, previous[j])
		}
		if 2*length <= k+len(erased) {
			length = k + 1 + len(erased) - length
			for j := range previous {
				previous[j] = over(locator[j], d)
			}
		}
		locator = next
	}
	degree := 0
	for j := range locator {
		if locator[j] != 0 {
			degree = j
		}
	}
	if degree != length || degree > checks || 2*(degree-len(erased))+len(erased) > checks {
		return 0, false
	}
	// The evaluator: syndromes times locator, below x^checks.
	var evaluator [MaxChecks]byte
	for i := range checks {
		for j := 0; j <= min(i, degree); j++ {
			evaluator[i] ^= times(locator[j], s[i-j])
		}
	}
	// The roots of the locator say where (Chien), the evaluator how much (Forney).
	var places [MaxChecks]int
	var amounts [MaxChecks]byte
	found := 0
	for at := 0; at < n && found <= degree; at++ {
		power := n - 1 - at
		inverse := (255 - power) % 255
		var value, slope byte
		for j := degree; j >= 0; j-- {
			if locator[j] == 0 {
				continue
			}
			term := exponent[(int(logarithm[locator[j]])+j*inverse)%255]
			value ^= term
			if j&1 == 1 {
				slope ^= term // x times the derivative
			}
		}
		if value != 0 {
			continue
		}
		if found == degree || slope == 0 {
			return 0, false
		}
		var amount byte
		for i := checks - 1; i >= 0; i-- {
			if evaluator[i] != 0 {
				amount ^= exponent[(int(logarithm[evaluator[i]])+i*inverse)%255]
			}
		}
		places[found], amounts[found] = at, over(amount, slope)
		found++
	}
	if found != degree {
		return 0, false
	}
	for i, at := range places[:found] {
		block[at] ^= amounts[i]
	}
	if !syndromes(&s, block, checks) {
		for i, at := range places[:found] {
			block[at] ^= amounts[i]
		}
		return 0, false
	}
	return degree - len(erased), true
}
