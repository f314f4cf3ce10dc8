package store

import (
	"maps"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
)

// A set is a whole set of lists with the messages that it was opened from and
// what must never be gone back behind. The zero messages are those of a
// terminal that has roots and no lists yet.
type set struct {
	engine engine.Engine
	roots  *Roots
	cities map[int]stored
	marks  map[int]marks
	floor  int64
	lists  *Lists // nil: none that can be used
}

// next returns the set that a bulletin makes of s, which stays as it is. The
// lists of the own city are taken all together or not at all; those of another
// city likewise, and where they are refused the ones that are held stay.
func (s *set) next(b *Bulletin) (*set, error) {
	n := &set{engine: s.engine, cities: make(map[int]stored), marks: maps.Clone(s.marks), floor: s.floor}
	if n.marks == nil {
		n.marks = make(map[int]marks)
	}
	var err error
	// The new roots come with lists that they have signed: alone they would
	// leave a terminal that trusts nobody.
	if n.roots, err = s.roots.follow(b.Changes); err != nil {
		return nil, err
	}
	cfg := n.roots.Config()
	cfg.Engine = s.engine
	home, err := openCity(cfg, b.Publication, s.held(cfg.City), s.marks[cfg.City], true)
	if err != nil {
		return nil, err
	}
	n.lists = &Lists{Roots: n.roots, Trust: home.trust, Snapshot: home.snapshot, Status: home.status}
	n.cities[cfg.City], n.marks[cfg.City] = home.stored, home.marks
	for _, g := range home.trust.Grants() {
		n.takeForeign(s, g, b)
	}
	// The verifier says whether they fit together: the snapshot must name them.
	check := n.lists.Config()
	check.InsecureNoReplayGuard, check.TimeFloor = true, time.Unix(s.floor, 0)
	v, err := citycode.NewVerifier(check)
	if err != nil {
		return nil, err
	}
	n.lists.Floor = v.TimeFloor()
	n.floor = v.TimeFloor().Unix()
	return n, nil
}

// takeForeign adds the lists of a city that the own one grants something.
func (n *set) takeForeign(s *set, g citycode.Grant, b *Bulletin) {
	held, m, cfg := s.held(g.City), s.marks[g.City], g.TrustConfig(citycode.Version{}, s.engine)
	p, offered := b.Foreign[g.City]
	if !offered && held == nil {
		return
	}
	c, err := openCity(cfg, p, held, m, false)
	if err != nil && offered {
		n.lists.Refused = append(n.lists.Refused, err)
		c, err = openCity(cfg, Publication{}, held, m, false)
	}
	if err != nil {
		return // its codes are of an unknown issuer
	}
	n.cities[g.City], n.marks[g.City] = c.stored, c.marks
	n.lists.Foreign = append(n.lists.Foreign, c.trust)
	n.lists.Status = append(n.lists.Status, c.status...)
}

func (s *set) held(city int) *stored {
	if c, ok := s.cities[city]; ok {
		return &c
	}
	return nil
}
