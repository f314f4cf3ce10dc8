package ledger

import (
	"errors"
	"fmt"
)

// A DraftError says what is wrong with a draft, an account's name or a date. It
// is a fault of the calling program, and nothing was posted.
type DraftError struct {
	Path string // as in "key" or "postings[2].account"
	Err  error
}

// Error names the place. It quotes no values.
func (e *DraftError) Error() string { return "ledger: " + e.Path + ": " + e.Err.Error() }

// Unwrap returns the detail.
func (e *DraftError) Unwrap() error { return e.Err }

// A Reason is why a ledger refuses a transaction that is well-formed. Each is
// one stable word, and an error by itself: errors.Is(err, ledger.DayClosed).
type Reason string

// The reasons, in the order in which they are looked for.
const (
	// KeyConflict: another transaction has this key.
	KeyConflict Reason = "key-conflict"
	// DayClosed: book it on RefusedError.Open or later; see [Draft.On].
	DayClosed Reason = "day-closed"
	// UnknownTransaction: what it reverses or refunds is not in the ledger.
	UnknownTransaction Reason = "unknown-transaction"
	// NotCorrectable: what it reverses or refunds is itself a reversal or a refund.
	NotCorrectable Reason = "not-correctable"
	// AlreadyCorrected: what it reverses has been reversed or refunded, in part or whole.
	AlreadyCorrected Reason = "already-corrected"
	// NotMirror: it is not the transaction that it reverses with the sides exchanged.
	NotMirror Reason = "not-mirror"
	// ExceedsOriginal: with the refunds before it, it takes back more than was posted.
	ExceedsOriginal Reason = "exceeds-original"
	// Overflow: an account would move more in one day than MaxTurnover.
	Overflow Reason = "overflow"
)

// Error returns the word.
func (r Reason) Error() string { return string(r) }

// A RefusedError says why a transaction was not posted. Unwrap returns the
// Reason.
type RefusedError struct {
	Key    string
	Reason Reason
	Open   Day // the first day that is open, with DayClosed
}

// Error returns the reason and the key.
func (e *RefusedError) Error() string {
	if e.Open.IsZero() {
		return fmt.Sprintf("ledger: %s: %q", e.Reason, e.Key)
	}
	return fmt.Sprintf("ledger: %s: %q; open from %s", e.Reason, e.Key, e.Open)
}

// Unwrap returns the reason.
func (e *RefusedError) Unwrap() error { return e.Reason }

// ErrNotFound is returned for a key, or a closing, that a store does not have.
var ErrNotFound = errors.New("ledger: not found")

// errTotals is the fault of a sum that leaves 64 bits: no real money does.
var errTotals = errors.New("ledger: a total is beyond 64 bits")
