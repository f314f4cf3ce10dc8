package vectors

import "github.com/citizencode/citizencode/citycode"

func (e *envelope) challenges() {
	b := e.tokenGroup(1101, "Challenges (SPEC §5.11): transit may be asked, the private profile 0xf0 must be", privateCity(), gate(), ride)
	defer b.end()
	ask := func(c *tokenCase, size int, unix int64) {
		c.terminal.Challenge = drawn("210100 gate 7", size, unix)
		c.challenge = c.terminal.Challenge.Value
	}

	b.valid("Challenge", "a phone answers 8 bytes", func(c *tokenCase) { ask(c, 8, now) })
	b.valid("Challenge", "a phone answers 16 bytes", func(c *tokenCase) { ask(c, 16, now) })
	b.valid("Challenge", "a card answers 16 bytes", func(c *tokenCase) { c.draft = card(); ask(c, 16, now) })
	b.valid("Challenge Boundary", "a phone answers after exactly maxAge", func(c *tokenCase) { ask(c, 16, now-60) })
	b.valid("Challenge Boundary", "a card answers after exactly 2 s", func(c *tokenCase) { c.draft = card(); ask(c, 16, now-2) })
	b.valid("Challenge NoTrace", "a challenge that a refused code answered before is not used up", func(c *tokenCase) {
		ask(c, 16, now)
		other := ride()
		other.index, other.challenge = suspendedIndex, c.challenge
		c.before = []scan{{nil, "", other.token(), refused(citycode.Suspended)}}
	})

	wrong := func(r citycode.Reason, fault, comment string, change func(*tokenCase)) {
		b.invalid(r, "challenge/"+fault, "Challenge", comment, change)
	}
	wrong(citycode.ChallengeMissing, "card-not-asked", "a card code at a gate that asked nothing", func(c *tokenCase) { c.draft = card() })
	wrong(citycode.ChallengeMissing, "card-answers-none", "a card code without an answer at a gate that asked", func(c *tokenCase) {
		c.draft = card()
		ask(c, 16, now)
		c.challenge = nil
	})
	wrong(citycode.ChallengeMissing, "phone-answers-none", "a one-way code at a gate that asked", func(c *tokenCase) { ask(c, 16, now); c.challenge = nil })
	wrong(citycode.ChallengeMismatch, "not-asked", "an answer at a gate that asked nothing: made for another gate, or stored", func(c *tokenCase) { ask(c, 16, now); c.terminal.Challenge = nil })
	wrong(citycode.ChallengeMismatch, "of-another-gate", "the answer to another gate's challenge", func(c *tokenCase) { ask(c, 16, now); c.challenge = drawn("210100 gate 8", 16, now).Value })
	wrong(citycode.ChallengeMismatch, "card-of-another-gate", "a card's answer to another gate's challenge", func(c *tokenCase) {
		c.draft = card()
		ask(c, 16, now)
		c.challenge = drawn("210100 gate 8", 16, now).Value
	})
	wrong(citycode.ChallengeMismatch, "first-half-only", "8 bytes where 16 were asked: the right ones, and not enough", func(c *tokenCase) { ask(c, 16, now); c.challenge = c.challenge[:8] })
	wrong(citycode.ChallengeMismatch, "zeros", "16 zero bytes", func(c *tokenCase) { ask(c, 16, now); c.challenge = make([]byte, 16) })
	wrong(citycode.ChallengeMismatch, "last-bit", "one bit of the answer differs, signed so", func(c *tokenCase) {
		ask(c, 16, now)
		c.challenge = append([]byte{}, c.challenge...)
		c.challenge[15] ^= 1
	})
	wrong(citycode.ChallengeExpired, "phone-after-max-age", "a phone answers one second later than maxAge", func(c *tokenCase) { ask(c, 16, now-61) })
	wrong(citycode.ChallengeExpired, "card-after-2-seconds", "a card answers one second later than 2 s", func(c *tokenCase) { c.draft = card(); ask(c, 16, now-3) })
	wrong(citycode.ChallengeExpired, "drawn-in-the-future", "the clock was set back after the challenge was drawn", func(c *tokenCase) { ask(c, 16, now+1) })
	wrong(citycode.ChallengeReused, "answered-before", "another citizen has answered this challenge already", func(c *tokenCase) {
		ask(c, 16, now)
		c.before = []scan{{nil, "", somebody(c.challenge), valid}}
	})
	wrong(citycode.ChallengeReused, "card-answered-before", "another citizen has answered this card challenge already", func(c *tokenCase) {
		c.draft = card()
		ask(c, 16, now)
		c.before = []scan{{nil, "", somebody(c.challenge), valid}}
	})
}

// somebody is a valid code of Test Person B.
func somebody(challenge []byte) hexBytes {
	d := ride()
	d.index, d.challenge, d.subject = 4900, challenge, filler("Test Person B", 8)
	d.shownBy(personB)
	return d.token()
}

func (e *envelope) replays() {
	b := e.tokenGroup(1201, "Codes that were used before (SPEC §5.0, §5.12). The code of this group has counter 5", newCity(), gate(), func() draft {
		d := ride()
		d.counter = 5
		return d
	})
	defer b.end()
	knows := func(c *tokenCase, change func(*draft)) {
		d := ride()
		d.counter = 5
		change(&d)
		c.terminal.Replay = &replayJSON{Accepted: []accepted{acceptedOf(d)}}
	}
	same := func(*draft) {}
	lane := func(name string) *terminal { return &terminal{Lane: &name} }

	b.valid("Replay", "the next counter in the same second", func(c *tokenCase) { knows(c, func(d *draft) { d.counter = 4 }) })
	b.valid("Replay", "a later second with a lower counter: the order is time, then counter", func(c *tokenCase) { knows(c, func(d *draft) { d.time--; d.counter = 9 }) })
	b.valid("Replay", "the same index in another status list is another credential", func(c *tokenCase) { knows(c, func(d *draft) { d.list = 1 }) })
	b.valid("Replay", "the same index of another issuer is another credential", func(c *tokenCase) { knows(c, func(d *draft) { d.issuer = id(shenyang, 2) }) })
	b.valid("Repeated", "the same bytes on the same lane after 2 s: the camera still sees the code, the earlier verdict stands", func(c *tokenCase) {
		c.before = []scan{{&terminal{Clock: at(now - 2), Lane: ptr("1")}, "", c.token(), valid}}
		c.terminal.Lane = ptr("1")
		c.repeated = true
	})
	b.valid("NoTrace", "a forged code of the same credential, with a later time, was refused before: it used nothing up", func(c *tokenCase) {
		forged := c.draft
		forged.time++
		forged.holderSign.key = attacker
		c.before = []scan{{nil, "", forged.token(), refused(citycode.BadHolderSignature)}}
	})
	b.valid("NoTrace", "the same code was refused before at a gate for another scene: it used nothing up", func(c *tokenCase) {
		c.before = []scan{{&terminal{Audience: ptr(uint16(citycode.Parking))}, "", c.token(), refused(citycode.WrongAudience)}}
	})
	b.valid("Replay Boundary", "made one second after the floor of the guard", func(c *tokenCase) { c.terminal.Replay = &replayJSON{Floor: at(now - 1), Accepted: []accepted{}} })

	again := func(fault, comment string, change func(*tokenCase)) {
		b.invalid(citycode.Replayed, fault, "Replay", comment, change)
	}
	again("token/same-bytes", "the same bytes again", func(c *tokenCase) { c.before = []scan{{nil, "", c.token(), valid}} })
	again("token/in-journal", "the code stands in the journal from before the terminal was started", func(c *tokenCase) { knows(c, same) })
	again("holderSignature/new-signature", "the same credential, time and counter under a new signature of the holder", func(c *tokenCase) {
		c.before = []scan{{nil, "", c.token(), valid}}
		c.holderSign.nonce = "again"
	})
	again("issuerSignature/new-signature", "the same serial, time and counter in a credential that the issuer signed anew", func(c *tokenCase) {
		c.before = []scan{{nil, "", c.token(), valid}}
		c.issuerSign.nonce = "again"
	})
	again("counter/lower-in-same-second", "a lower counter in the same second", func(c *tokenCase) { knows(c, func(d *draft) { d.counter = 6 }) })
	again("time/earlier-with-higher-counter", "an earlier second with a higher counter", func(c *tokenCase) { knows(c, func(d *draft) { d.time++; d.counter = 1 }) })
	again("audience/another-scene", "the same time and counter, signed for another scene group", func(c *tokenCase) {
		c.draft = universal()
		c.audience = uint16(citycode.Transit)
		c.before = []scan{{nil, "", c.token(), valid}}
		c.audience = uint16(citycode.Parking)
		c.terminal.Audience = ptr(uint16(citycode.Transit | citycode.Parking))
	})
	again("holderKey/another-key-of-the-serial", "another credential under the same serial: the serial is what is used up, not the key", func(c *tokenCase) {
		c.before = []scan{{nil, "", c.token(), valid}}
		c.shownBy(personB)
	})
	again("token/after-another-citizen", "used, then somebody else's code, then again: a deployed gate compares with the last code only", func(c *tokenCase) {
		c.before = []scan{{nil, "", c.token(), valid}, {nil, "", somebody(nil), valid}}
	})
	again("lane/another-lane", "the same bytes on the next lane of the same gate", func(c *tokenCase) {
		c.before = []scan{{lane("1"), "", c.token(), valid}}
		c.terminal.Lane = ptr("2")
	})
	again("lane/after-three-seconds", "the same bytes on the same lane, three seconds later", func(c *tokenCase) {
		c.before = []scan{{&terminal{Clock: at(now - 3), Lane: ptr("1")}, "", c.token(), valid}}
		c.terminal.Lane = ptr("1")
	})
	again("lane/new-signature-on-the-lane", "new signature bytes on the same lane within 2 s: not the same bytes", func(c *tokenCase) {
		c.before = []scan{{lane("1"), "", c.token(), valid}}
		c.terminal.Lane = ptr("1")
		c.holderSign.nonce = "again"
	})
	again("clock/set-back", "accepted, then the clock was set back by 30 s", func(c *tokenCase) {
		c.before = []scan{{nil, "", c.token(), valid}}
		c.terminal.Clock = at(now - 30)
	})

	lost := func(fault, comment string, floor int64) {
		b.invalid(citycode.ReplayUnknown, "time/"+fault, "Replay", comment, func(c *tokenCase) {
			c.terminal.Replay = &replayJSON{Floor: at(floor), Accepted: []accepted{}}
		})
	}
	lost("at-floor", "made at the floor: the guard does not know what was accepted up to then", now)
	lost("below-floor", "made before the floor: the gate was started without its journal", now+29)
}
