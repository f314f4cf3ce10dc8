package parking

import (
	"errors"
	"strings"
	"time"

	"github.com/citizencode/citizencode/scenarios/parking/plate"
	"github.com/citizencode/citizencode/scenarios/parking/tariff"
)

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
