package office

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/transit/fare"
	"github.com/citizencode/citizencode/scenarios/transit/gtfs"
)

// A BookRequest says what is to be booked.
type BookRequest struct {
	Through string `json:"through"` // last service day that is over, YYYY-MM-DD
}

// A Booking is what a run of Book has done.
type Booking struct {
	People       int   `json:"people"`       // whose fares were computed
	Changes      int   `json:"changes"`      // of a person's day
	Fen          int64 `json:"fen"`          // sum of the changes
	Transactions int   `json:"transactions"` // posted, those of a run before that was cut short among them

	// Refused counts the taps that Recheck took out of the fares before.
	Refused int `json:"refused,omitempty"`
}

// Book computes the fares of everybody whose taps have changed, up to a service
// day, and posts the differences. Run it when a day is over, and again whenever
// late taps have come: what has not changed is not posted. A run that was cut
// short is ended by the next.
func (o *Office) Book(ctx context.Context, r BookRequest) (*Booking, error) {
	through, err := serviceDay(r.Through)
	if err != nil {
		return nil, err
	}
	o.booking.Lock()
	defer o.booking.Unlock()
	if err := o.refresh(ctx); err != nil {
		return nil, err
	}
	checked, err := o.recheck(ctx)
	if err != nil {
		return nil, err
	}
	done := &Booking{Refused: checked.Refused}
	for _, m := range o.openMonths() {
		if firstDay(m) > through {
			continue
		}
		if err := o.bookMonth(ctx, m, done, func(day gtfs.Date, _ *booked) bool { return day <= through }); err != nil {
			return nil, err
		}
	}
	return done, nil
}

// openMonths lists the months that take taps.
func (o *Office) openMonths() []int {
	archived := o.books.archivedThrough()
	o.mu.Lock()
	defer o.mu.Unlock()
	var list []int
	for _, m := range slices.Sorted(maps.Keys(o.months)) {
		if m > archived {
			list = append(list, m)
		}
	}
	return list
}

// peopleAtOnce is how many people one append of fares is decided for. Each has
// at most a change for each day of the month.
const peopleAtOnce = 250

func (o *Office) bookMonth(ctx context.Context, m int, done *Booking, chosen func(gtfs.Date, *booked) bool) error {
	var people []string
	err := o.view(ctx, m, func(w window) error {
		all := make(map[string]bool)
		for _, changed := range w.changed() {
			for person := range changed {
				all[person] = true
			}
		}
		people = slices.Sorted(maps.Keys(all))
		return nil
	})
	if err != nil {
		return err
	}
	for part := range slices.Chunk(people, peopleAtOnce) {
		if err := o.bookPeople(ctx, m, part, done, chosen); err != nil {
			return err
		}
	}
	return o.post(ctx, m, done)
}

// marks are those that ask for the fares of a month: its own, and of the months
// before and after it.
type marks [3]map[string]int64

func (w window) changed() (m marks) {
	m[0] = w.this.dirty
	if w.previous != nil {
		m[1] = w.previous.dirtyTo
	}
	if w.next != nil {
		m[2] = w.next.dirtyOn
	}
	return m
}

// bookPeople decides and appends the fares of some people.
func (o *Office) bookPeople(ctx context.Context, m int, people []string, done *Booking, chosen func(gtfs.Date, *booked) bool) error {
	s := o.month(m)
	if s == nil {
		return fmt.Errorf("office: month %d has been archived meanwhile", m)
	}
	type person struct {
		marks    [len(marks{})]int64
		waits    bool // for a day that is not chosen
		findings []Finding
	}
	var seen map[string]*person
	var changes []fares
	err := o.changeChecked(ctx, s, done, func() ([]eventlog.Event, error) {
		seen, changes = make(map[string]*person), nil
		// The month itself is locked by Change; its neighbours are read.
		err := o.around(ctx, m, s.state, func(w window) error {
			if o.unchecked(w.previous) || o.unchecked(w.next) {
				return errUnchecked // rides over midnight
			}
			for _, name := range people {
				p := &person{}
				seen[name] = p
				for i, changed := range w.changed() {
					p.marks[i] = changed[name]
				}
				charges, set, err := o.settle(w, name)
				if _, tooMany := errors.AsType[*fare.LimitError](err); tooMany {
					continue // MaxTaps keeps it from happening
				} else if err != nil {
					return err
				}
				p.findings = faulty(name, charges, set)
				changes = append(changes, w.changes(name, byDay(charges, set), func(day gtfs.Date, b *booked) bool {
					ok := chosen(day, b)
					p.waits = p.waits || !ok
					return ok
				})...)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		return fareEvents(changes, o.cfg.Now())
	})
	if err != nil {
		return err
	}
	done.People += len(people)
	done.Changes += len(changes)
	for _, f := range changes {
		for _, s := range f.Shares {
			done.Fen += s.Fen
		}
	}
	o.mu.Lock()
	for name, p := range seen {
		if o.faults[m] == nil {
			o.faults[m] = make(map[string][]Finding)
		}
		if o.faults[m][name] = p.findings; len(p.findings) == 0 {
			delete(o.faults[m], name)
		}
	}
	o.mu.Unlock()
	// What has changed since it was computed stays marked.
	return o.clear(ctx, m, func(m marks) {
		for name, p := range seen {
			for i, changed := range m {
				if !p.waits && changed[name] == p.marks[i] {
					delete(changed, name)
				}
			}
		}
	})
}

// around reads the neighbours of a month whose lock is held.
func (o *Office) around(ctx context.Context, m int, this *month, look func(w window) error) error {
	w := window{id: m, this: this}
	with := func(id int, place **month, look func() error) error {
		s := o.month(id)
		if s == nil {
			return look()
		}
		return s.stream.View(ctx, func() error { *place = s.state; return look() })
	}
	return with(previousMonth(m), &w.previous, func() error {
		return with(nextMonth(m), &w.next, func() error { return look(w) })
	})
}

// clear lets a function take marks off, with no tap coming in between.
func (o *Office) clear(ctx context.Context, m int, off func(marks)) error {
	for i, c := range [len(marks{})]struct {
		id    int
		marks func(*month) map[string]int64
	}{
		{m, func(s *month) map[string]int64 { return s.dirty }},
		{previousMonth(m), func(s *month) map[string]int64 { return s.dirtyTo }},
		{nextMonth(m), func(s *month) map[string]int64 { return s.dirtyOn }},
	} {
		s := o.month(c.id)
		if s == nil {
			continue
		}
		// Change and not View: it excludes Apply and other readers.
		if err := s.stream.Change(ctx, func() ([]eventlog.Event, error) {
			var m marks
			m[i] = c.marks(s.state)
			off(m)
			return nil, nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// fareEvents writes fares into as few events as hold them.
func fareEvents(list []fares, now time.Time) ([]eventlog.Event, error) {
	var events []eventlog.Event
	for len(list) > 0 {
		n, err := fitting(list)
		if err != nil {
			return nil, err
		}
		first := list[0]
		e, err := eventlog.New(fmt.Sprintf("fares:%s:%d:%d", word(first.Person), first.Day, first.Revision), faresKind, now, faresEvent{list[:n]})
		if err != nil {
			return nil, err
		}
		events = append(events, e)
		list = list[n:]
	}
	return events, nil
}
