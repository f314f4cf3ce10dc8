// Package city is a whole small city in one process: an authority with its
// keys, registers and lists, made-up citizens with phones, gates with and
// without a network, and a neighbour whose codes it does not trust.
//
// It is for showing and for trying out. [Play] runs one scripted day, in which
// every code is drawn as a picture, read back from the picture and decided
// about by the gate's own terminal; the verdicts are those of the library and
// are only compared with the script. Package refserver/pages puts the same
// city into a browser.
//
// All keys are drawn at the start and kept in memory, and all people are
// invented. A city that serves real ones runs refserver.
package city

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/refserver/partner"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/hospital"
	"github.com/citizencode/citizencode/scenarios/parking"
	"github.com/citizencode/citizencode/scenarios/transit"
)

// The GB/T 2260 codes of the city and of its neighbour.
const (
	Home      = 210100
	Neighbour = 210200
)

// Lines of the city that take the code; line 9 does not.
var acceptedLines = []string{"168", "metro-1"}

// A Config says how a city is made. The zero value is the city of the demo.
type Config struct {
	// Clock is the time of the city. Nil stands still at six in the morning
	// of the scripted day.
	Clock *Clock
	// Engine verifies at every gate. Nil is the default engine.
	Engine engine.Engine
	// Cities is 2 for an evening on which the city and its neighbour agree to
	// take each other's ride codes, and an issuer's key is stolen.
	Cities int
	// Bays is the size of the car park; 0 means 2.
	Bays int
}

// A City is the authority, the gates and the people. It is safe for concurrent
// use.
type City struct {
	clock     *Clock
	engine    engine.Engine
	home      *authority
	neighbour *authority
	cities    int
	patients  *patients
	centre    *partner.Centre // of the medical code
	today     time.Time       // midnight of the scripted day

	publishing sync.Mutex // one issue of the lists after the other
	published  time.Time

	mu       sync.Mutex
	bulletin *bulletin
	all      []*Gate

	bus, otherBus, unlistedBus *Gate
	metro1, metro2             *Gate
	desk                       *Gate
	parkIn, parkOut            *Gate
}

// ferry is a profile of the neighbour's own.
func ferry() citycode.Profile {
	p := citycode.TransitProfile()
	p.ID, p.Name, p.City = 0xF0, "ferry", Neighbour
	return p
}

// New founds a city: keys, lists, gates.
func New(cfg Config) (*City, error) {
	if cfg.Clock == nil {
		cfg.Clock = NewClock(time.Date(2026, 11, 23, 6, 0, 0, 0, Zone))
	}
	if cfg.Bays == 0 {
		cfg.Bays = 2
	}
	c := &City{clock: cfg.Clock, engine: cfg.Engine, cities: cfg.Cities, patients: &patients{known: make(map[string]hospital.Patient)}}
	now := c.clock.Now()
	c.today = midnight(now)
	people := []citycode.Profile{citycode.MedicalProfile(), citycode.TransitProfile(), citycode.UniversalProfile(), citycode.FusedProfile()}
	var err error
	if c.home, err = newAuthority(Home, now, people...); err != nil {
		return nil, err
	}
	if c.neighbour, err = newAuthority(Neighbour, now, append(people, ferry())...); err != nil {
		return nil, err
	}
	if err := c.publish(); err != nil {
		return nil, err
	}
	return c, c.build(cfg.Bays)
}

// build puts up the gates.
func (c *City) build(bays int) error {
	medical, err := c.openCentre()
	if err != nil {
		return err
	}
	clinic := hospital.New(hospital.Config{Directory: c.patients, MedicalCodes: medical})
	carPark := parking.New(parking.Config{Bays: bays})
	// Two lanes of a metro station and two barriers of a car park share a
	// guard; every bus and the desk have their own.
	metro, barriers := new(station), new(station)
	for _, s := range []*station{metro, barriers} {
		if err := s.start(c.clock, true); err != nil {
			return err
		}
	}
	for _, g := range []struct {
		at      **Gate
		id      string
		zh, en  string
		station *station
		online  bool
		sc      scenarios.Scenario
		action  string
		params  string
	}{
		{&c.bus, "bus", "168路公交", "bus 168", nil, false, busLine(), transit.Board, `{"line":"168"}`},
		{&c.otherBus, "next-bus", "另一辆168路", "next bus 168", nil, false, busLine(), transit.Board, `{"line":"168"}`},
		{&c.unlistedBus, "", "9路公交", "bus 9", nil, false, busLine(), transit.Board, `{"line":"9"}`},
		{&c.metro1, "metro", "地铁1号闸机", "metro gate 1", metro, true, busLine(), transit.Board, `{"line":"metro-1"}`},
		{&c.metro2, "", "地铁2号闸机", "metro gate 2", metro, true, busLine(), transit.Board, `{"line":"metro-1"}`},
		{&c.desk, "desk", "医院签到台", "hospital desk", nil, true, clinic, hospital.CheckIn, `{}`},
		{&c.parkIn, "park-in", "停车场入口", "car park in", barriers, true, carPark, parking.Enter, `{}`},
		{&c.parkOut, "park-out", "停车场出口", "car park out", barriers, true, carPark, parking.Leave, `{}`},
	} {
		*g.at, err = c.newGate(&Gate{ID: g.id, Name: scenarios.Text{Zh: g.zh, En: g.en}, station: g.station, scenario: g.sc,
			action: g.action, params: json.RawMessage(g.params)}, c.newest())
		if err != nil {
			return err
		}
		(*g.at).online.Store(g.online)
	}
	return nil
}

func busLine() *transit.Scenario { return transit.New(transit.Config{Lines: acceptedLines}) }

// newGate puts a gate up with the lists of a bulletin, as they were when it
// last left the depot.
func (c *City) newGate(g *Gate, b *bulletin) (*Gate, error) {
	g.city, g.engine = c, c.engine
	if g.station == nil {
		var err error
		if g.station, err = newStation(c.clock); err != nil {
			return nil, err
		}
	}
	g.station.gates = append(g.station.gates, g)
	if err := g.take(b); err != nil { // nobody else knows the gate yet
		return nil, fmt.Errorf("%s: %w", g.Name.En, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, g)
	return g, nil
}

// Now returns the time of the city.
func (c *City) Now() time.Time { return c.clock.Now() }

// Gates returns the gates that have an id.
func (c *City) Gates() []*Gate {
	c.mu.Lock()
	defer c.mu.Unlock()
	var gates []*Gate
	for _, g := range c.all {
		if g.ID != "" {
			gates = append(gates, g)
		}
	}
	return gates
}

// Gate returns the gate of an id.
func (c *City) Gate(id string) (*Gate, bool) {
	for _, g := range c.Gates() {
		if g.ID == id {
			return g, true
		}
	}
	return nil, false
}

// listAge is how old the lists of a running city become before it signs new
// ones. The profiles allow a day.
const listAge = time.Hour

// KeepCurrent signs new lists when the last ones are an hour old, and brings
// them to every gate: one without a network has been at its depot. A city
// whose clock runs by itself is called so before it is used.
func (c *City) KeepCurrent() error {
	c.publishing.Lock()
	defer c.publishing.Unlock()
	if c.clock.Now().Sub(c.published) < listAge {
		return nil
	}
	return c.issue(func(*Gate) bool { return true })
}

// publish signs new lists, and every gate that has a network takes them.
func (c *City) publish() error {
	c.publishing.Lock()
	defer c.publishing.Unlock()
	return c.issue((*Gate).Online)
}

func (c *City) issue(reaches func(*Gate) bool) error {
	c.published = c.clock.Now()
	b, err := c.home.publish(c.published)
	if err != nil {
		return err
	}
	if len(c.home.grants) > 0 {
		abroad, err := c.neighbour.publish(c.published)
		if err != nil {
			return err
		}
		b.foreign = append(b.foreign, abroad)
	}
	c.mu.Lock()
	c.bulletin = b
	gates := c.all
	c.mu.Unlock()
	for _, g := range gates {
		if !reaches(g) {
			continue
		}
		if err := g.update(); err != nil {
			return fmt.Errorf("%s: %w", g.Name.En, err)
		}
	}
	return nil
}

func (c *City) newest() *bulletin {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bulletin
}

// patients is the hospital's online service.
type patients struct {
	mu    sync.Mutex
	known map[string]hospital.Patient // by subject
}

var _ hospital.Directory = (*patients)(nil)

// Lookup implements [hospital.Directory].
func (p *patients) Lookup(ctx context.Context, subject []byte) (*hospital.Patient, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	patient, known := p.known[string(subject)]
	if !known {
		return nil, hospital.ErrUnknownPatient
	}
	return &patient, ctx.Err()
}

// register opens a patient's record for a subject, with the index at the insurance
// if the hospital knows it. The pseudonym has nothing of the handle in it.
func (p *patients) register(subject []byte, insured string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if handle := string(subject); p.known[handle].Pseudonym == "" {
		p.known[handle] = hospital.Patient{Pseudonym: "P-" + hex.EncodeToString(random(3)), Insured: insured}
	}
}
