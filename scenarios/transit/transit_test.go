package transit

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/engine/tjfoc"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/agreement"
	"github.com/citizencode/citizencode/scenarios/scenariotest"
	"github.com/citizencode/citizencode/scenarios/transit/deny"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

// A gate is a bus gate of a test city whose network is a switch.
type gate struct {
	*citycodetest.City
	lane   *scenarios.Terminal
	online bool
}

func newGate(t *testing.T, e engine.Engine, s *Scenario) *gate {
	g := &gate{City: citycodetest.NewCity(t, citycodetest.Shenyang)}
	var err error
	g.lane, err = scenarios.NewTerminal(scenarios.TerminalConfig{Name: "168/1", Scenario: s, Verifier: g.Verifier(e),
		Now: g.Clock.Now, Online: func() bool { return g.online }})
	require.NoError(t, err)
	return g
}

func (g *gate) board(p *citycodetest.Citizen, line string) *scenarios.Decision {
	g.TB.Helper()
	g.Clock.Advance(3 * time.Second)
	d, err := g.lane.Scan(context.Background(), p.Show(citycode.Transit).Bytes(), Board, json.RawMessage(fmt.Sprintf(`{"line":%q}`, line)))
	require.NoError(g.TB, err)
	return d
}

func eachEngine(t *testing.T, test func(t *testing.T, e engine.Engine)) {
	for _, e := range []engine.Engine{engine.Default(), tjfoc.New()} {
		t.Run(e.Name(), func(t *testing.T) { test(t, e) })
	}
}

func TestContract(t *testing.T) {
	// With everything that a gate can have: a debtor, a concession, a queue.
	newScenario := func() scenarios.Scenario {
		debtor := scenarios.Person{City: citycodetest.Shenyang, Subject: string(scenariotest.Subject("sun"))}
		holder := new(deny.Holder)
		if err := holder.Set(&deny.List{Version: 7, People: []string{debtor.String()}}); err != nil {
			panic(err)
		}
		return New(Config{Lines: []string{"168", "m1"}, Operator: "metro", Deny: holder, Queue: tap.NewMemory(),
			Concessions: tap.Concessions{3: {Category: "student"}}, Lists: func() tap.Lists { return tap.Lists{Trust: "1.4", Status: "1.9"} }})
	}
	people := scenariotest.NewPeople(t, newScenario(), citycode.ProfileTransit)
	scenariotest.Run(t, newScenario, func(c scenarios.Carrier) []scenarios.Visit {
		return []scenarios.Visit{
			people.Visit(c, "li", 0, Board, `{"line":"168"}`),
			people.Visit(c, "wang", 0, Board, `{"line":"9"}`),
			people.Visit(c, "zhao", 0, Enter, `{"network":"metro","stop":"M1-00-A","line":"m1"}`),
			people.Visit(c, "zhao", 0, Exit, `{"network":"metro","stop":"M1-12-A","line":"m1"}`),
			people.Visit(c, "qian", 3, Board, `{"line":"168","vehicle":"5501","stop":"B168-03"}`),
			people.Visit(c, "sun", 0, Enter, `{"network":"metro","stop":"M1-00-A","line":"m1"}`),
		}
	})
}

func TestBoard(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		g := newGate(t, e, New(Config{Lines: []string{"168"}}))
		for _, profile := range []citycode.ProfileID{citycode.ProfileTransit, citycode.ProfileUniversal} {
			d := g.board(g.Citizen("li", profile, citycode.Transit, nil), "168")
			assert.True(t, d.Allow, d.Reason)
			assert.JSONEq(t, `{"line":"168","offlineRidesLeft":9}`, string(d.Outcome))
		}
		assert.Equal(t, LineNotAccepted, g.board(g.Citizen("wang", citycode.ProfileTransit, citycode.Transit, nil), "9").Reason)
		// A parking credential is of the same profile and still no ride code.
		parking := g.Citizen("zhao", citycode.ProfileTransit, citycode.Parking, nil)
		d, err := g.lane.Scan(context.Background(), parking.Show(citycode.Parking).Bytes(), Board, nil)
		require.NoError(t, err)
		assert.Equal(t, "wrong-audience", d.Reason)
	})
}

func TestConfig(t *testing.T) {
	for _, c := range []struct {
		name   string
		cfg    Config
		reason string
	}{
		{"zero", Config{}, "ok"},
		{"no line", Config{Lines: []string{}}, LineNotAccepted},
		{"no offline ride", Config{OfflineRides: -1}, "online-required"},
	} {
		g := newGate(t, nil, New(c.cfg))
		assert.Equal(t, c.reason, g.board(g.Citizen("li", citycode.ProfileTransit, citycode.Transit, nil), "1").Reason, c.name)
	}
}

// TestRow34LineNotInList: 只有两条线. A line that is not in the list of the
// gate's profile says so, and which code to switch to.
func TestRow34LineNotInList(t *testing.T) {
	registry, err := agreement.Parse([]byte(`{"agreements":[
		{"id":"bus","operator":"bus","places":["168","metro-2"],"from":"2026-01-01","accepts":["citizen-code","cash"]},
		{"id":"metro","operator":"bus","places":["m1"],"from":"2026-01-01","accepts":["citizen-code","operator-code"],
		 "exclusive":{"until":"2026-12-31","accepts":["operator-code"],
		  "switch":{"scheme":"operator-code","wallet":"metro-app","name":{"zh":"地铁乘车码","en":"metro ride code"}}}}]}`))
	require.NoError(t, err)
	for name, cfg := range map[string]Config{
		"list":       {Lines: []string{"168", "metro-2"}},
		"agreements": {Agreements: registry, Operator: "bus"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGate(t, nil, New(cfg))
			rider := g.Citizen("li", citycode.ProfileTransit, citycode.Transit, nil)
			for _, line := range []string{"168", "metro-2"} {
				assert.True(t, g.board(rider, line).Allow, line)
			}
			d := g.board(rider, "9")
			assert.False(t, d.Allow)
			assert.Equal(t, LineNotAccepted, d.Reason)
			assert.Contains(t, d.Message.Zh, "本线路暂不支持市民码")
			assert.Contains(t, d.Message.Zh, "请使用其他方式")
		})
	}
	cfg := Config{Agreements: registry, Operator: "bus"}
	g := newGate(t, nil, New(cfg))
	rider := g.Citizen("li", citycode.ProfileTransit, citycode.Transit, nil)
	d := g.board(rider, "m1")
	assert.Equal(t, LineNotAccepted, d.Reason)
	assert.Contains(t, d.Message.Zh, "本线路暂不支持市民码")
	assert.Contains(t, d.Message.Zh, "暂用地铁乘车码，请在钱包中切换")
	var notice agreement.Notice
	require.NoError(t, json.Unmarshal(d.Outcome, &notice))
	assert.Equal(t, "metro-app", notice.Switch.Wallet)
	// The day that the contract ends, the same gate takes the code.
	v := scenariotest.NewPeople(t, New(cfg), citycode.ProfileTransit).Visit(scenarios.Phone, "li", 0, Board, `{"line":"m1"}`)
	for _, c := range []struct {
		at    time.Time
		allow bool
	}{{notice.Until.Add(-time.Second), false}, {notice.Until, true}} {
		v.Time = c.at
		d, err := New(cfg).Handle(t.Context(), &v)
		require.NoError(t, err)
		assert.Equal(t, c.allow, d.Allow, c.at)
	}
}

// TestRow35AtTheGate: a credential that is over its offline allowance is
// refused at the gate that knows, spaced by three seconds, and served again
// once it has been online. (office has the other half: TestRow35AtSettlement.)
func TestRow35AtTheGate(t *testing.T) {
	queue := tap.NewMemory()
	g := newGate(t, nil, New(Config{Queue: queue}))
	rider := g.Citizen("li", citycode.ProfileTransit, citycode.Transit, nil)
	for i := range DefaultOfflineRides {
		d := g.board(rider, "168")
		require.True(t, d.Allow, d.Reason)
		assert.Contains(t, string(d.Outcome), fmt.Sprintf(`"offlineRidesLeft":%d`, DefaultOfflineRides-1-i))
	}
	assert.Equal(t, "over-offline-limit", g.board(rider, "168").Reason)
	g.online = true
	assert.True(t, g.board(rider, "168").Allow)
	g.online = false
	assert.True(t, g.board(rider, "168").Allow)
	g.Clock.Advance(-time.Second) // board waits three seconds: now two
	assert.Equal(t, scenarios.TooSoon, g.board(rider, "168").Reason)
	list := queue.Waiting(100)
	require.Len(t, list, DefaultOfflineRides+2, "what was refused is not recorded")
	for i, r := range list {
		assert.EqualValues(t, i+1, r.Sequence)
		assert.Equal(t, i == DefaultOfflineRides, r.Online)
		assert.NoError(t, r.Check())
	}
}

// TestRow36ConcessionExpired: an expired concession is the full fare, and no
// refusal; office.TestRow36 has the money.
func TestRow36ConcessionExpired(t *testing.T) {
	end := citycodetest.NewCity(t, citycodetest.Shenyang).Clock.Now().Add(time.Hour)
	s := New(Config{Queue: tap.NewMemory(), Concessions: tap.Concessions{3: {Category: "student", Until: end}}})
	people := scenariotest.NewPeople(t, s, citycode.ProfileTransit)
	for _, c := range []struct {
		benefit uint8
		at      time.Time
		outcome string
	}{
		{3, end.Add(-time.Second), `{"line":"168","offlineRidesLeft":0,"rider":"student"}`},
		{3, end, `{"line":"168","offlineRidesLeft":0,"concessionExpired":true}`},
		{9, end, `{"line":"168","offlineRidesLeft":0}`}, // of another city: no concession
	} {
		v := people.Visit(scenarios.Phone, "pupil", c.benefit, Board, `{"line":"168"}`)
		v.Time = c.at
		d, err := s.Handle(t.Context(), &v)
		require.NoError(t, err)
		assert.True(t, d.Allow)
		assert.JSONEq(t, c.outcome, string(d.Outcome))
		assert.Equal(t, c.benefit == 3 && c.at.Equal(end), strings.Contains(d.Message.Zh, "优待已过期"))
	}
	// A claim is believed so long after it was issued.
	issued := end.Add(-100 * time.Hour)
	holds := tap.Concessions{1: {Category: "elder", Until: end, Holds: 24 * time.Hour}}
	assert.Equal(t, issued.Add(24*time.Hour), holds.Rider(1, issued).Until)
	assert.Equal(t, end, holds.Rider(1, end).Until)
}

// TestDebtor: whoever owes is not let in until he has paid, and is let out.
func TestDebtor(t *testing.T) {
	holder, queue := new(deny.Holder), tap.NewMemory()
	s := New(Config{Deny: holder, Queue: queue})
	people := scenariotest.NewPeople(t, s, citycode.ProfileTransit)
	station := `{"network":"metro","stop":"M1-00-A"}`
	handle := func(v scenarios.Visit) *scenarios.Decision {
		t.Helper()
		d, err := s.Handle(t.Context(), &v)
		require.NoError(t, err)
		return d
	}
	first := people.Visit(scenarios.Phone, "li", 0, Enter, station)
	assert.True(t, handle(first).Allow)
	person := first.Citizen.Person().String()
	require.NoError(t, holder.Set(&deny.List{Version: 2, People: []string{person}}))
	assert.True(t, handle(first).Allow, "what opened once is answered as it was")
	assert.Equal(t, UnpaidDebt, handle(people.Visit(scenarios.Card, "li", 0, Enter, station)).Reason)
	assert.Equal(t, UnpaidDebt, handle(people.Visit(scenarios.Paper, "li", 0, Board, `{"line":"168"}`)).Reason)
	assert.True(t, handle(people.Visit(scenarios.Phone, "li", 0, Exit, station)).Allow)
	require.NoError(t, holder.Set(&deny.List{Version: 1}))
	assert.Equal(t, UnpaidDebt, handle(people.Visit(scenarios.Phone, "li", 0, Enter, station)).Reason, "an old list frees nobody")
	require.NoError(t, holder.Set(&deny.List{Version: 3}))
	assert.True(t, handle(people.Visit(scenarios.Phone, "li", 0, Enter, station)).Allow)
	assert.Error(t, holder.Set(&deny.List{Version: 4, People: []string{"b", "a"}}))
	list := queue.Waiting(10)
	require.Len(t, list, 3)
	assert.EqualValues(t, 2, list[1].Lists.Deny)
	for _, m := range s.Metrics() {
		if m.Name == "transit-unpaid-debt" {
			assert.EqualValues(t, 3, m.Value)
		}
	}
}

// TestQueueFault: a ride that could not be written down does not begin.
func TestQueueFault(t *testing.T) {
	s := New(Config{Queue: full{}})
	v := scenariotest.NewPeople(t, s, citycode.ProfileTransit).Visit(scenarios.Phone, "li", 0, Board, `{"line":"168"}`)
	d, err := s.Handle(t.Context(), &v)
	assert.Nil(t, d)
	assert.ErrorIs(t, err, tap.ErrFull)
	for _, params := range []string{`{}`, `{"stop":"s"}`} {
		for _, action := range []string{Board, Enter, Exit} {
			v.Action, v.Params = action, json.RawMessage(params)
			_, err := s.Handle(t.Context(), &v)
			var wrong *scenarios.RequestError
			require.ErrorAs(t, err, &wrong)
		}
	}
}

type full struct{}

func (full) Find(context.Context, string) (tap.Tap, bool, error) { return tap.Tap{}, false, nil }
func (full) Append(context.Context, tap.Tap) (tap.Tap, error)    { return tap.Tap{}, tap.ErrFull }

func BenchmarkHandle(b *testing.B) {
	queue := tap.NewMemory()
	s := New(Config{Lines: []string{"168"}, Deny: new(deny.Holder), Concessions: tap.Concessions{3: {Category: "student"}}, Queue: queue})
	v := scenariotest.NewPeople(b, s, citycode.ProfileTransit).Visit(scenarios.Phone, "li", 3, Board, `{"line":"168","vehicle":"5501"}`)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		v.Key = strconv.Itoa(i)
		if i%10_000 == 0 {
			queue.Acknowledge(queue.Waiting(tap.MaxQueue))
		}
		if d, err := s.Handle(b.Context(), &v); err != nil || !d.Allow {
			b.Fatal(d, err)
		}
	}
}
