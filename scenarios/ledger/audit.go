package ledger

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// Audit computes the closing of a business day anew, from the transactions
// booked since the closing before it, and compares every balance and the hash.
// The error says what differs; ErrNotFound says that the day has no closing.
// The memory that it takes grows with the accounts that moved.
func (l *Ledger) Audit(ctx context.Context, day Day) error {
	closing, err := l.Closing(ctx, day)
	if err != nil {
		return err
	}
	var previous *Closing
	from := minDay
	if !closing.Previous.IsZero() {
		if previous, err = l.Closing(ctx, closing.Previous); err != nil {
			return fmt.Errorf("the closing before %s: %w", day, err)
		}
		from = closing.Previous.Add(1)
	}
	type account struct {
		Account
		moved Balance
	}
	accounts := make(map[string]account)
	var transactions int64
	for t, err := range l.Transactions(ctx, from, day) {
		if err != nil {
			return err
		}
		transactions++
		for _, p := range t.draft.Postings {
			id := p.Account.ID()
			moved, err := accounts[id].moved.Add(Balance{p.Debit, p.Credit})
			if err != nil {
				return err
			}
			accounts[id] = account{p.Account, moved}
		}
	}
	closer, err := NewCloser(previous, day, transactions)
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(accounts)) {
		a := accounts[id]
		var before Balance
		if previous != nil {
			if before, err = l.BalanceOn(ctx, a.Account, previous.Day); err != nil {
				return err
			}
		}
		after, err := before.Add(a.moved)
		if err != nil {
			return err
		}
		if err := closer.Add(a.Account, before, after); err != nil {
			return err
		}
		stands, err := l.BalanceOn(ctx, a.Account, day)
		if err != nil {
			return err
		}
		if stands != after {
			return fmt.Errorf("ledger: audit of %s: %s stands at %d, its postings make %d", day, a.Account, stands, after)
		}
	}
	computed, err := closer.Close()
	if err != nil {
		return err
	}
	if *computed != *closing {
		return fmt.Errorf("ledger: audit of %s: the closing %x differs from its transactions, %x", day, closing.Hash, computed.Hash)
	}
	return nil
}
