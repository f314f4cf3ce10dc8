package office

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/citizencode/citizencode/scenarios/transit/fare"
	"github.com/citizencode/citizencode/scenarios/transit/gtfs"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

// A window is the three months on which the fares of the middle one depend;
// the others may be nil.
type window struct {
	id                   int
	previous, this, next *month
}

// view reads the months around one. o.booking is held: it keeps locks of
// months from being taken crosswise.
func (o *Office) view(ctx context.Context, m int, look func(w window) error) error {
	w := window{id: m}
	chain := look
	for _, n := range []struct {
		id    int
		place **month
	}{{nextMonth(m), &w.next}, {m, &w.this}, {previousMonth(m), &w.previous}} {
		s := o.month(n.id)
		if s == nil {
			continue
		}
		inner := chain
		chain = func(window) error {
			return s.stream.View(ctx, func() error {
				*n.place = s.state
				return inner(w)
			})
		}
	}
	return chain(w)
}

// taps returns the taps of a person that the fares of the month depend on, but
// not those that were taken back or whose codes do not count, by key.
func (w window) taps(person string) map[string]*entry {
	set := make(map[string]*entry)
	add := func(m *month, counts func(day gtfs.Date) bool) {
		if m == nil || m.riders[person] == nil {
			return
		}
		r := m.riders[person]
		for _, t := range r.taps {
			if !r.out[t.key] && r.refused[t.key] == "" && (counts == nil || counts(m.day(t.time()))) {
				set[t.key] = t
			}
		}
	}
	from, until := contextOf(w.id), firstDay(nextMonth(w.id))
	add(w.previous, func(d gtfs.Date) bool { return d >= from })
	add(w.this, nil)
	add(w.next, func(d gtfs.Date) bool { return d == until })
	return set
}

// settle computes the fares of a person's month: charges whose day is in it.
func (o *Office) settle(w window, person string) ([]fare.Charge, map[string]*entry, error) {
	set := w.taps(person)
	taps := make([]fare.Tap, 0, len(set))
	for _, t := range set {
		taps = append(taps, o.fareTap(t))
	}
	s, err := o.engine.Settle(taps)
	if err != nil {
		return nil, nil, err
	}
	return slices.DeleteFunc(s.Charges, func(c fare.Charge) bool { return monthOf(c.Day) != w.id }), set, nil
}

// fareTap returns a tap as the fare engine knows it. It is named by the key of
// the visit: that is what happens once.
func (o *Office) fareTap(t *entry) fare.Tap {
	f := fare.Tap{ID: fare.TapID{Gate: t.key}, Time: t.time(), Kind: t.place.kind.Fare(), Stop: t.place.stop,
		Rider: o.cfg.Concessions.Rider(t.benefit, t.time())}
	if t.issued != 0 {
		f.Rider = o.cfg.Concessions.Rider(t.benefit, unix(t.issued))
	}
	if t.place.kind == tap.Board {
		f.Route = o.route(t.place)
	} else {
		f.Network = t.place.network
	}
	return f
}

// byDay adds charges up by service day and party.
func byDay(charges []fare.Charge, set map[string]*entry) map[gtfs.Date]map[string]share {
	days := make(map[gtfs.Date]map[string]share)
	for _, c := range charges {
		if c.Fault != "" {
			continue
		}
		if days[c.Day] == nil {
			days[c.Day] = make(map[string]share)
		}
		party := set[c.Leg.Taps[0].Gate].place.party
		days[c.Day][party] = days[c.Day][party].plus(share{c.Fen, 1})
	}
	return days
}

// changes returns what is to be posted for a person so that the books say what
// his taps say, for the days that chosen picks.
func (w window) changes(person string, days map[gtfs.Date]map[string]share, chosen func(day gtfs.Date, b *booked) bool) []fares {
	var list []fares
	none := &booked{}
	known := none
	if r := w.this.riders[person]; r != nil {
		for day := range r.booked {
			if days[day] == nil {
				days[day] = nil // nothing is owed any more
			}
		}
	}
	for _, day := range slices.Sorted(maps.Keys(days)) {
		known = none
		if r := w.this.riders[person]; r != nil && r.booked[day] != nil {
			known = r.booked[day]
		}
		if !chosen(day, known) {
			continue
		}
		change := make(map[string]share)
		for party, s := range days[day] {
			change[party] = s
		}
		for party, s := range known.shares {
			change[party] = change[party].plus(share{-s.Fen, -s.Legs})
		}
		maps.DeleteFunc(change, func(_ string, s share) bool { return s == share{} })
		if len(change) > 0 {
			list = append(list, fares{Person: person, Day: day, Revision: known.revision + 1, Shares: change})
		}
	}
	return list
}

// faulty returns the findings of charges that no rule of the feed could price.
func faulty(person string, charges []fare.Charge, set map[string]*entry) []Finding {
	var list []Finding
	for _, c := range charges {
		if c.Fault == "" {
			continue
		}
		f := Finding{Kind: NoFare, Person: person, Detail: string(c.Fault)}
		for _, id := range c.Leg.Taps {
			f.Taps = append(f.Taps, set[id.Gate].tap(person))
		}
		list = append(list, f)
	}
	return list
}

func compareFindings(a, b Finding) int {
	return cmp.Or(a.Taps[0].Time.Compare(b.Taps[0].Time), cmp.Compare(a.Person, b.Person), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Taps[0].Key, b.Taps[0].Key))
}
