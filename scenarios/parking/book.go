package parking

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/rails"
)

// checkpoint is after how many transactions the place is kept, so that a
// restart does not post everything again.
const checkpoint = 1000

// pending is what the books' follower asks for.
func (s *Scenario) pending(ctx context.Context, from int64) (gone int64, drafts []ledger.Draft, err error) {
	err = s.stream.View(ctx, func() error {
		gone = s.state.base
		drafts = s.state.drafts[max(from, gone)-gone:]
		drafts = drafts[:min(len(drafts), ledger.MaxBatch)]
		return nil
	})
	return gone, drafts, err
}

// refuse hears of a transaction that the ledger refused.
func (s *Scenario) refuse(r *ledger.RefusedError) error {
	if r.Reason == ledger.DayClosed {
		return r
	}
	// A fault of this package. It is counted, and no day is closed over it, but
	// barriers go on.
	s.refused.Add(1)
	return nil
}

// post brings into the ledger what follows from the events and may be missing.
func (s *Scenario) post(ctx context.Context) error {
	n, gone, err := s.follower.Follow(ctx)
	if err != nil {
		return fmt.Errorf("parking: book: %w", err)
	}
	if n-gone < checkpoint || s.refused.Load() > 0 {
		return nil
	}
	return s.stream.Change(ctx, func() ([]eventlog.Event, error) {
		if s.state.base >= n {
			return nil, nil
		}
		last := s.state.drafts[n-s.state.base-1].Time
		return s.state.stage(fmt.Sprintf("posted:%d", n), last, "", nil, []fact{&posted{n}})
	})
}

// order is one that the bank is to be asked.
type order struct {
	key     string
	bill    string
	lot     string
	fen     int64
	mandate string // sealed; of a charge
	owner   string // of the mandate
	plate   string // of the mandate
	refunds string // key of a charge, for a payback
	at      time.Time
}

func (st *state) order(o *order) { st.pending[o.key] = o }

// MaxCollect is how many orders one call of Collect asks the bank for.
const MaxCollect = 1000

// Collected is what a call of Collect came to.
type Collected struct {
	Accepted int `json:"accepted"`
	Declined int `json:"declined"` // charges are debts now, paybacks wait at the desk
	Unknown  int `json:"unknown"`  // the bank has not said; ask again
}

// Collect drives the charges and paybacks that were accepted at the barriers to
// their end (异步受理后的扣款结果), and books them. Nobody waits for it at a
// barrier. It may stop anywhere and be called again.
func (s *Scenario) Collect(ctx context.Context) (c Collected, err error) {
	if s.bank == nil {
		return c, nil
	}
	s.deciding.Lock()
	defer s.deciding.Unlock()
	// What an order refunds must be in the books before it.
	if err := s.finish(ctx); err != nil {
		return c, err
	}
	var orders []*order
	payers := make(map[string]string)
	err = s.stream.View(ctx, func() error {
		for _, o := range s.state.pending {
			if len(orders) == MaxCollect {
				break
			}
			orders = append(orders, o)
			payers[o.key] = s.state.bills[o.bill].payer
		}
		return nil
	})
	for _, o := range orders {
		if err != nil {
			return c, err
		}
		err = s.collect(ctx, o, payers[o.key], &c)
	}
	return c, err
}

func (s *Scenario) collect(ctx context.Context, o *order, payer string, c *Collected) error {
	booking := &ledger.Draft{Kind: "parking.charge", Time: o.at, Day: ledger.DayOf(o.at), Attributes: map[string]string{"lot": o.lot, "bill": o.bill},
		Postings: []ledger.Posting{{Account: bankClearing, Debit: o.fen}, {Account: receivable(payer), Credit: o.fen}}}
	var sent *rails.Order
	var err error
	if o.refunds == "" {
		token, openErr := s.seal.open(o.mandate)
		if openErr != nil {
			return openErr
		}
		mandate, parseErr := rails.ParseMandate(token)
		if parseErr != nil {
			return parseErr
		}
		sent, err = rails.ChargeOrder(s.bank, rails.Charge{Key: o.key, Mandate: mandate, Fen: o.fen})
	} else {
		booking.Kind, booking.Refunds, booking.Postings = "parking.payback", o.refunds, ledger.Mirror(booking.Postings)
		sent, err = rails.RefundOrder(s.bank, rails.Refund{Key: o.key, Charge: o.refunds, Fen: o.fen})
	}
	if err != nil {
		return err
	}
	answer, err := s.settler.Settle(ctx, sent, booking)
	switch {
	case errors.Is(err, rails.ErrUnsettled):
		c.Unknown++
		return ctx.Err()
	case err != nil:
		return err
	}
	accepted := answer.State == rails.Accepted
	if accepted {
		c.Accepted++
	} else {
		c.Declined++
	}
	var f fact = &charged{Bill: o.bill, Accepted: accepted, Reason: answer.Reason}
	if o.refunds != "" {
		f = &returned{Key: o.key, Accepted: accepted}
	}
	at := s.now()
	return s.stream.Change(ctx, func() ([]eventlog.Event, error) {
		if s.state.pending[o.key] == nil {
			return nil, nil // another process has heard the same
		}
		return s.state.stage("b:"+strings.ReplaceAll(o.key, " ", "_"), at, "", nil, []fact{f})
	})
}
