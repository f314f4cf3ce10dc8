package voucher

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/ledger"
)

// Settle returns what each merchant earned on a business day: redemptions less
// those that were taken back. A day is closed when the ledger has closed it.
func (s *Scenario) Settle(ctx context.Context, day string) (*scenarios.Settlement, error) {
	d, err := ledger.ParseDay(day)
	if err != nil {
		return nil, err
	}
	st := &scenarios.Settlement{Day: day}
	switch last, err := s.ledger.LastClosing(ctx); {
	case err == nil:
		st.Closed = last.Day.Compare(d) >= 0
	case !errors.Is(err, ledger.ErrNotFound):
		return nil, fmt.Errorf("settle: %w", err)
	}
	for _, m := range s.merchants() {
		line := scenarios.SettlementLine{Party: m}
		for q := (ledger.StatementQuery{Account: payable(m), From: d, To: d}); ; {
			page, err := s.ledger.Statement(ctx, q)
			if err != nil {
				return nil, fmt.Errorf("settle %s: %w", m, err)
			}
			for _, l := range page.Lines {
				switch l.Kind {
				case kindRedeem:
					line.Count++
				case kindRedeem + ".reversal":
					line.Count--
				default: // a payout
					continue
				}
				line.Fen += l.Credit - l.Debit
			}
			if !page.More {
				break
			}
			q.After = &page.Lines[len(page.Lines)-1]
		}
		if line.Count != 0 || line.Fen != 0 {
			st.Lines = append(st.Lines, line)
		}
	}
	return st, nil
}

// merchants lists those of all campaigns in order.
func (s *Scenario) merchants() []string {
	var list []string
	for _, c := range s.campaigns {
		list = append(list, c.Merchants...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// ErrDayOpen is returned for a day on which more may come.
var ErrDayOpen = errors.New("voucher: the day is not closed")

// PayOut pays the merchants what a closed day came to, each once however often
// it is called; a merchant whose day is negative owes it.
func (s *Scenario) PayOut(ctx context.Context, day string) error {
	st, err := s.Settle(ctx, day)
	if err != nil {
		return err
	}
	if !st.Closed {
		return ErrDayOpen
	}
	d, err := ledger.ParseDay(day)
	if err != nil {
		return err
	}
	morning, err := time.Parse(time.DateOnly, day) // the same at every call
	if err != nil {
		return err
	}
	fund := ledger.MustAccount(ledger.Asset, "fund", "voucher")
	var drafts []ledger.Draft
	for _, line := range st.Lines {
		debit, credit := payable(line.Party), fund
		if line.Fen < 0 {
			debit, credit = credit, debit
		}
		if amount := max(line.Fen, -line.Fen); amount > 0 {
			drafts = append(drafts, ledger.Draft{Key: kindPayout + ":" + line.Party + ":" + day, Kind: kindPayout, Time: morning, Day: d,
				Postings: []ledger.Posting{{Account: debit, Debit: amount}, {Account: credit, Credit: amount}}})
		}
	}
	return s.postEach(ctx, drafts)
}
