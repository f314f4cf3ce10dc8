package office

import (
	"context"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/transit/fare"
)

// A JourneysRequest asks for a person's month.
type JourneysRequest struct {
	Person string `json:"person"`
	Month  string `json:"month"` // YYYY-MM
}

// A Journeys is a person's month, computed from the taps of this moment.
type Journeys struct {
	Charges []fare.Charge `json:"charges"` // their taps are named by the keys of visits
	Fen     int64         `json:"fen"`
}

// Journeys returns a person's journeys with the rule behind every figure. A
// month that is not in memory has none.
func (o *Office) Journeys(ctx context.Context, r JourneysRequest) (*Journeys, error) {
	m, err := parseMonth(r.Month)
	if err != nil {
		return nil, &scenarios.RequestError{Path: "month", Err: err}
	}
	o.booking.Lock()
	defer o.booking.Unlock()
	j := &Journeys{}
	if m <= o.books.archivedThrough() {
		return j, nil
	}
	err = o.view(ctx, m, func(w window) error {
		var err error
		j.Charges, _, err = o.settle(w, r.Person)
		return err
	})
	for _, c := range j.Charges {
		j.Fen += c.Fen
	}
	return j, err
}
