package partner_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/citizencode/citizencode/refserver/partner"
	"github.com/citizencode/citizencode/scenarios/hospital/payer"
	"github.com/citizencode/citizencode/scenarios/rails"
)

func open(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "partner.db")+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_txlock=immediate")
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

func word(t testing.TB, a rails.Answer, err error) string {
	t.Helper()
	require.NoError(t, err)
	if a.Reason != "" {
		return a.State.String() + " " + a.Reason
	}
	return a.State.String()
}

func mandate(t testing.TB, token string) rails.Mandate {
	m, err := rails.ParseMandate(token)
	require.NoError(t, err)
	return m
}

func TestBank(t *testing.T) {
	ctx, db := t.Context(), open(t)
	b, err := partner.NewBank(ctx, db, map[string]int64{"m-1": 1000})
	require.NoError(t, err)
	charge := func(key, token string, fen int64) string {
		a, err := b.Charge(ctx, rails.Charge{Key: key, Mandate: mandate(t, token), Fen: fen})
		return word(t, a, err)
	}
	refund := func(key, of string, fen int64) string {
		a, err := b.Refund(ctx, rails.Refund{Key: key, Charge: of, Fen: fen})
		return word(t, a, err)
	}
	query := func(key string) string {
		a, err := b.Query(ctx, key)
		return word(t, a, err)
	}
	assert.Equal(t, "unknown", query("c1"))
	assert.Equal(t, "accepted", charge("c1", "m-1", 700))
	assert.Equal(t, "accepted", charge("c1", "m-1", 700), "once")
	assert.Equal(t, "accepted", query("c1"))
	assert.Equal(t, "declined no-funds", charge("c2", "m-1", 301))
	assert.Equal(t, "declined no-mandate", charge("c3", "m-2", 1))
	assert.Equal(t, "accepted", refund("r1", "c1", 600))
	assert.Equal(t, "declined exceeds-charge", refund("r2", "c1", 101))
	assert.Equal(t, "declined no-charge", refund("r3", "c2", 1))
	assert.Equal(t, "declined no-funds", charge("c2", "m-1", 301), "what was declined stays so")
	b, err = partner.NewBank(ctx, db, map[string]int64{"m-1": 1000}) // a restart
	require.NoError(t, err)
	assert.Equal(t, "accepted", query("r1"))
	assert.Equal(t, "accepted", charge("c4", "m-1", 900))
	assert.Equal(t, "declined no-funds", charge("c5", "m-1", 1))

	// Of many that come at once, no more are accepted than there is money for.
	many, err := partner.NewBank(ctx, open(t), map[string]int64{"m-1": 5})
	require.NoError(t, err)
	var accepted atomic.Int64
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			if a, err := many.Charge(ctx, rails.Charge{Key: fmt.Sprint(i), Mandate: mandate(t, "m-1"), Fen: 1}); err == nil && a.State == rails.Accepted {
				accepted.Add(1)
			}
		})
	}
	all.Wait()
	assert.Equal(t, int64(5), accepted.Load())

	gone, cancel := context.WithCancel(ctx)
	cancel()
	_, err = b.Charge(gone, rails.Charge{Key: "c6", Mandate: mandate(t, "m-1"), Fen: 1})
	assert.Error(t, err)
	assert.Equal(t, "unknown", query("c6"))
}

func TestInsurer(t *testing.T) {
	ctx, db := t.Context(), open(t)
	i, err := partner.NewInsurer(ctx, db, map[string]partner.Policy{"P-1": {Percent: 70, Deductible: 1000, Account: 500}})
	require.NoError(t, err)
	claim := payer.Claim{Hospital: "sy-01", Patient: "P-1", Fen: 11_001}
	quote := func(c payer.Claim) payer.Cover {
		cover, err := i.Quote(ctx, c)
		require.NoError(t, err)
		return cover
	}
	pay := func(key string, c payer.Claim, pool, account int64) string {
		a, err := i.Pay(ctx, payer.Payment{Key: key, Claim: c, Pool: pool, Account: account})
		return word(t, a, err)
	}
	refund := func(key, of string) string {
		a, err := i.Refund(ctx, payer.Refund{Key: key, Payment: of})
		return word(t, a, err)
	}
	assert.Equal(t, payer.Cover{Pool: 7000, Account: 500}, quote(claim), "rounded down")
	assert.Equal(t, payer.Cover{Account: 500}, quote(payer.Claim{Patient: "P-1", Fen: 999}))
	assert.Zero(t, quote(payer.Claim{Patient: "P-2", Fen: 5000}))
	assert.Equal(t, "accepted", pay("p1", claim, 7000, 400))
	assert.Equal(t, int64(100), quote(claim).Account)
	assert.Equal(t, "declined no-balance", pay("p2", claim, 7000, 101))
	assert.Equal(t, "declined not-insured", pay("p3", payer.Claim{Patient: "P-2", Fen: 1}, 1, 0))
	assert.Equal(t, "accepted", refund("r1", "p1"))
	assert.Equal(t, "accepted", refund("r1", "p1"), "once")
	assert.Equal(t, "declined no-payment", refund("r2", "p1"), "taken back already")
	assert.Equal(t, "declined no-payment", refund("r3", "p2"))
	assert.Equal(t, int64(500), quote(claim).Account)

	// One that only the pool paid is taken back once too.
	assert.Equal(t, "accepted", pay("p4", claim, 7000, 0))
	assert.Equal(t, "accepted", refund("r4", "p4"))
	assert.Equal(t, "declined no-payment", refund("r5", "p4"))
}
