// Package sqlstore keeps a ledger in SQL: in SQLite, in PostgreSQL, or in an
// engine that speaks PostgreSQL's wire protocol. It takes a *sql.DB and imports
// no driver.
//
// # Balances without a hot row
//
// A balance must be read without summing a year, and the account of a metro
// line must not make a whole city wait in one row. So what an account moves on
// an open day is kept in one row for each shard; a commit takes the next shard
// and touches only its rows. A closing adds the rows of a day up and writes one
// balance for every account that moved. To read a balance is to read the last
// of these and at most one row a shard for each open day, whatever was posted.
//
// Commits on one shard wait for each other and commits on different ones do
// not. All postings of a batch share one disk write, which is what counts: see
// Ledger.PostEach. SQLite has one writer, whatever the shards.
//
// # Faults
//
// Every call is one SQL transaction: whole or nothing, whatever fails or is
// cancelled. Serialization failures (SQLSTATE 40001, 40P01) and a busy SQLite
// are tried again, a bounded number of times. Transactions ask for read
// committed, and an engine that gives more only makes them collide more often:
// what one commit must not do behind the back of another is held off by row
// locks, taken by an UPDATE because not every engine has FOR UPDATE.
package sqlstore

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/sqltx"
)

// Schema creates the tables, where they are not there. Its statements end with
// a semicolon and a line end.
//
//go:embed schema.sql
var Schema string

// Defaults and bounds of Options.
const (
	DefaultShards = 8
	MaxShards     = 64
)

// Options are the settings of a store. The zero value is safe.
type Options struct {
	// Shards is how many commits run side by side; 0 means DefaultShards. It
	// may be raised later, and differ between servers.
	Shards int
	// Attempts is how often a call is begun while the database says that it
	// collided with another; 0 means sqltx.DefaultAttempts.
	Attempts int
	// Wait waits before the next attempt; failed counts from 1. Nil is the wait
	// of sqltx.
	Wait func(ctx context.Context, failed int) error
}

// A Store is a ledger in a database.
type Store struct {
	db      *sql.DB
	options Options
	commits atomic.Uint32
}

var _ ledger.Store = (*Store)(nil)

// Open creates the tables, where they are not there, and returns the store. The
// database stays the caller's. SQLite should have journal_mode(WAL),
// synchronous(FULL), without which a power cut loses what was acknowledged, and
// a busy_timeout.
func Open(ctx context.Context, db *sql.DB, o Options) (*Store, error) {
	if o.Shards == 0 {
		o.Shards = DefaultShards
	}
	if o.Shards < 1 || o.Shards > MaxShards {
		return nil, fmt.Errorf("sqlstore: %d shards, not 1 to %d", o.Shards, MaxShards)
	}
	if o.Attempts < 0 {
		return nil, fmt.Errorf("sqlstore: %d attempts", o.Attempts)
	}
	s := &Store{db: db, options: o}
	return s, s.do(ctx, s.create)
}

func (s *Store) create(ctx context.Context, tx *sql.Tx) error {
	for statement := range strings.SplitSeq(Schema, ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	const insert = `INSERT INTO ledger_gate (shard, closed, commits) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING`
	if _, err := tx.ExecContext(ctx, insert, 0, ""); err != nil {
		return err
	}
	// Shard 0 is locked first by a closing too: new shards open with what is
	// closed.
	closed, err := enter(ctx, tx, 0)
	if err != nil {
		return err
	}
	for shard := 1; shard < s.options.Shards; shard++ {
		if _, err := tx.ExecContext(ctx, insert, shard, closed.String()); err != nil {
			return err
		}
	}
	return nil
}

// enter locks a shard and returns the day up to which the ledger is closed.
func enter(ctx context.Context, tx *sql.Tx, shard int) (ledger.Day, error) {
	if _, err := tx.ExecContext(ctx, `UPDATE ledger_gate SET commits = commits + 1 WHERE shard = $1`, shard); err != nil {
		return ledger.Day{}, err
	}
	var closed string
	if err := tx.QueryRowContext(ctx, `SELECT closed FROM ledger_gate WHERE shard = $1`, shard).Scan(&closed); err != nil {
		return ledger.Day{}, err
	}
	return parseDay(closed)
}

func parseDay(s string) (ledger.Day, error) {
	if s == "" {
		return ledger.Day{}, nil
	}
	return ledger.ParseDay(s)
}

// do runs f in a transaction, again while it collides with others.
func (s *Store) do(ctx context.Context, f func(context.Context, *sql.Tx) error) error {
	o := sqltx.Options{Attempts: s.options.Attempts, Wait: s.options.Wait, Isolation: sql.LevelReadCommitted}
	if err := o.Do(ctx, s.db, f); err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	return nil
}
