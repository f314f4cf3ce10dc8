package citycode_test

import (
	"bytes"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
)

// TestNewChallenge: the first bytes of SM3(terminal ‖ 16 random bytes).
func TestNewChallenge(t *testing.T) {
	random := bytes.Repeat([]byte{0xab}, 16)
	h := engine.Default().NewSM3()
	h.Write([]byte("gate 7"))
	h.Write(random)
	want := h.Sum(nil)
	for _, e := range append(engines(), nil) {
		for short, n := range map[bool]int{false: 16, true: 8} {
			c, err := citycode.NewChallenge(citycode.ChallengeConfig{Terminal: []byte("gate 7"), Short: short, Now: at(noon), Rand: bytes.NewReader(random), Engine: e})
			require.NoError(t, err)
			assert.Equal(t, want[:n], c.Bytes())
			c.Bytes()[0] ^= 1
			assert.Equal(t, want[:n], c.Bytes(), "what was told is not what is expected")
		}
	}
	// Without a source it is drawn, and never twice the same.
	seen := make(map[string]bool)
	for range 100 {
		c, err := citycode.NewChallenge(citycode.ChallengeConfig{Terminal: []byte{1}, Now: at(noon)})
		require.NoError(t, err)
		require.False(t, seen[string(c.Bytes())])
		seen[string(c.Bytes())] = true
	}
	empty := errors.New("the source is empty")
	for name, cfg := range map[string]citycode.ChallengeConfig{
		"no terminal":              {Now: at(noon)},
		"no time":                  {Terminal: []byte{1}},
		"no randomness":            {Terminal: []byte{1}, Now: at(noon), Rand: iotest.ErrReader(empty)},
		"fifteen bytes of it":      {Terminal: []byte{1}, Now: at(noon), Rand: bytes.NewReader(random[:15])},
		"a source without a value": {Terminal: []byte{1}, Now: at(noon), Rand: bytes.NewReader(nil)},
	} {
		c, err := citycode.NewChallenge(cfg)
		assert.Error(t, err, name)
		assert.Nil(t, c, name)
	}
}

// TestChallengeRules: SPEC §5.11, for phones that may be asked and for cards
// that must be.
func TestChallengeRules(t *testing.T) {
	stage := newStage(t)
	const missing, mismatch, expired, reused = citycode.ChallengeMissing, citycode.ChallengeMismatch, citycode.ChallengeExpired, citycode.ChallengeReused
	for _, c := range []struct {
		name        string
		phone, card citycode.Reason
		change      func(s *scan)
	}{
		{"asked and answered", 0, 0, func(s *scan) {}},
		{"asked and answered, short", 0, citycode.Malformed, func(s *scan) { s.short = true }},
		{"not asked, not answered", 0, missing, func(s *scan) { s.asked, s.answer = false, noAnswer }},
		{"not asked, answered", mismatch, mismatch, func(s *scan) { s.asked, s.answer = false, otherAnswer }},
		{"asked, not answered", missing, missing, func(s *scan) { s.answer = noAnswer }},
		{"another answer", mismatch, mismatch, func(s *scan) { s.answer = otherAnswer }},
		{"the first half of the answer", mismatch, citycode.Malformed, func(s *scan) { s.answer, s.code.challenge = ownAnswer, s.challenge().Bytes()[:8] }},
		{"an answer that is one bit off", mismatch, mismatch, func(s *scan) { s.answer, s.code.challenge = ownAnswer, flip(s.challenge().Bytes(), 127) }},
		{"a longer answer to a short question", mismatch, mismatch, func(s *scan) { s.answer, s.code.challenge = ownAnswer, s.challenge().Bytes(); s.short = true }},
		{"after 2 s", 0, 0, func(s *scan) { s.drawn = noon - 2 }},
		{"after 3 s", 0, expired, func(s *scan) { s.drawn = noon - 3 }},
		{"after 60 s", 0, expired, func(s *scan) { s.drawn = noon - 60 }},
		{"after 61 s", expired, expired, func(s *scan) { s.drawn = noon - 61 }},
		{"before it was asked", expired, expired, func(s *scan) { s.drawn = noon + 1 }},
		{"used", reused, reused, func(s *scan) { s.used = true }},
		{"used and too old", expired, expired, func(s *scan) { s.used, s.drawn = true, noon-61 }},
	} {
		for _, e := range engines() {
			for _, card := range []bool{false, true} {
				s := stage.scan()
				s.drawn = noon - 1
				want := c.phone
				if card {
					s.profile.Challenge, s.profile.Assurance = citycode.ChallengeRequired, citycode.AssuranceCard
					s.entry().Profiles = []citycode.TrustProfile{citycode.PinProfile(s.profile)}
					want = c.card
				}
				c.change(s)
				v, reason := s.run(e)
				assert.Equal(t, want.String(), reason.String(), "%s, card %v", c.name, card)
				if v != nil {
					assert.Equal(t, !s.asked, v.OneWay(), c.name)
				}
			}
		}
	}
	// A printed code answers nothing; a challenge that stands by is not used up.
	s := stage.place()
	s.check.Audience = citycode.Transit
	challenge := stage.scan().challenge()
	v, reason := verdict(t, s.verifier(engine.Default()), reads(t, s.bytes()), citycode.Check{Challenge: challenge})
	require.Zero(t, reason)
	assert.True(t, v.OneWay())
	assert.False(t, challenge.Used())
	assert.False(t, v.ReplayChecked())
	assert.Zero(t, v.Audience())
	assert.Zero(t, v.Counter())
	assert.Equal(t, time.Time{}, v.Time())
	assert.Equal(t, citycode.Accepted{Serial: v.Serial()}, v.Accepted())
}

// TestChallengeAgeIsExact: two seconds are not 2.99, which is what whole seconds
// make of them; half a second more is what carries a question to a card elsewhere.
func TestChallengeAgeIsExact(t *testing.T) {
	stage := newStage(t)
	second, ms := time.Second, time.Millisecond
	for _, c := range []struct {
		card  bool
		drawn time.Duration // after noon less 100 s
		age   time.Duration
		want  citycode.Reason
	}{
		{true, 0, 2 * second, 0}, {true, 0, 2*second + 1, citycode.ChallengeExpired}, {true, 0, 2990 * ms, citycode.ChallengeExpired},
		{true, 990 * ms, 2 * second, 0}, {true, 10 * ms, 1990 * ms, 0}, {true, 990 * ms, 2010 * ms, citycode.ChallengeExpired},
		{true, 500 * ms, 0, 0}, {true, 500 * ms, -1, citycode.ChallengeExpired},
		{false, 990 * ms, 60 * second, 0}, {false, 0, 60*second + 1, citycode.ChallengeExpired},
	} {
		s := stage.scan()
		if c.card {
			s.profile.Challenge, s.profile.Assurance = citycode.ChallengeRequired, citycode.AssuranceCard
			s.entry().Profiles = []citycode.TrustProfile{citycode.PinProfile(s.profile)}
		}
		drawn := at(noon - 100).Add(c.drawn)
		now := drawn.Add(c.age)
		challenge, err := citycode.NewChallenge(citycode.ChallengeConfig{Terminal: []byte("gate 7"), Now: drawn})
		require.NoError(t, err)
		s.answer, s.code.challenge, s.asked = ownAnswer, challenge.Bytes(), false
		s.code.time = uint32(now.Unix())
		trust := s.trust(engine.Default())
		v, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Status: s.status(engine.Default(), trust), InsecureNoReplayGuard: true,
			Profiles: []citycode.Profile{s.profile}, Now: func() time.Time { return now }})
		require.NoError(t, err)
		_, reason := verdict(t, v, reads(t, s.bytes()), citycode.Check{Audience: citycode.Transit, Online: true, Challenge: challenge})
		assert.Equal(t, c.want.String(), reason.String(), "%+v", c)
	}
}

// TestChallengeOnce: one question, one code; also when the second code is good
// in every other way, and also across verifiers of new lists.
func TestChallengeOnce(t *testing.T) {
	stage := newStage(t)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		s := stage.scan()
		challenge := s.challenge()
		guard := s.replayGuard()
		show := func(change func(s *scan), question *citycode.Challenge) citycode.Reason {
			s := stage.scan()
			s.guard = guard
			change(s)
			_, reason := verdict(t, s.verifier(e), reads(t, s.bytes()), citycode.Check{Audience: citycode.Transit, Online: true, Challenge: question})
			return reason
		}
		// Refused ones first: none of them uses the question up.
		assert.Equal(t, citycode.ChallengeMissing, show(func(s *scan) { s.answer = noAnswer }, challenge))
		assert.Equal(t, citycode.ChallengeMismatch, show(func(s *scan) { s.answer = otherAnswer }, challenge))
		assert.Equal(t, citycode.BadHolderSignature, show(func(s *scan) { s.code.holderTag = "CC1/popp" }, challenge))
		assert.Equal(t, citycode.Expired, show(func(s *scan) { s.code.notAfter = uint32(noon - 1) }, challenge))
		assert.False(t, challenge.Used())

		assert.Zero(t, show(func(s *scan) {}, challenge))
		assert.True(t, challenge.Used())
		assert.Equal(t, citycode.ChallengeReused, show(func(s *scan) { s.code.counter++ }, challenge))
		assert.Equal(t, citycode.ChallengeReused, show(func(s *scan) { s.code.index++ }, challenge))

		// A challenge of another gate with the same bytes is another challenge.
		assert.Zero(t, show(func(s *scan) { s.code.counter++ }, s.challenge()))
	})
}

// TestRestoreChallenge: a question that another process asked is judged as if
// this one had.
func TestRestoreChallenge(t *testing.T) {
	stage := newStage(t)
	value := stage.scan().challenge().Bytes()
	for name, c := range map[string]struct {
		question *citycode.Challenge
		want     citycode.Reason
	}{
		"answered":      {citycode.RestoreChallenge(value, at(noon-1), false), 0},
		"used":          {citycode.RestoreChallenge(value, at(noon-1), true), citycode.ChallengeReused},
		"too old":       {citycode.RestoreChallenge(value, at(noon-61), false), citycode.ChallengeExpired},
		"another value": {citycode.RestoreChallenge(flip(value, 0), at(noon-1), false), citycode.ChallengeMismatch},
		"half of it":    {citycode.RestoreChallenge(value[:8], at(noon-1), false), citycode.ChallengeMismatch},
		"no value":      {citycode.RestoreChallenge(nil, at(noon-1), false), citycode.ChallengeMismatch},
	} {
		s := stage.scan()
		_, reason := verdict(t, s.verifier(engine.Default()), reads(t, s.bytes()), citycode.Check{Audience: citycode.Transit, Online: true, Challenge: c.question})
		assert.Equal(t, c.want.String(), reason.String(), name)
		assert.Equal(t, c.want == 0 || name == "used", c.question.Used(), name)
	}
	own := bytes.Clone(value)
	question := citycode.RestoreChallenge(own, at(noon), false)
	own[0] ^= 1
	assert.Equal(t, value, question.Bytes(), "it is a copy")
}

// TestChallengeRaceLost: a challenge that another lane took between the look at
// it and the last step is lost, with a guard and without.
func TestChallengeRaceLost(t *testing.T) {
	stage := newStage(t)
	for _, guardless := range []bool{false, true} {
		s := stage.scan()
		s.guardless = guardless
		verified, reason := s.run(engine.Default())
		require.Zero(t, reason)
		v := s.verifier(engine.Default())
		challenge := s.challenge()
		challenge.Use()
		check := citycode.Check{Audience: citycode.Transit, Online: true, Challenge: challenge}
		assert.Equal(t, citycode.ChallengeReused, v.Accept(verified, check, noon))
		check.Challenge = s.challenge()
		assert.Zero(t, v.Accept(verified, check, noon), "and the counter was not used up")
	}
}

// TestChallengeRace: two codes that answer one challenge at one moment.
func TestChallengeRace(t *testing.T) {
	stage := newStage(t)
	for _, guardless := range []bool{false, true} {
		s := stage.scan()
		s.guardless = guardless
		if !guardless {
			s.guard = newGuard(t, citycode.ReplayConfig{Boot: at(noon), Journal: emptyJournal})
		}
		v := s.verifier(engine.Default())
		challenge := s.challenge()
		var tokens [][]byte
		for range 16 {
			s.code.counter++
			tokens = append(tokens, s.bytes())
		}
		var opened atomic.Int32
		var wg sync.WaitGroup
		for _, b := range tokens {
			wg.Go(func() {
				token, err := citycode.ParseToken(b)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := v.Verify(token, citycode.Check{Audience: citycode.Transit, Online: true, Challenge: challenge}); err == nil {
					opened.Add(1)
				}
			})
		}
		wg.Wait()
		assert.EqualValues(t, 1, opened.Load())
	}
}
