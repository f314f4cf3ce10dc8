package scenarios_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/scenarios"
)

func TestDescriptionValidate(t *testing.T) {
	good := new(door).Describe()
	require.NoError(t, good.Validate())
	for name, spoil := range map[string]func(*scenarios.Description){
		"no purpose":       func(d *scenarios.Description) { d.Purpose.Zh = "" },
		"no English":       func(d *scenarios.Description) { d.Purpose.En = "" },
		"no group":         func(d *scenarios.Description) { d.Group = 0 },
		"unknown group":    func(d *scenarios.Description) { d.Group = 4 },
		"no audience":      func(d *scenarios.Description) { d.Audience = 0 },
		"unknown carrier":  func(d *scenarios.Description) { d.Carriers = 1 },
		"unknown identity": func(d *scenarios.Description) { d.Identity = 3 },
		"unknown claim":    func(d *scenarios.Description) { d.Claims = 8 },
		"code of nobody": func(d *scenarios.Description) {
			d.Identity, d.Claims = scenarios.Anonymous, scenarios.BenefitClass|scenarios.ShownCode
		},
		"code without benefit":  func(d *scenarios.Description) { d.Identity, d.Claims = scenarios.Record, scenarios.ShownCode },
		"no action":             func(d *scenarios.Description) { d.Actions = nil },
		"action twice":          func(d *scenarios.Description) { d.Actions = []string{"open", "open"} },
		"action in capitals":    func(d *scenarios.Description) { d.Actions = []string{"Open"} },
		"too many actions":      func(d *scenarios.Description) { d.Actions = make([]string, scenarios.MaxActions+1) },
		"unknown policy":        func(d *scenarios.Description) { d.Offline.Policy = 3 },
		"budget without policy": func(d *scenarios.Description) { d.Offline.Uses = 1 },
		"money without policy":  func(d *scenarios.Description) { d.Offline.Fen = 1 },
		"policy without budget": func(d *scenarios.Description) { d.Offline.Policy = scenarios.WithinBudget },
		"endless budget": func(d *scenarios.Description) {
			d.Offline = scenarios.Offline{Policy: scenarios.WithinBudget, Uses: 1001}
		},
		"negative money": func(d *scenarios.Description) {
			d.Offline = scenarios.Offline{Policy: scenarios.WithinBudget, Uses: 1, Fen: -1}
		},
		"long spacing": func(d *scenarios.Description) { d.Offline.Spacing = time.Hour },
	} {
		d := good
		spoil(&d)
		assert.Error(t, d.Validate(), name)
		c := citycodetest.NewCity(t, citycodetest.Shenyang)
		spoiled := &door{what: d}
		if d.Audience != 0 { // the door takes a description without one for none at all
			_, err := scenarios.NewTerminal(scenarios.TerminalConfig{Name: "a", Scenario: spoiled, Verifier: c.Verifier(nil)})
			assert.Error(t, err, name)
			_, err = scenarios.NewSet(spoiled)
			assert.Error(t, err, name)
		}
	}
}

func TestCarriers(t *testing.T) {
	for _, c := range scenarios.AllCarriers() {
		assert.True(t, scenarios.Carriers(0).Has(c), "the zero value leaves nobody out")
		assert.True(t, scenarios.Only(c).Has(c))
		assert.Equal(t, c == scenarios.Card, scenarios.Only(scenarios.Card).Has(c))
	}
	assert.False(t, scenarios.Carriers(0).Has(0))
	assert.False(t, scenarios.Carriers(0).Has(4))
}

// What a scenario did not declare it does not get.
func TestDisclosure(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	li := c.Citizen("li", citycode.ProfileTransit, citycode.Transit, func(claims *citycode.Claims) { claims.Benefit = 3 })
	verified, err := c.Verifier(nil).Verify(li.Show(citycode.Transit), citycode.Check{Audience: citycode.Transit})
	require.NoError(t, err)
	what := new(door).Describe()
	for _, test := range []struct {
		identity scenarios.Identity
		claims   scenarios.Claims
		subject  string
		benefit  uint8
	}{
		{scenarios.Anonymous, 0, "", 0},
		{scenarios.Pseudonym, 0, string(li.Claims.Subject), 0},
		{scenarios.Record, 0, string(li.Claims.Subject), 0},
		{scenarios.Anonymous, scenarios.BenefitClass, "", 3},
	} {
		what.Identity, what.Claims = test.identity, test.claims
		got := scenarios.CitizenOf(verified, what)
		assert.Equal(t, scenarios.Person{City: c.Code, Subject: test.subject}, got.Person())
		assert.Equal(t, test.benefit, got.Benefit())
		code, hint := got.Code()
		assert.Empty(t, code)
		assert.Zero(t, hint)
		assert.Equal(t, scenarios.Phone, got.Carrier())
		assert.False(t, got.Bound())
	}
}

// A scenario whose operator verifies codes again is handed what it declared: the
// code, the hint that the verifier found, the lists by their name, and the second
// of the verdict.
func TestShownCode(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	what := new(door).Describe()
	what.Identity, what.Claims = scenarios.Pseudonym, scenarios.BenefitClass|scenarios.ShownCode
	var got scenarios.Visit
	d := &door{what: what, handle: func(_ context.Context, v *scenarios.Visit) (*scenarios.Decision, error) {
		got = *v
		return scenarios.Allowed(scenarios.Text{Zh: "请进", En: "Come in"}, nil)
	}}
	trust, guard := c.Trust(nil), c.Guard()
	verifier := func() *citycode.Verifier {
		v, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Status: c.Status(trust), Replay: guard, Now: c.Clock.Now, Hints: true})
		require.NoError(t, err)
		return v
	}
	late := time.Duration(0) // of the terminal's clock behind the verdict
	lane, err := scenarios.NewTerminal(scenarios.TerminalConfig{Name: "a", Scenario: d, Verifier: verifier(), Lists: "first", Now: func() time.Time { return c.Clock.Now().Add(late) }})
	require.NoError(t, err)
	li := c.Citizen("li", citycode.ProfileTransit, citycode.Transit, nil)
	for _, lists := range []string{"first", "second"} {
		c.Clock.Advance(5 * time.Second)
		shown := li.Show(citycode.Transit).Bytes()
		require.True(t, scan(t, lane, shown).Allow)
		code, hint := got.Citizen.Code()
		assert.Equal(t, string(shown), code)
		assert.NotZero(t, hint)
		assert.Equal(t, lists, got.Lists)
		assert.Equal(t, c.Clock.Now(), got.Time, "although the second has turned")
		lane.SetVerifier(verifier(), "second")
		late = time.Second
	}
}

// A terminal serves no carrier and opens at no time that is not declared.
func TestTerminalHoldsToTheDescription(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	li := c.Citizen("li", citycode.ProfileTransit, citycode.Transit, nil)
	what := new(door).Describe()
	what.Carriers = scenarios.Only(scenarios.Card)
	d := &door{what: what}
	lane := terminal(t, c, "a", c.Verifier(nil), d)
	assert.Equal(t, scenarios.CarrierNotServed, scan(t, lane, li.Show(citycode.Transit).Bytes()).Reason)

	card := c.Citizen("li", citycode.ProfileCard, citycode.Transit, nil)
	challenge, err := citycode.NewChallenge(citycode.ChallengeConfig{Terminal: []byte("a"), Now: c.Clock.Now()})
	require.NoError(t, err)
	answer := card.Answer(citycode.Transit, challenge.Bytes())
	got, err := lane.Decide(context.Background(), scenarios.Request{Code: answer.Bytes(), Challenge: challenge, Action: "open"})
	require.NoError(t, err)
	assert.True(t, got.Allow, got.Reason)

	what.Carriers, what.Offline.Policy = 0, scenarios.OnlineOnly
	d = &door{what: what}
	lane = terminal(t, c, "b", c.Verifier(nil), d)
	assert.Equal(t, "online-required", scan(t, lane, li.Show(citycode.Transit).Bytes()).Reason)
	assert.Zero(t, d.opened.Load())
}

// An action that the scenario did not declare is a fault of the terminal's
// program; it must not use up the code.
func TestTerminalUnknownAction(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	lane := terminal(t, c, "a", c.Verifier(nil), new(door))
	code := c.Citizen("li", citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit).Bytes()
	_, err := lane.Scan(context.Background(), code, "close", nil)
	var wrong *scenarios.RequestError
	require.ErrorAs(t, err, &wrong)
	assert.Equal(t, "action", wrong.Path)
	assert.False(t, scan(t, lane, code).Repeated)
}
