package occupancy

import "time"

// MaxGap is the longest time for which Vacancy lets one figure speak.
const MaxGap = 15 * time.Minute

// A Vacancy is the share of bays that stood empty over a time (空置率), weighed by
// bays and seconds: the figure that a city wants to bring down, as from 45 % to
// 20 %. Only figures without a flag count; the rest of the time is unknown and
// is said. The zero Vacancy is ready.
type Vacancy struct {
	free, bays int64 // bay seconds
	unknown    int64 // bay seconds of which nothing is known
	last       Figure
}

// Observe takes the next figure of a lot; figures come in order of their time,
// and of one lot. The time since the last one is that one's.
func (v *Vacancy) Observe(f Figure) {
	if !v.last.at.IsZero() {
		total := int64(max(0, f.at.Sub(v.last.at)) / time.Second)
		bays := int64(v.last.lot.Bays)
		// The bays of a closed lot are neither empty nor unknown.
		if free, known := v.last.Free(); known && len(v.last.flags) == 0 {
			trusted := min(total, int64(MaxGap/time.Second))
			v.free += int64(free) * trusted
			v.bays += bays * trusted
			v.unknown += bays * (total - trusted)
		} else if v.last.open {
			v.unknown += bays * total
		}
	}
	v.last = f
}

// Add adds another lot's.
func (v *Vacancy) Add(other Vacancy) {
	v.free += other.free
	v.bays += other.bays
	v.unknown += other.unknown
}

// PerMille returns the share, rounded down, and whether there is one.
func (v *Vacancy) PerMille() (share int, known bool) {
	if v.bays == 0 {
		return 0, false
	}
	return int(v.free * 1000 / v.bays), true
}

// UnknownPerMille returns which share of the open time is unknown.
func (v *Vacancy) UnknownPerMille() int {
	if v.bays+v.unknown == 0 {
		return 0
	}
	return int(v.unknown * 1000 / (v.bays + v.unknown))
}
