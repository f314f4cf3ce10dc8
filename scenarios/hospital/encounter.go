package hospital

import (
	"context"
	"time"
)

// An Encounter (就诊) is a patient's visit to the hospital. Package scenarios
// calls a visit what is one showing of a code; a patient shows his several times
// in one encounter.
type Encounter struct {
	ID           string    `json:"id"`
	Patient      string    `json:"patient,omitempty"` // "" where nobody knows
	Begin        time.Time `json:"begin"`
	End          time.Time `json:"end,omitzero"`
	Cancelled    bool      `json:"cancelled,omitempty"`
	Emergency    bool      `json:"emergency,omitempty"`
	Tickets      []Ticket  `json:"tickets,omitempty"`
	Appointments []string  `json:"appointments,omitempty"`
	Credit       int64     `json:"credit,omitempty"` // that the patient has agreed to, in fen
}

// Encounter returns an encounter. The error for one that does not exist is a
// *scenarios.RequestError with the path encounter.
func (s *Scenario) Encounter(ctx context.Context, id string) (out *Encounter, err error) {
	err = s.stream.View(ctx, func() error {
		en := s.state.encounters[id]
		if en == nil {
			return wrong("encounter", "there is none of this name")
		}
		out = &Encounter{ID: id, Patient: en.patient, Begin: en.begin, End: en.end, Cancelled: en.cancelled, Emergency: en.advance != nil,
			Tickets: append([]Ticket(nil), en.tickets...), Appointments: append([]string(nil), en.appointments...), Credit: en.limit}
		return nil
	})
	return out, err
}
