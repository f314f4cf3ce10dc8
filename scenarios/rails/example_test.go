package rails_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/rails"
	"github.com/citizencode/citizencode/scenarios/rails/railstest"
)

// A bank charges a driver, and its answer is lost. The lot asks again later: the
// driver has paid once, and it is booked once.
func ExampleSettler_Settle() {
	ctx := context.Background()
	mandate, err := rails.ParseMandate("tok-5c1e")
	if err != nil {
		fmt.Println(err)
		return
	}
	b := railstest.NewBank(railstest.Faults{After: 100, Deaf: 100}, map[rails.Mandate]int64{mandate: 5000})
	settler := rails.Settler{Ledger: ledger.New(ledger.NewMemory())}

	charge, err := rails.ChargeOrder(b, rails.Charge{Key: "parking.charge:s-104", Mandate: mandate, Fen: 1200})
	if err != nil {
		fmt.Println(err)
		return
	}
	exit := time.Date(2026, 11, 22, 18, 5, 0, 0, time.FixedZone("", 8*60*60))
	clearing := ledger.MustAccount(ledger.Asset, "bank", "clearing")
	booking := ledger.Draft{Kind: "parking.charge", Time: exit, Day: ledger.DayOf(exit), Postings: []ledger.Posting{
		{Account: clearing, Debit: 1200},
		{Account: ledger.MustAccount(ledger.Asset, "receivable", "parking", "7f3a09"), Credit: 1200}}}

	_, err = settler.Settle(ctx, charge, &booking)
	fmt.Println("not known yet:", errors.Is(err, rails.ErrUnsettled))
	b.Calm()
	for range 2 {
		answer, err := settler.Settle(ctx, charge, &booking)
		fmt.Println(answer.State, err)
	}
	balance, err := settler.Ledger.Balance(ctx, clearing)
	fmt.Println("booked", balance.Net(), "left", b.Funds(mandate), err)
	differences, err := rails.Reconcile(ctx, settler.Ledger, clearing, booking.Day, booking.Day, b.Movements())
	fmt.Println("differences", len(differences), err)
	// Output:
	// not known yet: true
	// accepted <nil>
	// accepted <nil>
	// booked 1200 left 3800 <nil>
	// differences 0 <nil>
}
