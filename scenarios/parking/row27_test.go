package parking

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios"
)

// 无感通行: the plate is read, the barrier lifts, and the mandate is charged once.
func TestRow27PlateDrivesThrough(t *testing.T) {
	w := newTown(t, nil)
	w.bind(li, plateLi, "mandate-li")
	assertPassage(t, Passage{Free: 9, Session: "s-1", State: Inside}, w.see("north", plateLi, false))
	w.pass(90 * time.Minute)
	d := w.see("north", plateLi, true)
	assert.EqualValues(t, 1000, d.Charge)
	assertPassage(t, Passage{Free: 10, Minutes: 90, Session: "s-1", State: Left, Fen: 1000, Payment: Charging}, d)

	// Accepted at the barrier; the money comes after, and a notice with it.
	assert.Zero(t, w.taken())
	assert.Equal(t, Collected{Accepted: 1}, w.collect())
	assert.Equal(t, Collected{}, w.collect())
	assert.EqualValues(t, 1000, w.taken())
	assert.Equal(t, Paid, w.session("s-1").Bill.Payment)
	notices, err := w.Notices(context.Background(), 1)
	require.NoError(t, err)
	assert.Equal(t, []Notice{{Seq: 2, Person: li, Kind: NoticePaid, At: w.clock, Bill: "s-1", Fen: 1000}}, notices)
	assert.EqualValues(t, -1000, w.net(income("north")))
	assert.Zero(t, w.net(receivable(li)))
	w.audit()
}

// What cameras get wrong: each ends in a named state, and never a charge more.
func TestRow27NamedStates(t *testing.T) {
	for _, c := range []struct {
		name   string
		play   func(w *town) *scenarios.Decision // the last decision
		reason string
		states map[string]State
		doubts map[string]Doubt
		taken  int64 // by the bank, in the end
	}{
		{name: "exit without entry", reason: NoEntry,
			play: func(w *town) *scenarios.Decision { return w.see("north", plateLi, true) }},
		{name: "duplicate exit", reason: DuplicateExit, states: map[string]State{"s-1": Left}, taken: 500,
			play: func(w *town) *scenarios.Decision {
				w.see("north", plateLi, false)
				w.pass(time.Hour)
				w.see("north", plateLi, true)
				w.pass(10 * time.Second)
				return w.see("north", plateLi, true)
			}},
		{name: "duplicate exit an hour later", reason: NoEntry, states: map[string]State{"s-1": Left}, taken: 500,
			play: func(w *town) *scenarios.Decision {
				w.see("north", plateLi, false)
				w.pass(time.Hour)
				w.see("north", plateLi, true)
				w.pass(time.Hour)
				return w.see("north", plateLi, true)
			}},
		{name: "the same event twice", reason: "ok", states: map[string]State{"s-1": Left}, taken: 500,
			play: func(w *town) *scenarios.Decision {
				w.see("north", plateLi, false)
				w.pass(time.Hour)
				first := w.see("north", plateLi, true)
				w.collect()
				w.events--
				again := w.see("north", plateLi, true)
				assert.Equal(w.tb, first, again)
				return again
			}},
		{name: "duplicate entry", reason: DuplicateEntry, states: map[string]State{"s-1": Inside},
			play: func(w *town) *scenarios.Decision {
				w.see("north", plateLi, false)
				w.pass(5 * time.Second)
				return w.see("north", plateLi, false)
			}},
		{name: "entry uploaded late again", reason: DuplicateEntry, states: map[string]State{"s-1": Left}, taken: 500,
			play: func(w *town) *scenarios.Decision {
				entry := w.clock
				w.see("north", plateLi, false)
				w.pass(time.Hour)
				w.see("north", plateLi, true)
				return ok(w.tb)(w.Camera(context.Background(), PlateEvent{Event: "late", Lot: "north", Plate: plateLi, Confidence: 990, Time: entry}))
			}},
		{name: "misread at the exit, near one car", reason: PlateInDoubt,
			states: map[string]State{"s-1": ExitInDoubt}, doubts: map[string]Doubt{"s-1": NearMatch},
			play: func(w *town) *scenarios.Decision {
				w.see("north", plateLi, false)
				w.pass(time.Hour)
				return w.see("north", "辽A12346", true)
			}},
		{name: "misread at the exit as no plate", reason: PlateInDoubt,
			states: map[string]State{"s-1": ExitInDoubt}, doubts: map[string]Doubt{"s-1": NearMatch},
			play: func(w *town) *scenarios.Decision {
				w.see("north", plateLi, false)
				w.pass(time.Hour)
				return w.see("north", "辽AI2345", true)
			}},
		{name: "misread at the exit, near two cars", reason: PlateAmbiguous, states: map[string]State{"s-1": Inside, "s-2": Inside},
			play: func(w *town) *scenarios.Decision {
				w.see("north", plateLi, false)
				w.see("north", "辽A12347", false)
				w.pass(time.Hour)
				return w.see("north", "辽A12346", true)
			}},
		{name: "not sure at the exit", reason: PlateInDoubt,
			states: map[string]State{"s-1": ExitInDoubt}, doubts: map[string]Doubt{"s-1": LowConfidence},
			play: func(w *town) *scenarios.Decision {
				w.see("north", plateLi, false)
				w.pass(time.Hour)
				return w.seeAt("north", plateLi, true, 500)
			}},
		{name: "not sure at the exit, then sure", reason: "ok", states: map[string]State{"s-1": Left}, taken: 500,
			play: func(w *town) *scenarios.Decision {
				w.see("north", plateLi, false)
				w.pass(time.Hour)
				w.seeAt("north", plateLi, true, 500)
				return w.see("north", plateLi, true)
			}},
		{name: "not sure at the exit, then a code", reason: "ok", states: map[string]State{"s-1": Left}, taken: 500,
			play: func(w *town) *scenarios.Decision {
				w.see("north", plateLi, false)
				w.pass(time.Hour)
				w.seeAt("north", plateLi, true, 500)
				return w.show("li", "north", Leave)
			}},
		{name: "not sure at the entry", reason: PaymentDue,
			states: map[string]State{"s-1": Inside}, doubts: map[string]Doubt{"s-1": LowConfidence},
			play: func(w *town) *scenarios.Decision {
				w.seeAt("north", plateLi, false, 500)
				w.pass(time.Hour)
				return w.see("north", plateLi, true)
			}},
		{name: "clone in two lots at once", reason: PaymentDue,
			states: map[string]State{"s-1": Contested, "s-2": Contested}, doubts: map[string]Doubt{"s-1": PlateElsewhere, "s-2": PlateElsewhere},
			play: func(w *town) *scenarios.Decision {
				w.see("north", plateLi, false)
				w.pass(time.Minute)
				w.see("south", plateLi, false)
				w.pass(time.Hour)
				w.see("south", plateLi, true)
				return w.see("north", plateLi, true)
			}},
		{name: "clone, and the owner shows his code", reason: "ok", states: map[string]State{"s-1": Left, "s-2": Contested}, taken: 1000,
			play: func(w *town) *scenarios.Decision {
				w.see("north", plateLi, false)
				w.pass(time.Minute)
				w.see("south", plateLi, false)
				w.pass(time.Hour)
				return w.show("li", "north", Leave)
			}},
		{name: "clone seen at the exit of another lot", reason: NoEntry,
			states: map[string]State{"s-1": Contested}, doubts: map[string]Doubt{"s-1": PlateElsewhere},
			play: func(w *town) *scenarios.Decision {
				w.see("north", plateLi, false)
				w.pass(time.Hour)
				return w.see("south", plateLi, true)
			}},
		{name: "entry without exit, and in again", reason: "ok", taken: 500,
			states: map[string]State{"s-1": ExitMissing, "s-2": Left}, doubts: map[string]Doubt{"s-1": Superseded},
			play: func(w *town) *scenarios.Decision {
				w.see("north", plateLi, false)
				w.pass(24 * time.Hour)
				w.see("north", plateLi, false)
				w.pass(time.Hour)
				return w.see("north", plateLi, true)
			}},
		{name: "entry without exit, timed out", reason: PaymentDue,
			states: map[string]State{"s-1": ExitMissing}, doubts: map[string]Doubt{"s-1": TimedOut},
			play: func(w *town) *scenarios.Decision {
				w.see("north", plateLi, false)
				w.pass(31 * 24 * time.Hour)
				swept, err := w.Sweep(context.Background())
				require.NoError(w.tb, err)
				assert.Equal(w.tb, Swept{Missing: 1}, swept)
				return w.see("north", plateLi, true) // a car that was there all the time
			}},
		{name: "exit before the entry", reason: "ok", states: map[string]State{"s-1": TimesInDoubt},
			play: func(w *town) *scenarios.Decision {
				w.see("north", plateLi, false)
				return ok(w.tb)(w.Camera(context.Background(), PlateEvent{Event: "behind", Lot: "north", Exit: true, Plate: plateLi, Confidence: 990, Time: w.clock.Add(-time.Hour)}))
			}},
		{name: "exit in the second of the entry", reason: "ok", states: map[string]State{"s-1": Left},
			play: func(w *town) *scenarios.Decision {
				w.see("north", plateLi, false)
				return w.see("north", plateLi, true)
			}},
		{name: "exit in the future", reason: ClockAhead, states: map[string]State{"s-1": Inside},
			play: func(w *town) *scenarios.Decision {
				w.see("north", plateLi, false)
				return ok(w.tb)(w.Camera(context.Background(), PlateEvent{Event: "ahead", Lot: "north", Exit: true, Plate: plateLi, Confidence: 990, Time: w.clock.Add(2 * time.Minute)}))
			}},
		{name: "unreadable at the entry", reason: PlateUnreadable,
			play: func(w *town) *scenarios.Decision { return w.see("north", "?", false) }},
		{name: "unreadable at the exit", reason: PlateUnreadable, states: map[string]State{"s-1": Inside},
			play: func(w *town) *scenarios.Decision {
				w.see("north", plateLi, false)
				return w.see("north", "?", true)
			}},
		{name: "somebody else's code", reason: AnotherCode, states: map[string]State{"s-1": Inside},
			play: func(w *town) *scenarios.Decision {
				w.show("wang", "north", Enter)
				v := w.people.Visit(scenarios.Phone, "zhao", 0, Leave, `{"lot":"north"}`)
				v.Time = w.clock
				assert.Equal(w.tb, NotInside, ok(w.tb)(w.Handle(context.Background(), &v)).Reason)
				in := w.people.Visit(scenarios.Phone, "chen", 0, Enter, `{"lot":"south","plate":"辽B00001"}`)
				in.Time = w.clock
				ok(w.tb)(w.Handle(context.Background(), &in))
				out := w.people.Visit(scenarios.Phone, "zhao", 0, Leave, `{"lot":"south","plate":"辽B00001"}`)
				out.Time = w.clock
				return ok(w.tb)(w.Handle(context.Background(), &out))
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newTown(t, nil)
			w.bind(li, plateLi, "mandate-li")
			d := c.play(w)
			assert.Equal(t, c.reason, d.Reason)
			w.collect()
			for id, state := range c.states {
				assert.Equal(t, state, w.session(id).State, id)
			}
			for id, doubt := range c.doubts {
				assert.Equal(t, doubt, w.session(id).Doubt, id)
			}
			assert.Equal(t, c.taken, w.taken())
			w.audit()
		})
	}
}

// A plate has one active owner, and the citizen is told of every change.
func TestRow27OneOwner(t *testing.T) {
	w, ctx := newTown(t, nil), context.Background()
	w.bind(li, plateLi, "mandate-li")
	bind := BindRequest{Key: "b", Person: wang, Plate: plateLi, Mandate: "mandate-wang"}
	assert.Equal(t, PlateOwned, ok(t)(w.BindPlate(ctx, bind)).Reason)
	request := func(key, person string) PlateRequest {
		return PlateRequest{Key: key, Person: person, Plate: plateLi, By: "desk"}
	}
	assert.Equal(t, PlateUnknown, ok(t)(w.VerifyPlate(ctx, request("1", wang))).Reason)

	// Suspended: the barrier asks for a payment.
	require.True(t, ok(t)(w.SuspendPlate(ctx, request("2", li))).Allow)
	assert.Equal(t, WrongState, ok(t)(w.SuspendPlate(ctx, request("2b", li))).Reason)
	w.see("north", plateLi, false)
	w.pass(time.Hour)
	assert.Equal(t, PaymentDue, w.see("north", plateLi, true).Reason)
	require.True(t, ok(t)(w.ResumePlate(ctx, request("3", li))).Allow)
	assert.True(t, w.see("north", plateLi, true).Allow)

	// Sold: the next owner is verified after the first has let go.
	require.True(t, ok(t)(w.RevokePlate(ctx, request("4", li))).Allow)
	require.True(t, ok(t)(w.BindPlate(ctx, bind)).Allow)
	assert.True(t, ok(t)(w.BindPlate(ctx, bind)).Allow, "the same again")
	bind.Mandate = "another"
	assert.Equal(t, KeyReused, ok(t)(w.BindPlate(ctx, bind)).Reason)
	require.True(t, ok(t)(w.VerifyPlate(ctx, request("5", wang))).Allow)
	assert.Equal(t, PlateUnknown, ok(t)(w.ResumePlate(ctx, request("6", li))).Reason)
	mine, err := w.Plates(ctx, wang)
	require.NoError(t, err)
	assert.Equal(t, []BoundPlate{{"辽A***45", PlateActive, 50_000}}, mine)
	notices, err := w.Notices(ctx, 0)
	require.NoError(t, err)
	var told []PlateState
	for _, n := range notices {
		told = append(told, n.PlateState)
	}
	assert.Equal(t, []PlateState{PlateActive, PlateSuspended, PlateActive, PlateRevoked, PlateActive}, told)
	w.audit()
}

// Two people ask for one plate at the same time; the first who is verified has it.
func TestRow27OneOwnerAtVerification(t *testing.T) {
	w, ctx := newTown(t, nil), context.Background()
	for i, person := range []string{li, wang} {
		require.True(t, ok(t)(w.BindPlate(ctx, BindRequest{Key: person, Person: person, Plate: plateLi, Mandate: "mandate"})).Allow)
		d := ok(t)(w.VerifyPlate(ctx, PlateRequest{Key: person + "v", Person: person, Plate: plateLi, By: "register"}))
		if i == 0 {
			require.True(t, d.Allow)
			// He lets go of the mandate and asks again, so that both wait.
			require.True(t, ok(t)(w.BindPlate(ctx, BindRequest{Key: "again", Person: li, Plate: plateLi, Mandate: "mandate"})).Allow)
		} else {
			require.True(t, d.Allow, "nobody was verified at that moment")
		}
	}
	assert.Equal(t, PlateOwned, ok(t)(w.VerifyPlate(ctx, PlateRequest{Key: "x", Person: li, Plate: plateLi, By: "register"})).Reason)
}

// The bank declines: the debt has a name, the mandate stops, and a payment of
// the debt sets it going again.
func TestRow27Debt(t *testing.T) {
	w, ctx := newTown(t, nil), context.Background()
	w.bind(wang, plateWang, "mandate-wang") // 6 yuan
	w.see("north", plateWang, false)
	w.pass(90 * time.Minute)
	require.True(t, w.see("north", plateWang, true).Allow)
	assert.Equal(t, Collected{Declined: 1}, w.collect())
	debts, err := w.Debts(ctx, wang, "")
	require.NoError(t, err)
	assert.Equal(t, []Bill{{ID: "s-1", Lot: "north", Payer: wang, Payment: Unpaid, Fen: 1000, Due: 1000}}, debts)
	mine, err := w.Plates(ctx, wang)
	require.NoError(t, err)
	assert.Equal(t, PlateOverdue, mine[0].State)
	assert.Equal(t, DebtOpen, ok(t)(w.BindPlate(ctx, BindRequest{Key: "b", Person: wang, Plate: plateWang, Mandate: "mandate-2"})).Reason)

	w.see("north", plateWang, false)
	w.pass(time.Hour)
	assert.Equal(t, PaymentDue, w.see("north", plateWang, true).Reason, "no mandate while a debt is open")
	assert.Equal(t, AmountTooHigh, ok(t)(w.Pay(ctx, PayRequest{Key: "p0", Bill: "s-1", Fen: 1001, Method: ByQR})).Reason)
	for range 2 {
		require.True(t, ok(t)(w.Pay(ctx, PayRequest{Key: "p1", Bill: "s-1", Fen: 1000, Method: ByQR})).Allow)
	}
	assert.Equal(t, NothingDue, ok(t)(w.Pay(ctx, PayRequest{Key: "p2", Bill: "s-1", Fen: 1, Method: ByQR})).Reason)
	assert.True(t, w.see("north", plateWang, true).Allow)
	assert.Equal(t, Collected{Accepted: 1}, w.collect())
	assert.Zero(t, w.net(receivable(wang)))
	w.audit()
}

// A fall-back: he pays at the machine and has the grace to drive out.
func TestRow27SelfPay(t *testing.T) {
	w, ctx := newTown(t, nil), context.Background()
	w.see("north", plateWang, false)
	w.pass(50 * time.Minute)
	d := ok(t)(w.Quote(ctx, QuoteRequest{Lot: "north", Plate: plateWang}))
	assert.Contains(t, string(d.Outcome), `"due":500`)
	assert.Equal(t, PaymentDue, w.see("north", plateWang, true).Reason)
	require.True(t, ok(t)(w.Pay(ctx, PayRequest{Key: "p", Bill: "s-1", Fen: 500, Method: ByCash, By: "desk 2"})).Allow)
	w.pass(14 * time.Minute)
	assertPassage(t, Passage{Free: 10, Minutes: 64, Session: "s-1", State: Left, Fen: 500, Payment: Paid}, w.see("north", plateWang, true))
	assert.EqualValues(t, 500, w.net(cash("north")))
	assert.EqualValues(t, -500, w.net(income("north")))
	w.audit()
}

// The street has no barrier that holds: what is due becomes a debt of the plate.
func TestRow27OpenUnpaid(t *testing.T) {
	w, ctx := newTown(t, nil), context.Background()
	w.see("street", plateWang, false)
	w.pass(time.Hour)
	d := w.see("street", plateWang, true)
	assert.True(t, d.Allow)
	assert.Equal(t, Unpaid, passage(t, d).Payment)
	debts, err := w.Debts(ctx, "", plateWang)
	require.NoError(t, err)
	require.Len(t, debts, 1)
	require.True(t, ok(t)(w.Pay(ctx, PayRequest{Key: "p", Bill: debts[0].ID, Fen: 200, Method: ByQR})).Allow)
	debts, err = w.Debts(ctx, "", plateWang)
	require.NoError(t, err)
	assert.EqualValues(t, 300, debts[0].Due)
	w.audit()
}
