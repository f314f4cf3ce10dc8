package ledger

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"
)

// A Ledger (总账) is the books of a city, or of one operator. It is safe for
// concurrent use, as its store is.
type Ledger struct{ store Store }

// New returns the ledger that a store keeps.
func New(store Store) *Ledger { return &Ledger{store} }

// Post posts one transaction. The same draft again returns the same receipt and
// posts nothing; after a fault, when it is not known whether the transaction
// stands, the caller posts it again. An error is a *DraftError, a
// *RefusedError, or a fault of the store.
func (l *Ledger) Post(ctx context.Context, d Draft) (Receipt, error) {
	t, err := NewTransaction(d)
	if err != nil {
		return Receipt{}, err
	}
	receipts, err := l.postAll(ctx, []*Transaction{t})
	if err != nil {
		return Receipt{}, err
	}
	return receipts[0], nil
}

// PostAll posts up to MaxBatch transactions in their order, all or none. Later
// ones may correct earlier ones.
func (l *Ledger) PostAll(ctx context.Context, drafts []Draft) ([]Receipt, error) {
	txs, err := check(drafts)
	if err != nil {
		return nil, err
	}
	return l.postAll(ctx, txs)
}

func (l *Ledger) postAll(ctx context.Context, txs []*Transaction) ([]Receipt, error) {
	verdicts, err := l.store.Commit(ctx, txs, true)
	if err != nil {
		return nil, err
	}
	receipts := make([]Receipt, len(txs))
	for i, v := range verdicts {
		if v.Refused != nil {
			return nil, v.Refused
		}
		receipts[i] = v.Receipt
	}
	return receipts, nil
}

// check makes transactions of drafts. Its error names the place of the draft.
func check(drafts []Draft) ([]*Transaction, error) {
	if len(drafts) > MaxBatch {
		return nil, draftError("drafts", "more than %d", MaxBatch)
	}
	txs := make([]*Transaction, len(drafts))
	for i, d := range drafts {
		var err error
		txs[i], err = NewTransaction(d)
		if wrong, ok := errors.AsType[*DraftError](err); ok {
			return nil, &DraftError{fmt.Sprintf("drafts[%d].%s", i, wrong.Path), wrong.Err}
		}
	}
	return txs, nil
}

// PostEach posts up to MaxBatch transactions in their order, each by itself,
// in one commit: this is how a million taps are booked. A verdict that refuses
// one leaves the others as they are. An error is a *DraftError, in which case
// nothing was posted, or a fault of the store.
func (l *Ledger) PostEach(ctx context.Context, drafts []Draft) ([]Verdict, error) {
	txs, err := check(drafts)
	if err != nil {
		return nil, err
	}
	return l.store.Commit(ctx, txs, false)
}

// A Reversal (冲正) is what Reverse needs to know.
type Reversal struct {
	Key      string // of the new transaction
	Reverses string // key of the old one
	Kind     string // of the new one; "" means that of the old one with ".reversal" behind
	Time     time.Time
	Day      Day
	Origin   Day // see Draft.Origin
}

// Reverse takes a transaction back whole by posting it with its sides
// exchanged. Nothing is deleted, and a transaction is reversed once.
func (l *Ledger) Reverse(ctx context.Context, r Reversal) (Receipt, error) {
	old, err := l.Find(ctx, r.Reverses)
	if errors.Is(err, ErrNotFound) {
		return Receipt{}, &RefusedError{Key: r.Key, Reason: UnknownTransaction}
	}
	if err != nil {
		return Receipt{}, err
	}
	d := Draft{Key: r.Key, Kind: r.Kind, Time: r.Time, Day: r.Day, Origin: r.Origin, Reverses: r.Reverses,
		Postings: Mirror(old.Transaction.draft.Postings)}
	if d.Kind == "" {
		d.Kind = old.Transaction.Kind() + ".reversal"
	}
	return l.Post(ctx, d)
}

// Mirror returns postings with their sides exchanged.
func Mirror(postings []Posting) []Posting {
	mirrored := make([]Posting, len(postings))
	for i, p := range postings {
		mirrored[i] = Posting{p.Account, p.Credit, p.Debit}
	}
	return mirrored
}

// Find returns a transaction by its key, or ErrNotFound.
func (l *Ledger) Find(ctx context.Context, key string) (*Record, error) {
	if !isKey(key) {
		return nil, ErrNotFound
	}
	return l.store.Find(ctx, key)
}

// Balance returns what an account has moved until now.
func (l *Ledger) Balance(ctx context.Context, account Account) (Balance, error) {
	return l.store.Balance(ctx, account, Day{})
}

// BalanceOn returns what an account had moved at the end of a business day.
func (l *Ledger) BalanceOn(ctx context.Context, account Account, day Day) (Balance, error) {
	if !day.valid() {
		return Balance{}, draftError("day", "not a day from 2000 to 9999")
	}
	return l.store.Balance(ctx, account, day)
}

// A StatementQuery asks for the statement of an account from one business day
// to another, both included.
type StatementQuery struct {
	Account  Account
	From, To Day
	After    *Line // go on behind this line of the statement before; nil: begin
}

// A Statement (对账单) is what an account has moved in a period. What it says of
// closed days is final.
type Statement struct {
	Opening Balance // before the first line
	Lines   []Line  // up to MaxPage, in the order of day, time and transaction ID
	Closing Balance // behind the last line
	More    bool    // there are lines behind; ask with After
}

// Statement returns a statement, or a page of it.
func (l *Ledger) Statement(ctx context.Context, q StatementQuery) (*Statement, error) {
	if !q.From.valid() || !q.To.valid() || q.To.Compare(q.From) < 0 {
		return nil, draftError("to", "the period has no day")
	}
	s := &Statement{}
	var place Place
	var err error
	if q.After != nil {
		place, s.Opening = q.After.Place, q.After.Balance
	} else if s.Opening, err = l.store.Balance(ctx, q.Account, q.From.Add(-1)); err != nil {
		return nil, err
	}
	if s.Lines, err = l.store.Lines(ctx, q.Account, q.From, q.To, place, MaxPage); err != nil {
		return nil, err
	}
	s.More = len(s.Lines) == MaxPage
	s.Closing = s.Opening
	for i := range s.Lines {
		line := &s.Lines[i]
		if s.Closing, err = s.Closing.Add(Balance{line.Debit, line.Credit}); err != nil {
			return nil, err
		}
		line.Balance = s.Closing
	}
	return s, nil
}

// Transactions yields what is booked from one business day to another, both
// included, in the order of day and ID.
func (l *Ledger) Transactions(ctx context.Context, from, to Day) iter.Seq2[*Transaction, error] {
	return pages(func(after Place) ([]*Transaction, error) { return l.store.Transactions(ctx, from, to, after, MaxPage) },
		func(t *Transaction) Place { return Place{Day: t.Day(), ID: t.ID()} })
}

// CloseDay closes a business day and every one before it: they take no more
// postings, and the trial balance of the day is frozen. To close the same day
// again returns the same closing; a day before the last closing that was not
// closed by itself is ErrNotFound.
func (l *Ledger) CloseDay(ctx context.Context, day Day) (*Closing, error) {
	if !day.valid() || day == maxDay {
		return nil, draftError("day", "not a day from 2000 to 9999")
	}
	return l.store.CloseDay(ctx, day)
}

// Closing returns the closing of a business day, or ErrNotFound.
func (l *Ledger) Closing(ctx context.Context, day Day) (*Closing, error) {
	if !day.valid() {
		return nil, ErrNotFound
	}
	return l.store.Closing(ctx, day)
}

// LastClosing returns the last closing, or ErrNotFound.
func (l *Ledger) LastClosing(ctx context.Context) (*Closing, error) {
	return l.store.Closing(ctx, Day{})
}

// TrialBalance (试算平衡表) yields every account that had moved when a business
// day was closed, in the order of account IDs. For a day without a closing it
// yields ErrNotFound.
func (l *Ledger) TrialBalance(ctx context.Context, day Day) iter.Seq2[TrialLine, error] {
	return func(yield func(TrialLine, error) bool) {
		if _, err := l.Closing(ctx, day); err != nil {
			yield(TrialLine{}, err)
			return
		}
		pages(func(after string) ([]TrialLine, error) { return l.store.TrialBalance(ctx, day, after, MaxPage) },
			func(line TrialLine) string { return line.Account.ID() })(yield)
	}
}

// pages yields what is read page by page.
func pages[T, P any](read func(after P) ([]T, error), place func(T) P) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for after := *new(P); ; {
			page, err := read(after)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, v := range page {
				if !yield(v, nil) {
					return
				}
				after = place(v)
			}
			if len(page) < MaxPage {
				return
			}
		}
	}
}

// Totals returns the sum of all accounts until now. Its Net is zero, or the
// store is damaged.
func (l *Ledger) Totals(ctx context.Context) (Balance, error) { return l.store.Totals(ctx) }
