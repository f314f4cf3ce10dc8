package parking

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/parking/reserve"
)

// A car of which the camera tells late is in the count by hand already.
func TestRecountBeforeALateEvent(t *testing.T) {
	w, ctx := newTown(t, nil), context.Background()
	seen := w.clock
	w.pass(time.Minute)
	require.True(t, ok(t)(w.Recount(ctx, RecountRequest{Key: "r", Lot: "south", Occupied: 4, By: "guard"})).Allow)
	late := PlateEvent{Event: "late", Lot: "south", Plate: plateLi, Confidence: 990, Time: seen}
	assert.Equal(t, 6, passage(t, ok(t)(w.Camera(ctx, late))).Free)
	assert.Contains(t, w.boardText(), "south 6 true")
	w.pass(time.Minute)
	assert.True(t, w.see("south", plateWang, false).Allow)
	assert.Contains(t, w.boardText(), "south 5 true")
	w.audit()
}

// A desk that heard of an exit an hour late charges no overstay for that hour.
func TestReservationDeskFails(t *testing.T) {
	broken := &brokenDesk{Store: new(reserve.MemoryStore)}
	w, ctx := newTown(t, func(c *Config) { c.Reservations = broken }), context.Background()
	d := ok(t)(w.Reserve(ctx, ReserveRequest{Key: "r", Place: "north", Person: li, From: w.clock, Until: w.clock.Add(time.Hour)}))
	require.True(t, d.Allow, d.Reason)
	in := passage(t, w.show("li", "north", Enter))
	require.NotEmpty(t, in.Reservation)
	w.pass(10 * time.Minute)
	broken.err = errDisk
	v := w.people.Visit(scenarios.Phone, "li", 0, Leave, `{"lot":"north"}`)
	v.Time = w.clock
	_, err := w.Handle(ctx, &v)
	require.ErrorIs(t, err, errDisk)
	w.pass(2 * time.Hour)
	broken.err = nil
	require.True(t, ok(t)(w.Handle(ctx, &v)).Allow)
	_, found, err := w.Bill(ctx, "r-"+in.Reservation)
	require.NoError(t, err)
	assert.False(t, found, "an overstay that was none")
	w.audit()
}

type brokenDesk struct {
	reserve.Store
	err error
}

func (b *brokenDesk) Update(ctx context.Context, f func(reserve.Tx) error) error {
	if b.err != nil {
		return b.err
	}
	return b.Store.Update(ctx, f)
}

// Cancelled in time it is free, late it has its price, and the price is charged.
func TestCancelReservation(t *testing.T) {
	w, ctx := newTown(t, func(c *Config) { c.ReserveRules.CancelNotice = time.Hour }), context.Background()
	w.bind(li, plateLi, "mandate-li")
	for i, c := range []struct {
		from time.Duration
		fen  int64
	}{{2 * time.Hour, 0}, {30 * time.Minute, 300}} {
		d := ok(t)(w.Reserve(ctx, ReserveRequest{Key: fmt.Sprint(i), Place: "north", Person: li, From: w.clock.Add(c.from), Until: w.clock.Add(c.from + time.Hour)}))
		require.True(t, d.Allow, d.Reason)
		var r reserve.Reservation
		require.NoError(t, json.Unmarshal(d.Outcome, &r))
		assert.Equal(t, "unknown", ok(t)(w.CancelReservation(ctx, CancelRequest{Reservation: r.ID, Person: wang})).Reason)
		for range 2 {
			require.True(t, ok(t)(w.CancelReservation(ctx, CancelRequest{Reservation: r.ID, Person: li})).Allow)
		}
		w.collect()
		assert.Equal(t, c.fen, w.taken())
	}
	w.audit()
}
