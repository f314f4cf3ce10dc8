package office_test

import (
	"context"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/rails"
	"github.com/citizencode/citizencode/scenarios/rails/railstest"
	"github.com/citizencode/citizencode/scenarios/transit/fare"
	"github.com/citizencode/citizencode/scenarios/transit/gtfs"
	"github.com/citizencode/citizencode/scenarios/transit/gtfstest"
	"github.com/citizencode/citizencode/scenarios/transit/office"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

// wallets knows one mandate.
type wallets struct{ mandate rails.Mandate }

func (w wallets) Payer(context.Context, string) (office.Payer, error) {
	return office.Payer{Mandate: w.mandate}, nil
}

// A day of a rider: the exit from the metro was made at a gate without a
// network and is heard of when the day is booked, charged and closed.
func Example() {
	ctx := context.Background()
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	feed, err := gtfs.Load(gtfstest.City(gtfstest.Shenyang()).FS())
	must(err)
	mandate, err := rails.ParseMandate("tok-5c1e")
	must(err)
	books := ledger.New(ledger.NewMemory())
	now := time.Date(2026, 3, 3, 4, 0, 0, 0, feed.Location())
	o, err := office.Open(ctx, office.Config{Name: "example", Feed: feed, Fare: fare.Config{DayStart: 3 * time.Hour}, Ledger: books,
		Payers: wallets{mandate}, Bank: railstest.NewBank(railstest.Faults{}, map[rails.Mandate]int64{mandate: 10_000}),
		Now: func() time.Time { return now }})
	must(err)

	const rider = "210100-0000006500c1712e"
	morning := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC) // 8 o'clock in China
	record := func(gate string, kind tap.Kind, at time.Time) tap.Tap {
		t := tap.Tap{Gate: gate, Sequence: 1, Key: "visit at " + gate, Showing: "code at " + gate, Carrier: "phone", Person: rider, Time: at, Kind: kind}
		if kind == tap.Board {
			t.Line, t.Vehicle = "B168", "5501"
		} else {
			t.Network, t.Stop = "metro", gate
		}
		return t
	}
	upload := func(t tap.Tap) {
		for range 2 { // gates send again until they are answered
			r, err := o.Upload(ctx, tap.Batch{Gate: t.Gate, Taps: []tap.Tap{t}})
			must(err)
			fmt.Printf("%s: new %d, known %d\n", t.Gate, r.New, r.Known)
		}
	}
	settle := func(day string) {
		b, err := o.Book(ctx, office.BookRequest{Through: "2026-03-02"})
		must(err)
		c, err := o.Charge(ctx, office.ChargeRequest{Day: day})
		must(err)
		a, err := o.Account(ctx, office.AccountRequest{Person: rider})
		must(err)
		fmt.Printf("booked %d fen, charged %d fen, owed %d fen\n", b.Fen, c.Fen, a.Fen)
	}

	upload(record("M1-00-A", tap.Enter, morning))
	upload(record("bus 5501", tap.Board, morning.Add(40*time.Minute)))
	settle("2026-03-02")
	day, err := ledger.ParseDay("2026-03-02")
	must(err)
	_, err = books.CloseDay(ctx, day)
	must(err)

	now = now.Add(48 * time.Hour)
	upload(record("M1-12-A", tap.Exit, morning.Add(25*time.Minute)))
	settle("2026-03-04")
	for _, day := range []string{"2026-03-02", "2026-03-03"} {
		st, err := o.Settle(ctx, day)
		must(err)
		fmt.Printf("%+v\n", *st)
	}
	// Output:
	// M1-00-A: new 1, known 0
	// M1-00-A: new 0, known 1
	// bus 5501: new 1, known 0
	// bus 5501: new 0, known 1
	// booked 1000 fen, charged 1000 fen, owed 0 fen
	// M1-12-A: new 1, known 0
	// M1-12-A: new 0, known 1
	// booked -550 fen, charged 0 fen, owed -550 fen
	// {Day:2026-03-02 Closed:true Lines:[{Party:bus/b168 Count:1 Fen:200} {Party:metro/metro Count:1 Fen:800}]}
	// {Day:2026-03-03 Closed:false Lines:[{Party:bus/b168 Count:0 Fen:-50} {Party:metro/metro Count:0 Fen:-500}]}
}
