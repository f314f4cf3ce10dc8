package fare

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// A TapID names a tap: every gate numbers its own.
type TapID struct {
	Gate     string `json:"gate"`
	Sequence uint64 `json:"sequence"`
}

// A Kind says what a tap is.
type Kind uint8

// The kinds of taps.
const (
	Ride Kind = iota // boarding where nobody taps out
	In
	Out
)

// A Tap is one accepted code at one gate.
type Tap struct {
	ID      TapID
	Time    time.Time
	Kind    Kind
	Route   string // line, where the gate knows it, as in a bus
	Network string // where Route is empty, as at a metro gate
	Stop    string // required for In and Out
	Rider   Rider
}

// A Rider is what a code says about fares.
type Rider struct {
	Category string    `json:"category,omitempty"` // rider category of the feed; empty: none
	Until    time.Time `json:"until,omitzero"`     // the category holds before this time; zero: never
	Media    string    `json:"media,omitempty"`    // fare medium of the feed; empty: none
}

// normal makes equal taps equal values. UTC also drops a monotonic clock.
func (t Tap) normal() Tap {
	t.Time, t.Rider.Until = t.Time.UTC(), t.Rider.Until.UTC()
	return t
}

// compareTaps is a total order: only equal taps are equal in it.
func compareTaps(a, b Tap) int {
	return cmp.Or(a.Time.Compare(b.Time), a.ID.compare(b.ID), cmp.Compare(a.Kind, b.Kind), strings.Compare(a.Route, b.Route),
		strings.Compare(a.Network, b.Network), strings.Compare(a.Stop, b.Stop), strings.Compare(a.Rider.Category, b.Rider.Category),
		a.Rider.Until.Compare(b.Rider.Until), strings.Compare(a.Rider.Media, b.Rider.Media))
}

func (a TapID) compare(b TapID) int {
	return cmp.Or(strings.Compare(a.Gate, b.Gate), cmp.Compare(a.Sequence, b.Sequence))
}

// distinct returns the set of taps in order. Two that differ under one id are a
// fault of a gate: the first of the order stands, whichever came first here,
// and the id is returned too.
func distinct(taps []Tap) (set []Tap, conflicts []TapID) {
	set = make([]Tap, 0, len(taps))
	for _, t := range taps {
		set = append(set, t.normal())
	}
	slices.SortFunc(set, compareTaps)
	set = slices.Compact(set)
	seen := make(map[TapID]bool, len(set))
	set = slices.DeleteFunc(set, func(t Tap) bool {
		if seen[t.ID] {
			conflicts = append(conflicts, t.ID)
			return true
		}
		seen[t.ID] = true
		return false
	})
	slices.SortFunc(conflicts, TapID.compare)
	return set, slices.Compact(conflicts)
}
