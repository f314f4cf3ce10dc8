package citycode

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/citizencode/citizencode/citycode/internal/replay"
)

// Sizes and times of a replay guard (SPEC §5.12).
const (
	DefaultReplayEntries = 1 << 17
	RepeatWindow         = 2 * time.Second // same bytes on one lane: the camera sees a code many times
	maxLanes             = 1 << 10
)

// An Accepted is what a guard remembers of an accepted token, and what a gate
// journals so that the guard can be rebuilt.
type Accepted struct {
	Serial  Serial
	Time    int64  // of the token, seconds since 1970 UTC
	Counter uint32 // of the token
	Until   int64  // gate time after which the token is too old anyway
}

// A ReplayConfig says how a guard begins.
type ReplayConfig struct {
	// Journal yields what was accepted before this start. A gate that was
	// never started before gives an empty sequence. If it is nil, nobody
	// knows what was accepted before, and every code made before Boot plus
	// the phone skew is refused as replay-unknown.
	Journal iter.Seq[Accepted]
	// Boot is the gate's time now; required. Where the gate's clock turns out
	// to have been behind, what Elapsed says has passed since counts instead.
	Boot time.Time
	// MaxEntries bounds the memory, about 100 bytes an entry; 0 means
	// DefaultReplayEntries.
	MaxEntries int
	// Elapsed is a clock that only runs forward, whatever happens to the time
	// of day; nil means Go's monotonic clock.
	Elapsed func() time.Duration
}

// A ReplayGuard keeps a code from being used twice (SPEC §5.12). It is safe for
// concurrent use; one guard serves all lanes of a gate, or of a station.
type ReplayGuard struct {
	mu      sync.Mutex
	elapsed func() time.Duration
	boot    int64
	started time.Duration // on the elapsed clock
	blind   bool          // started without a journal
	skew    int64         // of phones, seconds; the largest of the verifiers
	memory  *replay.Memory[Serial]
	lanes   map[string]*lane
}

// A lane holds copies: whoever showed the code may use his memory again.
type lane struct {
	token    Token
	verified Verified
	at       time.Duration
}

// NewReplayGuard returns a guard.
func NewReplayGuard(cfg ReplayConfig) (*ReplayGuard, error) {
	if cfg.Boot.IsZero() {
		return nil, errors.New("citycode: replay guard: no boot time")
	}
	if cfg.MaxEntries < 0 {
		return nil, fmt.Errorf("citycode: replay guard: %d entries", cfg.MaxEntries)
	}
	g := &ReplayGuard{elapsed: cfg.Elapsed, lanes: make(map[string]*lane),
		boot: cfg.Boot.Unix(), blind: cfg.Journal == nil}
	if cfg.MaxEntries == 0 {
		cfg.MaxEntries = DefaultReplayEntries
	}
	g.memory = replay.New[Serial](cfg.MaxEntries)
	if g.elapsed == nil {
		start := time.Now()
		g.elapsed = func() time.Duration { return time.Since(start) }
	}
	g.started = g.elapsed()
	if g.blind {
		g.cover(int64(DefaultSkew / time.Second))
		return g, nil
	}
	for a := range cfg.Journal {
		if a.Until < g.boot {
			// Too old by a clock that may yet be set back.
			g.memory.Raise(a.Time)
		} else if g.check(a) != Replayed {
			g.put(a, g.started, g.boot)
		}
	}
	return g, nil
}

// cover raises the floor of a guard that started blind over every token that a
// verifier with this phone skew, in seconds, may have accepted before.
func (g *ReplayGuard) cover(phoneSkew int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.skew = max(g.skew, phoneSkew)
	g.coverStart(g.boot)
}

// coverStart raises the floor of a guard that started blind over every token
// that may have been accepted before a start at that time.
func (g *ReplayGuard) coverStart(at int64) {
	if g.blind {
		g.memory.Raise(at + g.skew)
	}
}

// check answers for a token without remembering it.
func (g *ReplayGuard) check(a Accepted) Reason {
	return [...]Reason{replay.Fresh: 0, replay.Used: Replayed, replay.Unknown: ReplayUnknown}[g.memory.Check(a.Serial, a.Time, a.Counter)]
}

// repeat returns the verdict of the same bytes on the same lane a moment ago.
func (g *ReplayGuard) repeat(name string, t *Token) (again Verified, ok bool) {
	if name == "" {
		return again, false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	l, ok := g.lanes[name]
	if !ok || g.elapsed()-l.at > RepeatWindow || !bytes.Equal(l.token.Bytes(), t.Bytes()) {
		return again, false
	}
	again = l.verified
	again.token, again.repeated = t, true
	return again, true
}

// decide checks a, asks the conditions that SPEC §5 puts behind replay, and
// remembers, all in one step: two lanes cannot both be first. It is the last
// thing that happens to a token; one that is refused leaves no trace, or
// anyone could use up a citizen's code.
func (g *ReplayGuard) decide(a Accepted, now int64, name string, v *Verified, conditions ...func() *VerifyError) *VerifyError {
	g.mu.Lock()
	defer g.mu.Unlock()
	elapsed := g.elapsed()
	// The clock may have been wrong when the guard started, and right by now: a
	// box without a battery starts in 1970. The floor of that start would let
	// through every code that the box had accepted just before.
	g.coverStart(now - int64((elapsed-g.started)/time.Second))
	if r := g.check(a); r != 0 {
		return refuse(r, a.Serial.Issuer, "%s, counter %d", a.Serial, a.Counter)
	}
	for _, condition := range conditions {
		if refused := condition(); refused != nil {
			return refused
		}
	}
	g.put(a, elapsed, now)
	if name != "" {
		g.enter(name, v, elapsed)
	}
	return nil
}

// enter remembers the last verdict of a lane, for at most maxLanes lanes.
func (g *ReplayGuard) enter(name string, v *Verified, elapsed time.Duration) {
	l := g.lanes[name]
	if l == nil && len(g.lanes) >= maxLanes {
		for old, last := range g.lanes {
			if elapsed-last.at > RepeatWindow {
				delete(g.lanes, old)
			}
		}
		if len(g.lanes) >= maxLanes {
			return // the code is then replayed, not repeated: nothing opens twice
		}
	}
	if l == nil {
		l = new(lane)
		g.lanes[name] = l
	}
	*l = lane{*v.token, *v, elapsed}
	l.verified.token = nil
}

// put remembers a. It is called with the lock held, or before the guard is shared.
func (g *ReplayGuard) put(a Accepted, elapsed time.Duration, now int64) {
	g.memory.Put(a.Serial, a.Time, a.Counter, elapsed+time.Duration(a.Until-now+1)*time.Second, elapsed)
}

// Len returns how many credentials the guard remembers.
func (g *ReplayGuard) Len() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.memory.Len()
}
