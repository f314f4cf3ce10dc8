package ledgertest

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/ledger"
)

func closing(b *book) {
	_, err := b.LastClosing(b.ctx())
	require.ErrorIs(b.t, err, ledger.ErrNotFound)
	early := Fare("early", 7)
	early.Day = Day.Add(-3)
	b.post(early, Fare("a", 100))
	next := Fare("next", 20)
	next.Day = Day.Add(1)
	b.post(next)

	c := b.close(Day)
	assert.Equal(b.t, Day, c.Day)
	assert.Zero(b.t, c.Previous)
	assert.EqualValues(b.t, 2, c.Transactions)
	assert.EqualValues(b.t, 2, c.Accounts)
	assert.Equal(b.t, ledger.Balance{Debit: 107, Credit: 107}, c.Total)
	assert.Equal(b.t, c, b.close(Day))
	last, err := b.LastClosing(b.ctx())
	require.NoError(b.t, err)
	assert.Equal(b.t, c, last)
	_, err = b.CloseDay(b.ctx(), Day.Add(-1))
	assert.ErrorIs(b.t, err, ledger.ErrNotFound)
	_, err = b.Closing(b.ctx(), Day.Add(1))
	assert.ErrorIs(b.t, err, ledger.ErrNotFound)

	// A closed day takes nothing, and says where to go.
	late := Fare("late", 50)
	late.Day = Day.Add(-1)
	refused := b.refuses(ledger.DayClosed, late)
	require.Equal(b.t, Day.Add(1), refused.Open)
	booked := late.On(refused.Open)
	b.post(booked)
	r, err := b.Find(b.ctx(), "late")
	require.NoError(b.t, err)
	assert.Equal(b.t, Day.Add(-1), r.Transaction.Origin())
	assert.Equal(b.t, Day.Add(1), r.Transaction.Day())
	// Who lost that answer begins again, and is told where it is booked.
	receipt, err := b.Post(b.ctx(), late)
	require.NoError(b.t, err)
	assert.Equal(b.t, ledger.Receipt{Key: "late", Day: Day.Add(1)}, receipt)
	// What stands stands, though its day has closed.
	b.post(Fare("a", 100))
	b.refuses(ledger.KeyConflict, Fare("a", 101))

	for day, want := range map[int]int64{-4: 0, -3: 7, -1: 7, 0: 107, 1: 177, 30: 177} {
		balance, err := b.BalanceOn(b.ctx(), Citizen, Day.Add(day))
		require.NoError(b.t, err)
		assert.Equal(b.t, want, balance.Net(), day)
	}
	b.stands(Citizen, 177, 0)
	assert.EqualValues(b.t, 177, b.totals().Debit)
	b.trial(Day, map[ledger.Account]int64{Citizen: 107, Line: -107})
	require.NoError(b.t, b.Audit(b.ctx(), Day))
}

// trial compares a trial balance.
func (b *book) trial(day ledger.Day, want map[ledger.Account]int64) {
	b.t.Helper()
	got := make(map[ledger.Account]int64)
	last := ""
	for line, err := range b.TrialBalance(b.ctx(), day) {
		require.NoError(b.t, err)
		require.Less(b.t, last, line.Account.ID())
		last = line.Account.ID()
		got[line.Account] = line.Balance.Net()
	}
	assert.Equal(b.t, want, got)
}

// closingChain: the same days give the same closings in every store, and a
// closing stands for those before it.
func closingChain(b *book) {
	play := func(l *ledger.Ledger, first int64) (closings []*ledger.Closing) {
		for day := range 4 {
			for i := range int64(5 * (3 - day)) { // the last day is empty
				d := Fare(fmt.Sprint(day, "-", i), first+i)
				d.Day = Day.Add(day)
				d.Postings[0].Account = ledger.MustAccount(ledger.Asset, "receivable", fmt.Sprint(i))
				_, err := l.Post(b.ctx(), d)
				require.NoError(b.t, err)
			}
			c, err := l.CloseDay(b.ctx(), Day.Add(day))
			require.NoError(b.t, err)
			require.NoError(b.t, l.Audit(b.ctx(), c.Day))
			closings = append(closings, c)
		}
		return closings
	}
	got := play(b.Ledger, 1)
	assert.Equal(b.t, play(ledger.New(ledger.NewMemory()), 1), got)
	assert.EqualValues(b.t, []int64{16, 11, 6, 0}, []int64{got[0].Accounts, got[1].Accounts, got[2].Accounts, got[3].Accounts})
	other := play(ledger.New(ledger.NewMemory()), 2)
	for i := range got {
		assert.NotEqual(b.t, got[i].Hash, other[i].Hash)
		if i > 0 {
			assert.Equal(b.t, got[i-1].Day, got[i].Previous)
			assert.NotEqual(b.t, got[i-1].Hash, got[i].Hash)
		}
	}
	// Accounts that did not move that day are in its trial balance.
	for day, sum := range map[int]int64{0: 0, 3: 0} {
		n := 0
		for line, err := range b.TrialBalance(b.ctx(), Day.Add(day)) {
			require.NoError(b.t, err)
			sum += line.Balance.Net()
			n++
		}
		assert.Zero(b.t, sum)
		assert.Equal(b.t, 16, n)
	}
	for _, err := range b.TrialBalance(b.ctx(), Day.Add(9)) {
		require.ErrorIs(b.t, err, ledger.ErrNotFound)
	}
}

func statement(b *book) {
	const n = ledger.MaxPage + 7
	var drafts []ledger.Draft
	for i := range n {
		// Not in the order of time.
		d := Fare(fmt.Sprint("tap-", i), int64(i)+1)
		d.Time = Noon.Add(time.Duration((i*37)%n/2) * time.Second)
		d.Day = Day.Add(i % 3)
		drafts = append(drafts, d)
	}
	for len(drafts) > 0 {
		k := min(400, len(drafts))
		_, err := b.PostAll(b.ctx(), drafts[:k])
		require.NoError(b.t, err)
		drafts = drafts[k:]
	}
	b.close(Day.Add(1))
	q := ledger.StatementQuery{Account: Line, From: Day, To: Day.Add(2)}
	s, err := b.Statement(b.ctx(), q)
	require.NoError(b.t, err)
	require.Len(b.t, s.Lines, ledger.MaxPage)
	require.True(b.t, s.More)
	assert.Zero(b.t, s.Opening)
	lines := s.Lines
	q.After = &lines[len(lines)-1]
	rest, err := b.Statement(b.ctx(), q)
	require.NoError(b.t, err)
	assert.Len(b.t, rest.Lines, 7)
	assert.False(b.t, rest.More)
	assert.Equal(b.t, s.Closing, rest.Opening)
	lines = append(lines, rest.Lines...)
	seen := make(map[string]bool)
	var sum int64
	for i, line := range lines {
		require.False(b.t, seen[line.Key])
		seen[line.Key] = true
		sum += line.Credit
		require.Equal(b.t, ledger.Balance{Credit: sum}, line.Balance)
		require.True(b.t, i == 0 || lines[i-1].Place.Compare(line.Place) < 0)
		require.Equal(b.t, line.Place.Time, line.Time.Unix())
	}
	b.stands(Line, 0, sum)
	assert.Equal(b.t, ledger.Balance{Credit: sum}, rest.Closing)

	// One day in the middle opens with the day before.
	s, err = b.Statement(b.ctx(), ledger.StatementQuery{Account: Line, From: Day.Add(1), To: Day.Add(1)})
	require.NoError(b.t, err)
	before, err := b.BalanceOn(b.ctx(), Line, Day)
	require.NoError(b.t, err)
	after, err := b.BalanceOn(b.ctx(), Line, Day.Add(1))
	require.NoError(b.t, err)
	assert.Equal(b.t, before, s.Opening)
	assert.Equal(b.t, after, s.Closing)
	assert.Len(b.t, s.Lines, (n+1)/3)

	count := 0
	var last *ledger.Transaction
	for t, err := range b.Transactions(b.ctx(), Day, Day.Add(2)) {
		require.NoError(b.t, err)
		if last != nil {
			order := last.Day().Compare(t.Day())
			require.True(b.t, order < 0 || order == 0 && last.ID() < t.ID())
		}
		last = t
		count++
	}
	assert.Equal(b.t, n, count)
	for t, err := range b.Transactions(b.ctx(), Day.Add(1), Day.Add(1)) {
		require.NoError(b.t, err)
		require.Equal(b.t, Day.Add(1), t.Day())
		count--
	}
	assert.Equal(b.t, n-(n+1)/3, count)
}
