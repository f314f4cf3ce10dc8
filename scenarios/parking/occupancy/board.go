package occupancy

import (
	"slices"
	"strings"
	"time"
)

// A Board is the lots of a city. It is safe for concurrent use; its lots are
// fixed.
type Board struct {
	counters []*Counter // by ID
	byID     map[string]*Counter
}

// NewBoard returns the board of some lots, or an *Error.
func NewBoard(lots ...Config) (*Board, error) {
	if len(lots) > MaxLots {
		return nil, &Error{"lots", OutOfRange}
	}
	b := &Board{byID: make(map[string]*Counter, len(lots))}
	for _, cfg := range lots {
		c, err := NewCounter(cfg)
		if err != nil {
			return nil, err
		}
		if b.byID[cfg.ID] != nil {
			return nil, &Error{"lots." + cfg.ID, Duplicate}
		}
		b.byID[cfg.ID] = c
		b.counters = append(b.counters, c)
	}
	slices.SortFunc(b.counters, func(x, y *Counter) int { return strings.Compare(x.cfg.ID, y.cfg.ID) })
	return b, nil
}

// Apply gives a report to its lot; see [Counter.Apply].
func (b *Board) Apply(r Report, now time.Time) error {
	c := b.byID[r.Lot]
	if c == nil {
		return &Error{"report.lot", UnknownLot}
	}
	return c.Apply(r, now)
}

// Feed returns what may be published about every lot at now, in the order of
// their ids.
func (b *Board) Feed(now time.Time) Feed {
	f := Feed{At: now.UTC().Truncate(time.Second)}
	for _, c := range b.counters {
		f.Figures = append(f.Figures, c.Figure(now))
	}
	return f
}
