package ticket

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// A Manifest is what an offline gate knows: the bookings of a day, and which of
// them were used when it was made. It holds pseudonyms, and belongs on the
// venue's own gates only.
type Manifest struct {
	Venue    string    `json:"venue"`
	Day      string    `json:"day"` // YYYY-MM-DD in China
	Bookings []Booking `json:"bookings"`
	Uses     []Use     `json:"uses"`
}

// Manifest returns that of the day of a time.
func (s *Scenario) Manifest(ctx context.Context, at time.Time) (*Manifest, error) {
	from := startOfDay(at)
	until := from.AddDate(0, 0, 1)
	bookings, err := s.store.Between(ctx, from, until)
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	uses, err := s.store.UsesBetween(ctx, from, until)
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	bookings = slices.DeleteFunc(bookings, func(b Booking) bool { return b.State != Confirmed })
	return &Manifest{s.venue, from.In(china).Format(time.DateOnly), bookings, uses}, nil
}

// Load makes a store, one that a gate keeps over a restart, know what a
// manifest says. It may be loaded again whenever the gate is online: uses of
// the gate's own stay, and a booking of the day that is not in the newer
// manifest was cancelled.
func Load(ctx context.Context, store Store, m *Manifest) error {
	day, err := time.ParseInLocation(time.DateOnly, m.Day, china)
	if err != nil {
		return fmt.Errorf("ticket: manifest: day: %w", err)
	}
	known := make(map[string]bool)
	for _, b := range m.Bookings {
		known[b.ID] = true
	}
	had, err := store.Between(ctx, day, day.AddDate(0, 0, 1))
	if err != nil {
		return fmt.Errorf("ticket: manifest: %w", err)
	}
	for _, b := range had {
		if known[b.ID] {
			continue
		}
		// What is in already stays in; the office finds it.
		if _, err := store.Cancel(ctx, b.ID, "manifest", day); err != nil && !errors.Is(err, ErrUsed) {
			return fmt.Errorf("ticket: manifest: %w", err)
		}
	}
	for i, b := range m.Bookings {
		if b.State != Confirmed {
			return fmt.Errorf("ticket: manifest: bookings[%d].state: %q lets nobody in", i, b.State)
		}
		if _, err := store.Book(ctx, b, math.MaxInt32); err != nil {
			return fmt.Errorf("ticket: manifest: bookings[%d]: %w", i, err)
		}
	}
	for i, u := range m.Uses {
		if err := u.check(); err != nil {
			return fmt.Errorf("ticket: manifest: uses[%d].%w", i, err)
		}
	}
	if err := store.Add(ctx, m.Uses); err != nil {
		return fmt.Errorf("ticket: manifest: %w", err)
	}
	return nil
}

// Log returns the uses of the day of a time with their verdicts, in the order
// in which people went in. A gate uploads it with Sync; in the office it is the
// log in which both of a double use stand.
func (s *Scenario) Log(ctx context.Context, at time.Time) ([]Verdict, error) {
	from := startOfDay(at)
	uses, err := s.store.UsesBetween(ctx, from, from.AddDate(0, 0, 1))
	if err != nil {
		return nil, fmt.Errorf("log: %w", err)
	}
	return s.judge(ctx, uses)
}

// MaxSync bounds the uses in one call of Sync.
const MaxSync = 10_000

// ErrTooMany is returned for a batch that is longer than MaxSync.
var ErrTooMany = fmt.Errorf("ticket: more than %d uses at once", MaxSync)

// Sync takes what gates have let in while they were offline, in any order and
// any number of times, and returns what each use was worth, as far as the
// office has heard. A gate that is heard later may have been first: ask Log
// when all have been heard.
func (s *Scenario) Sync(ctx context.Context, uses []Use) ([]Verdict, error) {
	if len(uses) > MaxSync {
		return nil, ErrTooMany
	}
	for i, u := range uses {
		if err := u.check(); err != nil {
			return nil, fmt.Errorf("ticket: uses[%d].%w", i, err)
		}
	}
	if err := s.store.Add(ctx, uses); err != nil {
		return nil, fmt.Errorf("sync: %w", err)
	}
	return s.judge(ctx, uses)
}

// check returns what no gate of ours writes: a use of less than one person
// would make room for others.
func (u *Use) check() error {
	switch {
	case len(u.Key) != len(digest("")):
		return errors.New("key: not one of a visit")
	case u.Booking == "" || BookingOf(u.Ticket) != u.Booking:
		return errors.New("ticket: not of the booking")
	case u.Gate == "" || len(u.Gate) > 200:
		return errors.New("gate: not 1 to 200 bytes")
	case u.People < 1 || u.People > MaxParty:
		return fmt.Errorf("people: not 1 to %d", MaxParty)
	case u.Time.IsZero() || u.Time.Nanosecond() != 0:
		return errors.New("time: not in whole seconds")
	}
	return nil
}

// judge returns the verdicts of some uses, each among all of its ticket.
func (s *Scenario) judge(ctx context.Context, uses []Use) ([]Verdict, error) {
	verdicts := make(map[string]Verdict) // by key
	judged := make(map[string]bool)
	for _, u := range uses {
		if judged[u.Ticket] {
			continue
		}
		judged[u.Ticket] = true
		all, err := s.store.Uses(ctx, u.Ticket)
		if err != nil {
			return nil, fmt.Errorf("judge: %w", err)
		}
		b, err := s.store.Find(ctx, u.Booking)
		if err != nil && !errors.Is(err, ErrNoBooking) {
			return nil, fmt.Errorf("judge: %w", err)
		}
		for _, v := range Judge(all, b.Party) {
			switch {
			case v.Reason == Void:
			case err != nil:
				v.Reason = NoBooking
			case !b.live():
				v.Reason = WasCancelled
			}
			verdicts[v.Use.Key] = v
		}
	}
	list := make([]Verdict, len(uses))
	for i, u := range uses {
		v := verdicts[u.Key]
		if v.Use.Ticket != u.Ticket {
			v = Verdict{Use: u, Reason: KeyTaken}
		}
		list[i] = v
	}
	return list, nil
}
