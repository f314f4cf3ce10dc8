package occupancy

import (
	"encoding/json"
	"time"
)

// A Feed is figures to give away. Each form of it is written from the same
// figures and shows no number that a figure does not have. The forms are shaped
// like the published ones, by their published examples and the feeds of other
// cities; the full schemas were not at hand, nothing here is certified, and a
// consumer that validates may ask for more.
type Feed struct {
	At      time.Time // of publication
	Figures []Figure
}

// A quality goes with every lot in every form, as the member "quality". It is
// ours: none of the three standards has a place for it.
type quality struct {
	State string `json:"state"` // open, closed
	Flags []Flag `json:"flags"` // empty: good
	Age   *int64 `json:"ageSeconds,omitempty"`
}

func (f *Figure) quality() quality {
	q := quality{State: "closed", Flags: append([]Flag{}, f.flags...)}
	if f.open {
		q.State = "open"
	}
	if !f.asOf.IsZero() {
		age := int64(f.Age() / time.Second)
		q.Age = &age
	}
	return q
}

// stamp writes a time in UTC, whole seconds; "" for none.
func stamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}

func encode(v any) ([]byte, error) {
	b, err := json.MarshalIndent(v, "", "  ")
	return append(b, '\n'), err
}
