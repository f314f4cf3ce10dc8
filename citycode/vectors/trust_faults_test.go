package vectors

import (
	"slices"

	"github.com/citizencode/citizencode/citycode"
)

func (e *envelope) trustFormat() {
	b := e.trustGroup(101, "Messages that cannot be read (SPEC §6.3)")
	defer b.end()
	malformed := func(fault, flags, comment string, change func(*trustCase)) {
		b.invalid(citycode.ListMalformed, fault, flags, comment, change)
	}
	malformed("list/empty", "Truncated", "no bytes", func(c *trustCase) { c.edit = func([]byte) []byte { return nil } })
	malformed("version/first-byte-02", "FirstByte", "first byte 0x02", func(c *trustCase) { c.trust.version = 2 })
	malformed("kind/status", "FirstByte", "it says that it is a status list", func(c *trustCase) { c.trust.kind = 'S' })
	malformed("kind/snapshot", "FirstByte", "it says that it is a snapshot", func(c *trustCase) { c.trust.kind = 'N' })
	b.invalid(citycode.ListUnsupported, "version/version-2", "Version", "version 2", func(c *trustCase) { c.trust.version = 0x12 })
	b.invalid(citycode.ListUnsupported, "version/version-0", "Version", "version 0", func(c *trustCase) { c.trust.version = 0x10 })

	// The body of the everyday list: head 24 bytes, then entries of 57 + 33 for each profile.
	cut := func(fault, comment string, n int) {
		malformed(fault, "Truncated", comment, func(c *trustCase) { c.edit = func(m []byte) []byte { return m[:n] } })
	}
	cut("kind/truncated-before", "ends after the first byte", 1)
	cut("city/truncated-before", "ends before the city", 2)
	cut("version/truncated-inside", "ends inside the counter", 13)
	cut("expires/truncated-before", "ends before expires", 18)
	cut("entries/truncated-count", "ends inside the number of entries", 23)
	cut("entries/truncated-before", "ends before the first entry", 24)
	cut("key/truncated-inside", "ends inside a key", 24+30)
	cut("profiles/truncated-inside", "ends inside a profile", 24+57+40)
	cut("entries/truncated-between", "ends between two entries", 24+57+3*33)
	whole := newCity()
	body := len(whole.trust.body())
	cut("signatures/truncated-before", "the signatures are missing, and their number", body)
	cut("signatures/truncated-after-count", "the signatures are missing", body+1)
	cut("signatures/truncated-after-root-id", "ends between a root id and its signature", body+9)
	cut("signatures/second-missing", "the second signature is missing", body+1+72)
	cut("signatures/truncated-inside", "the last byte is missing", body+1+2*72-1)
	malformed("list/trailing-byte", "Extended", "a byte behind the end", func(c *trustCase) { c.edit = func(m []byte) []byte { return append(m, 0) } })
	malformed("signatures/count-too-low", "Extended", "the number of signatures says 1, there are 2", func(c *trustCase) {
		c.edit = func(m []byte) []byte { m[body] = 1; return m }
	})
	malformed("signatures/count-too-high", "Truncated", "the number of signatures says 3, there are 2", func(c *trustCase) {
		c.edit = func(m []byte) []byte { m[body] = 3; return m }
	})
	malformed("entries/count-too-high", "Truncated", "the number of entries says 65535, there are 3; signed so", func(c *trustCase) { c.trust.count = ptr(uint16(0xffff)) })
	malformed("signatures/one-root-twice", "OneKeyTwoNames Threshold", "two signatures, both of root 0: two of three must be two keys", func(c *trustCase) {
		c.trust.signers = []string{root0, root0}
	})
	malformed("signatures/descending", "Ascending", "the signatures do not ascend by root id", func(c *trustCase) {
		c.between = func(body []byte, sigs []rootSignature) []byte { slices.Reverse(sigs); return assemble(body, sigs) }
	})
	malformed("signatures/der", "DER", "a DER signature in place of r‖s", func(c *trustCase) {
		c.between = func(body []byte, sigs []rootSignature) []byte {
			sigs[1].signature = der(sigs[1].signature)
			return assemble(body, sigs)
		}
	})
}

func (e *envelope) trustEntries() {
	b := e.trustGroup(201, "What a list must not say (SPEC §6.3, §6.4). Every one of these is signed by two roots")
	defer b.end()
	malformed := func(fault, flags, comment string, change func(*trustCase)) {
		b.invalid(citycode.ListMalformed, fault, flags, comment, change)
	}
	foreign := func(fault, flags, comment string, change func(*trustCase)) {
		b.invalid(citycode.ListForeignCity, fault, "ForeignCity "+flags, comment, change)
	}
	transit := citycode.TransitProfile()

	for _, city := range []uint32{0, 99999, 1000000} {
		malformed("city/"+map[uint32]string{0: "zero", 99999: "five-digits", 1000000: "seven-digits"}[city], "City", "no GB/T 2260 code", func(c *trustCase) {
			c.trust.city, c.trust.entries = city, nil
		})
	}
	foreign("city/another-city", "", "the list of another city, signed by this city's roots", func(c *trustCase) { c.trust.city, c.trust.entries = hangzhou, nil })
	foreign("id/another-city", "", "city 210100 defines a key of city 330100: it could issue that city's codes", func(c *trustCase) {
		e := c.issuer(1, foreignKey, useExplicit, 1, day, transit)
		e.id = id(hangzhou, 1)
		c.add(e)
	})
	foreign("id/neighbouring-city", "", "a key of the city code before", func(c *trustCase) {
		e := c.issuer(1, foreignKey, useExplicit, 1, day, transit)
		e.id = id(shenyang-1, 4095)
		c.add(e)
	})
	foreign("id/city-1000000", "City", "a key of city 1000000", func(c *trustCase) {
		e := c.issuer(1, foreignKey, useExplicit, 1, day, transit)
		e.id = id(1000000, 1)
		c.add(e)
	})

	malformed("id/descending", "Ascending", "ids do not ascend", func(c *trustCase) { slices.Reverse(c.trust.entries) })
	malformed("id/same-entry-twice", "Ascending DuplicateId", "the same entry twice", func(c *trustCase) {
		c.trust.entries = slices.Insert(c.trust.entries, 0, c.trust.entries[0])
	})
	malformed("key/descending-in-one-id", "Ascending DuplicateId", "two keys of one id do not ascend", func(c *trustCase) {
		c.add(c.issuer(1, newIssuerKey, useExplicit, 1, day, transit))
		c.trust.entries[0], c.trust.entries[1] = c.trust.entries[1], c.trust.entries[0]
	})
	malformed("id/three-keys", "DuplicateId", "three keys of one id", func(c *trustCase) {
		c.add(c.issuer(1, newIssuerKey, useExplicit, 1, day, transit))
		c.add(c.issuer(1, "210100 issuer, third", useExplicit, 1, day, transit))
	})
	for _, use := range []byte{3, 4, 0x0f, 0x12, 0xff} {
		malformed("use/"+map[byte]string{3: "certified-multiple", 4: "4", 0x0f: "15", 0x12: "18", 0xff: "255"}[use], "KeyUse", "a use that nobody has defined",
			func(c *trustCase) { c.trust.entries[0].use = use })
	}
	malformed("scenes/of-status-key", "KeyUse", "a status key with a scene group", func(c *trustCase) { c.trust.entries[2].scenes = 1 })
	malformed("profiles/of-status-key", "KeyUse", "a status key with a profile", func(c *trustCase) { c.trust.entries[2].pins = pinsOf(transit) })
	malformed("maxLifetime/of-status-key", "KeyUse", "a status key with a lifetime", func(c *trustCase) { c.trust.entries[2].lifetime = day })
	malformed("key/issuer-and-status", "KeyUse", "one key issues codes and signs status lists: who issues could un-revoke", func(c *trustCase) { c.trust.entries[2].key = key(issuerKey).public() })
	malformed("key/explicit-and-static", "KeyUse", "one key issues explicit and static codes", func(c *trustCase) { c.trust.entries[1].key = key(issuerKey).public() })
	malformed("key/is-a-root", "KeyUse", "a root key issues codes", func(c *trustCase) { c.trust.entries[0].key = key(root2).public() })
	malformed("key/prefix-04", "PointPrefix", "a key that begins with 04", func(c *trustCase) { c.trust.entries[0].key[0] = 4 })
	malformed("key/prefix-00", "PointPrefix", "a key that begins with 00", func(c *trustCase) { c.trust.entries[0].key[0] = 0 })
	malformed("key/not-on-curve", "OffCurve", "a key that is no point", func(c *trustCase) { c.trust.entries[0].key = offCurve() })
	malformed("key/x-not-below-p", "OffCurve", "x+p in place of x", func(c *trustCase) { c.trust.entries[0].key = beyondField() })
	malformed("profiles/descending", "Ascending", "profiles do not ascend", func(c *trustCase) { slices.Reverse(c.trust.entries[0].pins) })
	malformed("profiles/twice", "Ascending", "one profile twice with two definitions", func(c *trustCase) {
		pins := c.trust.entries[1].pins
		c.trust.entries[1].pins = slices.Insert(pins, 1, pin{pins[0].id, filler("another definition", 32)})
	})
	malformed("profiles/too-many", "Length", "65 profiles for one key", func(c *trustCase) { c.trust.entries[0].pins = somePins(65) })
}

func (e *envelope) trustSignatures() {
	b := e.trustGroup(301, "Who signed (SPEC §6.4)")
	defer b.end()
	bad := func(fault, flags, comment string, change func(*trustCase)) {
		b.invalid(citycode.ListBadSignature, fault, flags, comment, change)
	}
	unknown := func(fault, flags, comment string, change func(*trustCase)) {
		b.invalid(citycode.ListUnknownSigner, "signatures/"+fault, flags, comment, change)
	}
	second := func(s signing) func(*trustCase) {
		return func(c *trustCase) {
			c.between = func(body []byte, sigs []rootSignature) []byte {
				for i := range sigs {
					if slices.Equal(sigs[i].root, rootID(key(root1).public())) {
						sigs[i].signature = s.sign(body).signature
					}
				}
				return assemble(body, sigs)
			}
		}
	}

	bad("signatures/none", "Threshold", "no signature", func(c *trustCase) { c.trust.signers = nil })
	bad("signatures/one-of-two", "Threshold", "one signature, two are needed", func(c *trustCase) { c.trust.signers = []string{root0} })
	bad("signatures/two-of-three", "Threshold", "two signatures at a terminal that asks for three", func(c *trustCase) { c.config = &trustConfig{Threshold: ptr(3)} })
	unknown("by-stranger", "WrongKey", "one signature of a key that is no root", func(c *trustCase) { c.trust.signers = []string{root0, attacker} })
	unknown("by-issuer", "WrongKey KeyUse", "one signature of an issuer that the list names", func(c *trustCase) { c.trust.signers = []string{root0, issuerKey} })
	unknown("beyond-threshold-by-stranger", "WrongKey Threshold", "two good signatures and one of a key that is no root: the same list would have many forms", func(c *trustCase) {
		c.trust.signers = []string{root0, root1, attacker}
	})
	unknown("former-root", "WrongKey", "a root that this terminal has not", func(c *trustCase) {
		c.config = &trustConfig{Roots: []hexBytes{key(root0).public(), key(root2).public(), key("210100 root 3").public()}}
	})
	bad("signatures/root-id-borrowed", "WrongKey", "another key signs under the id of root 1", second(signing{key: attacker, tag: "CC1/trst"}))
	bad("signatures/other-root-under-the-id", "WrongKey OneKeyTwoNames", "root 0 signs a second time under the id of root 1", second(signing{key: root0, tag: "CC1/trst"}))
	for _, tag := range []string{"CC1/list", "CC1/root", "CC1/cred", ""} {
		bad("signatures/tag-"+map[string]string{"CC1/list": "list", "CC1/root": "root", "CC1/cred": "cred", "": "none"}[tag], "WrongTag", "signed under the tag \""+tag+"\"",
			second(signing{key: root1, tag: tag}))
	}
	bad("signatures/no-za", "WrongZA", "e = SM3(tag ‖ body), without ZA", second(signing{key: root1, tag: "CC1/trst", za: func(*testKey) []byte { return nil }}))
	bad("signatures/halves-swapped", "Malleable", "s‖r in place of r‖s", second(signing{key: root1, tag: "CC1/trst", after: func(sig []byte, _ *testKey) []byte {
		return slices.Concat(sig[32:], sig[:32])
	}}))
	bad("signatures/all-zero", "ScalarRange", "64 zero bytes", second(signing{give: make([]byte, 64)}))
	bad("signatures/third-bad", "Threshold", "two good signatures and a bad one of root 2", func(c *trustCase) {
		c.trust.signers = c.roots
		c.between = func(body []byte, sigs []rootSignature) []byte {
			sigs[2].signature[63] ^= 1
			return assemble(body, sigs)
		}
	})
	bad("signatures/of-another-version", "Moved", "the signatures of the list before", func(c *trustCase) {
		before := newCity()
		c.trust.counter++
		c.between = func(body []byte, _ []rootSignature) []byte { return assemble(body, before.trust.signatures()) }
	})
	bad("signatures/over-two-bodies", "Moved Threshold", "root 0 signed this list, root 1 the list before", func(c *trustCase) {
		before := newCity()
		c.trust.counter++
		c.between = func(body []byte, sigs []rootSignature) []byte {
			for i, s := range before.trust.signatures() {
				if slices.Equal(s.root, rootID(key(root1).public())) {
					sigs[i] = s
				}
			}
			return assemble(body, sigs)
		}
	})
	for _, f := range []struct {
		field string
		at    int
	}{{"counter", 13}, {"issuedAt", 17}, {"expires", 21}, {"key", 24 + 5 + 20}, {"scenes", 24 + 5 + 33 + 1}, {"issueUntil", 24 + 5 + 33 + 2 + 7}, {"maxLifetime", 24 + 5 + 33 + 2 + 15}, {"profiles", 24 + 57 + 20}} {
		bad(f.field+"/altered-after-signing", "Altered", "one bit of "+f.field+" flipped", func(c *trustCase) { c.edit = func(m []byte) []byte { m[f.at] ^= 0x10; return m } })
	}
	unknown("stranger-alone", "Order WrongKey Threshold", "one signature, of a key that is no root, where two are needed: unknown comes before too few", func(c *trustCase) {
		c.trust.signers = []string{attacker}
	})
	unknown("stranger-beside-bad", "Order WrongKey", "a bad signature of root 0 and one of a key that is no root: unknown comes before bad, in whatever order they stand", func(c *trustCase) {
		c.trust.signers = []string{root0, attacker}
		c.between = func(body []byte, sigs []rootSignature) []byte {
			for i := range sigs {
				sigs[i].signature[63] ^= 1
			}
			return assemble(body, sigs)
		}
	})
}

func (e *envelope) trustVersions() {
	b := e.trustGroup(401, "Versions (SPEC §6.2). The terminal holds 1.7")
	defer b.end()
	old := func(fault, comment string, epoch, counter uint32) {
		b.invalid(citycode.ListRollback, "version/"+fault, "Rollback", comment, func(c *trustCase) { c.trust.epoch, c.trust.counter = epoch, counter })
	}
	old("counter-lower", "a lower counter", 1, 6)
	old("epoch-lower", "an older epoch with a higher counter", 0, 1000)
	old("epoch-lower-highest-counter", "an older epoch with the highest counter", 0, 0xffffffff)
	old("counter-zero", "counter 0", 1, 0)
}
