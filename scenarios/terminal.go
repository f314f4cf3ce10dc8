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
	Journal  Journal          // where accepted codes are kept; nil: nowhere, and a restart forgets them
}

// A Journal keeps what a terminal has accepted, so that its replay guard can
// be rebuilt after a restart.
type Journal interface {
	// Append has made a durable when it returns.
	Append(a citycode.Accepted) error
}

// A Terminal is one lane: it verifies what is scanned, asks the scenario, and
// answers with one Decision. It is safe for concurrent use and decides about
// one code at a time, as a lane does.
type Terminal struct {
	cfg  TerminalConfig
	lane chan struct{} // holds one element while a code is being decided

	mu       sync.Mutex
	verifier *citycode.Verifier

	// What the lane decided last; the element of lane guards it.
	last       *Decision // nil if the scenario failed
	lastCode   citycode.Accepted
	journalled citycode.Accepted
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
	return &Terminal{cfg: cfg, lane: make(chan struct{}, 1), verifier: cfg.Verifier}, nil
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
	// Asked before the code is accepted: a call that nobody waits for any more
	// must not use it up.
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	token, err := citycode.ParseToken(code)
	if err != nil {
		return refusal(err)
	}
	// A camera hands over the same code many times. The second look must find
	// the decision of the first, not overtake it: both would open.
	select {
	case t.lane <- struct{}{}:
		defer func() { <-t.lane }()
	case <-ctx.Done():
		return nil, ctx.Err()
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
		switch {
		case t.lastCode != citizen.Accepted():
			// Accepted a moment ago, but not here: another terminal of the
			// same name shares the guard, and it has opened.
			return Refused(citycode.Replayed.String(), ReasonText(citycode.Replayed)), nil
		case t.last != nil:
			again := *t.last
			again.Repeated = true
			return &again, nil
		}
		// The scenario failed at the first look and decided nothing.
	}
	if citizen.Profile().Mode == citycode.Static {
		// A printed code can be copied by whoever passes by: whatever a
		// scenario says that it accepts, nothing opens for one.
		return notServed(), nil
	}
	t.last, t.lastCode = nil, citizen.Accepted()
	// Before anything opens: if the power failed in between, the code could be
	// used again. A second look after a fault finds what is journalled already.
	if t.cfg.Journal != nil && t.journalled != citizen.Accepted() {
		if err := t.cfg.Journal.Append(citizen.Accepted()); err != nil {
			return nil, fmt.Errorf("journal of %s: %w", t.cfg.Name, err)
		}
		t.journalled = citizen.Accepted()
	}
	d, err := t.decide(ctx, &Visit{Citizen: citizen, Terminal: t.cfg.Name, Action: action, Params: params, Online: online, Time: t.cfg.Now()})
	if err != nil {
		return nil, fmt.Errorf("%s at %s: %w", t.cfg.Scenario.ID(), t.cfg.Name, err)
	}
	kept := *d
	t.last = &kept
	return d, nil
}

func (t *Terminal) decide(ctx context.Context, v *Visit) (*Decision, error) {
	if !t.cfg.Scenario.Accepts(v.Citizen.Profile()) {
		return notServed(), nil
	}
	d, err := t.cfg.Scenario.Handle(ctx, v)
	if err == nil && d == nil {
		err = errors.New("it decided nothing")
	}
	return d, err
}

// ProfileNotServed is the reason for a valid code of a kind that is not for
// this scenario, a printed one among them.
const ProfileNotServed = "profile-not-served"

func notServed() *Decision {
	return Refused(ProfileNotServed, Text{"此处不受理这种码，请出示本场景的市民码", "This kind of code is not served here; show the code for this place"})
}

func refusal(err error) (*Decision, error) {
	var refused *citycode.VerifyError
	if !errors.As(err, &refused) {
		return nil, err
	}
	return Refused(refused.Reason.String(), ReasonText(refused.Reason)), nil
}
