package office_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/transit/inspect"
	"github.com/citizencode/citizencode/scenarios/transit/office"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

func (d *desk) reverse(key, request string) *scenarios.Decision {
	d.t.Helper()
	dec, err := d.Reverse(d.t.Context(), scenarios.Reversal{Key: key, Request: request, By: "staff 7", Why: "wrong gate", Time: at(24, "10:00")})
	require.NoError(d.t, err)
	return dec
}

func (d *desk) findings() (list []string) {
	d.t.Helper()
	found, err := d.Findings(d.t.Context(), office.FindingsRequest{Month: "2026-11"})
	require.NoError(d.t, err)
	for _, f := range found {
		list = append(list, fmt.Sprintf("%s %s %s %d", f.Kind, f.Person[len(f.Person)-1:], f.Detail, len(f.Taps)))
	}
	return list
}

// TestRow35AtSettlement: a credential over its offline allowance, at gates that
// share nothing, is detected at settlement. Neither a contact with the server in
// between nor a newer credential is an overuse.
func TestRow35AtSettlement(t *testing.T) {
	d := open(t, nil)
	d.cfg.OfflineUses = 3
	d.reopen()
	var taps []tap.Tap
	ride := func(n, minute int, change func(*tap.Tap)) {
		tp := d.newTap(n, tap.Board, []string{"A", "B"}[minute%2], at(21, "08:00").Add(time.Duration(minute)*time.Minute))
		if change != nil {
			change(&tp)
		}
		taps = append(taps, tp)
	}
	for i := range 5 {
		ride(1, i, nil)                                                    // five at five buses
		ride(2, i, func(t *tap.Tap) { t.Online = i == 2 })                 // online in the middle
		ride(3, i, func(t *tap.Tap) { t.Issued = at(1+i, "00:00") })       // renewed each time
		ride(4, i, func(t *tap.Tap) { t.Serial, t.Carrier = "", "paper" }) // slips
		ride(5, i, func(t *tap.Tap) { t.Issued = at(5-i, "00:00") })       // an old copy beside the new one
	}
	for i := len(taps) - 1; i >= 0; i-- { // the newest first
		d.send(taps[i])
	}
	assert.Equal(t, []string{"over-allowance 1 4 of 3 1", "over-allowance 5 4 of 3 1", "over-allowance 1 5 of 3 1", "over-allowance 5 5 of 3 1"}, d.findings())
}

// TestSameShowing: two gates that took the same picture are both named.
func TestSameShowing(t *testing.T) {
	d := open(t, nil)
	a := d.newTap(1, tap.Board, "A", at(21, "08:00"))
	b := d.newTap(1, tap.Board, "B", at(21, "08:00"))
	b.Showing = a.Showing
	b.Key = b.Showing + "@" + b.Gate
	d.send(a, b, a, b)
	assert.Equal(t, []string{"same-showing 1 2 gates 2"}, d.findings())
	d.book(21)
	assert.EqualValues(t, 300, d.owes(1), "both are charged until one is taken back")
	// Staff take back the one that was a copy.
	assert.Equal(t, scenarios.Refused(office.UnknownVisit, d.reverse("no such", "r0").Message), d.reverse("no such", "r0"))
	d.send(d.newTap(2, tap.Board, "A", at(22, "08:00"))) // of a day that is not over
	first := d.reverse(b.Key, "r1")
	assert.Zero(t, d.owes(2), "that is not booked for it")
	assert.True(t, first.Allow)
	assert.JSONEq(t, fmt.Sprintf(`{"visit":%q,"day":"2026-11-21"}`, b.Key), string(first.Outcome))
	assert.Equal(t, first, d.reverse(b.Key, "r1"))
	assert.Equal(t, office.AlreadyReversed, d.reverse(b.Key, "r2").Reason)
	assert.Equal(t, office.RequestConflict, d.reverse(a.Key, "r1").Reason)
	assert.EqualValues(t, 100, d.owes(1))
	assert.Equal(t, 1, d.send(b).Known, "sent again it stays taken back")
	d.book(21)
	assert.EqualValues(t, 100, d.owes(1))
	assert.Equal(t, []string{"same-showing 1 2 gates 2"}, d.findings(), "it was there")
	d.zero(21, 22, 23, 24)
}

// TestCounterGap: a counter of a card that no tap shows is found, unless another
// scene explains it.
func TestCounterGap(t *testing.T) {
	d := open(t, nil)
	for i, counter := range []int{4, 5, 9, 8} {
		tp := d.newTap(1, tap.Board, "A", at(21, "08:00").Add(time.Duration(i)*time.Hour))
		tp.Carrier = "card"
		tp.Showing = fmt.Sprintf("%s@%d.%d", tp.Serial, tp.Time.Unix(), counter)
		tp.Key = tp.Showing + "@" + tp.Gate
		d.send(tp)
	}
	assert.Equal(t, []string{"counter-gap 1 6 to 7 2"}, d.findings())
	d.cfg.Explained = func(serial string, after, before uint32) bool { return after == 5 && before == 8 }
	d.reopen()
	assert.Empty(t, d.findings())
}

// TestNoFare: a line that the feed does not know costs nothing and is found.
func TestNoFare(t *testing.T) {
	d := open(t, nil)
	d.send(d.newTap(1, tap.Board, "C", at(21, "08:00")))
	d.book(21)
	assert.Zero(t, d.owes(1))
	assert.Equal(t, []string{"no-fare 1 unknown-route 1"}, d.findings())
	st, err := d.Settle(t.Context(), date(21))
	require.NoError(t, err)
	assert.Empty(t, st.Lines, "a ride without a fare is no ride of a party")
	d.cfg.Routes = map[string]string{"C": "A"}
	d.reopen()
	d.book(21)
	assert.EqualValues(t, 100, d.owes(1))
	assert.Empty(t, d.findings())
}

// TestSnapshot: the office tells inspectors how far it has heard each gate.
func TestSnapshot(t *testing.T) {
	d := open(t, nil)
	ride := d.newTap(1, tap.Board, "A", at(21, "08:00"))
	_, err := d.Upload(t.Context(), tap.Batch{Gate: ride.Gate, Through: at(21, "08:30"), Taps: []tap.Tap{ride}})
	require.NoError(t, err)
	check := func(n int, when time.Time) inspect.Answer {
		t.Helper()
		batches, err := d.Snapshot(t.Context(), office.SnapshotRequest{Gates: []string{"gate A", "gate A2"}, Since: at(21, "07:00")})
		require.NoError(t, err)
		device := inspect.NewDevice()
		for _, b := range batches {
			require.NoError(t, device.Learn(b))
		}
		f, err := device.Check(inspect.Question{Person: person(n), Vehicle: "A-1", Time: when, Window: time.Hour, Gates: []string{"gate A"}})
		require.NoError(t, err)
		return f.Answer
	}
	assert.Equal(t, inspect.Valid, check(1, at(21, "08:40")))
	assert.Equal(t, inspect.None, check(2, at(21, "08:30")))
	assert.Equal(t, inspect.Unknown, check(2, at(21, "08:40")))
	_, err = d.Upload(t.Context(), tap.Batch{Gate: "gate A", Through: at(21, "08:40")})
	require.NoError(t, err)
	assert.Equal(t, inspect.None, check(2, at(21, "08:40")), "the gate lives and has nothing new")
	d.reopen()
	assert.Equal(t, inspect.Unknown, check(2, at(21, "08:40")), "a word without a tap is forgotten: never a wrong no")
	assert.Equal(t, inspect.None, check(2, at(21, "08:30")))
}
