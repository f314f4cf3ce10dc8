package reservetest

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/parking/reserve"
)

func testShared(t *testing.T, w *world) {
	ctx := t.Context()
	_, err := w.Reserve(ctx, w.request("bay", "li", 0, 60))
	w.refused(reserve.NotOffered, err)
	o, err := w.offer("bay", 60, 180)
	require.NoError(t, err)
	_, err = w.offer("bay", 165, 240)
	w.refused(reserve.OfferOverlaps, err)
	_, err = w.offer("bay", 0, 600)
	w.refused(reserve.OfferOverlaps, err)
	assert.Equal(t, 0, w.free("bay", 0, 60), "an offer that was refused left nothing")
	_, err = w.offer("bay", 180, 240) // the next one may follow at once
	require.NoError(t, err)
	assert.Equal(t, 1, w.free("bay", 60, 240))
	assert.Equal(t, 0, w.free("bay", 45, 240))

	for _, window := range [][2]int{{45, 75}, {165, 195}, {0, 240}, {240, 300}} { // outside, or over two offers
		_, err := w.Reserve(ctx, w.request("bay", "li", window[0], window[1]))
		w.refused(reserve.NotOffered, err)
	}
	r := w.reserve("bay", "li", 75, 105)
	assert.Equal(t, o.ID, r.Offer)
	assert.Equal(t, "owner", r.Owner)
	_, err = w.Reserve(ctx, w.request("bay", "ma", 60, 90))
	w.refused(reserve.Full, err)
	w.reserve("bay", "ma", 105, 180)
	w.reserve("bay", "ma", 60, 75)

	q := reserve.OfferRequest{Key: "again", Bay: "bay2", Owner: "owner", From: after(0), Until: after(60)}
	o, err = w.Offer(ctx, q)
	require.NoError(t, err)
	again, err := w.Offer(ctx, q)
	require.NoError(t, err)
	assert.Equal(t, o, again)
	for reason, change := range map[reserve.Reason]func(q *reserve.OfferRequest){
		reserve.KeyReused:    func(q *reserve.OfferRequest) { q.FenPerSlot++ },
		reserve.NotOwner:     func(q *reserve.OfferRequest) { q.Owner = "thief" },
		reserve.UnknownPlace: func(q *reserve.OfferRequest) { q.Bay = "nowhere" },
		reserve.TooLate:      func(q *reserve.OfferRequest) { q.Key, q.From = "new", after(-15) },
		reserve.BadRequest:   func(q *reserve.OfferRequest) { q.FenPerSlot = -1 },
	} {
		c := q
		change(&c)
		_, err := w.Offer(ctx, c)
		w.refused(reason, err)
	}
	_, err = w.Offer(ctx, reserve.OfferRequest{Key: "lot", Bay: "lot", Owner: "owner", From: after(0), Until: after(60)})
	w.refused(reserve.NotOwner, err)
}

// testOffersAtOnce: of many offers of one bay that overlap, made at once, those
// that stand have no slot in common.
func testOffersAtOnce(t *testing.T, w *world) {
	var mu sync.Mutex
	var stand []reserve.Offer
	var all sync.WaitGroup
	for i := range 60 {
		all.Go(func() {
			from := i * 7 % 40 * 15
			o, err := w.offer("bay", from, from+15*(1+i%5))
			if err != nil {
				w.refused(reserve.OfferOverlaps, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			stand = append(stand, o)
		})
	}
	all.Wait()
	require.NotEmpty(t, stand)
	used := make(map[int64]string)
	for _, o := range stand {
		for n := reserve.Slot(o.From); n < reserve.Slot(o.Until); n++ {
			assert.Empty(t, used[n], "a slot in two offers")
			used[n] = o.ID
		}
	}
}

func testWithdraw(t *testing.T, w *world) {
	ctx := t.Context()
	o, err := w.offer("bay", 0, 600)
	require.NoError(t, err)
	near, far := w.reserve("bay", "li", 60, 120), w.reserve("bay", "ma", 300, 360)
	_, err = w.Withdraw(ctx, "thief", o.ID, after(300), after(600))
	w.refused(reserve.Unknown, err)
	_, err = w.Withdraw(ctx, "owner", o.ID, after(60), after(75))
	w.refused(reserve.NoticeTooShort, err)
	_, err = w.Withdraw(ctx, "owner", o.ID, after(-15), after(75))
	w.refused(reserve.TooLate, err)
	_, err = w.Withdraw(ctx, "owner", o.ID, after(60), after(60))
	w.refused(reserve.BadRequest, err)
	_, err = w.Withdraw(ctx, "owner", o.ID, after(0), after(600))
	w.refused(reserve.NoticeTooShort, err) // one of two is too near: nothing happens to the other
	far, err = w.Find(ctx, far.ID)
	require.NoError(t, err)
	assert.Equal(t, reserve.Held, far.State)

	fallen, err := w.Withdraw(ctx, "owner", o.ID, after(345), after(600))
	require.NoError(t, err)
	require.Len(t, fallen, 1)
	assert.Equal(t, far.ID, fallen[0].ID)
	assert.Equal(t, []reserve.Due{{Key: "reserve/" + far.ID + "/withdrawn", Kind: reserve.TakenBack, From: reserve.Owner, To: reserve.Holder, Fen: 1000}}, fallen[0].Dues())
	stored, err := w.Find(ctx, far.ID)
	require.NoError(t, err)
	assert.Equal(t, fallen[0], stored)
	assert.Equal(t, 1, w.free("bay", 300, 345), "before the part that was taken back")
	assert.Equal(t, 0, w.free("bay", 345, 360))
	_, err = w.Reserve(ctx, w.request("bay", "wu", 345, 360))
	w.refused(reserve.NotOffered, err)
	_, err = w.Reserve(ctx, w.request("bay", "wu", 330, 360))
	w.refused(reserve.Full, err) // begins in the offer, ends where it is shut
	_, err = w.offer("bay", 345, 600)
	require.NoError(t, err, "it may be offered again")

	w.at(60)
	_, err = w.Enter(ctx, near.ID)
	require.NoError(t, err)
	_, err = w.Withdraw(ctx, "owner", o.ID, after(60), after(345))
	w.refused(reserve.GuestInside, err)
}
