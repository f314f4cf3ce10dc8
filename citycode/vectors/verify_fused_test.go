package vectors

import (
	"strings"

	"github.com/citizencode/citizencode/citycode"
)

// Codes of a partner: 28 characters, made up.
const (
	partnerCode = "TESTCODE0000000000000000A001"
	otherCode   = "TESTCODE0000000000000000B002"
)

func prefixProfile() citycode.Profile {
	p := citycode.TransitProfile()
	p.ID, p.Name, p.City, p.PrefixSize = 0xf6, "with a short code in front", shenyang, 5
	return p
}

func fusedCity() *cityDraft {
	c := newCity()
	c.learn(0, citycode.FusedProfile())
	c.learn(0, prefixProfile())
	c.trust.entries[0].pins = pinsOf(citycode.MedicalProfile(), citycode.TransitProfile(), citycode.UniversalProfile(), citycode.FusedProfile(), prefixProfile())
	c.profiles = append(citycode.Profiles(), prefixProfile())
	return c
}

func bound(parts ...string) []byte { return sm3([]byte(strings.Join(parts, "")))[:8] }

// fused is a code with a partner's code in front, shown for transit.
func fused() draft {
	d := universal()
	d.profile, d.index, d.audience, d.subject = byte(citycode.ProfileFused), 4716, uint16(citycode.Transit), filler("fused subject", 8)
	d.challenge = bound(partnerCode)
	return d
}

func (e *envelope) fusions() {
	b := e.tokenGroup(1701, "A partner's code in front of the text (SPEC §5.11, §9.2): the token binds it", fusedCity(), gate(), fused)
	defer b.end()
	in := func(prefix string, change func(*tokenCase)) func(*tokenCase) {
		return func(c *tokenCase) {
			c.prefix = prefix
			if change != nil {
				change(c)
			}
		}
	}
	asked := func(c *tokenCase, size int, drawnAt int64) string {
		c.terminal.Challenge = drawn("210100 gate 7", size, drawnAt)
		return string(c.terminal.Challenge.Value)
	}
	b.valid("Normal Source", "a partner's code and ours, one-way", in(partnerCode, nil))
	for _, size := range []int{8, 16} {
		b.valid("Source Challenge", "at a terminal that drew a challenge of "+be10(size)+" bytes", in(partnerCode, func(c *tokenCase) {
			c.challenge = bound(asked(c, size, now), partnerCode)
		}))
	}
	b.valid("Source Online", "at a hospital desk that is online", in(partnerCode, func(c *tokenCase) {
		c.audience = uint16(citycode.Medical)
		c.terminal.Audience, c.terminal.Online = ptr(c.audience), ptr(true)
	}))
	b.valid("Source PrivateProfile", "a private profile with a text of 5 characters in front", in("AB-12", func(c *tokenCase) {
		c.draft = ride()
		c.profile, c.challenge = 0xf6, bound("AB-12")
	}))
	b.valid("Source Boundary Challenge", "an answer of exactly maxAge", in(partnerCode, func(c *tokenCase) {
		c.challenge = bound(asked(c, 16, now-60), partnerCode)
	}))
	b.valid("Source NoTrace", "behind another patient's code the same token was refused: the refusal has left no trace", in(partnerCode, func(c *tokenCase) {
		c.before = []scan{{nil, otherCode, c.token(), refused(citycode.SourceMismatch)}}
	}))

	wrong := func(fault, comment, prefix string, change func(*tokenCase)) {
		b.invalid(citycode.SourceMismatch, fault, "Source", comment, in(prefix, change))
	}
	wrong("prefix/swapped", "another patient's code in front", otherCode, nil)
	wrong("prefix/missing", "nothing in front", "", nil)
	wrong("prefix/lower-case", "the code in lower case", strings.ToLower(partnerCode), nil)
	wrong("prefix/one-character-changed", "one character changed", "U"+partnerCode[1:], nil)
	for _, p := range []struct{ fault, comment, prefix string }{
		{"too-short", "27 characters, which the token binds", partnerCode[:27]},
		{"too-long", "29 characters, which the token binds", partnerCode + "2"},
		{"space-behind", "a space behind the code, which the token binds", partnerCode + " "},
		{"twice", "the code twice, which the token binds", partnerCode + partnerCode},
		{"empty-bound", "nothing in front, and the token binds nothing", ""},
	} {
		wrong("prefix/"+p.fault, p.comment, p.prefix, func(c *tokenCase) { c.challenge = bound(p.prefix) })
	}
	wrong("prefix/shorter-than-private-profile", "4 characters, which the token binds, in a private profile with 5", "AB-1", func(c *tokenCase) {
		c.draft = ride()
		c.profile, c.challenge = 0xf6, bound("AB-1")
	})
	field := func(fault, comment string, value func(c *tokenCase) []byte) {
		wrong("challenge/"+fault, comment, partnerCode, func(c *tokenCase) { c.challenge = value(c) })
	}
	field("zeros", "the field holds zeros", func(*tokenCase) []byte { return make([]byte, 8) })
	field("last-bytes-of-digest", "the field holds the last 8 bytes of the SM3", func(*tokenCase) []byte { return sm3([]byte(partnerCode))[24:] })
	field("text-itself", "the field holds the first 8 characters themselves", func(*tokenCase) []byte { return []byte(partnerCode[:8]) })
	field("terminal-challenge-itself", "the field holds the terminal's challenge of 8 bytes: the text in front is bound by nothing", func(c *tokenCase) []byte { return []byte(asked(c, 8, now)) })
	field("without-terminal-challenge", "the terminal drew a challenge, the field binds the text alone", func(c *tokenCase) []byte { asked(c, 16, now); return bound(partnerCode) })
	field("with-a-challenge-not-drawn", "the terminal drew none, the field binds one", func(*tokenCase) []byte {
		return bound(string(drawn("210100 gate 8", 16, now).Value), partnerCode)
	})
	field("of-another-terminal", "the field binds the challenge of another terminal", func(c *tokenCase) []byte {
		asked(c, 16, now)
		return bound(string(drawn("210100 gate 8", 16, now).Value), partnerCode)
	})
	field("text-before-challenge", "SM3(text ‖ challenge)", func(c *tokenCase) []byte { return bound(partnerCode, asked(c, 16, now)) })
	field("challenge-cut", "the first 8 bytes of a challenge of 16", func(c *tokenCase) []byte { return bound(asked(c, 16, now)[:8], partnerCode) })
	wrong("prefix/before-a-ride-code", "a text in front of a token whose profile has none", partnerCode, func(c *tokenCase) { c.draft = ride() })
	wrong("prefix/before-an-answer", "a text in front of a token that answers a challenge, in a profile that has none", partnerCode, func(c *tokenCase) {
		c.draft = ride()
		c.challenge = []byte(asked(c, 16, now))
	})
	wrong("prefix/before-a-universal-code", "a text in front of a universal code", partnerCode, func(c *tokenCase) {
		c.draft = universal()
		c.audience = uint16(citycode.Transit)
	})

	other := func(r citycode.Reason, fault, flags, comment string, change func(*tokenCase)) {
		b.invalid(r, fault, "Source "+flags, comment, in(partnerCode, change))
	}
	other(citycode.Malformed, "challenge/fused-none", "Challenge", "no challenge field in a profile with a prefix", func(c *tokenCase) { c.challenge = nil })
	other(citycode.Malformed, "challenge/fused-sixteen", "Challenge", "16 bytes of the SM3 in a profile with a prefix", func(c *tokenCase) { c.challenge = sm3([]byte(partnerCode))[:16] })
	other(citycode.ChallengeExpired, "challenge/fused-late", "Challenge", "one second later than maxAge", func(c *tokenCase) {
		c.challenge = bound(asked(c, 16, now-61), partnerCode)
	})
	other(citycode.ChallengeExpired, "challenge/fused-before-drawn", "Challenge", "an answer before the challenge was drawn", func(c *tokenCase) {
		c.challenge = bound(asked(c, 16, now+1), partnerCode)
	})
	other(citycode.ChallengeReused, "challenge/fused-reused", "Challenge", "a challenge that another fused code has answered", func(c *tokenCase) {
		c.challenge = bound(asked(c, 16, now), partnerCode)
		first := fused()
		first.index, first.challenge = 4717, bound(string(c.terminal.Challenge.Value), otherCode)
		c.before = []scan{{nil, otherCode, first.token(), valid}}
	})
	other(citycode.ChallengeExpired, "challenge/fused-late-and-swapped", "Order Challenge", "late, and another text in front: source-mismatch is the last of the step", func(c *tokenCase) {
		c.challenge = bound(asked(c, 16, now-61), otherCode)
	})
	other(citycode.ChallengeMismatch, "challenge/ride-code-binds-text", "Order Challenge", "a ride code whose challenge field binds a text in front: no challenge was drawn, and that comes first", func(c *tokenCase) {
		c.draft = ride()
		c.challenge = bound(partnerCode)
	})
	other(citycode.BadHolderSignature, "challenge/fused-bound-afterwards", "Altered", "the field was changed to bind another text, after signing", func(c *tokenCase) {
		c.challenge = bound(otherCode)
		c.signedAlready()
		c.challenge = bound(partnerCode)
	})
	other(citycode.Replayed, "token/fused-again", "Replay", "a fused code a second time", func(c *tokenCase) { c.before = []scan{{nil, partnerCode, c.token(), valid}} })
	wrong("prefix/another-on-the-same-lane", "the same bytes on the same lane a second later with another code in front: this is no repeated code", otherCode, func(c *tokenCase) {
		c.terminal.Lane = ptr("1")
		c.before = []scan{{&terminal{Clock: at(now - 1)}, partnerCode, c.token(), valid}}
	})
	other(citycode.OnlineRequired, "online/fused-for-medical", "Online", "shown for medical at a desk that is offline", func(c *tokenCase) {
		c.audience = uint16(citycode.Medical)
		c.terminal.Audience = ptr(c.audience)
	})
}
