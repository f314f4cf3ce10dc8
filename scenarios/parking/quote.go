package parking

import (
	"context"
	"time"

	"github.com/citizencode/citizencode/scenarios"
)

// A QuoteRequest asks what a car inside has to pay now. One of Session, Plate
// and Person says which; Lot goes with the last two.
type QuoteRequest struct {
	Session string `json:"session,omitempty"`
	Lot     string `json:"lot,omitempty"`
	Plate   string `json:"plate,omitempty"`
	Person  string `json:"person,omitempty"`
}

// A Quote is what is to pay, and why.
type Quote struct {
	Session string           `json:"session"`
	At      time.Time        `json:"at"`
	Fen     int64            `json:"fen"`     // of the stay
	Paid    int64            `json:"paid"`    // so far
	Due     int64            `json:"due"`     // still
	LeaveBy time.Time        `json:"leaveBy"` // zero, or until when what was paid opens the barrier
	Lines   []scenarios.Text `json:"lines"`
}

// Quote implements the operation; its outcome is a Quote.
func (s *Scenario) Quote(ctx context.Context, r QuoteRequest) (*scenarios.Decision, error) {
	name := ""
	if r.Plate != "" {
		p, err := readPlate("plate", r.Plate)
		if err != nil {
			return nil, err
		}
		name = s.seal.name(p.Clear())
	}
	now := s.now().UTC().Truncate(time.Second)
	var d *scenarios.Decision
	err := s.stream.View(ctx, func() (err error) {
		st := s.state
		in := st.sessions[r.Session]
		if lot, known := s.lot(r.Lot); in == nil && r.Session == "" && known && st.yards[lot.ID] != nil {
			if in = st.yards[lot.ID].plates[name]; name == "" {
				in = st.yards[lot.ID].persons[r.Person]
			}
		}
		if in == nil {
			d = refuse(SessionUnknown)
			return nil
		}
		at := now
		if in.state.ended() {
			at = in.leftAt
		}
		if at.Before(in.enteredAt) {
			at = in.enteredAt
		}
		q := Quote{Session: in.id, At: at}
		if b := st.bills[in.id]; b != nil {
			q.Paid = b.paid()
			if b.billed {
				q.Fen, q.Due = b.owed(), b.debt()
			}
		}
		due, err := st.due(in, at)
		if err != nil {
			return err
		}
		if b := st.bills[in.id]; b == nil || !b.billed {
			q.Fen, q.Due, q.LeaveBy = due.Charge.Fen, due.Fen, due.LeaveBy
		}
		if l := s.lots[in.lot]; l != nil && l.Tariff != nil {
			for _, line := range due.Charge.Lines {
				q.Lines = append(q.Lines, l.Tariff.Text(line))
			}
		}
		d, err = scenarios.Allowed(text("应缴 "+yuan(q.Due)+" 元", yuan(q.Due)+" yuan to pay"), q)
		return err
	})
	return d, err
}
