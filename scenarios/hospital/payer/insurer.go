package payer

import (
	"context"
	"errors"
	"fmt"

	"github.com/citizencode/citizencode/scenarios/rails"
)

// An Insurer is the social insurance (医保经办机构) as a hospital sees it: it
// quotes, pays, and takes a payment back. Keys and answers are those of package
// rails: the same key moves nothing a second time, and no answer does not mean
// no. Implementations are safe for concurrent use.
type Insurer interface {
	rails.Querier
	// Quote (预结算) says what the insurance bears of a treatment. It changes
	// nothing, and is no promise: another hospital may be quicker.
	Quote(ctx context.Context, c Claim) (Cover, error)
	// Pay (结算) takes the amounts of a payment, both or none.
	Pay(ctx context.Context, p Payment) (rails.Answer, error)
	// Refund (结算撤销) takes a payment back whole.
	Refund(ctx context.Context, r Refund) (rails.Answer, error)
}

// A Claim is a treatment for which the insurance is asked.
type Claim struct {
	Hospital string
	Patient  string // pseudonym
	Fen      int64
}

// A Cover is the insurer's reply, in fen.
type Cover struct {
	Pool    int64 // that the pool bears of the claim
	Account int64 // balance of the personal account
}

// A Payment is an order to an Insurer.
type Payment struct {
	Key           string
	Claim         Claim
	Pool, Account int64
}

// A Refund is an order to an Insurer.
type Refund struct {
	Key     string
	Payment string // its key
}

// ErrUnsettled is returned when the insurer has not said what became of an
// order. Ask again later with the same key.
var ErrUnsettled = errors.New("payer: what became of the order at the insurer is not known yet")

// Settle sends an order once and, if its answer is lost, asks for it. An answer
// without an error is final.
func Settle(ctx context.Context, q rails.Querier, key string, send func(context.Context) (rails.Answer, error)) (rails.Answer, error) {
	answer, fault := send(ctx)
	if fault == nil && answer.State != rails.Unknown {
		return answer, nil
	}
	answer, err := q.Query(ctx, key)
	if err == nil && answer.State != rails.Unknown {
		return answer, nil
	}
	if err = errors.Join(fault, err); err != nil {
		return rails.Answer{}, fmt.Errorf("%w: %w", ErrUnsettled, err)
	}
	return rails.Answer{}, ErrUnsettled
}
