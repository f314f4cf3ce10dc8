package hospital

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/engine/tjfoc"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/rails/railstest"
	"github.com/citizencode/citizencode/scenarios/scenariotest"
)

// records is a Directory in memory.
type records map[string]string

func (r records) Lookup(ctx context.Context, subject []byte) (*Patient, error) {
	if name, known := r[string(subject)]; known {
		return &Patient{Pseudonym: name}, ctx.Err()
	}
	return nil, ErrUnknownPatient
}

type failing struct{ err error }

func (f failing) Lookup(context.Context, []byte) (*Patient, error) { return nil, f.err }

// A desk is a check-in desk of a test city whose network is a switch.
type desk struct {
	*citycodetest.City
	lane    *scenarios.Terminal
	offline bool
}

func newDesk(t *testing.T, e engine.Engine, c *citycodetest.City, cfg Config) *desk {
	d := &desk{City: c}
	var err error
	d.lane, err = scenarios.NewTerminal(scenarios.TerminalConfig{Name: "desk 3", Scenario: New(cfg), Verifier: c.Verifier(e),
		Now: c.Clock.Now, Online: func() bool { return !d.offline }})
	require.NoError(t, err)
	return d
}

func (d *desk) checkIn(p *citycodetest.Citizen, params string) (*scenarios.Decision, error) {
	return d.lane.Scan(context.Background(), p.Show(citycode.Medical).Bytes(), CheckIn, json.RawMessage(params))
}

func eachEngine(t *testing.T, test func(t *testing.T, e engine.Engine)) {
	for _, e := range []engine.Engine{engine.Default(), tjfoc.New()} {
		t.Run(e.Name(), func(t *testing.T) { test(t, e) })
	}
}

func TestContract(t *testing.T) {
	newScenario := func() scenarios.Scenario {
		return New(Config{Directory: records{string(scenariotest.Subject("li")): "P-1"}, Departments: []string{"internal"}})
	}
	people := scenariotest.NewPeople(t, newScenario(), citycode.ProfileMedical)
	scenariotest.Run(t, newScenario, func(c scenarios.Carrier) []scenarios.Visit {
		return []scenarios.Visit{
			people.Visit(c, "li", 0, CheckIn, `{"department":"internal","credit":true}`),
			people.Visit(c, "li", 0, CheckIn, `{"department":"eyes"}`),
			people.Visit(c, "wang", 0, CheckIn, `{"department":"internal"}`),
			people.Visit(c, "li", 0, Next, ``),
			people.Visit(c, "li", 0, Agree, `{"order":"o1"}`),
			people.Visit(c, "li", 0, Agree, ``),
			people.Visit(c, "li", 0, Serve, `{"station":"lab"}`),
			people.Visit(c, "li", 0, Serve, `{"station":"consult"}`),
			people.Visit(c, "li", 0, Leave, ``),
		}
	})
}

func TestCheckIn(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		c := citycodetest.NewCity(t, citycodetest.Shenyang)
		li := c.Citizen("li", citycode.ProfileMedical, citycode.Medical, nil)
		wang := c.Citizen("wang", citycode.ProfileUniversal, citycode.Transit|citycode.Medical, nil)
		nobody := c.Citizen("nobody", citycode.ProfileMedical, citycode.Medical, nil)
		d := newDesk(t, e, c, Config{Directory: records{string(li.Claims.Subject): "P-1", string(wang.Claims.Subject): "P-2"}})

		got, err := d.checkIn(li, ``)
		require.NoError(t, err)
		assert.True(t, got.Allow, got.Reason)
		assert.JSONEq(t, `{"patient":"P-1","queue":1,"encounter":"e1","steps":[
			{"kind":"consult","text":{"zh":"候诊，1 号","en":"Wait for number 1"}},
			{"kind":"leave","text":{"zh":"可以离院，稍后还款","en":"You can leave, and pay later"}}]}`, string(got.Outcome))
		first := got
		assert.Equal(t, scenarios.Text{Zh: "签到成功，您是 1 号", En: "Checked in; your number is 1"}, got.Message)

		got, err = d.checkIn(wang, `{}`)
		require.NoError(t, err)
		var ticket Ticket
		require.NoError(t, json.Unmarshal(got.Outcome, &ticket))
		assert.Equal(t, 2, ticket.Queue)
		assert.Equal(t, "P-2", ticket.Patient)

		got, err = d.checkIn(li, `{}`)
		require.NoError(t, err)
		assert.JSONEq(t, string(first.Outcome), string(got.Outcome), "a second check-in keeps the number")

		got, err = d.checkIn(nobody, `{}`)
		require.NoError(t, err)
		assert.Equal(t, PatientUnknown, got.Reason)

		d.offline = true
		for _, p := range []*citycodetest.Citizen{li, wang} {
			got, err = d.checkIn(p, `{}`)
			require.NoError(t, err)
			assert.Equal(t, "online-required", got.Reason)
		}
		d.offline = false
		ride := c.Citizen("li", citycode.ProfileTransit, citycode.Transit, nil)
		got, err = d.lane.Scan(context.Background(), ride.Show(citycode.Transit).Bytes(), CheckIn, nil)
		require.NoError(t, err)
		assert.Equal(t, "wrong-audience", got.Reason)
	})
}

func TestQueues(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang) // midnight UTC is eight in the morning
	li := c.Citizen("li", citycode.ProfileMedical, citycode.Medical, nil)
	wang := c.Citizen("wang", citycode.ProfileMedical, citycode.Medical, nil)
	d := newDesk(t, nil, c, Config{Departments: []string{"internal", "eyes"},
		Directory: records{string(li.Claims.Subject): "P-1", string(wang.Claims.Subject): "P-2"}})
	number := func(p *citycodetest.Citizen, department string) int {
		t.Helper()
		got, err := d.checkIn(p, `{"department":"`+department+`"}`)
		require.NoError(t, err)
		var ticket Ticket
		require.NoError(t, json.Unmarshal(got.Outcome, &ticket), got.Reason)
		assert.Equal(t, department, ticket.Department)
		return ticket.Queue
	}
	assert.Equal(t, 1, number(li, "internal"))
	assert.Equal(t, 2, number(wang, "internal"))
	assert.Equal(t, 1, number(wang, "eyes"))
	c.Clock.Advance(15*time.Hour + 59*time.Minute)
	assert.Equal(t, 2, number(li, "eyes"))
	c.Clock.Advance(time.Minute)
	assert.Equal(t, 1, number(wang, "internal"), "the day ends at midnight in the city")

	for _, params := range []string{`{"department":"teeth"}`, `{}`} {
		got, err := d.checkIn(li, params)
		require.NoError(t, err)
		assert.Equal(t, DepartmentUnknown, got.Reason)
	}
}

// A directory that fails decides nothing, and one that does not exist knows nobody.
func TestDirectory(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	li := c.Citizen("li", citycode.ProfileMedical, citycode.Medical, nil)
	down := errors.New("connection refused")
	_, err := newDesk(t, nil, c, Config{Directory: failing{down}}).checkIn(li, `{}`)
	assert.ErrorIs(t, err, down)
	_, err = newDesk(t, nil, c, Config{Directory: failing{}}).checkIn(li, `{}`)
	assert.Error(t, err)
	got, err := newDesk(t, nil, c, Config{}).checkIn(li, `{}`)
	require.NoError(t, err)
	assert.Equal(t, PatientUnknown, got.Reason)
}

// A kiosk whose clock is behind at midnight gives out no number twice.
func TestQueueClockBehind(t *testing.T) {
	h := newHouse(t, railstest.Faults{}, nil)
	h.at = time.Date(2026, 1, 5, 16, 0, 1, 0, time.UTC) // a second after midnight
	assert.Equal(t, 1, h.checkIn("li", false).Queue)
	h.at = h.at.Add(-3 * time.Second)
	assert.Equal(t, 2, h.checkIn("wang", false).Queue)
	h.at = h.at.Add(4 * time.Second)
	assert.Equal(t, 1, h.checkIn("li", false).Queue)
}
