package parking

import (
	"context"
	"slices"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/parking/reserve"
)

// A How is what a person found when he looked at a session.
type How string

// What can be found.
const (
	ItIsInside How = "inside" // the doubt was about another car
	ItLeft     How = "left"   // it left at LeftAt, or when it was seen at the doubtful exit
	LetItGo    How = "waive"  // no fee
)

// A ResolveRequest ends the doubt about a session.
type ResolveRequest struct {
	Key     string    `json:"key"`
	Session string    `json:"session"`
	How     How       `json:"how"`
	LeftAt  time.Time `json:"leftAt,omitzero"`
	By      string    `json:"by"`
}

// Resolve implements the operation. A stay that a person ended is a debt that
// the driver is told of, not a charge: he was not there.
func (s *Scenario) Resolve(ctx context.Context, r ResolveRequest) (*scenarios.Decision, error) {
	if r.By == "" {
		return nil, badRequest("by", "missing")
	}
	if r.How != ItIsInside && r.How != ItLeft && r.How != LetItGo {
		return nil, badRequest("how", "none of inside, left, waive")
	}
	now := s.now()
	r.LeftAt = r.LeftAt.UTC().Truncate(time.Second)
	return s.do(ctx, "q:", r.Key, r, now, func(st *state) (*scenarios.Decision, []fact, error) {
		in := st.sessions[r.Session]
		if in == nil {
			return refuse(SessionUnknown), nil, nil
		}
		at := r.LeftAt
		if at.Equal(time.Time{}.Truncate(time.Second)) {
			at = in.seenAt
		}
		f := &left{Session: in.id, State: Waived, At: at, By: r.By}
		switch {
		case in.state.ended() && (in.state != TimesInDoubt || r.How != LetItGo):
			return refuse(WrongState), nil, nil
		case r.How == ItIsInside && in.state != Contested && in.state != ExitInDoubt:
			return refuse(WrongState), nil, nil
		case r.How == ItIsInside:
			d, err := scenarios.Allowed(text("已核实，车辆在场", "Looked into: the car is inside"), nil)
			return d, []fact{&cleared{in.id, r.By}}, err
		case r.How == LetItGo && at.Before(in.enteredAt):
			f.At = in.enteredAt
		case r.How == ItLeft && (at.Before(in.enteredAt) || at.After(now.Add(s.rules.Skew))):
			return nil, nil, badRequest("leftAt", "before the entry, or in the future")
		}
		if r.How == ItLeft {
			due, err := st.due(in, at)
			if err != nil {
				return nil, nil, err
			}
			f.State, f.Fen = Left, due.Charge.Fen
		}
		d, err := scenarios.Allowed(text("已核实", "Looked into"), nil)
		return d, []fact{f}, err
	})
}

// A Swept is what a call of Sweep found.
type Swept struct {
	Missing int `json:"missing"` // cars whose exit nobody saw
	NoShows int `json:"noShows"`
}

// Sweep looks for what time alone has ended: cars that nobody saw leave, and
// reservations for which nobody came. A server runs it every few minutes.
func (s *Scenario) Sweep(ctx context.Context) (w Swept, err error) {
	now := s.now()
	var old, expired []string
	err = s.stream.View(ctx, func() error {
		for id, in := range s.state.sessions {
			if in.state.inside() && now.Sub(in.enteredAt) > s.rules.AbandonAfter {
				old = append(old, id)
			}
		}
		expired = s.state.expired(now)
		return nil
	})
	if err != nil {
		return w, err
	}
	slices.Sort(old)
	for _, id := range old {
		_, err := s.do(ctx, "t:", id+" timed out", struct{}{}, now, func(st *state) (*scenarios.Decision, []fact, error) {
			d := refuse(WrongState)
			if in := st.sessions[id]; in == nil || !in.state.inside() {
				return d, nil, nil
			}
			w.Missing++
			return d, []fact{&missed{id, TimedOut}}, nil
		})
		if err != nil {
			return w, err
		}
	}
	for {
		batch, err := s.desk.Sweep(ctx)
		if err != nil {
			return w, err
		}
		if w.NoShows += len(batch); len(batch) < reserve.MaxBatch {
			break
		}
	}
	for _, id := range expired {
		// A car that was refused after the desk had let it in: nobody is there.
		if r, err := s.desk.Find(ctx, id); err == nil && r.State == reserve.Entered && now.After(r.Until) {
			if _, err := s.desk.Leave(ctx, id); err != nil {
				return w, err
			}
		}
	}
	return w, s.reconcile(ctx, expired...)
}
