package sqlstore_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/citizencode/citizencode/scenarios/ticket"
	"github.com/citizencode/citizencode/scenarios/ticket/sqlstore"
	"github.com/citizencode/citizencode/scenarios/ticket/tickettest"
)

func TestSQLite(t *testing.T) {
	tickettest.Run(t, func(t *testing.T) ticket.Store {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "ticket.db")+
			"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_txlock=immediate")
		require.NoError(t, err)
		t.Cleanup(func() { db.Close() })
		s, err := sqlstore.Open(t.Context(), db)
		require.NoError(t, err)
		return s
	})
}
