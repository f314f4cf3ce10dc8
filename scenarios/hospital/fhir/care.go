package fhir

import (
	"fmt"
	"time"

	"github.com/citizencode/citizencode/scenarios/hospital"
)

// A Patient is a pseudonym.
type Patient struct {
	ResourceType string       `json:"resourceType"`
	Identifier   []Identifier `json:"identifier"`
	Active       bool         `json:"active"`
}

// NewPatient returns a patient.
func NewPatient(pseudonym string) Patient {
	return Patient{"Patient", []Identifier{{PatientSystem, pseudonym}}, true}
}

// An Encounter is a visit to the hospital.
type Encounter struct {
	ResourceType    string      `json:"resourceType"`
	ID              string      `json:"id"`
	Status          string      `json:"status"` // in-progress, finished, cancelled
	Class           Coding      `json:"class"`
	Subject         Reference   `json:"subject"`
	Appointment     []Reference `json:"appointment,omitempty"`
	Period          Period      `json:"period"`
	Account         []Reference `json:"account"`
	ServiceProvider Reference   `json:"serviceProvider"`
}

// NewEncounter returns an encounter of a hospital.
func NewEncounter(h string, e hospital.Encounter) Encounter {
	out := Encounter{"Encounter", e.ID, "in-progress", Coding{actCode, "AMB", "ambulatory"}, patient(e.Patient), nil,
		Period{instant(e.Begin), instant(e.End)}, []Reference{local("Account", e.ID)}, logical("Organization", HospitalSystem, h)}
	switch {
	case e.Cancelled:
		out.Status = "cancelled"
	case !e.End.IsZero():
		out.Status = "finished"
	}
	if e.Emergency {
		out.Class = Coding{actCode, "EMER", "emergency"}
	}
	for _, id := range e.Appointments {
		out.Appointment = append(out.Appointment, local("Appointment", id))
	}
	return out
}

// A ServiceRequest is one line of an order; the lines of an order have its
// number as requisition.
type ServiceRequest struct {
	ResourceType string            `json:"resourceType"`
	ID           string            `json:"id,omitempty"`
	Requisition  *Identifier       `json:"requisition,omitempty"`
	Status       string            `json:"status"` // active, on-hold, revoked, completed
	Intent       string            `json:"intent"` // order
	Category     []CodeableConcept `json:"category,omitempty"`
	Code         *CodeableConcept  `json:"code,omitempty"`
	Subject      Reference         `json:"subject"`
	Encounter    *Reference        `json:"encounter,omitempty"`
	AuthoredOn   string            `json:"authoredOn,omitempty"`
	Requester    *Reference        `json:"requester,omitempty"`
}

var requestStatus = map[hospital.OrderStatus]string{
	hospital.OrderPending: "active", hospital.OrderHeld: "on-hold", hospital.OrderSettled: "active", hospital.OrderDone: "completed",
	hospital.OrderCancelling: "active", hospital.OrderEnded: "revoked",
}

// NewServiceRequests returns the lines of an order.
func NewServiceRequests(o hospital.Order) (list []ServiceRequest) {
	for i, item := range o.Items {
		code := concept(PriceListSystem, item.Code, "")
		encounter, requester := local("Encounter", o.Encounter), logical("Practitioner", StaffSystem, o.By)
		list = append(list, ServiceRequest{"ServiceRequest", lineID(o, i), &Identifier{OrderSystem, o.ID}, requestStatus[o.Status], "order",
			[]CodeableConcept{{Text: string(item.Station)}}, &code, patient(o.Patient), &encounter, instant(o.Ordered), &requester})
	}
	return list
}

func lineID(o hospital.Order, i int) string { return fmt.Sprintf("%s-%d", o.ID, i+1) }

// A Consent is a patient's agreement to treat first and pay later.
type Consent struct {
	ResourceType string            `json:"resourceType"`
	ID           string            `json:"id"`
	Status       string            `json:"status"` // active, inactive
	Scope        CodeableConcept   `json:"scope"`
	Category     []CodeableConcept `json:"category"`
	Patient      Reference         `json:"patient"`
	DateTime     string            `json:"dateTime"`
	PolicyRule   CodeableConcept   `json:"policyRule"`
	Provision    Provision         `json:"provision"`
}

// A Provision is what a consent permits.
type Provision struct {
	Type   string `json:"type"` // permit
	Period Period `json:"period"`
}

// NewConsent returns the agreement of an encounter, or false if there was none.
func NewConsent(e hospital.Encounter) (Consent, bool) {
	c := Consent{"Consent", "credit-" + e.ID, "active", concept("http://terminology.hl7.org/CodeSystem/consentscope", "treatment", "Treatment"),
		[]CodeableConcept{{Coding: []Coding{{"http://loinc.org", "59284-0", "Patient Consent"}}, Text: "treat first, pay later"}},
		patient(e.Patient), instant(e.Begin), concept(actCode, "OPTIN", "opt-in"), Provision{"permit", Period{instant(e.Begin), instant(e.End)}}}
	if !e.End.IsZero() {
		c.Status = "inactive"
	}
	return c, e.Credit > 0
}

// An AuditEvent says that somebody broke the glass.
type AuditEvent struct {
	ResourceType   string            `json:"resourceType"`
	ID             string            `json:"id"`
	Type           Coding            `json:"type"`
	Subtype        []Coding          `json:"subtype"`
	Action         string            `json:"action"`
	Recorded       string            `json:"recorded"`
	Outcome        string            `json:"outcome"`
	PurposeOfEvent []CodeableConcept `json:"purposeOfEvent"`
	Agent          []AuditAgent      `json:"agent"`
	Source         AuditSource       `json:"source"`
	Entity         []AuditEntity     `json:"entity"`
}

// An AuditAgent is who did it.
type AuditAgent struct {
	Who       Reference `json:"who"`
	Requestor bool      `json:"requestor"`
}

// An AuditSource is who reports it.
type AuditSource struct {
	Observer Reference `json:"observer"`
}

// An AuditEntity is what it was done to.
type AuditEntity struct {
	What Reference `json:"what"`
}

// NewAuditEvent returns the audit event of an emergency advance.
func NewAuditEvent(h string, a hospital.Advance) AuditEvent {
	why := concept(actReason, "BTG", "break the glass")
	why.Text = a.Reason
	return AuditEvent{"AuditEvent", "glass-" + a.Encounter, Coding{dicom, "110113", "Security Alert"}, []Coding{{dicom, "110127", "Emergency Override Started"}},
		"E", instant(a.At), "0", []CodeableConcept{why}, []AuditAgent{{logical("Practitioner", StaffSystem, a.Staff), true}},
		AuditSource{logical("Organization", HospitalSystem, h)}, []AuditEntity{{local("Encounter", a.Encounter)}}}
}

// date is a day as R4 writes it.
func date(t time.Time, zone *time.Location) string { return t.In(zone).Format(time.DateOnly) }
