package transit

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/agreement"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

type tapParams struct {
	Line    string `json:"line"`
	Network string `json:"network"`
	Stop    string `json:"stop"`
	Vehicle string `json:"vehicle"`
}

// read returns the parameters of a visit. A gate asks with the same ones all
// day, so those of the visit before are kept.
func (s *Scenario) read(raw json.RawMessage) (tapParams, error) {
	if last := s.last.Load(); last != nil && string(raw) == last.raw {
		return last.params, nil
	}
	var params tapParams
	if err := scenarios.ReadParams(raw, &params); err != nil {
		return tapParams{}, err
	}
	s.last.Store(&lastParams{string(raw), params})
	return params, nil
}

type lastParams struct {
	raw    string
	params tapParams
}

// A Ride is the outcome of a tap.
type Ride struct {
	Line         string `json:"line,omitempty"`
	Network      string `json:"network,omitempty"`
	Stop         string `json:"stop,omitempty"`
	OfflineRides int    `json:"offlineRidesLeft"`
	// Rider is the concession that holds; Expired says that it no longer does,
	// and the full fare is charged.
	Rider   string `json:"rider,omitempty"`
	Expired bool   `json:"concessionExpired,omitempty"`
}

// Handle decides about one tap. Whoever is let in stands in the queue first.
func (s *Scenario) Handle(ctx context.Context, v *scenarios.Visit) (*scenarios.Decision, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	kind := tap.Kind(v.Action)
	if kind != tap.Board && kind != tap.Enter && kind != tap.Exit {
		return nil, scenarios.UnknownAction(v.Action, Board, Enter, Exit)
	}
	params, err := s.read(v.Params)
	if err != nil {
		return nil, err
	}
	switch {
	case kind == tap.Board && params.Line == "":
		return nil, missing("line")
	case kind != tap.Board && params.Network == "":
		return nil, missing("network")
	case kind != tap.Board && params.Stop == "":
		return nil, missing("stop")
	}
	if s.cfg.Queue != nil {
		// What opened once is answered as it was, whatever a list says since.
		if old, ok, err := s.cfg.Queue.Find(ctx, v.Key); err != nil || ok {
			return s.allowed(&old, err)
		}
	}
	place := params.Line
	if place == "" {
		place = params.Network
	}
	if refused, err := s.accepts(place, v.Time); refused != nil || err != nil {
		s.counts[notAccepted].Add(1)
		return refused, err
	}
	person := v.Citizen.Person().String()
	// Who is inside must get out: a debt waits for the next entry.
	if kind != tap.Exit && s.cfg.Deny != nil && s.cfg.Deny.List().Has(person) {
		s.counts[debtors].Add(1)
		return scenarios.Refused(UnpaidDebt, scenarios.Text{
			Zh: "有未支付的乘车费，请在市民码应用中补缴后乘车",
			En: "Rides before are unpaid; pay for them in the citizen code app, then ride"}), nil
	}
	t := tap.Tap{Gate: v.Terminal, Key: v.Key, Showing: v.Citizen.Showing(), Carrier: v.Citizen.Carrier().String(), Person: person,
		Issued: v.Citizen.IssuedAt().UTC().Truncate(time.Second), Benefit: v.Citizen.Benefit(), Online: v.Online, Time: v.Time.UTC().Truncate(time.Second),
		Kind: kind, Operator: s.cfg.Operator, Line: params.Line, Network: params.Network, Stop: params.Stop, Vehicle: params.Vehicle, OfflineLeft: v.UsesLeft}
	if v.Citizen.Carrier() != scenarios.Paper {
		t.Serial = v.Citizen.Serial().String()
	}
	code, hint := v.Citizen.Code()
	t.Evidence = tap.EvidenceOf(code, hint, v.Lists)
	if s.cfg.Lists != nil {
		t.Lists = s.cfg.Lists()
	}
	if s.cfg.Deny != nil {
		t.Lists.Deny = s.cfg.Deny.List().Version
	}
	if s.cfg.Queue == nil {
		return s.allowed(&t, nil)
	}
	t, err = s.cfg.Queue.Append(ctx, t)
	if err == nil {
		s.counts[taps].Add(1)
	}
	return s.allowed(&t, err)
}

// allowed answers from the tap as it stands in the queue.
func (s *Scenario) allowed(t *tap.Tap, err error) (*scenarios.Decision, error) {
	if err != nil {
		return nil, fmt.Errorf("queue of %s: %w", t.Gate, err)
	}
	message := scenarios.Text{Zh: "请上车", En: "Welcome aboard"}
	switch t.Kind {
	case tap.Enter:
		message = scenarios.Text{Zh: "请进站", En: "Please enter"}
	case tap.Exit:
		message = scenarios.Text{Zh: "请出站", En: "Goodbye"}
	}
	ride := Ride{Line: t.Line, Network: t.Network, Stop: t.Stop, OfflineRides: t.OfflineLeft}
	if rider := s.cfg.Concessions.Rider(t.Benefit, t.Issued); rider.Category != "" {
		if rider.Until.IsZero() || t.Time.Before(rider.Until) {
			ride.Rider = rider.Category
		} else {
			ride.Expired = true
			message.Zh += "；优待已过期，按全价计费，请到办理点续期"
			message.En += "; your concession has expired: full fare, please have it renewed"
			s.counts[expired].Add(1)
		}
	}
	return scenarios.Allowed(message, ride)
}

// accepts returns the refusal where the line does not take the code at a moment.
func (s *Scenario) accepts(place string, at time.Time) (*scenarios.Decision, error) {
	other := scenarios.Text{Zh: "本线路暂不支持市民码，请使用其他方式乘车", En: "This line does not take the citizen code yet; please pay another way"}
	if s.cfg.Agreements == nil {
		if s.cfg.Lines == nil || slices.Contains(s.cfg.Lines, place) {
			return nil, nil
		}
		return scenarios.Refused(LineNotAccepted, other), nil
	}
	d, err := s.cfg.Agreements.Profile(s.cfg.Operator, place, at).Refusal()
	if d == nil || err != nil {
		return nil, err
	}
	if d.Reason == agreement.SwitchCode {
		other = scenarios.Text{Zh: "本线路暂不支持市民码：" + d.Message.Zh, En: "This line does not take the citizen code yet. " + d.Message.En}
	}
	d.Reason, d.Message = LineNotAccepted, other
	return d, nil
}
