package hospital

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
)

// Bounds of the schedule (号源).
const (
	MaxSlots      = 150 // of one request
	MaxSlotLength = 24 * time.Hour
)

// A Slot is a time at which one patient can be seen.
type Slot struct {
	ID         string    `json:"id"`
	Department string    `json:"department,omitempty"`
	Doctor     string    `json:"doctor,omitempty"` // a staff number, no name
	Start      time.Time `json:"start"`
	End        time.Time `json:"end"`
}

// An AppointmentStatus is one of R4's codes for Appointment.status.
type AppointmentStatus string

// The statuses. An appointment is made as booked; arrived ends as fulfilled, the
// other three are ends.
const (
	Booked    AppointmentStatus = "booked"
	Arrived   AppointmentStatus = "arrived"
	Fulfilled AppointmentStatus = "fulfilled"
	NoShow    AppointmentStatus = "noshow"
	Cancelled AppointmentStatus = "cancelled"
)

// An Appointment (预约) is a patient's claim to a slot.
type Appointment struct {
	ID      string            `json:"id"`
	Slot    Slot              `json:"slot"`
	Patient string            `json:"patient"`
	Status  AppointmentStatus `json:"status"`
}

// AddSlotsRequest publishes slots. A slot is published once.
type AddSlotsRequest struct {
	Key   string    `json:"-"`
	At    time.Time `json:"-"`
	Slots []Slot    `json:"slots"`
}

// AddSlots adds to the schedule. Refused: slot-exists.
func (s *Scenario) AddSlots(ctx context.Context, r AddSlotsRequest) (*scenarios.Decision, error) {
	if len(r.Slots) == 0 || len(r.Slots) > MaxSlots {
		return nil, wrong("slots", "not 1 to %d", MaxSlots)
	}
	for i, slot := range r.Slots {
		at := fmt.Sprintf("slots[%d].", i)
		switch {
		case !isID(slot.ID):
			return nil, wrong(at+"id", "not up to %d letters, digits and . -", maxID)
		case !slices.Contains(s.departments, slot.Department):
			return nil, wrong(at+"department", "not of this hospital")
		case slot.Doctor != "" && !isID(slot.Doctor):
			return nil, wrong(at+"doctor", "not up to %d letters, digits and . -", maxID)
		case !inEra(slot.Start) || !slot.End.After(slot.Start) || slot.End.Sub(slot.Start) > MaxSlotLength:
			return nil, wrong(at+"end", "not behind the start, by a day at most")
		}
		r.Slots[i].Start, r.Slots[i].End = slot.Start.UTC().Truncate(time.Second), slot.End.UTC().Truncate(time.Second)
	}
	return s.do(ctx, r.Key, r.At, r, slotsAdded, func(st *state) (any, *scenarios.Decision, error) {
		for i, slot := range r.Slots {
			_, known := st.slots[slot.ID]
			if known || slices.ContainsFunc(r.Slots[:i], func(o Slot) bool { return o.ID == slot.ID }) {
				return nil, refuse(SlotExists), nil
			}
		}
		d, err := scenarios.Allowed(scenarios.Text{Zh: "号源已发布", En: "The slots are published"}, map[string]int{"slots": len(r.Slots)})
		return slotsChange{r.Slots}, d, err
	})
}

// Slots returns the free slots of a department that begin in [from, to), in the
// order of their start, up to limit.
func (s *Scenario) Slots(ctx context.Context, department string, from, to time.Time, limit int) (free []Slot, err error) {
	err = s.stream.View(ctx, func() error {
		for _, slot := range s.state.slots {
			if slot.taken == "" && slot.Department == department && !slot.Start.Before(from) && slot.Start.Before(to) {
				free = append(free, slot.Slot)
			}
		}
		return nil
	})
	slices.SortFunc(free, func(a, b Slot) int { return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.ID, b.ID)) })
	return free[:min(len(free), max(limit, 0))], err
}

// BookRequest asks for a slot.
type BookRequest struct {
	Key     string    `json:"-"`
	At      time.Time `json:"-"`
	Slot    string    `json:"slot"`
	Patient string    `json:"patient"`
}

// Book books a slot for a patient; the outcome is the Appointment. A slot has
// one patient, and a patient is in one place at a time. Refused: slot-unknown,
// slot-taken, slot-past, appointment-overlaps.
func (s *Scenario) Book(ctx context.Context, r BookRequest) (*scenarios.Decision, error) {
	if !isPatient(r.Patient) {
		return nil, errPatient
	}
	return s.do(ctx, r.Key, r.At, r, appointmentBooked, func(st *state) (any, *scenarios.Decision, error) {
		slot := st.slots[r.Slot]
		switch {
		case !s.can(Appointments):
			return nil, refuse(NotOffered), nil
		case slot == nil:
			return nil, refuse(SlotUnknown), nil
		case slot.taken != "":
			return nil, refuse(SlotTaken), nil
		case !slot.Start.After(r.At):
			return nil, refuse(SlotPast), nil
		}
		for _, id := range st.appointmentsOf[r.Patient] {
			if a := st.appointments[id]; a.Status == Booked && a.Slot.Start.Before(slot.End) && slot.Start.Before(a.Slot.End) {
				return nil, refuse(AppointmentOverlaps), nil
			}
		}
		a := Appointment{fmt.Sprintf("a%d", len(st.appointments)+1), slot.Slot, r.Patient, Booked}
		d, err := scenarios.Allowed(scenarios.Text{Zh: "预约成功，请按时扫码签到", En: "Booked; please check in by your code in time"}, a)
		return appointmentChange{a.ID, slot.ID, r.Patient}, d, err
	})
}

// CancelAppointmentRequest gives a slot back.
type CancelAppointmentRequest struct {
	Key         string    `json:"-"`
	At          time.Time `json:"-"`
	Appointment string    `json:"appointment"`
	Patient     string    `json:"patient"`
}

// CancelAppointment cancels a booked appointment before its slot begins; another
// patient can book the slot then. The outcome is the Appointment. Refused:
// appointment-unknown, appointment-not-booked, slot-past.
func (s *Scenario) CancelAppointment(ctx context.Context, r CancelAppointmentRequest) (*scenarios.Decision, error) {
	return s.do(ctx, r.Key, r.At, r, appointmentCancelled, func(st *state) (any, *scenarios.Decision, error) {
		a := st.appointments[r.Appointment]
		switch {
		case a == nil || a.Patient != r.Patient: // whose it is is nobody else's business
			return nil, refuse(AppointmentUnknown), nil
		case a.Status != Booked:
			return nil, refuse(AppointmentNotBooked), nil
		case !a.Slot.Start.After(r.At):
			return nil, refuse(SlotPast), nil
		}
		after := *a
		after.Status = Cancelled
		d, err := scenarios.Allowed(scenarios.Text{Zh: "预约已取消", En: "The appointment is cancelled"}, after)
		return appointmentChange{ID: a.ID}, d, err
	})
}

// MarkNoShows ends the booked appointments whose slot is over at a time as
// no-shows (爽约), and returns how many. It may run as often as one likes.
func (s *Scenario) MarkNoShows(ctx context.Context, at time.Time) (n int, err error) {
	if !inEra(at) {
		return 0, wrong("at", "not a time of our era")
	}
	for more := true; more; {
		err := s.stream.Change(ctx, func() ([]eventlog.Event, error) {
			var ids []string
			for id, a := range s.state.appointments {
				if a.Status == Booked && !a.Slot.End.After(at) {
					ids = append(ids, id)
				}
			}
			slices.Sort(ids)
			more = len(ids) > MaxSlots
			ids = ids[:min(len(ids), MaxSlots)]
			if n += len(ids); len(ids) == 0 {
				return nil, nil
			}
			e, err := event("missed:"+digest(fmt.Sprint(ids)), appointmentsMissed, at, missedChange{ids})
			return []eventlog.Event{e}, err
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// Appointments returns the appointments of a patient in the order of booking.
func (s *Scenario) Appointments(ctx context.Context, patient string) (list []Appointment, err error) {
	err = s.stream.View(ctx, func() error {
		for _, id := range s.state.appointmentsOf[patient] {
			list = append(list, *s.state.appointments[id])
		}
		return nil
	})
	return list, err
}

// appointmentOf returns the booked appointment of a patient for a day in a
// department, the earliest first, or nil.
func (s *Scenario) appointmentOf(patient, department, day string) *Appointment {
	var found *Appointment
	for _, id := range s.state.appointmentsOf[patient] {
		a := s.state.appointments[id]
		if a.Status == Booked && a.Slot.Department == department && s.day(a.Slot.Start) == day &&
			(found == nil || a.Slot.Start.Before(found.Slot.Start)) {
			found = a
		}
	}
	return found
}

var errPatient = wrong("patient", "not a pseudonym of up to %d printable ASCII characters", maxID)

// wrong is the error of a request that no careful program makes.
func wrong(path, format string, args ...any) error {
	return &scenarios.RequestError{Path: path, Err: fmt.Errorf(format, args...)}
}
