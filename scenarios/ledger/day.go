package ledger

import (
	"cmp"
	"errors"
	"time"
)

// Bounds of a day.
var (
	minDay = dayOf(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))
	maxDay = dayOf(time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC))
)

// China has had one zone and no summer time since 1991, so a fixed offset needs
// no zone file.
var china = time.FixedZone("UTC+8", 8*60*60)

// A Day is a business day (营业日): a calendar date on which transactions are
// booked. It says nothing about hours: a bus company's day may end at four in
// the morning. Days are comparable; the zero Day is no day.
type Day struct{ n int64 } // days since 1970-01-01

// DayOf returns the date of t in Asia/Shanghai.
func DayOf(t time.Time) Day { return dayOf(t.In(china)) }

func dayOf(t time.Time) Day {
	year, month, day := t.Date()
	return Day{time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / secondsADay}
}

const secondsADay = 24 * 60 * 60

// ParseDay reads "2026-11-22"; the years are 2000 to 9999. The error is a
// *DraftError with the path "day".
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || !dayOf(t).valid() {
		return Day{}, &DraftError{"day", errors.New("not a date such as 2026-11-22")}
	}
	return dayOf(t), nil
}

func (d Day) valid() bool { return d.n >= minDay.n && d.n <= maxDay.n }

// IsZero reports whether d is no day.
func (d Day) IsZero() bool { return d == Day{} }

// Add returns the day n days later, or earlier where n is negative.
func (d Day) Add(n int) Day { return Day{d.n + int64(n)} }

// Compare returns -1, 0 or 1, as d is before, on or after e.
func (d Day) Compare(e Day) int { return cmp.Compare(d.n, e.n) }

// String returns the date as "2026-11-22", and "" for no day: texts of days
// sort as the days do.
func (d Day) String() string {
	if d.IsZero() {
		return ""
	}
	return time.Unix(d.n*secondsADay, 0).UTC().Format(time.DateOnly)
}
