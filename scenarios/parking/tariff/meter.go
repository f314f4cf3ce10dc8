package tariff

import "math"

// A meter runs over the charged time of one stay.
type meter struct {
	t    *Tariff
	plan *plan

	started   bool
	start     int64 // first charged second
	paidUntil int64 // end of the unit that was charged last, where units run to their end
	windowEnd int64
	windowFen int64
	visitFen  int64 // of the windows before this one

	used   [2 * MaxBands]int64 // first units counted, by price
	occurs int64               // begin of the occurrence of a band that occFen belongs to
	occFen int64
	lines  []Line
	more   int64 // fen of what has no line
}

// run charges the local seconds from..until.
func (m *meter) run(from, until int64) {
	at := from
	if m.t.finish {
		at = max(at, m.paidUntil)
	}
	if at >= until {
		return
	}
	if !m.started {
		m.started, m.start, m.occurs = true, at, math.MinInt64
		m.windowEnd = m.nextWindow(at)
	}
	for at < until {
		if at >= m.windowEnd {
			m.closeWindow()
			m.windowEnd = m.nextWindow(at)
		}
		n, begin, end := m.plan.band(&m.t.calendar, at)
		p := &m.plan.prices[n]
		limit := min(until, m.windowEnd)
		for p.cap == noCap && end < limit { // an equal band goes on
			next, _, nextEnd := m.plan.band(&m.t.calendar, end)
			if next != n {
				break
			}
			end = nextEnd
		}
		limit = min(limit, end)
		length := m.charge(n, begin, at, limit)
		if m.t.finish {
			at += length
			m.paidUntil = at
		} else {
			at = limit
		}
	}
}

// charge counts the units that begin in at..until, all in one band and window,
// and returns how many seconds they last.
func (m *meter) charge(n int, begin, at, until int64) int64 {
	p := &m.plan.prices[n]
	if begin != m.occurs {
		m.occurs, m.occFen = begin, 0
	}
	open := until - at
	var length int64
	count := func(units, unit, fen int64) {
		if units == 0 {
			return
		}
		m.windowFen += units * fen
		m.occFen += units * fen
		m.line(Line{Kind: Units, Band: p.name, From: m.t.time(at + length), Until: m.t.time(min(at+length+units*unit, until)), Units: units, Seconds: unit, UnitFen: fen, Fen: units * fen})
		length += units * unit
	}
	if left := p.firstUnits - m.used[n]; left > 0 {
		units := min(left, begun(open, p.firstLen))
		m.used[n] += units
		count(units, p.firstLen, p.firstFen)
	}
	if length < open {
		count(begun(open-length, p.unit), p.unit, p.fen)
	}
	if over := m.occFen - p.cap; over > 0 {
		m.occFen -= over
		m.windowFen -= over
		m.line(Line{Kind: BandCap, Band: p.name, From: m.t.time(begin), Until: m.t.time(until), UnitFen: p.cap, Fen: -over})
	}
	return length
}

// begun returns how many units begin in that many seconds.
func begun(seconds, unit int64) int64 { return (seconds + unit - 1) / unit }

// nextWindow returns the end of the window that at is in.
func (m *meter) nextWindow(at int64) int64 {
	switch m.plan.window {
	case hours24:
		return m.start + ((at-m.start)/day+1)*day
	case calendarDay:
		return (at/day + 1) * day
	}
	return math.MaxInt64
}

// closeWindow ends a window: its cap is applied.
func (m *meter) closeWindow() {
	if over := m.windowFen - m.plan.cap; over > 0 {
		m.windowFen -= over
		m.line(Line{Kind: WindowCap, window: m.plan.window, Until: m.t.time(m.windowEnd), UnitFen: m.plan.cap, Fen: -over})
	}
	m.visitFen += m.windowFen
	m.windowFen = 0
	if m.plan.restart {
		clear(m.used[:])
	}
}

// sum ends the visit and returns what is due.
func (m *meter) sum(percent int64) int64 {
	if m.started {
		m.closeWindow()
	}
	if m.more != 0 {
		m.note(Line{Kind: More, Fen: m.more})
	}
	if over := m.visitFen - m.plan.visitCap; over > 0 {
		m.visitFen -= over
		m.note(Line{Kind: VisitCap, UnitFen: m.plan.visitCap, Fen: -over})
	}
	if percent == 100 {
		return m.visitFen
	}
	fen := m.visitFen * percent / 100
	m.note(Line{Kind: Percentage, Units: percent, Fen: fen - m.visitFen})
	return fen
}

// line adds a line of the computation while there is room.
func (m *meter) line(l Line) {
	if len(m.lines) < MaxLines {
		m.lines = append(m.lines, l)
		return
	}
	m.more += l.Fen
}

// note adds a line that always has room: there are at most six.
func (m *meter) note(l Line) { m.lines = append(m.lines, l) }

// band returns which price holds at a local second, and when its band began and
// ends.
func (p *plan) band(c *calendar, at int64) (price int, begin, end int64) {
	n := at / day
	today := p.on(c, n)
	for i := len(today) - 1; i >= 0; i-- {
		if begin = n*day + today[i].from; begin > at {
			continue
		}
		if i+1 < len(today) {
			return today[i].price, begin, n*day + today[i+1].from
		}
		return today[i].price, begin, (n+1)*day + p.on(c, n+1)[0].from
	}
	// Before the first band of the day the last one of the day before runs on.
	before := p.on(c, n-1)
	last := before[len(before)-1]
	return last.price, (n-1)*day + last.from, n*day + today[0].from
}

func (p *plan) on(c *calendar, n int64) []band { return p.days[c.kind(n)] }
