package voucher

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/citizencode/citizencode/scenarios/ledger"
)

// The kinds of transactions; see the package comment for their accounts.
const (
	kindGrant    = "voucher.grant"
	kindRedeem   = "voucher.redeem"
	kindExpire   = "voucher.expire"
	kindClawback = "voucher.clawback"
	kindRecover  = "voucher.recover"
	kindPayout   = "voucher.payout"
)

// maxEnds bounds how often a voucher can be spent and brought back.
const maxEnds = 8

// digest makes a word of a visit's key, a request or a pseudonym, which may be
// of any length and any characters.
func digest(s string) string { return ledger.TransactionID(s) }

func outstanding(campaign string) ledger.Account {
	return ledger.MustAccount(ledger.Liability, "voucher", campaign)
}

func expense(campaign string) ledger.Account {
	return ledger.MustAccount(ledger.Expense, "voucher", campaign)
}

func payable(merchant string) ledger.Account {
	return ledger.MustAccount(ledger.Liability, "merchant", merchant)
}

// grantDraft is the posting that gives a voucher. It follows from the grant
// alone, so whoever finds it missing books the same.
func grantDraft(c *Campaign, g Grant) ledger.Draft {
	return ledger.Draft{Key: kindGrant + ":" + g.Campaign + ":" + g.Person, Kind: kindGrant, Time: g.Time, Day: ledger.DayOf(g.Time),
		Postings:   []ledger.Posting{{Account: expense(c.ID), Debit: c.Value}, {Account: outstanding(c.ID), Credit: c.Value}},
		Attributes: map[string]string{"visit": g.Visit}}
}

// endKey is the key of the nth end of a voucher, whatever its kind: of two that
// end it at once the ledger takes one.
func endKey(g Grant, n int) string {
	return "voucher.end:" + g.Campaign + ":" + g.Person + ":" + strconv.Itoa(n)
}

// endDraft ends a voucher; what it was worth goes to the account to.
func endDraft(c *Campaign, g Grant, n int, kind string, at time.Time, to ledger.Account, attributes map[string]string) ledger.Draft {
	return ledger.Draft{Key: endKey(g, n), Kind: kind, Time: at, Day: ledger.DayOf(at), Attributes: attributes,
		Postings: []ledger.Posting{{Account: outstanding(c.ID), Debit: c.Value}, {Account: to, Credit: c.Value}}}
}

// A life is what the ledger says of a voucher.
type life struct {
	n    int                   // the end that comes next
	end  *ledger.Transaction   // that ended it; nil: it is open
	ends []*ledger.Transaction // all, also those that were taken back
}

// by returns the end with an attribute.
func (l *life) by(name, value string) *ledger.Transaction {
	for _, t := range l.ends {
		if t.Attribute(name) == value {
			return t
		}
	}
	return nil
}

func (s *Scenario) life(ctx context.Context, g Grant) (l life, err error) {
	for ; l.n < maxEnds; l.n++ {
		r, err := s.ledger.Find(ctx, endKey(g, l.n))
		if errors.Is(err, ledger.ErrNotFound) {
			return l, nil
		}
		if err != nil {
			return l, fmt.Errorf("find the end of a voucher: %w", err)
		}
		l.ends = append(l.ends, r.Transaction)
		if !r.Reversed {
			l.end = r.Transaction
			return l, nil
		}
	}
	return l, nil
}

// post books drafts, all or none. What belongs to a closed day is booked on the
// first open one.
func (s *Scenario) post(ctx context.Context, drafts ...ledger.Draft) error {
	_, err := s.ledger.PostAllLate(ctx, drafts)
	return err
}
