package parking

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/parking/plate"
	"github.com/citizencode/citizencode/scenarios/rails"
)

// A PlateState is where the binding of a plate to a citizen stands.
type PlateState string

// The states. Only Active lets a barrier charge without a code being shown.
const (
	PlatePending   PlateState = "pending"   // asked for, the owner is not verified
	PlateActive    PlateState = "active"    // verified, with a mandate
	PlateSuspended PlateState = "suspended" // by its owner, or by the operator
	PlateOverdue   PlateState = "overdue"   // the bank declined a charge, which is a debt now
	PlateRevoked   PlateState = "revoked"
)

// A BoundPlate is a plate as its citizen sees it.
type BoundPlate struct {
	Plate  string     `json:"plate"` // masked
	State  PlateState `json:"state"`
	MaxFen int64      `json:"maxFen"` // of one charge
}

// binding is one citizen's claim to one plate.
type binding struct {
	person  string
	name    string // of the plate
	masked  string
	mandate string // sealed
	maxFen  int64
	state   PlateState
	debts   map[string]bool // bills that the bank declined
}

// A BindRequest binds a plate to a citizen, with the bank's mandate to charge
// parking fees (车牌绑定与代扣签约). The binding is pending until VerifyPlate.
type BindRequest struct {
	Key     string `json:"key"`
	Person  string `json:"person"` // pseudonym, as scenarios.Person.String writes it
	Plate   string `json:"plate"`
	Mandate string `json:"mandate"`          // the bank's token
	MaxFen  int64  `json:"maxFen,omitempty"` // of one charge; 0: Rules.MaxDebit
}

// BindPlate implements the operation; its outcome is a BoundPlate. To bind a
// plate again that one's own is, changes the mandate and asks for verification
// anew.
func (s *Scenario) BindPlate(ctx context.Context, r BindRequest) (*scenarios.Decision, error) {
	p, err := readPlate("plate", r.Plate)
	if err != nil {
		return nil, err
	}
	if !isPerson(r.Person) {
		return nil, badRequest("person", "not a pseudonym")
	}
	if _, err := rails.ParseMandate(r.Mandate); err != nil {
		return nil, badRequest("mandate", "not a token; the number of a card is none")
	}
	if r.MaxFen < 0 || r.MaxFen > s.rules.MaxDebit {
		return nil, badRequest("maxFen", "not 0 to the operator's limit")
	}
	if r.MaxFen == 0 {
		r.MaxFen = s.rules.MaxDebit
	}
	name := s.seal.name(p.Clear())
	return s.do(ctx, "q:", r.Key, r, s.now(), func(st *state) (*scenarios.Decision, []fact, error) {
		if b := st.bindings[name]; b != nil && b.person != r.Person {
			return refuse(PlateOwned), nil, nil
		}
		if len(st.debts[r.Person]) > 0 {
			return refuse(DebtOpen), nil, nil // a new mandate would wash off what the old one owes
		}
		d, err := scenarios.Allowed(text("已提交，待验证车主身份", "Asked for; the owner is to be verified"), BoundPlate{p.String(), PlatePending, r.MaxFen})
		return d, []fact{&bound{Person: r.Person, Plate: name, Masked: p.String(), Mandate: s.seal.seal(r.Mandate), MaxFen: r.MaxFen}}, err
	})
}

// A PlateRequest moves the binding of a plate.
type PlateRequest struct {
	Key    string `json:"key"`
	Person string `json:"person"`
	Plate  string `json:"plate"`
	By     string `json:"by"` // staff, the register of vehicles, or the citizen
	Why    string `json:"why,omitempty"`
}

// VerifyPlate says that the register of vehicles knows the citizen as the
// plate's owner; the binding is active from then on. A plate has one verified
// owner: plate-owned.
func (s *Scenario) VerifyPlate(ctx context.Context, r PlateRequest) (*scenarios.Decision, error) {
	return s.movePlate(ctx, r, PlateActive, text("车牌已验证，无感通行已开通", "The plate is verified; drive through without stopping"), PlatePending)
}

// SuspendPlate stops charges for a while.
func (s *Scenario) SuspendPlate(ctx context.Context, r PlateRequest) (*scenarios.Decision, error) {
	return s.movePlate(ctx, r, PlateSuspended, text("无感通行已暂停", "Charging without a code is suspended"), PlateActive)
}

// ResumePlate ends a suspension. What is overdue is not resumed but paid.
func (s *Scenario) ResumePlate(ctx context.Context, r PlateRequest) (*scenarios.Decision, error) {
	return s.movePlate(ctx, r, PlateActive, text("无感通行已恢复", "Charging without a code is on again"), PlateSuspended)
}

// RevokePlate ends a binding, as when the car is sold. Charges that are under
// way and debts stay.
func (s *Scenario) RevokePlate(ctx context.Context, r PlateRequest) (*scenarios.Decision, error) {
	return s.movePlate(ctx, r, PlateRevoked, text("车牌已解绑", "The plate is released"), PlatePending, PlateActive, PlateSuspended, PlateOverdue)
}

func (s *Scenario) movePlate(ctx context.Context, r PlateRequest, to PlateState, said scenarios.Text, from ...PlateState) (*scenarios.Decision, error) {
	p, err := readPlate("plate", r.Plate)
	if err != nil {
		return nil, err
	}
	if r.By == "" {
		return nil, badRequest("by", "missing")
	}
	name := s.seal.name(p.Clear())
	type asked struct {
		PlateRequest
		To   PlateState
		From []PlateState
	}
	return s.do(ctx, "q:", r.Key, asked{r, to, from}, s.now(), func(st *state) (*scenarios.Decision, []fact, error) {
		b := st.owners[r.Person][name]
		switch {
		case b == nil || b.state == PlateRevoked:
			return refuse(PlateUnknown), nil, nil
		case !slices.Contains(from, b.state):
			return refuse(WrongState), nil, nil
		case to == PlateActive && len(b.debts) > 0:
			return refuse(DebtOpen), nil, nil
		case to == PlateActive && st.bindings[name] != nil && st.bindings[name] != b:
			return refuse(PlateOwned), nil, nil
		}
		d, err := scenarios.Allowed(said, BoundPlate{b.masked, to, b.maxFen})
		return d, []fact{&plateMoved{Person: r.Person, Plate: name, To: to, By: r.By, Why: r.Why}}, err
	})
}

// Plates returns the plates of a citizen, those that he released left out.
func (s *Scenario) Plates(ctx context.Context, person string) ([]BoundPlate, error) {
	var list []BoundPlate
	err := s.stream.View(ctx, func() error {
		for _, b := range s.state.owners[person] {
			if b.state != PlateRevoked {
				list = append(list, BoundPlate{b.masked, b.state, b.maxFen})
			}
		}
		return nil
	})
	slices.SortFunc(list, func(a, b BoundPlate) int { return strings.Compare(a.Plate, b.Plate) })
	return list, err
}

// bound: a citizen asked for a plate.
type bound struct {
	Person  string `json:"person"`
	Plate   string `json:"plate"`
	Masked  string `json:"masked"`
	Mandate string `json:"mandate"` // sealed
	MaxFen  int64  `json:"maxFen"`
}

func (*bound) kind() string { return "bound" }

func (f *bound) apply(st *state, _ string, _ time.Time) error {
	if st.owners[f.Person] == nil {
		st.owners[f.Person] = make(map[string]*binding)
	}
	old := st.owners[f.Person][f.Plate]
	if old != nil && st.bindings[f.Plate] == old {
		delete(st.bindings, f.Plate)
	}
	st.owners[f.Person][f.Plate] = &binding{person: f.Person, name: f.Plate, masked: f.Masked, mandate: f.Mandate, maxFen: f.MaxFen, state: PlatePending, debts: make(map[string]bool)}
	return nil
}

// plateMoved: a binding has another state.
type plateMoved struct {
	Person string     `json:"person"`
	Plate  string     `json:"plate"`
	To     PlateState `json:"to"`
	By     string     `json:"by"`
	Why    string     `json:"why,omitempty"`
}

func (*plateMoved) kind() string { return "plate-moved" }

func (f *plateMoved) apply(st *state, _ string, at time.Time) error {
	b := st.owners[f.Person][f.Plate]
	if b == nil {
		return errors.New("it speaks of a plate that is not bound")
	}
	st.movePlate(b, f.To, at)
	return nil
}

func (st *state) movePlate(b *binding, to PlateState, at time.Time) {
	b.state = to
	switch {
	case to == PlateRevoked && st.bindings[b.name] == b:
		delete(st.bindings, b.name)
	case to != PlateRevoked:
		st.bindings[b.name] = b
	}
	st.notices = append(st.notices, Notice{Person: b.person, Kind: NoticePlate, At: at, Plate: b.masked, PlateState: to})
}

// block stops a mandate on which the bank has declined a charge.
func (st *state) block(person, name, bill string, at time.Time) {
	b := st.owners[person][name]
	if b == nil || b.state == PlateRevoked {
		return
	}
	b.debts[bill] = true
	st.blocked[bill] = b
	if b.state == PlateActive {
		st.movePlate(b, PlateOverdue, at)
	}
}

// unblock lets the mandate work again when the last of its debts is gone.
func (st *state) unblock(bill string, at time.Time) {
	b := st.blocked[bill]
	if b == nil {
		return
	}
	delete(st.blocked, bill)
	delete(b.debts, bill)
	if len(b.debts) == 0 && b.state == PlateOverdue {
		st.movePlate(b, PlateActive, at)
	}
}

// mandateOf returns the binding by which a citizen who shows his code is
// charged: that of the car, or else one of his others.
func (st *state) mandateOf(person, name string) *binding {
	if b := st.owners[person][name]; b != nil && b.state == PlateActive {
		return b
	}
	var found *binding
	for _, b := range st.owners[person] {
		if b.state == PlateActive && (found == nil || cmp.Less(b.name, found.name)) {
			found = b
		}
	}
	return found
}

// readPlate reads a plate of a request. The error quotes nothing of it.
func readPlate(path, s string) (plate.Plate, error) {
	p, err := plate.Parse(s)
	if err != nil {
		return plate.Plate{}, &scenarios.RequestError{Path: path, Err: err}
	}
	return p, nil
}
