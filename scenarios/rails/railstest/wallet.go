package railstest

import (
	"context"

	"github.com/citizencode/citizencode/scenarios/rails"
)

// A Wallet is a wallet service with one balance for each person.
type Wallet struct {
	partner
	balances map[string]int64
}

var _ rails.Wallet = (*Wallet)(nil)

// NewWallet returns a wallet service that takes grants for the listed persons.
func NewWallet(f Faults, persons ...string) *Wallet {
	w := &Wallet{newPartner(f), make(map[string]int64)}
	for _, p := range persons {
		w.balances[p] = 0
	}
	return w
}

// Grant implements rails.Wallet. The reason is "no-wallet".
func (w *Wallet) Grant(ctx context.Context, g rails.Grant) (rails.Answer, error) {
	return w.call(ctx, g.Key(), func() (rails.Answer, int64) {
		if _, ok := w.balances[g.Person]; !ok {
			return declined("no-wallet")
		}
		w.balances[g.Person] += g.Fen
		return accepted(-g.Fen)
	})
}

// Balance returns what a person was given, in fen.
func (w *Wallet) Balance(person string) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.balances[person]
}
