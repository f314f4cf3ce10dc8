package office

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

// The kinds of findings.
const (
	// SameShowing: two gates took the same picture. Gates that share nothing
	// cannot see it; both taps are charged until one is taken back.
	SameShowing = "same-showing"
	// OverAllowance: a credential was taken offline more often than its
	// allowance, at gates that did not know of each other.
	OverAllowance = "over-allowance"
	// CounterGap: a card has counted answers that no tap shows, and no other
	// scene explains: a gate holds taps back, or the card was asked elsewhere.
	CounterGap = "counter-gap"
	// RefusedCode: no honest gate had let this code in, for the reason that stands
	// in Detail, as Recheck found. The tap is in no fare.
	RefusedCode = "refused-code"
	// NoFare: no rule of the feed has a fare for the ride; as Book found.
	NoFare = "no-fare"
)

// A Finding is something for a person to look into. It says what was seen, and
// changes nothing by itself; that a tap with a refused code costs nobody anything
// is Recheck's.
type Finding struct {
	Kind   string    `json:"kind"`
	Person string    `json:"person"`
	Detail string    `json:"detail,omitempty"`
	Taps   []tap.Tap `json:"taps"` // that show it, in the order of time; never none
}

// A FindingsRequest asks for a month.
type FindingsRequest struct {
	Month string `json:"month"` // YYYY-MM
}

// Findings returns what is wrong with the taps of a month, in the order of time.
// Like fares, it is a function of the set of taps.
func (o *Office) Findings(ctx context.Context, r FindingsRequest) ([]Finding, error) {
	m, err := parseMonth(r.Month)
	if err != nil {
		return nil, &scenarios.RequestError{Path: "month", Err: err}
	}
	s := o.month(m)
	if s == nil {
		return nil, nil
	}
	var list []Finding
	err = s.stream.View(ctx, func() error {
		for person, r := range s.state.riders {
			list = append(list, o.judge(person, r)...)
		}
		return nil
	})
	o.mu.Lock()
	for _, found := range o.faults[m] {
		list = append(list, found...)
	}
	o.mu.Unlock()
	slices.SortFunc(list, compareFindings)
	return list, err
}

// judge looks at a person's taps of a month, those taken back too: the faults
// were there.
func (o *Office) judge(person string, r *rider) []Finding {
	taps := slices.Clone(r.taps)
	slices.SortFunc(taps, func(a, b *entry) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.key, b.key)) })
	var list []Finding
	add := func(kind, detail string, shown ...*entry) {
		f := Finding{Kind: kind, Person: person, Detail: detail}
		for _, t := range shown {
			f.Taps = append(f.Taps, t.tap(person))
		}
		list = append(list, f)
	}
	byShowing := make(map[string][]*entry)
	type usage struct {
		issued int64
		count  int
	}
	used := make(map[string]usage)        // by serial
	cards := make(map[string][]*entry, 1) // by serial
	for _, t := range taps {
		if reason := r.refused[t.key]; reason != "" {
			add(RefusedCode, reason, t)
		}
		byShowing[t.showing] = append(byShowing[t.showing], t)
		if t.serial == "" {
			continue
		}
		if carriers[t.carrier] == scenarios.Card.String() {
			cards[t.serial] = append(cards[t.serial], t)
		}
		u := used[t.serial]
		if t.issued > u.issued {
			u = usage{issued: t.issued} // a newer credential was fetched online
		}
		if t.online {
			u.count = 0
		} else if u.count++; o.cfg.OfflineUses > 0 && u.count > o.cfg.OfflineUses {
			add(OverAllowance, fmt.Sprintf("%d of %d", u.count, o.cfg.OfflineUses), t)
		}
		used[t.serial] = u
	}
	for _, same := range byShowing {
		if len(same) > 1 {
			add(SameShowing, fmt.Sprintf("%d gates", len(same)), same...)
		}
	}
	for serial, list := range cards {
		o.gaps(serial, person, list, add)
	}
	return list
}

// gaps looks for counters of a card that were used and are not in a tap.
func (o *Office) gaps(serial, person string, list []*entry, add func(kind, detail string, shown ...*entry)) {
	type counted struct {
		n uint32
		t *entry
	}
	var counters []counted
	for _, e := range list {
		t := e.tap(person)
		if n, ok := t.Counter(); ok {
			counters = append(counters, counted{n, e})
		}
	}
	slices.SortFunc(counters, func(a, b counted) int { return cmp.Or(cmp.Compare(a.n, b.n), cmp.Compare(a.t.at, b.t.at)) })
	for i := 1; i < len(counters); i++ {
		a, b := counters[i-1], counters[i]
		if b.n-a.n > 1 && (o.cfg.Explained == nil || !o.cfg.Explained(serial, a.n, b.n)) {
			add(CounterGap, fmt.Sprintf("%d to %d", a.n+1, b.n-1), a.t, b.t)
		}
	}
}
