package sqltx

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"
)

type postgresError string

func (e postgresError) Error() string    { return "postgres " + string(e) }
func (e postgresError) SQLState() string { return string(e) }

type sqliteError int

func (e sqliteError) Error() string { return fmt.Sprint("sqlite ", int(e)) }
func (e sqliteError) Code() int     { return int(e) }

func TestCollided(t *testing.T) {
	for err, want := range map[error]bool{
		ErrCollided: true, postgresError("40001"): true, postgresError("40P01"): true, postgresError("23505"): false,
		sqliteError(5): true, sqliteError(6): true, sqliteError(5 | 2<<8): true, sqliteError(19): false, errors.New("x"): false,
	} {
		assert.Equal(t, want, collided(err), err)
		assert.Equal(t, want, collided(fmt.Errorf("wrapped: %w", err)), err)
	}
	assert.False(t, collided(nil))
}

func open(t *testing.T) *sql.DB {
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "a.db"))
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	require.NoError(t, Create(t.Context(), db, "CREATE TABLE a (n INT);\nCREATE TABLE b (n INT);\n\n"))
	return db
}

func rows(t *testing.T, db *sql.DB) (n int) {
	require.NoError(t, db.QueryRow(`SELECT COUNT(*) FROM a`).Scan(&n))
	return n
}

// What collides is begun again, and what each attempt wrote before is undone.
func TestDo(t *testing.T) {
	db := open(t)
	waits := 0
	o := Options{Attempts: 3, Wait: func(context.Context, int) error { waits++; return nil }}
	collisions := 2
	insert := func(ctx context.Context, tx *sql.Tx) error {
		n, err := Exec(ctx, tx, `INSERT INTO a VALUES (1)`)
		require.NoError(t, err)
		require.EqualValues(t, 1, n)
		if collisions--; collisions >= 0 {
			return fmt.Errorf("row 1: %w", ErrCollided)
		}
		return nil
	}
	require.NoError(t, o.Do(t.Context(), db, insert))
	assert.Equal(t, 1, rows(t, db))
	assert.Equal(t, 2, waits)

	collisions = 3
	err := o.Do(t.Context(), db, insert)
	assert.ErrorIs(t, err, ErrCollided)
	assert.ErrorContains(t, err, "given up after 3 attempts")
	assert.Equal(t, 1, rows(t, db))
}

func TestDoEnds(t *testing.T) {
	db := open(t)
	no := errors.New("no")
	assert.Equal(t, no, Do(t.Context(), db, func(ctx context.Context, tx *sql.Tx) error {
		_, err := Exec(ctx, tx, `INSERT INTO a VALUES (1)`)
		require.NoError(t, err)
		return no
	}), "an error of the caller's own is returned as it is")
	assert.Zero(t, rows(t, db))

	ctx, cancel := context.WithCancel(t.Context())
	err := Do(ctx, db, func(context.Context, *sql.Tx) error {
		cancel()
		return ErrCollided
	})
	assert.ErrorIs(t, err, context.Canceled)
	assert.ErrorIs(t, Do(ctx, db, nil), context.Canceled)

	stop := errors.New("stop")
	assert.ErrorIs(t, Options{Wait: func(context.Context, int) error { return stop }}.Do(t.Context(), db,
		func(context.Context, *sql.Tx) error { return ErrCollided }), stop)
	assert.Error(t, Create(t.Context(), db, "CREATE TABLE c (n INT);\nCREATE NONSENSE;\n"))
	assert.Error(t, Do(t.Context(), db, func(ctx context.Context, tx *sql.Tx) error {
		_, err := Exec(ctx, tx, `INSERT INTO c VALUES (1)`)
		return err
	}),
		"a schema is made whole or not at all")
}
