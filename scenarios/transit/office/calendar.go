package office

import (
	"fmt"
	"time"

	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/transit/gtfs"
)

// Months are numbers such as 202611.

func monthOf(d gtfs.Date) int { return int(d) / 100 }

func firstDay(m int) gtfs.Date { return gtfs.Date(m*100 + 1) }

func nextMonth(m int) int { return monthOf(gtfs.DateOf(firstDay(m).Time().AddDate(0, 1, 0))) }

func previousMonth(m int) int { return monthOf(addDays(firstDay(m), -1)) }

func addDays(d gtfs.Date, n int) gtfs.Date { return gtfs.DateOf(d.Time().AddDate(0, 0, n)) }

// contextOf returns the first service day that the fares of a month depend on:
// the Monday of its first week, for weekly caps, and at least the day before,
// for rides over midnight.
func contextOf(m int) gtfs.Date {
	first := firstDay(m)
	return min(first.Monday(), addDays(first, -1))
}

// parseMonth reads "2026-11".
func parseMonth(s string) (int, error) {
	t, err := time.Parse("2006-01", s)
	if err != nil {
		return 0, fmt.Errorf("not a month such as 2026-11")
	}
	return monthOf(gtfs.DateOf(t)), nil
}

// bookDay returns a service day as the ledger's.
func bookDay(d gtfs.Date) ledger.Day {
	day, _ := ledger.ParseDay(d.Time().Format(time.DateOnly)) // of 2000 to 2105: Upload checks
	return day
}

// serviceDay reads "2026-11-22".
func serviceDay(s string) (gtfs.Date, error) {
	if _, err := ledger.ParseDay(s); err != nil {
		return 0, err
	}
	t, err := time.Parse(time.DateOnly, s)
	return gtfs.DateOf(t), err
}
