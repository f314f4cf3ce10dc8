package agreement

import (
	"slices"
	"sort"
	"time"
)

// A GateProfile is what a reader at one place takes at one moment.
type GateProfile struct {
	Operator  string   `json:"operator"`
	Place     string   `json:"place"`
	Agreement string   `json:"agreement,omitempty"` // id; "" where there is none
	Accepts   []Scheme `json:"accepts"`             // none without an agreement
	// Switch is what a wallet shows instead of the citizen code; nil where the
	// citizen code is taken, or there is no agreement.
	Switch *Switch `json:"switch,omitempty"`
	Fee    Fee     `json:"fee,omitzero"`
	// Until is the first moment at which this may be wrong; zero: never, as
	// far as is agreed today.
	Until time.Time `json:"until,omitzero"`
}

// Profile returns what is agreed for a place of an operator at a moment. It
// takes no clock: the same moment has the same profile, and a moment past the
// end of an exclusive contract has the one that was agreed for then.
func (r *Registry) Profile(operator, name string, at time.Time) GateProfile {
	p := GateProfile{Operator: operator, Place: name}
	list := r.byPlace[place{operator, name}]
	next := sort.Search(len(list), func(i int) bool { return list[i].from.After(at) })
	if next < len(list) {
		p.Until = list[next].from
	}
	if next == 0 {
		return p
	}
	a := list[next-1]
	if !a.until.IsZero() {
		if !at.Before(a.until) {
			return p
		}
		p.Until = a.until
	}
	p.Agreement, p.Fee = a.spec.ID, a.spec.Fee
	if at.Before(a.exclusiveEnd) {
		p.Until = a.exclusiveEnd
		p.Accepts = slices.Clone(a.spec.Exclusive.Accepts)
		show := a.spec.Exclusive.Switch
		p.Switch = &show
		return p
	}
	p.Accepts = slices.Clone(a.spec.Accepts)
	return p
}

// Takes reports whether the reader takes a scheme.
func (p GateProfile) Takes(s Scheme) bool { return slices.Contains(p.Accepts, s) }
