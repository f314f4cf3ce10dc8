package vectors

import (
	"slices"
	"strings"

	"github.com/citizencode/citizencode/citycode"
)

type statusTest struct {
	label
	Have *listVersion `json:"have,omitempty"`
	List hexBytes     `json:"list"`
	outcome
	Content *statusContent `json:"content,omitempty"`
}

type statusContent struct {
	Signer    string      `json:"signer"`
	Issuer    string      `json:"issuer"`
	List      int         `json:"list"`
	Version   listVersion `json:"version"`
	IssuedAt  int64       `json:"issuedAt"`
	Expires   int64       `json:"expires"`
	Entries   int         `json:"entries"`
	Revoked   []uint32    `json:"revoked"`
	Suspended []uint32    `json:"suspended"`
}

func (s *statusDraft) content() *statusContent {
	list := func(indices []uint32) []uint32 { return append([]uint32{}, indices...) }
	return &statusContent{issuerName(s.signer), issuerName(s.issuer), int(s.list), listVersion{s.epoch, s.counter}, int64(s.issuedAt), int64(s.expires),
		int(s.size), list(s.revoked), list(s.suspended)}
}

type statusGroup struct {
	Comment     string       `json:"comment"`
	World       *world       `json:"world"`
	Have        listVersion  `json:"have"`
	PrivateKeys []privateKey `json:"privateKeys"`
	Tests       []statusTest `json:"tests"`
}

// A statusCase is a test in the making.
type statusCase struct {
	statusDraft
	have *listVersion
	edit func(message []byte) []byte // after signing
}

type statusBuilder struct {
	*numbering
	group *statusGroup
}

func (e *envelope) statusGroup(first int, comment string) *statusBuilder {
	clear(keysUsed)
	w := newCity().world()
	w.StatusLists, w.Profiles = nil, nil
	g := &statusGroup{Comment: comment, World: w, Have: listVersion{1, 4}}
	e.Groups = append(e.Groups, g)
	return &statusBuilder{e.numbers(first), g}
}

func (b *statusBuilder) end() { b.group.PrivateKeys = takeKeys() }

func (b *statusBuilder) test(l label, change func(*statusCase)) (statusTest, *statusCase) {
	c := &statusCase{statusDraft: newStatus(1, 1000, []uint32{3, 77, 500}, []uint32{78, 999})}
	if change != nil {
		change(c)
	}
	t := statusTest{label: l, Have: c.have, List: c.message()}
	if c.edit != nil {
		t.List = c.edit(t.List)
	}
	return t, c
}

func (b *statusBuilder) valid(flags, comment string, change func(*statusCase)) {
	t, c := b.test(b.label(flags, comment, "", ""), change)
	t.outcome, t.Content = valid, c.content()
	b.group.Tests = append(b.group.Tests, t)
}

// invalid adds a test. fault is "field/fault".
func (b *statusBuilder) invalid(r citycode.ListReason, fault, flags, comment string, change func(*statusCase)) {
	where, what, _ := strings.Cut(fault, "/")
	t, _ := b.test(b.label(flags, comment, where, what), change)
	t.outcome = refusedList(r)
	b.group.Tests = append(b.group.Tests, t)
}

func statusList() *envelope {
	e := newEnvelope("status_list", "sl")
	e.statusValid()
	e.statusFormat()
	e.statusStates()
	e.statusSigners()
	return e
}

func (e *envelope) statusValid() {
	b := e.statusGroup(1, "Lists that open. The terminal holds version 1.4 of this list")
	defer b.end()
	states := func(size uint32, revoked, suspended []uint32) func(*statusCase) {
		return func(c *statusCase) { c.size, c.revoked, c.suspended = size, revoked, suspended }
	}
	upTo := func(n, step uint32) (list []uint32) {
		for i := uint32(0); i < n; i += step {
			list = append(list, i)
		}
		return list
	}
	b.valid("Normal", "an everyday list", nil)
	b.valid("Boundary", "no entries", states(0, nil, nil))
	b.valid("Boundary", "all entries valid", states(1000, nil, nil))
	b.valid("Boundary", "one entry, revoked", states(1, []uint32{0}, nil))
	b.valid("Boundary", "every entry revoked: k is 0", states(40, upTo(40, 1), nil))
	b.valid("Rice", "every entry suspended", states(9, nil, upTo(9, 1)))
	b.valid("Rice", "the first and the last", states(1000, []uint32{0}, []uint32{999}))
	b.valid("Rice", "the states fill the last byte to its end", states(8, []uint32{0, 1, 2, 3}, nil))
	b.valid("Rice", "a long gap: 40 entries at the front, one at the end, the quotient has many bits", states(2000, append(upTo(40, 1), 1999), nil))
	b.valid("Rice", "every third of 3000", states(3000, upTo(3000, 3), nil))
	b.valid("Rice", "the largest number of entries, the last one revoked", states(1<<24, []uint32{1<<24 - 1}, nil))
	b.valid("Status", "about the issuer of static codes, list 255", func(c *statusCase) { c.issuer, c.list = id(shenyang, 2), 255 })
	b.valid("Status", "about an issuer that the trust list does not name (any more)", func(c *statusCase) { c.issuer = id(shenyang, 9) })
	b.valid("Status", "a list that has expired opens: the verdict about a code is status-unknown", func(c *statusCase) { c.expires = start - 1 })
	b.valid("Rollback", "a later counter", func(c *statusCase) { c.counter = 5 })
	b.valid("Rollback", "the next epoch with a lower counter", func(c *statusCase) { c.epoch, c.counter = 2, 0 })
	b.valid("Boundary KeyWindow", "issued in the first second of the status key", func(c *statusCase) { c.issuedAt = start - 400*day })
	b.valid("Boundary KeyWindow", "issued in the last second of the status key", func(c *statusCase) { c.issuedAt = start + 60*day })
	b.valid("Status Boundary", "a revoked entry that was suspended before is listed once", func(c *statusCase) {
		c.revoked, c.suspended, c.have = []uint32{3, 77, 78, 500}, []uint32{999}, &listVersion{1, 3}
	})
	b.valid("Rice Boundary", "69 of 3200: q is 32, so k is 5", states(3200, upTo(69*46, 46), nil))
	b.valid("Rice Boundary", "69 of 3199: q is 31, so k is 4", states(3199, upTo(69*46, 46), nil))
}

func (e *envelope) statusFormat() {
	b := e.statusGroup(101, "Messages that cannot be read (SPEC §7.3)")
	defer b.end()
	malformed := func(fault, flags, comment string, change func(*statusCase)) {
		b.invalid(citycode.ListMalformed, fault, flags, comment, change)
	}
	malformed("list/empty", "Truncated", "no bytes", func(c *statusCase) { c.edit = func([]byte) []byte { return nil } })
	malformed("version/first-byte-02", "FirstByte", "first byte 0x02", func(c *statusCase) { c.version = 2 })
	malformed("kind/trust", "FirstByte", "it says that it is a trust list", func(c *statusCase) { c.kind = 'T' })
	b.invalid(citycode.ListUnsupported, "version/version-2", "Version", "version 2", func(c *statusCase) { c.version = 0x12 })
	b.invalid(citycode.ListUnsupported, "version/version-0", "Version", "version 0", func(c *statusCase) { c.version = 0x10 })
	cut := func(fault, comment string, n int) {
		malformed(fault, "Truncated", comment, func(c *statusCase) { c.edit = func(m []byte) []byte { return m[:n] } })
	}
	cut("signer/truncated-before", "ends before the signer", 2)
	cut("issuer/truncated-inside", "ends inside the issuer", 9)
	cut("entries/truncated-before", "ends before the number of entries", 27)
	cut("states/truncated-before", "ends before the states", 35)
	cut("signature/truncated-inside", "63 bytes behind the head", 35+63)
	malformed("signer/city-1000000", "City", "the signer is of no GB/T 2260 city", func(c *statusCase) { c.signer = id(1000000, 3) })
	malformed("issuer/city-0", "City", "the issuer is of no GB/T 2260 city", func(c *statusCase) { c.issuer = id(0, 1) })
	malformed("entries/above-2-24", "Length", "2^24 + 1 entries", func(c *statusCase) { c.size = 1<<24 + 1; c.gaps = []byte{0} })
	malformed("entries/highest", "Length U32", "2^32 - 1 entries announced in a hundred bytes", func(c *statusCase) { c.size = 0xffffffff; c.gaps = []byte{0} })
	malformed("states/more-than-entries", "Length", "more states than entries", func(c *statusCase) { c.changes = ptr(uint32(1001)) })
}

func (e *envelope) statusStates() {
	b := e.statusGroup(201, "States that are not coded as SPEC §7.3 says. Every one of these is signed by the status key")
	defer b.end()
	malformed := func(fault, comment string, change func(*statusCase)) {
		b.invalid(citycode.ListMalformed, "states/"+fault, "Rice", comment, change)
	}
	// raw gives the coded bits themselves. 16 entries with one state have k = 3: q = 69*16/100 = 11.
	raw := func(size, changes uint32, digits string) func(*statusCase) {
		return func(c *statusCase) {
			var text []byte
			for _, r := range strings.ReplaceAll(digits, " ", "") {
				text = append(text, byte(r-'0'))
			}
			c.size, c.changes, c.gaps = size, &changes, packBits(text)
		}
	}
	code := newStatus(1, 1000, []uint32{3, 77, 500}, []uint32{78, 999})
	body := code.body()
	gaps := body[35:]
	malformed("count-too-low", "the number of states says 4, there are 5: bits are left", func(c *statusCase) { c.changes, c.gaps = ptr(uint32(4)), gaps })
	malformed("count-too-high", "the number of states says 6, there are 5", func(c *statusCase) { c.changes, c.gaps = ptr(uint32(6)), gaps })
	malformed("count-zero-with-states", "the number of states says 0, states follow", func(c *statusCase) { c.changes, c.gaps = ptr(uint32(0)), gaps })
	malformed("zero-byte-behind", "a zero byte behind the states: a second form of the same list", func(c *statusCase) { c.gaps = append(slices.Clone(gaps), 0) })
	malformed("zero-byte-of-no-states", "a zero byte where there are no states", raw(16, 0, "00000000"))
	malformed("padding-not-zero", "the last byte is filled with a one-bit", raw(16, 1, "0 101 0 001"))
	malformed("last-byte-missing", "the last byte of the states is missing", func(c *statusCase) { c.gaps = gaps[:len(gaps)-1] })
	malformed("all-missing", "one state announced, none coded", raw(16, 1, ""))
	malformed("ends-in-quotient", "the bits end inside a quotient", raw(2000, 42, "1111 1111"))
	malformed("ends-in-low-bits", "the bits end inside the low bits of a gap", raw(1000, 1, "0111 1111"))
	malformed("ends-before-state", "the bits end before the state", raw(160, 1, "10 000000"))
	malformed("index-at-end", "a gap to the first index that is not there", raw(12, 1, "10 100 0 00"))
	malformed("index-beyond-end", "a quotient that leads beyond the end", raw(12, 1, "110 000 0 0"))
	malformed("second-index-beyond-end", "the second of two states lies beyond the end", raw(16, 2, "0 00 0 11110 00 0 00"))
	malformed("long-quotient", "a quotient of a thousand bits over few entries: the time must not grow with it", raw(16, 1, strings.Repeat("1", 1000)+"0 000 0 000"))
}

func (e *envelope) statusSigners() {
	b := e.statusGroup(301, "Whose list, who signed, which version (SPEC §7.4)")
	defer b.end()
	bad := func(fault, flags, comment string, change func(*statusCase)) {
		b.invalid(citycode.ListBadSignature, fault, flags, comment, change)
	}
	foreign := func(fault, comment string, change func(*statusCase)) {
		b.invalid(citycode.ListForeignCity, fault, "ForeignCity", comment, change)
	}
	unknown := func(fault, flags, comment string, change func(*statusCase)) {
		b.invalid(citycode.ListUnknownSigner, fault, flags, comment, change)
	}
	foreign("issuer/another-city", "about the codes of another city", func(c *statusCase) { c.issuer = id(hangzhou, 1) })
	foreign("signer/another-city", "signed by another city's key 3", func(c *statusCase) { c.signer, c.sign.key = id(hangzhou, 3), "330100 status" })
	unknown("signer/not-listed", "WrongKey", "a key that is not listed", func(c *statusCase) { c.signer, c.sign.key = id(shenyang, 8), attacker })
	unknown("signer/issuer-key", "KeyUse", "the issuer signs its own status list", func(c *statusCase) { c.signer, c.sign.key = id(shenyang, 1), issuerKey })
	unknown("issuedAt/before-key", "KeyWindow", "issued one second before the status key begins", func(c *statusCase) { c.issuedAt = start - 400*day - 1 })
	unknown("issuedAt/after-key", "KeyWindow", "issued one second after the status key ends", func(c *statusCase) { c.issuedAt = start + 60*day + 1 })
	bad("signature/by-issuer-key", "WrongKey", "signed by the issuer under the id of the status key", func(c *statusCase) { c.sign.key = issuerKey })
	bad("signature/by-root", "WrongKey", "signed by a root under the id of the status key", func(c *statusCase) { c.sign.key = root0 })
	bad("signature/by-stranger", "WrongKey", "signed by a key that nobody listed", func(c *statusCase) { c.sign.key = attacker })
	for _, tag := range []string{"CC1/trst", "CC1/dlta", "CC1/cred", "CC1/stat"} {
		bad("signature/tag-"+tag[4:], "WrongTag", "signed under "+tag+" instead of CC1/list", func(c *statusCase) { c.sign.tag = tag })
	}
	for _, m := range misSigned("CC1/list", issuerKey) {
		if strings.HasPrefix(m.flags, "Wrong") {
			bad("signature/"+m.fault, m.flags, m.comment, func(c *statusCase) { m.change(&c.sign) })
		}
	}
	for _, r := range respelt {
		bad("signature/"+r.fault, r.flags, r.comment, func(c *statusCase) {
			c.sign.after = func(sig []byte, _ *testKey) []byte { return r.change(sig) }
		})
	}
	bad("list/last-byte-missing", "Truncated", "the last byte is missing: the last 64 bytes are another signature", func(c *statusCase) { c.edit = func(m []byte) []byte { return m[:len(m)-1] } })
	bad("list/trailing-byte", "Extended", "a byte behind the end: the last 64 bytes are another signature", func(c *statusCase) { c.edit = func(m []byte) []byte { return append(m, 0) } })
	bad("signature/from-the-list-before", "Moved", "the signature of the version before", func(c *statusCase) {
		before := c.sign.sign(c.body()).signature
		c.counter++
		c.sign.give = before
	})
	for _, f := range []struct {
		field string
		at    int
	}{{"issuer", 9}, {"list", 10}, {"counter", 18}, {"issuedAt", 22}, {"expires", 26}, {"entries", 30}, {"states", 35}} {
		bad(f.field+"/altered-after-signing", "Altered", "one bit of "+f.field+" flipped", func(c *statusCase) { c.edit = func(m []byte) []byte { m[f.at] ^= 2; return m } })
	}
	old := func(fault, comment string, epoch, counter uint32) {
		b.invalid(citycode.ListRollback, "version/"+fault, "Rollback", comment, func(c *statusCase) { c.epoch, c.counter = epoch, counter })
	}
	old("counter-lower", "a lower counter: what was revoked since would be valid again", 1, 3)
	old("epoch-lower", "an older epoch with a higher counter", 0, 1000)
}
