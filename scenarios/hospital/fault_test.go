package hospital

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/hospital/payer"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/rails"
	"github.com/citizencode/citizencode/scenarios/rails/railstest"
)

// flaky is a store of events that fails before or after it has kept them.
type flaky struct {
	eventlog.Store
	rand *rand.Rand
	of   int // of 100
}

var errDisk = errors.New("the disk does not answer")

func (f *flaky) Append(ctx context.Context, stream string, after int64, events []eventlog.Event) error {
	if f.rand.IntN(100) < f.of {
		return errDisk
	}
	err := f.Store.Append(ctx, stream, after, events)
	if f.rand.IntN(100) < f.of {
		return errDisk
	}
	return err
}

// flakyBooks is a ledger's store that fails so.
type flakyBooks struct {
	ledger.Store
	rand *rand.Rand
	of   int
}

func (f *flakyBooks) Commit(ctx context.Context, txs []*ledger.Transaction, atomic bool) ([]ledger.Verdict, error) {
	if f.rand.IntN(100) < f.of {
		return nil, errDisk
	}
	verdicts, err := f.Store.Commit(ctx, txs, atomic)
	if f.rand.IntN(100) < f.of {
		return nil, errDisk
	}
	return verdicts, err
}

// TestFaults: whatever fails and whenever the hospital crashes, who asks again
// until he is answered moves every fen once: the books agree with the visits,
// the insurer, the lender and the bank.
func TestFaults(t *testing.T) {
	reasons := make(map[string]int)
	seeds := uint64(40)
	if os.Getenv("CITIZENCODE_LONG") != "" {
		seeds = 4000
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 3))
		disk, books := &flaky{eventlog.NewMemory(), r, 10}, &flakyBooks{ledger.NewMemory(), r, 10}
		h := newHouse(t, railstest.Hostile(seed), func(c *Config) { c.Staff = append(c.Staff, Staff{"chief-3", true}) })
		h.cfg.Store, h.cfg.Ledger = disk, ledger.New(books)
		open := func() {
			for try := 0; ; try++ {
				s, err := Open(ctx, h.cfg)
				if h.Scenario = s; err == nil {
					return
				}
				require.Less(t, try, 1000)
			}
		}
		open()
		// until asks again, perhaps after a crash, until there is an answer.
		until := func(ask func() (*scenarios.Decision, error)) *scenarios.Decision {
			for try := 0; ; try++ {
				d, err := ask()
				if err == nil {
					reasons[d.Reason]++
					return d
				}
				require.Less(t, try, 1000, "%v", err)
				if r.IntN(4) == 0 {
					open()
				}
			}
		}
		var encounters, orders []string
		for range 30 {
			key, pick := h.key(), func(list []string) string {
				if len(list) == 0 {
					return "none"
				}
				return list[r.IntN(len(list))]
			}
			switch what := r.IntN(12); what {
			case 0, 1:
				v := h.people.Visit(scenarios.Phone, []string{"li", "wang"}[r.IntN(2)], 0, CheckIn, `{"department":"eyes","credit":true}`)
				v.Time = h.at
				if d := until(func() (*scenarios.Decision, error) { return h.Handle(ctx, &v) }); d.Allow {
					encounters = append(encounters, allowed[Ticket](t, d, nil).Encounter)
				}
			case 2, 3, 4:
				order := OrderRequest{Key: key, At: h.at, Encounter: pick(encounters), By: "doctor-1", Items: []Item{{Lab, "x", r.Int64N(40_000)}}}
				if d := until(func() (*scenarios.Decision, error) { return h.Order(ctx, order) }); d.Allow {
					orders = append(orders, allowed[Order](t, d, nil).ID)
				}
			case 5:
				c := ConfirmRequest{key, h.at, pick(orders), []string{"P-li", "P-wang"}[r.IntN(2)]}
				until(func() (*scenarios.Decision, error) { return h.Confirm(ctx, c) })
			case 6:
				c := CancelOrderRequest{key, h.at, pick(orders), "doctor-1", ""}
				until(func() (*scenarios.Decision, error) { return h.CancelOrder(ctx, c) })
			case 7, 8:
				p := RepayRequest{Key: key, At: h.at, Patient: []string{"P-li", "P-wang"}[r.IntN(2)], Fen: 1 + r.Int64N(9_000), Mandate: "tok-li"}
				if r.IntN(2) == 0 {
					p.Mandate, p.By = "", "nurse-1"
				}
				until(func() (*scenarios.Decision, error) { return h.Repay(ctx, p) })
			case 9:
				l := LeaveRequest{key, h.at, pick(encounters)}
				until(func() (*scenarios.Decision, error) { return h.Leave(ctx, l) })
			case 10:
				h.at = h.at.Add(time.Duration(r.IntN(20)) * 24 * time.Hour)
			case 11:
				b := ReturnRequest{key, h.at, pick(encounters), "nurse-1"}
				until(func() (*scenarios.Decision, error) { return h.Return(ctx, b) })
			}
		}
		h.insurer.Calm()
		h.lender.Calm()
		h.bank.Calm()
		disk.of, books.of = 0, 0
		open()
		require.NoError(t, h.Resume(ctx))
		require.Empty(t, h.state.outbox)
		require.Empty(t, h.state.pending)
		require.Empty(t, h.state.paying)
		h.audit()
		told := func() (list []any) {
			list = append(list, fmt.Sprint(h.state.answers), h.Metrics())
			for _, patient := range []string{"P-li", "P-wang"} {
				statements, err := h.Statements(ctx, patient, h.at)
				require.NoError(t, err)
				list = append(list, statements)
			}
			return list
		}
		before := told()
		h.reopen()
		require.Equal(t, before, told(), "the events tell the same again")
		h.audit()
	}
	for _, word := range []string{"ok", MoreThanOwed, OrderCancelled, EncounterLeft, NothingOwed, OrderNotHeld} {
		assert.Positive(t, reasons[word], "%s never happened: the test shows little; %v", word, reasons)
	}
}

// A crash between the event and the ledger: the posting is made at Open, and
// once.
func TestCrashBeforeBooks(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	books := &flakyBooks{ledger.NewMemory(), r, 0}
	h := newHouse(t, railstest.Faults{}, func(c *Config) { c.Ledger = ledger.New(books) })
	ticket := h.checkIn("li", true)
	books.of = 100
	order := OrderRequest{Key: "k", At: h.at, Encounter: ticket.Encounter, By: "doctor-1", Items: []Item{{Lab, "x", 10_000}}}
	_, err := h.Order(ctx, order)
	require.ErrorIs(t, err, errDisk)
	books.of = 0
	h.reopen()
	h.audit()
	assert.EqualValues(t, -10_000, h.balance(careIncome("sy-01")))
	d, err := h.Order(ctx, order)
	assert.Equal(t, "o1", allowed[Order](t, d, err).ID)
	assert.EqualValues(t, -10_000, h.balance(careIncome("sy-01")))
	h.audit()
}

// What belongs to a closed day is booked on the first that is open.
func TestClosedDay(t *testing.T) {
	h := newHouse(t, railstest.Faults{}, nil)
	ticket := h.checkIn("li", true)
	_, err := h.books.CloseDay(ctx, ledger.DayOf(h.at))
	require.NoError(t, err)
	h.order(ticket.Encounter, 10_000, Lab)
	found, err := h.books.Find(ctx, bookKey("charge", "sy-01", "o1"))
	require.NoError(t, err)
	assert.Equal(t, "2026-01-06", found.Transaction.Day().String())
	assert.Equal(t, "2026-01-05", found.Transaction.Origin().String())
	st, err := h.Settle(ctx, "2026-01-06")
	require.NoError(t, err)
	assert.Equal(t, []scenarios.SettlementLine{{Party: "hospital", Count: 1, Fen: 10_000}, {Party: "insurer-pool", Count: 1, Fen: -6_000},
		{Party: "insurer-account", Count: 1, Fen: -4_000}}, st.Lines)
	assert.False(t, st.Closed)
	h.reopen()
	h.audit()
}

// The place up to which everything stands in the ledger is kept.
func TestCheckpoint(t *testing.T) {
	h := newHouse(t, railstest.Faults{}, func(c *Config) { c.Insurer, c.Lender = nil, nil })
	var ticket Ticket
	for i := range 2*checkpoint + 10 {
		if i%MaxOrders == 0 {
			if i > 0 {
				h.scan("wang", Leave, ``)
			}
			ticket = h.checkIn("wang", true)
		}
		h.order(ticket.Encounter, 1, Lab)
	}
	assert.Len(t, h.state.drafts, 10)
	counted := &counting{Store: ledger.NewMemory()}
	h.cfg.Ledger = ledger.New(counted)
	h.reopen()
	assert.Equal(t, 10, counted.posted)
}

type counting struct {
	ledger.Store
	posted int
}

func (c *counting) Commit(ctx context.Context, txs []*ledger.Transaction, atomic bool) ([]ledger.Verdict, error) {
	c.posted += len(txs)
	return c.Store.Commit(ctx, txs, atomic)
}

// A request that is sent many times at once, over partners of every fault, is
// one order and one repayment, and everybody is answered the same.
func TestConcurrentSame(t *testing.T) {
	for seed := range uint64(20) {
		h := newHouse(t, railstest.Hostile(seed), nil)
		ticket := h.checkIn("li", true)
		order := OrderRequest{Key: "one", At: h.at, Encounter: ticket.Encounter, By: "doctor-1", Items: []Item{{Lab, "x", 30_000}}}
		repay := RepayRequest{Key: "two", At: h.at, Patient: "P-li", Fen: 7_000, Mandate: "tok-li"}
		for _, ask := range []func() (*scenarios.Decision, error){
			func() (*scenarios.Decision, error) { return h.Order(ctx, order) },
			func() (*scenarios.Decision, error) { return h.Repay(ctx, repay) },
		} {
			answers := make([]string, 16)
			var wait sync.WaitGroup
			for i := range answers {
				wait.Go(func() {
					for range 1000 {
						if d, err := ask(); err == nil {
							answers[i] = d.Reason + string(d.Outcome)
							return
						}
					}
				})
			}
			wait.Wait()
			for _, a := range answers {
				require.Equal(t, answers[0], a)
				require.Contains(t, a, "ok{")
			}
		}
		h.insurer.Calm()
		h.lender.Calm()
		h.bank.Calm()
		require.NoError(t, h.Resume(ctx))
		require.EqualValues(t, -30_000, h.balance(careIncome("sy-01")))
		require.EqualValues(t, 7_000, h.balance(bankAccount))
		h.audit()
	}
}

// meeting is an insurer at which two callers wait for each other at every call.
type meeting struct {
	payer.Insurer
	quote, pay chan struct{}
}

func meet(ctx context.Context, c chan struct{}) error {
	select {
	case c <- struct{}{}:
	case <-c:
	case <-ctx.Done(): // nobody else comes
		return ctx.Err()
	}
	return nil
}

func (m meeting) Quote(ctx context.Context, c payer.Claim) (payer.Cover, error) {
	if err := meet(ctx, m.quote); err != nil {
		return payer.Cover{}, err
	}
	return m.Insurer.Quote(ctx, c)
}

func (m meeting) Pay(ctx context.Context, p payer.Payment) (rails.Answer, error) {
	if err := meet(ctx, m.pay); err != nil {
		return rails.Answer{}, err
	}
	return m.Insurer.Pay(ctx, p)
}

// Two drivers of one order who are at the same step at the same time: neither
// fails, and both are answered the same.
func TestTwoDrivers(t *testing.T) {
	h := newHouse(t, railstest.Faults{}, func(c *Config) { c.Insurer = meeting{c.Insurer, make(chan struct{}), make(chan struct{})} })
	ticket := h.checkIn("li", true)
	order := OrderRequest{Key: "one", At: h.at, Encounter: ticket.Encounter, By: "doctor-1", Items: []Item{{Lab, "x", 30_000}}}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second) // only reached by a failure
	defer cancel()
	var answers [2]*scenarios.Decision
	var wait sync.WaitGroup
	for i := range answers {
		wait.Go(func() {
			var err error
			answers[i], err = h.Order(ctx, order)
			assert.NoError(t, err)
		})
	}
	wait.Wait()
	require.NotNil(t, answers[0])
	assert.True(t, answers[0].Allow)
	assert.Equal(t, answers[0], answers[1])
	assert.EqualValues(t, -30_000, h.balance(careIncome("sy-01")))
	h.audit()
}
