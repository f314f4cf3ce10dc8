// Package scenarios is the contract between the citizen code and what it opens:
// a bus gate, a hospital desk, a car park, whatever a city adds.
//
// A [Scenario] is handed a [Visit] with a citizen whose code a verifier has
// accepted, and answers with a [Decision]. A refusal is a Decision with a
// reason that a person can act on; an error is a fault of the system and
// decides nothing. A [Terminal] joins a verifier with a scenario, so that a
// program at the gate has one call: bytes in, Decision out.
//
// There is no registry: what a city runs is what its main puts in a [Set].
package scenarios

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/citizencode/citizencode/citycode"
)

// An ID names a scenario, as in "transit"; a city's own has the city in front,
// as in "dalian.ferry".
type ID string

// A Scenario decides about visits (场景). Implementations are safe for
// concurrent use.
type Scenario interface {
	ID() ID

	// Audience returns the scene groups that its terminals serve.
	Audience() citycode.Scenes

	// Accepts reports whether codes of the profile are for this scenario at
	// all. It is asked before Handle.
	Accepts(p citycode.Profile) bool

	// Handle decides. The code has been verified; what is left is the
	// scenario's own rule. A refusal is a Decision, an error is a fault.
	Handle(ctx context.Context, v *Visit) (*Decision, error)
}

// A Visit is one showing of a code at a terminal.
type Visit struct {
	Citizen  *citycode.Verified
	Terminal string          // names the gate, desk or barrier
	Action   string          // what is asked for, as in "board"; the scenario lists its own
	Params   json.RawMessage // of the action; strict, see the scenario
	Online   bool            // the scenario's online service can be reached
	Time     time.Time       // of the terminal
}

// A Text is a sentence for a person in Chinese and English.
type Text struct {
	Zh string `json:"zh"`
	En string `json:"en"`
}

// A Decision is what a terminal does and says.
type Decision struct {
	Allow bool `json:"allow"`
	// Reason is one stable word: "ok", a reason of the code standard
	// (citycode.Reason), or one of the scenario's own.
	Reason string `json:"reason"`
	// Message says what happened and, after a refusal, what the person can do.
	Message Text `json:"message"`
	// Repeated says that this is the decision of a moment ago for the same
	// code on the same lane: nothing opens a second time.
	Repeated bool `json:"repeated,omitempty"`
	// Outcome is what the scenario did, in its own words.
	Outcome json.RawMessage `json:"outcome,omitempty"`
}

// Allowed returns a Decision that opens. outcome, which may be nil, is encoded
// as JSON.
func Allowed(message Text, outcome any) (*Decision, error) {
	d := &Decision{Allow: true, Reason: "ok", Message: message}
	if outcome != nil {
		b, err := json.Marshal(outcome)
		if err != nil {
			return nil, fmt.Errorf("encode outcome: %w", err)
		}
		d.Outcome = b
	}
	return d, nil
}

// Refused returns a Decision that does not open.
func Refused(reason string, message Text) *Decision {
	return &Decision{Reason: reason, Message: message}
}

// A Set is the scenarios that a city runs.
type Set struct{ byID map[ID]Scenario }

// NewSet returns the set of the listed scenarios; no id may stand twice.
func NewSet(list ...Scenario) (*Set, error) {
	s := &Set{make(map[ID]Scenario)}
	for _, sc := range list {
		if s.byID[sc.ID()] != nil {
			return nil, fmt.Errorf("scenarios: %q stands twice", sc.ID())
		}
		s.byID[sc.ID()] = sc
	}
	return s, nil
}

// Find returns the scenario of that id.
func (s *Set) Find(id ID) (Scenario, bool) {
	sc, ok := s.byID[id]
	return sc, ok
}

// IDs lists the ids in order.
func (s *Set) IDs() []ID {
	var ids []ID
	for id := range s.byID {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
