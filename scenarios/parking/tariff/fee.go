package tariff

import (
	"time"
)

// The times of a stay. A camera whose clock has lost its battery says 1970 or
// 2000; a fee from there would be absurd, so it is refused.
var (
	Earliest = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	Latest   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

// A Charge is what a stay costs, and why.
type Charge struct {
	Fen      int64
	Stay     time.Duration // whole seconds
	Overstay time.Duration // beyond the longest stay allowed; it changes no fee
	Lines    []Line        // their Fen add up to Fen
}

// Fee returns what a stay of a vehicle costs, as the package comment says. The
// stay may be as long as the clock allows; the work grows with its days. An
// error is an *Error.
func (t *Tariff) Fee(entry, exit time.Time, class Class, passes ...Pass) (Charge, error) {
	switch {
	case entry.Before(Earliest) || !entry.Before(Latest):
		return Charge{}, &Error{"entry", OutOfRange, ""}
	case exit.Before(Earliest) || !exit.Before(Latest):
		return Charge{}, &Error{"exit", OutOfRange, ""}
	case exit.Before(entry):
		return Charge{}, &Error{"exit", ExitBeforeEntry, ""}
	case len(passes) > MaxPasses:
		return Charge{}, &Error{"passes", OutOfRange, "too many"}
	}
	for i := range passes {
		if err := passes[i].check(i); err != nil {
			return Charge{}, err
		}
	}
	rate, priced := t.classes[class]
	if !priced && class != Emergency {
		return Charge{}, &Error{"class", ClassNotListed, ""}
	}
	from, until := t.local(entry), t.local(exit)
	c := Charge{Stay: seconds(until - from)}
	if t.maxStay > 0 {
		c.Overstay = max(0, c.Stay-seconds(t.maxStay))
	}
	if class == Emergency {
		c.Lines = []Line{{Kind: OnDuty}}
		return c, nil
	}

	stay := pieces{t: t, passes: passes, at: from, end: until}
	m := meter{t: t, plan: rate.plan}
	m.lines = make([]Line, 0, 6)
	open := total(stay)
	if covered := until - from - open; covered > 0 {
		m.note(Line{Kind: Covered, Seconds: covered})
	}
	if open <= rate.free {
		m.note(Line{Kind: FreeMinutes, Seconds: rate.free})
		c.Lines = m.lines
		return c, nil
	}
	var skip int64
	if rate.deducted {
		skip = rate.free
		m.note(Line{Kind: FreeMinutes, Seconds: rate.free})
	}
	for {
		from, until := stay.next()
		if from == until {
			break
		}
		n := min(skip, until-from)
		skip -= n
		m.run(from+n, until)
	}
	c.Fen = m.sum(rate.percent)
	c.Lines = m.lines
	return c, nil
}

// total returns how many seconds of a stay no pass covers.
func total(p pieces) int64 {
	var n int64
	for {
		from, until := p.next()
		if from == until {
			return n
		}
		n += until - from
	}
}

func seconds(n int64) time.Duration {
	// 199 years of nanoseconds fit into an int64, 292 would.
	return time.Duration(n) * time.Second
}
