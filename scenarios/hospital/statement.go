package hospital

import (
	"context"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/hospital/credit"
	"github.com/citizencode/citizencode/scenarios/hospital/payer"
	"github.com/citizencode/citizencode/scenarios/ledger"
)

// A Statement (账单) is the virtual account of one visit as it stands on a day.
type Statement struct {
	Encounter string          `json:"encounter"`
	Patient   string          `json:"patient,omitempty"`
	Day       string          `json:"day"` // of the visit
	On        string          `json:"on"`  // of the statement
	Left      bool            `json:"left"`
	Orders    []Order         `json:"orders,omitempty"`
	Total     int64           `json:"total"` // fen, of settled orders
	Parts     payer.Parts     `json:"parts"`
	Advance   int64           `json:"advance,omitempty"` // borne by the emergency fund at first
	Self      int64           `json:"self"`              // owed at once
	Credit    credit.Position `json:"credit"`
	Due       string          `json:"due"`               // last day without interest
	Recover   int64           `json:"recover,omitempty"` // of the advance, owed by the patient
	Owed      int64           `json:"owed"`              // all that the patient owes on the day
	Refund    int64           `json:"refund,omitempty"`  // all that he has paid too much
}

// statement reckons the account of a visit on a day.
func (st *state) statement(en *encounter, day ledger.Day) Statement {
	t := Statement{Encounter: en.id, Patient: en.patient, Day: en.day.String(), On: day.String(), Left: en.left,
		Credit: en.account.On(day), Due: en.account.Due().String()}
	for _, id := range en.orders {
		o := st.orders[id].Order
		t.Orders = append(t.Orders, o)
		if o.Status == OrderSettled || o.Status == OrderDone || o.Status == OrderCancelling && !st.orders[id].day.IsZero() {
			t.Total += o.Fen
			t.Parts = t.Parts.Add(o.Parts)
			t.Advance += o.Advance
		}
	}
	t.Self = max(en.self-en.paid, 0)
	if en.advance != nil && en.advance.Asked {
		t.Recover = en.advance.left()
	}
	t.Owed = t.Self + t.Credit.Owed() + t.Recover
	t.Refund = max(en.paid-en.self, 0) + t.Credit.Surplus
	return t
}

// Statement returns the statement of a visit at a time. The error for a visit
// that does not exist is a *scenarios.RequestError with the path encounter.
func (s *Scenario) Statement(ctx context.Context, encounter string, at time.Time) (t *Statement, err error) {
	if !inEra(at) {
		return nil, wrong("at", "not a time of our era")
	}
	err = s.stream.View(ctx, func() error {
		en := s.state.encounters[encounter]
		if en == nil {
			return wrong("encounter", "there is none of this name")
		}
		found := s.state.statement(en, s.businessDay(at))
		t = &found
		return nil
	})
	return t, err
}

// Statements returns the statements of a patient's visits, the oldest first.
func (s *Scenario) Statements(ctx context.Context, patient string, at time.Time) (list []Statement, err error) {
	if !inEra(at) {
		return nil, wrong("at", "not a time of our era")
	}
	err = s.stream.View(ctx, func() error {
		for _, id := range s.state.encountersOf[patient] {
			list = append(list, s.state.statement(s.state.encounters[id], s.businessDay(at)))
		}
		return nil
	})
	return list, err
}

// leaveBy ends the visit of a patient who shows his code at the door.
func (s *Scenario) leaveBy(ctx context.Context, ask asked, at time.Time, patient string) (*scenarios.Decision, error) {
	return s.leaveVisit(ctx, ask, at, func(st *state) (*encounter, string) {
		if en := st.encounters[st.open[patient]]; en != nil {
			return en, ""
		}
		return nil, NotCheckedIn
	})
}

// LeaveRequest ends a visit without a scan: by phone, or by the staff.
type LeaveRequest struct {
	Key       string    `json:"-"`
	At        time.Time `json:"-"`
	Encounter string    `json:"encounter"`
}

// Leave ends a visit. Nobody has to pay before he leaves: the outcome is the
// Statement of what he owes, without the
// list of orders. Orders that wait for his agreement are dropped.
// Refused: encounter-unknown, encounter-left.
func (s *Scenario) Leave(ctx context.Context, r LeaveRequest) (*scenarios.Decision, error) {
	ask, err := newAsk("request", r.Key, r.At, r)
	if err != nil {
		return nil, err
	}
	return s.leaveVisit(ctx, ask, r.At, func(st *state) (*encounter, string) {
		en := st.encounters[r.Encounter]
		switch {
		case en == nil:
			return nil, EncounterUnknown
		case en.left:
			return nil, EncounterLeft
		}
		return en, ""
	})
}

func (s *Scenario) leaveVisit(ctx context.Context, ask asked, at time.Time, find func(*state) (*encounter, string)) (*scenarios.Decision, error) {
	return s.answer(ctx, ask, at, left, func(st *state) (any, *scenarios.Decision, error) {
		en, reason := find(st)
		if reason != "" {
			return nil, refuse(reason), nil
		}
		t := st.statement(en, s.businessDay(at))
		t.Left, t.Orders = true, nil // Statement lists them; an event has a bound
		text := scenarios.Text{Zh: "祝您早日康复，本次无欠款", En: "Get well soon; you owe nothing"}
		if t.Owed > 0 {
			text = scenarios.Text{Zh: "可以离院，账单可在手机上随时偿还，免息至 " + t.Due, En: "You can leave; pay the statement by phone, free of interest until " + t.Due}
		}
		d, err := scenarios.Allowed(text, t)
		return leftChange{en.id, st.heldOrders(en)}, d, err
	})
}
