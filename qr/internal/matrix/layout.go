package matrix

import (
	"encoding/binary"
	"math/bits"
)

// A layout is what a version has in the same place whatever its text: the function patterns. Planes here hold
// columns as lines; taken is the same either way round.
type layout struct {
	version int
	dark    plane // the dark modules of the function patterns
	free    plane // the modules that hold codewords
}

// prepare draws the function patterns of a version: ISO/IEC 18004, 6.3, and 7.10 for the version information.
// The format information depends on the mask; its place is kept free of codewords, and light.
func (l *layout) prepare(version int) {
	*l = layout{version: version}
	size := sizeOf(version)
	for k := range words(size) {
		all := lowBits(size - 64*k)
		for y := range size {
			l.free[k][before+y] = all
		}
	}
	// Finder patterns with their separators and the format information beside them.
	for _, corner := range [][2]int{{0, 0}, {size - 7, 0}, {0, size - 7}} {
		x, y := corner[0], corner[1]
		l.take(max(x-1, 0), max(y-1, 0), min(x+8, size)-1, min(y+8, size)-1)
		for i := range 7 {
			for j := range 7 {
				if ring := max(abs(i-3), abs(j-3)); ring != 2 {
					l.dark.set(x+i, y+j)
				}
			}
		}
	}
	l.take(0, 8, 8, 8)
	l.take(8, 0, 8, 8)
	l.take(size-8, 8, size-1, 8)
	l.take(8, size-8, 8, size-1)
	l.dark.set(8, size-8)
	// Timing patterns.
	l.take(6, 0, 6, size-1)
	l.take(0, 6, size-1, 6)
	for i := 8; i < size-8; i += 2 {
		l.dark.set(6, i)
		l.dark.set(i, 6)
	}
	// Alignment patterns, save where a finder pattern is.
	var room [7]int
	centres := alignment(room[:0], version)
	for _, x := range centres {
		for _, y := range centres {
			if x == 6 && y == 6 || x == 6 && y == size-7 || x == size-7 && y == 6 {
				continue
			}
			l.take(x-2, y-2, x+2, y+2)
			for i := -2; i <= 2; i++ {
				for j := -2; j <= 2; j++ {
					l.dark.put(x+i, y+j, max(abs(i), abs(j)) != 1)
				}
			}
		}
	}
	if version >= 7 {
		l.take(size-11, 0, size-9, 5)
		l.take(0, size-11, 5, size-9)
		info := versionInformation(version)
		for i := range 18 {
			if info>>i&1 != 0 {
				l.dark.set(size-11+i%3, i/3)
				l.dark.set(i/3, size-11+i%3)
			}
		}
	}
}

// take marks a rectangle of modules, both corners included, as no place for codewords.
func (l *layout) take(x0, y0, x1, y1 int) {
	for x := x0; x <= x1; x++ {
		for y := y0; y <= y1; y++ {
			l.free.put(x, y, false)
		}
	}
}

// place writes the function patterns and the codewords into columns, unmasked: 7.7.3. Codewords run in strips
// two columns wide, up and down in turn from the right, the right column first in each row.
//
// stream is followed by at least 16 zero bytes.
func (l *layout) place(columns *plane, stream []byte) {
	*columns = l.dark
	size := sizeOf(l.version)
	at, up := 0, true // bits of the stream
	for right := size - 1; right > 0; right -= 2 {
		if right == 6 { // the timing pattern takes a whole column, and the strips step over it
			right = 5
		}
		for n := range words(size) {
			k := n
			if up {
				k = words(size) - 1 - n
			}
			freeRight, freeLeft := l.free[k][before+right], l.free[k][before+right-1]
			var darkRight, darkLeft uint64
			for rest := freeRight | freeLeft; rest != 0; {
				// Rows with both columns free come in long runs: 32 of them are one word of the stream.
				var row, run int
				if up {
					row = 63 - bits.LeadingZeros64(rest)
					run = bits.LeadingZeros64(^((freeRight & freeLeft) << (63 - row)))
				} else {
					row = bits.TrailingZeros64(rest)
					run = bits.TrailingZeros64(^((freeRight & freeLeft) >> row))
				}
				v := peek(stream, at)
				if run == 0 { // one column only
					bit := v >> 63 << row
					if freeRight>>row&1 != 0 {
						darkRight |= bit
					} else {
						darkLeft |= bit
					}
					at++
					rest &^= 1 << row
					continue
				}
				run = min(run, 32)
				at += 2 * run
				a, b := uint64(everyOther(v>>1)), uint64(everyOther(v)) // first of the pairs, second, left-aligned in 32 bits
				mask := lowBits(run)
				if up {
					row -= run - 1
					a, b = a>>(32-run), b>>(32-run)
				} else {
					a, b = uint64(bits.Reverse32(uint32(a)))&mask, uint64(bits.Reverse32(uint32(b)))&mask
				}
				darkRight |= a << row
				darkLeft |= b << row
				rest &^= mask << row
			}
			columns[k][before+right] |= darkRight
			columns[k][before+right-1] |= darkLeft
		}
		up = !up
	}
}

// peek returns the 64 bits of the stream from a bit on.
func peek(stream []byte, at int) uint64 {
	from := stream[at>>3:]
	return binary.BigEndian.Uint64(from)<<(at&7) | uint64(from[8])>>(8-at&7)
}

// everyOther returns bits 0, 2, 4, … of v side by side.
func everyOther(v uint64) uint32 {
	v &= 0x5555555555555555
	v = (v | v>>1) & 0x3333333333333333
	v = (v | v>>2) & 0x0F0F0F0F0F0F0F0F
	v = (v | v>>4) & 0x00FF00FF00FF00FF
	v = (v | v>>8) & 0x0000FFFF0000FFFF
	return uint32(v | v>>16)
}

// formatInformation returns the 15 bits for a level and a mask: 7.9.
func formatInformation(level Level, mask int) int {
	data := formatBits[level]<<3 | mask
	rest := data
	for range 10 {
		rest = rest<<1 ^ rest>>9*0x537
	}
	return (data<<10 | rest) ^ 0x5412
}

// versionInformation returns the 18 bits for a version from 7 on: 7.10.
func versionInformation(version int) int {
	rest := version
	for range 12 {
		rest = rest<<1 ^ rest>>11*0x1F25
	}
	return version<<12 | rest
}

// putFormat draws the format information, twice, into a plane; where columns are its lines, turned is false.
func putFormat(p *plane, size, info int, turned bool) {
	for i := range 15 {
		dark := info>>i&1 != 0
		first, second := formatPlaces(i, size)
		putModule(p, 8, first, dark, turned)
		putModule(p, second, 8, dark, turned)
	}
}

// formatPlaces returns where bit i of the format information is, along column 8 and along row 8.
func formatPlaces(i, size int) (first, second int) {
	first, second = i, size-1-i
	switch {
	case i == 6 || i == 7:
		first = i + 1
	case i >= 8:
		first, second = size-15+i, 14-i
		if i == 8 {
			second = 7
		}
	}
	return first, second
}

func putModule(p *plane, x, y int, dark, turned bool) {
	if turned {
		x, y = y, x
	}
	p.put(x, y, dark)
}

// lowBits returns a word whose low n bits are set; n may be anything.
func lowBits(n int) uint64 {
	if n >= 64 {
		return ^uint64(0)
	}
	return 1<<max(n, 0) - 1
}

func abs(v int) int { return max(v, -v) }
