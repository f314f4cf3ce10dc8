package epurse

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// A Target is whose the money of a claim is.
type Target string

// The targets.
const (
	Nobody   Target = ""         // no money moved
	Merchant Target = "merchant" // a purchase that was served
	Holder   Target = "holder"   // a purchase that was not
	Suspense Target = "suspense" // paid in, and not known to be on the card
	Float    Target = "float"    // on the card
	Payback  Target = "payback"  // paid in, and never on the card
)

// An entry is a claim with what the office knows of it.
type entry struct {
	Claim
	granted bool // a load: the office let the card be credited
	void    bool // a load: the card has proven that it was not
	to      Target
	changes int // of to
}

// A slot is what was claimed under one number of a card.
type slot struct {
	claims []*entry
	log    []Record // different ones, while nothing is proven
}

// A card is all that was claimed of it.
type card struct {
	slots map[Kind]map[uint16]*slot
	next  uint16 // number of the next load, as the card last proved
}

func (c *card) slot(kind Kind, sequence uint16) *slot {
	if c.slots[kind] == nil {
		c.slots[kind] = make(map[uint16]*slot)
	}
	s := c.slots[kind][sequence]
	if s == nil {
		s = &slot{}
		c.slots[kind][sequence] = s
	}
	return s
}

// find returns a slot, or nil where nothing was claimed.
func (c *card) find(kind Kind, sequence uint16) *slot {
	if c == nil {
		return nil
	}
	return c.slots[kind][sequence]
}

func (s *slot) entries() []*entry {
	if s == nil {
		return nil
	}
	return s.claims
}

// A verdict is what the claims on a card come to.
type verdict struct {
	to       map[*entry]Target
	open     bool // something may still be decided without another claim
	findings []Finding
	serial   string
}

func (v *verdict) find(kind, detail string, shown ...*entry) {
	f := Finding{Kind: kind, Of: v.serial, Detail: detail}
	for _, e := range shown {
		f.Claims = append(f.Claims, e.Claim)
	}
	v.findings = append(v.findings, f)
}

// judge decides about every claim on the card. It is a function of what was
// claimed, and of the deadline: what happened after it may still be explained
// by a terminal that has not been heard.
func (c *card) judge(serial string, deadline time.Time) *verdict {
	v := &verdict{to: make(map[*entry]Target), serial: serial}
	slots := c.slots[Purchase]
	numbers := slices.Sorted(maps.Keys(slots))
	// How far the card has come: only a certificate says so. An order that came
	// to nothing has whatever number somebody between card and terminal liked,
	// and so has a log.
	reached := -1
	for _, n := range numbers {
		if slices.ContainsFunc(slots[n].claims, func(e *entry) bool { return e.State == Paid }) {
			reached = int(n)
		}
	}
	var seen row
	for _, n := range numbers {
		if int(n) <= reached {
			seen.add(uint32(n))
		}
		v.purchase(n, slots[n], int(n) >= reached, deadline)
	}
	for _, hole := range seen.holes(0) {
		v.find(SequenceGap, fmt.Sprintf("purchases %s", hole))
	}
	for n, s := range c.slots[Load] {
		v.load(n, s, c.next)
	}
	return v
}

// purchase decides who of those who claim one number moved the money.
func (v *verdict) purchase(n uint16, s *slot, last bool, deadline time.Time) {
	var proven, others []*entry
	for _, e := range s.claims {
		v.to[e] = Nobody
		if e.State == Paid {
			proven = append(proven, e)
		} else {
			others = append(others, e)
		}
	}
	slices.SortFunc(others, compareEntries)
	place := fmt.Sprintf("purchase %d", n)
	for _, e := range proven {
		v.to[e] = Merchant
		if !e.Served {
			v.holder(place, e)
		}
	}
	switch {
	case len(proven) > 1:
		v.find(SameSequence, place, proven...)
		return
	case len(proven) == 1:
		return
	case len(others) == 0:
		if !last { // there is a log
			v.find(SequenceGap, fmt.Sprintf("purchases %d, at %s by the card's log", n, s.log[0].Terminal))
		}
		return
	}
	fen := others[0].Fen
	same := !slices.ContainsFunc(others, func(e *entry) bool { return e.Fen != fen })
	late := slices.ContainsFunc(others, func(e *entry) bool { return e.Time.After(deadline) })
	switch {
	case last && !slices.ContainsFunc(others, func(e *entry) bool { return e.State == Unresolved }):
		// The card said that it did nothing, and has done nothing since.
	case last || late:
		// A terminal that is offline may hold the proof that somebody else
		// moved the money, and this one did not.
		v.open = v.open || !last
		v.find(Undecided, place, others...)
	case len(s.log) == 1:
		// The last of one terminal's orders of one amount: the card makes a
		// new one only where it has not followed the one before.
		for _, e := range slices.Backward(others) {
			if e.record() == s.log[0] {
				v.holder(place, e)
				return
			}
		}
		v.find(SequenceGap, fmt.Sprintf("purchases %d, at %s by the card's log", n, s.log[0].Terminal), others...)
	case same && len(s.log) == 0:
		v.holder(place, others[len(others)-1])
	default:
		v.find(Ambiguous, place, others...)
	}
}

func (v *verdict) holder(place string, e *entry) {
	v.to[e] = Holder
	v.find(NotServed, place, e)
}

// load decides about the loads that were granted or proven under one number.
func (v *verdict) load(n uint16, s *slot, next uint16) {
	var proven bool
	for _, e := range s.claims {
		v.to[e] = Nobody
		if e.State == Paid {
			proven = true
			v.to[e] = Float
			if !e.granted {
				v.find(NotGranted, fmt.Sprintf("load %d", n), e)
			}
		}
	}
	var open *entry
	for _, e := range s.claims {
		switch {
		case !e.granted || e.State == Paid:
		case e.void || proven:
			v.to[e] = Payback
		default:
			open = e // at most one: an Observe comes before each grant
		}
	}
	switch {
	case open == nil:
	case n < next:
		v.to[open] = Float
	default:
		v.to[open] = Suspense
		v.find(Undecided, fmt.Sprintf("load %d", n), open)
	}
}

func compareEntries(a, b *entry) int {
	return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Terminal, b.Terminal), cmp.Compare(a.Number, b.Number))
}
