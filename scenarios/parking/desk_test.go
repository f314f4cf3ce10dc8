package parking

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/parking/reserve"
	"github.com/citizencode/citizencode/scenarios/parking/tariff"
	"github.com/citizencode/citizencode/scenarios/rails"
	"github.com/citizencode/citizencode/scenarios/scenariotest"
)

// The contract, with a plate beside the code and a fee.
func TestContractWithLots(t *testing.T) {
	newScenario := func() scenarios.Scenario {
		clock := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
		w := newTown(t, func(c *Config) { c.Now = func() time.Time { return clock } })
		w.bind(li, plateLi, "mandate-li")
		return w.Scenario
	}
	people := scenariotest.NewPeople(t, newScenario(), citycode.ProfileTransit)
	scenariotest.Run(t, newScenario, func(c scenarios.Carrier) (script []scenarios.Visit) {
		for i, step := range []struct{ action, params string }{
			{Enter, `{"lot":"north","plate":"` + plateLi + `","confidence":700}`}, {Enter, `{"lot":"north"}`}, {Leave, `{"lot":"north"}`}, {Leave, `{"lot":"north"}`},
			{Enter, `{"lot":"nowhere"}`}, {Enter, `{"lot":"north","class":"large"}`},
		} {
			v := people.Visit(c, "li", 0, step.action, step.params)
			v.Time = v.Time.Add(time.Duration(i) * time.Hour)
			script = append(script, v)
		}
		return script
	})
}

func TestParamsAreStrict(t *testing.T) {
	w := newTown(t, nil)
	for params, path := range map[string]string{
		`{"lot":"north","confidence":1001}`: "params.confidence", `{"class":"tank"}`: "params.class", `{"lot":7}`: "params.lot", `{"lots":"north"}`: "params.lots",
	} {
		v := w.people.Visit(scenarios.Phone, "li", 0, Enter, params)
		_, err := w.Handle(context.Background(), &v)
		var wrong *scenarios.RequestError
		require.ErrorAs(t, err, &wrong, params)
		assert.Equal(t, path, wrong.Path)
	}
	for path, e := range map[string]PlateEvent{
		"confidence": {Event: "e", Lot: "north", Plate: plateLi, Confidence: -1, Time: w.clock},
		"time":       {Event: "e", Lot: "north", Plate: plateLi, Time: time.Unix(0, 0)},
		"class":      {Event: "e", Lot: "north", Plate: plateLi, Time: w.clock, Class: "tank"},
		"key":        {Lot: "north", Plate: plateLi, Time: w.clock},
	} {
		_, err := w.Camera(context.Background(), e)
		var wrong *scenarios.RequestError
		require.ErrorAs(t, err, &wrong, path)
		assert.Equal(t, path, wrong.Path)
	}
}

// parkedOnce parks li for an hour; five yuan are to be collected.
func parkedOnce(t *testing.T) *town {
	w := newTown(t, nil)
	w.bind(li, plateLi, "mandate-li")
	w.see("north", plateLi, false)
	w.pass(time.Hour)
	require.True(t, w.see("north", plateLi, true).Allow)
	return w
}

// A part goes back the way it came, and never more than was billed.
func TestRefund(t *testing.T) {
	w, ctx := parkedOnce(t), context.Background()
	w.collect()
	refund := func(key string, fen int64) string {
		return ok(t)(w.Refund(ctx, RefundRequest{Key: key, Bill: "s-1", Fen: fen, By: "desk", Why: "clock was wrong"})).Reason
	}
	assert.Equal(t, "ok", refund("1", 200))
	assert.Equal(t, "ok", refund("1", 200))
	assert.Equal(t, KeyReused, refund("1", 201))
	assert.Equal(t, PayingBack, w.session("s-1").Bill.Payment)
	assert.Equal(t, Collected{Accepted: 1}, w.collect())
	assert.EqualValues(t, 300, w.taken())
	assert.Equal(t, AmountTooHigh, refund("2", 301))
	assert.Equal(t, "ok", refund("3", 300))
	w.collect()
	assert.Zero(t, w.taken())
	assert.Zero(t, w.net(income("north"))+w.net(receivable(li))+w.net(bankClearing))
	assert.Equal(t, Bill{ID: "s-1", Lot: "north", Payer: li, Payment: Paid, Fen: 500, Refunded: 500}, *w.session("s-1").Bill)
	w.audit()
}

// An exit that is taken back before the bank has answered: the answer comes, and
// the money goes back.
func TestReverse(t *testing.T) {
	w, ctx := parkedOnce(t), context.Background()
	order := scenarios.Reversal{Key: "event 3", Request: "r", By: "desk", Why: "another car", Time: w.clock}
	for range 2 {
		assert.Equal(t, "ok", ok(t)(w.Reverse(ctx, order)).Reason)
	}
	order.Request = "r2"
	assert.Equal(t, AlreadyReversed, ok(t)(w.Reverse(ctx, order)).Reason)
	order.Key = "event 2"
	assert.Equal(t, AlreadyLeft, ok(t)(w.Reverse(ctx, order)).Reason)
	order.Key = "no such visit"
	assert.Equal(t, VisitUnknown, ok(t)(w.Reverse(ctx, order)).Reason)
	assert.Equal(t, Collected{Accepted: 1}, w.collect())
	assert.Equal(t, Collected{Accepted: 1}, w.collect())
	assert.Zero(t, w.taken())
	w.audit()
}

// An entry by mistake is taken back, with what was paid.
func TestReverseEntry(t *testing.T) {
	w, ctx := newTown(t, nil), context.Background()
	v := w.people.Visit(scenarios.Card, "li", 0, Enter, `{"lot":"north"}`)
	v.Time = w.clock
	ok(t)(w.Handle(ctx, &v))
	w.pass(time.Hour)
	require.True(t, ok(t)(w.Pay(ctx, PayRequest{Key: "p", Bill: "s-1", Fen: 500, Method: ByCash})).Allow)
	require.True(t, ok(t)(w.Reverse(ctx, scenarios.Reversal{Key: v.Key, Request: "r", By: "desk", Time: w.clock})).Allow)
	assert.Equal(t, Cancelled, w.session("s-1").State)
	assert.Zero(t, w.net(cash("north")))
	assert.Equal(t, NotInside, w.show("li", "north", Leave).Reason)
	assert.True(t, w.show("li", "north", Enter).Allow)
	w.audit()
}

// A bank that does not take a refund leaves it at the desk.
func TestHandOut(t *testing.T) {
	w, ctx := parkedOnce(t), context.Background()
	w.collect()
	require.True(t, ok(t)(w.Refund(ctx, RefundRequest{Key: "1", Bill: "s-1", Fen: 500, By: "desk"})).Allow)
	w.bank = nil
	w.cfg.Bank = declining{w.cfg.Bank}
	w.reopen()
	c, err := w.Collect(ctx)
	require.NoError(t, err)
	assert.Equal(t, Collected{Declined: 1}, c)
	assert.Equal(t, Undelivered, w.session("s-1").Bill.Payment)
	for range 2 {
		assert.True(t, ok(t)(w.HandOut(ctx, HandOutRequest{Key: "h", Bill: "s-1", By: "desk"})).Allow)
	}
	assert.Equal(t, NothingDue, ok(t)(w.HandOut(ctx, HandOutRequest{Key: "h2", Bill: "s-1", By: "desk"})).Reason)
	assert.EqualValues(t, -500, w.net(cash("north")))
	assert.Zero(t, w.net(receivable(li)))
}

type declining struct{ rails.Bank }

func (declining) Refund(context.Context, rails.Refund) (rails.Answer, error) {
	return rails.Answer{State: rails.Declined, Reason: "account-closed"}, nil
}

// What a person finds ends a doubt, and a stay that he ends is a debt, never a
// charge.
func TestResolve(t *testing.T) {
	ctx := context.Background()
	doubtful := func() *town {
		w := newTown(t, nil)
		w.bind(li, plateLi, "mandate-li")
		w.see("north", plateLi, false)
		w.pass(time.Hour)
		w.see("north", "辽A12346", true)
		reviews, err := w.Reviews(ctx, "north")
		require.NoError(t, err)
		require.Len(t, reviews, 1)
		require.Equal(t, "辽A***46", reviews[0].Seen)
		return w
	}
	for _, c := range []struct {
		request ResolveRequest
		state   State
		payment Payment
		debt    int64
	}{
		{ResolveRequest{How: ItIsInside}, Inside, "", 0},
		{ResolveRequest{How: ItLeft}, Left, Unpaid, 500},
		{ResolveRequest{How: LetItGo}, Waived, Free, 0},
	} {
		w := doubtful()
		w.pass(2 * time.Hour)
		c.request.Key, c.request.Session, c.request.By = "k", "s-1", "desk"
		for range 2 {
			require.True(t, ok(t)(w.Resolve(ctx, c.request)).Allow, c.request.How)
		}
		w.collect()
		s := w.session("s-1")
		assert.Equal(t, c.state, s.State)
		if s.Bill != nil {
			assert.Equal(t, c.payment, s.Bill.Payment)
			assert.Equal(t, c.debt, s.Bill.Due, "by the time at which it was seen")
		}
		assert.Zero(t, w.taken())
		c.request.Key, c.request.How = "k2", ItIsInside
		assert.Equal(t, WrongState, ok(t)(w.Resolve(ctx, c.request)).Reason)
		w.audit()
	}
	w := doubtful()
	_, err := w.Resolve(ctx, ResolveRequest{Key: "k", Session: "s-1", How: ItLeft, By: "desk", LeftAt: w.clock.Add(time.Hour)})
	assert.ErrorContains(t, err, "leftAt")
}

// A monthly pass covers the stay, where the plate was read well.
func TestPass(t *testing.T) {
	w, ctx := newTown(t, nil), context.Background()
	grant := PassRequest{Key: "g", Lot: "north", Plate: plateWang, From: w.clock, Until: w.clock.AddDate(0, 1, 0), By: "desk"}
	for range 2 {
		require.True(t, ok(t)(w.GrantPass(ctx, grant)).Allow)
	}
	stay := func(lot string, confidence int) *scenarios.Decision {
		require.True(t, w.seeAt(lot, plateWang, false, confidence).Allow)
		w.pass(3 * time.Hour)
		return w.see(lot, plateWang, true)
	}
	assert.Equal(t, Free, passage(t, stay("north", 990)).Payment)
	assert.Equal(t, PaymentDue, stay("south", 990).Reason)
	assert.Equal(t, PaymentDue, stay("north", 500).Reason)
	w.audit()
}

// Over SQLite, a restart at every step: the same as in memory.
func TestSQLite(t *testing.T) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "parking.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)&_pragma=busy_timeout(10000)&_txlock=immediate")
	require.NoError(t, err)
	defer db.Close()
	store, err := eventlog.NewSQL(context.Background(), db)
	require.NoError(t, err)
	w := newTown(t, func(c *Config) { c.Store = store })
	memory := newTown(t, nil)
	for _, x := range []*town{w, memory} {
		x.bind(li, plateLi, "mandate-li")
		for _, step := range []struct {
			lot  string
			exit bool
		}{{"north", false}, {"north", true}, {"south", false}, {"north", false}, {"north", true}, {"south", true}} {
			x.see(step.lot, plateLi, step.exit)
			x.pass(time.Hour)
			x.collect()
			x.audit()
		}
	}
	assert.Equal(t, memory.everything(), w.everything())
}

// Nothing in the events leads to a plate or a mandate without the key, and with
// another key they do not open.
func TestSealed(t *testing.T) {
	w := parkedOnce(t)
	events, err := w.cfg.Store.Read(context.Background(), "parking/parking", 0, 1000)
	require.NoError(t, err)
	require.NotEmpty(t, events)
	for _, e := range events {
		for _, secret := range []string{plateLi, "12345", "mandate-li"} {
			assert.NotContains(t, string(e.Data), secret, e.Kind)
			assert.NotContains(t, e.Key, secret)
		}
	}
	w.cfg.Key = []byte("another key, of 32 bytes as well")
	_, err = Open(context.Background(), w.cfg)
	assert.ErrorIs(t, err, errSealed)
	w.cfg.Key = nil
	_, err = Open(context.Background(), w.cfg)
	assert.ErrorContains(t, err, "key: missing")
}

// A charge that the bank accepts after its day was closed is booked on the next,
// and the closed day stays as it was.
func TestClosedDay(t *testing.T) {
	w, ctx := parkedOnce(t), context.Background()
	day := ledger.DayOf(w.clock)
	closed, err := w.CloseDay(ctx, day)
	require.NoError(t, err)
	assert.Equal(t, &scenarios.Settlement{Day: day.String(), Closed: true, Lines: []scenarios.SettlementLine{{Party: "north", Count: 1, Fen: 500}}}, closed)
	w.collect()
	require.True(t, ok(t)(w.Refund(ctx, RefundRequest{Key: "1", Bill: "s-1", Fen: 200, By: "desk"})).Allow)
	again, err := w.Settle(ctx, day.String())
	require.NoError(t, err)
	assert.Equal(t, closed, again)
	next, err := w.Report(ctx, day.Add(1))
	require.NoError(t, err)
	assert.Equal(t, []LotReport{{Lot: "north", Refunds: 200, Mandate: 500}}, next)
	require.NoError(t, w.books.Audit(ctx, day))
	w.collect()
	w.audit()
}

// Many barriers at once, beside the bank's worker; for the race detector, and
// for the count.
func TestConcurrent(t *testing.T) {
	w, ctx := newTown(t, func(c *Config) { c.Lots = []Lot{{ID: "north", Bays: 100, Tariff: hourly(t), OpenUnpaid: true}} }), context.Background()
	w.bind(li, plateLi, "mandate-li")
	var wait sync.WaitGroup
	for car := range 8 {
		wait.Go(func() {
			number := fmt.Sprintf("辽A1234%d", car)
			for n := range 20 {
				for _, exit := range []bool{false, true} {
					d, err := w.Camera(ctx, PlateEvent{Event: fmt.Sprint(car, n, exit), Plate: number, Exit: exit, Confidence: 990, Time: w.clock.Add(-time.Duration(200-n*10)*time.Hour + map[bool]time.Duration{true: 2 * time.Hour}[exit])})
					if assert.NoError(t, err) {
						assert.True(t, d.Allow, d.Reason)
					}
				}
				if _, err := w.Collect(ctx); err != nil {
					t.Error(err)
				}
				w.Metrics()
				w.Feed()
			}
		})
	}
	wait.Wait()
	w.collect()
	assert.EqualValues(t, 20*1000, w.taken())
	assert.EqualValues(t, -8*20*1000, w.net(income("north")))
}

func TestParseLots(t *testing.T) {
	const good = `{"version":1,
		"tariffs":[{"id":"hourly","zone":"Asia/Shanghai","plans":{"car":{"workday":[{"name":"day","from":"00:00","minutes":60,"fen":500}]}},"classes":{"small":{"plan":"car"}}}],
		"lots":[{"id":"p1","name":"北站","bays":140,"tariff":"hourly","reserved":10,"lat":41.8,"lon":123.4,"form":"surface","shared":[{"id":"bay-7","owner":"owner-7"}]}]}`
	lots, err := ParseLots([]byte(good))
	require.NoError(t, err)
	require.Len(t, lots, 1)
	assert.Equal(t, []tariff.Class{tariff.Small}, lots[0].Tariff.Classes())
	New(Config{Lots: lots})
	for text, path := range map[string]string{
		`{"version":2,"news":1}`:                                                               "lots.version",
		`{"version":1,"news":1}`:                                                               "lots.news",
		`{"version":1,"lots":[]}`:                                                              "lots.lots",
		`{"version":1,"lots":[{"id":"p1","bay":1}]}`:                                           "lots.lots[0].bay",
		`{"version":1,"lots":[{"id":"p1","tariff":"x"}]}`:                                      "lots.lots[0].tariff",
		`{"version":1,"lots":[{"id":"p1","form":"moon"}]}`:                                     "lots.lots[0].form",
		`{"version":1,"lots":[{"id":"p1"},{"id":"p1"}]}`:                                       "lots[1].id",
		`{"version":1,"lots":[{"id":"P 1"}]}`:                                                  "lots[0].id",
		`{"version":1,"lots":[{"id":"p1","bays":-1}]}`:                                         "lots[0].bays",
		`{"version":1,"lots":[{"id":"p1","bays":1,"reserved":2}]}`:                             "lots[0].reserved",
		`{"version":1,"lots":[{"id":"p1","shared":[{"id":"p1","owner":"o"}]}]}`:                "lots[0].shared[0]",
		`{"version":1,"tariffs":[{"id":"x","zone":"moon"}],"lots":[{"id":"p1","tariff":"x"}]}`: "lots.tariffs[0]",
		`{"version":1,"lots":[{"id":"p1","shared":[{"id":"b","owner":"o","rent":1}]}]}`:        "lots.lots[0].shared[0].rent",
	} {
		_, err := ParseLots([]byte(text))
		assert.ErrorContains(t, err, path+": ", text)
	}
}

func FuzzParseLots(f *testing.F) {
	f.Add([]byte(`{"version":1,"lots":[{"id":"p1","bays":1}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if lots, err := ParseLots(data); err == nil {
			_, err := Open(context.Background(), Config{Lots: lots})
			var wrong *ConfigError
			if err != nil {
				require.ErrorAs(t, err, &wrong)
			}
		}
	})
}

// What is settled for long is forgotten, what is owed is not; a restart reads
// only what is behind the place that was kept, and finds the same.
func TestForget(t *testing.T) {
	w, ctx := newTown(t, func(c *Config) { c.Rules.KeepDays = 10 }), context.Background()
	for n := range 600 {
		w.see("street", plateWang, false)
		w.pass(time.Hour)
		d := w.see("street", plateWang, true)
		if n > 0 {
			require.True(t, ok(t)(w.Pay(ctx, PayRequest{Key: fmt.Sprint(n), Bill: passage(t, d).Session, Fen: 500, Method: ByQR})).Allow)
		}
	}
	assert.NotZero(t, w.state.base, "the place was kept")
	list, err := w.Sessions(ctx, SessionFilter{})
	require.NoError(t, err)
	assert.Equal(t, "s-1", list[0].ID, "it is owed")
	assert.Less(t, len(list), 600-10*24)
	assert.Less(t, len(w.state.replies), 3*600)
	w.audit()
	debts, err := w.Debts(ctx, "", plateWang)
	require.NoError(t, err)
	assert.Len(t, debts, 1)
}

// Nobody pays by himself what the bank is being asked for.
func TestPayWhileCharging(t *testing.T) {
	w := parkedOnce(t)
	pay := PayRequest{Key: "p", Bill: "s-1", Fen: 500, Method: ByQR}
	assert.Equal(t, ChargeUnderWay, ok(t)(w.Pay(context.Background(), pay)).Reason)
	w.collect()
	assert.Equal(t, NothingDue, ok(t)(w.Pay(context.Background(), pay)).Reason)
	w.audit()
}

// A car of which the camera tells late is in the count by hand already.
func TestRecountBeforeALateEvent(t *testing.T) {
	w, ctx := newTown(t, nil), context.Background()
	seen := w.clock
	w.pass(time.Minute)
	require.True(t, ok(t)(w.Recount(ctx, RecountRequest{Key: "r", Lot: "south", Occupied: 4, By: "guard"})).Allow)
	late := PlateEvent{Event: "late", Lot: "south", Plate: plateLi, Confidence: 990, Time: seen}
	assert.Equal(t, 6, passage(t, ok(t)(w.Camera(ctx, late))).Free)
	assert.Contains(t, w.boardText(), "south 6 true")
	w.pass(time.Minute)
	assert.True(t, w.see("south", plateWang, false).Allow)
	assert.Contains(t, w.boardText(), "south 5 true")
	w.audit()
}

// A desk that heard of an exit an hour late charges no overstay for that hour.
func TestReservationDeskFails(t *testing.T) {
	broken := &brokenDesk{Store: new(reserve.MemoryStore)}
	w, ctx := newTown(t, func(c *Config) { c.Reservations = broken }), context.Background()
	d := ok(t)(w.Reserve(ctx, ReserveRequest{Key: "r", Place: "north", Person: li, From: w.clock, Until: w.clock.Add(time.Hour)}))
	require.True(t, d.Allow, d.Reason)
	in := passage(t, w.show("li", "north", Enter))
	require.NotEmpty(t, in.Reservation)
	w.pass(10 * time.Minute)
	broken.err = errDisk
	v := w.people.Visit(scenarios.Phone, "li", 0, Leave, `{"lot":"north"}`)
	v.Time = w.clock
	_, err := w.Handle(ctx, &v)
	require.ErrorIs(t, err, errDisk)
	w.pass(2 * time.Hour)
	broken.err = nil
	require.True(t, ok(t)(w.Handle(ctx, &v)).Allow)
	_, found, err := w.Bill(ctx, "r-"+in.Reservation)
	require.NoError(t, err)
	assert.False(t, found, "an overstay that was none")
	w.audit()
}

type brokenDesk struct {
	reserve.Store
	err error
}

func (b *brokenDesk) Update(ctx context.Context, f func(reserve.Tx) error) error {
	if b.err != nil {
		return b.err
	}
	return b.Store.Update(ctx, f)
}

// Cancelled in time it is free, late it has its price, and the price is charged.
func TestCancelReservation(t *testing.T) {
	w, ctx := newTown(t, func(c *Config) { c.ReserveRules.CancelNotice = time.Hour }), context.Background()
	w.bind(li, plateLi, "mandate-li")
	for i, c := range []struct {
		from time.Duration
		fen  int64
	}{{2 * time.Hour, 0}, {30 * time.Minute, 300}} {
		d := ok(t)(w.Reserve(ctx, ReserveRequest{Key: fmt.Sprint(i), Place: "north", Person: li, From: w.clock.Add(c.from), Until: w.clock.Add(c.from + time.Hour)}))
		require.True(t, d.Allow, d.Reason)
		var r reserve.Reservation
		require.NoError(t, json.Unmarshal(d.Outcome, &r))
		assert.Equal(t, "unknown", ok(t)(w.CancelReservation(ctx, CancelRequest{Reservation: r.ID, Person: wang})).Reason)
		for range 2 {
			require.True(t, ok(t)(w.CancelReservation(ctx, CancelRequest{Reservation: r.ID, Person: li})).Allow)
		}
		w.collect()
		assert.Equal(t, c.fen, w.taken())
	}
	w.audit()
}
