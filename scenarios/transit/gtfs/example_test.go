package gtfs_test

import (
	"fmt"

	"github.com/citizencode/citizencode/scenarios/transit/gtfs"
	"github.com/citizencode/citizencode/scenarios/transit/gtfstest"
)

// A city's feed, and one that is broken.
func Example() {
	city := gtfstest.City(gtfstest.Shenyang())
	feed, err := gtfs.Load(city.FS())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(feed.Stops()), "stops,", len(feed.Areas()), "metro stations,", len(feed.Routes()), "lines,", len(feed.LegRules()), "leg rules")
	line, _ := feed.Route("B168")
	fmt.Println(line.ShortName, "is in", line.Network)
	fmt.Println("the entrance M1-05-A is in", feed.Station("M1-05-A"), "and in area", feed.StopAreas("M1-05-A"))

	_, err = gtfs.Load(city.With("stop_areas.txt", "area_id,stop_id\nM1-05,M1-99\n").FS())
	fmt.Println(err)
	// Output:
	// 4345 stops, 125 metro stations, 225 lines, 15628 leg rules
	// 168路 is in bus_2
	// the entrance M1-05-A is in M1-05 and in area [M1-05]
	// gtfs: stop_areas.txt:2 stop_id: dangling: there is no "M1-99"
}
