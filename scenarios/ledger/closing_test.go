package ledger_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tjfoc/gmsm/sm3"

	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/ledger/ledgertest"
)

// TestClosingHash: the bytes of a closing as a stranger writes them, with an
// SM3 of another origin.
func TestClosingHash(t *testing.T) {
	l := ledger.New(ledger.NewMemory())
	second := ledgertest.Fare("b", 5)
	second.Day = second.Day.Add(1)
	for _, d := range []ledger.Draft{ledgertest.Fare("a", 300), second} {
		_, err := l.Post(t.Context(), d)
		require.NoError(t, err)
	}
	row := func(a ledger.Account, debit, credit int64) []byte {
		b := append([]byte{byte(len(a.String()))}, a.String()...)
		b = binary.BigEndian.AppendUint64(b, uint64(debit))
		return binary.BigEndian.AppendUint64(b, uint64(credit))
	}
	rows := func(fen int64) []byte {
		a, b := row(ledgertest.Citizen, fen, 0), row(ledgertest.Line, 0, fen)
		if ledgertest.Citizen.ID() > ledgertest.Line.ID() {
			a, b = b, a
		}
		return append(a, b...)
	}
	const november22 = 20779 // days since 1970-01-01: date -d 2026-11-22 +%s / 86400
	before := make([]byte, ledger.HashSize)
	for i, fen := range []int64{300, 305} {
		text := append([]byte("CC1/ledger-closing"), before...)
		text = binary.BigEndian.AppendUint64(text, november22+uint64(i))
		text = binary.BigEndian.AppendUint64(text, 1)
		text = append(text, rows(fen)...)
		c, err := l.CloseDay(t.Context(), ledgertest.Day.Add(i))
		require.NoError(t, err)
		before = sm3.Sm3Sum(text)
		assert.Equal(t, before, c.Hash[:])
	}
}

// A damaged is a store in which somebody changed an amount.
type damaged struct {
	*ledger.Memory
	account ledger.Account
	more    int64
}

func (d *damaged) Balance(ctx context.Context, account ledger.Account, day ledger.Day) (ledger.Balance, error) {
	b, err := d.Memory.Balance(ctx, account, day)
	if account == d.account {
		b.Debit += d.more
	}
	return b, err
}

// A shortened is a store that has lost a transaction.
type shortened struct{ *ledger.Memory }

func (s *shortened) Transactions(ctx context.Context, from, to ledger.Day, after ledger.Place, limit int) ([]*ledger.Transaction, error) {
	page, err := s.Memory.Transactions(ctx, from, to, after, limit)
	return page[:len(page)-1], err
}

// TestAudit: an audit finds what is not as it was posted.
func TestAudit(t *testing.T) {
	store := ledger.NewMemory()
	l := ledger.New(store)
	for i, key := range []string{"a", "b", "c"} {
		d := ledgertest.Fare(key, 100)
		d.Day = d.Day.Add(i)
		_, err := l.Post(t.Context(), d)
		require.NoError(t, err)
	}
	assert.ErrorIs(t, l.Audit(t.Context(), ledgertest.Day), ledger.ErrNotFound)
	for _, day := range []int{0, 2} {
		_, err := l.CloseDay(t.Context(), ledgertest.Day.Add(day))
		require.NoError(t, err)
	}
	for _, day := range []int{0, 2} {
		day := ledgertest.Day.Add(day)
		require.NoError(t, l.Audit(t.Context(), day))
		assert.Error(t, ledger.New(&damaged{store, ledgertest.Line, 1}).Audit(t.Context(), day))
		assert.Error(t, ledger.New(&shortened{store}).Audit(t.Context(), day))
	}
	assert.ErrorContains(t, ledger.New(&damaged{store, ledgertest.Line, 1}).Audit(t.Context(), ledgertest.Day), "income/transit/line-1")
}

// TestCloser: a store that has gone wrong is not frozen.
func TestCloser(t *testing.T) {
	closer := func() *ledger.Closer {
		c, err := ledger.NewCloser(nil, ledgertest.Day, 1)
		require.NoError(t, err)
		return c
	}
	a, b := ledgertest.Citizen, ledgertest.Line
	if a.ID() > b.ID() {
		a, b = b, a
	}
	c := closer()
	require.NoError(t, c.Add(a, ledger.Balance{}, ledger.Balance{Debit: 7}))
	_, err := c.Close()
	assert.ErrorContains(t, err, "balance")
	require.NoError(t, c.Add(b, ledger.Balance{}, ledger.Balance{Credit: 7}))
	closing, err := c.Close()
	require.NoError(t, err)

	assert.Error(t, c.Add(a, ledger.Balance{}, ledger.Balance{}), "out of order")
	assert.Error(t, closer().Add(a, ledger.Balance{Debit: 7}, ledger.Balance{Debit: 6}), "shrinks")
	const most = 1<<63 - 1
	c = closer()
	require.NoError(t, c.Add(a, ledger.Balance{}, ledger.Balance{Debit: most}))
	assert.Error(t, c.Add(b, ledger.Balance{}, ledger.Balance{Debit: 1}), "beyond 64 bits")
	_, err = ledger.NewCloser(closing, ledgertest.Day, 0)
	assert.Error(t, err)
	_, err = ledger.Balance{Credit: most}.Add(ledger.Balance{Credit: 1})
	assert.Error(t, err)
	assert.False(t, bytes.Equal(closing.Hash[:], make([]byte, ledger.HashSize)))
}
