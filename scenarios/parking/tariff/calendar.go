package tariff

import (
	"slices"
	"strconv"
	"time"
)

const day = 24 * 3600 // seconds

// Kinds of days; they index plan.days.
const (
	workday = iota
	holiday
)

// A calendar says which days are holidays (节假日). Days are counted from
// 1970-01-01, a Thursday.
type calendar struct {
	weekends           bool
	holidays, workdays []int64 // sorted
}

func (c *calendar) kind(n int64) int {
	if _, is := slices.BinarySearch(c.holidays, n); is {
		return holiday
	}
	if !c.weekends {
		return workday
	}
	if _, is := slices.BinarySearch(c.workdays, n); is {
		return workday
	}
	if w := (n + 3) % 7; w == 5 || w == 6 { // Monday is 0; n is positive, see Fee
		return holiday
	}
	return workday
}

func (c *compiler) calendar(path string, s Calendar) calendar {
	out := calendar{weekends: s.Weekends}
	out.holidays = c.dates(path+".holidays", s.Holidays)
	out.workdays = c.dates(path+".workdays", s.Workdays)
	if !s.Weekends && len(s.Workdays) > 0 {
		// Said of a calendar in which every day is a workday already: the
		// author meant something else.
		c.fail(path+".workdays", Forbidden, "without weekends")
	}
	for i, n := range out.workdays {
		if _, both := slices.BinarySearch(out.holidays, n); both {
			c.fail(path+".workdays", Duplicate, "%s is a holiday too", time.Unix(out.workdays[i]*day, 0).UTC().Format(time.DateOnly))
		}
	}
	return out
}

func (c *compiler) dates(path string, s []string) []int64 {
	c.within(path, int64(len(s)), 0, MaxDates)
	var list []int64
	for i, text := range s {
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			c.fail(path+"["+strconv.Itoa(i)+"]", Malformed, "not a date as in 2026-10-01")
		}
		list = append(list, at.Unix()/day)
	}
	slices.Sort(list)
	if len(slices.Compact(slices.Clone(list))) != len(list) {
		c.fail(path, Duplicate, "")
	}
	return list
}
