package scanner

import (
	"errors"
	"fmt"
	"strings"

	"github.com/citizencode/citizencode/qr"
)

// ReadTyped reads one scan that was typed, as Read does, and undoes what the keyboard layout and caps lock made of it.
//
// Digits are put right under every layout of Layouts. A Base45 text is put right if only caps lock was on, or if
// Options.Layout names the layout; else the error is ReasonWrongLayout and says which layout it looks like. Where a scan has
// two readings it has none.
func ReadTyped(text string, o Options) Scan {
	o, err := o.check()
	if err != nil {
		return Scan{Err: err}
	}
	return readTyped(text, &o)
}

func readTyped(text string, o *Options) Scan {
	if len(text) > MaxScan {
		return tooLong()
	}
	plain := read(text, o)
	if plain.Err == nil {
		return plain
	}
	text = strings.Trim(text, lineEnds)
	var found, wrong, broken *Scan
	two := false // texts that it may have been
	for i := range tables() {
		t := &tables()[i]
		typed, ok := t.undo(text)
		if !ok {
			if wrong == nil && t.begins(text, o) {
				wrong = &Scan{Layout: t.name, CapsLock: t.lock != noLock}
			}
			continue
		}
		s := read(typed, o)
		if s.Layout = t.name; t.name == "US" {
			s.Layout = ""
		}
		s.CapsLock = t.lock != noLock
		switch {
		case s.Err == nil && (digit(s.Content[0]) || s.Layout == "" || t.name == o.Layout):
			switch {
			case found == nil, t.name == o.Layout && found.Layout != o.Layout:
				found, two = &s, false
			case found.Content != s.Content && (found.Layout != o.Layout || s.Layout == o.Layout):
				two = true
			}
		case s.Err == nil:
			if wrong == nil {
				wrong = &Scan{Layout: t.name, CapsLock: s.CapsLock}
			}
		case broken == nil && claims(s.Err):
			broken = &s
		}
	}
	switch {
	case two:
		return Scan{Err: refuse(qr.ReasonWrongLayout, "two keyboard layouts make two codes of it")}
	case found != nil:
		return *found
	case claims(plain.Err):
		return plain
	case wrong != nil:
		wrong.Err = refuse(qr.ReasonWrongLayout, fmt.Sprintf("a Base45 text, typed as under the layout %q", wrong.Layout))
		return *wrong
	case broken != nil: // digits of a layout that are no code, as when a keystroke was lost
		return Scan{Layout: broken.Layout, CapsLock: broken.CapsLock, Symbology: broken.Symbology, Err: broken.Err}
	}
	return plain
}

// claims reports whether a text was refused although it begins as one of ours.
func claims(err error) bool {
	refused, ok := errors.AsType[*qr.Error](err)
	return ok && refused.Reason == qr.ReasonMalformedText
}

// begins reports whether a text that this layout cannot explain to its end begins like one of ours in Base45: a dead key
// has swallowed something on the way.
func (t *table) begins(text string, o *Options) bool {
	const base45 = "CC1:"
	if t.name == "US" && t.lock == noLock {
		return false
	}
	want := o.Prefix + base45
	for _, r := range text {
		if want == "" {
			return true
		}
		if t.us[r] != want[0] {
			return false
		}
		want = want[1:]
	}
	return want == ""
}
