package citycode_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

// A privateCity is a city with profiles of its own, and with an issuer and
// terminals that know them.
type privateCity struct {
	*citycodetest.City
	t        testing.TB
	profiles []citycode.Profile
	issuer   *citycode.Issuer
	next     uint32
}

// newPrivateCity gives its own profiles to the key of their mode; those of other
// cities its terminals merely know.
func newPrivateCity(t testing.TB, code int, sealer citycode.Sealer, profiles ...citycode.Profile) *privateCity {
	t.Helper()
	c := &privateCity{City: citycodetest.NewCity(t, code), t: t, profiles: append(citycode.Profiles(), profiles...), next: 1000}
	for _, p := range profiles {
		for i := range c.Draft.Entries {
			if e := &c.Draft.Entries[i]; p.City == code && e.Use == citycode.KeyUse(p.Mode) {
				e.Profiles = append(e.Profiles, citycode.PinProfile(p))
			}
		}
	}
	// Every group of the city, so that a test may choose one.
	c.Draft.Entries[0].Scenes = 0xffff
	var err error
	c.issuer, err = citycode.NewIssuer(citycode.IssuerConfig{ID: c.Issuer.ID(), Key: citycodetest.Key(keyName(code, "issuer")), Profiles: c.profiles, Sealer: sealer})
	require.NoError(t, err)
	return c
}

func keyName(code int, role string) string {
	return citycode.KeyID(code << 12).String()[:6] + " " + role
}

// verifier is a terminal of the city.
func (c *privateCity) verifier(e engine.Engine) *citycode.Verifier {
	c.t.Helper()
	trust := c.Trust(e)
	v, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Status: c.Status(trust), Replay: c.Guard(), Profiles: c.profiles, Now: c.Clock.Now})
	require.NoError(c.t, err)
	return v
}

// claims are those of a new credential slot for the holder of the named key.
func (c *privateCity) claims(name string, p citycode.Profile, scenes citycode.Scenes) citycode.Claims {
	c.t.Helper()
	c.next++
	k := citycode.Claims{Profile: p.ID, IssuedAt: c.Clock.Now(), NotAfter: c.Clock.Now().Add(24 * 3600e9), Index: c.next, Scenes: scenes, Subject: make([]byte, p.SubjectSize),
		SourceSegment: make([]byte, p.SourceSize)}
	_, err := citycodetest.Random("subject of " + name).Read(k.Subject)
	require.NoError(c.t, err)
	if p.Mode != citycode.Static {
		k.Possession = possession(c.t, name, c.Issuer.ID())
	}
	return k
}

// holder issues a credential.
func (c *privateCity) holder(name string, k citycode.Claims) *citycode.Holder {
	c.t.Helper()
	cred, err := c.issuer.Issue(k)
	require.NoError(c.t, err)
	h, err := citycode.NewHolder(cred, softwareKey(c.t, name, new(counter)))
	require.NoError(c.t, err)
	return h
}

// show presents a code now.
func (c *privateCity) show(h *citycode.Holder, audience citycode.Scenes, challenge *citycode.Challenge) *citycode.Token {
	c.t.Helper()
	p := citycode.Presentation{Time: c.Clock.Now(), Audience: audience}
	if challenge != nil {
		p.Challenge = challenge.Bytes()
	}
	token, err := h.Present(p)
	require.NoError(c.t, err)
	return token
}

// ask draws a challenge now.
func (c *privateCity) ask(short bool) *citycode.Challenge {
	c.t.Helper()
	challenge, err := citycode.NewChallenge(citycode.ChallengeConfig{Terminal: []byte("gate 7"), Short: short, Now: c.Clock.Now(), Rand: citycodetest.Random("challenge")})
	require.NoError(c.t, err)
	return challenge
}

// private returns a standard profile as one of a city's own.
func private(base citycode.Profile, id citycode.ProfileID, city int, change func(*citycode.Profile)) citycode.Profile {
	p := base
	p.ID, p.City = id, city
	if change != nil {
		change(&p)
	}
	return p
}

// fieldOf returns a field of a token.
func fieldOf(t testing.TB, token *citycode.Token, name string) []byte {
	t.Helper()
	fields := token.Fields()
	i := slices.IndexFunc(fields, func(f citycode.Field) bool { return f.Name == name })
	require.GreaterOrEqual(t, i, 0, name)
	return token.Bytes()[fields[i].Offset : fields[i].Offset+fields[i].Length]
}

// TestPrivateLargestToken: what a profile may be and what a code may be are one
// limit: the largest token of the largest profile is 512 bytes, and is accepted.
func TestPrivateLargestToken(t *testing.T) {
	p := private(citycode.TransitProfile(), 0xf2, citycodetest.Shenyang, func(p *citycode.Profile) { p.SubjectSize, p.SourceSize = 64, 236 })
	c := newPrivateCity(t, citycodetest.Shenyang, nil, p)
	h := c.holder("citizen", c.claims("citizen", p, citycode.Transit))
	challenge, err := citycode.NewChallenge(citycode.ChallengeConfig{Terminal: []byte("gate 7"), Now: c.Clock.Now()})
	require.NoError(t, err)
	token, err := h.Present(citycode.Presentation{Time: c.Clock.Now(), Audience: citycode.Transit, Challenge: challenge.Bytes()})
	require.NoError(t, err)
	assert.Len(t, token.Bytes(), citycode.MaxToken)
	_, reason := verdict(t, c.verifier(nil), reads(t, token.Bytes()), citycode.Check{Audience: citycode.Transit, Challenge: challenge})
	assert.Zero(t, reason)
	p.SourceSize++
	assert.ErrorContains(t, p.Validate(), "513 bytes")
}
