package vectors

import "github.com/citizencode/citizencode/citycode"

func (e *envelope) age() {
	b := e.tokenGroup(901, "The age of the code: between time and the terminal's clock (SPEC §5.9)", newCity(), gate(), ride)
	defer b.end()
	made := func(offset int64) func(*tokenCase) {
		return func(c *tokenCase) { c.time = uint32(now + offset) }
	}
	with := func(skew int, phone bool, change func(*tokenCase)) func(*tokenCase) {
		return func(c *tokenCase) {
			change(c)
			if phone {
				c.terminal.PhoneSkew = &skew
			} else {
				c.terminal.TerminalSkew = &skew
			}
		}
	}

	b.valid("Boundary ClockAhead", "a phone exactly the phone skew ahead: terminals that allow nothing refuse phones that drift", made(30))
	b.valid("Boundary ClockAhead", "a phone 120 s ahead of a terminal that allows so much", with(120, true, made(120)))
	b.valid("Boundary CodeTooOld", "a code of exactly maxAge and terminal skew", made(-90))
	b.valid("Boundary CodeTooOld", "a code of 180 s at a terminal whose clock may be 120 s off", with(120, false, made(-180)))

	ahead := func(fault, flags, comment string, change func(*tokenCase)) {
		b.invalid(citycode.ClockAhead, fault, flags, comment, change)
	}
	ahead("time/beyond-phone-skew", "ClockAhead", "one second further ahead than the phone skew", made(31))
	ahead("time/beyond-narrow-phone-skew", "ClockAhead", "11 s ahead of a terminal that allows 10 s", with(10, true, made(11)))
	ahead("time/beyond-wide-phone-skew", "ClockAhead", "121 s ahead of a terminal that allows 120 s", with(120, true, made(121)))
	ahead("time/beyond-phone-skew-within-terminal-skew", "ClockAhead", "the terminal skew of 120 s is no excuse for a phone", with(120, false, made(31)))
	ahead("time/eight-hours-ahead", "ClockAhead ClockZone", "the phone shows local time as if it were UTC", made(8*hour))
	ahead("clock/eight-hours-behind", "ClockAhead ClockZone", "the terminal is eight hours behind, and no signed time says so", func(c *tokenCase) { c.terminal.Clock = at(start) })

	old := func(fault, flags, comment string, change func(*tokenCase)) {
		b.invalid(citycode.CodeTooOld, fault, flags, comment, change)
	}
	old("time/older-than-max-age", "CodeTooOld", "one second older than maxAge and terminal skew", made(-91))
	old("time/older-within-phone-skew", "CodeTooOld", "the phone skew of 120 s does not make codes live longer", with(120, true, made(-91)))
	old("time/older-at-wide-terminal-skew", "CodeTooOld", "one second older than maxAge and a terminal skew of 120 s", with(120, false, made(-181)))
	old("time/picture-of-ten-minutes", "CodeTooOld", "a picture of ten minutes ago, which deployed systems accept", made(-600))
	old("time/eight-hours-behind", "CodeTooOld ClockZone", "a deployed verifier accepts now - 8 h to hide a mistake about time zones", made(-8*hour))
	old("clock/eight-hours-ahead", "CodeTooOld ClockZone", "the terminal shows local time as if it were UTC", func(c *tokenCase) { c.terminal.Clock = at(now + 8*hour) })
}

func (e *envelope) audience() {
	b := e.tokenGroup(1001, "Where the code is shown (SPEC §5.10): universal codes for transit, medical and parking", newCity(), gate(), func() draft {
		d := universal()
		d.audience = uint16(citycode.Transit)
		return d
	})
	defer b.end()
	serves := func(c *tokenCase, scenes citycode.Scenes) { c.terminal.Audience = ptr(uint16(scenes)) }

	b.valid("Audience", "shown for parking at a terminal for parking and tourism", func(c *tokenCase) {
		c.audience = uint16(citycode.Parking)
		serves(c, citycode.Parking|citycode.Tourism)
	})
	b.valid("Audience AnyAudience", "audience 0 at a terminal for transit and parking, offline: it holds for both", func(c *tokenCase) {
		c.audience = 0
		serves(c, citycode.Transit|citycode.Parking)
	})

	wrong := func(fault, flags, comment string, change func(*tokenCase)) {
		b.invalid(citycode.WrongAudience, "audience/"+fault, "Audience "+flags, comment, change)
	}
	wrong("not-served", "", "shown for transit at a car park", func(c *tokenCase) { serves(c, citycode.Parking) })
	wrong("served-but-outside-mask", "", "shown for tourism, which the terminal serves and the credential does not cover", func(c *tokenCase) {
		c.audience = uint16(citycode.Tourism)
		serves(c, citycode.Tourism)
	})
	wrong("outside-mask-at-another-gate", "", "shown for tourism, which the credential does not cover, at a terminal for all scenes", func(c *tokenCase) {
		c.audience = uint16(citycode.Tourism)
		serves(c, 0xffff)
	})
	wrong("terminal-serves-nothing", "", "a terminal without any scene group accepts nothing", func(c *tokenCase) { serves(c, 0) })
	wrong("any-audience-at-nothing", "AnyAudience", "audience 0 at a terminal without any scene group", func(c *tokenCase) {
		c.audience = 0
		serves(c, 0)
	})
	wrong("any-audience-shares-none", "AnyAudience", "audience 0 at a terminal whose groups the credential does not cover", func(c *tokenCase) {
		c.audience = 0
		serves(c, citycode.Tourism|citycode.Library)
	})
	wrong("any-audience-of-empty-mask", "AnyAudience", "audience 0 of a credential without any scene group", func(c *tokenCase) { c.audience, c.scenes = 0, 0 })
	wrong("one-scene-credential", "", "a ride code at a car park", func(c *tokenCase) {
		c.draft = ride()
		serves(c, citycode.Parking)
	})
	wrong("city-bit", "", "shown for a scene group of the city (bit 15) that the terminal does not serve", func(c *tokenCase) { c.audience = 0x8000 })
}

func (e *envelope) online() {
	atDesk := gate()
	atDesk.Audience = ptr(uint16(citycode.Medical))
	b := e.tokenGroup(1301, "Handles that only an online service can resolve (SPEC §5.14)", newCity(), atDesk, medical)
	defer b.end()
	needs := func(fault, flags, comment string, change func(*tokenCase)) {
		b.invalid(citycode.OnlineRequired, fault, "Online "+flags, comment, change)
	}

	b.valid("Online", "a medical code at a desk that is online", func(c *tokenCase) { c.terminal.Online = ptr(true) })
	b.valid("Online NoTrace", "a medical code that was refused a moment ago because the desk was offline: the refusal did not use it up", func(c *tokenCase) {
		c.terminal.Online = ptr(true)
		c.before = []scan{{&terminal{Online: ptr(false)}, "", c.token(), refused(citycode.OnlineRequired)}}
	})
	needs("online/medical-offline", "", "a medical code at a desk that is offline", nil)
	needs("online/universal-for-medical", "", "a universal code shown for medical at a desk that is offline", func(c *tokenCase) {
		c.draft = universal()
		c.audience = uint16(citycode.Medical)
	})
	needs("online/any-audience-includes-medical", "AnyAudience", "audience 0 at a terminal for transit and medical that is offline: the verdict would hold for medical too", func(c *tokenCase) {
		c.draft = universal()
		c.terminal.Audience = ptr(uint16(citycode.Transit | citycode.Medical))
	})
}

// endOfTime is the group in which times are as high as they go.
func (e *envelope) endOfTime() {
	const end = 0xffffffff
	city := newCity()
	city.trust.issuedAt, city.trust.expires = end-day, end
	for i := range city.trust.entries {
		entry := &city.trust.entries[i]
		entry.from, entry.until, entry.verify = end-30*day, end, end
	}
	for i := range city.status {
		city.status[i].issuedAt, city.status[i].expires = end-hour, end
	}
	last := gate()
	last.Clock = at(end)
	b := e.tokenGroup(1501, "The end of 32-bit time, 2106-02-07T06:28:15Z: sums of times wrap in 32 bits (SPEC §1.1)", city, last, func() draft {
		d := ride()
		d.issuedAt, d.notAfter, d.time = end-day, end, end
		return d
	})
	defer b.end()

	b.valid("U32 Boundary", "made and shown in the last second that there is", nil)
	b.valid("U32 Boundary", "made 15 s before the end: time + maxAge wraps", func(c *tokenCase) { c.time = end - 15 })
	b.valid("U32 Boundary", "shown 30 s before the end by a phone 30 s ahead: now + phone skew is the last second", func(c *tokenCase) { c.terminal.Clock = at(end - 30) })
	b.valid("U32 Boundary", "shown 10 s before the end: now + phone skew wraps", func(c *tokenCase) { c.terminal.Clock, c.time = at(end-10), end-10 })
	b.invalid(citycode.ClockAhead, "time/ahead-at-the-end", "U32 ClockAhead", "31 s ahead in the last second", func(c *tokenCase) { c.terminal.Clock = at(end - 31) })
	b.invalid(citycode.CodeTooOld, "time/old-at-the-end", "U32 CodeTooOld", "91 s old: time + maxAge + terminal skew is before the end, now is the end", func(c *tokenCase) { c.time = end - 91 })
	b.invalid(citycode.TrustStale, "clock/after-2106", "U32 TrustStale", "the terminal's clock is one second after the end: in 32 bits it shows 1970", func(c *tokenCase) { c.terminal.Clock = at(end + 1) })
}
