package citycode_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

// The next trust list begins with the last one's grants, and nobody can write
// into a list that a verifier uses.
func TestTrustListGrants(t *testing.T) {
	c, other := citycodetest.NewCity(t, citycodetest.Shenyang), citycodetest.NewCity(t, 210200)
	grant := citycode.Grant{City: other.Code, Epoch: 1, Threshold: 2, Roots: slices.SortedFunc(slices.Values(other.Roots), func(a, b citycode.PublicKey) int { return bytes.Compare(a[:], b[:]) }), Scenes: citycode.Transit,
		Profiles: []citycode.TrustProfile{citycode.PinProfile(citycode.TransitProfile())}}
	c.Draft.Grants = []citycode.Grant{grant}
	list := c.Trust(nil)
	require.Equal(t, []citycode.Grant{grant}, list.Grants())

	list.Grants()[0].Roots[0] = citycode.PublicKey{}
	one, _ := list.Grant(other.Code)
	one.Profiles[0] = citycode.TrustProfile{}
	list.Entries()[0].Profiles[0] = citycode.TrustProfile{}
	assert.Equal(t, []citycode.Grant{grant}, list.Grants())
	body, err := (&citycode.TrustDraft{City: list.City(), Version: list.Version(), IssuedAt: list.IssuedAt(), Expires: list.Expires(),
		Entries: list.Entries(), Grants: list.Grants(), Previous: list}).Body()
	require.NoError(t, err)
	want, err := c.Draft.Body()
	require.NoError(t, err)
	assert.Equal(t, want, body)
}

func TestVerifierNeedsItsLists(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	for _, cfg := range []citycode.VerifierConfig{{Foreign: []*citycode.TrustList{nil}}, {Status: []*citycode.StatusList{nil}}} {
		cfg.Trust, cfg.Replay = c.Trust(nil), c.Guard()
		_, err := citycode.NewVerifier(cfg)
		assert.ErrorContains(t, err, "missing")
	}
	_, err := citycode.NewUnsealer(nil)
	assert.ErrorContains(t, err, "missing")
}

// An engine that cannot combine points is not asked about implicit codes.
func TestVerifierNeedsACombiner(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	_, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: c.Trust(struct{ engine.Engine }{engine.Default()}), Replay: c.Guard()})
	assert.ErrorContains(t, err, "combine")
	c.Draft.Entries = slices.DeleteFunc(c.Draft.Entries, func(e citycode.TrustEntry) bool { return e.Use == citycode.UseImplicit })
	_, err = citycode.NewVerifier(citycode.VerifierConfig{Trust: c.Trust(struct{ engine.Engine }{engine.Default()}), Replay: c.Guard()})
	assert.NoError(t, err, "a city without implicit keys needs none")
}

// A segment of one byte is a segment: another size is not the profile's.
func TestSmallestSegments(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	sealed, sourced := citycode.TransitProfile(), citycode.TransitProfile()
	sealed.ID, sealed.Name, sealed.City, sealed.SealSize = 0xf1, "sealed", citycodetest.Shenyang, 1
	sourced.ID, sourced.Name, sourced.City, sourced.SourceSize = 0xf2, "sourced", citycodetest.Shenyang, 1
	v, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: c.Trust(nil), Replay: c.Guard(), Now: c.Clock.Now, Profiles: []citycode.Profile{sealed, sourced}})
	require.NoError(t, err)
	now := uint32(c.Clock.Now().Unix())
	for size, want := range map[int]citycode.Reason{1: citycode.IssuerNotAllowed, 2: citycode.Malformed} {
		for _, p := range []citycode.Profile{sealed, sourced} {
			s := stranger{version: 0x11, mode: p.ModeByte(), profile: byte(p.ID), issuer: uint32(c.Issuer.ID()), issuedAt: now, notAfter: now + 60, scenes: 1, subject: make([]byte, 8),
				issuerKey: citycodetest.Key("210100 issuer"), holder: citycodetest.Key("citizen"), time: now, audience: 1}
			if p.SealSize > 0 {
				s.seal = make([]byte, 2+12+size+16)
			} else {
				s.source = make([]byte, size)
			}
			_, reason := verdict(t, v, reads(t, s.token(t)), citycode.Check{Audience: citycode.Transit})
			assert.Equal(t, want, reason, "%s, %d", p.Name, size)
		}
	}
}

// A card answers a whole challenge.
func TestCardChallengeIsWhole(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	card := c.Citizen("card", citycode.ProfileCard, citycode.Transit, nil)
	for short, want := range map[bool]error{true: &citycode.VerifyError{Reason: citycode.Malformed}, false: nil} {
		challenge, err := citycode.NewChallenge(citycode.ChallengeConfig{Terminal: []byte("gate"), Short: short, Now: c.Clock.Now(), Rand: citycodetest.Random("card")})
		require.NoError(t, err)
		_, err = c.Verifier(nil).Verify(card.Answer(citycode.Transit, challenge.Bytes()), citycode.Check{Audience: citycode.Transit, Challenge: challenge})
		assert.ErrorIs(t, err, want)
	}
}

// A Token that no parser made is refused, not followed.
func TestVerifyNoToken(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	for _, token := range []*citycode.Token{nil, new(citycode.Token)} {
		_, err := c.Verifier(nil).Verify(token, citycode.Check{Audience: citycode.Transit})
		assert.ErrorIs(t, err, &citycode.VerifyError{Reason: citycode.Malformed})
	}
}

// The floor is the highest time that this city has signed, or that the terminal has stored.
func TestTimeFloor(t *testing.T) {
	c, other := citycodetest.NewCity(t, citycodetest.Shenyang), citycodetest.NewCity(t, 210200)
	other.Draft.IssuedAt = other.Clock.Now().Add(time.Hour)
	c.Draft.Grants = []citycode.Grant{{City: other.Code, Epoch: 1, Threshold: 2, Scenes: citycode.Transit,
		Roots: slices.SortedFunc(slices.Values(other.Roots), func(a, b citycode.PublicKey) int { return bytes.Compare(a[:], b[:]) })}}
	trust, foreign := c.Trust(nil), other.Trust(nil)
	c.Clock.Advance(time.Minute)
	status := c.Status(trust)
	require.True(t, status[0].IssuedAt().After(trust.IssuedAt()))
	for name, r := range map[string]struct {
		cfg  citycode.VerifierConfig
		want time.Time
	}{
		"trust list alone":    {citycode.VerifierConfig{}, trust.IssuedAt()},
		"status list":         {citycode.VerifierConfig{Status: status}, status[0].IssuedAt()},
		"another city's list": {citycode.VerifierConfig{Foreign: []*citycode.TrustList{foreign}}, trust.IssuedAt()},
		"stored":              {citycode.VerifierConfig{Status: status, TimeFloor: c.Clock.Now().Add(time.Second)}, c.Clock.Now().Add(time.Second)},
		"stored long ago":     {citycode.VerifierConfig{Status: status, TimeFloor: trust.IssuedAt()}, status[0].IssuedAt()},
	} {
		r.cfg.Trust, r.cfg.Replay = trust, c.Guard()
		v, err := citycode.NewVerifier(r.cfg)
		require.NoError(t, err, name)
		assert.Equal(t, r.want, v.TimeFloor(), name)
	}
}
