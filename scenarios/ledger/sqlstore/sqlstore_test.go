package sqlstore_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/ledger/ledgertest"
	"github.com/citizencode/citizencode/scenarios/ledger/sqlstore"
)

// durable is how a server opens SQLite.
func durable(file string) string {
	return "file:" + file + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
}

// dsn is how tests do that do not lose power.
func dsn(file string) string { return strings.Replace(durable(file), "FULL", "OFF", 1) }

func open(t testing.TB, file string, o sqlstore.Options) *sqlstore.Store {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(file))
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	store, err := sqlstore.Open(t.Context(), db, o)
	require.NoError(t, err)
	return store
}

func TestSQLite(t *testing.T) {
	ledgertest.Run(t, func(t *testing.T) ledger.Store {
		return open(t, filepath.Join(t.TempDir(), "ledger.db"), sqlstore.Options{})
	})
}

func TestRandom(t *testing.T) {
	if testing.Short() {
		t.Skip("many databases and nothing concurrent: runs in full without -short")
	}
	for _, shards := range []int{1, 3} {
		ledgertest.Random(t, ledger.New(open(t, filepath.Join(t.TempDir(), "ledger.db"), sqlstore.Options{Shards: shards})), uint64(shards), 5000)
	}
}

func describe(t testing.TB, v any) string {
	t.Helper()
	if r, ok := v.(*ledger.Record); ok {
		text, err := r.Transaction.MarshalText()
		require.NoError(t, err)
		return fmt.Sprintf("%s %d %t\n", text, r.Taken, r.Reversed)
	}
	return fmt.Sprintf("%+v\n", v)
}
