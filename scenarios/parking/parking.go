// Package parking is the car park (停车): a driver shows a code at the barrier
// to drive in, and again to drive out.
//
// Which codes it takes: a credential belongs to one purpose group, and the
// group of a barrier is [citycode.Parking]. The standard has no profile of its
// own for cars, and needs none: a profile says how a code works, not what for.
// A barrier wants what a bus wants, a code that can be verified offline, so a
// parking credential has the profile transit with the scene parking, and a
// bus refuses it as the barrier refuses a ride code, because the verifier
// compares the scenes. The universal code is taken too.
//
// A car is known by the subject of the code, which stays the same when the
// credential is renewed, the driver changes phones or shows a card.
//
// Actions "enter" and "leave" take no parameters. The reasons, besides those
// of the code standard: already-inside, not-inside, car-park-full. It takes no
// money yet.
package parking

import (
	"context"
	"sync"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/scenarios"
)

// The actions of a barrier.
const (
	Enter = "enter"
	Leave = "leave"
)

// The reasons of a barrier.
const (
	AlreadyInside = "already-inside"
	NotInside     = "not-inside"
	CarParkFull   = "car-park-full"
)

// A Config says what a car park is.
type Config struct {
	Bays int // how many cars there is room for; 0 or less: none
}

// A Scenario is the barriers of one car park.
type Scenario struct {
	bays int

	mu     sync.Mutex
	inside map[scenarios.Person]time.Time // since when
	last   map[scenarios.Person]decided   // what a terminal that lost the answer asks for again
}

var _ scenarios.Scenario = (*Scenario)(nil)

type decided struct {
	key string
	d   *scenarios.Decision
}

// New returns the scenario, an empty car park.
func New(cfg Config) *Scenario {
	return &Scenario{bays: max(0, cfg.Bays), inside: make(map[scenarios.Person]time.Time), last: make(map[scenarios.Person]decided)}
}

// ID returns "parking".
func (s *Scenario) ID() scenarios.ID { return "parking" }

// Describe returns what the barriers declare.
func (s *Scenario) Describe() scenarios.Description {
	return scenarios.Description{Purpose: scenarios.Text{Zh: "停车", En: "to park"}, Group: scenarios.Public, Audience: citycode.Parking,
		Actions: []string{Enter, Leave}, Identity: scenarios.Pseudonym, Offline: scenarios.Offline{Policy: scenarios.Unlimited}}
}

// Accepts reports whether p works offline and stands for a person: the profile
// transit, here with the scene parking, the universal code, a card, or a code
// in the hands of a guardian.
func (s *Scenario) Accepts(p citycode.Profile) bool {
	switch p.ID {
	case citycode.ProfileTransit, citycode.ProfileUniversal, citycode.ProfileCard, citycode.ProfileDelegated:
		return true
	}
	return false
}

// A Passage is the outcome of driving in or out.
type Passage struct {
	Free    int `json:"free"`              // bays, after this car
	Minutes int `json:"minutes,omitempty"` // begun minutes that the car was inside, on leaving
}

// Handle decides about one car at a barrier.
func (s *Scenario) Handle(ctx context.Context, v *scenarios.Visit) (*scenarios.Decision, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	pass := s.enter
	switch v.Action {
	case Enter:
	case Leave:
		pass = s.leave
	default:
		return nil, scenarios.UnknownAction(v.Action, Enter, Leave)
	}
	if err := scenarios.ReadParams(v.Params, &struct{}{}); err != nil {
		return nil, err
	}
	who := v.Citizen.Person()
	s.mu.Lock()
	defer s.mu.Unlock()
	if last := s.last[who]; last.key == v.Key {
		again := *last.d
		return &again, nil
	}
	d, err := pass(who, v.Time)
	if err == nil && d.Allow {
		kept := *d
		s.last[who] = decided{v.Key, &kept}
	}
	return d, err
}

func (s *Scenario) enter(who scenarios.Person, now time.Time) (*scenarios.Decision, error) {
	// Asked before the room: who is inside already must not be told to wait.
	if _, inside := s.inside[who]; inside {
		return scenarios.Refused(AlreadyInside, scenarios.Text{
			Zh: "此码已在场内，请先出场或联系工作人员", En: "This code is already inside; leave first, or ask the staff"}), nil
	}
	if len(s.inside) >= s.bays {
		return scenarios.Refused(CarParkFull, scenarios.Text{
			Zh: "车位已满，请稍候或到其他停车场", En: "The car park is full; please wait or go to another one"}), nil
	}
	s.inside[who] = now
	return scenarios.Allowed(scenarios.Text{Zh: "请入场", En: "Please drive in"}, Passage{Free: s.bays - len(s.inside)})
}

func (s *Scenario) leave(who scenarios.Person, now time.Time) (*scenarios.Decision, error) {
	since, inside := s.inside[who]
	if !inside {
		return scenarios.Refused(NotInside, scenarios.Text{
			Zh: "没有此码的入场记录，请出示入场时的码或联系工作人员", En: "This code has not driven in; show the one you came with, or ask the staff"}), nil
	}
	delete(s.inside, who)
	// A terminal's clock may have been set back meanwhile.
	stay := max(0, now.Sub(since))
	return scenarios.Allowed(scenarios.Text{Zh: "一路平安", En: "Have a safe trip"},
		Passage{Free: s.bays - len(s.inside), Minutes: int((stay + time.Minute - 1) / time.Minute)})
}
