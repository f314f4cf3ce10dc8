package citycode_test

import (
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

// TestProfileDefinitions: the bytes whose SM3 trust lists carry. They never
// change: a terminal with other ones refuses every code of the profile.
func TestProfileDefinitions(t *testing.T) {
	want := map[citycode.ProfileID]string{
		//        id city     kind mode source subject seal segment prefix challenge assurance flags maxAge lifetime statusAge online
		0x01: "01 00000000 01 11 01 08 00 00 00 01 01 00 0000003c 00093a80 00015180 ffff",
		0x02: "02 00000000 01 11 02 10 00 00 00 01 01 00 0000003c 00093a80 00015180 0000",
		0x03: "03 00000000 01 11 03 08 00 00 00 01 01 00 0000003c 00093a80 0003f480 0000",
		0x04: "04 00000000 01 11 01 08 00 00 00 01 01 02 0000003c 00015180 00015180 0002",
		0x05: "05 00000000 01 11 00 08 00 00 00 02 04 00 0000003c 096c9900 0003f480 0000",
		0x06: "06 00000000 01 11 01 08 00 00 1c 01 01 02 0000003c 00015180 00015180 0002",
		0x07: "07 00000000 01 19 00 08 00 0e 00 01 01 00 0000003c 00093a80 00015180 0000",
		0x13: "13 00000000 01 12 03 08 00 00 00 01 01 00 0000003c 00093a80 0003f480 0000",
		0x81: "81 00000000 03 10 00 08 00 00 00 00 00 01 00000000 12cc0300 00278d00 0000",
		0x82: "82 00000000 04 10 00 08 00 00 00 00 00 01 00000000 12cc0300 00278d00 0000",
		0x83: "83 00000000 05 10 00 10 00 00 00 00 00 01 00000000 12cc0300 00278d00 0000",
		0x84: "84 00000000 02 10 00 20 00 00 00 00 00 01 00000000 12cc0300 00278d00 0000",
	}
	for _, p := range citycode.Profiles() {
		assert.Equal(t, want[p.ID], spaced(p.Definition(), 1, 4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 4, 4, 4, 2), p.Name)
		assert.NoError(t, p.Validate())
		delete(want, p.ID)
	}
	assert.Empty(t, want)
}

func spaced(b []byte, sizes ...int) string {
	var s string
	for _, n := range sizes {
		s += " " + hex.EncodeToString(b[:n])
		b = b[n:]
	}
	return s[1:] + hex.EncodeToString(b)
}

// TestProfileDefinitionCoversEverything: whatever two parties may mean
// differently is in the definition; a name is not.
func TestProfileDefinitionCoversEverything(t *testing.T) {
	p := citycode.TransitProfile()
	seen := map[string]string{string(p.Definition()): "as it is"}
	for name, change := range map[string]func(*citycode.Profile){
		"id": func(p *citycode.Profile) { p.ID++ }, "city": func(p *citycode.Profile) { p.City = 210100 },
		"kind": func(p *citycode.Profile) { p.Kind++ }, "mode": func(p *citycode.Profile) { p.Mode = citycode.Static },
		"source": func(p *citycode.Profile) { p.Source = 0 }, "subject": func(p *citycode.Profile) { p.SubjectSize = 16 },
		"seal": func(p *citycode.Profile) { p.SealSize = 18 }, "another seal": func(p *citycode.Profile) { p.SealSize = 19 },
		"segment": func(p *citycode.Profile) { p.SourceSize = 28 }, "another segment": func(p *citycode.Profile) { p.SourceSize = 29 },
		"prefix": func(p *citycode.Profile) { p.PrefixSize = 28 }, "another prefix": func(p *citycode.Profile) { p.PrefixSize = 29 },
		"challenge": func(p *citycode.Profile) { p.Challenge = citycode.ChallengeRequired }, "assurance": func(p *citycode.Profile) { p.Assurance = citycode.AssuranceTEE },
		"age": func(p *citycode.Profile) { p.MaxAge = time.Second }, "lifetime": func(p *citycode.Profile) { p.MaxLifetime = time.Hour },
		"status age": func(p *citycode.Profile) { p.StatusAge = time.Hour }, "unknown passes": func(p *citycode.Profile) { p.StatusUnknownPasses = true },
		"any audience": func(p *citycode.Profile) { p.AnyAudience = true }, "online": func(p *citycode.Profile) { p.OnlineScenes = 1 },
	} {
		p := citycode.TransitProfile()
		change(&p)
		definition := string(p.Definition())
		require.Len(t, definition, 29)
		assert.Empty(t, seen[definition], name)
		seen[definition] = name
	}
	named := p
	named.Name = "another name"
	assert.Equal(t, p.Definition(), named.Definition())
}

func TestProfileValidate(t *testing.T) {
	person, place := citycode.TransitProfile, citycode.PlaceProfile
	of := func(base func() citycode.Profile, change func(p *citycode.Profile)) citycode.Profile {
		p := base()
		change(&p)
		return p
	}
	private := func(base func() citycode.Profile, id citycode.ProfileID, city int) citycode.Profile {
		return of(base, func(p *citycode.Profile) { p.ID, p.City = id, city })
	}
	for _, c := range []struct {
		name string
		says string // nothing: it is valid
		p    citycode.Profile
	}{
		{"a private person", "", private(person, 0xf0, 210100)},
		{"the last private person", "", private(person, 0xf7, 999999)},
		{"a private place", "", private(place, 0xf8, 100000)},
		{"the last private place", "", private(place, 0xff, 210100)},
		{"the last person", "", private(person, 0x7f, 0)},
		{"the first thing", "", private(place, 0x80, 0)},
		{"the last thing", "", private(place, 0xef, 0)},
		{"a matter", "", of(place, func(p *citycode.Profile) { p.ID, p.Kind = 0x83, citycode.Matter })},
		{"a thing with a key", "", of(person, func(p *citycode.Profile) { p.ID, p.Kind = 0x90, citycode.Thing })},
		{"a card", "", of(person, func(p *citycode.Profile) {
			p.ID, p.Challenge, p.Assurance = 5, citycode.ChallengeRequired, citycode.AssuranceCard
		})},
		{"a subject of 64", "", of(person, func(p *citycode.Profile) { p.SubjectSize = 64 })},
		{"the longest seal", "", of(person, func(p *citycode.Profile) { p.SealSize = 225 })},
		{"the longest segment", "", of(person, func(p *citycode.Profile) { p.SourceSize = 255 })},
		{"tokens of 512 bytes", "", of(person, func(p *citycode.Profile) { p.SealSize, p.SourceSize = 225, 36 })},
		{"tokens of 512 bytes with a text in front", "", of(person, func(p *citycode.Profile) { p.SealSize, p.SourceSize, p.PrefixSize = 225, 44, 28 })},
		{"implicit tokens of 512 bytes", "", of(person, func(p *citycode.Profile) { p.Mode, p.SealSize, p.SourceSize = citycode.Implicit, 225, 100 })},
		{"static tokens of 512 bytes", "", of(place, func(p *citycode.Profile) { p.SealSize, p.SourceSize = 225, 160 })},
		{"an implicit one", "", of(person, func(p *citycode.Profile) { p.Mode = citycode.Implicit })},
		{"the longest prefix", "", of(person, func(p *citycode.Profile) { p.PrefixSize = citycode.MaxPrefix })},
		{"a century", "", of(person, func(p *citycode.Profile) { p.MaxLifetime, p.StatusAge = citycode.MaxLifetime, citycode.MaxLifetime })},
		{"1 s", "", of(person, func(p *citycode.Profile) { p.MaxAge = time.Second })},

		{"id 0", "id 0", of(person, func(p *citycode.Profile) { p.ID = 0 })},
		{"nothing", "id 0", citycode.Profile{}},
		{"private without a city", "has a city", private(person, 0xf0, 0)},
		{"standard with a city", "has a city", private(person, 3, 210100)},
		{"city 99999", "GB/T 2260", private(person, 0xf0, 99999)},
		{"city 1000000", "GB/T 2260", private(person, 0xf0, 1000000)},
		{"city -1", "GB/T 2260", private(person, 0xf0, -1)},
		{"kind 0", "kind", of(person, func(p *citycode.Profile) { p.Kind = 0 })},
		{"kind 6", "kind", of(place, func(p *citycode.Profile) { p.Kind = 6 })},
		{"a person among the things", "range", private(person, 0x80, 0)},
		{"a place among the people", "range", private(place, 0x7f, 0)},
		{"a person among the private things", "range", private(person, 0xf8, 210100)},
		{"a place among the private people", "range", private(place, 0xf7, 210100)},
		{"a static person", "never stands for a person", of(person, func(p *citycode.Profile) { p.Mode = citycode.Static })},
		{"one with a certified multiple", "key mode", of(person, func(p *citycode.Profile) { p.Mode = citycode.CertifiedMultiple })},
		{"mode 17", "key mode", of(place, func(p *citycode.Profile) { p.Mode = 17 })},
		{"a subject of 0", "subject", of(person, func(p *citycode.Profile) { p.SubjectSize = 0 })},
		{"a subject of 9", "subject", of(person, func(p *citycode.Profile) { p.SubjectSize = 9 })},
		{"a subject of 128", "subject", of(person, func(p *citycode.Profile) { p.SubjectSize = 128 })},
		{"a seal too long", "segment", of(person, func(p *citycode.Profile) { p.SealSize = 226 })},
		{"a seal below zero", "segment", of(person, func(p *citycode.Profile) { p.SealSize = -1 })},
		{"a segment too long", "segment", of(person, func(p *citycode.Profile) { p.SourceSize = 256 })},
		{"a segment below zero", "segment", of(person, func(p *citycode.Profile) { p.SourceSize = -1 })},
		{"tokens of 513 bytes", "513 bytes", of(person, func(p *citycode.Profile) { p.SealSize, p.SourceSize = 225, 37 })},
		{"tokens of 513 bytes with a text in front", "513 bytes", of(person, func(p *citycode.Profile) { p.SealSize, p.SourceSize, p.PrefixSize = 225, 45, 28 })},
		{"implicit tokens of 513 bytes", "513 bytes", of(person, func(p *citycode.Profile) { p.Mode, p.SealSize, p.SourceSize = citycode.Implicit, 225, 101 })},
		{"static tokens of 513 bytes", "513 bytes", of(place, func(p *citycode.Profile) { p.SealSize, p.SourceSize = 225, 161 })},
		{"a prefix too long", "prefix", of(person, func(p *citycode.Profile) { p.PrefixSize = citycode.MaxPrefix + 1 })},
		{"a prefix below zero", "prefix", of(person, func(p *citycode.Profile) { p.PrefixSize = -1 })},
		{"a prefix where a challenge is required", "prefix", of(person, func(p *citycode.Profile) { p.PrefixSize, p.Challenge = 28, citycode.ChallengeRequired })},
		{"a place with a prefix", "prefix", of(place, func(p *citycode.Profile) { p.PrefixSize = 28 })},
		{"a person without a challenge rule", "challenge", of(person, func(p *citycode.Profile) { p.Challenge = citycode.ChallengeNone })},
		{"a place with a challenge rule", "challenge", of(place, func(p *citycode.Profile) { p.Challenge = citycode.ChallengeOptional })},
		{"challenge rule 3", "challenge", of(person, func(p *citycode.Profile) { p.Challenge = 3 })},
		{"a person without assurance", "assurance", of(person, func(p *citycode.Profile) { p.Assurance = citycode.AssuranceNone })},
		{"a place with assurance", "assurance", of(place, func(p *citycode.Profile) { p.Assurance = citycode.AssuranceCard })},
		{"assurance 5", "assurance", of(person, func(p *citycode.Profile) { p.Assurance = 5 })},
		{"no maximum age", "maximum age", of(person, func(p *citycode.Profile) { p.MaxAge = 0 })},
		{"61 s", "maximum age", of(person, func(p *citycode.Profile) { p.MaxAge = 61 * time.Second })},
		{"-1 s", "maximum age", of(person, func(p *citycode.Profile) { p.MaxAge = -time.Second })},
		{"a place with a maximum age", "maximum age", of(place, func(p *citycode.Profile) { p.MaxAge = time.Second })},
		{"half a second", "whole seconds", of(person, func(p *citycode.Profile) { p.MaxAge = time.Second / 2 })},
		{"a lifetime and a half", "whole seconds", of(person, func(p *citycode.Profile) { p.MaxLifetime += time.Millisecond })},
		{"a status age and a half", "whole seconds", of(person, func(p *citycode.Profile) { p.StatusAge++ })},
		{"no lifetime", "lifetime", of(person, func(p *citycode.Profile) { p.MaxLifetime = 0 })},
		{"more than a century", "lifetime", of(person, func(p *citycode.Profile) { p.MaxLifetime = citycode.MaxLifetime + time.Second })},
		{"no status age", "status age", of(person, func(p *citycode.Profile) { p.StatusAge = 0 })},
		{"a status age above a century", "status age", of(person, func(p *citycode.Profile) { p.StatusAge = citycode.MaxLifetime + time.Second })},
		{"a place with any audience", "audience", of(place, func(p *citycode.Profile) { p.AnyAudience = true })},
		{"a place with online scenes", "audience", of(place, func(p *citycode.Profile) { p.OnlineScenes = 1 })},
	} {
		err := c.p.Validate()
		if c.says == "" {
			assert.NoError(t, err, c.name)
		} else {
			assert.ErrorContains(t, err, c.says, c.name)
		}
	}
}

// TestProfileIDs: the ranges of SPEC §3.1, by the number alone.
func TestProfileIDs(t *testing.T) {
	for id := range 256 {
		p := citycode.ProfileID(id)
		assert.Equal(t, id <= 0x7f || 0xf0 <= id && id <= 0xf7, p.Person(), "0x%02x", id)
		assert.Equal(t, id >= 0xf0, p.Private(), "0x%02x", id)
	}
	for mode, want := range map[citycode.KeyMode]string{citycode.Static: "static", citycode.Explicit: "explicit", citycode.Implicit: "implicit", citycode.CertifiedMultiple: "certified-multiple", 4: "mode-4", 9: "mode-9"} {
		assert.Equal(t, want, mode.String())
	}
	p := citycode.TransitProfile()
	assert.Equal(t, byte(0x11), p.ModeByte())
	p.SealSize = 18
	assert.Equal(t, byte(0x15), p.ModeByte())
	p.SourceSize = 28
	assert.Equal(t, byte(0x1d), p.ModeByte())
	p.SealSize = 0
	assert.Equal(t, byte(0x19), p.ModeByte())
}

// TestProfilePrivate: one private id of two cities is two profiles, and a
// terminal that knows one of them knows nothing of the other.
func TestProfilePrivate(t *testing.T) {
	private := func(city, size int) citycode.Profile {
		p := citycode.UniversalProfile()
		p.ID, p.City, p.SubjectSize, p.Name = 0xf0, city, size, fmt.Sprint("club of ", city)
		return p
	}
	ours, theirs := private(210100, 16), private(220100, 32)
	require.NotEqual(t, citycode.PinProfile(ours), citycode.PinProfile(theirs))
	stage := newStage(t)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		for _, c := range []struct {
			name  string
			known []citycode.Profile
			want  citycode.Reason
		}{
			{"both", []citycode.Profile{theirs, ours}, 0},
			{"ours", []citycode.Profile{ours}, 0},
			{"theirs", []citycode.Profile{theirs}, citycode.UnsupportedProfile},
			{"theirs, and the standard ones", append(citycode.Profiles(), theirs), citycode.UnsupportedProfile},
			{"ours, of another size", []citycode.Profile{private(210100, 32)}, citycode.Malformed},
		} {
			s := stage.scan()
			s.profile, s.known = ours, c.known
			s.entry().Profiles = []citycode.TrustProfile{citycode.PinProfile(ours)}
			s.code.profile, s.code.subject = 0xf0, make([]byte, 16)
			_, reason := s.run(e)
			assert.Equal(t, c.want, reason, c.name)
		}
	})

	// An issuer speaks for the private profiles of its own city only.
	issuer, err := citycode.NewIssuer(citycode.IssuerConfig{ID: 210100<<12 | 1, Key: citycodetest.Key("210100 issuer"), Profiles: []citycode.Profile{ours, theirs}})
	require.NoError(t, err)
	claims := personsClaims(t, issuer)
	claims.Profile = 0xf0
	for size, ok := range map[int]bool{16: true, 32: false} {
		claims.Subject = make([]byte, size)
		_, err := issuer.Issue(claims)
		assert.Equal(t, ok, err == nil)
	}
}

// TestProfileSegments: where a profile names a seal or a source segment, a token
// has it in the profile's size or is malformed.
func TestProfileSegments(t *testing.T) {
	stage := newStage(t)
	for _, c := range []struct {
		name         string
		seal, source int // of the token
		want         citycode.Reason
	}{
		{"as the profile says", 18 + 30, 28, 0},
		{"a seal too short", 17 + 30, 28, citycode.Malformed},
		{"a seal too long", 19 + 30, 28, citycode.Malformed},
		{"a segment too short", 18 + 30, 27, citycode.Malformed},
		{"a segment too long", 18 + 30, 29, citycode.Malformed},
		{"no seal", 0, 28, citycode.Malformed},
		{"no segment", 18 + 30, 0, citycode.Malformed},
		{"neither", 0, 0, citycode.Malformed},
	} {
		eachEngine(t, func(t *testing.T, e engine.Engine) {
			s := stage.scan()
			s.profile.SealSize, s.profile.SourceSize = 18, 28
			s.entry().Profiles = []citycode.TrustProfile{citycode.PinProfile(s.profile)}
			if c.seal > 0 {
				s.code.mode |= 4
				s.code.seal = make([]byte, c.seal)
			}
			if c.source > 0 {
				s.code.mode |= 8
				s.code.source = make([]byte, c.source)
			}
			_, reason := s.run(e)
			assert.Equal(t, c.want, reason, c.name)
		})
	}
}

// TestProfileAnyAudience: one code for several scenes (SPEC §5.10, §5.14).
func TestProfileAnyAudience(t *testing.T) {
	stage := newStage(t)
	const transit, medical, parking, tourism = citycode.Transit, citycode.Medical, citycode.Parking, citycode.Tourism
	for _, c := range []struct {
		mask, audience, accepts citycode.Scenes
		online                  bool
		want                    citycode.Reason
		holds                   citycode.Scenes
	}{
		{transit | medical, 0, transit, false, 0, transit},
		{transit | medical, 0, medical, false, citycode.OnlineRequired, 0},
		{transit | medical, 0, medical, true, 0, medical},
		{transit | medical, 0, transit | medical, false, citycode.OnlineRequired, 0},
		{transit | medical, 0, transit | medical | parking, true, 0, transit | medical},
		{transit | medical, 0, parking, true, citycode.WrongAudience, 0},
		{transit | medical, 0, 0, true, citycode.WrongAudience, 0},
		{transit | medical, transit, transit | medical, false, 0, transit},
		{transit | medical, medical, transit | medical, false, citycode.OnlineRequired, 0},
		{transit | medical, medical, transit, true, citycode.WrongAudience, 0},
		{transit | medical, parking, parking | transit, true, citycode.WrongAudience, 0},
		{0, 0, 0xffff, true, citycode.WrongAudience, 0},
		{transit | tourism, 0, 0xffff, false, 0, transit | tourism},
	} {
		s := stage.scan()
		s.profile = citycode.UniversalProfile()
		s.profile.Challenge = citycode.ChallengeOptional
		s.entry().Profiles = []citycode.TrustProfile{citycode.PinProfile(s.profile)}
		s.code.profile, s.code.scenes, s.code.audience = 0x04, uint16(c.mask), uint16(c.audience)
		s.check.Audience, s.check.Online = c.accepts, c.online
		for _, e := range engines() {
			v, reason := s.run(e)
			assert.Equal(t, c.want.String(), reason.String(), "%v", c)
			if v != nil {
				assert.Equal(t, c.holds, v.Audience(), "%v", c)
				assert.Equal(t, c.mask, v.Scenes(), "%v", c)
			}
		}
	}
}
