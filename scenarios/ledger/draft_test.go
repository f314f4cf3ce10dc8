package ledger_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/ledger/ledgertest"
)

func wrong(t testing.TB, err error) *ledger.DraftError {
	t.Helper()
	var e *ledger.DraftError
	require.ErrorAs(t, err, &e)
	require.NotEmpty(t, e.Err.Error())
	return e
}

// TestDraftErrors: each rule of a draft, and the place that its error names.
func TestDraftErrors(t *testing.T) {
	postings := func(p ...ledger.Posting) func(*ledger.Draft) {
		return func(d *ledger.Draft) { d.Postings = p }
	}
	attributes := func(name, value string) func(*ledger.Draft) {
		return func(d *ledger.Draft) { d.Attributes = map[string]string{name: value} }
	}
	citizen, line, bank := ledgertest.Citizen, ledgertest.Line, ledgertest.Bank
	var many []ledger.Posting
	for i := range ledger.MaxPostings + 1 {
		many = append(many, ledger.Posting{Account: ledger.MustAccount(ledger.Asset, fmt.Sprint(i)), Debit: 1})
	}
	for i, c := range []struct {
		path   string
		change func(d *ledger.Draft)
	}{
		{"key", func(d *ledger.Draft) { d.Key = "" }},
		{"key", func(d *ledger.Draft) { d.Key = strings.Repeat("k", ledger.MaxKey+1) }},
		{"key", func(d *ledger.Draft) { d.Key = "a b" }},
		{"key", func(d *ledger.Draft) { d.Key = "键" }},
		{"key", func(d *ledger.Draft) { d.Key = "a\xff" }},
		{"key", func(d *ledger.Draft) { d.Key = "a\x7f" }},
		{"kind", func(d *ledger.Draft) { d.Kind = "" }},
		{"kind", func(d *ledger.Draft) { d.Kind = "Fare" }},
		{"kind", func(d *ledger.Draft) { d.Kind = "fare." }},
		{"kind", func(d *ledger.Draft) { d.Kind = strings.Repeat("k", ledger.MaxKind+1) }},
		{"time", func(d *ledger.Draft) { d.Time = time.Time{} }},
		{"time", func(d *ledger.Draft) { d.Time = time.Date(1999, 12, 31, 23, 59, 59, 0, time.UTC) }},
		{"time", func(d *ledger.Draft) { d.Time = time.Unix(math.MaxInt64, 0) }},
		{"day", func(d *ledger.Draft) { d.Day = ledger.Day{} }},
		{"day", func(d *ledger.Draft) { d.Day = d.Day.Add(math.MaxInt32) }},
		{"origin", func(d *ledger.Draft) { d.Origin = d.Day.Add(1) }},
		{"origin", func(d *ledger.Draft) { d.Origin = d.Day.Add(-math.MaxInt32) }},
		{"reverses", func(d *ledger.Draft) { d.Reverses = d.Key }},
		{"reverses", func(d *ledger.Draft) { d.Reverses = "a b" }},
		{"refunds", func(d *ledger.Draft) { d.Refunds = d.Key }},
		{"refunds", func(d *ledger.Draft) { d.Reverses, d.Refunds = "a", "b" }},
		{"attributes", attributes("", "x")},
		{"attributes", attributes("Lot", "x")},
		{"attributes.lot", attributes("lot", "")},
		{"attributes.lot", attributes("lot", "a\nb")},
		{"attributes.lot", attributes("lot", "\xff")},
		{"attributes.lot", attributes("lot", strings.Repeat("x", ledger.MaxAttributeValue+1))},
		{"attributes", func(d *ledger.Draft) {
			d.Attributes = make(map[string]string)
			for i := range ledger.MaxAttributes + 1 {
				d.Attributes[fmt.Sprint(i)] = "x"
			}
		}},
		{"postings", postings()},
		{"postings", postings(ledger.Posting{Account: citizen, Debit: 1})},
		{"postings", postings(many...)},
		{"postings", postings(ledger.Posting{Account: citizen, Debit: 2}, ledger.Posting{Account: line, Credit: 1})},
		{"postings", postings(ledger.Posting{Account: citizen, Debit: 1}, ledger.Posting{Account: line, Debit: 1})},
		{"postings[1].account", postings(ledger.Posting{Account: citizen, Debit: 1}, ledger.Posting{Credit: 1})},
		{"postings[1].account", postings(ledger.Posting{Account: citizen, Debit: 1}, ledger.Posting{Account: citizen, Credit: 1})},
		{"postings[0].debit", postings(ledger.Posting{Account: citizen}, ledger.Posting{Account: line, Credit: 1})},
		{"postings[0].debit", postings(ledger.Posting{Account: citizen, Debit: 1, Credit: 1}, ledger.Posting{Account: line, Credit: 1})},
		{"postings[0].debit", postings(ledger.Posting{Account: citizen, Debit: -1}, ledger.Posting{Account: line, Debit: 1})},
		{"postings[1].credit", postings(ledger.Posting{Account: citizen, Debit: 1}, ledger.Posting{Account: line, Credit: -1})},
		{"postings[0].debit", postings(ledger.Posting{Account: citizen, Debit: ledger.MaxAmount + 1}, ledger.Posting{Account: line, Credit: 1})},
		{"postings[1].credit", postings(ledger.Posting{Account: citizen, Debit: 1}, ledger.Posting{Account: line, Credit: math.MaxInt64})},
		// Amounts whose sum would be zero in 64 bits.
		{"postings[0].debit", postings(ledger.Posting{Account: citizen, Debit: math.MaxInt64}, ledger.Posting{Account: bank, Debit: math.MaxInt64}, ledger.Posting{Account: line, Debit: 2})},
	} {
		d := ledgertest.Fare("a", 100)
		_, err := ledger.NewTransaction(d)
		require.NoError(t, err)
		c.change(&d)
		_, err = ledger.NewTransaction(d)
		assert.Equal(t, c.path, wrong(t, err).Path, "case %d", i)

		// The ledger says so before its store is asked: here it has none.
		l := ledger.New(nil)
		_, err = l.Post(t.Context(), d)
		assert.Equal(t, c.path, wrong(t, err).Path)
		_, err = l.PostAll(t.Context(), []ledger.Draft{ledgertest.Fare("b", 1), d})
		assert.Equal(t, "drafts[1]."+c.path, wrong(t, err).Path)
		_, err = l.PostEach(t.Context(), []ledger.Draft{ledgertest.Fare("b", 1), d})
		assert.Equal(t, "drafts[1]."+c.path, wrong(t, err).Path)
	}
}

// TestInputs: questions that have no answer.
func TestInputs(t *testing.T) {
	l := ledger.New(ledger.NewMemory())
	_, err := l.Statement(t.Context(), ledger.StatementQuery{Account: ledgertest.Bank, From: ledgertest.Day, To: ledgertest.Day.Add(-1)})
	assert.Equal(t, "to", wrong(t, err).Path)
	_, err = l.BalanceOn(t.Context(), ledgertest.Bank, ledger.Day{})
	assert.Equal(t, "day", wrong(t, err).Path)
	_, err = l.CloseDay(t.Context(), ledger.Day{})
	assert.Equal(t, "day", wrong(t, err).Path)
	_, err = l.Closing(t.Context(), ledger.Day{})
	assert.ErrorIs(t, err, ledger.ErrNotFound)
	_, err = l.Find(t.Context(), "")
	assert.ErrorIs(t, err, ledger.ErrNotFound)
	first, err := ledger.ParseDay("2000-01-01")
	require.NoError(t, err)
	s, err := l.Statement(t.Context(), ledger.StatementQuery{Account: ledgertest.Bank, From: first, To: first})
	require.NoError(t, err)
	assert.Zero(t, s.Opening)
}

// TestTransactionIsACopy: neither what it was made from nor what it hands out
// changes it.
func TestTransactionIsACopy(t *testing.T) {
	d := ledgertest.Fare("a", 100)
	d.Attributes = map[string]string{"lot": "17"}
	x, err := ledger.NewTransaction(d)
	require.NoError(t, err)
	want := x.Draft()
	d.Postings[0].Debit, d.Attributes["lot"] = 1, "18"
	out := x.Draft()
	out.Postings[0].Debit, out.Attributes["lot"] = 1, "18"
	x.Postings()[0].Debit = 1
	assert.Equal(t, want, x.Draft())
	assert.Equal(t, "17", x.Attribute("lot"))
}

func TestAccounts(t *testing.T) {
	for _, name := range []string{"asset/bank", "liability/a.b/c_d/e-f/0", "income/" + strings.Repeat("x", 64), "expense/1/2/3/4/5/6/7"} {
		a, err := ledger.ParseAccount(name)
		require.NoError(t, err, name)
		assert.Equal(t, name, a.String())
		assert.Equal(t, ledger.Class(name[:strings.Index(name, "/")]), a.Class())
		assert.Len(t, a.ID(), 32)
	}
	for _, name := range []string{"", "asset", "asset/", "/bank", "equity/a", "Asset/bank", "asset/Bank", "asset/a b", "asset//a", "asset/-a", "asset/a-",
		"asset/.", "asset/银行", "asset/a\x00", "income/" + strings.Repeat("x", 65), "expense/1/2/3/4/5/6/7/8",
		"asset/" + strings.Repeat("x", 60) + "/" + strings.Repeat("x", 60) + "/" + strings.Repeat("x", 60)} {
		a, err := ledger.ParseAccount(name)
		assert.Equal(t, "account", wrong(t, err).Path, name)
		assert.True(t, a.IsZero())
	}
	assert.Panics(t, func() { ledger.MustAccount("equity", "a") })
	// printf 'account\0asset/bank' | openssl dgst -sm3
	assert.Equal(t, "fe382cecfa781ddd88e1415bfa7fa82f", ledger.MustAccount(ledger.Asset, "bank").ID())
	assert.NotEqual(t, "fe382cecfa781ddd88e1415bfa7fa82f", ledger.TransactionID("asset/bank"))
}

func TestDays(t *testing.T) {
	for at, want := range map[string]string{
		"2026-11-22T15:59:59Z": "2026-11-22", "2026-11-22T16:00:00Z": "2026-11-23", // midnight in Shenyang
		"2028-02-28T16:00:00Z": "2028-02-29", "2027-12-31T23:59:59+08:00": "2027-12-31", "1999-12-31T16:00:00Z": "2000-01-01",
	} {
		moment, err := time.Parse(time.RFC3339, at)
		require.NoError(t, err)
		assert.Equal(t, want, ledger.DayOf(moment).String(), at)
		day, err := ledger.ParseDay(want)
		require.NoError(t, err)
		assert.Equal(t, ledger.DayOf(moment), day)
	}
	for _, s := range []string{"", "2026-02-29", "2026-1-1", "26-01-01", "1999-12-31", "10000-01-01", "2026-11-22T00:00:00Z", " 2026-11-22", "２０２６-11-22"} {
		_, err := ledger.ParseDay(s)
		assert.Equal(t, "day", wrong(t, err).Path, s)
	}
	assert.Equal(t, "", ledger.Day{}.String())
	assert.Equal(t, "2026-12-01", ledgertest.Day.Add(9).String())
	assert.Equal(t, "2026-10-31", ledgertest.Day.Add(-22).String())
	// Texts sort as days do: stores rely on it.
	for i := range 4000 {
		a, b := ledgertest.Day.Add(i), ledgertest.Day.Add(i+1)
		assert.Less(t, a.String(), b.String())
		assert.Equal(t, -1, a.Compare(b))
	}
}

// FuzzParseTransaction: what is read is exactly what would be written, and
// balances.
func FuzzParseTransaction(f *testing.F) {
	d := ledgertest.Fare("a", 100)
	d.Attributes = map[string]string{"lot": "<17>"}
	for _, d := range []ledger.Draft{d, d.On(d.Day.Add(1)), ledgertest.Fare("b", ledger.MaxAmount)} {
		x, err := ledger.NewTransaction(d)
		require.NoError(f, err)
		text, err := x.MarshalText()
		require.NoError(f, err)
		f.Add(text)
		f.Add(append(text, ' '))
		f.Add(text[:len(text)-1])
		f.Add([]byte(strings.Replace(string(text), `"debit"`, `"Debit"`, 1)))
		f.Add([]byte(strings.Replace(string(text), `"kind"`, `"more":1,"kind"`, 1)))
	}
	f.Add([]byte(`{"postings":[{},{}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		x, err := ledger.ParseTransaction(text)
		if err != nil {
			wrong(t, err)
			return
		}
		again, err := x.MarshalText()
		require.NoError(t, err)
		require.Equal(t, string(text), string(again))
		require.True(t, json.Valid(text))
		var sum int64
		for _, p := range x.Postings() {
			sum += p.Debit - p.Credit
		}
		require.Zero(t, sum)
		y, err := ledger.NewTransaction(x.Draft())
		require.NoError(t, err)
		require.True(t, x.Same(y))
	})
}

// FuzzParseAccount: an account is read back as it is printed.
func FuzzParseAccount(f *testing.F) {
	for _, name := range []string{"asset/bank", "income/transit/line-1", "asset//", "expense/a_b.c"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		a, err := ledger.ParseAccount(name)
		if err != nil {
			wrong(t, err)
			return
		}
		require.Equal(t, name, a.String())
		require.LessOrEqual(t, len(name), ledger.MaxAccountName)
		require.Equal(t, strings.ToLower(name), name)
		b, err := ledger.NewAccount(a.Class(), strings.Split(name, "/")[1:]...)
		require.NoError(t, err)
		require.Equal(t, a, b)
	})
}
