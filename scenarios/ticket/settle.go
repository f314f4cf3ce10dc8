package ticket

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/ledger"
)

// Settle returns what each product came to on a business day: sales less
// cancellations, as the ledger has them. A day is closed when the ledger has
// closed it.
func (s *Scenario) Settle(ctx context.Context, day string) (*scenarios.Settlement, error) {
	d, err := ledger.ParseDay(day)
	if err != nil {
		return nil, err
	}
	if s.ledger == nil {
		return nil, errors.New("ticket: a gate has no ledger to settle")
	}
	st := &scenarios.Settlement{Day: day}
	switch last, err := s.ledger.LastClosing(ctx); {
	case err == nil:
		st.Closed = last.Day.Compare(d) >= 0
	case !errors.Is(err, ledger.ErrNotFound):
		return nil, fmt.Errorf("settle: %w", err)
	}
	for _, product := range slices.Sorted(maps.Keys(s.products)) {
		line := scenarios.SettlementLine{Party: product}
		for q := (ledger.StatementQuery{Account: s.income(product), From: d, To: d}); ; {
			page, err := s.ledger.Statement(ctx, q)
			if err != nil {
				return nil, fmt.Errorf("settle %s: %w", product, err)
			}
			for _, l := range page.Lines {
				line.Fen += l.Credit - l.Debit
				if l.Credit > 0 {
					line.Count++
				} else {
					line.Count--
				}
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
