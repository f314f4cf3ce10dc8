package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/sqltx"
)

// Commit implements ledger.Store.
func (s *Store) Commit(ctx context.Context, txs []*ledger.Transaction, atomic bool) ([]ledger.Verdict, error) {
	shard := int(s.commits.Add(1)) % s.options.Shards
	var verdicts []ledger.Verdict
	err := s.do(ctx, func(ctx context.Context, tx *sql.Tx) error {
		closed, err := enter(ctx, tx, shard)
		if err != nil {
			return err
		}
		batch := ledger.NewBatch(closed)
		if err := know(ctx, tx, batch, txs); err != nil {
			return err
		}
		if err := knowTurnovers(ctx, tx, batch, txs, shard); err != nil {
			return err
		}
		verdicts = make([]ledger.Verdict, len(txs))
		refused := false
		for i, t := range txs {
			verdicts[i] = batch.Post(t)
			refused = refused || verdicts[i].Refused != nil
		}
		if atomic && refused {
			return nil
		}
		return write(ctx, tx, batch, shard)
	})
	if err != nil {
		return nil, err
	}
	return verdicts, nil
}

// know reads the transactions that have the keys of txs, and those that txs
// correct.
func know(ctx context.Context, tx *sql.Tx, batch *ledger.Batch, txs []*ledger.Transaction) error {
	ids := make([]string, 0, len(txs))
	corrected := make(map[string]bool)
	for _, t := range txs {
		ids = append(ids, t.ID())
		if t.Corrects() != "" {
			corrected[ledger.TransactionID(t.Corrects())] = true
		}
	}
	// Locked before they are read: two refunds at once must not both take what
	// is left.
	originals := slices.Sorted(maps.Keys(corrected))
	err := in(originals, 1, func(list string, args []any) error {
		_, err := tx.ExecContext(ctx, `UPDATE ledger_transaction SET taken = taken WHERE id IN `+list, args...)
		return err
	})
	if err != nil {
		return err
	}
	ids = append(ids, originals...)
	slices.Sort(ids)
	return in(slices.Compact(ids), 1, func(list string, args []any) error {
		return read(ctx, tx, func(scan func(...any) error) error {
			r, err := scanRecord(scan)
			if err == nil {
				batch.Know(r)
			}
			return err
		}, `SELECT body, taken, reversed FROM ledger_transaction WHERE id IN `+list, args...)
	})
}

func scanRecord(scan func(...any) error) (*ledger.Record, error) {
	var body, taken []byte
	var reversed int
	if err := scan(&body, &taken, &reversed); err != nil {
		return nil, err
	}
	t, err := ledger.ParseTransaction(body)
	if err != nil {
		return nil, err
	}
	r := &ledger.Record{Transaction: t, Reversed: reversed != 0}
	if err := json.Unmarshal(taken, &r.Taken); err != nil {
		return nil, err
	}
	if len(r.Taken) != len(t.Postings()) {
		return nil, fmt.Errorf("transaction %s: %d amounts taken of %d postings", t.ID(), len(r.Taken), len(t.Postings()))
	}
	return r, nil
}

// knowTurnovers reads what the accounts of txs have moved on open days in the
// shard. Nobody else writes there: the shard is locked.
func knowTurnovers(ctx context.Context, tx *sql.Tx, batch *ledger.Batch, txs []*ledger.Transaction, shard int) error {
	accounts := make(map[string]ledger.Account)
	for _, t := range txs {
		for _, p := range t.Postings() {
			accounts[p.Account.ID()] = p.Account
		}
	}
	return in(slices.Sorted(maps.Keys(accounts)), 2, func(list string, args []any) error {
		return read(ctx, tx, func(scan func(...any) error) error {
			var id, day string
			var turnover ledger.Balance
			if err := scan(&id, &day, &turnover.Debit, &turnover.Credit); err != nil {
				return err
			}
			open, err := ledger.ParseDay(day)
			if err == nil {
				batch.KnowTurnover(ledger.Movement{Account: accounts[id], Day: open}, turnover)
			}
			return err
		}, `SELECT account_id, day, debit, credit FROM ledger_turnover WHERE shard = $1 AND account_id IN `+list,
			append([]any{shard}, args...)...)
	})
}

// write writes what a batch decided.
func write(ctx context.Context, tx *sql.Tx, batch *ledger.Batch, shard int) error {
	var transactions, postings, turnovers [][]any
	for _, t := range batch.Added() {
		body, err := t.MarshalText()
		if err != nil {
			return err
		}
		taken, err := json.Marshal(make([]int64, len(t.Postings())))
		if err != nil {
			return err
		}
		transactions = append(transactions, []any{t.ID(), t.Day().String(), string(body), string(taken), 0})
		for _, p := range t.Postings() {
			postings = append(postings, []any{p.Account.ID(), t.Day().String(), t.Time().Unix(), t.ID(), p.Debit, p.Credit})
		}
	}
	for _, t := range batch.Turnovers() {
		turnovers = append(turnovers, []any{t.Account.ID(), t.Day.String(), shard, t.Account.String(), t.Balance.Debit, t.Balance.Credit})
	}
	written, err := insert(ctx, tx, `INSERT INTO ledger_transaction (id, day, body, taken, reversed) VALUES `, transactions, ` ON CONFLICT DO NOTHING`)
	if err != nil {
		return err
	}
	if written != int64(len(transactions)) {
		// Another shard posted the same key since it was looked for. Begun
		// again, this commit finds it.
		return sqltx.ErrCollided
	}
	if _, err := insert(ctx, tx, `INSERT INTO ledger_posting (account_id, day, time, id, debit, credit) VALUES `, postings, ``); err != nil {
		return err
	}
	if _, err := insert(ctx, tx, `INSERT INTO ledger_turnover (account_id, day, shard, account, debit, credit) VALUES `, turnovers,
		` ON CONFLICT (account_id, day, shard) DO UPDATE SET debit = excluded.debit, credit = excluded.credit`); err != nil {
		return err
	}
	for _, r := range batch.Corrected() {
		taken, err := json.Marshal(r.Taken)
		if err != nil {
			return err
		}
		reversed := 0
		if r.Reversed {
			reversed = 1
		}
		if _, err := tx.ExecContext(ctx, `UPDATE ledger_transaction SET taken = $1, reversed = $2 WHERE id = $3`,
			string(taken), reversed, r.Transaction.ID()); err != nil {
			return err
		}
	}
	return nil
}

// Find implements ledger.Store.
func (s *Store) Find(ctx context.Context, key string) (*ledger.Record, error) {
	row := s.db.QueryRowContext(ctx, `SELECT body, taken, reversed FROM ledger_transaction WHERE id = $1`, ledger.TransactionID(key))
	r, err := scanRecord(row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ledger.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	return r, nil
}
