package fhir

import (
	"errors"
	"strings"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/hospital"
)

// MaxBytes bounds a resource that comes in.
const MaxBytes = 64 << 10

// A Price is what a code of the price list stands for.
type Price struct {
	Station hospital.Station
	Fen     int64
}

// ReadAppointment reads an Appointment that asks for a slot: proposed, with one
// slot and one participant, the patient. The error is a *scenarios.RequestError
// with the path.
func ReadAppointment(raw []byte) (hospital.BookRequest, error) {
	var a Appointment
	var r hospital.BookRequest
	if err := scenarios.ReadStrict("appointment", raw, MaxBytes, &a); err != nil {
		return r, err
	}
	switch {
	case a.ResourceType != "Appointment":
		return r, wrong("appointment.resourceType", "not Appointment")
	case a.ID != "":
		return r, wrong("appointment.id", "the hospital gives it")
	case a.Status != "proposed":
		return r, wrong("appointment.status", "what asks for a slot is proposed")
	case a.Start != "" || a.End != "":
		return r, wrong("appointment.start", "the slot says when")
	case len(a.Slot) != 1:
		return r, wrong("appointment.slot", "not one slot")
	case len(a.Participant) != 1 || a.Participant[0].Actor == nil:
		return r, wrong("appointment.participant", "not one participant, the patient")
	case a.Participant[0].Status != "accepted" && a.Participant[0].Status != "needs-action":
		return r, wrong("appointment.participant[0].status", "neither accepted nor needs-action")
	}
	var err error
	if r.Slot, err = localID("appointment.slot[0]", a.Slot[0], "Slot"); err != nil {
		return r, err
	}
	r.Patient, err = logicalID("appointment.participant[0].actor", *a.Participant[0].Actor, "Patient", PatientSystem)
	return r, err
}

// ReadServiceRequest reads one line of an order; prices knows what a code of the
// price list stands for. The patient is returned because a careful server
// compares him with the encounter's. The error is a *scenarios.RequestError with
// the path.
func ReadServiceRequest(raw []byte, prices func(code string) (Price, bool)) (r hospital.OrderRequest, patient string, err error) {
	var q ServiceRequest
	if err := scenarios.ReadStrict("serviceRequest", raw, MaxBytes, &q); err != nil {
		return r, "", err
	}
	switch {
	case q.ResourceType != "ServiceRequest":
		return r, "", wrong("serviceRequest.resourceType", "not ServiceRequest")
	case q.ID != "":
		return r, "", wrong("serviceRequest.id", "the hospital gives it")
	case q.Requisition != nil:
		return r, "", wrong("serviceRequest.requisition", "the hospital gives it")
	case q.Status != "active":
		return r, "", wrong("serviceRequest.status", "a new order is active")
	case q.Intent != "order":
		return r, "", wrong("serviceRequest.intent", "not order")
	case q.AuthoredOn != "" || q.Category != nil:
		return r, "", wrong("serviceRequest.authoredOn", "the hospital says when, and where")
	case q.Code == nil || len(q.Code.Coding) != 1 || q.Code.Coding[0].System != PriceListSystem:
		return r, "", wrong("serviceRequest.code", "not one code of the price list")
	case q.Encounter == nil:
		return r, "", wrong("serviceRequest.encounter", "missing")
	case q.Requester == nil:
		return r, "", wrong("serviceRequest.requester", "missing")
	}
	code := q.Code.Coding[0].Code
	price, known := prices(code)
	if !known {
		return r, "", wrong("serviceRequest.code.coding[0].code", "not on the price list")
	}
	r.Items = []hospital.Item{{Station: price.Station, Code: code, Fen: price.Fen}}
	if r.Encounter, err = localID("serviceRequest.encounter", *q.Encounter, "Encounter"); err != nil {
		return r, "", err
	}
	if r.By, err = logicalID("serviceRequest.requester", *q.Requester, "Practitioner", StaffSystem); err != nil {
		return r, "", err
	}
	patient, err = logicalID("serviceRequest.subject", q.Subject, "Patient", PatientSystem)
	return r, patient, err
}

func localID(path string, r Reference, resource string) (string, error) {
	id, ok := strings.CutPrefix(r.Reference, resource+"/")
	if !ok || id == "" || len(id) > 64 || r.Identifier != nil {
		return "", wrong(path+".reference", "not "+resource+"/ and an id")
	}
	return id, nil
}

func logicalID(path string, r Reference, resource, system string) (string, error) {
	if r.Reference != "" || r.Type != "" && r.Type != resource || r.Identifier == nil || r.Identifier.System != system || r.Identifier.Value == "" {
		return "", wrong(path+".identifier", "not an identifier of "+system)
	}
	return r.Identifier.Value, nil
}

func wrong(path, text string) error {
	return &scenarios.RequestError{Path: path, Err: errors.New(text)}
}
