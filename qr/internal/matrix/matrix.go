// Package matrix turns a text into the modules of a QR Code symbol: ISO/IEC 18004, clause 7. It knows no
// token, no picture and no quiet zone.
//
// Modules are kept as bits, 64 columns to a word, because nearly all of the work is to score eight masks, and
// each rule of the score is a few word operations on a row and its neighbours.
package matrix

import "math/bits"

const (
	// MaxVersion is the largest version. Version v has 4v+17 modules on a side.
	MaxVersion = 40

	// MaxSize is the side of the largest symbol in modules.
	MaxSize = 4*MaxVersion + 17

	wordCount = (MaxSize + 63) / 64

	// Light lines before the first and after the last one: rule N3 looks at most 4 lines ahead of a pattern and,
	// from its first line on, 10 lines down.
	before, after = 4, 11
)

// A Matrix is one drawn symbol. The zero value has no modules.
type Matrix struct {
	Version int   // 1 to 40
	Level   Level // as drawn, after any raise
	Mask    int   // 0 to 7
	rows    plane
}

// Size returns the modules on a side.
func (m *Matrix) Size() int {
	if m.Version == 0 {
		return 0
	}
	return sizeOf(m.Version)
}

// At reports whether the module in column x and row y is dark. Everything outside 0 to Size-1 is light.
func (m *Matrix) At(x, y int) bool {
	size := m.Size()
	return x >= 0 && y >= 0 && x < size && y < size && m.rows.at(y, x)
}

// AppendRows appends the modules with a quiet zone around them, row by row, each row in whole bytes with the
// leftmost module in the highest bit.
func (m *Matrix) AppendRows(dst []byte, quiet int) []byte {
	span := m.Size() + 2*quiet
	for y := -quiet; y < span-quiet; y++ {
		for x := -quiet; x < span-quiet; x += 8 {
			dst = append(dst, m.eight(x, y))
		}
	}
	return dst
}

// eight returns the modules of columns x to x+7 of row y, column x in the highest bit.
func (m *Matrix) eight(x, y int) byte {
	if y < 0 || y >= m.Size() || x <= -8 || x >= m.Size() {
		return 0
	}
	if x < 0 {
		return bits.Reverse8(uint8(m.rows[0][before+y] << -x))
	}
	v := m.rows[x>>6][before+y] >> (x & 63)
	if next := x>>6 + 1; next < wordCount {
		v |= m.rows[next][before+y] << (64 - x&63)
	}
	return bits.Reverse8(uint8(v))
}

// A plane is a square of bits, kept as strips of 64 across: bit i of line y is bit i%64 of word [i/64][before+y].
// All bits outside the symbol are zero, which is light, as the quiet zone is.
type plane [wordCount]strip

type strip [before + MaxSize + after]uint64

func (p *plane) at(line, i int) bool { return p[i>>6][before+line]>>(i&63)&1 != 0 }

func (p *plane) set(line, i int) { p[i>>6][before+line] |= 1 << (i & 63) }

// put sets the bit or clears it.
func (p *plane) put(line, i int, dark bool) {
	p[i>>6][before+line] &^= 1 << (i & 63)
	if dark {
		p.set(line, i)
	}
}

// turn sets p to the plane with lines and columns changed over, for a symbol of size modules.
func (p *plane) turn(from *plane, size int) {
	for a := 0; a < size; a += 64 {
		for b := 0; b < size; b += 64 {
			var block [64]uint64
			copy(block[:], from[a>>6][before+b:min(before+b+64, len(from[0]))])
			turnBlock(&block)
			copy(p[b>>6][before+a:before+min(a+64, MaxSize)], block[:])
		}
	}
}

// turnBlock changes over rows and columns of 64 by 64 bits: halves, then quarters, and so on.
func turnBlock(b *[64]uint64) {
	low := uint64(1)<<32 - 1
	for half := 32; half > 0; half >>= 1 {
		for i := 0; i < 64; i = (i + half + 1) &^ half {
			j := (i + half) & 63
			swap := (b[i]>>half ^ b[j]) & low
			b[j] ^= swap
			b[i] ^= swap << half
		}
		low ^= low << (half >> 1)
	}
}

func (p *plane) count(size int) int {
	n := 0
	for k := 0; k < words(size); k++ {
		for _, w := range p[k][before : before+size] {
			n += bits.OnesCount64(w)
		}
	}
	return n
}

// words returns how many words hold a line of size modules.
func words(size int) int { return (size + 63) / 64 }
