package office_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/ledger/sqlstore"
	"github.com/citizencode/citizencode/scenarios/transit/office"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

// TestSQLite: a program that ends after every step loses nothing.
func TestSQLite(t *testing.T) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "office.db")+
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)&_txlock=immediate")
	require.NoError(t, err)
	defer db.Close()
	events, err := eventlog.NewSQL(t.Context(), db)
	require.NoError(t, err)
	store, err := sqlstore.Open(t.Context(), db, sqlstore.Options{})
	require.NoError(t, err)
	d := open(t, func(c *office.Config) { c.Events, c.Ledger = events, ledger.New(store) })
	d.ledger = d.cfg.Ledger
	step := func(do func()) { do(); d.reopen() }
	in, out := d.newTap(1, tap.Enter, "s1", at(21, "08:00")), d.newTap(1, tap.Exit, "s3", at(21, "08:20"))
	step(func() { d.send(in, d.newTap(2, tap.Board, "B", at(21, "09:00"))) })
	step(func() { d.book(21) })
	step(func() { assert.Equal(t, 2, d.charge(21).Declined) })
	step(func() { d.close(21) })
	step(func() { d.send(in, out) })
	step(func() { assert.EqualValues(t, -100, d.book(21).Fen) })
	assert.EqualValues(t, 300, d.owes(1))
	assert.Equal(t, []string{person(1), person(2)}, d.debtors().People)
	d.zero(21, 22)
}
