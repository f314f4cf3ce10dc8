package parking

import (
	"context"
	"encoding/json"
	"fmt"
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

// passage reads the outcome at a barrier.
func passage(tb require.TestingT, d *scenarios.Decision) (p Passage) {
	require.NoError(tb, json.Unmarshal(d.Outcome, &p), d.Reason)
	return p
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
		assert.Equal(t, Passage{Free: 1, Session: "s-1", State: Inside}, passage(t, d))
		assert.Equal(t, AlreadyInside, b.pass(li, Enter).Reason)
		assert.Equal(t, 0, passage(t, b.pass(wang, Enter)).Free)
		assert.Equal(t, CarParkFull, b.pass(zhao, Enter).Reason)
		assert.Equal(t, AlreadyInside, b.pass(li, Enter).Reason, "who is inside is not told that it is full")
		b.Clock.Advance(90*time.Minute + time.Second)
		assert.Equal(t, Passage{Free: 1, Minutes: 91, Session: "s-1", State: Left, Payment: Free}, passage(t, b.pass(li, Leave)))
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

// A clock that was set back makes no negative stay, and no fee: the car is let
// out, and a person looks at it.
func TestStay(t *testing.T) {
	for stay, want := range map[time.Duration]Passage{
		-time.Hour:       {State: TimesInDoubt},
		0:                {State: Left, Payment: Free},
		time.Second:      {State: Left, Minutes: 1, Payment: Free},
		time.Minute:      {State: Left, Minutes: 1, Payment: Free},
		61 * time.Second: {State: Left, Minutes: 2, Payment: Free},
	} {
		b := newBarrier(t, nil, New(Config{Bays: 1}))
		people := scenariotest.NewPeople(t, New(Config{Bays: 1}), citycode.ProfileTransit)
		s := New(Config{Bays: 1})
		in, out := people.Visit(scenarios.Phone, "li", 0, Enter, `{}`), people.Visit(scenarios.Phone, "li", 0, Leave, `{}`)
		in.Time, out.Time = b.Clock.Now(), b.Clock.Now().Add(stay)
		_, err := s.Handle(context.Background(), &in)
		require.NoError(t, err)
		d, err := s.Handle(context.Background(), &out)
		require.NoError(t, err)
		want.Free, want.Session = 1, "s-1"
		assert.Equal(t, want, passage(t, d), stay)
	}
}

// Whatever the order: never more cars than bays, nobody in twice, nobody out
// who is not in, and what is free adds up.
func TestCarPark(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e", "f"}
	people := scenariotest.NewPeople(t, New(Config{Bays: 1}), citycode.ProfileTransit)
	visits := make(map[string]scenarios.Visit)
	for _, name := range names {
		visits[name] = people.Visit(scenarios.Phone, name, 0, Enter, `{}`)
	}
	rapid.Check(t, func(t *rapid.T) {
		bays := rapid.IntRange(0, 4).Draw(t, "bays")
		s := New(Config{Bays: bays})
		inside := make(map[string]bool)
		for i := range rapid.IntRange(0, 60).Draw(t, "cars") {
			who := rapid.SampledFrom(names).Draw(t, "who")
			v, want := visits[who], "ok"
			v.Key = fmt.Sprint(i)
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
				v.Action = Leave
				if !inside[who] {
					want = NotInside
				}
				delete(inside, who)
			}
			d, err := s.Handle(context.Background(), &v)
			require.NoError(t, err)
			require.Equal(t, want, d.Reason)
			if d.Allow {
				require.Equal(t, bays-len(inside), passage(t, d).Free)
			}
		}
	})
}
