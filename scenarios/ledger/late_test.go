package ledger_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/ledger/ledgertest"
)

// closedLedger is a ledger whose day of the fares is closed.
func closedLedger(t *testing.T) *ledger.Ledger {
	l := ledger.New(ledger.NewMemory())
	_, err := l.CloseDay(t.Context(), ledgertest.Day)
	require.NoError(t, err)
	return l
}

func reversal(key, of string, fen int64) ledger.Draft {
	d := ledgertest.Fare(key, fen)
	d.Reverses, d.Postings = of, ledger.Mirror(d.Postings)
	return d
}

func TestPostLate(t *testing.T) {
	l, open := closedLedger(t), ledgertest.Day.Add(1)
	for range 2 { // asked again it is the same
		r, err := l.PostLate(t.Context(), ledgertest.Fare("a", 200))
		require.NoError(t, err)
		assert.Equal(t, ledger.Receipt{Key: "a", Day: open}, r)
	}
	a, err := l.Find(t.Context(), "a")
	require.NoError(t, err)
	assert.Equal(t, ledgertest.Day, a.Transaction.Origin())

	_, err = l.PostLate(t.Context(), ledgertest.Fare("a", 300))
	assert.ErrorIs(t, err, ledger.KeyConflict)
	_, err = l.PostLate(t.Context(), ledger.Draft{})
	var wrong *ledger.DraftError
	assert.ErrorAs(t, err, &wrong)
}

func TestPostAllLate(t *testing.T) {
	l := closedLedger(t)
	drafts := []ledger.Draft{ledgertest.Fare("a", 200), reversal("b", "a", 200)}
	receipts, err := l.PostAllLate(t.Context(), drafts)
	require.NoError(t, err)
	assert.Len(t, receipts, 2)
	assert.Equal(t, ledgertest.Day, drafts[0].Day, "the caller's drafts stay as they are")
	_, err = l.PostAllLate(t.Context(), []ledger.Draft{ledgertest.Fare("c", 200), reversal("d", "nothing", 200)})
	assert.ErrorIs(t, err, ledger.UnknownTransaction)
	_, err = l.Find(t.Context(), "c")
	assert.ErrorIs(t, err, ledger.ErrNotFound, "all or none")
}

// What corrects a late transaction of the same batch finds it.
func TestPostEachLate(t *testing.T) {
	l, open := closedLedger(t), ledgertest.Day.Add(1)
	today := ledgertest.Fare("today", 100).On(open)
	correction := reversal("b", "a", 200).On(open)
	verdicts, err := l.PostEachLate(t.Context(), []ledger.Draft{today, ledgertest.Fare("a", 200), correction, reversal("c", "nothing", 200)})
	require.NoError(t, err)
	for i, key := range []string{"today", "a", "b"} {
		require.Nil(t, verdicts[i].Refused, key)
		assert.Equal(t, ledger.Verdict{Receipt: ledger.Receipt{Key: key, Day: open}, New: true}, verdicts[i])
	}
	assert.Equal(t, ledger.UnknownTransaction, verdicts[3].Refused.Reason)
	totals, err := l.Totals(t.Context())
	require.NoError(t, err)
	assert.Zero(t, totals.Net())
}

// closing is a store in which a day closes whenever something is posted.
type closing struct {
	ledger.Store
	day   ledger.Day
	times int
}

func (c *closing) Commit(ctx context.Context, txs []*ledger.Transaction, atomic bool) ([]ledger.Verdict, error) {
	if c.times > 0 {
		c.times--
		if _, err := c.Store.CloseDay(ctx, c.day); err != nil {
			return nil, err
		}
		c.day = c.day.Add(1)
	}
	return c.Store.Commit(ctx, txs, atomic)
}

// Days that close meanwhile are waited for, but not for ever.
func TestPostLateEnds(t *testing.T) {
	for times, reason := range map[int]error{3: nil, 4: ledger.DayClosed} {
		l := ledger.New(&closing{ledger.NewMemory(), ledgertest.Day, times})
		_, err := l.PostLate(t.Context(), ledgertest.Fare("a", 200))
		assert.ErrorIs(t, err, reason)
		l = ledger.New(&closing{ledger.NewMemory(), ledgertest.Day, times})
		verdicts, err := l.PostEachLate(t.Context(), []ledger.Draft{ledgertest.Fare("a", 200)})
		require.NoError(t, err)
		assert.Equal(t, reason != nil, verdicts[0].Refused != nil)
	}
}
