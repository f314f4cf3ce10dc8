package scenariotest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/scenarios"
)

// kiosk is a scenario with room for every fault that the contract knows.
type kiosk struct {
	id      scenarios.ID
	what    func() scenarios.Description
	accepts func(citycode.Profile) bool
	handle  func(ctx context.Context, v *scenarios.Visit) (*scenarios.Decision, error)
}

func (k *kiosk) ID() scenarios.ID                { return k.id }
func (k *kiosk) Describe() scenarios.Description { return k.what() }
func (k *kiosk) Accepts(p citycode.Profile) bool { return k.accepts(p) }
func (k *kiosk) Handle(ctx context.Context, v *scenarios.Visit) (*scenarios.Decision, error) {
	return k.handle(ctx, v)
}

var opened = scenarios.Text{Zh: "请取", En: "Take it"}

func what() scenarios.Description {
	return scenarios.Description{Purpose: scenarios.Text{Zh: "借阅", En: "to borrow"}, Group: scenarios.Public, Audience: citycode.Library,
		Actions: []string{"take"}, Identity: scenarios.Pseudonym, Claims: scenarios.BenefitClass}
}

func sound() *kiosk {
	return &kiosk{"kiosk", what, func(p citycode.Profile) bool { return p.Mode != citycode.Static },
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
			return scenarios.Allowed(opened, v.Citizen.Person().String())
		}}
}

func script(t *testing.T) Script {
	people := NewPeople(t, sound(), citycode.ProfileTransit)
	return func(c scenarios.Carrier) []scenarios.Visit {
		return []scenarios.Visit{people.Visit(c, "li", 0, "take", `{}`)}
	}
}

func TestRun(t *testing.T) {
	Run(t, func() scenarios.Scenario { return sound() }, script(t))
}

// Every rule finds the fault that it is there for.
func TestRulesFindFaults(t *testing.T) {
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
		{"no audience", "description", func(k *kiosk) { k.what = func() scenarios.Description { return scenarios.Description{} } }},
		{"declaration that changes", "description", func(k *kiosk) {
			k.what = func() scenarios.Description {
				d := what()
				calls++
				d.Purpose.En = string(rune('a' + calls%26))
				return d
			}
		}},
		{"action not declared", "description", func(k *kiosk) {
			k.what = func() scenarios.Description { d := what(); d.Actions = []string{"give"}; return d }
		}},
		{"action that no visit asks for", "description", func(k *kiosk) {
			k.what = func() scenarios.Description { d := what(); d.Actions = []string{"take", "give"}; return d }
		}},
		{"counts when asked again", "asked again", func(k *kiosk) {
			k.handle = func(context.Context, *scenarios.Visit) (*scenarios.Decision, error) {
				calls++
				return scenarios.Allowed(opened, calls)
			}
		}},
		{"opens when asked again", "asked again", func(k *kiosk) {
			asked := 0
			k.handle = func(context.Context, *scenarios.Visit) (*scenarios.Decision, error) {
				if asked++; asked == 1 {
					return scenarios.Refused("shut", opened), nil
				}
				return scenarios.Allowed(opened, nil)
			}
		}},
		{"charges a card more", "carriers", func(k *kiosk) {
			k.handle = func(_ context.Context, v *scenarios.Visit) (*scenarios.Decision, error) {
				d, err := scenarios.Allowed(opened, nil)
				if v.Citizen.Carrier() == scenarios.Card {
					d.Charge = 100
				}
				return d, err
			}
		}},
		{"refuses paper", "carriers", func(k *kiosk) {
			k.handle = func(_ context.Context, v *scenarios.Visit) (*scenarios.Decision, error) {
				if v.Citizen.Carrier() == scenarios.Paper {
					return scenarios.Refused("no-paper", opened), nil
				}
				return scenarios.Allowed(opened, nil)
			}
		}},
		{"negative charge", "visits", answer(&scenarios.Decision{Allow: true, Reason: "ok", Message: opened, Charge: -1}, nil)},
		{"charge for a refusal", "visits", answer(&scenarios.Decision{Reason: "shut", Message: opened, Charge: 1}, nil)},
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
				v.Action = "give"
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
		spoiled := func() scenarios.Scenario { k := sound(); c.spoil(k); return k }
		assert.NotEmpty(t, rules[i].check(spoiled, script(t)), c.name)
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
	assert.NotEmpty(t, checkCancelled(newKiosk, script(t)))
}
