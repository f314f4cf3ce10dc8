package vectors

import "github.com/citizencode/citizencode/citycode"

// orders are the only tests with two faults: the first reason of ../SPEC.md §5 is the right one.
func (e *envelope) orders() {
	b := e.tokenGroup(1401, "Two faults: the first reason in the order of SPEC §5 is the verdict. No fact about a credential is stated before its signatures hold",
		privateCity(), gate(), ride)
	defer b.end()
	forgedIssuer := func(c *tokenCase) { c.issuerSign.key = attacker }
	forgedHolder := func(c *tokenCase) { c.holderSign.key = attacker }
	first := func(r citycode.Reason, second string, comment string, changes ...func(*tokenCase)) {
		b.invalid(r, "order/before-"+second, "Order", comment, func(c *tokenCase) {
			for _, change := range changes {
				change(c)
			}
		})
	}
	revoke := func(c *tokenCase) { c.index = revokedIndex }
	expire := func(c *tokenCase) { c.notAfter = now - 1; c.time = now - 1 }
	used := func(c *tokenCase) { c.terminal.Replay = &replayJSON{Accepted: []accepted{acceptedOf(c.draft)}} }
	stale := func(c *tokenCase) {
		city := privateCity()
		city.trust.expires = now - 1
		c.world = &world{TrustList: city.trust.message()}
	}
	unlisted := func(c *tokenCase) { c.by(9, "210100 issuer 9") }
	parking := func(c *tokenCase) { c.terminal.Audience = ptr(uint16(citycode.Parking)) }
	late := func(c *tokenCase) { c.time = now - 91 }

	first(citycode.Malformed, "unknown-issuer", "the mode is not the profile's, and the issuer is not listed", func(c *tokenCase) { c.mode = 0x12 }, unlisted)
	first(citycode.UnsupportedProfile, "unknown-issuer", "an unknown profile of an issuer that is not listed", func(c *tokenCase) { c.profile = 0x7f }, unlisted)
	first(citycode.TerminalClockWrong, "bad-issuer-signature", "the clock is wrong, and the issuer's signature is forged", func(c *tokenCase) { c.terminal.TimeFloor = at(now + 31) }, forgedIssuer)
	first(citycode.TrustStale, "unknown-issuer", "an old list does not know new keys: it is the list that is wrong", stale, unlisted)
	first(citycode.IssuerNotAllowed, "bad-issuer-signature", "the scene group is not listed for the key, and the issuer's signature is forged", func(c *tokenCase) { c.scenes, c.audience = 0x20, 0x20 }, forgedIssuer)
	first(citycode.BadIssuerSignature, "bad-holder-signature", "both signatures are forged", forgedIssuer, forgedHolder)
	first(citycode.BadIssuerSignature, "expired", "a forged credential that has expired", expire, forgedIssuer)
	first(citycode.BadIssuerSignature, "revoked", "a forged credential under a revoked index: whoever composes it must not have a gate write \"revoked\"", revoke, forgedIssuer)
	first(citycode.BadIssuerSignature, "replayed", "a forged credential under a serial that was used", used, forgedIssuer)
	first(citycode.BadHolderSignature, "revoked", "a copied credential, revoked, shown without its key", revoke, forgedHolder)
	first(citycode.BadHolderSignature, "expired", "a copied credential, expired, shown without its key", expire, forgedHolder)
	first(citycode.BadHolderSignature, "replayed", "time and counter of a used code under a forged signature", used, forgedHolder)
	first(citycode.BadHolderSignature, "clock-ahead", "a forged code with a time of next week", func(c *tokenCase) { c.time = now + day }, forgedHolder)
	first(citycode.BadHolderSignature, "challenge-mismatch", "a forged code with a challenge that was not asked", func(c *tokenCase) { c.challenge = filler("challenge", 8) }, forgedHolder)
	first(citycode.IssuerKeyNotValid, "lifetime-exceeded", "issued before the key began, for too long", func(c *tokenCase) { c.issuedAt = start - 401*day })
	first(citycode.LifetimeExceeded, "expired", "issued for too long, and over", func(c *tokenCase) { c.issuedAt = start - 8*day; expire(c) })
	first(citycode.NotYetValid, "revoked", "a credential of tomorrow, revoked already", func(c *tokenCase) { c.issuedAt, c.time = start+day, start+day }, revoke)
	first(citycode.Expired, "revoked", "expired and revoked", expire, revoke)
	first(citycode.StatusUnknown, "clock-ahead", "an index beyond the list, and a clock ahead", func(c *tokenCase) { c.index, c.time = statusEntries, now+31 })
	first(citycode.StatusUnknown, "revoked", "a list that is too old says revoked: where an unknown status does not pass it is unknown", func(c *tokenCase) {
		c.terminal.Clock, c.time = at(start+3*day+1), start+3*day+1
	}, revoke)
	first(citycode.Suspended, "wrong-audience", "suspended, at the wrong gate", func(c *tokenCase) { c.index = suspendedIndex }, parking)
	first(citycode.Revoked, "code-too-old", "revoked, and an old picture", revoke, late)
	first(citycode.Revoked, "replayed", "revoked after it was used", revoke, used)
	first(citycode.CodeTooOld, "wrong-audience", "an old picture at the wrong gate", late, parking)
	first(citycode.CodeTooOld, "replayed", "an old picture of a used code", late, used)
	first(citycode.WrongAudience, "challenge-missing", "the wrong gate, which asked a challenge", parking, func(c *tokenCase) { c.terminal.Challenge = drawn("210100 gate 7", 16, now) })
	first(citycode.WrongAudience, "replayed", "used at a bus gate, then at a car park", parking, used)
	first(citycode.ChallengeMismatch, "challenge-expired", "the wrong answer, too late", func(c *tokenCase) {
		c.terminal.Challenge, c.challenge = drawn("210100 gate 7", 16, now-61), filler("challenge", 16)
	})
	first(citycode.ChallengeMissing, "replayed", "a used card code at a gate that asked nothing", func(c *tokenCase) { c.draft = card() }, used)
	first(citycode.ChallengeReused, "replayed", "the same answer of the same phone twice", func(c *tokenCase) {
		c.terminal.Challenge = drawn("210100 gate 7", 16, now)
		c.challenge = c.terminal.Challenge.Value
		c.before = []scan{{nil, "", c.token(), valid}}
	})
	first(citycode.Replayed, "online-required", "a used medical code at a desk that is offline", func(c *tokenCase) {
		c.draft = medical()
		c.terminal.Audience = ptr(uint16(citycode.Medical))
	}, used)
	first(citycode.ReplayUnknown, "online-required", "a medical code at a desk that is offline and has lost its journal", func(c *tokenCase) {
		c.draft = medical()
		c.terminal.Audience = ptr(uint16(citycode.Medical))
		c.terminal.Replay = &replayJSON{Floor: at(now), Accepted: []accepted{}}
	})
}
