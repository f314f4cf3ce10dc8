package fare_test

import (
	"fmt"
	"time"

	"github.com/citizencode/citizencode/scenarios/transit/fare"
	"github.com/citizencode/citizencode/scenarios/transit/gtfs"
	"github.com/citizencode/citizencode/scenarios/transit/gtfstest"
)

// A morning of a rider, late and twice, and why it costs what it costs.
func Example() {
	feed, err := gtfs.Load(gtfstest.City(gtfstest.Shenyang()).FS())
	if err != nil {
		fmt.Println(err)
		return
	}
	engine, err := fare.New(feed, fare.Config{DayStart: 3 * time.Hour})
	if err != nil {
		fmt.Println(err)
		return
	}
	morning := time.Date(2026, 3, 2, 8, 0, 0, 0, feed.Location())
	student := fare.Rider{Category: "student", Until: time.Date(2026, 3, 2, 8, 30, 0, 0, feed.Location())}
	in := fare.Tap{ID: fare.TapID{Gate: "M1-00-A/3", Sequence: 1041}, Time: morning, Kind: fare.In, Network: "metro", Stop: "M1-00-A", Rider: student}
	out := fare.Tap{ID: fare.TapID{Gate: "M1-12-A/1", Sequence: 77}, Time: morning.Add(25 * time.Minute), Kind: fare.Out, Network: "metro", Stop: "M1-12-A", Rider: student}
	bus := fare.Tap{ID: fare.TapID{Gate: "bus 168/5501", Sequence: 12}, Time: morning.Add(35 * time.Minute), Kind: fare.Ride, Route: "B168", Rider: student}

	statement, err := engine.Settle([]fare.Tap{out, bus, in, out})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, charge := range statement.Charges {
		fmt.Printf("%s %s %s %d fen\n", charge.Day, charge.Leg.Network, charge.Leg.Route, charge.Fen)
		for _, step := range charge.Steps {
			fmt.Printf("  %+5d %s %q %q line %d\n", step.Fen, step.Kind, step.Product, step.Category, step.Rule.Line)
		}
	}
	fmt.Println("total", statement.Total, "fen")
	// Output:
	// 20260302 metro  150 fen
	//    +150 leg-fare "metro_3" "student" line 14
	// 20260302 bus_2 B168 150 fen
	//      +0 concession-expired "" "" line 0
	//    +200 leg-fare "bus_2" "adult" line 15628
	//     -50 transfer "change" "" line 3
	// total 300 fen
}
