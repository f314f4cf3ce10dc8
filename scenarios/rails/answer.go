package rails

import (
	"context"
	"errors"
	"fmt"

	"github.com/citizencode/citizencode/scenarios/ledger"
)

// A State is what is known of an order.
type State int

// The states. Unknown is the zero State: whoever forgets to say knows nothing.
const (
	Unknown  State = iota // perhaps not heard, perhaps under way, perhaps done
	Accepted              // the money has moved, or is held
	Declined              // it has not, and under this key it never will
)

// String returns the word.
func (s State) String() string {
	switch s {
	case Accepted:
		return "accepted"
	case Declined:
		return "declined"
	}
	return "unknown"
}

// An Answer is what a partner says of an order. An error beside it is a fault
// on the way, and means that the State is Unknown.
type Answer struct {
	State  State
	Reason string // of Declined: one stable word of the partner
}

// A Querier tells what became of an order: Unknown if its key was never heard.
type Querier interface {
	Query(ctx context.Context, key string) (Answer, error)
}

// An OrderError says what is wrong with an order. It was not sent.
type OrderError struct {
	Path string
	Err  error
}

// Error names the place.
func (e *OrderError) Error() string { return "rails: " + e.Path + ": " + e.Err.Error() }

// Unwrap returns the detail.
func (e *OrderError) Unwrap() error { return e.Err }

// MaxName bounds keys, mandates and pseudonyms, in bytes.
const MaxName = ledger.MaxKey

// A field is part of an order, with its path.
type field struct{ path, name string }

// checkOrder wants names of printable ASCII without space, and an amount that
// a posting may have.
func checkOrder(fen int64, fields ...field) error {
	for _, f := range fields {
		if !isName(f.name) {
			return &OrderError{f.path, fmt.Errorf("not 1 to %d bytes of printable ASCII without space", MaxName)}
		}
	}
	if fen < 1 || fen > ledger.MaxAmount {
		return &OrderError{"fen", errors.New("not an amount that can be posted")}
	}
	return nil
}

func isName(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return s != "" && len(s) <= MaxName
}
