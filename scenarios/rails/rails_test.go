package rails_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/rails"
	"github.com/citizencode/citizencode/scenarios/rails/railstest"
)

var (
	noon       = time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)
	today      = ledger.DayOf(noon)
	bank       = ledger.MustAccount(ledger.Asset, "bank", "clearing")
	receivable = ledger.MustAccount(ledger.Asset, "receivable", "parking")
	lender     = ledger.MustAccount(ledger.Asset, "credit", "clearing")
	subsidy    = ledger.MustAccount(ledger.Expense, "subsidy")
)

func mandate(t testing.TB, token string) rails.Mandate {
	t.Helper()
	m, err := rails.ParseMandate(token)
	require.NoError(t, err)
	return m
}

// patient waits no time.
func patient(context.Context, int) error { return nil }

func newSettler() *rails.Settler {
	return &rails.Settler{Ledger: ledger.New(ledger.NewMemory()), Wait: patient}
}

func booking(kind string, debit, credit ledger.Account, fen int64) *ledger.Draft {
	return &ledger.Draft{Kind: kind, Time: noon, Day: today, Postings: []ledger.Posting{
		{Account: debit, Debit: fen}, {Account: credit, Credit: fen}}}
}

func order(t testing.TB) func(*rails.Order, error) *rails.Order {
	return func(o *rails.Order, err error) *rails.Order {
		t.Helper()
		require.NoError(t, err)
		return o
	}
}

// settled settles again until the end is known, as a server does.
func settled(t testing.TB, s *rails.Settler, o *rails.Order, d *ledger.Draft) rails.Answer {
	t.Helper()
	for range 100 {
		answer, err := s.Settle(t.Context(), o, d)
		if err == nil {
			return answer
		}
		require.ErrorIs(t, err, rails.ErrUnsettled)
		require.Equal(t, rails.Answer{}, answer)
	}
	require.Fail(t, "no end")
	return rails.Answer{}
}

func differences(t testing.TB, l *ledger.Ledger, account ledger.Account, list []rails.Movement) []rails.Difference {
	t.Helper()
	found, err := rails.Reconcile(t.Context(), l, account, today, today.Add(30), list)
	require.NoError(t, err)
	return found
}

// TestGrantOnce: a whole onboarding replayed 50 times at once, over a partner
// of every fault, grants once.
func TestGrantOnce(t *testing.T) {
	for seed := range uint64(20) {
		wallet := railstest.NewWallet(railstest.Hostile(seed), "p-1", "p-2")
		s := newSettler()
		var wait sync.WaitGroup
		for range 50 {
			wait.Go(func() {
				o, err := rails.GrantOrder(wallet, rails.Grant{Campaign: "welcome-2026", Person: "p-1", Fen: 5000})
				if assert.NoError(t, err) {
					for range 3 { // and every device retries
						s.Settle(t.Context(), o, booking("subsidy.grant", subsidy, bank, 5000))
					}
				}
			})
		}
		wait.Wait()
		wallet.Calm()
		o := order(t)(rails.GrantOrder(wallet, rails.Grant{Campaign: "welcome-2026", Person: "p-1", Fen: 5000}))
		assert.Equal(t, rails.Accepted, settled(t, s, o, booking("subsidy.grant", subsidy, bank, 5000)).State)
		assert.EqualValues(t, 5000, wallet.Balance("p-1"))
		assert.EqualValues(t, 0, wallet.Balance("p-2"))
		b, err := s.Ledger.Balance(t.Context(), subsidy)
		require.NoError(t, err)
		assert.Equal(t, ledger.Balance{Debit: 5000}, b)
		assert.Empty(t, differences(t, s.Ledger, bank, wallet.Movements()))
	}
}

// TestMisbehaviour: whatever a bank does, in the end the ledger says what the
// bank says.
func TestMisbehaviour(t *testing.T) {
	states := make(map[string]int)
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		m := mandate(t, "tok-1")
		b := railstest.NewBank(railstest.Hostile(seed), map[rails.Mandate]int64{m: 2000})
		s := newSettler()
		s.Attempts = 1 + r.IntN(3)
		var pending []*rails.Order
		drafts := make(map[*rails.Order]*ledger.Draft)
		send := func(o *rails.Order, d *ledger.Draft) {
			answer, err := s.Settle(t.Context(), o, d)
			drafts[o] = d
			if err != nil {
				require.ErrorIs(t, err, rails.ErrUnsettled)
				pending = append(pending, o)
				states["unsettled"]++
				return
			}
			states[answer.State.String()+" "+answer.Reason]++
		}
		for i := range 40 {
			fen := 1 + r.Int64N(150)
			charge := fmt.Sprint("charge-", i)
			send(order(t)(rails.ChargeOrder(b, rails.Charge{Key: charge, Mandate: m, Fen: fen})), booking("charge", bank, receivable, fen))
			if r.IntN(2) == 0 { // whether or not the charge is known to stand
				back := 1 + r.Int64N(150)
				send(order(t)(rails.RefundOrder(b, rails.Refund{Key: "refund-" + charge, Charge: charge, Fen: back})), booking("refund", receivable, bank, back))
			}
			if i == 20 {
				_, err := s.Ledger.CloseDay(t.Context(), today)
				require.NoError(t, err)
			}
		}
		// Before the end the differences are what is pending, and nothing else.
		for _, d := range differences(t, s.Ledger, bank, b.Movements()) {
			assert.Zero(t, d.Ledger)
			assert.Contains(t, keys(pending), d.Key)
		}
		if seed%2 == 0 {
			b.Calm()
		}
		for _, o := range pending {
			settled(t, s, o, drafts[o])
		}
		b.Calm()
		assert.Empty(t, differences(t, s.Ledger, bank, b.Movements()))
		balance, err := s.Ledger.Balance(t.Context(), bank)
		require.NoError(t, err)
		assert.Equal(t, 2000-b.Funds(m), balance.Net())
	}
	for _, state := range []string{"unsettled", "accepted ", "declined no-funds", "declined no-charge", "declined exceeds-charge"} {
		assert.Positive(t, states[state], "%s never happened: %v", state, states)
	}
}

func keys(orders []*rails.Order) (list []string) {
	for _, o := range orders {
		list = append(list, o.Key())
	}
	return list
}

// TestForgetfulPartner: a partner that moves money twice is found out.
func TestForgetfulPartner(t *testing.T) {
	m := mandate(t, "tok-1")
	b := railstest.NewBank(railstest.Faults{Twice: 100, InsecureForget: true}, map[rails.Mandate]int64{m: 2000})
	s := newSettler()
	settled(t, s, order(t)(rails.ChargeOrder(b, rails.Charge{Key: "c", Mandate: m, Fen: 300})), booking("charge", bank, receivable, 300))
	found := differences(t, s.Ledger, bank, b.Movements())
	assert.Equal(t, []rails.Difference{{Key: "c", Partner: 600, Ledger: 300}}, found)
	assert.Equal(t, "c: the partner moved 600 fen, the ledger has 300", found[0].String())
}

// TestReconcile: each sort of difference.
func TestReconcile(t *testing.T) {
	l := ledger.New(ledger.NewMemory())
	for key, fen := range map[string]int64{"same": 5, "ours": 7, "other": 9, "twice": 4} {
		d := *booking("charge", bank, receivable, fen)
		d.Key = key
		_, err := l.Post(t.Context(), d)
		require.NoError(t, err)
	}
	found := differences(t, l, bank, []rails.Movement{{Key: "theirs", Fen: 3}, {Key: "same", Fen: 5}, {Key: "other", Fen: -9}, {Key: "twice", Fen: 4}, {Key: "twice", Fen: 4}})
	assert.Equal(t, []rails.Difference{{"other", -9, 9}, {"ours", 0, 7}, {"theirs", 3, 0}, {"twice", 8, 4}}, found)
	for _, d := range found {
		assert.NotEmpty(t, d.String())
	}
}

// TestCredit: a hospital visit on credit, over a lender of every fault.
func TestCredit(t *testing.T) {
	for seed := range uint64(30) {
		c := railstest.NewCredit(railstest.Hostile(seed), map[string]int64{"p-1": 1000})
		s := newSettler()
		authorise := func(key string, fen int64) rails.Answer {
			return settled(t, s, order(t)(rails.AuthorisationOrder(c, rails.Authorisation{Key: key, Account: "p-1", Fen: fen})), nil)
		}
		capture := func(key, of string, fen int64) rails.Answer {
			return settled(t, s, order(t)(rails.CaptureOrder(c, rails.Capture{Key: key, Authorisation: of, Fen: fen})), booking("credit.capture", lender, receivable, fen))
		}
		assert.Equal(t, rails.Accepted, authorise("a1", 800).State)
		assert.Equal(t, rails.Answer{State: rails.Declined, Reason: "over-limit"}, authorise("a2", 201))
		assert.Equal(t, rails.Accepted, capture("c1", "a1", 500).State)
		assert.Equal(t, "exceeds-authorisation", capture("c2", "a1", 301).Reason)
		assert.Equal(t, "no-authorisation", capture("c3", "a2", 1).Reason)
		assert.Equal(t, rails.Accepted, settled(t, s, order(t)(rails.ReleaseOrder(c, rails.Release{Key: "l1", Authorisation: "a1"})), nil).State)
		assert.Equal(t, railstest.CreditAccount{Limit: 1000, Owed: 500}, c.Account("p-1"))
		repay := func(key string, fen int64) rails.Answer {
			return settled(t, s, order(t)(rails.RepaymentOrder(c, rails.Repayment{Key: key, Account: "p-1", Fen: fen})), booking("credit.repayment", receivable, lender, fen))
		}
		assert.Equal(t, rails.Accepted, repay("r1", 300).State)
		assert.Equal(t, "exceeds-debt", repay("r2", 201).Reason)
		assert.Equal(t, rails.Accepted, repay("r3", 200).State)
		c.Calm()
		assert.Equal(t, railstest.CreditAccount{Limit: 1000}, c.Account("p-1"))
		assert.Empty(t, differences(t, s.Ledger, lender, c.Movements()))
	}
}

// TestSettleStops: an order whose end is not known is bounded in attempts, and
// says why; a refusal is an end.
func TestSettleStops(t *testing.T) {
	m := mandate(t, "tok-1")
	b := railstest.NewBank(railstest.Faults{Before: 100, Deaf: 100}, map[rails.Mandate]int64{m: 2000})
	o := order(t)(rails.ChargeOrder(b, rails.Charge{Key: "c", Mandate: m, Fen: 300}))
	waits := 0
	s := newSettler()
	s.Attempts = 4
	s.Wait = func(context.Context, int) error { waits++; return nil }
	_, err := s.Settle(t.Context(), o, nil)
	require.ErrorIs(t, err, rails.ErrUnsettled)
	require.ErrorIs(t, err, railstest.ErrTimeout)
	assert.Equal(t, 3, waits)

	s.Wait = func(context.Context, int) error { return context.DeadlineExceeded }
	_, err = s.Settle(t.Context(), o, nil)
	require.ErrorIs(t, err, rails.ErrUnsettled)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Settle(ctx, o, nil)
	require.ErrorIs(t, err, rails.ErrUnsettled)

	// A booking that could not be posted is refused before money moves.
	b.Calm()
	wrong := booking("charge", bank, receivable, 300)
	wrong.Postings = wrong.Postings[:1]
	_, err = s.Settle(t.Context(), o, wrong)
	_, ok := errors.AsType[*ledger.DraftError](err)
	require.True(t, ok)
	assert.EqualValues(t, 2000, b.Funds(m))

	other := order(t)(rails.ChargeOrder(b, rails.Charge{Key: "d", Mandate: mandate(t, "tok-2"), Fen: 300}))
	answer, err := s.Settle(t.Context(), other, booking("charge", bank, receivable, 300))
	require.NoError(t, err)
	assert.Equal(t, rails.Answer{State: rails.Declined, Reason: "no-mandate"}, answer)
	_, err = s.Ledger.Find(t.Context(), "d")
	assert.ErrorIs(t, err, ledger.ErrNotFound)
}

// unbooked is a ledger that fails so often, and then works.
type unbooked struct {
	ledger.Store
	failures int
}

var errDown = errors.New("the ledger is down")

func (u *unbooked) Commit(ctx context.Context, txs []*ledger.Transaction, atomic bool) ([]ledger.Verdict, error) {
	if u.failures > 0 {
		u.failures--
		return nil, errDown
	}
	return u.Store.Commit(ctx, txs, atomic)
}

// TestSettleResumes: money that moved and was not booked is booked when the
// order is settled again, on an open day, once.
func TestSettleResumes(t *testing.T) {
	m := mandate(t, "tok-1")
	b := railstest.NewBank(railstest.Faults{}, map[rails.Mandate]int64{m: 2000})
	s := newSettler()
	s.Ledger = ledger.New(&unbooked{ledger.NewMemory(), 1})
	o := order(t)(rails.ChargeOrder(b, rails.Charge{Key: "c", Mandate: m, Fen: 300}))
	_, err := s.Settle(t.Context(), o, booking("charge", bank, receivable, 300))
	require.ErrorIs(t, err, errDown)
	assert.Len(t, differences(t, s.Ledger, bank, b.Movements()), 1)
	_, err = s.Ledger.CloseDay(t.Context(), today)
	require.NoError(t, err)
	for range 3 {
		answer, err := s.Settle(t.Context(), o, booking("charge", bank, receivable, 300))
		require.NoError(t, err)
		assert.Equal(t, rails.Accepted, answer.State)
	}
	assert.Empty(t, differences(t, s.Ledger, bank, b.Movements()))
	r, err := s.Ledger.Find(t.Context(), "c")
	require.NoError(t, err)
	assert.Equal(t, today.Add(1), r.Transaction.Day())
	assert.Equal(t, today, r.Transaction.Origin())
}

// TestMandate: the number of a card comes no further, and a token is not printed.
func TestMandate(t *testing.T) {
	for _, token := range []string{"", "6222021234567890128", "6222 0212 3456 7890", "6222-0212-3456-7890", "tok 1", "tok\n1", "令牌"} {
		_, err := rails.ParseMandate(token)
		var wrong *rails.OrderError
		require.ErrorAs(t, err, &wrong, "%q", token)
		assert.Equal(t, "mandate", wrong.Path)
	}
	m := mandate(t, "tok-88123")
	assert.Equal(t, "tok-88123", m.Token())
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		assert.NotContains(t, fmt.Sprintf(format, rails.Charge{Key: "c", Mandate: m}), "88123")
	}
}

// TestOrders: what cannot be right is not sent.
func TestOrders(t *testing.T) {
	m := mandate(t, "tok-1")
	b, c, w := railstest.NewBank(railstest.Faults{}, nil), railstest.NewCredit(railstest.Faults{}, nil), railstest.NewWallet(railstest.Faults{})
	for path, makeOrder := range map[string]func() (*rails.Order, error){
		"key":           func() (*rails.Order, error) { return rails.ChargeOrder(b, rails.Charge{Mandate: m, Fen: 1}) },
		"mandate":       func() (*rails.Order, error) { return rails.ChargeOrder(b, rails.Charge{Key: "k", Fen: 1}) },
		"fen":           func() (*rails.Order, error) { return rails.RefundOrder(b, rails.Refund{Key: "k", Charge: "c", Fen: 0}) },
		"charge":        func() (*rails.Order, error) { return rails.RefundOrder(b, rails.Refund{Key: "k", Fen: 1}) },
		"account":       func() (*rails.Order, error) { return rails.RepaymentOrder(c, rails.Repayment{Key: "k", Fen: 1}) },
		"authorisation": func() (*rails.Order, error) { return rails.ReleaseOrder(c, rails.Release{Key: "k"}) },
		"campaign": func() (*rails.Order, error) {
			return rails.GrantOrder(w, rails.Grant{Campaign: "a/b", Person: "p", Fen: 1})
		},
		"person": func() (*rails.Order, error) { return rails.GrantOrder(w, rails.Grant{Campaign: "a", Fen: 1}) },
	} {
		_, err := makeOrder()
		var wrong *rails.OrderError
		require.ErrorAs(t, err, &wrong, path)
		assert.Equal(t, path, wrong.Path)
		assert.Contains(t, err.Error(), path)
	}
	_, err := rails.CaptureOrder(c, rails.Capture{Key: "k", Authorisation: "a", Fen: ledger.MaxAmount + 1})
	assert.Error(t, err)
	_, err = rails.AuthorisationOrder(c, rails.Authorisation{Key: "k k", Account: "a", Fen: 1})
	assert.Error(t, err)
}
