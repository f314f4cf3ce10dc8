package citycode_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

func TestPrefixBinding(t *testing.T) {
	for _, e := range engines() {
		testPrefixBinding(t, e)
	}
}

func testPrefixBinding(t *testing.T, e engine.Engine) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	v := c.Verifier(e)
	a := c.Citizen("a", citycode.ProfileFused, citycode.Transit|citycode.Medical, nil)
	mine, other := strings.Repeat("1", 28), strings.Repeat("2", 28)
	show := func() *citycode.Token {
		token, err := a.Present(citycode.Presentation{Time: c.Clock.Now(), Prefix: mine})
		require.NoError(t, err)
		return token
	}
	check := citycode.Check{Audience: citycode.Transit, Prefix: other}
	_, err := v.Verify(show(), check)
	assert.ErrorIs(t, err, &citycode.VerifyError{Reason: citycode.SourceMismatch})
	check.Prefix = ""
	_, err = v.Verify(show(), check)
	assert.ErrorIs(t, err, &citycode.VerifyError{Reason: citycode.SourceMismatch})
	check.Prefix = mine
	_, err = v.Verify(show(), check)
	assert.NoError(t, err)

	// A text in front of a code whose profile has none is never acted on.
	b := c.Citizen("b", citycode.ProfileTransit, citycode.Transit, nil)
	_, err = v.Verify(b.Show(citycode.Transit), check)
	assert.ErrorIs(t, err, &citycode.VerifyError{Reason: citycode.SourceMismatch})

	challenge, err := citycode.NewChallenge(citycode.ChallengeConfig{Terminal: []byte("desk 1"), Now: c.Clock.Now(), Rand: citycodetest.Random("challenge")})
	require.NoError(t, err)
	token, err := a.Present(citycode.Presentation{Time: c.Clock.Now(), Prefix: mine, Challenge: challenge.Bytes()})
	require.NoError(t, err)
	check = citycode.Check{Audience: citycode.Medical, Online: true, Prefix: mine}
	_, err = v.Verify(token, check)
	assert.ErrorIs(t, err, &citycode.VerifyError{Reason: citycode.SourceMismatch})
	check.Challenge = challenge
	got, err := v.Verify(token, check)
	require.NoError(t, err)
	assert.False(t, got.OneWay())
}

// sum8 is the first 8 bytes of SM3 of the parts.
func sum8(parts ...[]byte) []byte {
	h := engine.Default().NewSM3()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)[:8]
}

// TestPrefixBytes: what the challenge field holds (SPEC §9.2).
func TestPrefixBytes(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	a := c.Citizen("a", citycode.ProfileFused, citycode.Transit|citycode.Medical, nil)
	front := "01234567890123456789abcdefAB"
	for _, challenge := range [][]byte{nil, []byte("8 bytes."), []byte("sixteen bytes of")} {
		token, err := a.Present(citycode.Presentation{Time: c.Clock.Now(), Prefix: front, Challenge: challenge})
		require.NoError(t, err)
		assert.Equal(t, sum8(challenge, []byte(front)), fieldOf(t, token, "challenge"))
	}
}

// TestPrefixChanges: nothing of what stands in front may change, in either
// case, by a letter, in length, or in front of another challenge.
func TestPrefixChanges(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	a := c.Citizen("a", citycode.ProfileFused, citycode.Transit|citycode.Medical, nil)
	front := "01234567890123456789abcdefAB"
	ask := func(terminal string, short bool) *citycode.Challenge {
		challenge, err := citycode.NewChallenge(citycode.ChallengeConfig{Terminal: []byte(terminal), Short: short, Now: c.Clock.Now(), Rand: citycodetest.Random(terminal)})
		require.NoError(t, err)
		return challenge
	}
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		v := c.Verifier(e)
		for _, challenge := range []*citycode.Challenge{nil, ask("desk 1", false), ask("desk 1", true)} {
			p := citycode.Presentation{Time: c.Clock.Now(), Prefix: front}
			if challenge != nil {
				p.Challenge = challenge.Bytes()
			}
			token, err := a.Present(p)
			require.NoError(t, err)
			wrong := []citycode.Check{{Challenge: ask("desk 2", false)}, {Challenge: ask("desk 2", true)}}
			for _, other := range []string{"", strings.ToUpper(front), front[1:], front + "0", front[:27] + "C", "\x00" + front[1:], strings.Repeat("0", 28)} {
				wrong = append(wrong, citycode.Check{Challenge: challenge, Prefix: other})
			}
			for i, check := range wrong {
				check.Audience = citycode.Transit
				if i < 2 {
					check.Prefix = front
				}
				_, reason := verdict(t, v, token, check)
				require.Equal(t, citycode.SourceMismatch, reason, "%q", check.Prefix)
			}
			_, reason := verdict(t, v, token, citycode.Check{Audience: citycode.Transit, Challenge: challenge, Prefix: front})
			assert.Zero(t, reason, "a refusal uses nothing up")
		}
		c.Clock.Advance(time.Second)
	})
}

// TestPrefixLane: the token does not contain what stands in front of it, so the
// same bytes behind another patient's code are not what the lane saw before.
func TestPrefixLane(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	a := c.Citizen("a", citycode.ProfileFused, citycode.Transit|citycode.Medical, nil)
	mine, other := strings.Repeat("1", 28), strings.Repeat("2", 28)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		v := c.Verifier(e)
		token, err := a.Present(citycode.Presentation{Time: c.Clock.Now(), Prefix: mine})
		require.NoError(t, err)
		check := citycode.Check{Audience: citycode.Transit, Prefix: mine, Lane: "3"}
		_, reason := verdict(t, v, token, check)
		require.Zero(t, reason)
		again, reason := verdict(t, v, token, check)
		require.Zero(t, reason)
		assert.True(t, again.Repeated())
		for _, front := range []string{other, "", mine[1:]} {
			check.Prefix = front
			_, reason = verdict(t, v, token, check)
			assert.Equal(t, citycode.SourceMismatch, reason, "%q", front)
		}
	})
}

// TestPrefixPresent: a wallet that shows a fused code with nothing in front
// would sign whatever 8 bytes a terminal asks for, the hash of somebody else's
// code among them.
func TestPrefixPresent(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	a := c.Citizen("a", citycode.ProfileFused, citycode.Transit|citycode.Medical, nil)
	victim := strings.Repeat("2", 28)
	for _, front := range []string{"", "1", victim[1:], victim + "2"} {
		_, err := a.Present(citycode.Presentation{Time: c.Clock.Now(), Prefix: front, Challenge: sum8([]byte(victim))})
		assert.ErrorContains(t, err, "partner's code", "%q", front)
	}
	// In front of a profile without one, the text makes an unasked answer.
	b := c.Citizen("b", citycode.ProfileTransit, citycode.Transit, nil)
	for _, e := range engines() {
		token, err := b.Present(citycode.Presentation{Time: c.Clock.Now(), Audience: citycode.Transit, Prefix: victim})
		require.NoError(t, err)
		_, reason := verdict(t, c.Verifier(e), token, citycode.Check{Audience: citycode.Transit, Prefix: victim})
		assert.Equal(t, citycode.ChallengeMismatch, reason)
	}
}

// TestPrefixPrivate: a city's own profile may have a prefix of its own size; a
// challenge field of another size is no binding at all.
func TestPrefixPrivate(t *testing.T) {
	p := private(citycode.TransitProfile(), 0xf2, citycodetest.Shenyang, func(p *citycode.Profile) { p.PrefixSize = 10 })
	c := newPrivateCity(t, citycodetest.Shenyang, nil, p)
	h := c.holder("citizen", c.claims("citizen", p, citycode.Transit))
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		v := c.verifier(e)
		for _, r := range []struct {
			front, seen string
			challenge   []byte
			want        citycode.Reason
		}{
			{"0123456789", "0123456789", nil, 0}, {"0123456789", "0123456780", nil, citycode.SourceMismatch}, {"012345678", "012345678", nil, citycode.SourceMismatch},
			{"", "0123456789", nil, citycode.Malformed}, {"", "0123456789", make([]byte, 16), citycode.Malformed}, {"", "0123456789", make([]byte, 8), citycode.SourceMismatch},
		} {
			token, err := h.Present(citycode.Presentation{Time: c.Clock.Now(), Audience: citycode.Transit, Prefix: r.front, Challenge: r.challenge})
			require.NoError(t, err)
			_, reason := verdict(t, v, token, citycode.Check{Audience: citycode.Transit, Prefix: r.seen})
			assert.Equal(t, r.want.String(), reason.String(), "%v", r)
		}
	})
}
