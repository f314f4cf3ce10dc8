package fare

import (
	"cmp"
	"math"
	"slices"

	"github.com/citizencode/citizencode/scenarios/transit/gtfs"
)

// maxPaths bounds the combinations of leg rules that are followed at once. Where
// each leg has one leg rule, as in most feeds, there is one.
const maxPaths = 64

// A path is one way to pay for the legs so far: a leg rule for each, and the
// transfer rules that follow from them.
type path struct {
	prev  *path
	offer *offer // nil: the leg is none, because it is incomplete or has no fare
	// The transfer rule that leads to this leg, at the rider's price; nil where a
	// new ride begins.
	rule *gtfs.FareTransferRule
	fee  gtfs.FareProduct
	// The run of transfers under one pair of groups: where it began.
	groups groups
	begin  int
	// The cost of the ride, which is the legs since the last one without a
	// transfer, and of everything; fen.
	ride, total int64
}

// cheapest returns the cheapest path through all legs; offers are by charge.
func (e *Engine) cheapest(charges []Charge, offers [][]offer) *path {
	paths := []*path{{}}
	type state struct {
		offer  int
		rule   bool
		groups groups
		begin  int
		ride   int64
	}
	for k := range charges {
		if len(offers[k]) == 0 {
			// Nothing that comes can depend on what was.
			paths = []*path{{prev: paths[0], total: paths[0].total}}
			continue
		}
		best := make(map[state]int, len(paths))
		var next []*path
		for _, p := range paths {
			for o := range offers[k] {
				q := e.extend(p, charges, k, &offers[k][o])
				s := state{o, q.rule != nil, q.groups, q.begin, 0}
				if e.discounts {
					// How far a discount can reach depends on the ride so far.
					s.ride = q.ride
				}
				i, seen := best[s]
				switch {
				case !seen:
					best[s] = len(next)
					next = append(next, q)
				case q.total < next[i].total:
					next[i] = q
				}
			}
		}
		slices.SortStableFunc(next, func(a, b *path) int { return cmp.Compare(a.total, b.total) })
		paths = next[:min(len(next), maxPaths)]
	}
	return paths[0]
}

// extend pays for leg k by an offer after path p.
func (e *Engine) extend(p *path, charges []Charge, k int, o *offer) *path {
	alone := &path{prev: p, offer: o, begin: k, ride: o.price.Fen, total: p.total + o.price.Fen}
	// A leg rule without a group is in no transfer rule, not even an empty one.
	if p.offer == nil || p.offer.rule.Group == "" || o.rule.Group == "" {
		return alone
	}
	key := groups{named(e.fromGroups, p.offer.rule.Group), named(e.toGroups, o.rule.Group)}
	begin := k - 1
	if p.rule != nil && p.groups == key {
		begin = p.begin
	}
	leg := &charges[k].Leg
	category, _ := e.category(leg.Rider, leg.Start())
	var best *path
	least := math.MaxInt // the transfer count of best
	for i := range e.transfers[key] {
		r := &e.transfers[key][i]
		count := r.Count
		if count <= 0 {
			count = math.MaxInt - 1
		}
		if count < k-begin || count > least || !inTime(r, &charges[begin].Leg, leg) {
			continue
		}
		var fee gtfs.FareProduct
		if r.Product != "" {
			var ok bool
			if fee, ok = e.price(r.Product, category, leg.Rider.Media); !ok {
				continue
			}
		}
		ride := p.ride
		switch {
		case r.Type == gtfs.FromLegTransferAndToLeg:
			ride += o.price.Fen
		case r.Type == gtfs.TransferOnly && p.rule == nil:
			ride = 0 // AB in place of A; later in a ride, S + BC
		}
		ride = max(0, ride+fee.Fen)
		if best == nil || count < least || ride < best.ride {
			best = &path{prev: p, offer: o, rule: r, fee: fee, groups: key, begin: begin, ride: ride, total: p.total - p.ride + ride}
			least = count
		}
	}
	if best == nil {
		return alone
	}
	return best
}

// named returns how the transfer rules call a leg group: by its name, or as one
// of those that none of them names.
func named(names map[string]bool, group string) string {
	if names[group] {
		return group
	}
	return ""
}

// inTime reports whether a transfer from the first leg of a run to the last is
// within the duration limit.
func inTime(r *gtfs.FareTransferRule, first, last *Leg) bool {
	if r.Duration == 0 {
		return true
	}
	from, to := first.Entry, last.Entry
	if r.DurationType == gtfs.ArrivalToDeparture || r.DurationType == gtfs.ArrivalToArrival {
		from = first.Exit
	}
	if r.DurationType == gtfs.DepartureToArrival || r.DurationType == gtfs.ArrivalToArrival {
		to = last.Exit
	}
	return !from.IsZero() && !to.IsZero() && to.Sub(from) <= r.Duration
}

// join makes effective legs: of two charges whose legs a join rule puts
// together it leaves one.
func (e *Engine) join(charges []Charge) []Charge {
	if len(e.feed.JoinRules()) == 0 {
		return charges
	}
	var joined []Charge
	for i, c := range charges {
		if i > 0 {
			// The leg before may itself be joined; its last part decides.
			if r := e.joins(&charges[i-1], &c); r != nil {
				last := &joined[len(joined)-1]
				l := &last.Leg
				if l.Network != c.Leg.Network {
					l.Network = "" // of neither
				}
				l.Route, l.To, l.Exit = "", c.Leg.To, c.Leg.Exit
				l.Taps = append(slices.Clone(l.Taps), c.Leg.Taps...)
				last.Steps = append(last.Steps, Step{Kind: Joined, Rule: r.Ref})
				continue
			}
		}
		joined = append(joined, c)
	}
	return joined
}

// joins returns the join rule that makes one leg of two, or nil.
func (e *Engine) joins(before, after *Charge) *gtfs.FareLegJoinRule {
	a, b := &before.Leg, &after.Leg
	gap := b.Entry.Sub(a.Exit)
	if before.Fault != "" || after.Fault != "" || a.State != Complete || b.State != Complete || a.To == "" || b.From == "" || b.To == "" || a.Exit.IsZero() || gap < 0 || gap > e.cfg.JoinWithin {
		return nil
	}
	at := func(rule, stop string) bool { return rule == stop || rule == e.feed.Station(stop) }
	rules := e.feed.JoinRules()
	for i := range rules {
		r := &rules[i]
		if r.FromNetwork != a.Network || r.ToNetwork != b.Network {
			continue
		}
		if r.FromStop == "" && e.feed.Station(a.To) == e.feed.Station(b.From) || r.FromStop != "" && at(r.FromStop, a.To) && at(r.ToStop, b.From) {
			return r
		}
	}
	return nil
}
