package occupancy_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/parking/occupancy"
)

var noon = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)

func at(minutes float64) time.Time { return noon.Add(time.Duration(minutes * float64(time.Minute))) }

func lot(id string, bays int) occupancy.Config {
	return occupancy.Config{Lot: occupancy.Lot{ID: id, Name: "lot " + id, Bays: bays, Lat: 41.8, Lon: 123.4}}
}

func newCounter(t testing.TB, bays int) *occupancy.Counter {
	c, err := occupancy.NewCounter(lot("p1", bays))
	require.NoError(t, err)
	return c
}

// told gives a report of the lot that came in when it was made.
func told(t testing.TB, c *occupancy.Counter, minutes float64, k occupancy.Kind, n int) {
	t.Helper()
	require.NoError(t, c.Apply(occupancy.Report{Lot: "p1", At: at(minutes), Kind: k, N: n}, at(minutes)))
}

func refused(t testing.TB, reason occupancy.Reason, err error) {
	t.Helper()
	var no *occupancy.Error
	if assert.ErrorAs(t, err, &no) {
		assert.Equal(t, reason, no.Reason)
	}
}

// shows compares what is published; free -1 is no number.
func shows(t testing.TB, c *occupancy.Counter, minutes float64, free int, flags ...occupancy.Flag) {
	t.Helper()
	f := c.Figure(at(minutes))
	got, known := f.Free()
	assert.Equal(t, free >= 0, known, "known")
	if known {
		assert.Equal(t, free, got, "free")
	} else {
		assert.Zero(t, got)
		assert.False(t, f.Full(), "what is not known is not full")
	}
	assert.Equal(t, flags, f.Flags())
}

// TestMoreFreeThanBays: a feed once showed 8,259 free bays of a lot of 140
// (ParkAPI issue 66).
func TestMoreFreeThanBays(t *testing.T) {
	c := newCounter(t, 140)
	told(t, c, 0, occupancy.FreeBays, 77)
	refused(t, occupancy.Implausible, c.Apply(occupancy.Report{Lot: "p1", At: at(1), Kind: occupancy.FreeBays, N: 8259}, at(1)))
	shows(t, c, 1, 77, occupancy.Suspect)
	shows(t, c, 6, 77, occupancy.Stale, occupancy.Suspect) // it was no sign of life either
	told(t, c, 7, occupancy.FreeBays, 80)
	shows(t, c, 7, 80)
	for _, n := range []int{-1, 141, math.MaxInt, math.MinInt} {
		for _, k := range []occupancy.Kind{occupancy.FreeBays, occupancy.OccupiedBays, occupancy.Recount} {
			refused(t, occupancy.Implausible, c.Apply(occupancy.Report{Lot: "p1", At: at(8), Kind: k, N: n}, at(8)))
		}
	}
	shows(t, c, 8, 80, occupancy.Suspect)
}

// TestOccupiedReadAsFree: a feed once showed occupied bays as free ones (ParkAPI
// issue 161). A report says what it counts; and a source that says it wrongly
// is found out by the figure before it.
func TestOccupiedReadAsFree(t *testing.T) {
	c := newCounter(t, 100)
	told(t, c, 0, occupancy.OccupiedBays, 20)
	shows(t, c, 0, 80)
	told(t, c, 1, occupancy.Enter, 0)
	shows(t, c, 1, 79)
	refused(t, occupancy.Inverted, c.Apply(occupancy.Report{Lot: "p1", At: at(2), Kind: occupancy.FreeBays, N: 21}, at(2)))
	shows(t, c, 2, 79, occupancy.Suspect)
	told(t, c, 3, occupancy.FreeBays, 78) // the source was put right
	shows(t, c, 3, 78)
	told(t, c, 4, occupancy.Recount, 79) // a person counted: it is the figure that was wrong
	shows(t, c, 4, 21)
	// Near the middle both readings are possible, and close.
	told(t, c, 5, occupancy.OccupiedBays, 51)
	shows(t, c, 5, 49)
	told(t, c, 6, occupancy.FreeBays, 51)
	shows(t, c, 6, 51)
	// What is stale contradicts nobody.
	told(t, c, 7, occupancy.Recount, 10)
	told(t, c, 13, occupancy.OccupiedBays, 90)
	shows(t, c, 13, 10)
}

// TestUnknownIsNotZero: a lot that has said nothing has no number.
func TestUnknownIsNotZero(t *testing.T) {
	c := newCounter(t, 10)
	shows(t, c, 0, -1, occupancy.Unknown)
	told(t, c, 0, occupancy.Enter, 0) // one more than nobody knows
	told(t, c, 1, occupancy.Leave, 0)
	told(t, c, 1, occupancy.Alive, 0)
	shows(t, c, 1, -1, occupancy.Unknown)
	f := c.Figure(at(1))
	assert.Zero(t, f.Age())
	told(t, c, 2, occupancy.Recount, 10)
	shows(t, c, 2, 0)
	f = c.Figure(at(2))
	assert.True(t, f.Full())
}

// TestClosedIsNotFull: a closed lot has no number, and keeps its count.
func TestClosedIsNotFull(t *testing.T) {
	c := newCounter(t, 10)
	told(t, c, 0, occupancy.Recount, 4)
	told(t, c, 1, occupancy.Closed, 0)
	shows(t, c, 1, -1)
	f := c.Figure(at(1))
	assert.False(t, f.Open())
	told(t, c, 2, occupancy.Leave, 0)
	told(t, c, 3, occupancy.Opened, 0)
	shows(t, c, 3, 7)
	refused(t, occupancy.Old, c.Apply(occupancy.Report{Lot: "p1", At: at(2), Kind: occupancy.Closed}, at(4)))
	shows(t, c, 4, 7)
}

func TestStale(t *testing.T) {
	c := newCounter(t, 10)
	told(t, c, 0, occupancy.Recount, 4)
	shows(t, c, 5, 6)
	shows(t, c, 5.1, 6, occupancy.Stale)
	f := c.Figure(at(30))
	assert.Equal(t, 30*time.Minute, f.Age())
	assert.Equal(t, noon, f.AsOf())
	told(t, c, 30, occupancy.Alive, 0) // nothing happened for half an hour: that is news
	shows(t, c, 30, 6)
	shows(t, c, 150, 6, occupancy.Stale)
	shows(t, c, 150.1, -1, occupancy.Unknown, occupancy.Stale)
	told(t, c, 151, occupancy.Enter, 0)
	shows(t, c, 151, 5) // the lot was silent, not blind
}

// TestDrift: a loop that misses cars makes the count leave the lot.
func TestDrift(t *testing.T) {
	c := newCounter(t, 3)
	told(t, c, 0, occupancy.Recount, 1)
	for i := range 3 {
		told(t, c, 1+float64(i), occupancy.Leave, 0)
	}
	shows(t, c, 4, 3, occupancy.Clamped)
	told(t, c, 5, occupancy.Enter, 0)
	shows(t, c, 5, 2, occupancy.Clamped) // better, and still not to be trusted
	for i := range 4 {
		told(t, c, 6+float64(i), occupancy.Enter, 0)
	}
	shows(t, c, 10, 0, occupancy.Clamped)
	told(t, c, 11, occupancy.FreeBays, 1)
	shows(t, c, 11, 1)
}

func TestOrder(t *testing.T) {
	c := newCounter(t, 10)
	told(t, c, 10, occupancy.Recount, 5)
	for _, k := range []occupancy.Kind{occupancy.Enter, occupancy.Leave, occupancy.FreeBays} {
		refused(t, occupancy.Old, c.Apply(occupancy.Report{Lot: "p1", At: at(9), Kind: k}, at(11))) // counted already
	}
	told(t, c, 12, occupancy.Enter, 0)
	require.NoError(t, c.Apply(occupancy.Report{Lot: "p1", At: at(11), Kind: occupancy.Enter}, at(13))) // late, and yet a car
	shows(t, c, 13, 3)
	f := c.Figure(at(13))
	assert.Equal(t, at(12), f.AsOf())

	refused(t, occupancy.ClockAhead, c.Apply(occupancy.Report{Lot: "p1", At: at(14.1), Kind: occupancy.Leave}, at(13)))
	require.NoError(t, c.Apply(occupancy.Report{Lot: "p1", At: at(14), Kind: occupancy.Leave}, at(13)))
	f = c.Figure(at(13))
	assert.Equal(t, at(13), f.AsOf(), "no number is younger than now")
	refused(t, occupancy.OutOfRange, c.Apply(occupancy.Report{Lot: "p1", At: time.Unix(0, 0), Kind: occupancy.Leave}, at(13)))
	refused(t, occupancy.Malformed, c.Apply(occupancy.Report{Lot: "p1", At: at(13), Kind: "vanish"}, at(13)))
	refused(t, occupancy.Malformed, c.Apply(occupancy.Report{Lot: "p1", At: at(13), Kind: occupancy.Enter, N: 3}, at(13)))
}

func TestNewCounterRefuses(t *testing.T) {
	for _, change := range []func(c *occupancy.Config){
		func(c *occupancy.Config) { c.ID = "" },
		func(c *occupancy.Config) { c.Name = "a\nb" },
		func(c *occupancy.Config) { c.Name = "\xff" },
		func(c *occupancy.Config) { c.Bays = 0 },
		func(c *occupancy.Config) { c.Bays = occupancy.MaxBays + 1 },
		func(c *occupancy.Config) { c.Lat = 91 },
		func(c *occupancy.Config) { c.Lon = math.NaN() },
		func(c *occupancy.Config) { c.Lon = math.Inf(1) },
		func(c *occupancy.Config) { c.Lat, c.Lon = 0, 0 },
		func(c *occupancy.Config) { c.Form = 3 },
		func(c *occupancy.Config) { c.StaleAfter = -1 },
		func(c *occupancy.Config) { c.StaleAfter, c.UnknownAfter = time.Hour, time.Minute },
	} {
		cfg := lot("p1", 10)
		change(&cfg)
		_, err := occupancy.NewCounter(cfg)
		refused(t, occupancy.OutOfRange, err)
	}
	_, err := occupancy.NewBoard(lot("p1", 10), lot("p1", 20))
	refused(t, occupancy.Duplicate, err)
	b, err := occupancy.NewBoard(lot("p1", 10))
	require.NoError(t, err)
	refused(t, occupancy.UnknownLot, b.Apply(occupancy.Report{Lot: "p2", At: noon, Kind: occupancy.Alive}, noon))
}

func TestZeroFigure(t *testing.T) {
	var f occupancy.Figure
	_, known := f.Free()
	assert.False(t, known)
	assert.False(t, f.Full())
	assert.False(t, f.Open())
}

func TestParseReport(t *testing.T) {
	r, err := occupancy.ParseReport([]byte(`{"lot": "p1", "at": "2026-03-02T12:00:00+08:00", "kind": "free", "n": 42}`))
	require.NoError(t, err)
	assert.Equal(t, occupancy.Report{Lot: "p1", At: noon, Kind: occupancy.FreeBays, N: 42}, r)
	r, err = occupancy.ParseReport([]byte(`{"lot": "p1", "at": "2026-03-02T04:00:00Z", "kind": "free", "n": -3}`))
	require.NoError(t, err, "for the counter to refuse and to remember")
	assert.Equal(t, -3, r.N)
	for _, c := range []struct {
		data, path string
		reason     occupancy.Reason
	}{
		{`{"lot": "p1", "at": "2026-03-02T04:00:00Z", "kind": "free"}`, "report.n", occupancy.Malformed}, // no number is not 0
		{`{"lot": "p1", "at": "2026-03-02T04:00:00Z", "kind": "free", "n": null}`, "report.n", occupancy.Malformed},
		{`{"lot": "p1", "at": "2026-03-02T04:00:00Z", "kind": "enter", "n": 1}`, "report.n", occupancy.Malformed},
		{`{"lot": "p1", "at": "2026-03-02T04:00:00Z", "kind": "free", "n": "42"}`, "report.n", occupancy.Malformed},
		{`{"lot": "p1", "at": "2026-03-02T04:00:00Z", "kind": "free", "n": 4.2}`, "report.n", occupancy.Malformed},
		{`{"lot": "p1", "at": "2026-03-02T04:00:00Z", "kind": "free", "n": 1, "N": 2}`, "report.N", occupancy.Malformed},
		{`{"lot": "p1", "at": "2026-03-02T04:00:00Z", "kind": "number", "n": 1}`, "report.n", occupancy.Malformed},
		{`{"lot": "p1", "at": "2026-03-02T04:00:00Z", "kind": "number"}`, "report.kind", occupancy.Malformed},
		{`{"lot": "p1", "at": "2026-03-02T04:00:00", "kind": "alive"}`, "report.at", occupancy.Malformed}, // whose 4 o'clock?
		{`{"lot": "p1", "at": "1970-01-01T00:00:00Z", "kind": "alive"}`, "report.at", occupancy.OutOfRange},
		{`{"at": "2026-03-02T04:00:00Z", "kind": "alive"}`, "report.lot", occupancy.Malformed},
		{`[]`, "report", occupancy.Malformed},
		{``, "report", occupancy.Malformed},
	} {
		_, err := occupancy.ParseReport([]byte(c.data))
		var no *occupancy.Error
		if assert.ErrorAs(t, err, &no, c.data) {
			assert.Equal(t, occupancy.Error{Path: c.path, Reason: c.reason}, *no, c.data)
		}
	}
}

// TestVacancy: the aim of the city, from 45 % to 20 %.
func TestVacancy(t *testing.T) {
	day := func(occupied int) occupancy.Vacancy {
		c := newCounter(t, 100)
		var v occupancy.Vacancy
		for m := 0.0; m <= 24*60; m += 5 {
			told(t, c, m, occupancy.Recount, occupied)
			v.Observe(c.Figure(at(m)))
		}
		return v
	}
	before, after := day(55), day(80)
	for v, want := range map[*occupancy.Vacancy]int{&before: 450, &after: 200} {
		got, known := v.PerMille()
		assert.True(t, known)
		assert.Equal(t, want, got)
		assert.Zero(t, v.UnknownPerMille())
	}
	before.Add(after)
	got, _ := before.PerMille()
	assert.Equal(t, 325, got, "of both lots")

	// Half the day empty, half full; then silence, which is neither; closed
	// hours are not counted.
	c := newCounter(t, 10)
	var v occupancy.Vacancy
	see := func(m float64) { v.Observe(c.Figure(at(m))) }
	_, known := v.PerMille()
	assert.False(t, known)
	see(0)
	told(t, c, 10, occupancy.Recount, 0)
	see(10)
	told(t, c, 20, occupancy.Recount, 10)
	see(20)
	told(t, c, 30, occupancy.Recount, 10)
	see(30)
	see(60) // nobody looked for 30 minutes: 15 of them count, and the figure is stale now
	see(90)
	told(t, c, 90, occupancy.Closed, 0)
	see(90)
	see(600)
	share, known := v.PerMille()
	assert.True(t, known)
	assert.Equal(t, 10*1000/(10+10+15), share)
	assert.Equal(t, (10+15+30)*1000/90, v.UnknownPerMille())
}
