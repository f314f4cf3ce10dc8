package emergency

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
)

// A Notice tells a citizen that his emergency card was opened.
type Notice struct {
	Entry Entry
	Text  scenarios.Text
}

// A Notifier tells citizens. It may be handed the same notice again after a
// fault; Entry.Key names it.
type Notifier interface {
	Notify(ctx context.Context, n Notice) error
}

// An Audit is the city's record of every emergency card that was opened. It is
// safe for concurrent use.
type Audit struct {
	stream   *eventlog.Stream
	log      *auditLog
	notifier Notifier
}

type auditLog struct {
	entries map[string]Entry
	order   []string
	waiting []string // not notified yet
}

// The kinds of event of an audit.
const (
	received = "received"
	notified = "notified"
)

// Apply implements [eventlog.State].
func (l *auditLog) Apply(e eventlog.Event) error {
	var entry Entry
	if err := json.Unmarshal(e.Data, &entry); err != nil {
		return err
	}
	if e.Kind == notified {
		l.waiting = slices.DeleteFunc(l.waiting, func(key string) bool { return key == entry.Key })
		return nil
	}
	l.entries[entry.Key] = entry
	l.order, l.waiting = append(l.order, entry.Key), append(l.waiting, entry.Key)
	return nil
}

// NewAudit returns the audit that a store keeps.
func NewAudit(ctx context.Context, store eventlog.Store, n Notifier) (*Audit, error) {
	a := &Audit{log: &auditLog{entries: make(map[string]Entry)}, notifier: n}
	var err error
	a.stream, err = eventlog.Open(ctx, store, "emergency/audit", a.log)
	return a, err
}

// MaxUpload bounds one upload, in entries.
const MaxUpload = 500

// ErrChanged is returned for an entry that was uploaded before with another
// content: a record of an audit does not change.
var ErrChanged = errors.New("emergency: an entry of this key was uploaded with another content")

// Receive takes the entries of a reader, each once however often they are
// uploaded, and notifies their citizens. An error of the notifier loses nothing:
// the entries are kept, and [Audit.NotifyAll] goes on.
func (a *Audit) Receive(ctx context.Context, entries []Entry) error {
	if len(entries) == 0 || len(entries) > MaxUpload {
		return wrong("entries", "not 1 to %d", MaxUpload)
	}
	for i, e := range entries {
		if e.Key == "" || e.Person == "" || e.Staff == "" || e.Reason == "" || len(e.Staff) > MaxText || len(e.Reason) > MaxText || e.At.Year() < 1970 || e.At.Year() > 9999 {
			return wrong(fmt.Sprintf("entries[%d]", i), "a field is missing or too long")
		}
	}
	err := a.stream.Change(ctx, func() (events []eventlog.Event, err error) {
		seen := make(map[string]bool)
		for _, entry := range entries {
			entry.At = entry.At.UTC().Truncate(time.Second)
			if old, known := a.log.entries[entry.Key]; known {
				if old != entry {
					return nil, ErrChanged
				}
				continue
			}
			if seen[entry.Key] {
				continue
			}
			seen[entry.Key] = true
			e, err := eventlog.New(entry.Key, received, entry.At, entry)
			if err != nil {
				return nil, err
			}
			events = append(events, e)
		}
		return events, nil
	})
	if err != nil {
		return err
	}
	return a.NotifyAll(ctx)
}

// NotifyAll notifies the citizens who have not been told yet.
func (a *Audit) NotifyAll(ctx context.Context) error {
	var waiting []Entry
	err := a.stream.View(ctx, func() error {
		for _, key := range a.log.waiting {
			waiting = append(waiting, a.log.entries[key])
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, entry := range waiting {
		if err := a.notifier.Notify(ctx, Notice{entry, text(entry)}); err != nil {
			return fmt.Errorf("notify: %w", err)
		}
		err := a.stream.Change(ctx, func() ([]eventlog.Event, error) {
			e, err := eventlog.New("notified:"+entry.Key, notified, entry.At, Entry{Key: entry.Key})
			return []eventlog.Event{e}, err
		})
		if err != nil && !errors.Is(err, eventlog.ErrKeyTaken) {
			return err
		}
	}
	return nil
}

func text(e Entry) scenarios.Text {
	t := scenarios.Text{Zh: "您的急救信息已被急救人员读取，原因：" + e.Reason, En: "An ambulance has opened your emergency card: " + e.Reason}
	if !e.Opened {
		t = scenarios.Text{Zh: "有人试图读取您的急救信息，未成功，原因：" + e.Reason, En: "Somebody tried to open your emergency card and could not: " + e.Reason}
	}
	return t
}

// Entries lists every entry about a person, or all of them for "", as they were
// received: who has looked at me (谁查了我).
func (a *Audit) Entries(ctx context.Context, person string) (list []Entry, err error) {
	err = a.stream.View(ctx, func() error {
		for _, key := range a.log.order {
			if e := a.log.entries[key]; person == "" || e.Person == person {
				list = append(list, e)
			}
		}
		return nil
	})
	return list, err
}
