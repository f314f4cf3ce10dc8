package sqlstore

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
)

// maxParameters bounds those of one statement: SQLite takes longer for each the
// more there are, and more than this many saves PostgreSQL little.
const maxParameters = 120

// A querier is a *sql.DB or a *sql.Tx.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// read runs a query and hands each row to f.
func read(ctx context.Context, q querier, f func(scan func(...any) error) error, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// insert writes rows of values, many with one statement, and returns how many
// were written. into is all before the values, behind what follows them.
func insert(ctx context.Context, tx *sql.Tx, into string, rows [][]any, behind string) (int64, error) {
	if len(rows) == 0 {
		return 0, nil
	}
	columns := len(rows[0])
	text := func(n int) string {
		var b strings.Builder
		b.WriteString(into)
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			list(&b, 1+i*columns, columns)
		}
		b.WriteString(behind)
		return b.String()
	}
	var written int64
	count := func(result sql.Result, err error) error {
		if err != nil {
			return err
		}
		affected, err := result.RowsAffected()
		written += affected
		return err
	}
	// All statements but the last are the same: parsed once.
	if full := maxParameters / columns; len(rows) >= 2*full {
		statement, err := tx.PrepareContext(ctx, text(full))
		if err != nil {
			return 0, err
		}
		defer statement.Close()
		for ; len(rows) >= full; rows = rows[full:] {
			if err := count(statement.ExecContext(ctx, slices.Concat(rows[:full]...)...)); err != nil {
				return 0, err
			}
		}
	}
	for len(rows) > 0 {
		n := min(len(rows), maxParameters/columns)
		if err := count(tx.ExecContext(ctx, text(n), slices.Concat(rows[:n]...)...)); err != nil {
			return 0, err
		}
		rows = rows[n:]
	}
	return written, nil
}

// in calls f with lists of parameters such as ($2,$3) and their values, until
// all ids have been in one. The first parameter is number from.
func in(ids []string, from int, f func(list string, args []any) error) error {
	for len(ids) > 0 {
		n := min(len(ids), maxParameters)
		var b strings.Builder
		list(&b, from, n)
		args := make([]any, n)
		for i, id := range ids[:n] {
			args[i] = id
		}
		if err := f(b.String(), args); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// list writes ($from,…) with n parameters.
func list(b *strings.Builder, from, n int) {
	for i := range n {
		if i == 0 {
			b.WriteByte('(')
		} else {
			b.WriteByte(',')
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(from + i))
	}
	b.WriteByte(')')
}
