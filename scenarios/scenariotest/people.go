package scenariotest

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/scenarios"
)

// A People is made-up citizens for the script of one scenario: real codes,
// verified, of the same people on every carrier.
type People struct {
	tb       testing.TB
	scenario scenarios.Scenario
	profile  citycode.ProfileID
	seen     int
}

// NewPeople returns people whose phones have codes of a profile.
func NewPeople(tb testing.TB, s scenarios.Scenario, profile citycode.ProfileID) *People {
	return &People{tb: tb, scenario: s, profile: profile}
}

// Subject returns the 8 bytes by which a person is known, for a scenario that
// looks somebody up.
func Subject(name string) []byte { return citycodetest.Scalar("subject " + name)[:8] }

// Visit returns a visit of a person on a carrier, with a key of its own.
func (p *People) Visit(carrier scenarios.Carrier, name string, benefit uint8, action string, params string) scenarios.Visit {
	p.tb.Helper()
	p.seen++
	c := citycodetest.NewCity(p.tb, citycodetest.Shenyang)
	return scenarios.Visit{
		Citizen: p.citizen(c, carrier, name, benefit), Key: fmt.Sprintf("visit %d of %s", p.seen, name),
		Terminal: "terminal 1", Action: action, Params: json.RawMessage(params), Online: true, Time: c.Clock.Now(),
	}
}

func (p *People) citizen(c *citycodetest.City, carrier scenarios.Carrier, name string, benefit uint8) scenarios.Citizen {
	p.tb.Helper()
	what := p.scenario.Describe()
	c.Draft.Entries[0].Scenes |= what.Audience // its issuer speaks for the scenes of this scenario too
	fail := func(err error) {
		p.tb.Helper()
		if err != nil {
			p.tb.Errorf("%s on %s: %v", name, carrier, err)
			p.tb.FailNow()
		}
	}
	if carrier == scenarios.Paper {
		book := scenarios.NewSlips(scenarios.SlipConfig{Now: c.Clock.Now, Rand: citycodetest.Random("slip " + name)})
		who := scenarios.Person{City: c.Code, Subject: string(Subject(name))}
		slip, err := book.Issue(context.Background(), p.scenario.ID(), who, benefit, time.Hour)
		fail(err)
		citizen, err := book.Redeem(context.Background(), slip.Number, p.scenario)
		fail(err)
		return citizen
	}
	profile, check := p.profile, citycode.Check{Audience: what.Audience, Online: true}
	var answer []byte
	if carrier == scenarios.Card {
		profile = citycode.ProfileCard
		var err error
		check.Challenge, err = citycode.NewChallenge(citycode.ChallengeConfig{Terminal: []byte("terminal 1"), Now: c.Clock.Now(), Rand: citycodetest.Random(name)})
		fail(err)
		answer = check.Challenge.Bytes()
	}
	holder := c.Citizen(name, profile, what.Audience, func(claims *citycode.Claims) {
		claims.Subject, claims.Benefit = Subject(name), benefit
	})
	verified, err := c.Verifier(nil).Verify(holder.Answer(what.Audience, answer), check)
	fail(err)
	return scenarios.CitizenOf(verified, what)
}
