package occupancy_test

import (
	"fmt"
	"time"

	"github.com/citizencode/citizencode/scenarios/parking/occupancy"
)

// A lot counts its cars, falls silent, and closes.
func Example() {
	board, err := occupancy.NewBoard(occupancy.Config{Lot: occupancy.Lot{ID: "p1", Name: "North lot", Bays: 140, Lat: 41.8, Lon: 123.4}})
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	show := func(what string) {
		f := board.Feed(now).Figures[0]
		free, known := f.Free()
		fmt.Printf("%-10s free %d %v, open %v, flags %v, age %s\n", what, free, known, f.Open(), f.Flags(), f.Age())
	}
	report := func(kind occupancy.Kind, n int) error {
		return board.Apply(occupancy.Report{Lot: "p1", At: now, Kind: kind, N: n}, now)
	}
	show("new:")
	_ = report(occupancy.Recount, 100)
	_ = report(occupancy.FreeBays, 40)
	show("counted:")
	fmt.Println(report(occupancy.FreeBays, 8259))
	show("nonsense:")
	now = now.Add(7 * time.Minute)
	show("silent:")
	_ = report(occupancy.Closed, 0)
	show("closed:")
	// Output:
	// new:       free 0 false, open true, flags [unknown], age 0s
	// counted:   free 40 true, open true, flags [], age 0s
	// occupancy: report.n: implausible
	// nonsense:  free 40 true, open true, flags [suspect], age 0s
	// silent:    free 40 true, open true, flags [stale suspect], age 7m0s
	// closed:    free 0 false, open false, flags [stale suspect], age 7m0s
}
