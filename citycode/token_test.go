package citycode_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
)

func TestTokenIsACopy(t *testing.T) {
	stage := newStage(t)
	s := stage.scan()
	b := s.bytes()
	token := reads(t, b)
	want := bytes.Clone(b)
	for i := range b {
		b[i] ^= 0xff
	}
	assert.Equal(t, want, token.Bytes())
	for _, e := range engines() {
		_, reason := verdict(t, s.verifier(e), token, citycode.Check{Audience: citycode.Transit, Online: true, Challenge: s.challenge()})
		assert.Zero(t, reason)
	}

	b = s.code.static(t)
	cred, err := citycode.ParseCredential(b)
	require.NoError(t, err)
	want = bytes.Clone(b)
	clear(b)
	assert.Equal(t, want, cred.Bytes())
}

func TestTokenRoutes(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	token := c.Citizen("a", citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit)
	assert.Equal(t, citycode.ProfileTransit, token.Profile())
	assert.Equal(t, c.Issuer.ID(), token.Issuer())
	place := c.Place(nil)
	assert.Equal(t, citycode.ProfilePlace, place.Profile())
	assert.Equal(t, c.Printer.ID(), place.Issuer())
}

// TestTokenAllocations: at a gate a token is one piece of memory, and bytes
// that are no code cost the refusal and nothing that grows with them.
func TestTokenAllocations(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	var kept *citycode.Token
	for _, b := range [][]byte{
		c.Citizen("a", citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit).Bytes(),
		c.Place(nil).Bytes(),
	} {
		assert.EqualValues(t, 1, testing.AllocsPerRun(100, func() { kept, _ = citycode.ParseToken(b) }))
		assert.Zero(t, testing.AllocsPerRun(100, func() { kept.Parse(b) }))
		assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { citycode.ParseToken(b[:len(b)-1]) }), 8.0)
	}
	huge := append([]byte{0x11, 0x11}, make([]byte, 1<<20)...)
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { citycode.ParseToken(huge) }), 8.0)
}

// TestTokenRefusalNamesIssuer: where the issuer's bytes could be read, a
// refusal says whose code it claims to be.
func TestTokenRefusalNamesIssuer(t *testing.T) {
	stage := newStage(t)
	b := stage.scan().bytes()
	for n := range b {
		_, err := citycode.ParseToken(b[:n])
		var refused *citycode.VerifyError
		require.True(t, errors.As(err, &refused))
		if n >= 22 {
			assert.Equal(t, stage.Issuer.ID(), refused.Issuer, "cut at %d", n)
		} else {
			assert.Zero(t, refused.Issuer, "cut at %d", n)
		}
	}
	_, err := citycode.ParseToken(append(bytes.Clone(b), 0))
	var refused *citycode.VerifyError
	require.True(t, errors.As(err, &refused))
	assert.Equal(t, stage.Issuer.ID(), refused.Issuer)
}

func TestCredentialStatic(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	place := c.Place(nil)
	cred, err := citycode.ParseCredential(place.Bytes())
	require.NoError(t, err)
	token, err := cred.Static()
	require.NoError(t, err)
	assert.Equal(t, place.Bytes(), token.Bytes())

	person := c.Citizen("a", citycode.ProfileTransit, citycode.Transit, nil)
	_, err = person.Cred.Static()
	assert.Error(t, err)
	// Its bytes alone are a token whose dynamic part was stripped.
	_, err = citycode.ParseToken(person.Cred.Bytes())
	assert.Equal(t, citycode.Malformed, reasonOf(t, err))
}

// TestTokenGarbage: ten thousand things that are no code, of four kinds. The
// model agrees about each.
func TestTokenGarbage(t *testing.T) {
	random := rand.New(rand.NewChaCha8([32]byte{14}))
	m := new(model)
	stage := newStage(t)
	genuine := stage.scan().bytes()
	words := make(map[string]int)
	for i := range thin(make([]int, 10_000), 5) {
		b := make([]byte, random.IntN(600))
		for j := range b {
			b[j] = byte(random.Uint32())
		}
		switch i % 4 {
		case 1: // with a first byte of ours
			if len(b) > 0 {
				b[0] = 0x11
			}
		case 2: // with a head of ours
			copy(b, genuine[:23])
		case 3: // a token of ours with noise on it
			b = bytes.Clone(genuine)
			for range 1 + random.IntN(8) {
				b[random.IntN(len(b))] = byte(random.Uint32())
			}
		}
		_, want := m.layout(b)
		token, err := citycode.ParseToken(b)
		if want == "" {
			require.NoError(t, err, "%x", b)
			require.Equal(t, b, token.Bytes())
			words["cut"]++
			continue
		}
		require.Nil(t, token)
		require.Equal(t, want, reasonOf(t, err).String(), "%x", b)
		words[want]++
	}
	assert.Len(t, words, 4, "%v", words)
}
