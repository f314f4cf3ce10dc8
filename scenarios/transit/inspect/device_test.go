package inspect_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/transit/inspect"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

var noon = time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)

const rider = "210100-0000006500c1712e"

func record(gate string, sequence uint64, kind tap.Kind, at time.Time) tap.Tap {
	t := tap.Tap{Gate: gate, Sequence: sequence, Key: fmt.Sprint(gate, sequence), Showing: fmt.Sprint("s", gate, sequence), Carrier: "phone", Person: rider,
		Time: at, Kind: kind, Line: "168", Vehicle: "5501"}
	if kind != tap.Board {
		t.Line, t.Vehicle, t.Network, t.Stop = "", "", "metro", "s1"
	}
	return t
}

// TestInspection: an inspector on a bus with two doors. While a door may hold
// taps that nobody has heard of, the answer is not "no".
func TestInspection(t *testing.T) {
	d := inspect.NewDevice()
	ask := func() *inspect.Finding {
		t.Helper()
		f, err := d.Check(inspect.Question{Person: rider, Vehicle: "5501", Time: noon, Window: time.Hour, Gates: []string{"door 1", "door 2"}})
		require.NoError(t, err)
		return f
	}
	learn := func(gate string, through time.Time, taps ...tap.Tap) {
		t.Helper()
		require.NoError(t, d.Learn(tap.Batch{Gate: gate, Through: through, Taps: taps}))
	}
	f := ask()
	assert.Equal(t, inspect.Unknown, f.Answer)
	assert.Equal(t, []string{"door 1", "door 2"}, f.Silent)
	learn("door 1", noon)
	f = ask()
	assert.Equal(t, inspect.Unknown, f.Answer, "door 2 is offline: its taps are not uploaded")
	assert.Equal(t, []string{"door 2"}, f.Silent)
	assert.Contains(t, f.Message.Zh, "不能判定")
	learn("door 2", noon.Add(-time.Second))
	assert.Equal(t, inspect.Unknown, ask().Answer, "it has told all but the last second")
	learn("door 2", noon)
	assert.Equal(t, inspect.None, ask().Answer, "now everybody has spoken")
	learn("door 2", noon.Add(-time.Hour))
	assert.Equal(t, inspect.None, ask().Answer, "an old word takes nothing back")
	// Taps that do not count: of long ago, of another bus.
	other := record("door 2", 8, tap.Board, noon)
	other.Vehicle = "5502"
	learn("door 2", noon, record("door 2", 7, tap.Board, noon.Add(-time.Hour-time.Second)), other)
	assert.Equal(t, inspect.None, ask().Answer)
	// The tap was at door 2 all the time, and reaches the device over the air.
	learn("door 2", noon, record("door 2", 9, tap.Board, noon.Add(-time.Hour)))
	f = ask()
	assert.Equal(t, inspect.Valid, f.Answer)
	assert.Equal(t, noon.Add(-time.Hour), f.Tap)
	d.Forget(noon)
	assert.Equal(t, inspect.None, ask().Answer)
	// Without the gates there is no "no".
	f, err := d.Check(inspect.Question{Person: rider, Line: "9", Time: noon, Window: time.Hour})
	require.NoError(t, err)
	assert.Equal(t, inspect.Unknown, f.Answer)
}

// TestMetro: whoever has gone out is not inside; the tap of another line of the
// same bus company does not count.
func TestMetro(t *testing.T) {
	d := inspect.NewDevice()
	ask := func() inspect.Answer {
		f, err := d.Check(inspect.Question{Person: rider, Network: "metro", Time: noon, Window: 4 * time.Hour, Gates: []string{"g"}})
		require.NoError(t, err)
		return f.Answer
	}
	require.NoError(t, d.Learn(tap.Batch{Gate: "g", Through: noon, Taps: []tap.Tap{record("g", 1, tap.Enter, noon.Add(-time.Hour))}}))
	assert.Equal(t, inspect.Valid, ask())
	require.NoError(t, d.Learn(tap.Batch{Gate: "g", Through: noon, Taps: []tap.Tap{record("g", 2, tap.Exit, noon.Add(-time.Minute))}}))
	assert.Equal(t, inspect.None, ask())
}

func TestWrongQuestions(t *testing.T) {
	d := inspect.NewDevice()
	q := inspect.Question{Person: rider, Line: "168", Time: noon, Window: time.Hour}
	for path, spoil := range map[string]func(q *inspect.Question){
		"person":  func(q *inspect.Question) { q.Person = "" },
		"vehicle": func(q *inspect.Question) { q.Line = "" },
		"window":  func(q *inspect.Question) { q.Window = inspect.MaxWindow + 1 },
		"time":    func(q *inspect.Question) { q.Time = time.Time{} },
	} {
		bad := q
		spoil(&bad)
		_, err := d.Check(bad)
		var wrong *scenarios.RequestError
		require.ErrorAs(t, err, &wrong)
		assert.Equal(t, path, wrong.Path)
	}
	assert.Error(t, d.Learn(tap.Batch{Gate: "other", Taps: []tap.Tap{record("g", 1, tap.Board, noon)}}))
	assert.Error(t, d.Learn(tap.Batch{Gate: "g", Taps: []tap.Tap{{Gate: "g"}}}))
}
