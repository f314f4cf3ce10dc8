package transit

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/engine/tjfoc"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/scenariotest"
)

// A gate is a bus gate of a test city whose network is a switch.
type gate struct {
	*citycodetest.City
	lane   *scenarios.Terminal
	online bool
}

func newGate(t *testing.T, e engine.Engine, s *Scenario) *gate {
	g := &gate{City: citycodetest.NewCity(t, citycodetest.Shenyang)}
	var err error
	g.lane, err = scenarios.NewTerminal(scenarios.TerminalConfig{Name: "168/1", Scenario: s, Verifier: g.Verifier(e),
		Now: g.Clock.Now, Online: func() bool { return g.online }})
	require.NoError(t, err)
	return g
}

func (g *gate) board(p *citycodetest.Citizen, line string) *scenarios.Decision {
	g.TB.Helper()
	g.Clock.Advance(3 * time.Second)
	d, err := g.lane.Scan(context.Background(), p.Show(citycode.Transit).Bytes(), Board, json.RawMessage(fmt.Sprintf(`{"line":%q}`, line)))
	require.NoError(g.TB, err)
	return d
}

func eachEngine(t *testing.T, test func(t *testing.T, e engine.Engine)) {
	for _, e := range []engine.Engine{engine.Default(), tjfoc.New()} {
		t.Run(e.Name(), func(t *testing.T) { test(t, e) })
	}
}

func TestContract(t *testing.T) {
	newScenario := func() scenarios.Scenario { return New(Config{Lines: []string{"168"}}) }
	people := scenariotest.NewPeople(t, newScenario(), citycode.ProfileTransit)
	scenariotest.Run(t, newScenario, func(c scenarios.Carrier) []scenarios.Visit {
		return []scenarios.Visit{
			people.Visit(c, "li", 0, Board, `{"line":"168"}`),
			people.Visit(c, "wang", 0, Board, `{"line":"9"}`),
		}
	})
}

func TestBoard(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		g := newGate(t, e, New(Config{Lines: []string{"168"}}))
		for _, profile := range []citycode.ProfileID{citycode.ProfileTransit, citycode.ProfileUniversal} {
			d := g.board(g.Citizen("li", profile, citycode.Transit, nil), "168")
			assert.True(t, d.Allow, d.Reason)
			assert.JSONEq(t, `{"line":"168","offlineRidesLeft":9}`, string(d.Outcome))
		}
		assert.Equal(t, LineNotAccepted, g.board(g.Citizen("wang", citycode.ProfileTransit, citycode.Transit, nil), "9").Reason)
		// A parking credential is of the same profile and still no ride code.
		parking := g.Citizen("zhao", citycode.ProfileTransit, citycode.Parking, nil)
		d, err := g.lane.Scan(context.Background(), parking.Show(citycode.Parking).Bytes(), Board, nil)
		require.NoError(t, err)
		assert.Equal(t, "wrong-audience", d.Reason)
	})
}

func TestConfig(t *testing.T) {
	for _, c := range []struct {
		name   string
		cfg    Config
		reason string
	}{
		{"zero", Config{}, "ok"},
		{"no line", Config{Lines: []string{}}, LineNotAccepted},
		{"no offline ride", Config{OfflineRides: -1}, "online-required"},
	} {
		g := newGate(t, nil, New(c.cfg))
		assert.Equal(t, c.reason, g.board(g.Citizen("li", citycode.ProfileTransit, citycode.Transit, nil), "1").Reason, c.name)
	}
}
