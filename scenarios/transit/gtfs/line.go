package gtfs

import (
	"fmt"
	"io/fs"
	"slices"
)

// A Line is the stops of a route in order, for a map.
type Line struct {
	Route string
	Stops []string
}

// LoadLines reads the stops of every route from trips.txt and stop_times.txt:
// those of the route's trip with the most stops, of equals the first. Fares do
// not need it, and stop_times.txt is by far the largest file of a feed, so Load
// leaves it alone. It is read twice and not kept.
func (f *Feed) LoadLines(fsys fs.FS) ([]Line, error) {
	trips := open(fsys, "trips.txt", true)
	trip, route := trips.must("trip_id"), trips.must("route_id")
	var ids index
	var routes []int
	for trips.nextKept() {
		ids.add(trips, trip, trips.id(trip))
		routes = append(routes, f.routes.at[trips.reference(route, &f.routes.index)])
	}
	if err := trips.close(); err != nil {
		return nil, err
	}

	stops := make([]int, len(ids.ids)) // of each trip
	err := f.stopTimes(fsys, &ids, func(trip, _ int, _ string) { stops[trip]++ })
	if err != nil {
		return nil, err
	}
	longest := make([]int, len(f.routes.rows))
	for i := range longest {
		longest[i] = -1
	}
	for trip, route := range routes {
		if best := longest[route]; best < 0 || stops[trip] > stops[best] {
			longest[route] = trip
		}
	}

	type call struct {
		sequence int
		stop     string
	}
	calls := make(map[int][]call)
	for _, trip := range longest {
		if trip >= 0 {
			calls[trip] = nil
		}
	}
	err = f.stopTimes(fsys, &ids, func(trip, sequence int, stop string) {
		if list, ok := calls[trip]; ok {
			calls[trip] = append(list, call{sequence, stop})
		}
	})
	if err != nil {
		return nil, err
	}
	var lines []Line
	for route, trip := range longest {
		if trip < 0 {
			continue
		}
		slices.SortStableFunc(calls[trip], func(a, b call) int { return a.sequence - b.sequence })
		line := Line{Route: f.routes.ids[route]}
		for i, c := range calls[trip] {
			if i > 0 && c.sequence == calls[trip][i-1].sequence {
				return nil, &Error{File: "stop_times.txt", Field: "stop_sequence", Reason: Duplicate, Err: fmt.Errorf("of trip %q", ids.ids[trip])}
			}
			line.Stops = append(line.Stops, c.stop)
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// stopTimes calls visit for every row of stop_times.txt.
func (f *Feed) stopTimes(fsys fs.FS, trips *index, visit func(trip, sequence int, stop string)) error {
	t := open(fsys, "stop_times.txt", true)
	trip, sequence, stop := t.must("trip_id"), t.must("stop_sequence"), t.must("stop_id")
	for t.next() {
		id, n, at := t.reference(trip, trips), t.option(sequence, 1<<30, -1), t.reference(stop, &f.stops.index)
		if t.err == nil {
			visit(trips.at[id], n, at)
		}
	}
	return t.close()
}
