package hospital

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/scenarios"
)

// The actions of a hospital's terminals.
const (
	CheckIn = "check-in" // at a kiosk or desk
	Next    = "next"     // anywhere: what is my next step?
	Serve   = "serve"    // at a station: lab, pharmacy
	Agree   = "agree"    // to pay what nobody else pays of a held order
	Leave   = "leave"    // at the door, or not at all
)

var actions = []string{CheckIn, Next, Serve, Agree, Leave}

var _ interface {
	scenarios.Scenario
	scenarios.Reverser
	scenarios.Settler
	scenarios.Meter
} = (*Scenario)(nil)

// ID returns "hospital".
func (s *Scenario) ID() scenarios.ID { return "hospital" }

// Describe returns what the desks declare.
func (s *Scenario) Describe() scenarios.Description {
	var claims scenarios.Claims
	if s.medicalCodes != nil {
		claims = scenarios.PartnerCode
	}
	return scenarios.Description{Claims: claims, Purpose: scenarios.Text{Zh: "就医", En: "to see a doctor"}, Group: scenarios.Public, Audience: citycode.Medical,
		Actions: slices.Clone(actions), Identity: scenarios.Record}
}

// Accepts reports whether p is the medical code, the universal code, a card, a
// code in the hands of a guardian, or, where medical codes are decoded, one with
// such a code in front.
func (s *Scenario) Accepts(p citycode.Profile) bool {
	switch p.ID {
	case citycode.ProfileMedical, citycode.ProfileUniversal, citycode.ProfileCard, citycode.ProfileDelegated:
		return true
	case citycode.ProfileFused:
		return s.medicalCodes != nil
	}
	return false
}

type checkInParams struct {
	Department string `json:"department"`
	// Credit is the patient's agreement to treat first and pay later.
	Credit bool `json:"credit"`
}

type serveParams struct {
	Station Station `json:"station"`
}

type agreeParams struct {
	Order string `json:"order"`
}

// Handle decides about one visit to a terminal.
func (s *Scenario) Handle(ctx context.Context, v *scenarios.Visit) (*scenarios.Decision, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var checkIn checkInParams
	var serve serveParams
	var agree agreeParams
	var params any
	switch v.Action {
	case CheckIn:
		params = &checkIn
	case Serve:
		params = &serve
	case Agree:
		params = &agree
	case Next, Leave:
		params = &struct{}{}
	default:
		return nil, scenarios.UnknownAction(v.Action, actions...)
	}
	if err := scenarios.ReadParams(v.Params, params); err != nil {
		return nil, err
	}
	switch {
	case v.Action == CheckIn && !slices.Contains(s.departments, checkIn.Department):
		return refuse(DepartmentUnknown), nil
	case v.Action == Serve && !slices.Contains(Stations(), serve.Station):
		return nil, wrong("params.station", "none of %v", Stations())
	case agree.Order != "" && !isID(agree.Order):
		return refuse(OrderUnknown), nil
	}
	if !v.Online {
		return scenarios.Refused(citycode.OnlineRequired.String(), scenarios.ReasonText(citycode.OnlineRequired)), nil
	}
	p, err := s.lookup(ctx, []byte(v.Citizen.Person().Subject))
	switch {
	case errors.Is(err, ErrUnknownPatient):
		return refuse(PatientUnknown), nil
	case err != nil:
		return nil, fmt.Errorf("look up patient: %w", err)
	}
	if refused, err := s.decodeFused(ctx, v, serve.Station, p); refused != nil || err != nil {
		return refused, err
	}
	patient := p.Pseudonym
	ask, err := newAsk("visit", v.Key, v.Time, strings.Join([]string{v.Action, patient, checkIn.Department, strconv.FormatBool(checkIn.Credit), string(serve.Station), agree.Order}, " "))
	if err != nil {
		return nil, err
	}
	switch v.Action {
	case CheckIn:
		proxy := v.Citizen.Profile() == citycode.ProfileDelegated
		return s.checkIn(ctx, ask, v.Time, patient, checkIn, proxy)
	case Next:
		return s.next(ctx, ask, v.Time, patient)
	case Serve:
		return s.serve(ctx, ask, v.Time, patient, serve.Station)
	case Agree:
		return s.agree(ctx, ask, v.Time, patient, agree.Order)
	default:
		return s.leaveBy(ctx, ask, v.Time, patient)
	}
}

func (s *Scenario) lookup(ctx context.Context, subject []byte) (*Patient, error) {
	if s.directory == nil {
		return nil, ErrUnknownPatient
	}
	p, err := s.directory.Lookup(ctx, subject)
	switch {
	case err != nil:
		return nil, err
	case p == nil || !isPatient(p.Pseudonym):
		return nil, errors.New("the directory returned no pseudonym and no error")
	}
	return p, nil
}
