package scenarios

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/citizencode/citizencode/citycode"
)

// A TerminalConfig is what a terminal is made of.
type TerminalConfig struct {
	Name     string // of the gate, desk or barrier; required
	Scenario Scenario
	Verifier *citycode.Verifier
	Lists    string           // names what Verifier was made of, for Visit.Lists; empty: nothing is recorded
	Online   func() bool      // whether the online service can be reached; nil: never
	Now      func() time.Time // nil: time.Now
	Journal  Journal          // where accepted codes are kept; nil: nowhere, and a restart forgets them

	// Allowance counts what is used offline; terminals of one station share
	// one. Nil is one of its own.
	Allowance *Allowance
	// Slips are those that the terminal takes; nil: none.
	Slips *Slips
}

// A Journal keeps what a terminal has accepted, so that its replay guard can
// be rebuilt after a restart.
type Journal interface {
	// Append has made a durable when it returns.
	Append(a citycode.Accepted) error
}

// A Terminal is one lane: it verifies what is shown, holds the scenario to its
// description, asks it, and answers with one Decision. It is safe for
// concurrent use and decides about one code at a time, as a lane does.
type Terminal struct {
	cfg  TerminalConfig
	what Description
	lane chan struct{} // holds one element while a code is being decided

	mu       sync.Mutex
	verifier *citycode.Verifier
	lists    string // of verifier

	// What the lane decided last; the element of lane guards it.
	last       *Decision // nil if the scenario failed
	lastKey    string
	lastLists  string
	lastOnline bool
	lastSlip   *Citizen // whose decision failed: the slip is used up already
	journalled citycode.Accepted
	slips      slipGuard
}

// A Request is what a terminal is shown and asked for: a code or a slip.
type Request struct {
	Code      []byte
	Challenge *citycode.Challenge // that the code answers; nil: a one-way scan
	Prefix    string              // a partner's code that stood in front of the text
	Slip      string              // number of a slip, instead of a code

	Action string
	Params json.RawMessage
}

// NewTerminal returns a terminal.
func NewTerminal(cfg TerminalConfig) (*Terminal, error) {
	if cfg.Name == "" || cfg.Scenario == nil || cfg.Verifier == nil {
		return nil, errors.New("scenarios: a terminal needs a name, a scenario and a verifier")
	}
	what := cfg.Scenario.Describe()
	if err := what.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.Scenario.ID(), err)
	}
	if cfg.Online == nil {
		cfg.Online = func() bool { return false }
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Allowance == nil {
		cfg.Allowance = NewAllowance(what.Offline)
	}
	return &Terminal{cfg: cfg, what: what, lane: make(chan struct{}, 1), verifier: cfg.Verifier, lists: cfg.Lists}, nil
}

// SetVerifier changes the verifier, as when new lists have arrived. The new one
// should share the replay guard of the old one. lists names what it was made of,
// for [Visit].Lists; it may be empty.
func (t *Terminal) SetVerifier(v *citycode.Verifier, lists string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.verifier, t.lists = v, lists
}

// Scan is [Terminal.Decide] for the bytes of a code and nothing else.
func (t *Terminal) Scan(ctx context.Context, code []byte, action string, params json.RawMessage) (*Decision, error) {
	return t.Decide(ctx, Request{Code: code, Action: action, Params: params})
}

// Decide decides about what is shown. A refusal, for whatever reason of the
// standard or of the scenario, is a Decision; an error is a fault.
func (t *Terminal) Decide(ctx context.Context, r Request) (*Decision, error) {
	// Asked before the code is accepted: what nobody waits for any more, and
	// what this terminal's program got wrong, must not use it up.
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !slices.Contains(t.what.Actions, r.Action) {
		return nil, UnknownAction(r.Action, t.what.Actions...)
	}
	if len(r.Code) > 0 && r.Slip != "" {
		return nil, &RequestError{"slip", errors.New("a slip beside a code")}
	}
	if r.Slip != "" {
		return t.decideSlip(ctx, r)
	}
	token, err := citycode.ParseToken(r.Code)
	if err != nil {
		return refusal(err)
	}
	leave, err := t.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	t.mu.Lock()
	verifier, lists := t.verifier, t.lists
	t.mu.Unlock()
	online := t.cfg.Online()
	verified, err := verifier.Verify(token, citycode.Check{Audience: t.what.Audience, Challenge: r.Challenge, Online: online,
		Prefix: r.Prefix, Lane: t.cfg.Name})
	if err != nil {
		return refusal(err)
	}
	v := &Visit{Citizen: CitizenOf(verified, t.what), Terminal: t.cfg.Name, Action: r.Action, Params: r.Params, Online: online, Time: t.cfg.Now(), Lists: lists}
	if at := verified.At(); v.Time.Unix() != at.Unix() {
		v.Time = at // the second has turned since, or this is a second look
	}
	v.Key = v.Citizen.key(t.cfg.Name)
	if verified.Repeated() {
		if d := t.again(v.Key); d != nil {
			return d, nil
		}
		// The scenario failed at the first look. The verdict is of then.
		v.Lists, v.Online = t.lastLists, v.Online && t.lastOnline
	}
	profile := verified.Profile()
	if profile.Mode == citycode.Static {
		// A printed code can be copied by whoever passes by: whatever a
		// scenario says that it accepts, nothing opens for one.
		return notServed(), nil
	}
	// Before anything opens: if the power failed in between, the code could be
	// used again. A second look after a fault finds what is journalled already.
	if a := verified.Accepted(); t.cfg.Journal != nil && t.journalled != a {
		if err := t.cfg.Journal.Append(a); err != nil {
			t.last, t.lastKey, t.lastLists, t.lastOnline = nil, v.Key, v.Lists, v.Online
			return nil, fmt.Errorf("journal of %s: %w", t.cfg.Name, err)
		}
		t.journalled = a
	}
	return t.decide(ctx, v, t.cfg.Scenario.Accepts(profile))
}

// enter waits for the lane. A camera hands over the same code many times: the
// second look must find the decision of the first, not overtake it, or both
// would open.
func (t *Terminal) enter(ctx context.Context) (leave func(), err error) {
	select {
	case t.lane <- struct{}{}:
		return func() { <-t.lane }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// again returns the decision about a code that the guard has accepted on this
// lane a moment ago. It is nil where the scenario failed at the first look and
// decided nothing.
func (t *Terminal) again(key string) *Decision {
	if t.lastKey != key {
		// Accepted a moment ago, but not here: another terminal of the same
		// name shares the guard, and it has opened.
		return Refused(citycode.Replayed.String(), ReasonText(citycode.Replayed))
	}
	if t.last == nil {
		return nil
	}
	d := *t.last
	d.Repeated = true
	return &d
}

// decideSlip decides about a visit on paper.
func (t *Terminal) decideSlip(ctx context.Context, r Request) (*Decision, error) {
	if t.cfg.Slips == nil || !t.what.Carriers.Has(Paper) {
		return carrierNotServed(), nil
	}
	leave, err := t.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	now := t.cfg.Now()
	if t.slips.locked(now) {
		return Refused(SlipLocked, slipTexts[SlipLocked]), nil
	}
	who := t.lastSlip
	if who == nil || who.showing != slipShowing(r.Slip) {
		redeemed, err := t.cfg.Slips.Redeem(ctx, r.Slip, t.cfg.Scenario)
		var refused *SlipError
		if errors.As(err, &refused) {
			if refused.Reason == SlipUnknown {
				t.slips.miss(now)
			}
			return Refused(refused.Reason, slipTexts[refused.Reason]), nil
		} else if err != nil {
			return nil, err
		}
		who = &redeemed
	}
	v := &Visit{Citizen: *who, Key: who.key(t.cfg.Name), Terminal: t.cfg.Name, Action: r.Action, Params: r.Params, Online: t.cfg.Online(), Time: now}
	d, err := t.decide(ctx, v, true)
	t.lastSlip = nil
	if err != nil {
		t.lastSlip = who // a fault decides nothing: the same slip may be entered again
	}
	return d, err
}

// decide holds the visit to what the scenario declared and asks it.
func (t *Terminal) decide(ctx context.Context, v *Visit, served bool) (*Decision, error) {
	t.last, t.lastKey, t.lastLists, t.lastOnline = nil, v.Key, v.Lists, v.Online
	d, err := notServed(), error(nil)
	if served {
		d, err = t.ask(ctx, v)
	}
	if err != nil {
		return nil, fmt.Errorf("%s at %s: %w", t.cfg.Scenario.ID(), t.cfg.Name, err)
	}
	kept := *d
	t.last = &kept
	return d, nil
}

func (t *Terminal) ask(ctx context.Context, v *Visit) (d *Decision, err error) {
	if !t.what.Carriers.Has(v.Citizen.carrier) {
		return carrierNotServed(), nil
	}
	if !v.Online && t.what.Offline.Policy == OnlineOnly {
		return Refused(citycode.OnlineRequired.String(), ReasonText(citycode.OnlineRequired)), nil
	}
	if t.what.Offline.Policy == WithinBudget || t.what.Offline.Spacing > 0 {
		var refused *Decision
		if v.UsesLeft, refused = t.cfg.Allowance.take(v); refused != nil {
			return refused, nil
		}
		defer func() { t.cfg.Allowance.settle(v, d) }()
	}
	d, err = t.cfg.Scenario.Handle(ctx, v)
	if err == nil && d == nil {
		err = errors.New("it decided nothing")
	}
	return d, err
}

// ProfileNotServed is the reason for a valid code of a kind that is not for
// this scenario, a printed one among them; CarrierNotServed for a carrier.
const (
	ProfileNotServed = "profile-not-served"
	CarrierNotServed = "carrier-not-served"
)

func notServed() *Decision {
	return Refused(ProfileNotServed, Text{"此处不受理这种码，请出示本场景的市民码", "This kind of code is not served here; show the code for this place"})
}

func carrierNotServed() *Decision {
	return Refused(CarrierNotServed, Text{"本机不受理这种载体，请到人工窗口", "This terminal does not take this; please go to the staffed desk"})
}

func refusal(err error) (*Decision, error) {
	var refused *citycode.VerifyError
	if !errors.As(err, &refused) {
		return nil, err
	}
	return Refused(refused.Reason.String(), ReasonText(refused.Reason)), nil
}
