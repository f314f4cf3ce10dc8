package bits

// A Mode is how a segment packs its characters: ISO/IEC 18004, 7.4, and GB/T 18284 for Hanzi.
type Mode uint8

const (
	Numeric Mode = iota + 1
	Alphanumeric
	Byte
	Kanji
	Hanzi
)

// A Segment is a run of content in one mode: Content[From:To]. Digits and alphanumeric characters are ASCII there, byte
// segments as they are, Kanji is Shift JIS and Hanzi GB 2312.
type Segment struct {
	Mode     Mode
	From, To int
	ECI      int // the character set named last, -1 if none was; the bytes are the same without it
}

// A Fault says why data codewords are not plain content.
type Fault uint8

const (
	Plain      Fault = iota
	Broken           // no encoder writes this
	Structured       // one part of a structured append: a part must not pass for the whole
	FNC1             // something else by its own rules
)

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

// countBits are the widths of the count of characters, by mode and class of version: table 3.
var countBits = [...][3]int{Numeric: {10, 12, 14}, Alphanumeric: {9, 11, 13}, Byte: {8, 16, 16}, Kanji: {8, 10, 12}, Hanzi: {8, 10, 12}}

// Content appends what the data codewords of a version say to out and segments. filling is the number of bits behind the
// end that are what the standard fills a symbol up with, or -1 if any is not. On a fault the content so far is returned.
//
// It exists because readers that return text guess a character set for byte segments, and a guess changes a binary
// code: of 295 binary tokens one such reader gave back none.
func Content(out []byte, segments []Segment, codewords []byte, version int) (_ []byte, _ []Segment, filling int, _ Fault) {
	class := 0
	if version >= 10 {
		class = 1
	}
	if version >= 27 {
		class = 2
	}
	b := bitReader{data: codewords}
	eci := -1
	for b.left() >= 4 {
		mode := Mode(0)
		switch b.take(4) {
		case 0b0000: // terminator
			return out, segments, b.filling(), Plain
		case 0b0001:
			mode = Numeric
		case 0b0010:
			mode = Alphanumeric
		case 0b0100:
			mode = Byte
		case 0b1000:
			mode = Kanji
		case 0b1101:
			if b.take(4) != 1 { // subset 1 is GB 2312 and there is no other
				return out, segments, -1, Broken
			}
			mode = Hanzi
		case 0b0111: // ECI
			switch first := b.take(8); {
			case first&0x80 == 0:
				eci = first
			case first&0xC0 == 0x80:
				eci = first&0x3F<<8 | b.take(8)
			case first&0xE0 == 0xC0:
				eci = first&0x1F<<16 | b.take(16)
			default:
				return out, segments, -1, Broken
			}
			if b.over {
				return out, segments, -1, Broken
			}
			continue
		case 0b0011:
			return out, segments, -1, Structured
		case 0b0101, 0b1001:
			return out, segments, -1, FNC1
		default:
			return out, segments, -1, Broken
		}
		from := len(out)
		count := b.take(countBits[mode][class])
		switch mode {
		case Numeric:
			out = b.numeric(out, count)
		case Alphanumeric:
			out = b.alphanumeric(out, count)
		case Byte:
			for ; count > 0 && !b.over; count-- {
				out = append(out, byte(b.take(8)))
			}
		case Kanji:
			out = b.pairs(out, count, 0xC0, 0x8140, 0x1F00, 0xC140)
		case Hanzi:
			out = b.pairs(out, count, 0x60, 0xA1A1, 0x0A00, 0xA6A1)
		}
		if b.over || b.bad {
			return out, segments, -1, Broken
		}
		segments = append(segments, Segment{mode, from, len(out), eci})
	}
	return out, segments, 0, Plain // a full symbol has no room for the terminator
}

// bitReader reads bits from the most significant one on. A read past the end gives zeros and sets over: a count in a
// misread symbol promises more than there is.
type bitReader struct {
	data []byte
	pos  int
	over bool
	bad  bool // a value that no encoder emits
}

func (b *bitReader) left() int { return 8*len(b.data) - b.pos }

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

// filling counts the bits from the terminator on, which are zeros to a whole byte and then 0xEC, 0x11 in turn: 7.4.10.
func (b *bitReader) filling() int {
	n := 4 + b.left()
	if b.take((8-b.pos%8)%8) != 0 {
		return -1
	}
	for want := 0xEC; b.left() > 0; want ^= 0xEC ^ 0x11 {
		if b.take(8) != want {
			return -1
		}
	}
	return n
}

func (b *bitReader) numeric(out []byte, count int) []byte {
	for ; count > 0 && !b.over; count -= 3 {
		n := min(count, 3)
		v, limit := b.take(1+3*n), [...]int{10, 100, 1000}[n-1]
		b.bad = b.bad || v >= limit
		for limit /= 10; limit > 0; limit /= 10 {
			out = append(out, byte('0'+v/limit%10))
		}
	}
	return out
}

func (b *bitReader) alphanumeric(out []byte, count int) []byte {
	for ; count > 1 && !b.over; count -= 2 {
		v := b.take(11)
		b.bad = b.bad || v >= 45*45
		out = append(out, alphabet[v/45%45], alphabet[v%45])
	}
	if count == 1 {
		v := b.take(6)
		b.bad = b.bad || v >= 45
		out = append(out, alphabet[v%45])
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
