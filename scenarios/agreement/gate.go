package agreement

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/scenarios"
)

// The reasons of a gate.
const (
	// SwitchCode: the place is bound by an exclusive contract; the outcome of
	// the decision is a [Notice].
	SwitchCode = "switch-code"
	// NotAccepted: nobody has agreed that the place takes the citizen code.
	NotAccepted = "not-accepted-here"
)

// A Notice tells a wallet what to show where the citizen code is not taken yet.
type Notice struct {
	Switch Switch    `json:"switch"`
	Until  time.Time `json:"until"` // from then on the citizen code
}

// A GateConfig says where a gate stands.
type GateConfig struct {
	Scenario scenarios.Scenario // that is asked where the citizen code is taken
	Registry *Registry
	Operator string
	Place    string
}

// A Gate is a scenario at a place that is bound by agreements: it asks the
// scenario only where, and from the moment at which, the citizen code is
// accepted. It has no clock of its own and is never rebuilt for a date; it
// judges each visit by the time of the terminal.
//
// A Gate has none of the scenario's abilities such as Reverser: the back
// office uses the scenario itself.
type Gate struct {
	inner    scenarios.Scenario
	registry *Registry
	operator string
	place    string
}

var _ scenarios.Scenario = (*Gate)(nil)

// NewGate returns a gate. A place without an agreement is no error: its gate
// refuses until there is one.
func NewGate(cfg GateConfig) (*Gate, error) {
	if cfg.Scenario == nil || cfg.Registry == nil || !isWord(cfg.Operator) || !isWord(cfg.Place) {
		return nil, errors.New("agreement: a gate needs a scenario, a registry, an operator and a place")
	}
	return &Gate{cfg.Scenario, cfg.Registry, cfg.Operator, cfg.Place}, nil
}

// ID returns that of the scenario.
func (g *Gate) ID() scenarios.ID { return g.inner.ID() }

// Describe returns what the scenario declares.
func (g *Gate) Describe() scenarios.Description { return g.inner.Describe() }

// Accepts is that of the scenario.
func (g *Gate) Accepts(p citycode.Profile) bool { return g.inner.Accepts(p) }

// Handle refuses what the agreement of the moment does not take, and otherwise
// asks the scenario, whose actions and parameters are its own business: a
// refusal does not look at them.
func (g *Gate) Handle(ctx context.Context, v *scenarios.Visit) (*scenarios.Decision, error) {
	refused, err := g.registry.Profile(g.operator, g.place, v.Time).Refusal()
	switch {
	case err != nil:
		return nil, err
	case refused == nil:
		return g.inner.Handle(ctx, v)
	default:
		// A refusal and an error are never one answer.
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return refused, nil
	}
}

// Refusal returns what a person is told where the citizen code is not taken, nil
// where it is. The outcome of a refusal with SwitchCode is a Notice.
func (p GateProfile) Refusal() (*scenarios.Decision, error) {
	if p.Takes(CitizenCode) {
		return nil, nil
	}
	if p.Switch == nil {
		return scenarios.Refused(NotAccepted, scenarios.Text{
			Zh: "此处暂不支持市民码，请使用其他方式", En: "The citizen code is not taken here yet; please pay or check in another way"}), nil
	}
	from := p.Until.In(china).Format(time.DateOnly)
	d := scenarios.Refused(SwitchCode, scenarios.Text{
		Zh: fmt.Sprintf("此处暂用%s，请在钱包中切换后出示；%s 起可用市民码", p.Switch.Name.Zh, from),
		En: fmt.Sprintf("This reader takes the %s for now: switch to it in your wallet; the citizen code works here from %s", p.Switch.Name.En, from)})
	outcome, err := json.Marshal(Notice{*p.Switch, p.Until.UTC()})
	if err != nil {
		return nil, fmt.Errorf("encode notice: %w", err)
	}
	d.Outcome = outcome
	return d, nil
}
