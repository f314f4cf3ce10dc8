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
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	v := c.Verifier(nil)
	verified := func(profile citycode.ProfileID) *citycode.Verified {
		got, err := v.Verify(c.Citizen("li", profile, citycode.Transit, nil).Show(citycode.Transit), citycode.Check{Audience: citycode.Transit})
		require.NoError(t, err)
		return got
	}
	visit := scenarios.Visit{Citizen: verified(citycode.ProfileTransit), Terminal: "168/1", Action: Board,
		Params: json.RawMessage(`{"line":"168"}`), Time: c.Clock.Now()}
	universal, other, online := visit, visit, visit
	universal.Citizen = verified(citycode.ProfileUniversal)
	other.Params = json.RawMessage(`{"line":"9"}`)
	online.Online = true
	scenariotest.Run(t, func() scenarios.Scenario { return New(Config{Lines: []string{"168"}}) }, visit, universal, other, online)
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

func TestOfflineAllowance(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		g := newGate(t, e, New(Config{}))
		li := g.Citizen("li", citycode.ProfileTransit, citycode.Transit, nil)
		wang := g.Citizen("wang", citycode.ProfileTransit, citycode.Transit, nil)
		for range DefaultOfflineRides {
			assert.True(t, g.board(li, "any").Allow)
		}
		for range 2 {
			d := g.board(li, "any")
			assert.Equal(t, citycode.OverOfflineLimit.String(), d.Reason)
			assert.Equal(t, scenarios.ReasonText(citycode.OverOfflineLimit), d.Message)
		}
		assert.True(t, g.board(wang, "any").Allow, "another credential has its own")
		g.online = true
		assert.True(t, g.board(li, "any").Allow)
		g.online = false
		for range DefaultOfflineRides {
			assert.True(t, g.board(li, "any").Allow, "counted since the last online contact")
		}
		assert.False(t, g.board(li, "any").Allow)
	})
}

// A renewed credential was fetched online; an older one kept beside it gives
// no new allowance.
func TestOfflineAllowanceOfARenewedCredential(t *testing.T) {
	g := newGate(t, nil, New(Config{OfflineRides: 2}))
	old := g.Citizen("li", citycode.ProfileTransit, citycode.Transit, nil)
	for range 2 {
		assert.True(t, g.board(old, "1").Allow)
	}
	assert.False(t, g.board(old, "1").Allow)
	g.Clock.Advance(time.Hour)
	renewed := g.Citizen("li", citycode.ProfileTransit, citycode.Transit, func(c *citycode.Claims) { c.Index = old.Claims.Index })
	assert.True(t, g.board(renewed, "1").Allow)
	assert.True(t, g.board(old, "1").Allow)
	assert.False(t, g.board(old, "1").Allow)
	assert.False(t, g.board(renewed, "1").Allow)
}

func TestConfig(t *testing.T) {
	for _, c := range []struct {
		name   string
		cfg    Config
		reason string
	}{
		{"zero", Config{}, "ok"},
		{"no line", Config{Lines: []string{}}, LineNotAccepted},
		{"no offline ride", Config{OfflineRides: -1}, "over-offline-limit"},
	} {
		g := newGate(t, nil, New(c.cfg))
		assert.Equal(t, c.reason, g.board(g.Citizen("li", citycode.ProfileTransit, citycode.Transit, nil), "1").Reason, c.name)
	}
}

// A full memory refuses newcomers and forgets only who has expired.
func TestOfflineAllowanceIsBounded(t *testing.T) {
	s := New(Config{})
	s.bounds = 2
	g := newGate(t, nil, s)
	short := func(c *citycode.Claims) { c.NotAfter = c.IssuedAt.Add(time.Minute) }
	li := g.Citizen("li", citycode.ProfileTransit, citycode.Transit, nil)
	assert.True(t, g.board(li, "1").Allow)
	assert.True(t, g.board(g.Citizen("wang", citycode.ProfileTransit, citycode.Transit, short), "1").Allow)
	zhao := g.Citizen("zhao", citycode.ProfileTransit, citycode.Transit, nil)
	assert.Equal(t, "over-offline-limit", g.board(zhao, "1").Reason)
	assert.True(t, g.board(li, "1").Allow)
	g.Clock.Advance(2 * time.Minute)
	assert.True(t, g.board(zhao, "1").Allow)
	assert.Len(t, s.rides, 2)
}
