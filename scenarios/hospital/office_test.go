package hospital

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/hospital/credit"
	"github.com/citizencode/citizencode/scenarios/hospital/payer"
	"github.com/citizencode/citizencode/scenarios/rails/railstest"
)

// addSlots publishes n slots of ten minutes from an hour after now.
func (h *house) addSlots(n int) {
	h.t.Helper()
	r := AddSlotsRequest{Key: h.key(), At: h.at}
	for i := range n {
		start := h.at.Add(time.Hour + time.Duration(i)*10*time.Minute)
		r.Slots = append(r.Slots, Slot{fmt.Sprintf("s%d", i), "internal", "doctor-1", start, start.Add(10 * time.Minute)})
	}
	d, err := h.AddSlots(ctx, r)
	allowed[map[string]int](h.t, d, err)
}

func (h *house) book(slot, patient string) (*scenarios.Decision, error) {
	return h.Book(ctx, BookRequest{h.key(), h.at, slot, patient})
}

func (h *house) status(patient string) (list []AppointmentStatus) {
	h.t.Helper()
	all, err := h.Appointments(ctx, patient)
	require.NoError(h.t, err)
	for _, a := range all {
		list = append(list, a.Status)
	}
	return list
}

// An appointment is booked, kept and fulfilled, or missed, or cancelled.
func TestAppointment(t *testing.T) {
	h := newHouse(t, railstest.Faults{}, nil)
	h.addSlots(4)
	d, err := h.AddSlots(ctx, AddSlotsRequest{h.key(), h.at, []Slot{{"s1", "internal", "", h.at, h.at.Add(time.Minute)}}})
	assert.Equal(t, SlotExists, reason(t, d, err))

	d, err = h.book("s9", "P-li")
	assert.Equal(t, SlotUnknown, reason(t, d, err))
	d, err = h.book("s0", "P-li")
	first := allowed[Appointment](t, d, err)
	assert.Equal(t, Booked, first.Status)
	d, err = h.book("s0", "P-wang")
	assert.Equal(t, SlotTaken, reason(t, d, err))
	d, err = h.book("s1", "P-wang")
	allowed[Appointment](t, d, err)
	d, err = h.book("s2", "P-li")
	second := allowed[Appointment](t, d, err)

	// Somebody else's appointment is none, and a slot that is given back is free.
	cancel := CancelAppointmentRequest{h.key(), h.at, second.ID, "P-wang"}
	d, err = h.CancelAppointment(ctx, cancel)
	assert.Equal(t, AppointmentUnknown, reason(t, d, err))
	cancel.Patient, cancel.Key = "P-li", h.key()
	d, err = h.CancelAppointment(ctx, cancel)
	assert.Equal(t, Cancelled, allowed[Appointment](t, d, err).Status)
	free, err := h.Slots(ctx, "internal", h.at, h.at.Add(24*time.Hour), 10)
	require.NoError(t, err)
	require.Len(t, free, 2)
	assert.Equal(t, "s2", free[0].ID)
	d, err = h.book("s2", "P-wang")
	allowed[Appointment](t, d, err)

	// li comes and is seen; wang does not come to the first and cancels the
	// second too late.
	ticket := h.checkIn("li", false)
	assert.Equal(t, first.ID, ticket.Appointment)
	assert.Equal(t, []AppointmentStatus{Arrived, Cancelled}, h.status("P-li"))
	h.scan("li", Serve, `{"station":"consult"}`)
	assert.Equal(t, []AppointmentStatus{Fulfilled, Cancelled}, h.status("P-li"))
	h.at = h.at.Add(80 * time.Minute) // s1 is over, s2 has begun
	n, err := h.MarkNoShows(ctx, h.at)
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	n, err = h.MarkNoShows(ctx, h.at)
	require.NoError(t, err)
	assert.Zero(t, n)
	assert.Equal(t, []AppointmentStatus{NoShow, Booked}, h.status("P-wang"))
	d, err = h.CancelAppointment(ctx, CancelAppointmentRequest{h.key(), h.at, "a2", "P-wang"})
	assert.Equal(t, AppointmentNotBooked, reason(t, d, err))
	d, err = h.CancelAppointment(ctx, CancelAppointmentRequest{h.key(), h.at, "a4", "P-wang"})
	assert.Equal(t, SlotPast, reason(t, d, err))
	d, err = h.book("s2", "P-li")
	assert.Equal(t, SlotTaken, reason(t, d, err))
	h.reopen()
	assert.Equal(t, []AppointmentStatus{NoShow, Booked}, h.status("P-wang"))

	for path, slot := range map[string]Slot{
		"slots[0].id":         {"", "internal", "", h.at, h.at.Add(time.Hour)},
		"slots[0].department": {"x", "teeth", "", h.at, h.at.Add(time.Hour)},
		"slots[0].end":        {"x", "internal", "", h.at, h.at},
	} {
		_, err := h.AddSlots(ctx, AddSlotsRequest{h.key(), h.at, []Slot{slot}})
		var wrong *scenarios.RequestError
		require.ErrorAs(t, err, &wrong)
		assert.Equal(t, path, wrong.Path)
	}
}

// A patient is in one place at a time.
func TestAppointmentOverlaps(t *testing.T) {
	h := newHouse(t, railstest.Faults{}, nil)
	start := h.at.Add(time.Hour)
	d, err := h.AddSlots(ctx, AddSlotsRequest{h.key(), h.at, []Slot{{"a", "internal", "", start, start.Add(time.Hour)},
		{"b", "eyes", "", start.Add(59 * time.Minute), start.Add(2 * time.Hour)}, {"c", "eyes", "", start.Add(time.Hour), start.Add(2 * time.Hour)}}})
	allowed[map[string]int](t, d, err)
	for _, c := range []struct{ slot, want string }{{"a", "ok"}, {"b", AppointmentOverlaps}, {"c", "ok"}} {
		d, err := h.book(c.slot, "P-li")
		assert.Equal(t, c.want, reason(t, d, err))
	}
}

// Two processes on one store, as two servers of a hospital: still one patient a
// slot.
func TestTwoProcesses(t *testing.T) {
	h := newHouse(t, railstest.Faults{}, nil)
	h.addSlots(20)
	other, err := Open(ctx, h.cfg)
	require.NoError(t, err)
	var wait sync.WaitGroup
	var mu sync.Mutex
	holders := make(map[string]string)
	for i := range 80 {
		s := []*Scenario{h.Scenario, other}[i%2]
		wait.Go(func() {
			patient := fmt.Sprintf("P-%d", i)
			d, err := s.Book(ctx, BookRequest{patient, h.at, fmt.Sprintf("s%d", i%20), patient})
			mu.Lock()
			defer mu.Unlock()
			if assert.NoError(t, err) && d.Allow {
				var a Appointment
				assert.NoError(t, json.Unmarshal(d.Outcome, &a))
				assert.Empty(t, holders[a.Slot.ID], "booked twice")
				holders[a.Slot.ID] = patient
			}
		})
	}
	wait.Wait()
	assert.Len(t, holders, 20)
}

// The same key is the same request; with another content it is refused.
func TestRequestKeys(t *testing.T) {
	h := newHouse(t, railstest.Faults{}, nil)
	ticket := h.checkIn("li", true)
	order := OrderRequest{"k1", h.at, ticket.Encounter, "doctor-1", []Item{{Lab, "x", 1000}}}
	d, err := h.Order(ctx, order)
	want := allowed[Order](t, d, err)
	order.At = h.at.Add(time.Hour) // a server's clock goes on
	d, err = h.Order(ctx, order)
	assert.Equal(t, want, allowed[Order](t, d, err))
	order.Items[0].Fen++
	d, err = h.Order(ctx, order)
	assert.Equal(t, RequestUsed, reason(t, d, err))
	repay := RepayRequest{Key: "k1", At: h.at, Patient: "P-li", Fen: 1, By: "nurse-1"}
	d, err = h.Repay(ctx, repay)
	assert.Equal(t, RequestUsed, reason(t, d, err), "one space of keys for all requests")
	for _, key := range []string{"", strings.Repeat("k", MaxKey+1)} {
		order.Key = key
		_, err := h.Order(ctx, order)
		assert.ErrorContains(t, err, "key")
	}
	order.Key, order.At = "k2", time.Time{}
	_, err = h.Order(ctx, order)
	assert.ErrorContains(t, err, "at")
	assert.EqualValues(t, -1000, h.balance(careIncome("sy-01")))
}

// A check-in that was a mistake is taken back, with the visit and the arrival.
func TestReverse(t *testing.T) {
	h := newHouse(t, railstest.Faults{}, nil)
	h.addSlots(1)
	d, err := h.book("s0", "P-li")
	allowed[Appointment](t, d, err)
	v := h.people.Visit(scenarios.Phone, "li", 0, CheckIn, `{"department":"internal"}`)
	v.Time = h.at
	d, err = h.Handle(ctx, &v)
	ticket := allowed[Ticket](t, d, err)
	reverse := scenarios.Reversal{Key: v.Key, Request: "r1", By: "nurse-1", Why: "wrong patient", Time: h.at}
	for range 2 {
		d, err = h.Reverse(ctx, reverse)
		assert.Equal(t, "ok", reason(t, d, err))
	}
	assert.Equal(t, []AppointmentStatus{Booked}, h.status("P-li"))
	reverse.Request = "r2"
	d, err = h.Reverse(ctx, reverse)
	assert.Equal(t, EncounterLeft, reason(t, d, err))
	reverse.Key, reverse.Request = "never", "r3"
	d, err = h.Reverse(ctx, reverse)
	assert.Equal(t, VisitUnknown, reason(t, d, err))
	assert.Equal(t, NotCheckedIn, h.scan("li", Next, ``).Reason)
	assert.Equal(t, ticket.Queue, h.checkIn("li", true).Queue, "he keeps his number")
	assert.Equal(t, string(Consult), allowed[Path](t, h.scan("li", Next, ``), nil).Steps[0].Kind, "and waits for the doctor again")

	w := h.people.Visit(scenarios.Phone, "wang", 0, CheckIn, `{"department":"internal"}`)
	w.Time = h.at
	d, err = h.Handle(ctx, &w)
	other := allowed[Ticket](t, d, err)
	assert.Equal(t, 2, other.Queue)
	h.order(other.Encounter, 0, Lab)
	reverse.Key, reverse.Request = w.Key, "r4"
	d, err = h.Reverse(ctx, reverse)
	assert.Equal(t, NotReversible, reason(t, d, err))
	next := h.people.Visit(scenarios.Phone, "wang", 0, Next, ``)
	next.Time = h.at
	_, err = h.Handle(ctx, &next)
	require.NoError(t, err)
	reverse.Key, reverse.Request = next.Key, "r5"
	d, err = h.Reverse(ctx, reverse)
	assert.Equal(t, NotReversible, reason(t, d, err))
}

// A guardian's code checks in and opens no credit.
func TestProxy(t *testing.T) {
	h := newHouse(t, railstest.Faults{}, nil)
	check := func(params checkInParams) string {
		ask, err := newAsk("visit", h.key(), h.at, "x")
		require.NoError(t, err)
		d, err := h.Scenario.checkIn(ctx, ask, h.at, "P-li", params, true)
		return reason(t, d, err)
	}
	assert.Equal(t, CreditNotForProxy, check(checkInParams{Department: "eyes", Credit: true}))
	assert.Equal(t, "ok", check(checkInParams{Department: "eyes"}))
	assert.True(t, h.Accepts(citycode.DelegatedProfile()))
}

// An order is cancelled: every payer has his money back, and what the patient
// has paid too much is handed out.
func TestCancelOrder(t *testing.T) {
	h := newHouse(t, railstest.Faults{}, nil)
	ticket := h.checkIn("li", true)
	o := h.order(ticket.Encounter, 30_000, Lab)
	assert.Equal(t, payer.Parts{Pool: 18_000, Account: 5_000, Credit: 7_000}, o.Parts)
	h.repay("", 7_000)
	cancel := func() (*scenarios.Decision, error) {
		return h.CancelOrder(ctx, CancelOrderRequest{h.key(), h.at, o.ID, "doctor-1", "not needed"})
	}
	d, err := cancel()
	allowed[Order](t, d, err)
	h.audit()
	assert.EqualValues(t, 5_000, h.insurer.Account("P-li"))
	assert.EqualValues(t, 7_000, h.statement(ticket.Encounter).Refund)
	d, err = cancel()
	assert.Equal(t, OrderCancelled, reason(t, d, err))
	hand := ReturnRequest{h.key(), h.at, ticket.Encounter, "nurse-1"}
	for range 2 {
		d, err = h.Return(ctx, hand)
		assert.EqualValues(t, 7_000, allowed[Returned](t, d, err).Fen)
	}
	assert.EqualValues(t, -7_000, h.balance(cashAccount("sy-01")))
	hand.Key = h.key()
	d, err = h.Return(ctx, hand)
	assert.Equal(t, NothingOwed, reason(t, d, err))
	h.audit()

	// The same for what the patient has paid himself.
	other := h.checkIn("wang", false)
	o = h.order(other.Encounter, 1_000, Lab)
	d, err = h.Confirm(ctx, ConfirmRequest{h.key(), h.at, o.ID, "P-wang"})
	allowed[Order](t, d, err)
	d, err = h.Repay(ctx, RepayRequest{Key: h.key(), At: h.at, Patient: "P-wang", Fen: 1_000, By: "nurse-1"})
	allowed[Repayment](t, d, err)
	d, err = cancel()
	allowed[Order](t, d, err)
	h.audit()
	assert.EqualValues(t, 1_000, h.statement(other.Encounter).Refund)
	d, err = h.Return(ctx, ReturnRequest{h.key(), h.at, other.Encounter, "nurse-1"})
	assert.EqualValues(t, 1_000, allowed[Returned](t, d, err).Fen)
	assert.Zero(t, h.statement(other.Encounter).Refund)
	h.audit()

	done := h.order(ticket.Encounter, 1_000, Pharmacy)
	h.scan("li", Serve, `{"station":"pharmacy"}`)
	o = done
	d, err = cancel()
	assert.Equal(t, OrderPerformed, reason(t, d, err))
}

// A repayment pays the visit that was due first, and all of what is owed at
// once before interest before principal.
func TestRepaymentOrder(t *testing.T) {
	h := newHouse(t, railstest.Faults{}, func(c *Config) { c.Insurer, c.Lender = nil, nil })
	first := h.checkIn("li", true)
	h.order(first.Encounter, 20_000, Lab)
	h.scan("li", Leave, ``)
	h.at = h.at.AddDate(0, 0, 3)
	second := h.checkIn("li", false)
	held := h.order(second.Encounter, 5_000, Lab)
	d, err := h.Confirm(ctx, ConfirmRequest{h.key(), h.at, held.ID, "P-wang"})
	assert.Equal(t, OrderUnknown, reason(t, d, err), "nobody agrees for another")
	d, err = h.Confirm(ctx, ConfirmRequest{h.key(), h.at, held.ID, "P-li"})
	allowed[Order](t, d, err)
	h.at = h.at.AddDate(0, 0, 55) // day 58 of the first visit: 20 fen of interest
	assert.Equal(t, []Paid{{Encounter: first.Encounter, Interest: 20, Principal: 20_000}, {Encounter: second.Encounter, Self: 980}}, h.repay("", 21_000).Paid)
	d, err = h.Repay(ctx, RepayRequest{Key: h.key(), At: h.at, Patient: "P-li", Fen: 4_021, By: "nurse-1"})
	assert.Equal(t, MoreThanOwed, reason(t, d, err))
	d, err = h.Repay(ctx, RepayRequest{Key: h.key(), At: h.at, Patient: "P-li", Encounter: "e9", Fen: 1, By: "nurse-1"})
	assert.Equal(t, EncounterUnknown, reason(t, d, err))
	_, err = h.Repay(ctx, RepayRequest{Key: h.key(), At: h.at, Patient: "P-li", Fen: 1, Mandate: "6222021234567890128"})
	assert.ErrorContains(t, err, "mandate", "the number of a card comes no further")
	poor := RepayRequest{Key: h.key(), At: h.at, Patient: "P-li", Fen: 1, Mandate: "tok-nobody"}
	for range 2 {
		d, err = h.Repay(ctx, poor)
		assert.Equal(t, PaymentDeclined, reason(t, d, err))
	}
	assert.EqualValues(t, 4_020, h.statement(second.Encounter).Owed)
	assert.Equal(t, credit.Position{PaidPrincipal: 20_000, PaidInterest: 20}, h.statement(first.Encounter).Credit)
}

// A hospital does only what it offers.
func TestCapabilities(t *testing.T) {
	h := newHouse(t, railstest.Faults{}, func(c *Config) { c.Capabilities = []Capability{CheckIns} })
	d, err := h.book("s0", "P-li")
	assert.Equal(t, NotOffered, reason(t, d, err))
	d, err = h.BreakGlass(ctx, BreakGlassRequest{Key: h.key(), At: h.at, Staff: "doctor-1", Reason: "unconscious"})
	assert.Equal(t, NotOffered, reason(t, d, err))
	assert.Equal(t, NotOffered, h.scan("li", CheckIn, `{"department":"eyes","credit":true}`).Reason)
	h.checkIn("li", false)
	for path, c := range map[string]Config{
		"hospital": {Hospital: "A b"}, "capabilities[0]": {Capabilities: []Capability{"x"}}, "departments[1]": {Departments: []string{"a", "a"}},
		"staff[0].id": {Staff: []Staff{{}}}, "limit": {Limit: -1}, "advanceCap": {AdvanceCap: MaxLimit + 1}, "terms": {Terms: credit.Terms{Rate: -1}},
	} {
		_, err := Open(ctx, c)
		assert.ErrorContains(t, err, path+":")
	}
	assert.Panics(t, func() { New(Config{Limit: -1}) })
}

// Every reason has a text in both languages.
func TestTexts(t *testing.T) {
	for word, text := range texts {
		assert.Regexp(t, `^[a-z]+(-[a-z]+)*$`, word)
		assert.NotEmpty(t, text.Zh, word)
		assert.NotEmpty(t, text.En, word)
	}
}
