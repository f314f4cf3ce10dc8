package parking

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/ledger"
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
	Reply   *keptReply      `json:"reply,omitempty"`
	Request string          `json:"request,omitempty"`
}

// A keptReply is a decision in an event. What every car is told is kept as a
// word: barriers say little else, and an event is small.
type keptReply struct {
	Reason  string          `json:"reason"`
	Said    string          `json:"said,omitempty"`
	Message *scenarios.Text `json:"message,omitempty"`
	Charge  int64           `json:"charge,omitempty"`
	Outcome json.RawMessage `json:"outcome,omitempty"`
}

var sayings = map[string]scenarios.Text{"in": driveIn, "out": safeTrip}

func keep(d *scenarios.Decision) *keptReply {
	if d == nil {
		return nil
	}
	k := &keptReply{Reason: d.Reason, Charge: d.Charge, Outcome: d.Outcome}
	switch d.Message {
	case driveIn:
		k.Said = "in"
	case safeTrip:
		k.Said = "out"
	default:
		k.Message = &d.Message
	}
	return k
}

func (k *keptReply) decision() *scenarios.Decision {
	d := &scenarios.Decision{Allow: k.Reason == "ok", Reason: k.Reason, Message: sayings[k.Said], Charge: k.Charge, Outcome: k.Outcome}
	if k.Message != nil {
		d.Message = *k.Message
	}
	return d
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
				Fact    fact       `json:"fact"`
				Reply   *keptReply `json:"reply,omitempty"`
				Request string     `json:"request,omitempty"`
			}{f, keep(d), request}
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
		answer = &reply{r.Reply.decision(), r.Request, e.Time}
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
