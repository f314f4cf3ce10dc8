package qr

import "fmt"

// A Mode is how a segment of a symbol packs its characters.
type Mode uint8

const (
	Numeric      Mode = iota + 1 // digits, as ASCII
	Alphanumeric                 // the 45 characters of Base45, as ASCII
	Byte                         // bytes as they are
	Kanji                        // Shift JIS
	Hanzi                        // GB 2312, as GB/T 18284 has it
)

// String returns the mode in one word.
func (m Mode) String() string {
	switch m {
	case Numeric:
		return "numeric"
	case Alphanumeric:
		return "alphanumeric"
	case Byte:
		return "byte"
	case Kanji:
		return "kanji"
	case Hanzi:
		return "hanzi"
	}
	return fmt.Sprintf("mode(%d)", uint8(m))
}

// A Segment is a run of a symbol's content in one mode.
type Segment struct {
	Mode  Mode
	Bytes []byte // a part of Result.Bytes
	ECI   int    // the character set that the symbol names for it, -1 for none; the bytes are never changed by it
}

// A Point is a place in a picture, in pixels from its upper left corner.
type Point struct{ X, Y float64 }
