// Package png writes two-colour pictures as PNG files of one bit a pixel: RFC 2083, and RFC 1951 inside.
//
// It exists because a symbol is a few hundred different bytes, each drawn many times: image/png looks at every
// pixel and five filters of it, and takes a hundred times as long as drawing the symbol did. Here a line is
// looked at once, and what repeats is said in two words. The files are smaller as well.
package png

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image/color"
	"math/bits"
)

const signature = "\x89PNG\r\n\x1a\n"

// MaxSide is the widest picture: a line repeats by a match, which reaches 32768 bytes back.
const MaxSide = 8 * 32767

// A Picture is a square of square modules.
type Picture struct {
	// Rows holds the modules, row by row, each row in whole bytes, the leftmost module in the highest bit.
	Rows []byte

	// Edges is where, in pixels, each column of modules begins and the last one ends, and likewise each row: from 0
	// on, and rising. There are at least 9 columns and at most MaxSide pixels.
	Edges []int

	Palette [2]color.NRGBA // of bits 0 and 1
}

// Append appends the file to dst and returns it. It allocates only where dst has no room.
func (p Picture) Append(dst []byte) []byte {
	side := p.Edges[len(p.Edges)-1]
	dst = append(dst, signature...)
	var header [13]byte
	binary.BigEndian.PutUint32(header[0:], uint32(side))
	binary.BigEndian.PutUint32(header[4:], uint32(side))
	header[8] = 1 // bits a pixel
	header[9] = 3 // palette
	dst = appendChunk(dst, "IHDR", header[:])
	a, b := p.Palette[0], p.Palette[1]
	dst = appendChunk(dst, "PLTE", []byte{a.R, a.G, a.B, b.R, b.G, b.B})
	if a.A != 0xFF || b.A != 0xFF {
		dst = appendChunk(dst, "tRNS", []byte{a.A, b.A})
	}
	dst = append(dst, 0, 0, 0, 0, 'I', 'D', 'A', 'T')
	start := len(dst)
	dst = p.appendZlib(dst, side)
	binary.BigEndian.PutUint32(dst[start-8:], uint32(len(dst)-start))
	dst = binary.BigEndian.AppendUint32(dst, crc32.ChecksumIEEE(dst[start-4:]))
	return appendChunk(dst, "IEND", nil)
}

func appendChunk(dst []byte, kind string, data []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(data)))
	start := len(dst)
	dst = append(append(dst, kind...), data...)
	return binary.BigEndian.AppendUint32(dst, crc32.ChecksumIEEE(dst[start:]))
}

// appendZlib appends the lines, each after a zero byte for "no filter", as one zlib stream (RFC 1950).
func (p Picture) appendZlib(dst []byte, side int) []byte {
	var room [640]byte // a symbol of version 40 at 24 pixels a module takes 604
	line := room[:]
	if stride := 1 + (side+7)/8; stride <= len(room) {
		line = room[:stride]
	} else {
		line = make([]byte, stride)
	}
	w := deflater{dst: append(dst, 0x78, 0x01), sum: adler{a: 1}}
	p.lines(&w, line)
	w.begin()
	p.lines(&w, line)
	return binary.BigEndian.AppendUint32(w.end(), w.sum.value())
}

// lines gives the lines of pixels to w, rows of modules that are equal to the row above as one.
func (p Picture) lines(w *deflater, line []byte) {
	span := len(p.Edges) - 1
	stride := (span + 7) / 8
	for y := 0; y < span; {
		top, row := p.Edges[y], p.Rows[y*stride:(y+1)*stride]
		for ; y < span && bytes.Equal(row, p.Rows[y*stride:(y+1)*stride]); y++ {
		}
		p.stretch(line[1:], row)
		w.line(line, p.Edges[y]-top)
	}
}

// stretch draws a row of modules into a line of pixels. It goes from one change of colour to the next.
func (p Picture) stretch(line, row []byte) {
	clear(line)
	span := len(p.Edges) - 1
	from, dark := 0, byte(0) // where the colour last changed, and to which
	for i, b := range row {
		for changes := b ^ (b>>1 | dark<<7); changes != 0; {
			n := bits.LeadingZeros8(changes)
			changes &^= 0x80 >> n
			x := 8*i + n
			if dark != 0 {
				fill(line, p.Edges[from], p.Edges[x])
			}
			from, dark = x, dark^1
		}
	}
	if dark != 0 {
		fill(line, p.Edges[from], p.Edges[span])
	}
}

// fill sets the pixels from one up to, not including, another, at least one.
func fill(line []byte, from, to int) {
	first, last := from>>3, (to-1)>>3
	head, tail := byte(0xFF)>>(from&7), byte(0xFF)<<(7-(to-1)&7)
	if first == last {
		line[first] |= head & tail
		return
	}
	line[first] |= head
	for i := first + 1; i < last; i++ {
		line[i] = 0xFF
	}
	line[last] |= tail
}

// adler is the checksum of RFC 1950, fed with lines. A line that repeats is summed once.
type adler struct{ a, b uint64 }

const adlerModulus = 65521

// line adds a line that comes k times in a row. With s the sum of its n bytes and t that of the bytes each times
// their distance from the end, one time adds s to a and n*a + t to b.
func (c *adler) line(line []byte, times int) {
	var s, t uint64 // below 2^60 for lines below 2^26 bytes
	for _, v := range line {
		s += uint64(v)
		t += s
	}
	s, t = s%adlerModulus, t%adlerModulus
	n, k := uint64(len(line))%adlerModulus, uint64(times)
	before := k * (k - 1) / 2 % adlerModulus // how often s is in a when n*a is added
	k %= adlerModulus
	c.b = (c.b + k*t + n*((k*c.a+before*s)%adlerModulus)) % adlerModulus
	c.a = (c.a + k*s) % adlerModulus
}

func (c *adler) value() uint32 { return uint32(c.b<<16 | c.a) }
