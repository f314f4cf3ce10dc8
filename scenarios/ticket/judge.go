package ticket

import (
	"cmp"
	"slices"
)

// The verdicts of uses.
const (
	OK           = "ok"
	DoubleUse    = "double-use"
	Void         = "void"
	NoBooking    = "no-booking" // the gate had one that the office does not know
	WasCancelled = "cancelled"  // after the gate got its manifest
	KeyTaken     = "key-taken"  // two uses name one visit: a fault of the gate
)

// A Verdict is what a use was worth.
type Verdict struct {
	Use    Use    `json:"use"`
	Reason string `json:"reason"`
	// First is the last use that was in before the ticket was used up, with
	// DoubleUse: who looks into it wants both.
	First *Use `json:"first,omitempty"`
}

// Compare is the order in which people went in: by the time of the gate, and of
// two at the same second by the name of the gate, then the key.
func (u Use) Compare(v Use) int {
	return cmp.Or(u.Time.Compare(v.Time), cmp.Compare(u.Gate, v.Gate), cmp.Compare(u.Key, v.Key))
}

// Judge says which uses of a ticket were good: the first in, up to party
// people. It depends on the set of uses alone, not on the order in which gates
// were heard.
func Judge(uses []Use, party int) []Verdict {
	ordered := slices.SortedFunc(slices.Values(uses), Use.Compare)
	list := make([]Verdict, 0, len(uses))
	var in int
	var first *Use
	for i := range ordered {
		u := ordered[i]
		switch {
		case u.Void != "":
			list = append(list, Verdict{Use: u, Reason: Void})
		case u.People > party-in:
			list = append(list, Verdict{Use: u, Reason: DoubleUse, First: first})
		default:
			in += u.People
			first = &ordered[i]
			list = append(list, Verdict{Use: u, Reason: OK})
		}
	}
	return list
}
