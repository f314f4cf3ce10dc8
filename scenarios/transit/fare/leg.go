package fare

import (
	"fmt"
	"slices"
	"time"
)

// A State says how much of a leg is known.
type State string

// The states of a leg. The zero value is Complete.
const (
	Complete     State = ""
	MissingExit  State = "missing-exit"
	MissingEntry State = "missing-entry"
	Autofilled   State = "autofilled" // an end was missing, and is inferred
)

// A Leg is one ride from a gate to a gate.
type Leg struct {
	Network string    `json:"network,omitempty"`
	Route   string    `json:"route,omitempty"` // empty where the gates know none
	From    string    `json:"from,omitempty"`  // stop of the entry; empty: unknown, or a bus that does not say
	To      string    `json:"to,omitempty"`    // stop of the exit; empty: unknown, or there is none
	Entry   time.Time `json:"entry,omitzero"`  // zero: unknown
	Exit    time.Time `json:"exit,omitzero"`   // zero: unknown, or there is none
	Rider   Rider     `json:"rider,omitzero"`
	State   State     `json:"state,omitempty"`
	Taps    []TapID   `json:"taps,omitempty"`
}

// Start returns when the leg began: its entry, or its exit where only that is known.
func (l *Leg) Start() time.Time {
	if l.Entry.IsZero() {
		return l.Exit
	}
	return l.Entry
}

// MaxTaps is how many taps, and legs, are settled at once: far more than a
// credential makes in a month.
const MaxTaps = 1 << 12

// A LimitError refuses more than [MaxTaps] taps or legs.
type LimitError struct{ Count int }

// Error names the count and the limit.
func (e *LimitError) Error() string {
	return fmt.Sprintf("fare: %d taps or legs, at most %d", e.Count, MaxTaps)
}

// Pair makes legs out of the taps of one credential, in the order of their
// start. It does not complete what is incomplete. The ids of taps that differ
// under one id are returned beside the legs. The error is a [*LimitError].
func (e *Engine) Pair(taps []Tap) ([]Leg, []TapID, error) {
	if len(taps) > MaxTaps {
		return nil, nil, &LimitError{len(taps)}
	}
	set, conflicts := distinct(taps)
	var legs []Leg
	open := make(map[string]int) // by network: the leg that waits for its exit
	for _, t := range set {
		network := t.Network
		if t.Route != "" {
			route, _ := e.feed.Route(t.Route)
			network = route.Network
		}
		leg := Leg{Network: network, Route: t.Route, Rider: t.Rider, Taps: []TapID{t.ID}}
		switch t.Kind {
		case In:
			leg.From, leg.Entry, leg.State = t.Stop, t.Time, MissingExit
			if i, waits := open[network]; waits && e.again(&legs[i], t) {
				// The same door once more: the first try is part of this entry.
				leg.Taps = append(legs[i].Taps, t.ID)
				legs[i] = leg
				continue
			}
			open[network] = len(legs)
		case Out:
			i, waits := open[network]
			delete(open, network)
			if waits && t.Time.Sub(legs[i].Entry) <= e.cfg.MaxRide {
				in := &legs[i]
				in.To, in.Exit, in.State, in.Taps = t.Stop, t.Time, Complete, append(in.Taps, t.ID)
				continue
			}
			leg.To, leg.Exit, leg.State = t.Stop, t.Time, MissingEntry
		default:
			leg.From, leg.Entry = t.Stop, t.Time
		}
		legs = append(legs, leg)
	}
	// A leg whose entry was tried twice begins at the second try.
	slices.SortStableFunc(legs, func(a, b Leg) int { return a.Start().Compare(b.Start()) })
	return legs, conflicts, nil
}

// again reports whether t enters where the open leg did a moment ago.
func (e *Engine) again(open *Leg, t Tap) bool {
	return t.Time.Sub(open.Entry) <= e.cfg.Reentry && e.cfg.Reentry > 0 && e.feed.Station(open.From) == e.feed.Station(t.Stop)
}
