package epurse

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/citizencode/citizencode/scenarios/eventlog"
)

// maxRefused is how many refusals are kept to be looked into, the newest.
const maxRefused = 10_000

// The events.
const (
	claimedKind  = "claimed"
	grantedKind  = "granted"
	observedKind = "observed"
	decidedKind  = "decided"
	postedKind   = "posted"
)

// claimedEvent is what was new in a batch. Certificates were verified before it
// was appended: reading the events needs no key.
type claimedEvent struct {
	Claims  []Claim   `json:"claims,omitempty"`
	Log     []Record  `json:"log,omitempty"`
	Answers []Answer  `json:"answers,omitempty"`
	Refused []Finding `json:"refused,omitempty"`
}

// observedEvent says which number of load a card has proven to be its next.
type observedEvent struct {
	Card string `json:"card"`
	Next uint16 `json:"next"`
}

// A decision says whose the money of a claim is from now on. What was posted
// for the one before is reversed.
type decision struct {
	Terminal string `json:"terminal"`
	Number   uint32 `json:"number"`
	From     Target `json:"from,omitempty"`
	To       Target `json:"to,omitempty"`
	Change   int    `json:"change"` // of this claim, from 1
}

type decidedEvent struct {
	Decisions []decision `json:"decisions"`
}

// postedEvent says how many decisions, from the first, stand in the ledger.
type postedEvent struct {
	Decisions int `json:"decisions"`
}

// books is the state of the stream.
type books struct {
	claims    map[claimID]*entry
	cards     map[string]*card
	numbers   map[string]*row // by terminal
	answers   map[string]*answers
	refused   []Finding
	open      map[string]int // cards to be judged by Settle, and the event that says so
	decisions []decision     // not posted
	posted    int
	events    int
}

func newBooks() *books {
	return &books{claims: make(map[claimID]*entry), cards: make(map[string]*card), numbers: make(map[string]*row),
		answers: make(map[string]*answers), open: make(map[string]int)}
}

// Apply implements [eventlog.State].
func (b *books) Apply(e eventlog.Event) error {
	b.events++
	switch e.Kind {
	case claimedKind:
		var c claimedEvent
		if err := json.Unmarshal(e.Data, &c); err != nil {
			return err
		}
		b.claimed(&c)
	case grantedKind:
		var c Claim
		if err := json.Unmarshal(e.Data, &c); err != nil {
			return err
		}
		b.put(c).granted = true
	case observedKind:
		var c observedEvent
		if err := json.Unmarshal(e.Data, &c); err != nil {
			return err
		}
		b.observed(c)
	case decidedKind:
		var c decidedEvent
		if err := json.Unmarshal(e.Data, &c); err != nil {
			return err
		}
		for _, d := range c.Decisions {
			claim := b.claims[claimID{d.Terminal, d.Number}]
			if claim == nil || d.Change != claim.changes+1 {
				return fmt.Errorf("decision %d about claim %s.%d is out of order", d.Change, d.Terminal, d.Number)
			}
			claim.to, claim.changes = d.To, d.Change
			b.decisions = append(b.decisions, d)
		}
	case postedKind:
		var c postedEvent
		if err := json.Unmarshal(e.Data, &c); err != nil {
			return err
		}
		if c.Decisions > b.posted {
			b.decisions = slices.Clone(b.decisions[c.Decisions-b.posted:])
			b.posted = c.Decisions
		}
	default:
		return fmt.Errorf("unknown kind of event %q", e.Kind)
	}
	return nil
}

func (b *books) claimed(c *claimedEvent) {
	for _, claim := range c.Claims {
		b.put(claim)
	}
	for _, r := range c.Log {
		s := b.card(r.Card).slot(r.Kind, r.Sequence)
		s.log = append(s.log, r)
		b.open[r.Card] = b.events
	}
	for _, a := range c.Answers {
		if b.answers[a.Serial] == nil {
			b.answers[a.Serial] = &answers{first: make(map[uint32]string)}
		}
		b.answers[a.Serial].add(a)
	}
	b.refused = append(b.refused, c.Refused...)
	for _, f := range c.Refused {
		for _, claim := range f.Claims {
			b.heard(claim) // refused is not missing
		}
	}
	if over := len(b.refused) - maxRefused; over > 0 {
		b.refused = slices.Delete(b.refused, 0, over)
	}
}

// put adds a claim, or what is newly known of one that is there.
func (b *books) put(c Claim) *entry {
	b.open[c.Card] = b.events
	if e := b.claims[c.id()]; e != nil {
		if betterState(c, e.Claim) {
			e.State, e.TAC = c.State, c.TAC
		}
		e.Served = e.Served || c.Served
		return e
	}
	e := &entry{Claim: c}
	b.claims[c.id()] = e
	s := b.card(c.Card).slot(c.Kind, c.Sequence)
	s.claims = append(s.claims, e)
	b.heard(c)
	return e
}

// heard notes that a terminal has sent a number.
func (b *books) heard(c Claim) {
	if b.numbers[c.Terminal] == nil {
		b.numbers[c.Terminal] = new(row)
	}
	b.numbers[c.Terminal].add(c.Number)
}

// betterState reports whether a says more than b: so that in any order the same
// is known in the end.
func betterState(a, b Claim) bool {
	rank := map[State]int{Unresolved: 0, NotCharged: 1, Paid: 2}
	return rank[a.State] > rank[b.State]
}

func (b *books) card(serial string) *card {
	c := b.cards[serial]
	if c == nil {
		c = &card{slots: make(map[Kind]map[uint16]*slot)}
		b.cards[serial] = c
	}
	return c
}

// observed voids the grants under the number that a card proves to be its next.
func (b *books) observed(o observedEvent) {
	c := b.card(o.Card)
	b.open[o.Card] = b.events
	c.next = max(c.next, o.Next)
	if s := c.slots[Load][o.Next]; s != nil {
		for _, e := range s.claims {
			e.void = e.void || e.granted
		}
	}
}
