package parking_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/refserver/parking"
	"github.com/citizencode/citizencode/refserver/service"
	"github.com/citizencode/citizencode/refserver/service/servicetest"
	"github.com/citizencode/citizencode/scenarios"
	scenario "github.com/citizencode/citizencode/scenarios/parking"
	"github.com/citizencode/citizencode/scenarios/parking/reserve"
)

const (
	owner    = "210100-0000006500c1712e"
	stranger = "210100-0000006600c1712e"
	plate    = "辽A12345"
)

// A lot is the example's operator.
type lot struct {
	*servicetest.World
	*service.Server
	n int
}

func open(t testing.TB) *lot {
	t.Helper()
	l := &lot{World: servicetest.New(t)}
	l.start(t)
	return l
}

func (l *lot) start(t testing.TB) {
	t.Helper()
	app, err := parking.New(parking.Example)
	require.NoError(t, err)
	l.Server = l.Open(app)
}

func (l *lot) restart(t testing.TB) {
	t.Helper()
	require.NoError(t, l.Close())
	l.start(t)
}

func (l *lot) driver(person string) *citycodetest.Citizen {
	return l.Citizen(person, citycode.ProfileTransit, citycode.Parking, func(c *citycode.Claims) {
		c.Subject, _ = hex.DecodeString(person[len("210100-"):])
	})
}

// scan shows a driver's code at a barrier.
func (l *lot) scan(t testing.TB, who *citycodetest.Citizen, terminal, action string) (scenarios.Decision, scenario.Passage) {
	t.Helper()
	l.Clock.Advance(3 * time.Second)
	return passage(t, servicetest.Post(l, "/v1/terminals/"+terminal+"/visits", "", servicetest.Visit(t, who.Show(citycode.Parking), action, "")))
}

// camera reads a plate, twice.
func (l *lot) camera(t testing.TB, exit bool) (scenarios.Decision, scenario.Passage) {
	t.Helper()
	l.n++
	body, err := json.Marshal(scenario.PlateEvent{Event: fmt.Sprint("event-", l.n), Lot: "north", Exit: exit, Plate: plate, Confidence: 990, Time: l.Clock.Now()})
	require.NoError(t, err)
	first := servicetest.Post(l, "/v1/plate-events", "", string(body))
	require.Equal(t, first.Body, servicetest.Post(l, "/v1/plate-events", "", string(body)).Body)
	return passage(t, first)
}

func passage(t testing.TB, r servicetest.Reply) (d scenarios.Decision, p scenario.Passage) {
	t.Helper()
	r.Into(t, &d)
	if d.Outcome != nil {
		require.NoError(t, json.Unmarshal(d.Outcome, &p))
	}
	return d, p
}

// ask asks under a key of its own, twice.
func (l *lot) ask(t testing.TB, path string, body any, outcome any) {
	t.Helper()
	b, err := json.Marshal(body)
	require.NoError(t, err)
	fields := make(map[string]any)
	require.NoError(t, json.Unmarshal(b, &fields))
	delete(fields, "key") // it is in the header
	b, err = json.Marshal(fields)
	require.NoError(t, err)
	l.n++
	key := fmt.Sprint("key-", l.n)
	first := servicetest.Post(l, path, key, string(b))
	require.Equal(t, first.Body, servicetest.Post(l, path, key, string(b)).Body)
	var d scenarios.Decision
	first.Into(t, &d)
	require.True(t, d.Allow, "%s: %s: %s", path, d.Reason, d.Message.En)
	if outcome != nil {
		require.NoError(t, json.Unmarshal(d.Outcome, outcome))
	}
}

func (l *lot) get(t testing.TB, path string, into any) {
	t.Helper()
	servicetest.Get(l, path).Into(t, into)
}

func (l *lot) zero(t testing.TB) {
	t.Helper()
	var totals struct{ Debit, Net int64 }
	l.get(t, "/v1/ledger/totals", &totals)
	assert.Zero(t, totals.Net)
	assert.Positive(t, totals.Debit)
}

// A car that nobody stops: plate, mandate, camera, charge, refund.
func TestPlate(t *testing.T) {
	l := open(t)
	var bound scenario.BoundPlate
	l.ask(t, "/v1/plates", scenario.BindRequest{Person: owner, Plate: plate, Mandate: "m-0001"}, &bound)
	l.ask(t, "/v1/plate-verifications", scenario.PlateRequest{Person: owner, Plate: plate, By: "register"}, &bound)
	l.ask(t, "/v1/plate-suspensions", scenario.PlateRequest{Person: owner, Plate: plate, By: owner}, &bound)
	l.ask(t, "/v1/plate-resumptions", scenario.PlateRequest{Person: owner, Plate: plate, By: owner}, &bound)
	l.restart(t)
	var plates []scenario.BoundPlate
	l.get(t, "/v1/plates?person="+owner, &plates)
	assert.Equal(t, []scenario.BoundPlate{bound}, plates)

	d, p := l.camera(t, false)
	require.True(t, d.Allow, d.Reason)
	l.restart(t)
	l.Clock.Advance(2 * time.Hour)
	d, p = l.camera(t, true)
	require.True(t, d.Allow, d.Reason)
	assert.Equal(t, int64(1000), p.Fen, "6 yuan and two half hours")
	l.Chores(t.Context())
	var bill scenario.Bill
	l.get(t, "/v1/bills/"+p.Session, &bill)
	assert.Equal(t, int64(1000), bill.Paid)
	l.ask(t, "/v1/refunds", scenario.RefundRequest{Bill: p.Session, Fen: 400, By: "desk-3"}, nil)
	l.restart(t)
	l.Chores(t.Context())
	l.get(t, "/v1/bills/"+p.Session, &bill)
	assert.Equal(t, int64(600), bill.Paid)
	assert.Equal(t, int64(400), bill.Refunded)
	var notices []scenario.Notice
	l.get(t, "/v1/notices", &notices)
	assert.NotEmpty(t, notices)
	l.get(t, fmt.Sprintf("/v1/notices?after=%d", notices[len(notices)-1].Seq), &notices)
	assert.Empty(t, notices)
	l.ask(t, "/v1/plate-revocations", scenario.PlateRequest{Person: owner, Plate: plate, By: owner}, &bound)
	l.zero(t)

	// What a plate was sealed with is kept; without it nothing opens.
	require.NoError(t, l.Close())
	key := filepath.Join(l.Options.Data, "plates.key")
	b, err := os.ReadFile(key)
	require.NoError(t, err)
	require.NoError(t, os.Remove(key))
	app, err := parking.New(parking.Example)
	require.NoError(t, err)
	_, err = service.Open(t.Context(), app, l.Options)
	assert.Error(t, err)
	require.NoError(t, os.WriteFile(key, []byte("00\n"), 0o600))
	_, err = service.Open(t.Context(), app, l.Options)
	assert.ErrorContains(t, err, "plates.key: it is not a key of 32 bytes")
	require.NoError(t, os.WriteFile(key, b, 0o600))
	l.start(t)
}

// A driver with a code and no mandate pays before the barrier opens; the next
// one leaves a doubt that a person resolves.
func TestCode(t *testing.T) {
	l := open(t)
	a := l.driver(stranger)
	d, p := l.scan(t, a, "north-in", "enter")
	require.True(t, d.Allow, d.Reason)
	again, _ := l.scan(t, a, "north-in", "enter")
	assert.Equal(t, "already-inside", again.Reason)
	l.restart(t)
	l.Clock.Advance(time.Hour)
	d, out := l.scan(t, a, "north-out", "leave")
	require.False(t, d.Allow, "it is not paid")
	var quoted scenarios.Decision
	servicetest.Post(l, "/v1/quotes", "", fmt.Sprintf(`{"session":%q}`, p.Session)).Into(t, &quoted)
	var quote scenario.Quote
	require.NoError(t, json.Unmarshal(quoted.Outcome, &quote))
	assert.Equal(t, quote.Fen, out.Due)
	l.ask(t, "/v1/payments", scenario.PayRequest{Bill: p.Session, Fen: quote.Fen, Method: scenario.ByQR, Reference: "qr-1"}, nil)
	l.restart(t)
	d, _ = l.scan(t, a, "north-out", "leave")
	require.True(t, d.Allow, d.Reason)
	var session scenario.Session
	l.get(t, "/v1/sessions/"+p.Session, &session)
	assert.Equal(t, stranger, session.Payer)
	var list []scenario.Session
	l.get(t, "/v1/sessions?lot=north&payer="+stranger, &list)
	assert.Equal(t, []scenario.Session{session}, list)
	l.get(t, "/v1/debts?person="+stranger, &list)
	assert.Empty(t, list)
	assert.Equal(t, http.StatusNotFound, servicetest.Get(l, "/v1/sessions/s-none").Status)
	assert.Equal(t, http.StatusNotFound, servicetest.Get(l, "/v1/bills/s-none").Status)

	d, p = l.camera(t, false) // nobody's plate
	require.True(t, d.Allow, d.Reason)
	l.Clock.Advance(time.Hour)
	l.ask(t, "/v1/resolutions", scenario.ResolveRequest{Session: p.Session, How: scenario.LetItGo, By: "desk-3"}, nil)
	l.get(t, "/v1/reviews?lot=north", &list)
	assert.Empty(t, list)
	l.ask(t, "/v1/recounts", scenario.RecountRequest{Lot: "north", Occupied: 3, By: "desk-3"}, nil)
	for _, form := range []string{"apds", "datex", "geojson"} {
		assert.Contains(t, servicetest.Get(l, "/v1/occupancy/"+form).Body, "140", form)
	}
	assert.Equal(t, http.StatusNotFound, servicetest.Get(l, "/v1/occupancy/pdf").Status)

	var reports []scenario.LotReport
	l.get(t, "/v1/reports/2026-11-22", &reports)
	assert.Equal(t, quote.Fen, reports[0].QR)
	var day scenarios.Settlement
	servicetest.Post(l, "/v1/closings", "close", `{"day":"2026-11-22"}`).Into(t, &day)
	assert.True(t, day.Closed)
	l.zero(t)
}

// A reserved bay, one that its owner shares, and a pass.
func TestReservations(t *testing.T) {
	l := open(t)
	from := l.Clock.Now().Add(time.Hour)
	at := func(d time.Duration) time.Time { return from.Add(d) }
	var kept, gone, shared reserve.Reservation
	l.ask(t, "/v1/reservations", scenario.ReserveRequest{Place: "north", Person: stranger, From: from, Until: at(2 * time.Hour)}, &kept)
	l.ask(t, "/v1/reservations", scenario.ReserveRequest{Place: "north", Person: stranger, From: at(24 * time.Hour), Until: at(25 * time.Hour)}, &gone)
	l.ask(t, "/v1/reservation-cancellations", scenario.CancelRequest{Reservation: gone.ID, Person: stranger}, &gone)
	var offer reserve.Offer
	l.ask(t, "/v1/offers", scenario.OfferRequest{Bay: "yard-7", Owner: owner, From: from, Until: at(4 * time.Hour), FenPerSlot: 100}, &offer)
	l.ask(t, "/v1/reservations", scenario.ReserveRequest{Place: "yard-7", Person: stranger, From: from, Until: at(time.Hour)}, &shared)
	l.restart(t)
	var list []reserve.Reservation
	l.get(t, "/v1/reservations?person="+stranger, &list)
	assert.Len(t, list, 2, "those that are open")
	free := func(place string) string {
		return servicetest.Get(l, fmt.Sprintf("/v1/free-bays?place=%s&from=%s&until=%s", place, from.Format(time.RFC3339), at(time.Hour).Format(time.RFC3339))).Body
	}
	assert.JSONEq(t, `{"free":19}`, free("north"))
	assert.JSONEq(t, `{"free":0}`, free("yard-7"))
	l.ask(t, "/v1/withdrawals", scenario.WithdrawRequest{Owner: owner, Offer: offer.ID, From: at(3 * time.Hour), Until: at(4 * time.Hour)}, nil)
	l.ask(t, "/v1/passes", scenario.PassRequest{Person: owner, Until: at(720 * time.Hour), By: "desk-3"}, nil)

	l.Clock.Set(from)
	d, p := l.scan(t, l.driver(stranger), "north-in", "enter")
	require.True(t, d.Allow, d.Reason)
	assert.NotEmpty(t, p.Reservation)
	d, _ = l.scan(t, l.driver(owner), "north-in", "enter")
	require.True(t, d.Allow, d.Reason)
	l.Clock.Advance(5 * time.Hour)
	d, p = l.scan(t, l.driver(owner), "north-out", "leave")
	assert.True(t, d.Allow, "the pass pays: %s", d.Reason)
	l.Chores(t.Context())
	l.restart(t)
	l.get(t, "/v1/reservations?person="+stranger, &list)
	require.Len(t, list, 1, "nobody came for the other")
	assert.Equal(t, reserve.Entered, list[0].State)
	l.zero(t)
}

// Money at the desk: paid in cash, given back in part, and then all of it.
func TestDesk(t *testing.T) {
	l := open(t)
	a := l.driver(stranger)
	_, p := l.scan(t, a, "north-in", "enter")
	l.Clock.Advance(time.Hour)
	_, out := l.scan(t, a, "north-out", "leave")
	l.ask(t, "/v1/payments", scenario.PayRequest{Bill: p.Session, Fen: out.Due, Method: scenario.ByCash, By: "desk-3"}, nil)
	l.scan(t, a, "north-out", "leave")
	l.ask(t, "/v1/refunds", scenario.RefundRequest{Bill: p.Session, Fen: 100, By: "desk-3"}, nil)
	for path, body := range map[string]string{
		"/v1/hand-outs": fmt.Sprintf(`{"bill":%q,"by":"desk-3"}`, p.Session), // no bank has declined anything
		"/v1/pay-outs":  fmt.Sprintf(`{"party":%q,"fen":1,"by":"desk-3"}`, owner),
	} {
		var d scenarios.Decision
		servicetest.Post(l, path, path[4:], body).Into(t, &d)
		assert.False(t, d.Allow, path)
	}
	l.camera(t, false)
	var d scenarios.Decision
	servicetest.Post(l, "/v1/reversals", "take-back", fmt.Sprintf(`{"key":"event-%d","by":"desk-3","why":"wrong car"}`, l.n)).Into(t, &d)
	assert.True(t, d.Allow, d.Reason)
	l.zero(t)
}

// Every operation refuses a wrong body with the place, and a key of its own.
func TestWrongRequests(t *testing.T) {
	l := open(t)
	for _, operation := range []string{"plate-events", "quotes", "payments", "refunds", "hand-outs", "pay-outs", "plates", "plate-verifications", "plate-suspensions",
		"plate-resumptions", "plate-revocations", "passes", "reservations", "reservation-cancellations", "offers", "withdrawals", "recounts", "resolutions", "closings"} {
		p := servicetest.Post(l, "/v1/"+operation, "k", `{"nothing":1}`).Problem(t)
		assert.Equal(t, fmt.Sprint(http.StatusBadRequest, "nothing"), fmt.Sprint(p.Status, p.Path), operation)
	}
	p := servicetest.Post(l, "/v1/payments", "k", `{"key":"j"}`).Problem(t)
	assert.Equal(t, fmt.Sprint(http.StatusBadRequest, "key"), fmt.Sprint(p.Status, p.Path))
	for _, path := range []string{"/v1/reports/today", "/v1/free-bays?from=x", "/v1/free-bays?until=x", "/v1/notices?after=x"} {
		assert.Equal(t, http.StatusBadRequest, servicetest.Get(l, path).Problem(t).Status, path)
	}
	assert.Equal(t, http.StatusBadRequest, servicetest.Post(l, "/v1/closings", "k", `{"day":"today"}`).Problem(t).Status)
}

func TestConfig(t *testing.T) {
	for text, path := range map[string]string{
		`{"bays":1}`:             "config.bays",
		`{}`:                     "config.lots",
		`{"lots":{"version":2}}`: "lots.version",
		`{"lots":{"version":1,"lots":[{"id":"a","bay":1}]}}`:                        "lots.lots[0].bay",
		`{"lots":{"version":1,"lots":[{"id":"a"}]},"rules":{"maxDebit":-1}}`:        "rules.maxDebit",
		`{"lots":{"version":1,"lots":[{"id":"a"}]},"rules":{"reserve":{"free":1}}}`: "config.rules.reserve.free",
		`{"lots":{"version":1,"lots":[{"id":"a"}]},"operator":"A B"}`:               "operator",
	} {
		_, err := parking.New([]byte(text))
		assert.ErrorContains(t, err, path, text)
	}
}
