package ledgertest

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/ledger"
)

// taxed returns a draft of three postings: 110 from the bank, 100 income, 10 tax.
func taxed(key string) ledger.Draft {
	d := Fare(key, 1)
	d.Postings = []ledger.Posting{{Account: Bank, Debit: 110}, {Account: Line, Credit: 100}, {Account: Tax, Credit: 10}}
	return d
}

func correction(key, kind string, postings ...ledger.Posting) ledger.Draft {
	return ledger.Draft{Key: key, Kind: kind, Time: Noon.Add(time.Hour), Day: Day, Postings: postings}
}

func reversal(b *book) {
	b.post(taxed("a"), taxed("b"))
	reverse := func(key, old string) error {
		_, err := b.Reverse(b.ctx(), ledger.Reversal{Key: key, Reverses: old, Time: Noon, Day: Day})
		return err
	}
	assert.ErrorIs(b.t, reverse("x", "nothing"), ledger.UnknownTransaction)
	require.NoError(b.t, reverse("a-", "a"))
	require.NoError(b.t, reverse("a-", "a"))
	b.stands(Bank, 220, 110)
	b.stands(Tax, 10, 20)
	r, err := b.Find(b.ctx(), "a-")
	require.NoError(b.t, err)
	assert.Equal(b.t, "transit.fare.reversal", r.Transaction.Kind())
	assert.Equal(b.t, "a", r.Transaction.Corrects())
	assert.ErrorIs(b.t, reverse("a--", "a"), ledger.AlreadyCorrected)
	assert.ErrorIs(b.t, reverse("a--", "a-"), ledger.NotCorrectable)

	whole := ledger.Mirror(taxed("b").Postings)
	for name, postings := range map[string][]ledger.Posting{
		"a part":       {{Account: Bank, Credit: 11}, {Account: Line, Debit: 10}, {Account: Tax, Debit: 1}},
		"two of three": {{Account: Bank, Credit: 100}, {Account: Line, Debit: 100}},
		"more":         {{Account: Bank, Credit: 111}, {Account: Line, Debit: 101}, {Account: Tax, Debit: 10}},
		"same side":    taxed("b").Postings,
		"elsewhere":    {{Account: Citizen, Credit: 110}, {Account: Line, Debit: 100}, {Account: Tax, Debit: 10}},
		"and a line":   {{Account: Bank, Credit: 110}, {Account: Line, Debit: 100}, {Account: Tax, Debit: 9}, {Account: Citizen, Debit: 1}},
	} {
		d := correction("b-", "wrong", postings...)
		d.Reverses = "b"
		assert.NotNil(b.t, b.refuses(ledger.NotMirror, d), name)
	}
	d := correction("b-", "right", whole...)
	d.Reverses = "b"
	b.post(d)
	d.Key, d.Reverses, d.Refunds = "b--", "", "b"
	b.refuses(ledger.ExceedsOriginal, d)
	b.stands(Bank, 220, 220)
}

func refund(b *book) {
	b.post(taxed("a"), taxed("b"))
	back := func(key string, line, tax int64) ledger.Draft {
		d := correction(key, "refund", ledger.Posting{Account: Bank, Credit: line + tax}, ledger.Posting{Account: Line, Debit: line})
		if tax > 0 {
			d.Postings = append(d.Postings, ledger.Posting{Account: Tax, Debit: tax})
		}
		d.Refunds = "a"
		return d
	}
	unknown := back("r0", 1, 0)
	unknown.Refunds = "nothing"
	b.refuses(ledger.UnknownTransaction, unknown)
	b.post(back("r1", 60, 0), back("r1", 60, 0))
	r, err := b.Find(b.ctx(), "a")
	require.NoError(b.t, err)
	assert.Equal(b.t, []int64{60, 60, 0}, r.Taken) // bank, line, tax
	assert.False(b.t, r.Reversed)

	b.refuses(ledger.ExceedsOriginal, back("r2", 41, 0))
	b.refuses(ledger.ExceedsOriginal, back("r2", 30, 11))
	wrong := back("r2", 1, 0)
	wrong.Postings = ledger.Mirror(wrong.Postings)
	b.refuses(ledger.ExceedsOriginal, wrong)
	wrong.Postings = []ledger.Posting{{Account: Citizen, Credit: 1}, {Account: Line, Debit: 1}}
	b.refuses(ledger.ExceedsOriginal, wrong)
	whole := correction("a-", "wrong", ledger.Mirror(taxed("a").Postings)...)
	whole.Reverses = "a"
	b.refuses(ledger.AlreadyCorrected, whole)
	of := back("r2", 1, 0)
	of.Refunds, of.Postings = "r1", ledger.Mirror(of.Postings)
	b.refuses(ledger.NotCorrectable, of)

	b.post(back("r2", 40, 10))
	b.refuses(ledger.ExceedsOriginal, back("r3", 1, 0))
	b.stands(Bank, 220, 110)
	b.stands(Line, 100, 200)
	b.stands(Tax, 10, 20)
	// The other one is untouched.
	r, err = b.Find(b.ctx(), "b")
	require.NoError(b.t, err)
	assert.Equal(b.t, []int64{0, 0, 0}, r.Taken)
	// Within one batch the refunds see each other.
	var drafts []ledger.Draft
	for i := range 4 {
		d := back(fmt.Sprint("s", i), 30, 0)
		d.Refunds = "b"
		drafts = append(drafts, d)
	}
	verdicts, err := b.PostEach(b.ctx(), drafts)
	require.NoError(b.t, err)
	for i, v := range verdicts {
		assert.Equal(b.t, i < 3, v.New, i)
	}
}
