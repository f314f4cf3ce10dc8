package scenarios_test

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/hospital"
	"github.com/citizencode/citizencode/scenarios/transit"
)

// The example of SPEC §1 is what a terminal hands over and gets.
func TestSpecExample(t *testing.T) {
	spec, err := os.ReadFile("SPEC.md")
	require.NoError(t, err)
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	lane, err := scenarios.NewTerminal(scenarios.TerminalConfig{Name: "bus 168, door 1", Verifier: c.Verifier(nil), Now: c.Clock.Now,
		Scenario: seen{transit.New(transit.Config{Lines: []string{"168"}}), func(v *scenarios.Visit) {
			assert.Contains(t, string(spec), "citizen "+v.Citizen.Person().String()+" ("+v.Citizen.Carrier().String()+"), action \""+v.Action+"\", params "+string(v.Params))
			assert.Contains(t, string(spec), `key "`+v.Key+`"`)
		}}})
	require.NoError(t, err)
	code := c.Citizen("li", citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit).Bytes()
	d, err := lane.Scan(context.Background(), code, transit.Board, json.RawMessage(`{"line":"168"}`))
	require.NoError(t, err)
	b, err := json.Marshal(d)
	require.NoError(t, err)
	assert.Contains(t, string(spec), "    decision  "+string(b)+"\n")
}

type seen struct {
	scenarios.Scenario
	look func(*scenarios.Visit)
}

func (s seen) Handle(ctx context.Context, v *scenarios.Visit) (*scenarios.Decision, error) {
	s.look(v)
	return s.Scenario.Handle(ctx, v)
}

// Every reason that a terminal gives by itself is in SPEC.
func TestSpecReasons(t *testing.T) {
	spec, err := os.ReadFile("SPEC.md")
	require.NoError(t, err)
	for _, reason := range []string{scenarios.ProfileNotServed, scenarios.CarrierNotServed, scenarios.TooSoon, scenarios.SlipMistyped,
		scenarios.SlipUnknown, scenarios.SlipLocked, citycode.OnlineRequired.String(), citycode.OverOfflineLimit.String(), citycode.WrongAudience.String(),
		citycode.SourceMismatch.String(), hospital.MedicalCodeOther} {
		assert.True(t, strings.Contains(string(spec), "`"+reason+"`"), reason)
	}
}
