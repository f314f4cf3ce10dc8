package parking

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/parking/occupancy"
	"github.com/citizencode/citizencode/scenarios/parking/reserve"
	"github.com/citizencode/citizencode/scenarios/parking/tariff"
	"github.com/citizencode/citizencode/scenarios/rails"
	"github.com/citizencode/citizencode/scenarios/rails/railstest"
	"github.com/citizencode/citizencode/scenarios/scenariotest"
)

// hourly is five yuan for each hour begun, 15 minutes free, 15 minutes of grace.
func hourly(tb testing.TB) *tariff.Tariff {
	fen := int64(500)
	t, err := tariff.New(tariff.Spec{
		ID: "hourly", Zone: "Asia/Shanghai", Free: tariff.Free{Minutes: 15}, GraceMinutes: 15,
		Plans:   map[string]tariff.PlanSpec{"car": {Workday: []tariff.BandSpec{{Name: "day", From: "00:00", Minutes: 60, Fen: &fen}}}},
		Classes: map[tariff.Class]tariff.ClassSpec{tariff.Small: {Plan: "car"}},
	})
	require.NoError(tb, err)
	return t
}

// A town is an operator of two lots, with a bank, a clock that is set by hand,
// and people.
type town struct {
	*Scenario
	tb     testing.TB
	cfg    Config
	clock  time.Time
	bank   *railstest.Bank
	people *scenariotest.People
	events int
}

const (
	plateLi   = "辽A12345"
	plateWang = "辽A88888"
)

var (
	li   = scenarios.Person{City: citycodetest.Shenyang, Subject: string(scenariotest.Subject("li"))}.String()
	wang = scenarios.Person{City: citycodetest.Shenyang, Subject: string(scenariotest.Subject("wang"))}.String()
)

func mandate(tb testing.TB, token string) rails.Mandate {
	m, err := rails.ParseMandate(token)
	require.NoError(tb, err)
	return m
}

func newTown(tb testing.TB, change func(*Config)) *town {
	w := &town{tb: tb, clock: time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)} // 10:00 in Shenyang
	w.bank = railstest.NewBank(railstest.Faults{}, map[rails.Mandate]int64{mandate(tb, "mandate-li"): 100_000, mandate(tb, "mandate-wang"): 600})
	w.cfg = Config{
		Lots: []Lot{
			{ID: "north", Name: "北场", Bays: 10, Tariff: hourly(tb), Lat: 41.8, Lon: 123.4, Reserved: 2, Shared: []SharedBay{{ID: "bay-7", Owner: "owner-7"}}},
			{ID: "south", Name: "南场", Bays: 10, Tariff: hourly(tb), Lat: 41.7, Lon: 123.4},
			{ID: "street", Name: "路侧", Bays: 5, Tariff: hourly(tb), OpenUnpaid: true, Lat: 41.6, Lon: 123.4},
		},
		Store: eventlog.NewMemory(), Key: make([]byte, KeySize), Ledger: ledger.New(ledger.NewMemory()), Bank: w.bank, Reservations: new(reserve.MemoryStore),
		ReserveRules: reserve.Rules{Grace: 5 * time.Minute, Terms: reserve.Terms{NoShowFen: 500, LateCancelFen: 300, OverstayFen: 200, WithdrawFen: 1000, OwnerPercent: 70}},
		Now:          func() time.Time { return w.clock },
	}
	if change != nil {
		change(&w.cfg)
	}
	w.reopen()
	w.people = scenariotest.NewPeople(tb, w.Scenario, citycode.ProfileTransit)
	return w
}

// reopen is a restart.
func (w *town) reopen() {
	w.tb.Helper()
	s, err := Open(context.Background(), w.cfg)
	require.NoError(w.tb, err)
	w.Scenario = s
}

func (w *town) pass(d time.Duration) { w.clock = w.clock.Add(d) }

// see is a camera that is sure.
func (w *town) see(lot, plate string, exit bool) *scenarios.Decision {
	w.tb.Helper()
	return w.seeAt(lot, plate, exit, 990)
}

func (w *town) seeAt(lot, plate string, exit bool, confidence int) *scenarios.Decision {
	w.tb.Helper()
	w.events++
	return ok(w.tb)(w.Camera(context.Background(), PlateEvent{Event: fmt.Sprintf("event %d", w.events), Lot: lot, Exit: exit, Plate: plate, Confidence: confidence, Time: w.clock}))
}

// show is a driver with a code.
func (w *town) show(name, lot, action string) *scenarios.Decision {
	w.tb.Helper()
	v := w.people.Visit(scenarios.Phone, name, 0, action, fmt.Sprintf(`{"lot":%q}`, lot))
	v.Time = w.clock
	return ok(w.tb)(w.Handle(context.Background(), &v))
}

// ok is for calls that must not end in a fault.
func ok(tb testing.TB) func(*scenarios.Decision, error) *scenarios.Decision {
	return func(d *scenarios.Decision, err error) *scenarios.Decision {
		tb.Helper()
		require.NoError(tb, err)
		require.NotEmpty(tb, d.Message.Zh, d.Reason)
		require.NotEmpty(tb, d.Message.En, d.Reason)
		return d
	}
}

// bind binds and verifies a plate.
func (w *town) bind(person, plate, token string) {
	w.tb.Helper()
	w.events++
	key := fmt.Sprintf("bind %d", w.events)
	require.True(w.tb, ok(w.tb)(w.BindPlate(context.Background(), BindRequest{Key: key, Person: person, Plate: plate, Mandate: token})).Allow)
	require.True(w.tb, ok(w.tb)(w.VerifyPlate(context.Background(), PlateRequest{Key: key + "v", Person: person, Plate: plate, By: "register"})).Allow)
}

func (w *town) collect() Collected {
	w.tb.Helper()
	c, err := w.Collect(context.Background())
	require.NoError(w.tb, err)
	return c
}

func (w *town) session(id string) Session {
	w.tb.Helper()
	s, found, err := w.Session(context.Background(), id)
	require.NoError(w.tb, err)
	require.True(w.tb, found, id)
	return s
}

// taken is what the bank took behind li's mandate.
func (w *town) taken() int64 { return 100_000 - w.bank.Funds(mandate(w.tb, "mandate-li")) }

func (w *town) net(a ledger.Account) int64 {
	w.tb.Helper()
	b, err := w.books.Balance(context.Background(), a)
	require.NoError(w.tb, err)
	return b.Net()
}

// audit checks what holds at every moment: the books balance, the bank and the
// ledger agree, and a restart finds the same.
func (w *town) audit() {
	w.tb.Helper()
	ctx := context.Background()
	totals, err := w.books.Totals(ctx)
	require.NoError(w.tb, err)
	require.Zero(w.tb, totals.Net(), "the books")
	day := ledger.DayOf(w.clock)
	differences, err := rails.Reconcile(ctx, w.books, bankClearing, day.Add(-100), day.Add(100), w.bank.Movements())
	require.NoError(w.tb, err)
	require.Empty(w.tb, differences)
	before, reports := w.everything(), w.boardText()
	w.reopen()
	require.Equal(w.tb, before, w.everything(), "after a restart")
	require.Equal(w.tb, reports, w.boardText(), "the feed after a restart")
	require.Zero(w.tb, w.refused.Load())
}

func (w *town) everything() string {
	w.tb.Helper()
	list, err := w.Sessions(context.Background(), SessionFilter{})
	require.NoError(w.tb, err)
	text := ""
	for _, s := range list {
		b, err := json.Marshal(s)
		require.NoError(w.tb, err)
		text += string(b) + "\n"
	}
	notices, err := w.Notices(context.Background(), 0)
	require.NoError(w.tb, err)
	return text + fmt.Sprintf("%+v %+v", notices, w.Metrics())
}

// boardText is how many bays each lot publishes as free.
func (w *town) boardText() (text string) {
	for id := range w.lots { // a quiet lot would be unknown
		require.NoError(w.tb, w.Observe(occupancy.Report{Lot: id, At: w.clock, Kind: occupancy.Alive}))
	}
	for _, f := range w.Feed().Figures {
		free, known := f.Free()
		text += fmt.Sprintln(f.Lot().ID, free, known)
	}
	return text
}

// long is for the long forms of tests; see `make long`.
var long = os.Getenv("CITIZENCODE_LONG") != ""

func assertPassage(tb testing.TB, want Passage, d *scenarios.Decision) {
	tb.Helper()
	assert.Equal(tb, want, passage(tb, d))
}
