package vectors

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/engine/tjfoc"
	"github.com/citizencode/citizencode/citycode/foreign/jtt1179"
)

var update = flag.Bool("update", false, "write the vectors anew")

const path = "v1/ride_jtt1179.json"

// TestGenerate makes the file from its recipes and compares it with the one in
// the repository and the one in the program.
func TestGenerate(t *testing.T) {
	want := rides().encode()
	if *update {
		require.NoError(t, os.WriteFile(path, want, 0o666))
		return
	}
	have, err := os.ReadFile(path)
	require.NoError(t, err)
	embedded, err := Vectors.ReadFile(path)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(have, want), "%s is not what its generator makes: go test ./citycode/foreign/vectors -update", path)
	assert.True(t, bytes.Equal(have, embedded))
}

func read(t *testing.T) *rideFile {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	f := new(rideFile)
	require.NoError(t, d.Decode(f))
	return f
}

// A gate runs one test: a terminal as the file describes it, with a clock.
type gate struct {
	unix     int64
	verifier *jtt1179.Verifier
	lane     *jtt1179.Lane
}

func newGate(t *testing.T, terminal *terminal, e engine.Engine) *gate {
	t.Helper()
	g := &gate{unix: terminal.Start.Unix}
	cfg := jtt1179.Config{Engine: e, Now: func() time.Time { return time.Unix(g.unix, 0) }, Ahead: time.Duration(terminal.Ahead) * time.Second,
		MaxValidity: time.Duration(terminal.MaxValidity) * time.Second,
		Denied: func(issuer string, card jtt1179.Account) bool {
			return slices.Contains(terminal.Denied, issuer+"/"+string(card))
		}}
	for _, b := range terminal.Roots {
		k, err := jtt1179.ParseRootKey(b)
		require.NoError(t, err)
		cfg.Roots = append(cfg.Roots, *k)
	}
	var err error
	g.verifier, err = jtt1179.NewVerifier(cfg)
	require.NoError(t, err)
	g.lane, err = g.verifier.NewLane(jtt1179.LaneConfig{Debounce: time.Duration(terminal.Debounce) * time.Second, Interval: time.Duration(terminal.Interval) * time.Second})
	require.NoError(t, err)
	return g
}

func (g *gate) scan(t *testing.T, id string, s scan) *jtt1179.Ride {
	t.Helper()
	g.unix = s.Clock.Unix
	r, err := g.verifier.Verify(s.Code, jtt1179.Check{Amount: s.Amount})
	if err == nil {
		err = g.lane.Pass(r)
	}
	if s.Result == "valid" {
		require.NoError(t, err, id)
		require.Empty(t, s.Reason, id)
		return r
	}
	var refused *jtt1179.Error
	require.ErrorAs(t, err, &refused, id)
	assert.Equal(t, "invalid", s.Result, id)
	assert.Equal(t, s.Reason, refused.Reason.String(), "%s: %v", id, err)
	return nil
}

// TestRides runs every test of the file under engines of independent origin.
func TestRides(t *testing.T) {
	f := read(t)
	engines := []engine.Engine{engine.Default(), engine.GMSM(), tjfoc.New()}
	if testing.Short() {
		engines = engines[:1]
	}
	for i, e := range engines {
		for _, group := range f.Groups {
			if i == 2 && group.Tests[0].ID != "jr-0301" {
				continue // tjfoc takes ten times as long, and signatures are what it is for
			}
			for _, test := range group.Tests {
				assert.Equal(t, at(test.Clock.Unix), test.Clock)
				g := newGate(t, &f.Terminal, e)
				for _, s := range test.Before {
					g.scan(t, test.ID+" before", s)
				}
				r := g.scan(t, test.ID, test.scan)
				if r == nil {
					assert.Nil(t, test.Ride, test.ID)
					continue
				}
				require.NotNil(t, test.Ride, test.ID)
				assert.Equal(t, test.Ride, rideOf(r), test.ID)
			}
		}
	}
}

func TestParameterFiles(t *testing.T) {
	for _, test := range read(t).Files {
		p, err := jtt1179.ParseParameters(test.File)
		if test.Result == "invalid" {
			assert.Error(t, err, test.ID)
			continue
		}
		require.NoError(t, err, test.ID)
		var roots []hexBytes
		for _, r := range p.Records {
			b, err := r.Root.Bytes()
			require.NoError(t, err)
			roots = append(roots, b)
		}
		assert.Equal(t, test.Roots, roots, test.ID)
	}
}

// TestCoverage counts: no two tests are the same, every reason has its test, and
// every fault of a deployed terminal that a verifier can have.
func TestCoverage(t *testing.T) {
	f := read(t)
	codes, ids, comments := map[string]string{}, map[string]bool{}, map[string]bool{}
	seen, bugs := map[string]int{}, map[int]int{}
	valid, invalid, total, last := 0, 0, len(f.Files), ""
	for _, group := range f.Groups {
		for _, test := range group.Tests {
			total++
			assert.Less(t, last, test.ID)
			last = test.ID
			assert.False(t, ids[test.ID] || comments[test.Comment], test.ID)
			ids[test.ID], comments[test.Comment] = true, true
			scanned, err := json.Marshal([]any{test.Clock, test.Amount, test.Code, test.Before})
			require.NoError(t, err)
			assert.Empty(t, codes[string(scanned)], test.ID)
			codes[string(scanned)] = test.ID
			if test.FieldBug != 0 {
				bugs[test.FieldBug]++
			}
			if test.Result == "valid" {
				valid++
				continue
			}
			invalid++
			seen[test.Reason]++
		}
	}
	t.Logf("%d valid, %d invalid, %d parameter files", valid, invalid, len(f.Files))
	assert.Equal(t, f.NumberOfTests, total)
	assert.GreaterOrEqual(t, valid+invalid, 60)
	assert.GreaterOrEqual(t, invalid, 45)
	for _, r := range jtt1179.Reasons() {
		assert.NotZero(t, seen[r.String()], r)
	}
	for bug := 1; bug <= 8; bug++ {
		assert.NotZero(t, bugs[bug], bug)
	}
	assert.NotContains(t, string(f.encode()), "\\u")
}
