package terminal

import (
	"fmt"

	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/purse"
	"github.com/citizencode/citizencode/card/sam"
)

// A State is what a terminal knows of an order to a card.
type State byte

// The states. The first is what an order is when it is sent, so that a power cut leaves the truth.
const (
	Unresolved State = iota // it may have been followed; to be asked when the card is seen again
	NotCharged              // the card says that it did not follow
	Paid                    // the card proved that it followed
	Disputed                // this terminal cannot find out any more; the back office can
)

// String returns the state's word.
func (s State) String() string {
	switch s {
	case Unresolved:
		return "unresolved"
	case NotCharged:
		return "not-charged"
	case Paid:
		return "paid"
	case Disputed:
		return "disputed"
	}
	return fmt.Sprintf("state-%d", byte(s))
}

// A Claim is one order to a card to move money, and what became of it. Number names it at its terminal.
type Claim struct {
	Number  uint32
	Order   sam.Transaction
	Balance purse.Amount // of the card before, as it said
	State   State
	Served  bool      // paid, and the person was let through for it
	TAC     purse.MAC // of a paid order: the card's certificate for the back office
}

// IsLoad reports whether the order puts money on the card.
func (c Claim) IsLoad() bool { return c.Order.Kind == purse.Load }

// claimSize is the size of a claim in a file: number 4 ‖ card 8 ‖ key version 1 ‖ algorithm 1 ‖ random 4 ‖ sequence 2 ‖
// amount 4 ‖ kind 1 ‖ terminal 6 ‖ date 4 ‖ time 3 ‖ balance 4 ‖ state 1 ‖ served 1 ‖ TAC 4.
const claimSize = 4 + 8 + 1 + 1 + 4 + 2 + 4 + 1 + 6 + 7 + 4 + 1 + 1 + 4

func (c Claim) bytes() []byte {
	b := make([]byte, 0, claimSize)
	b = be.AppendUint32(b, c.Number)
	b = append(b, c.Order.Card[:]...)
	b = append(b, c.Order.KeyVersion, c.Order.Algorithm.ID())
	b = append(b, c.Order.Random[:]...)
	b = be.AppendUint16(b, c.Order.Sequence)
	b = be.AppendUint32(b, uint32(c.Order.Amount))
	b = append(b, byte(c.Order.Kind))
	b = append(b, c.Order.Terminal[:]...)
	b = append(b, c.Order.At[:]...)
	b = be.AppendUint32(b, uint32(c.Balance))
	served := byte(0)
	if c.Served {
		served = 1
	}
	b = append(b, byte(c.State), served)
	return append(b, c.TAC[:]...)
}

func parseClaim(b []byte) (c Claim, err error) {
	c.Number = be.Uint32(b)
	c.Order.Card = key.Factor(b[4:])
	c.Order.KeyVersion = b[12]
	if c.Order.Algorithm, err = key.ParseAlgorithm(b[13]); err != nil {
		return c, err
	}
	c.Order.Random = purse.Random(b[14:])
	c.Order.Sequence = be.Uint16(b[18:])
	c.Order.Amount = purse.Amount(be.Uint32(b[20:]))
	c.Order.Kind = purse.Kind(b[24])
	c.Order.Terminal = purse.TerminalID(b[25:])
	c.Order.At = purse.DateTime(b[31:])
	c.Balance = purse.Amount(be.Uint32(b[38:]))
	c.State = State(b[42])
	c.Served = b[43] == 1
	c.TAC = purse.MAC(b[44:])
	if c.State > Disputed || b[43] > 1 {
		return c, fmt.Errorf("terminal: a claim with state %d", c.State)
	}
	return c, nil
}
