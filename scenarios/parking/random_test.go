package parking

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/rails"
	"github.com/citizencode/citizencode/scenarios/rails/railstest"
)

var errDisk = errors.New("the disk does not answer")

// A flaky store fails before or after it has kept the events.
type flaky struct {
	eventlog.Store
	fail func() bool
}

func (f *flaky) Append(ctx context.Context, stream string, after int64, events []eventlog.Event) error {
	if f.fail() {
		return errDisk
	}
	err := f.Store.Append(ctx, stream, after, events)
	if f.fail() {
		return errDisk
	}
	return err
}

// A flaky ledger does the same.
type flakyBooks struct {
	ledger.Store
	fail func() bool
}

func (f *flakyBooks) Commit(ctx context.Context, txs []*ledger.Transaction, atomic bool) ([]ledger.Verdict, error) {
	if f.fail() {
		return nil, errDisk
	}
	verdicts, err := f.Store.Commit(ctx, txs, atomic)
	if err == nil && f.fail() {
		return nil, errDisk
	}
	return verdicts, err
}

// Whatever the cameras see, in whatever order, on whatever day; whoever shows a
// code or pays; whatever the disk, the ledger and the bank do: no session is
// billed or charged twice, the bill is that of the tariff, no doubtful reading
// moves money, and a restart finds the same.
func TestRow27Random(t *testing.T) {
	steps := 60
	if long {
		steps = 400
	}
	// Near each other, so that misreadings meet other cars.
	plates := []string{"辽A12345", "辽A12346", "辽A12845", "辽B00001", "辽A1234?"}
	people := []string{"li", "wang"}
	rapid.Check(t, func(rt *rapid.T) {
		ctx := context.Background()
		faults := rapid.IntRange(0, 10).Draw(rt, "faults") // of 100
		calm := false
		fail := func() bool { return !calm && faults > 0 && rapid.IntRange(0, 99).Draw(rt, "fault") < faults }
		w := newTown(t, func(c *Config) {
			c.Store = &flaky{c.Store, fail}
			c.Ledger = ledger.New(&flakyBooks{ledger.NewMemory(), fail})
			calm = true
		})
		w.tb = t
		w.bank = railstest.NewBank(railstest.Hostile(rapid.Uint64().Draw(rt, "bank")), map[rails.Mandate]int64{mandate(t, "mandate-li"): 3_000, mandate(t, "mandate-wang"): 1 << 40})
		w.cfg.Bank = w.bank
		w.cfg.Wait = func(context.Context, int) error { return nil }
		w.reopen()
		w.bind(li, plates[0], "mandate-li")
		w.bind(wang, plates[1], "mandate-wang")
		calm = false

		// until asks until there is an answer, as a terminal does.
		until := func(ask func() (*scenarios.Decision, error)) *scenarios.Decision {
			for range 1000 {
				if rapid.IntRange(0, 40).Draw(rt, "crash") == 0 {
					before := calm
					calm = true
					w.reopen()
					calm = before
				}
				d, err := ask()
				if err == nil {
					return d
				}
				require.ErrorIs(rt, err, errDisk)
			}
			rt.Fatal("no answer")
			return nil
		}
		allowedOut := make(map[string]bool) // sessions that a sure reading or a code let out
		for i := range rapid.IntRange(1, steps).Draw(rt, "steps") {
			w.pass(time.Duration(rapid.IntRange(0, 180).Draw(rt, "minutes")) * time.Minute)
			lot := rapid.SampledFrom([]string{"north", "south", "street"}).Draw(rt, "lot")
			exit := rapid.Bool().Draw(rt, "exit")
			switch rapid.SampledFrom([]string{"camera", "camera", "camera", "camera", "code", "code", "pay", "collect", "resolve", "refund", "sweep"}).Draw(rt, "what") {
			case "camera":
				e := PlateEvent{Event: fmt.Sprint("event ", i), Lot: lot, Exit: exit, Plate: rapid.SampledFrom(plates).Draw(rt, "plate"),
					Confidence: rapid.SampledFrom([]int{990, 990, 990, 500}).Draw(rt, "confidence"), Time: w.clock.Add(-time.Duration(rapid.SampledFrom([]int{0, 0, 0, 200}).Draw(rt, "late")) * time.Minute)}
				d := until(func() (*scenarios.Decision, error) { return w.Camera(ctx, e) })
				again := until(func() (*scenarios.Decision, error) { return w.Camera(ctx, e) })
				if d.Allow {
					require.Equal(rt, d, again)
				}
				if d.Allow && exit {
					require.GreaterOrEqual(rt, e.Confidence, 900)
					allowedOut[passage(rt, d).Session] = true
				}
			case "code":
				name := rapid.SampledFrom(people).Draw(rt, "who")
				action := Enter
				if exit {
					action = Leave
				}
				v := w.people.Visit(scenarios.Phone, name, 0, action, fmt.Sprintf(`{"lot":%q}`, lot))
				v.Time, v.Key = w.clock, fmt.Sprint("visit ", i)
				d := until(func() (*scenarios.Decision, error) { return w.Handle(ctx, &v) })
				if d.Allow && exit {
					allowedOut[passage(rt, d).Session] = true
				}
			case "pay":
				id := fmt.Sprint("s-", rapid.IntRange(1, 10).Draw(rt, "session"))
				until(func() (*scenarios.Decision, error) {
					return w.Pay(ctx, PayRequest{Key: fmt.Sprint("pay ", i), Bill: id, Fen: int64(100 * rapid.IntRange(1, 10).Draw(rt, "yuan")), Method: ByQR})
				})
			case "refund":
				id := fmt.Sprint("s-", rapid.IntRange(1, 10).Draw(rt, "session"))
				fen := int64(rapid.IntRange(1, 800).Draw(rt, "fen"))
				until(func() (*scenarios.Decision, error) {
					return w.Refund(ctx, RefundRequest{Key: fmt.Sprint("refund ", i), Bill: id, Fen: fen, By: "desk"})
				})
			case "resolve":
				r := ResolveRequest{Key: fmt.Sprint("resolve ", i), Session: fmt.Sprint("s-", rapid.IntRange(1, 10).Draw(rt, "session")), By: "desk",
					How: rapid.SampledFrom([]How{ItIsInside, ItLeft, LetItGo}).Draw(rt, "how"), LeftAt: w.clock}
				if in, found, err := w.Session(ctx, r.Session); err == nil && found && !in.EnteredAt.After(w.clock) {
					until(func() (*scenarios.Decision, error) { return w.Resolve(ctx, r) })
				}
			case "sweep":
				if _, err := w.Sweep(ctx); err != nil {
					require.ErrorIs(rt, err, errDisk)
				}
			case "collect":
				if _, err := w.Collect(ctx); err != nil {
					require.ErrorIs(rt, err, errDisk)
				}
			}
		}

		// In the end everything is calm, and the bank knows what it did.
		calm = true
		w.bank.Calm()
		w.reopen()
		for range 3 {
			w.collect()
		}
		require.Zero(rt, w.refused.Load(), "the ledger refused what follows from events")
		sessions, err := w.Sessions(ctx, SessionFilter{})
		require.NoError(rt, err)
		inside := make(map[string]int)
		moved := make(map[string]int)
		for _, m := range w.bank.Movements() {
			moved[m.Key]++
		}
		var owed, received int64
		for _, s := range sessions {
			if s.State.inside() {
				inside[s.Lot]++
			}
			charges := moved["parking.charge:parking:"+s.ID]
			require.LessOrEqual(rt, charges, 1, s.ID)
			if charges > 0 {
				require.True(rt, allowedOut[s.ID], "%s was charged and nobody let it out", s.ID)
				require.Equal(rt, Left, s.State)
			}
			if s.Bill == nil {
				continue
			}
			want := int64(0) // five yuan an hour begun, 15 minutes free
			if stay := s.LeftAt.Sub(s.EnteredAt); s.State == Left && stay > 15*time.Minute {
				want = int64((stay+time.Hour-1)/time.Hour) * 500
			}
			if s.Bill.Fen != want && s.State == Left {
				// Paid before, and out within the grace: the fee of that moment.
				require.Equal(rt, want-500, s.Bill.Fen, s.ID)
				require.Positive(rt, s.Bill.Paid, s.ID)
			}
			require.LessOrEqual(rt, s.Bill.Refunded, s.Bill.Fen)
			require.GreaterOrEqual(rt, s.Bill.Paid, int64(0))
			if s.State.ended() {
				require.LessOrEqual(rt, s.Bill.Paid, s.Bill.Fen-s.Bill.Refunded, "paid more than owed: %s", s.ID)
				require.NotEqual(rt, Charging, s.Bill.Payment, s.ID)
			}
			owed += s.Bill.Fen - s.Bill.Refunded
			received += s.Bill.Paid
		}
		for lot := range w.lots {
			require.Equal(rt, inside[lot], w.state.yard(lot).cars, lot)
		}
		require.Equal(rt, -owed, w.net(income("north"))+w.net(income("south"))+w.net(income("street")))
		var undelivered int64
		for _, b := range w.state.bills {
			for _, p := range b.payments {
				undelivered += p.undelivered
			}
		}
		require.Equal(rt, received+undelivered, w.net(bankClearing)+w.net(qrClearing))
		w.audit()
	})
}
