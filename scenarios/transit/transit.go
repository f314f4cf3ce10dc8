// Package transit is the bus and metro gate (扫码乘车): a citizen shows a ride
// code and the gate opens, with no network.
//
// The gate decides only what must be decided at once: whether its line takes
// the code (线路受理名单), and whether the person owes for rides before. The
// offline allowance and the spacing of visits are those of the contract,
// scenarios.Offline: what is not asked of a server cannot be taken back, so
// the allowance is what a lost phone or a bad debt can cost. No fare is
// computed here. The gate writes a tap record (package tap) into its queue
// before it opens; package office makes journeys, fares and money of them.
//
// The actions, with their parameters:
//
//	board  {"line":"168","vehicle":"5501","stop":"B168-03"}   onto a bus; vehicle and stop if known
//	enter  {"network":"metro","stop":"M1-00-A","line":"m1"}   into a station; line if the gate belongs to one
//	exit   {"network":"metro","stop":"M1-12-A"}               out of one
//
// Its reasons, besides those of the code standard: line-not-accepted,
// unpaid-debt. An exit is never refused for a debt: the person is inside.
//
// A concession (优待) that has expired, or that the gate does not know, is never
// a refusal: the person rides at the full fare and is told so.
//
// Packages beside this one: tap, deny (the list of debtors), fare and gtfs
// (what rides cost), office (the back office), inspect (the inspector's check).
package transit

import (
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/agreement"
	"github.com/citizencode/citizencode/scenarios/transit/deny"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

// The actions of a gate.
const (
	Board = string(tap.Board)
	Enter = string(tap.Enter)
	Exit  = string(tap.Exit)
)

// The reasons of a gate.
const (
	// LineNotAccepted: the operator of the line does not take the code. Where
	// its agreement names another code, the outcome is an [agreement.Notice].
	LineNotAccepted = "line-not-accepted"
	// UnpaidDebt: rides before could not be charged.
	UnpaidDebt = "unpaid-debt"
)

// DefaultOfflineRides is the offline allowance of a credential in taps.
const DefaultOfflineRides = 10

// Spacing is the shortest time between two taps of one credential.
const Spacing = 3 * time.Second

// A Config says how the lines of an operator take the code. The zero value is a
// gate that takes it on every line and writes no taps.
type Config struct {
	// Lines that take the code. Nil means every line; an empty list none.
	Lines []string
	// Agreements decide instead of Lines, by the moment of each visit; their
	// places are lines, or networks where a station's gate names no line.
	Agreements *agreement.Registry
	Operator   string // in Agreements and in taps

	// OfflineRides is how many taps a credential makes between two online
	// contacts; 0 means DefaultOfflineRides, less means none.
	OfflineRides int

	// Deny is the list of those who owe; nil: nobody does.
	Deny *deny.Holder
	// Concessions tell a rider at once that his has expired; what counts for
	// the fare is the back office's own table.
	Concessions tap.Concessions
	// Queue takes the taps. Nil writes none: then nobody is charged.
	Queue tap.Queue
	// Lists returns the versions of the lists that the verifier judges by;
	// nil: unknown.
	Lists func() tap.Lists
}

// A Scenario is the gates of one operator. It has none of the abilities that
// change what was: those are the back office's.
type Scenario struct {
	cfg     Config
	offline scenarios.Offline
	counts  [len(counted)]atomic.Int64
	last    atomic.Pointer[lastParams]
}

var (
	_ scenarios.Scenario = (*Scenario)(nil)
	_ scenarios.Meter    = (*Scenario)(nil)
)

// New returns the scenario.
func New(cfg Config) *Scenario {
	cfg.Lines = slices.Clone(cfg.Lines)
	s := &Scenario{cfg: cfg, offline: scenarios.Offline{Policy: scenarios.WithinBudget, Uses: cfg.OfflineRides, Spacing: Spacing}}
	switch {
	case cfg.OfflineRides == 0:
		s.offline.Uses = DefaultOfflineRides
	case cfg.OfflineRides < 0:
		s.offline = scenarios.Offline{Spacing: Spacing}
	}
	return s
}

// ID returns "transit".
func (s *Scenario) ID() scenarios.ID { return "transit" }

// Describe returns what the gates declare.
func (s *Scenario) Describe() scenarios.Description {
	return scenarios.Description{Purpose: scenarios.Text{Zh: "乘车", En: "to ride"}, Group: scenarios.Public, Audience: citycode.Transit,
		Actions: []string{Board, Enter, Exit}, Identity: scenarios.Pseudonym, Claims: scenarios.BenefitClass | scenarios.ShownCode, Offline: s.offline}
}

// Accepts reports whether p is the ride code, the universal or a fused code, a card or a
// code in the hands of a guardian. Printed codes never open a gate.
func (s *Scenario) Accepts(p citycode.Profile) bool {
	switch p.ID {
	case citycode.ProfileTransit, citycode.ProfileUniversal, citycode.ProfileFused, citycode.ProfileCard, citycode.ProfileDelegated:
		return true
	}
	return false
}

// What a gate counts, by the place in Scenario.counts.
const (
	taps = iota
	expired
	notAccepted
	debtors
)

var counted = [...]scenarios.Metric{
	taps:        {Name: "transit-taps", Help: scenarios.Text{Zh: "放行次数", En: "times that a gate opened"}},
	expired:     {Name: "transit-concessions-expired", Help: scenarios.Text{Zh: "优待过期按全价", En: "riders whose concession has expired"}},
	notAccepted: {Name: "transit-line-not-accepted", Help: scenarios.Text{Zh: "线路未接入", En: "refused: the line does not take the code"}},
	debtors:     {Name: "transit-unpaid-debt", Help: scenarios.Text{Zh: "欠费拒乘", En: "refused: a debt is unpaid"}},
}

// Metrics counts since the program started.
func (s *Scenario) Metrics() []scenarios.Metric {
	list := slices.Clone(counted[:])
	for i := range list {
		list[i].Value = s.counts[i].Load()
	}
	return list
}

// missing is the error for a parameter that an action needs.
func missing(name string) error {
	return &scenarios.RequestError{Path: "params." + name, Err: errors.New("not there")}
}
