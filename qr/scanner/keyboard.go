package scanner

import (
	"time"
	"unicode/utf8"

	"github.com/citizencode/citizencode/qr"
)

// A Keyboard cuts what a scanner types into scans: at Enter, TAB, and pauses, so that what a person has typed before is
// not taken for a part of it.
type Keyboard struct {
	options Options
	buffer  []byte
	skip    bool
	lost    bool // keys that were pressed together could not be told apart
	last    time.Time
	held    Report
}

// NewKeyboard returns a Keyboard. The error is qr.ReasonBadOption.
func NewKeyboard(o Options) (*Keyboard, error) {
	o, err := o.check()
	if err != nil {
		return nil, err
	}
	return &Keyboard{options: o}, nil
}

// Push takes one character as the host's keyboard layout made it, and the time of its key. It returns the scans that
// end with it, at most two: one that a pause has ended and one that this character ends.
func (k *Keyboard) Push(r rune, at time.Time) []Scan {
	scans := k.Pause(at)
	k.last = at
	switch {
	case r == '\r', r == '\n', r == '\t':
		scans = k.end(scans)
	case k.skip:
	case len(k.buffer)+utf8.RuneLen(max(r, 0)) > MaxScan:
		k.buffer, k.skip = k.buffer[:0], true
		scans = append(scans, tooLong())
	default:
		k.buffer = utf8.AppendRune(k.buffer, r)
	}
	return scans
}

// Pause returns the scan that a pause until then has ended, if there is one. Call it now and then for a scanner that
// is not set to type Enter.
func (k *Keyboard) Pause(at time.Time) []Scan {
	if at.Before(k.last) {
		k.last = at // a clock that was set back ends nothing
	}
	if at.Sub(k.last) < k.options.Idle {
		return nil
	}
	return k.end(nil)
}

func (k *Keyboard) end(scans []Scan) []Scan {
	switch {
	case k.lost:
		scans = append(scans, Scan{Err: refuse(qr.ReasonIncompleteScan, "keys were pressed together and lost")})
	case len(k.buffer) > 0:
		scans = append(scans, readTyped(string(k.buffer), &k.options))
	}
	k.buffer, k.skip, k.lost = k.buffer[:0], false, false
	return scans
}
