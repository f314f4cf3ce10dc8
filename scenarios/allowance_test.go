package scenarios_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/scenarios"
)

// budget is a lane of a door with an offline budget.
type budget struct {
	*citycodetest.City
	t      *testing.T
	door   *door
	lane   *scenarios.Terminal
	online bool
}

func newBudget(t *testing.T, e engine.Engine, o scenarios.Offline) *budget {
	what := new(door).Describe()
	what.Offline = o
	b := &budget{City: citycodetest.NewCity(t, citycodetest.Shenyang), t: t, door: &door{what: what}}
	var err error
	b.lane, err = scenarios.NewTerminal(scenarios.TerminalConfig{Name: "a", Scenario: b.door, Verifier: b.Verifier(e), Now: b.Clock.Now,
		Online: func() bool { return b.online }})
	require.NoError(t, err)
	return b
}

func (b *budget) citizen(name string) *citycodetest.Citizen {
	return b.Citizen(name, citycode.ProfileTransit, citycode.Transit, nil)
}

// open shows a fresh code three seconds after the last one.
func (b *budget) open(p *citycodetest.Citizen) *scenarios.Decision {
	b.t.Helper()
	b.Clock.Advance(3 * time.Second)
	return scan(b.t, b.lane, p.Show(citycode.Transit).Bytes())
}

func TestAllowance(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		b := newBudget(t, e, scenarios.Offline{Policy: scenarios.WithinBudget, Uses: 4})
		li, wang := b.citizen("li"), b.citizen("wang")
		for range 4 {
			assert.True(t, b.open(li).Allow)
		}
		for range 2 {
			d := b.open(li)
			assert.Equal(t, citycode.OverOfflineLimit.String(), d.Reason)
			assert.Equal(t, scenarios.ReasonText(citycode.OverOfflineLimit), d.Message)
		}
		assert.True(t, b.open(wang).Allow, "another credential has its own")
		b.online = true
		assert.True(t, b.open(li).Allow)
		b.online = false
		for range 4 {
			assert.True(t, b.open(li).Allow, "counted since the last online contact")
		}
		assert.False(t, b.open(li).Allow)
	})
}

// A renewed credential was fetched online; an older one kept beside it gives
// no new allowance, nor does an online contact make it new.
func TestAllowanceOfARenewedCredential(t *testing.T) {
	b := newBudget(t, nil, scenarios.Offline{Policy: scenarios.WithinBudget, Uses: 2})
	old := b.citizen("li")
	for range 2 {
		assert.True(t, b.open(old).Allow)
	}
	assert.False(t, b.open(old).Allow)
	b.Clock.Advance(time.Hour)
	renewed := b.Citizen("li", citycode.ProfileTransit, citycode.Transit, func(c *citycode.Claims) { c.Index = old.Claims.Index })
	assert.True(t, b.open(renewed).Allow)
	assert.True(t, b.open(old).Allow)
	assert.False(t, b.open(old).Allow)
	assert.False(t, b.open(renewed).Allow)
}

// The budget in fen is what visits may owe together.
func TestAllowanceOfMoney(t *testing.T) {
	b := newBudget(t, nil, scenarios.Offline{Policy: scenarios.WithinBudget, Uses: 10, Fen: 500})
	b.door.handle = func(context.Context, *scenarios.Visit) (*scenarios.Decision, error) {
		return &scenarios.Decision{Allow: true, Reason: "ok", Charge: 200}, nil
	}
	li := b.citizen("li")
	for range 3 { // 200, 400, 600: the last one began below the limit
		assert.True(t, b.open(li).Allow)
	}
	assert.Equal(t, "over-offline-limit", b.open(li).Reason)
}

func TestAllowanceSpacing(t *testing.T) {
	for _, o := range []scenarios.Offline{
		{Policy: scenarios.Unlimited, Spacing: 5 * time.Second},
		{Policy: scenarios.WithinBudget, Uses: 10, Spacing: 5 * time.Second},
	} {
		b := newBudget(t, nil, o)
		li := b.citizen("li")
		assert.True(t, b.open(li).Allow)
		assert.Equal(t, scenarios.TooSoon, b.open(li).Reason, "3 s later")
		assert.True(t, b.open(li).Allow, "6 s later: a refusal does not count")
		assert.True(t, b.open(b.citizen("wang")).Allow)
		b.online = true
		assert.True(t, b.open(li).Allow)
		assert.Equal(t, scenarios.TooSoon, b.open(li).Reason, "online too")
	}
}

// What a scenario refuses or fails at is given back.
func TestAllowanceIsGivenBack(t *testing.T) {
	b := newBudget(t, nil, scenarios.Offline{Policy: scenarios.WithinBudget, Uses: 1, Spacing: 3 * time.Second})
	li := b.citizen("li")
	b.door.handle = func(context.Context, *scenarios.Visit) (*scenarios.Decision, error) { return nil, errors.New("stuck") }
	for range 3 {
		b.Clock.Advance(3 * time.Second)
		_, err := b.lane.Scan(context.Background(), li.Show(citycode.Transit).Bytes(), "open", nil)
		assert.Error(t, err)
	}
	b.door.handle = func(context.Context, *scenarios.Visit) (*scenarios.Decision, error) {
		return scenarios.Refused("shut", scenarios.Text{Zh: "关", En: "Shut"}), nil
	}
	for range 3 {
		assert.Equal(t, "shut", b.open(li).Reason)
	}
	b.door.handle = nil
	assert.True(t, b.open(li).Allow)
	assert.Equal(t, "over-offline-limit", b.open(li).Reason)
}

// Terminals of one station count together.
func TestAllowanceShared(t *testing.T) {
	o := scenarios.Offline{Policy: scenarios.WithinBudget, Uses: 1}
	b := newBudget(t, nil, o)
	shared := scenarios.NewAllowance(o)
	lane := func(name string) *scenarios.Terminal {
		l, err := scenarios.NewTerminal(scenarios.TerminalConfig{Name: name, Scenario: b.door, Verifier: b.Verifier(nil), Now: b.Clock.Now, Allowance: shared})
		require.NoError(t, err)
		return l
	}
	li := b.citizen("li")
	b.lane = lane("b")
	assert.True(t, b.open(li).Allow)
	b.lane = lane("c")
	assert.Equal(t, "over-offline-limit", b.open(li).Reason)
}

// A full memory refuses newcomers and forgets only who has expired or has used
// nothing.
func TestAllowanceIsBounded(t *testing.T) {
	o := scenarios.Offline{Policy: scenarios.WithinBudget, Uses: 5}
	b := newBudget(t, nil, o)
	small := scenarios.NewAllowance(o)
	small.SetBounds(2)
	var err error
	b.lane, err = scenarios.NewTerminal(scenarios.TerminalConfig{Name: "a", Scenario: b.door, Verifier: b.Verifier(nil), Now: b.Clock.Now,
		Online: func() bool { return b.online }, Allowance: small})
	require.NoError(t, err)
	li, zhao := b.citizen("li"), b.citizen("zhao")
	assert.True(t, b.open(li).Allow)
	assert.True(t, b.open(b.Citizen("wang", citycode.ProfileTransit, citycode.Transit, func(c *citycode.Claims) { c.NotAfter = c.IssuedAt.Add(time.Minute) })).Allow)
	assert.Equal(t, "over-offline-limit", b.open(zhao).Reason)
	assert.True(t, b.open(li).Allow)
	b.Clock.Advance(2 * time.Minute)
	assert.True(t, b.open(zhao).Allow)
	assert.Equal(t, 2, small.Len())
	assert.Equal(t, "over-offline-limit", b.open(b.citizen("qian")).Reason)
	b.online = true
	assert.True(t, b.open(li).Allow)
	b.online = false
	assert.True(t, b.open(b.citizen("sun")).Allow, "li has used nothing since")
}
