package matrix

import "encoding/binary"

// exponent and logarithm are those of GF(256) with x^8 + x^4 + x^3 + x^2 + 1: ISO/IEC 18004, 7.5.2.
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

// A remainder holds up to 32 coefficients, the highest power first, as big-endian words. No block has more than 30
// error correction codewords.
type remainder [4]uint64

// A reedSolomon computes the error correction codewords of blocks. Dividing takes one data codeword at a
// time; what a codeword subtracts is looked up by its two halves, so it is eight words whatever the degree.
type reedSolomon struct {
	degree    int
	low, high [16]remainder
}

// prepare makes the tables for a number of error correction codewords.
func (r *reedSolomon) prepare(degree int) {
	if r.degree == degree {
		return
	}
	r.degree = degree
	// (x - 1)(x - a)(x - a^2) … without its leading 1: annex A.
	var generator [32]byte
	generator[degree-1] = 1
	for root := range degree {
		for j := range degree {
			if generator[j] != 0 {
				generator[j] = exponent[int(logarithm[generator[j]])+root]
			}
			if j+1 < degree {
				generator[j] ^= generator[j+1]
			}
		}
	}
	var multiple remainder // the generator times 1, a, a^2, …: what each bit of a codeword subtracts
	for i := range multiple {
		multiple[i] = binary.BigEndian.Uint64(generator[8*i:])
	}
	for bit := range 8 {
		table := &r.low
		if bit >= 4 {
			table = &r.high
		}
		first := 1 << (bit % 4)
		for i := range first {
			for w := range multiple {
				table[first+i][w] = table[i][w] ^ multiple[w]
			}
		}
		for w, v := range multiple { // times a, in eight bytes at a time
			const ones = 0x0101010101010101
			multiple[w] = v&(0x7F*ones)<<1 ^ v>>7&ones*0x1D
		}
	}
}

// check writes the error correction codewords of a block into dst, which has room for 32 bytes.
func (r *reedSolomon) check(dst, block []byte) {
	var a, b, c, d uint64
	for _, v := range block {
		v ^= byte(a >> 56)
		low, high := &r.low[v&15], &r.high[v>>4]
		a = (a<<8 | b>>56) ^ low[0] ^ high[0]
		b = (b<<8 | c>>56) ^ low[1] ^ high[1]
		c = (c<<8 | d>>56) ^ low[2] ^ high[2]
		d = d<<8 ^ low[3] ^ high[3]
	}
	for i, w := range [4]uint64{a, b, c, d} {
		binary.BigEndian.PutUint64(dst[8*i:], w)
	}
}

// interleave writes all codewords of a symbol into out in their order there (7.6): the first of each block,
// the second of each block, and so on, then the same with the error correction codewords.
func (r *reedSolomon) interleave(out, data []byte, version int, level Level) {
	blocks := int(blockCount[level][version-1])
	r.prepare(int(checkCodewords[level][version-1]))
	// The last blocks have one codeword more where the data does not divide evenly.
	short, longer := len(data)/blocks, blocks-len(data)%blocks
	checks := out[len(data):]
	var check [32]byte
	for i := range blocks {
		n := short
		if i >= longer {
			n++
		}
		for j, c := range data[:min(n, short)] {
			out[j*blocks+i] = c
		}
		if n > short {
			out[short*blocks+i-longer] = data[short]
		}
		r.check(check[:], data[:n])
		for j, c := range check[:r.degree] {
			checks[j*blocks+i] = c
		}
		data = data[n:]
	}
}
