package parking

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/engine/tjfoc"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/scenariotest"
)

// A barrier is one of a test city.
type barrier struct {
	*citycodetest.City
	lane *scenarios.Terminal
}

func newBarrier(t *testing.T, e engine.Engine, s *Scenario) *barrier {
	b := &barrier{City: citycodetest.NewCity(t, citycodetest.Shenyang)}
	var err error
	b.lane, err = scenarios.NewTerminal(scenarios.TerminalConfig{Name: "north", Scenario: s, Verifier: b.Verifier(e), Now: b.Clock.Now})
	require.NoError(t, err)
	return b
}

func (b *barrier) pass(p *citycodetest.Citizen, action string) *scenarios.Decision {
	b.TB.Helper()
	d, err := b.lane.Scan(context.Background(), p.Show(citycode.Parking).Bytes(), action, nil)
	require.NoError(b.TB, err)
	return d
}

func eachEngine(t *testing.T, test func(t *testing.T, e engine.Engine)) {
	for _, e := range []engine.Engine{engine.Default(), tjfoc.New()} {
		t.Run(e.Name(), func(t *testing.T) { test(t, e) })
	}
}

func TestContract(t *testing.T) {
	newScenario := func() scenarios.Scenario { return New(Config{Bays: 1}) }
	people := scenariotest.NewPeople(t, newScenario(), citycode.ProfileTransit)
	scenariotest.Run(t, newScenario, func(c scenarios.Carrier) (script []scenarios.Visit) {
		for _, action := range []string{Enter, Enter, Leave, Leave} {
			script = append(script, people.Visit(c, "li", 0, action, `{}`))
		}
		return script
	})
}

func TestPassage(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		b := newBarrier(t, e, New(Config{Bays: 2}))
		li := b.Citizen("li", citycode.ProfileTransit, citycode.Parking, nil)
		wang := b.Citizen("wang", citycode.ProfileUniversal, citycode.Transit|citycode.Parking, nil)
		zhao := b.Citizen("zhao", citycode.ProfileTransit, citycode.Parking, nil)

		assert.Equal(t, NotInside, b.pass(li, Leave).Reason)
		d := b.pass(li, Enter)
		assert.True(t, d.Allow, d.Reason)
		assert.JSONEq(t, `{"free":1}`, string(d.Outcome))
		assert.Equal(t, AlreadyInside, b.pass(li, Enter).Reason)
		assert.JSONEq(t, `{"free":0}`, string(b.pass(wang, Enter).Outcome))
		assert.Equal(t, CarParkFull, b.pass(zhao, Enter).Reason)
		assert.Equal(t, AlreadyInside, b.pass(li, Enter).Reason, "who is inside is not told that it is full")
		b.Clock.Advance(90*time.Minute + time.Second)
		assert.JSONEq(t, `{"free":1,"minutes":91}`, string(b.pass(li, Leave).Outcome))
		assert.Equal(t, NotInside, b.pass(li, Leave).Reason)
		assert.True(t, b.pass(zhao, Enter).Allow)
		ride := b.Citizen("chen", citycode.ProfileTransit, citycode.Transit, nil)
		got, err := b.lane.Scan(context.Background(), ride.Show(citycode.Transit).Bytes(), Enter, nil)
		require.NoError(t, err)
		assert.Equal(t, "wrong-audience", got.Reason)
	})
}

// The way out works with a renewed credential and with a new phone: the
// subject is the same, the key and the status index are not.
func TestLeaveWithANewPhone(t *testing.T) {
	b := newBarrier(t, nil, New(Config{Bays: 1}))
	old := b.Citizen("li", citycode.ProfileTransit, citycode.Parking, nil)
	assert.True(t, b.pass(old, Enter).Allow)
	renewed := b.Citizen("li, second phone", citycode.ProfileTransit, citycode.Parking, func(c *citycode.Claims) { c.Subject = old.Claims.Subject })
	assert.True(t, b.pass(renewed, Leave).Allow)
}

func TestZeroConfigHasNoRoom(t *testing.T) {
	for _, bays := range []int{0, -1} {
		b := newBarrier(t, nil, New(Config{Bays: bays}))
		assert.Equal(t, CarParkFull, b.pass(b.Citizen("li", citycode.ProfileTransit, citycode.Parking, nil), Enter).Reason)
	}
}

// A clock that was set back does not make a negative stay.
func TestStay(t *testing.T) {
	for stay, minutes := range map[time.Duration]int{-time.Hour: 0, 0: 0, time.Second: 1, time.Minute: 1, 61 * time.Second: 2} {
		s := New(Config{Bays: 1})
		_, err := s.enter(scenarios.Person{}, citycodetest.Start)
		require.NoError(t, err)
		d, err := s.leave(scenarios.Person{}, citycodetest.Start.Add(stay))
		require.NoError(t, err)
		var got Passage
		require.NoError(t, json.Unmarshal(d.Outcome, &got))
		assert.Equal(t, minutes, got.Minutes, stay)
	}
}

// Whatever the order: never more cars than bays, nobody in twice, nobody out
// who is not in, and what is free adds up.
func TestCarPark(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bays := rapid.IntRange(0, 4).Draw(t, "bays")
		s := New(Config{Bays: bays})
		inside := make(map[string]bool)
		for range rapid.IntRange(0, 60).Draw(t, "cars") {
			who := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}).Draw(t, "who")
			act, want := s.enter, "ok"
			if enter := rapid.Bool().Draw(t, "enter"); enter {
				switch {
				case inside[who]:
					want = AlreadyInside
				case len(inside) >= bays:
					want = CarParkFull
				default:
					inside[who] = true
				}
			} else {
				act = s.leave
				if !inside[who] {
					want = NotInside
				}
				delete(inside, who)
			}
			d, err := act(scenarios.Person{Subject: who}, citycodetest.Start)
			require.NoError(t, err)
			require.Equal(t, want, d.Reason)
			if d.Allow {
				var got Passage
				require.NoError(t, json.Unmarshal(d.Outcome, &got))
				require.Equal(t, bays-len(inside), got.Free)
			}
		}
	})
}
