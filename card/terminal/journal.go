package terminal

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/citizencode/citizencode/card/key"
)

var be = binary.BigEndian

// A Journal keeps the claims of one terminal until the back office has them. Implementations are safe for concurrent
// use.
type Journal interface {
	// Put makes a claim durable, or what is newly known of it, before it returns.
	Put(ctx context.Context, c Claim) error
	// Open returns the claims on a card that are unresolved, the oldest first.
	Open(ctx context.Context, card key.Factor) ([]Claim, error)
	// Pending returns up to limit claims of which the back office has not acknowledged what is known now, in the order
	// of their numbers.
	Pending(ctx context.Context, limit int) ([]Claim, error)
	// Acknowledge says that the back office has these claims as they are here. A claim of which more is known
	// meanwhile stays pending.
	Acknowledge(ctx context.Context, claims []Claim) error
}

// ErrReused refuses a claim under the number of another order.
var ErrReused = errors.New("terminal: this number is another order's")

// A MemoryJournal is a Journal that a restart forgets, for tests and demonstrations.
type MemoryJournal struct {
	mu     sync.Mutex
	claims claimSet
}

var _ Journal = (*MemoryJournal)(nil)

// NewMemoryJournal returns an empty journal.
func NewMemoryJournal() *MemoryJournal { return &MemoryJournal{claims: newClaimSet()} }

// Put implements [Journal].
func (j *MemoryJournal) Put(ctx context.Context, c Claim) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := j.claims.check(c); err != nil {
		return err
	}
	j.claims.put(c)
	return nil
}

// Open implements [Journal].
func (j *MemoryJournal) Open(ctx context.Context, card key.Factor) ([]Claim, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.claims.openOf(card), ctx.Err()
}

// Pending implements [Journal].
func (j *MemoryJournal) Pending(ctx context.Context, limit int) ([]Claim, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.claims.pending(limit), ctx.Err()
}

// Acknowledge implements [Journal].
func (j *MemoryJournal) Acknowledge(ctx context.Context, claims []Claim) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range claims {
		j.claims.acknowledge(c)
	}
	return ctx.Err()
}

// A claimSet is what a journal says: the claims that are unresolved or pending. The others are forgotten.
type claimSet struct {
	claims  map[uint32]Claim
	waiting map[uint32]bool // not acknowledged
}

func newClaimSet() claimSet { return claimSet{make(map[uint32]Claim), make(map[uint32]bool)} }

// check refuses what would make two orders one.
func (s *claimSet) check(c Claim) error {
	if old, ok := s.claims[c.Number]; ok && old.Order != c.Order {
		return ErrReused
	}
	return nil
}

func (s *claimSet) put(c Claim) {
	s.claims[c.Number] = c
	s.waiting[c.Number] = true
}

func (s *claimSet) acknowledge(c Claim) {
	if !s.waiting[c.Number] || s.claims[c.Number] != c {
		return
	}
	delete(s.waiting, c.Number)
	if c.State != Unresolved {
		delete(s.claims, c.Number)
	}
}

func (s *claimSet) openOf(card key.Factor) (list []Claim) {
	for _, c := range s.claims {
		if c.State == Unresolved && c.Order.Card == card {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, compareNumbers)
	return list
}

func (s *claimSet) pending(limit int) (list []Claim) {
	for _, number := range slices.Sorted(maps.Keys(s.waiting)) {
		if len(list) == limit {
			break
		}
		list = append(list, s.claims[number])
	}
	return list
}

func compareNumbers(a, b Claim) int { return cmp.Compare(a.Number, b.Number) }
