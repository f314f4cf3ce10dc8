package railstest

import (
	"context"

	"github.com/citizencode/citizencode/scenarios/rails"
)

// A Bank is a bank with accounts behind mandates.
type Bank struct {
	partner
	funds    map[rails.Mandate]int64
	charges  map[string]rails.Charge
	refunded map[string]int64 // by key of the charge
}

var _ rails.Bank = (*Bank)(nil)

// NewBank returns a bank in which the accounts behind mandates hold so many fen.
func NewBank(f Faults, funds map[rails.Mandate]int64) *Bank {
	b := &Bank{newPartner(f), make(map[rails.Mandate]int64), make(map[string]rails.Charge), make(map[string]int64)}
	for m, fen := range funds {
		b.funds[m] = fen
	}
	return b
}

// Charge implements rails.Bank. The reasons are "no-mandate" and "no-funds".
func (b *Bank) Charge(ctx context.Context, c rails.Charge) (rails.Answer, error) {
	return b.call(ctx, c.Key, func() (rails.Answer, int64) {
		funds, ok := b.funds[c.Mandate]
		switch {
		case !ok:
			return declined("no-mandate")
		case funds < c.Fen:
			return declined("no-funds")
		}
		b.funds[c.Mandate] -= c.Fen
		b.charges[c.Key] = c
		return accepted(c.Fen)
	})
}

// Refund implements rails.Bank. The reasons are "no-charge" and "exceeds-charge".
func (b *Bank) Refund(ctx context.Context, r rails.Refund) (rails.Answer, error) {
	return b.call(ctx, r.Key, func() (rails.Answer, int64) {
		c, ok := b.charges[r.Charge]
		switch {
		case !ok:
			return declined("no-charge")
		case b.refunded[r.Charge]+r.Fen > c.Fen:
			return declined("exceeds-charge")
		}
		b.refunded[r.Charge] += r.Fen
		b.funds[c.Mandate] += r.Fen
		return accepted(-r.Fen)
	})
}

// Funds returns what is left behind a mandate, in fen.
func (b *Bank) Funds(m rails.Mandate) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.funds[m]
}
