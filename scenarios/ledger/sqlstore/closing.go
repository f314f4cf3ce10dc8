package sqlstore

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/citizencode/citizencode/scenarios/ledger"
)

// CloseDay implements ledger.Store. It holds the gate while it runs, so posting
// waits for it.
func (s *Store) CloseDay(ctx context.Context, day ledger.Day) (closing *ledger.Closing, err error) {
	err = s.do(ctx, func(ctx context.Context, tx *sql.Tx) error {
		// Shard 0 first, so that two closings and a new server queue there.
		closed, err := enter(ctx, tx, 0)
		if err != nil {
			return err
		}
		if day.Compare(closed) <= 0 {
			closing, err = readClosing(ctx, tx, day)
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE ledger_gate SET closed = $1`, day.String()); err != nil {
			return err
		}
		closing, err = closeDay(ctx, tx, day)
		return err
	})
	if errors.Is(err, ledger.ErrNotFound) {
		return nil, ledger.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return closing, nil
}

func closeDay(ctx context.Context, tx *sql.Tx, day ledger.Day) (*ledger.Closing, error) {
	previous, err := readClosing(ctx, tx, ledger.Day{})
	if errors.Is(err, ledger.ErrNotFound) {
		previous, err = nil, nil
	}
	if err != nil {
		return nil, err
	}
	since := ""
	if previous != nil {
		since = previous.Day.String()
	}
	var transactions int64
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM ledger_transaction WHERE day > $1 AND day <= $2`,
		since, day.String()).Scan(&transactions); err != nil {
		return nil, err
	}
	closer, err := ledger.NewCloser(previous, day, transactions)
	if err != nil {
		return nil, err
	}
	// Page by page: a city has more accounts than a server should hold.
	for last := ""; ; {
		page, err := readMoved(ctx, tx, day, last)
		if err != nil {
			return nil, err
		}
		if len(page) == 0 {
			break
		}
		last = page[len(page)-1].id
		var balances [][]any
		for _, m := range page {
			for _, d := range m.days {
				balances = append(balances, []any{m.id, d.day, m.account.String(), d.balance.Debit, d.balance.Credit})
			}
			if err := closer.Add(m.account, m.before, m.after); err != nil {
				return nil, err
			}
		}
		if _, err := insert(ctx, tx, `INSERT INTO ledger_balance (account_id, day, account, debit, credit) VALUES `, balances, ``); err != nil {
			return nil, err
		}
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM ledger_turnover WHERE day <= $1`, day.String()); err != nil {
		return nil, err
	}
	c, err := closer.Close()
	if err != nil {
		return nil, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO ledger_closing (day, previous, transactions, accounts, debit, credit, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		c.Day.String(), c.Previous.String(), c.Transactions, c.Accounts, c.Total.Debit, c.Total.Credit, hex.EncodeToString(c.Hash[:]))
	return c, err
}

// moved is an account that has moved since the last closing.
type moved struct {
	id            string
	account       ledger.Account
	before, after ledger.Balance
	days          []dayBalance // on which it moved
}

type dayBalance struct {
	day     string
	balance ledger.Balance // at its end
}

// readMoved reads the next accounts behind an id that have moved up to a day.
func readMoved(ctx context.Context, tx *sql.Tx, day ledger.Day, after string) ([]moved, error) {
	var ids []string
	err := read(ctx, tx, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT DISTINCT account_id FROM ledger_turnover WHERE account_id > $1 AND day <= $2 ORDER BY account_id LIMIT $3`, after, day.String(), ledger.MaxPage)
	if err != nil {
		return nil, err
	}
	before := make(map[string]ledger.Balance, len(ids))
	var page []moved
	err = in(ids, 1, func(list string, args []any) error {
		// The newest balance of each.
		err := read(ctx, tx, func(scan func(...any) error) error {
			var id string
			var b ledger.Balance
			err := scan(&id, &b.Debit, &b.Credit)
			before[id] = b
			return err
		}, `SELECT b.account_id, b.debit, b.credit FROM ledger_balance b WHERE b.account_id IN `+list+`
			AND b.day = (SELECT MAX(m.day) FROM ledger_balance m WHERE m.account_id = b.account_id)`, args...)
		if err != nil {
			return err
		}
		return read(ctx, tx, func(scan func(...any) error) error {
			var id, day, name string
			var turnover ledger.Balance
			if err := scan(&id, &day, &name, &turnover.Debit, &turnover.Credit); err != nil {
				return err
			}
			if len(page) == 0 || page[len(page)-1].id != id {
				account, err := ledger.ParseAccount(name)
				if err != nil {
					return err
				}
				page = append(page, moved{id: id, account: account, before: before[id], after: before[id]})
			}
			m := &page[len(page)-1]
			var err error
			if m.after, err = m.after.Add(turnover); err != nil {
				return err
			}
			if n := len(m.days); n > 0 && m.days[n-1].day == day {
				m.days[n-1].balance = m.after // another shard of the same day
			} else {
				m.days = append(m.days, dayBalance{day, m.after})
			}
			return nil
		}, `SELECT account_id, day, account, debit, credit FROM ledger_turnover WHERE account_id IN `+list+
			fmt.Sprintf(` AND day <= $%d ORDER BY account_id, day`, len(args)+1), append(args, day.String())...)
	})
	return page, err
}

// readClosing reads the closing of a day, or the last one if day is zero.
func readClosing(ctx context.Context, q querier, day ledger.Day) (*ledger.Closing, error) {
	where, args := ``, []any(nil)
	if !day.IsZero() {
		where, args = ` WHERE day = $1`, []any{day.String()}
	}
	var found *ledger.Closing
	err := read(ctx, q, func(scan func(...any) error) error {
		var c ledger.Closing
		var at, previous, sum string
		err := scan(&at, &previous, &c.Transactions, &c.Accounts, &c.Total.Debit, &c.Total.Credit, &sum)
		if err != nil {
			return err
		}
		if c.Day, err = ledger.ParseDay(at); err != nil {
			return err
		}
		if c.Previous, err = parseDay(previous); err != nil {
			return err
		}
		if n, err := hex.Decode(c.Hash[:], []byte(sum)[:min(len(sum), 2*ledger.HashSize)]); err != nil || n != ledger.HashSize {
			return fmt.Errorf("hash of the closing of %s is damaged", at)
		}
		found = &c
		return nil
	}, `SELECT day, previous, transactions, accounts, debit, credit, hash FROM ledger_closing`+where+` ORDER BY day DESC LIMIT 1`, args...)
	if err == nil && found == nil {
		err = ledger.ErrNotFound
	}
	return found, err
}

// Closing implements ledger.Store.
func (s *Store) Closing(ctx context.Context, day ledger.Day) (*ledger.Closing, error) {
	c, err := readClosing(ctx, s.db, day)
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		err = fmt.Errorf("sqlstore: %w", err)
	}
	return c, err
}
