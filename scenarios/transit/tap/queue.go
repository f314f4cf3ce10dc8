package tap

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// A Queue keeps the taps of one gate, or of gates that share a journal, until
// the back office has them. Implementations are safe for concurrent use.
type Queue interface {
	// Find returns the tap with a key, as it was numbered.
	Find(ctx context.Context, key string) (Tap, bool, error)
	// Append makes a tap durable under the next number of its gate, and
	// returns it so. A tap whose key is there is returned as it was, and not
	// added. ErrFull says that the gate has been away for too long.
	Append(ctx context.Context, t Tap) (Tap, error)
}

// ErrFull refuses a tap that a queue has no room for: a ride that would be lost
// must not begin.
var ErrFull = errors.New("tap: the queue is full; the gate must go online")

// MaxQueue is how many taps a [Memory] keeps: 72 hours of a busy gate.
const MaxQueue = 50_000

// A Memory is a Queue that a restart forgets, for tests and demonstrations.
type Memory struct {
	mu      sync.Mutex
	waiting []Tap
	keys    map[string]Tap
	last    map[string]uint64 // number by gate
	order   []string          // keys, the oldest first
}

var _ Queue = (*Memory)(nil)

// NewMemory returns an empty queue.
func NewMemory() *Memory { return &Memory{keys: make(map[string]Tap), last: make(map[string]uint64)} }

// Find implements [Queue].
func (m *Memory) Find(ctx context.Context, key string) (Tap, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.keys[key]
	return t, ok, ctx.Err()
}

// Append implements [Queue].
func (m *Memory) Append(ctx context.Context, t Tap) (Tap, error) {
	if err := t.Check(); err != nil {
		return Tap{}, fmt.Errorf("tap: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return Tap{}, err
	}
	if old, ok := m.keys[t.Key]; ok {
		return old, nil
	}
	if len(m.waiting) >= MaxQueue {
		return Tap{}, ErrFull
	}
	m.last[t.Gate]++
	t.Sequence = m.last[t.Gate]
	m.waiting = append(m.waiting, t)
	m.keys[t.Key] = t
	m.order = append(m.order, t.Key)
	// A key is asked again within seconds; twice the queue is far beyond it.
	if len(m.order) > 2*MaxQueue {
		delete(m.keys, m.order[0])
		m.order = m.order[1:]
	}
	return t, nil
}

// Waiting returns up to limit taps that no back office has acknowledged.
func (m *Memory) Waiting(limit int) []Tap {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Tap(nil), m.waiting[:min(limit, len(m.waiting))]...)
}

// Acknowledge forgets taps that the back office has.
func (m *Memory) Acknowledge(taps []Tap) {
	m.mu.Lock()
	defer m.mu.Unlock()
	type id struct {
		gate     string
		sequence uint64
	}
	done := make(map[id]bool, len(taps))
	for _, t := range taps {
		done[id{t.Gate, t.Sequence}] = true
	}
	kept := m.waiting[:0]
	for _, t := range m.waiting {
		if !done[id{t.Gate, t.Sequence}] {
			kept = append(kept, t)
		}
	}
	clear(m.waiting[len(kept):])
	m.waiting = kept
}
