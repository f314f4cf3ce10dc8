// Package scenarios is the contract between the citizen code and what it opens:
// a bus gate, a hospital desk, a car park, whatever a city adds. SPEC.md beside
// it is the contract in words.
//
// A [Scenario] declares what it is for and what it may know of a person. It is
// handed a [Visit] of a citizen whose code a verifier has accepted, and answers
// with a [Decision]. A refusal is a Decision with a reason that a person can
// act on; an error is a fault of the system, decides nothing and charges
// nobody. A [Terminal] joins a verifier with a scenario and enforces what the
// scenario declared, so that a program at the gate has one call: bytes in,
// Decision out.
//
// Phone, card and paper take one path: a scenario that looks at the carrier to
// decide fails the contract's test, package scenariotest.
//
// There is no registry: what a city runs is what its main puts in a [Set].
package scenarios

import (
	"context"
	"fmt"
	"slices"

	"github.com/citizencode/citizencode/citycode"
)

// An ID names a scenario, as in "transit"; a city's own has the city in front,
// as in "dalian.ferry".
type ID string

// A Scenario decides about visits (场景). Implementations are safe for
// concurrent use.
//
// What only some scenarios can do is an interface of its own, found by
// assertion: [Reverser], [Settler], [Meter].
type Scenario interface {
	ID() ID

	// Describe returns what the scenario declares. It never changes.
	Describe() Description

	// Accepts reports whether codes of the profile are for this scenario at
	// all. It is asked before Handle.
	Accepts(p citycode.Profile) bool

	// Handle decides. The code has been verified; what is left is the
	// scenario's own rule. A refusal is a Decision, an error is a fault.
	//
	// Handed a visit with the Key of one that it has allowed, Handle returns
	// the same decision and does nothing twice: a terminal that lost the
	// answer asks again.
	Handle(ctx context.Context, v *Visit) (*Decision, error)
}

// A Set is the scenarios that a city runs.
type Set struct{ byID map[ID]Scenario }

// NewSet returns the set of the listed scenarios. Each declares what SPEC §2
// asks for, and no id stands twice.
func NewSet(list ...Scenario) (*Set, error) {
	s := &Set{make(map[ID]Scenario)}
	for _, sc := range list {
		if s.byID[sc.ID()] != nil {
			return nil, fmt.Errorf("scenarios: %q stands twice", sc.ID())
		}
		if err := sc.Describe().Validate(); err != nil {
			return nil, fmt.Errorf("%s: %w", sc.ID(), err)
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
