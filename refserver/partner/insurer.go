package partner

import (
	"context"
	"database/sql"

	"github.com/citizencode/citizencode/scenarios/hospital/payer"
	"github.com/citizencode/citizencode/scenarios/rails"
)

// A Policy is one insured person: the pool bears Percent of what a claim has
// above Deductible, and Account is the balance of the personal account at the
// beginning, in fen.
type Policy struct {
	Percent    int64 `json:"percent"`
	Deductible int64 `json:"deductible"`
	Account    int64 `json:"account"`
}

// An Insurer is a simulated social insurance.
type Insurer struct {
	orders
	policies map[string]Policy
}

var _ payer.Insurer = (*Insurer)(nil)

// NewInsurer returns the insurance that keeps its orders in db. policies are by
// pseudonym of a patient.
func NewInsurer(ctx context.Context, db *sql.DB, policies map[string]Policy) (*Insurer, error) {
	o, err := open(ctx, db, "insurer")
	return &Insurer{o, policies}, err
}

// Quote implements [payer.Insurer]. Who is not insured has no cover.
func (i *Insurer) Quote(ctx context.Context, c payer.Claim) (payer.Cover, error) {
	policy, insured := i.policies[c.Patient]
	if !insured {
		return payer.Cover{}, nil
	}
	var spent int64
	err := i.db.QueryRowContext(ctx, `SELECT COALESCE(SUM(fen), 0) FROM simulated_order WHERE account = $1 AND accepted = 1`, i.digest(c.Patient)).Scan(&spent)
	above := max(c.Fen-policy.Deductible, 0)
	// The whole and the rest apart: their product stays within 64 bits.
	return payer.Cover{Pool: above/100*policy.Percent + above%100*policy.Percent/100, Account: max(policy.Account-spent, 0)}, err
}

// Pay implements [payer.Insurer]. The reasons are not-insured and no-balance.
func (i *Insurer) Pay(ctx context.Context, p payer.Payment) (rails.Answer, error) {
	return i.once(ctx, p.Key, func(ctx context.Context, tx *sql.Tx) (order, string, error) {
		row := order{account: i.digest(p.Claim.Patient), fen: p.Account, pool: p.Pool}
		policy, insured := i.policies[p.Claim.Patient]
		if !insured {
			return row, "not-insured", nil
		}
		spent, err := i.spent(ctx, tx, row.account)
		if policy.Account-spent < p.Account {
			return row, "no-balance", err
		}
		return row, "", err
	})
}

// Refund implements [payer.Insurer]. The reason is no-payment, also for one that
// was taken back.
func (i *Insurer) Refund(ctx context.Context, r payer.Refund) (rails.Answer, error) {
	return i.once(ctx, r.Key, func(ctx context.Context, tx *sql.Tx) (order, string, error) {
		paid, taken, known, err := i.find(ctx, tx, r.Payment)
		row := order{account: paid.account, fen: -paid.fen, pool: -paid.pool, takes: i.name + r.Payment}
		if !known || taken.times > 0 {
			return row, "no-payment", err
		}
		return row, "", err
	})
}
