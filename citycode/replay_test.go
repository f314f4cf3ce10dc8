package citycode_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

func serial(i int) citycode.Serial { return citycode.Serial{Issuer: 210100<<12 | 1, Index: uint32(i)} }

// acceptance is what a verifier with the default skew gives a guard.
func acceptance(index int, made int64, counter uint32) citycode.Accepted {
	return citycode.Accepted{Serial: serial(index), Time: made, Counter: counter, Until: made + 90}
}

func newGuard(t testing.TB, cfg citycode.ReplayConfig) *citycode.ReplayGuard {
	t.Helper()
	g, err := citycode.NewReplayGuard(cfg)
	require.NoError(t, err)
	return g
}

var emptyJournal = slices.Values([]citycode.Accepted(nil))

// TestReplayModel: the guard beside a model that remembers everything for ever.
// Whatever happens, a crowd, clocks that jump, restarts, the guard accepts
// nothing that the model knows as used, and calls nothing replayed that is not.
func TestReplayModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		bound := rapid.SampledFrom([]int{1, 2, 3, 8, 1000}).Draw(t, "bound")
		wall := noon
		elapsed := time.Duration(0)
		forgot := false // something lawfully raised the floor
		highest := make(map[citycode.Serial]citycode.Accepted)
		var journal []citycode.Accepted
		latest := int64(0) // highest time ever accepted
		used := func(a citycode.Accepted) bool {
			h, ok := highest[a.Serial]
			return ok && (a.Time < h.Time || a.Time == h.Time && a.Counter <= h.Counter)
		}
		var guard *citycode.ReplayGuard
		// Of a guard that began without a journal under a wrong clock: when that
		// was in truth, by both clocks.
		var wrong bool
		var began int64
		var beganElapsed time.Duration
		boot := func(known bool) {
			wrong = false
			cfg := citycode.ReplayConfig{Boot: at(wall), MaxEntries: bound, Elapsed: func() time.Duration { return elapsed }}
			if known {
				cfg.Journal = slices.Values(journal)
			}
			var err error
			guard, err = citycode.NewReplayGuard(cfg)
			if err != nil {
				t.Fatal(err)
			}
		}
		boot(true)
		present := func(t *rapid.T, a citycode.Accepted) {
			// What the verifier's own clock checks let through (SPEC §5.9).
			if a.Time > wall+30 || a.Until < wall {
				return
			}
			// The clock is not right yet, or wrong again (SPEC §5.3).
			if wrong && wall < began+int64((elapsed-beganElapsed)/time.Second) {
				return
			}
			reason := guard.Present(a, wall)
			switch {
			case reason == 0 && used(a):
				t.Fatalf("accepted again: %v at %d", a, wall)
			case reason == citycode.Replayed && !used(a):
				t.Fatalf("called replayed and was not: %v at %d", a, wall)
			case reason != 0 && !used(a) && !forgot:
				t.Fatalf("%s without need: %v at %d", reason, a, wall)
			}
			if reason == 0 {
				highest[a.Serial] = a
				journal = append(journal, a)
				latest = max(latest, a.Time)
			}
			if guard.Len() > bound {
				t.Fatalf("%d entries, at most %d", guard.Len(), bound)
			}
			forgot = forgot || bound < 1000
		}
		t.Repeat(map[string]func(*rapid.T){
			"new": func(t *rapid.T) {
				a := acceptance(rapid.IntRange(0, 9).Draw(t, "serial"), wall+rapid.Int64Range(-90, 30).Draw(t, "age"), rapid.Uint32Range(0, 4).Draw(t, "counter"))
				if a.Serial.Index%3 == 0 { // of a profile with a maximum age of 1 s
					a.Until = a.Time + 31
				}
				present(t, a)
			},
			"again": func(t *rapid.T) {
				if len(journal) > 0 {
					present(t, rapid.SampledFrom(journal).Draw(t, "again"))
				}
			},
			"time passes": func(t *rapid.T) {
				d := rapid.SampledFrom([]int64{1, 5, 40, 95, 200}).Draw(t, "seconds")
				wall += d
				elapsed += time.Duration(d) * time.Second
			},
			"clock is set": func(t *rapid.T) {
				wall += rapid.SampledFrom([]int64{-3600, -200, -30, -1, 1, 30, 200, 3600}).Draw(t, "seconds")
				// A guard that forgot under another clock may have to refuse.
				forgot = true
			},
			"clock is set back to a code": func(t *rapid.T) {
				if len(journal) > 0 {
					wall = rapid.SampledFrom(journal).Draw(t, "again").Time
					forgot = true
				}
			},
			"only the elapsed clock runs": func(t *rapid.T) { elapsed += 500 * time.Second; forgot = true },
			"restart with journal":        func(t *rapid.T) { boot(true) },
			"restart without journal": func(t *rapid.T) {
				// Such a guard knows nothing but its boot time. A clock that was
				// set back must be right again before it accepts anything, not
				// before it starts.
				right := max(wall, latest-30)
				wall = rapid.SampledFrom([]int64{10, wall, right}).Draw(t, "wall at the start")
				boot(false)
				wrong, began, beganElapsed = wall < right, right, elapsed
				wall = right
				forgot = true
			},
		})
	})
}

// TestReplayKeepsUpWithTime: while clocks run right and the memory holds what
// is alive, nobody is refused for what the guard forgot.
func TestReplayKeepsUpWithTime(t *testing.T) {
	now := noon
	g := newGuard(t, citycode.ReplayConfig{Boot: at(now), Journal: emptyJournal, MaxEntries: 4 * 130, Elapsed: func() time.Duration { return time.Duration(now-noon) * time.Second }})
	for n := 0; n < 4*1000; n++ {
		if n%4 == 0 {
			now++
		}
		// The oldest code that is still accepted, and the newest.
		made := []int64{now - 90, now - 2, now, now + 30}[n%4]
		require.Zero(t, g.Present(acceptance(n, made, 1), now), "%d", n)
		require.Equal(t, citycode.Replayed, g.Present(acceptance(n, made, 1), now))
	}
	assert.LessOrEqual(t, g.Len(), 4*130)
	assert.Less(t, g.Floor(), now-90)
}

// TestReplayForgetsWhatIsTooOld: a guard that is full of codes which nobody can show any more forgets all of them, and
// not an eighth.
func TestReplayForgetsWhatIsTooOld(t *testing.T) {
	now, elapsed := noon, time.Duration(0)
	g := newGuard(t, citycode.ReplayConfig{Boot: at(now), Journal: emptyJournal, MaxEntries: 64, Elapsed: func() time.Duration { return elapsed }})
	for n := range 64 {
		require.Zero(t, g.Present(acceptance(n, now+int64(n), 1), now))
	}
	now, elapsed = now+200, 200*time.Second
	require.Zero(t, g.Present(acceptance(64, now, 1), now))
	assert.Equal(t, 1, g.Len())
	assert.EqualValues(t, noon+63, g.Floor())
}

// TestReplayForgetsOnlyUnderAFloor: what was evicted because it was too old is
// not too old any more when somebody sets the clock back.
func TestReplayForgetsOnlyUnderAFloor(t *testing.T) {
	elapsed := time.Duration(0)
	cfg := citycode.ReplayConfig{Boot: at(noon), Journal: emptyJournal, MaxEntries: 1, Elapsed: func() time.Duration { return elapsed }}
	g := newGuard(t, cfg)
	a := acceptance(1, noon, 1)
	require.Zero(t, g.Present(a, noon))
	elapsed = time.Hour
	require.Zero(t, g.Present(acceptance(2, noon+hour, 1), noon+hour)) // evicts the first
	assert.Equal(t, citycode.ReplayUnknown, g.Present(a, noon), "after the clock was set back an hour")

	// The same over a restart: the journal was read by a clock an hour ahead.
	cfg.Boot, cfg.Journal = at(noon+hour), slices.Values([]citycode.Accepted{a})
	g = newGuard(t, cfg)
	assert.Contains(t, []citycode.Reason{citycode.Replayed, citycode.ReplayUnknown}, g.Present(a, noon), "after the clock was set right")
}

// TestReplayBootFloor: a guard that knows nothing refuses every code that may
// have been used before it started, also those of phones that were ahead.
func TestReplayBootFloor(t *testing.T) {
	stage := newStage(t)
	for _, skew := range []time.Duration{0, 5 * time.Second, citycode.DefaultSkew, citycode.MaxSkew} {
		ahead := int64(30)
		if skew != 0 {
			ahead = int64(skew / time.Second)
		}
		scan := func() *scan {
			s := stage.scan()
			s.phoneSkew = skew
			s.asked, s.answer = false, noAnswer
			s.code.time = uint32(noon + ahead)
			return s
		}
		s := scan()
		_, reason := s.run(engine.Default())
		require.Zero(t, reason, "before the restart, phone skew %s", skew)

		s = scan()
		s.guard = newGuard(t, citycode.ReplayConfig{Boot: at(noon), Elapsed: func() time.Duration { return time.Duration(s.now-noon) * time.Second }})
		_, reason = s.run(engine.Default())
		assert.Equal(t, citycode.ReplayUnknown, reason, "after the restart, phone skew %s", skew)

		s.code.time++
		s.now++
		_, reason = s.run(engine.Default())
		if ahead >= 30 {
			assert.Zero(t, reason, "a code made after the restart, phone skew %s", skew)
		}
	}
}

// TestReplayBlindStart: a box without a battery starts in 1970, without a
// journal, and gets the right time from the network a moment later. What it had
// accepted just before the power failed is not accepted again.
func TestReplayBlindStart(t *testing.T) {
	for _, skew := range []time.Duration{citycode.DefaultSkew, citycode.MaxSkew} {
		s := newStage(t).scan()
		s.asked, s.answer, s.phoneSkew = false, noAnswer, skew
		ahead := int64(skew / time.Second)
		s.code.time = uint32(noon + ahead) // the phone's clock is as far ahead as it may be
		_, reason := s.run(engine.Default())
		require.Zero(t, reason, "before the power failed")

		wall, elapsed := int64(10), 7*time.Hour // of the box; elapsed begins anywhere
		s.guard = newGuard(t, citycode.ReplayConfig{Boot: at(wall), Elapsed: func() time.Duration { return elapsed }})
		s.now = wall
		_, reason = s.run(engine.Default())
		assert.Equal(t, citycode.TerminalClockWrong, reason, "before the clock is set right")

		elapsed += 5 * time.Second
		s.now = noon + 5
		_, reason = s.run(engine.Default())
		assert.Equal(t, citycode.ReplayUnknown, reason, "the same code, %s", skew)
		assert.Equal(t, noon+ahead, s.guard.Floor(), "the start was at noon")
		s.code.time, s.code.counter = uint32(noon+ahead), s.code.counter+1
		s.code.holder = citycodetest.Key("210100 another citizen")
		_, reason = s.run(engine.Default())
		assert.Equal(t, citycode.ReplayUnknown, reason, "nobody can tell whether another of that second was")
		s.code.time++
		_, reason = s.run(engine.Default())
		assert.Zero(t, reason, "a code made after the start")
	}
	// A clock that is set forward and back again costs refusals, never an acceptance;
	// one that is set back lowers nothing.
	elapsed := time.Duration(0)
	g := newGuard(t, citycode.ReplayConfig{Boot: at(noon), Elapsed: func() time.Duration { return elapsed }})
	require.Zero(t, g.Present(acceptance(1, noon+hour+40, 1), noon+hour))
	assert.Equal(t, noon+hour+30, g.Floor())
	assert.Equal(t, citycode.ReplayUnknown, g.Present(acceptance(2, noon+hour, 1), noon))
	assert.Equal(t, noon+hour+30, g.Floor())
	// A guard with a journal has no need of it.
	g = newGuard(t, citycode.ReplayConfig{Boot: at(10), Journal: slices.Values([]citycode.Accepted{acceptance(1, noon, 1)}), Elapsed: func() time.Duration { return 0 }})
	assert.Equal(t, citycode.Replayed, g.Present(acceptance(1, noon, 1), noon))
	assert.Zero(t, g.Present(acceptance(2, noon, 1), noon))
}

// TestReplayFloor: SPEC §5.12, semantic of the floor.
func TestReplayFloor(t *testing.T) {
	// Two credentials at noon, one later; the bound is two.
	elapsed := time.Duration(0)
	g := newGuard(t, citycode.ReplayConfig{Boot: at(noon), Journal: emptyJournal, MaxEntries: 2, Elapsed: func() time.Duration { return elapsed }})
	require.Zero(t, g.Present(acceptance(1, noon, 5), noon))
	require.Zero(t, g.Present(acceptance(2, noon+1, 5), noon))
	require.Zero(t, g.Floor())
	require.Zero(t, g.Present(acceptance(3, noon+2, 5), noon)) // the first is forgotten
	assert.Equal(t, noon, g.Floor())
	assert.Equal(t, 2, g.Len())

	// A used one under the floor, and one that never was: the guard cannot tell.
	assert.Equal(t, citycode.ReplayUnknown, g.Present(acceptance(1, noon, 5), noon))
	assert.Equal(t, citycode.ReplayUnknown, g.Present(acceptance(4, noon, 5), noon))
	assert.Equal(t, citycode.ReplayUnknown, g.Present(acceptance(4, noon-90, 5), noon))
	// What it remembers it calls by its name.
	assert.Equal(t, citycode.Replayed, g.Present(acceptance(2, noon+1, 5), noon))
	assert.Equal(t, citycode.Replayed, g.Present(acceptance(2, noon, 9), noon))
	// Above the floor nothing changes.
	assert.Zero(t, g.Present(acceptance(2, noon+1, 6), noon))
	assert.Zero(t, g.Present(acceptance(1, noon+1, 1), noon))

	// All of one second are forgotten together: half of them would be a hole.
	g = newGuard(t, citycode.ReplayConfig{Boot: at(noon), Journal: emptyJournal, MaxEntries: 64, Elapsed: func() time.Duration { return elapsed }})
	for i := range 64 {
		require.Zero(t, g.Present(acceptance(i, noon+int64(i/32), 1), noon))
	}
	require.Zero(t, g.Present(acceptance(64, noon+2, 1), noon))
	assert.Equal(t, 33, g.Len())
	assert.Equal(t, noon, g.Floor())
}

// TestReplayOrder: tokens of one credential are ordered by time, then counter.
func TestReplayOrder(t *testing.T) {
	g := newGuard(t, citycode.ReplayConfig{Boot: at(noon), Journal: emptyJournal})
	for _, c := range []struct {
		made    int64
		counter uint32
		want    citycode.Reason
	}{
		{noon, 5, 0},
		{noon, 5, citycode.Replayed},
		{noon, 4, citycode.Replayed},
		{noon, 6, 0},
		{noon - 1, 7, citycode.Replayed},
		{noon + 1, 1, 0}, // a counter that began again, in a later second
		{noon, 0xffffffff, citycode.Replayed},
		{noon + 1, 0xffffffff, 0},
		{noon + 1, 0, citycode.Replayed},
		{0xffffffff, 0, 0},
	} {
		assert.Equal(t, c.want, g.Present(acceptance(1, c.made, c.counter), noon), "%d.%d", c.made-noon, c.counter)
	}
	assert.Equal(t, 1, g.Len())
	// Every part of the serial counts.
	for _, s := range []citycode.Serial{{Issuer: 210100<<12 | 2, Index: 1}, {Issuer: 210100<<12 | 1, List: 1, Index: 1}, {Issuer: 210100<<12 | 1, Index: 2}} {
		assert.Zero(t, g.Present(citycode.Accepted{Serial: s, Time: noon, Counter: 5, Until: noon + 90}, noon))
	}
}

// TestReplayNewSignature: who can sign, or change a signature, cannot make a
// second use of one time and counter.
func TestReplayNewSignature(t *testing.T) {
	stage := newStage(t)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		s := stage.scan()
		s.asked, s.answer = false, noAnswer
		s.guard = newGuard(t, citycode.ReplayConfig{Boot: at(noon), Journal: emptyJournal})
		s.code.holder = newRandomised(t, citycodetest.Scalar("210100 citizen"))
		v := s.verifier(e)
		first, second := s.bytes(), s.bytes()
		require.NotEqual(t, first, second)
		require.Equal(t, first[:len(first)-64], second[:len(second)-64])
		s.check.Lane = "1"
		_, reason := verdict(t, v, reads(t, first), s.check)
		require.Zero(t, reason)
		_, reason = verdict(t, v, reads(t, second), s.check)
		assert.Equal(t, citycode.Replayed, reason, "new r‖s on the same lane")
		s.code.audience = 1
		s.code.counter--
		_, reason = verdict(t, v, reads(t, s.bytes()), s.check)
		assert.Equal(t, citycode.Replayed, reason, "an older counter")
		s.code.counter += 2
		_, reason = verdict(t, v, reads(t, s.bytes()), s.check)
		assert.Zero(t, reason, "the next counter")
	})
}

// TestReplayRepeatWindow: the camera sees a code many times; for two seconds of
// the elapsed clock the same bytes on the same lane have the same verdict.
func TestReplayRepeatWindow(t *testing.T) {
	stage := newStage(t)
	for _, c := range []struct {
		after time.Duration
		lane  string
		want  string
	}{
		{0, "north", "repeated"},
		{time.Nanosecond, "north", "repeated"},
		{citycode.RepeatWindow, "north", "repeated"},
		{citycode.RepeatWindow + 1, "north", "replayed"},
		{time.Hour, "north", "replayed"},
		{0, "south", "replayed"},
		{0, "", "replayed"},
	} {
		elapsed := time.Duration(0)
		s := stage.scan()
		s.guard = newGuard(t, citycode.ReplayConfig{Boot: at(noon), Journal: emptyJournal, Elapsed: func() time.Duration { return elapsed }})
		s.asked, s.answer = false, noAnswer
		s.check.Lane = "north"
		first, reason := s.run(engine.Default())
		require.Zero(t, reason)
		require.False(t, first.Repeated())
		elapsed = c.after
		s.check.Lane = c.lane
		again, reason := s.run(engine.Default())
		got := reason.String()
		if again != nil {
			got = "repeated"
			assert.True(t, again.Repeated())
			assert.False(t, first.Repeated(), "the first verdict stays what it was")
			assert.Equal(t, first.Accepted(), again.Accepted())
			assert.Equal(t, first.At(), again.At())
			assert.Equal(t, first.Audience(), again.Audience())
		}
		assert.Equal(t, c.want, got, "%v", c)
	}
}

// TestReplayLane: the newest code of a lane is its last one, a lane without a
// name has no memory, and a verdict is repeated before anything else is asked.
func TestReplayLane(t *testing.T) {
	stage := newStage(t)
	elapsed := time.Duration(0)
	s := stage.scan()
	s.guard = newGuard(t, citycode.ReplayConfig{Boot: at(noon), Journal: emptyJournal, Elapsed: func() time.Duration { return elapsed }})
	s.asked, s.answer = false, noAnswer
	s.check.Lane = "north"
	_, reason := s.run(engine.Default())
	require.Zero(t, reason)

	next := stage.scan()
	next.guard, next.asked, next.answer, next.check.Lane = s.guard, false, noAnswer, "north"
	next.code.index++
	_, reason = next.run(engine.Default())
	require.Zero(t, reason)
	_, reason = s.run(engine.Default())
	assert.Equal(t, citycode.Replayed, reason, "the code before the last one")

	// SPEC §5.0: nothing else of §5 is done for a repeated one.
	next.check.Online, next.check.Audience, next.now = false, citycode.Parking, noon+dayLong*400
	again, reason := next.run(engine.Default())
	require.Zero(t, reason)
	assert.True(t, again.Repeated())
}

// TestReplayLanesAreBounded: who can name lanes cannot fill the memory; a code
// on a lane too many is replayed instead of repeated, and opens nothing.
func TestReplayLanesAreBounded(t *testing.T) {
	elapsed := time.Duration(0)
	g := newGuard(t, citycode.ReplayConfig{Boot: at(noon), Journal: emptyJournal, Elapsed: func() time.Duration { return elapsed }})
	token := newStage(t).Place(nil)
	for i := range citycode.MaxLanes + 10 {
		require.Zero(t, g.Lane(acceptance(i, noon, 1), noon, fmt.Sprint(i), token))
		require.Equal(t, i < citycode.MaxLanes, g.Repeats(fmt.Sprint(i), token))
	}
	assert.Equal(t, citycode.MaxLanes, g.Lanes())
	// A known lane goes on, and after the window there is room again.
	other := newStage(t).Place(func(c *citycode.Claims) { c.Subject = []byte("the door") })
	require.Zero(t, g.Lane(acceptance(1<<20, noon, 1), noon, "0", other))
	assert.True(t, g.Repeats("0", other))
	elapsed = citycode.RepeatWindow
	require.Zero(t, g.Lane(acceptance(1<<20+1, noon, 1), noon, "new", token))
	assert.False(t, g.Repeats("new", token))
	elapsed = citycode.RepeatWindow + 1
	require.Zero(t, g.Lane(acceptance(1<<20+2, noon, 1), noon, "new", token))
	assert.True(t, g.Repeats("new", token))
	assert.Equal(t, 1, g.Lanes())
}

// TestReplayOnce: sixty-four lanes see one code at one moment. One opens.
func TestReplayOnce(t *testing.T) {
	stage := newStage(t)
	for _, lane := range []func(i int) string{
		func(int) string { return "" },
		func(int) string { return "north" },
		func(i int) string { return fmt.Sprint(i) },
	} {
		eachEngine(t, func(t *testing.T, e engine.Engine) {
			s := stage.scan()
			s.guard = newGuard(t, citycode.ReplayConfig{Boot: at(noon), Journal: emptyJournal})
			challenge := s.challenge()
			b := s.bytes()
			v := s.verifier(e)
			goroutines := 64
			if slow(e) && testing.Short() {
				goroutines = 2
			}
			var opened, repeated, refused atomic.Int32
			var wg sync.WaitGroup
			start := make(chan struct{})
			for i := range goroutines {
				wg.Go(func() {
					token, err := citycode.ParseToken(b)
					if err != nil {
						t.Error(err)
						return
					}
					check := s.check
					check.Lane, check.Challenge = lane(i), challenge
					<-start
					verified, err := v.Verify(token, check)
					switch {
					case err != nil:
						refused.Add(1)
					case verified.Repeated():
						repeated.Add(1)
					default:
						opened.Add(1)
					}
				})
			}
			close(start)
			wg.Wait()
			assert.EqualValues(t, 1, opened.Load())
			assert.EqualValues(t, goroutines-1, refused.Load()+repeated.Load())
			if lane(0) != "north" {
				assert.Zero(t, repeated.Load())
			}
		})
	}
}

// TestReplayBoundUnderCrowd: more people than the memory holds, at once.
func TestReplayBoundUnderCrowd(t *testing.T) {
	g := newGuard(t, citycode.ReplayConfig{Boot: at(noon), Journal: emptyJournal, MaxEntries: 100, Elapsed: func() time.Duration { return 0 }})
	var wg sync.WaitGroup
	var twice atomic.Int32
	for worker := range 8 {
		wg.Go(func() {
			for i := range 500 {
				a := acceptance(worker*1000+i, noon+int64(i/10), 1)
				if g.Present(a, noon) == 0 && g.Present(a, noon) == 0 {
					twice.Add(1)
				}
				if g.Len() > 100 {
					t.Error("the bound is broken")
					return
				}
			}
		})
	}
	wg.Wait()
	assert.Zero(t, twice.Load())
}

// TestReplayJournal: what a gate writes down brings its guard back.
func TestReplayJournal(t *testing.T) {
	stage := newStage(t)
	for _, skew := range []time.Duration{0, time.Second, citycode.MaxSkew} {
		s := stage.scan()
		s.terminalSkew = skew
		s.asked, s.answer = false, noAnswer
		verified, reason := s.run(engine.Default())
		require.Zero(t, reason)
		journal := slices.Values([]citycode.Accepted{verified.Accepted()})

		// The gate restarts and the same code is shown as late as it can be.
		last := verified.Accepted().Until
		again := stage.scan()
		again.terminalSkew, again.asked, again.answer = skew, false, noAnswer
		again.now = last
		again.guard = newGuard(t, citycode.ReplayConfig{Boot: at(last), Journal: journal})
		_, reason = again.run(engine.Default())
		assert.Equal(t, citycode.Replayed, reason, "terminal skew %s", skew)
		again.now++
		_, reason = again.run(engine.Default())
		assert.Equal(t, citycode.CodeTooOld, reason, "terminal skew %s: Until is the last second", skew)
	}

	// The newest line wins, in whatever order they stand.
	lines := []citycode.Accepted{acceptance(1, noon, 3), acceptance(1, noon+5, 1), acceptance(1, noon+5, 2), acceptance(1, noon-5, 9), acceptance(2, noon, 1)}
	for range 10 {
		lines = append(lines[1:], lines[0])
		g := newGuard(t, citycode.ReplayConfig{Boot: at(noon), Journal: slices.Values(lines)})
		assert.Equal(t, 2, g.Len())
		assert.Equal(t, citycode.Replayed, g.Present(acceptance(1, noon+5, 2), noon))
		assert.Zero(t, g.Present(acceptance(1, noon+5, 3), noon))
	}
	// A journal longer than the memory leaves a floor, not a hole.
	lines = nil
	for i := range 50 {
		lines = append(lines, acceptance(i, noon+int64(i)-25, 1))
	}
	g := newGuard(t, citycode.ReplayConfig{Boot: at(noon), Journal: slices.Values(lines), MaxEntries: 10})
	assert.LessOrEqual(t, g.Len(), 10)
	for _, a := range lines {
		assert.NotZero(t, g.Present(a, noon))
	}
}

// TestReplayJournalUnderWrongClock: a gate that boots in 1970 finds nothing too
// old in half a day of journal. Making room must not take the square of it.
func TestReplayJournalUnderWrongClock(t *testing.T) {
	const seconds = 40_000
	g := newGuard(t, citycode.ReplayConfig{Boot: at(1), MaxEntries: 1 << 12, Journal: func(yield func(citycode.Accepted) bool) {
		for i := range seconds {
			if !yield(acceptance(i, noon+int64(i), 1)) {
				return
			}
		}
	}})
	assert.LessOrEqual(t, g.Len(), 1<<12)
	for i := range seconds {
		if i%1000 == 0 {
			require.NotZero(t, g.Present(acceptance(i, noon+int64(i), 1), noon+int64(i)))
		}
	}
}

func TestReplayConfigRefuses(t *testing.T) {
	for name, cfg := range map[string]citycode.ReplayConfig{
		"no boot time":       {Journal: emptyJournal},
		"entries below zero": {Boot: at(noon), MaxEntries: -1},
	} {
		g, err := citycode.NewReplayGuard(cfg)
		assert.Error(t, err, name)
		assert.Nil(t, g, name)
	}
	// Without a clock of its own a guard has Go's monotonic one.
	g := newGuard(t, citycode.ReplayConfig{Boot: at(noon), Journal: emptyJournal})
	require.Zero(t, g.Present(acceptance(1, noon, 1), noon))
	assert.Equal(t, citycode.Replayed, g.Present(acceptance(1, noon, 1), noon))
}

// TestReplayRefusalIsNoUse: a code that is refused behind the replay check,
// because the network is gone, is good when it is back (SPEC §5.14).
func TestReplayRefusalIsNoUse(t *testing.T) {
	stage := newStage(t)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		s := stage.scan()
		s.guard = newGuard(t, citycode.ReplayConfig{Boot: at(noon), Journal: emptyJournal})
		v := s.verifier(e)
		challenge, token := s.challenge(), reads(t, s.bytes())
		for _, c := range []struct {
			online bool
			want   citycode.Reason
		}{{false, citycode.OnlineRequired}, {false, citycode.OnlineRequired}, {true, 0}, {true, citycode.ChallengeReused}, {false, citycode.ChallengeReused}} {
			_, reason := verdict(t, v, token, citycode.Check{Audience: citycode.Transit, Online: c.online, Challenge: challenge})
			assert.Equal(t, c.want, reason)
		}
	})
}
