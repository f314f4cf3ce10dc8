package eventlog

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/scenarios/sqltx"
)

// Schema makes the table of an SQL store, in the SQL that SQLite, PostgreSQL
// and the engines that speak its protocol have in common.
//
//go:embed schema.sql
var Schema string

// A SQL is a Store in a database. Its connection is made durable by whoever
// opens it: SQLite with synchronous=FULL, PostgreSQL as it is.
type SQL struct{ db *sql.DB }

var _ Store = (*SQL)(nil)

// NewSQL returns the store of a database, and makes its table if there is none.
func NewSQL(ctx context.Context, db *sql.DB) (*SQL, error) {
	if err := sqltx.Create(ctx, db, Schema); err != nil {
		return nil, fmt.Errorf("eventlog: schema: %w", err)
	}
	return &SQL{db}, nil
}

// Append implements [Store].
func (s *SQL) Append(ctx context.Context, stream string, after int64, events []Event) error {
	if err := Check(stream, after, events); err != nil {
		return err
	}
	err := s.insert(ctx, stream, after, events)
	if err == nil || errors.Is(err, ErrMoved) {
		return err
	}
	// A driver has its own words for a row that exists. What the table holds
	// says which it was, in every database.
	if count, lookErr := s.count(ctx, s.db, stream); lookErr == nil && count != after {
		return ErrMoved
	}
	for _, e := range events {
		if taken, lookErr := s.taken(ctx, stream, e.Key); lookErr == nil && taken {
			return ErrKeyTaken
		}
	}
	return err
}

func (s *SQL) insert(ctx context.Context, stream string, after int64, events []Event) error {
	return sqltx.Do(ctx, s.db, func(ctx context.Context, tx *sql.Tx) error {
		count, err := s.count(ctx, tx, stream)
		if err != nil {
			return err
		}
		if count != after {
			return ErrMoved
		}
		insert, err := tx.PrepareContext(ctx, `INSERT INTO citizencode_event (stream, seq, key, kind, at, data) VALUES ($1, $2, $3, $4, $5, $6)`)
		if err != nil {
			return err
		}
		defer insert.Close()
		for i, e := range events {
			if _, err := insert.ExecContext(ctx, stream, after+int64(i)+1, e.Key, e.Kind, e.Time.Unix(), string(e.Data)); err != nil {
				return err
			}
		}
		return nil
	})
}

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func (s *SQL) count(ctx context.Context, q querier, stream string) (n int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT COALESCE(MAX(seq), 0) FROM citizencode_event WHERE stream = $1`, stream).Scan(&n)
	return n, err
}

func (s *SQL) taken(ctx context.Context, stream, key string) (taken bool, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT COUNT(*) > 0 FROM citizencode_event WHERE stream = $1 AND key = $2`, stream, key).Scan(&taken)
	return taken, err
}

// Read implements [Store].
func (s *SQL) Read(ctx context.Context, stream string, after int64, limit int) (events []Event, err error) {
	rows, err := s.db.QueryContext(ctx,
		`SELECT key, kind, at, data FROM citizencode_event WHERE stream = $1 AND seq > $2 ORDER BY seq LIMIT $3`, stream, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var e Event
		var at int64
		var data string
		if err := rows.Scan(&e.Key, &e.Kind, &at, &data); err != nil {
			return nil, err
		}
		e.Time, e.Data = time.Unix(at, 0).UTC(), []byte(data)
		events = append(events, e)
	}
	return events, rows.Err()
}
