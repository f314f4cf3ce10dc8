package office_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/rails/railstest"
	"github.com/citizencode/citizencode/scenarios/transit/office"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

// TestUploadPath: what no gate of ours writes is refused with its path, and nothing
// of its batch is taken.
func TestUploadPath(t *testing.T) {
	d := open(t, nil)
	good := d.newTap(1, tap.Board, "A", at(21, "08:00"))
	for path, spoil := range map[string]func(b *tap.Batch){
		"gate":             func(b *tap.Batch) { b.Gate = "" },
		"through":          func(b *tap.Batch) { b.Through = d.now.Add(time.Hour) },
		"taps":             func(b *tap.Batch) { b.Taps = make([]tap.Tap, tap.MaxBatch+1) },
		"taps[1].gate":     func(b *tap.Batch) { b.Taps[1].Gate = "another" },
		"taps[1].sequence": func(b *tap.Batch) { b.Taps[1].Sequence = 0 },
		"taps[1].person":   func(b *tap.Batch) { b.Taps[1].Person = "li" },
	} {
		b := tap.Batch{Gate: good.Gate, Taps: []tap.Tap{good, good}}
		spoil(&b)
		_, err := d.Upload(t.Context(), b)
		var wrong *scenarios.RequestError
		require.ErrorAs(t, err, &wrong, path)
		assert.Equal(t, path, wrong.Path)
	}
	assert.Equal(t, 1, d.send(good).New)
}

// TestNotTaken: a clock that is ahead, a tap that is too late and a person who
// taps more than anybody can are named, and the rest of the batch is taken.
func TestNotTaken(t *testing.T) {
	d := open(t, nil)
	late := d.newTap(1, tap.Board, "A", d.now.Add(-office.MaxLate-time.Second))
	ahead := d.newTap(1, tap.Board, "A", d.now.Add(office.MaxAhead+time.Second))
	good := d.newTap(1, tap.Board, "A", at(21, "08:00"))
	r, err := d.Upload(t.Context(), tap.Batch{Gate: good.Gate, Through: d.now, Taps: []tap.Tap{late, ahead, good}})
	require.NoError(t, err)
	assert.Equal(t, office.Receipt{New: 1, NotTaken: []office.Refusal{{1, late.Key, office.TooLate}, {2, ahead.Key, office.ClockAhead}}}, *r)
	snapshot, err := d.Snapshot(t.Context(), office.SnapshotRequest{Gates: []string{good.Gate}, Since: at(21, "00:00")})
	require.NoError(t, err)
	assert.True(t, snapshot[0].Through.IsZero(), "the gate has not told all")

	var many []tap.Tap
	for i := range office.MaxTaps {
		many = append(many, d.newTap(2, tap.Board, "A", at(21, "08:00").Add(time.Duration(i)*time.Second)))
	}
	assert.Empty(t, d.send(many...).NotTaken)
	over := d.newTap(2, tap.Board, "A", at(22, "08:00"))
	assert.Equal(t, []office.Refusal{{over.Sequence, over.Key, office.TooMany}}, d.send(over).NotTaken)
	assert.Equal(t, 2, d.send(many[:2]...).Known)
}

// counting counts appends.
type counting struct {
	eventlog.Store
	appends int
}

func (c *counting) Append(ctx context.Context, stream string, after int64, events []eventlog.Event) error {
	c.appends++
	return c.Store.Append(ctx, stream, after, events)
}

// TestOneAppend: a batch of a thousand taps is one append.
func TestOneAppend(t *testing.T) {
	store := &counting{Store: eventlog.NewMemory()}
	d := open(t, func(c *office.Config) { c.Events = store })
	d.send(d.newTap(1, tap.Board, "A", at(21, "07:00"))) // opens the month
	b := tap.Batch{Gate: "gate A"}
	for i := range tap.MaxBatch {
		b.Taps = append(b.Taps, d.newTap(i, tap.Board, "A", at(21, "08:00")))
	}
	before := store.appends
	r, err := d.Upload(t.Context(), b)
	require.NoError(t, err)
	assert.Equal(t, office.Receipt{New: tap.MaxBatch}, *r)
	assert.Equal(t, 1, store.appends-before)
	r, err = d.Upload(t.Context(), b)
	require.NoError(t, err)
	assert.Equal(t, office.Receipt{Known: tap.MaxBatch}, *r)
	assert.Equal(t, 1, store.appends-before, "known taps are not written")
}

// TestArchive: an archived month takes nothing more and is out of memory; the
// week that the next one needs stays, and so does the money.
func TestArchive(t *testing.T) {
	d := open(t, nil)
	ctx := t.Context()
	d.accounts(railstest.Faults{}, 10_000)
	d.send(d.newTap(1, tap.Board, "A", at(2, "08:00")), d.newTap(1, tap.Board, "B", at(30, "08:00")))
	november := office.ArchiveRequest{Month: "2026-11"}
	require.ErrorIs(t, d.Archive(ctx, november), office.ErrNotBooked, "December has not begun")
	d.now = time.Date(2026, 12, 2, 12, 0, 0, 0, china)
	require.NoError(t, d.Archive(ctx, office.ArchiveRequest{Month: "2026-10"}), "it was never opened")
	d.send(d.newTap(1, tap.Board, "A", at(31, "08:00")))
	require.ErrorIs(t, d.Archive(ctx, office.ArchiveRequest{Month: "2026-12"}), office.ErrOrder)
	taps := func() int64 { return d.Metrics()[0].Value }
	assert.EqualValues(t, 3, taps())
	for range 2 {
		require.NoError(t, d.Archive(ctx, november))
		assert.EqualValues(t, 1, taps())
		assert.Equal(t, 1+1, d.InMemory(), "of November only its last week")
		assert.EqualValues(t, 300, d.owes(1), "booked before it was archived")
		late := d.newTap(1, tap.Board, "A", at(3, "08:00"))
		assert.Equal(t, office.TooLate, d.send(late).NotTaken[0].Reason)
		d.reopen()
	}
	_, err := d.Book(ctx, office.BookRequest{Through: "2026-12-01"})
	require.NoError(t, err)
	assert.EqualValues(t, 400, d.owes(1))
	assert.Equal(t, 1, d.charge(30).Paid)
	assert.Zero(t, d.owes(1))
	j, err := d.Journeys(ctx, office.JourneysRequest{Person: person(1), Month: "2026-11"})
	require.NoError(t, err)
	assert.Empty(t, j.Charges)
	st, err := d.Settle(ctx, date(30))
	require.NoError(t, err)
	assert.Equal(t, fmt.Sprint([]scenarios.SettlementLine{{Party: "bus/b", Count: 1, Fen: 200}}), fmt.Sprint(st.Lines))
}

// nowhere is an event store that keeps nothing.
type nowhere struct{}

func (nowhere) Append(context.Context, string, int64, []eventlog.Event) error { return nil }
func (nowhere) Read(context.Context, string, int64, int) ([]eventlog.Event, error) {
	return nil, nil
}

// TestMemory: what a tap takes in memory until its month is archived.
func TestMemory(t *testing.T) {
	d := open(t, func(c *office.Config) { c.Events = nowhere{} })
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	const people, taps = 500, 40
	for i := range taps {
		b := tap.Batch{Gate: "gate A"}
		for n := range people {
			b.Taps = append(b.Taps, d.newTap(n, tap.Board, "A", at(1+i/2, "08:00").Add(time.Duration(i)*time.Hour)))
		}
		_, err := d.Upload(t.Context(), b)
		require.NoError(t, err)
	}
	each := (heap() - before) / (people * taps)
	assert.Equal(t, people*taps, d.InMemory())
	assert.Less(t, each, uint64(320), "bytes a tap")
	t.Logf("%d bytes a tap", each)
}
