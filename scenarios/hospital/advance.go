package hospital

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/ledger"
)

// neededApprovals is how many different persons decide about an advance.
const neededApprovals = 2

// An Approval is one person's decision about an advance.
type Approval struct {
	Staff  string `json:"staff"`
	Accept bool   `json:"accept"`
	Note   string `json:"note,omitempty"`
}

// An Advance (急重症资金垫付) is what the emergency fund has laid out for a visit,
// and what became of it. Advanced = Insurer + Person + Fund + Hospital + Open.
type Advance struct {
	Encounter string     `json:"encounter"`
	Patient   string     `json:"patient,omitempty"`
	Staff     string     `json:"staff"` // who broke the glass
	Reason    string     `json:"reason"`
	At        time.Time  `json:"at"`
	Cap       int64      `json:"cap"`
	Approvals []Approval `json:"approvals"`
	Decided   bool       `json:"decided"`  // by two persons
	Approved  bool       `json:"approved"` // and by both
	Advanced  int64      `json:"advanced"`
	Asked     bool       `json:"asked"`    // the insurer has been asked
	Insurer   int64      `json:"insurer"`  // recovered from it,
	Person    int64      `json:"person"`   // and from the patient
	Fund      int64      `json:"fund"`     // lost by the fund
	Hospital  int64      `json:"hospital"` // borne by the hospital, where it was not approved
	Open      int64      `json:"open"`
}

// An advance is an Advance with what drives it.
type advance struct {
	Advance
	pool, account int64 // that the insurer is asked for
	attempt       int
	planned       bool
	at            time.Time // of the recovery
}

// left returns what has not been recovered or written off.
func (a *advance) left() int64 { return a.Advanced - a.Insurer - a.Person - a.Fund - a.Hospital }

// BreakGlassRequest begins the treatment of somebody who cannot be asked.
type BreakGlassRequest struct {
	Key        string    `json:"-"`
	At         time.Time `json:"-"`
	Staff      string    `json:"staff"` // by his staff card
	Reason     string    `json:"reason"`
	Patient    string    `json:"patient,omitempty"` // "" where nobody knows
	Department string    `json:"department,omitempty"`
}

// A Glass is the outcome of BreakGlass.
type Glass struct {
	Encounter string `json:"encounter"`
	Cap       int64  `json:"cap"`
}

// BreakGlass opens an emergency visit (急重症绿色通道): its orders are borne by the
// fund, without a check of credit and with no partner asked, so that it works
// without a network. Two other persons decide afterwards. Refused: not-offered,
// staff-unknown.
func (s *Scenario) BreakGlass(ctx context.Context, r BreakGlassRequest) (*scenarios.Decision, error) {
	r.Reason = oneLine(r.Reason)
	switch {
	case r.Reason == "":
		return nil, wrong("reason", "who breaks the glass says why")
	case r.Patient != "" && !isPatient(r.Patient):
		return nil, errPatient
	}
	return s.do(ctx, r.Key, r.At, r, glassBroken, func(st *state) (any, *scenarios.Decision, error) {
		if !s.can(Emergency) {
			return nil, refuse(NotOffered), nil
		}
		if _, known := s.staff[r.Staff]; !known {
			return nil, refuse(StaffUnknown), nil
		}
		id := fmt.Sprintf("e%d", len(st.encounters)+1)
		d, err := scenarios.Allowed(scenarios.Text{Zh: "急救通道已开通，请先救治，两人事后审批", En: "Treat first; two others will decide about the advance"}, Glass{id, s.advanceCap})
		return glassChange{Encounter: id, Patient: r.Patient, Day: s.day(r.At), Staff: r.Staff, Reason: r.Reason, Cap: s.advanceCap, Terms: s.terms}, d, err
	})
}

func (st *state) breakGlass(e eventlog.Event, c glassChange) error {
	day, err := ledger.ParseDay(c.Day)
	if err != nil {
		return err
	}
	en := st.newEncounter(c.Encounter, c.Patient, day, e.Time, c.Terms)
	en.advance = &advance{Advance: Advance{Encounter: c.Encounter, Staff: c.Staff, Reason: c.Reason, At: e.Time, Cap: c.Cap}}
	st.advances = append(st.advances, c.Encounter)
	return nil
}

// IdentifyRequest says who the patient of an emergency is.
type IdentifyRequest struct {
	Key       string    `json:"-"`
	At        time.Time `json:"-"`
	Encounter string    `json:"encounter"`
	Patient   string    `json:"patient"`
	By        string    `json:"by"`
}

// Identify names the patient of an emergency visit, once. Refused:
// not-an-advance, patient-known, staff-unknown.
func (s *Scenario) Identify(ctx context.Context, r IdentifyRequest) (*scenarios.Decision, error) {
	if !isPatient(r.Patient) {
		return nil, errPatient
	}
	return s.do(ctx, r.Key, r.At, r, identified, func(st *state) (any, *scenarios.Decision, error) {
		en, reason := s.emergency(r.Encounter, r.By)
		switch {
		case reason != "":
			return nil, refuse(reason), nil
		case en.patient != "":
			return nil, refuse(PatientKnown), nil
		}
		d, err := scenarios.Allowed(scenarios.Text{Zh: "已确认患者身份", En: "The patient is identified"}, nil)
		return identifiedChange{r.Encounter, r.Patient}, d, err
	})
}

// emergency finds the visit of an advance for a member of the staff.
func (s *Scenario) emergency(encounter, by string) (en *encounter, reason string) {
	if _, known := s.staff[by]; !known {
		return nil, StaffUnknown
	}
	if en = s.state.encounters[encounter]; en == nil || en.advance == nil {
		return nil, NotAnAdvance
	}
	return en, ""
}

func (st *state) identify(c identifiedChange) error {
	en := st.encounters[c.Encounter]
	if en == nil {
		return fmt.Errorf("no encounter %q", c.Encounter)
	}
	st.assign(en, c.Patient)
	for _, id := range en.orders {
		st.orders[id].Patient = c.Patient
	}
	return nil
}

// ApproveRequest is one person's decision about an advance.
type ApproveRequest struct {
	Key       string    `json:"-"`
	At        time.Time `json:"-"`
	Encounter string    `json:"encounter"`
	Staff     string    `json:"staff"`
	Accept    bool      `json:"accept"`
	Note      string    `json:"note,omitempty"`
}

// Approve decides about an advance after the fact. Two different approvers
// decide, neither of whom broke the glass; it is approved if both accept. The
// outcome is the Advance. Refused: staff-unknown, not-an-advance, not-approver,
// own-advance, already-approved.
func (s *Scenario) Approve(ctx context.Context, r ApproveRequest) (*scenarios.Decision, error) {
	r.Note = oneLine(r.Note)
	return s.do(ctx, r.Key, r.At, r, approved, func(st *state) (any, *scenarios.Decision, error) {
		en, reason := s.emergency(r.Encounter, r.Staff)
		switch {
		case reason != "":
		case !s.staff[r.Staff].Approver:
			reason = NotApprover
		case en.advance.Staff == r.Staff:
			reason = OwnAdvance
		case en.advance.Decided || slices.ContainsFunc(en.advance.Approvals, func(a Approval) bool { return a.Staff == r.Staff }):
			reason = AlreadyApproved
		}
		if reason != "" {
			return nil, refuse(reason), nil
		}
		after := en.report()
		after.decide(Approval{r.Staff, r.Accept, r.Note})
		d, err := scenarios.Allowed(scenarios.Text{Zh: "审批已记录", En: "Your decision is recorded"}, after)
		return approvalChange{r.Encounter, r.Staff, r.Accept, r.Note}, d, err
	})
}

func (a *Advance) decide(approval Approval) {
	a.Approvals = append(slices.Clone(a.Approvals), approval)
	a.Decided = len(a.Approvals) >= neededApprovals
	a.Approved = a.Decided && !slices.ContainsFunc(a.Approvals, func(a Approval) bool { return !a.Accept })
}

func (st *state) approve(_ eventlog.Event, c approvalChange) error {
	en := st.encounters[c.Encounter]
	if en == nil || en.advance == nil {
		return fmt.Errorf("no advance for %q", c.Encounter)
	}
	en.advance.decide(Approval{c.Staff, c.Accept, c.Note})
	return nil
}

// report returns how the advance of a visit stands.
func (en *encounter) report() Advance {
	a := en.advance.Advance
	a.Patient, a.Open = en.patient, en.advance.left()
	if a.Approvals == nil {
		a.Approvals = []Approval{}
	}
	return a
}

// Advances lists every advance that was ever made, as the glass was broken.
func (s *Scenario) Advances(ctx context.Context) (list []Advance, err error) {
	err = s.stream.View(ctx, func() error {
		for _, id := range s.state.advances {
			list = append(list, s.state.encounters[id].report())
		}
		return nil
	})
	return list, err
}
