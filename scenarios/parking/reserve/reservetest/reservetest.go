// Package reservetest is the contract of a reserve.Store as a test, run by way
// of a Desk. Every store passes [Run].
package reservetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/parking/reserve"
)

// Run tests the store that newStore makes: an empty one at every call. With
// -short the crowd is smaller and the random days are fewer.
func Run(t *testing.T, newStore func(t *testing.T) reserve.Store) {
	for _, c := range []struct {
		name string
		test func(*testing.T, *world)
	}{
		{"transaction", testTransaction},
		{"life", testLife},
		{"dues", testDues},
		{"crowd", testCrowd},
		{"one key", testOneKey},
		{"one person", testOnePerson},
		{"enter and cancel", testEnterAndCancel},
		{"shared", testShared},
		{"offers at once", testOffersAtOnce},
		{"withdraw", testWithdraw},
		{"model", testModel},
		{"faults", testFaults},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, newWorld(t, newStore(t))) })
	}
}

// Noon is when the clock of the tests starts, on the grid.
var Noon = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)

// A world is a desk with a clock that is set by hand. Every place "lot…" has a
// hundred bays, "pair…" two, and "bay…" is shared by "owner".
type world struct {
	*reserve.Desk
	t     *testing.T
	store *faultyStore
	mu    sync.Mutex
	now   time.Time
	keys  atomic.Int64
}

var rules = reserve.Rules{
	Early: 30 * time.Minute, CancelNotice: time.Hour, OwnerNotice: 2 * time.Hour, Grace: 5 * time.Minute,
	Terms: reserve.Terms{NoShowFen: 500, LateCancelFen: 300, OverstayFen: 200, WithdrawFen: 1000, OwnerPercent: 70},
}

func newWorld(t *testing.T, store reserve.Store) *world {
	w := &world{t: t, now: Noon, store: &faultyStore{Store: store}}
	var ids atomic.Int64
	var err error
	w.Desk, err = reserve.NewDesk(reserve.Config{
		Store: w.store, Rules: rules, Place: register,
		Now: func() time.Time {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.now
		},
		Random: func() string { return fmt.Sprintf("id%d", ids.Add(1)) },
	})
	require.NoError(t, err)
	return w
}

func register(id string) (reserve.Place, bool) {
	var kind string
	if _, err := fmt.Sscanf(id, "%3s", &kind); err != nil {
		return reserve.Place{}, false
	}
	p, known := map[string]reserve.Place{"lot": {Bays: 100}, "pai": {Bays: 2}, "bay": {Owner: "owner"}}[kind]
	return p, known
}

// at sets the clock to minutes after noon.
func (w *world) at(minutes int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = Noon.Add(time.Duration(minutes) * time.Minute)
}

func after(minutes int) time.Time { return Noon.Add(time.Duration(minutes) * time.Minute) }

// request asks for a window of minutes after noon, with a new key.
func (w *world) request(place, holder string, from, until int) reserve.Request {
	return reserve.Request{Key: fmt.Sprintf("key%d", w.keys.Add(1)), Place: place, Holder: holder, From: after(from), Until: after(until)}
}

func (w *world) reserve(place, holder string, from, until int) reserve.Reservation {
	w.t.Helper()
	r, err := w.Reserve(w.t.Context(), w.request(place, holder, from, until))
	require.NoError(w.t, err)
	return r
}

func (w *world) offer(bay string, from, until int) (reserve.Offer, error) {
	return w.Offer(w.t.Context(), reserve.OfferRequest{Key: fmt.Sprintf("key%d", w.keys.Add(1)), Bay: bay, Owner: "owner", From: after(from), Until: after(until), FenPerSlot: 101})
}

func (w *world) free(place string, from, until int) int {
	w.t.Helper()
	n, err := w.Free(w.t.Context(), place, after(from), after(until))
	require.NoError(w.t, err)
	return n
}

func (w *world) refused(reason reserve.Reason, err error) {
	w.t.Helper()
	var r *reserve.RefusedError
	if assert.ErrorAs(w.t, err, &r) {
		assert.Equal(w.t, reason, r.Reason)
	}
}

// testTransaction asks the store itself for what no desk can see: that an old
// version, a slot that is taken and one that is not are refused.
func testTransaction(t *testing.T, w *world) {
	r := w.reserve("lot", "li", 60, 120)
	o, err := w.offer("bay", 60, 120)
	require.NoError(t, err)
	w.reserve("bay", "li", 75, 90)
	for name, c := range map[string]struct {
		conflict bool
		step     func(tx reserve.Tx) error
	}{
		"the same id again":          {true, func(tx reserve.Tx) error { r := r; r.Version, r.Key = 0, "other"; return tx.Put(r) }},
		"the same key again":         {true, func(tx reserve.Tx) error { r := r; r.Version, r.ID = 0, "other"; return tx.Put(r) }},
		"an old version":             {true, func(tx reserve.Tx) error { return errors.Join(tx.Put(r), tx.Put(r)) }},
		"a version to come":          {true, func(tx reserve.Tx) error { r := r; r.Version++; return tx.Put(r) }},
		"a slot that a guest holds":  {true, func(tx reserve.Tx) error { return tx.Shut(o, reserve.Slot(o.From), reserve.Slot(o.Until)) }},
		"what nobody took":           {false, func(tx reserve.Tx) error { return tx.Release("lot", reserve.Slot(after(45)), reserve.Slot(after(120))) }},
		"a slot that does not exist": {false, func(tx reserve.Tx) error { return tx.Release("nowhere", 1, 2) }},
	} {
		var got error
		err := w.store.Update(t.Context(), func(tx reserve.Tx) error {
			got = c.step(tx)
			return errBroken // not the conflict: the store would try again
		})
		assert.ErrorIs(t, err, errBroken)
		assert.Error(t, got, name)
		assert.Equal(t, c.conflict, errors.Is(got, reserve.ErrConflict), name)
	}
	stored, err := w.Find(t.Context(), r.ID)
	require.NoError(t, err)
	assert.Equal(t, r, stored)
}

func testLife(t *testing.T, w *world) {
	ctx := t.Context()
	// Hold, come, go: the rest of the window is free again.
	r := w.reserve("lot", "li", 60, 180)
	assert.Equal(t, reserve.Held, r.State)
	assert.Equal(t, after(90), r.ArriveBy)
	assert.Equal(t, 99, w.free("lot", 60, 180))
	assert.Equal(t, 100, w.free("lot", 0, 60))
	assert.Equal(t, 100, w.free("lot", 180, 240))
	_, err := w.Leave(ctx, r.ID)
	w.refused(reserve.WrongState, err)
	_, err = w.Enter(ctx, r.ID)
	w.refused(reserve.TooEarly, err)
	w.at(65)
	for range 2 {
		r, err = w.Enter(ctx, r.ID)
		require.NoError(t, err)
		assert.Equal(t, reserve.Entered, r.State)
		assert.Equal(t, after(65), r.EnteredAt)
	}
	_, err = w.Cancel(ctx, "li", r.ID)
	w.refused(reserve.WrongState, err)
	w.at(100)
	for range 2 {
		r, err = w.Leave(ctx, r.ID)
		require.NoError(t, err)
		assert.Equal(t, reserve.Completed, r.State)
	}
	assert.Equal(t, 100, w.free("lot", 90, 180), "from the slot that runs")
	assert.Equal(t, 99, w.free("lot", 75, 90), "what was used stays used")
	_, err = w.Enter(ctx, r.ID)
	w.refused(reserve.WrongState, err)
	stored, err := w.Find(ctx, r.ID)
	require.NoError(t, err)
	assert.Equal(t, r, stored)

	// Early: the slots before are taken too.
	w.at(0)
	early := w.reserve("pair", "wu", 60, 120)
	w.at(40)
	early, err = w.Enter(ctx, early.ID)
	require.NoError(t, err)
	assert.Equal(t, after(30), early.From)
	assert.Equal(t, 1, w.free("pair", 30, 120))
	// Early, but the bay is another's until 60.
	w.at(0)
	full := w.reserve("pair", "xu", 30, 60)
	next := w.reserve("pair", "yu", 60, 120)
	w.at(40)
	_, err = w.Enter(ctx, next.ID)
	w.refused(reserve.TooEarly, err)
	w.at(60)
	_, err = w.Enter(ctx, next.ID)
	require.NoError(t, err)
	_, err = w.Enter(ctx, full.ID)
	w.refused(reserve.HoldExpired, err)
	assert.Equal(t, 0, w.free("pair", 60, 120))

	// A hold that expires: by the barrier, by a sweep, and by whoever finds the
	// place full.
	w.at(0)
	late := w.reserve("pair2", "zu", 60, 180)
	swept := w.reserve("pair2", "an", 60, 180)
	w.at(90)
	list, err := w.Sweep(ctx)
	require.NoError(t, err)
	assert.Empty(t, list, "90 is the last moment")
	w.at(91)
	_, err = w.Enter(ctx, late.ID)
	w.refused(reserve.HoldExpired, err)
	late, err = w.Find(ctx, late.ID)
	require.NoError(t, err)
	assert.Equal(t, reserve.NoShow, late.State, "refused, and yet it is a no-show")
	list, err = w.Sweep(ctx)
	require.NoError(t, err)
	require.Len(t, list, 1)
	assert.Equal(t, swept.ID, list[0].ID)
	assert.Equal(t, 2, w.free("pair2", 90, 180))
	w.at(0)
	for _, who := range []string{"bo", "cu"} {
		w.reserve("pair3", who, 60, 180)
	}
	w.at(91)
	w.reserve("pair3", "du", 105, 180)

	// Cancelling: free with notice, late without; a stranger cannot.
	w.at(0)
	c := w.reserve("lot9", "ma", 120, 180)
	_, err = w.Cancel(ctx, "li", c.ID)
	w.refused(reserve.Unknown, err)
	w.at(60)
	for range 2 {
		c, err = w.Cancel(ctx, "ma", c.ID)
		require.NoError(t, err)
		assert.Equal(t, reserve.Cancelled, c.State)
		assert.False(t, c.Late)
	}
	c = w.reserve("lot9", "ma", 120, 180)
	w.at(61)
	c, err = w.Cancel(ctx, "ma", c.ID)
	require.NoError(t, err)
	assert.True(t, c.Late)
	assert.Equal(t, 100, w.free("lot9", 120, 180))

	// Requests that are refused.
	w.at(0)
	for reason, q := range map[reserve.Reason]reserve.Request{
		reserve.UnknownPlace: w.request("nowhere", "li", 0, 15),
		reserve.TooLate:      w.request("lot", "li", -15, 15),
		reserve.TooEarly:     w.request("lot", "li", 31*24*60, 31*24*60+15),
		reserve.BadRequest:   w.request("lot", "li", 0, 25*60),
	} {
		_, err := w.Reserve(ctx, q)
		w.refused(reason, err)
	}
	for _, change := range []func(*reserve.Request){
		func(q *reserve.Request) { q.Key = "" },
		func(q *reserve.Request) { q.Holder = "a/b" },
		func(q *reserve.Request) { q.Holder = string(make([]byte, 65)) },
		func(q *reserve.Request) { q.From = after(1) },
		func(q *reserve.Request) { q.Until = q.From },
		func(q *reserve.Request) { q.Until = after(-30) },
		func(q *reserve.Request) { q.Until = q.Until.Add(time.Nanosecond) },
	} {
		q := w.request("lot", "li", 0, 60)
		change(&q)
		_, err := w.Reserve(ctx, q)
		w.refused(reserve.BadRequest, err)
	}
	_, err = w.Find(ctx, "nobody")
	w.refused(reserve.Unknown, err)
}

func testDues(t *testing.T, w *world) {
	ctx := t.Context()
	_, err := w.offer("bay", 0, 600)
	require.NoError(t, err)
	r := w.reserve("bay", "li", 60, 120)
	assert.Empty(t, r.Dues())
	w.at(60)
	_, err = w.Enter(ctx, r.ID)
	require.NoError(t, err)
	for _, c := range []struct{ minutes, over int }{{120, 0}, {125, 0}, {126, 1}, {137, 1}} {
		w.at(c.minutes)
		list, err := w.Overstaying(ctx)
		require.NoError(t, err)
		assert.Len(t, list, c.over, "%d", c.minutes)
	}
	r, err = w.Leave(ctx, r.ID)
	require.NoError(t, err)
	assert.Equal(t, 17*time.Minute, r.Overstay(after(999)))
	key := "reserve/" + r.ID + "/"
	assert.Equal(t, []reserve.Due{
		{Key: key + "price", Kind: reserve.Price, From: reserve.Holder, To: reserve.Owner, Fen: 4 * 101 * 70 / 100},
		{Key: key + "commission", Kind: reserve.Commission, From: reserve.Holder, To: reserve.Operator, Fen: 4*101 - 4*101*70/100},
		{Key: key + "overstay", Kind: reserve.Overstayed, From: reserve.Holder, To: reserve.Owner, Fen: 2 * 200},
	}, r.Dues())

	// A no-show: to the owner of a bay, or to the operator of a lot.
	w.at(0)
	for place, to := range map[string]reserve.Role{"bay": reserve.Owner, "lot": reserve.Operator} {
		w.at(0)
		r := w.reserve(place, "ma", 180, 240)
		w.at(211)
		_, err = w.Sweep(ctx)
		require.NoError(t, err)
		r, err = w.Find(ctx, r.ID)
		require.NoError(t, err)
		assert.Equal(t, []reserve.Due{{Key: "reserve/" + r.ID + "/no-show", Kind: reserve.Penalty, From: reserve.Holder, To: to, Fen: 500}}, r.Dues())
	}
	w.at(0)
	r = w.reserve("lot", "wu", 30, 60)
	r, err = w.Cancel(ctx, "wu", r.ID)
	require.NoError(t, err)
	assert.Equal(t, []reserve.Due{{Key: "reserve/" + r.ID + "/late-cancel", Kind: reserve.LateCancel, From: reserve.Holder, To: reserve.Operator, Fen: 300}}, r.Dues())
}
