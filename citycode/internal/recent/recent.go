// Package recent keeps what was computed for things that come again, in bounded
// memory that nobody can sweep clean: a thing must have been seen before to get
// in at all, and to take the place of another it must come more often than that.
package recent

import (
	"hash/maphash"
	"sync"
)

// A Key names a thing: a digest of all that its value follows from.
type Key = [32]byte

const (
	ways      = 4 // places that a thing may stand in
	maxCredit = 3
	doorCells = 4 // for each place
)

// A Store holds values of things that were met lately. It is safe for concurrent
// use.
type Store[V any] struct {
	mu     sync.Mutex
	seed   maphash.Seed
	after  uint8
	door   []sighting
	places []place[V] // in groups of ways
	held   int
	turn   uint
}

// A sighting says how often a thing came that has no place. Who comes next at
// the same cell pushes it out: so a flood of things that come once only makes
// the store forget who stood at the door, never what it holds.
type sighting struct {
	tag uint32
	n   uint8
}

type place[V any] struct {
	key    Key
	value  V
	credit uint8 // it came so often lately; 0 is a free place, or one that may be taken
	taken  bool
}

// New returns a store for at least size values, at least one, of things that
// were seen after times.
func New[V any](size, after int) *Store[V] {
	groups := (max(size, 1) + ways - 1) / ways
	return &Store[V]{seed: maphash.MakeSeed(), after: uint8(after), door: make([]sighting, groups*ways*doorCells), places: make([]place[V], groups*ways)}
}

func (s *Store[V]) group(hash uint64) []place[V] {
	i := int(hash%uint64(len(s.places)/ways)) * ways
	return s.places[i : i+ways]
}

// Get returns what is held for k.
func (s *Store[V]) Get(k *Key) (v V, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	group := s.group(maphash.Bytes(s.seed, k[:]))
	for i := range group {
		if p := &group[i]; p.taken && p.key == *k {
			p.credit = min(p.credit+1, maxCredit)
			return p.value, true
		}
	}
	return v, false
}

// Want takes note that k came, and reports whether Put would find it a place.
func (s *Store[V]) Want(k *Key) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	hash := maphash.Bytes(s.seed, k[:])
	cell, tag := &s.door[hash%uint64(len(s.door))], uint32(hash>>32)
	if cell.tag != tag {
		*cell = sighting{tag: tag}
	}
	if cell.n++; cell.n < s.after {
		return false
	}
	cell.n = 0 // who finds no room comes so often again before he is asked
	group := s.group(hash)
	if weakest(group).credit == 0 {
		return true
	}
	// All take their turn, or those who came last would only push out each other.
	s.turn++
	if p := &group[s.turn%ways]; p.credit > 0 {
		p.credit--
	}
	return false
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

// Put holds v for k, in the weakest place.
func (s *Store[V]) Put(k *Key, v V) {
	s.mu.Lock()
	defer s.mu.Unlock()
	group := s.group(maphash.Bytes(s.seed, k[:]))
	p := weakest(group)
	for i := range group {
		if group[i].taken && group[i].key == *k { // another goroutine was first
			p = &group[i]
		}
	}
	if !p.taken {
		s.held++
	}
	*p = place[V]{*k, v, 1, true}
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
