package rails

import (
	"context"
	"errors"
	"strings"
)

// A Wallet takes grants for its owner (消费补贴), at most one of each campaign for
// a natural person.
type Wallet interface {
	Querier
	// Grant gives. A second grant of the campaign to the person has the same
	// key, and so the answer of the first.
	Grant(ctx context.Context, g Grant) (Answer, error)
}

// A Grant is an order to a Wallet. It has no key of the caller's choice: another
// phone, or the same one after a reset, would choose another.
type Grant struct {
	Campaign string // up to 40 bytes, without "/"
	Person   string // pseudonym of the natural person, the same on every device; up to 64 bytes
	Fen      int64
}

// Key returns the one key that a grant can have.
func (g Grant) Key() string { return "grant/" + g.Campaign + "/" + g.Person }

// GrantOrder is a grant that can be settled.
func GrantOrder(w Wallet, g Grant) (*Order, error) {
	// Were a "/" let in here, two grants could share a key.
	if len(g.Campaign) > 40 || strings.Contains(g.Campaign, "/") {
		return nil, &OrderError{"campaign", errors.New(`not up to 40 bytes without "/"`)}
	}
	if len(g.Person) > 64 {
		return nil, &OrderError{"person", errors.New("not up to 64 bytes")}
	}
	if err := checkOrder(g.Fen, field{"campaign", g.Campaign}, field{"person", g.Person}); err != nil {
		return nil, err
	}
	return &Order{g.Key(), w, func(ctx context.Context) (Answer, error) { return w.Grant(ctx, g) }}, nil
}
