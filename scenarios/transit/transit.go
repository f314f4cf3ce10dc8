// Package transit is the bus and metro gate (乘车): a citizen shows a ride code
// and the gate opens, with no network.
//
// It decides two things that the code standard leaves to it. A line takes the
// code only when its operator has agreed to (线路受理名单). And a credential
// makes a limited number of rides between two online contacts, because what is
// not asked of a server cannot be taken back: the limit is what a lost phone
// or a bad debt can cost. The count is kept in memory, so a restart forgets it.
// It takes no money yet.
//
// Action "board" takes the parameter line, the line that the gate serves:
//
//	{"line": "168"}
//
// Its reasons, besides those of the code standard: line-not-accepted.
package transit

import (
	"context"
	"slices"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/scenarios"
)

// Board is the action of a gate.
const Board = "board"

// LineNotAccepted is the reason for a line whose operator does not take the code.
const LineNotAccepted = "line-not-accepted"

// DefaultOfflineRides is the offline allowance of a credential in rides.
const DefaultOfflineRides = 10

// Spacing is the shortest time between two rides of one credential.
const Spacing = 3 * time.Second

// A Config says how the lines of an operator take the code.
type Config struct {
	// Lines that take the code. Nil means every line; an empty list none.
	Lines []string
	// OfflineRides is how many rides a credential makes between two online
	// contacts; 0 means DefaultOfflineRides, less means none.
	OfflineRides int
}

// A Scenario is the gates of one operator.
type Scenario struct {
	lines   []string
	offline scenarios.Offline
}

var _ scenarios.Scenario = (*Scenario)(nil)

// New returns the scenario.
func New(cfg Config) *Scenario {
	s := &Scenario{lines: slices.Clone(cfg.Lines), offline: scenarios.Offline{Policy: scenarios.WithinBudget, Uses: cfg.OfflineRides, Spacing: Spacing}}
	switch {
	case cfg.OfflineRides == 0:
		s.offline.Uses = DefaultOfflineRides
	case cfg.OfflineRides < 0:
		s.offline = scenarios.Offline{Spacing: Spacing}
	}
	return s
}

// ID returns "transit".
func (s *Scenario) ID() scenarios.ID { return "transit" }

// Describe returns what the gates declare.
func (s *Scenario) Describe() scenarios.Description {
	return scenarios.Description{Purpose: scenarios.Text{Zh: "乘车", En: "to ride"}, Group: scenarios.Public, Audience: citycode.Transit,
		Actions: []string{Board}, Identity: scenarios.Pseudonym, Offline: s.offline}
}

// Accepts reports whether p is the ride code, the universal code, a card or a
// code in the hands of a guardian. Printed codes never open a gate.
func (s *Scenario) Accepts(p citycode.Profile) bool {
	switch p.ID {
	case citycode.ProfileTransit, citycode.ProfileUniversal, citycode.ProfileCard, citycode.ProfileDelegated:
		return true
	}
	return false
}

type boardParams struct {
	Line string `json:"line"`
}

// A Ride is the outcome of a boarding.
type Ride struct {
	Line         string `json:"line"`
	OfflineRides int    `json:"offlineRidesLeft"`
}

// Handle decides about one boarding.
func (s *Scenario) Handle(ctx context.Context, v *scenarios.Visit) (*scenarios.Decision, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if v.Action != Board {
		return nil, scenarios.UnknownAction(v.Action, Board)
	}
	var params boardParams
	if err := scenarios.ReadParams(v.Params, &params); err != nil {
		return nil, err
	}
	if s.lines != nil && !slices.Contains(s.lines, params.Line) {
		return scenarios.Refused(LineNotAccepted, scenarios.Text{
			Zh: "本线路暂不支持市民码，请使用其他方式乘车",
			En: "This line does not take the citizen code yet; please pay another way"}), nil
	}
	return scenarios.Allowed(scenarios.Text{Zh: "请上车", En: "Welcome aboard"}, Ride{params.Line, v.UsesLeft})
}
