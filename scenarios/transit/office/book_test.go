package office_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/rails/railstest"
	"github.com/citizencode/citizencode/scenarios/transit/fare"
	"github.com/citizencode/citizencode/scenarios/transit/gtfs"
	"github.com/citizencode/citizencode/scenarios/transit/gtfstest"
	"github.com/citizencode/citizencode/scenarios/transit/office"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

// transactions lists what a person's account shows: booking day, service day,
// kind and amount.
func (d *desk) transactions(n int) (list []string) {
	d.t.Helper()
	account := ledger.MustAccount(ledger.Asset, "receivable", "transit", person(n))
	from, _ := ledger.ParseDay("2026-05-01")
	st, err := d.ledger.Statement(d.t.Context(), ledger.StatementQuery{Account: account, From: from, To: from.Add(300)})
	require.NoError(d.t, err)
	for _, l := range st.Lines {
		list = append(list, fmt.Sprintf("%s %s %s %+d", l.Place.Day.String()[5:], l.Origin.String()[5:], l.Kind, l.Debit-l.Credit))
	}
	return list
}

// TestLateTap: an exit that comes when its day is closed takes back, on the
// open day, what the missing exit cost too much.
func TestLateTap(t *testing.T) {
	d := open(t, nil)
	in := d.newTap(1, tap.Enter, "s1", at(21, "08:00"))
	out := d.newTap(1, tap.Exit, "s2", at(21, "08:20"))
	bus := d.newTap(1, tap.Board, "B", at(21, "09:00"))
	d.send(in, bus)
	assert.Zero(t, d.book(20).Changes, "the day is not over")
	d.book(21)
	assert.EqualValues(t, 400+200, d.owes(1))
	d.close(21)
	assert.Equal(t, 1, d.send(out).New)
	assert.Equal(t, 1, d.send(out).Known)
	done := d.book(22)
	assert.Equal(t, office.Booking{People: 1, Changes: 1, Fen: -200, Transactions: 1}, *done)
	assert.EqualValues(t, 200+200, d.owes(1))
	assert.Equal(t, []string{"11-21 11-21 transit.fare +600", "11-22 11-21 transit.fare.adjustment -200"}, d.transactions(1))
	d.zero(21, 22)
	st, err := d.Settle(t.Context(), date(22))
	require.NoError(t, err)
	assert.Equal(t, scenarios.Settlement{Day: date(22), Lines: []scenarios.SettlementLine{{Party: "metro/metro", Count: 0, Fen: -200}}}, *st)
	st, err = d.Settle(t.Context(), date(21))
	require.NoError(t, err)
	assert.Equal(t, scenarios.Settlement{Day: date(21), Closed: true, Lines: []scenarios.SettlementLine{
		{Party: "bus/b", Count: 1, Fen: 200}, {Party: "metro/metro", Count: 1, Fen: 400}}}, *st)
	j, err := d.Journeys(t.Context(), office.JourneysRequest{Person: person(1), Month: "2026-11"})
	require.NoError(t, err)
	assert.EqualValues(t, 400, j.Fen)
	require.Len(t, j.Charges, 2)
	assert.Equal(t, in.Key, j.Charges[0].Leg.Taps[0].Gate)
}

// TestRow36ConcessionExpired: an expired concession charges the full fare.
func TestRow36ConcessionExpired(t *testing.T) {
	d := open(t, nil)
	for i, day := range []int{19, 20} { // the class ends as the 20th begins
		ride := d.newTap(1, tap.Board, "B", at(day, "09:00"))
		ride.Benefit = 3
		assert.Equal(t, 1, d.send(ride).New, "not refused")
		d.book(day)
		assert.EqualValues(t, []int64{100, 100 + 200}[i], d.owes(1))
	}
}

// TestAutofill: of the exits that are missing, the first in a calendar month is
// inferred, however often the months are computed; the next cost the maximum.
func TestAutofill(t *testing.T) {
	d := open(t, func(c *office.Config) { c.Fare.Autofill = fare.Autofill{PerMonth: 1} })
	// In at s1, in again at s2: the exit was there.
	twice := func(day int) {
		d.send(d.newTap(1, tap.Enter, "s1", at(day, "08:00")), d.newTap(1, tap.Enter, "s2", at(day, "18:00")), d.newTap(1, tap.Exit, "s1", at(day, "18:20")))
	}
	d.now = at(33, "12:00")
	for i, day := range []int{29, 30, 31} { // the last is the first of December
		twice(day)
		_, err := d.Book(t.Context(), office.BookRequest{Through: "2026-12-02"})
		require.NoError(t, err)
		assert.EqualValues(t, []int64{200 + 200, 400 + 400 + 200, 1000 + 200 + 200}[i], d.owes(1), day)
	}
}

// TestMonths: a ride over midnight of a month is one ride, of the day on which
// it began, whichever of its taps comes first; and the cap of a day holds.
func TestMonths(t *testing.T) {
	for i := range 4 {
		outFirst, last := i%2 == 0, []int{30, -153}[i/2] // before a Tuesday, and before a Monday
		d := open(t, func(c *office.Config) { c.Fare.DayStart = 0 })
		d.now = at(last, "23:59").Add(72 * time.Hour)
		in := d.newTap(1, tap.Enter, "s1", at(last, "23:50"))
		out := d.newTap(1, tap.Exit, "s2", at(last, "23:50").Add(20*time.Minute))
		book := func() {
			_, err := d.Book(t.Context(), office.BookRequest{Through: "2026-12-02"})
			require.NoError(t, err)
			again, err := d.Book(t.Context(), office.BookRequest{Through: "2026-12-02"})
			require.NoError(t, err)
			assert.Zero(t, *again, "what has not changed is not computed")
		}
		if outFirst {
			in, out = out, in
		}
		d.send(in)
		book()
		assert.EqualValues(t, 400, d.owes(1))
		d.send(out)
		book()
		assert.EqualValues(t, 200, d.owes(1), outFirst)
		d.reopen()
		book()
		assert.EqualValues(t, 200, d.owes(1))
	}
}

// TestWeekOverMonths: a weekly cap holds over the end of a month, and a late tap
// of the one changes the fares of the other.
func TestWeekOverMonths(t *testing.T) {
	d := open(t, func(c *office.Config) {
		text := strings.Replace(town, "day,day,8.00,CNY", "week,week,5.00,CNY", 1)
		var err error
		c.Feed, err = gtfs.Load(gtfstest.Text(text).FS())
		require.NoError(t, err)
	})
	const monday, thursday = -33, -30 // 28 September and 1 October
	ride := func(day int, clock string) { d.send(d.newTap(1, tap.Board, "B", at(day, clock))) }
	ride(monday, "08:00")
	ride(monday, "09:00")
	ride(thursday, "08:00")
	d.book(1)
	assert.Equal(t, []string{"09-28 09-28 transit.fare +400", "10-01 10-01 transit.fare +100"}, d.transactions(1))
	ride(monday, "10:00")
	d.book(1)
	assert.ElementsMatch(t, []string{"09-28 09-28 transit.fare +400", "09-28 09-28 transit.fare.adjustment +100",
		"10-01 10-01 transit.fare +100", "10-01 10-01 transit.fare.adjustment -100"}, d.transactions(1))
}

// TestFunctionOfTheSet: whatever comes in which order, how often, with records
// that differ under one key, with books made in between, with taps taken back
// early or late and with restarts: what people owe follows from the set.
func TestFunctionOfTheSet(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		r := rand.New(rand.NewPCG(seed, 0))
		run := func(script func(d *desk, taps []tap.Tap, back []string)) []int64 {
			d := open(t, nil)
			var taps []tap.Tap
			people := cityTaps(d, seed, 60)
			for n := 1; n <= len(people); n++ {
				taps = append(taps, people[person(n)]...)
			}
			// A gate that writes two records of one visit, at two prices.
			for _, tp := range taps {
				if tp.Kind == tap.Board && tp.Sequence%3 == 0 {
					tp.Line = map[string]string{"A": "B", "B": "A"}[tp.Line]
					taps = append(taps, tp)
				}
			}
			script(d, taps, []string{taps[1].Key, taps[len(taps)/2].Key})
			d.book(23)
			d.zero(17, 18, 19, 20, 21, 22, 23, 24)
			var owed []int64
			for n := range len(people) {
				owed = append(owed, d.owes(n+1))
			}
			return owed
		}
		reverse := func(d *desk, key string) {
			_, err := d.Reverse(t.Context(), scenarios.Reversal{Key: key, Request: "r " + key, Time: at(24, "10:00")})
			require.NoError(t, err)
		}
		want := run(func(d *desk, taps []tap.Tap, back []string) {
			d.send(taps...)
			for _, key := range back {
				reverse(d, key)
			}
		})
		got := run(func(d *desk, taps []tap.Tap, back []string) {
			closed := 16
			var copies []tap.Tap
			for _, t := range taps {
				for range 1 + r.IntN(3) {
					copies = append(copies, t)
				}
			}
			r.Shuffle(len(copies), func(i, j int) { copies[i], copies[j] = copies[j], copies[i] })
			for _, t := range copies {
				d.send(t)
				switch r.IntN(20) {
				case 0:
					d.book(17 + r.IntN(6))
				case 1:
					d.reopen()
				case 2:
					if closed < 23 {
						closed++
						d.close(closed)
					}
				case 3:
					reverse(d, back[0])
				}
			}
			for _, key := range back {
				reverse(d, key)
			}
		})
		require.Equal(rt, want, got)
	})
}

// A cut is a ledger, or an event store, that fails from a call on, before or
// after its effect.
type cut struct {
	ledger.Store
	events eventlog.Store
	left   int
	after  bool
}

var errCut = errors.New("cut")

func (c *cut) fails() (before, after bool) {
	c.left--
	return c.left == 0 && !c.after, c.left == 0 && c.after
}

func (c *cut) Commit(ctx context.Context, txs []*ledger.Transaction, atomic bool) ([]ledger.Verdict, error) {
	before, after := c.fails()
	if before {
		return nil, errCut
	}
	v, err := c.Store.Commit(ctx, txs, atomic)
	if after {
		return nil, errCut
	}
	return v, err
}

func (c *cut) Append(ctx context.Context, stream string, n int64, events []eventlog.Event) error {
	before, after := c.fails()
	if before {
		return errCut
	}
	err := c.events.Append(ctx, stream, n, events)
	if after {
		return errCut
	}
	return err
}

func (c *cut) Read(ctx context.Context, stream string, n int64, limit int) ([]eventlog.Event, error) {
	return c.events.Read(ctx, stream, n, limit)
}

// TestCut: a crash at any write, before or after its effect, then a restart and
// the same again: both the events and the money, once.
func TestCut(t *testing.T) {
	for _, after := range []bool{false, true} {
		cuts := 0
		for n := 1; ; n++ {
			c := &cut{Store: ledger.NewMemory(), events: eventlog.NewMemory(), left: n, after: after}
			d := open(t, func(cfg *office.Config) {
				cfg.Events = c
				cfg.Ledger = ledger.New(c)
			})
			d.accounts(railstest.Faults{}, 10_000)
			d.ledger = d.cfg.Ledger
			taps := []tap.Tap{d.newTap(1, tap.Enter, "s1", at(21, "08:00")), d.newTap(1, tap.Board, "A", at(21, "09:00")), d.newTap(2, tap.Board, "B", at(22, "09:00")),
				d.newTap(1, tap.Exit, "s3", at(21, "08:20"))}
			failed := false
			// again does a step until it works, restarting after each fault.
			again := func(step func() error) {
				for {
					err := step()
					if err == nil {
						return
					}
					require.ErrorIs(t, err, errCut)
					failed = true
					d.now = d.now.Add(time.Minute)
					d.reopen()
				}
			}
			for i, tp := range taps {
				again(func() error {
					_, err := d.Upload(t.Context(), tap.Batch{Gate: tp.Gate, Taps: []tap.Tap{tp}})
					return err
				})
				if i > 1 {
					again(func() error {
						_, err := d.Book(t.Context(), office.BookRequest{Through: date(22)})
						return err
					})
				}
			}
			again(func() error {
				_, err := d.Charge(t.Context(), office.ChargeRequest{Day: date(23)})
				return err
			})
			again(func() error {
				_, err := d.Reverse(t.Context(), scenarios.Reversal{Key: taps[2].Key, Request: "r", Time: at(24, "10:00")})
				return err
			})
			assert.EqualValues(t, 0, d.owes(1), "cut %d", n)
			assert.EqualValues(t, 0, d.owes(2), "cut %d", n)
			assert.EqualValues(t, 10_000-300-100, d.bank.Funds(mandate(t, 1)), "cut %d", n)
			d.zero(21, 22, 23, 24)
			if !failed {
				break
			}
			cuts++
		}
		assert.Greater(t, cuts, 10)
	}
}

// TestTwoProcesses: two offices over the same stores take, book and charge what
// either has heard, once.
func TestTwoProcesses(t *testing.T) {
	a := open(t, nil)
	a.accounts(railstest.Faults{}, 10_000)
	b := *a
	b.reopen()
	b.send(a.newTap(1, tap.Board, "B", at(21, "09:00")))
	a.send(a.newTap(1, tap.Board, "A", at(21, "08:00")))
	a.send(a.newTap(2, tap.Board, "A", at(21, "08:00")))
	assert.EqualValues(t, 400, b.book(21).Fen)
	assert.Zero(t, a.book(21).Changes)
	assert.EqualValues(t, 300, a.charge(20).Fen)
	a.send(a.newTap(1, tap.Board, "B", at(21, "10:00")))
	done := make(chan *office.Booking)
	for _, d := range []*desk{a, &b} {
		go func() {
			r, err := d.Book(t.Context(), office.BookRequest{Through: date(21)})
			assert.NoError(t, err)
			done <- r
		}()
	}
	assert.Equal(t, 1, (<-done).Changes+(<-done).Changes)
	assert.EqualValues(t, 200, a.owes(1))
	assert.Equal(t, 1, a.charge(21).Paid)
	assert.Equal(t, 0, b.charge(21).Paid)
	for _, d := range []*desk{a, &b} {
		require.NoError(t, d.Archive(t.Context(), office.ArchiveRequest{Month: "2026-10"}))
		d.zero(21)
	}
}
