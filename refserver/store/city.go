package store

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/citizencode/citizencode/citycode"
)

// marks are the highest versions of a city's lists that were ever accepted. An
// old trust list that is put back would list a key that was taken off it.
type marks struct {
	trust, snapshot citycode.Version
	status          map[statusName]citycode.Version
}

// Limits of the status lists that are remembered: of the own city, and of
// another one, which must not be able to fill this one's terminals.
const (
	maxMarks        = 4096
	maxForeignMarks = 256
)

// cityLists are the opened lists of one city.
type cityLists struct {
	stored
	marks
	trust    *citycode.TrustList
	snapshot *citycode.Snapshot
	status   []*citycode.StatusList
}

// openCity opens what a city offers, and what is held of it where it offers
// nothing: all of it, or nothing and why.
func openCity(cfg citycode.TrustConfig, p Publication, held *stored, m marks, home bool) (*cityLists, error) {
	if p.err != nil {
		return nil, p.err
	}
	if held == nil {
		held = new(stored)
	}
	c := &cityLists{stored: stored{status: make(map[statusName]chain)}}
	switch {
	case p.Trust != nil:
		c.stored.trust = *p.Trust
	case held.trust.Bytes != nil:
		c.stored.trust = held.trust
	default:
		return nil, p.missing(TrustName)
	}
	var err error
	cfg.Have = m.trust
	if c.trust, err = openTrust(c.stored.trust, cfg); err != nil {
		return nil, err
	}
	c.marks = marks{trust: c.trust.Version(), snapshot: m.snapshot, status: maps.Clone(m.status)}
	if c.marks.status == nil {
		c.marks.status = make(map[statusName]citycode.Version)
	}
	if home { // a verifier looks at its own city's snapshot only
		if err := c.openSnapshot(p, held); err != nil {
			return nil, err
		}
	}
	return c, c.openStatus(p, held, home)
}

// openSnapshot opens the snapshot. Where there ever was one and the trust list
// still names who signs them, there must be one: otherwise whoever leaves it
// out could go on for ever with lists of which the snapshot says that they end.
func (c *cityLists) openSnapshot(p Publication, held *stored) error {
	c.stored.snapshot = p.Snapshot
	signs := func(e citycode.TrustEntry) bool { return e.Use == citycode.UseSnapshot }
	if p.Snapshot == nil && slices.ContainsFunc(c.trust.Entries(), signs) {
		c.stored.snapshot = held.snapshot
	}
	switch {
	case c.stored.snapshot != nil:
	case c.marks.snapshot != citycode.Version{} && slices.ContainsFunc(c.trust.Entries(), signs):
		return p.missing(SnapshotName)
	default:
		return nil
	}
	var err error
	if c.snapshot, err = citycode.OpenSnapshot(c.stored.snapshot.Bytes, c.trust, c.marks.snapshot); err != nil {
		return &DamagedError{c.stored.snapshot.Name, err}
	}
	c.marks.snapshot = c.snapshot.Version()
	return nil
}

// openStatus opens every status list that is offered or held.
func (c *cityLists) openStatus(p Publication, held *stored, home bool) error {
	ways := make(map[statusName][]way) // what is offered first
	offered := make(map[statusName]Message)
	add := func(k chain) (statusName, error) {
		l, err := k.open(c.trust)
		if err != nil {
			return statusName{}, err
		}
		name := statusName{l.Issuer(), l.List()}
		ways[name] = append(ways[name], way{k, l})
		return name, nil
	}
	for _, m := range p.Status {
		name, err := add(chain{whole: m})
		if err != nil {
			return err
		}
		if len(ways[name]) > 1 {
			return damaged(m.Name, "list %d of %s stands twice", name.list, name.issuer)
		}
		offered[name] = m
	}
	for name, k := range held.status {
		if len(k.deltas) == 0 && bytes.Equal(offered[name].Bytes, k.whole.Bytes) {
			continue
		}
		// One whose signer has left the trust list ends with him.
		if _, err := add(k); err == nil && len(k.deltas) > 0 {
			add(chain{whole: k.whole}) // the next delta may follow the whole list again
		}
	}
	deltas := make(map[statusName][]Message)
	for _, m := range p.Deltas {
		name, _ := m.about()
		if ways[name] == nil {
			return damaged(m.Name, "it follows a list that is not at hand")
		}
		deltas[name] = append(deltas[name], m)
	}
	for _, name := range sortedNames(ways) {
		l, k, err := advance(c.trust, ways[name], deltas[name])
		if err != nil {
			return err
		}
		mark := c.marks.status[name]
		m, isOffered := offered[name]
		// What is offered is the best unless it is older than what is held.
		if old := isOffered && l.Version() == mark && !bytes.Equal(m.Bytes, k.whole.Bytes); old || l.Version().Before(mark) {
			if !old {
				m = k.whole
			}
			return &DamagedError{m.Name, &citycode.ListError{List: "status list", Reason: citycode.ListRollback, Err: fmt.Errorf("it is older than version %s", mark)}}
		}
		c.stored.status[name], c.marks.status[name] = k, l.Version()
		c.status = append(c.status, l)
	}
	limit := maxForeignMarks
	if home {
		limit = maxMarks
	}
	if len(c.marks.status) > limit {
		return fmt.Errorf("city %06d has had more than %d status lists", c.trust.City(), limit)
	}
	return c.complete(p)
}

// complete fails if a key that signs credentials has no status list at all:
// somebody forgot to copy it, or took it away.
func (c *cityLists) complete(p Publication) error {
	for _, e := range c.trust.Entries() {
		if e.Use >= citycode.UseStatus { // it signs lists
			continue
		}
		if !slices.ContainsFunc(c.status, func(s *citycode.StatusList) bool { return s.Issuer() == e.ID }) {
			return p.missing(StatusName(e.ID, 0))
		}
	}
	return nil
}

func sortedNames[V any](m map[statusName]V) []statusName {
	return slices.SortedFunc(maps.Keys(m), func(a, b statusName) int {
		return cmp.Or(cmp.Compare(a.issuer, b.issuer), cmp.Compare(a.list, b.list))
	})
}
