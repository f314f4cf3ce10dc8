package voucher_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/scenariotest"
	"github.com/citizencode/citizencode/scenarios/voucher"
	"github.com/citizencode/citizencode/scenarios/voucher/vouchertest"
)

func TestMemory(t *testing.T) {
	vouchertest.Run(t, func(*testing.T) voucher.Store { return voucher.NewMemory() })
}

// spring is a campaign of ten vouchers of 20 yuan.
func spring() voucher.Campaign {
	return voucher.Campaign{ID: "spring", Name: scenarios.Text{Zh: "春季消费券", En: "spring vouchers"}, Budget: 20_999, Value: 2_000, MinSpend: 5_000,
		From: citycodetest.Start.Add(-time.Hour), Until: citycodetest.Start.Add(24 * time.Hour), Expires: citycodetest.Start.Add(72 * time.Hour),
		Merchants: []string{"noodles", "books"}}
}

// A town is a scenario with its books.
type town struct {
	t *testing.T
	*voucher.Scenario
	books  *ledger.Ledger
	store  *voucher.Memory
	people *scenariotest.People
	faulty *faulty
}

func newTown(t *testing.T, campaigns ...voucher.Campaign) *town {
	f := &faulty{Store: ledger.NewMemory()}
	w := &town{t: t, books: ledger.New(f), store: voucher.NewMemory(), faulty: f}
	var err error
	w.Scenario, err = voucher.New(voucher.Config{Campaigns: campaigns, Ledger: w.books, Store: w.store})
	require.NoError(t, err)
	w.people = scenariotest.NewPeople(t, w.Scenario, citycode.ProfileTransit)
	return w
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

func (w *town) visit(name, action, params string) scenarios.Visit {
	return w.people.Visit(scenarios.Phone, name, 0, action, params)
}

func (w *town) handle(v scenarios.Visit) *scenarios.Decision {
	w.t.Helper()
	d, err := w.Handle(w.t.Context(), &v)
	require.NoError(w.t, err)
	return d
}

func (w *town) claim(name string) *scenarios.Decision {
	w.t.Helper()
	return w.handle(w.visit(name, voucher.Claim, `{"campaign":"spring"}`))
}

const lunch = `{"campaign":"spring","merchant":"noodles","spend":8800}`

func (w *town) redeem(name string) *scenarios.Decision {
	w.t.Helper()
	return w.handle(w.visit(name, voucher.Redeem, lunch))
}

// net asserts what an account has come to, in fen.
func (w *town) net(fen int64, class ledger.Class, words ...string) {
	w.t.Helper()
	b, err := w.books.Balance(w.t.Context(), ledger.MustAccount(class, words...))
	require.NoError(w.t, err)
	assert.Equal(w.t, fen, b.Net(), "%s/%v", class, words)
	totals, err := w.books.Totals(w.t.Context())
	require.NoError(w.t, err)
	assert.Zero(w.t, totals.Net(), "the books sum to zero")
}

func TestContract(t *testing.T) {
	newScenario := func() scenarios.Scenario { return newTown(t, spring()).Scenario }
	people := scenariotest.NewPeople(t, newScenario(), citycode.ProfileTransit)
	scenariotest.Run(t, newScenario, func(c scenarios.Carrier) []scenarios.Visit {
		late := people.Visit(c, "wang", 0, voucher.Claim, `{"campaign":"spring"}`)
		late.Time = late.Time.AddDate(0, 0, 2)
		offline := people.Visit(c, "wang", 0, voucher.Claim, `{"campaign":"spring"}`)
		offline.Online = false
		return []scenarios.Visit{
			people.Visit(c, "li", 0, voucher.Redeem, lunch),
			people.Visit(c, "li", 0, voucher.Claim, `{"campaign":"spring"}`),
			people.Visit(c, "li", 0, voucher.Claim, `{"campaign":"spring"}`),
			people.Visit(c, "li", 0, voucher.Redeem, `{"campaign":"spring","merchant":"books","spend":4999}`),
			people.Visit(c, "li", 0, voucher.Redeem, lunch),
			people.Visit(c, "li", 0, voucher.Redeem, lunch),
			people.Visit(c, "wang", 0, voucher.Claim, `{"campaign":"autumn"}`),
			late, offline,
		}
	})
}

func TestRow41LifeOfAVoucher(t *testing.T) {
	w := newTown(t, spring())
	assert.Equal(t, voucher.NoVoucher, w.redeem("li").Reason)
	d := w.claim("li")
	require.True(t, d.Allow, d.Reason)
	assert.JSONEq(t, `{"campaign":"spring","value":2000,"minSpend":5000,"expires":"2026-11-25T00:00:00Z"}`, string(d.Outcome))
	assert.Equal(t, voucher.AlreadyClaimed, w.claim("li").Reason)
	w.net(2_000, ledger.Expense, "voucher", "spring")
	w.net(-2_000, ledger.Liability, "voucher", "spring")

	d = w.redeem("li")
	require.True(t, d.Allow, d.Reason)
	assert.JSONEq(t, `{"campaign":"spring","merchant":"noodles","discount":2000,"pay":6800}`, string(d.Outcome))
	assert.Zero(t, d.Charge)
	assert.Equal(t, voucher.AlreadyRedeemed, w.redeem("li").Reason)
	w.net(0, ledger.Liability, "voucher", "spring")
	w.net(-2_000, ledger.Liability, "merchant", "noodles")

	// The vouchers of those who came too late for the money: none is given.
	for i := range 9 {
		assert.True(t, w.claim(fmt.Sprint("person ", i)).Allow)
	}
	assert.Equal(t, voucher.BudgetSpent, w.claim("zhao").Reason)
	w.net(20_000, ledger.Expense, "voucher", "spring")

	// The unspent ones expire, once.
	after := spring().Expires
	assert.ErrorIs(t, w.Expire(t.Context(), "spring", after.Add(-time.Second)), voucher.ErrNotExpired)
	assert.ErrorIs(t, w.Expire(t.Context(), "winter", after), voucher.ErrUnknownCampaign)
	for range 2 {
		require.NoError(t, w.Expire(t.Context(), "spring", after))
		w.net(2_000, ledger.Expense, "voucher", "spring")
		w.net(0, ledger.Liability, "voucher", "spring")
	}
	assert.Equal(t, voucher.VoucherExpired, w.redeem("person 3").Reason, "before its time, by a clock that is behind")

	// The merchant is paid, once, when the day is closed.
	day := ledger.DayOf(citycodetest.Start)
	assert.ErrorIs(t, w.PayOut(t.Context(), day.String()), voucher.ErrDayOpen)
	_, err := w.books.CloseDay(t.Context(), day)
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, w.PayOut(t.Context(), day.String()))
		w.net(0, ledger.Liability, "merchant", "noodles")
		w.net(-2_000, ledger.Asset, "fund", "voucher")
	}
	st, err := w.Settle(t.Context(), day.String())
	require.NoError(t, err)
	assert.Equal(t, &scenarios.Settlement{Day: "2026-11-22", Closed: true, Lines: []scenarios.SettlementLine{{Party: "noodles", Count: 1, Fen: 2_000}}}, st)
	next, err := w.Settle(t.Context(), "2026-11-23")
	require.NoError(t, err)
	assert.Empty(t, next.Lines, "what was paid out there was not earned there")
	_, err = w.Settle(t.Context(), "yesterday")
	assert.Error(t, err)
}

func TestRow41Refusals(t *testing.T) {
	benefit := spring()
	benefit.ID, benefit.Rule = "elders", voucher.Benefits{2, 3}
	w := newTown(t, spring(), benefit)
	at := func(v scenarios.Visit, when time.Time) scenarios.Visit { v.Time = when; return v }
	claim := w.visit("li", voucher.Claim, `{"campaign":"spring"}`)
	for _, c := range []struct {
		v      scenarios.Visit
		reason string
	}{
		{at(claim, spring().From.Add(-time.Second)), voucher.NotStarted},
		{at(claim, spring().Until), voucher.ClaimsOver},
		{w.visit("li", voucher.Claim, `{"campaign":"elders"}`), voucher.NotEligible},
		{w.visit("li", voucher.Claim, `{}`), voucher.CampaignUnknown},
		{at(claim, spring().From), "ok"},
		{w.visit("li", voucher.Redeem, `{"campaign":"spring","merchant":"elsewhere","spend":9000}`), voucher.MerchantUnknown},
		{w.visit("li", voucher.Redeem, `{"campaign":"spring","merchant":"books","spend":4999}`), voucher.SpendTooLow},
		{at(w.visit("li", voucher.Redeem, lunch), spring().Expires), voucher.VoucherExpired},
		{at(w.visit("li", voucher.Redeem, lunch), spring().Expires.Add(-time.Second)), "ok"},
		{w.people.Visit(scenarios.Phone, "wang", 3, voucher.Claim, `{"campaign":"elders"}`), "ok"},
	} {
		d := w.handle(c.v)
		assert.Equal(t, c.reason, d.Reason)
		assert.NotEmpty(t, d.Message.Zh)
		assert.NotEmpty(t, d.Message.En)
	}
	for _, spend := range []string{"-1", "10000000001"} {
		v := w.visit("li", voucher.Redeem, `{"campaign":"spring","merchant":"books","spend":`+spend+`}`)
		_, err := w.Handle(t.Context(), &v)
		wrong, ok := errors.AsType[*scenarios.RequestError](err)
		require.True(t, ok)
		assert.Equal(t, "params.spend", wrong.Path)
	}
}

// A till that lost the answer asks again: later than the expiry, after the
// goods came back, whenever.
func TestRow41AskedAgain(t *testing.T) {
	w := newTown(t, spring())
	w.claim("li")
	sale := w.visit("li", voucher.Redeem, lunch)
	want := w.handle(sale)
	order := scenarios.Reversal{Key: sale.Key, Request: "r-1", By: "till 3", Why: "goods\ncame back", Time: citycodetest.Start.Add(time.Hour)}
	for range 2 {
		d, err := w.Reverse(t.Context(), order)
		require.NoError(t, err)
		require.True(t, d.Allow, d.Reason)
		assert.JSONEq(t, `{"campaign":"spring","fen":2000}`, string(d.Outcome))
		w.net(0, ledger.Liability, "merchant", "noodles")
		w.net(-2_000, ledger.Liability, "voucher", "spring")
	}
	assert.Equal(t, want, w.handle(sale))
	w.net(0, ledger.Liability, "merchant", "noodles")
	second := order
	second.Request = "r-2"
	d, err := w.Reverse(t.Context(), second)
	require.NoError(t, err)
	assert.Equal(t, voucher.AlreadyReversed, d.Reason)
	second.Key = "no such visit"
	d, err = w.Reverse(t.Context(), second)
	require.NoError(t, err)
	assert.Equal(t, voucher.VisitUnknown, d.Reason)
	_, err = w.Reverse(t.Context(), scenarios.Reversal{Key: sale.Key})
	assert.Error(t, err)

	// It can be spent again, and the name of an order is used once.
	again := w.visit("li", voucher.Redeem, lunch)
	require.True(t, w.handle(again).Allow)
	order.Key = again.Key
	d, err = w.Reverse(t.Context(), order)
	require.NoError(t, err)
	assert.Equal(t, voucher.RequestUsed, d.Reason)
	w.net(-2_000, ledger.Liability, "merchant", "noodles")
	require.NoError(t, w.Expire(t.Context(), "spring", spring().Expires))
	assert.Equal(t, want.Outcome, w.handle(again).Outcome)
}

// A voucher that goes back and forth for ever is somebody's trick.
func TestRow41ReturnedTooOften(t *testing.T) {
	w := newTown(t, spring())
	w.claim("li")
	for i := range 8 {
		sale := w.visit("li", voucher.Redeem, lunch)
		require.True(t, w.handle(sale).Allow)
		d, err := w.Reverse(t.Context(), scenarios.Reversal{Key: sale.Key, Request: fmt.Sprint(i), Time: sale.Time})
		require.NoError(t, err)
		require.True(t, d.Allow)
	}
	assert.Equal(t, voucher.ReturnedTooMuch, w.redeem("li").Reason)
	w.net(0, ledger.Liability, "merchant", "noodles")
}

func TestRow41Clawback(t *testing.T) {
	for _, c := range []struct {
		name        string
		spent       bool
		outcome     string
		expense     int64
		receivable  int64
		outstanding int64
		redeemAfter string
		otherOrder  string
	}{
		{"open", false, `{"campaign":"spring","fen":2000}`, 0, 0, 0, voucher.ClawedBack, voucher.ClawedBack},
		{"spent", true, `{"campaign":"spring","fen":2000,"owed":true}`, 0, 2_000, 0, voucher.AlreadyRedeemed, voucher.AlreadyRecovered},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newTown(t, spring())
			claim := w.visit("li", voucher.Claim, `{"campaign":"spring"}`)
			granted := w.handle(claim)
			if c.spent {
				require.True(t, w.redeem("li").Allow)
			}
			person := ledger.TransactionID(claim.Citizen.Person().String())
			order := scenarios.Reversal{Key: claim.Key, Request: "r-1", By: "office", Why: "no right to it", Time: citycodetest.Start.Add(time.Hour)}
			for range 2 {
				d, err := w.Reverse(t.Context(), order)
				require.NoError(t, err)
				require.True(t, d.Allow, d.Reason)
				assert.JSONEq(t, c.outcome, string(d.Outcome))
				w.net(c.expense, ledger.Expense, "voucher", "spring")
				w.net(c.outstanding, ledger.Liability, "voucher", "spring")
				w.net(c.receivable, ledger.Asset, "receivable", person)
			}
			order.Request = "r-2"
			d, err := w.Reverse(t.Context(), order)
			require.NoError(t, err)
			assert.Equal(t, c.otherOrder, d.Reason)
			assert.Equal(t, c.redeemAfter, w.redeem("li").Reason)
			assert.Equal(t, granted, w.handle(claim))
			assert.Equal(t, voucher.AlreadyClaimed, w.claim("li").Reason, "one each, also after a clawback")
			require.NoError(t, w.Expire(t.Context(), "spring", spring().Expires))
			w.net(c.expense, ledger.Expense, "voucher", "spring")
		})
	}
}

// A fault before or behind the posting: nobody is told yes, the same visit
// tells the end of it, and nothing is booked twice.
func TestRow41Faults(t *testing.T) {
	broken := errors.New("the disk is full")
	for name, fault := range map[string]func(*faulty, error){
		"before": func(f *faulty, err error) { f.before = err },
		"after":  func(f *faulty, err error) { f.after = err },
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t, spring())
			fails := func(v scenarios.Visit) {
				fault(w.faulty, broken)
				d, err := w.Handle(t.Context(), &v)
				assert.Nil(t, d)
				assert.ErrorIs(t, err, broken)
				fault(w.faulty, nil)
			}
			claim, other := w.visit("li", voucher.Claim, `{"campaign":"spring"}`), w.visit("wang", voucher.Claim, `{"campaign":"spring"}`)
			fails(claim)
			assert.True(t, w.handle(claim).Allow)
			w.net(2_000, ledger.Expense, "voucher", "spring")
			fails(other)
			for range 2 {
				require.NoError(t, w.Reconcile(t.Context(), "spring"))
				w.net(4_000, ledger.Expense, "voucher", "spring")
			}
			sale := w.visit("li", voucher.Redeem, lunch)
			fails(sale)
			assert.True(t, w.handle(sale).Allow)
			w.net(-2_000, ledger.Liability, "merchant", "noodles")

			unbooked := w.visit("zhao", voucher.Claim, `{"campaign":"spring"}`)
			fails(unbooked)
			assert.True(t, w.redeem("zhao").Allow, "the redemption books the grant first")
			w.net(6_000, ledger.Expense, "voucher", "spring")
			w.net(-2_000, ledger.Liability, "voucher", "spring") // wang's
		})
	}
}

// What belongs to a closed day is booked on the next one, under the same key.
func TestRow41ClosedDay(t *testing.T) {
	w := newTown(t, spring())
	claim := w.visit("li", voucher.Claim, `{"campaign":"spring"}`)
	_, err := w.books.CloseDay(t.Context(), ledger.DayOf(claim.Time))
	require.NoError(t, err)
	for range 2 {
		assert.True(t, w.handle(claim).Allow)
	}
	sale := w.visit("li", voucher.Redeem, lunch)
	require.True(t, w.handle(sale).Allow)
	require.NoError(t, w.Expire(t.Context(), "spring", spring().Expires))
	st, err := w.Settle(t.Context(), "2026-11-23")
	require.NoError(t, err)
	assert.Equal(t, []scenarios.SettlementLine{{Party: "noodles", Count: 1, Fen: 2_000}}, st.Lines)
	assert.False(t, st.Closed)
}

// Two tills, an expiry and a clawback at once: one of them ends the voucher.
func TestRow41OneEnd(t *testing.T) {
	for round := range 20 {
		w := newTown(t, spring())
		claim := w.visit("li", voucher.Claim, `{"campaign":"spring"}`)
		require.True(t, w.handle(claim).Allow)
		a, b := w.visit("li", voucher.Redeem, lunch), w.visit("li", voucher.Redeem, `{"campaign":"spring","merchant":"books","spend":5000}`)
		var redeemed atomic.Int32
		var wait sync.WaitGroup
		for _, v := range []scenarios.Visit{a, b} {
			wait.Go(func() {
				d, err := w.Handle(context.Background(), &v)
				if assert.NoError(t, err) && d.Allow {
					redeemed.Add(1)
				}
			})
		}
		wait.Go(func() { assert.NoError(t, w.Expire(context.Background(), "spring", spring().Expires)) })
		wait.Wait()
		require.LessOrEqual(t, redeemed.Load(), int32(1), "round %d", round)
		w.net(0, ledger.Liability, "voucher", "spring")
		w.net(2_000*int64(redeemed.Load()), ledger.Expense, "voucher", "spring")
	}
}

// requests is the size of TestRow41Rush. A million take about ten seconds of
// processor time; make long makes them.
var requests = flag.Int("requests", 30_000, "how many requests TestRow41Rush makes; vouchers are a tenth")

// Requests of three times as many people as there are vouchers, eight at a
// time, through the whole scenario.
func TestRow41Rush(t *testing.T) {
	people, vouchers := *requests*3/10, *requests/10
	c := spring()
	c.Budget = int64(vouchers)*c.Value + c.Value - 1
	w := newTown(t, c)
	citizens := crowd(t, w, people)
	visit := w.visit("li", voucher.Claim, `{"campaign":"spring"}`)
	rush(t, *requests, people, vouchers, func(who, request int) (given bool, err error) {
		v := visit
		v.Citizen, v.Key = citizens[who], fmt.Sprint("request ", request)
		d, err := w.Handle(context.Background(), &v)
		if err == nil && !d.Allow && d.Reason != voucher.BudgetSpent && d.Reason != voucher.AlreadyClaimed {
			err = fmt.Errorf("reason %s", d.Reason)
		}
		return err == nil && d.Allow, err
	})
	w.net(int64(vouchers)*c.Value, ledger.Expense, "voucher", "spring")
}

// A million requests of 300,000 people for 100,000 vouchers at what decides.
func TestRow41Million(t *testing.T) {
	requests, people, vouchers := 1_000_000, 300_000, 100_000
	if testing.Short() {
		requests, people, vouchers = requests/10, people/10, vouchers/10
	}
	names := make([]string, people)
	for i := range names {
		names[i] = vouchertest.Grant("spring", i).Person
	}
	s := voucher.NewMemory()
	rush(t, requests, people, vouchers, func(who, request int) (given bool, err error) {
		g := voucher.Grant{Campaign: "spring", Person: names[who], Visit: strconv.Itoa(request)}
		got, err := s.Grant(context.Background(), g, int64(vouchers))
		if errors.Is(err, voucher.ErrSpent) {
			return false, nil
		}
		return got.Visit == g.Visit, err
	})
}

// rush asks for vouchers for random people, eight at a time, and asserts that
// exactly so many were given, and nobody got two.
func rush(t *testing.T, requests, people, vouchers int, ask func(who, request int) (given bool, err error)) {
	granted := make([]atomic.Int32, people)
	var next atomic.Int64
	var wait sync.WaitGroup
	for worker := range 8 {
		wait.Go(func() {
			random := rand.New(rand.NewPCG(41, uint64(worker)))
			for {
				request := int(next.Add(1))
				if request > requests {
					return
				}
				who := random.IntN(people)
				given, err := ask(who, request)
				if err != nil {
					t.Error(err)
					return
				}
				if given {
					granted[who].Add(1)
				}
			}
		})
	}
	wait.Wait()
	total := 0
	for i := range granted {
		n := int(granted[i].Load())
		require.LessOrEqual(t, n, 1)
		total += n
	}
	require.Equal(t, vouchers, total)
}

// crowd returns made-up people with paper slips, which are cheap to make.
func crowd(t *testing.T, w *town, n int) []scenarios.Citizen {
	book := scenarios.NewSlips(scenarios.SlipConfig{Now: func() time.Time { return citycodetest.Start }, Rand: rand.NewChaCha8([32]byte{41})})
	list := make([]scenarios.Citizen, n)
	for i := range list {
		slip, err := book.Issue(t.Context(), w.ID(), scenarios.Person{City: citycodetest.Shenyang, Subject: fmt.Sprintf("%08d", i)}, 0, time.Hour)
		require.NoError(t, err)
		list[i], err = book.Redeem(t.Context(), slip.Number, w.Scenario)
		require.NoError(t, err)
	}
	return list
}

func TestNewRefuses(t *testing.T) {
	for path, spoil := range map[string]func(*voucher.Campaign){
		"id":           func(c *voucher.Campaign) { c.ID = "Spring" },
		"name":         func(c *voucher.Campaign) { c.Name.Zh = "" },
		"value":        func(c *voucher.Campaign) { c.Value = 0 },
		"budget":       func(c *voucher.Campaign) { c.Budget = c.Value - 1 },
		"minSpend":     func(c *voucher.Campaign) { c.MinSpend = c.Value - 1 },
		"times":        func(c *voucher.Campaign) { c.Expires = c.Until.Add(-1) },
		"merchants":    func(c *voucher.Campaign) { c.Merchants = nil },
		"merchants[1]": func(c *voucher.Campaign) { c.Merchants = []string{"a", "B"} },
	} {
		c := spring()
		spoil(&c)
		_, err := voucher.New(voucher.Config{Campaigns: []voucher.Campaign{c}, Ledger: ledger.New(ledger.NewMemory())})
		assert.ErrorContains(t, err, "campaigns[0]."+path+":")
	}
	_, err := voucher.New(voucher.Config{Campaigns: []voucher.Campaign{spring(), spring()}, Ledger: ledger.New(ledger.NewMemory())})
	assert.ErrorContains(t, err, "campaigns[1].id")
	_, err = voucher.New(voucher.Config{})
	assert.Error(t, err)
}

// A rule that fails decides nothing.
type brokenRule struct{}

func (brokenRule) Eligible(context.Context, *scenarios.Citizen, time.Time) (*scenarios.Text, error) {
	return nil, errors.New("the register does not answer")
}

func TestRuleFault(t *testing.T) {
	c := spring()
	c.Rule = brokenRule{}
	w := newTown(t, c)
	v := w.visit("li", voucher.Claim, `{"campaign":"spring"}`)
	_, err := w.Handle(t.Context(), &v)
	assert.ErrorContains(t, err, "does not answer")
	_, err = w.store.Find(t.Context(), "spring", ledger.TransactionID(v.Citizen.Person().String()))
	assert.ErrorIs(t, err, voucher.ErrNoGrant)
}

func Example() {
	books := ledger.New(ledger.NewMemory())
	s, err := voucher.New(voucher.Config{Campaigns: []voucher.Campaign{spring()}, Ledger: books})
	if err != nil {
		fmt.Println(err)
		return
	}
	city := citycodetest.NewCity(exampleTB{}, citycodetest.Shenyang)
	city.Draft.Entries[0].Scenes |= citycode.Payment
	till, err := scenarios.NewTerminal(scenarios.TerminalConfig{Name: "till 3", Scenario: s, Verifier: city.Verifier(nil), Now: city.Clock.Now,
		Online: func() bool { return true }})
	if err != nil {
		fmt.Println(err)
		return
	}
	li := city.Citizen("li", citycode.ProfileTransit, citycode.Payment, nil)
	for _, step := range []struct{ action, params string }{
		{voucher.Claim, `{"campaign":"spring"}`}, {voucher.Redeem, lunch}, {voucher.Redeem, lunch},
	} {
		d, err := till.Scan(context.Background(), li.Show(citycode.Payment).Bytes(), step.action, json.RawMessage(step.params))
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(step.action, d.Reason, d.Message.En)
	}
	owed, _ := books.Balance(context.Background(), ledger.MustAccount(ledger.Liability, "merchant", "noodles"))
	fmt.Println("the city owes the merchant", -owed.Net(), "fen")
	// Output:
	// claim ok You have a voucher of 20.00 yuan
	// redeem ok The voucher pays 20.00 yuan; 68.00 yuan are left to pay
	// redeem already-redeemed This voucher has been spent; please pay without it
	// the city owes the merchant 2000 fen
}

// exampleTB stands where a test would: what goes wrong in an example panics.
type exampleTB struct{ testing.TB }

func (exampleTB) Helper()                           {}
func (exampleTB) Errorf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (exampleTB) FailNow()                          { panic("failed") }
