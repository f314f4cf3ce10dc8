package city

import (
	"fmt"
	"slices"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/qr"
	"github.com/citizencode/citizencode/scenarios"
)

// A cast is who and what plays on the scripted day, beside the city itself.
type cast struct {
	*City
	a, b, c, d, e, f, g, h, i, j, guest *Citizen

	ride, park, clinic map[*Citizen]*Pass
	universal          *Pass // of b

	national *national

	oldBus, staleBus, ownTable, resetBus *Gate
}

// Day gives the people of the script their passes, puts up the gates that only
// the script has, and returns it. It is called once. The city's clock must
// stand at or before six in the morning; the steps follow each other in time.
func (c *City) Day() ([]Step, error) {
	p := &cast{City: c, ride: make(map[*Citizen]*Pass), park: make(map[*Citizen]*Pass), clinic: make(map[*Citizen]*Pass)}
	if err := p.assemble(); err != nil {
		return nil, err
	}
	chapters := []func() ([]Step, error){p.rides, p.desks, p.fused, p.nationalRides, p.carParks, p.cards, p.states, p.forgeries, p.faults, p.evening}
	if c.cities > 1 {
		chapters = append(chapters, p.cities)
	}
	chapters = append(chapters, p.contract)
	var steps []Step
	for _, chapter := range chapters {
		more, err := chapter()
		if err != nil {
			return nil, err
		}
		steps = append(steps, more...)
	}
	if !slices.IsSortedFunc(steps, func(a, b Step) int { return int(a.At - b.At) }) {
		return nil, fmt.Errorf("city: the steps of the day do not follow each other in time")
	}
	return steps, nil
}

// assemble gives the people their passes and puts up the gates that have been
// away for a while.
func (p *cast) assemble() error {
	letters := "甲乙丙丁戊己庚辛壬癸"
	for i, who := range []**Citizen{&p.a, &p.b, &p.c, &p.d, &p.e, &p.f, &p.g, &p.h, &p.i, &p.j} {
		*who = person(string([]rune(letters)[i]), string(rune('A'+i)))
	}
	p.guest = &Citizen{"邻市来客", "Guest", "邻市来客"}

	const week = 7 // days
	for _, who := range []*Citizen{p.a, p.c, p.d, p.e, p.f, p.g, p.h, p.i} {
		if err := p.add(p.ride, who, citycode.ProfileTransit, citycode.Transit, week); err != nil {
			return err
		}
	}
	for _, who := range []*Citizen{p.a, p.c, p.d} {
		if err := p.add(p.park, who, citycode.ProfileTransit, citycode.Parking, week); err != nil {
			return err
		}
	}
	for _, who := range []*Citizen{p.c, p.d, p.e} {
		if err := p.add(p.clinic, who, citycode.ProfileMedical, citycode.Medical, week); err != nil {
			return err
		}
	}
	var err error
	if p.universal, err = p.home.issue(p.clock, application{citizen: p.b, profile: citycode.ProfileUniversal,
		scenes: citycode.Transit | citycode.Medical | citycode.Parking}); err != nil {
		return err
	}
	// E was never at this hospital.
	for _, pass := range []*Pass{p.clinic[p.c], p.clinic[p.d], p.universal} {
		p.patients.register(pass.claims.Subject, "")
	}
	return p.garage()
}

// person returns an invented citizen, whom nobody can take for a real one.
func person(zh, en string) *Citizen {
	return &Citizen{"测试" + zh, "Test Person " + en, "测试" + zh + " " + en}
}

func (p *cast) add(to map[*Citizen]*Pass, who *Citizen, profile citycode.ProfileID, scenes citycode.Scenes, days int) (err error) {
	to[who], err = p.home.issue(p.clock, application{citizen: who, profile: profile, scenes: scenes, days: days})
	return err
}

// garage puts up the buses of which each has one thing wrong with it.
func (p *cast) garage() error {
	now := p.clock.Now()
	ago := func(d time.Duration) (*bulletin, error) { return p.home.publish(now.Add(-d)) }
	forty, err := ago(40 * day)
	if err != nil {
		return err
	}
	four, err := ago(4 * day)
	if err != nil {
		return err
	}
	// What was published last is the newest, whatever it is dated.
	if err := p.publish(); err != nil {
		return err
	}
	own := citycode.TransitProfile()
	own.StatusAge = 300 * day
	for _, g := range []struct {
		at       **Gate
		zh, en   string
		lists    *bulletin
		profiles []citycode.Profile
	}{
		{&p.oldBus, "库房旧公交", "stored bus", forty, nil},
		{&p.staleBus, "外线公交", "remote bus", four, nil},
		{&p.resetBus, "断电公交", "unpowered bus", p.newest(), nil},
		{&p.ownTable, "自改参数闸机", "altered gate", p.newest(), []citycode.Profile{own}},
	} {
		*g.at, err = p.newGate(&Gate{Name: scenarios.Text{Zh: g.zh, En: g.en}, scenario: busLine(), action: p.bus.action, params: p.bus.params,
			profiles: g.profiles}, g.lists)
		if err != nil {
			return err
		}
	}
	return nil
}

// at is a time of day.
func at(h, m, s int) time.Duration {
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second
}

func text(zh, en string) scenarios.Text { return scenarios.Text{Zh: zh, En: en} }

// A picture is what a step shows.
type picture = func() ([]byte, error)

// code is a pass shown for a scene group, made at the moment of the step.
func code(p *Pass, audience citycode.Scenes) picture {
	return altered(p, audience, func(b []byte) []byte { return b })
}

// altered is a code that somebody changed before it was drawn.
func altered(p *Pass, audience citycode.Scenes, change func([]byte) []byte) picture {
	return func() ([]byte, error) {
		t, err := p.Show(audience)
		if err != nil {
			return nil, err
		}
		return drawToken(change(slices.Clone(t.Bytes())), qr.Options{})
	}
}

// A screenshot keeps a picture: taken once, shown again.
type screenshot struct{ file []byte }

func (s *screenshot) of(p picture) picture {
	return func() (_ []byte, err error) {
		s.file, err = p()
		return s.file, err
	}
}

func (s *screenshot) again() ([]byte, error) {
	if s.file == nil {
		return nil, fmt.Errorf("city: there is no screenshot yet")
	}
	return s.file, nil
}
