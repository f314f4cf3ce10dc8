package vectors

import "github.com/citizencode/citizencode/citycode"

const cardLifetime = 1830 * day

// carrierCity is the everyday with an issuer for each of the other standard profiles.
func carrierCity() *cityDraft {
	c := newCity()
	care, affairs, transit := uint16(citycode.Care), uint16(citycode.Affairs), uint16(citycode.Transit)
	c.add(c.issuer(5, "210100 issuer 5", useExplicit, affairs, issuerLifetime, citycode.SocialSecurityProfile()))
	c.add(c.issuer(6, "210100 issuer 6", useExplicit, transit, cardLifetime, citycode.CardProfile()))
	c.add(c.issuer(7, "210100 issuer 7", useExplicit, care|transit, issuerLifetime, citycode.DelegatedProfile()))
	c.add(c.issuer(8, "210100 issuer 8", useStatic, 0, printerLifetime, citycode.MatterProfile(), citycode.OrganisationProfile()))
	for _, index := range []uint32{5, 6, 7, 8} {
		c.status = append(c.status, newStatus(index, statusEntries, []uint32{revokedIndex}, []uint32{suspendedIndex}))
	}
	return c
}

// delegation is the source segment of ../SPEC.md §4.7.
func delegation(relation, perDay, fen byte) []byte {
	return append(filler("guardian", 8), relation, perDay, 0, 0, fen, 0)
}

// ward is the code of a child, shown by an adult.
func ward() draft {
	d := ride()
	d.mode, d.profile, d.index, d.subject, d.source = 0x19, byte(citycode.ProfileDelegated), 4718, filler("ward subject", 8), delegation(1, 4, 2)
	d.by(7, "210100 issuer 7")
	return d
}

// chip is the code on a card.
func chip() draft {
	d := ride()
	d.profile, d.index, d.subject, d.notAfter = byte(citycode.ProfileCard), cardIndex, filler("card subject", 8), start+cardLifetime
	d.by(6, "210100 issuer 6")
	d.shownBy("210100 card of Test Person A")
	return d
}

// security is a social security code.
func security() draft {
	d := ride()
	d.profile, d.index, d.subject = byte(citycode.ProfileSocialSecurity), 4719, filler("social security subject", 16)
	d.scenes, d.audience = uint16(citycode.Affairs), uint16(citycode.Affairs)
	d.by(5, "210100 issuer 5")
	return d
}

// printed is the printed code of a matter or an organisation.
func printed(profile citycode.ProfileID, size int) draft {
	d := place()
	d.profile, d.subject = byte(profile), filler("printed subject", size)
	d.by(8, "210100 issuer 8")
	return d
}

func (e *envelope) carriers() {
	b := e.tokenGroup(1801, "The other standard profiles: delegated, card, social-security, matter, organisation (SPEC §3.2, §4.7)", carrierCity(), gate(), ward)
	defer b.end()
	for i, comment := range []string{"a child's code, shown by an adult", "an elder's", "another ward's"} {
		b.valid("Delegation", comment, func(c *tokenCase) { c.source = delegation(byte(i+1), 4, 2) })
	}
	b.valid("Delegation Boundary", "no uses and no cap: the scenario keeps the limits, not the verifier", func(c *tokenCase) { c.source = delegation(1, 0, 0) })
	affairs := func(c *tokenCase) {
		c.draft = security()
		c.terminal.Audience = ptr(uint16(citycode.Affairs))
	}
	b.valid("Normal", "a social security code", affairs)
	b.valid("Normal Static", "the printed code of a matter", func(c *tokenCase) { c.draft = printed(citycode.ProfileMatter, 16) })
	b.valid("Normal Static", "the printed code of an organisation", func(c *tokenCase) { c.draft = printed(citycode.ProfileOrganisation, 32) })
	asks := func(size int, drawnAt int64, change func(*tokenCase)) func(*tokenCase) {
		return func(c *tokenCase) {
			c.draft = chip()
			c.terminal.Challenge = drawn("210100 reader 3", size, drawnAt)
			c.challenge = c.terminal.Challenge.Value
			if change != nil {
				change(c)
			}
		}
	}
	b.valid("Normal Challenge", "a card that answers at once", asks(16, now, nil))
	b.valid("Challenge Boundary", "a card that answers after exactly 2 s", asks(16, now-2, nil))
	b.valid("Challenge Boundary", "the last second of a card of five years", asks(16, now, func(c *tokenCase) { c.issuedAt, c.notAfter = now-day, now-day+cardLifetime }))

	refuse := func(r citycode.Reason, fault, flags, comment string, change func(*tokenCase)) {
		b.invalid(r, fault, flags, comment, change)
	}
	for _, relation := range []byte{0, 4, 255} {
		refuse(citycode.Malformed, "source/relation-"+be10(int(relation)), "Delegation", "a relation that does not exist", func(c *tokenCase) { c.source = delegation(relation, 4, 2) })
	}
	refuse(citycode.Malformed, "source/delegation-of-13-bytes", "Delegation Length", "one byte less", func(c *tokenCase) { c.source = c.source[:13] })
	refuse(citycode.Malformed, "source/delegation-of-15-bytes", "Delegation Length", "one byte more", func(c *tokenCase) { c.source = append(c.source, 0) })
	refuse(citycode.Malformed, "mode/delegation-left-out", "Delegation Segment", "no delegation in profile delegated", func(c *tokenCase) { c.mode, c.source = 0x11, nil })
	refuse(citycode.Malformed, "mode/delegation-in-transit", "Delegation Segment", "a delegation in profile transit", func(c *tokenCase) { c.profile = byte(citycode.ProfileTransit) })
	for _, f := range []struct {
		name string
		at   int
	}{{"guardian", 0}, {"relation", 8}, {"uses", 9}, {"cap", 13}} {
		refuse(citycode.BadIssuerSignature, "source/altered-"+f.name, "Delegation Altered", f.name+" changed after issue", func(c *tokenCase) {
			c.issuerSign.give = c.issuerSign.sign(c.head()).signature
			c.source[f.at] ^= 2
			if f.name == "relation" {
				c.source[f.at] = 2
			}
		})
	}
	refuse(citycode.BadHolderSignature, "holderSignature/by-another-guardian", "Delegation WrongKey", "shown by an adult who has not the key", func(c *tokenCase) { c.holderSign.key = personB })

	refuse(citycode.ChallengeMissing, "challenge/chip-none-drawn", "Challenge", "a card at a terminal that drew nothing", func(c *tokenCase) { c.draft = chip() })
	refuse(citycode.ChallengeMissing, "challenge/chip-empty", "Challenge", "a card that answers nothing", asks(16, now, func(c *tokenCase) { c.challenge = nil }))
	refuse(citycode.Malformed, "challenge/chip-of-8-bytes", "Challenge Length", "a card that answers 8 bytes, where a challenge of 8 was drawn", asks(8, now, nil))
	refuse(citycode.ChallengeMismatch, "challenge/chip-foreign", "Challenge", "the answer to another terminal's challenge", asks(16, now, func(c *tokenCase) {
		c.challenge = drawn("210100 reader 4", 16, now).Value
	}))
	refuse(citycode.ChallengeMismatch, "challenge/chip-stored", "Challenge", "an answer, at a terminal that drew nothing", func(c *tokenCase) {
		c.draft = chip()
		c.challenge = drawn("210100 reader 3", 16, now).Value
	})
	refuse(citycode.ChallengeExpired, "challenge/chip-late", "Challenge", "a card that answers after 3 s: a relay takes time", asks(16, now-3, nil))
	refuse(citycode.ChallengeReused, "challenge/chip-reused", "Challenge", "a challenge that another card has answered", asks(16, now, func(c *tokenCase) {
		other := chip()
		other.index, other.challenge = 4720, c.challenge
		c.before = []scan{{nil, "", other.token(), valid}}
	}))
	refuse(citycode.LifetimeExceeded, "notAfter/chip-too-long", "Lifetime", "a card of five years and a second", asks(16, now, func(c *tokenCase) { c.notAfter++ }))
	refuse(citycode.Revoked, "statusIndex/chip-revoked", "Status", "a card that was lost", asks(16, now, func(c *tokenCase) { c.index = revokedIndex }))

	refuse(citycode.Malformed, "subject/social-security-of-8-bytes", "Length", "a subject of 8 bytes, profile social-security has 16", func(c *tokenCase) {
		affairs(c)
		c.subject = filler("short", 8)
	})
	refuse(citycode.WrongAudience, "audience/social-security-at-a-gate", "Audience", "a social security code at a bus gate", func(c *tokenCase) { c.draft = security() })
	refuse(citycode.Malformed, "subject/matter-of-8-bytes", "Length Static", "a subject of 8 bytes, profile matter has 16", func(c *tokenCase) { c.draft = printed(citycode.ProfileMatter, 8) })
	refuse(citycode.Malformed, "subject/organisation-of-16-bytes", "Length Static", "a subject of 16 bytes, profile organisation has 32", func(c *tokenCase) { c.draft = printed(citycode.ProfileOrganisation, 16) })
	refuse(citycode.IssuerNotAllowed, "profile/matter-by-the-printer", "IssuerRights Static", "the printer of things and places prints a matter", func(c *tokenCase) {
		c.draft = printed(citycode.ProfileMatter, 16)
		c.by(2, printerKey)
	})
}
