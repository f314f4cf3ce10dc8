package city

import (
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/refserver/slot"
)

// A Citizen is a made-up person.
type Citizen struct {
	Zh, En string // 测试甲, Test Person A
	Short  string // 测试甲 A
}

// An application is what an authority is asked for.
type application struct {
	citizen *Citizen
	profile citycode.ProfileID
	scenes  citycode.Scenes
	issuer  *citycode.Issuer // nil: the authority's main one
	on      time.Time        // when it is issued; zero: now
	days    int              // how long it lives; 0: one
	benefit uint8            // class of it, on a card
}

// A Pass is one credential on one phone, with the key that was made there for
// it alone. A person has one for each purpose group, so that two operators
// cannot join what they saw.
type Pass struct {
	*citycode.Holder
	citizen *Citizen
	cred    *citycode.Credential
	claims  citycode.Claims
	issuer  citycode.KeyID
	key     *citycode.SoftwareKey
	clock   *Clock
	ahead   time.Duration // error of the phone's clock
}

// issue makes a key on a phone, has the authority certify it, and returns the
// pass. When it begins and ends is rounded: the second would be a name.
func (a *authority) issue(clock *Clock, want application) (*Pass, error) {
	if want.issuer == nil {
		want.issuer = a.issuer
	}
	if want.on.IsZero() {
		want.on = clock.Now()
	}
	if want.days == 0 {
		want.days = 1
	}
	profile, err := profileOf(want.profile)
	if err != nil {
		return nil, err
	}
	p := &Pass{citizen: want.citizen, clock: clock, issuer: want.issuer.ID()}
	secret, err := engine.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	if p.key, err = citycode.NewSoftwareKey(secret, new(counter)); err != nil {
		return nil, err
	}
	p.claims = citycode.Claims{Profile: want.profile, Scenes: want.scenes}
	if p.claims.IssuedAt, p.claims.NotAfter, err = slot.Validity(profile, want.on.In(Zone), want.days); err != nil {
		return nil, err
	}
	if p.claims.Possession, err = p.key.ProvePossession(want.issuer.ID(), nonce()); err != nil {
		return nil, err
	}
	if err := a.claim(want.issuer.ID(), want.citizen.Zh, &p.claims); err != nil {
		return nil, err
	}
	if p.cred, err = want.issuer.Issue(p.claims); err != nil {
		return nil, err
	}
	p.Holder, err = citycode.NewHolder(p.cred, p.key)
	return p, err
}

// profileOf returns the definition of a profile of the two cities.
func profileOf(id citycode.ProfileID) (citycode.Profile, error) {
	for _, p := range append(citycode.Profiles(), ferry()) {
		if p.ID == id {
			return p, nil
		}
	}
	return citycode.Profile{}, fmt.Errorf("city: there is no profile 0x%02x", uint8(id))
}

// print issues the code of a place, as it is printed on a sign.
func (a *authority) print(clock *Clock, sign string) (*citycode.Token, error) {
	from, until, err := slot.Validity(citycode.PlaceProfile(), clock.Now().In(Zone), 365)
	if err != nil {
		return nil, err
	}
	c := citycode.Claims{Profile: citycode.ProfilePlace, IssuedAt: from, NotAfter: until}
	if err := a.claim(a.printer.ID(), sign, &c); err != nil {
		return nil, err
	}
	cred, err := a.printer.Issue(c)
	if err != nil {
		return nil, err
	}
	return cred.Static()
}

// Show makes the code of this moment, by the phone's clock.
func (p *Pass) Show(audience citycode.Scenes) (*citycode.Token, error) {
	return p.answer(audience, nil)
}

func (p *Pass) answer(audience citycode.Scenes, challenge []byte) (*citycode.Token, error) {
	return p.Present(citycode.Presentation{Time: p.clock.Now().Add(p.ahead), Audience: audience, Challenge: challenge})
}

// Citizen returns whose pass it is.
func (p *Pass) Citizen() *Citizen { return p.citizen }

// NotAfter returns the last second of the credential.
func (p *Pass) NotAfter() time.Time { return p.claims.NotAfter }

func (p *Pass) serial() citycode.Serial {
	return citycode.Serial{Issuer: p.issuer, List: p.claims.List, Index: p.claims.Index}
}

// counter is a phone's counter. It lives as long as its key, in memory both.
type counter struct {
	mu sync.Mutex
	n  uint32
}

func (c *counter) Next() (uint32, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	return c.n, nil
}

func midnight(t time.Time) time.Time {
	t = t.In(Zone)
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, Zone)
}
