// Package deny is the list of those who are not let in until they have paid
// (拒付名单): the back office makes it, gates hold the newest that they have got.
package deny

import (
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/citizencode/citizencode/scenarios"
)

// MaxPeople bounds a list.
const MaxPeople = 1 << 20

// A List is the people who owe for rides that could not be charged, by
// pseudonym and in order. It goes to the operator's own gates only.
type List struct {
	Version uint64   `json:"version"` // rises with every change
	People  []string `json:"people"`
}

// Has reports whether a person is on the list.
func (l *List) Has(person string) bool {
	_, found := slices.BinarySearch(l.People, person)
	return found
}

// A Holder is the list that gates judge by. The zero value holds an empty one of
// version 0. It is safe for concurrent use.
type Holder struct{ list atomic.Pointer[List] }

// List returns what is held. It is not to be changed.
func (h *Holder) List() *List {
	if l := h.list.Load(); l != nil {
		return l
	}
	return new(List)
}

// Set takes a list that has arrived. One that is older than what is held is no
// error and changes nothing: lists overtake each other, and whoever could bring
// an old one back could let a debtor in. Out of order is an error.
func (h *Holder) Set(l *List) error {
	if len(l.People) > MaxPeople {
		return &scenarios.RequestError{Path: "people", Err: fmt.Errorf("more than %d", MaxPeople)}
	}
	for i := 1; i < len(l.People); i++ {
		if l.People[i] <= l.People[i-1] {
			return &scenarios.RequestError{Path: fmt.Sprintf("people[%d]", i), Err: fmt.Errorf("not in order")}
		}
	}
	own := &List{l.Version, slices.Clone(l.People)}
	for {
		held := h.list.Load()
		if held != nil && held.Version >= own.Version {
			return nil
		}
		if h.list.CompareAndSwap(held, own) {
			return nil
		}
	}
}
