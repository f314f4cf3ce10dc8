package hospital

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/hospital/credit"
	"github.com/citizencode/citizencode/scenarios/hospital/payer"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/rails"
)

// maxVisitsPaid is for how many visits one repayment pays: each may take three
// postings of one transaction.
const maxVisitsPaid = 20

// RepayRequest pays what a patient owes.
type RepayRequest struct {
	Key       string    `json:"-"`
	At        time.Time `json:"-"`
	Patient   string    `json:"patient"`
	Encounter string    `json:"encounter,omitempty"` // "": the visits in the order in which they were due
	Fen       int64     `json:"fen"`
	// Mandate charges a bank account; "" is money at the desk, taken by By.
	Mandate string `json:"mandate,omitempty"`
	By      string `json:"by,omitempty"`
}

// Paid is what a repayment paid of one visit, in fen.
type Paid struct {
	Encounter string `json:"encounter"`
	Self      int64  `json:"self,omitempty"`
	Interest  int64  `json:"interest,omitempty"`
	Principal int64  `json:"principal,omitempty"`
	Advance   int64  `json:"advance,omitempty"`
}

// A Repayment is the outcome of Repay.
type Repayment struct {
	ID   string `json:"id"`
	Fen  int64  `json:"fen"`
	Paid []Paid `json:"paid"`
	Owed int64  `json:"owed"` // by the patient, for all visits, after it
}

// Repay takes a repayment (还款), of all that is owed or of a part, whenever the
// patient likes. Of each visit it pays what was owed at once, then interest,
// then principal, then what the emergency fund has advanced; and the visit that
// is due first before later ones. Refused: nothing-owed, more-than-owed,
// encounter-unknown, no-bank, payment-declined.
//
// An error that wraps rails.ErrUnsettled means that the bank has not answered:
// the same request, or [Scenario.Resume], goes on and takes the money once.
func (s *Scenario) Repay(ctx context.Context, r RepayRequest) (*scenarios.Decision, error) {
	var mandate rails.Mandate
	var err error
	switch {
	case !isPatient(r.Patient):
		return nil, errPatient
	case r.Fen <= 0 || r.Fen > payer.MaxFen:
		return nil, wrong("fen", "not 1 to %d", int64(payer.MaxFen))
	case r.Mandate != "":
		if mandate, err = rails.ParseMandate(r.Mandate); err != nil {
			return nil, &scenarios.RequestError{Path: "mandate", Err: err}
		}
		if s.bank == nil {
			return refuse(NoBank), nil
		}
	case !isID(r.By):
		return nil, wrong("by", "money at the desk is taken by somebody")
	}
	named := r
	named.Mandate = "" // what is kept, if only as a digest, is no key to an account
	ask, err := newAsk("request", r.Key, r.At, struct {
		RepayRequest
		Cash bool
	}{named, r.Mandate == ""})
	if err != nil {
		return nil, err
	}
	var d *scenarios.Decision
	err = s.stream.Change(ctx, func() ([]eventlog.Event, error) {
		if d = s.state.answered(ask); d != nil || s.state.repayments[ask.key] != nil {
			return nil, nil
		}
		if reason := s.mayRepay(&r); reason != "" {
			d = refuse(reason)
			return nil, nil
		}
		c := repayChange{ID: ask.key, Patient: r.Patient, Encounter: r.Encounter, Fen: r.Fen, Cash: r.Mandate == "", By: r.By, Request: ask.content}
		e, err := event("repaying:"+ask.key, repaying, r.At, c)
		return []eventlog.Event{e}, err
	})
	if err != nil || d != nil {
		return s.done(ctx, d, err)
	}
	return s.charge(ctx, ask, mandate)
}

// mayRepay says why a repayment cannot be. What other repayments are about to
// pay is not paid twice.
func (s *Scenario) mayRepay(r *RepayRequest) (reason string) {
	owed, visits := int64(0), 0
	for _, id := range s.state.encountersOf[r.Patient] {
		if r.Encounter != "" && id != r.Encounter {
			continue
		}
		en := s.state.encounters[id]
		t := s.state.statement(en, s.businessDay(r.At))
		if visits++; t.Owed > 0 && en.account.Entries() < credit.MaxEntries-MaxOrders {
			owed += t.Owed
		}
	}
	if visits == 0 && r.Encounter != "" {
		return EncounterUnknown
	}
	if owed == 0 {
		return NothingOwed
	}
	for id := range s.state.paying {
		if p := s.state.repayments[id]; p.Patient == r.Patient {
			owed -= p.Fen
		}
	}
	if r.Fen > owed {
		return MoreThanOwed
	}
	return ""
}

// charge takes the money of a repayment that was written down, and books it. A
// zero mandate asks the bank what became of an order that it has.
func (s *Scenario) charge(ctx context.Context, ask asked, mandate rails.Mandate) (*scenarios.Decision, error) {
	var p repayment
	if err := s.stream.View(ctx, func() error { p = *s.state.repayments[ask.key]; return nil }); err != nil {
		return nil, err
	}
	answer := rails.Answer{State: rails.Accepted}
	if !p.done && !p.Cash {
		var err error
		if answer, err = s.askBank(ctx, &p, mandate); err != nil {
			return nil, err
		}
	}
	var d *scenarios.Decision
	err := s.stream.Change(ctx, func() ([]eventlog.Event, error) {
		p := s.state.repayments[ask.key]
		if d = s.state.answered(ask); d != nil {
			return nil, nil
		}
		c := repayChange{ID: p.ID, Day: s.day(p.at)}
		if p.done || answer.State == rails.Declined {
			d = refuse(PaymentDeclined)
			if p.done {
				if p.Request != ask.content {
					d = refuse(RequestUsed)
				}
				return nil, nil
			}
			c.Reason = answer.Reason
			e, err := event("unpaid:"+ask.key, repaymentDeclined, p.at, c)
			return []eventlog.Event{e}, err
		}
		var owed int64
		c.Paid, owed = s.allocate(p)
		var err error
		if d, err = scenarios.Allowed(scenarios.Text{Zh: "还款成功", En: "Thank you; your payment has been booked"}, Repayment{p.ID, p.Fen, c.Paid, owed}); err != nil {
			return nil, err
		}
		e, err := answering("repaid:"+ask.key, repaid, p.at, c, asked{ask.key, p.Request}, d)
		return []eventlog.Event{e}, err
	})
	return s.done(ctx, d, err)
}

func (s *Scenario) askBank(ctx context.Context, p *repayment, mandate rails.Mandate) (rails.Answer, error) {
	if s.bank == nil {
		return rails.Answer{}, errors.New("a repayment needs a bank and none is configured")
	}
	key := bookKey("repay", s.id, p.ID)
	if mandate == (rails.Mandate{}) {
		answer, err := s.bank.Query(ctx, key)
		if err == nil && answer.State == rails.Unknown {
			err = rails.ErrUnsettled
		}
		return answer, err
	}
	o, err := rails.ChargeOrder(s.bank, rails.Charge{Key: key, Mandate: mandate, Fen: p.Fen})
	if err != nil {
		return rails.Answer{}, err
	}
	return s.settler.Settle(ctx, o, nil)
}

// allocate divides a repayment, and returns what is owed after it. What was
// cancelled since it was asked for is left over, and is the last visit's
// surplus.
func (s *Scenario) allocate(p *repayment) (list []Paid, owed int64) {
	fen, day := p.Fen, s.businessDay(p.at)
	take := func(most int64) int64 {
		part := min(fen, most)
		fen -= part
		return part
	}
	for _, id := range s.state.encountersOf[p.Patient] {
		t := s.state.statement(s.state.encounters[id], day)
		owed += t.Owed
		if p.Encounter != "" && id != p.Encounter || fen == 0 || t.Owed == 0 || len(list) == maxVisitsPaid {
			continue
		}
		list = append(list, Paid{id, take(t.Self), take(t.Credit.Interest), take(t.Credit.Principal), take(t.Recover)})
	}
	owed -= p.Fen - fen
	if fen > 0 {
		if len(list) == 0 {
			id := p.Encounter
			if id == "" {
				id = s.state.encountersOf[p.Patient][0]
			}
			list = append(list, Paid{Encounter: id})
		}
		list[len(list)-1].Self += fen
	}
	return list, owed
}

// repay applies the events of a repayment.
func (st *state) repay(e eventlog.Event, c repayChange) error {
	if e.Kind == repaying {
		st.repayments[c.ID] = &repayment{repayChange: c, at: e.Time}
		st.paying[c.ID] = true
		return nil
	}
	p := st.repayments[c.ID]
	if p == nil {
		return fmt.Errorf("no repayment %q", c.ID)
	}
	p.done = true
	delete(st.paying, c.ID)
	if e.Kind == repaymentDeclined {
		return nil
	}
	day, err := ledger.ParseDay(c.Day)
	if err != nil {
		return err
	}
	money := bankAccount
	if p.Cash {
		money = cashAccount(st.hospital)
	}
	d := ledger.Draft{Key: bookKey("repay", st.hospital, c.ID), Kind: "hospital.repay", Time: e.Time, Day: day,
		Postings: []ledger.Posting{{Account: money, Debit: p.Fen}}}
	var interest int64
	credit := func(account ledger.Account, fen int64) {
		if fen > 0 {
			d.Postings = append(d.Postings, ledger.Posting{Account: account, Credit: fen})
		}
	}
	for _, part := range c.Paid {
		en := st.encounters[part.Encounter]
		if en == nil {
			return fmt.Errorf("no encounter %q", part.Encounter)
		}
		if lent := part.Interest + part.Principal; lent > 0 {
			paid, err := en.account.Pay(day, lent)
			if err != nil || paid != part.Interest {
				return fmt.Errorf("the account of %q does not take the repayment as it was reckoned", part.Encounter)
			}
		}
		en.paid += part.Self
		if part.Advance > 0 {
			en.advance.Person += part.Advance
		}
		interest += part.Interest
		credit(selfAccount(st.hospital, en.id), part.Self)
		credit(creditAccount(st.hospital, en.id), part.Principal)
		credit(advanceAccount(st.hospital, en.id), part.Advance)
		st.tellRepaid(en, part.Principal, "repay:"+c.ID+":"+en.id)
	}
	credit(interestIncome(st.hospital), interest)
	st.draft(d)
	return nil
}
