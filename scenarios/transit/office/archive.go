package office

import (
	"context"
	"errors"
	"fmt"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/transit/gtfs"
)

// An ArchiveRequest names a month.
type ArchiveRequest struct {
	Month string `json:"month"` // YYYY-MM
}

// ErrNotBooked is returned for a month that is not booked to its end, and
// ErrOrder for one while an earlier one is open.
var (
	ErrNotBooked = errors.New("office: the month is not booked to its end")
	ErrOrder     = errors.New("office: an earlier month is not archived")
)

// Archive ends a month: its taps leave the memory, those of its last week when
// the next month is archived. Taps that come later are refused as too late. The
// month must be booked to its end; the events stay in the store.
func (o *Office) Archive(ctx context.Context, r ArchiveRequest) error {
	m, err := parseMonth(r.Month)
	if err != nil {
		return &scenarios.RequestError{Path: "month", Err: err}
	}
	o.booking.Lock()
	defer o.booking.Unlock()
	if err := o.refresh(ctx); err != nil {
		return err
	}
	if _, err := o.recheck(ctx); err != nil {
		return err
	}
	open := o.openMonths()
	if len(open) == 0 || m < open[0] {
		return nil // archived, or never opened: nothing is in memory
	}
	if m != open[0] {
		return ErrOrder
	}
	if len(open) == 1 {
		// Rides over midnight need the day behind the month.
		return fmt.Errorf("%w: the next month has not begun", ErrNotBooked)
	}
	if err := o.end(ctx, m); err != nil {
		return err
	}
	err = o.main.Change(ctx, func() ([]eventlog.Event, error) {
		if o.books.archived >= m {
			return nil, nil
		}
		return one(eventlog.New(fmt.Sprintf("archived:%d", m), archivedKind, o.cfg.Now(), monthEvent{m}))
	})
	if err != nil {
		return err
	}
	return o.refresh(ctx) // read anew, without what is not needed any more
}

// end books a month to its end, after which no tap is taken: one that came in
// between would have a receipt and never be booked.
func (o *Office) end(ctx context.Context, m int) error {
	for range checkTries {
		done := &Booking{}
		if err := o.bookMonth(ctx, m, done, func(gtfs.Date, *booked) bool { return true }); err != nil {
			return err
		}
		s := o.month(m)
		if s == nil {
			return nil // another process has archived it
		}
		ended := false
		err := o.changeChecked(ctx, s, done, func() ([]eventlog.Event, error) {
			ended = len(s.state.dirty) == 0
			if !ended || s.state.ended { // ended before, by a run that was cut short
				return nil, nil
			}
			return one(eventlog.New("ended", endedKind, o.cfg.Now(), monthEvent{m}))
		})
		if err != nil || ended {
			return err
		}
	}
	return ErrNotBooked
}
