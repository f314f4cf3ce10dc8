package gtfs

import (
	"errors"
	"fmt"
	"io/fs"
)

// The kinds of a stop (stops.txt, location_type).
const (
	Platform     = 0 // or a bus stop
	Station      = 1
	Entrance     = 2
	GenericNode  = 3
	BoardingArea = 4
)

// A Stop is a place where riders enter or leave: a bus stop, a station or a
// part of a station.
type Stop struct {
	ID, Name string
	Lat, Lon float64 // degrees, WGS 84; 0, 0 where the feed has none
	Kind     int
	Parent   string // the station that it is a part of, for a boarding area the platform; empty: none
}

// Stops lists the stops.
func (f *Feed) Stops() []Stop { return f.stops.rows }

// Stop finds a stop.
func (f *Feed) Stop(id string) (Stop, bool) { return f.stops.find(id) }

// Station returns the station that a stop is a part of, or the stop itself.
func (f *Feed) Station(id string) string {
	// A boarding area is in a platform, a platform in a station, a station in nothing.
	for range 2 {
		s, ok := f.stops.find(id)
		if !ok || s.Parent == "" {
			break
		}
		id = s.Parent
	}
	return id
}

func (f *Feed) readStops(fsys fs.FS) error {
	t := open(fsys, "stops.txt", true)
	id, name, lat, lon := t.must("stop_id"), t.column("stop_name"), t.column("stop_lat"), t.column("stop_lon")
	kind, parent, zone := t.column("location_type"), t.column("parent_station"), t.column("stop_timezone")
	lines := []int{} // of the stops: parents may stand below their parts
	for t.nextKept() {
		s := Stop{ID: t.id(id), Name: t.text(name), Lat: t.degrees(lat, 90), Lon: t.degrees(lon, 180), Kind: t.option(kind, BoardingArea, Platform)}
		if len(t.bytes(parent)) > 0 {
			s.Parent = t.id(parent)
		}
		if z := t.bytes(zone); len(z) > 0 && !isShanghai(z) {
			t.bad(zone, "Asia/Shanghai")
		}
		f.stops.add(t, id, s.ID, s)
		lines = append(lines, t.line)
	}
	for i := range f.stops.rows {
		if t.err != nil {
			break
		}
		s := &f.stops.rows[i]
		t.line = lines[i]
		want := Station
		switch s.Kind {
		case Station:
			if s.Parent != "" {
				t.fail(parent, ForbiddenValue, errors.New("a station is part of nothing"))
			}
			continue
		case BoardingArea:
			want = Platform
			fallthrough
		case Entrance, GenericNode:
			if s.Parent == "" {
				t.fail(parent, MissingValue, errRequired)
			}
		}
		if s.Parent == "" {
			continue
		}
		p, ok := f.stops.at[s.Parent]
		switch {
		case !ok:
			t.fail(parent, Dangling, fmt.Errorf("there is no %q", s.Parent))
		case f.stops.rows[p].Kind != want:
			t.fail(parent, BadValue, fmt.Errorf("%q has location_type %d, and not %d", s.Parent, f.stops.rows[p].Kind, want))
		default:
			s.Parent = f.stops.ids[p]
		}
	}
	return t.close()
}

// An Area is a group of stops for fares, as a zone or a distance class (areas.txt).
type Area struct {
	ID, Name string
}

// MaxStopAreas is how many areas a stop is in at most: a fare is looked for in
// every pair of the areas of two stops.
const MaxStopAreas = 16

// Areas lists the areas.
func (f *Feed) Areas() []Area { return f.areas.rows }

// StopAreas returns the areas of a stop. A stop that is assigned to none has
// those of the station that it is a part of (stop_areas.txt).
func (f *Feed) StopAreas(id string) []string {
	for range 3 {
		if areas := f.stopAreas[id]; len(areas) > 0 {
			return areas
		}
		s, ok := f.stops.find(id)
		if !ok || s.Parent == "" {
			break
		}
		id = s.Parent
	}
	return nil
}

func (f *Feed) readAreas(fsys fs.FS) error {
	t := open(fsys, "areas.txt", false)
	id, name := t.must("area_id"), t.column("area_name")
	for t.nextKept() {
		a := Area{ID: t.id(id), Name: t.text(name)}
		f.areas.add(t, id, a.ID, a)
	}
	return t.close()
}

func (f *Feed) readStopAreas(fsys fs.FS) error {
	t := open(fsys, "stop_areas.txt", false)
	area, stop := t.must("area_id"), t.must("stop_id")
	f.stopAreas = make(map[string][]string)
	type key struct{ area, stop string }
	seen := make(map[key]bool)
	for t.nextKept() {
		k := key{t.reference(area, &f.areas.index), t.reference(stop, &f.stops.index)}
		once(t, seen, k)
		areas := append(f.stopAreas[k.stop], k.area)
		if len(areas) > MaxStopAreas {
			t.fail(area, TooMany, fmt.Errorf("a stop in more than %d areas", MaxStopAreas))
		}
		f.stopAreas[k.stop] = areas
	}
	return t.close()
}
