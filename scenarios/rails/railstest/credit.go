package railstest

import (
	"context"

	"github.com/citizencode/citizencode/scenarios/rails"
)

// A Credit is a lender with accounts.
type Credit struct {
	partner
	accounts map[string]*CreditAccount
	holds    map[string]*hold
}

// A CreditAccount is what a lender knows of one borrower, in fen.
type CreditAccount struct{ Limit, Held, Owed int64 }

type hold struct {
	account *CreditAccount
	rest    int64
}

var _ rails.Credit = (*Credit)(nil)

// NewCredit returns a lender whose accounts have these limits.
func NewCredit(f Faults, limits map[string]int64) *Credit {
	c := &Credit{newPartner(f), make(map[string]*CreditAccount), make(map[string]*hold)}
	for name, fen := range limits {
		c.accounts[name] = &CreditAccount{Limit: fen}
	}
	return c
}

// Account returns a copy of what is known of a borrower.
func (c *Credit) Account(name string) CreditAccount {
	c.mu.Lock()
	defer c.mu.Unlock()
	return *c.accounts[name]
}

// Authorise implements rails.Credit. The reasons are "no-account" and
// "over-limit".
func (c *Credit) Authorise(ctx context.Context, a rails.Authorisation) (rails.Answer, error) {
	return c.call(ctx, a.Key, func() (rails.Answer, int64) {
		account := c.accounts[a.Account]
		switch {
		case account == nil:
			return declined("no-account")
		case account.Owed+account.Held+a.Fen > account.Limit:
			return declined("over-limit")
		}
		account.Held += a.Fen
		c.holds[a.Key] = &hold{account, a.Fen}
		return accepted(0)
	})
}

// Capture implements rails.Credit. The reasons are "no-authorisation" and
// "exceeds-authorisation".
func (c *Credit) Capture(ctx context.Context, x rails.Capture) (rails.Answer, error) {
	return c.call(ctx, x.Key, func() (rails.Answer, int64) {
		h := c.holds[x.Authorisation]
		switch {
		case h == nil:
			return declined("no-authorisation")
		case x.Fen > h.rest:
			return declined("exceeds-authorisation")
		}
		h.rest -= x.Fen
		h.account.Held -= x.Fen
		h.account.Owed += x.Fen
		return accepted(x.Fen)
	})
}

// Release implements rails.Credit. The reason is "no-authorisation".
func (c *Credit) Release(ctx context.Context, r rails.Release) (rails.Answer, error) {
	return c.call(ctx, r.Key, func() (rails.Answer, int64) {
		h := c.holds[r.Authorisation]
		if h == nil {
			return declined("no-authorisation")
		}
		h.account.Held -= h.rest
		h.rest = 0
		return accepted(0)
	})
}

// Repay implements rails.Credit. The reasons are "no-account" and "exceeds-debt".
func (c *Credit) Repay(ctx context.Context, r rails.Repayment) (rails.Answer, error) {
	return c.call(ctx, r.Key, func() (rails.Answer, int64) {
		account := c.accounts[r.Account]
		switch {
		case account == nil:
			return declined("no-account")
		case r.Fen > account.Owed:
			return declined("exceeds-debt")
		}
		account.Owed -= r.Fen
		return accepted(-r.Fen)
	})
}
