package emergency

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
)

// MaxText bounds a reason and the number of a member of the staff, in bytes.
const MaxText = 200

// An Access is why a card is opened.
type Access struct {
	Staff  string    // by his own card
	Reason string    // one line
	At     time.Time // of the reader
}

// An Entry is one breaking of the glass, for the audit.
type Entry struct {
	Key       string    `json:"key"`    // names it: the showing and the reader
	Person    string    `json:"person"` // pseudonym
	Ambulance string    `json:"ambulance"`
	Staff     string    `json:"staff"`
	Reason    string    `json:"reason"`
	At        time.Time `json:"at"`
	Opened    bool      `json:"opened"` // false: no key of the reader opens it
}

// A Reader is the reader of an ambulance. It needs no network: codes are
// verified by a citycode.Verifier beside it, and its journal is its own.
type Reader struct {
	ambulance string
	keys      *citycode.Unsealer
	stream    *eventlog.Stream
	journal   *journal
}

// journal is what a reader has written down.
type journal struct {
	known   map[string]bool
	entries []Entry
}

// Apply implements [eventlog.State].
func (j *journal) Apply(e eventlog.Event) error {
	var entry Entry
	if err := json.Unmarshal(e.Data, &entry); err != nil {
		return err
	}
	j.known[entry.Key] = true
	j.entries = append(j.entries, entry)
	return nil
}

// NewReader returns the reader of an ambulance whose journal is in a store of
// its own.
func NewReader(ctx context.Context, ambulance string, keys *citycode.Unsealer, store eventlog.Store) (*Reader, error) {
	r := &Reader{ambulance: ambulance, keys: keys, journal: &journal{known: make(map[string]bool)}}
	var err error
	r.stream, err = eventlog.Open(ctx, store, "ambulance/"+ambulance, r.journal)
	return r, err
}

// description is what a reader learns of a citizen: a pseudonym, to tell him.
var description = scenarios.Description{Identity: scenarios.Pseudonym}

// Open opens the card that a verified code comes from. What it returns has been
// written down; when that fails nothing is returned. The error is
// citycode.ErrCannotUnseal where the reader has no key for it, which is written
// down too, and a *scenarios.RequestError where staff or reason is missing.
func (r *Reader) Open(ctx context.Context, v *citycode.Verified, a Access) (*Record, error) {
	a.Staff, a.Reason = strings.TrimSpace(a.Staff), strings.TrimSpace(a.Reason)
	switch {
	case a.Staff == "" || len(a.Staff) > MaxText:
		return nil, wrong("staff", "not 1 to %d bytes", MaxText)
	case a.Reason == "" || len(a.Reason) > MaxText:
		return nil, wrong("reason", "not 1 to %d bytes", MaxText)
	}
	citizen := scenarios.CitizenOf(v, description)
	identity, unsealErr := v.Unseal(r.keys)
	entry := Entry{Key: citizen.Showing() + "@" + r.ambulance, Person: citizen.Person().String(), Ambulance: r.ambulance,
		Staff: a.Staff, Reason: a.Reason, At: a.At.UTC().Truncate(time.Second), Opened: unsealErr == nil}
	err := r.stream.Change(ctx, func() ([]eventlog.Event, error) {
		if r.journal.known[entry.Key] {
			return nil, nil // the same picture, looked at twice
		}
		e, err := eventlog.New(entry.Key, "glass-broken", a.At, entry)
		return []eventlog.Event{e}, err
	})
	// Nothing is shown that is not written down.
	if err != nil {
		return nil, fmt.Errorf("emergency: journal: %w", err)
	}
	if unsealErr != nil {
		return nil, unsealErr
	}
	return Decode(identity)
}

// Entries returns what the reader has written down behind the first after
// entries, for the upload.
func (r *Reader) Entries(ctx context.Context, after int) (list []Entry, err error) {
	if after < 0 {
		return nil, errors.New("emergency: a negative number of entries")
	}
	err = r.stream.View(ctx, func() error {
		if after < len(r.journal.entries) {
			list = append(list, r.journal.entries[after:]...)
		}
		return nil
	})
	return list, err
}
