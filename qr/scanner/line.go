package scanner

import (
	"time"
)

// Control characters that frame a scan.
const (
	stx = 0x02
	etx = 0x03
)

// A Line cuts the bytes of a serial port into scans. A scan ends with CR, LF, TAB or NUL, or with a pause. One that begins with STX
// ends with ETX or a pause, and may hold anything.
type Line struct {
	options Options
	buffer  []byte
	framed  bool // after STX
	skip    bool // the rest of a scan that is too long
	last    time.Time
}

// NewLine returns a Line. The error is qr.ReasonBadOption.
func NewLine(o Options) (*Line, error) {
	o, err := o.check()
	if err != nil {
		return nil, err
	}
	return &Line{options: o}, nil
}

// Push takes the bytes that have come in by a time, perhaps none, and returns the scans that end with them. A scan without
// a line end ends when Push is called after the pause: call it also when a read from the port times out.
func (l *Line) Push(bytes []byte, at time.Time) (scans []Scan) {
	// Only a pause that has been: a clock that was set back ends nothing.
	if len(l.buffer) > 0 || l.framed || l.skip {
		if at.Sub(l.last) >= l.options.Idle {
			scans = l.end(scans)
		}
	}
	if len(bytes) > 0 || at.Before(l.last) {
		l.last = at
	}
	for _, c := range bytes {
		switch {
		case c == stx:
			scans = l.end(scans) // what came before it was not ended
			l.framed = true
		case l.framed && c == etx, !l.framed && (c == '\r' || c == '\n' || c == '\t' || c == etx || c == 0):
			scans = l.end(scans)
		case l.skip:
		case len(l.buffer) == MaxScan:
			// Said at once, for a line that never ends would never say it.
			l.buffer, l.skip = l.buffer[:0], true
			scans = append(scans, tooLong())
		default:
			l.buffer = append(l.buffer, c)
		}
	}
	return scans
}

// end ends a scan, if there is one.
func (l *Line) end(scans []Scan) []Scan {
	if len(l.buffer) > 0 {
		scans = append(scans, read(string(l.buffer), &l.options))
	}
	l.buffer, l.framed, l.skip = l.buffer[:0], false, false
	return scans
}

// Close returns what has come in and was not ended.
func (l *Line) Close() (scan Scan, ok bool) {
	scans := l.end(nil)
	if len(scans) == 0 {
		return Scan{}, false
	}
	return scans[0], true
}
