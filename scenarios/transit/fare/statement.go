package fare

import (
	"fmt"

	"github.com/citizencode/citizencode/scenarios/transit/gtfs"
)

// A StepKind says what a step of an explanation is.
type StepKind string

// The kinds of steps.
const (
	LegFare           StepKind = "leg-fare"           // a leg rule, charged
	LegIncluded       StepKind = "leg-included"       // a leg rule, not charged because of a transfer
	Transfer          StepKind = "transfer"           // a transfer rule
	Replaced          StepKind = "replaced"           // the fare of the leg, which a transfer rule replaces
	Carried           StepKind = "carried"            // what a transfer gives beyond its leg, taken from a leg before
	Floor             StepKind = "floor"              // a ride costs nothing at least
	Cap               StepKind = "cap"                // a fare cap is reached
	MaxFare           StepKind = "max-fare"           // an incomplete leg
	Joined            StepKind = "joined"             // two legs are one, by a join rule
	NextEntry         StepKind = "next-entry"         // the exit is inferred
	PreviousExit      StepKind = "previous-exit"      // the entry is inferred
	UsualRide         StepKind = "usual-ride"         // the other end is inferred
	ConcessionExpired StepKind = "concession-expired" // the rider category no longer holds
	ConcessionUnknown StepKind = "concession-unknown" // the feed does not know the rider category
)

// A Step is one line of the explanation of a charge.
type Step struct {
	Kind     StepKind `json:"kind"`
	Rule     gtfs.Ref `json:"rule,omitzero"`      // where the rule stands in the feed
	Product  string   `json:"product,omitempty"`  // fare product, or fare cap
	Category string   `json:"category,omitempty"` // rider category of the price
	Fen      int64    `json:"fen"`                // added to the charge
}

// A Fault says why a leg has no fare.
type Fault string

// The faults of a leg.
const (
	UnknownNetwork Fault = "unknown-network"
	UnknownRoute   Fault = "unknown-route"
	UnknownStop    Fault = "unknown-stop"
	NoFare         Fault = "no-fare" // no rule of the feed has a price for the leg and the rider
)

// A Charge is what one leg costs.
type Charge struct {
	Leg   Leg       `json:"leg"`
	Day   gtfs.Date `json:"day"`   // service day of its start
	Fen   int64     `json:"fen"`   // never negative; the sum of the steps
	Steps []Step    `json:"steps"` // in the order of their work
	Fault Fault     `json:"fault,omitempty"`
}

// A Statement is what all legs cost.
type Statement struct {
	Charges   []Charge `json:"charges"` // in the order of their start
	Total     int64    `json:"total"`   // fen
	Faults    int      `json:"faults,omitempty"`
	Conflicts []TapID  `json:"conflicts,omitempty"` // taps that differ under one id
}

// A LegError refuses legs that Fare cannot put in time.
type LegError struct {
	Leg    int    // its place
	Reason string // "no-time", "out-of-order" or "unknown-state"
}

// Error names the leg and the reason.
func (e *LegError) Error() string { return fmt.Sprintf("fare: leg %d: %s", e.Leg, e.Reason) }

// Settle computes what the taps of one credential cost. It is a pure function
// of their set. For weekly caps, the limits of a month and usual rides the set
// must hold the week, the month and what came before. The error is a [*LimitError].
func (e *Engine) Settle(taps []Tap) (*Statement, error) {
	legs, conflicts, err := e.Pair(taps)
	if err != nil {
		return nil, err
	}
	s, err := e.Fare(legs)
	if err != nil {
		return nil, err
	}
	s.Conflicts = conflicts
	return s, nil
}

// Fare computes what legs cost, which must be in the order of their start. The
// error is a [*LegError] or a [*LimitError].
func (e *Engine) Fare(legs []Leg) (*Statement, error) {
	if len(legs) > MaxTaps {
		return nil, &LimitError{len(legs)}
	}
	own := make([]Leg, len(legs))
	for i, l := range legs {
		switch start := l.Start(); {
		case start.IsZero():
			return nil, &LegError{i, "no-time"}
		case i > 0 && start.Before(legs[i-1].Start()):
			return nil, &LegError{i, "out-of-order"}
		case l.State != Complete && l.State != MissingExit && l.State != MissingEntry && l.State != Autofilled:
			return nil, &LegError{i, "unknown-state"}
		}
		own[i] = l
	}
	filled := e.autofill(own)
	charges := make([]Charge, len(own))
	for i, l := range own {
		charges[i] = Charge{Leg: l, Day: e.ServiceDay(l.Start()), Fault: e.fault(&l)}
		if by := filled[i]; by != "" {
			charges[i].add(Step{Kind: by})
		}
	}
	s := &Statement{Charges: e.join(charges)}
	offers := make([][]offer, len(s.Charges))
	counts := make([]bool, len(s.Charges)) // towards caps
	highest := make(map[maxKey]*gtfs.FareProduct)
	for i := range s.Charges {
		c := &s.Charges[i]
		l := &c.Leg
		category, without := e.category(l.Rider, l.Start())
		if without != "" {
			c.add(Step{Kind: without})
		}
		if c.Fault != "" {
			continue
		}
		if l.State == Complete || l.State == Autofilled {
			if offers[i] = e.offers(l); len(offers[i]) == 0 {
				c.Fault = NoFare
			}
			counts[i] = true
			continue
		}
		if p := e.highest(highest, maxKey{l.Network, category, l.Rider.Media}); p != nil {
			c.add(Step{Kind: MaxFare, Rule: p.Ref, Product: p.ID, Category: p.Category, Fen: p.Fen})
		} else {
			c.Fault = NoFare
		}
	}
	rules := s.explain(e.cheapest(s.Charges, offers))
	e.cap(s, rules, counts)
	for i := range s.Charges {
		s.Total += s.Charges[i].Fen
		if s.Charges[i].Fault != "" {
			s.Faults++
		}
	}
	return s, nil
}

// fault says what the feed does not know about a leg: a station opened
// yesterday must not be taken for one without areas.
func (e *Engine) fault(l *Leg) Fault {
	if l.Route == "" && l.Network == "" {
		return UnknownNetwork
	}
	if l.Route != "" {
		if _, ok := e.feed.Route(l.Route); !ok {
			return UnknownRoute
		}
	}
	if l.Network != "" {
		if _, ok := e.feed.Network(l.Network); !ok {
			return UnknownNetwork
		}
	}
	for _, stop := range []string{l.From, l.To} {
		if stop != "" {
			if _, ok := e.feed.Stop(stop); !ok {
				return UnknownStop
			}
		}
	}
	// Of two gates, one does not say where it stands.
	if l.State == Complete && !l.Exit.IsZero() && (l.From == "") != (l.To == "") {
		return UnknownStop
	}
	return ""
}

// A maxKey is what a maximum fare depends on.
type maxKey struct{ network, category, media string }

// highest returns the maximum fare, computed once for all legs, or nil.
func (e *Engine) highest(known map[maxKey]*gtfs.FareProduct, key maxKey) *gtfs.FareProduct {
	p, ok := known[key]
	if !ok {
		if highest, has := e.maxFare(key.network, key.category, key.media); has {
			p = &highest
		}
		known[key] = p
	}
	return p
}

func (c *Charge) add(s Step) {
	c.Steps = append(c.Steps, s)
	c.Fen += s.Fen
}

// explain turns a path into steps, and returns the product of each leg's rule.
func (s *Statement) explain(p *path) []string {
	nodes := make([]*path, len(s.Charges))
	for k := len(nodes) - 1; k >= 0; k-- {
		nodes[k], p = p, p.prev
	}
	products := make([]string, len(nodes))
	first := 0 // leg of the ride
	for k, n := range nodes {
		if n.offer == nil {
			continue
		}
		c := &s.Charges[k]
		products[k] = n.offer.rule.Product
		leg := Step{Kind: LegFare, Rule: n.offer.rule.Ref, Product: products[k], Category: n.offer.price.Category, Fen: n.offer.price.Fen}
		if n.rule == nil {
			first = k
			c.add(leg)
			continue
		}
		if n.rule.Type != gtfs.FromLegTransferAndToLeg {
			leg.Kind, leg.Fen = LegIncluded, 0
		}
		if before := &s.Charges[k-1]; n.rule.Type == gtfs.TransferOnly && first == k-1 {
			before.add(Step{Kind: Replaced, Rule: n.rule.Ref, Fen: -before.Fen})
		}
		c.add(leg)
		c.add(Step{Kind: Transfer, Rule: n.rule.Ref, Product: n.rule.Product, Category: n.fee.Category, Fen: n.fee.Fen})
		for j := k - 1; j >= first && c.Fen < 0; j-- {
			if take := min(s.Charges[j].Fen, -c.Fen); take > 0 {
				s.Charges[j].add(Step{Kind: Carried, Rule: n.rule.Ref, Fen: -take})
				c.add(Step{Kind: Carried, Rule: n.rule.Ref, Fen: take})
			}
		}
		if c.Fen < 0 {
			c.add(Step{Kind: Floor, Fen: -c.Fen})
		}
	}
	return products
}

// cap holds the charges that count against the fare caps, in order.
func (e *Engine) cap(s *Statement, products []string, counts []bool) {
	type period struct {
		cap   int
		begin gtfs.Date
	}
	spent := make(map[period]int64)
	caps := e.feed.Caps()
	for i := range s.Charges {
		c := &s.Charges[i]
		if !counts[i] || c.Fault != "" {
			continue
		}
		category, _ := e.category(c.Leg.Rider, c.Leg.Start())
		var in []period
		var tightest *gtfs.FareCap
		var over int64
		for n := range caps {
			f := &caps[n]
			if f.Network != "" && f.Network != c.Leg.Network || f.Product != "" && f.Product != products[i] || !e.covers(f.Category, category) {
				continue
			}
			p := period{n, c.Day}
			if f.Weekly {
				p.begin = c.Day.Monday()
			}
			in = append(in, p)
			if beyond := c.Fen - (f.Fen - spent[p]); beyond > over {
				tightest, over = f, beyond
			}
		}
		if tightest != nil {
			c.add(Step{Kind: Cap, Rule: tightest.Ref, Product: tightest.ID, Fen: -over})
		}
		for _, p := range in {
			spent[p] += c.Fen
		}
	}
}
