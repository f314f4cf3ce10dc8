package sqlstore_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/citizencode/citizencode/scenarios/voucher"
	"github.com/citizencode/citizencode/scenarios/voucher/sqlstore"
	"github.com/citizencode/citizencode/scenarios/voucher/vouchertest"
)

func TestSQLite(t *testing.T) {
	vouchertest.Run(t, func(t *testing.T) voucher.Store {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "voucher.db")+
			"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_txlock=immediate")
		require.NoError(t, err)
		t.Cleanup(func() { db.Close() })
		s, err := sqlstore.Open(t.Context(), db)
		require.NoError(t, err)
		return s
	})
}
