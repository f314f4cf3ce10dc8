package ledgertest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/ledger"
)

// Random posts that many random transactions to an empty ledger, new ones,
// repeated ones, conflicting ones, corrections right and wrong, late ones,
// alone and in batches, closes days in between, and compares every verdict,
// and then every balance, with a ledger written another way. The seed decides
// everything.
func Random(t testing.TB, l *ledger.Ledger, seed uint64, operations int) {
	t.Helper()
	r := &random{TB: t, ledger: l, oracle: newOracle(), rand: rand.New(rand.NewPCG(seed, seed)), verdicts: make(map[string]int)}
	for class, n := range map[ledger.Class]int{ledger.Asset: 60, ledger.Liability: 10, ledger.Income: 8, ledger.Expense: 8} {
		for i := range n {
			r.accounts = append(r.accounts, fmt.Sprintf("%s/a-%d", class, i))
		}
	}
	slices.Sort(r.accounts)
	r.day = 10 // far from 0, which is no origin
	for done := 0; done < operations; {
		n := 1
		if r.rand.IntN(3) > 0 {
			n = 1 + r.rand.IntN(40)
		}
		if r.rand.IntN(8) == 0 {
			r.all(1 + n%4)
		} else {
			r.each(n)
		}
		done += n
		if r.rand.IntN(30) == 0 {
			r.look()
		}
		if r.rand.IntN(60) == 0 {
			r.close()
		}
	}
	r.day++
	r.close()
	for _, account := range r.accounts {
		r.lookAt(account, r.day)
	}
	t.Logf("seed %d: %d closings, verdicts %v", seed, r.closings, r.verdicts)
	if operations >= 5000 { // else chance may have left one out
		for _, verdict := range []string{"new", "reversed", "refunded", "again", "key-conflict", "day-closed", "unknown-transaction", "not-correctable", "already-corrected", "not-mirror", "exceeds-original"} {
			assert.Positive(t, r.verdicts[verdict], "never %s: the test shows nothing about it", verdict)
		}
	}
}

type random struct {
	testing.TB
	ledger   *ledger.Ledger
	oracle   *oracle
	rand     *rand.Rand
	accounts []string
	posted   []intent // what the ledger has taken
	day      int
	keys     int
	closings int
	verdicts map[string]int
}

// intent draws what is posted next.
func (r *random) intent() intent {
	i := r.fresh()
	if len(r.posted) == 0 {
		return i
	}
	old := r.posted[r.rand.IntN(len(r.posted))]
	if r.rand.IntN(3) == 0 { // lately
		old = r.posted[len(r.posted)-1-r.rand.IntN(min(20, len(r.posted)))]
	}
	switch r.rand.IntN(20) {
	case 0, 1: // the same again
		old.lines = slices.Clone(old.lines)
		r.rand.Shuffle(len(old.lines), func(a, b int) { old.lines[a], old.lines[b] = old.lines[b], old.lines[a] })
		return old
	case 2: // and on a later day
		if old.origin == 0 {
			old.origin = old.day
		}
		old.day += 1 + r.rand.IntN(2)
		return old
	case 3: // another with the same key
		switch i.key = old.key; r.rand.IntN(3) {
		case 0:
			return i
		case 1:
			old.note += "!"
		case 2:
			old.at++
		}
		return old
	case 4: // takes it back whole
		i.reverses, i.lines = old.key, taken(old.lines, func(fen int64) int64 { return fen })
	case 5, 6: // or a part
		part := 1 + int64(r.rand.IntN(3))
		i.refunds, i.lines = old.key, taken(old.lines[:2], func(int64) int64 { return part })
		if (old.lines[0].fen > 0) == (old.lines[1].fen > 0) {
			i.lines[1].fen = -i.lines[0].fen // the wrong side
		}
	case 7: // takes back what was not posted there
		i.reverses = old.key
	case 8:
		i.refunds = old.key
	case 9: // of nothing
		i.refunds = "no-such-key"
	}
	return i
}

// taken returns lines on the other side; amount bounds each.
func taken(lines []intentLine, amount func(int64) int64) []intentLine {
	var back []intentLine
	for _, l := range lines {
		if l.fen > 0 {
			back = append(back, intentLine{l.account, -amount(l.fen)})
		} else {
			back = append(back, intentLine{l.account, amount(-l.fen)})
		}
	}
	return back
}

// fresh draws a transaction with a new key.
func (r *random) fresh() intent {
	r.keys++
	i := intent{key: fmt.Sprint("k-", r.keys), kind: "random.kind", at: int64(r.rand.IntN(86400)), day: r.day + r.rand.IntN(4) - 2}
	if r.rand.IntN(10) == 0 {
		i.origin = i.day - r.rand.IntN(3)
	}
	if r.rand.IntN(5) == 0 {
		i.note = fmt.Sprint("lot ", r.rand.IntN(300))
	}
	// The first account is a busy one.
	picked := []int{r.rand.IntN(4)}
	n := 2 + r.rand.IntN(3)
	for len(picked) < n {
		if a := r.rand.IntN(len(r.accounts)); !slices.Contains(picked, a) {
			picked = append(picked, a)
		}
	}
	var sum int64
	for _, a := range picked[1:] {
		fen := 1 + r.rand.Int64N(30)
		if r.rand.IntN(2) == 0 {
			fen = -fen
		}
		sum += fen
		i.lines = append(i.lines, intentLine{r.accounts[a], fen})
	}
	if sum == 0 {
		sum, i.lines[0].fen = 1, i.lines[0].fen+1
		if i.lines[0].fen == 0 {
			sum, i.lines[0].fen = 2, 1
		}
	}
	i.lines = append(i.lines, intentLine{r.accounts[picked[0]], -sum})
	return i
}

// each posts a batch of transactions that stand or fall alone.
func (r *random) each(n int) {
	r.oracle.begin()
	intents, drafts := r.drafts(n)
	verdicts, err := r.ledger.PostEach(r.Context(), drafts)
	require.NoError(r, err)
	for k, i := range intents {
		want := r.oracle.post(i)
		r.verdicts[want]++
		got := "again"
		if verdicts[k].New {
			got = "new"
		}
		if verdicts[k].Refused != nil {
			got = string(verdicts[k].Refused.Reason)
		} else {
			require.Equal(r, ledger.Receipt{Key: i.key, Day: Day.Add(r.oracle.booked[i.key])}, verdicts[k].Receipt)
		}
		require.Equal(r, want, got, "%+v", i)
		if want == "new" {
			r.posted = append(r.posted, i)
			if i.reverses != "" {
				r.verdicts["reversed"]++
			}
			if i.refunds != "" {
				r.verdicts["refunded"]++
			}
		}
	}
}

// all posts a batch that stands or falls together.
func (r *random) all(n int) {
	r.oracle.begin()
	intents, drafts := r.drafts(n)
	_, err := r.ledger.PostAll(r.Context(), drafts)
	var fresh []intent
	for _, i := range intents {
		switch verdict := r.oracle.post(i); verdict {
		case "new":
			fresh = append(fresh, i)
		case "again":
		default:
			require.ErrorIs(r, err, ledger.Reason(verdict), "%+v", i)
			r.oracle.rollback()
			return
		}
	}
	require.NoError(r, err)
	r.posted = append(r.posted, fresh...)
}

func (r *random) drafts(n int) (intents []intent, drafts []ledger.Draft) {
	for range n {
		i := r.intent()
		intents = append(intents, i)
		drafts = append(drafts, i.draft())
	}
	return intents, drafts
}

// look compares some balances and a transaction.
func (r *random) look() {
	r.lookAt(r.accounts[r.rand.IntN(len(r.accounts))], r.day-r.rand.IntN(8))
	if len(r.posted) == 0 {
		return
	}
	i := r.posted[r.rand.IntN(len(r.posted))]
	record, err := r.ledger.Find(r.Context(), i.key)
	require.NoError(r, err)
	left := r.oracle.left[i.key]
	for n, p := range record.Transaction.Postings() {
		rest := p.Debit + p.Credit - record.Taken[n]
		if p.Credit > 0 {
			rest = -rest
		}
		require.Equal(r, left[p.Account.String()], rest, "%+v", i)
	}
}

// lookAt compares an account on a day, and its statement of a week.
func (r *random) lookAt(name string, day int) {
	account, err := ledger.ParseAccount(name)
	require.NoError(r, err)
	balance, err := r.ledger.BalanceOn(r.Context(), account, Day.Add(day))
	require.NoError(r, err)
	require.Equal(r, r.oracle.balance(name, day), balance, "%s on day %d", name, day)
	now, err := r.ledger.Balance(r.Context(), account)
	require.NoError(r, err)
	require.Equal(r, r.oracle.balance(name, 1<<30), now, name)
	if r.rand.IntN(8) > 0 {
		return
	}
	q := ledger.StatementQuery{Account: account, From: Day.Add(day - 1), To: Day.Add(day)}
	s, err := r.ledger.Statement(r.Context(), q)
	require.NoError(r, err)
	require.Equal(r, r.oracle.balance(name, day-2), s.Opening)
	for s.More {
		q.After = &s.Lines[len(s.Lines)-1]
		s, err = r.ledger.Statement(r.Context(), q)
		require.NoError(r, err)
	}
	require.Equal(r, balance, s.Closing)
}

// close closes a day and compares its trial balance.
func (r *random) close() {
	r.day++
	day := r.day - 2
	closing, err := r.ledger.CloseDay(r.Context(), Day.Add(day))
	require.NoError(r, err)
	r.closings++
	r.oracle.closed = day
	var total ledger.Balance
	seen := 0
	for line, err := range r.ledger.TrialBalance(r.Context(), Day.Add(day)) {
		require.NoError(r, err)
		require.Equal(r, r.oracle.balance(line.Account.String(), day), line.Balance)
		total.Debit += line.Balance.Debit
		total.Credit += line.Balance.Credit
		seen++
	}
	for _, account := range r.accounts {
		if r.oracle.balance(account, day) != (ledger.Balance{}) {
			seen--
		}
	}
	require.Zero(r, seen, "accounts in the trial balance that did not move, or the reverse")
	require.Equal(r, total, closing.Total)
	require.Zero(r, total.Net())
	totals, err := r.ledger.Totals(r.Context())
	require.NoError(r, err)
	require.Zero(r, totals.Net())
	if r.closings%4 == 0 {
		require.NoError(r, r.ledger.Audit(r.Context(), Day.Add(day)))
	}
}
