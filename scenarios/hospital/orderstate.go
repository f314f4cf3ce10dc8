package hospital

import (
	"fmt"
	"slices"

	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/ledger"
)

// addOrder records an order, which is answered when it is settled or held.
func (st *state) addOrder(e eventlog.Event, c orderChange) error {
	en := st.encounters[c.Encounter]
	if en == nil {
		return fmt.Errorf("no encounter %q", c.Encounter)
	}
	o := Order{ID: c.ID, Encounter: c.Encounter, Patient: en.patient, By: c.By, Items: c.Items, Fen: c.Fen, Status: OrderPending, Ordered: e.Time}
	st.orders[c.ID] = &order{Order: o, ask: asked{c.Ask, c.Request}, at: e.Time, served: make(map[Station]bool)}
	st.pending[c.ID] = true
	en.orders = append(en.orders, c.ID)
	return nil
}

func (st *state) authorise(c authorisedChange) error {
	en := st.encounters[c.Encounter]
	if en == nil {
		return fmt.Errorf("no encounter %q", c.Encounter)
	}
	en.asked, en.authorised, en.lent = true, c.Fen, c.Fen > 0
	return nil
}

func (st *state) plan(c planChange) error {
	o := st.orders[c.Order]
	if o == nil || o.plan != nil {
		return fmt.Errorf("order %q takes no plan", c.Order)
	}
	o.plan, o.attempt = &c, c.Attempt
	o.tries++
	st.encounters[o.Encounter].captured += c.Parts.Credit
	return nil
}

// unplan takes a plan back that the insurer declined.
func (st *state) unplan(c planChange) error {
	o := st.orders[c.Order]
	if o == nil || o.plan == nil {
		return fmt.Errorf("order %q has no plan", c.Order)
	}
	st.encounters[o.Encounter].captured -= o.plan.Parts.Credit
	o.plan = nil
	return nil
}

// askOrder drives an order on for another request: the patient's agreement, or
// a cancellation.
func (st *state) askOrder(e eventlog.Event, c askChange) error {
	o := st.orders[c.Order]
	if o == nil {
		return fmt.Errorf("no order %q", c.Order)
	}
	o.ask, o.at, o.tries = asked{c.Ask, c.Request}, e.Time, 0
	if e.Kind == cancelling {
		o.Status = OrderCancelling
	} else {
		o.Status, o.agreed = OrderPending, true
	}
	st.pending[c.Order] = true
	return nil
}

func (st *state) endOrder(e eventlog.Event, c orderEnd) error {
	o := st.orders[c.Order]
	if o == nil {
		return fmt.Errorf("no order %q", c.Order)
	}
	en := st.encounters[o.Encounter]
	delete(st.pending, c.Order)
	o.Reason = c.Reason
	var err error
	switch {
	case e.Kind == held:
		o.Status, o.Parts = OrderHeld, c.Parts
	case e.Kind == settled:
		err = st.charge(e, en, o, c)
	case o.day.IsZero() || o.plan != nil: // it never came to a charge
		o.Status = OrderEnded
	case c.Reason != "": // the insurer has not taken the refund
		o.Status = OrderSettled
	default:
		err = st.uncharge(e, en, o, c)
	}
	st.release(en)
	return err
}

// charge books what an order costs.
func (st *state) charge(e eventlog.Event, en *encounter, o *order, c orderEnd) (err error) {
	if o.day, err = ledger.ParseDay(c.Day); err != nil {
		return err
	}
	if o.plan != nil {
		en.captured += c.Parts.Credit - o.plan.Parts.Credit // the lender has declined what it held
	} else {
		en.captured += c.Parts.Credit
	}
	if en.advance != nil {
		en.advance.Advanced += c.Advance
	}
	o.Status, o.Parts, o.Advance, o.plan = OrderSettled, c.Parts, c.Advance, nil
	if fen := c.Parts.Credit; fen > 0 {
		before := en.account.On(o.day).Principal
		if err := en.account.Lend(o.day, o.ID, fen); err != nil {
			return err
		}
		// What a surplus has paid at once the lender has lent all the same.
		st.tellRepaid(en, fen-(en.account.On(o.day).Principal-before), "surplus:"+o.ID)
	}
	en.self += c.Parts.Self
	if o.Fen > 0 {
		st.draft(chargeDraft(st.hospital, e.Time, o))
	}
	return nil
}

// uncharge books back what a cancelled order has cost.
func (st *state) uncharge(e eventlog.Event, en *encounter, o *order, c orderEnd) error {
	day, err := ledger.ParseDay(c.Day)
	if err != nil {
		return err
	}
	o.Status = OrderEnded
	if o.Fen == 0 {
		return nil
	}
	charge := chargeDraft(st.hospital, e.Time, o)
	st.draft(ledger.Draft{Key: bookKey("refund", st.hospital, o.ID), Kind: "hospital.refund", Time: e.Time, Day: day, Reverses: charge.Key,
		Postings: ledger.Mirror(charge.Postings)})
	en.self -= o.Parts.Self
	if en.advance != nil {
		en.advance.Advanced -= o.Advance
	}
	if o.Parts.Credit == 0 {
		return nil
	}
	before := en.account.On(day)
	if _, err := en.account.Refund(o.ID); err != nil {
		return err
	}
	after := en.account.On(day)
	// Interest that was paid on what has never been lent was principal.
	if fen := before.PaidInterest - after.PaidInterest; fen > 0 {
		st.draft(ledger.Draft{Key: bookKey("reaged", st.hospital, o.ID), Kind: "hospital.reaged", Time: e.Time, Day: day, Postings: []ledger.Posting{
			{Account: interestIncome(st.hospital), Debit: fen}, {Account: creditAccount(st.hospital, en.id), Credit: fen}}})
	}
	st.tellRepaid(en, before.Principal-after.Principal, "refund:"+o.ID)
	return nil
}

// tellRepaid queues a repayment for the lender, if there is one.
func (st *state) tellRepaid(en *encounter, fen int64, name string) {
	if en.lent && fen > 0 {
		st.outbox = append(st.outbox, task{key: name, encounter: en.id, patient: en.patient, fen: fen})
	}
}

func (st *state) serve(c servedChange) error {
	en := st.encounters[c.Encounter]
	if en == nil {
		return fmt.Errorf("no encounter %q", c.Encounter)
	}
	if c.Station == Consult {
		for i := range en.tickets {
			en.tickets[i].seen = true
		}
		for _, id := range en.appointments {
			if a := st.appointments[id]; a.Status == Arrived {
				a.Status = Fulfilled
			}
		}
	}
	for _, id := range c.Orders {
		o := st.orders[id]
		o.served[c.Station] = true
		if !slices.ContainsFunc(o.Items, func(i Item) bool { return !o.served[i.Station] }) {
			o.Status = OrderDone
		}
	}
	return nil
}
