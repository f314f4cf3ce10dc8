// Package payertest has an insurer that keeps its own books and misbehaves on
// demand.
package payertest

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"

	"github.com/citizencode/citizencode/scenarios/hospital/payer"
	"github.com/citizencode/citizencode/scenarios/rails"
)

// ErrTimeout is what a caller sees of a fault.
var ErrTimeout = errors.New("payertest: timed out")

// A Policy is one insured person: the pool bears Percent of what a claim has
// above Deductible, and Account is the balance of the personal account, in fen.
type Policy struct {
	Percent    int64
	Deductible int64
	Account    int64
}

// An Insurer is a payer.Insurer in memory. It is safe for concurrent use.
type Insurer struct {
	mu       sync.Mutex
	rand     *rand.Rand
	faults   int
	policies map[string]*Policy
	answers  map[string]rails.Answer
	paid     map[string]payer.Payment
	pool     int64
}

var _ payer.Insurer = (*Insurer)(nil)

// NewInsurer returns an insurer of which faults of 100 calls fail, half of them
// after the effect, drawn from seed.
func NewInsurer(faults int, seed uint64, policies map[string]Policy) *Insurer {
	i := &Insurer{rand: rand.New(rand.NewPCG(seed, 7)), faults: faults, policies: make(map[string]*Policy),
		answers: make(map[string]rails.Answer), paid: make(map[string]payer.Payment)}
	for patient, p := range policies {
		i.policies[patient] = &p
	}
	return i
}

// Calm ends the faults.
func (i *Insurer) Calm() { i.Fail(0) }

// Fail makes faults of 100 calls fail from now on.
func (i *Insurer) Fail(faults int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.faults = faults
}

// Account returns the balance of a personal account.
func (i *Insurer) Account(patient string) int64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	if p := i.policies[patient]; p != nil {
		return p.Account
	}
	return 0
}

// Pool returns what the pool has paid.
func (i *Insurer) Pool() int64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.pool
}

// Quote implements payer.Insurer. Who is not insured has no cover.
func (i *Insurer) Quote(ctx context.Context, c payer.Claim) (payer.Cover, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if err := i.fault(ctx); err != nil {
		return payer.Cover{}, err
	}
	p := i.policies[c.Patient]
	if p == nil {
		return payer.Cover{}, nil
	}
	return payer.Cover{Pool: max(c.Fen-p.Deductible, 0) * p.Percent / 100, Account: p.Account}, nil
}

// Pay implements payer.Insurer. The reasons are "not-insured" and "no-balance".
func (i *Insurer) Pay(ctx context.Context, p payer.Payment) (rails.Answer, error) {
	return i.order(ctx, p.Key, func() rails.Answer {
		policy := i.policies[p.Claim.Patient]
		switch {
		case policy == nil:
			return rails.Answer{State: rails.Declined, Reason: "not-insured"}
		case p.Account > policy.Account:
			return rails.Answer{State: rails.Declined, Reason: "no-balance"}
		}
		policy.Account -= p.Account
		i.pool += p.Pool
		i.paid[p.Key] = p
		return rails.Answer{State: rails.Accepted}
	})
}

// Refund implements payer.Insurer. The reason is "no-payment".
func (i *Insurer) Refund(ctx context.Context, r payer.Refund) (rails.Answer, error) {
	return i.order(ctx, r.Key, func() rails.Answer {
		p, known := i.paid[r.Payment]
		if !known {
			return rails.Answer{State: rails.Declined, Reason: "no-payment"}
		}
		delete(i.paid, r.Payment)
		i.policies[p.Claim.Patient].Account += p.Account
		i.pool -= p.Pool
		return rails.Answer{State: rails.Accepted}
	})
}

// Query implements rails.Querier.
func (i *Insurer) Query(ctx context.Context, key string) (rails.Answer, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.answers[key], i.fault(ctx)
}

func (i *Insurer) order(ctx context.Context, key string, effect func() rails.Answer) (rails.Answer, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	err := i.fault(ctx)
	if err != nil && (ctx.Err() != nil || i.rand.IntN(2) == 0) {
		return rails.Answer{}, err // lost on the way
	}
	if _, known := i.answers[key]; !known {
		i.answers[key] = effect()
	}
	if err != nil {
		return rails.Answer{}, err // the answer is lost
	}
	return i.answers[key], nil
}

func (i *Insurer) fault(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if i.rand.IntN(100) < i.faults {
		return ErrTimeout
	}
	return nil
}
