package rails

import (
	"context"
	"errors"
	"fmt"

	"github.com/citizencode/citizencode/scenarios/ledger"
)

// An Order is one that a partner may be sent any number of times; see
// ChargeOrder and its like.
type Order struct {
	key     string
	partner Querier
	send    func(context.Context) (Answer, error)
}

// Key returns the key of the order, which is that of its transaction too.
func (o *Order) Key() string { return o.key }

// ErrUnsettled is returned when the attempts are used up and the partner has
// not said what became of an order. Settle it again later; do not send another.
var ErrUnsettled = errors.New("rails: what became of the order is not known yet")

// DefaultAttempts is how often an order is sent in one call of Settle.
const DefaultAttempts = 5

// A Settler drives orders to a definite end and books them.
type Settler struct {
	// Ledger takes the bookings.
	Ledger *ledger.Ledger
	// Attempts is how often an order is sent in one call; 0 means
	// DefaultAttempts.
	Attempts int
	// Wait waits before the next attempt; failed counts from 1. A server
	// waits longer each time. Nil gives up after the first attempt.
	Wait func(ctx context.Context, failed int) error
}

// Settle sends an order until the partner has accepted or declined it. If it is
// accepted, booking is posted under the key of the order, on its day or, if
// that is closed, on the first that is open; nil books nothing. It is posted
// once, however often and from however many places the order is settled.
//
// The error is ErrUnsettled if the end is not known, or a fault of the ledger,
// and with both the order is to be settled again. An answer without an error is
// final.
func (s *Settler) Settle(ctx context.Context, o *Order, booking *ledger.Draft) (Answer, error) {
	if booking != nil {
		// What is wrong with the booking must be known before money moves.
		d := *booking
		d.Key = o.key
		if _, err := ledger.NewTransaction(d); err != nil {
			return Answer{}, err
		}
		booking = &d
	}
	answer, err := s.end(ctx, o)
	if err != nil || answer.State != Accepted || booking == nil {
		return answer, err
	}
	if err := s.book(ctx, *booking); err != nil {
		return Answer{}, fmt.Errorf("rails: order %q is accepted and not booked: %w", o.key, err)
	}
	return answer, nil
}

// end asks until the answer is definite.
func (s *Settler) end(ctx context.Context, o *Order) (Answer, error) {
	attempts := s.Attempts
	if attempts == 0 {
		attempts = DefaultAttempts
	}
	if s.Wait == nil {
		attempts = 1
	}
	var fault error
	for failed := 1; ; failed++ {
		for _, ask := range []func(context.Context) (Answer, error){
			o.send,
			func(ctx context.Context) (Answer, error) { return o.partner.Query(ctx, o.key) },
		} {
			answer, err := ask(ctx)
			if err == nil && answer.State != Unknown {
				return answer, nil
			}
			fault = err
		}
		if failed >= attempts {
			break
		}
		if err := s.Wait(ctx, failed); err != nil {
			fault = err
			break
		}
	}
	if fault != nil {
		return Answer{}, fmt.Errorf("%w: %q: %w", ErrUnsettled, o.key, fault)
	}
	return Answer{}, fmt.Errorf("%w: %q", ErrUnsettled, o.key)
}

func (s *Settler) book(ctx context.Context, d ledger.Draft) error {
	_, err := s.Ledger.PostLate(ctx, d)
	return err
}
