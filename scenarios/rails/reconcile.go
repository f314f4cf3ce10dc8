package rails

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/citizencode/citizencode/scenarios/ledger"
)

// A Movement is one line of a partner's own list: an order that it accepted.
type Movement struct {
	Key string
	Fen int64 // towards the city above zero, away from it below
}

// A Difference is an order on which partner and ledger do not agree. One of the
// sides is zero where it has nothing under the key.
type Difference struct {
	Key     string
	Partner int64 // fen, as in Movement
	Ledger  int64 // net fen of the account
}

// String says it in words.
func (d Difference) String() string {
	switch {
	case d.Ledger == 0:
		return fmt.Sprintf("%s: the partner moved %d fen, the ledger does not know", d.Key, d.Partner)
	case d.Partner == 0:
		return fmt.Sprintf("%s: the ledger has %d fen, the partner does not know", d.Key, d.Ledger)
	}
	return fmt.Sprintf("%s: the partner moved %d fen, the ledger has %d", d.Key, d.Partner, d.Ledger)
}

// Reconcile compares a partner's list with the account that mirrors it, for the
// business days from to to of the ledger, and returns the differences in the
// order of their keys. A key that the partner lists twice is added up, so that
// what it did twice differs.
func Reconcile(ctx context.Context, l *ledger.Ledger, account ledger.Account, from, to ledger.Day, list []Movement) ([]Difference, error) {
	differences := make(map[string]Difference)
	for _, m := range list {
		d := differences[m.Key]
		d.Key, d.Partner = m.Key, d.Partner+m.Fen
		differences[m.Key] = d
	}
	q := ledger.StatementQuery{Account: account, From: from, To: to}
	for {
		s, err := l.Statement(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, line := range s.Lines {
			d := differences[line.Key]
			d.Key, d.Ledger = line.Key, line.Debit-line.Credit
			differences[line.Key] = d
		}
		if !s.More {
			break
		}
		q.After = &s.Lines[len(s.Lines)-1]
	}
	maps.DeleteFunc(differences, func(_ string, d Difference) bool { return d.Partner == d.Ledger })
	return slices.SortedFunc(maps.Values(differences), func(a, b Difference) int { return cmp.Compare(a.Key, b.Key) }), nil
}
