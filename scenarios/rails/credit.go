package rails

import "context"

// A Credit lends up to a limit (信用额度): it holds an amount first, lends what of
// it is used, lets go of the rest, and is repaid later.
type Credit interface {
	Querier
	// Authorise holds an amount of what the account has left.
	Authorise(ctx context.Context, a Authorisation) (Answer, error)
	// Capture lends from what an authorisation holds, in one or more parts.
	Capture(ctx context.Context, c Capture) (Answer, error)
	// Release lets go of what an authorisation still holds.
	Release(ctx context.Context, r Release) (Answer, error)
	// Repay pays back, up to what is owed.
	Repay(ctx context.Context, r Repayment) (Answer, error)
}

// An Authorisation is an order to a Credit.
type Authorisation struct {
	Key     string
	Account string // pseudonym
	Fen     int64
}

// A Capture is an order to a Credit.
type Capture struct {
	Key           string
	Authorisation string // its key
	Fen           int64
}

// A Release is an order to a Credit.
type Release struct {
	Key           string
	Authorisation string // its key
}

// A Repayment is an order to a Credit.
type Repayment struct {
	Key     string
	Account string // pseudonym
	Fen     int64
}

// AuthorisationOrder is an authorisation that can be settled.
func AuthorisationOrder(c Credit, a Authorisation) (*Order, error) {
	if err := checkOrder(a.Fen, field{"key", a.Key}, field{"account", a.Account}); err != nil {
		return nil, err
	}
	return &Order{a.Key, c, func(ctx context.Context) (Answer, error) { return c.Authorise(ctx, a) }}, nil
}

// CaptureOrder is a capture that can be settled.
func CaptureOrder(c Credit, x Capture) (*Order, error) {
	if err := checkOrder(x.Fen, field{"key", x.Key}, field{"authorisation", x.Authorisation}); err != nil {
		return nil, err
	}
	return &Order{x.Key, c, func(ctx context.Context) (Answer, error) { return c.Capture(ctx, x) }}, nil
}

// ReleaseOrder is a release that can be settled.
func ReleaseOrder(c Credit, r Release) (*Order, error) {
	if err := checkOrder(1, field{"key", r.Key}, field{"authorisation", r.Authorisation}); err != nil {
		return nil, err
	}
	return &Order{r.Key, c, func(ctx context.Context) (Answer, error) { return c.Release(ctx, r) }}, nil
}

// RepaymentOrder is a repayment that can be settled.
func RepaymentOrder(c Credit, r Repayment) (*Order, error) {
	if err := checkOrder(r.Fen, field{"key", r.Key}, field{"account", r.Account}); err != nil {
		return nil, err
	}
	return &Order{r.Key, c, func(ctx context.Context) (Answer, error) { return c.Repay(ctx, r) }}, nil
}
