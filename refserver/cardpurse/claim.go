// Package cardpurse joins the purse of cards, which knows no ledger, to its settlement, which knows no card: what a
// terminal has in its journal becomes claims of package epurse, certificates are verified by a security module, and a
// load desk has its host.
package cardpurse

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/purse"
	"github.com/citizencode/citizencode/card/sam"
	"github.com/citizencode/citizencode/card/terminal"
	"github.com/citizencode/citizencode/scenarios/epurse"
)

var kinds = map[purse.Kind]epurse.Kind{purse.Purchase: epurse.Purchase, purse.Load: epurse.Load}

var states = map[terminal.State]epurse.State{terminal.Unresolved: epurse.Unresolved, terminal.Disputed: epurse.Unresolved,
	terminal.NotCharged: epurse.NotCharged, terminal.Paid: epurse.Paid}

// Claim returns a terminal's claim as the back office takes it. It fails for what no terminal of ours writes.
func Claim(c terminal.Claim) (epurse.Claim, error) {
	at, err := c.Order.At.Time()
	if err != nil {
		return epurse.Claim{}, fmt.Errorf("cardpurse: claim %d: %w", c.Number, err)
	}
	claim := epurse.Claim{Terminal: hex.EncodeToString(c.Order.Terminal[:]), Number: c.Number, Kind: kinds[c.Order.Kind],
		Card: hex.EncodeToString(c.Order.Card[:]), Sequence: c.Order.Sequence, Fen: c.Order.Amount.Fen(), Balance: c.Balance.Fen(),
		Time: at.UTC(), KeyVersion: c.Order.KeyVersion, Algorithm: c.Order.Algorithm.ID(), State: states[c.State], Served: c.Served}
	if c.State == terminal.Paid {
		claim.TAC = hex.EncodeToString(c.TAC[:])
	}
	return claim, nil
}

// Record returns a line of a card's log as the back office takes it, and false for one of another kind of transaction.
func Record(card key.Factor, r purse.LogRecord) (epurse.Record, bool) {
	kind, ok := kinds[r.Kind]
	return epurse.Record{Card: hex.EncodeToString(card[:]), Kind: kind, Sequence: r.Seq, Fen: r.Amount.Fen(),
		Terminal: hex.EncodeToString(r.Terminal[:])}, ok
}

// A Verifier verifies certificates by the module of a back office.
type Verifier struct{ Module sam.Auditor }

var _ epurse.Verifier = Verifier{}

var errClaim = errors.New("cardpurse: not a claim of the back office")

// CheckTAC implements [epurse.Verifier]. The card's keys are of one set: the version of the key that authenticated the
// order is that of the TAC key.
func (v Verifier) CheckTAC(ctx context.Context, c epurse.Claim) (bool, error) {
	order, tac, err := orderOf(c)
	if err != nil {
		return false, err
	}
	if c.Kind == epurse.Load {
		err = v.Module.CheckLoadTAC(ctx, order, purse.Amount(c.Balance+c.Fen), tac)
	} else {
		err = v.Module.CheckPurchaseTAC(ctx, order, c.Number, tac)
	}
	if errors.Is(err, sam.ErrWrongMAC) || errors.Is(err, sam.ErrNoKey) {
		return false, nil // a key that the office does not have has made no certificate that it takes
	}
	return err == nil, err
}

func orderOf(c epurse.Claim) (t sam.Transaction, tac purse.MAC, err error) {
	read := func(into []byte, text string) {
		if n, wrong := hex.Decode(into, []byte(text)); wrong != nil || n != len(into) {
			err = errClaim
		}
	}
	if err := c.Check(); err != nil || c.State != epurse.Paid {
		return t, tac, errClaim
	}
	read(t.Card[:], c.Card)
	read(t.Terminal[:], c.Terminal)
	read(tac[:], c.TAC)
	if err != nil {
		return t, tac, err
	}
	if t.Algorithm, err = key.ParseAlgorithm(c.Algorithm); err != nil {
		return t, tac, err
	}
	t.KeyVersion, t.Sequence = c.KeyVersion, c.Sequence
	t.Amount, t.Kind = purse.Amount(c.Fen), purse.Purchase
	if c.Kind == epurse.Load {
		t.Kind = purse.Load
	}
	t.At, err = purse.NewDateTime(c.Time)
	return t, tac, err
}
