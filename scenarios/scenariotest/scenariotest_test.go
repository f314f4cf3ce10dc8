package scenariotest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/scenarios"
)

// kiosk is a scenario with room for every fault that the contract knows.
type kiosk struct {
	id       scenarios.ID
	audience citycode.Scenes
	accepts  func(citycode.Profile) bool
	handle   func(ctx context.Context, v *scenarios.Visit) (*scenarios.Decision, error)
}

func (k *kiosk) ID() scenarios.ID                { return k.id }
func (k *kiosk) Audience() citycode.Scenes       { return k.audience }
func (k *kiosk) Accepts(p citycode.Profile) bool { return k.accepts(p) }
func (k *kiosk) Handle(ctx context.Context, v *scenarios.Visit) (*scenarios.Decision, error) {
	return k.handle(ctx, v)
}

var opened = scenarios.Text{Zh: "请取", En: "Take it"}

func sound() *kiosk {
	return &kiosk{"kiosk", citycode.Library, func(p citycode.Profile) bool { return p.Mode != citycode.Static },
		func(ctx context.Context, v *scenarios.Visit) (*scenarios.Decision, error) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if v.Action != "take" {
				return nil, scenarios.UnknownAction(v.Action, "take")
			}
			if err := scenarios.ReadParams(v.Params, &struct{}{}); err != nil {
				return nil, err
			}
			return scenarios.Allowed(opened, nil)
		}}
}

func visit(t *testing.T) scenarios.Visit {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	citizen, err := c.Verifier(nil).Verify(c.Citizen("li", citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit),
		citycode.Check{Audience: citycode.Transit})
	require.NoError(t, err)
	return scenarios.Visit{Citizen: citizen, Terminal: "a", Action: "take", Params: json.RawMessage(`{}`), Time: c.Clock.Now()}
}

func TestRun(t *testing.T) {
	Run(t, func() scenarios.Scenario { return sound() }, visit(t))
}

// Every rule finds the fault that it is there for.
func TestRulesFindFaults(t *testing.T) {
	v := visit(t)
	answer := func(d *scenarios.Decision, err error) func(*kiosk) {
		return func(k *kiosk) {
			k.handle = func(context.Context, *scenarios.Visit) (*scenarios.Decision, error) { return d, err }
		}
	}
	calls := 0
	for _, c := range []struct {
		name, rule string
		spoil      func(*kiosk)
	}{
		{"no id", "identity", func(k *kiosk) { k.id = "" }},
		{"id with a space", "identity", func(k *kiosk) { k.id = "Book Kiosk" }},
		{"id that changes", "identity", func(k *kiosk) { calls++; k.id = scenarios.ID("kiosk-" + string(rune('a'+calls%26))) }},
		{"no audience", "identity", func(k *kiosk) { k.audience = 0 }},
		{"accepts nobody", "identity", func(k *kiosk) { k.accepts = func(citycode.Profile) bool { return false } }},
		{"accepts everything", "static codes", func(k *kiosk) { k.accepts = func(citycode.Profile) bool { return true } }},
		{"accepts a private printed code", "static codes", func(k *kiosk) { k.accepts = func(p citycode.Profile) bool { return p.ID == 0xF8 } }},
		{"nothing", "visits", answer(nil, nil)},
		{"decision and error", "visits", answer(scenarios.Refused("shut", opened), errors.New("fault"))},
		{"fault", "visits", answer(nil, errors.New("fault"))},
		{"no reason", "visits", answer(scenarios.Refused("", opened), nil)},
		{"a sentence as reason", "visits", answer(scenarios.Refused("It is shut", opened), nil)},
		{"refused as ok", "visits", answer(scenarios.Refused("ok", opened), nil)},
		{"allowed with a reason", "visits", answer(&scenarios.Decision{Allow: true, Reason: "shut", Message: opened}, nil)},
		{"no Chinese", "visits", answer(scenarios.Refused("shut", scenarios.Text{En: "Shut"}), nil)},
		{"no English", "visits", answer(scenarios.Refused("shut", scenarios.Text{Zh: "关"}), nil)},
		{"outcome that is not JSON", "visits", answer(&scenarios.Decision{Allow: true, Reason: "ok", Message: opened, Outcome: json.RawMessage("{")}, nil)},
		{"repeats by itself", "visits", answer(&scenarios.Decision{Allow: true, Reason: "ok", Message: opened, Repeated: true}, nil)},
		{"never allows", "visits", answer(scenarios.Refused("shut", opened), nil)},
		{"changes the visit", "visits", func(k *kiosk) {
			k.handle = func(_ context.Context, v *scenarios.Visit) (*scenarios.Decision, error) {
				v.Params[0] = ' '
				return scenarios.Allowed(opened, nil)
			}
		}},
		{"any action", "unknown action", answer(scenarios.Allowed(opened, nil))},
		{"any parameters", "wrong parameters", answer(scenarios.Allowed(opened, nil))},
		{"error without the path", "wrong parameters", answer(nil, errors.New("bad"))},
		{"decision and error when cancelled", "cancelled", answer(scenarios.Refused("shut", opened), context.Canceled)},
		{"another error when cancelled", "cancelled", answer(nil, errors.New("fault"))},
		{"incomplete under load", "concurrent", answer(nil, nil)},
	} {
		i := slices.IndexFunc(rules, func(r rule) bool { return r.name == c.rule })
		v.Params = json.RawMessage(`{}`)
		found := rules[i].check(func() scenarios.Scenario { k := sound(); c.spoil(k); return k }, []scenarios.Visit{v})
		assert.NotEmpty(t, found, c.name)
	}
}

// A scenario that has counted before it noticed the cancelled call.
func TestCancelledLeavesNoTrace(t *testing.T) {
	newKiosk := func() scenarios.Scenario {
		k, n := sound(), 0
		k.handle = func(ctx context.Context, _ *scenarios.Visit) (*scenarios.Decision, error) {
			n++
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			return scenarios.Allowed(opened, n)
		}
		return k
	}
	assert.NotEmpty(t, checkCancelled(newKiosk, []scenarios.Visit{visit(t)}))
}
