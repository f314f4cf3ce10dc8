package vectors

import (
	"fmt"
	"slices"

	"github.com/citizencode/citizencode/citycode"
)

// epoch2000 is 2000-01-01T00:00:00 in China, from which a deployment counted its seconds.
const epoch2000 = 946656000

func (e *envelope) terminals() {
	b := e.tokenGroup(201, "The terminal's clock, its lists, and who issues (SPEC §5.3)", newCity(), gate(), ride)
	defer b.end()
	trustOf := func(change func(*trustDraft)) *world {
		city := newCity()
		change(&city.trust)
		return &world{TrustList: city.trust.message()}
	}
	statusIssuedAt := func(t uint32) *world {
		city := newCity()
		city.status[0].issuedAt, city.status[0].expires = t, t+7*day
		return &world{StatusLists: city.statusMessages()}
	}

	b.valid("Boundary TimeFloor", "the clock is behind the time floor by exactly the terminal skew", func(c *tokenCase) { c.terminal.TimeFloor = at(now + 30) })
	b.valid("Boundary TimeFloor", "the clock is behind the time floor by exactly the largest terminal skew", func(c *tokenCase) {
		c.terminal.TimeFloor, c.terminal.TerminalSkew = at(now+120), ptr(120)
	})
	b.valid("Boundary TrustStale", "the last second of the trust list", func(c *tokenCase) { c.world = trustOf(func(t *trustDraft) { t.expires = now }) })

	wrong := func(fault, flags, comment string, change func(*tokenCase)) {
		b.invalid(citycode.TerminalClockWrong, fault, flags, comment, change)
	}
	wrong("timeFloor/above-clock", "TimeFloor", "the clock is one second more than the terminal skew behind the time floor", func(c *tokenCase) { c.terminal.TimeFloor = at(now + 31) })
	wrong("timeFloor/above-clock-largest-skew", "TimeFloor", "the same with the largest terminal skew", func(c *tokenCase) {
		c.terminal.TimeFloor, c.terminal.TerminalSkew = at(now+121), ptr(120)
	})
	wrong("clock/epoch-2000", "TimeFloor Epoch2000", "the terminal begins at 2000-01-01 after a power cut, and the code was made to fit", func(c *tokenCase) {
		c.terminal.Clock = at(epoch2000)
		c.issuedAt, c.notAfter, c.time = epoch2000, epoch2000+day, epoch2000
		c.world = trustOf(func(t *trustDraft) { t.entries[0].from = epoch2000 })
	})
	wrong("clock/eight-hours-behind", "TimeFloor ClockZone", "the terminal shows UTC as if it were local time: eight hours behind a time that it has stored", func(c *tokenCase) {
		c.terminal.Clock, c.terminal.TimeFloor = at(now-8*hour), at(now)
		c.time = now - 8*hour
	})
	wrong("statusList/issued-after-clock", "TimeFloor", "a status list in use was signed one second more than the terminal skew after the clock", func(c *tokenCase) {
		c.world = statusIssuedAt(now + 31)
	})
	wrong("trustList/issued-after-clock", "TimeFloor", "the trust list was signed one second more than the terminal skew after the clock", func(c *tokenCase) {
		c.world = trustOf(func(t *trustDraft) { t.issuedAt = now + 31 })
	})

	b.invalid(citycode.TrustStale, "trustList/expired", "TrustStale", "one second after the last of the trust list", func(c *tokenCase) {
		c.world = trustOf(func(t *trustDraft) { t.expires = now - 1 })
	})
	b.invalid(citycode.TrustStale, "clock/month-offline", "TrustStale", "a terminal that was offline for longer than the trust list lives", func(c *tokenCase) {
		c.terminal.Clock = at(start + 31*day)
		c.issuedAt, c.notAfter, c.time = start+31*day, start+32*day, start+31*day
		c.world = statusIssuedAt(start + 30*day)
	})

	unknown := func(fault, flags, comment string, change func(*tokenCase)) {
		b.invalid(citycode.UnknownIssuer, "issuer/"+fault, flags, comment, change)
	}
	unknown("index-not-listed", "UnknownIssuer", "a key index of the city that is not listed", func(c *tokenCase) {
		c.issuer, c.issuerSign.key = id(shenyang, 9), "210100 issuer 9"
	})
	unknown("another-city", "UnknownIssuer", "the genuine issuer 1 of another city", func(c *tokenCase) { c.issuer, c.issuerSign.key = id(hangzhou, 1), foreignKey })
	unknown("neighbouring-city-code", "UnknownIssuer", "the index is listed, for another city code", func(c *tokenCase) { c.issuer = id(shenyang+1, 1) })
	unknown("status-key", "UnknownIssuer KeyUse", "the key for status lists issues a code", func(c *tokenCase) { c.issuer, c.issuerSign.key = id(shenyang, 3), statusKey })
	unknown("root-key", "UnknownIssuer KeyUse", "a root key issues a code under index 0", func(c *tokenCase) { c.issuer, c.issuerSign.key = id(shenyang, 0), root0 })
	unknown("static-status-key", "UnknownIssuer KeyUse Static", "the key for status lists prints a code", func(c *tokenCase) {
		c.draft = place()
		c.issuer, c.issuerSign.key = id(shenyang, 3), statusKey
	})
}

const newIssuerKey = "210100 issuer, exchanged"

// rightsCity lists keys that may each do something else. Two of them share the id 210100/1.
func rightsCity() *cityDraft {
	c := newCity()
	other := citycode.TransitProfile()
	other.MaxAge /= 2
	c.trust.entries = nil
	for _, e := range []listEntry{
		c.issuer(1, issuerKey, useExplicit, uint16(citycode.Transit), issuerLifetime, citycode.TransitProfile(), citycode.UniversalProfile()),
		c.issuer(1, newIssuerKey, useExplicit, uint16(citycode.Medical), issuerLifetime, citycode.MedicalProfile(), citycode.UniversalProfile()),
		c.issuer(2, printerKey, useStatic, 0xffff, printerLifetime, citycode.PlaceProfile()),
		c.issuer(3, statusKey, useStatus, 0, 0),
		c.issuer(4, "210100 issuer 4", useExplicit, uint16(citycode.Transit|citycode.Parking), issuerLifetime, citycode.UniversalProfile()),
		c.issuer(5, "210100 issuer 5", useExplicit, 0xffff, issuerLifetime, other),
		c.issuer(6, "210100 issuer 6", useStatic, 0xffff, issuerLifetime, citycode.TransitProfile()),
		c.issuer(7, "210100 issuer 7", useExplicit, 0xffff, printerLifetime, citycode.PlaceProfile()),
		c.issuer(8, "210100 issuer 8", useImplicit, 0xffff, issuerLifetime, citycode.TransitProfile()),
	} {
		c.add(e)
	}
	return c
}

// by makes another listed key the issuer.
func (d *draft) by(index uint32, name string) { d.issuer, d.issuerSign.key = id(shenyang, index), name }

func (e *envelope) rights() {
	b := e.tokenGroup(301, "What a listed key may issue; two keys under one id while one replaces the other (SPEC §5.4)", rightsCity(), gate(), ride)
	defer b.end()

	b.valid("DuplicateId", "two keys have the id, the old one signed", nil)
	b.valid("DuplicateId", "two keys have the id, the new one signed", func(c *tokenCase) {
		c.draft = medical()
		c.issuerSign.key = newIssuerKey
		c.terminal.Audience, c.terminal.Online = ptr(uint16(citycode.Medical)), ptr(true)
	})

	notAllowed := func(fault, flags, comment string, change func(*tokenCase)) {
		b.invalid(citycode.IssuerNotAllowed, fault, flags, comment, change)
	}
	notAllowed("scenes/rights-added-up", "DuplicateId IssuerRights", "one key of the id speaks for transit, the other for medical: neither for both", func(c *tokenCase) {
		c.draft = universal()
		c.scenes = uint16(citycode.Transit | citycode.Medical)
	})
	notAllowed("scenes/not-listed", "IssuerRights", "a scene group that is not listed for the key", func(c *tokenCase) {
		c.draft = universal()
		c.by(4, "210100 issuer 4")
		c.scenes = uint16(citycode.Transit | citycode.Tourism)
	})
	notAllowed("profile/not-listed", "IssuerRights", "a profile that is not listed for the key", func(c *tokenCase) { c.by(4, "210100 issuer 4") })
	notAllowed("profile/static-not-listed", "IssuerRights Static", "a static profile that is not listed for the key", func(c *tokenCase) {
		c.draft = place()
		c.profile = byte(citycode.ProfileThing)
	})
	notAllowed("profile/listed-with-another-definition", "IssuerRights Definition", "the city lists another definition of the profile (maxAge 30 s) than the terminal has", func(c *tokenCase) {
		c.by(5, "210100 issuer 5")
	})
	notAllowed("profile/known-with-another-definition", "IssuerRights Definition", "the terminal has another definition of the profile (statusAge 30 d) than the city lists", func(c *tokenCase) {
		c.world = &world{}
		for _, p := range citycode.Profiles() {
			if p.ID == citycode.ProfileTransit {
				p.StatusAge *= 10
			}
			c.world.Profiles = append(c.world.Profiles, profileOf(p))
		}
	})
	notAllowed("issuer/static-key-signs-explicit", "KeyUse", "the key is listed for static codes, the code is explicit", func(c *tokenCase) { c.by(6, "210100 issuer 6") })
	notAllowed("issuer/explicit-key-signs-static", "KeyUse Static", "the key is listed for explicit codes, the code is static", func(c *tokenCase) {
		c.draft = place()
		c.by(7, "210100 issuer 7")
	})
	notAllowed("issuer/implicit-key-signs-explicit", "KeyUse KeyMode", "the key is listed for implicit codes, the code is explicit", func(c *tokenCase) { c.by(8, "210100 issuer 8") })

	b.invalid(citycode.BadIssuerSignature, "issuerSignature/key-of-the-id-lacks-the-scene", "DuplicateId IssuerRights",
		"two keys have the id; the one that signed lacks the scene, the other has it: their rights never add up", func(c *tokenCase) {
			c.draft = universal()
			c.scenes, c.audience = uint16(citycode.Medical), uint16(citycode.Medical)
			c.terminal.Audience, c.terminal.Online = ptr(uint16(citycode.Medical)), ptr(true)
		})
	for _, order := range []struct{ comment, issuer, status string }{
		{"a status key shares the id and stands before the key that signed", higherKey(9), lowerKey(9)},
		{"a status key shares the id and stands behind the key that signed", lowerKey(9), higherKey(9)},
	} {
		b.valid("DuplicateId KeyUse", order.comment, func(c *tokenCase) {
			city := rightsCity()
			city.add(city.issuer(9, order.issuer, useExplicit, uint16(citycode.Transit), issuerLifetime, citycode.TransitProfile()))
			city.add(city.issuer(9, order.status, useStatus, 0, 0))
			city.status = append(city.status, newStatus(9, statusEntries, nil, nil))
			c.world = &world{TrustList: city.trust.message(), StatusLists: city.statusMessages()}
			c.by(9, order.issuer)
		})
	}
	e.exchangedDates(b)
}

// exchangedDates has two keys of one id that may both issue the code, of which the first in the list is retired.
func (e *envelope) exchangedDates(b *tokenBuilder) {
	by := func(name string) func(c *tokenCase) {
		return func(c *tokenCase) {
			city := rightsCity()
			retired := city.issuer(9, lowerKey(9), useExplicit, uint16(citycode.Transit), issuerLifetime, citycode.TransitProfile())
			retired.until = start - 1
			city.add(retired)
			city.add(city.issuer(9, higherKey(9), useExplicit, uint16(citycode.Transit), issuerLifetime, citycode.TransitProfile()))
			city.status = append(city.status, newStatus(9, statusEntries, nil, nil))
			c.world = &world{TrustList: city.trust.message(), StatusLists: city.statusMessages()}
			c.by(9, name)
		}
	}
	b.valid("DuplicateId KeyWindow", "two keys of the id may issue it, the first was retired yesterday and the second signed", by(higherKey(9)))
	b.invalid(citycode.IssuerKeyNotValid, "issuer/retired-key-of-the-id", "DuplicateId KeyWindow",
		"two keys of the id may issue it, and the one that was retired yesterday signed: the dates are those of the key that signed", by(lowerKey(9)))
}

// lowerKey and higherKey name two TEST keys for one key index, of which the first stands first in a list.
func lowerKey(index int) string  { return pairOf(index)[0] }
func higherKey(index int) string { return pairOf(index)[1] }

func pairOf(index int) []string {
	pair := []string{fmt.Sprintf("210100 key %d a", index), fmt.Sprintf("210100 key %d b", index)}
	slices.SortFunc(pair, func(a, b string) int { return slices.Compare(key(a).public(), key(b).public()) })
	return pair
}
