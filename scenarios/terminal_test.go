package scenarios_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/engine/tjfoc"
	"github.com/citizencode/citizencode/scenarios"
)

// door is a scenario that counts how often it opened.
type door struct {
	opened  atomic.Int32
	what    scenarios.Description
	accepts func(citycode.Profile) bool
	handle  func(context.Context, *scenarios.Visit) (*scenarios.Decision, error)
}

func (*door) ID() scenarios.ID { return "door" }
func (d *door) Describe() scenarios.Description {
	if d.what.Audience == 0 {
		d.what = scenarios.Description{Purpose: scenarios.Text{Zh: "进门", En: "to come in"}, Group: scenarios.Public, Audience: citycode.Transit,
			Actions: []string{"open"}, Identity: scenarios.Pseudonym, Offline: scenarios.Offline{Policy: scenarios.Unlimited}}
	}
	return d.what
}

func (d *door) Accepts(p citycode.Profile) bool { return d.accepts == nil || d.accepts(p) }

func (d *door) Handle(ctx context.Context, v *scenarios.Visit) (*scenarios.Decision, error) {
	if d.handle != nil {
		return d.handle(ctx, v)
	}
	n := d.opened.Add(1)
	return scenarios.Allowed(scenarios.Text{Zh: "请进", En: "Come in"}, n)
}

func eachEngine(t *testing.T, test func(t *testing.T, e engine.Engine)) {
	for _, e := range []engine.Engine{engine.Default(), tjfoc.New()} {
		t.Run(e.Name(), func(t *testing.T) { test(t, e) })
	}
}

func terminal(t *testing.T, c *citycodetest.City, name string, v *citycode.Verifier, d *door) *scenarios.Terminal {
	t.Helper()
	lane, err := scenarios.NewTerminal(scenarios.TerminalConfig{Name: name, Scenario: d, Verifier: v, Now: c.Clock.Now})
	require.NoError(t, err)
	return lane
}

func scan(t *testing.T, lane *scenarios.Terminal, code []byte) *scenarios.Decision {
	t.Helper()
	d, err := lane.Scan(context.Background(), code, "open", nil)
	require.NoError(t, err)
	return d
}

func TestTerminalConfig(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	for _, cfg := range []scenarios.TerminalConfig{
		{Scenario: new(door), Verifier: c.Verifier(nil)},
		{Name: "a", Verifier: c.Verifier(nil)},
		{Name: "a", Scenario: new(door)},
	} {
		_, err := scenarios.NewTerminal(cfg)
		assert.Error(t, err)
	}
}

// A camera sees a code for seconds: the lane opens once.
func TestTerminalRepeat(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		c := citycodetest.NewCity(t, citycodetest.Shenyang)
		v, d := c.Verifier(e), new(door)
		left, right := terminal(t, c, "left", v, d), terminal(t, c, "right", v, d)
		code := c.Citizen("li", citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit).Bytes()

		first := scan(t, left, code)
		assert.True(t, first.Allow)
		assert.False(t, first.Repeated)
		first.Allow = false // what a caller does with its decision is its own business

		for range 2 {
			c.Clock.Advance(time.Second)
			again := scan(t, left, code)
			assert.True(t, again.Allow)
			assert.True(t, again.Repeated)
			assert.Equal(t, "1", string(again.Outcome))
		}
		assert.Equal(t, "replayed", scan(t, right, code).Reason, "another lane of the station")
		c.Clock.Advance(time.Second)
		late := scan(t, left, code)
		assert.Equal(t, "replayed", late.Reason)
		assert.Equal(t, scenarios.ReasonText(citycode.Replayed), late.Message)
		assert.EqualValues(t, 1, d.opened.Load())
	})
}

func TestTerminalRepeatsARefusal(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	asked := 0
	d := &door{handle: func(context.Context, *scenarios.Visit) (*scenarios.Decision, error) {
		asked++
		return scenarios.Refused("door-stuck", scenarios.Text{Zh: "门坏了", En: "The door is stuck"}), nil
	}}
	lane := terminal(t, c, "a", c.Verifier(nil), d)
	code := c.Citizen("li", citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit).Bytes()
	assert.Equal(t, "door-stuck", scan(t, lane, code).Reason)
	again := scan(t, lane, code)
	assert.Equal(t, "door-stuck", again.Reason)
	assert.True(t, again.Repeated)
	assert.Equal(t, 1, asked)
}

// The second look at a code must not overtake the first while the scenario
// still decides.
func TestTerminalConcurrent(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		c := citycodetest.NewCity(t, citycodetest.Shenyang)
		d := new(door)
		d.handle = func(context.Context, *scenarios.Visit) (*scenarios.Decision, error) {
			time.Sleep(5 * time.Millisecond)
			return scenarios.Allowed(scenarios.Text{Zh: "请进", En: "Come in"}, d.opened.Add(1))
		}
		lane := terminal(t, c, "a", c.Verifier(e), d)
		code := c.Citizen("li", citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit).Bytes()
		var first, repeated atomic.Int32
		var wait sync.WaitGroup
		for range 16 {
			wait.Go(func() {
				got, err := lane.Scan(context.Background(), code, "open", nil)
				if !assert.NoError(t, err) {
					return
				}
				assert.True(t, got.Allow)
				if got.Repeated {
					repeated.Add(1)
				} else {
					first.Add(1)
				}
			})
		}
		wait.Wait()
		assert.EqualValues(t, 1, d.opened.Load())
		assert.EqualValues(t, 1, first.Load())
		assert.EqualValues(t, 15, repeated.Load())
	})
}

// Two terminals of one name are a mistake of the operator; they share the
// guard's memory of the lane, and still open once.
func TestTerminalSameName(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	v, d := c.Verifier(nil), new(door)
	one, two := terminal(t, c, "a", v, d), terminal(t, c, "a", v, d)
	code := c.Citizen("li", citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit).Bytes()
	assert.True(t, scan(t, one, code).Allow)
	assert.Equal(t, "replayed", scan(t, two, code).Reason)
	assert.EqualValues(t, 1, d.opened.Load())
}

// A fault decides nothing: the same code may be looked at again at once.
func TestTerminalFault(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	broken := errors.New("the motor does not answer")
	d := new(door)
	var lists []string
	d.handle = func(_ context.Context, v *scenarios.Visit) (*scenarios.Decision, error) {
		if lists = append(lists, v.Lists); len(lists) == 1 {
			return nil, broken
		}
		return scenarios.Allowed(scenarios.Text{Zh: "请进", En: "Come in"}, nil)
	}
	verifier := c.Verifier(nil)
	lane := terminal(t, c, "a", verifier, d)
	lane.SetVerifier(verifier, "first lists")
	code := c.Citizen("li", citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit).Bytes()
	_, err := lane.Scan(context.Background(), code, "open", nil)
	assert.ErrorIs(t, err, broken)
	assert.ErrorContains(t, err, "door at a")
	// The verdict is that of the first look, and so are the lists that it names.
	lane.SetVerifier(verifier, "newer lists")
	again := scan(t, lane, code)
	assert.True(t, again.Allow)
	assert.False(t, again.Repeated)
	assert.Equal(t, []string{"first lists", "first lists"}, lists)

	d.handle = func(context.Context, *scenarios.Visit) (*scenarios.Decision, error) { return nil, nil }
	c.Clock.Advance(time.Minute)
	code = c.Citizen("wang", citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit).Bytes()
	_, err = lane.Scan(context.Background(), code, "open", nil)
	assert.ErrorContains(t, err, "decided nothing")
}

// A call that nobody waits for does not use up the code.
func TestTerminalCancelled(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	d := new(door)
	v := c.Verifier(nil)
	lane := terminal(t, c, "a", v, d)
	code := c.Citizen("li", citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit).Bytes()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := lane.Scan(ctx, code, "open", nil)
	assert.ErrorIs(t, err, context.Canceled)
	assert.True(t, scan(t, lane, code).Allow)

	// Nor does one that is cancelled while it waits for the lane.
	entered, release := make(chan struct{}), make(chan struct{})
	d.handle = func(context.Context, *scenarios.Visit) (*scenarios.Decision, error) {
		close(entered)
		<-release
		return scenarios.Allowed(scenarios.Text{Zh: "请进", En: "Come in"}, nil)
	}
	slow := c.Citizen("wang", citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit).Bytes()
	waiting := c.Citizen("zhao", citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit).Bytes()
	var wait sync.WaitGroup
	wait.Go(func() { scan(t, lane, slow) })
	<-entered
	ctx, cancel = context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	_, err = lane.Scan(ctx, waiting, "open", nil)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	close(release)
	wait.Wait()
	d.handle = nil
	assert.True(t, scan(t, lane, waiting).Allow)
}

// What is printed opens nothing, whatever the scenario says that it accepts.
func TestTerminalStatic(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		c := citycodetest.NewCity(t, citycodetest.Shenyang)
		v, d := c.Verifier(e), new(door)
		place := c.Place(nil)
		verified, err := v.Verify(place, citycode.Check{})
		require.NoError(t, err)
		assert.Equal(t, citycode.Place, verified.Profile().Kind)
		assert.Equal(t, scenarios.ProfileNotServed, scan(t, terminal(t, c, "a", v, d), place.Bytes()).Reason)
		assert.Zero(t, d.opened.Load())
	})
}

func TestTerminalRefuses(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		c := citycodetest.NewCity(t, citycodetest.Shenyang)
		d := &door{accepts: func(p citycode.Profile) bool { return p.ID == citycode.ProfileTransit }}
		lane := terminal(t, c, "a", c.Verifier(e), d)
		medical := c.Citizen("li", citycode.ProfileMedical, citycode.Medical, nil).Show(citycode.Medical).Bytes()
		assert.Equal(t, "wrong-audience", scan(t, lane, medical).Reason)
		assert.Equal(t, "malformed", scan(t, lane, nil).Reason)
		assert.Equal(t, "malformed", scan(t, lane, medical[:150]).Reason)
		universal := c.Citizen("wang", citycode.ProfileUniversal, citycode.Transit|citycode.Medical, nil)
		assert.Equal(t, scenarios.ProfileNotServed, scan(t, lane, universal.Show(0).Bytes()).Reason)
		assert.Zero(t, d.opened.Load())
	})
}

func TestTerminalSetVerifier(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	trust, guard := c.Trust(nil), c.Guard()
	verifier := func() *citycode.Verifier {
		v, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Status: c.Status(trust), Replay: guard, Now: c.Clock.Now})
		require.NoError(t, err)
		return v
	}
	lane := terminal(t, c, "a", verifier(), new(door))
	li := c.Citizen("li", citycode.ProfileTransit, citycode.Transit, nil)
	assert.True(t, scan(t, lane, li.Show(citycode.Transit).Bytes()).Allow)
	require.NoError(t, c.Register[c.Issuer.ID()].Set(li.Claims.Index, citycode.StatusRevoked))
	c.Clock.Advance(5 * time.Second)
	lane.SetVerifier(verifier(), "")
	assert.Equal(t, "revoked", scan(t, lane, li.Show(citycode.Transit).Bytes()).Reason)
}

func TestTerminalVisit(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	var got scenarios.Visit
	d := &door{handle: func(_ context.Context, v *scenarios.Visit) (*scenarios.Decision, error) {
		got = *v
		return scenarios.Allowed(scenarios.Text{Zh: "请进", En: "Come in"}, nil)
	}}
	lane, err := scenarios.NewTerminal(scenarios.TerminalConfig{Name: "north/2", Scenario: d, Verifier: c.Verifier(nil),
		Online: func() bool { return true }, Now: c.Clock.Now})
	require.NoError(t, err)
	li := c.Citizen("li", citycode.ProfileTransit, citycode.Transit, nil)
	_, err = lane.Scan(context.Background(), li.Show(citycode.Transit).Bytes(), "open", json.RawMessage(`{"wide":true}`))
	require.NoError(t, err)
	assert.Equal(t, scenarios.Person{City: c.Code, Subject: string(li.Claims.Subject)}, got.Citizen.Person())
	assert.Equal(t, got.Citizen.Showing()+"@north/2", got.Key)
	got.Citizen, got.Key = scenarios.Citizen{}, ""
	assert.Equal(t, scenarios.Visit{Terminal: "north/2", Action: "open", Params: json.RawMessage(`{"wide":true}`), Online: true, Time: c.Clock.Now()}, got)
}

// flaky is a journal whose disk fails now and then.
type flaky struct {
	kept  []citycode.Accepted
	fails int
}

func (f *flaky) Append(a citycode.Accepted) error {
	if f.fails--; f.fails >= 0 {
		return errors.New("disk full")
	}
	f.kept = append(f.kept, a)
	return nil
}

// Nothing opens before it is journalled, also at the second look after a fault.
func TestTerminalJournal(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	d, journal := new(door), &flaky{fails: 1}
	lane, err := scenarios.NewTerminal(scenarios.TerminalConfig{Name: "gate", Scenario: d, Verifier: c.Verifier(nil), Now: c.Clock.Now, Journal: journal})
	require.NoError(t, err)
	token := c.Citizen("li", citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit)
	_, err = lane.Scan(context.Background(), token.Bytes(), "open", nil)
	require.ErrorContains(t, err, "disk full")
	assert.Zero(t, d.opened.Load())
	assert.True(t, scan(t, lane, token.Bytes()).Allow)
	require.Len(t, journal.kept, 1)
	assert.True(t, scan(t, lane, token.Bytes()).Repeated)
	assert.Len(t, journal.kept, 1)
	assert.EqualValues(t, 1, d.opened.Load())

	// What was journalled rebuilds the guard.
	guard, err := citycode.NewReplayGuard(citycode.ReplayConfig{Boot: c.Clock.Now(), Elapsed: c.Clock.Elapsed, Journal: slices.Values(journal.kept)})
	require.NoError(t, err)
	trust := c.Trust(nil)
	v, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Status: c.Status(trust), Replay: guard, Now: c.Clock.Now})
	require.NoError(t, err)
	assert.Equal(t, "replayed", scan(t, terminal(t, c, "gate", v, d), token.Bytes()).Reason)
}

func TestSet(t *testing.T) {
	_, err := scenarios.NewSet(new(door), new(door))
	assert.EqualError(t, err, `scenarios: "door" stands twice`)
	set, err := scenarios.NewSet(new(door))
	require.NoError(t, err)
	assert.Equal(t, []scenarios.ID{"door"}, set.IDs())
	_, found := set.Find("door")
	assert.True(t, found)
	_, found = set.Find("window")
	assert.False(t, found)
}

func TestAllowedOutcome(t *testing.T) {
	_, err := scenarios.Allowed(scenarios.Text{}, func() {})
	assert.ErrorContains(t, err, "encode outcome")
}
