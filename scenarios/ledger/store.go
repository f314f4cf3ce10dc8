package ledger

import (
	"context"
	"math"
	"time"
)

// Bounds of one call to a store.
const (
	MaxBatch = 1000 // transactions in one commit
	MaxPage  = 1000 // rows read at once
)

// MaxTurnover bounds what one account moves on each side on one business day,
// in fen: 11 trillion yuan. A store that keeps the day in several rows may
// apply it to each. It is far from what 64 bits hold, so that totals over
// decades cannot overflow unseen.
const MaxTurnover = 1 << 50

// A Store keeps a ledger. [NewMemory] and package sqlstore are two; package
// ledgertest is the contract as a test. Programs use a store through [Ledger],
// which adds the checks of its inputs. Implementations are safe for concurrent
// use.
//
// What a Store decides, [Batch] and [Closer] decide for it: it reads what they
// ask for, and writes what they answer, in one transaction of its own.
type Store interface {
	// Commit posts transactions in their order, up to MaxBatch, in one commit:
	// after an error, which is a fault and no refusal, nothing of them stands,
	// unless the fault came in the commit itself; posting the same again is
	// safe and tells. There is one verdict for each transaction. If atomic is
	// set and one is refused, none is posted and the verdicts say which.
	Commit(ctx context.Context, txs []*Transaction, atomic bool) ([]Verdict, error)

	// Find returns a transaction by its key, or ErrNotFound.
	Find(ctx context.Context, key string) (*Record, error)

	// Balance returns what an account has moved up to the end of a day, or
	// until now if day is zero. What was never posted to has the zero Balance.
	Balance(ctx context.Context, account Account, day Day) (Balance, error)

	// Lines returns the postings of an account from one day to another, in the
	// order of day, time and ID, behind the place after; up to limit.
	Lines(ctx context.Context, account Account, from, to Day, after Place, limit int) ([]Line, error)

	// Transactions returns those booked from one day to another, in the order
	// of day and ID, behind the place after, whose time means nothing; up to
	// limit.
	Transactions(ctx context.Context, from, to Day, after Place, limit int) ([]*Transaction, error)

	// CloseDay closes a day and every day before it. Days close in order. A
	// day that was closed by itself before returns its closing again.
	CloseDay(ctx context.Context, day Day) (*Closing, error)

	// Closing returns the closing of a day, or the last one if day is zero, or
	// ErrNotFound.
	Closing(ctx context.Context, day Day) (*Closing, error)

	// TrialBalance returns the accounts as they stood when a day was closed,
	// in the order of their IDs, behind the ID after; up to limit.
	TrialBalance(ctx context.Context, day Day, after string, limit int) ([]TrialLine, error)

	// Totals returns the sum of all accounts until now. Its sides are equal,
	// or the store is damaged.
	Totals(ctx context.Context) (Balance, error)
}

// A Receipt says that a transaction stands in the ledger. It is the same
// however often the transaction is posted.
type Receipt struct {
	Key string
	Day Day // on which it is booked
}

// A Verdict is what became of one transaction of a batch.
type Verdict struct {
	Receipt Receipt
	New     bool          // posted now, not before
	Refused *RefusedError // nil if it stands
}

// A Record is a transaction in a store with what has been taken back of it.
type Record struct {
	Transaction *Transaction
	// Taken is, for each posting, what reversals and refunds took back, in fen.
	Taken []int64
	// Reversed says that a reversal took it back whole.
	Reversed bool
}

// A Balance is what an account has moved, in fen; both are sums of positive
// amounts.
type Balance struct{ Debit, Credit int64 }

// Net returns debits less credits: above zero for what is usual in assets and
// expenses, below zero in liabilities and income.
func (b Balance) Net() int64 { return b.Debit - b.Credit }

// Add returns the sum of two balances. Its error is the fault of a sum beyond
// 64 bits.
func (b Balance) Add(c Balance) (Balance, error) {
	if b.Debit > math.MaxInt64-c.Debit || b.Credit > math.MaxInt64-c.Credit {
		return Balance{}, errTotals
	}
	return Balance{b.Debit + c.Debit, b.Credit + c.Credit}, nil
}

// A Place is where a line stands in a statement; the zero Place is before all.
type Place struct {
	Day  Day
	Time int64 // Unix seconds
	ID   string
}

// A Line is one posting in the statement of an account.
type Line struct {
	Place   Place
	Key     string
	Kind    string
	Time    time.Time
	Origin  Day
	Debit   int64
	Credit  int64
	Balance Balance // behind the line; a Store leaves it to Ledger.Statement
}

// A TrialLine is one account in a trial balance.
type TrialLine struct {
	Account Account
	Balance Balance
}
