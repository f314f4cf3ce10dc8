// Package fhir is what a hospital hands to other systems and takes from them, as
// resources of HL7 FHIR R4 (4.0.1): plain JSON types with the elements that are
// used here, and no others.
//
// A patient is referred to by a logical reference, his pseudonym under
// [PatientSystem]; no resource holds a name, a birthday or a number of a
// document. Amounts are exact: fen become yuan with two decimals.
//
// What comes in is read strictly, by [ReadAppointment] and [ReadServiceRequest]:
// an element that is not known here is refused with its path, because an order
// of which a part is dropped is another order.
package fhir

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The systems of identifiers and codes.
const (
	PatientSystem   = "urn:citizencode:patient"
	StaffSystem     = "urn:citizencode:staff"
	HospitalSystem  = "urn:citizencode:hospital"
	PriceListSystem = "urn:citizencode:price-list"
	OrderSystem     = "urn:citizencode:order"
	actCode         = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
	actReason       = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
	dicom           = "http://dicom.nema.org/resources/ontology/DCM"
)

// A Coding is a code of a system.
type Coding struct {
	System  string `json:"system,omitempty"`
	Code    string `json:"code,omitempty"`
	Display string `json:"display,omitempty"`
}

// A CodeableConcept is a code, or words.
type CodeableConcept struct {
	Coding []Coding `json:"coding,omitempty"`
	Text   string   `json:"text,omitempty"`
}

func concept(system, code, display string) CodeableConcept {
	return CodeableConcept{Coding: []Coding{{system, code, display}}}
}

// An Identifier is a name in a system.
type Identifier struct {
	System string `json:"system,omitempty"`
	Value  string `json:"value,omitempty"`
}

// A Reference points to a resource, by its URL or by an identifier.
type Reference struct {
	Reference  string      `json:"reference,omitempty"`
	Type       string      `json:"type,omitempty"`
	Identifier *Identifier `json:"identifier,omitempty"`
	Display    string      `json:"display,omitempty"`
}

func local(resource, id string) Reference { return Reference{Reference: resource + "/" + id} }

func logical(resource, system, value string) Reference {
	return Reference{Type: resource, Identifier: &Identifier{system, value}}
}

// patient refers to a patient; one whom nobody knows has words instead.
func patient(pseudonym string) Reference {
	if pseudonym == "" {
		return Reference{Type: "Patient", Display: "unknown"}
	}
	return logical("Patient", PatientSystem, pseudonym)
}

// A Period is a time with an end that may be open.
type Period struct {
	Start string `json:"start,omitempty"`
	End   string `json:"end,omitempty"`
}

// instant is a time as R4 writes it, with its zone; none for the zero time.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// A Money is an amount in fen, written as yuan.
type Money int64

// MarshalJSON writes {"value":12.34,"currency":"CNY"}.
func (m Money) MarshalJSON() ([]byte, error) {
	sign, fen := "", uint64(m)
	if m < 0 {
		sign, fen = "-", -fen
	}
	return fmt.Appendf(nil, `{"value":%s%d.%02d,"currency":"CNY"}`, sign, fen/100, fen%100), nil
}

var moneyForm = regexp.MustCompile(`^\{"value":(-?)(0|[1-9][0-9]{0,15})\.([0-9]{2}),"currency":"CNY"\}$`)

// UnmarshalJSON reads what MarshalJSON writes, and nothing else.
func (m *Money) UnmarshalJSON(b []byte) error {
	part := moneyForm.FindStringSubmatch(strings.Join(strings.Fields(string(b)), ""))
	if part == nil {
		return errors.New("fhir: not an amount in CNY with two decimals")
	}
	fen, err := strconv.ParseInt(part[1]+part[2]+part[3], 10, 64)
	*m = Money(fen)
	return err
}
