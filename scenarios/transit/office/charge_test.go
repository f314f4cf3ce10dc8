package office_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/rails"
	"github.com/citizencode/citizencode/scenarios/rails/railstest"
	"github.com/citizencode/citizencode/scenarios/transit/deny"
	"github.com/citizencode/citizencode/scenarios/transit/office"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

func (d *desk) charge(day int) *office.ChargeReport {
	d.t.Helper()
	r, err := d.Charge(d.t.Context(), office.ChargeRequest{Day: date(day)})
	require.NoError(d.t, err)
	return r
}

func (d *desk) debtors() *deny.List {
	d.t.Helper()
	l, err := d.Debtors(d.t.Context())
	require.NoError(d.t, err)
	return l
}

func (d *desk) repay(n int, request string) *office.Account {
	d.t.Helper()
	a, err := d.Repay(d.t.Context(), office.RepayRequest{Request: request, Person: person(n)})
	require.NoError(d.t, err)
	return a
}

// TestDayIsOneCharge: a day's rides are one order, once, however often it runs.
func TestDayIsOneCharge(t *testing.T) {
	d := open(t, nil)
	d.accounts(railstest.Faults{}, 10_000)
	d.send(d.newTap(1, tap.Board, "A", at(21, "08:00")), d.newTap(1, tap.Board, "B", at(21, "09:00")), d.newTap(1, tap.Board, "A", at(22, "08:00")))
	assert.Zero(t, *d.charge(20), "nothing is booked yet")
	d.book(21)
	assert.Equal(t, office.ChargeReport{Paid: 1, Fen: 300}, *d.charge(21))
	assert.Zero(t, *d.charge(21))
	d.reopen()
	assert.Zero(t, *d.charge(21))
	d.book(22)
	assert.Zero(t, *d.charge(21), "one order for a day")
	assert.Equal(t, office.ChargeReport{Paid: 1, Fen: 100}, *d.charge(22))
	assert.EqualValues(t, 10_000-400, d.bank.Funds(mandate(t, 1)))
	assert.Len(t, d.bank.Movements(), 2)
	assert.Zero(t, d.owes(1))
	assert.Empty(t, d.debtors().People)
	// What is given back later pays for the next ride.
	ride := d.newTap(1, tap.Board, "B", at(23, "08:00"))
	d.send(ride)
	d.book(23)
	d.charge(23)
	d.reverse(ride.Key, "r")
	assert.EqualValues(t, -200, d.owes(1))
	d.send(d.newTap(1, tap.Board, "A", at(24, "08:00")))
	d.book(24)
	assert.Zero(t, *d.charge(24))
	assert.EqualValues(t, -100, d.owes(1))
}

// TestDebt: what cannot be charged is a debt; the person is on the deny list
// until it is paid, and every change has a version of its own.
func TestDebt(t *testing.T) {
	d := open(t, nil)
	d.accounts(railstest.Faults{}, 150, 0)
	ride := func(n, day int) { d.send(d.newTap(n, tap.Board, "B", at(day, "08:00"))) }
	ride(1, 21)
	ride(3, 21) // has no way to pay at all
	d.book(21)
	assert.Equal(t, office.ChargeReport{Declined: 2}, *d.charge(21))
	assert.Equal(t, deny.List{Version: 2, People: []string{person(1), person(3)}}, *d.debtors())
	a, err := d.Account(t.Context(), office.AccountRequest{Person: person(1)})
	require.NoError(t, err)
	assert.Equal(t, office.Account{Person: person(1), Fen: 200, Since: date(21), Reason: "no-funds"}, *a)
	d.reopen()
	assert.EqualValues(t, 2, d.debtors().Version)
	assert.Equal(t, office.NoWayToPay, d.repay(3, "none").Reason)

	// Person 1 binds the account of person 2, who has nothing; then a good one.
	d.payers[person(1)] = office.Payer{Mandate: mandate(t, 2)}
	assert.Equal(t, date(21), d.repay(1, "first").Since)
	assert.Equal(t, date(21), d.repay(1, "first").Since, "the same wish is one order")
	assert.EqualValues(t, 2, d.debtors().Version)
	d.accounts(railstest.Faults{}, 150, 0, 1000)
	d.payers[person(1)] = office.Payer{Mandate: mandate(t, 3)}
	paid := d.repay(1, "second")
	assert.Equal(t, office.Account{Person: person(1)}, *paid)
	assert.Equal(t, *paid, *d.repay(1, "second"))
	assert.Equal(t, deny.List{Version: 3, People: []string{person(3)}}, *d.debtors())
	assert.EqualValues(t, 800, d.bank.Funds(mandate(t, 3)))
	_, err = d.Repay(t.Context(), office.RepayRequest{Request: "second", Person: person(3)})
	assert.Error(t, err, "another's request")
	// The next run tries a debtor again.
	assert.Equal(t, office.ChargeReport{Paid: 1, Fen: 200}, *d.charge(22))
	assert.Equal(t, deny.List{Version: 4}, *d.debtors())
	d.reopen()
	assert.EqualValues(t, 4, d.debtors().Version)
	d.zero(21, 22, 30)
}

// TestDebtOfNothing: a debtor whose ride is taken back owes nothing.
func TestDebtOfNothing(t *testing.T) {
	d := open(t, nil)
	ride := d.newTap(1, tap.Board, "B", at(21, "08:00"))
	d.send(ride)
	d.book(21)
	assert.Equal(t, 1, d.charge(21).Declined)
	assert.True(t, d.reverse(ride.Key, "r").Allow)
	assert.Zero(t, d.owes(1))
	assert.Zero(t, *d.charge(22))
	assert.Empty(t, d.debtors().People)
}

// TestUnknownAnswer: an order without an answer is asked for again under its
// key, over a restart too; the bank and the ledger agree in the end.
func TestUnknownAnswer(t *testing.T) {
	for seed := range uint64(30) {
		d := open(t, nil)
		d.accounts(railstest.Hostile(seed), 10_000, 10_000, 10_000)
		for n := 1; n <= 3; n++ {
			d.send(d.newTap(n, tap.Board, "A", at(21, "08:00")), d.newTap(n, tap.Board, "B", at(22, "08:00")))
		}
		d.book(21)
		d.charge(21)
		d.book(22)
		for day := 22; day < 26; day++ {
			d.charge(day)
			d.reopen()
		}
		d.bank.Calm()
		d.charge(26)
		d.charge(27)
		for n := 1; n <= 3; n++ {
			assert.Zero(t, d.owes(n), "seed %d", seed)
			assert.EqualValues(t, 10_000-300, d.bank.Funds(mandate(t, n)))
		}
		from, _ := ledger.ParseDay("2026-11-01")
		differences, err := rails.Reconcile(t.Context(), d.ledger, ledger.MustAccount(ledger.Asset, "bank", "clearing"), from, from.Add(60), d.bank.Movements())
		require.NoError(t, err)
		assert.Empty(t, differences)
		assert.Empty(t, d.debtors().People, "not to know is not to be declined")
	}
}

// TestCredit: a person without a mandate rides on a credit line; what it cannot
// lend is a debt, and nothing stays held.
func TestCredit(t *testing.T) {
	for seed := range uint64(10) {
		credit := railstest.NewCredit(railstest.Hostile(seed), map[string]int64{"line-1": 250})
		d := open(t, func(c *office.Config) { c.Credit = credit })
		d.payers[person(1)] = office.Payer{Credit: "line-1"}
		d.send(d.newTap(1, tap.Board, "B", at(21, "08:00")), d.newTap(1, tap.Board, "A", at(22, "08:00")))
		d.book(21)
		for day := 21; day < 28; day++ {
			d.charge(day)
		}
		credit.Calm()
		d.charge(28)
		assert.Zero(t, d.owes(1))
		d.book(22)
		d.charge(29)
		d.charge(30)
		assert.EqualValues(t, 100, d.owes(1))
		assert.Equal(t, []string{person(1)}, d.debtors().People)
		assert.Equal(t, railstest.CreditAccount{Limit: 250, Owed: 200}, credit.Account("line-1"), "seed %d", seed)
	}
}

// inBetween lets something happen while a run looks up how somebody pays.
type inBetween struct {
	payers
	once func()
}

func (p *inBetween) Payer(ctx context.Context, who string) (office.Payer, error) {
	if once := p.once; once != nil {
		p.once = nil
		once()
	}
	return p.payers.Payer(ctx, who)
}

// TestBusy: of two processes that charge the same debt at once, one does.
func TestBusy(t *testing.T) {
	hook := new(inBetween)
	a := open(t, func(c *office.Config) { c.Payers = hook })
	hook.payers = a.payers
	a.accounts(railstest.Faults{}, 1000)
	b := *a
	b.reopen()
	a.send(a.newTap(1, tap.Board, "B", at(21, "08:00")))
	a.book(21)
	hook.once = func() { assert.Zero(t, b.repay(1, "now").Fen) }
	_, err := a.Charge(t.Context(), office.ChargeRequest{Day: date(21)})
	require.ErrorIs(t, err, office.ErrBusy)
	assert.Zero(t, *a.charge(21))
	assert.EqualValues(t, 800, a.bank.Funds(mandate(t, 1)))
}
