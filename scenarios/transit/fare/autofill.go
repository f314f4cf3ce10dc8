package fare

// Autofill is the policy for incomplete legs. The zero value completes none.
//
// The missing exit of a leg is taken from the rider's next entry in the same
// network, where that is on the same service day at another station; the
// missing entry likewise from the exit before. Else from the usual ride:
// the one other end that most of the rider's complete legs before had. A leg is
// completed only if a fare is known for it.
type Autofill struct {
	// PerMonth is how many legs are completed in a calendar month of service
	// days, the first of them; the rest cost the maximum fare.
	PerMonth int
	// UsualRides is how often a ride must have been made to be usual; 0 means
	// that no ride is.
	UsualRides int
}

// An end is one known end of a leg, at a station.
type end struct {
	network, station string
	exit             bool
}

// A habit counts where legs with one end had the other.
type habit map[string]*otherEnd // by station

type otherEnd struct {
	rides int
	stop  string // as it was tapped last
}

// autofill completes legs in place, and returns by which step, by the place of the leg.
func (e *Engine) autofill(legs []Leg) map[int]StepKind {
	filled := make(map[int]StepKind)
	if e.cfg.Autofill.PerMonth == 0 {
		return filled
	}
	next, before := e.neighbours(legs)
	habits := make(map[end]habit)
	months := make(map[int]int)
	for i := range legs {
		l := &legs[i]
		if l.State == Complete {
			e.learn(habits, l)
			continue
		}
		month := int(e.ServiceDay(l.Start())) / 100
		if l.State == Autofilled || months[month] == e.cfg.Autofill.PerMonth {
			continue
		}
		completed := *l
		completed.State = Autofilled
		var by StepKind
		if l.State == MissingExit {
			completed.To, by = next[i], NextEntry
			if completed.To == "" {
				completed.To, by = e.usual(habits[end{l.Network, e.feed.Station(l.From), false}]), UsualRide
			}
		} else {
			completed.From, by = before[i], PreviousExit
			if completed.From == "" {
				completed.From, by = e.usual(habits[end{l.Network, e.feed.Station(l.To), true}]), UsualRide
			}
		}
		if completed.From == "" || completed.To == "" || e.fault(&completed) != "" || len(e.offers(&completed)) == 0 {
			continue
		}
		*l, filled[i] = completed, by
		months[month]++
	}
	return filled
}

// neighbours returns, by the place of each incomplete leg, the stop of the next
// entry or of the exit before in its network, where that can be its other end.
func (e *Engine) neighbours(legs []Leg) (next, before map[int]string) {
	next, before = make(map[int]string), make(map[int]string)
	last := make(map[string]int) // leg by network
	for i := range legs {
		l := &legs[i]
		if j, ok := last[l.Network]; ok {
			p := &legs[j]
			sameDay := e.ServiceDay(p.Start()) == e.ServiceDay(l.Start())
			if p.State == MissingExit && l.From != "" && sameDay && e.feed.Station(p.From) != e.feed.Station(l.From) {
				next[j] = l.From
			}
			if l.State == MissingEntry && p.To != "" && sameDay && e.feed.Station(p.To) != e.feed.Station(l.To) {
				before[i] = p.To
			}
		}
		last[l.Network] = i
	}
	return next, before
}

// learn counts a complete leg between two stops.
func (e *Engine) learn(habits map[end]habit, l *Leg) {
	if l.From == "" || l.To == "" {
		return
	}
	from, to := e.feed.Station(l.From), e.feed.Station(l.To)
	count := func(known end, station, stop string) {
		if habits[known] == nil {
			habits[known] = make(habit)
		}
		if habits[known][station] == nil {
			habits[known][station] = new(otherEnd)
		}
		habits[known][station].rides++
		habits[known][station].stop = stop
	}
	count(end{l.Network, from, false}, to, l.To)
	count(end{l.Network, to, true}, from, l.From)
}

// usual returns the other end that was had most often, or none where two were.
func (e *Engine) usual(h habit) string {
	if e.cfg.Autofill.UsualRides == 0 {
		return ""
	}
	most, stop := e.cfg.Autofill.UsualRides-1, ""
	for _, o := range h {
		switch {
		case o.rides > most:
			most, stop = o.rides, o.stop
		case o.rides == most:
			stop = ""
		}
	}
	return stop
}
