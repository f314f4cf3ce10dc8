// Package scenariotest is the contract of package scenarios as a test. Every
// scenario, a city's own too, passes [Run].
package scenariotest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"testing"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/scenarios"
)

// A Script is visits that citizens could make, at least one for every action,
// in the order in which they happen; their Params are ones that the scenario
// takes, and their keys differ. They may be refused, but at least one is
// allowed. It is called once for every carrier and returns the same visits of
// the same people, on that carrier; a [People] makes them.
type Script func(carrier scenarios.Carrier) []scenarios.Visit

// Run tests the scenario that newScenario makes: a new one, with the same
// configuration, at every call.
//
// A scenario whose decisions are complete still has to be tested for being
// right: that is its own test's business.
func Run(t *testing.T, newScenario func() scenarios.Scenario, script Script) {
	t.Helper()
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			t.Helper()
			for _, err := range rule.check(newScenario, script) {
				t.Error(err)
			}
		})
	}
}

// A rule is one clause of the contract. check returns what breaks it.
type rule struct {
	name  string
	check func(newScenario func() scenarios.Scenario, script Script) []error
}

var rules = []rule{
	{"identity", checkIdentity},
	{"description", checkDescription},
	{"static codes", checkStatic},
	{"visits", checkVisits},
	{"asked again", checkAgain},
	{"carriers", checkCarriers},
	{"unknown action", checkUnknownAction},
	{"wrong parameters", checkWrongParams},
	{"cancelled", checkCancelled},
	{"concurrent", checkConcurrent},
}

// problems collects what breaks a rule.
type problems []error

func (p *problems) addf(format string, args ...any) { *p = append(*p, fmt.Errorf(format, args...)) }

var (
	idForm     = regexp.MustCompile(`^[a-z0-9]+([-.][a-z0-9]+)*$`)
	reasonForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
)

func checkIdentity(newScenario func() scenarios.Scenario, _ Script) []error {
	var found problems
	a, b := newScenario(), newScenario()
	switch id := a.ID(); {
	case !idForm.MatchString(string(id)):
		found.addf("ID %q is not a word such as parking or dalian.ferry", id)
	case a.ID() != id || b.ID() != id:
		found.addf("ID %q changes", id)
	}
	accepts := false
	for _, profile := range citycode.Profiles() {
		accepts = accepts || a.Accepts(profile)
	}
	private := citycode.TransitProfile()
	private.ID, private.City = 0xF0, citycode.MinCity
	if !accepts && !a.Accepts(private) {
		found.addf("Accepts: no standard profile is accepted")
	}
	return found
}

// checkDescription: what is declared is complete, never changes, and names
// every action of the script.
func checkDescription(newScenario func() scenarios.Scenario, script Script) []error {
	var found problems
	a := newScenario()
	d := a.Describe()
	if err := d.Validate(); err != nil {
		return append(found, err)
	}
	served := make(map[string]bool)
	for _, v := range first(newScenario, script) {
		a.Handle(context.Background(), &v)
		served[v.Action] = true
		if !slices.Contains(d.Actions, v.Action) {
			found.addf("action %q of the script is not declared", v.Action)
		}
	}
	for _, action := range d.Actions {
		if !served[action] {
			found.addf("action %q is declared and no visit of the script asks for it", action)
		}
	}
	if fmt.Sprint(a.Describe()) != fmt.Sprint(d) || fmt.Sprint(newScenario().Describe()) != fmt.Sprint(d) {
		found.addf("Describe changes")
	}
	return found
}

// first returns the script on the first carrier that the scenario declares.
func first(newScenario func() scenarios.Scenario, script Script) []scenarios.Visit {
	for _, c := range scenarios.AllCarriers() {
		if newScenario().Describe().Carriers.Has(c) {
			return script(c)
		}
	}
	return nil
}

// checkStatic: what is printed can be copied by whoever sees it.
func checkStatic(newScenario func() scenarios.Scenario, _ Script) []error {
	var found problems
	s := newScenario()
	matter := citycode.PlaceProfile()
	matter.ID, matter.Name, matter.Kind, matter.City = 0xF8, "private matter", citycode.Matter, citycode.MinCity
	for _, profile := range append(citycode.Profiles(), matter) {
		if profile.Mode == citycode.Static && s.Accepts(profile) {
			found.addf("Accepts: profile %s is static and opens", profile.Name)
		}
	}
	return found
}

// checkVisits: a visit ends in one complete decision and is left as it was.
func checkVisits(newScenario func() scenarios.Scenario, script Script) []error {
	var found problems
	s := newScenario()
	allowed := false
	for i, v := range first(newScenario, script) {
		before := v
		before.Params = bytes.Clone(v.Params)
		d, err := s.Handle(context.Background(), &v)
		if err != nil {
			found.addf("visit %d, %s: %w", i, v.Action, err)
		}
		found = append(found, complete(d, err)...)
		allowed = allowed || d != nil && d.Allow
		if v.Action != before.Action || v.Terminal != before.Terminal || v.Citizen != before.Citizen || v.Key != before.Key || v.Online != before.Online ||
			!v.Time.Equal(before.Time) || !bytes.Equal(v.Params, before.Params) {
			found.addf("visit %d, %s: Handle changed the visit", i, v.Action)
		}
	}
	if !allowed {
		found.addf("no visit was allowed: the other rules show nothing")
	}
	return found
}

// checkAgain: a terminal that lost the answer asks again, and nothing happens
// twice.
func checkAgain(newScenario func() scenarios.Scenario, script Script) []error {
	var found problems
	s, once := newScenario(), newScenario()
	for i, v := range first(newScenario, script) {
		if v.Key == "" {
			found.addf("visit %d, %s: it has no key", i, v.Action)
		}
		want, wantErr := once.Handle(context.Background(), &v)
		for try := range 3 {
			d, err := s.Handle(context.Background(), &v)
			switch {
			case (err == nil) != (wantErr == nil):
				found.addf("visit %d, %s, time %d: error %v, at first %v", i, v.Action, try+1, err, wantErr)
			case err != nil || try > 0 && !want.Allow: // refused again, for whatever reason
				if d != nil && d.Allow {
					found.addf("visit %d, %s: refused at first, and allowed when asked again", i, v.Action)
				}
			case !same(d, want):
				found.addf("visit %d, %s, time %d: %s, at first %s", i, v.Action, try+1, show(d), show(want))
			}
		}
	}
	return found
}

// checkCarriers: who has no phone is served as who has one.
func checkCarriers(newScenario func() scenarios.Scenario, script Script) []error {
	var found problems
	var want []*scenarios.Decision
	var by scenarios.Carrier
	for _, carrier := range scenarios.AllCarriers() {
		s := newScenario()
		if !s.Describe().Carriers.Has(carrier) {
			continue
		}
		var got []*scenarios.Decision
		for i, v := range script(carrier) {
			if c := v.Citizen.Carrier(); c != carrier {
				found.addf("visit %d of the script on %s is on %s", i, carrier, c)
			}
			d, err := s.Handle(context.Background(), &v)
			if err != nil {
				found.addf("visit %d on %s: %w", i, carrier, err)
			}
			got = append(got, d)
		}
		if by == 0 {
			want, by = got, carrier
			continue
		}
		if len(got) != len(want) {
			found.addf("the script has %d visits on %s and %d on %s", len(got), carrier, len(want), by)
			continue
		}
		for i := range got {
			if !same(got[i], want[i]) {
				found.addf("visit %d: %s on %s, %s on %s", i, show(got[i]), carrier, show(want[i]), by)
			}
		}
	}
	return found
}

func same(a, b *scenarios.Decision) bool { return show(a) == show(b) }

func show(d *scenarios.Decision) string {
	if d == nil {
		return "nothing"
	}
	return fmt.Sprintf("%s, charge %d, outcome %s", d.Reason, d.Charge, d.Outcome)
}

// complete returns what is missing in the answer of Handle.
func complete(d *scenarios.Decision, err error) []error {
	var found problems
	switch {
	case d == nil && err == nil:
		found.addf("neither a decision nor an error")
	case d != nil && err != nil:
		found.addf("a decision (%s) and an error: %w", d.Reason, err)
	}
	if d == nil {
		return found
	}
	if !reasonForm.MatchString(d.Reason) {
		found.addf("reason %q is not a word such as not-inside", d.Reason)
	}
	if d.Allow != (d.Reason == "ok") {
		found.addf("reason %q, allow %t: ok and nothing else opens", d.Reason, d.Allow)
	}
	if d.Message.Zh == "" || d.Message.En == "" {
		found.addf("reason %s: a message is missing: %+v", d.Reason, d.Message)
	}
	if d.Charge < 0 {
		found.addf("reason %s: a charge of %d fen", d.Reason, d.Charge)
	}
	if !d.Allow && d.Charge != 0 {
		found.addf("reason %s: refused, and charged %d fen", d.Reason, d.Charge)
	}
	if d.Repeated {
		found.addf("reason %s: only a terminal says that a decision is repeated", d.Reason)
	}
	if d.Outcome != nil && !json.Valid(d.Outcome) {
		found.addf("reason %s: the outcome is not JSON", d.Reason)
	}
	return found
}

// checkUnknownAction: what a scenario does not know it does not allow.
func checkUnknownAction(newScenario func() scenarios.Scenario, script Script) []error {
	var found problems
	for i, v := range first(newScenario, script) {
		for _, action := range []string{"", "no-such-action", v.Action + " ", "\x00", "上车"} {
			v.Action = action
			found = append(found, notAllowed(newScenario(), v, fmt.Sprintf("visit %d, action %q", i, action))...)
		}
	}
	return found
}

// checkWrongParams: strict JSON, and an unknown name is refused with its path.
func checkWrongParams(newScenario func() scenarios.Scenario, script Script) []error {
	var found problems
	const name = "noSuchParameter"
	for i, v := range first(newScenario, script) {
		for _, params := range []string{"{", "[]", `"x"`, "7", "{}{}", "{\"a\":\xff}", `{"` + name + `":1,"` + name + `":2}`, nested(5000)} {
			v.Params = json.RawMessage(params)
			found = append(found, notAllowed(newScenario(), v, fmt.Sprintf("visit %d, parameters %.20q", i, params))...)
		}
		v.Params = json.RawMessage(`{"` + name + `":1}`)
		if _, err := newScenario().Handle(context.Background(), &v); err == nil || !bytes.Contains([]byte(err.Error()), []byte(name)) {
			found.addf("visit %d: parameter %s: the error does not name it: %v", i, name, err)
		}
	}
	return found
}

func nested(depth int) string {
	return string(bytes.Repeat([]byte(`{"a":`), depth)) + "1" + string(bytes.Repeat([]byte("}"), depth))
}

func notAllowed(s scenarios.Scenario, v scenarios.Visit, what string) []error {
	var found problems
	d, err := s.Handle(context.Background(), &v)
	for _, problem := range complete(d, err) {
		found.addf("%s: %w", what, problem)
	}
	if d != nil && d.Allow {
		found.addf("%s: allowed", what)
	}
	return found
}

// checkCancelled: a cancelled call decides or fails, never both, and what it
// did not decide has left no trace.
func checkCancelled(newScenario func() scenarios.Scenario, script Script) []error {
	var found problems
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s, fresh := newScenario(), newScenario()
	for i, v := range first(newScenario, script) {
		d, err := s.Handle(ctx, &v)
		found = append(found, complete(d, err)...)
		if err == nil {
			continue
		}
		if !errors.Is(err, context.Canceled) {
			found.addf("visit %d, %s: the error is not that of the context: %w", i, v.Action, err)
		}
		d, err = s.Handle(context.Background(), &v)
		want, wantErr := fresh.Handle(context.Background(), &v)
		if err == nil && wantErr == nil && (d.Reason != want.Reason || !bytes.Equal(d.Outcome, want.Outcome)) {
			found.addf("visit %d, %s: after a cancelled call %s %s, without it %s %s", i, v.Action, d.Reason, d.Outcome, want.Reason, want.Outcome)
		}
	}
	return found
}

// checkConcurrent is for the race detector.
func checkConcurrent(newScenario func() scenarios.Scenario, script Script) []error {
	s, visits := newScenario(), first(newScenario, script)
	var (
		mu    sync.Mutex
		found problems
		wait  sync.WaitGroup
	)
	for range 8 {
		for _, v := range visits {
			wait.Go(func() {
				d, err := s.Handle(context.Background(), &v)
				s.Accepts(citycode.TransitProfile())
				mu.Lock()
				defer mu.Unlock()
				found = append(found, complete(d, err)...)
			})
		}
	}
	wait.Wait()
	return found
}
