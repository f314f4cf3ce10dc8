package tap_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/transit/fare"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

var noon = time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)

func good() tap.Tap {
	return tap.Tap{Gate: "bus 168, door 1", Sequence: 1, Key: "210100/1#0:101@1795314600.7@bus 168, door 1", Showing: "210100/1#0:101@1795314600.7",
		Serial: "210100/1#0:101", Carrier: "phone", Person: "210100-0000006500c1712e", Issued: noon, Time: noon, Kind: tap.Board, Line: "168"}
}

func TestCheck(t *testing.T) {
	g := good()
	require.NoError(t, g.Check())
	for path, spoil := range map[string]func(*tap.Tap){
		"gate":    func(t *tap.Tap) { t.Gate = "" },
		"key":     func(t *tap.Tap) { t.Key = strings.Repeat("k", tap.MaxKey+1) },
		"showing": func(t *tap.Tap) { t.Showing = "a\nb" },
		"serial":  func(t *tap.Tap) { t.Serial = "\xff" },
		"carrier": func(t *tap.Tap) { t.Carrier = "paper " },
		"person":  func(t *tap.Tap) { t.Person = "zhang san" },
		"issued":  func(t *tap.Tap) { t.Issued = time.Unix(1, 5) },
		"time":    func(t *tap.Tap) { t.Time = time.Time{} },
		"kind":    func(t *tap.Tap) { t.Kind = "ride" },
		"line":    func(t *tap.Tap) { t.Line = "" },
		"network": func(t *tap.Tap) { t.Kind, t.Stop = tap.Enter, "s" },
		"stop":    func(t *tap.Tap) { t.Kind, t.Network = tap.Exit, "metro" },
		"vehicle": func(t *tap.Tap) { t.Vehicle = strings.Repeat("v", tap.MaxText+1) },

		"evidence.code":  func(t *tap.Tap) { t.Evidence = tap.EvidenceOf(strings.Repeat("c", citycode.MaxToken+2), 0, "") },
		"evidence.lists": func(t *tap.Tap) { t.Evidence.Lists = strings.Repeat("l", tap.MaxText+1) },
	} {
		bad := good()
		spoil(&bad)
		var wrong *scenarios.RequestError
		require.ErrorAs(t, bad.Check(), &wrong, path)
		assert.Equal(t, path, wrong.Path)
	}
}

func TestCounter(t *testing.T) {
	g := good()
	n, ok := g.Counter()
	assert.True(t, ok)
	assert.EqualValues(t, 7, n)
	g.Serial = ""
	_, ok = g.Counter()
	assert.False(t, ok, "a slip has none")
}

// TestEvidence: what a gate records beside a tap is read as it was written, a
// record without is read as ever, and a tap with any hint and the longest code is
// taken: what is wrong with a code is for who verifies it to say.
func TestEvidence(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	token := c.Citizen("li", citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit)
	g := good()
	g.Evidence = tap.EvidenceOf(string(token.Bytes()), engine.HintOdd, "first")
	raw, err := json.Marshal(g)
	require.NoError(t, err)
	assert.Contains(t, string(raw), `,"evidence":{"code":"`+base64.StdEncoding.EncodeToString(token.Bytes())+`","hint":3,"lists":"first"}}`)
	var again tap.Tap
	require.NoError(t, json.Unmarshal(raw, &again))
	assert.Equal(t, g, again)
	read, err := again.Evidence.Token()
	require.NoError(t, err)
	assert.Equal(t, token.Bytes(), read.Bytes())

	const old = `{"gate":"g","taps":[{"gate":"g","sequence":1,"key":"k","showing":"s","carrier":"paper","person":"210100-00","time":"2026-11-22T04:00:00Z","kind":"board","line":"168"}]}`
	b, err := tap.ReadBatch([]byte(old))
	require.NoError(t, err)
	require.NoError(t, b.Taps[0].Check())
	assert.Zero(t, b.Taps[0].Evidence)
	raw, err = json.Marshal(b)
	require.NoError(t, err)
	assert.Equal(t, old, string(raw))

	assert.Zero(t, tap.EvidenceOf("", engine.HintOdd, "first"))
	for hint := range 256 {
		g.Evidence = tap.EvidenceOf(strings.Repeat("c", citycode.MaxToken), engine.Hint(hint), "")
		require.NoError(t, g.Check())
	}
	for _, code := range []string{"", "#", "AB==", "AA=", "AA==\n", "AAAA"} { // AB== is another spelling of AA==
		_, err := (&tap.Evidence{Code: code}).Token()
		assert.Error(t, err, code)
	}
}

func TestConcessions(t *testing.T) {
	c := tap.Concessions{1: {Category: "elder"}, 2: {Category: "student", Until: noon}, 3: {Category: "carer", Until: noon, Holds: time.Hour}}
	assert.Equal(t, fare.Rider{Category: "elder"}, c.Rider(1, noon))
	assert.Equal(t, fare.Rider{Category: "student", Until: noon}, c.Rider(2, noon))
	assert.Equal(t, noon, c.Rider(3, noon).Until)
	assert.Equal(t, noon.Add(-time.Hour), c.Rider(3, noon.Add(-2*time.Hour)).Until)
	assert.Equal(t, fare.Rider{}, c.Rider(0, noon))
	assert.Equal(t, fare.Rider{}, c.Rider(9, noon))
	assert.Equal(t, fare.Rider{}, tap.Concessions(nil).Rider(1, noon))
}

// TestMemory: a queue numbers each gate, writes a visit once, is bounded, and
// forgets only what was acknowledged.
func TestMemory(t *testing.T) {
	ctx := context.Background()
	m := tap.NewMemory()
	first, err := m.Append(ctx, good())
	require.NoError(t, err)
	assert.EqualValues(t, 1, first.Sequence)
	changed := good()
	changed.Time = noon.Add(time.Minute)
	again, err := m.Append(ctx, changed)
	require.NoError(t, err)
	assert.Equal(t, first, again)
	found, ok, err := m.Find(ctx, first.Key)
	assert.True(t, ok)
	assert.NoError(t, err)
	assert.Equal(t, first, found)
	other := good()
	other.Gate, other.Key = "bus 9", "k"
	other, err = m.Append(ctx, other)
	require.NoError(t, err)
	assert.EqualValues(t, 1, other.Sequence)
	m.Acknowledge([]tap.Tap{first})
	assert.Equal(t, []tap.Tap{other}, m.Waiting(10))
	_, ok, _ = m.Find(ctx, first.Key)
	assert.True(t, ok, "what was sent is still answered as it was")

	bad := good()
	bad.Key = ""
	_, err = m.Append(ctx, bad)
	assert.Error(t, err)
	for i := range tap.MaxQueue - 1 {
		next := good()
		next.Key = fmt.Sprint("n", i)
		_, err := m.Append(ctx, next)
		require.NoError(t, err)
	}
	last := good()
	last.Key = "one too many"
	_, err = m.Append(ctx, last)
	assert.ErrorIs(t, err, tap.ErrFull)
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	m.Acknowledge(m.Waiting(1))
	_, err = m.Append(cancelled, last)
	assert.ErrorIs(t, err, context.Canceled)
}

// FuzzReadBatch: what is read is written as the same again, and nothing else.
func FuzzReadBatch(f *testing.F) {
	raw, err := json.Marshal(tap.Batch{Gate: "bus 168, door 1", Through: noon, Taps: []tap.Tap{good()}})
	require.NoError(f, err)
	f.Add(raw)
	f.Add([]byte(`{"gate":"g","taps":[{"fen":1}]}`))
	f.Add([]byte(`{"gate":"g","taps":null}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := tap.ReadBatch(raw)
		if err != nil {
			return
		}
		for i := range b.Taps {
			b.Taps[i].Counter()
			b.Taps[i].Evidence.Token()
			if b.Taps[i].Check() != nil {
				return
			}
		}
		text, err := json.Marshal(b)
		if err != nil {
			return // a time that JSON cannot write
		}
		again, err := tap.ReadBatch(text)
		require.NoError(t, err)
		twice, err := json.Marshal(again)
		require.NoError(t, err)
		require.Equal(t, string(text), string(twice))
	})
}

func TestReadBatchNames(t *testing.T) {
	_, err := tap.ReadBatch([]byte(`{"gate":"g","taps":[{"gate":"g","fen":1}]}`))
	require.Error(t, err)
	assert.Contains(t, err.Error(), "batch.taps[0].fen")
}
