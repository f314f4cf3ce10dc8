package ledger

import (
	"slices"
	"strings"
)

// A Batch decides about transactions one after another: it holds the rules that
// every store has in common and does no I/O. A store tells it what it has read,
// asks for verdicts with Post, and writes what Added, Corrected and Turnovers
// then return.
type Batch struct {
	closed    Day
	records   map[string]*Record
	turnovers map[Movement]Balance
	added     []*Transaction
	corrected map[string]bool
	moved     map[Movement]bool
}

// A Movement is one account on one day.
type Movement struct {
	Account Account
	Day     Day
}

// NewBatch returns a batch for a ledger that is closed up to a day, or not at
// all if closed is zero.
func NewBatch(closed Day) *Batch {
	return &Batch{closed: closed, records: make(map[string]*Record), turnovers: make(map[Movement]Balance),
		corrected: make(map[string]bool), moved: make(map[Movement]bool)}
}

// Know tells of a transaction in the store: those with the keys of the batch,
// and those that it corrects, where they exist. The batch keeps a copy.
func (b *Batch) Know(r *Record) {
	known := *r
	b.records[r.Transaction.Key()] = &known
}

// KnowTurnover tells what an account has moved on a day, where it has: in the
// row that the store is going to write, if it keeps several.
func (b *Batch) KnowTurnover(m Movement, turnover Balance) { b.turnovers[m] = turnover }

// Post decides about a transaction. If its verdict is New, those behind it in
// the batch see it as posted.
func (b *Batch) Post(t *Transaction) Verdict {
	refuse := func(reason Reason) Verdict {
		return Verdict{Refused: &RefusedError{Key: t.Key(), Reason: reason}}
	}
	// The same key first: what was posted stays posted, whatever closed since.
	if old := b.records[t.Key()]; old != nil {
		if !old.Transaction.Same(t) {
			return refuse(KeyConflict)
		}
		return Verdict{Receipt: old.Transaction.receipt()}
	}
	if t.Day().Compare(b.closed) <= 0 {
		return Verdict{Refused: &RefusedError{t.Key(), DayClosed, b.closed.Add(1)}}
	}
	taken, reason := b.take(t)
	if reason != "" {
		return refuse(reason)
	}
	turnovers, ok := b.move(t)
	if !ok {
		return refuse(Overflow)
	}
	// Nothing is refused any more: now it is written down.
	if taken != nil {
		original := b.records[t.Corrects()]
		original.Taken, original.Reversed = taken, t.draft.Reverses != ""
		b.corrected[t.Corrects()] = true
	}
	for i, p := range t.draft.Postings {
		m := Movement{p.Account, t.Day()}
		b.turnovers[m], b.moved[m] = turnovers[i], true
	}
	b.records[t.Key()] = &Record{Transaction: t, Taken: make([]int64, len(t.draft.Postings))}
	b.added = append(b.added, t)
	return Verdict{Receipt: t.receipt(), New: true}
}

// take returns what will be taken back of the transaction that t corrects, nil
// if it corrects none, or why it may not.
func (b *Batch) take(t *Transaction) ([]int64, Reason) {
	if t.Corrects() == "" {
		return nil, ""
	}
	original := b.records[t.Corrects()]
	if original == nil {
		return nil, UnknownTransaction
	}
	if original.Transaction.Corrects() != "" {
		return nil, NotCorrectable
	}
	taken := slices.Clone(original.Taken) // the old one may be the store's
	whole := t.draft.Reverses != ""
	if whole && slices.ContainsFunc(taken, func(fen int64) bool { return fen != 0 }) {
		return nil, AlreadyCorrected
	}
	for _, p := range t.draft.Postings {
		i := slices.IndexFunc(original.Transaction.draft.Postings, func(q Posting) bool { return q.Account == p.Account })
		if i < 0 {
			return nil, mismatch(whole)
		}
		posted := original.Transaction.draft.Postings[i]
		// The other side only: a refund that debits what was debited would
		// make room for a greater one.
		if p.Debit > posted.Credit-min(taken[i], posted.Credit) || p.Credit > posted.Debit-min(taken[i], posted.Debit) {
			return nil, mismatch(whole)
		}
		taken[i] += p.Debit + p.Credit
	}
	if whole {
		for i, p := range original.Transaction.draft.Postings {
			if taken[i] != p.Debit+p.Credit {
				return nil, NotMirror
			}
		}
	}
	return taken, ""
}

func mismatch(whole bool) Reason {
	if whole {
		return NotMirror
	}
	return ExceedsOriginal
}

// move returns the turnover behind each posting of t, or false where one would
// be beyond MaxTurnover.
func (b *Batch) move(t *Transaction) ([]Balance, bool) {
	turnovers := make([]Balance, len(t.draft.Postings))
	for i, p := range t.draft.Postings {
		before := b.turnovers[Movement{p.Account, t.Day()}]
		if p.Debit > MaxTurnover-before.Debit || p.Credit > MaxTurnover-before.Credit {
			return nil, false
		}
		turnovers[i] = Balance{before.Debit + p.Debit, before.Credit + p.Credit}
	}
	return turnovers, true
}

// Added returns the transactions to be written, in their order.
func (b *Batch) Added() []*Transaction { return b.added }

// Corrected returns the records whose Taken or Reversed has changed, in the
// order of their IDs. Some may be of transactions that were added.
func (b *Batch) Corrected() []*Record {
	var records []*Record
	for key := range b.corrected {
		records = append(records, b.records[key])
	}
	slices.SortFunc(records, func(a, c *Record) int { return strings.Compare(a.Transaction.id, c.Transaction.id) })
	return records
}

// A Turnover is what an account has moved on a day.
type Turnover struct {
	Movement
	Balance Balance
}

// Turnovers returns what has changed, in the order of accounts and days.
func (b *Batch) Turnovers() []Turnover {
	list := make([]Turnover, 0, len(b.moved))
	for m := range b.moved {
		list = append(list, Turnover{m, b.turnovers[m]})
	}
	slices.SortFunc(list, func(x, y Turnover) int {
		if c := strings.Compare(x.Account.name, y.Account.name); c != 0 {
			return c
		}
		return x.Day.Compare(y.Day)
	})
	return list
}
