package parking

import (
	"context"
	"slices"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/parking/tariff"
)

// A PassRequest gives a car or a person time that is paid for already, in one
// lot or in all: a monthly pass (月卡), a resident's list.
type PassRequest struct {
	Key    string    `json:"key"`
	Lot    string    `json:"lot,omitempty"` // "": all
	Plate  string    `json:"plate,omitempty"`
	Person string    `json:"person,omitempty"` // beside a plate: none
	From   time.Time `json:"from,omitzero"`
	Until  time.Time `json:"until"`
	By     string    `json:"by"`
}

// GrantPass implements the operation.
func (s *Scenario) GrantPass(ctx context.Context, r PassRequest) (*scenarios.Decision, error) {
	f := &passGranted{Lot: r.Lot, Of: r.Person, From: r.From.UTC(), Until: r.Until.UTC(), By: r.By}
	switch {
	case (r.Plate == "") == (r.Person == ""):
		return nil, badRequest("plate", "not exactly one of plate and person")
	case r.Person != "" && !isPerson(r.Person):
		return nil, badRequest("person", "not a pseudonym")
	case r.Until.IsZero() || !r.From.Before(r.Until):
		return nil, badRequest("until", "not after from")
	case r.Lot != "" && s.lots[r.Lot] == nil:
		return refuse(LotUnknown), nil
	}
	if r.Plate != "" {
		p, err := readPlate("plate", r.Plate)
		if err != nil {
			return nil, err
		}
		f.Of = platePayer + s.seal.name(p.Clear())
	}
	return s.do(ctx, "q:", r.Key, r, s.now(), func(st *state) (*scenarios.Decision, []fact, error) {
		if len(st.passes[f.Of]) >= tariff.MaxPasses {
			return refuse(WrongState), nil, nil
		}
		d, err := scenarios.Allowed(text("通行证已登记", "The pass is registered"), nil)
		return d, []fact{f}, err
	})
}

type pass struct {
	lot         string
	from, until time.Time
}

// passGranted: a car or a person has a pass.
type passGranted struct {
	Lot   string    `json:"lot,omitempty"`
	Of    string    `json:"of"`
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until"`
	By    string    `json:"by,omitempty"`
}

func (*passGranted) kind() string { return "pass-granted" }

func (f *passGranted) apply(st *state, _ string, at time.Time) error {
	// Those that are over make room.
	st.passes[f.Of] = append(slices.DeleteFunc(st.passes[f.Of], func(p *pass) bool { return p.until.AddDate(0, 3, 0).Before(at) }), &pass{f.Lot, f.From, f.Until})
	return nil
}

// passesOf returns what covers a session.
func (st *state) passesOf(s *session) (list []tariff.Pass) {
	if len(st.passes) == 0 {
		return nil
	}
	add := func(of string) {
		for _, p := range st.passes[of] {
			if (p.lot == "" || p.lot == s.lot) && len(list) < tariff.MaxPasses {
				list = append(list, tariff.Pass{From: p.from, Until: p.until})
			}
		}
	}
	if s.sure {
		add(platePayer + s.name)
	}
	if s.person != "" {
		add(s.person)
	}
	return list
}
