package rails

import (
	"context"
	"errors"
	"strings"
)

// A Bank moves money by mandate (代扣协议).
type Bank interface {
	Querier
	// Charge takes money from the account behind a mandate.
	Charge(ctx context.Context, c Charge) (Answer, error)
	// Refund gives back a charge or a part of it, never more than it was.
	Refund(ctx context.Context, r Refund) (Answer, error)
}

// A Mandate is the bank's token for the permission to charge an account. The
// number of the card stays with the bank. The zero Mandate is none.
type Mandate struct{ token string }

// ParseMandate reads a token: up to MaxName bytes of printable ASCII without
// space, a letter among them. What has none may be the number of a card, which
// must not come further than here.
func ParseMandate(token string) (Mandate, error) {
	if !isName(token) || !strings.ContainsFunc(token, func(r rune) bool { return r|0x20 >= 'a' && r|0x20 <= 'z' }) {
		return Mandate{}, &OrderError{"mandate", errors.New("not a token; the number of a card is none")}
	}
	return Mandate{token}, nil
}

// Token returns the token, for the bank.
func (m Mandate) Token() string { return m.token }

// String hides the token: who can print it in a log could charge by it.
func (m Mandate) String() string { return "mandate" }

// GoString hides it too.
func (m Mandate) GoString() string { return "rails.Mandate{}" }

// A Charge is an order to a Bank.
type Charge struct {
	Key     string
	Mandate Mandate
	Fen     int64
}

// A Refund is an order to a Bank.
type Refund struct {
	Key    string
	Charge string // key of the charge
	Fen    int64
}

// ChargeOrder is a charge that can be settled.
func ChargeOrder(b Bank, c Charge) (*Order, error) {
	if err := checkOrder(c.Fen, field{"key", c.Key}, field{"mandate", c.Mandate.token}); err != nil {
		return nil, err
	}
	return &Order{c.Key, b, func(ctx context.Context) (Answer, error) { return b.Charge(ctx, c) }}, nil
}

// RefundOrder is a refund that can be settled.
func RefundOrder(b Bank, r Refund) (*Order, error) {
	if err := checkOrder(r.Fen, field{"key", r.Key}, field{"charge", r.Charge}); err != nil {
		return nil, err
	}
	return &Order{r.Key, b, func(ctx context.Context) (Answer, error) { return b.Refund(ctx, r) }}, nil
}
