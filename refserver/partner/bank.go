package partner

import (
	"context"
	"database/sql"

	"github.com/citizencode/citizencode/scenarios/rails"
)

// A Bank is a simulated bank: accounts behind mandates, each with so many fen
// at its beginning.
type Bank struct {
	orders
	funds map[string]int64
}

var _ rails.Bank = (*Bank)(nil)

// NewBank returns the bank that keeps its orders in db. funds are by token of a
// mandate.
func NewBank(ctx context.Context, db *sql.DB, funds map[string]int64) (*Bank, error) {
	o, err := open(ctx, db, "bank")
	return &Bank{o, funds}, err
}

// Charge implements [rails.Bank]. The reasons are no-mandate and no-funds.
func (b *Bank) Charge(ctx context.Context, c rails.Charge) (rails.Answer, error) {
	return b.once(ctx, c.Key, func(ctx context.Context, tx *sql.Tx) (order, string, error) {
		row := order{account: b.digest(c.Mandate.Token()), fen: c.Fen}
		funds, known := b.funds[c.Mandate.Token()]
		if !known {
			return row, "no-mandate", nil
		}
		spent, err := b.spent(ctx, tx, row.account)
		if funds-spent < c.Fen {
			return row, "no-funds", err
		}
		return row, "", err
	})
}

// Refund implements [rails.Bank]. The reasons are no-charge and exceeds-charge.
func (b *Bank) Refund(ctx context.Context, r rails.Refund) (rails.Answer, error) {
	return b.once(ctx, r.Key, func(ctx context.Context, tx *sql.Tx) (order, string, error) {
		charge, back, known, err := b.find(ctx, tx, r.Charge)
		row := order{account: charge.account, fen: -r.Fen, takes: b.name + r.Charge}
		switch {
		case err != nil:
			return row, "", err
		case !known:
			return row, "no-charge", nil
		case back.fen+r.Fen > charge.fen:
			return row, "exceeds-charge", nil
		}
		return row, "", nil
	})
}
