package fhir

import (
	"time"

	"github.com/citizencode/citizencode/scenarios/hospital"
)

// A Coverage is a patient's insurance.
type Coverage struct {
	ResourceType string          `json:"resourceType"`
	ID           string          `json:"id"`
	Status       string          `json:"status"` // active
	Type         CodeableConcept `json:"type"`
	Beneficiary  Reference       `json:"beneficiary"`
	Payor        []Reference     `json:"payor"`
}

// NewCoverage returns the coverage that an encounter is settled under.
func NewCoverage(e hospital.Encounter) Coverage {
	return Coverage{"Coverage", "insurance-" + e.ID, "active", concept(actCode, "PUBLICPOL", "public healthcare"), patient(e.Patient),
		[]Reference{{Type: "Organization", Display: "social medical insurance"}}}
}

// A ChargeItem is one line of an order, with its price.
type ChargeItem struct {
	ResourceType  string          `json:"resourceType"`
	ID            string          `json:"id"`
	Status        string          `json:"status"` // planned, billed, aborted
	Code          CodeableConcept `json:"code"`
	Subject       Reference       `json:"subject"`
	Context       Reference       `json:"context"`
	PriceOverride Money           `json:"priceOverride"`
	EnteredDate   string          `json:"enteredDate"`
	Service       []Reference     `json:"service"`
	Account       []Reference     `json:"account"`
}

// NewChargeItems returns the lines of an order.
func NewChargeItems(o hospital.Order) (list []ChargeItem) {
	status := "planned"
	switch o.Status {
	case hospital.OrderSettled, hospital.OrderDone, hospital.OrderCancelling:
		status = "billed"
	case hospital.OrderEnded:
		status = "aborted"
	}
	for i, item := range o.Items {
		list = append(list, ChargeItem{"ChargeItem", lineID(o, i), status, concept(PriceListSystem, item.Code, ""), patient(o.Patient),
			local("Encounter", o.Encounter), Money(item.Fen), instant(o.Ordered), []Reference{local("ServiceRequest", lineID(o, i))},
			[]Reference{local("Account", o.Encounter)}})
	}
	return list
}

// An Account is the virtual account of an encounter.
type Account struct {
	ResourceType  string            `json:"resourceType"`
	ID            string            `json:"id"`
	Status        string            `json:"status"` // active, inactive
	Subject       []Reference       `json:"subject"`
	ServicePeriod Period            `json:"servicePeriod"`
	Coverage      []AccountCoverage `json:"coverage"`
	Owner         Reference         `json:"owner"`
}

// An AccountCoverage is a payer in its turn.
type AccountCoverage struct {
	Coverage Reference `json:"coverage"`
	Priority int       `json:"priority"`
}

// NewAccount returns the account of an encounter; it is active as long as
// something is owed or the encounter goes on.
func NewAccount(h string, e hospital.Encounter, s hospital.Statement) Account {
	status := "active"
	if s.Left && s.Owed == 0 && s.Refund == 0 {
		status = "inactive"
	}
	return Account{"Account", e.ID, status, []Reference{patient(e.Patient)}, Period{instant(e.Begin), instant(e.End)},
		[]AccountCoverage{{local("Coverage", "insurance-"+e.ID), 1}}, logical("Organization", HospitalSystem, h)}
}

// An Invoice is a statement.
type Invoice struct {
	ResourceType string        `json:"resourceType"`
	ID           string        `json:"id"`
	Status       string        `json:"status"` // draft, issued, balanced
	Subject      Reference     `json:"subject"`
	Date         string        `json:"date"`
	Issuer       Reference     `json:"issuer"`
	Account      Reference     `json:"account"`
	LineItem     []InvoiceLine `json:"lineItem,omitempty"`
	// TotalPriceComponent is the price, less what the insurance bears.
	TotalPriceComponent []PriceComponent `json:"totalPriceComponent"`
	TotalNet            Money            `json:"totalNet"`
	TotalGross          Money            `json:"totalGross"`
	PaymentTerms        string           `json:"paymentTerms"`
}

// An InvoiceLine is a charge item of an invoice.
type InvoiceLine struct {
	Sequence            int              `json:"sequence"`
	ChargeItemReference Reference        `json:"chargeItemReference"`
	PriceComponent      []PriceComponent `json:"priceComponent"`
}

// A PriceComponent is a part of a price.
type PriceComponent struct {
	Type   string           `json:"type"` // base, deduction
	Code   *CodeableConcept `json:"code,omitempty"`
	Amount Money            `json:"amount"`
}

// NewInvoice returns a statement as an invoice. Its totals are what the patient
// bears, by credit or himself; there is no tax.
func NewInvoice(h string, s hospital.Statement) Invoice {
	out := Invoice{ResourceType: "Invoice", ID: s.Encounter, Status: "draft", Subject: patient(s.Patient), Date: s.On,
		Issuer: logical("Organization", HospitalSystem, h), Account: local("Account", s.Encounter), TotalNet: Money(s.Parts.Credit + s.Parts.Self),
		TotalGross:          Money(s.Parts.Credit + s.Parts.Self),
		TotalPriceComponent: []PriceComponent{{"base", nil, Money(s.Total)}}, PaymentTerms: "free of interest until " + s.Due}
	switch {
	case s.Left && s.Owed == 0:
		out.Status = "balanced"
	case s.Left:
		out.Status = "issued"
	}
	for _, d := range []struct {
		name string
		fen  int64
	}{{"pool", s.Parts.Pool}, {"account", s.Parts.Account}, {"emergency fund", s.Advance}} {
		if d.fen > 0 {
			out.TotalPriceComponent = append(out.TotalPriceComponent, PriceComponent{"deduction", &CodeableConcept{Text: d.name}, Money(d.fen)})
		}
	}
	for _, o := range s.Orders {
		for i, c := range NewChargeItems(o) {
			if c.Status == "billed" {
				out.LineItem = append(out.LineItem, InvoiceLine{len(out.LineItem) + 1, local("ChargeItem", lineID(o, i)), []PriceComponent{{"base", nil, c.PriceOverride}}})
			}
		}
	}
	return out
}

// A PaymentReconciliation is a repayment and what it paid.
type PaymentReconciliation struct {
	ResourceType  string          `json:"resourceType"`
	ID            string          `json:"id"`
	Status        string          `json:"status"` // active
	Created       string          `json:"created"`
	Outcome       string          `json:"outcome"`
	PaymentDate   string          `json:"paymentDate"`
	PaymentAmount Money           `json:"paymentAmount"`
	Detail        []PaymentDetail `json:"detail"`
}

// A PaymentDetail is what was paid of one account.
type PaymentDetail struct {
	Type    CodeableConcept `json:"type"`
	Request Reference       `json:"request"`
	Amount  Money           `json:"amount"`
}

// NewPaymentReconciliation returns a repayment that was made at a time, on a day
// of the zone.
func NewPaymentReconciliation(r hospital.Repayment, at time.Time, zone *time.Location) PaymentReconciliation {
	out := PaymentReconciliation{"PaymentReconciliation", r.ID, "active", instant(at), "complete", date(at, zone), Money(r.Fen), nil}
	for _, p := range r.Paid {
		out.Detail = append(out.Detail, PaymentDetail{concept("http://terminology.hl7.org/CodeSystem/payment-type", "payment", "Payment"),
			local("Account", p.Encounter), Money(p.Self + p.Interest + p.Principal + p.Advance)})
	}
	return out
}
