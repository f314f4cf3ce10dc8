package tariff

import (
	"math"
	"strconv"
	"time"
)

// A Pass is time that is paid for already: a monthly pass (月卡), a resident's
// list, a night pass. What it covers of a stay is not charged. The zero times
// are no limit; the zero Pass covers everything.
type Pass struct {
	From, Until time.Time // Until is not covered
	// Daily narrows it to a time of every day, local; one that ends before it
	// begins runs past midnight and belongs to the day on which it begins.
	Daily Daily
}

// A Daily is a time of day. The zero Daily is all day.
type Daily struct {
	From, To time.Duration // after local midnight, whole minutes, below 24 h
	Days     Days
}

// Days says on which days a Daily begins.
type Days uint8

// Which days.
const (
	AllDays Days = iota
	Workdays
	Holidays
)

// MaxPasses is how many passes one stay may have.
const MaxPasses = 8

func (p *Pass) check(i int) error {
	path := "passes[" + strconv.Itoa(i) + "]"
	d := p.Daily
	for _, at := range []time.Duration{d.From, d.To} {
		if at < 0 || at >= 24*time.Hour || at%time.Minute != 0 {
			return &Error{path + ".Daily", OutOfRange, "not whole minutes of a day"}
		}
	}
	if d.Days > Holidays {
		return &Error{path + ".Daily.Days", Unknown, ""}
	}
	if !p.From.IsZero() && !p.Until.IsZero() && p.Until.Before(p.From) {
		return &Error{path, Order, "Until is before From"}
	}
	return nil
}

// covers reports whether the pass covers the local second at, and until when
// that is known not to change.
func (p *Pass) covers(t *Tariff, at int64) (covered bool, until int64) {
	until = math.MaxInt64
	if !p.From.IsZero() {
		if from := t.local(p.From); at < from {
			return false, from
		}
	}
	if !p.Until.IsZero() {
		end := t.local(p.Until)
		if at >= end {
			return false, until
		}
		until = end
	}
	d := p.Daily
	if d.From == d.To && d.Days == AllDays {
		return true, until
	}
	from, length := int64(d.From/time.Second), int64((d.To-d.From)/time.Second)
	if length <= 0 {
		length += day
	}
	today := at / day
	for n := today - 1; n <= today; n++ {
		begin := n*day + from
		begins := d.Days == AllDays || t.calendar.kind(n) == int(d.Days-Workdays)
		switch {
		case begins && at >= begin && at < begin+length:
			return true, min(until, begin+length)
		case begins && at < begin:
			return false, min(until, begin)
		}
	}
	return false, min(until, (today+1)*day)
}

// pieces cuts a stay into what no pass covers.
type pieces struct {
	t      *Tariff
	passes []Pass
	at     int64
	end    int64
}

func (p *pieces) covered() (covered bool, until int64) {
	until = p.end
	for i := range p.passes {
		c, u := p.passes[i].covers(p.t, p.at)
		if c && !covered {
			covered, until = true, p.at
		}
		switch {
		case c:
			until = max(until, min(u, p.end))
		case !covered:
			until = min(until, u)
		}
	}
	return covered, until
}

// next returns the next piece, local seconds; an empty one is the end.
func (p *pieces) next() (from, until int64) {
	for open := false; p.at < p.end; {
		covered, u := p.covered()
		switch {
		case covered && open:
			return from, p.at
		case !covered && !open:
			from, open = p.at, true
		}
		p.at = u
		if open && p.at == p.end {
			return from, p.end
		}
	}
	return p.end, p.end
}
