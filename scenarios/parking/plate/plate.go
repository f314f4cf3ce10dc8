// Package plate reads the number plates (号牌) of motor vehicles and keeps them
// out of logs.
//
// A plate is a province, the letter of the issuing authority, and a serial
// without the letters I and O, as GA 36-2018 lays them out:
//
//	辽A12345    ordinary: five letters or digits
//	辽AD12345   small new-energy (绿牌): a class letter, a letter or digit, four digits
//	辽A12345D   large new-energy: five digits, a class letter
//	辽A1234警   police, and so 学 driving school, 挂 trailer, 领 consulate, 使 embassy
//	粤Z1234港   Hong Kong and 澳 Macao vehicles in the mainland
//	使123456    embassy, the form with a country number
//	川X1234应急 fire and rescue
//
// The classes of new-energy vehicles are D, A, B, C, E (battery only) and F, G,
// H, J, K. Plates of the armed forces and paper plates follow other rules and
// are refused. The standard was not at hand in full: what is here are its
// forms as they are published, and no more is claimed.
//
// A plate is personal data. [Plate.String], and with it every print and log,
// shows it masked; who needs it in clear says so, with [Plate.Clear].
package plate

import (
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"
	"unique"
)

// A Kind says what sort of plate it is.
type Kind uint8

// The kinds of plates.
const (
	Ordinary       Kind = iota + 1
	NewEnergySmall      // 小型新能源
	NewEnergyLarge      // 大型新能源
	Police              // 警
	School              // 学
	Trailer             // 挂
	CrossBorder         // 港, 澳
	Consulate           // 领
	Embassy             // 使
	Rescue              // 应急
)

var kindNames = [...]string{"no plate", "ordinary", "new-energy-small", "new-energy-large", "police", "school", "trailer", "cross-border", "consulate", "embassy", "rescue"}

// String returns the name, as in "new-energy-small".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// A Reason says why a text is no plate. It never holds a part of the text.
type Reason string

// The reasons.
const (
	Empty           Reason = "empty"
	TooLong         Reason = "too-long"
	NotText         Reason = "not-utf-8"
	UnknownProvince Reason = "unknown-province"
	BadAuthority    Reason = "bad-authority-letter"
	LetterIO        Reason = "letter-i-or-o"
	BadCharacter    Reason = "bad-character"
	BadLength       Reason = "bad-length"
	BadForm         Reason = "bad-form"
)

// An Error says why Parse refused a text.
type Error struct{ Reason Reason }

// Error quotes nothing: what was misread may be somebody's plate.
func (e *Error) Error() string { return "plate: " + string(e.Reason) }

// MaxText is how long a text may be that Parse looks at, in bytes.
const MaxText = 64

const (
	provinces = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
	letters   = "ABCDEFGHJKLMNPQRSTUVWXYZ"
	digits    = "0123456789"
	serial    = letters + digits
	electric  = "DABCE" // battery only
	hybrid    = "FGHJK"
)

var suffixes = map[rune]Kind{'警': Police, '学': School, '挂': Trailer, '领': Consulate, '使': Embassy, '港': CrossBorder, '澳': CrossBorder}

// A Plate is a valid number plate. It is comparable and may be the key of a
// map. The zero Plate is none.
type Plate struct {
	// A handle, because fmt prints the unexported fields of a struct around a
	// Plate without asking String: it finds an address here.
	h    unique.Handle[string]
	kind Kind
}

// Parse reads a plate. Full-width and small letters are taken for what they
// stand for, and one dot or space may follow the authority letter, as it is
// painted. Everything else is refused with an *Error: a camera's misreading
// must not become a neighbour's bill.
func Parse(text string) (Plate, error) {
	fail := func(r Reason) (Plate, error) { return Plate{}, &Error{r} }
	switch {
	case text == "":
		return fail(Empty)
	case len(text) > MaxText:
		return fail(TooLong)
	case !utf8.ValidString(text):
		return fail(NotText)
	}
	var buffer [MaxText]rune
	r := buffer[:0]
	for _, c := range text {
		r = append(r, narrow(c))
	}
	if len(r) > 2 && strings.ContainsRune("·•. -", r[2]) {
		r = append(r[:2], r[3:]...)
	}
	kind, reason := classify(r)
	if reason != "" {
		return fail(reason)
	}
	return Plate{unique.Make(string(r)), kind}, nil
}

// narrow returns the half-width capital of a character.
func narrow(c rune) rune {
	switch {
	case c >= '！' && c <= '～':
		c -= '！' - '!'
	case c == '　':
		c = ' '
	}
	if c < utf8.RuneSelf {
		c = unicode.ToUpper(c)
	}
	return c
}

func classify(r []rune) (Kind, Reason) {
	if r[0] == '使' {
		if len(r) != 7 {
			return 0, BadLength
		}
		return Embassy, all(r[1:], digits)
	}
	if !strings.ContainsRune(provinces, r[0]) {
		return 0, UnknownProvince
	}
	if len(r) != 7 && len(r) != 8 {
		return 0, BadLength
	}
	if !strings.ContainsRune(letters, r[1]) {
		return 0, BadAuthority
	}
	if len(r) == 7 {
		kind, marked := suffixes[r[6]]
		if !marked {
			return Ordinary, all(r[2:], serial)
		}
		if kind == CrossBorder && string(r[:2]) != "粤Z" {
			return 0, BadForm
		}
		return kind, all(r[2:6], serial)
	}
	if string(r[6:]) == "应急" {
		if r[1] != 'X' && r[1] != 'S' { // the fire and the forest fire services
			return 0, BadForm
		}
		return Rescue, all(r[2:6], serial)
	}
	if reason := all(r[2:], serial); reason != "" {
		return 0, reason
	}
	class := func(c rune) bool { return strings.ContainsRune(electric+hybrid, c) }
	switch {
	case class(r[2]) && all(r[4:], digits) == "":
		return NewEnergySmall, ""
	case class(r[7]) && all(r[2:7], digits) == "":
		return NewEnergyLarge, ""
	}
	return 0, BadForm
}

func all(r []rune, of string) Reason {
	for _, c := range r {
		switch {
		case strings.ContainsRune(of, c):
		case c == 'I' || c == 'O':
			return LetterIO
		default:
			return BadCharacter
		}
	}
	return ""
}

// IsZero reports whether p is no plate.
func (p Plate) IsZero() bool { return p.kind == 0 }

// Kind returns what sort of plate it is; 0 for none.
func (p Plate) Kind() Kind { return p.kind }

// Clear returns the plate in clear, half-width and without a dot. It is
// personal data: for the owner, the register and the law, never for a log.
func (p Plate) Clear() string {
	if p.IsZero() {
		return ""
	}
	return p.h.Value()
}

// String returns the plate masked, as in 辽A***45: enough for a person to
// know his own car, too little to find a stranger's.
func (p Plate) String() string {
	if p.IsZero() {
		return "no plate"
	}
	r := []rune(p.Clear())
	for i := 2; i < len(r)-2; i++ {
		r[i] = '*'
	}
	return string(r)
}

// GoString is String, for %#v.
func (p Plate) GoString() string { return p.String() }

// LogValue is String, for log/slog.
func (p Plate) LogValue() slog.Value { return slog.StringValue(p.String()) }

// MarshalText is String: a plate that falls into JSON by accident is masked. A
// format that carries plates writes Clear itself.
func (p Plate) MarshalText() ([]byte, error) { return []byte(p.String()), nil }
