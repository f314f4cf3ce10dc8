package eventlog

import (
	"context"
	"sync"
)

// A Memory is a Store that a restart forgets.
type Memory struct {
	mu      sync.Mutex
	streams map[string]*memoryStream
}

type memoryStream struct {
	events []Event
	keys   map[string]bool
}

var _ Store = (*Memory)(nil)

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{streams: make(map[string]*memoryStream)} }

// Append implements [Store].
func (m *Memory) Append(ctx context.Context, stream string, after int64, events []Event) error {
	if err := Check(stream, after, events); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	s := m.streams[stream]
	if s == nil {
		s = &memoryStream{keys: make(map[string]bool)}
		m.streams[stream] = s
	}
	if int64(len(s.events)) != after {
		return ErrMoved
	}
	for _, e := range events {
		if s.keys[e.Key] {
			return ErrKeyTaken
		}
	}
	for _, e := range events {
		s.keys[e.Key] = true
	}
	s.events = append(s.events, events...)
	return nil
}

// Read implements [Store].
func (m *Memory) Read(ctx context.Context, stream string, after int64, limit int) ([]Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.streams[stream]
	if s == nil || after >= int64(len(s.events)) {
		return nil, ctx.Err()
	}
	return append([]Event(nil), s.events[after:min(after+int64(limit), int64(len(s.events)))]...), ctx.Err()
}
