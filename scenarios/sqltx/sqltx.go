// Package sqltx runs the transactions of the scenarios' SQL stores: whole or
// not at all, and begun again, a bounded number of times, where the database
// says that one collided with another (SQLSTATE 40001, 40P01; a busy SQLite).
// It imports no driver.
package sqltx

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// DefaultAttempts is how often a transaction is begun while it collides with
// others. The waits between them are under two seconds together.
const DefaultAttempts = 16

// ErrCollided is for a function that sees by itself that another commit wrote
// what it had not found: it returns an error that wraps ErrCollided, and is
// begun again.
var ErrCollided = errors.New("collided with another commit")

// Options says how transactions run. The zero value is the usual.
type Options struct {
	// Attempts is how often a transaction is begun; 0 means DefaultAttempts.
	Attempts int
	// Wait waits before the next attempt; failed counts from 1. Nil means up
	// to a millisecond, doubled with each attempt, at random: two that collided
	// must not meet again.
	Wait func(ctx context.Context, failed int) error
	// Isolation is that of the transaction; 0 means the database's own.
	Isolation sql.IsolationLevel
}

// Do runs f in a transaction. f may run several times and has no other effect
// than its statements. An error of f ends it, and is returned as it is.
func Do(ctx context.Context, db *sql.DB, f func(ctx context.Context, tx *sql.Tx) error) error {
	return Options{}.Do(ctx, db, f)
}

// Do is [Do] with options.
func (o Options) Do(ctx context.Context, db *sql.DB, f func(ctx context.Context, tx *sql.Tx) error) error {
	if o.Attempts == 0 {
		o.Attempts = DefaultAttempts
	}
	if o.Wait == nil {
		o.Wait = wait
	}
	for failed := 1; ; failed++ {
		err := o.once(ctx, db, f)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			// Drivers have words of their own for a cancelled statement.
			return fmt.Errorf("sqltx: %w (%v)", ctx.Err(), err)
		case !collided(err):
			return err
		case failed >= o.Attempts:
			return fmt.Errorf("sqltx: given up after %d attempts: %w", failed, err)
		}
		if err := o.Wait(ctx, failed); err != nil {
			return fmt.Errorf("sqltx: %w", err)
		}
	}
}

func (o Options) once(ctx context.Context, db *sql.DB, f func(context.Context, *sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: o.Isolation})
	if err != nil {
		return err
	}
	defer tx.Rollback() // after Commit it does nothing
	if err := f(ctx, tx); err != nil {
		return err
	}
	return tx.Commit()
}

// Create runs the statements of a schema, which end with a semicolon and a
// line end.
func Create(ctx context.Context, db *sql.DB, schema string) error {
	return Do(ctx, db, func(ctx context.Context, tx *sql.Tx) error {
		for statement := range strings.SplitSeq(schema, ";\n") {
			if strings.TrimSpace(statement) == "" {
				continue
			}
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}

// Exec runs a statement and returns how many rows it changed.
func Exec(ctx context.Context, tx *sql.Tx, query string, args ...any) (int64, error) {
	result, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// collided reports whether a transaction may succeed if it is begun again. The
// drivers are recognised by a method: PostgreSQL's have SQLState, SQLite's Code.
func collided(err error) bool {
	if errors.Is(err, ErrCollided) {
		return true
	}
	if e, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok {
		return e.SQLState() == "40001" || e.SQLState() == "40P01" // serialization failure, deadlock
	}
	if e, ok := errors.AsType[interface {
		error
		Code() int
	}](err); ok {
		const busy, locked = 5, 6 // without the extension
		return e.Code()&0xff == busy || e.Code()&0xff == locked
	}
	return false
}

func wait(ctx context.Context, failed int) error {
	timer := time.NewTimer(rand.N(time.Millisecond << min(failed, 8)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
