package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/ledger"
	ledgerstore "github.com/citizencode/citizencode/scenarios/ledger/sqlstore"
	"github.com/citizencode/citizencode/scenarios/scenariotest"
	"github.com/citizencode/citizencode/scenarios/voucher"
	"github.com/citizencode/citizencode/scenarios/voucher/sqlstore"
	"github.com/citizencode/citizencode/scenarios/voucher/vouchertest"
)

func open(t *testing.T) (*sql.DB, *sqlstore.Store) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "voucher.db")+
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_txlock=immediate")
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	s, err := sqlstore.Open(t.Context(), db)
	require.NoError(t, err)
	return db, s
}

func TestSQLite(t *testing.T) {
	vouchertest.Run(t, func(t *testing.T) voucher.Store { _, s := open(t); return s })
}

// A rush with the vouchers and the books in one database.
func TestRow41RushSQL(t *testing.T) {
	const requests, people, vouchers = 400, 90, 30
	db, store := open(t)
	kept, err := ledgerstore.Open(t.Context(), db, ledgerstore.Options{})
	require.NoError(t, err)
	books := ledger.New(kept)
	s, err := voucher.New(voucher.Config{Store: store, Ledger: books, Campaigns: []voucher.Campaign{{
		ID: "rush", Name: scenarios.Text{Zh: "秒杀券", En: "rush"}, Budget: vouchers * 2_000, Value: 2_000, MinSpend: 2_000, From: citycodetest.Start,
		Until: citycodetest.Start.Add(time.Hour), Expires: citycodetest.Start.Add(time.Hour), Merchants: []string{"noodles"}}}})
	require.NoError(t, err)
	var visits []scenarios.Visit
	crowd := scenariotest.NewPeople(t, s, citycode.ProfileTransit)
	for i := range people {
		visits = append(visits, crowd.Visit(scenarios.Paper, fmt.Sprint("person ", i), 0, voucher.Claim, `{"campaign":"rush"}`))
	}
	var granted [people]atomic.Int32
	var next atomic.Int64
	var wait sync.WaitGroup
	for worker := range 4 {
		wait.Go(func() {
			random := rand.New(rand.NewPCG(41, uint64(worker)))
			for n := next.Add(1); n <= requests; n = next.Add(1) {
				who := random.IntN(people)
				v := visits[who]
				v.Key = fmt.Sprint("request ", n)
				d, err := s.Handle(context.Background(), &v)
				if assert.NoError(t, err) && d.Allow {
					granted[who].Add(1)
				}
			}
		})
	}
	wait.Wait()
	total := int32(0)
	for i := range granted {
		require.LessOrEqual(t, granted[i].Load(), int32(1))
		total += granted[i].Load()
	}
	assert.EqualValues(t, vouchers, total)
	spent, err := books.Balance(t.Context(), ledger.MustAccount(ledger.Expense, "voucher", "rush"))
	require.NoError(t, err)
	assert.EqualValues(t, vouchers*2_000, spent.Net())
}
