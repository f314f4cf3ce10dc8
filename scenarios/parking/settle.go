package parking

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/parking/reserve"
)

type countKey struct {
	day ledger.Day
	lot string
}

// Counts are events of one lot on one day.
type Counts struct {
	Entries int `json:"entries"`
	Exits   int `json:"exits"`
	Doubts  int `json:"doubts"`  // sessions that a person has to look at
	Strays  int `json:"strays"`  // exits of cars that never came in
	Missing int `json:"missing"` // cars that nobody saw leave
}

func (st *state) count(at time.Time, lot string) *Counts {
	k := countKey{ledger.DayOf(at), lot}
	c := st.counts[k]
	if c == nil {
		c = &Counts{}
		st.counts[k] = c
	}
	return c
}

// A LotReport is what one lot came to on one business day. Amounts are fen and
// as booked on that day; the counts are of events of that day.
type LotReport struct {
	Lot string `json:"lot"`
	Counts
	Bills    int   `json:"bills"`    // that are not free
	Fees     int64 `json:"fees"`     // billed for stays
	Dues     int64 `json:"dues"`     // and for reservations, the operator's part
	Refunds  int64 `json:"refunds"`  // of both
	Mandate  int64 `json:"mandate"`  // received
	QR       int64 `json:"qr"`       // received
	Cash     int64 `json:"cash"`     // received
	PaidBack int64 `json:"paidBack"` // of what was received
	Owners   int64 `json:"owners"`   // owed to owners of shared bays
}

// Net is what the lot earned.
func (r *LotReport) Net() int64 { return r.Fees + r.Dues - r.Refunds }

const kindOfFee = "parking.fee"

// Report returns what each lot came to on a business day, those that had nothing
// left out, in order of their ids. The money is read from the ledger.
func (s *Scenario) Report(ctx context.Context, day ledger.Day) ([]LotReport, error) {
	lots, _, err := s.report(ctx, day)
	return lots, err
}

// report reads the books of a day.
func (s *Scenario) report(ctx context.Context, day ledger.Day) ([]LotReport, map[string]int64, error) {
	if err := s.finish(ctx); err != nil {
		return nil, nil, err
	}
	lots, parties := make(map[string]*LotReport), make(map[string]int64)
	at := func(lot string) *LotReport {
		if lots[lot] == nil {
			lots[lot] = &LotReport{Lot: lot}
		}
		return lots[lot]
	}
	for t, err := range s.books.Transactions(ctx, day, day) {
		if err != nil {
			return nil, nil, err
		}
		kind, of, _ := strings.Cut(t.Key(), ":")
		if !strings.HasPrefix(kind, "parking.") || !strings.HasPrefix(of, s.operator+":") {
			continue // another scenario's, or another operator's
		}
		lot := t.Attribute("lot")
		if lot == "" {
			for _, p := range t.Postings() {
				if party, ok := strings.CutPrefix(p.Account.String(), "liability/parking/"); ok {
					parties[party] += p.Credit - p.Debit
				}
			}
			continue
		}
		r := at(lot)
		earned := income(lot)
		if t.Kind() == kindOfFee {
			r.Bills++
		}
		for _, p := range t.Postings() {
			switch account := p.Account.String(); {
			case p.Account == earned && t.Kind() == kindOfFee:
				r.Fees += p.Credit
			case p.Account == earned && p.Credit > 0:
				r.Dues += p.Credit
			case p.Account == earned:
				r.Refunds += p.Debit
			case p.Account == bankClearing && p.Debit > 0:
				r.Mandate += p.Debit
			case p.Account == qrClearing && p.Debit > 0:
				r.QR += p.Debit
			case strings.HasPrefix(account, "asset/cash/") && p.Debit > 0:
				r.Cash += p.Debit
			case strings.HasPrefix(account, "liability/parking/"):
				r.Owners += p.Credit - p.Debit
				parties[strings.TrimPrefix(account, "liability/parking/")] += p.Credit - p.Debit
			case !strings.HasPrefix(account, "asset/receivable/"):
				r.PaidBack += p.Credit
			}
		}
	}
	err := s.stream.View(ctx, func() error {
		for k, c := range s.state.counts {
			if k.day == day {
				at(k.lot).Counts = *c
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	list := make([]LotReport, 0, len(lots))
	for _, r := range lots {
		list = append(list, *r)
	}
	slices.SortFunc(list, func(a, b LotReport) int { return strings.Compare(a.Lot, b.Lot) })
	return list, parties, nil
}

// Settle implements scenarios.Settler: what each lot earned, and what owners of
// shared bays and their guests are owed.
func (s *Scenario) Settle(ctx context.Context, day string) (*scenarios.Settlement, error) {
	d, err := ledger.ParseDay(day)
	if err != nil {
		return nil, err
	}
	out := &scenarios.Settlement{Day: day}
	switch last, err := s.books.LastClosing(ctx); {
	case err == nil:
		out.Closed = last.Day.Compare(d) >= 0
	case !errors.Is(err, ledger.ErrNotFound):
		return nil, err
	}
	lots, parties, err := s.report(ctx, d)
	if err != nil {
		return nil, err
	}
	for _, r := range lots {
		if r.Bills > 0 || r.Net() != 0 {
			out.Lines = append(out.Lines, scenarios.SettlementLine{Party: r.Lot, Count: r.Bills, Fen: r.Net()})
		}
	}
	for party, fen := range parties {
		if fen != 0 {
			out.Lines = append(out.Lines, scenarios.SettlementLine{Party: party, Fen: fen})
		}
	}
	slices.SortStableFunc(out.Lines, func(a, b scenarios.SettlementLine) int { return strings.Compare(a.Party, b.Party) })
	return out, nil
}

// CloseDay closes a business day in the ledger, which scenarios that share it
// have then closed too, and returns its settlement. It is an error while the
// ledger lacks a transaction.
func (s *Scenario) CloseDay(ctx context.Context, day ledger.Day) (*scenarios.Settlement, error) {
	if err := s.finish(ctx); err != nil {
		return nil, err
	}
	if s.refused.Load() > 0 {
		return nil, errors.New("parking: the ledger refused transactions; no day is closed over them")
	}
	if _, err := s.books.CloseDay(ctx, day); err != nil {
		return nil, err
	}
	return s.Settle(ctx, day.String())
}

// Metrics implements scenarios.Meter.
func (s *Scenario) Metrics() []scenarios.Metric {
	var list []scenarios.Metric
	add := func(name, label string, value int64, zh, en string) {
		list = append(list, scenarios.Metric{Name: name, Label: label, Value: value, Help: text(zh, en)})
	}
	_ = s.stream.View(context.Background(), func() error {
		st := s.state
		var review, debts, fen int64
		for _, in := range st.sessions {
			switch in.state {
			case Contested, ExitInDoubt, ExitMissing, TimesInDoubt:
				review++
			}
		}
		for _, of := range st.debts {
			for id := range of {
				debts++
				fen += st.bills[id].debt()
			}
		}
		for _, id := range slices.Sorted(maps.Keys(st.yards)) {
			add("cars-inside", id, int64(st.yards[id].occupied()), "场内车辆", "cars inside")
		}
		add("sessions-in-review", "", review, "待核实的停车记录", "sessions that a person has to look at")
		add("debts", "", debts, "欠费笔数", "bills that are owed")
		add("debts-fen", "", fen, "欠费金额（分）", "fen that are owed")
		add("orders-pending", "", int64(len(st.pending)), "等待银行结果的扣款", "charges and paybacks that wait for the bank")
		return nil
	})
	add("postings-refused", "", s.refused.Load(), "账本拒收的分录", "transactions that the ledger refused")
	return list
}

// forget drops what is over and settled for long, once a day, so that memory
// does not grow with the years. The events stay.
func (st *state) forget(at time.Time) {
	today := ledger.DayOf(at)
	if today.Compare(st.kept) <= 0 {
		return
	}
	st.kept = today
	before := at.AddDate(0, 0, -st.keepDays)
	for id, s := range st.sessions {
		if !s.leftAt.Before(before) || !s.enteredAt.Before(before) || !s.state.ended() || st.ending[s.reservation] {
			continue
		}
		if b := st.bills[id]; b != nil && !b.settled() {
			continue
		}
		delete(st.sessions, id)
		delete(st.bills, id)
		delete(st.visits, s.entry)
		delete(st.visits, s.exit)
		if y := st.yards[s.lot]; y != nil && y.ended[s.name] == s {
			delete(y.ended, s.name)
		}
	}
	for id, b := range st.booked {
		if bill := st.bills["r-"+id]; b.state == reserve.Held || !b.until.Before(before) || bill != nil && !bill.settled() {
			continue
		}
		delete(st.booked, id)
		delete(st.bills, "r-"+id)
	}
	for name, r := range st.replies {
		if r.at.Before(before) {
			delete(st.replies, name)
		}
	}
	if n := len(st.notices) - MaxNotices; n > 0 {
		st.notices, st.noticed = slices.Clone(st.notices[n:]), st.noticed+int64(n)
	}
	old := today.Add(-400)
	for k := range st.counts {
		if k.day.Compare(old) < 0 {
			delete(st.counts, k)
		}
	}
}
