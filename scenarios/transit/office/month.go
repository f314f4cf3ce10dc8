package office

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/transit/gtfs"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

// The events of a month.
const (
	tapsKind     = "taps"
	reversedKind = "reversed"
	faresKind    = "fares"
	checkedKind  = "checked"
	endedKind    = "ended"
)

type tapsEvent struct {
	Gate    string    `json:"gate"`
	Through time.Time `json:"through,omitzero"`
	Taps    []tap.Tap `json:"taps"`
}

type reversedEvent struct {
	Request string `json:"request"`
	Person  string `json:"person"`
	Visit   string `json:"visit"`
	By      string `json:"by"`
	Why     string `json:"why"`
}

type faresEvent struct {
	Fares []fares `json:"fares"`
}

// fares is the change of what a person owes for a service day.
type fares struct {
	Person   string           `json:"p"`
	Day      gtfs.Date        `json:"d"`
	Revision int              `json:"r"` // from 1, of the person and the day
	Shares   map[string]share `json:"s"` // by party, the change
	at       time.Time        // of the event
}

// A month is the state of one month's stream.
type month struct {
	id    int
	keep  gtfs.Date // taps before it are left out: an archived month's; 0: none
	day   func(time.Time) gtfs.Date
	party func(*place) string

	riders   map[string]*rider // by person
	places   map[place]*place
	through  map[string]time.Time // by gate
	reversed map[string]reversedEvent
	taps     int
	events   int64
	tapsAt   int64 // events up to the last one with taps
	checked  int64 // events that Recheck has looked at
	ended    bool  // no tap is taken any more: it is being archived

	fares  []fares // those from number trimmed on
	number int     // of all fares so far
	// changes numbers the changes of taps. The maps say for which people
	// the fares of this month, of the one before and of the next must be
	// computed anew, and since which change.
	changes                 int64
	dirty, dirtyOn, dirtyTo map[string]int64
}

// A rider is one person in a month.
type rider struct {
	taps []*entry
	out  map[string]bool // keys of visits that were taken back
	// refused has why a visit's code does not count, by key, as Recheck found.
	refused map[string]string
	booked  map[gtfs.Date]*booked
}

// booked is what fares say about a day.
type booked struct {
	revision int
	shares   map[string]share
}

// An entry is a tap, as small as it can be: there are millions.
type entry struct {
	key, showing, serial string
	sequence             uint64
	at, issued           int64 // Unix seconds
	left                 int32
	carrier              uint8 // place in carriers
	benefit              uint8
	online               bool
	place                *place
}

// A place is what many taps have in common.
type place struct {
	gate, operator, line, network, stop, vehicle string
	kind                                         tap.Kind
	lists                                        tap.Lists
	party                                        string // follows from the others
}

func newMonth(id int, day func(time.Time) gtfs.Date, party func(*place) string) *month {
	return &month{id: id, day: day, party: party, riders: make(map[string]*rider), places: make(map[place]*place),
		through: make(map[string]time.Time), reversed: make(map[string]reversedEvent),
		dirty: make(map[string]int64), dirtyOn: make(map[string]int64), dirtyTo: make(map[string]int64)}
}

// Apply implements [eventlog.State].
func (m *month) Apply(e eventlog.Event) error {
	m.events++
	switch e.Kind {
	case tapsKind:
		m.tapsAt = m.events
		var change tapsEvent
		if err := json.Unmarshal(e.Data, &change); err != nil {
			return err
		}
		for i := range change.Taps {
			m.add(&change.Taps[i])
		}
		if change.Through.After(m.through[change.Gate]) {
			m.through[strings.Clone(change.Gate)] = change.Through
		}
	case reversedKind:
		var change reversedEvent
		if err := json.Unmarshal(e.Data, &change); err != nil {
			return err
		}
		m.reversed[change.Request] = change
		r := m.rider(change.Person)
		if r.out == nil {
			r.out = make(map[string]bool)
		}
		r.out[change.Visit] = true
		if t := r.find(change.Visit); t != nil {
			m.mark(change.Person, t)
		}
	case faresKind:
		var change faresEvent
		if err := json.Unmarshal(e.Data, &change); err != nil {
			return err
		}
		for _, f := range change.Fares {
			f.at = e.Time
			m.book(f)
		}
	case checkedKind:
		var change checkedEvent
		if err := json.Unmarshal(e.Data, &change); err != nil {
			return err
		}
		m.checked = max(m.checked, change.Through)
		for _, f := range change.Refused {
			m.refuse(f)
		}
	case endedKind:
		m.ended = true
	default:
		return fmt.Errorf("unknown kind of event %q", e.Kind)
	}
	return nil
}

func (m *month) rider(person string) *rider {
	r := m.riders[person]
	if r == nil {
		r = new(rider)
		m.riders[person] = r
	}
	return r
}

func (r *rider) find(key string) *entry {
	for _, t := range r.taps {
		if t.key == key {
			return t
		}
	}
	return nil
}

// add takes a tap that decide has let through.
func (m *month) add(t *tap.Tap) {
	at := m.day(t.Time)
	if m.keep != 0 && at < m.keep {
		return
	}
	r := m.rider(t.Person)
	e := m.entry(t)
	if old := r.find(t.Key); old != nil {
		m.mark(t.Person, old)
		*old = *e
		delete(r.refused, t.Key) // this record has not been looked at
	} else {
		r.taps = append(r.taps, e)
		m.taps++
	}
	m.mark(t.Person, e)
}

// refuse takes a tap out of the fares.
func (m *month) refuse(f refused) {
	r := m.riders[f.Person]
	if r == nil {
		return // an archived month holds its last week only
	}
	if t := r.find(f.Visit); t != nil {
		if r.refused == nil {
			r.refused = make(map[string]string)
		}
		r.refused[t.key] = f.Reason
		m.mark(f.Person, t)
	}
}

// mark notes that a tap of a person has changed.
func (m *month) mark(person string, t *entry) {
	m.changes++
	m.dirty[person] = m.changes
	switch day := m.day(t.time()); {
	case day == firstDay(m.id):
		m.dirtyOn[person] = m.changes
	case day >= contextOf(nextMonth(m.id)):
		m.dirtyTo[person] = m.changes
	}
}

func (m *month) book(f fares) {
	m.number++
	if m.keep != 0 {
		return // archived, and posted before it was
	}
	r := m.rider(f.Person)
	if r.booked == nil {
		r.booked = make(map[gtfs.Date]*booked)
	}
	b := r.booked[f.Day]
	if b == nil {
		b = &booked{shares: make(map[string]share)}
		r.booked[f.Day] = b
	}
	b.revision = f.Revision
	for party, change := range f.Shares {
		s := b.shares[party].plus(change)
		if b.shares[party] = s; s == (share{}) {
			delete(b.shares, party)
		}
	}
	m.fares = append(m.fares, f)
}

// trim forgets the first fares, up to number posted: they are in the ledger.
func (m *month) trim(posted int) {
	if n := posted - (m.number - len(m.fares)); n > 0 && len(m.fares) > 0 {
		m.fares = append([]fares(nil), m.fares[min(n, len(m.fares)):]...)
	}
}

var carriers = [...]string{"phone", "card", "paper"}

// entry makes an entry of a tap. Strings share bytes where they can.
func (m *month) entry(t *tap.Tap) *entry {
	at := place{t.Gate, t.Operator, t.Line, t.Network, t.Stop, t.Vehicle, t.Kind, t.Lists, ""}
	p := m.places[at]
	if p == nil {
		p = new(place)
		*p = at
		p.party = m.party(p)
		m.places[at] = p
	}
	e := &entry{key: strings.Clone(t.Key), sequence: t.Sequence, at: t.Time.Unix(), left: int32(t.OfflineLeft), benefit: t.Benefit, online: t.Online, place: p}
	if !t.Issued.IsZero() {
		e.issued = t.Issued.Unix()
	}
	if e.showing = strings.Clone(t.Showing); strings.HasPrefix(e.key, e.showing) {
		e.showing = e.key[:len(e.showing)]
	}
	if e.serial = strings.Clone(t.Serial); strings.HasPrefix(e.showing, e.serial) {
		e.serial = e.showing[:len(e.serial)]
	}
	for i, c := range carriers {
		if c == t.Carrier {
			e.carrier = uint8(i)
		}
	}
	return e
}

func (e *entry) time() time.Time { return unix(e.at) }

func unix(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

// tap returns the tap record that an entry was made from.
func (e *entry) tap(person string) tap.Tap {
	p := e.place
	t := tap.Tap{Gate: p.gate, Sequence: e.sequence, Key: e.key, Showing: e.showing, Serial: e.serial, Carrier: carriers[e.carrier], Person: person,
		Benefit: e.benefit, Online: e.online, Time: e.time(), Kind: p.kind, Operator: p.operator, Line: p.line, Network: p.network, Stop: p.stop,
		Vehicle: p.vehicle, Lists: p.lists, OfflineLeft: int(e.left)}
	if e.issued != 0 {
		t.Issued = time.Unix(e.issued, 0).UTC()
	}
	return t
}

// before reports whether a record comes before another of the same key. Its
// number is not looked at: a gate that lost its counter numbers anew. Nor is its
// evidence, which is not held.
func before(a, b tap.Tap) (less, same bool) {
	a.Sequence, b.Sequence = 0, 0
	a.Evidence, b.Evidence = tap.Evidence{}, tap.Evidence{}
	a.Time, b.Time, a.Issued, b.Issued = a.Time.UTC(), b.Time.UTC(), a.Issued.UTC(), b.Issued.UTC()
	if a == b {
		return false, true
	}
	x, _ := json.Marshal(a) // strings, numbers and times that Check has bounded
	y, _ := json.Marshal(b)
	c := bytes.Compare(x, y)
	return c < 0, c == 0
}
