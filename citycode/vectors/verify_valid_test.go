package vectors

import (
	"fmt"

	"github.com/citizencode/citizencode/citycode"
)

func tokenVerify() *envelope {
	e := newEnvelope("token_verify", "tv")
	e.everyday()
	e.profiles()
	e.terminals()
	e.rights()
	e.issuerSignatures()
	e.holderSignatures()
	e.keyWindows()
	e.validity()
	e.status()
	e.age()
	e.audience()
	e.challenges()
	e.replays()
	e.online()
	e.orders()
	e.endOfTime()
	e.implicits()
	e.fusions()
	e.carriers()
	e.foreigners()
	return e
}

func (e *envelope) everyday() {
	b := e.tokenGroup(1, "Everyday codes at an offline bus gate", newCity(), gate(), ride)
	defer b.end()
	online := func(c *tokenCase, scenes citycode.Scenes) {
		c.terminal.Audience, c.terminal.Online = ptr(uint16(scenes)), ptr(true)
	}

	b.valid("Normal", "the ride code of SPEC §0", nil)
	b.valid("Normal", "a medical code at a hospital desk that is online", func(c *tokenCase) {
		c.draft = medical()
		online(c, citycode.Medical)
	})
	b.valid("Normal", "a universal code shown for transit, offline", func(c *tokenCase) {
		c.draft = universal()
		c.audience = uint16(citycode.Transit)
	})
	b.valid("Normal AnyAudience", "a universal code shown for no scene in particular at a car park, offline: it holds for parking", func(c *tokenCase) {
		c.draft = universal()
		c.terminal.Audience = ptr(uint16(citycode.Parking | citycode.Tourism))
	})
	b.valid("Normal AnyAudience Online", "a universal code shown for no scene in particular at a hospital desk that is online", func(c *tokenCase) {
		c.draft = universal()
		online(c, citycode.Medical)
	})
	b.valid("Normal Static", "the printed code of a place", func(c *tokenCase) { c.draft = place() })
	b.valid("Normal Static", "the printed code of a thing", func(c *tokenCase) {
		c.draft = place()
		c.profile, c.index, c.subject = byte(citycode.ProfileThing), 101, filler("thing subject", 8)
	})
	b.valid("Static", "a static code with a scene mask at a terminal that serves none of it: it has no audience", func(c *tokenCase) {
		c.draft = place()
		c.scenes = uint16(citycode.Parking)
	})
	b.valid("Boundary FieldValue", "benefit class 0: a deployed terminal refuses account type 0 although a wallet issues it", func(c *tokenCase) { c.benefit = 0 })
	b.valid("Boundary FieldValue", "benefit class 255", func(c *tokenCase) { c.benefit = 255 })
	b.valid("Boundary FieldValue", "a subject of zeros", func(c *tokenCase) { c.subject = make([]byte, 8) })
	b.valid("Boundary FieldValue", "the highest counter", func(c *tokenCase) { c.counter = 0xffffffff })
	b.valid("Normal", "a gate that serves several scene groups", func(c *tokenCase) { c.terminal.Audience = ptr(uint16(0xffff)) })
	b.valid("LeadingZero", "the issuer's r begins with a zero byte", func(c *tokenCase) {
		c.search(&c.index, func() byte { return c.issuerSign.sign(c.head()).signature[0] })
	})
	b.valid("LeadingZero", "the issuer's s begins with a zero byte", func(c *tokenCase) {
		c.search(&c.index, func() byte { return c.issuerSign.sign(c.head()).signature[32] })
	})
	b.valid("LeadingZero", "the holder's r begins with a zero byte", func(c *tokenCase) { c.searchHolder(0) })
	b.valid("LeadingZero", "the holder's s begins with a zero byte", func(c *tokenCase) { c.searchHolder(32) })
	b.valid("LeadingZero", "the holder's key has an x that begins with a zero byte", func(c *tokenCase) { c.shownBy(zeroKey(0)) })
	b.valid("LeadingZero", "the holder's key has a y that begins with a zero byte: it enters ZA in 32 bytes", func(c *tokenCase) { c.shownBy(zeroKey(1)) })
	b.valid("Normal", "a holder's key with an even y (prefix 02)", func(c *tokenCase) {
		for i := 0; c.holderKey[0] != 2; i++ {
			c.shownBy(fmt.Sprintf("210100 citizen even %d", i))
		}
	})
}

// search counts a number up until a byte is zero.
func (c *tokenCase) search(number *uint32, b func() byte) {
	for *number = 5000; b() != 0; *number++ {
	}
}

func (c *tokenCase) searchHolder(offset int) {
	credential := c.credential()
	c.search(&c.counter, func() byte {
		return c.holderSign.sign(append(credential[:len(credential):len(credential)], c.dynamic()...)).signature[offset]
	})
}

// zeroKey names a TEST key whose coordinate, 0 for x and 1 for y, begins with a zero byte.
func zeroKey(coordinate int) string {
	for i := 0; ; i++ {
		name := fmt.Sprintf("210100 citizen zero %d", i)
		seen := keysUsed[name]
		k := key(name)
		if []byte{be32(k.x)[0], be32(k.y)[0]}[coordinate] == 0 {
			return name
		}
		if !seen {
			delete(keysUsed, name)
		}
	}
}

// Private profiles of the vectors.
func cardProfile() citycode.Profile {
	p := citycode.TransitProfile()
	p.ID, p.Name, p.City, p.Challenge, p.Assurance = 0xf0, "city card", shenyang, citycode.ChallengeRequired, citycode.AssuranceCard
	return p
}

// privateProfile is an explicit profile of Shenyang that differs in its sizes.
func privateProfile(id byte, subject, seal, source int) citycode.Profile {
	p := citycode.TransitProfile()
	p.ID, p.Name, p.City = citycode.ProfileID(id), fmt.Sprintf("private %02x", id), shenyang
	p.SubjectSize, p.SealSize, p.SourceSize = subject, seal, source
	return p
}

func organisationProfile() citycode.Profile {
	p := citycode.PlaceProfile()
	p.ID, p.Name, p.City, p.Kind, p.SubjectSize, p.StatusUnknownPasses = 0xf8, "organisation", shenyang, citycode.Organisation, 32, false
	return p
}

// hangzhouProfile is one that only another city has, under an id of its own and under one that Shenyang uses too.
func hangzhouProfile(id byte) citycode.Profile {
	p := citycode.TransitProfile()
	p.ID, p.Name, p.City, p.Kind = citycode.ProfileID(id), "of another city", hangzhou, citycode.Person
	p.StatusAge /= 3
	return p
}

// privateCity is the everyday with the private profiles.
func privateCity() *cityDraft {
	c := newCity()
	c.learn(0, cardProfile(), privateProfile(0xf1, 16, 0, 0), privateProfile(0xf2, 32, 16, 8), privateProfile(0xf3, 64, 0, 0))
	c.learn(1, organisationProfile())
	c.profiles = append(c.profiles, hangzhouProfile(0xf0), hangzhouProfile(0xf5))
	return c
}

// card is the code of a city card, which answers a challenge.
func card() draft {
	d := ride()
	d.profile, d.index, d.subject = 0xf0, cardIndex, filler("card subject", 8)
	d.shownBy("210100 card of Test Person A")
	return d
}

// private is a ride code under another profile.
func private(id byte, subject int) draft {
	d := ride()
	d.profile, d.subject = id, filler(fmt.Sprintf("subject %02x", id), subject)
	return d
}

// sealed is the code of profile F2, with a seal and a source segment.
func sealed() draft {
	d := private(0xf2, 32)
	d.mode, d.seal, d.source = 0x1d, sealOf(16), filler("source", 8)
	return d
}

func (e *envelope) profiles() {
	b := e.tokenGroup(101, "Profiles: what the sender may not choose (SPEC §3, §5.1, §5.2)", privateCity(), gate(), ride)
	defer b.end()

	b.valid("PrivateProfile Length", "a private profile with a subject of 16 bytes: a deployed parser read the hexadecimal length 0x10 as decimal", func(c *tokenCase) {
		c.draft = private(0xf1, 16)
	})
	b.valid("PrivateProfile Segment", "a private profile with a seal and a source segment: nobody at a gate opens them", func(c *tokenCase) { c.draft = sealed() })
	b.valid("PrivateProfile Length", "a private profile with a subject of 64 bytes", func(c *tokenCase) { c.draft = private(0xf3, 64) })
	b.valid("PrivateProfile Static", "a private static profile of an organisation, subject of 32 bytes", func(c *tokenCase) {
		c.draft = place()
		c.profile, c.subject = 0xf8, filler("organisation", 32)
	})

	unknown := func(fault, flags, comment string, change func(*tokenCase)) {
		b.invalid(citycode.UnsupportedProfile, "profile/"+fault, flags, comment, change)
	}
	unknown("zero", "UnknownProfile", "profile 0, which is reserved", func(c *tokenCase) { c.profile = 0 })
	unknown("unassigned-8", "UnknownProfile", "profile 0x08, which nobody has defined", func(c *tokenCase) { c.profile = 8 })
	unknown("unassigned-18", "UnknownProfile", "profile 0x12, which nobody has defined", func(c *tokenCase) { c.profile = 0x12 })
	unknown("unassigned", "UnknownProfile", "profile 0x7f, which nobody has defined", func(c *tokenCase) { c.profile = 0x7f })
	unknown("unassigned-static", "UnknownProfile Static", "a static code of profile 0x85, which nobody has defined", func(c *tokenCase) {
		c.draft = place()
		c.profile = 0x85
	})
	unknown("private-unknown", "UnknownProfile PrivateProfile", "a private profile that the terminal does not know", func(c *tokenCase) { c.profile = 0xf4 })
	unknown("private-of-another-city", "UnknownProfile PrivateProfile", "profile 0xf5 is known for city 330100 only, the issuer is of 210100", func(c *tokenCase) { c.profile = 0xf5 })
	unknown("unknown-implicit", "UnknownProfile KeyMode", "an implicit token of a profile that nobody has defined: it can be cut, and is not known", func(c *tokenCase) {
		c.mode, c.profile = 0x12, 0x14
	})

	malformed := func(fault, flags, comment string, change func(*tokenCase)) {
		b.invalid(citycode.Malformed, fault, flags, comment, change)
	}
	malformed("mode/implicit-in-explicit-profile", "KeyMode", "profile transit is explicit, the mode byte says implicit and the token is laid out so", func(c *tokenCase) { c.mode = 0x12 })
	malformed("mode/multiple-in-explicit-profile", "KeyMode", "profile transit with the reserved certified multiple", func(c *tokenCase) {
		c.mode, c.multiple = 0x13, key(personB).public()
	})
	malformed("mode/static-profile-explicit", "KeyMode Static", "profile thing is static, the token is explicit", func(c *tokenCase) { c.profile = byte(citycode.ProfileThing) })
	malformed("mode/seal-not-of-profile", "Segment", "profile transit has no seal, the token brings one", func(c *tokenCase) { c.mode, c.seal = 0x15, sealOf(16) })
	malformed("mode/source-not-of-profile", "Segment", "profile transit has no source segment, the token brings one", func(c *tokenCase) {
		c.mode, c.source = 0x19, filler("source", 8)
	})
	malformed("mode/source-in-static-profile", "Segment Static", "profile place has no source segment, the token brings one", func(c *tokenCase) {
		c.draft = place()
		c.mode, c.source = 0x18, filler("source", 8)
	})
	malformed("mode/seal-left-out", "Segment", "profile 0xf2 has a seal, the token leaves it out", func(c *tokenCase) {
		c.draft = sealed()
		c.mode, c.seal = 0x19, nil
	})
	malformed("mode/source-left-out", "Segment", "profile 0xf2 has a source segment, the token leaves it out", func(c *tokenCase) {
		c.draft = sealed()
		c.mode, c.source = 0x15, nil
	})
	malformed("subject/longer-than-profile", "Length", "a subject of 16 bytes, profile transit has 8", func(c *tokenCase) { c.subject = filler("long", 16) })
	malformed("subject/shorter-than-profile", "Length PrivateProfile", "a subject of 8 bytes, profile 0xf1 has 16", func(c *tokenCase) { c.profile = 0xf1 })
	malformed("subject/longer-than-static-profile", "Length Static", "a subject of 16 bytes, profile place has 8", func(c *tokenCase) {
		c.draft = place()
		c.subject = filler("long", 16)
	})
	malformed("seal/longer-than-profile", "Segment", "a seal of one byte more than profile 0xf2 has", func(c *tokenCase) {
		c.draft = sealed()
		c.seal = sealOf(17)
	})
	malformed("seal/shorter-than-profile", "Segment", "a seal of one byte less than profile 0xf2 has", func(c *tokenCase) {
		c.draft = sealed()
		c.seal = sealOf(15)
	})
	malformed("source/longer-than-profile", "Segment", "a source segment of one byte more than profile 0xf2 has", func(c *tokenCase) {
		c.draft = sealed()
		c.source = filler("source", 9)
	})
	malformed("audience/zero-in-one-scene-profile", "Audience", "audience 0, profile transit must name the scene group", func(c *tokenCase) { c.audience = 0 })
}
