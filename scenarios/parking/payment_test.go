package parking

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/rails"
)

// parkedOnce parks li for an hour; five yuan are to be collected.
func parkedOnce(t *testing.T) *town {
	w := newTown(t, nil)
	w.bind(li, plateLi, "mandate-li")
	w.see("north", plateLi, false)
	w.pass(time.Hour)
	require.True(t, w.see("north", plateLi, true).Allow)
	return w
}

// A part goes back the way it came, and never more than was billed.
func TestRefund(t *testing.T) {
	w, ctx := parkedOnce(t), context.Background()
	w.collect()
	refund := func(key string, fen int64) string {
		return ok(t)(w.Refund(ctx, RefundRequest{Key: key, Bill: "s-1", Fen: fen, By: "desk", Why: "clock was wrong"})).Reason
	}
	assert.Equal(t, "ok", refund("1", 200))
	assert.Equal(t, "ok", refund("1", 200))
	assert.Equal(t, KeyReused, refund("1", 201))
	assert.Equal(t, PayingBack, w.session("s-1").Bill.Payment)
	assert.Equal(t, Collected{Accepted: 1}, w.collect())
	assert.EqualValues(t, 300, w.taken())
	assert.Equal(t, AmountTooHigh, refund("2", 301))
	assert.Equal(t, "ok", refund("3", 300))
	w.collect()
	assert.Zero(t, w.taken())
	assert.Zero(t, w.net(income("north"))+w.net(receivable(li))+w.net(bankClearing))
	assert.Equal(t, Bill{ID: "s-1", Lot: "north", Payer: li, Payment: Paid, Fen: 500, Refunded: 500}, *w.session("s-1").Bill)
	w.audit()
}

// An exit that is taken back before the bank has answered: the answer comes, and
// the money goes back.
func TestReverse(t *testing.T) {
	w, ctx := parkedOnce(t), context.Background()
	order := scenarios.Reversal{Key: "event 3", Request: "r", By: "desk", Why: "another car", Time: w.clock}
	for range 2 {
		assert.Equal(t, "ok", ok(t)(w.Reverse(ctx, order)).Reason)
	}
	order.Request = "r2"
	assert.Equal(t, AlreadyReversed, ok(t)(w.Reverse(ctx, order)).Reason)
	order.Key = "event 2"
	assert.Equal(t, AlreadyLeft, ok(t)(w.Reverse(ctx, order)).Reason)
	order.Key = "no such visit"
	assert.Equal(t, VisitUnknown, ok(t)(w.Reverse(ctx, order)).Reason)
	assert.Equal(t, Collected{Accepted: 1}, w.collect())
	assert.Equal(t, Collected{Accepted: 1}, w.collect())
	assert.Zero(t, w.taken())
	w.audit()
}

// An entry by mistake is taken back, with what was paid.
func TestReverseEntry(t *testing.T) {
	w, ctx := newTown(t, nil), context.Background()
	v := w.people.Visit(scenarios.Card, "li", 0, Enter, `{"lot":"north"}`)
	v.Time = w.clock
	ok(t)(w.Handle(ctx, &v))
	w.pass(time.Hour)
	require.True(t, ok(t)(w.Pay(ctx, PayRequest{Key: "p", Bill: "s-1", Fen: 500, Method: ByCash})).Allow)
	require.True(t, ok(t)(w.Reverse(ctx, scenarios.Reversal{Key: v.Key, Request: "r", By: "desk", Time: w.clock})).Allow)
	assert.Equal(t, Cancelled, w.session("s-1").State)
	assert.Zero(t, w.net(cash("north")))
	assert.Equal(t, NotInside, w.show("li", "north", Leave).Reason)
	assert.True(t, w.show("li", "north", Enter).Allow)
	w.audit()
}

// A bank that does not take a refund leaves it at the desk.
func TestHandOut(t *testing.T) {
	w, ctx := parkedOnce(t), context.Background()
	w.collect()
	require.True(t, ok(t)(w.Refund(ctx, RefundRequest{Key: "1", Bill: "s-1", Fen: 500, By: "desk"})).Allow)
	w.bank = nil
	w.cfg.Bank = declining{w.cfg.Bank}
	w.reopen()
	c, err := w.Collect(ctx)
	require.NoError(t, err)
	assert.Equal(t, Collected{Declined: 1}, c)
	assert.Equal(t, Undelivered, w.session("s-1").Bill.Payment)
	for range 2 {
		assert.True(t, ok(t)(w.HandOut(ctx, HandOutRequest{Key: "h", Bill: "s-1", By: "desk"})).Allow)
	}
	assert.Equal(t, NothingDue, ok(t)(w.HandOut(ctx, HandOutRequest{Key: "h2", Bill: "s-1", By: "desk"})).Reason)
	assert.EqualValues(t, -500, w.net(cash("north")))
	assert.Zero(t, w.net(receivable(li)))
}

type declining struct{ rails.Bank }

func (declining) Refund(context.Context, rails.Refund) (rails.Answer, error) {
	return rails.Answer{State: rails.Declined, Reason: "account-closed"}, nil
}

// What a person finds ends a doubt, and a stay that he ends is a debt, never a
// charge.
func TestResolve(t *testing.T) {
	ctx := context.Background()
	doubtful := func() *town {
		w := newTown(t, nil)
		w.bind(li, plateLi, "mandate-li")
		w.see("north", plateLi, false)
		w.pass(time.Hour)
		w.see("north", "辽A12346", true)
		reviews, err := w.Reviews(ctx, "north")
		require.NoError(t, err)
		require.Len(t, reviews, 1)
		require.Equal(t, "辽A***46", reviews[0].Seen)
		return w
	}
	for _, c := range []struct {
		request ResolveRequest
		state   State
		payment Payment
		debt    int64
	}{
		{ResolveRequest{How: ItIsInside}, Inside, "", 0},
		{ResolveRequest{How: ItLeft}, Left, Unpaid, 500},
		{ResolveRequest{How: LetItGo}, Waived, Free, 0},
	} {
		w := doubtful()
		w.pass(2 * time.Hour)
		c.request.Key, c.request.Session, c.request.By = "k", "s-1", "desk"
		for range 2 {
			require.True(t, ok(t)(w.Resolve(ctx, c.request)).Allow, c.request.How)
		}
		w.collect()
		s := w.session("s-1")
		assert.Equal(t, c.state, s.State)
		if s.Bill != nil {
			assert.Equal(t, c.payment, s.Bill.Payment)
			assert.Equal(t, c.debt, s.Bill.Due, "by the time at which it was seen")
		}
		assert.Zero(t, w.taken())
		c.request.Key, c.request.How = "k2", ItIsInside
		assert.Equal(t, WrongState, ok(t)(w.Resolve(ctx, c.request)).Reason)
		w.audit()
	}
	w := doubtful()
	_, err := w.Resolve(ctx, ResolveRequest{Key: "k", Session: "s-1", How: ItLeft, By: "desk", LeftAt: w.clock.Add(time.Hour)})
	assert.ErrorContains(t, err, "leftAt")
}

// A monthly pass covers the stay, where the plate was read well.
func TestPass(t *testing.T) {
	w, ctx := newTown(t, nil), context.Background()
	grant := PassRequest{Key: "g", Lot: "north", Plate: plateWang, From: w.clock, Until: w.clock.AddDate(0, 1, 0), By: "desk"}
	for range 2 {
		require.True(t, ok(t)(w.GrantPass(ctx, grant)).Allow)
	}
	stay := func(lot string, confidence int) *scenarios.Decision {
		require.True(t, w.seeAt(lot, plateWang, false, confidence).Allow)
		w.pass(3 * time.Hour)
		return w.see(lot, plateWang, true)
	}
	assert.Equal(t, Free, passage(t, stay("north", 990)).Payment)
	assert.Equal(t, PaymentDue, stay("south", 990).Reason)
	assert.Equal(t, PaymentDue, stay("north", 500).Reason)
	w.audit()
}

// Nobody pays by himself what the bank is being asked for.
func TestPayWhileCharging(t *testing.T) {
	w := parkedOnce(t)
	pay := PayRequest{Key: "p", Bill: "s-1", Fen: 500, Method: ByQR}
	assert.Equal(t, ChargeUnderWay, ok(t)(w.Pay(context.Background(), pay)).Reason)
	w.collect()
	assert.Equal(t, NothingDue, ok(t)(w.Pay(context.Background(), pay)).Reason)
	w.audit()
}
