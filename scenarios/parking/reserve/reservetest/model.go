package reservetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/scenarios/parking/reserve"
)

// testModel plays random days at a lot of two bays and a shared bay, and after
// every step counts the bays by the reservations: at no moment are more open
// than there are bays, and the store says the same.
func testModel(t *testing.T, w *world) {
	run, runs := 0, 60
	if testing.Short() {
		runs = 15
	}
	rapid.Check(t, func(r *rapid.T) {
		if run++; run > runs {
			return
		}
		lot, bay := fmt.Sprintf("pair%d", run), fmt.Sprintf("bay%d", run)
		w.at(0)
		minute := 0
		open := make(map[string]reserve.Reservation)
		var ids []string
		offered := make(map[int64]string) // slot: the offer that it is in
		var offers []reserve.Offer
		keep := func(x reserve.Reservation, err error) {
			var no *reserve.RefusedError
			if err != nil && !errors.As(err, &no) {
				r.Fatal(err)
			}
			if err != nil {
				return
			}
			if delete(open, x.ID); x.Open() {
				open[x.ID] = x
			}
		}
		for range rapid.IntRange(1, 25).Draw(r, "steps") {
			from := minute/15*15 + 15*rapid.IntRange(0, 8).Draw(r, "from")
			until := from + 15*rapid.IntRange(1, 6).Draw(r, "length")
			holder := fmt.Sprintf("h%d-%d", run, rapid.IntRange(0, 3).Draw(r, "holder"))
			var id string
			if len(ids) > 0 {
				id = rapid.SampledFrom(ids).Draw(r, "id")
			}
			switch step := rapid.SampledFrom([]string{"reserve", "reserve", "share", "share", "offer", "withdraw", "enter", "leave", "cancel", "wait", "sweep"}).Draw(r, "step"); step {
			case "reserve", "share":
				place := lot
				if step == "share" {
					place = bay
				}
				x, err := w.Reserve(t.Context(), w.request(place, holder, from, until))
				keep(x, err)
				if err == nil {
					ids = append(ids, x.ID)
				}
			case "offer":
				o, err := w.offer(bay, from, until)
				if err != nil {
					w.refused(reserve.OfferOverlaps, err)
					break
				}
				offers = append(offers, o)
				for n := reserve.Slot(o.From); n < reserve.Slot(o.Until); n++ {
					if offered[n] != "" {
						r.Fatal("a slot in two offers")
					}
					offered[n] = o.ID
				}
			case "withdraw":
				if len(offers) == 0 {
					break
				}
				o := rapid.SampledFrom(offers).Draw(r, "offer")
				fallen, err := w.Withdraw(t.Context(), "owner", o.ID, after(from), after(until))
				if err != nil {
					keep(reserve.Reservation{}, err)
					break
				}
				for _, x := range fallen {
					keep(x, nil)
				}
				for n := max(reserve.Slot(o.From), reserve.Slot(after(from))); n < min(reserve.Slot(o.Until), reserve.Slot(after(until))); n++ {
					if offered[n] == o.ID { // and not in a later offer of what was withdrawn
						offered[n] = ""
					}
				}
			case "enter":
				keep(w.Enter(t.Context(), id))
			case "leave":
				keep(w.Leave(t.Context(), id))
			case "cancel":
				keep(w.Cancel(t.Context(), open[id].Holder, id))
			case "wait":
				minute += rapid.IntRange(1, 60).Draw(r, "minutes")
				w.at(minute)
			case "sweep":
				swept, err := w.Sweep(t.Context())
				keep(reserve.Reservation{}, err)
				for _, x := range swept {
					keep(x, nil)
				}
			}
			for id := range open { // a refusal may have made it a no-show, and a full lot sweeps
				x, err := w.Find(t.Context(), id)
				keep(x, err)
			}
			counts := map[string]map[int64]int{lot: {}, bay: {}}
			for _, x := range open {
				for n := reserve.Slot(x.From); n < reserve.Slot(x.Until); n++ {
					counts[x.Place][n]++
				}
			}
			for at := minute / 15 * 15; at < minute+210; at += 15 {
				n := reserve.Slot(after(at))
				inBay := 0
				if offered[n] != "" {
					inBay = 1
				}
				for place, bays := range map[string]int{lot: 2, bay: inBay} {
					if counts[place][n] > bays {
						r.Fatalf("%s has %d bays, and %d are booked", place, bays, counts[place][n])
					}
					if got := w.free(place, at, at+15); got != bays-counts[place][n] {
						r.Fatalf("%s at %d: %d free of %d, but %d are booked", place, at, got, bays, counts[place][n])
					}
				}
			}
		}
	})
}

// testFaults breaks every step off after each of its changes, by an error, by a
// panic and by a context that is cancelled: nothing may have changed, and the
// same step succeeds afterwards.
func testFaults(t *testing.T, w *world) {
	broken := w.store
	n := 0
	for name, prepare := range map[string]func() func(ctx context.Context) error{
		"reserve": func() func(context.Context) error {
			q := w.request(fmt.Sprintf("lot%d", n), fmt.Sprintf("h%d", n), 60, 120)
			return func(ctx context.Context) error { _, err := w.Reserve(ctx, q); return err }
		},
		"share": func() func(context.Context) error {
			_, err := w.offer(fmt.Sprintf("bay%d", n), 0, 600)
			require.NoError(t, err)
			q := w.request(fmt.Sprintf("bay%d", n), fmt.Sprintf("h%d", n), 60, 120)
			return func(ctx context.Context) error { _, err := w.Reserve(ctx, q); return err }
		},
		"offer": func() func(context.Context) error {
			q := reserve.OfferRequest{Key: fmt.Sprintf("o%d", n), Bay: fmt.Sprintf("bay%d", n), Owner: "owner", From: after(60), Until: after(120)}
			return func(ctx context.Context) error { _, err := w.Offer(ctx, q); return err }
		},
		"early": func() func(context.Context) error {
			r := w.reserve(fmt.Sprintf("lot%d", n), fmt.Sprintf("h%d", n), 30, 60)
			return func(ctx context.Context) error { _, err := w.Enter(ctx, r.ID); return err }
		},
		"leave": func() func(context.Context) error {
			r := w.reserve(fmt.Sprintf("lot%d", n), fmt.Sprintf("h%d", n), 0, 60)
			_, err := w.Enter(t.Context(), r.ID)
			require.NoError(t, err)
			return func(ctx context.Context) error { _, err := w.Leave(ctx, r.ID); return err }
		},
		"cancel": func() func(context.Context) error {
			r := w.reserve(fmt.Sprintf("lot%d", n), fmt.Sprintf("h%d", n), 30, 60)
			return func(ctx context.Context) error { _, err := w.Cancel(ctx, r.Holder, r.ID); return err }
		},
		"withdraw": func() func(context.Context) error {
			o, err := w.offer(fmt.Sprintf("bay%d", n), 0, 600)
			require.NoError(t, err)
			w.reserve(fmt.Sprintf("bay%d", n), fmt.Sprintf("h%d", n), 300, 360)
			return func(ctx context.Context) error {
				_, err := w.Withdraw(ctx, "owner", o.ID, after(300), after(600))
				return err
			}
		},
	} {
		for _, how := range []string{"cancel", "panic", "error"} {
			if testing.Short() && how != "cancel" {
				continue
			}
			for at := 1; ; at++ {
				n++
				step := prepare()
				before := w.picture(n)
				ctx, cancel := context.WithCancel(t.Context())
				broken.left, broken.how, broken.cancel = at, how, cancel
				err := func() (err error) {
					defer func() {
						if r := recover(); r != nil {
							err = errBroken
						}
					}()
					return step(ctx)
				}()
				cancel()
				done := broken.left > 0
				broken.left = 0
				if done {
					require.NoError(t, err)
					assert.Greater(t, at, 1, "%s changes nothing", name)
					break
				}
				require.Error(t, err, "%s, %s at %d", name, how, at)
				assert.Equal(t, before, w.picture(n), "%s, %s at %d", name, how, at)
				require.NoError(t, step(t.Context()), "%s after %s at %d", name, how, at)
				assert.NotEqual(t, before, w.picture(n))
			}
		}
	}
}

// picture is what can be seen of the places and the person of a run.
func (w *world) picture(n int) string {
	out := ""
	require.NoError(w.t, w.store.Store.Update(w.t.Context(), func(tx reserve.Tx) error {
		for _, place := range []string{fmt.Sprintf("lot%d", n), fmt.Sprintf("bay%d", n)} {
			for _, m := range []int{0, 15, 30, 45, 60, 105, 300, 345, 600} { // every step works within these
				taken, slots, err := tx.Taken(place, reserve.Slot(after(0)), reserve.Slot(after(m)))
				if err != nil {
					return err
				}
				out += fmt.Sprint(taken, slots, " ")
			}
		}
		taken, _, err := tx.Taken(fmt.Sprintf("open/h%d", n), 0, 1)
		out += fmt.Sprint("open ", taken)
		_, offer, _ := tx.OfferOfKey(fmt.Sprintf("o%d", n))
		out += fmt.Sprint(" offer ", offer)
		for _, s := range []reserve.State{reserve.Held, reserve.Entered} {
			list, err := tx.Due(s, after(10000), 10000)
			if err != nil {
				return err
			}
			for _, r := range list {
				if r.Holder == fmt.Sprintf("h%d", n) {
					out += fmt.Sprint(" ", r)
				}
			}
		}
		return err
	}))
	return out
}

var errBroken = errors.New("broken off")

// A faultyStore breaks a transaction off after so many changes.
type faultyStore struct {
	reserve.Store
	left   int // 0: never
	how    string
	cancel context.CancelFunc
}

func (s *faultyStore) Update(ctx context.Context, f func(reserve.Tx) error) error {
	return s.Store.Update(ctx, func(tx reserve.Tx) error { return f(faultyTx{tx, s}) })
}

type faultyTx struct {
	reserve.Tx
	s *faultyStore
}

func (t faultyTx) change(err error) error {
	if err != nil || t.s.left == 0 {
		return err
	}
	if t.s.left--; t.s.left > 0 {
		return nil
	}
	switch t.s.how {
	case "panic":
		panic(errBroken)
	case "cancel":
		t.s.cancel()
		return nil // the step goes on, and the store finds out
	}
	return errBroken
}

func (t faultyTx) Put(r reserve.Reservation) error { return t.change(t.Tx.Put(r)) }

func (t faultyTx) Open(o reserve.Offer) (bool, error) {
	done, err := t.Tx.Open(o)
	return done, t.change(err)
}

func (t faultyTx) Shut(o reserve.Offer, from, until int64) error {
	return t.change(t.Tx.Shut(o, from, until))
}

func (t faultyTx) Take(place, offer string, from, until int64, bays int) (bool, error) {
	done, err := t.Tx.Take(place, offer, from, until, bays)
	return done, t.change(err)
}

func (t faultyTx) Release(place string, from, until int64) error {
	return t.change(t.Tx.Release(place, from, until))
}
