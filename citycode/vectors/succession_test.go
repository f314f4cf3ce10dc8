package vectors

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/citizencode/citizencode/citycode"
)

// A signedTest is a test of a root change, a snapshot or a status delta.
type signedTest struct {
	label
	Config  *trustConfig `json:"config,omitempty"`
	Have    *listVersion `json:"have,omitempty"`
	Base    hexBytes     `json:"base,omitempty"`
	Message hexBytes     `json:"message"`
	outcome
	Content any `json:"content,omitempty"`
}

type signedGroup struct {
	Comment     string       `json:"comment"`
	Config      *trustConfig `json:"config,omitempty"` // root changes
	World       *world       `json:"world,omitempty"`  // snapshots and deltas
	Have        *listVersion `json:"have,omitempty"`   // snapshots
	Base        hexBytes     `json:"base,omitempty"`   // deltas: the list that is held
	PrivateKeys []privateKey `json:"privateKeys"`
	Tests       []signedTest `json:"tests"`
}

type signedBuilder struct {
	*numbering
	group *signedGroup
}

func (e *envelope) signedGroup(first int, g *signedGroup) *signedBuilder {
	e.Groups = append(e.Groups, g)
	return &signedBuilder{e.numbers(first), g}
}

func (b *signedBuilder) end() { b.group.PrivateKeys = takeKeys() }

func (b *signedBuilder) valid(flags, comment string, t signedTest, content any) {
	t.label, t.outcome, t.Content = b.label(flags, comment, "", ""), valid, content
	b.group.Tests = append(b.group.Tests, t)
}

// invalid adds a test. fault is "field/fault".
func (b *signedBuilder) invalid(r citycode.ListReason, fault, flags, comment string, t signedTest) {
	where, what, _ := strings.Cut(fault, "/")
	t.label, t.outcome = b.label(flags, comment, where, what), refusedList(r)
	b.group.Tests = append(b.group.Tests, t)
}

const root3, root4 = "210100 root 3", "210100 root 4"

// A rootDraft is a root change in the making (../SPEC.md §6.6).
type rootDraft struct {
	version, kind         byte
	city, epoch, issuedAt uint32
	threshold             byte
	roots                 [][]byte
	signers               []string
	sign                  signing // of every signer
	edit                  func(message []byte) []byte
	config                *trustConfig
}

func newRootChange() rootDraft {
	return rootDraft{version: 0x11, kind: 'R', city: shenyang, epoch: 2, issuedAt: now, threshold: 2, roots: publicKeys(root2, root3, root4),
		signers: []string{root0, root2, root3}, sign: signing{tag: "CC1/root"}}
}

func (r *rootDraft) message() []byte {
	b := []byte{r.version, r.kind}
	for _, v := range []uint32{r.city, r.epoch, r.issuedAt} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	b = append(b, r.threshold, byte(len(r.roots)))
	for _, k := range r.roots {
		b = append(b, k...)
	}
	var sigs []rootSignature
	for _, name := range r.signers {
		s := r.sign
		s.key = name
		sigs = append(sigs, rootSignature{rootID(key(name).public()), s.sign(b).signature})
	}
	slices.SortFunc(sigs, func(a, b rootSignature) int { return bytes.Compare(a.root, b.root) })
	b = assemble(b, sigs)
	if r.edit != nil {
		b = r.edit(b)
	}
	return b
}

type rootContent struct {
	Epoch     int        `json:"epoch"`
	Threshold int        `json:"threshold"`
	Roots     []hexBytes `json:"roots"`
}

func rootChanges() *envelope {
	e := newEnvelope("root_change", "rc")
	clear(keysUsed)
	b := e.signedGroup(1, &signedGroup{Comment: "From roots 0, 1, 2 of epoch 1 to roots 2, 3, 4 of epoch 2, two of three each (SPEC §6.6)",
		Config: &trustConfig{City: shenyang, Epoch: 1, Roots: newCity().rootKeys(), Threshold: ptr(2)}})
	defer b.end()
	test := func(change func(*rootDraft)) (signedTest, rootDraft) {
		r := newRootChange()
		if change != nil {
			change(&r)
		}
		return signedTest{Config: r.config, Message: r.message()}, r
	}
	good := func(flags, comment string, change func(*rootDraft)) {
		t, r := test(change)
		c := rootContent{int(r.epoch), int(r.threshold), nil}
		for _, k := range r.roots {
			c.Roots = append(c.Roots, k)
		}
		b.valid(flags, comment, t, c)
	}
	bad := func(reason citycode.ListReason, fault, flags, comment string, change func(*rootDraft)) {
		t, _ := test(change)
		b.invalid(reason, fault, flags, comment, t)
	}
	by := func(names ...string) func(*rootDraft) { return func(r *rootDraft) { r.signers = names } }
	good("Normal RootChange", "root 2 is in both sets and counts for both", nil)
	good("RootChange", "two of each set", by(root0, root1, root3, root4))
	good("RootChange Threshold", "everybody signs", by(root0, root1, root2, root3, root4))
	good("RootChange", "the same roots in a new epoch: it heals a fast-forward", func(r *rootDraft) {
		r.roots, r.signers = publicKeys(root0, root1, root2), []string{root0, root1}
	})
	good("RootChange", "one root takes the place of three", func(r *rootDraft) {
		r.roots, r.threshold, r.signers = publicKeys(root3), 1, []string{root0, root1, root3}
	})
	good("RootChange", "the threshold goes up to three", func(r *rootDraft) { r.threshold, r.signers = 3, []string{root0, root2, root3, root4} })
	good("RootChange U32", "the highest epoch", func(r *rootDraft) { r.epoch, r.config = 0xffffffff, &trustConfig{Epoch: 0xfffffffe} })
	good("RootChange", "nobody of the old set is in the new one", func(r *rootDraft) {
		r.roots, r.signers = publicKeys(root3, root4), []string{root0, root1, root3, root4}
	})

	malformed := func(fault, flags, comment string, change func(*rootDraft)) {
		bad(citycode.ListMalformed, fault, flags, comment, change)
	}
	edit := func(f func(m []byte) []byte) func(*rootDraft) { return func(r *rootDraft) { r.edit = f } }
	malformed("list/empty", "Truncated", "no bytes", edit(func([]byte) []byte { return nil }))
	malformed("kind/trust", "FirstByte", "it says that it is a trust list", func(r *rootDraft) { r.kind = 'T' })
	malformed("version/first-byte-02", "FirstByte", "first byte 0x02", func(r *rootDraft) { r.version = 2 })
	bad(citycode.ListUnsupported, "version/version-2", "Version", "version 2", func(r *rootDraft) { r.version = 0x12 })
	malformed("roots/truncated", "Truncated", "ends inside a root", edit(func(m []byte) []byte { return m[:40] }))
	malformed("signatures/truncated", "Truncated", "the last byte is missing", edit(func(m []byte) []byte { return m[:len(m)-1] }))
	malformed("list/trailing-byte", "Extended", "a byte behind the end", edit(func(m []byte) []byte { return append(m, 0) }))
	malformed("roots/descending", "Ascending", "roots do not ascend", func(r *rootDraft) { slices.Reverse(r.roots) })
	malformed("roots/one-twice", "OneKeyTwoNames", "one root twice: it would meet a threshold of two alone", func(r *rootDraft) { r.roots[1] = r.roots[0] })
	malformed("roots/none", "Threshold", "a set of no root", func(r *rootDraft) { r.roots = nil })
	malformed("roots/not-on-curve", "OffCurve", "a root that is no point", func(r *rootDraft) {
		r.roots[0] = offCurve()
		slices.SortFunc(r.roots, bytes.Compare)
	})
	malformed("threshold/zero", "Threshold", "a threshold of zero", func(r *rootDraft) { r.threshold = 0 })
	malformed("threshold/above-roots", "Threshold", "four of three", func(r *rootDraft) { r.threshold = 4 })
	malformed("signatures/one-twice", "OneKeyTwoNames", "root 0 signs twice", by(root0, root0, root2, root3))
	bad(citycode.ListForeignCity, "city/another-city", "ForeignCity", "of another city", func(r *rootDraft) { r.city = hangzhou })
	bad(citycode.ListUnknownSigner, "signatures/by-stranger", "WrongKey", "one signature of a key of neither set", by(root0, root2, root3, attacker))
	few := func(fault, comment string, names ...string) {
		bad(citycode.ListBadSignature, "signatures/"+fault, "Threshold RootChange", comment, by(names...))
	}
	few("none", "no signature")
	few("new-alone", "the new set alone: it could be anybody", root3, root4)
	few("old-alone", "the old set alone: it could name keys that nobody holds", root0, root1)
	few("one-old", "one of the old set", root0, root3, root4)
	few("one-new", "one of the new set", root0, root1, root3)
	few("shared-alone", "root 2, which is in both sets, alone", root2)
	bad(citycode.ListBadSignature, "threshold/three-of-new", "Threshold RootChange", "the new set asks for three and has two", func(r *rootDraft) { r.threshold = 3 })
	for _, tag := range []string{"CC1/trst", "CC1/list", "CC1/snap"} {
		bad(citycode.ListBadSignature, "signatures/tag-"+tag[4:], "WrongTag", "signed under "+tag, func(r *rootDraft) { r.sign.tag = tag })
	}
	for _, f := range []struct {
		field string
		at    int
	}{{"epoch", 9}, {"issuedAt", 13}} {
		bad(citycode.ListBadSignature, f.field+"/altered-after-signing", "Altered", "one bit flipped", edit(func(m []byte) []byte { m[f.at] ^= 1; return m }))
	}
	bad(citycode.ListRollback, "epoch/same", "Rollback", "the epoch that is held", func(r *rootDraft) { r.epoch = 1 })
	bad(citycode.ListRollback, "epoch/skipped", "Rollback", "an epoch too far: the set that was skipped could not object", func(r *rootDraft) { r.epoch = 3 })
	bad(citycode.ListRollback, "epoch/wraps", "Rollback U32", "behind the highest epoch comes none, and not 0", func(r *rootDraft) { r.epoch, r.config = 0, &trustConfig{Epoch: 0xffffffff} })
	malformed("roots/first-two-exchanged", "Ascending", "the first two roots do not ascend, the others do", func(r *rootDraft) { exchange(r.roots, 0) })
	malformed("roots/last-two-exchanged", "Ascending", "the last two roots do not ascend, the others do", func(r *rootDraft) { exchange(r.roots, 1) })
	malformed("signatures/last-two-exchanged", "Ascending", "the last two signatures do not ascend, the others do", edit(func(m []byte) []byte {
		last, before := len(m)-72, len(m)-2*72
		return slices.Concat(m[:before], m[last:], m[before:last])
	}))
	return e
}

type snapshotContent struct {
	Version listVersion `json:"version"`
	Expires int64       `json:"expires"`
	Lists   int         `json:"lists"`
}

func snapshotCity() *cityDraft {
	c := newCity()
	c.add(c.issuer(4, snapshotKey, useSnapshot, 0, 0))
	return c
}

// listWorld is what a terminal needs to open lists.
func (c *cityDraft) listWorld() *world {
	w := c.world()
	w.StatusLists, w.Profiles = nil, nil
	return w
}

func snapshotList() *envelope {
	e := newEnvelope("snapshot", "sn")
	clear(keysUsed)
	city := snapshotCity()
	b := e.signedGroup(1, &signedGroup{Comment: "Snapshots under a trust list (SPEC §6.7). The terminal holds version 1.20", World: city.listWorld(), Have: &listVersion{1, 20}})
	defer b.end()
	type snapshotCase struct {
		snapshotDraft
		have *listVersion
		edit func(m []byte) []byte
	}
	test := func(change func(*snapshotCase)) (signedTest, *snapshotCase) {
		c := &snapshotCase{snapshotDraft: newSnapshot(city)}
		if change != nil {
			change(c)
		}
		m := c.message()
		if c.edit != nil {
			m = c.edit(m)
		}
		return signedTest{Have: c.have, Message: m}, c
	}
	good := func(flags, comment string, change func(*snapshotCase)) {
		t, c := test(change)
		b.valid("Snapshot "+flags, comment, t, snapshotContent{listVersion{c.epoch, c.counter}, int64(c.expires), len(c.lists)})
	}
	bad := func(r citycode.ListReason, fault, flags, comment string, change func(*snapshotCase)) {
		t, _ := test(change)
		b.invalid(r, fault, flags, comment, t)
	}
	trust := len(newSnapshot(city).lists) - 1
	good("Normal", "the lists of the everyday", nil)
	good("", "the trust list alone", func(c *snapshotCase) { c.lists = c.lists[trust:] })
	good("", "a list of an issuer that the trust list does not name (any more)", func(c *snapshotCase) {
		c.lists = slices.Insert(c.lists, trust, snapshotEntry{'S', id(shenyang, 9), 0, 1, 1, filler("list", 32)})
	})
	good("", "two lists of one issuer", func(c *snapshotCase) {
		c.lists = slices.Insert(c.lists, 1, snapshotEntry{'S', id(shenyang, 1), 1, 1, 1, filler("list", 32)})
	})
	good("Rollback", "a later counter", func(c *snapshotCase) { c.counter++ })
	good("Rollback", "a later epoch with a lower counter", func(c *snapshotCase) { c.epoch, c.counter = 2, 0 })
	good("TrustStale", "a snapshot that has expired opens, so that the terminal can say trust-stale", func(c *snapshotCase) { c.expires = start })
	good("Boundary KeyWindow", "issued in the last second of the key", func(c *snapshotCase) { c.issuedAt = start + 60*day })

	malformed := func(fault, flags, comment string, change func(*snapshotCase)) {
		bad(citycode.ListMalformed, fault, flags, comment, change)
	}
	edit := func(f func(m []byte) []byte) func(*snapshotCase) { return func(c *snapshotCase) { c.edit = f } }
	malformed("list/empty", "Truncated", "no bytes", edit(func([]byte) []byte { return nil }))
	malformed("kind/trust", "FirstByte", "it says that it is a trust list", func(c *snapshotCase) { c.kind = 'T' })
	malformed("version/first-byte-02", "FirstByte", "first byte 0x02", func(c *snapshotCase) { c.version = 2 })
	bad(citycode.ListUnsupported, "version/version-2", "Version", "version 2", func(c *snapshotCase) { c.version = 0x12 })
	malformed("signature/truncated", "Truncated", "the last byte is missing", edit(func(m []byte) []byte { return m[:len(m)-1] }))
	malformed("list/trailing-byte", "Extended", "a byte behind the end", edit(func(m []byte) []byte { return append(m, 0) }))
	malformed("lists/count-too-high", "Truncated", "one list more is announced", func(c *snapshotCase) { c.count = ptr(uint16(len(c.lists) + 1)) })
	malformed("lists/count-too-low", "Extended", "one list less is announced", func(c *snapshotCase) { c.count = ptr(uint16(len(c.lists) - 1)) })
	malformed("lists/too-many", "Length", "4097 lists are announced", func(c *snapshotCase) { c.count = ptr(uint16(4097)) })
	malformed("lists/descending", "Ascending", "lists do not ascend", func(c *snapshotCase) { slices.Reverse(c.lists) })
	malformed("lists/one-twice", "Ascending", "one list with two versions", func(c *snapshotCase) {
		c.lists = slices.Insert(c.lists, 1, c.lists[0])
		c.lists[1].counter++
	})
	malformed("lists/of-another-kind", "Snapshot", "it names a list of kind D", func(c *snapshotCase) { c.lists[0].kind = 'D' })
	malformed("lists/trust-list-with-issuer", "Snapshot", "the trust list with an issuer", func(c *snapshotCase) { c.lists[trust].issuer = id(shenyang, 1) })
	malformed("lists/trust-list-with-number", "Snapshot", "the trust list with a list number", func(c *snapshotCase) { c.lists[trust].list = 1 })
	bad(citycode.ListForeignCity, "signer/another-city", "ForeignCity", "the signer is of another city", func(c *snapshotCase) { c.signer = id(hangzhou, 4) })
	bad(citycode.ListUnknownSigner, "signer/not-listed", "WrongKey", "a key that is not listed", func(c *snapshotCase) { c.signer = id(shenyang, 8) })
	bad(citycode.ListUnknownSigner, "signer/status-key", "KeyUse", "the key for status lists", func(c *snapshotCase) { c.signer, c.sign.key = id(shenyang, 3), statusKey })
	bad(citycode.ListUnknownSigner, "issuedAt/after-key", "KeyWindow", "one second after the key ends", func(c *snapshotCase) { c.issuedAt = start + 60*day + 1 })
	for _, tag := range []string{"CC1/list", "CC1/trst", "CC1/root"} {
		bad(citycode.ListBadSignature, "signature/tag-"+tag[4:], "WrongTag", "signed under "+tag, func(c *snapshotCase) { c.sign.tag = tag })
	}
	bad(citycode.ListBadSignature, "signature/by-status-key", "WrongKey", "signed by the key for status lists under the id of the snapshot key", func(c *snapshotCase) { c.sign.key = statusKey })
	for _, f := range []struct {
		field string
		at    int
	}{{"counter", 13}, {"expires", 21}, {"lists", 60}} {
		bad(citycode.ListBadSignature, f.field+"/altered-after-signing", "Altered", "one bit flipped", edit(func(m []byte) []byte { m[f.at] ^= 1; return m }))
	}
	bad(citycode.ListRollback, "version/counter-lower", "Rollback", "a lower counter", func(c *snapshotCase) { c.counter-- })
	bad(citycode.ListWrongBase, "lists/without-trust-list", "Snapshot", "it names no trust list", func(c *snapshotCase) { c.lists = c.lists[:trust] })
	bad(citycode.ListWrongBase, "lists/another-trust-list", "Snapshot", "it names a trust list of the same version and another digest", func(c *snapshotCase) { c.lists[trust].digest = filler("list", 32) })
	bad(citycode.ListWrongBase, "lists/trust-list-of-yesterday", "Snapshot", "it names the version before", func(c *snapshotCase) { c.lists[trust].counter-- })
	malformed("lists/first-two-exchanged", "Ascending", "the first two lists do not ascend, the others do", func(c *snapshotCase) { exchange(c.lists, 0) })
	malformed("lists/last-two-exchanged", "Ascending", "the last two lists do not ascend, the others do", func(c *snapshotCase) { exchange(c.lists, len(c.lists)-2) })
	return e
}
