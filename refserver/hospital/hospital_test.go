package hospital_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/refserver/hospital"
	"github.com/citizencode/citizencode/refserver/service"
	"github.com/citizencode/citizencode/refserver/service/servicetest"
	"github.com/citizencode/citizencode/scenarios"
	scenario "github.com/citizencode/citizencode/scenarios/hospital"
)

// A clinic is a hospital of the example configuration with its one patient.
type clinic struct {
	*servicetest.World
	*service.Server
	show func() *citycode.Token // the patient's code
	n    int
}

func open(t testing.TB) *clinic {
	t.Helper()
	c := &clinic{World: servicetest.New(t)}
	p := c.Citizen("p", citycode.ProfileMedical, citycode.Medical, func(claims *citycode.Claims) {
		claims.Subject, _ = hex.DecodeString("0000006500c1712e")
	})
	c.show = func() *citycode.Token {
		c.Clock.Advance(3 * time.Second)
		return p.Show(citycode.Medical)
	}
	c.start(t)
	return c
}

func (c *clinic) start(t testing.TB) {
	t.Helper()
	app, err := hospital.New(hospital.Example)
	require.NoError(t, err)
	c.Server = c.Open(app)
}

// scan shows the patient's code at a terminal.
func (c *clinic) scan(t testing.TB, terminal, action, params string, outcome any) {
	t.Helper()
	outcomeOf(t, servicetest.Post(c, "/v1/terminals/"+terminal+"/visits", "", servicetest.Visit(t, c.show(), action, params)), outcome)
}

// ask asks under a key of its own, twice: the second answer is the first.
func (c *clinic) ask(t testing.TB, path, body string, outcome any) {
	t.Helper()
	c.n++
	key := fmt.Sprint("key-", c.n)
	first := servicetest.Post(c, path, key, body)
	require.Equal(t, first.Body, servicetest.Post(c, path, key, body).Body)
	outcomeOf(t, first, outcome)
}

func outcomeOf(t testing.TB, r servicetest.Reply, outcome any) {
	t.Helper()
	var d scenarios.Decision
	r.Into(t, &d)
	require.True(t, d.Allow, "%s: %s", d.Reason, d.Message.En)
	if outcome != nil {
		require.NoError(t, json.Unmarshal(d.Outcome, outcome))
	}
}

func (c *clinic) zero(t testing.TB) {
	t.Helper()
	var totals struct{ Debit, Credit, Net int64 }
	servicetest.Get(c, "/v1/ledger/totals").Into(t, &totals)
	assert.Zero(t, totals.Net)
	assert.Positive(t, totals.Debit)
}

// A visit from the appointment to the last repayment, with restarts in between.
func TestVisit(t *testing.T) {
	c := open(t)
	restart := func() {
		require.NoError(t, c.Close())
		c.start(t)
	}
	c.ask(t, "/v1/slots", `{"slots":[{"id":"s1","department":"internal","start":"2026-11-22T01:00:00Z","end":"2026-11-22T01:15:00Z"},
		{"id":"s2","department":"internal","start":"2026-11-22T02:00:00Z","end":"2026-11-22T02:15:00Z"}]}`, nil)
	var slots []scenario.Slot
	servicetest.Get(c, "/v1/slots?department=internal&limit=1").Into(t, &slots)
	require.Equal(t, "s1", slots[0].ID)
	var booked, gone scenario.Appointment
	c.ask(t, "/v1/appointments", `{"slot":"s1","patient":"P-0001"}`, &booked)
	c.ask(t, "/v1/appointments", `{"slot":"s2","patient":"P-0001"}`, &gone)
	c.ask(t, "/v1/appointment-cancellations", fmt.Sprintf(`{"appointment":%q,"patient":"P-0001"}`, gone.ID), &gone)
	assert.Equal(t, scenario.Cancelled, gone.Status)
	restart()
	var list []scenario.Appointment
	servicetest.Get(c, "/v1/appointments?patient=P-0001").Into(t, &list)
	assert.Len(t, list, 2)
	assert.Equal(t, "[]\n", servicetest.Get(c, "/v1/appointments?patient=P-0002").Body)

	var ticket scenario.Ticket
	c.scan(t, "kiosk-1", "check-in", `{"department":"internal","credit":true}`, &ticket)
	assert.Equal(t, booked.ID, ticket.Appointment)
	var order scenario.Order
	c.ask(t, "/v1/orders", fmt.Sprintf(`{"encounter":%q,"by":"d-17","items":[{"station":"lab","code":"blood","fen":11000}]}`, ticket.Encounter), &order)
	assert.Equal(t, scenario.OrderSettled, order.Status)
	assert.Equal(t, int64(7000), order.Parts.Pool)
	assert.Equal(t, int64(4000), order.Parts.Account)
	restart()
	c.scan(t, "lab-1", "serve", `{"station":"lab"}`, nil)
	c.ask(t, "/v1/orders", fmt.Sprintf(`{"encounter":%q,"by":"d-17","items":[{"station":"pharmacy","code":"pills","fen":5000}]}`, ticket.Encounter), &order)
	var orders []scenario.Order
	servicetest.Get(c, "/v1/orders?encounter="+ticket.Encounter).Into(t, &orders)
	assert.Len(t, orders, 2)
	var other scenario.Order
	c.ask(t, "/v1/orders", fmt.Sprintf(`{"encounter":%q,"by":"d-17","items":[{"station":"imaging","code":"x-ray","fen":2000}]}`, ticket.Encounter), &other)
	c.ask(t, "/v1/order-cancellations", fmt.Sprintf(`{"order":%q,"by":"d-17","why":"not needed"}`, other.ID), nil)
	c.ask(t, "/v1/departures", fmt.Sprintf(`{"encounter":%q}`, ticket.Encounter), nil)
	restart()

	var bill scenario.Statement
	servicetest.Get(c, "/v1/statements/"+ticket.Encounter).Into(t, &bill)
	assert.Equal(t, int64(16_000), bill.Total)
	assert.Equal(t, int64(16_000-7000-4000-2800-1000), bill.Owed, "after the pool and the rest of the account")
	assert.Equal(t, "2027-01-17", bill.Due, "56 days later")
	var paid scenario.Repayment
	c.ask(t, "/v1/repayments", `{"patient":"P-0001","fen":200,"mandate":"m-0001"}`, &paid)
	assert.Equal(t, bill.Owed-200, paid.Owed)
	c.ask(t, "/v1/repayments", fmt.Sprintf(`{"patient":"P-0001","fen":%d,"by":"m-01"}`, paid.Owed), &paid)
	assert.Zero(t, paid.Owed)
	var bills []scenario.Statement
	servicetest.Get(c, "/v1/statements?patient=P-0001").Into(t, &bills)
	assert.Zero(t, bills[0].Owed)
	assert.Equal(t, "nothing-owed", refusal(t, servicetest.Post(c, "/v1/returns", "return", fmt.Sprintf(`{"encounter":%q,"by":"m-01"}`, ticket.Encounter))))
	var day scenarios.Settlement
	servicetest.Get(c, "/v1/settlements/2026-11-22").Into(t, &day)
	assert.NotEmpty(t, day.Lines)
	c.zero(t)
	restart()
	c.zero(t)
}

func refusal(t testing.TB, r servicetest.Reply) string {
	t.Helper()
	var d scenarios.Decision
	r.Into(t, &d)
	require.False(t, d.Allow)
	return d.Reason
}

// An emergency, from the broken glass to the fund's loss.
func TestEmergency(t *testing.T) {
	c := open(t)
	var glass scenario.Glass
	c.ask(t, "/v1/emergencies", `{"staff":"d-17","reason":"unconscious","department":"internal"}`, &glass)
	c.ask(t, "/v1/orders", fmt.Sprintf(`{"encounter":%q,"by":"d-17","items":[{"station":"imaging","code":"ct","fen":50000}]}`, glass.Encounter), nil)
	c.ask(t, "/v1/identifications", fmt.Sprintf(`{"encounter":%q,"patient":"P-0001","by":"d-17"}`, glass.Encounter), nil)
	c.ask(t, "/v1/departures", fmt.Sprintf(`{"encounter":%q}`, glass.Encounter), nil)
	assert.Equal(t, "not-approver", refusal(t, servicetest.Post(c, "/v1/approvals", "own", fmt.Sprintf(`{"encounter":%q,"staff":"d-17","accept":true}`, glass.Encounter))))
	for _, staff := range []string{"m-01", "m-02"} {
		c.ask(t, "/v1/approvals", fmt.Sprintf(`{"encounter":%q,"staff":%q,"accept":true}`, glass.Encounter, staff), nil)
	}
	var advance scenario.Advance
	c.ask(t, "/v1/recoveries", fmt.Sprintf(`{"encounter":%q,"by":"m-01"}`, glass.Encounter), &advance)
	require.NoError(t, c.Close())
	c.start(t)
	c.ask(t, "/v1/write-offs", fmt.Sprintf(`{"encounter":%q,"by":"m-01","why":"no relatives"}`, glass.Encounter), &advance)
	var list []scenario.Advance
	servicetest.Get(c, "/v1/advances").Into(t, &list)
	assert.Equal(t, []scenario.Advance{advance}, list)
	c.zero(t)
}

// A patient who agrees at a kiosk, one who does not come, and one who is unknown.
func TestHeldAndMissed(t *testing.T) {
	c := open(t)
	c.ask(t, "/v1/slots", `{"slots":[{"id":"s1","department":"eyes","start":"2026-11-22T01:00:00Z","end":"2026-11-22T01:15:00Z"}]}`, nil)
	c.ask(t, "/v1/appointments", `{"slot":"s1","patient":"P-0001"}`, nil)
	var ticket scenario.Ticket
	c.scan(t, "desk-1", "check-in", `{"department":"internal"}`, &ticket)
	var order scenario.Order
	for _, confirm := range []func(){
		func() {
			c.ask(t, "/v1/order-confirmations", fmt.Sprintf(`{"order":%q,"patient":"P-0001"}`, order.ID), &order)
		},
		func() { c.scan(t, "kiosk-1", "agree", fmt.Sprintf(`{"order":%q}`, order.ID), &order) },
	} {
		c.ask(t, "/v1/orders", fmt.Sprintf(`{"encounter":%q,"by":"d-17","items":[{"station":"lab","code":"blood","fen":40000}]}`, ticket.Encounter), &order)
		require.Equal(t, scenario.OrderHeld, order.Status)
		confirm()
		assert.Equal(t, scenario.OrderSettled, order.Status)
	}
	c.Clock.Set(time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC))
	status := func() scenario.AppointmentStatus {
		var list []scenario.Appointment
		servicetest.Get(c, "/v1/appointments?patient=P-0001").Into(t, &list)
		return list[0].Status
	}
	c.Chores(t.Context())
	assert.Equal(t, scenario.Booked, status(), "he may still come")
	c.Clock.Advance(20 * time.Minute)
	c.Chores(t.Context())
	assert.Equal(t, scenario.NoShow, status())

	stranger := c.Citizen("x", citycode.ProfileMedical, citycode.Medical, nil)
	assert.Equal(t, "patient-unknown", refusal(t, servicetest.Post(c, "/v1/terminals/desk-1/visits", "",
		servicetest.Visit(t, stranger.Show(citycode.Medical), "check-in", `{"department":"internal"}`))))
	c.zero(t)
}

// Every operation refuses a wrong body with the place.
func TestWrongRequests(t *testing.T) {
	c := open(t)
	for path, body := range map[string]string{
		"slots": `{"slots":[]}`, "slots[0].id": `{"slots":[{"id":""}]}`, "slots[0].ends": `{"slots":[{"id":"a","ends":"x"}]}`,
	} {
		p := servicetest.Post(c, "/v1/slots", "k", body).Problem(t)
		assert.Equal(t, fmt.Sprint(http.StatusBadRequest, path), fmt.Sprint(p.Status, p.Path))
	}
	for _, operation := range []string{"slots", "appointments", "appointment-cancellations", "orders", "order-confirmations", "order-cancellations", "departures",
		"repayments", "returns", "emergencies", "identifications", "approvals", "recoveries", "write-offs"} {
		p := servicetest.Post(c, "/v1/"+operation, "k", `{"nothing":1}`).Problem(t)
		assert.Equal(t, fmt.Sprint(http.StatusBadRequest, "nothing"), fmt.Sprint(p.Status, p.Path), operation)
	}
	assert.Equal(t, "encounter", servicetest.Get(c, "/v1/statements/e99").Problem(t).Path)
	assert.Equal(t, "query.from", servicetest.Get(c, "/v1/slots?from=today").Problem(t).Path)
}

func TestConfig(t *testing.T) {
	for text, path := range map[string]string{
		`{"terminal":[]}`: "config.terminal",
		`{"simulated":{"insured":{"P":{"percents":1}}}}`: "config.simulated.insured.P.percents",
		`{"limit":-1}`:                      "limit",
		`{"staff":[{"id":"a"},{"id":"a"}]}`: "staff[1].id",
		`{"capabilities":["surgery"]}`:      "capabilities[0]",
		`{"terms":{"rate":1001}}`:           "terms",
		strings.Repeat(" ", service.MaxConfig) + `{"hospital":"` + "x" + `"`: "config",
	} {
		_, err := hospital.New([]byte(text))
		assert.ErrorContains(t, err, path, text)
	}
}
