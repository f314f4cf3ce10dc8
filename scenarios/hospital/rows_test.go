package hospital

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/hospital/credit"
	"github.com/citizencode/citizencode/scenarios/hospital/payer"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/rails/railstest"
)

var ctx = context.Background()

// TestRow18NoDoubleBooking: 1,000 concurrent bookings of 100 slots are exactly
// 100, and the others are told why.
func TestRow18NoDoubleBooking(t *testing.T) {
	h := newHouse(t, railstest.Faults{}, nil)
	slots := make([]Slot, 100)
	for i := range slots {
		start := morning.Add(time.Duration(i/2) * 10 * time.Minute)
		slots[i] = Slot{fmt.Sprintf("s%d", i), "internal", fmt.Sprintf("doctor-%d", i%2), start.Add(time.Hour), start.Add(70 * time.Minute)}
	}
	d, err := h.AddSlots(ctx, AddSlotsRequest{h.key(), h.at, slots})
	allowed[map[string]int](t, d, err)
	var booked, taken, overlaps atomic.Int32
	var wait sync.WaitGroup
	for i := range 1000 {
		wait.Go(func() {
			d, err := h.Book(ctx, BookRequest{fmt.Sprintf("b%d", i), morning, slots[i%100].ID, fmt.Sprintf("P-%d", i)})
			if !assert.NoError(t, err) {
				return
			}
			switch d.Reason {
			case "ok":
				booked.Add(1)
			case SlotTaken:
				taken.Add(1)
			default:
				overlaps.Add(1)
			}
		})
	}
	wait.Wait()
	assert.EqualValues(t, 100, booked.Load())
	assert.EqualValues(t, 900, taken.Load())
	free, err := h.Slots(ctx, "internal", morning, morning.AddDate(0, 0, 1), 1000)
	require.NoError(t, err)
	assert.Empty(t, free)
	holders := make(map[string]bool)
	for _, a := range h.state.appointments {
		assert.False(t, holders[a.Slot.ID])
		holders[a.Slot.ID] = true
	}
	assert.Len(t, holders, 100)
}

// TestRow19PathFollowsOrders: the next steps follow the orders, in the order of
// the care path, and end as they are carried out.
func TestRow19PathFollowsOrders(t *testing.T) {
	h := newHouse(t, railstest.Faults{}, nil)
	kinds := func(steps []Step) (list []string) {
		for _, s := range steps {
			list = append(list, s.Kind)
		}
		return list
	}
	ticket := h.checkIn("li", true)
	assert.Equal(t, 1, ticket.Queue)
	assert.Equal(t, []string{"consult", "leave"}, kinds(ticket.Steps))
	assert.Equal(t, []string{"leave"}, kinds(allowed[Served](t, h.scan("li", Serve, `{"station":"consult"}`), nil).Steps))
	h.order(ticket.Encounter, 1000, Pharmacy, Lab)
	h.order(ticket.Encounter, 1000, Imaging)
	d := h.scan("li", Next, ``)
	assert.Equal(t, []string{"lab", "imaging", "pharmacy", "leave"}, kinds(allowed[Path](t, d, nil).Steps))
	assert.Equal(t, "下一步：到检验科采样", d.Message.Zh)
	assert.Equal(t, []string{"imaging", "pharmacy", "leave"}, kinds(allowed[Served](t, h.scan("li", Serve, `{"station":"lab"}`), nil).Steps))
	assert.Equal(t, NothingHere, h.scan("li", Serve, `{"station":"lab"}`).Reason)
	big := h.order(ticket.Encounter, 900_000, Treatment)
	assert.Equal(t, OrderHeld, big.Status)
	assert.Equal(t, []string{"agree", "imaging", "pharmacy", "leave"}, kinds(allowed[Path](t, h.scan("li", Next, ``), nil).Steps))
	assert.Equal(t, OrderNotSettled, h.scan("li", Serve, `{"station":"treatment"}`).Reason, "what is not settled is not done")
	assert.Equal(t, NotCheckedIn, h.scan("wang", Next, ``).Reason)
	orders, err := h.Orders(ctx, ticket.Encounter)
	require.NoError(t, err)
	assert.Equal(t, OrderSettled, orders[0].Status, "the pharmacy is left")
	h.scan("li", Serve, `{"station":"pharmacy"}`)
	orders, err = h.Orders(ctx, ticket.Encounter)
	require.NoError(t, err)
	assert.Equal(t, OrderDone, orders[0].Status)
}

// TestRow20NoCashier: a lab order after the first settlement needs no scan. Over
// the limit the patient is asked.
func TestRow20NoCashier(t *testing.T) {
	h := newHouse(t, railstest.Faults{}, nil)
	ticket := h.checkIn("li", true)
	before := len(h.state.checkIns)
	first := h.order(ticket.Encounter, 20_000, Consult) // 120.00 pool, 50.00 account, 30.00 credit
	assert.Equal(t, payer.Parts{Pool: 12_000, Account: 5_000, Credit: 3_000}, first.Parts)
	lab := h.order(ticket.Encounter, 10_000, Lab)
	assert.Equal(t, OrderSettled, lab.Status, "with no visit to any terminal between")
	assert.Equal(t, payer.Parts{Pool: 6_000, Credit: 4_000}, lab.Parts)
	assert.Equal(t, before, len(h.state.checkIns))
	h.audit()

	// 93,000 of credit are left.
	big := h.order(ticket.Encounter, 240_000, Treatment)
	assert.Equal(t, OrderHeld, big.Status)
	assert.Equal(t, OverLimit, big.Reason)
	assert.Equal(t, payer.Parts{Pool: 144_000, Credit: 93_000, Self: 3_000}, big.Parts)
	assert.EqualValues(t, 30_000, h.statement(ticket.Encounter).Total, "nobody was charged")
	h.audit()
	agreed := allowed[Order](t, h.scan("li", Agree, `{}`), nil)
	assert.Equal(t, OrderSettled, agreed.Status)
	assert.Equal(t, big.Parts, agreed.Parts)
	assert.EqualValues(t, 3_000, h.statement(ticket.Encounter).Self)
	h.audit()

	// Without the agreement to a credit there is none.
	other := h.checkIn("wang", false)
	assert.Equal(t, payer.Parts{Self: 1000}, h.order(other.Encounter, 1000, Lab).Parts)
	assert.Zero(t, h.lender.Account("P-wang").Held)
}

// TestRow21LeaveThenPay: a patient leaves with an open statement and pays it on
// the phone: the ledger is at zero.
func TestRow21LeaveThenPay(t *testing.T) {
	h := newHouse(t, railstest.Faults{}, nil)
	ticket := h.checkIn("li", true)
	h.order(ticket.Encounter, 30_000, Lab)
	d := h.scan("li", Leave, ``)
	statement := allowed[Statement](t, d, nil)
	assert.Equal(t, payer.Parts{Pool: 18_000, Account: 5_000, Credit: 7_000}, statement.Parts)
	assert.EqualValues(t, 7_000, statement.Owed)
	assert.True(t, statement.Left)
	assert.Contains(t, d.Message.En, "2026-03-02")
	assert.Zero(t, h.lender.Account("P-li").Held, "the lender holds nothing any longer")
	assert.Equal(t, NotCheckedIn, h.scan("li", Leave, ``).Reason)

	h.at = h.at.AddDate(0, 0, 20)
	part := h.repay("", 2_000)
	assert.EqualValues(t, 5_000, part.Owed)
	h.audit()
	h.at = h.at.AddDate(0, 0, 20)
	rest := h.repay(ticket.Encounter, 5_000)
	assert.Zero(t, rest.Owed)
	assert.Zero(t, h.statement(ticket.Encounter).Owed)
	assert.Zero(t, h.balance(creditAccount("sy-01", ticket.Encounter)), "of the patient's account")
	assert.EqualValues(t, 7_000, h.balance(bankAccount))
	assert.EqualValues(t, -30_000, h.balance(careIncome("sy-01")))
	assert.Zero(t, h.lender.Account("P-li").Owed)
	h.audit()
	d, err := h.Repay(ctx, RepayRequest{Key: h.key(), At: h.at, Patient: "P-li", Fen: 1, Mandate: "tok-li"})
	assert.Equal(t, NothingOwed, reason(t, d, err))
}

// TestRow22PayerWaterfall: 100,000 random treatments, a million with
// CITIZENCODE_LONG=1: the parts sum to the total, the account is used to its
// limit before a fen of credit, nothing is negative, and the books are at zero.
func TestRow22PayerWaterfall(t *testing.T) {
	n := 100_000
	if os.Getenv("CITIZENCODE_LONG") != "" {
		n = 1_000_000
	}
	r := rand.New(rand.NewPCG(22, 22))
	books := ledger.New(ledger.NewMemory())
	day := ledger.DayOf(morning)
	var batch []ledger.Draft
	var sum payer.Parts
	post := func() {
		verdicts, err := books.PostEach(ctx, batch)
		require.NoError(t, err)
		for _, v := range verdicts {
			require.Nil(t, v.Refused)
		}
		batch = batch[:0]
	}
	var ends [4]int
	for i := range n {
		fen := r.Int64N(1_000_000) + 1
		s := payer.Sources{Pool: r.Int64N(fen + 1), Account: r.Int64N(400_000), Credit: r.Int64N(400_000) - 10_000}
		if i%7 == 0 {
			s.Pool = 0
		}
		p, err := payer.Split(fen, s)
		if err != nil || p.Total() != fen || p.Pool < 0 || p.Account < 0 || p.Credit < 0 || p.Self < 0 || p.Pool != s.Pool ||
			p.Credit > 0 && p.Account != s.Account || p.Self > 0 && (p.Account != s.Account || p.Credit != max(s.Credit, 0)) ||
			p.Account > s.Account || p.Credit > max(s.Credit, 0) {
			t.Fatalf("%d fen of %+v: %+v, %v", fen, s, p, err)
		}
		for k, part := range []int64{p.Pool, p.Account, p.Credit, p.Self} {
			if part > 0 {
				ends[k]++
			}
		}
		sum = sum.Add(p)
		o := &order{Order: Order{ID: fmt.Sprintf("o%d", i), Encounter: fmt.Sprintf("e%d", i%100), Fen: fen, Parts: p}, day: day}
		if batch = append(batch, chargeDraft("sy-01", morning, o)); len(batch) == ledger.MaxBatch {
			post()
		}
	}
	post()
	for k, count := range ends {
		assert.Greater(t, count, n/10, "payer %d is hardly ever asked: the test shows little", k)
	}
	total, err := books.Totals(ctx)
	require.NoError(t, err)
	assert.Zero(t, total.Net())
	assert.Equal(t, sum.Total(), total.Debit)
	pool, err := books.Balance(ctx, poolAccount("sy-01"))
	require.NoError(t, err)
	assert.Equal(t, sum.Pool, pool.Net())
	income, err := books.Balance(ctx, careIncome("sy-01"))
	require.NoError(t, err)
	assert.Equal(t, -sum.Total(), income.Net())
}

// TestRow23FiftySixDays: from the day of the visit in the city, day 56 is free
// and day 57 bears interest.
func TestRow23FiftySixDays(t *testing.T) {
	city := time.FixedZone("CST", 8*60*60)
	at := func(s string) time.Time {
		v, err := time.ParseInLocation(time.DateTime, s, city)
		require.NoError(t, err)
		return v
	}
	for _, c := range []struct{ name, visit, due string }{
		{"leap year", "2028-01-04 09:00:00", "2028-02-29"},
		{"over the leap day", "2028-01-05 09:00:00", "2028-03-01"},
		{"no leap year", "2027-01-05 09:00:00", "2027-03-02"},
		{"end of a month", "2026-01-31 09:00:00", "2026-03-28"},
		{"end of a year", "2026-12-31 09:00:00", "2027-02-25"},
		{"the last second of a day", "2026-03-31 23:59:59", "2026-05-26"},
		{"the first second of the next", "2026-04-01 00:00:00", "2026-05-27"},
		{"over the days on which others change their clocks", "2026-03-01 09:00:00", "2026-04-26"},
		{"eight in the morning is midnight in Greenwich", "2026-03-31 08:00:00", "2026-05-26"},
	} {
		h := newHouse(t, railstest.Faults{}, func(c *Config) { c.Insurer = nil })
		h.at = at(c.visit)
		ticket := h.checkIn("li", true)
		h.at = h.at.Add(2 * time.Hour) // for one of them the next day: the visit's counts
		assert.EqualValues(t, 100_000, h.order(ticket.Encounter, 100_000, Lab).Parts.Credit, c.name)
		last := at(c.due + " 23:59:59")
		for _, when := range []struct {
			at       time.Time
			interest int64
		}{{at(c.due + " 00:00:00"), 0}, {last, 0}, {last.Add(time.Second), 50}, {last.Add(24*time.Hour + time.Second), 100}} {
			h.at = when.at
			s := h.statement(ticket.Encounter)
			assert.Equal(t, c.due, s.Due, c.name)
			assert.Equal(t, when.interest, s.Credit.Interest, "%s, %s", c.name, when.at)
		}
		// Day 58: 1,000.00 paid, 1.00 of it interest; 1.00 of principal is left.
		paid := h.repay("", 100_000).Paid
		assert.Equal(t, []Paid{{Encounter: ticket.Encounter, Interest: 100, Principal: 99_900}}, paid, c.name)
		assert.Equal(t, credit.Position{Principal: 100, PaidPrincipal: 99_900, PaidInterest: 100}, h.statement(ticket.Encounter).Credit)
		h.audit()
	}
}

// Half of what a patient owes is cancelled after he has paid interest on all of
// it: his debt is what it would be if it had never been lent.
func TestRow23RefundReAges(t *testing.T) {
	h := newHouse(t, railstest.Faults{}, func(c *Config) { c.Insurer = nil })
	ticket := h.checkIn("li", true)
	h.order(ticket.Encounter, 50_000, Lab)
	wrong := h.order(ticket.Encounter, 50_000, Imaging)
	h.at = h.at.AddDate(0, 0, 58)
	h.repay("", 100)
	assert.Equal(t, credit.Position{Principal: 100_000, PaidInterest: 100}, h.statement(ticket.Encounter).Credit)
	d, err := h.CancelOrder(ctx, CancelOrderRequest{h.key(), h.at, wrong.ID, "doctor-1", "ordered twice"})
	assert.Equal(t, OrderEnded, allowed[Order](t, d, err).Status)
	assert.Equal(t, credit.Position{Principal: 49_950, PaidPrincipal: 50, PaidInterest: 50}, h.statement(ticket.Encounter).Credit)
	h.audit()
	h.repay("", 49_950)
	assert.Zero(t, h.statement(ticket.Encounter).Owed)
	h.audit()
}

// TestRow24EmergencyAdvance: an unconscious patient is treated with every
// partner out of reach, two others decide, and the fund loses only what neither
// insurer nor patient bears. The report lists every advance.
func TestRow24EmergencyAdvance(t *testing.T) {
	h := newHouse(t, railstest.Faults{Before: 100, Deaf: 100}, func(c *Config) { c.Directory = failing{errDown} })
	d, err := h.BreakGlass(ctx, BreakGlassRequest{Key: h.key(), At: h.at, Staff: "nobody", Reason: "unconscious"})
	assert.Equal(t, StaffUnknown, reason(t, d, err))
	_, err = h.BreakGlass(ctx, BreakGlassRequest{Key: h.key(), At: h.at, Staff: "nurse-1", Reason: " \n"})
	assert.ErrorContains(t, err, "reason", "who breaks the glass says why")
	breakGlass := BreakGlassRequest{Key: h.key(), At: h.at, Staff: "doctor-1", Reason: "unconscious, road accident"}
	d, err = h.BreakGlass(ctx, breakGlass)
	glass := allowed[Glass](t, d, err)
	again, err := h.BreakGlass(ctx, breakGlass)
	require.NoError(t, err)
	assert.Equal(t, d, again, "uploaded twice: one advance")

	first := h.order(glass.Encounter, 40_000, Treatment)
	assert.Equal(t, OrderSettled, first.Status, "not blocked")
	assert.EqualValues(t, 40_000, first.Advance)
	over := h.order(glass.Encounter, 15_000, Imaging)
	assert.Equal(t, OrderSettled, over.Status, "nor beyond the cap")
	assert.EqualValues(t, 10_000, over.Advance)
	assert.EqualValues(t, 5_000, over.Parts.Self)

	approve := func(staff string, accept bool) string {
		d, err := h.Approve(ctx, ApproveRequest{h.key(), h.at, glass.Encounter, staff, accept, ""})
		return reason(t, d, err)
	}
	recover := RecoverRequest{Key: h.key(), At: h.at, Encounter: glass.Encounter, By: "chief-1", Why: "no means"}
	writeOff := func() string {
		recover.Key = h.key()
		d, err := h.WriteOff(ctx, recover)
		return reason(t, d, err)
	}
	assert.Equal(t, NotApprover, approve("nurse-1", true))
	assert.Equal(t, OwnAdvance, approve("doctor-1", true))
	assert.Equal(t, NotApproved, writeOff())
	assert.Equal(t, "ok", approve("chief-1", true))
	assert.Equal(t, AlreadyApproved, approve("chief-1", true), "two different persons")
	assert.Equal(t, NotApproved, writeOff())
	assert.Equal(t, "ok", approve("chief-2", true))

	// Who he is turns out later, and the network is back.
	h.insurer.Calm()
	h.lender.Calm()
	h.bank.Calm()
	d, err = h.Identify(ctx, IdentifyRequest{h.key(), h.at, glass.Encounter, "P-li", "nurse-1"})
	allowed[struct{}](t, d, err)
	askInsurer := func() (*scenarios.Decision, error) { recover.Key = h.key(); return h.AskInsurer(ctx, recover) }
	d, err = askInsurer()
	assert.Equal(t, NotLeft, reason(t, d, err))
	d, err = h.Leave(ctx, LeaveRequest{h.key(), h.at, glass.Encounter})
	assert.EqualValues(t, 5_000, allowed[Statement](t, d, err).Owed, "not the advance, before the insurer was asked")
	assert.Equal(t, InsurerFirst, writeOff())
	d, err = askInsurer()
	asked := allowed[Advance](t, d, err)
	assert.EqualValues(t, 35_000, asked.Insurer, "60 % by the pool, 50.00 from the account")
	d, err = askInsurer()
	assert.Equal(t, InsurerAsked, reason(t, d, err))
	h.audit()
	assert.EqualValues(t, 20_000, h.statement(glass.Encounter).Owed)
	assert.Equal(t, []Paid{{Encounter: glass.Encounter, Self: 5_000, Advance: 7_000}}, h.repay("", 12_000).Paid)
	assert.Equal(t, "ok", writeOff())
	assert.Equal(t, NothingOwed, writeOff())
	h.audit()

	// A second one that was not approved is the hospital's own loss.
	d, err = h.BreakGlass(ctx, BreakGlassRequest{Key: h.key(), At: h.at, Staff: "nurse-1", Reason: "unconscious"})
	second := allowed[Glass](t, d, err).Encounter
	h.order(second, 1_000, Treatment)
	for i, staff := range []string{"chief-1", "chief-2"} {
		d, err := h.Approve(ctx, ApproveRequest{h.key(), h.at, second, staff, i == 0, "no emergency"})
		allowed[Advance](t, d, err)
	}
	d, err = h.Leave(ctx, LeaveRequest{h.key(), h.at, second})
	allowed[Statement](t, d, err)
	d, err = h.WriteOff(ctx, RecoverRequest{Key: h.key(), At: h.at, Encounter: second, By: "chief-1"})
	allowed[Advance](t, d, err)
	h.audit()

	h.reopen()
	list, err := h.Advances(ctx)
	require.NoError(t, err)
	require.Len(t, list, 2)
	assert.Equal(t, Advance{Encounter: glass.Encounter, Patient: "P-li", Staff: "doctor-1", Reason: "unconscious, road accident", At: morning, Cap: 50_000,
		Approvals: []Approval{{"chief-1", true, ""}, {"chief-2", true, ""}}, Decided: true, Approved: true, Advanced: 50_000, Asked: true,
		Insurer: 35_000, Person: 7_000, Fund: 8_000}, list[0])
	assert.EqualValues(t, 1_000, list[1].Hospital)
	assert.EqualValues(t, 8_000, h.balance(fundLoss("sy-01")))
	h.audit()
}
