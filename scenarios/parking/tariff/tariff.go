// Package tariff computes what a stay in a car park costs. A tariff is data,
// and a fee comes with the lines that explain it to a driver.
//
// # A tariff
//
//	{
//	  "id": "shenyang-zhongjie-p1",
//	  "zone": "Asia/Shanghai",
//	  "free": {"minutes": 15},
//	  "graceMinutes": 15,
//	  "calendar": {"weekends": true, "holidays": ["2026-10-01"], "workdays": ["2026-10-10"]},
//	  "plans": {
//	    "car": {
//	      "workday": [
//	        {"name": "day",   "from": "08:00", "first": {"units": 1, "minutes": 60, "fen": 600}, "minutes": 30, "fen": 200},
//	        {"name": "night", "from": "20:00", "minutes": 60, "fen": 100, "capFen": 500}
//	      ],
//	      "cap": {"per": "24h", "fen": 4000, "restart": true}
//	    }
//	  },
//	  "classes": {
//	    "small": {"plan": "car"},
//	    "new-energy": {"plan": "car", "percent": 50, "free": {"minutes": 120, "deducted": true}}
//	  }
//	}
//
// [Parse] reads it, [New] takes the same as a Go value. Both refuse what makes
// no sense, with the path of what is wrong.
//
// # How a fee is computed
//
//  1. A stay runs from entry to exit, both cut to the second. A vehicle on
//     duty (police, ambulance, fire engine: class emergency) pays nothing,
//     whatever the tariff says.
//  2. What a [Pass] covers is taken out; what is left may be in pieces.
//  3. No more than the free minutes left: nothing is due. Otherwise all of it
//     is charged, or, where they are "deducted", what comes after them.
//  4. A band lasts from its "from" to that of the next band; the last one of a
//     day runs on, past midnight, until the first of the next day. Which list
//     of bands a day has, workday or holiday, is the calendar's. So every
//     moment has one band. A band that is followed by an equal one goes on,
//     unless it has a cap of its own.
//  5. Within a band time is counted in units, and a unit that has begun is
//     charged. The first units that a visit spends in the band may have
//     another length and price.
//  6. A boundary (band, window of a cap, end of a piece) that falls into a unit
//     cuts it: counting begins anew behind it. With "boundary": "finish" the
//     unit runs to its end at the price at which it began.
//  7. No occurrence of a band, as in one night, costs more than its cap.
//     No window costs more than the plan's cap: every 24 hours from the first
//     charged second, or every calendar day. With "restart" the first units are
//     counted anew in each window.
//  8. The visit costs no more than its own cap. Of the result a class pays its
//     percentage, rounded down to the fen.
//
// So the fee never falls when a car stays longer, is 0 within the free minutes,
// and is never above a cap.
//
// Amounts are int64 fen. Days have 24 hours: a zone is Asia/Shanghai,
// Asia/Urumqi or a fixed offset as in UTC+08:00, because China has had no summer
// time since 1991, and one with it is refused. Nothing here reads a clock.
package tariff

import (
	"maps"
	"slices"
	"time"
)

// A Tariff is a valid tariff. It never changes and is safe for concurrent use.
type Tariff struct {
	id       string
	zone     int64 // seconds east of UTC
	grace    int64 // seconds
	maxStay  int64 // seconds; 0: no limit
	finish   bool  // a unit runs to its end
	calendar calendar
	classes  map[Class]rate
}

// A rate is what one class pays.
type rate struct {
	plan     *plan
	percent  int64
	free     int64 // seconds
	deducted bool
}

// A plan is a table of prices over the hours of workdays and holidays.
type plan struct {
	prices   []price // each once: an index is an identity
	days     [2][]band
	window   window
	cap      int64 // of a window
	restart  bool
	visitCap int64
}

type band struct {
	from  int64 // seconds after local midnight
	price int
}

type price struct {
	name       string
	firstUnits int64
	firstLen   int64 // seconds
	firstFen   int64
	unit       int64 // seconds
	fen        int64
	cap        int64
}

// A window is what the cap of a plan is counted over.
type window uint8

const (
	wholeVisit window = iota
	hours24
	calendarDay
)

// noCap is above every fee: 199 years of one-minute units at MaxFen are 1.1e14
// fen. Nothing here can overflow, a hundredfold included.
const noCap = int64(1) << 62

// ID returns the name of the tariff.
func (t *Tariff) ID() string { return t.id }

// Classes lists the classes that the tariff has prices for, in order.
// Emergency, which no tariff may price, is not among them.
func (t *Tariff) Classes() []Class { return slices.Sorted(maps.Keys(t.classes)) }

// local returns a time as seconds of the local calendar since 1970-01-01 00:00.
func (t *Tariff) local(at time.Time) int64 { return at.Unix() + t.zone }

func (t *Tariff) time(local int64) time.Time { return time.Unix(local-t.zone, 0).UTC() }
