package office

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

// What Recheck holds at a time: so many taps, and those of one page of events
// more. With their codes that is about 10 MB.
const (
	recheckTaps   = 2048
	recheckEvents = 32
	// restEvents without a tap, as those of a booking, are passed over for good.
	restEvents = 1000
)

// A Rechecked is what a run of Recheck has found.
type Rechecked struct {
	Taps    int `json:"taps"`    // that were looked at: those that had come since the last run
	Refused int `json:"refused"` // taken out of the fares; Findings names them
	// Unchecked counts, by gate, the taps that stay in the fares and could not be
	// judged. A gate that stands here day by day records no codes, or does not say
	// by which lists.
	Unchecked map[string]int `json:"unchecked,omitempty"`
}

// checkedEvent says that the events of the month up to a number were looked at.
type checkedEvent struct {
	Through int64     `json:"through"`
	Refused []refused `json:"refused,omitempty"`
}

// refused is a tap whose code no honest gate had let in.
type refused struct {
	Person string `json:"person"`
	Visit  string `json:"visit"`
	Reason string `json:"reason"`
}

// Recheck verifies the codes of all taps that have come since it last ran, and
// takes those out of the fares that no honest gate had let in: forged ones, and
// those that were revoked or had expired by the lists and the time that the gate
// itself recorded. The others settle. Book, Reverse and Archive run it first,
// so that nothing is posted unchecked. Each event is read once, whatever the
// number of days, in bounded memory; a run that was cut short is ended by
// the next.
func (o *Office) Recheck(ctx context.Context) (*Rechecked, error) {
	o.booking.Lock()
	defer o.booking.Unlock()
	if err := o.refresh(ctx); err != nil {
		return nil, err
	}
	return o.recheck(ctx)
}

func (o *Office) recheck(ctx context.Context) (*Rechecked, error) {
	done := &Rechecked{Unchecked: make(map[string]int)}
	if o.cfg.Judge == nil {
		return done, nil
	}
	for _, m := range o.openMonths() {
		for more := true; more; {
			var err error
			if more, err = o.recheckSome(ctx, m, done); err != nil {
				return nil, err
			}
		}
	}
	return done, nil
}

// recheckSome looks at the next taps of a month, and reports whether there were any.
func (o *Office) recheckSome(ctx context.Context, m int, done *Rechecked) (bool, error) {
	s := o.month(m)
	if s == nil {
		return false, nil
	}
	var from int64
	if err := s.stream.View(ctx, func() error { from = s.state.checked; return nil }); err != nil {
		return false, err
	}
	taps, through, err := o.readTaps(ctx, m, from)
	if err != nil || len(taps) == 0 && through-from < restEvents {
		return false, err
	}
	verdicts, err := o.cfg.Judge.Verdicts(ctx, taps)
	if err != nil {
		return false, err
	}
	var out []refused
	moved := false
	err = s.stream.Change(ctx, func() ([]eventlog.Event, error) {
		out = nil
		if moved = s.state.checked != from; moved {
			return nil, nil // another process has looked at them
		}
		for i := range taps {
			if verdicts[i] != CodeGood && verdicts[i] != Unchecked && s.state.stands(&taps[i]) {
				out = append(out, refused{taps[i].Person, taps[i].Key, verdicts[i]})
			}
		}
		return checkedEvents(from, through, out, o.cfg.Now())
	})
	if err != nil || moved {
		return moved, err
	}
	done.Taps += len(taps)
	done.Refused += len(out)
	for i := range taps {
		if verdicts[i] == Unchecked {
			done.Unchecked[taps[i].Gate]++
		}
	}
	return true, nil
}

// readTaps reads taps of a month as gates have sent them, with their evidence,
// behind its first events, and how many events are read with them.
func (o *Office) readTaps(ctx context.Context, m int, from int64) (taps []tap.Tap, through int64, err error) {
	through = from
	for len(taps) < recheckTaps {
		page, err := o.cfg.Events.Read(ctx, o.streamName(m), through, recheckEvents)
		if err != nil {
			return nil, 0, err
		}
		for _, e := range page {
			if e.Kind != tapsKind {
				continue
			}
			var sent tapsEvent
			if err := json.Unmarshal(e.Data, &sent); err != nil {
				return nil, 0, err
			}
			taps = append(taps, sent.Taps...)
		}
		through += int64(len(page))
		if len(page) < recheckEvents {
			break
		}
	}
	return taps, through, nil
}

// checkTries is how often taps may come between the check of a month and a change
// that needs all of them checked.
const checkTries = 100

// changeChecked changes a month when the codes of all its taps have been verified
// again: what has come meanwhile is checked before. What that refuses counts in done.
func (o *Office) changeChecked(ctx context.Context, s *monthStream, done *Booking, decide func() ([]eventlog.Event, error)) error {
	for range checkTries {
		waits := false
		err := s.stream.Change(ctx, func() ([]eventlog.Event, error) {
			if waits = o.unchecked(s.state); waits {
				return nil, nil
			}
			events, err := decide()
			waits = errors.Is(err, errUnchecked)
			return events, err
		})
		if !waits {
			return err
		}
		checked, err := o.recheck(ctx)
		if err != nil {
			return err
		}
		done.Refused += checked.Refused
	}
	return errors.New("office: taps come faster than they can be checked; try again when gates are quiet")
}

// errUnchecked says that a decision needs taps whose codes are not verified again.
var errUnchecked = errors.New("office: a tap is not checked")

// unchecked reports whether taps of a month wait for Recheck. What is left of
// an archived one is done with.
func (o *Office) unchecked(m *month) bool {
	return o.cfg.Judge != nil && m != nil && m.keep == 0 && m.checked < m.tapsAt
}

// stands reports whether a record is the one that counts for its visit.
func (m *month) stands(t *tap.Tap) bool {
	r := m.riders[t.Person]
	if r == nil {
		return false
	}
	e := r.find(t.Key)
	if e == nil {
		return false
	}
	_, same := before(*t, e.tap(t.Person))
	return same
}

// checkedEvents writes verdicts into as few events as hold them: at least one.
func checkedEvents(from, through int64, list []refused, now time.Time) ([]eventlog.Event, error) {
	var events []eventlog.Event
	for len(events) == 0 || len(list) > 0 {
		n, err := fitting(list)
		if err != nil {
			return nil, err
		}
		e, err := eventlog.New(fmt.Sprintf("checked:%d:%d", from, len(events)), checkedKind, now, checkedEvent{through, list[:n]})
		if err != nil {
			return nil, err
		}
		events = append(events, e)
		list = list[n:]
	}
	return events, nil
}
