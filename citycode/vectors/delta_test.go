package vectors

import (
	"encoding/binary"
	"maps"
	"slices"

	"github.com/citizencode/citizencode/citycode"
)

// A deltaDraft is a status delta in the making (../SPEC.md §7.6): from the base to a result.
type deltaDraft struct {
	base, next statusDraft
	kind       byte
	version    byte
	from, to   []byte            // digests, in place of those of base and next
	changes    map[uint32]uint64 // in place of the difference
	count      *uint32           // in place of len(changes)
	behind     []byte            // behind the changes
	sign       signing
	edit       func(message []byte) []byte
}

// heldList is the list that is held before a delta.
func heldList() statusDraft { return newStatus(1, 1000, []uint32{3, 77, 500}, []uint32{78, 999}) }

func newDelta() deltaDraft {
	d := deltaDraft{base: heldList(), next: heldList(), kind: 'D', version: 0x11, sign: signing{key: statusKey, tag: "CC1/dlta"}}
	d.next.counter, d.next.issuedAt, d.next.expires = 5, start+hour, start+8*day
	d.next.revoked, d.next.suspended = []uint32{3, 77, 78, 200, 500}, []uint32{600}
	return d
}

// statesOf returns the states that are not valid, as numbers of ../SPEC.md §7.2.
func statesOf(s *statusDraft) map[uint32]uint64 {
	states := map[uint32]uint64{}
	for _, i := range s.revoked {
		states[i] = 1
	}
	for _, i := range s.suspended {
		states[i] = 2
	}
	return states
}

func (d *deltaDraft) difference() map[uint32]uint64 {
	if d.changes != nil {
		return d.changes
	}
	before, after := statesOf(&d.base), statesOf(&d.next)
	changes := map[uint32]uint64{}
	for i := range before {
		if before[i] != after[i] {
			changes[i] = after[i]
		}
	}
	for i := range after {
		if before[i] != after[i] {
			changes[i] = after[i]
		}
	}
	return changes
}

func (d *deltaDraft) message() []byte {
	b := d.next.body()[:31]
	b[0], b[1] = d.version, d.kind
	from, to := d.from, d.to
	if from == nil {
		from = sm3(d.base.body())
	}
	if to == nil {
		to = sm3(d.next.body())
	}
	b = append(append(slices.Clone(b), from...), to...)
	changes := d.difference()
	count := uint32(len(changes))
	if d.count != nil {
		count = *d.count
	}
	b = binary.BigEndian.AppendUint32(b, count)
	b = append(append(b, twoBitCode(d.next.size, changes)...), d.behind...)
	b = append(b, d.sign.sign(b).signature...)
	if d.edit != nil {
		b = d.edit(b)
	}
	return b
}

// twoBitCode is the Rice code of ../SPEC.md §7.3 with two bits for a state.
func twoBitCode(size uint32, changes map[uint32]uint64) []byte {
	k := 0
	if len(changes) > 0 {
		for q := uint64(size) * 69 / (100 * uint64(len(changes))); q > 1; q >>= 1 {
			k++
		}
	}
	text := []byte{} // one byte a bit
	next := uint32(0)
	for _, i := range slices.Sorted(maps.Keys(changes)) {
		gap := i - next
		for ; gap >= 1<<k; gap -= 1 << k {
			text = append(text, 1)
		}
		text = append(text, 0)
		for bit := k - 1; bit >= 0; bit-- {
			text = append(text, byte(gap>>bit&1))
		}
		text = append(text, byte(changes[i]>>1), byte(changes[i]&1))
		next = i + 1
	}
	return packBits(text)
}

func statusDelta() *envelope {
	e := newEnvelope("status_delta", "sd")
	clear(keysUsed)
	held := heldList()
	b := e.signedGroup(1, &signedGroup{Comment: "Deltas to a list of version 1.4 (SPEC §7.6): content is the list that they make", World: newCity().listWorld(), Base: held.message()})
	defer b.end()
	test := func(change func(*deltaDraft)) (signedTest, deltaDraft) {
		d := newDelta()
		if change != nil {
			change(&d)
		}
		return signedTest{Message: d.message()}, d
	}
	good := func(flags, comment string, change func(*deltaDraft)) {
		t, d := test(change)
		if content := d.base.body(); !slices.Equal(content, held.body()) {
			t.Base = d.base.message()
		}
		b.valid("Delta "+flags, comment, t, d.next.content())
	}
	bad := func(r citycode.ListReason, fault, flags, comment string, change func(*deltaDraft)) {
		t, _ := test(change)
		b.invalid(r, fault, flags, comment, t)
	}
	become := func(revoked, suspended []uint32) func(*deltaDraft) {
		return func(d *deltaDraft) { d.next.revoked, d.next.suspended = revoked, suspended }
	}
	good("Normal", "one revoked, one suspended, one lifted, one suspended one revoked", nil)
	good("Boundary", "no change: a newer version of the same states", become([]uint32{3, 77, 500}, []uint32{78, 999}))
	good("", "all suspensions lifted", become([]uint32{3, 77, 500}, nil))
	good("Boundary", "the first entry", become([]uint32{0, 3, 77, 500}, []uint32{78, 999}))
	good("Boundary", "the last entry, from suspended to revoked", become([]uint32{3, 77, 500, 999}, []uint32{78}))
	good("", "the list grows", func(d *deltaDraft) { d.next.size = 2000 })
	good("", "the list grows and its last new entry is revoked", func(d *deltaDraft) { d.next.size, d.next.revoked = 2000, append(d.next.revoked, 1999) })
	good("Rollback", "the next epoch with a lower counter", func(d *deltaDraft) { d.next.epoch, d.next.counter = 2, 0 })
	good("Rollback", "versions may be passed over", func(d *deltaDraft) { d.next.counter = 100 })

	malformed := func(fault, flags, comment string, change func(*deltaDraft)) {
		bad(citycode.ListMalformed, fault, flags, comment, change)
	}
	edit := func(f func(m []byte) []byte) func(*deltaDraft) { return func(d *deltaDraft) { d.edit = f } }
	malformed("list/empty", "Truncated", "no bytes", edit(func([]byte) []byte { return nil }))
	malformed("kind/status", "FirstByte", "it says that it is a status list", func(d *deltaDraft) { d.kind = 'S' })
	malformed("version/first-byte-02", "FirstByte", "first byte 0x02", func(d *deltaDraft) { d.version = 2 })
	bad(citycode.ListUnsupported, "version/version-2", "Version", "version 2", func(d *deltaDraft) { d.version = 0x12 })
	malformed("base/truncated", "Truncated", "ends inside the digest of the base", edit(func(m []byte) []byte { return m[:50] }))
	malformed("signature/truncated", "Truncated", "63 bytes behind the head", edit(func(m []byte) []byte { return m[:31+64+4+63] }))
	malformed("changes/changes-nothing", "Delta", "an entry that is revoked already is revoked: a second form of the same delta", func(d *deltaDraft) {
		d.changes = d.difference()
		d.changes[3] = 1
	})
	malformed("changes/valid-stays-valid", "Delta", "an entry that is valid becomes valid", func(d *deltaDraft) {
		d.changes = d.difference()
		d.changes[4] = 0
	})
	malformed("changes/lifts-a-revocation", "Delta", "a revoked entry becomes valid: revoked is for good", become([]uint32{77, 500}, []uint32{78, 999}))
	malformed("changes/revoked-to-suspended", "Delta", "a revoked entry becomes suspended", become([]uint32{77, 500}, []uint32{3, 78, 999}))
	malformed("changes/state-3", "Delta", "a state that does not exist", func(d *deltaDraft) {
		d.changes = d.difference()
		d.changes[200] = 3
	})
	malformed("changes/count-too-low", "Rice", "one change less is announced", func(d *deltaDraft) { d.count = ptr(uint32(len(d.difference()) - 1)) })
	malformed("changes/count-too-high", "Rice", "one change more is announced", func(d *deltaDraft) { d.count = ptr(uint32(len(d.difference()) + 1)) })
	malformed("changes/more-than-entries", "Length", "more changes than entries", func(d *deltaDraft) { d.count = ptr(uint32(1001)) })
	malformed("changes/zero-byte-behind", "Rice", "a zero byte behind the changes", func(d *deltaDraft) { d.behind = []byte{0} })
	malformed("changes/beyond-end", "Rice", "a change of an entry that is not there", func(d *deltaDraft) {
		d.changes = d.difference()
		d.changes[1000] = 1
	})
	malformed("entries/shrunk", "Delta", "the list shrinks", func(d *deltaDraft) { d.next.size = 999 })
	malformed("result/another", "Delta", "the changes do not make the list that it names", func(d *deltaDraft) { d.to = filler("another", 32) })
	malformed("result/is-base", "Delta", "it names the base as its result", func(d *deltaDraft) { d.to = sm3(d.base.body()) })
	malformed("changes/one-left-out", "Delta", "one change is left out", func(d *deltaDraft) {
		d.changes = d.difference()
		delete(d.changes, 200)
	})
	bad(citycode.ListForeignCity, "issuer/another-issuer", "Delta", "about another issuer of the city", func(d *deltaDraft) { d.next.issuer = id(shenyang, 2) })
	bad(citycode.ListForeignCity, "list/another-list", "Delta", "about another list of the issuer", func(d *deltaDraft) { d.next.list = 1 })
	bad(citycode.ListForeignCity, "signer/another-city", "ForeignCity", "signed by another city's key", func(d *deltaDraft) { d.next.signer = id(hangzhou, 3) })
	bad(citycode.ListUnknownSigner, "signer/issuer-key", "KeyUse", "the issuer signs changes of its own list", func(d *deltaDraft) { d.next.signer, d.sign.key = id(shenyang, 1), issuerKey })
	bad(citycode.ListUnknownSigner, "issuedAt/after-key", "KeyWindow", "one second after the key ends", func(d *deltaDraft) { d.next.issuedAt = start + 60*day + 1 })
	bad(citycode.ListBadSignature, "signature/by-issuer-key", "WrongKey", "signed by the issuer under the id of the status key", func(d *deltaDraft) { d.sign.key = issuerKey })
	for _, tag := range []string{"CC1/list", "CC1/snap"} {
		bad(citycode.ListBadSignature, "signature/tag-"+tag[4:], "WrongTag", "signed under "+tag, func(d *deltaDraft) { d.sign.tag = tag })
	}
	for _, f := range []struct {
		field string
		at    int
	}{{"expires", 26}, {"base", 40}, {"changes", 100}} {
		bad(citycode.ListBadSignature, f.field+"/altered-after-signing", "Altered", "one bit flipped", edit(func(m []byte) []byte { m[f.at] ^= 1; return m }))
	}
	bad(citycode.ListRollback, "version/same", "Rollback", "the version that is held", func(d *deltaDraft) { d.next.counter = 4 })
	bad(citycode.ListRollback, "version/epoch-lower", "Rollback", "an older epoch", func(d *deltaDraft) { d.next.epoch, d.next.counter = 0, 1000 })
	bad(citycode.ListWrongBase, "base/another-state", "Delta", "made for other states of the same version", func(d *deltaDraft) { d.base.revoked = []uint32{3, 77} })
	bad(citycode.ListWrongBase, "base/version-before", "Delta", "made for the version before", func(d *deltaDraft) { d.base.counter = 3 })
	return e
}
