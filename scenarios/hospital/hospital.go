// Package hospital is the check-in desk (就医): a patient shows a medical code
// and gets a number in the queue.
//
// The subject of a medical code is a handle that says nothing by itself. Only
// the hospital's online service can tell whose record it stands for, so the
// desk works online only; the code standard refuses such a code at a desk
// without a network before this package is asked. That service is the
// [Directory], which the caller brings. It takes no money yet.
//
// Action "check-in" takes the parameter department, which may be absent where
// the hospital has one queue:
//
//	{"department": "internal"}
//
// Its reasons, besides those of the code standard: patient-unknown,
// department-unknown.
package hospital

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/scenarios"
)

// CheckIn is the action of a desk.
const CheckIn = "check-in"

// The reasons of a desk.
const (
	PatientUnknown    = "patient-unknown"
	DepartmentUnknown = "department-unknown"
)

// ErrUnknownPatient is what a [Directory] returns for a handle that it does
// not know.
var ErrUnknownPatient = errors.New("hospital: the handle stands for no patient")

// A Patient is what a desk learns: a pseudonym of this hospital, never a name
// or a number of a document.
type Patient struct {
	Pseudonym string
}

// A Directory is the online service that knows for whom a handle stands.
type Directory interface {
	// Lookup returns the patient of a subject. The error is
	// ErrUnknownPatient when there is none, and any other when the service
	// failed: then nothing is decided.
	Lookup(ctx context.Context, subject []byte) (*Patient, error)
}

// A Config says what a hospital is.
type Config struct {
	Directory   Directory      // nil: no patient is known
	Departments []string       // each has its own queue; nil: one queue, without a name
	Location    *time.Location // whose midnight begins the numbers anew; nil: China Standard Time
}

// A Scenario is the desks of one hospital.
type Scenario struct {
	directory   Directory
	departments []string
	location    *time.Location

	mu     sync.Mutex
	day    string
	queues map[string]map[string]int // department, then pseudonym: the number
}

var _ scenarios.Scenario = (*Scenario)(nil)

// New returns the scenario.
func New(cfg Config) *Scenario {
	s := &Scenario{directory: cfg.Directory, departments: slices.Clone(cfg.Departments), location: cfg.Location}
	if len(s.departments) == 0 {
		s.departments = []string{""}
	}
	if s.location == nil {
		s.location = time.FixedZone("CST", 8*60*60)
	}
	return s
}

// ID returns "hospital".
func (s *Scenario) ID() scenarios.ID { return "hospital" }

// Describe returns what the desks declare.
func (s *Scenario) Describe() scenarios.Description {
	return scenarios.Description{Purpose: scenarios.Text{Zh: "就医", En: "to see a doctor"}, Group: scenarios.Public, Audience: citycode.Medical,
		Actions: []string{CheckIn}, Identity: scenarios.Record}
}

// Accepts reports whether p is the medical code, the universal code, a card or
// a code in the hands of a guardian.
func (s *Scenario) Accepts(p citycode.Profile) bool {
	switch p.ID {
	case citycode.ProfileMedical, citycode.ProfileUniversal, citycode.ProfileCard, citycode.ProfileDelegated:
		return true
	}
	return false
}

type checkInParams struct {
	Department string `json:"department"`
}

// A Ticket is the outcome of a check-in.
type Ticket struct {
	Patient    string `json:"patient"`
	Department string `json:"department,omitempty"`
	Queue      int    `json:"queue"`
}

// Handle decides about one check-in.
func (s *Scenario) Handle(ctx context.Context, v *scenarios.Visit) (*scenarios.Decision, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if v.Action != CheckIn {
		return nil, scenarios.UnknownAction(v.Action, CheckIn)
	}
	var params checkInParams
	if err := scenarios.ReadParams(v.Params, &params); err != nil {
		return nil, err
	}
	if !slices.Contains(s.departments, params.Department) {
		return scenarios.Refused(DepartmentUnknown, scenarios.Text{
			Zh: "本院没有这个科室，请到导诊台", En: "This hospital has no such department; please ask at the information desk"}), nil
	}
	if !v.Online {
		return scenarios.Refused(citycode.OnlineRequired.String(), scenarios.ReasonText(citycode.OnlineRequired)), nil
	}
	patient, err := s.lookup(ctx, []byte(v.Citizen.Person().Subject))
	switch {
	case errors.Is(err, ErrUnknownPatient):
		return scenarios.Refused(PatientUnknown, scenarios.Text{
			Zh: "本院没有您的档案，请到窗口建档", En: "This hospital has no record of you yet; please register at the desk"}), nil
	case err != nil:
		return nil, fmt.Errorf("look up patient: %w", err)
	}
	n := s.enqueue(v.Time, params.Department, patient.Pseudonym)
	return scenarios.Allowed(scenarios.Text{
		Zh: fmt.Sprintf("签到成功，您是 %d 号", n), En: fmt.Sprintf("Checked in; your number is %d", n)},
		Ticket{patient.Pseudonym, params.Department, n})
}

func (s *Scenario) lookup(ctx context.Context, subject []byte) (*Patient, error) {
	if s.directory == nil {
		return nil, ErrUnknownPatient
	}
	p, err := s.directory.Lookup(ctx, subject)
	if err == nil && p == nil {
		err = errors.New("the directory returned no patient and no error")
	}
	return p, err
}

// enqueue returns the number of a patient for the day. Who checks in twice
// keeps the number: an empty place in the queue would make the others wait.
func (s *Scenario) enqueue(now time.Time, department, pseudonym string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if day := now.In(s.location).Format(time.DateOnly); day != s.day {
		s.day, s.queues = day, make(map[string]map[string]int)
	}
	queue := s.queues[department]
	if queue == nil {
		queue = make(map[string]int)
		s.queues[department] = queue
	}
	if queue[pseudonym] == 0 {
		queue[pseudonym] = len(queue) + 1
	}
	return queue[pseudonym]
}
