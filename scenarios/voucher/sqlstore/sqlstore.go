// Package sqlstore keeps vouchers in SQL: SQLite, PostgreSQL, or an engine that
// speaks PostgreSQL's wire protocol. It takes a *sql.DB and imports no driver.
//
// The budget of a campaign is one row, and every new grant updates it, so the
// grants of one campaign wait for each other. Who comes when it is spent, which
// in a rush is nearly everybody, only reads.
package sqlstore

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/scenarios/sqltx"
	"github.com/citizencode/citizencode/scenarios/voucher"
)

// Schema creates the tables, where they are not there.
//
//go:embed schema.sql
var Schema string

// A Store is vouchers in a database.
type Store struct{ db *sql.DB }

var _ voucher.Store = (*Store)(nil)

// Open creates the tables, where they are not there, and returns the store. The
// database stays the caller's.
func Open(ctx context.Context, db *sql.DB) (*Store, error) {
	if err := sqltx.Create(ctx, db, Schema); err != nil {
		return nil, fmt.Errorf("voucher: create tables: %w", err)
	}
	return &Store{db}, nil
}

// A querier is a *sql.DB or a *sql.Tx.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func find(ctx context.Context, q querier, campaign, person string) (voucher.Grant, error) {
	g := voucher.Grant{Campaign: campaign, Person: person}
	var at int64
	err := q.QueryRowContext(ctx, `SELECT visit, granted_at FROM voucher_grant WHERE campaign = $1 AND person = $2`, campaign, person).Scan(&g.Visit, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return voucher.Grant{}, voucher.ErrNoGrant
	}
	g.Time = time.Unix(at, 0).UTC()
	return g, err
}

// Grant implements voucher.Store.
func (s *Store) Grant(ctx context.Context, g voucher.Grant, limit int64) (voucher.Grant, error) {
	g.Time = time.Unix(g.Time.Unix(), 0).UTC()
	had, err := find(ctx, s.db, g.Campaign, g.Person)
	if !errors.Is(err, voucher.ErrNoGrant) {
		return had, fault(ctx, err)
	}
	var granted int64
	err = s.db.QueryRowContext(ctx, `SELECT granted FROM voucher_budget WHERE campaign = $1`, g.Campaign).Scan(&granted)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return voucher.Grant{}, fault(ctx, err)
	}
	if err == nil && granted >= limit {
		return voucher.Grant{}, voucher.ErrSpent
	}
	stored := g
	err = sqltx.Do(ctx, s.db, func(ctx context.Context, tx *sql.Tx) error {
		stored = g
		if _, err := tx.ExecContext(ctx, `INSERT INTO voucher_budget (campaign, granted) VALUES ($1, 0) ON CONFLICT DO NOTHING`, g.Campaign); err != nil {
			return err
		}
		n, err := sqltx.Exec(ctx, tx, `INSERT INTO voucher_grant (campaign, person, visit, granted_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			g.Campaign, g.Person, g.Visit, g.Time.Unix())
		if err != nil {
			return err
		}
		if n == 0 { // another visit of the person was quicker
			stored, err = find(ctx, tx, g.Campaign, g.Person)
			return err
		}
		// The condition stands in the UPDATE, which locks the row: two who take
		// the last voucher at once must not both see that it is there.
		n, err = sqltx.Exec(ctx, tx, `UPDATE voucher_budget SET granted = granted + 1 WHERE campaign = $1 AND granted < $2`, g.Campaign, limit)
		if err == nil && n == 0 {
			err = voucher.ErrSpent
		}
		if err != nil {
			return err
		}
		return note(ctx, tx, g.Visit, g.Campaign, g.Person)
	})
	if err != nil {
		return voucher.Grant{}, fault(ctx, err)
	}
	return stored, nil
}

// Find implements voucher.Store.
func (s *Store) Find(ctx context.Context, campaign, person string) (voucher.Grant, error) {
	g, err := find(ctx, s.db, campaign, person)
	return g, fault(ctx, err)
}

// Grants implements voucher.Store.
func (s *Store) Grants(ctx context.Context, campaign, after string) ([]voucher.Grant, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT person, visit, granted_at FROM voucher_grant WHERE campaign = $1 AND person > $2 ORDER BY person LIMIT $3`,
		campaign, after, voucher.MaxPage)
	if err != nil {
		return nil, fault(ctx, err)
	}
	defer rows.Close()
	var list []voucher.Grant
	for rows.Next() {
		g := voucher.Grant{Campaign: campaign}
		var at int64
		if err := rows.Scan(&g.Person, &g.Visit, &at); err != nil {
			return nil, fault(ctx, err)
		}
		g.Time = time.Unix(at, 0).UTC()
		list = append(list, g)
	}
	return list, fault(ctx, rows.Err())
}

// Note implements voucher.Store.
func (s *Store) Note(ctx context.Context, visit, campaign, person string) error {
	return fault(ctx, sqltx.Do(ctx, s.db, func(ctx context.Context, tx *sql.Tx) error {
		return note(ctx, tx, visit, campaign, person)
	}))
}

func note(ctx context.Context, tx *sql.Tx, visit, campaign, person string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO voucher_visit (visit, campaign, person) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, visit, campaign, person)
	return err
}

// Noted implements voucher.Store.
func (s *Store) Noted(ctx context.Context, visit string) (campaign, person string, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT campaign, person FROM voucher_visit WHERE visit = $1`, visit).Scan(&campaign, &person)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", voucher.ErrNoVisit
	}
	return campaign, person, fault(ctx, err)
}

// fault names the package in an error that is not one of voucher's own.
func fault(ctx context.Context, err error) error {
	switch {
	case err == nil, errors.Is(err, voucher.ErrNoGrant), errors.Is(err, voucher.ErrSpent):
		return err
	case ctx.Err() != nil && !errors.Is(err, ctx.Err()):
		return fmt.Errorf("voucher: %w (%v)", ctx.Err(), err)
	}
	return fmt.Errorf("voucher: %w", err)
}
