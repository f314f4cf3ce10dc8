package terminal

import (
	"context"
	"errors"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/purse"
	"github.com/citizencode/citizencode/card/sam"
)

// Recover finds out what became of every order to this card that is unresolved, and returns what is known of each now.
// With an error the orders that are left stay unresolved.
func (s *Session) Recover(ctx context.Context) ([]Claim, error) {
	if s.t.cfg.Journal == nil {
		return nil, nil
	}
	open, err := s.t.cfg.Journal.Open(ctx, s.factor())
	if err != nil {
		return nil, fail("journal", JournalFault, "%w", err)
	}
	var found []Claim
	for _, c := range open {
		c, err := s.recover(ctx, c)
		if err != nil {
			return found, err
		}
		found = append(found, c)
	}
	return found, nil
}

// recoverAll recovers, and returns a receipt if one of the orders is the purchase of fen that is wanted now.
func (s *Session) recoverAll(ctx context.Context, fen int64) (*Receipt, error) {
	found, err := s.Recover(ctx)
	// What was found before the error stands in the journal, and the person is here.
	for _, c := range found {
		at, wrong := c.Order.At.Time()
		age := s.t.cfg.Now().Sub(at)
		if c.State == Paid && !c.IsLoad() && c.Order.Amount.Fen() == fen && wrong == nil && age <= s.t.cfg.ServeWithin {
			c.Served = true
			if err := s.put(ctx, c); err != nil {
				return nil, err
			}
			return &Receipt{Claim: c, Recovered: true}, nil
		}
	}
	return nil, err
}

// recover asks the card what became of one order, and writes down what is found. The error means that it was not found
// out, and may be asked again.
func (s *Session) recover(ctx context.Context, c Claim) (Claim, error) {
	proof, err := s.prove(ctx, c)
	if errors.Is(err, WrongMAC) {
		proof, err = s.prove(ctx, c) // the air flips a bit now and then
	}
	switch {
	case err == nil:
		c.State, c.TAC = Paid, proof.TAC
	case errors.Is(err, WrongMAC):
		// Another terminal's order was followed under this number, or the card lies.
		c.State = Disputed
	case errors.Is(err, apdu.NoMACAvailable):
		if c.State, err = s.passed(ctx, c); err != nil {
			return c, unknown(err)
		}
	default:
		return c, unknown(err)
	}
	return c, s.put(ctx, c)
}

// prove gets the receipt of an order again, and has it verified.
func (s *Session) prove(ctx context.Context, c Claim) (proof purse.ProveAnswer, err error) {
	const step = "GET TRANSACTION PROVE"
	data, err := s.send(ctx, step, purse.GetTransactionProve(purse.ProveRequest{Kind: c.Order.Kind, Seq: c.Order.Sequence}))
	if err != nil {
		return proof, err
	}
	if proof, err = purse.ParseProveAnswer(data); err != nil {
		return proof, fail(step, BadAnswer, "%w", err)
	}
	if !c.IsLoad() {
		return proof, s.proven(ctx, c, proof.MAC2)
	}
	if s.t.cfg.Loads == nil {
		return proof, fail(step, HostFault, "no host")
	}
	c.State, c.TAC = Paid, proof.TAC
	switch err := s.t.cfg.Loads.Confirm(ctx, c); {
	case errors.Is(err, sam.ErrWrongMAC):
		return proof, fail(step, WrongMAC, "%w", err)
	case err != nil:
		return proof, fail(step, HostFault, "%w", err)
	}
	return proof, nil
}

// unknown marks a failure as one behind an order.
func unknown(err error) error {
	var f *Failure
	if errors.As(err, &f) {
		f.Outcome = Unknown
	}
	return err
}

// passed says what it means that the card's last transaction is another one: the next number tells whether the order
// was not followed, or was followed by others.
func (s *Session) passed(ctx context.Context, c Claim) (State, error) {
	var next uint16
	if c.IsLoad() {
		if s.t.cfg.Loads == nil {
			return c.State, fail("INITIALIZE FOR LOAD", HostFault, "no host")
		}
		opened, err := s.openLoad(ctx, c.Order.Amount.Fen())
		if err != nil {
			return c.State, err
		}
		// The host verifies the card's MAC over the number, and gives money back or not.
		if err := s.t.cfg.Loads.Observe(ctx, s.loadOrder(opened, c.Order.Amount, c.Order.At), opened.Balance, opened.MAC1); err != nil {
			return c.State, fail("host", HostFault, "%w", err)
		}
		next = opened.Seq
	} else {
		opened, err := s.openPurchase(ctx, 1)
		if err != nil {
			return c.State, err
		}
		next = opened.Seq
		if next == c.Order.Sequence && opened.Balance < c.Balance {
			return c.State, fail("INITIALIZE FOR PURCHASE", Contradiction, "a smaller balance under the same number")
		}
	}
	switch {
	case next == c.Order.Sequence:
		return NotCharged, nil
	case next > c.Order.Sequence:
		return Disputed, nil
	}
	return c.State, fail("INITIALIZE", Contradiction, "its counter ran backwards")
}
