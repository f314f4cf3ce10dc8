package terminal

import (
	"context"

	"github.com/citizencode/citizencode/card/purse"
	"github.com/citizencode/citizencode/card/sam"
)

// Loads is the host that lets cards be credited: it has the load keys, and books the money that was paid in.
type Loads interface {
	// Grant verifies the card (MAC1 over its balance and the number of the load), writes the claim down as money that
	// was paid in, and orders the card to credit it (MAC2). The same claim again is the same grant.
	Grant(ctx context.Context, c Claim, mac1 purse.MAC) (mac2 purse.MAC, err error)

	// Observe takes the number that the card says to be that of its next load, verified by MAC1. The grants before
	// under this number came to nothing, those under an earlier one did not.
	Observe(ctx context.Context, order sam.Transaction, balance purse.Amount, mac1 purse.MAC) error

	// Confirm verifies the certificate (TAC) of a claim that is paid. It fails with sam.ErrWrongMAC if the card has not
	// made it for this order.
	Confirm(ctx context.Context, c Claim) error
}

// Load puts fen, which somebody has paid in, on the card. Without a receipt the money that was paid in is with the host,
// which gives it back as soon as the card has proven that it was not credited.
func (s *Session) Load(ctx context.Context, fen int64) (*Receipt, error) {
	cfg := &s.t.cfg
	if cfg.Loads == nil {
		return nil, fail("INITIALIZE FOR LOAD", HostFault, "no host")
	}
	if fen <= 0 || fen > cfg.MaxBalance {
		return nil, fail("INITIALIZE FOR LOAD", OverLimit, "%d fen", fen)
	}
	if _, err := s.Recover(ctx); err != nil {
		return nil, err
	}
	opened, err := s.openLoad(ctx, fen)
	if err != nil {
		return nil, err
	}
	if opened.Balance.Fen()+fen > cfg.MaxBalance {
		return nil, fail("INITIALIZE FOR LOAD", OverLimit, "%d fen on the card", opened.Balance.Fen())
	}
	at, err := purse.NewDateTime(cfg.Now())
	if err != nil {
		return nil, fail("INITIALIZE FOR LOAD", HostFault, "%w", err)
	}
	number, err := cfg.Numbers.Next(ctx)
	if err != nil {
		return nil, fail("number", JournalFault, "%w", err)
	}
	claim := Claim{Number: number, Order: s.loadOrder(opened, purse.Amount(fen), at), Balance: opened.Balance}
	// Before the host is asked: it may have granted what it could not answer.
	if err := cfg.Journal.Put(ctx, claim); err != nil {
		return nil, fail("journal", JournalFault, "%w", err)
	}
	mac2, err := cfg.Loads.Grant(ctx, claim, opened.MAC1)
	if err != nil {
		f := fail("host", HostFault, "%w", err)
		f.Outcome = Unknown
		return nil, f
	}
	data, err := s.send(ctx, "CREDIT", purse.CreditForLoad(purse.CreditRequest{At: at, MAC2: mac2}))
	if err == nil {
		answer, wrong := purse.ParseCreditAnswer(data)
		if wrong == nil {
			claim.State, claim.TAC = Paid, answer.TAC
			if err := s.put(ctx, claim); err != nil {
				return nil, err
			}
			return &Receipt{Claim: claim}, nil
		}
		err = fail("CREDIT", BadAnswer, "%w", wrong)
	}
	return s.afterFailure(ctx, claim, err.(*Failure))
}

func (s *Session) openLoad(ctx context.Context, fen int64) (a purse.InitializeLoadAnswer, err error) {
	const step = "INITIALIZE FOR LOAD"
	request := purse.InitializeRequest{KeyIndex: s.t.cfg.KeyIndex, Amount: purse.Amount(fen), Terminal: s.t.cfg.Desk}
	data, err := s.send(ctx, step, purse.InitializeForLoad(request))
	if err != nil {
		return a, err
	}
	if a, err = purse.ParseInitializeLoadAnswer(data); err != nil {
		return a, fail(step, BadAnswer, "%w", err)
	}
	if f := s.takes(step, a.Algorithm); f != nil {
		return a, f
	}
	return a, nil
}

func (s *Session) loadOrder(a purse.InitializeLoadAnswer, amount purse.Amount, at purse.DateTime) sam.Transaction {
	return sam.Transaction{Card: s.factor(), KeyVersion: a.KeyVersion, Algorithm: a.Algorithm, Random: a.Random, Sequence: a.Seq,
		Transaction: purse.Transaction{Amount: amount, Kind: purse.Load, Terminal: s.t.cfg.Desk, At: at}}
}
