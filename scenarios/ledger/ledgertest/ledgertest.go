// Package ledgertest is the contract of package ledger as a test. Every
// ledger.Store, a city's own too, passes [Run] and [Random].
package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/ledger"
)

// Day is a Sunday on which the tests happen.
var Day = ledger.DayOf(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))

// Noon is twelve o'clock of Day in Shenyang.
var Noon = time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)

// The accounts of the tests.
var (
	Bank    = ledger.MustAccount(ledger.Asset, "bank", "clearing")
	Citizen = ledger.MustAccount(ledger.Asset, "receivable", "7f3a09")
	Line    = ledger.MustAccount(ledger.Income, "transit", "line-1")
	Tax     = ledger.MustAccount(ledger.Liability, "tax")
)

// Fare returns a draft in which Citizen owes fen to Line.
func Fare(key string, fen int64) ledger.Draft {
	return ledger.Draft{Key: key, Kind: "transit.fare", Time: Noon, Day: Day, Postings: []ledger.Posting{
		{Account: Citizen, Debit: fen}, {Account: Line, Credit: fen}}}
}

// Run tests the store that open makes: a new and empty one at every call.
func Run(t *testing.T, open func(t *testing.T) ledger.Store) {
	t.Helper()
	for _, clause := range clauses {
		t.Run(clause.name, func(t *testing.T) { clause.test(&book{t, ledger.New(open(t))}) })
	}
}

var clauses = []struct {
	name string
	test func(b *book)
}{
	{"post once", postOnce},
	{"conflicts", conflicts},
	{"all or none", allOrNone},
	{"each by itself", eachByItself},
	{"reversal", reversal},
	{"refund", refund},
	{"closing", closing},
	{"closings are a chain", closingChain},
	{"statement", statement},
	{"longest", longest},
	{"overflow", overflow},
	{"cancelled", cancelled},
	{"concurrent keys", concurrentKeys},
	{"concurrent refunds", concurrentRefunds},
	{"concurrent closings", concurrentClosings},
}

// A book is a ledger in a test.
type book struct {
	t *testing.T
	*ledger.Ledger
}

func (b *book) ctx() context.Context { return b.t.Context() }

func (b *book) post(drafts ...ledger.Draft) {
	b.t.Helper()
	for _, d := range drafts {
		receipt, err := b.Post(b.ctx(), d)
		require.NoError(b.t, err)
		require.Equal(b.t, ledger.Receipt{Key: d.Key, Day: d.Day}, receipt)
	}
}

// refuses posts a draft that is refused and leaves no trace.
func (b *book) refuses(reason ledger.Reason, d ledger.Draft) *ledger.RefusedError {
	b.t.Helper()
	before := b.totals()
	receipt, err := b.Post(b.ctx(), d)
	require.ErrorIs(b.t, err, reason)
	refused, ok := errors.AsType[*ledger.RefusedError](err)
	require.True(b.t, ok)
	assert.Equal(b.t, d.Key, refused.Key)
	assert.Zero(b.t, receipt)
	assert.Equal(b.t, before, b.totals())
	return refused
}

func (b *book) totals() ledger.Balance {
	b.t.Helper()
	sum, err := b.Totals(b.ctx())
	require.NoError(b.t, err)
	require.Zero(b.t, sum.Net(), "the books do not balance")
	return sum
}

func (b *book) stands(account ledger.Account, debit, credit int64) {
	b.t.Helper()
	balance, err := b.Balance(b.ctx(), account)
	require.NoError(b.t, err)
	assert.Equal(b.t, ledger.Balance{Debit: debit, Credit: credit}, balance, "%s", account)
}

func (b *book) close(day ledger.Day) *ledger.Closing {
	b.t.Helper()
	c, err := b.CloseDay(b.ctx(), day)
	require.NoError(b.t, err)
	return c
}

func postOnce(b *book) {
	_, err := b.Find(b.ctx(), "a")
	require.ErrorIs(b.t, err, ledger.ErrNotFound)
	b.stands(Citizen, 0, 0)

	d := Fare("a", 300)
	d.Attributes = map[string]string{"gate": "青年大街-3"}
	b.post(d, d)
	// The same in another order, told with more than seconds, in another zone.
	again := d
	again.Postings = []ledger.Posting{d.Postings[1], d.Postings[0]}
	again.Time = d.Time.Add(999 * time.Millisecond).In(time.FixedZone("", 3600))
	b.post(again)
	b.stands(Citizen, 300, 0)
	b.stands(Line, 0, 300)
	assert.Equal(b.t, ledger.Balance{Debit: 300, Credit: 300}, b.totals())

	r, err := b.Find(b.ctx(), "a")
	require.NoError(b.t, err)
	found := r.Transaction.Draft()
	d.Origin = d.Day
	assert.Equal(b.t, d, found)
	assert.Equal(b.t, []int64{0, 0}, r.Taken)
	assert.False(b.t, r.Reversed)
}

func conflicts(b *book) {
	d := Fare("a", 300)
	d.Attributes = map[string]string{"gate": "3"}
	b.post(d)
	for name, change := range map[string]func(d *ledger.Draft){
		"kind":   func(d *ledger.Draft) { d.Kind = "transit.fine" },
		"time":   func(d *ledger.Draft) { d.Time = d.Time.Add(time.Second) },
		"day":    func(d *ledger.Draft) { d.Day = d.Day.Add(1) },
		"origin": func(d *ledger.Draft) { d.Origin = d.Day.Add(-1) },
		"amount": func(d *ledger.Draft) { d.Postings = Fare("a", 301).Postings },
		"sides":  func(d *ledger.Draft) { d.Postings = ledger.Mirror(d.Postings) },
		"account": func(d *ledger.Draft) {
			d.Postings = []ledger.Posting{{Account: Bank, Debit: 300}, {Account: Line, Credit: 300}}
		},
		"reverses":   func(d *ledger.Draft) { d.Reverses = "b" },
		"refunds":    func(d *ledger.Draft) { d.Refunds = "b" },
		"attribute":  func(d *ledger.Draft) { d.Attributes = map[string]string{"gate": "4"} },
		"attributes": func(d *ledger.Draft) { d.Attributes = nil },
	} {
		other := d
		change(&other)
		refused := b.refuses(ledger.KeyConflict, other)
		assert.Zero(b.t, refused.Open, name)
	}
	b.post(d)
	b.stands(Citizen, 300, 0)
}

func allOrNone(b *book) {
	_, err := b.PostAll(b.ctx(), nil)
	require.NoError(b.t, err)
	b.post(Fare("a", 100))
	_, err = b.PostAll(b.ctx(), []ledger.Draft{Fare("b", 100), Fare("a", 100), Fare("a", 200), Fare("c", 100)})
	require.ErrorIs(b.t, err, ledger.KeyConflict)
	b.stands(Citizen, 100, 0)
	for _, key := range []string{"b", "c"} {
		_, err = b.Find(b.ctx(), key)
		assert.ErrorIs(b.t, err, ledger.ErrNotFound)
	}
	// Within a batch a later one sees an earlier one.
	back := Fare("b-", 100)
	back.Reverses, back.Postings = "b", ledger.Mirror(back.Postings)
	receipts, err := b.PostAll(b.ctx(), []ledger.Draft{Fare("b", 100), Fare("b", 100), back})
	require.NoError(b.t, err)
	assert.Equal(b.t, []ledger.Receipt{{Key: "b", Day: Day}, {Key: "b", Day: Day}, {Key: "b-", Day: Day}}, receipts)
	b.stands(Citizen, 200, 100)
	r, err := b.Find(b.ctx(), "b")
	require.NoError(b.t, err)
	assert.True(b.t, r.Reversed)
	// A refused batch leaves what it would have corrected as it was.
	back.Key, back.Reverses = "a-", "a"
	_, err = b.PostAll(b.ctx(), []ledger.Draft{back, Fare("a", 200)})
	require.ErrorIs(b.t, err, ledger.KeyConflict)
	r, err = b.Find(b.ctx(), "a")
	require.NoError(b.t, err)
	assert.False(b.t, r.Reversed)
	assert.Equal(b.t, []int64{0, 0}, r.Taken)
}

func eachByItself(b *book) {
	verdicts, err := b.PostEach(b.ctx(), []ledger.Draft{Fare("a", 100), Fare("a", 200), Fare("a", 100), Fare("b", 1)})
	require.NoError(b.t, err)
	require.Len(b.t, verdicts, 4)
	assert.Equal(b.t, ledger.Verdict{Receipt: ledger.Receipt{Key: "a", Day: Day}, New: true}, verdicts[0])
	assert.Equal(b.t, ledger.Verdict{Refused: &ledger.RefusedError{Key: "a", Reason: ledger.KeyConflict}}, verdicts[1])
	assert.Equal(b.t, ledger.Verdict{Receipt: ledger.Receipt{Key: "a", Day: Day}}, verdicts[2])
	assert.True(b.t, verdicts[3].New)
	b.stands(Citizen, 101, 0)

	// The greatest batch, twice.
	drafts := make([]ledger.Draft, ledger.MaxBatch)
	for i := range drafts {
		drafts[i] = Fare(fmt.Sprint("tap-", i), int64(i)+1)
		drafts[i].Postings[0].Account = ledger.MustAccount(ledger.Asset, "receivable", fmt.Sprint(i%700))
	}
	for round := range 2 {
		verdicts, err = b.PostEach(b.ctx(), drafts)
		require.NoError(b.t, err)
		for i, v := range verdicts {
			require.Nil(b.t, v.Refused)
			require.Equal(b.t, round == 0, v.New, i)
		}
	}
	b.stands(Line, 0, 101+ledger.MaxBatch*(ledger.MaxBatch+1)/2)
	b.stands(drafts[1].Postings[0].Account, 2+702, 0)
	_, err = b.PostEach(b.ctx(), append(drafts, drafts[0]))
	_, ok := errors.AsType[*ledger.DraftError](err)
	assert.True(b.t, ok)
}

func cancelled(b *book) {
	b.post(Fare("a", 100))
	ctx, cancel := context.WithCancel(b.ctx())
	cancel()
	_, err := b.Post(ctx, Fare("b", 100))
	require.ErrorIs(b.t, err, context.Canceled)
	_, err = b.CloseDay(ctx, Day)
	require.ErrorIs(b.t, err, context.Canceled)
	_, err = b.Find(ctx, "a")
	require.ErrorIs(b.t, err, context.Canceled)
	_, err = b.Balance(ctx, Citizen)
	require.ErrorIs(b.t, err, context.Canceled)
	_, err = b.LastClosing(b.ctx())
	require.ErrorIs(b.t, err, ledger.ErrNotFound)
	b.stands(Citizen, 100, 0)
	b.post(Fare("b", 100))
}

func longest(b *book) {
	word := func(n int) string { return fmt.Sprintf("%0*d", n, 7) }
	d := ledger.Draft{Key: word(ledger.MaxKey), Kind: word(ledger.MaxKind), Time: Noon, Day: Day,
		Origin: Day.Add(-1), Attributes: make(map[string]string)}
	for i := range ledger.MaxAttributes {
		d.Attributes[fmt.Sprint(i)+word(ledger.MaxKind-1)] = word(ledger.MaxAttributeValue)
	}
	for i := range ledger.MaxPostings / 2 {
		fen := int64(ledger.MaxAmount - i)
		name := fmt.Sprint(word(60), "/", word(60), "/", word(28), "/", 10+i)
		for _, class := range []ledger.Class{"asset", "income"} {
			account, err := ledger.NewAccount(class, name)
			require.NoError(b.t, err)
			p := ledger.Posting{Account: account, Debit: fen}
			if class == "income" {
				p = ledger.Posting{Account: account, Credit: fen}
			}
			d.Postings = append(d.Postings, p)
		}
	}
	b.post(d, d)
	r, err := b.Find(b.ctx(), d.Key)
	require.NoError(b.t, err)
	assert.Len(b.t, r.Transaction.Postings(), ledger.MaxPostings)
	assert.Equal(b.t, r.Transaction.Amount(), b.totals().Debit)
	text, err := r.Transaction.MarshalText()
	require.NoError(b.t, err)
	assert.LessOrEqual(b.t, len(text), ledger.MaxTransactionText)
}

// overflow: an account that is filled to the brim on either side refuses, and
// its balance is exact. A store with shards has several brims.
func overflow(b *book) {
	const steps = ledger.MaxTurnover / ledger.MaxAmount
	for _, full := range []ledger.Account{Citizen, Line} {
		var stands int64
		fill := func(i int) ledger.Draft {
			d := Fare(fmt.Sprint(full, "-", i), ledger.MaxAmount)
			for n := range d.Postings { // the other side is never full
				if d.Postings[n].Account != full {
					d.Postings[n].Account = ledger.MustAccount(ledger.Expense, fmt.Sprint(i))
				}
			}
			return d
		}
		i := 0
		for refused := false; !refused; {
			var drafts []ledger.Draft
			for range 50 {
				drafts = append(drafts, fill(i))
				i++
			}
			verdicts, err := b.PostEach(b.ctx(), drafts)
			require.NoError(b.t, err)
			for _, v := range verdicts {
				if v.Refused == nil {
					stands += ledger.MaxAmount
					continue
				}
				refused = true
				require.Equal(b.t, ledger.Overflow, v.Refused.Reason)
			}
			require.Less(b.t, i, 100*steps, "nothing overflows")
		}
		assert.GreaterOrEqual(b.t, stands, int64(steps*ledger.MaxAmount))
		balance, err := b.Balance(b.ctx(), full)
		require.NoError(b.t, err)
		assert.Equal(b.t, stands, balance.Debit+balance.Credit)
		b.totals()
		next := fill(i)
		next.Day = next.Day.Add(1)
		b.post(next)
	}
}
