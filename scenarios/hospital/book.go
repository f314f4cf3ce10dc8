package hospital

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/rails"
)

// The accounts. An encounter's own are named by the hospital and its number.
func poolAccount(h string) ledger.Account {
	return ledger.MustAccount(ledger.Asset, "receivable", "insurer", h, "pool")
}
func insuredAccount(h string) ledger.Account {
	return ledger.MustAccount(ledger.Asset, "receivable", "insurer", h, "account")
}
func creditAccount(h, encounter string) ledger.Account {
	return ledger.MustAccount(ledger.Asset, "receivable", "credit", h, encounter)
}
func selfAccount(h, encounter string) ledger.Account {
	return ledger.MustAccount(ledger.Asset, "receivable", "self", h, encounter)
}
func advanceAccount(h, encounter string) ledger.Account {
	return ledger.MustAccount(ledger.Asset, "advance", h, encounter)
}
func careIncome(h string) ledger.Account     { return ledger.MustAccount(ledger.Income, "hospital", h) }
func interestIncome(h string) ledger.Account { return ledger.MustAccount(ledger.Income, "interest", h) }
func fundLoss(h string) ledger.Account {
	return ledger.MustAccount(ledger.Expense, "emergency-fund", h)
}
func ownLoss(h string) ledger.Account { return ledger.MustAccount(ledger.Expense, "hospital", h) }
func cashAccount(h string) ledger.Account {
	return ledger.MustAccount(ledger.Asset, "cash", h)
}

var bankAccount = ledger.MustAccount(ledger.Asset, "bank", "clearing")

// bookKey names a transaction, and an order to a partner.
func bookKey(what, hospital, of string) string { return "hospital." + what + ":" + hospital + ":" + of }

// chargeDraft books what an order costs and who bears it.
func chargeDraft(h string, at time.Time, o *order) ledger.Draft {
	d := ledger.Draft{Key: bookKey("charge", h, o.ID), Kind: "hospital.charge", Time: at, Day: o.day,
		Postings:   []ledger.Posting{{Account: careIncome(h), Credit: o.Fen}},
		Attributes: map[string]string{"encounter": o.Encounter}}
	for _, p := range []ledger.Posting{{Account: poolAccount(h), Debit: o.Parts.Pool}, {Account: insuredAccount(h), Debit: o.Parts.Account},
		{Account: creditAccount(h, o.Encounter), Debit: o.Parts.Credit}, {Account: selfAccount(h, o.Encounter), Debit: o.Parts.Self},
		{Account: advanceAccount(h, o.Encounter), Debit: o.Advance}} {
		if p.Debit > 0 {
			d.Postings = append(d.Postings, p)
		}
	}
	return d
}

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

// post brings into the ledger what follows from the events and may be missing.
func (s *Scenario) post(ctx context.Context) error {
	n, gone, err := s.follower.Follow(ctx)
	if err != nil {
		return fmt.Errorf("book: %w", err)
	}
	if n-gone < checkpoint {
		return nil
	}
	err = s.stream.Change(ctx, func() ([]eventlog.Event, error) {
		if s.state.base >= n {
			return nil, nil
		}
		e, err := event(fmt.Sprintf("posted:%d", n), posted, time.Unix(0, 0), postedChange{n})
		return []eventlog.Event{e}, err
	})
	if errors.Is(err, eventlog.ErrKeyTaken) {
		return nil
	}
	return err
}

// tellLender tells the lender what has been repaid and what it need not hold
// any longer.
func (s *Scenario) tellLender(ctx context.Context) error {
	var tasks []task
	if err := s.stream.View(ctx, func() error { tasks = append(tasks, s.state.outbox...); return nil }); err != nil {
		return err
	}
	for _, t := range tasks {
		var o *rails.Order
		var err error
		key := s.partnerKey("tell", t.key)
		if t.fen > 0 {
			o, err = rails.RepaymentOrder(s.lender, rails.Repayment{Key: key, Account: t.patient, Fen: t.fen})
		} else {
			o, err = rails.ReleaseOrder(s.lender, rails.Release{Key: key, Authorisation: s.partnerKey("authorise", t.encounter)})
		}
		if err != nil {
			return err
		}
		answer, err := s.settler.Settle(ctx, o, nil)
		if err != nil {
			return fmt.Errorf("tell the lender: %w", err)
		}
		change := sentChange{Key: t.key}
		if answer.State == rails.Declined {
			change.Reason = answer.Reason
		}
		err = s.stream.Change(ctx, func() ([]eventlog.Event, error) {
			e, err := event("sent:"+t.key, sent, time.Unix(0, 0), change)
			return []eventlog.Event{e}, err
		})
		if err != nil && !errors.Is(err, eventlog.ErrKeyTaken) {
			return err
		}
	}
	return nil
}
