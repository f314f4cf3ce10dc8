package hospital

import (
	"context"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/scenarios"
)

// A Ticket is the outcome of a check-in: a number in the queue of a department,
// and the patient's next steps.
type Ticket struct {
	Patient     string `json:"patient"`
	Department  string `json:"department,omitempty"`
	Queue       int    `json:"queue"`
	Encounter   string `json:"encounter"`
	Appointment string `json:"appointment,omitempty"`
	Steps       []Step `json:"steps"`

	seen bool // by the doctor
}

// checkIn gives a patient a number for the day. Who checks in twice keeps the
// number: an empty place in the queue would make the others wait. The first
// check-in of a day opens a visit, and ends the one of an earlier day.
func (s *Scenario) checkIn(ctx context.Context, ask asked, at time.Time, patient string, p checkInParams, proxy bool) (*scenarios.Decision, error) {
	switch {
	case !s.can(CheckIns), p.Credit && !s.can(Credit):
		return refuse(NotOffered), nil
	case p.Credit && proxy:
		// A guardian's code must not run up the other's debts.
		return refuse(CreditNotForProxy), nil
	}
	return s.answer(ctx, ask, at, checkedIn, func(st *state) (any, *scenarios.Decision, error) {
		day := s.day(at)
		c := checkInChange{Patient: patient, Department: p.Department, Day: day, Encounter: st.open[patient]}
		if en := st.encounters[c.Encounter]; en != nil && en.day.String() < day && en.advance == nil {
			c.Ended, c.Encounter = c.Encounter, ""
		}
		if c.Opened = c.Encounter == ""; c.Opened {
			c.Encounter, c.Terms = fmt.Sprintf("e%d", len(st.encounters)+1), s.terms
		}
		if p.Credit {
			c.Credit = s.limit
			if s.lender != nil { // which holds no more than it would lend
				for _, id := range st.encountersOf[patient] {
					c.Credit -= st.encounters[id].account.On(s.businessDay(at)).Principal
				}
				c.Credit = max(c.Credit, 0)
			}
		}
		c.Queue = 1
		if q := st.queues[p.Department]; q != nil && q.day >= day {
			if q.day > day {
				// A kiosk whose clock is behind at midnight must not begin the
				// numbers of the new day anew.
				c.QueueDay = q.day
			}
			if c.Queue = max(q.numbers[patient], -q.numbers[patient]); c.Queue == 0 {
				c.Queue = len(q.numbers) + 1
			}
		}
		if a := s.appointmentOf(patient, p.Department, day); a != nil {
			c.Appointment = a.ID
		}
		t := Ticket{Patient: patient, Department: p.Department, Queue: c.Queue, Encounter: c.Encounter, Appointment: c.Appointment}
		t.Steps = st.steps(c.Encounter, &t)
		d, err := scenarios.Allowed(scenarios.Text{
			Zh: fmt.Sprintf("签到成功，您是 %d 号", c.Queue), En: fmt.Sprintf("Checked in; your number is %d", c.Queue)}, t)
		return c, d, err
	})
}
