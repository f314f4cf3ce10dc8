package office

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/ledger"
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
	done := &Booking{}
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

// changed returns the marks that ask for the fares of the month.
func (w window) changed() []map[string]int64 {
	marks := []map[string]int64{w.this.dirty}
	if w.previous != nil {
		marks = append(marks, w.previous.dirtyTo)
	}
	if w.next != nil {
		marks = append(marks, w.next.dirtyOn)
	}
	return marks
}

// bookPeople decides and appends the fares of some people.
func (o *Office) bookPeople(ctx context.Context, m int, people []string, done *Booking, chosen func(gtfs.Date, *booked) bool) error {
	s := o.month(m)
	if s == nil {
		return fmt.Errorf("office: month %d has been archived meanwhile", m)
	}
	type person struct {
		marks    []int64
		waits    bool // for a day that is not chosen
		findings []Finding
	}
	var seen map[string]*person
	var changes []fares
	err := s.stream.Change(ctx, func() ([]eventlog.Event, error) {
		seen, changes = make(map[string]*person), nil
		// The month itself is locked by Change; its neighbours are read.
		err := o.around(ctx, m, s.state, func(w window) error {
			for _, name := range people {
				p := &person{}
				seen[name] = p
				for _, marks := range w.changed() {
					p.marks = append(p.marks, marks[name])
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
	return o.clear(ctx, m, func(marks []map[string]int64) {
		for name, p := range seen {
			for i, changed := range marks {
				if !p.waits && i < len(p.marks) && changed[name] == p.marks[i] {
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
func (o *Office) clear(ctx context.Context, m int, off func(marks []map[string]int64)) error {
	for _, c := range []struct {
		id    int
		marks func(*month) map[string]int64
		place int
	}{
		{m, func(s *month) map[string]int64 { return s.dirty }, 0},
		{previousMonth(m), func(s *month) map[string]int64 { return s.dirtyTo }, 1},
		{nextMonth(m), func(s *month) map[string]int64 { return s.dirtyOn }, 2},
	} {
		s := o.month(c.id)
		if s == nil {
			continue
		}
		// Change and not View: it excludes Apply and other readers.
		if err := s.stream.Change(ctx, func() ([]eventlog.Event, error) {
			marks := make([]map[string]int64, 3)
			marks[c.place] = c.marks(s.state)
			off(marks)
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
		size, n := 0, 0
		for n < len(list) {
			b, err := json.Marshal(list[n])
			if err != nil {
				return nil, err
			}
			if size += len(b) + 1; size > maxEvent && n > 0 {
				break
			}
			n++
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

// post posts the fares of a month that are not in the ledger yet, and notes on
// which day each was booked. Posted again after a crash, they change nothing.
func (o *Office) post(ctx context.Context, m int, done *Booking) error {
	s := o.month(m)
	if s == nil {
		return fmt.Errorf("office: month %d has been archived meanwhile", m)
	}
	var list []fares
	from := o.books.posted(m)
	if err := s.stream.View(ctx, func() error {
		list = s.state.fares[max(0, from-(s.state.number-len(s.state.fares))):]
		return nil
	}); err != nil || len(list) == 0 {
		return err
	}
	closed, err := o.closed(ctx)
	if err != nil {
		return err
	}
	days := make(map[ledger.Day]map[string]share)
	add := func(day ledger.Day, party string, s share) {
		if days[day] == nil {
			days[day] = make(map[string]share)
		}
		days[day][party] = days[day][party].plus(s)
	}
	legs := func(day ledger.Day, f *fares) {
		for party, change := range f.Shares {
			add(day, party, share{Legs: change.Legs})
		}
	}
	var drafts []ledger.Draft
	of := make(map[int]*fares) // by the place of their first draft
	flush := func() error {
		booked, posted, err := o.postEach(ctx, drafts)
		if err != nil {
			return err
		}
		done.Transactions += posted
		for i, d := range drafts {
			for _, p := range d.Postings {
				if p.Account.Class() == ledger.Income {
					add(booked[i], partyOf(p.Account), share{Fen: p.Credit - p.Debit})
				}
			}
			if of[i] != nil {
				legs(booked[i], of[i])
			}
		}
		drafts = drafts[:0]
		clear(of)
		return nil
	}
	for i := range list {
		f := &list[i]
		more := o.drafts(*f)
		if len(more) == 0 { // rides that cost nothing
			day := bookDay(f.Day)
			if day.Compare(closed) <= 0 {
				day = closed.Add(1)
			}
			legs(day, f)
			continue
		}
		if len(drafts)+len(more) > ledger.MaxBatch {
			if err := flush(); err != nil {
				return err
			}
		}
		of[len(drafts)] = f
		drafts = append(drafts, more...)
	}
	if len(drafts) > 0 {
		if err := flush(); err != nil {
			return err
		}
	}
	if err := o.notePosted(ctx, m, from, from+len(list), days); err != nil {
		return err
	}
	o.mu.Lock()
	for _, f := range list {
		o.owing[f.Person] = true
	}
	o.mu.Unlock()
	return s.stream.Change(ctx, func() ([]eventlog.Event, error) {
		s.state.trim(from + len(list))
		return nil, nil
	})
}

// postEach posts drafts, those of a closed day on the first that is open. It
// returns the day on which each stands, and how many are new.
func (o *Office) postEach(ctx context.Context, drafts []ledger.Draft) (days []ledger.Day, posted int, err error) {
	days = make([]ledger.Day, len(drafts))
	rest := make([]int, len(drafts))
	for i := range rest {
		rest[i] = i
	}
	// A day may close while late fares are booked on it, but not often.
	for range 3 {
		batch := make([]ledger.Draft, len(rest))
		for i, n := range rest {
			batch[i] = drafts[n]
		}
		verdicts, err := o.cfg.Ledger.PostEach(ctx, batch)
		if err != nil {
			return nil, 0, fmt.Errorf("office: post fares: %w", err)
		}
		var again []int
		for i, v := range verdicts {
			n := rest[i]
			switch {
			case v.Refused == nil:
				days[n] = v.Receipt.Day
				if v.New {
					posted++
				}
			case v.Refused.Reason == ledger.DayClosed:
				drafts[n] = drafts[n].On(v.Refused.Open)
				again = append(again, n)
			default:
				return nil, 0, fmt.Errorf("office: post fares: %w", v.Refused)
			}
		}
		if rest = again; len(rest) == 0 {
			return days, posted, nil
		}
	}
	return nil, 0, errors.New("office: days close faster than fares are posted")
}
