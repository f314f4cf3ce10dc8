package parking

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/parking/plate"
)

// MaxSessionPage is how many sessions are read at once.
const MaxSessionPage = 1000

// A SessionFilter says which sessions are wanted; what is empty does not matter.
type SessionFilter struct {
	Lot   string  `json:"lot,omitempty"`
	Payer string  `json:"payer,omitempty"`
	Plate string  `json:"plate,omitempty"` // whole
	State []State `json:"state,omitempty"`
	After string  `json:"after,omitempty"` // behind this session, for the next page
}

// Sessions returns sessions in the order in which they began, up to
// MaxSessionPage of those that are kept in memory.
func (s *Scenario) Sessions(ctx context.Context, f SessionFilter) ([]Session, error) {
	name := ""
	if f.Plate != "" {
		p, err := plate.Parse(f.Plate)
		if err != nil {
			return nil, &scenarios.RequestError{Path: "plate", Err: err}
		}
		name = s.seal.name(p.Clear())
	}
	var list []Session
	err := s.stream.View(ctx, func() error {
		var found []*session
		for _, in := range s.state.sessions {
			if (f.Lot == "" || in.lot == f.Lot) && (f.Payer == "" || in.payer == f.Payer) && (name == "" || in.name == name) &&
				(len(f.State) == 0 || slices.Contains(f.State, in.state)) && (f.After == "" || inOrder(f.After, in.id) < 0) {
				found = append(found, in)
			}
		}
		slices.SortFunc(found, func(a, b *session) int { return inOrder(a.id, b.id) })
		for _, in := range found[:min(len(found), MaxSessionPage)] {
			list = append(list, s.state.tell(in))
		}
		return nil
	})
	return list, err
}

// inOrder compares ids as numbers.
func inOrder(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// Session returns one session.
func (s *Scenario) Session(ctx context.Context, id string) (out Session, found bool, err error) {
	err = s.stream.View(ctx, func() error {
		if in := s.state.sessions[id]; in != nil {
			out, found = s.state.tell(in), true
		}
		return nil
	})
	return out, found, err
}

// Reviews returns the sessions of a lot, or of all, at which a person has to
// look.
func (s *Scenario) Reviews(ctx context.Context, lot string) ([]Session, error) {
	return s.Sessions(ctx, SessionFilter{Lot: lot, State: []State{Contested, ExitInDoubt, ExitMissing, TimesInDoubt}})
}

// Bill returns one bill.
func (s *Scenario) Bill(ctx context.Context, id string) (out Bill, found bool, err error) {
	err = s.stream.View(ctx, func() error {
		if b := s.state.bills[id]; b != nil {
			out, found = b.tell(), true
		}
		return nil
	})
	return out, found, err
}

// Debts returns the bills that a person has to pay; or those of a plate that
// nobody has bound, whole and in clear.
func (s *Scenario) Debts(ctx context.Context, person, plateText string) ([]Bill, error) {
	payer := person
	if person == "" {
		p, err := readPlate("plate", plateText)
		if err != nil {
			return nil, err
		}
		payer = platePayer + s.seal.name(p.Clear())
	}
	var list []Bill
	err := s.stream.View(ctx, func() error {
		for id := range s.state.debts[payer] {
			list = append(list, s.state.bills[id].tell())
		}
		return nil
	})
	slices.SortFunc(list, func(a, b Bill) int { return inOrder(a.ID, b.ID) })
	return list, err
}
