package vectors

import "github.com/citizencode/citizencode/citycode"

// windowCity lists issuers whose own limits are narrow.
func windowCity() *cityDraft {
	c := newCity()
	e := &c.trust.entries[0]
	e.from, e.until, e.verify, e.lifetime = start, start+6*hour, start+10*hour, 3*day
	c.trust.entries[1].lifetime = 10 * day
	return c
}

func (e *envelope) keyWindows() {
	b := e.tokenGroup(601, "Limits of the issuer's key: it signs from 00:00 to 06:00, counts until 10:00, credentials of at most 3 days (SPEC §5.6)",
		windowCity(), gate(), func() draft {
			d := ride()
			d.notAfter = start + 3*day
			return d
		})
	defer b.end()
	shownAt := func(c *tokenCase, t uint32) { c.terminal.Clock, c.time = at(int64(t)), t }

	b.valid("Boundary KeyWindow", "issuedAt is the first second of the key, the lifetime is the longest", nil)
	b.valid("Boundary KeyWindow", "issuedAt is the last second of the key", func(c *tokenCase) { c.issuedAt = start + 6*hour })
	b.valid("Boundary KeyWindow", "the last second in which the key counts", func(c *tokenCase) { shownAt(c, start+10*hour) })
	b.valid("Boundary Lifetime", "a universal credential of exactly one day", func(c *tokenCase) {
		c.draft = universal()
		c.audience = uint16(citycode.Transit)
	})
	b.valid("Boundary Lifetime Static", "a static credential of exactly the lifetime that the key may give", func(c *tokenCase) {
		c.draft = place()
		c.notAfter = start + 10*day
	})

	window := func(fault, flags, comment string, change func(*tokenCase)) {
		b.invalid(citycode.IssuerKeyNotValid, fault, flags, comment, change)
	}
	window("issuedAt/before-key", "KeyWindow", "issued one second before the key begins", func(c *tokenCase) { c.issuedAt, c.notAfter = start-1, start+2*day })
	window("issuedAt/after-key", "KeyWindow", "issued one second after the key ends", func(c *tokenCase) { c.issuedAt = start + 6*hour + 1 })
	window("issuedAt/epoch-2000", "KeyWindow Epoch2000", "issuedAt counted from 2000-01-01 in China", func(c *tokenCase) {
		c.issuedAt -= epoch2000
		c.notAfter = c.issuedAt + day
	})
	window("issuedAt/zero", "KeyWindow U32", "issuedAt 0", func(c *tokenCase) { c.issuedAt, c.notAfter = 0, day })
	window("clock/after-verify-until", "KeyWindow", "one second after the key counts", func(c *tokenCase) { shownAt(c, start+10*hour+1) })

	life := func(fault, flags, comment string, change func(*tokenCase)) {
		b.invalid(citycode.LifetimeExceeded, "notAfter/"+fault, flags, comment, change)
	}
	life("beyond-lifetime-of-key", "Lifetime", "one second more than the key may give, within the profile's lifetime", func(c *tokenCase) { c.notAfter++ })
	life("beyond-lifetime-of-profile", "Lifetime", "a universal credential of a day and a second, within the key's lifetime", func(c *tokenCase) {
		c.draft = universal()
		c.audience = uint16(citycode.Transit)
		c.notAfter++
	})
	life("beyond-lifetime-of-static-key", "Lifetime Static", "a static credential of one second more than the key may give", func(c *tokenCase) {
		c.draft = place()
		c.notAfter = start + 10*day + 1
	})
	life("highest", "Lifetime U32", "notAfter 0xffffffff: notAfter - issuedAt in 32 signed bits is negative", func(c *tokenCase) { c.notAfter = 0xffffffff })
}

func (e *envelope) validity() {
	b := e.tokenGroup(701, "The time of the credential (SPEC §5.7)", newCity(), gate(), ride)
	defer b.end()

	b.valid("Boundary NotYetValid", "the credential begins in exactly the terminal skew", func(c *tokenCase) { c.issuedAt, c.notAfter = now+30, now+day })
	b.valid("Boundary NotYetValid", "the code was made exactly the phone skew before its credential begins", func(c *tokenCase) {
		c.issuedAt, c.notAfter, c.time = now, now+day, now-30
	})
	b.valid("Boundary Expired", "the last second of the credential", func(c *tokenCase) { c.notAfter = now })
	b.valid("Boundary Expired", "a code made in the last second of its credential by a phone that is ahead", func(c *tokenCase) { c.notAfter, c.time = now+5, now+5 })
	b.valid("Boundary Static", "a static credential in its last second", func(c *tokenCase) {
		c.draft = place()
		c.notAfter = now
	})

	early := func(fault, flags, comment string, change func(*tokenCase)) {
		b.invalid(citycode.NotYetValid, fault, flags, comment, change)
	}
	early("issuedAt/after-clock", "NotYetValid", "the credential begins one second later than the terminal skew allows", func(c *tokenCase) {
		c.issuedAt, c.notAfter, c.time = now+31, now+day, now+10
	})
	early("issuedAt/tomorrow", "NotYetValid", "a credential of tomorrow, shown today", func(c *tokenCase) { c.issuedAt = start + day })
	early("issuedAt/after-time", "NotYetValid", "the code was made one second earlier than the phone skew allows before its credential begins", func(c *tokenCase) {
		c.issuedAt, c.notAfter, c.time = now, now+day, now-31
	})
	early("issuedAt/static-after-clock", "NotYetValid Static", "a static credential that begins one second later than the terminal skew allows", func(c *tokenCase) {
		c.draft = place()
		c.issuedAt, c.notAfter = now+31, now+day
	})
	early("time/epoch-2000", "Epoch2000", "the phone counts its seconds from 2000-01-01 in China", func(c *tokenCase) { c.time -= epoch2000 })
	early("time/zero", "U32", "time 0", func(c *tokenCase) { c.time = 0 })
	early("time/byte-order", "FieldOrder", "the time with its lowest byte first", func(c *tokenCase) { c.time = 0x00a1026b })

	late := func(fault, flags, comment string, change func(*tokenCase)) {
		b.invalid(citycode.Expired, fault, flags, comment, change)
	}
	late("notAfter/before-clock", "Expired", "one second after the last of the credential", func(c *tokenCase) { c.notAfter, c.time = now-1, now-1 })
	late("notAfter/before-time", "Expired", "the code was made one second after the last of its credential, by a phone that is ahead", func(c *tokenCase) { c.notAfter, c.time = now+5, now+6 })
	late("notAfter/before-issued-at", "Expired", "notAfter is before issuedAt", func(c *tokenCase) { c.notAfter = start - 1 })
	late("notAfter/epoch-2000", "Expired Epoch2000", "notAfter counted from 2000-01-01 in China", func(c *tokenCase) { c.notAfter -= epoch2000 })
	late("notAfter/zero", "Expired U32", "notAfter 0 does not mean for ever", func(c *tokenCase) { c.notAfter = 0 })
	late("notAfter/static-before-clock", "Expired Static", "a static credential one second after its last", func(c *tokenCase) {
		c.draft = place()
		c.notAfter = now - 1
	})
	late("time/highest", "Expired U32", "time 0xffffffff: time + maxAge wraps in 32 bits", func(c *tokenCase) { c.time = 0xffffffff })
}

func (e *envelope) status() {
	b := e.tokenGroup(801, "Status lists (SPEC §5.8). Of 80000 entries 4800 and 70247 are revoked, 4801 is suspended; of the places 200 and 201", newCity(), gate(), ride)
	defer b.end()
	lists := func(change func(*cityDraft)) *world {
		city := newCity()
		change(city)
		return &world{StatusLists: city.statusMessages()}
	}
	at3days := func(c *tokenCase, t uint32) {
		c.terminal.Clock, c.time = at(int64(t)), t
	}

	b.valid("Boundary Status", "the index before a revoked one", func(c *tokenCase) { c.index = revokedIndex - 1 })
	b.valid("Boundary Status", "the index after a suspended one", func(c *tokenCase) { c.index = suspendedIndex + 1 })
	b.valid("Boundary Status", "the first index", func(c *tokenCase) { c.index = 0 })
	b.valid("Boundary Status", "the last index of the list", func(c *tokenCase) { c.index = statusEntries - 1 })
	b.valid("Status FieldWidth", "index 70336, whose low 16 bits are those of the revoked 4800", func(c *tokenCase) { c.index = validHigh })
	b.valid("Boundary Status", "the list is exactly as old as the profile allows", func(c *tokenCase) { at3days(c, start+3*day) })
	b.valid("Boundary Status", "the last second of the list", func(c *tokenCase) {
		c.world = lists(func(city *cityDraft) { city.status[0].expires = now })
	})
	b.valid("Status", "a list signed a moment ahead of the terminal's clock", func(c *tokenCase) {
		c.world = lists(func(city *cityDraft) { city.status[0].issuedAt = now + 30 })
	})
	static := func(comment string, change func(*tokenCase)) {
		b.valid("Status Static", comment, func(c *tokenCase) {
			c.draft = place()
			c.statusUnknown = true
			change(c)
		})
	}
	static("a static code whose list is missing passes, marked", func(c *tokenCase) {
		c.world = lists(func(city *cityDraft) { city.status = city.status[:1] })
	})
	static("a static code beyond the end of its list passes, marked", func(c *tokenCase) { c.index = placeEntries })
	static("a static code whose list is too old passes, marked", func(c *tokenCase) {
		c.world = lists(func(city *cityDraft) { city.status[1].issuedAt, city.status[1].expires = start-31*day, start+90*day })
	})

	unknown := func(fault, comment string, change func(*tokenCase)) {
		b.invalid(citycode.StatusUnknown, fault, "Status", comment, change)
	}
	unknown("statusList/missing", "the terminal has no list of this issuer: it could not be fetched, which is neither valid nor revoked", func(c *tokenCase) {
		c.world = lists(func(city *cityDraft) { city.status = city.status[1:] })
	})
	unknown("statusList/another-list", "the terminal has list 0, the code is of list 1", func(c *tokenCase) { c.list = 1 })
	unknown("statusIndex/beyond-end", "the first index that the list does not cover", func(c *tokenCase) { c.index = statusEntries })
	unknown("statusIndex/highest", "index 0xffffff", func(c *tokenCase) { c.index = 0xffffff })
	unknown("statusList/too-old-for-profile", "one second older than the profile allows", func(c *tokenCase) { at3days(c, start+3*day+1) })
	unknown("statusList/expired", "one second after the last of the list, which is young enough for the profile", func(c *tokenCase) {
		c.world = lists(func(city *cityDraft) { city.status[0].expires = now - 1 })
	})
	unknown("statusList/too-old-for-universal", "a day and a second old: young enough for transit, too old for universal", func(c *tokenCase) {
		c.draft = universal()
		c.audience, c.issuedAt, c.notAfter = uint16(citycode.Transit), start+day, start+2*day
		at3days(c, start+day+1)
	})

	says := func(r citycode.Reason, fault, flags, comment string, change func(*tokenCase)) {
		b.invalid(r, "statusIndex/"+fault, "Status "+flags, comment, change)
	}
	says(citycode.Suspended, "suspended", "", "the list says suspended", func(c *tokenCase) { c.index = suspendedIndex })
	says(citycode.Suspended, "static-suspended", "Static", "the list says that the code of a place is suspended", func(c *tokenCase) {
		c.draft = place()
		c.index = suspendedPlace
	})
	says(citycode.Revoked, "revoked", "", "the list says revoked", func(c *tokenCase) { c.index = revokedIndex })
	says(citycode.Revoked, "revoked-above-16-bits", "FieldWidth", "revoked index 70247, whose low 16 bits are those of the valid 4711", func(c *tokenCase) { c.index = revokedHigh })
	says(citycode.Revoked, "static-revoked", "Static", "the list says that the code of a place is revoked", func(c *tokenCase) {
		c.draft = place()
		c.index = revokedPlace
	})
	says(citycode.Revoked, "static-revoked-in-old-list", "Static", "an old list says revoked: an unknown status passes for places, this one does not", func(c *tokenCase) {
		c.draft = place()
		c.index = revokedPlace
		c.world = lists(func(city *cityDraft) { city.status[1].issuedAt, city.status[1].expires = start-31*day, start+90*day })
	})
	says(citycode.Suspended, "static-suspended-in-expired-list", "Static", "an expired list says suspended", func(c *tokenCase) {
		c.draft = place()
		c.index = suspendedPlace
		c.world = lists(func(city *cityDraft) { city.status[1].issuedAt, city.status[1].expires = start-31*day, start-day })
	})

	// The key for status lists counts until then.
	signerUntil := func(t uint32) *world {
		city := newCity()
		city.trust.entries[2].verify = t
		return &world{TrustList: city.trust.message()}
	}
	b.valid("Boundary Status KeyWindow", "the last second at which the key that signed the status list counts", func(c *tokenCase) { c.world = signerUntil(now) })
	unknown("verifyUntil/of-the-list-s-signer", "the key that signed the status list no longer counts: whoever found it could date a list back", func(c *tokenCase) { c.world = signerUntil(now - 1) })
	static("a static code whose list was signed by a key that no longer counts passes, marked", func(c *tokenCase) { c.world = signerUntil(now - 1) })
}
