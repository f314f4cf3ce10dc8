package citycode_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

// A fault is one thing that is wrong with a scan. Two faults that touch the
// same value cannot be wrong together.
type fault struct {
	name    string
	reason  citycode.Reason
	touches []string
	spoil   func(s *scan)
}

func (f fault) conflicts(g fault) bool {
	return slices.ContainsFunc(f.touches, func(value string) bool { return slices.Contains(g.touches, value) })
}

// faults are in the order of SPEC §5, with the parser's own order of §5.1 in
// front: whatever stands earlier here hides whatever stands later.
func faults() []fault {
	way := func(change func([]byte) []byte) func(*scan) {
		return func(s *scan) { s.onTheWay = append(s.onTheWay, change) }
	}
	on := func(values ...string) []string { return values }
	return []fault{
		{"first byte of another system", citycode.Malformed, on("version"), way(putByte(0, 0x81))},
		{"another version", citycode.UnsupportedVersion, on("version"), way(putByte(0, 0x12))},
		{"513 bytes", citycode.Malformed, on("length"), way(func(b []byte) []byte { return append(b, make([]byte, 513-len(b))...) })},
		{"another suite", citycode.UnsupportedSuite, on("mode"), way(putByte(1, 0x21))},
		{"city 0", citycode.Malformed, on("issuer"), func(s *scan) { s.code.issuer = 1 }},
		{"static person", citycode.Malformed, on("mode"), way(putByte(1, 0x10))},
		{"subject of 9", citycode.Malformed, on("subject"), func(s *scan) { s.code.subject = []byte("nine byte") }},
		{"key that begins with 04", citycode.Malformed, on("key"), way(putByte(31, 4))},
		{"two audiences", citycode.Malformed, on("audience"), func(s *scan) { s.code.audience = 3 }},
		{"byte behind the end", citycode.Malformed, on("length"), way(func(b []byte) []byte { return append(b, 0) })},
		{"dynamic part stripped", citycode.Malformed, on("length", "holder signature"), way(func(b []byte) []byte { return b[:128] })},

		{"profile that the terminal does not know", citycode.UnsupportedProfile, on("known"), func(s *scan) { s.known = []citycode.Profile{citycode.MedicalProfile()} }},
		{"subject of 16 in a profile of 8", citycode.Malformed, on("subject"), func(s *scan) { s.code.subject = []byte("sixteen bytes of") }},
		{"no audience in a profile with one", citycode.Malformed, on("audience"), func(s *scan) { s.code.audience = 0 }},

		{"clock before the floor", citycode.TerminalClockWrong, on("floor"), func(s *scan) { s.floor = at(s.now + 31) }},
		{"trust list expired", citycode.TrustStale, on("trust expires"), func(s *scan) { s.expires = s.now - 1 }},
		{"issuer not listed", citycode.UnknownIssuer, on("issuer", "entry scenes", "entry profiles", "entry use"), func(s *scan) { s.code.issuer |= 0x40 }},
		{"issuer is a status key", citycode.UnknownIssuer, on("issuer", "entry scenes", "entry profiles", "entry use"), func(s *scan) { s.code.issuer = 210100<<12 | citycodetest.StatusIndex }},
		{"scene not listed", citycode.IssuerNotAllowed, on("entry scenes"), func(s *scan) { s.entry().Scenes = citycode.Medical }},
		{"profile not listed", citycode.IssuerNotAllowed, on("entry profiles"), func(s *scan) { s.entry().Profiles = nil }},
		{"profile defined otherwise", citycode.IssuerNotAllowed, on("entry profiles"), func(s *scan) {
			s.entry().Profiles = []citycode.TrustProfile{citycode.PinProfile(citycode.TransitProfile())}
		}},
		{"implicit key", citycode.IssuerNotAllowed, on("entry use"), func(s *scan) { s.entry().Use = citycode.UseImplicit }},

		{"another issuer's signature", citycode.BadIssuerSignature, on("issuer signature"), func(s *scan) { s.code.issuerKey = citycodetest.Key("somebody") }},
		{"issuer's signature for a static code", citycode.BadIssuerSignature, on("issuer signature"), func(s *scan) { s.code.issuerTag = "CC1/stat" }},
		{"holder's key off the curve", citycode.BadHolderSignature, on("key"), func(s *scan) { s.code.key = offCurve() }},
		{"another holder's signature", citycode.BadHolderSignature, on("key"), func(s *scan) { s.code.key = compressed(s.stage.t, citycodetest.Key("somebody")) }},
		{"holder's signature broken", citycode.BadHolderSignature, on("holder signature", "length"), way(func(b []byte) []byte { return flip(b, 8*len(b)-1) })},

		{"issued before the key signed", citycode.IssuerKeyNotValid, on("issueFrom"), func(s *scan) { s.entry().IssueFrom = at(s.now + hour) }},
		{"issued after the key signed", citycode.IssuerKeyNotValid, on("issueUntil"), func(s *scan) { s.entry().IssueUntil = at(s.now - 9*hour) }},
		{"key's signatures no longer count", citycode.IssuerKeyNotValid, on("verifyUntil"), func(s *scan) { s.entry().VerifyUntil = at(s.now - 1) }},
		{"longer than the entry allows", citycode.LifetimeExceeded, on("entry lifetime"), func(s *scan) { s.entry().MaxLifetime = 7 * 3600e9 }},
		{"longer than the profile allows", citycode.LifetimeExceeded, on("entry lifetime", "known", "entry profiles"), func(s *scan) {
			s.profile.MaxLifetime = 7 * 3600e9
			s.entry().Profiles = []citycode.TrustProfile{citycode.PinProfile(s.profile)}
		}},

		{"issued tomorrow", citycode.NotYetValid, on("issuedAt"), func(s *scan) { s.code.issuedAt = uint32(s.now + 31) }},
		{"made before it was issued", citycode.NotYetValid, on("issuedAt", "time"), func(s *scan) {
			s.code.issuedAt, s.code.time = uint32(s.now), uint32(s.now-31)
		}},
		{"credential expired", citycode.Expired, on("notAfter"), func(s *scan) { s.code.notAfter = uint32(s.now - 1) }},
		{"made after its end", citycode.Expired, on("notAfter", "time"), func(s *scan) {
			s.code.notAfter, s.code.time = uint32(s.now+10), uint32(s.now+20)
		}},

		{"no status list", citycode.StatusUnknown, on("status list", "state", "status issued", "status expires"), func(s *scan) { s.noStatus = true }},
		{"status list too short", citycode.StatusUnknown, on("state"), func(s *scan) { s.statusSize = 4711 }},
		{"status list too old", citycode.StatusUnknown, on("status issued"), func(s *scan) { s.statusIssued = s.now - 3*dayLong - 1 }},
		{"status list expired", citycode.StatusUnknown, on("status expires"), func(s *scan) { s.statusExpires = s.now - 1 }},
		{"suspended", citycode.Suspended, on("state"), func(s *scan) { s.state = citycode.StatusSuspended }},
		{"revoked", citycode.Revoked, on("state"), func(s *scan) { s.state = citycode.StatusRevoked }},

		{"made in the future", citycode.ClockAhead, on("time"), func(s *scan) { s.code.time = uint32(s.now + 31) }},
		{"made too long ago", citycode.CodeTooOld, on("time"), func(s *scan) { s.code.time = uint32(s.now - 91) }},

		{"terminal serves another group", citycode.WrongAudience, on("accepted"), func(s *scan) { s.check.Audience = citycode.Parking }},
		{"terminal serves no group", citycode.WrongAudience, on("accepted"), func(s *scan) { s.check.Audience = 0 }},
		{"audience outside the mask", citycode.WrongAudience, on("accepted", "audience"), func(s *scan) {
			s.code.audience, s.check.Audience = uint16(citycode.Medical), citycode.Medical|citycode.Transit
		}},

		{"challenge not answered", citycode.ChallengeMissing, on("answer"), func(s *scan) { s.answer = noAnswer }},
		{"challenge required and not asked", citycode.ChallengeMissing, on("asked", "answer", "drawn", "used", "known", "entry profiles"), func(s *scan) {
			s.asked, s.answer, s.profile.Challenge = false, noAnswer, citycode.ChallengeRequired
			s.entry().Profiles = []citycode.TrustProfile{citycode.PinProfile(s.profile)}
		}},
		{"another challenge answered", citycode.ChallengeMismatch, on("answer"), func(s *scan) { s.answer = otherAnswer }},
		{"answer that was not asked", citycode.ChallengeMismatch, on("asked", "answer", "drawn", "used"), func(s *scan) { s.asked, s.answer = false, otherAnswer }},
		{"challenge too old", citycode.ChallengeExpired, on("drawn"), func(s *scan) { s.drawn = s.now - 61 }},
		{"challenge drawn later", citycode.ChallengeExpired, on("drawn"), func(s *scan) { s.drawn = s.now + 1 }},
		{"challenge used", citycode.ChallengeReused, on("used"), func(s *scan) { s.used = true }},

		{"shown before", citycode.Replayed, on("guard"), func(s *scan) { s.replayed = true }},
		{"guard without memory", citycode.ReplayUnknown, on("guard"), func(s *scan) { s.restarted = true }},

		{"no network where one is needed", citycode.OnlineRequired, on("online"), func(s *scan) { s.check.Online = false }},
	}
}

// offCurve is 02 and an x for which x³-3x+b has no root.
func offCurve() []byte {
	x := make([]byte, 33)
	x[0] = 2
	for ; ; x[32]++ {
		if _, err := engine.Default().Prepare(x); err != nil {
			return x
		}
	}
}

func TestVerifyAccepts(t *testing.T) {
	stage := newStage(t)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		s := stage.scan()
		v, reason := s.run(e)
		require.Zero(t, reason)
		assert.Equal(t, s.profile, v.Profile())
		assert.Equal(t, stage.Issuer.ID(), v.Issuer())
		assert.Equal(t, citycode.Serial{Issuer: stage.Issuer.ID(), Index: 4711}, v.Serial())
		assert.Equal(t, "210100/1#0:4711", v.Serial().String())
		assert.Equal(t, s.code.subject, v.Subject())
		assert.Equal(t, citycode.Transit, v.Scenes())
		assert.Equal(t, citycode.Transit, v.Audience())
		assert.Zero(t, v.Benefit())
		assert.Equal(t, at(noon-8*hour), v.IssuedAt())
		assert.Equal(t, at(noon+16*hour), v.NotAfter())
		assert.Equal(t, at(noon), v.At())
		assert.Equal(t, at(noon-2), v.Time())
		assert.EqualValues(t, 7, v.Counter())
		assert.True(t, v.StatusKnown())
		assert.True(t, v.ReplayChecked())
		assert.False(t, v.OneWay())
		assert.False(t, v.Repeated())
		assert.Equal(t, citycode.Accepted{Serial: v.Serial(), Time: noon - 2, Counter: 7, Until: noon - 2 + 90}, v.Accepted())
		assert.Equal(t, s.bytes(), v.Bytes())

		// The subject is a copy: a scenario that writes on it changes nothing.
		v.Subject()[0] ^= 0xff
		assert.Equal(t, s.code.subject, v.Subject())
	})
}

// TestVerifyFaults: each fault alone gives its own reason, under both engines.
func TestVerifyFaults(t *testing.T) {
	stage := newStage(t)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		for _, f := range faults() {
			s := stage.scan()
			f.spoil(s)
			_, reason := s.run(e)
			assert.Equal(t, f.reason.String(), reason.String(), f.name)
		}
	})
}

// TestVerifyOrder: of any two faults the earlier one is named (SPEC §5).
func TestVerifyOrder(t *testing.T) {
	stage := newStage(t)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		list := faults()
		tried, possible := 0, 0
		for i, first := range list {
			for _, second := range list[i+1:] {
				if first.conflicts(second) {
					continue
				}
				possible++
				if !every(e, possible, 5, 7) {
					continue
				}
				tried++
				s := stage.scan()
				// The later one first: the order of the accidents is nothing.
				second.spoil(s)
				first.spoil(s)
				_, reason := s.run(e)
				require.Equal(t, first.reason.String(), reason.String(), "%s, and %s", first.name, second.name)
			}
		}
		t.Logf("%d of %d pairs", tried, possible)
	})
}

// TestVerifyOrderOfMany: the same for any number of faults at once.
func TestVerifyOrderOfMany(t *testing.T) {
	stage := newStage(t)
	list := faults()
	rapid.Check(t, func(t *rapid.T) {
		s := stage.scan()
		var broken []fault
		first := len(list)
		for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, len(list)-1), 2, 12, rapid.ID).Draw(t, "faults") {
			if slices.ContainsFunc(broken, list[i].conflicts) {
				continue
			}
			broken = append(broken, list[i])
			first = min(first, i)
		}
		for _, f := range broken {
			f.spoil(s)
		}
		_, reason := s.run(engine.Default())
		if reason != list[first].reason {
			t.Fatalf("%s instead of %s (%s)", reason, list[first].reason, list[first].name)
		}
	})
}

// TestVerifyNoFactWithoutSignature: a code that nobody signed never has a gate
// say something about the credential that it names (SPEC §5). What stands here
// is in the pairs above too; it is the line that must never fall.
func TestVerifyNoFactWithoutSignature(t *testing.T) {
	stage := newStage(t)
	var signature, fact []fault
	for _, f := range faults() {
		switch {
		case f.reason == citycode.BadIssuerSignature || f.reason == citycode.BadHolderSignature:
			signature = append(signature, f)
		case f.reason > citycode.BadSignature:
			fact = append(fact, f)
		}
	}
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		for i, f := range fact {
			for j, g := range signature {
				if f.conflicts(g) || !every(e, i+j, 2, 3) {
					continue
				}
				s := stage.scan()
				f.spoil(s)
				g.spoil(s)
				_, reason := s.run(e)
				require.Equal(t, g.reason.String(), reason.String(), "%s, and %s", f.name, g.name)
			}
		}
	})
}

// TestVerifyLeavesNoTrace: a refused code uses up neither counter nor
// challenge, whatever the reason: otherwise whoever has seen a citizen's code
// could keep him from using it (SPEC §5.12).
func TestVerifyLeavesNoTrace(t *testing.T) {
	stage := newStage(t)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		for i, f := range faults() {
			if f.reason == citycode.Replayed || f.reason == citycode.ReplayUnknown || !every(e, i, 1, 21) {
				continue
			}
			good := stage.scan()
			guard := good.replayGuard()
			challenge := good.challenge()

			bad := stage.scan()
			f.spoil(bad)
			bad.guard = guard
			if token, err := citycode.ParseToken(bad.bytes()); err == nil {
				check := bad.check
				if bad.asked && !bad.used && bad.drawn == good.drawn {
					check.Challenge = challenge
				} else {
					check.Challenge = bad.challenge()
				}
				_, reason := verdict(t, bad.verifier(e), token, check)
				require.Equal(t, f.reason, reason, f.name)
			}
			assert.Zero(t, guard.Len(), f.name)
			assert.False(t, challenge.Used(), f.name)

			good.guard = guard
			check := good.check
			check.Challenge = challenge
			_, reason := verdict(t, good.verifier(e), reads(t, good.bytes()), check)
			require.Zero(t, reason, "after %s", f.name)
			assert.Equal(t, 1, guard.Len())
			assert.True(t, challenge.Used())
		}
	})
}

// TestVerifyTags: a signature made for one purpose is good for no other.
func TestVerifyTags(t *testing.T) {
	stage := newStage(t)
	tags := []string{"CC1/cred", "CC1/stat", "CC1/tokn", "CC1/trst", "CC1/root", "CC1/snap", "CC1/list", "CC1/dlta", "CC1/popp", "CC1/impl", "CC2/cred", "CC1/Cred"}
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		for _, tag := range tags {
			s := stage.scan()
			s.code.issuerTag = tag
			want := citycode.BadIssuerSignature
			if tag == "CC1/cred" {
				want = 0
			}
			_, reason := s.run(e)
			assert.Equal(t, want, reason, tag)

			s = stage.scan()
			s.code.holderTag = tag
			want = citycode.BadHolderSignature
			if tag == "CC1/tokn" {
				want = 0
			}
			_, reason = s.run(e)
			assert.Equal(t, want, reason, tag)
		}
	})
}

func TestNewVerifierRefuses(t *testing.T) {
	stage := newStage(t)
	s := stage.scan()
	trust := s.trust(engine.Default())
	guard := s.replayGuard()
	status := s.status(engine.Default(), trust)[0]
	wrong := citycode.TransitProfile()
	wrong.SubjectSize = 9
	for name, cfg := range map[string]citycode.VerifierConfig{
		"no trust list":        {Replay: guard},
		"no guard":             {Trust: trust},
		"guard and no guard":   {Trust: trust, Replay: guard, InsecureNoReplayGuard: true},
		"wrong profile":        {Trust: trust, Replay: guard, Profiles: []citycode.Profile{wrong}},
		"profile twice":        {Trust: trust, Replay: guard, Profiles: []citycode.Profile{citycode.TransitProfile(), citycode.TransitProfile()}},
		"status list twice":    {Trust: trust, Replay: guard, Status: []*citycode.StatusList{status, status}},
		"phone skew":           {Trust: trust, Replay: guard, PhoneSkew: citycode.MaxSkew + 1},
		"phone skew below":     {Trust: trust, Replay: guard, PhoneSkew: -1},
		"terminal skew":        {Trust: trust, Replay: guard, TerminalSkew: citycode.MaxSkew + 1},
		"terminal skew below ": {Trust: trust, Replay: guard, TerminalSkew: -1},
	} {
		v, err := citycode.NewVerifier(cfg)
		assert.Error(t, err, name)
		assert.Nil(t, v, name)
	}
	// Without a clock of its own a verifier reads the machine's.
	v, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Replay: guard, Profiles: []citycode.Profile{s.profile}, TimeFloor: at(1 << 33)})
	require.NoError(t, err)
	_, reason := verdict(t, v, reads(t, s.bytes()), s.check)
	assert.Equal(t, citycode.TerminalClockWrong, reason)
}

// TestVerifyTimeFloor: the floor is the highest time that somebody signed.
func TestVerifyTimeFloor(t *testing.T) {
	stage := newStage(t)
	trustIssued := stage.Draft.IssuedAt.Unix()
	for _, c := range []struct {
		stored, status int64
		want           int64
	}{
		{0, trustIssued - 1, trustIssued},
		{0, trustIssued + 5, trustIssued + 5},
		{noon + 7, noon, noon + 7},
		{trustIssued - 9, trustIssued - 7, trustIssued},
	} {
		s := stage.scan()
		s.statusIssued = c.status
		if c.stored != 0 {
			s.floor = at(c.stored)
		}
		assert.Equal(t, at(c.want), s.verifier(engine.Default()).TimeFloor(), fmt.Sprint(c))
	}
}

// TestVerifyGuardless: a back office that refuses a second use by other means
// gets the same verdicts but for replay, and the verdict says so.
func TestVerifyGuardless(t *testing.T) {
	stage := newStage(t)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		s := stage.scan()
		s.guardless = true
		v, reason := s.run(e)
		require.Zero(t, reason)
		assert.False(t, v.ReplayChecked())

		s.check.Online = false
		_, reason = s.run(e)
		assert.Equal(t, citycode.OnlineRequired, reason)

		s.check.Online = true
		s.used = true
		_, reason = s.run(e)
		assert.Equal(t, citycode.ChallengeReused, reason)
	})
}
