package qr

import (
	"errors"

	"github.com/citizencode/citizencode/qr/internal/matrix"
)

// content returns the bytes that the data codewords of a symbol say, segment after segment in their order:
// ISO/IEC 18004, 7.4. Digits and alphanumeric characters come as ASCII, byte segments as they are, Kanji as
// Shift JIS and Hanzi (GB/T 18284) as GB 2312.
//
// It exists because readers that return text guess a character set for byte segments, and a guess changes
// a binary code: of 295 binary tokens one such reader gave back none.
func content(codewords []byte, version int) ([]byte, error) {
	class := 0 // the width of a segment's count grows with the version
	if version >= 10 {
		class = 1
	}
	if version >= 27 {
		class = 2
	}
	b := bitReader{data: codewords}
	var out []byte
	for b.left() >= 4 {
		switch mode := b.take(4); mode {
		case 0b0000: // terminator
			return out, b.err()
		case 0b0001:
			out = b.numeric(out, b.take([]int{10, 12, 14}[class]))
		case 0b0010:
			out = b.alphanumeric(out, b.take([]int{9, 11, 13}[class]))
		case 0b0100:
			out = b.bytes(out, b.take([]int{8, 16, 16}[class]))
		case 0b0111: // ECI names a character set; the bytes are the same without it
			switch first := b.take(8); {
			case first&0x80 == 0:
			case first&0xC0 == 0x80:
				b.take(8)
			case first&0xE0 == 0xC0:
				b.take(16)
			default:
				return nil, errBits
			}
		case 0b1000: // Kanji
			out = b.pairs(out, b.take([]int{8, 10, 12}[class]), 0xC0, 0x8140, 0x1F00, 0xC140)
		case 0b1101: // Hanzi; subset 1 is GB 2312 and there is no other
			if b.take(4) != 1 {
				return nil, errBits
			}
			out = b.pairs(out, b.take([]int{8, 10, 12}[class]), 0x60, 0xA1A1, 0x0A00, 0xA6A1)
		default:
			// Structured append (0011) is a part of a message and must not pass for the whole. FNC1 (0101, 1001)
			// says that the content is something else by its own rules. The rest is not defined.
			return nil, errBits
		}
		if err := b.err(); err != nil {
			return nil, err
		}
	}
	return out, nil // a full symbol has no room for the terminator
}

var errBits = errors.New("no plain content")

// bitReader reads bits from the most significant one on. A read past the end gives zeros and sets over:
// a count in a misread symbol promises more than there is.
type bitReader struct {
	data []byte
	pos  int
	over bool
	bad  bool // a value that no encoder emits
}

func (b *bitReader) left() int { return 8*len(b.data) - b.pos }

func (b *bitReader) err() error {
	if b.over || b.bad {
		return errBits
	}
	return nil
}

func (b *bitReader) take(n int) int {
	if n > b.left() {
		b.over = true
		b.pos = 8 * len(b.data)
		return 0
	}
	v := 0
	for range n {
		v = v<<1 | int(b.data[b.pos/8]>>(7-b.pos%8)&1)
		b.pos++
	}
	return v
}

func (b *bitReader) numeric(out []byte, count int) []byte {
	for ; count > 0 && !b.over; count -= 3 {
		n := min(count, 3)
		v, limit := b.take(1+3*n), []int{10, 100, 1000}[n-1]
		b.bad = b.bad || v >= limit
		for limit /= 10; limit > 0; limit /= 10 {
			out = append(out, byte('0'+v/limit%10))
		}
	}
	return out
}

// alphanumeric reads pairs of the 45 characters that Base45 is named after, in the same order.
func (b *bitReader) alphanumeric(out []byte, count int) []byte {
	for ; count > 1 && !b.over; count -= 2 {
		v := b.take(11)
		b.bad = b.bad || v >= 45*45
		out = append(out, base45Alphabet[v/45%45], base45Alphabet[v%45])
	}
	if count == 1 {
		v := b.take(6)
		b.bad = b.bad || v >= 45
		out = append(out, base45Alphabet[v%45])
	}
	return out
}

func (b *bitReader) bytes(out []byte, count int) []byte {
	for ; count > 0 && !b.over; count-- {
		out = append(out, byte(b.take(8)))
	}
	return out
}

// pairs reads characters of 13 bits that stand for two bytes of a Japanese or Chinese character set.
func (b *bitReader) pairs(out []byte, count, base, low, split, high int) []byte {
	for ; count > 0 && !b.over; count-- {
		v := b.take(13)
		v = v/base<<8 | v%base
		if v < split {
			v += low
		} else {
			v += high
		}
		out = append(out, byte(v>>8), byte(v))
	}
	return out
}

// versionOf returns the version of a symbol of this level with n data codewords, or 0 if there is none or no level. Within a
// level their number grows with the version, so it tells the version of what a reader has corrected.
func versionOf(level Level, n int) int {
	for version := 1; level != 0 && version <= matrix.MaxVersion; version++ {
		if matrix.DataCodewords(version, matrix.Level(level-L)) == n {
			return version
		}
	}
	return 0
}
