package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A faulty database has statements that a test counts and breaks: BEGIN, COMMIT
// and everything between.
type faulty struct {
	driver driver.Driver
	dsn    string

	mu     sync.Mutex
	step   int
	before func(step int) error // what a statement fails with instead of being run
	after  func(step int) error // what it fails with although it was run
}

// openFaulty returns a database without faults yet.
func openFaulty(t testing.TB, file string) (*faulty, *sql.DB) {
	t.Helper()
	plain, err := sql.Open("sqlite", dsn(file))
	require.NoError(t, err)
	defer plain.Close()
	f := &faulty{driver: plain.Driver(), dsn: dsn(file)}
	db := sql.OpenDB(f)
	t.Cleanup(func() { db.Close() })
	return f, db
}

// arm counts from now on; nil does not break.
func (f *faulty) arm(before, after func(step int) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.step, f.before, f.after = 0, before, after
}

// steps returns how many statements there were since arm.
func (f *faulty) steps() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.step
}

// around runs one statement.
func (f *faulty) around(run func() error) error {
	f.mu.Lock()
	f.step++
	step, before, after := f.step, f.before, f.after
	f.mu.Unlock()
	if before != nil {
		if err := before(step); err != nil {
			return err
		}
	}
	err := run()
	if err == nil && after != nil {
		err = after(step)
	}
	return err
}

func (f *faulty) Driver() driver.Driver { return f.driver }

func (f *faulty) Connect(context.Context) (driver.Conn, error) {
	c, err := f.driver.Open(f.dsn)
	if err != nil {
		return nil, err
	}
	return &faultyConn{c, f}, nil
}

type faultyConn struct {
	driver.Conn
	f *faulty
}

func (c *faultyConn) BeginTx(ctx context.Context, o driver.TxOptions) (tx driver.Tx, err error) {
	err = c.f.around(func() error {
		tx, err = c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
		return err
	})
	if err != nil {
		if tx != nil {
			tx.Rollback()
		}
		return nil, err
	}
	return &faultyTx{tx, c.f}, nil
}

func (c *faultyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (r driver.Result, err error) {
	err = c.f.around(func() error {
		r, err = c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
		return err
	})
	return r, err
}

func (c *faultyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (r driver.Rows, err error) {
	err = c.f.around(func() error {
		r, err = c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
		return err
	})
	if err != nil && r != nil {
		r.Close()
	}
	return r, err
}

func (c *faultyConn) PrepareContext(ctx context.Context, query string) (st driver.Stmt, err error) {
	err = c.f.around(func() error {
		st, err = c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
		return err
	})
	if err != nil {
		if st != nil {
			st.Close()
		}
		return nil, err
	}
	return &faultyStmt{st, c.f}, nil
}

type faultyStmt struct {
	driver.Stmt
	f *faulty
}

func (s *faultyStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (r driver.Result, err error) {
	err = s.f.around(func() error {
		r, err = s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
		return err
	})
	return r, err
}

type faultyTx struct {
	driver.Tx
	f *faulty
}

func (tx *faultyTx) Commit() error {
	err := tx.f.around(tx.Tx.Commit)
	if err != nil {
		tx.Tx.Rollback() // as a driver does, so that the connection is usable
	}
	return err
}
