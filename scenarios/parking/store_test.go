package parking

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/ledger"
)

// Over SQLite, a restart at every step: the same as in memory.
func TestSQLite(t *testing.T) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "parking.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)&_pragma=busy_timeout(10000)&_txlock=immediate")
	require.NoError(t, err)
	defer db.Close()
	store, err := eventlog.NewSQL(context.Background(), db)
	require.NoError(t, err)
	w := newTown(t, func(c *Config) { c.Store = store })
	memory := newTown(t, nil)
	for _, x := range []*town{w, memory} {
		x.bind(li, plateLi, "mandate-li")
		for _, step := range []struct {
			lot  string
			exit bool
		}{{"north", false}, {"north", true}, {"south", false}, {"north", false}, {"north", true}, {"south", true}} {
			x.see(step.lot, plateLi, step.exit)
			x.pass(time.Hour)
			x.collect()
			x.audit()
		}
	}
	assert.Equal(t, memory.everything(), w.everything())
}

// Nothing in the events leads to a plate or a mandate without the key, and with
// another key they do not open.
func TestSealed(t *testing.T) {
	w := parkedOnce(t)
	events, err := w.cfg.Store.Read(context.Background(), "parking/parking", 0, 1000)
	require.NoError(t, err)
	require.NotEmpty(t, events)
	for _, e := range events {
		for _, secret := range []string{plateLi, "12345", "mandate-li"} {
			assert.NotContains(t, string(e.Data), secret, e.Kind)
			assert.NotContains(t, e.Key, secret)
		}
	}
	w.cfg.Key = []byte("another key, of 32 bytes as well")
	_, err = Open(context.Background(), w.cfg)
	assert.ErrorIs(t, err, errSealed)
	w.cfg.Key = nil
	_, err = Open(context.Background(), w.cfg)
	assert.ErrorContains(t, err, "key: missing")
}

// A charge that the bank accepts after its day was closed is booked on the next,
// and the closed day stays as it was.
func TestClosedDay(t *testing.T) {
	w, ctx := parkedOnce(t), context.Background()
	day := ledger.DayOf(w.clock)
	closed, err := w.CloseDay(ctx, day)
	require.NoError(t, err)
	assert.Equal(t, &scenarios.Settlement{Day: day.String(), Closed: true, Lines: []scenarios.SettlementLine{{Party: "north", Count: 1, Fen: 500}}}, closed)
	w.collect()
	require.True(t, ok(t)(w.Refund(ctx, RefundRequest{Key: "1", Bill: "s-1", Fen: 200, By: "desk"})).Allow)
	again, err := w.Settle(ctx, day.String())
	require.NoError(t, err)
	assert.Equal(t, closed, again)
	next, err := w.Report(ctx, day.Add(1))
	require.NoError(t, err)
	assert.Equal(t, []LotReport{{Lot: "north", Refunds: 200, Mandate: 500}}, next)
	require.NoError(t, w.books.Audit(ctx, day))
	w.collect()
	w.audit()
}

// Many barriers at once, beside the bank's worker; for the race detector, and
// for the count.
func TestConcurrent(t *testing.T) {
	w, ctx := newTown(t, func(c *Config) { c.Lots = []Lot{{ID: "north", Bays: 100, Tariff: hourly(t), OpenUnpaid: true}} }), context.Background()
	w.bind(li, plateLi, "mandate-li")
	var wait sync.WaitGroup
	for car := range 8 {
		wait.Go(func() {
			number := fmt.Sprintf("辽A1234%d", car)
			for n := range 20 {
				for _, exit := range []bool{false, true} {
					d, err := w.Camera(ctx, PlateEvent{Event: fmt.Sprint(car, n, exit), Plate: number, Exit: exit, Confidence: 990, Time: w.clock.Add(-time.Duration(200-n*10)*time.Hour + map[bool]time.Duration{true: 2 * time.Hour}[exit])})
					if assert.NoError(t, err) {
						assert.True(t, d.Allow, d.Reason)
					}
				}
				if _, err := w.Collect(ctx); err != nil {
					t.Error(err)
				}
				w.Metrics()
				w.Feed()
			}
		})
	}
	wait.Wait()
	w.collect()
	assert.EqualValues(t, 20*1000, w.taken())
	assert.EqualValues(t, -8*20*1000, w.net(income("north")))
}

// What is settled for long is forgotten, what is owed is not; a restart reads
// only what is behind the place that was kept, and finds the same.
func TestForget(t *testing.T) {
	w, ctx := newTown(t, func(c *Config) { c.Rules.KeepDays = 10 }), context.Background()
	for n := range 600 {
		w.see("street", plateWang, false)
		w.pass(time.Hour)
		d := w.see("street", plateWang, true)
		if n > 0 {
			require.True(t, ok(t)(w.Pay(ctx, PayRequest{Key: fmt.Sprint(n), Bill: passage(t, d).Session, Fen: 500, Method: ByQR})).Allow)
		}
	}
	assert.NotZero(t, w.state.base, "the place was kept")
	list, err := w.Sessions(ctx, SessionFilter{})
	require.NoError(t, err)
	assert.Equal(t, "s-1", list[0].ID, "it is owed")
	assert.Less(t, len(list), 600-10*24)
	assert.Less(t, len(w.state.replies), 3*600)
	w.audit()
	debts, err := w.Debts(ctx, "", plateWang)
	require.NoError(t, err)
	assert.Len(t, debts, 1)
}
