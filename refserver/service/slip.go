package service

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/sqltx"
)

const slipSchema = `
CREATE TABLE IF NOT EXISTS citizencode_slip (
	number    TEXT   NOT NULL PRIMARY KEY,
	scenario  TEXT   NOT NULL,
	city      BIGINT NOT NULL,
	subject   TEXT   NOT NULL, -- hex
	benefit   BIGINT NOT NULL,
	issued_at BIGINT NOT NULL, -- nanoseconds since 1970
	not_after BIGINT NOT NULL
);
`

// A SlipStore keeps slips in a database.
type SlipStore struct{ db *sql.DB }

var _ scenarios.SlipStore = (*SlipStore)(nil)

// NewSlipStore returns the slips of a database, and makes their table if there
// is none.
func NewSlipStore(ctx context.Context, db *sql.DB) (*SlipStore, error) {
	return &SlipStore{db}, sqltx.Create(ctx, db, slipSchema)
}

// Put implements [scenarios.SlipStore]. It forgets those that have expired.
func (s *SlipStore) Put(ctx context.Context, slip scenarios.Slip) error {
	return sqltx.Do(ctx, s.db, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM citizencode_slip WHERE not_after < $1`, slip.IssuedAt.UnixNano()); err != nil {
			return err
		}
		n, err := sqltx.Exec(ctx, tx, `INSERT INTO citizencode_slip (number, scenario, city, subject, benefit, issued_at, not_after)
			VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`, slip.Number, string(slip.Scenario), slip.Person.City,
			hex.EncodeToString([]byte(slip.Person.Subject)), slip.Benefit, slip.IssuedAt.UnixNano(), slip.NotAfter.UnixNano())
		if err == nil && n == 0 {
			return scenarios.ErrSlipExists
		}
		return err
	})
}

// Take implements [scenarios.SlipStore].
func (s *SlipStore) Take(ctx context.Context, number string, at scenarios.ID) (slip scenarios.Slip, err error) {
	err = sqltx.Do(ctx, s.db, func(ctx context.Context, tx *sql.Tx) error {
		var subject string
		var issuedAt, notAfter int64
		slip = scenarios.Slip{Number: number, Scenario: at}
		// One statement: of two that take the slip, one deletes it.
		err := tx.QueryRowContext(ctx, `DELETE FROM citizencode_slip WHERE number = $1 AND scenario = $2
			RETURNING city, subject, benefit, issued_at, not_after`, number, string(at)).
			Scan(&slip.Person.City, &subject, &slip.Benefit, &issuedAt, &notAfter)
		if errors.Is(err, sql.ErrNoRows) {
			return scenarios.ErrNoSlip
		}
		if err != nil {
			return err
		}
		b, err := hex.DecodeString(subject)
		slip.Person.Subject = string(b)
		slip.IssuedAt, slip.NotAfter = time.Unix(0, issuedAt).UTC(), time.Unix(0, notAfter).UTC()
		return err
	})
	if err != nil {
		return scenarios.Slip{}, err
	}
	return slip, nil
}
