package agreement_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/agreement"
	"github.com/citizencode/citizencode/scenarios/scenariotest"
	"github.com/citizencode/citizencode/scenarios/transit"
)

func newGate(t testing.TB, operator, place string) *agreement.Gate {
	g, err := agreement.NewGate(agreement.GateConfig{Scenario: transit.New(transit.Config{}), Registry: agreement.CityRegistry(t), Operator: operator, Place: place})
	require.NoError(t, err)
	return g
}

// A gate at a place that takes the code keeps the contract of its scenario.
func TestContract(t *testing.T) {
	newScenario := func() scenarios.Scenario { return newGate(t, "bus", "168") }
	people := scenariotest.NewPeople(t, newScenario(), citycode.ProfileTransit)
	scenariotest.Run(t, newScenario, func(c scenarios.Carrier) []scenarios.Visit {
		return []scenarios.Visit{
			people.Visit(c, "li", 0, transit.Board, `{"line":"168"}`),
			people.Visit(c, "wang", 0, transit.Enter, `{"network":"metro","stop":"s1","line":"168"}`),
			people.Visit(c, "wang", 0, transit.Exit, `{"network":"metro","stop":"s2","line":"168"}`),
		}
	})
}

// The clock passes the end of the exclusive contract: the same gate, the same
// terminal, the same program.
func TestRow16SameGateAcceptsAfterTheContractEnds(t *testing.T) {
	city := citycodetest.NewCity(t, citycodetest.Shenyang)
	city.Draft.Expires = city.Clock.Now().AddDate(0, 3, 0)
	city.Draft.Entries[0].IssueUntil = city.Draft.Expires
	// What the gate takes is one question; how old its lists are is another.
	city.Clock.Set(agreement.At(t, "2026-12-31 23:59:00"))
	gate, err := scenarios.NewTerminal(scenarios.TerminalConfig{Name: "line 1, gate 7", Scenario: newGate(t, "metro", "line-1"),
		Verifier: city.Verifier(nil), Now: city.Clock.Now})
	require.NoError(t, err)
	li := city.Citizen("li", citycode.ProfileTransit, citycode.Transit, nil)
	ride := func() *scenarios.Decision {
		d, err := gate.Scan(context.Background(), li.Show(citycode.Transit).Bytes(), transit.Board, json.RawMessage(`{"line":"line-1"}`))
		require.NoError(t, err)
		return d
	}

	d := ride()
	assert.False(t, d.Allow)
	assert.Equal(t, agreement.SwitchCode, d.Reason)
	assert.Contains(t, d.Message.Zh, "地铁乘车码")
	assert.Contains(t, d.Message.En, "metro ride code")
	assert.Contains(t, d.Message.En, "2027-01-01")
	var notice agreement.Notice
	require.NoError(t, json.Unmarshal(d.Outcome, &notice))
	assert.Equal(t, agreement.Switch{agreement.OperatorCode, "metro-app", scenarios.Text{Zh: "地铁乘车码", En: "metro ride code"}}, notice.Switch)
	assert.True(t, notice.Until.Equal(agreement.At(t, "2027-01-01 00:00:00")))

	city.Clock.Set(agreement.At(t, "2026-12-31 23:59:59"))
	assert.Equal(t, agreement.SwitchCode, ride().Reason, "to the end of the last day")
	city.Clock.Advance(time.Second)
	d = ride()
	assert.True(t, d.Allow, d.Reason)
	assert.JSONEq(t, `{"line":"line-1","offlineRidesLeft":9}`, string(d.Outcome), "what was refused used nothing up")
}

func TestGateWithoutAnAgreement(t *testing.T) {
	g := newGate(t, "metro", "line-9")
	v := scenariotest.NewPeople(t, g, citycode.ProfileTransit).Visit(scenarios.Phone, "li", 0, transit.Board, `{"line":"line-9"}`)
	d, err := g.Handle(context.Background(), &v)
	require.NoError(t, err)
	assert.Equal(t, agreement.NotAccepted, d.Reason)
	assert.NotEmpty(t, d.Message.Zh)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = g.Handle(ctx, &v)
	assert.ErrorIs(t, err, context.Canceled)
}

func TestNewGateRefuses(t *testing.T) {
	full := agreement.GateConfig{Scenario: transit.New(transit.Config{}), Registry: agreement.CityRegistry(t), Operator: "metro", Place: "line-1"}
	for _, spoil := range []func(*agreement.GateConfig){
		func(c *agreement.GateConfig) { c.Scenario = nil }, func(c *agreement.GateConfig) { c.Registry = nil },
		func(c *agreement.GateConfig) { c.Operator = "" }, func(c *agreement.GateConfig) { c.Place = "Line 1" },
	} {
		c := full
		spoil(&c)
		_, err := agreement.NewGate(c)
		assert.Error(t, err)
	}
}
