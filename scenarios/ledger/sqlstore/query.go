package sqlstore

import (
	"context"
	"fmt"

	"github.com/citizencode/citizencode/scenarios/ledger"
)

// readAll runs a query outside of a transaction and hands each row to f.
func (s *Store) readAll(ctx context.Context, f func(scan func(...any) error) error, query string, args ...any) error {
	if err := read(ctx, s.db, f, query, args...); err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	return nil
}

// Balance implements ledger.Store. One statement, so that a closing in between
// is not counted twice.
func (s *Store) Balance(ctx context.Context, account ledger.Account, day ledger.Day) (ledger.Balance, error) {
	until := day.String()
	if day.IsZero() {
		until = "9999-12-31"
	}
	var sum ledger.Balance
	err := s.readAll(ctx, func(scan func(...any) error) error {
		var b ledger.Balance
		if err := scan(&b.Debit, &b.Credit); err != nil {
			return err
		}
		var err error
		sum, err = sum.Add(b)
		return err
	}, `SELECT debit, credit FROM (SELECT debit, credit FROM ledger_balance WHERE account_id = $1 AND day <= $2 ORDER BY day DESC LIMIT 1) AS closed
		UNION ALL SELECT debit, credit FROM ledger_turnover WHERE account_id = $1 AND day <= $2`, account.ID(), until)
	return sum, err
}

// Lines implements ledger.Store.
func (s *Store) Lines(ctx context.Context, account ledger.Account, from, to ledger.Day, after ledger.Place, limit int) ([]ledger.Line, error) {
	var lines []ledger.Line
	err := s.readAll(ctx, func(scan func(...any) error) error {
		var line ledger.Line
		var body []byte
		if err := scan(&body, &line.Debit, &line.Credit); err != nil {
			return err
		}
		t, err := ledger.ParseTransaction(body)
		if err != nil {
			return err
		}
		line.Place = ledger.Place{Day: t.Day(), Time: t.Time().Unix(), ID: t.ID()}
		line.Key, line.Kind, line.Time, line.Origin = t.Key(), t.Kind(), t.Time(), t.Origin()
		lines = append(lines, line)
		return nil
	}, `SELECT t.body, p.debit, p.credit FROM ledger_posting p JOIN ledger_transaction t ON t.id = p.id
		WHERE p.account_id = $1 AND p.day >= $2 AND p.day <= $3 AND (p.day, p.time, p.id) > ($4, $5, $6)
		ORDER BY p.day, p.time, p.id LIMIT $7`, account.ID(), from.String(), to.String(), after.Day.String(), after.Time, after.ID, limit)
	return lines, err
}

// Transactions implements ledger.Store.
func (s *Store) Transactions(ctx context.Context, from, to ledger.Day, after ledger.Place, limit int) ([]*ledger.Transaction, error) {
	var txs []*ledger.Transaction
	err := s.readAll(ctx, func(scan func(...any) error) error {
		var body []byte
		if err := scan(&body); err != nil {
			return err
		}
		t, err := ledger.ParseTransaction(body)
		txs = append(txs, t)
		return err
	}, `SELECT body FROM ledger_transaction WHERE day >= $1 AND day <= $2 AND (day, id) > ($3, $4) ORDER BY day, id LIMIT $5`,
		from.String(), to.String(), after.Day.String(), after.ID, limit)
	return txs, err
}

// TrialBalance implements ledger.Store.
func (s *Store) TrialBalance(ctx context.Context, day ledger.Day, after string, limit int) ([]ledger.TrialLine, error) {
	var lines []ledger.TrialLine
	err := s.readAll(ctx, func(scan func(...any) error) error {
		var name string
		var line ledger.TrialLine
		err := scan(&name, &line.Balance.Debit, &line.Balance.Credit)
		if err != nil {
			return err
		}
		line.Account, err = ledger.ParseAccount(name)
		lines = append(lines, line)
		return err
	}, `SELECT b.account, b.debit, b.credit FROM ledger_balance b WHERE b.account_id > $1
		AND b.day = (SELECT MAX(m.day) FROM ledger_balance m WHERE m.account_id = b.account_id AND m.day <= $2)
		ORDER BY b.account_id LIMIT $3`, after, day.String(), limit)
	return lines, err
}

// Totals implements ledger.Store.
func (s *Store) Totals(ctx context.Context) (ledger.Balance, error) {
	var sum ledger.Balance
	err := s.readAll(ctx, func(scan func(...any) error) error {
		var b ledger.Balance
		if err := scan(&b.Debit, &b.Credit); err != nil {
			return err
		}
		var err error
		sum, err = sum.Add(b)
		return err
	}, `SELECT debit, credit FROM (SELECT debit, credit FROM ledger_closing ORDER BY day DESC LIMIT 1) AS closed
		UNION ALL SELECT CAST(COALESCE(SUM(debit), 0) AS BIGINT), CAST(COALESCE(SUM(credit), 0) AS BIGINT) FROM ledger_turnover`)
	return sum, err
}
