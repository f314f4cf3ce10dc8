// Package railstest has partners that keep their own books, and misbehave on
// demand: they time out before and after the effect, deliver twice, late, and
// out of order. They are safe for concurrent use.
package railstest

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/citizencode/citizencode/scenarios/rails"
)

// ErrTimeout is what a caller sees of most faults.
var ErrTimeout = errors.New("railstest: timed out")

// Faults say how often of 100 calls something goes wrong. The zero value never
// fails. They are drawn from Seed, in the order in which calls arrive.
type Faults struct {
	Seed uint64
	// Before: the order is lost on the way.
	Before int
	// After: the order has its effect and the answer is lost.
	After int
	// Twice: the order arrives twice.
	Twice int
	// Late: the order waits somewhere, and arrives before, after or between
	// later ones, in any order.
	Late int
	// Deaf: a question for a key is not answered.
	Deaf int

	// InsecureForget makes a partner that does not know keys: every delivery
	// has its effect. A test that still passes with it tests nothing.
	InsecureForget bool
}

// Hostile are faults of every kind, so many that half of all calls fail.
func Hostile(seed uint64) Faults {
	return Faults{Seed: seed, Before: 15, After: 15, Twice: 15, Late: 15, Deaf: 40}
}

// A partner is what the simulators have in common: one answer for each key.
type partner struct {
	mu      sync.Mutex
	faults  Faults
	rand    *rand.Rand
	answers map[string]rails.Answer
	moved   map[string]int64 // what each key moved; see rails.Movement
	waiting []func()         // deliveries that are late
}

func newPartner(f Faults) partner {
	return partner{faults: f, rand: rand.New(rand.NewPCG(f.Seed, 0)), answers: make(map[string]rails.Answer), moved: make(map[string]int64)}
}

// call is one order on its way: effect decides about it and says what it moves.
func (p *partner) call(ctx context.Context, key string, effect func() (rails.Answer, int64)) (rails.Answer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return rails.Answer{}, err
	}
	p.arrive(4)
	draw := p.rand.IntN(100)
	below := func(percent int) bool { draw -= percent; return draw < 0 }
	deliver := func() { p.deliver(key, effect) }
	switch {
	case below(p.faults.Before):
		return rails.Answer{}, ErrTimeout
	case below(p.faults.After):
		deliver()
		return rails.Answer{}, ErrTimeout
	case below(p.faults.Twice):
		deliver()
		deliver()
	case below(p.faults.Late):
		p.waiting = append(p.waiting, deliver)
		return rails.Answer{}, nil
	default:
		deliver()
	}
	return p.answers[key], nil
}

// deliver has the effect of an order, if its key is new.
func (p *partner) deliver(key string, effect func() (rails.Answer, int64)) {
	if _, known := p.answers[key]; known && !p.faults.InsecureForget {
		return
	}
	answer, fen := effect()
	p.answers[key] = answer
	if answer.State == rails.Accepted {
		p.moved[key] += fen
	}
}

// arrive delivers some of what is late: one of so many each time.
func (p *partner) arrive(oneOf int) {
	p.rand.Shuffle(len(p.waiting), func(i, j int) { p.waiting[i], p.waiting[j] = p.waiting[j], p.waiting[i] })
	for len(p.waiting) > 0 && p.rand.IntN(oneOf) == 0 {
		last := len(p.waiting) - 1
		deliver := p.waiting[last]
		p.waiting = p.waiting[:last]
		deliver()
	}
}

// Query implements rails.Querier.
func (p *partner) Query(ctx context.Context, key string) (rails.Answer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return rails.Answer{}, err
	}
	if p.rand.IntN(100) < p.faults.Deaf {
		return rails.Answer{}, ErrTimeout
	}
	return p.answers[key], nil
}

// Calm delivers what is late and ends the faults.
func (p *partner) Calm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.arrive(1)
	p.faults = Faults{Seed: p.faults.Seed, InsecureForget: p.faults.InsecureForget}
}

// Movements returns the partner's own list: what it accepted and moved, in the
// order of keys.
func (p *partner) Movements() []rails.Movement {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []rails.Movement
	for _, key := range slices.Sorted(maps.Keys(p.moved)) {
		list = append(list, rails.Movement{Key: key, Fen: p.moved[key]})
	}
	return list
}

// accepted and declined are the two ends of an effect.
func accepted(fen int64) (rails.Answer, int64) { return rails.Answer{State: rails.Accepted}, fen }

func declined(reason string) (rails.Answer, int64) {
	return rails.Answer{State: rails.Declined, Reason: reason}, 0
}
