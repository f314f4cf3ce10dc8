package eventlog

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// maxTries bounds how often one change is decided anew because another process
// was faster.
const maxTries = 100

// A State is what a program reads from events. Apply is called once for each,
// in order, never concurrently. It depends on nothing else, so that every
// reader of the log arrives at the same state; an error says that the event is
// not one of this state's.
type State interface {
	Apply(e Event) error
}

// A Stream is the state of one stream of events, kept in memory. It is safe for
// concurrent use.
type Stream struct {
	store Store
	name  string
	state State

	mu     sync.RWMutex
	events int64 // applied
	behind bool  // an append ended in a fault: it may have happened
	broken error // an event could not be applied: the state is none
}

// Open reads a stream into a state, which is empty before.
func Open(ctx context.Context, store Store, name string, state State) (*Stream, error) {
	s := &Stream{store: store, name: name, state: state}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s, s.read(ctx)
}

// read applies what is in the store and not yet in the state.
func (s *Stream) read(ctx context.Context) error {
	for {
		page, err := s.store.Read(ctx, s.name, s.events, MaxBatch)
		if err != nil {
			return fmt.Errorf("read events of %s: %w", s.name, err)
		}
		if err := s.apply(page); err != nil {
			return err
		}
		if len(page) < MaxBatch {
			s.behind = false
			return nil
		}
	}
}

func (s *Stream) apply(events []Event) error {
	for _, e := range events {
		if err := s.state.Apply(e); err != nil {
			// What a half-applied state would decide is anybody's guess.
			s.broken = fmt.Errorf("eventlog: event %d of %s, %s: %w", s.events+1, s.name, e.Kind, err)
			return s.broken
		}
		s.events++
	}
	return nil
}

// Change lets decide look at the state and say what events follow, appends
// them, and applies them. No events is no change. decide is called anew where
// another process was faster; it changes nothing itself, and its error is
// returned as it is.
//
// After an error of the store it is not known whether the events were appended.
// The stream finds out before it is used again, so the caller asks again with
// the same keys and decide sees what has happened.
func (s *Stream) Change(ctx context.Context, decide func() ([]Event, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range maxTries {
		if err := s.ready(ctx); err != nil {
			return err
		}
		events, err := decide()
		if err != nil || len(events) == 0 {
			return err
		}
		// The store calls Check: twice would be most of what a change costs.
		err = s.store.Append(ctx, s.name, s.events, events)
		switch {
		case err == nil:
			return s.apply(events)
		case errors.Is(err, ErrKeyTaken):
			return err
		}
		s.behind = true
		if !errors.Is(err, ErrMoved) {
			return fmt.Errorf("append events to %s: %w", s.name, err)
		}
	}
	return fmt.Errorf("eventlog: %s: %w %d times", s.name, ErrMoved, maxTries)
}

// View lets look read the state, which does not change meanwhile.
func (s *Stream) View(ctx context.Context, look func() error) error {
	s.mu.RLock()
	if s.behind || s.broken != nil {
		s.mu.RUnlock()
		s.mu.Lock()
		err := s.ready(ctx)
		s.mu.Unlock()
		if err != nil {
			return err
		}
		s.mu.RLock()
	}
	defer s.mu.RUnlock()
	return look()
}

func (s *Stream) ready(ctx context.Context) error {
	switch {
	case s.broken != nil:
		return s.broken
	case s.behind:
		return s.read(ctx)
	default:
		return ctx.Err()
	}
}

// Refresh reads what other processes have appended.
func (s *Stream) Refresh(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return s.broken
	}
	return s.read(ctx)
}

// Events returns how many events the state has seen.
func (s *Stream) Events() int64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.events
}
