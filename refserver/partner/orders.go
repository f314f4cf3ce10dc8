// Package partner stands in for partners that a server is not connected to yet:
// a bank and a social insurance that exist in the server's own database and
// move no money. They answer as real ones do, the same key always the same,
// also after a restart. A configuration that uses them has them under the name
// simulated, and nothing else makes one.
package partner

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"

	"github.com/citizencode/citizencode/scenarios/rails"
	"github.com/citizencode/citizencode/scenarios/sqltx"
)

const schema = `
CREATE TABLE IF NOT EXISTS simulated_order (
	key      TEXT   NOT NULL PRIMARY KEY,
	account  TEXT   NOT NULL, -- digest of whose money it is
	fen      BIGINT NOT NULL, -- taken from the account; below zero: given back
	pool     BIGINT NOT NULL, -- and from the pool
	takes    TEXT   NOT NULL, -- key of the order that it takes back, or empty
	accepted BIGINT NOT NULL,
	reason   TEXT   NOT NULL
);
CREATE INDEX IF NOT EXISTS simulated_order_account ON simulated_order (account);
CREATE INDEX IF NOT EXISTS simulated_order_takes ON simulated_order (takes);
`

// orders are what a simulated partner was asked and has answered.
type orders struct {
	db   *sql.DB
	name string // keeps partners in one database apart
}

func open(ctx context.Context, db *sql.DB, name string) (orders, error) {
	return orders{db, name + ":"}, sqltx.Create(ctx, db, schema)
}

// An order is one row.
type order struct {
	account string
	fen     int64
	pool    int64
	takes   string
}

// digest keeps tokens and pseudonyms out of the table.
func (o orders) digest(account string) string {
	sum := sha256.Sum256([]byte(o.name + account))
	return hex.EncodeToString(sum[:])
}

// Query implements rails.Querier.
func (o orders) Query(ctx context.Context, key string) (rails.Answer, error) {
	return answerOf(o.db.QueryRowContext(ctx, `SELECT accepted, reason FROM simulated_order WHERE key = $1`, o.name+key))
}

func answerOf(row *sql.Row) (a rails.Answer, err error) {
	var accepted bool
	switch err := row.Scan(&accepted, &a.Reason); {
	case errors.Is(err, sql.ErrNoRows):
		return rails.Answer{}, nil
	case err != nil:
		return rails.Answer{}, err
	case accepted:
		a.State = rails.Accepted
	default:
		a.State = rails.Declined
	}
	return a, nil
}

// once answers an order: judge is asked the first time and returns why it is
// declined, or nothing.
func (o orders) once(ctx context.Context, key string, judge func(ctx context.Context, tx *sql.Tx) (order, string, error)) (a rails.Answer, err error) {
	err = sqltx.Do(ctx, o.db, func(ctx context.Context, tx *sql.Tx) error {
		if a, err = answerOf(tx.QueryRowContext(ctx, `SELECT accepted, reason FROM simulated_order WHERE key = $1`, o.name+key)); err != nil || a.State != rails.Unknown {
			return err
		}
		row, reason, err := judge(ctx, tx)
		if err != nil {
			return err
		}
		a = rails.Answer{State: rails.Accepted}
		if reason != "" {
			a = rails.Answer{State: rails.Declined, Reason: reason}
		}
		accepted := 0
		if a.State == rails.Accepted {
			accepted = 1
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO simulated_order (key, account, fen, pool, takes, accepted, reason) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			o.name+key, row.account, row.fen, row.pool, row.takes, accepted, reason)
		return err
	})
	return a, err
}

// spent returns what was taken from an account.
func (o orders) spent(ctx context.Context, tx *sql.Tx, account string) (fen int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT COALESCE(SUM(fen), 0) FROM simulated_order WHERE account = $1 AND accepted = 1`, account).Scan(&fen)
	return fen, err
}

// taken is what was taken back of an order.
type taken struct {
	times int
	fen   int64
}

// find returns an accepted order and what was taken back of it.
func (o orders) find(ctx context.Context, tx *sql.Tx, key string) (row order, back taken, known bool, err error) {
	err = tx.QueryRowContext(ctx, `SELECT account, fen, pool FROM simulated_order WHERE key = $1 AND accepted = 1 AND takes = ''`, o.name+key).
		Scan(&row.account, &row.fen, &row.pool)
	if errors.Is(err, sql.ErrNoRows) {
		return row, back, false, nil
	}
	if err == nil {
		err = tx.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(-SUM(fen), 0) FROM simulated_order WHERE takes = $1 AND accepted = 1`, o.name+key).
			Scan(&back.times, &back.fen)
	}
	return row, back, err == nil, err
}
