package hospital

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/citizencode/citizencode/scenarios"
)

// A Step is one thing that a patient still has to do (就诊路径), in the order in
// which he does them. Its kind is a station, or "agree" for a held order, or
// "leave" at the end.
type Step struct {
	Kind  string         `json:"kind"`
	Order string         `json:"order,omitempty"`
	Text  scenarios.Text `json:"text"`
}

// maxSteps bounds a list of steps; who has more to do sees the rest later.
const maxSteps = 50

var stepTexts = map[string]scenarios.Text{
	string(Lab):       {Zh: "到检验科采样", En: "Go to the laboratory"},
	string(Imaging):   {Zh: "到影像科检查", En: "Go to imaging"},
	string(Treatment): {Zh: "到治疗室治疗", En: "Go to the treatment room"},
	string(Pharmacy):  {Zh: "到药房取药", En: "Collect your medicine at the pharmacy"},
	Agree:             {Zh: "请确认自付部分", En: "Please agree to pay your own part"},
	Leave:             {Zh: "可以离院，稍后还款", En: "You can leave, and pay later"},
}

// steps lists what is left to do in a visit. extra is a ticket that is not in
// the state yet.
func (st *state) steps(id string, extra *Ticket) (steps []Step) {
	add := func(kind, order string, text scenarios.Text) { steps = append(steps, Step{kind, order, text}) }
	consult := func(t Ticket) {
		text := scenarios.Text{Zh: fmt.Sprintf("候诊，%d 号", t.Queue), En: fmt.Sprintf("Wait for number %d", t.Queue)}
		if t.Department != "" {
			text = scenarios.Text{Zh: t.Department + " " + text.Zh, En: text.En + " of " + t.Department}
		}
		add(string(Consult), "", text)
	}
	en := st.encounters[id]
	if en != nil {
		for _, t := range en.tickets {
			if extra != nil && extra.Department == t.Department {
				extra = nil
			}
			if !t.seen {
				consult(t)
			}
		}
	}
	if extra != nil {
		consult(*extra)
	}
	if en != nil {
		for _, o := range en.orders {
			if st.orders[o].Status == OrderHeld {
				add(Agree, o, stepTexts[Agree])
			}
		}
		for _, station := range Stations()[1:] {
			for _, o := range en.orders {
				if st.orders[o].waitsAt(station) {
					add(string(station), o, stepTexts[string(station)])
				}
			}
		}
	}
	steps = steps[:min(len(steps), maxSteps)]
	add(Leave, "", stepTexts[Leave])
	return steps
}

// waitsAt reports whether an order has something to be done at a station. What
// is not settled is not done.
func (o *order) waitsAt(station Station) bool {
	return o.Status == OrderSettled && !o.served[station] && slices.ContainsFunc(o.Items, func(i Item) bool { return i.Station == station })
}

// A Path is a patient's visit of today.
type Path struct {
	Encounter string `json:"encounter"`
	Steps     []Step `json:"steps"`
}

// next tells a patient his next step.
func (s *Scenario) next(ctx context.Context, ask asked, at time.Time, patient string) (*scenarios.Decision, error) {
	return s.answer(ctx, ask, at, shown, func(st *state) (any, *scenarios.Decision, error) {
		id := st.open[patient]
		if id == "" {
			return nil, refuse(NotCheckedIn), nil
		}
		steps := st.steps(id, nil)
		d, err := scenarios.Allowed(scenarios.Text{Zh: "下一步：" + steps[0].Text.Zh, En: "Next: " + steps[0].Text.En}, Path{id, steps})
		return struct{}{}, d, err
	})
}

// A Served is the outcome of a visit to a station.
type Served struct {
	Station Station  `json:"station"`
	Orders  []string `json:"orders,omitempty"` // that are carried out here
	Path
}

// serve carries out at a station what is ordered there and settled.
func (s *Scenario) serve(ctx context.Context, ask asked, at time.Time, patient string, station Station) (*scenarios.Decision, error) {
	return s.answer(ctx, ask, at, served, func(st *state) (any, *scenarios.Decision, error) {
		id := st.open[patient]
		if id == "" {
			return nil, refuse(NotCheckedIn), nil
		}
		en := st.encounters[id]
		c := servedChange{Encounter: id, Station: station}
		held := false
		for _, o := range en.orders {
			if st.orders[o].waitsAt(station) {
				c.Orders = append(c.Orders, o)
			}
			held = held || st.orders[o].Status == OrderHeld
		}
		waits := station == Consult && slices.ContainsFunc(en.tickets, func(t Ticket) bool { return !t.seen })
		switch {
		case len(c.Orders) == 0 && !waits && held:
			return nil, refuse(OrderNotSettled), nil
		case len(c.Orders) == 0 && !waits:
			return nil, refuse(NothingHere), nil
		}
		var steps []Step // without what is done here
		for _, step := range st.steps(id, nil) {
			if step.Kind != string(station) {
				steps = append(steps, step)
			}
		}
		d, err := scenarios.Allowed(scenarios.Text{Zh: "下一步：" + steps[0].Text.Zh, En: "Next: " + steps[0].Text.En},
			Served{station, c.Orders, Path{id, steps}})
		return c, d, err
	})
}

// agree confirms a held order of the visit; without a name, the only one.
func (s *Scenario) agree(ctx context.Context, ask asked, at time.Time, patient, id string) (*scenarios.Decision, error) {
	return s.confirm(ctx, ask, at, patient, func(st *state) (string, string) {
		if id != "" {
			return id, ""
		}
		en := st.encounters[st.open[patient]]
		if en == nil {
			return "", NotCheckedIn
		}
		if list := st.heldOrders(en); len(list) == 1 {
			return list[0], ""
		}
		return "", OrderUnknown
	})
}
