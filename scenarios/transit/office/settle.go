package office

import (
	"context"
	"maps"
	"slices"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/ledger"
)

// Settle returns what each operator's lines came to on a business day: what was
// booked on it, of that service day and, late, of those before. Parties are
// operator/line.
func (o *Office) Settle(ctx context.Context, day string) (*scenarios.Settlement, error) {
	d, err := ledger.ParseDay(day)
	if err != nil {
		return nil, err
	}
	closed, err := o.closed(ctx)
	if err != nil {
		return nil, err
	}
	st := &scenarios.Settlement{Day: day, Closed: closed.Compare(d) >= 0}
	err = o.main.View(ctx, func() error {
		shares := o.books.days[day]
		for _, party := range slices.Sorted(maps.Keys(shares)) {
			if s := shares[party]; s != (share{}) {
				st.Lines = append(st.Lines, scenarios.SettlementLine{Party: party, Count: int(s.Legs), Fen: s.Fen})
			}
		}
		return nil
	})
	return st, err
}

// Metrics counts what is in memory.
func (o *Office) Metrics() []scenarios.Metric {
	var taps, riders, late, debtors, pending int64
	ctx := context.Background() // what is read is in memory
	for _, m := range o.openMonths() {
		if s := o.month(m); s != nil {
			s.stream.View(ctx, func() error {
				taps += int64(s.state.taps)
				riders += int64(len(s.state.riders))
				late += int64(len(s.state.dirty))
				return nil
			})
		}
	}
	o.main.View(ctx, func() error {
		for _, a := range o.books.people {
			if a.since != "" {
				debtors++
			}
			if a.open != nil {
				pending++
			}
		}
		return nil
	})
	return []scenarios.Metric{
		{Name: "transit-office-taps", Help: scenarios.Text{Zh: "未归档刷码", En: "taps of the months that are not archived"}, Value: taps},
		{Name: "transit-office-riders", Help: scenarios.Text{Zh: "各月乘客数之和", En: "riders of these months, each in each"}, Value: riders},
		{Name: "transit-office-waiting", Help: scenarios.Text{Zh: "待计费乘客", En: "riders whose fares are to be computed"}, Value: late},
		{Name: "transit-office-debtors", Help: scenarios.Text{Zh: "欠费人数", En: "people on the deny list"}, Value: debtors},
		{Name: "transit-office-pending", Help: scenarios.Text{Zh: "扣款待确认", En: "orders without an answer"}, Value: pending},
	}
}
