package foreign

import (
	"encoding/hex"
	"unicode/utf8"
)

// A Fault is what a scanner or keyboard did to a code on its way.
type Fault uint8

// The faults. None of them is repaired: a guess that is right for one code is
// a second spelling of another.
const (
	Intact      Fault = iota
	Lowercase         // upper-case letters came as lower-case: Caps Lock, or a wedge
	FullWidth         // an input method made full-width characters of ASCII
	Hexadecimal       // the scanner writes bytes as hexadecimal digits
	Latin1            // bytes were read as ISO 8859-1 and written as UTF-8
	Replaced          // bytes were replaced by U+FFFD and are lost
	faults
)

var faultNames = [faults]string{Intact: "intact", Lowercase: "lower-case", FullWidth: "full-width", Hexadecimal: "hexadecimal", Latin1: "latin-1", Replaced: "replaced"}

// String returns a word.
func (f Fault) String() string {
	if f < faults {
		return faultNames[f]
	}
	return "fault"
}

// lost stands for a byte that cannot be told any more: one that no text begins
// with.
const lost = 0x80

// undo returns what a text may have been before a scanner or keyboard changed
// it, and how. It tries each fault once and none upon another.
func undo(text []byte) (before []byte, f Fault) {
	if utf8.RuneCount(text) == len(text) {
		return undoASCII(text)
	}
	before = make([]byte, 0, len(text))
	f = Latin1
	other := false // a character that none of the faults makes of a byte
	for rest := text; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		rest = rest[n:]
		switch {
		case r == utf8.RuneError:
			f = Replaced
			r = lost
		case r >= 0xff01 && r <= 0xff5e:
			if f == Latin1 {
				f = FullWidth
			}
			r -= 0xff01 - '!'
		case r == 0x3000:
			r = ' '
		}
		if r > 0xff {
			other = true // but beside lost bytes it may be two that look like one
			r = lost
		}
		before = append(before, byte(r))
	}
	if other && f != Replaced {
		return nil, Intact
	}
	return before, f
}

func undoASCII(text []byte) ([]byte, Fault) {
	if len(text) >= 4 && (string(text[:4]) == "cc1:" || string(text[:4]) == "hc1:") {
		// Its letters have no other case in any base45 text.
		return upper(text), Lowercase
	}
	if len(text) >= 2*minSigned {
		before := make([]byte, len(text)/2)
		if n, err := hex.Decode(before, text); err == nil && n == len(before) {
			return before, Hexadecimal
		}
	}
	return nil, Intact
}

func upper(text []byte) []byte {
	up := make([]byte, len(text))
	for i, c := range text {
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		up[i] = c
	}
	return up
}
