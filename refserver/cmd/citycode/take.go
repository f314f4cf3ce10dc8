package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/refserver/store"
)

type takeCmd struct {
	From  string `required:"" help:"Public directory of the city." placeholder:"DIR"`
	State string `required:"" help:"State directory of the terminal. Made where missing." placeholder:"DIR"`
	JSON  bool   `name:"json" help:"Print what is in use as JSON."`
}

// Help is what --help prints below the usage.
func (takeCmd) Help() string {
	return `Verifies root changes, trust list, snapshot, status lists and deltas, and the lists of other cities, and keeps them as one set: all of it or, where anything of the own city is refused, none. A list that is refused never replaces the one in use, and after a power cut the set is the old one or the new one.

Exit code 1 if something was refused; what is printed is what is in use then.

Example:

    citycode lists take --from shenyang/public --state gate`
}

// heldLists is what a terminal has in use.
type heldLists struct {
	City     int          `json:"city"`
	Epoch    uint32       `json:"epoch"`
	Floor    time.Time    `json:"floor"` // highest signed time ever stored
	Lists    []signedList `json:"lists"`
	Snapshot *time.Time   `json:"snapshotExpires,omitempty"`
	Refused  []string     `json:"refused,omitempty"`
}

// Run updates the state.
func (c *takeCmd) Run(ctx context.Context, std *stdio) error {
	lists, err := store.OpenLists(ctx, store.ListsConfig{Dir: store.PublicDir(c.From), State: c.State})
	if err != nil {
		return err
	}
	held := inUse(lists)
	if c.JSON {
		err = json.NewEncoder(std.Out).Encode(held)
	} else if _, err = fmt.Fprintf(std.Out, "city %06d, roots of epoch %d, floor %s\n", held.City, held.Epoch, held.Floor.Format(time.RFC3339)); err == nil {
		err = printLists(std, held.Lists, false)
	}
	if err == nil && len(held.Refused) > 0 {
		err = refusal(fmt.Sprintf("refused: %s", held.Refused[0]))
	}
	return err
}

func inUse(l *store.Lists) *heldLists {
	h := &heldLists{City: l.Roots.City, Epoch: l.Roots.Epoch, Floor: l.Floor.UTC(), Lists: []signedList{{store.TrustName, l.Trust.Version().String()}}}
	if l.Snapshot != nil {
		ends := l.Snapshot.Expires()
		h.Snapshot = &ends
		h.Lists = append(h.Lists, signedList{store.SnapshotName, l.Snapshot.Version().String()})
	}
	for _, f := range l.Foreign {
		h.Lists = append(h.Lists, signedList{store.ForeignName(f.City()) + "/" + store.TrustName, f.Version().String()})
	}
	for _, s := range l.Status {
		name := store.StatusName(s.Issuer(), s.List())
		if city := s.Issuer().City(); city != h.City {
			name = store.ForeignName(city) + "/" + name
		}
		h.Lists = append(h.Lists, signedList{name, s.Version().String()})
	}
	for _, err := range l.Refused {
		h.Refused = append(h.Refused, oneLine(err.Error()))
	}
	return h
}
