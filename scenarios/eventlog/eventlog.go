// Package eventlog keeps what happened: one append-only sequence of events for
// each operator's books of a scenario, a hospital's or a bus company's.
//
// The events are the record, and what a program holds in memory is read from
// them. To change something is to decide what events follow from the state, to
// append them, and only then to apply them:
//
//   - a crash at any point leaves the events appended, all of one change or
//     none, and a restart reads them;
//   - a key names each event, so that what is asked twice happens once;
//   - two processes on one store cannot both decide from the same state: the
//     second is told that the log has moved, reads on and decides anew.
//
// Whatever follows from an event elsewhere, such as a posting in the ledger, is
// keyed by the event's key and done again at a restart, which changes nothing
// where it was done before.
package eventlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// An Event is something that has happened. It carries no personal data beyond
// pseudonyms.
type Event struct {
	Key  string          `json:"key"`  // unique in its stream
	Kind string          `json:"kind"` // a word, as in "entered"
	Time time.Time       `json:"time"` // as its source says, in UTC
	Data json.RawMessage `json:"data"` // one JSON value
}

// Limits of events and streams, in bytes; of one append and one page, in events.
const (
	MaxName  = 128 // of a stream, a key or a kind
	MaxData  = 64 << 10
	MaxBatch = 1000
)

// What an append ends with, besides faults of the store.
var (
	// ErrMoved: somebody else has appended behind the place that was named.
	ErrMoved = errors.New("eventlog: the log has moved on")
	// ErrKeyTaken: a key is in the stream already.
	ErrKeyTaken = errors.New("eventlog: an event with this key has happened")
)

// A Store keeps streams of events. Package eventlogtest is this contract as a
// test. Implementations are safe for concurrent use.
type Store interface {
	// Append adds events to a stream behind its first after events, all of
	// them durably or none. It is ErrMoved if the stream has another number of
	// events, and ErrKeyTaken if one of the keys is in it.
	Append(ctx context.Context, stream string, after int64, events []Event) error

	// Read returns up to limit events of a stream behind its first after
	// events; none where there are no more.
	Read(ctx context.Context, stream string, after int64, limit int) ([]Event, error)
}

// New returns an event with data encoded as JSON. The time is kept to the
// second.
func New(key, kind string, at time.Time, data any) (Event, error) {
	b, err := json.Marshal(data)
	if err != nil {
		return Event{}, fmt.Errorf("eventlog: %s: %w", kind, err)
	}
	return Event{key, kind, at.UTC().Truncate(time.Second), b}, nil
}

// Check reports whether a store may be handed an append: stores call it first.
func Check(stream string, after int64, events []Event) error {
	switch {
	case !name(stream):
		return fmt.Errorf("eventlog: the stream's name is not 1 to %d bytes of text", MaxName)
	case after < 0:
		return errors.New("eventlog: a negative number of events")
	case len(events) == 0 || len(events) > MaxBatch:
		return fmt.Errorf("eventlog: %d events are not 1 to %d", len(events), MaxBatch)
	}
	seen := make(map[string]bool, len(events))
	for i, e := range events {
		switch {
		case !name(e.Key) || !name(e.Kind):
			return fmt.Errorf("eventlog: events[%d]: key or kind is not 1 to %d bytes of text", i, MaxName)
		case seen[e.Key]:
			return fmt.Errorf("eventlog: events[%d]: its key stands twice", i)
		case len(e.Data) > MaxData || !json.Valid(e.Data):
			return fmt.Errorf("eventlog: events[%d]: its data is not up to %d bytes of JSON", i, MaxData)
		case e.Time.Nanosecond() != 0 || e.Time.Year() < 1970 || e.Time.Year() > 9999:
			return fmt.Errorf("eventlog: events[%d]: its time is not whole seconds of our era", i)
		}
		seen[e.Key] = true
	}
	return nil
}

func name(s string) bool {
	if s == "" || len(s) > MaxName || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if r < ' ' { // PostgreSQL takes no NUL; the others would spoil a listing
			return false
		}
	}
	return true
}
