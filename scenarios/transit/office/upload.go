package office

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/transit/gtfs"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

// Bounds of what gates send.
const (
	// MaxLate is how long after it a tap is taken, where its month is not
	// archived.
	MaxLate = 100 * 24 * time.Hour
	// MaxAhead is how far a gate's clock may be ahead.
	MaxAhead = 15 * time.Minute
	// MaxTaps is how many taps of one person a month holds: forty a day.
	MaxTaps = 1300
)

// A Receipt is what became of a batch. Whoever has it may forget the taps, those
// not taken too, which a person must look into.
type Receipt struct {
	New      int       `json:"new"`
	Known    int       `json:"known"` // they were here before
	NotTaken []Refusal `json:"notTaken,omitempty"`
}

// A Refusal is a tap that was not taken.
type Refusal struct {
	Sequence uint64 `json:"sequence"`
	Key      string `json:"key"`
	Reason   string `json:"reason"`
}

// Why a tap is not taken.
const (
	TooLate    = "too-late"    // its month is archived, or it is older than MaxLate
	ClockAhead = "clock-ahead" // it is later than now
	TooMany    = "too-many"    // beyond MaxTaps of one person
)

// Upload takes a batch. It is durable when Upload returns; the same again is
// known and changes nothing. A record that no gate of ours writes is a
// [*scenarios.RequestError] with its path, and nothing of the batch is taken.
func (o *Office) Upload(ctx context.Context, b tap.Batch) (*Receipt, error) {
	if err := checkBatch(&b); err != nil {
		return nil, err
	}
	now := o.cfg.Now()
	if b.Through.After(now.Add(MaxAhead)) {
		return nil, &scenarios.RequestError{Path: "through", Err: errors.New("later than now")}
	}
	receipt := &Receipt{}
	refuse := func(t *tap.Tap, reason string) {
		receipt.NotTaken = append(receipt.NotTaken, Refusal{t.Sequence, t.Key, reason})
	}
	byMonth := make(map[int][]tap.Tap)
	for i := range b.Taps {
		t := &b.Taps[i]
		switch {
		case t.Time.After(now.Add(MaxAhead)):
			refuse(t, ClockAhead)
		case t.Time.Before(now.Add(-MaxLate)):
			refuse(t, TooLate)
		default:
			m := monthOf(o.engine.ServiceDay(t.Time))
			byMonth[m] = append(byMonth[m], *t)
		}
	}
	months := slices.Sorted(maps.Keys(byMonth))
	for i, m := range months {
		open, err := o.open(ctx, m)
		if err != nil {
			return nil, err
		}
		if !open {
			for j := range byMonth[m] {
				refuse(&byMonth[m][j], TooLate)
			}
			continue
		}
		// The gate has told all only when the last of its taps is here.
		through := b.Through
		if i < len(months)-1 || len(receipt.NotTaken) > 0 {
			through = time.Time{}
		}
		if err := o.take(ctx, m, b.Gate, through, byMonth[m], receipt, refuse); err != nil {
			return nil, err
		}
	}
	if len(receipt.NotTaken) == 0 {
		o.mu.Lock()
		if b.Through.After(o.heard[b.Gate]) {
			o.heard[b.Gate] = b.Through
		}
		o.mu.Unlock()
	}
	return receipt, nil
}

func checkBatch(b *tap.Batch) error {
	if b.Gate == "" || len(b.Gate) > tap.MaxText {
		return &scenarios.RequestError{Path: "gate", Err: fmt.Errorf("not a text of up to %d bytes", tap.MaxText)}
	}
	if len(b.Taps) > tap.MaxBatch {
		return &scenarios.RequestError{Path: "taps", Err: fmt.Errorf("more than %d", tap.MaxBatch)}
	}
	for i := range b.Taps {
		t := &b.Taps[i]
		path := fmt.Sprintf("taps[%d].", i)
		if t.Gate != b.Gate {
			return &scenarios.RequestError{Path: path + "gate", Err: errors.New("not that of the batch")}
		}
		if t.Sequence == 0 {
			return &scenarios.RequestError{Path: path + "sequence", Err: errors.New("not numbered")}
		}
		if err := t.Check(); err != nil {
			wrong, ok := errors.AsType[*scenarios.RequestError](err)
			if !ok {
				return err
			}
			return &scenarios.RequestError{Path: path + wrong.Path, Err: wrong.Err}
		}
	}
	return nil
}

// open makes sure that a month is in memory, or says that it is archived.
func (o *Office) open(ctx context.Context, m int) (bool, error) {
	archived := false
	err := o.main.Change(ctx, func() ([]eventlog.Event, error) {
		archived = m <= o.books.archived
		if archived || o.books.months[m] != nil {
			return nil, nil
		}
		return one(eventlog.New(fmt.Sprintf("month:%d", m), monthKind, o.cfg.Now(), monthEvent{m}))
	})
	if err != nil || archived {
		return false, err
	}
	_, err = o.load(ctx, m)
	return err == nil, err
}

func one(e eventlog.Event, err error) ([]eventlog.Event, error) { return []eventlog.Event{e}, err }

// take appends the taps of one month that are not known.
func (o *Office) take(ctx context.Context, m int, gate string, through time.Time, taps []tap.Tap, receipt *Receipt, refuse func(*tap.Tap, string)) error {
	s := o.month(m)
	if s == nil {
		return fmt.Errorf("office: month %d has been archived meanwhile", m)
	}
	start := *receipt
	return s.stream.Change(ctx, func() ([]eventlog.Event, error) {
		*receipt = start   // decide may be called anew
		if s.state.ended { // since it was looked whether the month is open
			for i := range taps {
				refuse(&taps[i], TooLate)
			}
			return nil, nil
		}
		fresh := s.state.unknown(taps, receipt, refuse)
		return tapEvents(gate, through, fresh, o.cfg.Now())
	})
}

// unknown returns the taps that change the state, and counts the others.
func (m *month) unknown(taps []tap.Tap, receipt *Receipt, refuse func(*tap.Tap, string)) []tap.Tap {
	type id struct{ person, key string }
	at := make(map[id]int) // in fresh
	added := make(map[string]int)
	var fresh []tap.Tap
	for i := range taps {
		t := &taps[i]
		r := m.riders[t.Person]
		var stands *tap.Tap
		if j, ok := at[id{t.Person, t.Key}]; ok {
			stands = &fresh[j]
		} else if r != nil {
			if e := r.find(t.Key); e != nil {
				old := e.tap(t.Person)
				stands = &old
			}
		}
		if stands != nil {
			receipt.Known++
			if less, same := before(*t, *stands); same || !less {
				continue
			}
			if j, ok := at[id{t.Person, t.Key}]; ok {
				fresh[j] = *t
				continue
			}
		} else {
			n := added[t.Person]
			if r != nil {
				n += len(r.taps)
			}
			if n >= MaxTaps {
				refuse(t, TooMany)
				continue
			}
			added[t.Person]++
			receipt.New++
		}
		at[id{t.Person, t.Key}] = len(fresh)
		fresh = append(fresh, *t)
	}
	return fresh
}

// maxEvent leaves room for the frame of an event.
const maxEvent = eventlog.MaxData - 1024

// fitting returns how many of the first elements one event holds: one at least,
// where there is one.
func fitting[T any](list []T) (n int, err error) {
	for size := 0; n < len(list); n++ {
		b, err := json.Marshal(list[n])
		if err != nil {
			return 0, err
		}
		if size += len(b) + 1; size > maxEvent && n > 0 {
			break
		}
	}
	return n, nil
}

// tapEvents writes taps into as few events as hold them. Their keys are digests:
// whoever appends the same taps again is told.
func tapEvents(gate string, through time.Time, taps []tap.Tap, now time.Time) ([]eventlog.Event, error) {
	var events []eventlog.Event
	for len(taps) > 0 {
		n, err := fitting(taps)
		if err != nil {
			return nil, err
		}
		change := tapsEvent{Gate: gate, Taps: taps[:n]}
		if n == len(taps) {
			change.Through = through
		}
		e, err := eventlog.New("", tapsKind, now, change)
		if err != nil {
			return nil, err
		}
		e.Key = "taps:" + digest(string(e.Data))
		events = append(events, e)
		taps = taps[n:]
	}
	return events, nil
}

// Day returns the service day of a moment as YYYY-MM-DD.
func (o *Office) Day(at time.Time) string { return dayText(o.engine.ServiceDay(at)) }

func dayText(d gtfs.Date) string { return d.Time().Format(time.DateOnly) }
