package citycode_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

// TestProfilesShown: every standard profile is issued, shown and accepted.
func TestProfilesShown(t *testing.T) {
	c := newPrivateCity(t, citycodetest.Shenyang, nil)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		v := c.verifier(e)
		for _, p := range citycode.Profiles() {
			check := citycode.Check{Audience: citycode.Transit, Online: true}
			var token *citycode.Token
			switch {
			case p.Mode == citycode.Static:
				printer, err := citycode.NewIssuer(citycode.IssuerConfig{ID: c.Printer.ID(), Key: citycodetest.Key("210100 printer")})
				require.NoError(t, err)
				cred, err := printer.Issue(c.claims("nobody", p, 0))
				require.NoError(t, err, p.Name)
				token, err = cred.Static()
				require.NoError(t, err, p.Name)
			case p.Mode == citycode.Implicit:
				token = c.ImplicitCitizen("of "+e.Name(), nil).Show(citycode.Transit)
			default:
				claims := c.claims("citizen", p, citycode.Transit)
				if p.ID == citycode.ProfileDelegated {
					claims.SourceSegment = grandmother.Bytes()
				}
				show := citycode.Presentation{Time: c.Clock.Now(), Audience: citycode.Transit, Prefix: strings.Repeat("7", p.PrefixSize)}
				check.Prefix = show.Prefix
				if p.Challenge == citycode.ChallengeRequired {
					check.Challenge = c.ask(false)
					show.Challenge = check.Challenge.Bytes()
				}
				var err error
				token, err = c.holder("citizen", claims).Present(show)
				require.NoError(t, err, p.Name)
				assert.Equal(t, claims.Subject, fieldOf(t, token, "subject"))
			}
			verified, reason := verdict(t, v, token, check)
			require.Zero(t, reason, "%s: %s", p.Name, reason)
			assert.Equal(t, p, verified.Profile())
			assert.Len(t, verified.Subject(), p.SubjectSize)
			assert.True(t, verified.StatusKnown())
		}
	})
}

// TestProfileCard: a card answers a challenge of the last two seconds, once, or
// nothing: it has no clock and its terminal may be hostile.
func TestProfileCard(t *testing.T) {
	c := newPrivateCity(t, citycodetest.Shenyang, nil)
	card := c.holder("card", c.claims("card", citycode.CardProfile(), citycode.Transit))
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		v := c.verifier(e)
		for _, r := range []struct {
			name            string
			asked, answered bool
			wait            time.Duration
			want            citycode.Reason
		}{
			{"at once", true, true, 0, 0}, {"after 1 s", true, true, time.Second, 0}, {"after 2 s", true, true, 2 * time.Second, 0},
			{"after 3 s", true, true, 3 * time.Second, citycode.ChallengeExpired}, {"after a minute", true, true, time.Minute, citycode.ChallengeExpired},
			{"not asked", false, false, 0, citycode.ChallengeMissing}, {"not asked, answered", false, true, 0, citycode.ChallengeMismatch}, {"asked, not answered", true, false, 0, citycode.ChallengeMissing},
		} {
			challenge := c.ask(false)
			var answers *citycode.Challenge
			if r.answered {
				answers = challenge
			}
			token := c.show(card, citycode.Transit, answers)
			c.Clock.Advance(r.wait)
			check := atTheGate
			if r.asked {
				check.Challenge = challenge
			}
			verified, reason := verdict(t, v, token, check)
			assert.Equal(t, r.want.String(), reason.String(), r.name)
			if verified != nil {
				assert.False(t, verified.OneWay())
				assert.Equal(t, citycode.AssuranceCard, verified.Profile().Assurance)
				_, reason = verdict(t, v, c.show(card, citycode.Transit, answers), check)
				assert.Equal(t, citycode.ChallengeReused, reason, r.name)
			}
			c.Clock.Advance(time.Second)
		}
	})
	// A phone that scans a picture has a minute for the same.
	phone := c.holder("phone", c.claims("phone", citycode.TransitProfile(), citycode.Transit))
	for _, e := range engines() {
		challenge := c.ask(true)
		token := c.show(phone, citycode.Transit, challenge)
		c.Clock.Advance(50 * time.Second)
		_, reason := verdict(t, c.verifier(e), token, citycode.Check{Audience: citycode.Transit, Challenge: challenge})
		assert.Zero(t, reason)
	}
}

// TestProfileSubjects: subjects of every size that SPEC §2.7 has.
func TestProfileSubjects(t *testing.T) {
	var profiles []citycode.Profile
	for i, n := range []int{8, 16, 32, 64} {
		profiles = append(profiles, private(citycode.TransitProfile(), citycode.ProfileID(0xf0+i), citycodetest.Shenyang, func(p *citycode.Profile) { p.SubjectSize = n }))
	}
	c := newPrivateCity(t, citycodetest.Shenyang, nil, profiles...)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		v := c.verifier(e)
		for _, p := range profiles {
			claims := c.claims("citizen", p, citycode.Transit)
			token := c.show(c.holder("citizen", claims), citycode.Transit, nil)
			assert.Len(t, token.Bytes(), 195+p.SubjectSize)
			verified, reason := verdict(t, v, token, atTheGate)
			require.Zero(t, reason)
			assert.Equal(t, claims.Subject, verified.Subject())
			for _, n := range []int{8, 16, 32, 64} {
				claims.Subject = make([]byte, n)
				_, err := c.issuer.Issue(claims)
				assert.Equal(t, n == p.SubjectSize, err == nil)
			}
		}
	})
}

// TestProfileCarriers: a phone and a card of one person have lives of their own
// (SPEC §4.4).
func TestProfileCarriers(t *testing.T) {
	c := newPrivateCity(t, citycodetest.Shenyang, nil)
	phoneClaims, cardClaims := c.claims("phone", citycode.TransitProfile(), citycode.Transit), c.claims("card", citycode.CardProfile(), citycode.Transit)
	cardClaims.NotAfter = c.Clock.Now().Add(7 * 24 * time.Hour)
	phone, card := c.holder("phone", phoneClaims), c.holder("card", cardClaims)
	check := func(want, wantCard citycode.Reason, says string) {
		t.Helper()
		for _, e := range engines() {
			v := c.verifier(e)
			_, reason := verdict(t, v, c.show(phone, citycode.Transit, nil), atTheGate)
			assert.Equal(t, want.String(), reason.String(), "phone, %s", says)
			challenge := c.ask(false)
			_, reason = verdict(t, v, c.show(card, citycode.Transit, challenge), citycode.Check{Audience: citycode.Transit, Challenge: challenge})
			assert.Equal(t, wantCard.String(), reason.String(), "card, %s", says)
		}
	}
	check(0, 0, "both are there")
	require.NoError(t, c.Register[c.Issuer.ID()].Set(phoneClaims.Index, citycode.StatusSuspended))
	check(citycode.Suspended, 0, "the phone is looked for")
	require.NoError(t, c.Register[c.Issuer.ID()].Set(phoneClaims.Index, citycode.StatusRevoked))
	check(citycode.Revoked, 0, "the phone is lost")
	phoneClaims = c.claims("new phone", citycode.TransitProfile(), citycode.Transit)
	phone = c.holder("new phone", phoneClaims)
	check(0, 0, "a new phone")
	c.Clock.Advance(25 * time.Hour)
	check(citycode.Expired, 0, "the phone's credential was for a day")
	require.NoError(t, c.Register[c.Issuer.ID()].Set(cardClaims.Index, citycode.StatusRevoked))
	phone = c.holder("new phone", c.claims("new phone", citycode.TransitProfile(), citycode.Transit))
	check(0, citycode.Revoked, "the card is lost")
}

// TestProfileTemporaryResident: his credential ends with his stay, to the second.
func TestProfileTemporaryResident(t *testing.T) {
	for _, e := range engines() {
		c := newPrivateCity(t, citycodetest.Shenyang, nil)
		claims := c.claims("guest", citycode.TransitProfile(), citycode.Transit)
		claims.NotAfter = c.Clock.Now().Add(36 * time.Hour)
		guest := c.holder("guest", claims)
		for _, step := range []struct {
			to   time.Duration
			want citycode.Reason
		}{{0, 0}, {35 * time.Hour, 0}, {36 * time.Hour, 0}, {36*time.Hour + time.Second, citycode.Expired}, {37 * time.Hour, citycode.Expired}} {
			c.Clock.Set(citycodetest.Start.Add(step.to))
			_, reason := verdict(t, c.verifier(e), c.show(guest, citycode.Transit, nil), atTheGate)
			assert.Equal(t, step.want.String(), reason.String(), "%s", step.to)
		}
		// A code made in time and shown too late is too late.
		c.Clock.Set(citycodetest.Start.Add(36 * time.Hour))
		token := c.show(guest, citycode.Transit, nil)
		c.Clock.Advance(time.Second)
		_, reason := verdict(t, c.verifier(e), token, atTheGate)
		assert.Equal(t, citycode.Expired, reason)
	}
}

// TestProfileTwoCities: one private id means two things in two cities, and each
// city's terminals know their own (SPEC §3.1).
func TestProfileTwoCities(t *testing.T) {
	const dalian = 210200
	club := func(city, subject int) citycode.Profile {
		return private(citycode.TransitProfile(), 0xf0, city, func(p *citycode.Profile) { p.SubjectSize, p.Name = subject, fmt.Sprint("club of ", city) })
	}
	ours, theirs := club(citycodetest.Shenyang, 16), club(dalian, 32)
	a, b := newPrivateCity(t, citycodetest.Shenyang, nil, ours, theirs), newPrivateCity(t, dalian, nil, theirs, ours)
	mine, yours := a.holder("a", a.claims("a", ours, citycode.Transit)), b.holder("b", b.claims("b", theirs, citycode.Transit))
	_, err := a.issuer.Issue(a.claims("a", theirs, citycode.Transit))
	assert.ErrorContains(t, err, "subject of 32 bytes, not 16")
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		verified, reason := verdict(t, a.verifier(e), a.show(mine, citycode.Transit, nil), atTheGate)
		require.Zero(t, reason)
		assert.Equal(t, ours, verified.Profile())
		verified, reason = verdict(t, b.verifier(e), b.show(yours, citycode.Transit, nil), atTheGate)
		require.Zero(t, reason)
		assert.Equal(t, theirs, verified.Profile())
		_, reason = verdict(t, a.verifier(e), b.show(yours, citycode.Transit, nil), atTheGate)
		assert.Equal(t, citycode.UnknownIssuer, reason)
		// Without its profile a terminal does not take the other city's for it.
		a.profiles = a.profiles[:len(a.profiles)-1]
		_, reason = verdict(t, a.verifier(e), b.show(yours, citycode.Transit, nil), atTheGate)
		a.profiles = append(a.profiles, theirs)
		assert.Equal(t, citycode.UnsupportedProfile, reason)
	})
}
