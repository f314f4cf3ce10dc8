// Package catalogue lists what a city's code is for (应用目录): 49 functions, in
// three groups, and how far each of them is.
//
// It counts as the field does: how many functions are designed (已设计), how many
// are live (已上线), and how many people actually use (实际使用). The three differ,
// and the last is the one that matters: a city has reported 20, 18 and 10.
//
// What is planned says so. Asked for it, [Open] does not answer as if it were
// there, but tells a person what it is, that it is not open yet, and what to do
// meanwhile.
package catalogue

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/citizencode/citizencode/scenarios"
)

// A State says how far a function is.
type State string

// The states.
const (
	Built   State = "built"   // all of it works, and a test shows it
	Partly  State = "partly"  // some of it works
	Planned State = "planned" // none of it does
)

// An Entry is one function.
type Entry struct {
	Row   int             `json:"row"` // 1 to Rows; never given to another function
	Name  scenarios.Text  `json:"name"`
	Group scenarios.Group `json:"group"`
	State State           `json:"state"`
	// Module is the directory, in this module, of what there is; "" if it is
	// planned.
	Module string `json:"module,omitempty"`
	// Proof names the test in Module that shows a built function.
	Proof string `json:"proof,omitempty"`
	// Scenario and Actions are the visits that are the function's use; no
	// Actions means all of the scenario. "" where nothing is scanned, or where
	// a visit cannot be told from another function's.
	Scenario scenarios.ID `json:"scenario,omitempty"`
	Actions  []string     `json:"actions,omitempty"`
	// Instead is what a person does where the function, or the rest of it, is
	// not there.
	Instead scenarios.Text `json:"instead,omitzero"`
}

// Live reports whether there is something of the function that works.
func (e *Entry) Live() bool { return e.State != Planned }

// Entries returns a copy of the catalogue in the order of rows.
func Entries() []Entry {
	list := slices.Clone(entries)
	for i := range list {
		list[i].Actions = slices.Clone(list[i].Actions)
	}
	return list
}

// The reasons of Open.
const (
	NotOpenYet    = "not-open-yet"
	NoSuchService = "no-such-service"
)

// Open returns the function of a row, or the refusal that a person gets who
// asks for what is not there.
func Open(row int) (*Entry, *scenarios.Decision) {
	if row < 1 || row > len(entries) {
		return nil, scenarios.Refused(NoSuchService, scenarios.Text{
			Zh: "目录中没有这项服务，请查看服务列表或到服务台询问", En: "There is no such service; see the list of services or ask at the service desk"})
	}
	e := Entries()[row-1]
	if e.Live() {
		return &e, nil
	}
	return nil, scenarios.Refused(NotOpenYet, scenarios.Text{
		Zh: fmt.Sprintf("%s：尚未开通，%s", e.Name.Zh, e.Instead.Zh),
		En: fmt.Sprintf("%s: not open yet; %s", e.Name.En, e.Instead.En)})
}

// Window is how long after its last use a function counts as used.
const Window = 30 * 24 * time.Hour

// A Usage counts what was scanned; a city's journal is one.
type Usage interface {
	// Scans returns how many visits of a scenario were allowed from one moment
	// to before another. No action means all.
	Scans(ctx context.Context, id scenarios.ID, action string, from, until time.Time) (int64, error)
}

// Counts are the three figures, and what the second is made of.
type Counts struct {
	Designed int `json:"designed"` // 已设计
	Live     int `json:"live"`     // 已上线: built, or partly
	Built    int `json:"built"`
	Used     int `json:"used"` // 实际使用: live, and scanned in the last 30 days
}

// Count counts the entries at a time.
func Count(ctx context.Context, list []Entry, usage Usage, now time.Time) (Counts, error) {
	c := Counts{Designed: len(list)}
	for _, e := range list {
		if !e.Live() {
			continue // whatever a journal says: nothing of it is there to be used
		}
		c.Live++
		if e.State == Built {
			c.Built++
		}
		used, err := e.used(ctx, usage, now)
		if err != nil {
			return Counts{}, fmt.Errorf("catalogue: row %d: %w", e.Row, err)
		}
		if used {
			c.Used++
		}
	}
	return c, nil
}

func (e *Entry) used(ctx context.Context, usage Usage, now time.Time) (bool, error) {
	if e.Scenario == "" {
		return false, nil
	}
	actions := e.Actions
	if len(actions) == 0 {
		actions = []string{""}
	}
	for _, action := range actions {
		n, err := usage.Scans(ctx, e.Scenario, action, now.Add(-Window), now)
		if err != nil || n > 0 {
			return n > 0, err
		}
	}
	return false, nil
}
