package gtfs

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"
)

// A Date is a day of the local calendar as the number YYYYMMDD.
type Date int32

// DateOf returns the day of t in the timezone of t.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date(y*10000 + int(m)*100 + d)
}

// Time returns midnight of the day, UTC.
func (d Date) Time() time.Time {
	return time.Date(int(d)/10000, time.Month(d/100%100), int(d)%100, 0, 0, 0, 0, time.UTC)
}

// Monday returns the first day of the week that d is in.
func (d Date) Monday() Date {
	t := d.Time()
	return DateOf(t.AddDate(0, 0, -(int(t.Weekday())+6)%7))
}

// String returns the day as YYYYMMDD.
func (d Date) String() string { return fmt.Sprintf("%08d", int32(d)) }

// A service is a set of days.
type service struct {
	weekdays   [7]bool // by time.Weekday
	start, end Date
	exceptions map[Date]bool // added or removed
}

func (s *service) on(d Date) bool {
	if added, ok := s.exceptions[d]; ok {
		return added
	}
	return s.start <= d && d <= s.end && s.weekdays[d.Time().Weekday()]
}

func (f *Feed) readCalendar(fsys fs.FS) error {
	frames := open(fsys, "timeframes.txt", false)
	f.usesServices = frames.exists()
	if err := frames.close(); err != nil || !f.usesServices {
		return err
	}
	t := open(fsys, "calendar.txt", false)
	id, start, end := t.must("service_id"), t.must("start_date"), t.must("end_date")
	var days [7]int
	for i := range days {
		days[i] = t.must([]string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}[i])
	}
	for t.nextKept() {
		s := service{start: t.date(start), end: t.date(end)}
		for i, day := range days {
			s.weekdays[i] = t.option(day, 1, -1) == 1
		}
		if s.end < s.start {
			t.bad(end, "on or after start_date")
		}
		f.services.add(t, id, t.id(id), s)
	}
	return t.close()
}

func (f *Feed) readCalendarDates(fsys fs.FS) error {
	if !f.usesServices {
		return nil
	}
	t := open(fsys, "calendar_dates.txt", false)
	id, date, kind := t.must("service_id"), t.must("date"), t.must("exception_type")
	for t.nextKept() {
		// A service may be made of exceptions alone.
		name, day := t.id(id), t.date(date)
		if !f.services.has(name) {
			f.services.add(t, id, name, service{})
		}
		added := t.option(kind, 2, -1)
		if added == 0 {
			t.bad(kind, "1 or 2")
		}
		if t.err != nil {
			break
		}
		s := &f.services.rows[f.services.at[name]]
		if s.exceptions == nil {
			s.exceptions = make(map[Date]bool)
		}
		if _, twice := s.exceptions[day]; twice {
			t.fail(date, Duplicate, errTwice)
		}
		s.exceptions[day] = added == 1
	}
	return t.close()
}

// MaxFrames is how many rows one timeframe group has at most.
const MaxFrames = 256

// A frame is one row of a timeframe group.
type frame struct {
	service    int // in services
	start, end int // seconds after local midnight; end is not in it
}

// InTimeframe reports whether a time lies in a timeframe group, by the local
// day and the local time of day.
func (f *Feed) InTimeframe(group string, at time.Time) bool {
	frames, _ := f.timeframes.find(group)
	if len(frames) == 0 {
		return false
	}
	at = at.In(f.Location())
	day := DateOf(at)
	h, m, s := at.Clock()
	second := h*3600 + m*60 + s
	for _, frame := range frames {
		if frame.start <= second && second < frame.end && f.services.rows[frame.service].on(day) {
			return true
		}
	}
	return false
}

func (f *Feed) readTimeframes(fsys fs.FS) error {
	t := open(fsys, "timeframes.txt", false)
	group, start, end, id := t.must("timeframe_group_id"), t.column("start_time"), t.column("end_time"), t.must("service_id")
	for t.nextKept() {
		name, service := t.id(group), t.reference(id, &f.services.index)
		row := frame{end: 24 * 3600}
		switch from, to := len(t.bytes(start)) > 0, len(t.bytes(end)) > 0; {
		case from && to:
			if row.start, row.end = t.timeOfDay(start), t.timeOfDay(end); row.start >= row.end {
				t.bad(end, "after start_time")
			}
		case from:
			t.fail(end, MissingValue, errors.New("start_time needs it"))
		case to:
			t.fail(start, MissingValue, errors.New("end_time needs it"))
		}
		if !f.timeframes.has(name) {
			f.timeframes.add(t, group, name, nil)
		}
		if t.err != nil {
			break
		}
		row.service = f.services.at[service]
		g := f.timeframes.at[name]
		if f.timeframes.rows[g] = append(f.timeframes.rows[g], row); len(f.timeframes.rows[g]) > MaxFrames {
			t.fail(group, TooMany, fmt.Errorf("more than %d rows of one group", MaxFrames))
		}
	}
	for g, frames := range f.timeframes.rows {
		slices.SortFunc(frames, func(a, b frame) int { return cmp.Or(cmp.Compare(a.service, b.service), cmp.Compare(a.start, b.start)) })
		for i := 1; i < len(frames) && t.err == nil; i++ {
			if a, b := frames[i-1], frames[i]; a.service == b.service && b.start < a.end {
				t.line = 0
				t.fail(group, Overlap, fmt.Errorf("of %q", f.timeframes.ids[g]))
			}
		}
	}
	return t.close()
}
