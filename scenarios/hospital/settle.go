package hospital

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/rails"
)

// Reverse takes a check-in back that was a mistake, and with it the visit, its
// number in the queue and the arrival at its appointment. What costs money is
// taken back by [Scenario.CancelOrder]. Refused: visit-unknown, not-reversible
// for another action or after an order, encounter-left.
func (s *Scenario) Reverse(ctx context.Context, r scenarios.Reversal) (*scenarios.Decision, error) {
	visit := digest("visit\x00" + r.Key)
	ask, err := newAsk("reversal", r.Request, r.Time, []string{r.Key})
	if err != nil {
		return nil, err
	}
	return s.answer(ctx, ask, r.Time, checkInReversed, func(st *state) (any, *scenarios.Decision, error) {
		v := st.checkIns[visit]
		if v == nil {
			if _, known := st.answers[visit]; known {
				return nil, refuse(NotReversible), nil
			}
			return nil, refuse(VisitUnknown), nil
		}
		en := st.encounters[v.encounter]
		switch {
		case v.reversed || en.left:
			return nil, refuse(EncounterLeft), nil
		case !v.opened || len(en.orders) > 0 || en.advance != nil:
			return nil, refuse(NotReversible), nil
		}
		d, err := scenarios.Allowed(scenarios.Text{Zh: "签到已撤销", En: "The check-in is taken back"}, map[string]string{"encounter": en.id})
		return checkInReversal{visit, oneLine(r.By), oneLine(r.Why)}, d, err
	})
}

// Settle returns what a business day came to: what each payer bore of the
// treatments, less what was given back, and what patients repaid. A day is
// closed when the ledger has closed it.
func (s *Scenario) Settle(ctx context.Context, day string) (*scenarios.Settlement, error) {
	d, err := ledger.ParseDay(day)
	if err != nil {
		return nil, err
	}
	if err := s.post(ctx); err != nil {
		return nil, err
	}
	st := &scenarios.Settlement{Day: day}
	switch last, err := s.books.LastClosing(ctx); {
	case err == nil:
		st.Closed = last.Day.Compare(d) >= 0
	case !errors.Is(err, ledger.ErrNotFound):
		return nil, fmt.Errorf("settle: %w", err)
	}
	for _, party := range []struct {
		name    string
		account ledger.Account
		sign    int64
	}{
		{"hospital", careIncome(s.id), -1}, // income is a credit, and owed to it
		{"insurer-pool", poolAccount(s.id), -1}, {"insurer-account", insuredAccount(s.id), -1},
		{"interest", interestIncome(s.id), -1}, {"emergency-fund", fundLoss(s.id), -1},
	} {
		line := scenarios.SettlementLine{Party: party.name}
		for q := (ledger.StatementQuery{Account: party.account, From: d, To: d}); ; {
			page, err := s.books.Statement(ctx, q)
			if err != nil {
				return nil, fmt.Errorf("settle %s: %w", party.name, err)
			}
			for _, l := range page.Lines {
				line.Count++
				line.Fen += party.sign * (l.Debit - l.Credit)
			}
			if !page.More {
				break
			}
			q.After = &page.Lines[len(page.Lines)-1]
		}
		if line.Count > 0 {
			st.Lines = append(st.Lines, line)
		}
	}
	return st, nil
}

// Metrics counts for the operations room.
func (s *Scenario) Metrics() (list []scenarios.Metric) {
	add := func(name, label string, value int, zh, en string) {
		list = append(list, scenarios.Metric{Name: name, Label: label, Value: int64(value), Help: scenarios.Text{Zh: zh, En: en}})
	}
	_ = s.stream.View(context.Background(), func() error {
		st := s.state
		open, unrecovered := 0, 0
		for _, en := range st.encounters {
			if !en.left {
				open++
			}
		}
		for _, id := range st.advances {
			if st.encounters[id].advance.left() > 0 {
				unrecovered++
			}
		}
		byStatus := make(map[AppointmentStatus]int)
		for _, a := range st.appointments {
			byStatus[a.Status]++
		}
		add("visits", "", len(st.encounters), "就诊次数", "visits")
		add("visits-open", "", open, "在院就诊", "visits that have not ended")
		for _, status := range []AppointmentStatus{Booked, Arrived, Fulfilled, NoShow, Cancelled} {
			add("appointments", string(status), byStatus[status], "预约", "appointments by status")
		}
		add("orders", "", len(st.orders), "医嘱", "orders")
		add("orders-pending", "", len(st.pending), "等待结算的医嘱", "orders that wait for a partner")
		add("repayments-pending", "", len(st.paying), "等待银行的还款", "repayments that wait for the bank")
		add("lender-pending", "", len(st.outbox), "待告知授信方", "messages that the lender has not heard")
		add("advances", "", len(st.advances), "急救垫付", "emergency advances")
		add("advances-open", "", unrecovered, "未收回的垫付", "advances that are not recovered")
		return nil
	})
	return list
}

// Resume goes on with everything that waits for a partner: orders, repayments,
// what the lender has to hear, and postings. A server calls it after Open and
// from time to time. The error joins what could still not be done.
func (s *Scenario) Resume(ctx context.Context) error {
	var orders, repayments []string
	err := s.stream.View(ctx, func() error {
		for id := range s.state.pending {
			orders = append(orders, id)
		}
		for id := range s.state.paying {
			repayments = append(repayments, id)
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.Sort(orders)
	slices.Sort(repayments)
	var faults []error
	for _, id := range orders {
		var ask asked
		if err := s.stream.View(ctx, func() error { ask = s.state.orders[id].ask; return nil }); err != nil {
			return err
		}
		if _, err := s.drive(ctx, id, ask); err != nil {
			faults = append(faults, err)
		}
	}
	for _, id := range repayments {
		var ask asked
		if err := s.stream.View(ctx, func() error { ask = asked{id, s.state.repayments[id].Request}; return nil }); err != nil {
			return err
		}
		if _, err := s.charge(ctx, ask, rails.Mandate{}); err != nil {
			faults = append(faults, fmt.Errorf("repayment: %w", err))
		}
	}
	if s.lender != nil {
		faults = append(faults, s.tellLender(ctx))
	}
	return errors.Join(append(faults, s.post(ctx))...)
}
