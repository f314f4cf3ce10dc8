// Package replay is the memory of a replay guard (SPEC §5.12): the highest time
// and counter accepted for each credential, in bounded space, and the time at or
// below which it no longer knows.
package replay

import (
	"slices"
	"time"
)

// A Memory remembers acceptances of credentials K. It is not safe for concurrent
// use.
type Memory[K comparable] struct {
	max   int
	floor int64 // tokens made at or before it may have been used already
	seen  map[K]seen
}

type seen struct {
	time    int64
	counter uint32
	dies    time.Duration // on the elapsed clock
}

// New returns a memory for at most that many credentials.
func New[K comparable](max int) *Memory[K] {
	return &Memory[K]{max: max, seen: make(map[K]seen)}
}

// A Verdict says what the memory knows of a token.
type Verdict uint8

// The verdicts.
const (
	Fresh   Verdict = iota // not used yet
	Used                   // or one that was made later
	Unknown                // too old to tell
)

// Floor returns the time at or below which a credential that is not remembered
// gives Unknown, in seconds since 1970 UTC.
func (g *Memory[K]) Floor() int64 { return g.floor }

// Raise raises the floor.
func (g *Memory[K]) Raise(floor int64) { g.floor = max(g.floor, floor) }

// Len returns how many credentials are remembered.
func (g *Memory[K]) Len() int { return len(g.seen) }

// newer orders tokens of one credential by time, then counter.
func newer(time int64, counter uint32, than seen) bool {
	return time > than.time || time == than.time && counter > than.counter
}

// Check answers for a token without remembering it.
func (g *Memory[K]) Check(serial K, time int64, counter uint32) Verdict {
	if old, ok := g.seen[serial]; ok {
		if !newer(time, counter, old) {
			return Used
		}
		return Fresh
	}
	if time <= g.floor {
		return Unknown
	}
	return Fresh
}

// Put remembers a token until the elapsed clock shows dies. elapsed is what it
// shows now.
func (g *Memory[K]) Put(serial K, time int64, counter uint32, dies, elapsed time.Duration) {
	if _, known := g.seen[serial]; !known && len(g.seen) >= g.max {
		g.makeRoom(elapsed)
	}
	g.seen[serial] = seen{time, counter, dies}
}

// makeRoom forgets what is too old to be shown again. If that is not enough, it
// raises the floor over the oldest eighth: their codes, and every other one as
// old, become replay-unknown. Forgetting without the floor would let whoever
// can fill the memory use a code twice.
func (g *Memory[K]) makeRoom(elapsed time.Duration) {
	for s, e := range g.seen {
		if e.dies < elapsed {
			// Too old by the time of day as well, unless somebody sets that back.
			g.floor = max(g.floor, e.time)
			delete(g.seen, s)
		}
	}
	if len(g.seen) < g.max {
		return
	}
	times := make([]int64, 0, len(g.seen))
	for _, e := range g.seen {
		times = append(times, e.time)
	}
	slices.Sort(times)
	g.floor = max(g.floor, times[max(1, g.max/8)-1])
	for s, e := range g.seen {
		if e.time <= g.floor {
			delete(g.seen, s)
		}
	}
}
