package fhir

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/hospital"
	"github.com/citizencode/citizencode/scenarios/hospital/credit"
	"github.com/citizencode/citizencode/scenarios/hospital/payer"
)

var update = flag.Bool("update", false, "write the golden files")

var (
	nine  = time.Date(2026, 1, 5, 1, 0, 0, 0, time.UTC)
	slot  = hospital.Slot{ID: "s1", Department: "internal", Doctor: "doctor-1", Start: nine, End: nine.Add(10 * time.Minute)}
	visit = hospital.Encounter{ID: "e1", Patient: "P-2041", Begin: nine, End: nine.Add(2 * time.Hour), Appointments: []string{"a1"}, Credit: 100_000}
	order = hospital.Order{ID: "o1", Encounter: "e1", Patient: "P-2041", By: "doctor-1", Fen: 20_005, Status: hospital.OrderSettled, Ordered: nine.Add(time.Hour),
		Items: []hospital.Item{{Station: hospital.Lab, Code: "blood-count", Fen: 15_000}, {Station: hospital.Pharmacy, Code: "x-100", Fen: 5_005}},
		Parts: payer.Parts{Pool: 12_003, Account: 5_000, Credit: 3_002}}
	statement = hospital.Statement{Encounter: "e1", Patient: "P-2041", Day: "2026-01-05", On: "2026-01-05", Left: true, Orders: []hospital.Order{order},
		Total: 20_005, Parts: order.Parts, Credit: credit.Position{Principal: 3_002}, Due: "2026-03-02", Owed: 3_002}
	repayment = hospital.Repayment{ID: "0123456789abcdef0123456789abcdef", Fen: 3_002, Paid: []hospital.Paid{{Encounter: "e1", Interest: 2, Principal: 3_000}}}
	advance   = hospital.Advance{Encounter: "e2", Staff: "doctor-1", Reason: "unconscious, road accident", At: nine, Cap: 50_000}
	city      = time.FixedZone("CST", 8*60*60)
)

// resources are one of each kind, as they cross the border.
func resources(t testing.TB) map[string]any {
	consent, given := NewConsent(visit)
	require.True(t, given)
	return map[string]any{
		"Patient": NewPatient("P-2041"), "Coverage": NewCoverage(visit), "Schedule": NewSchedule("sy-01", "internal"), "Slot": NewSlot(slot, false),
		"Appointment": NewAppointment(hospital.Appointment{ID: "a1", Slot: slot, Patient: "P-2041", Status: hospital.Booked}),
		"Encounter":   NewEncounter("sy-01", visit), "ServiceRequest": NewServiceRequests(order)[0], "ChargeItem": NewChargeItems(order)[1],
		"Account": NewAccount("sy-01", visit, statement), "Invoice": NewInvoice("sy-01", statement),
		"PaymentReconciliation": NewPaymentReconciliation(repayment, nine, city), "Consent": consent, "AuditEvent": NewAuditEvent("sy-01", advance),
	}
}

// required are the elements that R4 (4.0.1) requires: minimum cardinality 1,
// and 1 inside elements that are used here.
var required = map[string][]string{
	"Patient":               {},
	"Coverage":              {"status", "beneficiary", "payor.*"},
	"Schedule":              {"actor.*"},
	"Slot":                  {"schedule", "status", "start", "end"},
	"Appointment":           {"status", "participant.*.status"},
	"Encounter":             {"status", "class"},
	"ServiceRequest":        {"status", "intent", "subject"},
	"ChargeItem":            {"status", "code", "subject"},
	"Account":               {"status", "coverage.*.coverage"},
	"Invoice":               {"status", "lineItem.*.chargeItemReference", "lineItem.*.priceComponent.*.type", "totalPriceComponent.*.type"},
	"PaymentReconciliation": {"status", "created", "paymentDate", "paymentAmount", "detail.*.type"},
	"Consent":               {"status", "scope", "category.*", "policyRule"}, // policyRule by ppc-1
	"AuditEvent":            {"type", "recorded", "agent.*.requestor", "source", "source.observer"},
}

// codes are R4's required bindings: what a code may be.
var codes = map[string][]string{
	"Coverage.status":               {"active", "cancelled", "draft", "entered-in-error"},
	"Slot.status":                   {"busy", "free", "busy-unavailable", "busy-tentative", "entered-in-error"},
	"Appointment.status":            {"proposed", "pending", "booked", "arrived", "fulfilled", "cancelled", "noshow", "entered-in-error", "checked-in", "waitlist"},
	"Encounter.status":              {"planned", "arrived", "triaged", "in-progress", "onleave", "finished", "cancelled", "entered-in-error", "unknown"},
	"ServiceRequest.status":         {"draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"},
	"ServiceRequest.intent":         {"proposal", "plan", "directive", "order", "original-order", "reflex-order", "filler-order", "instance-order", "option"},
	"ChargeItem.status":             {"planned", "billable", "not-billable", "aborted", "billed", "entered-in-error", "unknown"},
	"Account.status":                {"active", "inactive", "entered-in-error", "on-hold", "unknown"},
	"Invoice.status":                {"draft", "issued", "balanced", "cancelled", "entered-in-error"},
	"PaymentReconciliation.status":  {"active", "cancelled", "draft", "entered-in-error"},
	"PaymentReconciliation.outcome": {"queued", "complete", "error", "partial"},
	"Consent.status":                {"draft", "proposed", "active", "rejected", "inactive", "entered-in-error"},
	"AuditEvent.action":             {"C", "R", "U", "D", "E"},
	"AuditEvent.outcome":            {"0", "4", "8", "12"},
}

// elements are the names of R4 of which the types here use some.
var elements = map[string]string{
	"Patient":               "identifier active",
	"Coverage":              "id status type beneficiary payor",
	"Schedule":              "id active serviceType actor",
	"Slot":                  "id schedule status start end",
	"Appointment":           "id status start end slot participant",
	"Encounter":             "id status class subject appointment period account serviceProvider",
	"ServiceRequest":        "id requisition status intent category code subject encounter authoredOn requester",
	"ChargeItem":            "id status code subject context priceOverride enteredDate service account",
	"Account":               "id status subject servicePeriod coverage owner",
	"Invoice":               "id status subject date issuer account lineItem totalPriceComponent totalNet totalGross paymentTerms",
	"PaymentReconciliation": "id status created outcome paymentDate paymentAmount detail",
	"Consent":               "id status scope category patient dateTime policyRule provision",
	"AuditEvent":            "id type subtype action recorded outcome purposeOfEvent agent source entity",
}

// has reports whether an element of a path is there, and not empty; * is every
// one of a list, of which there is at least one.
func has(v any, path []string) bool {
	if len(path) == 0 {
		return v != nil && v != "" && !assert.ObjectsAreEqual(v, map[string]any{})
	}
	if path[0] == "*" {
		list, ok := v.([]any)
		return ok && len(list) > 0 && !slices.ContainsFunc(list, func(v any) bool { return !has(v, path[1:]) })
	}
	object, ok := v.(map[string]any)
	return ok && has(object[path[0]], path[1:])
}

func TestRequired(t *testing.T) {
	all := resources(t)
	require.Len(t, all, len(required))
	for name, resource := range all {
		raw, err := json.Marshal(resource)
		require.NoError(t, err)
		var v map[string]any
		require.NoError(t, json.Unmarshal(raw, &v))
		assert.Equal(t, name, v["resourceType"])
		for _, path := range required[name] {
			assert.True(t, has(v, strings.Split(path, ".")), "%s.%s is required", name, path)
		}
		for element, value := range v {
			assert.Contains(t, append(strings.Fields(elements[name]), "resourceType"), element, name)
			if allowed := codes[name+"."+element]; allowed != nil {
				assert.Contains(t, allowed, value, name)
			}
		}
	}
	assert.False(t, has(map[string]any{"agent": []any{map[string]any{}}}, []string{"agent", "*", "requestor"}), "the test can fail")
}

// Every state has a code that R4 knows.
func TestCodes(t *testing.T) {
	for _, s := range []hospital.AppointmentStatus{hospital.Booked, hospital.Arrived, hospital.Fulfilled, hospital.NoShow, hospital.Cancelled} {
		assert.Contains(t, codes["Appointment.status"], NewAppointment(hospital.Appointment{Status: s}).Status)
	}
	for _, s := range []hospital.OrderStatus{hospital.OrderPending, hospital.OrderHeld, hospital.OrderSettled, hospital.OrderDone, hospital.OrderCancelling, hospital.OrderEnded} {
		o := order
		o.Status = s
		assert.Contains(t, codes["ServiceRequest.status"], NewServiceRequests(o)[0].Status)
		assert.Contains(t, codes["ChargeItem.status"], NewChargeItems(o)[0].Status)
	}
	for _, e := range []hospital.Encounter{{}, {End: nine}, {Cancelled: true, End: nine}, {Emergency: true}} {
		assert.Contains(t, codes["Encounter.status"], NewEncounter("sy-01", e).Status)
	}
	_, given := NewConsent(hospital.Encounter{})
	assert.False(t, given)
	paid := statement
	paid.Owed = 0
	assert.Equal(t, "balanced", NewInvoice("sy-01", paid).Status)
	assert.Equal(t, "inactive", NewAccount("sy-01", visit, paid).Status)
}

func TestGolden(t *testing.T) {
	for name, resource := range resources(t) {
		got, err := json.MarshalIndent(resource, "", "  ")
		require.NoError(t, err)
		got = append(got, '\n')
		file := filepath.Join("testdata", name+".json")
		if *update {
			require.NoError(t, os.MkdirAll("testdata", 0o755))
			require.NoError(t, os.WriteFile(file, got, 0o644))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got), name)
		for _, personal := range []string{`"name"`, `"birthDate"`, `"telecom"`, `"address"`} {
			assert.False(t, bytes.Contains(got, []byte(personal)), "%s has %s", name, personal)
		}
	}
}

func TestMoney(t *testing.T) {
	for fen, text := range map[Money]string{0: "0.00", 1: "0.01", -1: "-0.01", 99: "0.99", 100: "1.00", 123456: "1234.56", -123456: "-1234.56"} {
		raw, err := json.Marshal(fen)
		require.NoError(t, err)
		assert.Equal(t, `{"value":`+text+`,"currency":"CNY"}`, string(raw))
		var again Money
		require.NoError(t, json.Unmarshal(raw, &again))
		assert.Equal(t, fen, again)
	}
	var m Money
	for _, bad := range []string{`{"value":1,"currency":"CNY"}`, `{"value":1.00,"currency":"USD"}`, `{"value":1.005,"currency":"CNY"}`, `{"value":01.00,"currency":"CNY"}`, `1.00`,
		`{"value":99999999999999999999.00,"currency":"CNY"}`} {
		assert.Error(t, json.Unmarshal([]byte(bad), &m), bad)
	}
}

const (
	asksSlot = `{"resourceType":"Appointment","status":"proposed","slot":[{"reference":"Slot/s1"}],
		"participant":[{"actor":{"type":"Patient","identifier":{"system":"urn:citizencode:patient","value":"P-2041"}},"status":"accepted"}]}`
	asksLab = `{"resourceType":"ServiceRequest","status":"active","intent":"order","subject":{"identifier":{"system":"urn:citizencode:patient","value":"P-2041"}},
		"encounter":{"reference":"Encounter/e1"},"requester":{"identifier":{"system":"urn:citizencode:staff","value":"doctor-1"}},
		"code":{"coding":[{"system":"urn:citizencode:price-list","code":"blood-count"}]}}`
)

func prices(code string) (Price, bool) {
	return Price{hospital.Lab, 15_000}, code == "blood-count"
}

func TestRead(t *testing.T) {
	book, err := ReadAppointment([]byte(asksSlot))
	require.NoError(t, err)
	assert.Equal(t, hospital.BookRequest{Slot: "s1", Patient: "P-2041"}, book)
	lab, who, err := ReadServiceRequest([]byte(asksLab), prices)
	require.NoError(t, err)
	assert.Equal(t, "P-2041", who)
	assert.Equal(t, hospital.OrderRequest{Encounter: "e1", By: "doctor-1", Items: []hospital.Item{{Station: hospital.Lab, Code: "blood-count", Fen: 15_000}}}, lab)

	for _, c := range []struct{ in, old, new, path string }{
		{asksSlot, `"Appointment"`, `"Slot"`, "appointment.resourceType"},
		{asksSlot, `"proposed"`, `"booked"`, "appointment.status"},
		{asksSlot, `"status":"proposed"`, `"status":"proposed","priority":1`, "appointment.priority"},
		{asksSlot, `"status":"proposed"`, `"status":"proposed","start":"2026-01-05T01:00:00Z"`, "appointment.start"},
		{asksSlot, `"status":"proposed"`, `"status":"proposed","id":"a1"`, "appointment.id"},
		{asksSlot, `[{"reference":"Slot/s1"}]`, `[]`, "appointment.slot"},
		{asksSlot, `Slot/s1`, `Schedule/s1`, "appointment.slot[0].reference"},
		{asksSlot, `"accepted"`, `"declined"`, "appointment.participant[0].status"},
		{asksSlot, `citizencode:patient`, `citizencode:staff`, "appointment.participant[0].actor.identifier"},
		{asksSlot, `"value":"P-2041"`, `"value":"P-2041","name":"x"`, "appointment.participant[0].actor.identifier.name"},
		{asksLab, `"ServiceRequest"`, `"Task"`, "serviceRequest.resourceType"},
		{asksLab, `"active"`, `"draft"`, "serviceRequest.status"},
		{asksLab, `"order"`, `"plan"`, "serviceRequest.intent"},
		{asksLab, `blood-count`, `gold-tooth`, "serviceRequest.code.coding[0].code"},
		{asksLab, `price-list`, `other-list`, "serviceRequest.code"},
		{asksLab, `Encounter/e1`, `e1`, "serviceRequest.encounter.reference"},
		{asksLab, `citizencode:staff`, `citizencode:patient`, "serviceRequest.requester.identifier"},
		{asksLab, `"intent":"order"`, `"intent":"order","doNotPerform":true`, "serviceRequest.doNotPerform"},
		{asksLab, `"intent":"order"`, `"intent":"order","intent":"plan"`, "serviceRequest.intent"},
	} {
		require.Contains(t, c.in, c.old)
		raw := []byte(strings.Replace(c.in, c.old, c.new, 1))
		var err error
		if c.in == asksSlot {
			_, err = ReadAppointment(raw)
		} else {
			_, _, err = ReadServiceRequest(raw, prices)
		}
		wrong, ok := errors.AsType[*scenarios.RequestError](err)
		if assert.True(t, ok, "%s %v", c.path, err) {
			assert.Equal(t, c.path, wrong.Path)
		}
	}
}

func FuzzReadAppointment(f *testing.F) {
	f.Add([]byte(asksSlot))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := ReadAppointment(raw)
		if err == nil && (r.Slot == "" || r.Patient == "") {
			t.Fatalf("accepted without a slot or a patient: %+v", r)
		}
	})
}

func FuzzReadServiceRequest(f *testing.F) {
	f.Add([]byte(asksLab))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, who, err := ReadServiceRequest(raw, prices)
		if err == nil && (r.Encounter == "" || r.By == "" || who == "" || len(r.Items) != 1 || r.Items[0].Fen != 15_000) {
			t.Fatalf("accepted incomplete: %+v", r)
		}
	})
}
