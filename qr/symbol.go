package qr

import (
	"fmt"

	"github.com/citizencode/citizencode/qr/internal/matrix"
)

// A Level is the error correction of a symbol. The zero value means M.
//
// M is right for screens and for a gate: more correction makes a denser symbol, and small or blurred
// pictures of dense symbols are read less often. Q is for paper that gets dirty.
type Level uint8

const (
	L Level = iota + 1 // repairs about 7 % of the symbol
	M                  // about 15 %: the default
	Q                  // about 25 %
	H                  // about 30 %
)

// String returns "L", "M", "Q" or "H".
func (l Level) String() string {
	switch l {
	case L:
		return "L"
	case 0, M:
		return "M"
	case Q:
		return "Q"
	case H:
		return "H"
	}
	return fmt.Sprintf("level(%d)", uint8(l))
}

const (
	// MinQuiet is the quiet zone that ISO/IEC 18004 asks for, in modules on each side.
	MinQuiet = 4

	// MaxQuiet is the widest margin that is drawn. More is the business of a page, and a mistyped option must
	// not ask for a picture of gigabytes.
	MaxQuiet = 12
)

// Options say how a symbol is made. The zero value is what the standard recommends.
type Options struct {
	// Level is the least error correction; zero means M. Where a symbol of the same version has room for a higher
	// level, that one is taken: more of the symbol may then be dirty, and no module gets smaller.
	Level Level

	// ExactLevel takes Level as it is, for a symbol that must look like another program's.
	ExactLevel bool

	// Quiet is the light margin in modules on each side, for every output; zero means MinQuiet. A value
	// outside MinQuiet to MaxQuiet is refused: with less, scanners take the frame of a page for a part of the
	// symbol. A program that has a light margin of its own can draw from Symbol.At, which has none.
	Quiet int

	// Form is the text form that Encode uses; zero means Decimal. NewSymbol does not look at it.
	Form Form
}

// checked returns the options with their defaults filled in, or what is wrong with them.
func (o Options) checked() (Options, error) {
	if o.Level == 0 {
		o.Level = M
	}
	if o.Quiet == 0 {
		o.Quiet = MinQuiet
	}
	if o.Level > H {
		return o, refuse(ReasonBadOption, "unknown error correction level")
	}
	if o.Quiet < MinQuiet || o.Quiet > MaxQuiet {
		return o, refuse(ReasonBadOption, fmt.Sprintf("quiet zone of %d modules, want %d to %d", o.Quiet, MinQuiet, MaxQuiet))
	}
	return o, nil
}

// A Symbol is one QR symbol: square, of 21 to 177 modules. Only Encoder.EncodeInto changes it.
type Symbol struct {
	text    []byte
	quiet   int
	modules matrix.Matrix
}

// Encode returns the symbol of a token of MinToken to MaxToken bytes.
func Encode(token []byte, o Options) (*Symbol, error) {
	e, err := NewEncoder(o)
	if err != nil {
		return nil, err
	}
	s := new(Symbol)
	if err := e.EncodeInto(s, token); err != nil {
		return nil, err
	}
	return s, nil
}

// NewSymbol returns the smallest symbol that holds a text: any text, not only one of ours. Digits and
// the 45 characters of alphanumeric mode are packed as such wherever that makes it shorter; all others are stored
// as their bytes. No ECI header is ever written, because some scanners give other bytes when they see one.
func NewSymbol(text string, o Options) (*Symbol, error) {
	e, err := NewEncoder(o)
	if err != nil {
		return nil, err
	}
	s := new(Symbol)
	if err := e.draw(s, []byte(text)); err != nil {
		return nil, err
	}
	return s, nil
}

// Size returns the modules on a side, without the quiet zone.
func (s *Symbol) Size() int { return s.modules.Size() }

// Version returns the version, 1 to 40. A version has 4*version + 17 modules on a side.
func (s *Symbol) Version() int { return s.modules.Version }

// Level returns the error correction of the symbol as drawn, never zero.
func (s *Symbol) Level() Level { return L + Level(s.modules.Level) }

// Text returns what the symbol says.
func (s *Symbol) Text() string { return string(s.text) }

// Quiet returns the quiet zone, in modules on each side.
func (s *Symbol) Quiet() int { return s.quiet }

// At reports whether the module in column x and row y is dark. Everything outside 0 to Size-1 is light.
func (s *Symbol) At(x, y int) bool { return s.modules.At(x, y) }

// span returns the modules on a side with the quiet zone, which every picture of the symbol has.
func (s *Symbol) span() int { return s.Size() + 2*s.quiet }
