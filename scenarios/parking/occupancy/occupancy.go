// Package occupancy says how many bays are free (车位信息), and gives that away to
// navigation, free of charge, in three published forms.
//
// A lot reports what it sees ([Report]): cars in and out, the reading of its
// sensors, a count by hand. A [Counter] makes one figure of it. Feeds in the
// field have shown 8,259 free bays of 140, occupied bays as free ones, closed
// lots as full, and yesterday's figure as now's. What is published here obeys:
//
//   - free is between 0 and the number of bays;
//   - unknown is not 0: a lot that has said nothing has no number;
//   - closed is not full: a closed lot has no number;
//   - a figure that is old says so, with its age, and one that is very old is
//     unknown;
//   - a count that drifted below 0 or above the lot is clamped, and says so;
//   - a reading that cannot be is refused, and the figure says that there was
//     one.
package occupancy

import (
	"slices"
	"time"
)

// The limits of a lot.
const (
	MaxBays = 100_000
	MaxName = 200 // bytes
	MaxLots = 100_000
)

// A Lot is a car park. Coordinates are WGS-84 degrees; those of Chinese maps
// (GCJ-02) are some hundred metres off and have to be converted before.
type Lot struct {
	ID       string
	Name     string
	Bays     int
	Lat, Lon float64
	Form     Form
}

// A Form is how a lot is built.
type Form uint8

// The forms.
const (
	Garage  Form = iota
	Surface      // off the street, in the open
	Street
)

// A Flag says in one stable word what a figure is not to be trusted for.
type Flag string

// The flags, in the order in which a figure lists them.
const (
	Unknown Flag = "unknown" // no number
	Stale   Flag = "stale"   // older than the lot's StaleAfter
	Clamped Flag = "clamped" // the count went below 0 or above the lot since it was last set
	Suspect Flag = "suspect" // a reading was refused since the last good one
)

// A Figure is what is published about a lot at one moment. Only a Counter makes
// one; the zero Figure is a closed lot of no name.
type Figure struct {
	lot      Lot
	open     bool
	known    bool
	occupied int
	flags    []Flag
	asOf, at time.Time
}

// Lot returns which lot it is about.
func (f *Figure) Lot() Lot { return f.lot }

// Open reports whether the lot is open.
func (f *Figure) Open() bool { return f.open }

// Free returns how many bays are free, and whether that is known: of a closed
// lot, and of one that has said nothing for long, it is not.
func (f *Figure) Free() (bays int, known bool) {
	if !f.open || !f.known {
		return 0, false
	}
	return f.lot.Bays - f.occupied, true
}

// Full reports whether it is known that no bay is free.
func (f *Figure) Full() bool {
	free, known := f.Free()
	return known && free == 0
}

// Flags returns what the figure is not to be trusted for; none is good.
func (f *Figure) Flags() []Flag { return slices.Clone(f.flags) }

// Has reports whether the figure has a flag.
func (f *Figure) Has(flag Flag) bool { return slices.Contains(f.flags, flag) }

// AsOf returns when the lot last reported what the number rests on; zero for
// never.
func (f *Figure) AsOf() time.Time { return f.asOf }

// At returns when the figure was made.
func (f *Figure) At() time.Time { return f.at }

// Age returns how old the number was then; 0 if there was never one.
func (f *Figure) Age() time.Duration {
	if f.asOf.IsZero() {
		return 0
	}
	return max(0, f.at.Sub(f.asOf)) // within the skew a report may be ahead
}
