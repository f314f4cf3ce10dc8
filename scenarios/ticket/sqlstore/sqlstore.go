// Package sqlstore keeps tickets in SQL: SQLite, PostgreSQL, or an engine that
// speaks PostgreSQL's wire protocol. It takes a *sql.DB and imports no driver.
//
// A slot's places are one row and every booking updates it, so that no two
// bookings of a slot read the same rest; the row of a booking does the same for
// the uses of its tickets.
package sqlstore

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/citizencode/citizencode/scenarios/sqltx"
	"github.com/citizencode/citizencode/scenarios/ticket"
)

// Schema creates the tables, where they are not there.
//
//go:embed schema.sql
var Schema string

// A Store is tickets in a database.
type Store struct{ db *sql.DB }

var _ ticket.Store = (*Store)(nil)

// Open creates the tables, where they are not there, and returns the store. The
// database stays the caller's.
func Open(ctx context.Context, db *sql.DB) (*Store, error) {
	if err := sqltx.Create(ctx, db, Schema); err != nil {
		return nil, fmt.Errorf("ticket: create tables: %w", err)
	}
	return &Store{db}, nil
}

// A querier is a *sql.DB or a *sql.Tx.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

const (
	bookingColumns = `id, person, product, slot, party, pass, fen, made_at, valid_from, valid_until, state, cancelled_by, cancelled_at`
	useColumns     = `use_key, booking, ticket, gate, people, used_at, void`
)

// bookings reads rows of bookingColumns.
func bookings(ctx context.Context, q querier, where string, args ...any) ([]ticket.Booking, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+bookingColumns+` FROM ticket_booking WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []ticket.Booking
	for rows.Next() {
		var b ticket.Booking
		var made, from, until, cancelled int64
		var pass int
		if err := rows.Scan(&b.ID, &b.Person, &b.Product, &b.Slot, &b.Party, &pass, &b.Fen, &made, &from, &until, &b.State, &b.CancelledBy, &cancelled); err != nil {
			return nil, err
		}
		b.Pass, b.Time, b.From, b.Until = pass != 0, seconds(made), seconds(from), seconds(until)
		if cancelled != 0 {
			b.CancelledAt = seconds(cancelled)
		}
		list = append(list, b)
	}
	return list, rows.Err()
}

func seconds(n int64) time.Time { return time.Unix(n, 0).UTC() }

func find(ctx context.Context, q querier, id string) (ticket.Booking, error) {
	list, err := bookings(ctx, q, `id = $1`, id)
	if err == nil && len(list) == 0 {
		err = ticket.ErrNoBooking
	}
	if err != nil {
		return ticket.Booking{}, err
	}
	return list[0], nil
}

func uses(ctx context.Context, q querier, where string, args ...any) ([]ticket.Use, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+useColumns+` FROM ticket_use WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []ticket.Use
	for rows.Next() {
		var u ticket.Use
		var at int64
		if err := rows.Scan(&u.Key, &u.Booking, &u.Ticket, &u.Gate, &u.People, &at, &u.Void); err != nil {
			return nil, err
		}
		u.Time = seconds(at)
		list = append(list, u)
	}
	// Sorted here: collations of databases differ.
	slices.SortFunc(list, ticket.Use.Compare)
	return list, rows.Err()
}

// Book implements ticket.Store.
func (s *Store) Book(ctx context.Context, b ticket.Booking, capacity int) (stored ticket.Booking, err error) {
	err = s.do(ctx, func(ctx context.Context, tx *sql.Tx) error {
		stored = b
		if _, err := tx.ExecContext(ctx, `INSERT INTO ticket_slot (slot, people) VALUES ($1, 0) ON CONFLICT DO NOTHING`, b.Slot); err != nil {
			return err
		}
		// Locks the slot, also for the looks that follow.
		room, err := sqltx.Exec(ctx, tx, `UPDATE ticket_slot SET people = people + $1 WHERE slot = $2 AND people + $1 <= $3`, b.Party, b.Slot, capacity)
		if err != nil {
			return err
		}
		had, err := find(ctx, tx, b.ID)
		if err == nil {
			stored = had
			if room > 0 {
				_, err = tx.ExecContext(ctx, `UPDATE ticket_slot SET people = people - $1 WHERE slot = $2`, b.Party, b.Slot)
			}
			return err
		}
		if !errors.Is(err, ticket.ErrNoBooking) {
			return err
		}
		other, err := bookings(ctx, tx, `person = $1 AND slot = $2 AND valid_until > $3 AND state IN ($4, $5)`,
			b.Person, b.Slot, b.From.Unix(), ticket.Held, ticket.Confirmed)
		switch {
		case err != nil:
			return err
		case len(other) > 0:
			return ticket.ErrBooked
		case room == 0:
			return ticket.ErrSoldOut
		}
		pass := 0
		if b.Pass {
			pass = 1
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO ticket_booking (`+bookingColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
			b.ID, b.Person, b.Product, b.Slot, b.Party, pass, b.Fen, b.Time.Unix(), b.From.Unix(), b.Until.Unix(), b.State, "", 0)
		return err
	})
	if err != nil {
		return ticket.Booking{}, err
	}
	return stored, nil
}

// Settle implements ticket.Store.
func (s *Store) Settle(ctx context.Context, id string) (b ticket.Booking, err error) {
	err = s.do(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE ticket_booking SET state = CASE state WHEN $1 THEN $2 WHEN $3 THEN $4 ELSE state END WHERE id = $5`,
			ticket.Held, ticket.Confirmed, ticket.Cancelling, ticket.Cancelled, id)
		if err != nil {
			return err
		}
		b, err = find(ctx, tx, id)
		return err
	})
	return b, err
}

// lock holds the row of a booking until the transaction ends.
func lock(ctx context.Context, tx *sql.Tx, id string) (ticket.Booking, error) {
	if _, err := tx.ExecContext(ctx, `UPDATE ticket_booking SET party = party WHERE id = $1`, id); err != nil {
		return ticket.Booking{}, err
	}
	return find(ctx, tx, id)
}

// Cancel implements ticket.Store.
func (s *Store) Cancel(ctx context.Context, id, by string, at time.Time) (b ticket.Booking, err error) {
	err = s.do(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if b, err = lock(ctx, tx, id); err != nil {
			return err
		}
		if b.State != ticket.Held && b.State != ticket.Confirmed {
			return nil
		}
		in, err := uses(ctx, tx, `booking = $1 AND void = ''`, id)
		if err != nil {
			return err
		}
		if len(in) > 0 {
			return ticket.ErrUsed
		}
		b.State, b.CancelledBy, b.CancelledAt = ticket.Cancelling, by, at
		if _, err := tx.ExecContext(ctx, `UPDATE ticket_booking SET state = $1, cancelled_by = $2, cancelled_at = $3 WHERE id = $4`,
			b.State, by, at.Unix(), id); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE ticket_slot SET people = people - $1 WHERE slot = $2`, b.Party, b.Slot)
		return err
	})
	if err != nil {
		return ticket.Booking{}, err
	}
	return b, nil
}

// Find implements ticket.Store.
func (s *Store) Find(ctx context.Context, id string) (ticket.Booking, error) {
	b, err := find(ctx, s.db, id)
	return b, fault(ctx, err)
}

// OfPerson implements ticket.Store.
func (s *Store) OfPerson(ctx context.Context, person string, at time.Time) ([]ticket.Booking, error) {
	list, err := bookings(ctx, s.db, `person = $1 AND valid_until > $2 ORDER BY valid_from, id`, person, at.Unix())
	return list, fault(ctx, err)
}

// Between implements ticket.Store.
func (s *Store) Between(ctx context.Context, from, until time.Time) ([]ticket.Booking, error) {
	list, err := bookings(ctx, s.db, `valid_until > $1 AND valid_from < $2 ORDER BY id`, from.Unix(), until.Unix())
	return list, fault(ctx, err)
}

// Unsettled implements ticket.Store.
func (s *Store) Unsettled(ctx context.Context, before time.Time) ([]ticket.Booking, error) {
	list, err := bookings(ctx, s.db, `state = $1 AND made_at < $3 OR state = $2 AND cancelled_at < $3 ORDER BY id`, ticket.Held, ticket.Cancelling, before.Unix())
	return list, fault(ctx, err)
}

// Taken implements ticket.Store.
func (s *Store) Taken(ctx context.Context, slot string) (people int, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT people FROM ticket_slot WHERE slot = $1`, slot).Scan(&people)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return people, fault(ctx, err)
}

// Use implements ticket.Store.
func (s *Store) Use(ctx context.Context, u ticket.Use, party int) (stored ticket.Use, err error) {
	err = s.do(ctx, func(ctx context.Context, tx *sql.Tx) error {
		stored = u
		b, lockErr := lock(ctx, tx, u.Booking)
		had, err := uses(ctx, tx, `use_key = $1`, u.Key)
		switch {
		case err != nil:
			return err
		case len(had) > 0:
			stored = had[0]
			return nil
		case lockErr != nil:
			return lockErr
		case b.State != ticket.Confirmed:
			return ticket.ErrNoBooking
		}
		in, err := uses(ctx, tx, `booking = $1 AND ticket = $2 AND void = ''`, u.Booking, u.Ticket)
		if err != nil {
			return err
		}
		left := party
		for _, other := range in {
			left -= other.People
		}
		if stored.People == 0 {
			stored.People = left
		}
		if stored.People < 1 || stored.People > left {
			return ticket.ErrUsed
		}
		return add(ctx, tx, stored)
	})
	if err != nil {
		return ticket.Use{}, err
	}
	return stored, nil
}

func add(ctx context.Context, tx *sql.Tx, u ticket.Use) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO ticket_use (`+useColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
		u.Key, u.Booking, u.Ticket, u.Gate, u.People, u.Time.Unix(), u.Void)
	return err
}

// Add implements ticket.Store.
func (s *Store) Add(ctx context.Context, list []ticket.Use) error {
	return s.do(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, u := range list {
			if err := add(ctx, tx, u); err != nil {
				return err
			}
		}
		return nil
	})
}

// Void implements ticket.Store.
func (s *Store) Void(ctx context.Context, key, by string) (u ticket.Use, err error) {
	err = s.do(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE ticket_use SET void = $1 WHERE use_key = $2 AND void = ''`, by, key); err != nil {
			return err
		}
		list, err := uses(ctx, tx, `use_key = $1`, key)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return ticket.ErrNoUse
		}
		u = list[0]
		return nil
	})
	return u, err
}

// Uses implements ticket.Store.
func (s *Store) Uses(ctx context.Context, id string) ([]ticket.Use, error) {
	booking := ticket.BookingOf(id)
	list, err := uses(ctx, s.db, `booking = $1 AND ticket = $2`, booking, id)
	return list, fault(ctx, err)
}

// UsesBetween implements ticket.Store.
func (s *Store) UsesBetween(ctx context.Context, from, until time.Time) ([]ticket.Use, error) {
	list, err := uses(ctx, s.db, `used_at >= $1 AND used_at < $2`, from.Unix(), until.Unix())
	return list, fault(ctx, err)
}

// do runs f in a transaction.
func (s *Store) do(ctx context.Context, f func(context.Context, *sql.Tx) error) error {
	return fault(ctx, sqltx.Do(ctx, s.db, f))
}

// fault names the package in an error that is not one of ticket's own.
func fault(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	for _, own := range []error{ticket.ErrSoldOut, ticket.ErrBooked, ticket.ErrNoBooking, ticket.ErrUsed, ticket.ErrNoUse} {
		if errors.Is(err, own) {
			return own
		}
	}
	if ctx.Err() != nil && !errors.Is(err, ctx.Err()) {
		return fmt.Errorf("ticket: %w (%v)", ctx.Err(), err)
	}
	return fmt.Errorf("ticket: %w", err)
}
