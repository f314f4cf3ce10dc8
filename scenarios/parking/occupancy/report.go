package occupancy

import (
	"errors"
	"time"

	"github.com/citizencode/citizencode/scenarios"
)

// A Kind says what a report is. There is none for "the number": a source says
// whether it counts free bays or occupied ones.
type Kind string

// The kinds of reports.
const (
	Enter        Kind = "enter"    // a car drove in
	Leave        Kind = "leave"    // a car drove out
	FreeBays     Kind = "free"     // sensors: N bays are free
	OccupiedBays Kind = "occupied" // sensors: N bays are occupied
	Recount      Kind = "recount"  // by hand: N bays are occupied
	Alive        Kind = "alive"    // nothing happened, and the lot watches
	Opened       Kind = "open"
	Closed       Kind = "close"
)

// A Report is what a lot says.
type Report struct {
	Lot  string
	At   time.Time
	Kind Kind
	N    int // of FreeBays, OccupiedBays and Recount
}

// MaxReport is how long a report may be, in bytes.
const MaxReport = 1024

// A Reason says in one stable word why something is refused.
type Reason string

// The reasons.
const (
	Malformed   Reason = "malformed"
	OutOfRange  Reason = "out-of-range"
	UnknownLot  Reason = "unknown-lot"
	Duplicate   Reason = "duplicate"
	ClockAhead  Reason = "clock-ahead"
	Old         Reason = "old"         // overtaken by a later report
	Implausible Reason = "implausible" // below 0, or more than the lot has
	Inverted    Reason = "inverted"    // looks like occupied bays sent as free ones
)

// An Error says what is wrong and where.
type Error struct {
	Path   string
	Reason Reason
}

func (e *Error) Error() string { return "occupancy: " + e.Path + ": " + string(e.Reason) }

// ParseReport reads a report from strict JSON of at most MaxReport bytes:
//
//	{"lot": "p1", "at": "2026-03-02T08:00:00+08:00", "kind": "free", "n": 42}
//
// n stands with the kinds that have one, and with no other.
func ParseReport(data []byte) (Report, error) {
	var in struct {
		Lot  string `json:"lot"`
		At   string `json:"at"`
		Kind Kind   `json:"kind"`
		N    *int   `json:"n"`
	}
	if err := scenarios.ReadStrict("report", data, MaxReport, &in); err != nil {
		var wrong *scenarios.RequestError
		if errors.As(err, &wrong) {
			return Report{}, &Error{wrong.Path, Malformed}
		}
		return Report{}, &Error{"report", Malformed}
	}
	at, err := time.Parse(time.RFC3339, in.At)
	if err != nil {
		return Report{}, &Error{"report.at", Malformed}
	}
	r := Report{Lot: in.Lot, At: at.UTC(), Kind: in.Kind}
	if r.numbered() != (in.N != nil) {
		return Report{}, &Error{"report.n", Malformed}
	}
	if in.N != nil {
		r.N = *in.N
	}
	// A number that cannot be is the counter's to refuse: it remembers.
	if err := r.check(); err != nil && err.Reason != Implausible {
		return Report{}, err
	}
	return r, nil
}

func (r *Report) numbered() bool {
	return r.Kind == FreeBays || r.Kind == OccupiedBays || r.Kind == Recount
}

func (r *Report) check() *Error {
	switch r.Kind {
	case Enter, Leave, FreeBays, OccupiedBays, Recount, Alive, Opened, Closed:
	default:
		return &Error{"report.kind", Malformed}
	}
	switch {
	case r.Lot == "" || len(r.Lot) > MaxName:
		return &Error{"report.lot", Malformed}
	case r.At.Year() < 2001 || r.At.Year() > 2200: // a clock without its battery
		return &Error{"report.at", OutOfRange}
	case r.N < 0 || r.N > MaxBays:
		return &Error{"report.n", Implausible}
	case r.N != 0 && !r.numbered():
		return &Error{"report.n", Malformed}
	}
	return nil
}
