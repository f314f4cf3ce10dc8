package office

import (
	"context"
	"errors"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/transit/gtfs"
)

// Why a tap is not taken back.
const (
	UnknownVisit    = "unknown-visit"    // no tap of a month that is not archived
	AlreadyReversed = "already-reversed" // by another order
	RequestConflict = "request-conflict" // the order was for another visit
)

// A Reversed is the outcome of a reversal.
type Reversed struct {
	Visit string `json:"visit"`
	Day   string `json:"day"` // service day
}

// Reverse takes a tap back, as if it had never been made: journeys are paired
// anew, and the difference of days that were booked is posted at once.
func (o *Office) Reverse(ctx context.Context, r scenarios.Reversal) (*scenarios.Decision, error) {
	if r.Key == "" || r.Request == "" || len(r.Request) > 200 || len(r.By) > 200 || len(r.Why) > 1000 {
		return nil, &scenarios.RequestError{Path: "request", Err: errors.New("a visit, and a request of 1 to 200 bytes")}
	}
	o.booking.Lock()
	defer o.booking.Unlock()
	if err := o.refresh(ctx); err != nil {
		return nil, err
	}
	if _, err := o.recheck(ctx); err != nil {
		return nil, err
	}
	for _, m := range o.openMonths() {
		conflict := false
		if s := o.month(m); s != nil {
			if err := s.stream.View(ctx, func() error {
				old, asked := s.state.reversed[r.Request]
				conflict = asked && old.Visit != r.Key
				return nil
			}); err != nil {
				return nil, err
			}
		}
		if conflict {
			return scenarios.Refused(RequestConflict, scenarios.Text{Zh: "该请求号已用于另一次撤销", En: "This request took another tap back"}), nil
		}
	}
	for _, m := range o.openMonths() {
		d, err := o.reverseIn(ctx, m, r)
		if d != nil || err != nil {
			return d, err
		}
	}
	return scenarios.Refused(UnknownVisit, scenarios.Text{
		Zh: "没有这次刷码，或所在月份已归档", En: "There is no such tap, or its month is archived"}), nil
}

// reverseIn is Reverse in one month; no decision where the tap is not there.
func (o *Office) reverseIn(ctx context.Context, m int, r scenarios.Reversal) (*scenarios.Decision, error) {
	s := o.month(m)
	if s == nil {
		return nil, nil
	}
	var refused *scenarios.Decision
	var day gtfs.Date
	err := s.stream.Change(ctx, func() ([]eventlog.Event, error) {
		refused, day = nil, 0
		person, t := s.state.visit(r.Key)
		if t == nil {
			return nil, nil
		}
		day = s.state.day(t.time())
		switch _, asked := s.state.reversed[r.Request]; {
		case asked:
			return nil, nil
		case s.state.riders[person].out[r.Key]:
			refused = scenarios.Refused(AlreadyReversed, scenarios.Text{Zh: "这次刷码已被撤销", En: "This tap has been taken back already"})
			return nil, nil
		}
		return one(eventlog.New("reversed:"+digest(r.Request), reversedKind, r.Time, reversedEvent{r.Request, person, r.Key, r.By, r.Why}))
	})
	if err != nil || refused != nil || day == 0 {
		return refused, err
	}
	// A day that was not booked yet is booked in its time. The months beside
	// this one may depend on the tap too.
	for _, n := range []int{previousMonth(m), m, nextMonth(m)} {
		if o.month(n) == nil || n <= o.books.archivedThrough() {
			continue
		}
		if err := o.bookMonth(ctx, n, &Booking{}, func(_ gtfs.Date, b *booked) bool { return b.revision > 0 }); err != nil {
			return nil, err
		}
	}
	return scenarios.Allowed(scenarios.Text{Zh: "已撤销，票款差额已入账", En: "Taken back; the difference is booked"}, Reversed{r.Key, dayText(day)})
}

// visit finds the tap of a visit and whose it is.
func (m *month) visit(key string) (string, *entry) {
	for person, r := range m.riders {
		if t := r.find(key); t != nil {
			return person, t
		}
	}
	return "", nil
}
