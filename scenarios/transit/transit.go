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
	"sync"
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

// maxCredentials bounds the memory of the allowance, about 100 bytes an entry.
const maxCredentials = 1 << 17

// A Config says how the lines of an operator take the code.
type Config struct {
	// Lines that take the code. Nil means every line; an empty list none.
	Lines []string
	// OfflineRides is how many rides a credential makes between two online
	// contacts; 0 means DefaultOfflineRides, less means none.
	OfflineRides int
}

// A Scenario is the gates of one operator. Gates that share it share the
// allowance; a bus that shares nothing counts by itself.
type Scenario struct {
	lines  []string
	limit  int
	bounds int

	mu    sync.Mutex
	rides map[citycode.Serial]rides
}

var _ scenarios.Scenario = (*Scenario)(nil)

// rides is what one credential has ridden offline since its last online contact.
type rides struct {
	count    int
	issuedAt time.Time
	notAfter time.Time
}

// New returns the scenario.
func New(cfg Config) *Scenario {
	if cfg.OfflineRides == 0 {
		cfg.OfflineRides = DefaultOfflineRides
	}
	return &Scenario{lines: slices.Clone(cfg.Lines), limit: max(0, cfg.OfflineRides), bounds: maxCredentials,
		rides: make(map[citycode.Serial]rides)}
}

// ID returns "transit".
func (s *Scenario) ID() scenarios.ID { return "transit" }

// Audience returns [citycode.Transit].
func (s *Scenario) Audience() citycode.Scenes { return citycode.Transit }

// Accepts reports whether p is the ride code or the universal code. Printed
// codes never open a gate.
func (s *Scenario) Accepts(p citycode.Profile) bool {
	return p.ID == citycode.ProfileTransit || p.ID == citycode.ProfileUniversal
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
	left, ok := s.ride(v)
	if !ok {
		return scenarios.Refused(citycode.OverOfflineLimit.String(), scenarios.ReasonText(citycode.OverOfflineLimit)), nil
	}
	return scenarios.Allowed(scenarios.Text{Zh: "请上车", En: "Welcome aboard"}, Ride{params.Line, left})
}

// ride counts a ride and returns how many are left until the next online
// contact, or false when there is none for this one.
func (s *Scenario) ride(v *scenarios.Visit) (left int, ok bool) {
	serial := v.Citizen.Serial()
	s.mu.Lock()
	defer s.mu.Unlock()
	if v.Online {
		// The contact itself: the server sees this ride and all before it.
		delete(s.rides, serial)
		return s.limit, true
	}
	r := s.rides[serial]
	if issuedAt := v.Citizen.IssuedAt(); issuedAt.After(r.issuedAt) {
		// A newer credential in the same place was fetched online. An older
		// one, kept by copying the phone, must not begin anew.
		r = rides{issuedAt: issuedAt, notAfter: v.Citizen.NotAfter()}
	}
	if r.count >= s.limit || r.count == 0 && !s.room(v.Time) {
		return 0, false
	}
	r.count++
	s.rides[serial] = r
	return s.limit - r.count, true
}

// room reports whether one more credential can be counted. Credentials that
// have expired make room; the others are never forgotten, or whoever can ride
// with many could ride without limit.
func (s *Scenario) room(now time.Time) bool {
	if len(s.rides) < s.bounds {
		return true
	}
	for serial, r := range s.rides {
		if now.After(r.notAfter) {
			delete(s.rides, serial)
		}
	}
	return len(s.rides) < s.bounds
}
