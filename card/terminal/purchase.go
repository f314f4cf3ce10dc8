package terminal

import (
	"context"
	"errors"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/purse"
	"github.com/citizencode/citizencode/card/sam"
)

// A Receipt is a proof that money moved: the module verified it, or for a load the card gave its certificate, and it is
// in the journal.
type Receipt struct {
	Claim
	// Recovered says that the money moved before, when the answer was lost, and nothing was taken now.
	Recovered bool
}

// Purchase takes fen from the card. With a receipt, and with nothing else, the person may pass.
//
// First it finds out what became of earlier orders to this card. If one of the same amount was followed not long ago
// and nobody was let through for it, that is this purchase, and nothing is taken a second time.
func (s *Session) Purchase(ctx context.Context, fen int64) (*Receipt, error) {
	const step = "INITIALIZE FOR PURCHASE"
	cfg := &s.t.cfg
	if fen <= 0 || fen > cfg.MaxPurchase {
		return nil, fail(step, OverLimit, "%d fen", fen)
	}
	if found, err := s.recoverAll(ctx, fen); found != nil || err != nil {
		return found, err
	}
	opened, err := s.openPurchase(ctx, fen)
	if err != nil {
		return nil, err
	}
	if opened.Balance.Fen() < fen {
		return nil, fail(step, TooLittle, "%d fen of %d", opened.Balance.Fen(), fen)
	}
	at, err := purse.NewDateTime(cfg.Now())
	if err != nil {
		return nil, fail(step, ModuleFault, "%w", err)
	}
	order := sam.Transaction{Card: s.factor(), KeyVersion: opened.KeyVersion, Algorithm: opened.Algorithm, Random: opened.Random, Sequence: opened.Seq,
		Transaction: purse.Transaction{Amount: purse.Amount(fen), Kind: purse.Purchase, Terminal: cfg.Module.Terminal(), At: at}}
	number, mac1, err := cfg.Module.Purchase(ctx, order)
	if err != nil {
		return nil, fail(step, ModuleFault, "%w", err)
	}
	claim := Claim{Number: number, Order: order, Balance: opened.Balance}
	// Before the order is sent: a power cut behind it must leave somebody who asks.
	if err := cfg.Journal.Put(ctx, claim); err != nil {
		return nil, fail("journal", JournalFault, "%w", err)
	}
	data, err := s.send(ctx, "DEBIT", purse.DebitForPurchase(purse.DebitRequest{TerminalSeq: number, At: at, MAC1: mac1}))
	if err == nil {
		var answer purse.DebitAnswer
		if answer, err = purse.ParseDebitAnswer(data); err != nil {
			err = fail("DEBIT", BadAnswer, "%w", err)
		} else if err = s.proven(ctx, claim, answer.MAC2); err == nil {
			claim.State, claim.Served, claim.TAC = Paid, true, answer.TAC
			if err := s.put(ctx, claim); err != nil {
				return nil, err
			}
			return &Receipt{Claim: claim}, nil
		}
	}
	return s.afterFailure(ctx, claim, err.(*Failure))
}

// openPurchase opens a purchase and checks what the card says of itself.
func (s *Session) openPurchase(ctx context.Context, fen int64) (a purse.InitializePurchaseAnswer, err error) {
	const step = "INITIALIZE FOR PURCHASE"
	if s.t.cfg.Module == nil {
		return a, fail(step, ModuleFault, "no module")
	}
	request := purse.InitializeRequest{KeyIndex: s.t.cfg.KeyIndex, Amount: purse.Amount(fen), Terminal: s.t.cfg.Module.Terminal()}
	data, err := s.send(ctx, step, purse.InitializeForPurchase(request))
	if err != nil {
		f := err.(*Failure)
		switch f.Status {
		case apdu.InsufficientBalance, apdu.InsufficientFunds:
			f.Reason = TooLittle
		}
		return a, f
	}
	if a, err = purse.ParseInitializePurchaseAnswer(data); err != nil {
		return a, fail(step, BadAnswer, "%w", err)
	}
	if f := s.takes(step, a.Algorithm); f != nil {
		return a, f
	}
	if a.Overdraft.Fen() != 0 {
		// Our purses have none: what a card borrows, somebody would have to pay.
		return a, fail(step, Contradiction, "an overdraft of %d fen", a.Overdraft.Fen())
	}
	return a, nil
}

// takes refuses an algorithm that the card chose and this terminal does not take: the weaker one is not for a card to
// choose.
func (s *Session) takes(step string, a key.Algorithm) *Failure {
	if a != key.SM4 && !s.t.cfg.InsecureTDES {
		return fail(step, WrongAlgorithm, "%s", a)
	}
	return nil
}

// proven lets the module verify that the card paid.
func (s *Session) proven(ctx context.Context, c Claim, mac2 purse.MAC) error {
	if s.t.cfg.Module == nil {
		return fail("MAC2", ModuleFault, "no module")
	}
	err := s.t.cfg.Module.CheckPurchase(ctx, c.Order, c.Number, mac2)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sam.ErrWrongMAC):
		return fail("MAC2", WrongMAC, "%w", err)
	}
	return fail("MAC2", ModuleFault, "%w", err)
}

// put writes what is newly known of an order that was sent. Without it nobody passes.
func (s *Session) put(ctx context.Context, c Claim) error {
	if err := s.t.cfg.Journal.Put(ctx, c); err != nil {
		f := fail("journal", JournalFault, "%w", err)
		f.Outcome = Unknown
		return f
	}
	return nil
}

// afterFailure asks the card at once what became of an order, if it is still there. If it was not followed, or that
// cannot be found out, the failure is the answer.
func (s *Session) afterFailure(ctx context.Context, c Claim, f *Failure) (*Receipt, error) {
	f.Outcome = Unknown
	if s.link.dead {
		return nil, f
	}
	c, err := s.recover(ctx, c)
	if err != nil {
		return nil, f // it stays unresolved, and the first failure says why
	}
	switch c.State {
	case Paid:
		if !c.IsLoad() {
			c.Served = true
			if err := s.put(ctx, c); err != nil {
				return nil, err
			}
		}
		return &Receipt{Claim: c, Recovered: true}, nil
	case NotCharged:
		f.Outcome = NothingMoved
	}
	return nil, f
}
