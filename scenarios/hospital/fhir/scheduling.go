package fhir

import "github.com/citizencode/citizencode/scenarios/hospital"

// A Schedule is the slots of one department.
type Schedule struct {
	ResourceType string            `json:"resourceType"`
	ID           string            `json:"id"`
	Active       bool              `json:"active"`
	ServiceType  []CodeableConcept `json:"serviceType,omitempty"`
	Actor        []Reference       `json:"actor"`
}

// NewSchedule returns the schedule of a department; "" is the whole hospital.
func NewSchedule(h, department string) Schedule {
	s := Schedule{ResourceType: "Schedule", ID: scheduleID(department), Active: true, Actor: []Reference{logical("Organization", HospitalSystem, h)}}
	if department != "" {
		s.ServiceType = []CodeableConcept{{Text: department}}
	}
	return s
}

func scheduleID(department string) string {
	if department == "" {
		return "all"
	}
	return "dept-" + department
}

// A Slot is a time that can be booked.
type Slot struct {
	ResourceType string    `json:"resourceType"`
	ID           string    `json:"id"`
	Schedule     Reference `json:"schedule"`
	Status       string    `json:"status"` // busy, free
	Start        string    `json:"start"`
	End          string    `json:"end"`
}

// NewSlot returns a slot.
func NewSlot(s hospital.Slot, free bool) Slot {
	status := "busy"
	if free {
		status = "free"
	}
	return Slot{"Slot", s.ID, local("Schedule", scheduleID(s.Department)), status, instant(s.Start), instant(s.End)}
}

// An Appointment is a booking.
type Appointment struct {
	ResourceType string        `json:"resourceType"`
	ID           string        `json:"id,omitempty"`
	Status       string        `json:"status"` // proposed, booked, arrived, fulfilled, cancelled, noshow
	Start        string        `json:"start,omitempty"`
	End          string        `json:"end,omitempty"`
	Slot         []Reference   `json:"slot,omitempty"`
	Participant  []Participant `json:"participant"`
}

// A Participant takes part in an appointment.
type Participant struct {
	Actor  *Reference `json:"actor,omitempty"`
	Status string     `json:"status"` // accepted, declined, tentative, needs-action
}

// NewAppointment returns an appointment.
func NewAppointment(a hospital.Appointment) Appointment {
	who := patient(a.Patient)
	return Appointment{"Appointment", a.ID, string(a.Status), instant(a.Slot.Start), instant(a.Slot.End),
		[]Reference{local("Slot", a.Slot.ID)}, []Participant{{&who, "accepted"}}}
}
