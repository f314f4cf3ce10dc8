package hospital

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/ledger/sqlstore"
	"github.com/citizencode/citizencode/scenarios/rails/railstest"
	"github.com/citizencode/citizencode/scenarios/scenariotest"
)

// No event and no posting holds a token that charges an account.
func TestNoSecrets(t *testing.T) {
	h := newHouse(t, railstest.Faults{}, nil)
	ticket := h.checkIn("li", true)
	h.order(ticket.Encounter, 30_000, Lab)
	h.repay("", 7_000)
	events, err := h.cfg.Store.Read(ctx, "hospital/sy-01", 0, 1000)
	require.NoError(t, err)
	require.NotEmpty(t, events)
	subject := string(scenariotest.Subject("li"))
	for _, e := range events {
		assert.NotContains(t, string(e.Data), "tok-li")
		assert.NotContains(t, string(e.Data), subject)
		assert.NotContains(t, string(e.Data), fmt.Sprintf("%x", subject))
	}
	days := ledger.DayOf(h.at)
	for tx, err := range h.books.Transactions(ctx, days, days) {
		require.NoError(t, err)
		text, err := tx.MarshalText()
		require.NoError(t, err)
		assert.NotContains(t, string(text), "tok-li")
		assert.NotContains(t, string(text), "P-li")
	}
}

// The same over a database: what was answered is there after a restart.
func TestSQLite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hospital.db")
	var db *sql.DB
	open := func(c *Config) {
		var err error
		db, err = sql.Open("sqlite", "file:"+file+"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)&_txlock=immediate")
		require.NoError(t, err)
		c.Store, err = eventlog.NewSQL(ctx, db)
		require.NoError(t, err)
		books, err := sqlstore.Open(ctx, db, sqlstore.Options{})
		require.NoError(t, err)
		c.Ledger = ledger.New(books)
	}
	h := newHouse(t, railstest.Faults{}, open)
	ticket := h.checkIn("li", true)
	h.order(ticket.Encounter, 30_000, Lab)
	h.scan("li", Leave, ``)
	before := h.statement(ticket.Encounter)
	require.NoError(t, db.Close())
	open(&h.cfg)
	defer func() { db.Close() }()
	h.reopen()
	assert.Equal(t, before, h.statement(ticket.Encounter))
	h.repay("", 7_000)
	h.audit()
	assert.Zero(t, h.statement(ticket.Encounter).Owed)
}
