package sqlstore

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
)

// maxParameters bounds those of one statement. SQLite takes 32766.
const maxParameters = 6000

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
	var written int64
	for len(rows) > 0 {
		n := min(len(rows), maxParameters/len(rows[0]))
		args := make([]any, 0, n*len(rows[0]))
		var b strings.Builder
		b.WriteString(into)
		for i, row := range rows[:n] {
			if i > 0 {
				b.WriteByte(',')
			}
			list(&b, len(args)+1, len(row))
			args = append(args, row...)
		}
		b.WriteString(behind)
		result, err := tx.ExecContext(ctx, b.String(), args...)
		if err != nil {
			return 0, err
		}
		affected, err := result.RowsAffected()
		if err != nil {
			return 0, err
		}
		written += affected
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
