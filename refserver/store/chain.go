package store

import (
	"errors"
	"fmt"
	"slices"

	"github.com/citizencode/citizencode/citycode"
)

// A stored is the messages of one city that are in use.
type stored struct {
	trust    Message
	snapshot *Message
	status   map[statusName]chain
}

// messages returns all of them.
func (s stored) messages() []Message {
	list := []Message{s.trust}
	if s.snapshot != nil {
		list = append(list, *s.snapshot)
	}
	for _, name := range sortedNames(s.status) {
		list = append(append(list, s.status[name].whole), s.status[name].deltas...)
	}
	return list
}

// A chain is one status list: a whole one and the deltas behind it.
type chain struct {
	whole  Message
	deltas []Message
}

// open opens the list as it is behind all its deltas.
func (c chain) open(trust *citycode.TrustList) (*citycode.StatusList, error) {
	l, err := citycode.OpenStatusList(c.whole.Bytes, trust, citycode.Version{})
	if err != nil {
		return nil, &DamagedError{c.whole.Name, err}
	}
	for _, d := range c.deltas {
		if l, err = l.Apply(d.Bytes, trust); err != nil {
			return nil, &DamagedError{d.Name, err}
		}
	}
	return l, nil
}

// A way is a chain with the list that it makes.
type way struct {
	chain
	list *citycode.StatusList
}

// advance returns the newest list that the deltas make of one of the ways, and
// its chain. A delta may follow the list that is held or the one that is
// offered with it, and be passed over for the other.
func advance(trust *citycode.TrustList, ways []way, deltas []Message) (best *citycode.StatusList, by chain, err error) {
	var astray error // what did not fit the best one
	for _, w := range ways {
		l, c := w.list, chain{w.whole, slices.Clone(w.deltas)}
		var lost error
		for _, d := range deltas {
			next, err := l.Apply(d.Bytes, trust)
			var refused *citycode.ListError
			switch {
			case err == nil:
				l, c.deltas = next, append(c.deltas, d)
			case errors.As(err, &refused) && refused.Reason == citycode.ListRollback: // it is in already
			case errors.As(err, &refused) && refused.Reason == citycode.ListWrongBase:
				lost = &DamagedError{d.Name, err}
			default:
				return nil, chain{}, &DamagedError{d.Name, err}
			}
		}
		if best == nil || best.Version().Before(l.Version()) {
			best, by, astray = l, c, lost
		}
	}
	if astray == nil && len(by.deltas) > maxDeltas {
		astray = fmt.Errorf("%s: more than %d deltas behind it: the whole list is needed", by.whole.Name, maxDeltas)
	}
	return best, by, astray
}
