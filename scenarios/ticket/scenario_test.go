package ticket_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/scenariotest"
	"github.com/citizencode/citizencode/scenarios/ticket"
	"github.com/citizencode/citizencode/scenarios/ticket/tickettest"
)

func TestMemory(t *testing.T) {
	tickettest.Run(t, func(*testing.T) ticket.Store { return ticket.NewMemory() })
}

var (
	start = citycodetest.Start // eight in the morning
	hour  = time.Hour
)

// zoo sells a morning of four places, an afternoon of two, a free hour, a pass.
func zoo() ticket.Config {
	text := scenarios.Text{Zh: "票", En: "ticket"}
	return ticket.Config{Venue: "zoo",
		Products: []ticket.Product{{ID: "day", Name: text, Price: 3_000, MaxParty: 3}, {ID: "free", Name: text, MaxParty: 3},
			{ID: "year", Name: text, Price: 20_000, PassDays: 365}},
		Slots: []ticket.Slot{{ID: "am", Product: "day", Start: start, End: start.Add(4 * hour), Capacity: 4},
			{ID: "pm", Product: "day", Start: start.Add(4 * hour), End: start.Add(8 * hour), Capacity: 2},
			{ID: "evening", Product: "free", Start: start.Add(10 * hour), End: start.Add(12 * hour), Capacity: 5}}}
}

// A park is the office of a zoo.
type park struct {
	t *testing.T
	*ticket.Scenario
	books  *ledger.Ledger
	faulty *faulty
	people *scenariotest.People
}

// faulty is a ledger store that fails before or after a commit.
type faulty struct {
	ledger.Store
	before, after error
}

func (f *faulty) Commit(ctx context.Context, txs []*ledger.Transaction, atomic bool) ([]ledger.Verdict, error) {
	if f.before != nil {
		return nil, f.before
	}
	v, err := f.Store.Commit(ctx, txs, atomic)
	if f.after != nil {
		return nil, f.after
	}
	return v, err
}

func newPark(t *testing.T) *park {
	p := &park{t: t, faulty: &faulty{Store: ledger.NewMemory()}}
	p.books = ledger.New(p.faulty)
	cfg := zoo()
	cfg.Ledger = p.books
	var err error
	p.Scenario, err = ticket.New(cfg)
	require.NoError(t, err)
	p.people = scenariotest.NewPeople(t, p.Scenario, citycode.ProfileTransit)
	return p
}

func (p *park) visit(name, action, params string, after time.Duration) scenarios.Visit {
	v := p.people.Visit(scenarios.Phone, name, 0, action, params)
	v.Time = v.Time.Add(after)
	return v
}

func (p *park) handle(v scenarios.Visit) *scenarios.Decision { return handle(p.t, p.Scenario, v) }

func handle(t *testing.T, s *ticket.Scenario, v scenarios.Visit) *scenarios.Decision {
	t.Helper()
	d, err := s.Handle(t.Context(), &v)
	require.NoError(t, err)
	return d
}

func (p *park) do(name, action, params string, after time.Duration) *scenarios.Decision {
	p.t.Helper()
	return p.handle(p.visit(name, action, params, after))
}

// income asserts what the zoo has earned with a product, in fen.
func (p *park) income(product string, fen int64) {
	p.t.Helper()
	b, err := p.books.Balance(p.t.Context(), ledger.MustAccount(ledger.Income, "ticket", "zoo", product))
	require.NoError(p.t, err)
	assert.Equal(p.t, fen, -b.Net())
	totals, err := p.books.Totals(p.t.Context())
	require.NoError(p.t, err)
	assert.Zero(p.t, totals.Net())
}

func TestContract(t *testing.T) {
	newScenario := func() scenarios.Scenario { return newPark(t).Scenario }
	people := scenariotest.NewPeople(t, newScenario(), citycode.ProfileTransit)
	scenariotest.Run(t, newScenario, func(c scenarios.Carrier) []scenarios.Visit {
		script := []scenarios.Visit{
			people.Visit(c, "li", 0, ticket.Enter, `{}`),
			people.Visit(c, "li", 0, ticket.Book, `{"slot":"am","people":3}`),
			people.Visit(c, "wang", 0, ticket.Book, `{"slot":"am","people":2}`),
			people.Visit(c, "wang", 0, ticket.BuyPass, `{"product":"year"}`),
			people.Visit(c, "li", 0, ticket.Enter, `{"people":1}`),
			people.Visit(c, "li", 0, ticket.Enter, `{}`),
			people.Visit(c, "li", 0, ticket.Enter, `{}`),
			people.Visit(c, "wang", 0, ticket.Enter, `{}`),
			people.Visit(c, "wang", 0, ticket.Enter, `{}`),
			people.Visit(c, "wang", 0, ticket.Cancel, `{"booking":"none"}`),
		}
		// The number of a booking follows from its visit's key, and the outcomes
		// of the carriers are compared.
		for i := range script {
			script[i].Key = fmt.Sprint("visit ", i)
		}
		return script
	})
}

func TestRow37Day(t *testing.T) {
	p := newPark(t)
	assert.Equal(t, ticket.NoTicket, p.do("li", ticket.Enter, `{}`, 0).Reason)
	d := p.do("li", ticket.Book, `{"slot":"pm","people":2}`, 0)
	require.True(t, d.Allow, d.Reason)
	assert.EqualValues(t, 6_000, d.Charge)
	var place ticket.Place
	require.NoError(t, json.Unmarshal(d.Outcome, &place))
	assert.Equal(t, 2, place.People)
	p.income("day", 6_000)
	assert.Equal(t, ticket.SoldOut, p.do("wang", ticket.Book, `{"slot":"pm"}`, 0).Reason)
	assert.Equal(t, ticket.NotNow, p.do("li", ticket.Enter, `{}`, hour).Reason)
	assert.Equal(t, ticket.BookingUnknown, p.do("wang", ticket.Cancel, fmt.Sprintf(`{"booking":%q}`, place.Booking), hour).Reason, "another person's")

	assert.JSONEq(t, fmt.Sprintf(`{"ticket":%q,"people":1}`, place.Booking), string(p.do("li", ticket.Enter, `{"people":1}`, 5*hour).Outcome))
	assert.Equal(t, ticket.TooLateToCancel, p.do("li", ticket.Cancel, fmt.Sprintf(`{"booking":%q}`, place.Booking), 5*hour).Reason)
	assert.True(t, p.do("li", ticket.Enter, `{}`, 5*hour).Allow)
	d = p.do("li", ticket.Enter, `{}`, 5*hour+time.Minute)
	assert.Equal(t, ticket.AlreadyUsed, d.Reason)
	assert.Contains(t, d.Message.En, "13:00 at terminal 1", "where and when, in China's time")
	assert.Equal(t, ticket.NoTicket, p.do("li", ticket.Enter, `{}`, 8*hour).Reason)

	for params, reason := range map[string]string{`{"slot":"night"}`: ticket.SlotUnknown, `{"slot":"am","people":4}`: ticket.PartyTooLarge, `{"slot":"am"}`: ticket.SlotOver} {
		assert.Equal(t, reason, p.do("wang", ticket.Book, params, 4*hour).Reason, params)
	}
	for _, product := range []string{"day", "month"} {
		assert.Equal(t, ticket.ProductUnknown, p.do("wang", ticket.BuyPass, fmt.Sprintf(`{"product":%q}`, product), 0).Reason)
	}
	for _, people := range []string{"0", "-1", "101"} {
		v := p.visit("wang", ticket.Book, `{"slot":"am","people":`+people+`}`, 0)
		_, err := p.Handle(t.Context(), &v)
		wrong, ok := errors.AsType[*scenarios.RequestError](err)
		require.True(t, ok)
		assert.Equal(t, "params.people", wrong.Path)
	}
	offline := p.visit("wang", ticket.Book, `{"slot":"am"}`, 0)
	offline.Online = false
	assert.Equal(t, "online-required", p.handle(offline).Reason)

	// The free hour moves no money.
	d = p.do("wang", ticket.Book, `{"slot":"evening","people":3}`, 0)
	require.True(t, d.Allow)
	assert.Zero(t, d.Charge)
	assert.Equal(t, ticket.AlreadyBooked, p.do("wang", ticket.Book, `{"slot":"evening"}`, 0).Reason)
	st, err := p.Settle(t.Context(), "2026-11-22")
	require.NoError(t, err)
	assert.Equal(t, &scenarios.Settlement{Day: "2026-11-22", Lines: []scenarios.SettlementLine{{Party: "day", Count: 1, Fen: 6_000}}}, st)
	_, err = p.books.CloseDay(t.Context(), ledger.DayOf(start))
	require.NoError(t, err)
	st, err = p.Settle(t.Context(), "2026-11-22")
	require.NoError(t, err)
	assert.True(t, st.Closed)
	assert.True(t, p.do("zhao", ticket.Book, `{"slot":"am"}`, 0).Allow, "booked on the next day")
	p.income("day", 9_000)
}

// A pass lets in once on each day of China, and not after its last.
func TestRow37Pass(t *testing.T) {
	p := newPark(t)
	buy := p.visit("li", ticket.BuyPass, `{"product":"year"}`, 3*hour)
	require.True(t, p.handle(buy).Allow)
	assert.Equal(t, ticket.AlreadyBooked, p.do("li", ticket.BuyPass, `{"product":"year"}`, 4*hour).Reason)
	p.income("year", 20_000)
	assert.Equal(t, ticket.AlreadyUsed, p.do("li", ticket.Enter, `{"people":2}`, 5*hour).Reason, "one person")
	for day := range 3 {
		assert.True(t, p.do("li", ticket.Enter, `{}`, time.Duration(day)*24*hour+5*hour).Allow)
		assert.Equal(t, ticket.AlreadyUsed, p.do("li", ticket.Enter, `{}`, time.Duration(day)*24*hour+16*hour-time.Second).Reason)
	}
	assert.True(t, p.do("li", ticket.Enter, `{}`, 3*24*hour-8*hour).Allow, "a second after midnight in China")
	last := 365*24*hour - 8*hour
	assert.True(t, p.do("li", ticket.Enter, `{}`, last-time.Second).Allow)
	assert.Equal(t, ticket.NoTicket, p.do("li", ticket.Enter, `{}`, last).Reason)
	assert.True(t, p.do("li", ticket.BuyPass, `{"product":"year"}`, last).Allow)
	// A booking for the slot is used before the pass.
	require.True(t, p.do("wang", ticket.BuyPass, `{"product":"year"}`, 0).Allow)
	require.True(t, p.do("wang", ticket.Book, `{"slot":"am"}`, 0).Allow)
	for range 2 {
		assert.True(t, p.do("wang", ticket.Enter, `{}`, hour).Allow)
	}
	assert.Equal(t, ticket.AlreadyUsed, p.do("wang", ticket.Enter, `{}`, hour).Reason)
}

// The same ticket at two gates that are offline: the second is found when they
// are synchronised, the first in wins, whichever gate is heard first, and both
// are in the log.
func TestRow37TwoOfflineGates(t *testing.T) {
	for _, order := range [][2]int{{0, 1}, {1, 0}} {
		p := newPark(t)
		require.True(t, p.do("li", ticket.Book, `{"slot":"am","people":2}`, 0).Allow)
		require.True(t, p.do("wang", ticket.Book, `{"slot":"am","people":1}`, 0).Allow)
		manifest, err := p.Manifest(t.Context(), start)
		require.NoError(t, err)
		wire, err := json.Marshal(manifest)
		require.NoError(t, err)

		var gates [2]*ticket.Scenario
		var heard [2][]ticket.Use
		enter := func(gate int, name string, after time.Duration) {
			v := p.visit(name, ticket.Enter, `{}`, after)
			v.Online, v.Terminal = false, []string{"north", "south"}[gate]
			require.True(t, handle(t, gates[gate], v).Allow)
			assert.Equal(t, ticket.AlreadyUsed, handle(t, gates[gate], p.visit(name, ticket.Enter, `{}`, after+hour)).Reason, "at the same gate")
		}
		for i := range gates {
			var m ticket.Manifest
			require.NoError(t, json.Unmarshal(wire, &m))
			cfg := zoo()
			cfg.Store = ticket.NewMemory()
			require.NoError(t, ticket.Load(t.Context(), cfg.Store, &m))
			gates[i], err = ticket.New(cfg)
			require.NoError(t, err)
		}
		enter(1, "li", 30*time.Minute)
		enter(0, "li", 31*time.Minute)
		enter(0, "wang", 40*time.Minute)
		for i, gate := range gates {
			log, err := gate.Log(t.Context(), start)
			require.NoError(t, err)
			for _, v := range log {
				assert.Equal(t, ticket.OK, v.Reason, "as far as the gate knows")
				heard[i] = append(heard[i], v.Use)
			}
		}
		for range 2 { // the answer was lost: the gate sends again
			for _, i := range order {
				_, err := p.Sync(t.Context(), heard[i])
				require.NoError(t, err)
			}
		}
		log, err := p.Log(t.Context(), start)
		require.NoError(t, err)
		require.Len(t, log, 3)
		assert.Equal(t, []string{"south", "north", "north"}, []string{log[0].Use.Gate, log[1].Use.Gate, log[2].Use.Gate})
		assert.Equal(t, []string{ticket.OK, ticket.DoubleUse, ticket.OK}, []string{log[0].Reason, log[1].Reason, log[2].Reason})
		assert.Equal(t, &log[0].Use, log[1].First)
		assert.Equal(t, ticket.AlreadyUsed, p.do("li", ticket.Enter, `{}`, hour).Reason, "the office knows now")
	}
}

// A gate that was online again knows what was cancelled, and keeps who is in.
func TestRow37LoadAgain(t *testing.T) {
	p := newPark(t)
	ids := make(map[string]string)
	for _, name := range []string{"li", "wang", "zhao"} {
		var place ticket.Place
		require.NoError(t, json.Unmarshal(p.do(name, ticket.Book, `{"slot":"am"}`, 0).Outcome, &place))
		ids[name] = place.Booking
	}
	m, err := p.Manifest(t.Context(), start)
	require.NoError(t, err)
	cfg := zoo()
	cfg.Store = ticket.NewMemory()
	require.NoError(t, ticket.Load(t.Context(), cfg.Store, m))
	gate, err := ticket.New(cfg)
	require.NoError(t, err)
	assert.Equal(t, "online-required", handle(t, gate, p.visit("chen", ticket.Book, `{"slot":"am"}`, 0)).Reason, "a gate sells nothing")
	require.True(t, handle(t, gate, p.visit("li", ticket.Enter, `{}`, hour)).Allow)

	for _, name := range []string{"li", "wang"} { // the office does not know that li is in
		require.True(t, p.do(name, ticket.Cancel, fmt.Sprintf(`{"booking":%q}`, ids[name]), -hour).Allow)
	}
	newer, err := p.Manifest(t.Context(), start)
	require.NoError(t, err)
	require.Len(t, newer.Bookings, 1)
	for range 2 {
		require.NoError(t, ticket.Load(t.Context(), cfg.Store, newer))
	}
	for _, c := range []struct{ name, reason string }{{"li", ticket.AlreadyUsed}, {"wang", ticket.NoTicket}, {"zhao", "ok"}} {
		assert.Equal(t, c.reason, handle(t, gate, p.visit(c.name, ticket.Enter, `{}`, 2*hour)).Reason, c.name)
	}
	log, err := gate.Log(t.Context(), start)
	require.NoError(t, err)
	assert.Len(t, log, 2)

	m.Bookings[0].State = ticket.Held
	assert.ErrorContains(t, ticket.Load(t.Context(), ticket.NewMemory(), m), "bookings[0].state")
	assert.ErrorContains(t, ticket.Load(t.Context(), ticket.NewMemory(), &ticket.Manifest{Day: "today"}), "day")
	assert.ErrorContains(t, ticket.Load(t.Context(), ticket.NewMemory(), &ticket.Manifest{Day: "2026-11-22", Uses: make([]ticket.Use, 1)}), "uses[0].key")
}

func TestRow37SyncVerdicts(t *testing.T) {
	p := newPark(t)
	booked := p.visit("li", ticket.Book, `{"slot":"am"}`, 0)
	require.True(t, p.handle(booked).Allow)
	manifest, err := p.Manifest(t.Context(), start)
	require.NoError(t, err)
	id := manifest.Bookings[0].ID
	d, err := p.Reverse(t.Context(), scenarios.Reversal{Key: booked.Key, Request: "r", Time: start})
	require.NoError(t, err)
	require.True(t, d.Allow)
	u := ticket.Use{Key: ledger.TransactionID("a"), Booking: id, Ticket: id, Gate: "north", People: 1, Time: start.Add(time.Minute)}
	strange := u
	strange.Key, strange.Booking, strange.Ticket = ledger.TransactionID("b"), "x", "x"
	double := u
	double.Booking, double.Ticket = "y", "y"
	verdicts, err := p.Sync(t.Context(), []ticket.Use{u, strange, double})
	require.NoError(t, err)
	assert.Equal(t, []string{ticket.WasCancelled, ticket.NoBooking, ticket.KeyTaken}, []string{verdicts[0].Reason, verdicts[1].Reason, verdicts[2].Reason})
	_, err = p.Sync(t.Context(), make([]ticket.Use, ticket.MaxSync+1))
	assert.ErrorIs(t, err, ticket.ErrTooMany)
	for name, spoil := range map[string]func(*ticket.Use){
		"key": func(u *ticket.Use) { u.Key = "" }, "ticket": func(u *ticket.Use) { u.Ticket = "z" }, "gate": func(u *ticket.Use) { u.Gate = "" },
		"people": func(u *ticket.Use) { u.People = -1 }, "time": func(u *ticket.Use) { u.Time = u.Time.Add(1) },
	} {
		bad := u
		spoil(&bad)
		_, err := p.Sync(t.Context(), []ticket.Use{u, bad})
		assert.ErrorContains(t, err, "uses[1]."+name)
	}
	log, err := p.Log(t.Context(), start)
	require.NoError(t, err)
	assert.Len(t, log, 2, "a batch with a wrong use is refused whole")
}

// Judge depends on the set of uses only; no more people are good than the
// party; and nobody who was good is after one for whom there was no room.
func TestJudge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		party := rapid.IntRange(1, 5).Draw(t, "party")
		var uses []ticket.Use
		for i := range rapid.IntRange(0, 8).Draw(t, "uses") {
			u := ticket.Use{Key: fmt.Sprint(i), Gate: rapid.SampledFrom([]string{"n", "s"}).Draw(t, "gate"), People: rapid.IntRange(1, 3).Draw(t, "people"),
				Time: start.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "second")) * time.Second)}
			if rapid.IntRange(0, 4).Draw(t, "void") == 0 {
				u.Void = "order"
			}
			uses = append(uses, u)
		}
		verdicts := ticket.Judge(uses, party)
		require.Equal(t, verdicts, ticket.Judge(rapid.Permutation(uses).Draw(t, "order"), party))
		require.Len(t, verdicts, len(uses))
		in := 0
		for i, v := range verdicts {
			require.True(t, i == 0 || verdicts[i-1].Use.Compare(v.Use) < 0)
			switch v.Reason {
			case ticket.OK:
				require.Empty(t, v.Use.Void)
				in += v.Use.People
			case ticket.DoubleUse:
				require.Greater(t, in+v.Use.People, party)
				require.Equal(t, in == 0, v.First == nil)
			default:
				require.NotEmpty(t, v.Use.Void)
			}
		}
		require.LessOrEqual(t, in, party)
	})
}

func TestRow37Reverse(t *testing.T) {
	p := newPark(t)
	book, enter := p.visit("li", ticket.Book, `{"slot":"am","people":2}`, 0), p.visit("li", ticket.Enter, `{}`, hour)
	booked := p.handle(book)
	require.True(t, p.handle(enter).Allow)
	reverse := func(key, request string) string {
		d, err := p.Reverse(t.Context(), scenarios.Reversal{Key: key, Request: request, By: "desk", Why: "a mistake", Time: start.Add(2 * hour)})
		require.NoError(t, err)
		return d.Reason
	}
	assert.Equal(t, ticket.AlreadyUsed, reverse(book.Key, "r-1"), "somebody is in")
	for range 2 {
		assert.Equal(t, "ok", reverse(enter.Key, "r-2"))
	}
	assert.Equal(t, ticket.AlreadyReversed, reverse(enter.Key, "r-3"))
	assert.Equal(t, ticket.VisitUnknown, reverse("no such visit", "r-4"))
	assert.True(t, p.handle(enter).Allow, "asked again")
	p.income("day", 6_000)
	for range 2 {
		assert.Equal(t, "ok", reverse(book.Key, "r-1"))
		p.income("day", 0)
	}
	assert.Equal(t, ticket.AlreadyCancelled, reverse(book.Key, "r-5"))
	assert.Equal(t, booked, p.handle(book), "asked again")
	p.income("day", 0)
	assert.Equal(t, ticket.NoTicket, p.do("li", ticket.Enter, `{}`, hour).Reason)
	assert.True(t, p.do("wang", ticket.Book, `{"slot":"am","people":3}`, 0).Allow, "the places are free")
	_, err := p.Reverse(t.Context(), scenarios.Reversal{Key: book.Key})
	assert.Error(t, err)

	// The person cancels by itself, and asks twice.
	own := p.visit("zhao", ticket.Book, `{"slot":"pm"}`, 0)
	var place ticket.Place
	require.NoError(t, json.Unmarshal(p.handle(own).Outcome, &place))
	cancel := p.visit("zhao", ticket.Cancel, fmt.Sprintf(`{"booking":%q}`, place.Booking), hour)
	want := p.handle(cancel)
	assert.JSONEq(t, fmt.Sprintf(`{"booking":%q,"fen":3000}`, place.Booking), string(want.Outcome))
	assert.Equal(t, want, p.handle(cancel))
	assert.Equal(t, ticket.NoTicket, p.do("zhao", ticket.Enter, `{}`, hour).Reason, "it is not told to come back for what it cancelled")
	assert.Equal(t, ticket.AlreadyCancelled, p.do("zhao", ticket.Cancel, fmt.Sprintf(`{"booking":%q}`, place.Booking), hour).Reason)
	p.income("day", 9_000)
}

// A fault before or behind a posting: nobody is told yes, the same visit tells
// the end of it, and what nobody asks for again the ledger decides.
func TestRow37Faults(t *testing.T) {
	broken := errors.New("the disk is full")
	for name, c := range map[string]struct {
		fault func(*faulty, error)
		sold  int64 // of the booking that nobody asks for again
	}{
		"before": {func(f *faulty, err error) { f.before = err }, 0},
		"after":  {func(f *faulty, err error) { f.after = err }, 3_000},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPark(t)
			fails := func(v scenarios.Visit) {
				t.Helper()
				c.fault(p.faulty, broken)
				d, err := p.Handle(t.Context(), &v)
				assert.Nil(t, d)
				assert.ErrorIs(t, err, broken)
				c.fault(p.faulty, nil)
			}
			retried, left := p.visit("li", ticket.Book, `{"slot":"pm"}`, 0), p.visit("wang", ticket.Book, `{"slot":"pm"}`, 0)
			fails(retried)
			assert.Equal(t, ticket.NoTicket, p.do("li", ticket.Enter, `{}`, 5*hour).Reason, "not confirmed")
			booked := p.handle(retried)
			assert.True(t, booked.Allow)
			p.income("day", 3_000)
			fails(left)
			assert.Equal(t, ticket.SoldOut, p.do("zhao", ticket.Book, `{"slot":"pm"}`, 0).Reason, "its place is kept")

			require.NoError(t, p.Reconcile(t.Context(), start.Add(hour)))
			assert.Equal(t, ticket.SoldOut, p.do("zhao", ticket.Book, `{"slot":"pm"}`, 0).Reason, "it may still be asked again")
			for range 2 {
				require.NoError(t, p.Reconcile(t.Context(), start.Add(hour+time.Second)))
				p.income("day", 3_000+c.sold)
			}
			if c.sold == 0 {
				assert.Equal(t, ticket.BookingReleased, p.handle(left).Reason)
				p.income("day", 3_000)
				assert.True(t, p.do("zhao", ticket.Book, `{"slot":"pm"}`, 0).Allow)
			} else {
				assert.True(t, p.handle(left).Allow)
				assert.True(t, p.do("wang", ticket.Enter, `{}`, 5*hour).Allow)
			}

			// A cancellation that stopped half way is completed.
			var place ticket.Place
			require.NoError(t, json.Unmarshal(booked.Outcome, &place))
			fails(p.visit("li", ticket.Cancel, fmt.Sprintf(`{"booking":%q}`, place.Booking), hour))
			before, _ := p.books.Balance(t.Context(), ledger.MustAccount(ledger.Income, "ticket", "zoo", "day"))
			for range 2 {
				require.NoError(t, p.Reconcile(t.Context(), start.Add(3*hour)))
			}
			after, _ := p.books.Balance(t.Context(), ledger.MustAccount(ledger.Income, "ticket", "zoo", "day"))
			if c.sold == 0 {
				assert.EqualValues(t, 3_000, after.Net()-before.Net())
			}
			p.income("day", 3_000) // the other one
		})
	}
}

func TestOCTO(t *testing.T) {
	p := newPark(t)
	a, ok, err := p.OCTOAvailability(t.Context(), "am", start)
	require.NoError(t, err)
	require.True(t, ok)
	text, err := json.Marshal(a)
	require.NoError(t, err)
	assert.JSONEq(t, `{"id":"am","localDateTimeStart":"2026-11-22T08:00:00+08:00","localDateTimeEnd":"2026-11-22T12:00:00+08:00","allDay":false,
		"available":true,"status":"AVAILABLE","vacancies":4,"capacity":4,"maxUnits":3,"utcCutoffAt":"2026-11-22T04:00:00Z","openingHours":[]}`, string(text))
	_, ok, err = p.OCTOAvailability(t.Context(), "night", start)
	require.NoError(t, err)
	assert.False(t, ok)
	v := p.visit("li", ticket.Book, `{"slot":"am","people":3}`, 0)
	var place ticket.Place
	require.NoError(t, json.Unmarshal(p.handle(v).Outcome, &place))
	for _, c := range []struct {
		after  time.Duration
		status string
	}{{0, "LIMITED"}, {4 * hour, "CLOSED"}} {
		a, _, err := p.OCTOAvailability(t.Context(), "am", start.Add(c.after))
		require.NoError(t, err)
		assert.Equal(t, c.status, a.Status)
	}
	require.True(t, p.do("wang", ticket.Book, `{"slot":"am"}`, 0).Allow)
	a, _, err = p.OCTOAvailability(t.Context(), "am", start)
	require.NoError(t, err)
	assert.Equal(t, "SOLD_OUT", a.Status)
	assert.False(t, a.Available)

	p.do("li", ticket.Enter, `{"people":2}`, hour)
	o, err := p.OCTOBooking(t.Context(), place.Booking)
	require.NoError(t, err)
	assert.Equal(t, "CONFIRMED", o.Status)
	assert.Nil(t, o.UTCRedeemedAt)
	assert.Equal(t, []string{"REDEEMED", "REDEEMED", "CONFIRMED"}, []string{o.UnitItems[0].Status, o.UnitItems[1].Status, o.UnitItems[2].Status})
	p.do("li", ticket.Enter, `{}`, 2*hour)
	o, err = p.OCTOBooking(t.Context(), place.Booking)
	require.NoError(t, err)
	assert.Equal(t, "REDEEMED", o.Status)
	assert.Equal(t, "2026-11-22T02:00:00Z", *o.UTCRedeemedAt)
	assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$`, o.UUID)
	assert.NotEqual(t, o.UnitItems[0].UUID, o.UnitItems[1].UUID)
	_, err = p.OCTOBooking(t.Context(), "none")
	assert.ErrorIs(t, err, ticket.ErrNoBooking)
}

func TestNewRefuses(t *testing.T) {
	for path, spoil := range map[string]func(*ticket.Config){
		"venue":                func(c *ticket.Config) { c.Venue = "" },
		"products[1].id":       func(c *ticket.Config) { c.Products[1].ID = "day" },
		"products[0].name":     func(c *ticket.Config) { c.Products[0].Name.En = "" },
		"products[0].price":    func(c *ticket.Config) { c.Products[0].Price = -1 },
		"products[0].maxParty": func(c *ticket.Config) { c.Products[0].MaxParty = ticket.MaxParty + 1 },
		"products[2].maxParty": func(c *ticket.Config) { c.Products[2].MaxParty = 2 },
		"products[2].passDays": func(c *ticket.Config) { c.Products[2].PassDays = -1 },
		"slots[1].id":          func(c *ticket.Config) { c.Slots[1].ID = "am" },
		"slots[0].product":     func(c *ticket.Config) { c.Slots[0].Product = "year" },
		"slots[0].end":         func(c *ticket.Config) { c.Slots[0].End = c.Slots[0].Start },
		"slots[0].capacity":    func(c *ticket.Config) { c.Slots[0].Capacity = 0 },
	} {
		cfg := zoo()
		spoil(&cfg)
		_, err := ticket.New(cfg)
		assert.ErrorContains(t, err, path+":")
	}
}

// A family books at home and goes in at the gate with one code.
func Example() {
	cfg := zoo()
	cfg.Ledger = ledger.New(ledger.NewMemory())
	s, err := ticket.New(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	city := citycodetest.NewCity(exampleTB{}, citycodetest.Shenyang)
	gate, err := scenarios.NewTerminal(scenarios.TerminalConfig{Name: "north gate", Scenario: s, Verifier: city.Verifier(nil), Now: city.Clock.Now,
		Online: func() bool { return true }})
	if err != nil {
		fmt.Println(err)
		return
	}
	li := city.Citizen("li", citycode.ProfileTransit, citycode.Tourism, nil)
	for _, step := range []struct{ action, params string }{
		{ticket.Book, `{"slot":"am","people":3}`}, {ticket.Enter, `{"people":1}`}, {ticket.Enter, `{}`}, {ticket.Enter, `{}`},
	} {
		d, err := gate.Scan(context.Background(), li.Show(citycode.Tourism).Bytes(), step.action, json.RawMessage(step.params))
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(step.action, d.Reason, d.Charge, d.Message.En)
	}
	// Output:
	// book ok 9000 Booked; show your citizen code at the gate
	// enter ok 0 Welcome; people let in: 1
	// enter ok 0 Welcome; people let in: 2
	// enter already-used 0 This ticket was used at 08:00 at north gate and has not enough people left; ask at the service desk
}

// exampleTB stands where a test would: what goes wrong in an example panics.
type exampleTB struct{ testing.TB }

func (exampleTB) Helper()                           {}
func (exampleTB) Errorf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (exampleTB) FailNow()                          { panic("failed") }
