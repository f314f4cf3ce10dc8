// Package recent keeps what was computed for things that come again, in bounded
// memory that nobody can sweep clean: a thing must have been seen before to get
// in at all, and to take the place of another it must come more often than that.
package recent

import (
	"hash/maphash"
	"sync"
)

const (
	ways      = 8 // places that a thing may stand in
	maxCredit = 3
	doorCells = 4 // for each place
)

// A Store holds values of things that were met lately, by their names. A name is
// all that the value follows from, or a digest of it. It is safe for concurrent use.
type Store[V any] struct {
	mu     sync.Mutex
	seed   maphash.Seed
	after  uint8
	groups int
	places []place[V] // the same number in each group
	door   []sighting // and before it
	held   int
	turn   uint
}

// A sighting says how often a thing came that has no place. Where a door is full,
// who comes pushes one out: so a flood of things that come once only makes the
// store forget who stood at the door, never what it holds. Only then are two, of
// whom each pushes out the other, left to wait.
type sighting struct {
	tag uint32
	n   uint8
}

type place[V any] struct {
	hash   uint64
	name   string
	value  V
	credit uint8 // it came so often lately; 0 is a free place, or one that may be taken
	taken  bool
}

// is reports whether the thing of that name stands here. Names of one kind begin
// alike, so the hash comes first.
func (p *place[V]) is(hash uint64, name []byte) bool {
	return p.taken && p.hash == hash && p.name == string(name)
}

// New returns a store for at least size values, at least one, of things that
// were seen after times.
func New[V any](size, after int) *Store[V] {
	size = max(size, 1)
	groups := (size + ways - 1) / ways
	size = (size + groups - 1) / groups * groups
	return &Store[V]{seed: maphash.MakeSeed(), after: uint8(after), groups: groups, places: make([]place[V], size), door: make([]sighting, size*doorCells)}
}

// part returns where a thing may stand, or be seen.
func part[T any](list []T, groups int, hash uint64) []T {
	n := len(list) / groups
	i := int(hash%uint64(groups)) * n
	return list[i : i+n]
}

// Get returns what is held for a name.
func (s *Store[V]) Get(name []byte) (v V, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	hash := maphash.Bytes(s.seed, name)
	group := part(s.places, s.groups, hash)
	for i := range group {
		if p := &group[i]; p.is(hash, name) {
			p.credit = min(p.credit+1, maxCredit)
			return p.value, true
		}
	}
	return v, false
}

// Want takes note that a thing came, and reports whether Put would find it a place.
func (s *Store[V]) Want(name []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	hash := maphash.Bytes(s.seed, name)
	cell := s.sighting(hash)
	if cell.n++; cell.n < s.after {
		return false
	}
	cell.n = 0 // who finds no room comes so often again before he is asked
	group := part(s.places, s.groups, hash)
	if weakest(group).credit == 0 {
		return true
	}
	// All take their turn, or those who came last would only push out each other.
	s.turn++
	if p := &group[s.turn%uint(len(group))]; p.credit > 0 {
		p.credit--
	}
	return false
}

// sighting returns the cell of a thing, which may be a new one.
func (s *Store[V]) sighting(hash uint64) *sighting {
	door, tag := part(s.door, s.groups, hash), uint32(hash>>32)
	cell := &door[tag%uint32(len(door))]
	for i := range door {
		switch c := &door[i]; {
		case c.n == 0:
			cell = c
		case c.tag == tag:
			return c
		}
	}
	*cell = sighting{tag: tag}
	return cell
}

// weakest returns the place that came least.
func weakest[V any](group []place[V]) *place[V] {
	w := &group[0]
	for i := range group {
		if group[i].credit < w.credit {
			w = &group[i]
		}
	}
	return w
}

// Put holds v for a name, in the weakest place.
func (s *Store[V]) Put(name []byte, v V) {
	s.mu.Lock()
	defer s.mu.Unlock()
	hash := maphash.Bytes(s.seed, name)
	group := part(s.places, s.groups, hash)
	p := weakest(group)
	for i := range group {
		if group[i].is(hash, name) { // another goroutine was first
			p = &group[i]
		}
	}
	if !p.taken {
		s.held++
	}
	*p = place[V]{hash, string(name), v, 1, true}
}

// Clear forgets everything.
func (s *Store[V]) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.door)
	clear(s.places)
	s.held = 0
}

// Len returns how many values are held, and Cap how many can be.
func (s *Store[V]) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held
}

// Cap returns how many values can be held.
func (s *Store[V]) Cap() int { return len(s.places) }
