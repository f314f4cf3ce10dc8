package occupancy

import (
	"math"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Config says what a lot is and how long its word holds.
type Config struct {
	Lot
	StaleAfter   time.Duration // 0: 5 min
	UnknownAfter time.Duration // 0: 2 h
	Skew         time.Duration // how far ahead a lot's clock may be; 0: 1 min
}

// A Counter makes figures of the reports of one lot. It is safe for concurrent
// use.
type Counter struct {
	cfg Config

	mu       sync.Mutex
	open     bool
	doorAt   time.Time // of the last report about the doors
	known    bool
	occupied int
	setAt    time.Time // of the last whole number: what is older is in it
	asOf     time.Time
	clamped  bool
	suspect  bool
}

// NewCounter returns the counter of a lot that is open and of which nothing is
// known yet, or an *Error.
func NewCounter(cfg Config) (*Counter, error) {
	l := &cfg.Lot
	within := func(x, limit float64) bool { return !math.IsNaN(x) && math.Abs(x) <= limit }
	for _, s := range []struct{ path, text string }{{"ID", l.ID}, {"Name", l.Name}} {
		if s.text == "" || len(s.text) > MaxName || !utf8.ValidString(s.text) || strings.ContainsFunc(s.text, func(r rune) bool { return r < ' ' }) {
			return nil, &Error{s.path, OutOfRange}
		}
	}
	switch {
	case l.Bays < 1 || l.Bays > MaxBays:
		return nil, &Error{"Bays", OutOfRange}
	case !within(l.Lat, 90) || !within(l.Lon, 180) || l.Lat == 0 && l.Lon == 0: // where lots without a place are
		return nil, &Error{"Lat, Lon", OutOfRange}
	case l.Form > Street:
		return nil, &Error{"Form", OutOfRange}
	case cfg.StaleAfter < 0 || cfg.UnknownAfter < 0 || cfg.Skew < 0:
		return nil, &Error{"StaleAfter, UnknownAfter, Skew", OutOfRange}
	}
	set := func(d *time.Duration, zero time.Duration) {
		if *d == 0 {
			*d = zero
		}
	}
	set(&cfg.StaleAfter, 5*time.Minute)
	set(&cfg.UnknownAfter, max(2*time.Hour, cfg.StaleAfter))
	set(&cfg.Skew, time.Minute)
	if cfg.UnknownAfter < cfg.StaleAfter {
		return nil, &Error{"UnknownAfter", OutOfRange}
	}
	return &Counter{cfg: cfg, open: true}, nil
}

// Apply takes a report that came in at now. An *Error refuses it: the figure
// stays as it was, and is suspect from then on where the report was not
// plausible.
func (c *Counter) Apply(r Report, now time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := r.check(); err != nil {
		c.suspect = c.suspect || err.Reason == Implausible
		return err
	}
	if r.At.After(now.Add(c.cfg.Skew)) {
		return &Error{"report.at", ClockAhead}
	}
	switch r.Kind {
	case Opened, Closed:
		if r.At.Before(c.doorAt) {
			return &Error{"report.at", Old}
		}
		c.open, c.doorAt = r.Kind == Opened, r.At
		return nil
	case Alive:
		if !c.known {
			return nil
		}
	case Enter, Leave:
		// What a whole number was counted after is in it already.
		if !c.setAt.IsZero() && !r.At.After(c.setAt) {
			return &Error{"report.at", Old}
		}
		if !c.known {
			return nil // one car more than nobody knows how many
		}
		c.count(r.Kind)
	case FreeBays, OccupiedBays, Recount:
		if r.At.Before(c.setAt) {
			return &Error{"report.at", Old}
		}
		if err := c.set(r, now); err != nil {
			return err
		}
	}
	// No number is younger than now.
	if at := earlier(r.At, now); at.After(c.asOf) {
		c.asOf = at
	}
	return nil
}

// count moves the count by one car. A loop that misses cars makes it drift;
// at the edge of the lot the count is put right, as far as one can know.
func (c *Counter) count(k Kind) {
	to := c.occupied + 1
	if k == Leave {
		to = c.occupied - 1
	}
	c.occupied = min(max(to, 0), c.cfg.Bays)
	c.clamped = c.clamped || to != c.occupied
}

// set takes a whole number. Only a count by hand overrules a suspicion of
// itself.
func (c *Counter) set(r Report, now time.Time) error {
	occupied := r.N
	if r.Kind == FreeBays {
		occupied = c.cfg.Bays - r.N
	}
	if occupied < 0 || occupied > c.cfg.Bays {
		c.suspect = true
		return &Error{"report.n", Implausible}
	}
	fresh := c.known && now.Sub(c.asOf) <= c.cfg.StaleAfter
	if r.Kind != Recount && fresh && c.inverted(occupied) {
		c.suspect = true
		return &Error{"report.n", Inverted}
	}
	c.known, c.occupied, c.setAt = true, occupied, r.At
	c.clamped, c.suspect = false, false
	return nil
}

// inverted reports whether a reading looks like the figure of a moment ago upside
// down: a source that sends occupied bays as free ones. Near the middle one
// cannot tell, and it hardly matters.
func (c *Counter) inverted(occupied int) bool {
	tolerance := max(2, c.cfg.Bays/20)
	near := func(a, b int) bool { return a-b <= tolerance && b-a <= tolerance }
	return near(occupied, c.cfg.Bays-c.occupied) && !near(occupied, c.occupied)
}

// Figure returns what may be published at now.
func (c *Counter) Figure(now time.Time) Figure {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := Figure{lot: c.cfg.Lot, open: c.open, known: c.known, occupied: c.occupied, asOf: c.asOf, at: now}
	if f.known && f.Age() > c.cfg.UnknownAfter {
		f.known = false
	}
	flag := func(is bool, flag Flag) {
		if is {
			f.flags = append(f.flags, flag)
		}
	}
	flag(!f.known, Unknown)
	flag(c.known && f.Age() > c.cfg.StaleAfter, Stale)
	flag(c.clamped, Clamped)
	flag(c.suspect, Suspect)
	return f
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
