package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/scenarios/ledger"
)

// yuan prints fen.
func yuan(fen int64) string { return fmt.Sprintf("%d.%02d", fen/100, fen%100) }

// A driver parks, pays, and is paid back a part.
func Example() {
	ctx := context.Background()
	l := ledger.New(ledger.NewMemory())

	bank := ledger.MustAccount(ledger.Asset, "bank", "clearing")
	driver := ledger.MustAccount(ledger.Asset, "receivable", "parking", "7f3a09")
	lot := ledger.MustAccount(ledger.Income, "parking", "lot-17")
	exit := time.Date(2026, 11, 22, 18, 5, 0, 0, time.FixedZone("", 8*60*60))
	day := ledger.DayOf(exit)

	fee := ledger.Draft{
		Key: "parking.fee:s-104", Kind: "parking.fee", Time: exit, Day: day,
		Postings:   []ledger.Posting{{Account: driver, Debit: 1200}, {Account: lot, Credit: 1200}},
		Attributes: map[string]string{"lot": "17", "session": "s-104"},
	}
	for range 2 { // the barrier was not sure whether it was heard
		receipt, err := l.Post(ctx, fee)
		fmt.Println(receipt.Key, receipt.Day, err)
	}
	for _, d := range []ledger.Draft{
		{Key: "parking.charge:s-104", Kind: "parking.charge", Time: exit, Day: day,
			Postings: []ledger.Posting{{Account: bank, Debit: 1200}, {Account: driver, Credit: 1200}}},
		{Key: "parking.refund:s-104", Kind: "parking.refund", Time: exit, Day: day, Refunds: "parking.fee:s-104",
			Postings: []ledger.Posting{{Account: lot, Debit: 500}, {Account: driver, Credit: 500}}},
		{Key: "parking.payback:s-104", Kind: "parking.payback", Time: exit, Day: day, Refunds: "parking.charge:s-104",
			Postings: []ledger.Posting{{Account: driver, Debit: 500}, {Account: bank, Credit: 500}}},
	} {
		if _, err := l.Post(ctx, d); err != nil {
			fmt.Println(err)
		}
	}
	greedy := ledger.Draft{Key: "again", Kind: "parking.refund", Time: exit, Day: day, Refunds: "parking.fee:s-104",
		Postings: []ledger.Posting{{Account: lot, Debit: 701}, {Account: driver, Credit: 701}}}
	_, err := l.Post(ctx, greedy)
	fmt.Println(err)

	statement, err := l.Statement(ctx, ledger.StatementQuery{Account: lot, From: day, To: day})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, line := range statement.Lines {
		fmt.Printf("%-15s debit %6s credit %6s\n", line.Kind, yuan(line.Debit), yuan(line.Credit))
	}
	for _, account := range []ledger.Account{bank, driver, lot} {
		balance, err := l.Balance(ctx, account)
		fmt.Printf("%-33s debit %6s credit %6s %v\n", account, yuan(balance.Debit), yuan(balance.Credit), err)
	}
	// Output:
	// parking.fee:s-104 2026-11-22 <nil>
	// parking.fee:s-104 2026-11-22 <nil>
	// ledger: exceeds-original: "again"
	// parking.fee     debit   0.00 credit  12.00
	// parking.refund  debit   5.00 credit   0.00
	// asset/bank/clearing               debit  12.00 credit   5.00 <nil>
	// asset/receivable/parking/7f3a09   debit  17.00 credit  17.00 <nil>
	// income/parking/lot-17             debit   5.00 credit  12.00 <nil>
}

// A tap of yesterday arrives after yesterday was closed.
func ExampleLedger_CloseDay() {
	ctx := context.Background()
	l := ledger.New(ledger.NewMemory())
	citizen := ledger.MustAccount(ledger.Asset, "receivable", "transit", "51c2")
	line := ledger.MustAccount(ledger.Income, "transit", "line-1")
	at := time.Date(2026, 11, 21, 23, 58, 0, 0, time.FixedZone("", 8*60*60))
	yesterday := ledger.DayOf(at)

	tap := func(key string) ledger.Draft {
		return ledger.Draft{Key: key, Kind: "transit.fare", Time: at, Day: yesterday,
			Postings: []ledger.Posting{{Account: citizen, Debit: 300}, {Account: line, Credit: 300}}}
	}
	if _, err := l.Post(ctx, tap("tap:g7:1001")); err != nil {
		fmt.Println(err)
	}
	closing, err := l.CloseDay(ctx, yesterday)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(closing.Day, closing.Transactions, yuan(closing.Total.Debit), yuan(closing.Total.Credit))

	late := tap("tap:g7:1002")
	_, err = l.Post(ctx, late)
	fmt.Println(err)
	if refused, ok := errors.AsType[*ledger.RefusedError](err); ok && refused.Reason == ledger.DayClosed {
		receipt, err := l.Post(ctx, late.On(refused.Open))
		fmt.Println("booked on", receipt.Day, err)
	}
	// The gate sends it once more, as it was.
	receipt, err := l.Post(ctx, late)
	fmt.Println("booked on", receipt.Day, err)
	fmt.Println("audit:", l.Audit(ctx, yesterday))
	// Output:
	// 2026-11-21 1 3.00 3.00
	// ledger: day-closed: "tap:g7:1002"; open from 2026-11-22
	// booked on 2026-11-22 <nil>
	// booked on 2026-11-22 <nil>
	// audit: <nil>
}
