package scenarios

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/citizencode/citizencode/citycode"
)

// A TerminalConfig is what a terminal is made of.
type TerminalConfig struct {
	Name     string // of the gate, desk or barrier; required
	Scenario Scenario
	Verifier *citycode.Verifier
	Online   func() bool      // whether the online service can be reached; nil: never
	Now      func() time.Time // nil: time.Now
}

// A Terminal is one lane: it verifies what is scanned, asks the scenario, and
// answers with one Decision. It is safe for concurrent use.
type Terminal struct {
	cfg TerminalConfig

	mu       sync.Mutex
	verifier *citycode.Verifier
	last     *Decision
	lastCode citycode.Accepted
}

// NewTerminal returns a terminal.
func NewTerminal(cfg TerminalConfig) (*Terminal, error) {
	if cfg.Name == "" || cfg.Scenario == nil || cfg.Verifier == nil {
		return nil, errors.New("scenarios: a terminal needs a name, a scenario and a verifier")
	}
	if cfg.Online == nil {
		cfg.Online = func() bool { return false }
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Terminal{cfg: cfg, verifier: cfg.Verifier}, nil
}

// SetVerifier changes the verifier, as when new lists have arrived. The new one
// should share the replay guard of the old one.
func (t *Terminal) SetVerifier(v *citycode.Verifier) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.verifier = v
}

// Scan decides about the bytes of a code. A refusal, for whatever reason of the
// standard or of the scenario, is a Decision; an error is a fault.
func (t *Terminal) Scan(ctx context.Context, code []byte, action string, params json.RawMessage) (*Decision, error) {
	token, err := citycode.ParseToken(code)
	if err != nil {
		return refusal(err)
	}
	t.mu.Lock()
	verifier := t.verifier
	t.mu.Unlock()
	online := t.cfg.Online()
	citizen, err := verifier.Verify(token, citycode.Check{Audience: t.cfg.Scenario.Audience(), Online: online, Lane: t.cfg.Name})
	if err != nil {
		return refusal(err)
	}
	if citizen.Repeated() {
		if d := t.earlier(citizen); d != nil {
			return d, nil
		}
	}
	if !t.cfg.Scenario.Accepts(citizen.Profile()) {
		return Refused("profile-not-served", Text{"此处不受理这种码，请出示本场景的市民码", "This kind of code is not served here; show the code for this place"}), nil
	}
	d, err := t.cfg.Scenario.Handle(ctx, &Visit{Citizen: citizen, Terminal: t.cfg.Name, Action: action, Params: params, Online: online, Time: t.cfg.Now()})
	if err != nil {
		return nil, fmt.Errorf("%s at %s: %w", t.cfg.Scenario.ID(), t.cfg.Name, err)
	}
	t.mu.Lock()
	t.last, t.lastCode = d, citizen.Accepted()
	t.mu.Unlock()
	return d, nil
}

// earlier returns the decision that stands for a code seen a moment ago.
func (t *Terminal) earlier(citizen *citycode.Verified) *Decision {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last == nil || t.lastCode != citizen.Accepted() {
		return nil
	}
	again := *t.last
	again.Repeated = true
	return &again
}

func refusal(err error) (*Decision, error) {
	var refused *citycode.VerifyError
	if !errors.As(err, &refused) {
		return nil, err
	}
	return Refused(refused.Reason.String(), ReasonText(refused.Reason)), nil
}
