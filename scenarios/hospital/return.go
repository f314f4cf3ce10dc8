package hospital

import (
	"context"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/ledger"
)

// ReturnRequest pays back what a patient has paid too much for a visit.
type ReturnRequest struct {
	Key       string    `json:"-"`
	At        time.Time `json:"-"`
	Encounter string    `json:"encounter"`
	By        string    `json:"by"` // who hands it out
}

// A Returned is the outcome of Return.
type Returned struct {
	Encounter string `json:"encounter"`
	Fen       int64  `json:"fen"`
}

// Return pays back at the desk what a patient has paid too much for a visit
// because an order was cancelled. Refused: encounter-unknown, nothing-owed.
func (s *Scenario) Return(ctx context.Context, r ReturnRequest) (*scenarios.Decision, error) {
	if !isID(r.By) {
		return nil, wrong("by", "money at the desk is paid out by somebody")
	}
	ask, err := newAsk("request", r.Key, r.At, r)
	if err != nil {
		return nil, err
	}
	return s.answer(ctx, ask, r.At, returned, func(st *state) (any, *scenarios.Decision, error) {
		en := st.encounters[r.Encounter]
		if en == nil {
			return nil, refuse(EncounterUnknown), nil
		}
		c := returnChange{Encounter: en.id, Self: max(en.paid-en.self, 0), Credit: en.account.On(s.businessDay(r.At)).Surplus, Day: s.day(r.At), By: r.By, Reference: ask.key}
		if c.Self+c.Credit == 0 {
			return nil, refuse(NothingOwed), nil
		}
		d, err := scenarios.Allowed(scenarios.Text{Zh: "多付款项已退还", En: "What was paid too much is given back"}, Returned{en.id, c.Self + c.Credit})
		return c, d, err
	})
}

func (st *state) payBack(e eventlog.Event, c returnChange) error {
	en := st.encounters[c.Encounter]
	if en == nil {
		return fmt.Errorf("no encounter %q", c.Encounter)
	}
	day, err := ledger.ParseDay(c.Day)
	if err != nil {
		return err
	}
	if c.Credit > 0 {
		if err := en.account.Return(day, c.Credit); err != nil {
			return err
		}
	}
	en.paid -= c.Self
	d := ledger.Draft{Key: bookKey("return", st.hospital, c.Reference), Kind: "hospital.return", Time: e.Time, Day: day,
		Postings: []ledger.Posting{{Account: cashAccount(st.hospital), Credit: c.Self + c.Credit}}}
	for _, p := range []ledger.Posting{{Account: selfAccount(st.hospital, en.id), Debit: c.Self}, {Account: creditAccount(st.hospital, en.id), Debit: c.Credit}} {
		if p.Debit > 0 {
			d.Postings = append(d.Postings, p)
		}
	}
	st.draft(d)
	return nil
}
