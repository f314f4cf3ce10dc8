package reserve

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/scenarios/sqltx"
)

// tables is the schema, one statement each. It is the subset that SQLite,
// PostgreSQL and the engines that speak its protocol share: no sequences, no
// locks by hand, keys that begin with a place or are random.
var tables = []string{
	`CREATE TABLE IF NOT EXISTS reserve_slots (
		place TEXT NOT NULL,
		slot BIGINT NOT NULL,
		offer TEXT NOT NULL,
		taken BIGINT NOT NULL CHECK (taken >= 0),
		PRIMARY KEY (place, slot))`,
	`CREATE TABLE IF NOT EXISTS reserve_reservations (
		id TEXT NOT NULL PRIMARY KEY,
		request_key TEXT NOT NULL UNIQUE,
		offer TEXT NOT NULL,
		state TEXT NOT NULL,
		deadline BIGINT NOT NULL,
		version BIGINT NOT NULL,
		body TEXT NOT NULL)`,
	`CREATE INDEX IF NOT EXISTS reserve_due ON reserve_reservations (state, deadline, id)`,
	`CREATE INDEX IF NOT EXISTS reserve_open ON reserve_reservations (offer, state)`,
	`CREATE TABLE IF NOT EXISTS reserve_offers (
		id TEXT NOT NULL PRIMARY KEY,
		request_key TEXT NOT NULL UNIQUE,
		body TEXT NOT NULL)`,
}

// An SQLStore keeps everything in a database. The caller opens it and brings
// the driver. SQLite wants _txlock=immediate and a busy timeout, or transactions
// meet and begin again more often than they need.
type SQLStore struct{ db *sql.DB }

var _ Store = (*SQLStore)(nil)

// NewSQLStore returns the store in a database and makes the tables that are
// missing.
func NewSQLStore(ctx context.Context, db *sql.DB) (*SQLStore, error) {
	for _, t := range tables {
		if _, err := db.ExecContext(ctx, t); err != nil {
			return nil, fmt.Errorf("reserve: make tables: %w", err)
		}
	}
	return &SQLStore{db}, nil
}

// Update implements Store. A transaction that met another one begins again.
func (s *SQLStore) Update(ctx context.Context, f func(Tx) error) error {
	return sqltx.Do(ctx, s.db, func(ctx context.Context, tx *sql.Tx) error { return f(&sqlTx{ctx, tx}) })
}

// An sqlTx lives no longer than a call of Update, whose context it keeps.
type sqlTx struct {
	ctx context.Context
	tx  *sql.Tx
}

// exec runs a statement and returns how many rows it changed.
func (t *sqlTx) exec(statement string, args ...any) (int64, error) {
	result, err := t.tx.ExecContext(t.ctx, statement, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// one reads the body of at most one row into v.
func (t *sqlTx) one(v any, query string, args ...any) (found bool, err error) {
	var body []byte
	switch err := t.tx.QueryRowContext(t.ctx, query, args...).Scan(&body); {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, err
	}
	return true, json.Unmarshal(body, v)
}

func (t *sqlTx) reservations(query string, args ...any) ([]Reservation, error) {
	rows, err := t.tx.QueryContext(t.ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Reservation
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return nil, err
		}
		var r Reservation
		if err := json.Unmarshal(body, &r); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

func (t *sqlTx) Reservation(id string) (r Reservation, found bool, err error) {
	found, err = t.one(&r, `SELECT body FROM reserve_reservations WHERE id = $1`, id)
	return r, found, err
}

func (t *sqlTx) ReservationOfKey(key string) (r Reservation, found bool, err error) {
	found, err = t.one(&r, `SELECT body FROM reserve_reservations WHERE request_key = $1`, key)
	return r, found, err
}

func (t *sqlTx) Put(r Reservation) error {
	before := r.Version
	r.Version++
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	deadline := int64(0)
	if r.Open() {
		deadline = r.Deadline().Unix()
	}
	var rows int64
	if before == 0 {
		rows, err = t.exec(`INSERT INTO reserve_reservations (id, request_key, offer, state, deadline, version, body)
			VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
			r.ID, r.Key, r.Offer, string(r.State), deadline, r.Version, string(body))
	} else {
		rows, err = t.exec(`UPDATE reserve_reservations SET state = $1, deadline = $2, version = $3, body = $4
			WHERE id = $5 AND version = $6`,
			string(r.State), deadline, r.Version, string(body), r.ID, before)
	}
	if err == nil && rows != 1 {
		err = ErrConflict
	}
	return err
}

func (t *sqlTx) Due(s State, by time.Time, limit int) ([]Reservation, error) {
	return t.reservations(`SELECT body FROM reserve_reservations WHERE state = $1 AND deadline < $2
		ORDER BY deadline, id LIMIT $3`, string(s), by.Unix(), limit)
}

func (t *sqlTx) OpenOf(offer string) ([]Reservation, error) {
	return t.reservations(`SELECT body FROM reserve_reservations WHERE offer = $1 AND state IN ($2, $3)
		ORDER BY deadline, id`, offer, string(Held), string(Entered))
}

func (t *sqlTx) Offer(id string) (o Offer, found bool, err error) {
	found, err = t.one(&o, `SELECT body FROM reserve_offers WHERE id = $1`, id)
	return o, found, err
}

func (t *sqlTx) OfferOfKey(key string) (o Offer, found bool, err error) {
	found, err = t.one(&o, `SELECT body FROM reserve_offers WHERE request_key = $1`, key)
	return o, found, err
}

func (t *sqlTx) OfferAt(bay string, slot int64) (o Offer, found bool, err error) {
	found, err = t.one(&o, `SELECT o.body FROM reserve_slots s JOIN reserve_offers o ON o.id = s.offer
		WHERE s.place = $1 AND s.slot = $2`, bay, slot)
	return o, found, err
}

func (t *sqlTx) Open(o Offer) (bool, error) {
	for n := Slot(o.From); n < Slot(o.Until); n++ {
		if rows, err := t.addSlot(o.Bay, n, o.ID); err != nil || rows == 0 {
			return false, err
		}
	}
	body, err := json.Marshal(o)
	if err != nil {
		return false, err
	}
	rows, err := t.exec(`INSERT INTO reserve_offers (id, request_key, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, o.ID, o.Key, string(body))
	if err == nil && rows == 0 { // the same key at the same time
		err = ErrConflict
	}
	return err == nil, err
}

func (t *sqlTx) addSlot(place string, slot int64, offer string) (int64, error) {
	return t.exec(`INSERT INTO reserve_slots (place, slot, offer, taken) VALUES ($1, $2, $3, 0) ON CONFLICT DO NOTHING`, place, slot, offer)
}

func (t *sqlTx) Shut(o Offer, from, until int64) error {
	if _, err := t.exec(`DELETE FROM reserve_slots WHERE place = $1 AND slot >= $2 AND slot < $3 AND offer = $4 AND taken = 0`, o.Bay, from, until, o.ID); err != nil {
		return err
	}
	var left int
	err := t.tx.QueryRowContext(t.ctx, `SELECT COUNT(*) FROM reserve_slots WHERE place = $1 AND slot >= $2 AND slot < $3 AND offer = $4`, o.Bay, from, until, o.ID).Scan(&left)
	if err == nil && left > 0 { // booked meanwhile
		err = ErrConflict
	}
	return err
}

func (t *sqlTx) Take(place, offer string, from, until int64, bays int) (bool, error) {
	if offer == "" {
		_, slots, err := t.Taken(place, from, until)
		if err != nil {
			return false, err
		}
		for n := from; int64(slots) < until-from && n < until; n++ {
			if _, err := t.addSlot(place, n, ""); err != nil {
				return false, err
			}
		}
	}
	// The condition is part of the change: two transactions cannot both find
	// the last bay free.
	rows, err := t.exec(`UPDATE reserve_slots SET taken = taken + 1
		WHERE place = $1 AND slot >= $2 AND slot < $3 AND offer = $4 AND taken < $5`, place, from, until, offer, bays)
	return rows == until-from, err
}

func (t *sqlTx) Release(place string, from, until int64) error {
	rows, err := t.exec(`UPDATE reserve_slots SET taken = taken - 1 WHERE place = $1 AND slot >= $2 AND slot < $3 AND taken > 0`, place, from, until)
	if err == nil && rows != until-from {
		err = errNotTaken
	}
	return err
}

func (t *sqlTx) Taken(place string, from, until int64) (taken, slots int, err error) {
	err = t.tx.QueryRowContext(t.ctx, `SELECT COALESCE(MAX(taken), 0), COUNT(*) FROM reserve_slots
		WHERE place = $1 AND slot >= $2 AND slot < $3`, place, from, until).Scan(&taken, &slots)
	return taken, slots, err
}
