package sqlstore_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/ledger/ledgertest"
	"github.com/citizencode/citizencode/scenarios/ledger/sqlstore"
)

// dsn is how a server opens SQLite.
func dsn(file string) string {
	return "file:" + file + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
}

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
	for _, shards := range []int{1, 3} {
		ledgertest.Random(t, ledger.New(open(t, filepath.Join(t.TempDir(), "ledger.db"), sqlstore.Options{Shards: shards})), uint64(shards), 6000)
	}
}
