package hospital

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/hospital/credit"
	"github.com/citizencode/citizencode/scenarios/hospital/payer/payertest"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/rails"
	"github.com/citizencode/citizencode/scenarios/rails/railstest"
	"github.com/citizencode/citizencode/scenarios/scenariotest"
)

// morning is eight o'clock in the city.
var morning = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

// A house is a hospital with all its partners.
type house struct {
	*Scenario
	t       testing.TB
	cfg     Config
	people  *scenariotest.People
	insurer *payertest.Insurer
	lender  *railstest.Credit
	bank    *railstest.Bank
	mandate rails.Mandate
	at      time.Time
	keys    int
}

// newHouse returns a hospital in which li and wang are known as P-li and P-wang:
// li's pool bears 60 % and his account has 50.00, the bank has 10,000.00 of his,
// and the lender lends each 1,000.00. change spoils it.
func newHouse(t testing.TB, faults railstest.Faults, change func(*Config)) *house {
	t.Helper()
	mandate, err := rails.ParseMandate("tok-li")
	require.NoError(t, err)
	h := &house{t: t, at: morning, mandate: mandate,
		insurer: payertest.NewInsurer(faults.Before, faults.Seed, map[string]payertest.Policy{"P-li": {Percent: 60, Account: 5000}}),
		lender:  railstest.NewCredit(faults, map[string]int64{"P-li": 100_000, "P-wang": 100_000}),
		bank:    railstest.NewBank(faults, map[rails.Mandate]int64{mandate: 1_000_000})}
	h.cfg = Config{Hospital: "sy-01", Directory: records{string(scenariotest.Subject("li")): "P-li", string(scenariotest.Subject("wang")): "P-wang"},
		Departments: []string{"internal", "eyes"}, Staff: []Staff{{"nurse-1", false}, {"doctor-1", true}, {"chief-1", true}, {"chief-2", true}},
		Store: eventlog.NewMemory(), Ledger: ledger.New(ledger.NewMemory()), Insurer: h.insurer, Limit: 100_000, Lender: h.lender, Bank: h.bank,
		Terms: credit.Terms{Rate: 500}, AdvanceCap: 50_000}
	if change != nil {
		change(&h.cfg)
	}
	h.reopen()
	h.people = scenariotest.NewPeople(t, h.Scenario, citycode.ProfileMedical)
	return h
}

// reopen is a crash and a restart: everything that was only in memory is gone.
func (h *house) reopen() {
	h.t.Helper()
	var err error
	h.Scenario, err = Open(context.Background(), h.cfg)
	require.NoError(h.t, err)
}

func (h *house) key() string { h.keys++; return fmt.Sprintf("key %d", h.keys) }

// scan shows a person's code at a terminal now.
func (h *house) scan(name, action, params string) *scenarios.Decision {
	h.t.Helper()
	v := h.people.Visit(scenarios.Phone, name, 0, action, params)
	v.Time = h.at
	d, err := h.Handle(context.Background(), &v)
	require.NoError(h.t, err)
	return d
}

// allowed decodes the outcome of a decision that must be one.
func allowed[T any](t testing.TB, d *scenarios.Decision, err error) T {
	t.Helper()
	require.NoError(t, err)
	require.Truef(t, d.Allow, "%s", d.Reason)
	var out T
	if d.Outcome != nil {
		require.NoError(t, json.Unmarshal(d.Outcome, &out))
	}
	return out
}

func reason(t testing.TB, d *scenarios.Decision, err error) string {
	t.Helper()
	require.NoError(t, err)
	assert.False(t, d.Allow && d.Reason != "ok")
	assert.NotEmpty(t, d.Message.Zh)
	assert.NotEmpty(t, d.Message.En)
	return d.Reason
}

func (h *house) checkIn(name string, credit bool) Ticket {
	h.t.Helper()
	return allowed[Ticket](h.t, h.scan(name, CheckIn, fmt.Sprintf(`{"department":"internal","credit":%t}`, credit)), nil)
}

func (h *house) order(encounter string, fen int64, stations ...Station) Order {
	h.t.Helper()
	r := OrderRequest{Key: h.key(), At: h.at, Encounter: encounter, By: "doctor-1"}
	for _, s := range stations {
		r.Items = append(r.Items, Item{s, "item-1", fen})
	}
	d, err := h.Order(context.Background(), r)
	return allowed[Order](h.t, d, err)
}

func (h *house) statement(encounter string) *Statement {
	h.t.Helper()
	t, err := h.Statement(context.Background(), encounter, h.at)
	require.NoError(h.t, err)
	return t
}

func (h *house) repay(encounter string, fen int64) Repayment {
	h.t.Helper()
	d, err := h.Repay(context.Background(), RepayRequest{Key: h.key(), At: h.at, Patient: "P-li", Encounter: encounter, Fen: fen, Mandate: "tok-li"})
	return allowed[Repayment](h.t, d, err)
}

func (h *house) balance(a ledger.Account) int64 {
	h.t.Helper()
	b, err := h.books.Balance(context.Background(), a)
	require.NoError(h.t, err)
	return b.Net()
}

// audit compares the books with the visits, and with the partners' own.
func (h *house) audit() {
	h.t.Helper()
	ctx := context.Background()
	total, err := h.books.Totals(ctx)
	require.NoError(h.t, err)
	require.Zero(h.t, total.Net())
	owed, interest, income := make(map[string]int64), int64(0), int64(0)
	for id, en := range h.state.encounters {
		t := h.state.statement(en, h.businessDay(h.at))
		require.Equal(h.t, t.Credit.Principal-t.Credit.Surplus, h.balance(creditAccount(h.id, id)), "credit of %s", id)
		require.Equal(h.t, en.self-en.paid, h.balance(selfAccount(h.id, id)), "self of %s", id)
		require.Equal(h.t, t.Total, t.Parts.Total()+t.Advance)
		interest += t.Credit.PaidInterest
		income += t.Total
		owed[en.patient] += t.Credit.Principal
		if en.advance != nil {
			require.Equal(h.t, en.advance.left(), h.balance(advanceAccount(h.id, id)), "advance of %s", id)
		}
	}
	require.Equal(h.t, -interest, h.balance(interestIncome(h.id)))
	require.Equal(h.t, -income, h.balance(careIncome(h.id)))
	require.Equal(h.t, h.insurer.Pool(), h.balance(poolAccount(h.id)), "the insurer's pool and ours")
	require.Equal(h.t, 5000-h.insurer.Account("P-li"), h.balance(insuredAccount(h.id)), "the personal account")
	if h.cfg.Lender != nil {
		for _, patient := range []string{"P-li", "P-wang"} {
			require.Equal(h.t, owed[patient], h.lender.Account(patient).Owed, "what %s owes the lender", patient)
		}
	}
	found, err := rails.Reconcile(ctx, h.books, bankAccount, ledger.DayOf(morning), ledger.DayOf(h.at).Add(400), h.bank.Movements())
	require.NoError(h.t, err)
	require.Empty(h.t, found)
}

var errDown = errors.New("no network")
