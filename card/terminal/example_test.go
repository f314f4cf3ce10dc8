package terminal_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/citizencode/citizencode/card/purse"
	"github.com/citizencode/citizencode/card/terminal"
)

// A card with 50 yuan is torn away when it has just paid. Its holder comes again.
func Example() {
	ctx := context.Background()
	tb := new(testing.T)
	c, g := newCard(tb, 1, 5000), newGate(tb, gateID)

	session, err := g.Open(ctx, lose(c, purse.InsDebit))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = session.Purchase(ctx, 200)
	failed, _ := errors.AsType[*terminal.Failure](err)
	fmt.Printf("%s at %s, money: %s\n", failed.Reason, failed.Step, failed.Outcome)

	g.now = g.now.Add(20 * time.Second)
	for range 2 {
		session, err = g.Open(ctx, c)
		if err != nil {
			fmt.Println(err)
			return
		}
		receipt, err := session.Purchase(ctx, 200)
		if err != nil {
			fmt.Println(err)
			return
		}
		fen, err := session.Balance(ctx)
		fmt.Printf("number %d %s, found paid: %t; %d fen left %v\n", receipt.Number, receipt.State, receipt.Recovered, fen, err)
	}
	// Output:
	// card-lost at DEBIT, money: unknown
	// number 1 paid, found paid: true; 4800 fen left <nil>
	// number 2 paid, found paid: false; 4600 fen left <nil>
}
