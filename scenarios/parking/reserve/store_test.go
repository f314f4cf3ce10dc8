package reserve_test

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/citizencode/citizencode/scenarios/parking/reserve"
	"github.com/citizencode/citizencode/scenarios/parking/reserve/reservetest"
)

func TestRow29Row30MemoryStore(t *testing.T) {
	reservetest.Run(t, func(*testing.T) reserve.Store { return new(reserve.MemoryStore) })
}

func TestRow29Row30SQLStore(t *testing.T) {
	reservetest.Run(t, func(t *testing.T) reserve.Store {
		return openSQL(t, filepath.Join(t.TempDir(), "reserve.db"), "&_txlock=immediate")
	})
}

// openSQL opens a database of SQLite with four connections; not synchronous,
// because these tests lose no power.
func openSQL(t *testing.T, path, options string) *reserve.SQLStore {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)"+options)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(4)
	store, err := reserve.NewSQLStore(t.Context(), db)
	require.NoError(t, err)
	return store
}

func newDesk(t *testing.T, store reserve.Store) *reserve.Desk {
	desk, err := reserve.NewDesk(reserve.Config{
		Store: store,
		Place: func(string) (reserve.Place, bool) { return reserve.Place{Bays: 10}, true },
		Now:   func() time.Time { return reservetest.Noon },
	})
	require.NoError(t, err)
	return desk
}

// TestTransactionsThatMeet: SQLite's deferred transactions read first and find
// at the first change that another came between. They begin again, and the lot
// is sold out exactly.
func TestTransactionsThatMeet(t *testing.T) {
	desk := newDesk(t, openSQL(t, filepath.Join(t.TempDir(), "reserve.db"), ""))
	var got atomic.Int64
	var all sync.WaitGroup
	requests := 60
	if testing.Short() {
		requests = 15
	}
	for i := range requests {
		all.Go(func() {
			_, err := desk.Reserve(t.Context(), reserve.Request{
				Key: fmt.Sprint("k", i), Place: "lot", Holder: fmt.Sprint("p", i),
				From: reservetest.Noon, Until: reservetest.Noon.Add(time.Hour),
			})
			var no *reserve.RefusedError
			if err == nil {
				got.Add(1)
			} else if !errors.As(err, &no) || no.Reason != reserve.Full {
				t.Error(err)
			}
		})
	}
	all.Wait()
	assert.EqualValues(t, 10, got.Load())
}

// TestTwoDesks: two processes on one database, opened twice, sell one lot.
func TestTwoDesks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "reserve.db")
	one := newDesk(t, openSQL(t, path, "&_txlock=immediate"))
	two := newDesk(t, openSQL(t, path, "&_txlock=immediate"))
	q := reserve.Request{Key: "k", Place: "lot", Holder: "li", From: reservetest.Noon, Until: reservetest.Noon.Add(time.Hour)}
	a, err := one.Reserve(t.Context(), q)
	require.NoError(t, err)
	b, err := two.Reserve(t.Context(), q)
	require.NoError(t, err)
	assert.Equal(t, a, b)
	_, err = two.Enter(t.Context(), a.ID)
	require.NoError(t, err)
	a, err = one.Leave(t.Context(), a.ID)
	require.NoError(t, err)
	assert.Equal(t, reserve.Completed, a.State)
}

func TestNewDeskRefuses(t *testing.T) {
	place := func(string) (reserve.Place, bool) { return reserve.Place{}, false }
	for _, cfg := range []reserve.Config{
		{Place: place},
		{Store: new(reserve.MemoryStore)},
		{Store: new(reserve.MemoryStore), Place: place, Rules: reserve.Rules{Hold: -1}},
		{Store: new(reserve.MemoryStore), Place: place, Rules: reserve.Rules{Grace: time.Millisecond}},
		{Store: new(reserve.MemoryStore), Place: place, Rules: reserve.Rules{MaxLength: reserve.MaxWindow + time.Hour}},
		{Store: new(reserve.MemoryStore), Place: place, Rules: reserve.Rules{MaxOpen: -1}},
		{Store: new(reserve.MemoryStore), Place: place, Rules: reserve.Rules{Terms: reserve.Terms{NoShowFen: -1}}},
		{Store: new(reserve.MemoryStore), Place: place, Rules: reserve.Rules{Terms: reserve.Terms{OwnerPercent: 101}}},
	} {
		_, err := reserve.NewDesk(cfg)
		assert.Error(t, err)
	}
}

func TestSlot(t *testing.T) {
	for seconds, slot := range map[int64]int64{0: 0, 899: 0, 900: 1, -1: -1, -900: -1, -901: -2} {
		assert.Equal(t, slot, reserve.Slot(time.Unix(seconds, 0)), "%d", seconds)
	}
}

func BenchmarkReserve(b *testing.B) {
	desk, err := reserve.NewDesk(reserve.Config{
		Store: new(reserve.MemoryStore),
		Place: func(string) (reserve.Place, bool) { return reserve.Place{Bays: 1 << 30}, true },
		Now:   func() time.Time { return reservetest.Noon },
	})
	require.NoError(b, err)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_, err := desk.Reserve(b.Context(), reserve.Request{
			Key: fmt.Sprint("k", i), Place: "lot", Holder: fmt.Sprint("p", i),
			From: reservetest.Noon, Until: reservetest.Noon.Add(2 * time.Hour),
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
