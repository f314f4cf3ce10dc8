package vectors

import (
	"slices"

	"github.com/citizencode/citizencode/citycode"
)

// exchange puts the i-th and the next one in each other's place.
func exchange[T any](list []T, i int) { list[i], list[i+1] = list[i+1], list[i] }

func (e *envelope) trustGrants() {
	b := e.trustGroup(601, "What a city takes of other cities (SPEC §6.8), and the epoch of the roots (§6.4)")
	defer b.end()
	with := func(change func(g *grantDraft)) func(*trustCase) {
		return func(c *trustCase) {
			g := hangzhouGrant()
			if change != nil {
				change(&g)
			}
			c.trust.grants = []grantDraft{g}
		}
	}
	third := func() grantDraft {
		g := hangzhouGrant()
		g.city = 440100
		return g
	}
	b.valid("Grant", "a grant for one city", with(nil))
	b.valid("Grant", "grants for two cities", func(c *trustCase) { c.trust.grants = []grantDraft{hangzhouGrant(), third()} })
	b.valid("Grant Boundary", "a grant of nothing", with(func(g *grantDraft) { g.scenes, g.pins = 0, nil }))
	b.valid("Grant KeyUse Snapshot", "a key for snapshots", func(c *trustCase) { c.add(c.issuer(4, snapshotKey, useSnapshot, 0, 0)) })
	bad := func(fault, flags, comment string, change func(*trustCase)) {
		b.invalid(citycode.ListMalformed, fault, "Grant "+flags, comment, change)
	}
	bad("grants/own-city", "City", "a grant for the city itself", with(func(g *grantDraft) { g.city = shenyang }))
	bad("grants/city-1000000", "City", "a grant for no GB/T 2260 city", with(func(g *grantDraft) { g.city = 1000000 }))
	bad("grants/epoch-zero", "", "roots of epoch 0", with(func(g *grantDraft) { g.epoch = 0 }))
	bad("grants/threshold-zero", "Threshold", "no signature needed", with(func(g *grantDraft) { g.threshold = 0 }))
	bad("grants/threshold-above-roots", "Threshold", "three of two", with(func(g *grantDraft) { g.threshold = 3 }))
	bad("grants/roots-descending", "Ascending", "roots do not ascend", with(func(g *grantDraft) { slices.Reverse(g.roots) }))
	bad("grants/one-root-twice", "OneKeyTwoNames", "one root twice", with(func(g *grantDraft) { g.roots[1] = g.roots[0] }))
	bad("grants/profiles-descending", "Ascending", "profiles do not ascend", with(func(g *grantDraft) { slices.Reverse(g.pins) }))
	bad("grants/private-profile", "PrivateProfile", "a private profile: its id means something else in every city", with(func(g *grantDraft) { g.pins = pinsOf(cardProfile()) }))
	bad("grants/descending", "Ascending", "grants do not ascend", func(c *trustCase) { c.trust.grants = []grantDraft{third(), hangzhouGrant()} })
	bad("grants/one-city-twice", "Ascending", "two grants for one city", func(c *trustCase) { c.trust.grants = []grantDraft{hangzhouGrant(), hangzhouGrant()} })
	bad("grants/count-too-high", "Truncated", "65535 grants are announced", func(c *trustCase) { c.trust.grantCount = ptr(uint16(0xffff)) })
	bad("scenes/of-snapshot-key", "KeyUse", "a snapshot key with a scene group", func(c *trustCase) { c.add(c.issuer(4, snapshotKey, useSnapshot, 1, 0)) })
	b.invalid(citycode.ListUnknownSigner, "version/epoch-of-later-roots", "Rollback", "epoch 2, the roots are of epoch 1: they could push a terminal beyond their successors", func(c *trustCase) { c.trust.epoch = 2 })
	b.invalid(citycode.ListRollback, "version/epoch-of-earlier-roots", "Rollback", "epoch 1, the roots are of epoch 2", func(c *trustCase) { c.config = &trustConfig{Epoch: 2} })

	// One pair alone is out of order.
	roots, pins := publicKeys(root0, root1, root2), pinsOf(citycode.MedicalProfile(), citycode.TransitProfile(), citycode.CardProfile())
	for i, which := range []string{"first", "last"} {
		exchanged := func(field, what string, change func(c *trustCase)) {
			b.invalid(citycode.ListMalformed, field+"-"+which+"-two-exchanged", "Ascending", "the "+which+" two "+what+" do not ascend, the others do", change)
		}
		exchanged("grants/roots", "roots of a grant", with(func(g *grantDraft) { g.roots = slices.Clone(roots); exchange(g.roots, i) }))
		exchanged("grants/profiles", "profiles of a grant", with(func(g *grantDraft) { g.pins = slices.Clone(pins); exchange(g.pins, i) }))
		exchanged("grants/cities", "grants", func(c *trustCase) {
			second := hangzhouGrant()
			second.city++
			c.trust.grants = []grantDraft{hangzhouGrant(), second, third()}
			exchange(c.trust.grants, i)
		})
		exchanged("profiles/of-a-key", "profiles of a key", func(c *trustCase) { c.trust.entries[0].pins = slices.Clone(pins); exchange(c.trust.entries[0].pins, i) })
		exchanged("id/entries", "entries", func(c *trustCase) { exchange(c.trust.entries, i) })
	}
	b.invalid(citycode.ListMalformed, "id/three-keys-of-a-later-id", "DuplicateId", "three keys of an id that is not the first in the list", func(c *trustCase) {
		for _, name := range []string{"210100 key 9 a", "210100 key 9 b", "210100 key 9 c"} {
			c.add(c.issuer(9, name, useExplicit, 1, day, citycode.TransitProfile()))
		}
	})
}
