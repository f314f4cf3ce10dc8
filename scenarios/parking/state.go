package parking

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/parking/plate"
	"github.com/citizencode/citizencode/scenarios/parking/tariff"
)

// A state is what the events of one operator come to. Only Apply changes it.
type state struct {
	operator string
	lots     map[string]*Lot
	seal     *sealer

	replies  map[string]*reply // by name of the request
	sessions map[string]*session
	number   int // of sessions ever
	yards    map[string]*yard
	plates   map[string][]*session // that have not ended, in every lot, by name of the plate
	bills    map[string]*bill
	debts    map[string]map[string]bool     // bills with a debt, by payer
	pending  map[string]*order              // of the bank, by key
	bindings map[string]*binding            // of verified owners, by name of the plate
	owners   map[string]map[string]*binding // by person and name of the plate
	blocked  map[string]*binding            // by the bill that blocks it
	passes   map[string][]*pass             // by name of the plate or person
	booked   map[string]*booking
	ending   map[string]bool  // reservations whose end the desk has not been told
	accounts map[string]int64 // what owners and holders are owed, by word
	notices  []Notice
	noticed  int64 // before the first of notices
	counts   map[countKey]*Counts

	drafts   []ledger.Draft // that follow from events, behind the first base
	base     int64
	staged   []staged
	visits   map[string]string // session by name of the visit, for Reverse
	bookedBy map[string][]*booking
	keepDays int
	kept     ledger.Day // on which old sessions were forgotten

	canCharge bool                                    // there is a bank
	onReport  func(lot string, in bool, at time.Time) // nil while the past is read
	onRecount func(lot string)
}

func newState(operator string, lots map[string]*Lot, seal *sealer) *state {
	return &state{operator: operator, lots: lots, seal: seal,
		replies: make(map[string]*reply), sessions: make(map[string]*session), yards: make(map[string]*yard), plates: make(map[string][]*session),
		bills: make(map[string]*bill), debts: make(map[string]map[string]bool), pending: make(map[string]*order),
		bindings: make(map[string]*binding), owners: make(map[string]map[string]*binding), blocked: make(map[string]*binding), passes: make(map[string][]*pass),
		booked: make(map[string]*booking), ending: make(map[string]bool), accounts: make(map[string]int64), counts: make(map[countKey]*Counts),
		visits: make(map[string]string), bookedBy: make(map[string][]*booking)}
}

// A fact is what an event says has happened. apply is all that a state learns
// from it; at is the event's time and name its key.
type fact interface {
	kind() string
	apply(st *state, name string, at time.Time) error
}

// A record is an event's data. The reply, to be given again to who asks again,
// goes with the first event of a change.
type record struct {
	Fact    json.RawMessage `json:"fact"`
	Reply   json.RawMessage `json:"reply,omitempty"`
	Request string          `json:"request,omitempty"`
}

// A reply is what a request was answered.
type reply struct {
	decision *scenarios.Decision
	request  string // digest of what was asked
	at       time.Time
}

// staged is a fact on its way into the log. When it comes back it need not be
// read again, if it is the very same bytes.
type staged struct {
	event eventlog.Event
	fact  fact
	reply *reply
}

// stage encodes what a request has led to.
func (st *state) stage(name string, at time.Time, request string, d *scenarios.Decision, facts []fact) ([]eventlog.Event, error) {
	st.staged = st.staged[:0]
	events := make([]eventlog.Event, len(facts))
	at = at.UTC().Truncate(time.Second)
	for i, f := range facts {
		s := staged{fact: f}
		key := name
		var data any
		if i == 0 {
			if d != nil {
				s.reply = &reply{d, request, at}
			}
			data = struct {
				Fact    fact                `json:"fact"`
				Reply   *scenarios.Decision `json:"reply,omitempty"`
				Request string              `json:"request,omitempty"`
			}{f, d, request}
		} else {
			key = fmt.Sprintf("%s/%d", name, i)
			data = struct {
				Fact fact `json:"fact"`
			}{f}
		}
		e, err := eventlog.New(key, f.kind(), at, data)
		if err != nil {
			return nil, err
		}
		s.event, events[i] = e, e
		st.staged = append(st.staged, s)
	}
	return events, nil
}

// Apply implements eventlog.State.
func (st *state) Apply(e eventlog.Event) error {
	if len(st.staged) > 0 {
		s := st.staged[0]
		if len(e.Data) > 0 && &e.Data[0] == &s.event.Data[0] && e.Key == s.event.Key {
			st.staged = st.staged[1:]
			return st.learn(e, s.fact, s.reply)
		}
		st.staged = nil
	}
	var r record
	if err := json.Unmarshal(e.Data, &r); err != nil {
		return err
	}
	f := newFact(e.Kind)
	if f == nil {
		return errors.New("a kind that this version does not know")
	}
	if err := json.Unmarshal(r.Fact, f); err != nil {
		return err
	}
	var answer *reply
	if r.Reply != nil {
		answer = &reply{&scenarios.Decision{}, r.Request, e.Time}
		if err := json.Unmarshal(r.Reply, answer.decision); err != nil {
			return err
		}
	}
	return st.learn(e, f, answer)
}

func (st *state) learn(e eventlog.Event, f fact, r *reply) error {
	if r != nil {
		st.replies[e.Key] = r
	}
	return f.apply(st, e.Key, e.Time)
}

// newFact returns an empty fact of a kind, or nil.
func newFact(kind string) fact {
	for _, f := range []func() fact{
		func() fact { return new(entered) }, func() fact { return new(left) }, func() fact { return new(doubted) },
		func() fact { return new(strayed) }, func() fact { return new(missed) }, func() fact { return new(cleared) }, func() fact { return new(undone) },
		func() fact { return new(paid) }, func() fact { return new(charged) }, func() fact { return new(refunded) }, func() fact { return new(returned) }, func() fact { return new(handedOut) },
		func() fact { return new(bound) }, func() fact { return new(plateMoved) }, func() fact { return new(passGranted) },
		func() fact { return new(reserved) }, func() fact { return new(reservationEnded) },
		func() fact { return new(recounted) }, func() fact { return new(paidOut) }, func() fact { return new(posted) },
	} {
		if f := f(); f.kind() == kind {
			return f
		}
	}
	return nil
}

// session returns a session that an event speaks of.
func (st *state) session(id string) (*session, error) {
	s := st.sessions[id]
	if s == nil {
		return nil, errors.New("it speaks of a session that is not there")
	}
	return s, nil
}

// entered: a car came in.
type entered struct {
	Session     string       `json:"session"`
	Lot         string       `json:"lot"`
	Gate        string       `json:"gate,omitempty"`
	Plate       string       `json:"plate,omitempty"`  // its name
	Sealed      string       `json:"sealed,omitempty"` // the plate
	Sure        bool         `json:"sure,omitempty"`
	Contested   bool         `json:"contested,omitempty"`
	Person      string       `json:"person,omitempty"`
	Payer       string       `json:"payer"`
	Class       tariff.Class `json:"class"`
	Reservation string       `json:"reservation,omitempty"`
	Bay         string       `json:"bay,omitempty"`

	plate plate.Plate // known where the event was just made
}

func (*entered) kind() string { return "entered" }

func (f *entered) apply(st *state, name string, at time.Time) error {
	s := &session{id: f.Session, lot: f.Lot, gate: f.Gate, plate: f.plate, name: f.Plate, sure: f.Sure, person: f.Person, payer: f.Payer,
		class: f.Class, enteredAt: at, reservation: f.Reservation, bay: f.Bay, state: ExitMissing}
	s.entry, _, _ = strings.Cut(name, "/")
	st.visits[s.entry] = s.id
	if f.Sealed != "" && s.plate.IsZero() {
		clear, err := st.seal.open(f.Sealed)
		if err != nil {
			return err
		}
		if s.plate, err = plate.Parse(clear); err != nil {
			return err
		}
	}
	st.number++
	st.sessions[s.id] = s
	y := st.yard(s.lot)
	if s.name != "" {
		y.plates[s.name] = s
		st.plates[s.name] = append(st.plates[s.name], s)
	}
	if s.person != "" {
		y.persons[s.person] = s
	}
	to := Inside
	if f.Contested {
		to, s.doubt = Contested, PlateElsewhere
	}
	if s.name != "" && !f.Sure {
		s.doubt = LowConfidence
	}
	st.put(s, to)
	st.count(at, s.lot).Entries++
	if b := st.booked[s.reservation]; b != nil {
		b.session = s.id
	}
	st.report(s, true, at)
	return nil
}

func (st *state) report(s *session, in bool, at time.Time) {
	if s.bay != "" {
		return
	}
	if y := st.yard(s.lot); !at.After(y.recountedAt) { // who counted has seen it
		if in {
			y.correction--
		} else {
			y.correction++
		}
	}
	if st.onReport != nil {
		st.onReport(s.lot, in, at)
	}
}

// left: a car went out, or a person said that it did.
type left struct {
	Session string `json:"session"`
	State   State  `json:"state"` // Left, TimesInDoubt or Waived
	Fen     int64  `json:"fen,omitempty"`
	// Charge is what a mandate is charged with, Mandate the sealed token.
	Charge  int64     `json:"charge,omitempty"`
	Mandate string    `json:"mandate,omitempty"`
	Owner   string    `json:"owner,omitempty"` // of the mandate
	Plate   string    `json:"plate,omitempty"` // of the mandate
	At      time.Time `json:"at"`              // of the exit; the event's time is that of the decision
	By      string    `json:"by,omitempty"`    // staff
}

func (*left) kind() string { return "left" }

func (f *left) apply(st *state, name string, at time.Time) error {
	s, err := st.session(f.Session)
	if err != nil {
		return err
	}
	wasInside := s.state.inside()
	s.leftAt, s.exit = f.At, name
	st.visits[name] = s.id
	if !s.state.ended() {
		st.count(at, s.lot).Exits++
	}
	st.put(s, f.State)
	if wasInside {
		st.report(s, false, f.At)
	}
	b := st.bill(s)
	b.billed = true
	if f.Fen > 0 {
		st.billItem(b, at, st.key("fee", s.id), "parking.fee", income(s.lot), f.Fen)
	}
	if f.Charge > 0 {
		b.charging = f.Charge
		st.order(&order{key: st.key("charge", s.id), bill: b.id, lot: b.lot, fen: f.Charge, mandate: f.Mandate, owner: f.Owner, plate: f.Plate, at: at})
	}
	st.balance(b, at)
	if s.reservation != "" {
		st.ending[s.reservation] = true
	}
	return nil
}

// doubted: a session is held, because an exit is perhaps its own, or its plate
// is in two lots.
type doubted struct {
	Session string    `json:"session"`
	State   State     `json:"state"`
	Doubt   Doubt     `json:"doubt"`
	Seen    string    `json:"seen,omitempty"`
	At      time.Time `json:"at,omitzero"`
}

func (*doubted) kind() string { return "doubted" }

func (f *doubted) apply(st *state, _ string, at time.Time) error {
	s, err := st.session(f.Session)
	if err != nil {
		return err
	}
	s.doubt = f.Doubt
	if f.State == ExitInDoubt {
		s.seen, s.seenAt = f.Seen, f.At
	}
	st.put(s, f.State)
	st.count(at, s.lot).Doubts++
	return nil
}

// strayed: an exit of a car that never came in.
type strayed struct {
	Lot  string `json:"lot"`
	Seen string `json:"seen"` // masked
}

func (*strayed) kind() string { return "strayed" }

func (f *strayed) apply(st *state, _ string, at time.Time) error {
	st.count(at, f.Lot).Strays++
	return nil
}

// missed: a car is gone and nobody saw it leave.
type missed struct {
	Session string `json:"session"`
	Doubt   Doubt  `json:"doubt"` // Superseded or TimedOut
}

func (*missed) kind() string { return "missed" }

func (f *missed) apply(st *state, _ string, at time.Time) error {
	s, err := st.session(f.Session)
	if err != nil {
		return err
	}
	s.doubt = f.Doubt
	wasInside := s.state.inside()
	st.put(s, ExitMissing)
	if wasInside {
		st.report(s, false, at)
	}
	if s.reservation != "" {
		st.ending[s.reservation] = true
	}
	st.count(at, s.lot).Missing++
	return nil
}

// cleared: a person has looked, and the session is as if nothing had been.
type cleared struct {
	Session string `json:"session"`
	By      string `json:"by"`
}

func (*cleared) kind() string { return "cleared" }

func (f *cleared) apply(st *state, _ string, at time.Time) error {
	s, err := st.session(f.Session)
	if err != nil {
		return err
	}
	s.doubt, s.seen, s.seenAt, s.sure = "", "", time.Time{}, true
	st.put(s, Inside)
	return nil
}

// undone: an entry was taken back.
type undone struct {
	Session string `json:"session"`
	By      string `json:"by"`
}

func (*undone) kind() string { return "undone" }

func (f *undone) apply(st *state, _ string, at time.Time) error {
	s, err := st.session(f.Session)
	if err != nil {
		return err
	}
	wasInside := s.state.inside()
	st.put(s, Cancelled)
	if wasInside {
		st.report(s, false, at)
	}
	if s.reservation != "" {
		st.ending[s.reservation] = true
	}
	if b := st.bills[s.id]; b != nil {
		b.billed = true
		st.balance(b, at)
	}
	return nil
}
