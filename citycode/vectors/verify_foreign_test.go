package vectors

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/citizencode/citizencode/citycode"
)

var foreignRoots = []string{"330100 root 0", "330100 root 1"}

func publicKeys(names ...string) [][]byte {
	var list [][]byte
	for _, name := range names {
		list = append(list, key(name).public())
	}
	slices.SortFunc(list, bytes.Compare)
	return list
}

// hangzhouGrant is what Shenyang takes of Hangzhou.
func hangzhouGrant() grantDraft {
	return grantDraft{city: hangzhou, epoch: 1, threshold: 2, roots: publicKeys(foreignRoots...), scenes: uint16(citycode.Transit | citycode.Medical),
		pins: pinsOf(citycode.MedicalProfile(), citycode.TransitProfile())}
}

// hangzhouCity lists a key for transit and universal codes in transit and parking.
func hangzhouCity() *cityDraft {
	c := &cityDraft{roots: foreignRoots, threshold: 2}
	c.trust = trustDraft{version: 0x11, kind: 'T', city: hangzhou, epoch: 1, counter: 3, issuedAt: start - day, expires: start + 30*day, signers: foreignRoots}
	issuer := c.issuer(1, foreignKey, useExplicit, uint16(citycode.Transit|citycode.Parking), issuerLifetime, citycode.TransitProfile(), citycode.UniversalProfile())
	status := c.issuer(3, "330100 status", useStatus, 0, 0)
	issuer.id, status.id = id(hangzhou, 1), id(hangzhou, 3)
	c.trust.entries = []listEntry{issuer, status}
	s := newStatus(1, statusEntries, []uint32{revokedIndex}, []uint32{suspendedIndex})
	s.signer, s.issuer, s.sign.key = id(hangzhou, 3), id(hangzhou, 1), "330100 status"
	c.status = []statusDraft{s}
	return c
}

// worldWith is the everyday of Shenyang with a grant, and the lists of Hangzhou.
func worldWith(grant grantDraft, city *cityDraft) *world {
	home := newCity()
	home.trust.grants = []grantDraft{grant}
	w := home.world()
	w.Foreign = &[]foreignJSON{{hangzhou, city.trust.message(), city.statusMessages()}}
	return w
}

func (e *envelope) foreigners() {
	b := e.tokenGroup(1901, "Codes of another city (SPEC §5.3, §5.4, §6.8): for what both cities list", newCity(), gate(), func() draft {
		d := ride()
		d.issuer, d.issuerSign.key = id(hangzhou, 1), foreignKey
		return d
	})
	b.group.World = worldWith(hangzhouGrant(), hangzhouCity())
	defer b.end()
	granted := func(change func(*grantDraft)) *world {
		g := hangzhouGrant()
		change(&g)
		return &world{TrustList: worldWith(g, hangzhouCity()).TrustList}
	}
	listed := func(change func(*cityDraft)) *world {
		city := hangzhouCity()
		change(city)
		return &world{Foreign: worldWith(hangzhouGrant(), city).Foreign}
	}
	serves := func(c *tokenCase, scenes citycode.Scenes) {
		c.scenes, c.audience = uint16(scenes), uint16(scenes)
		c.terminal.Audience = ptr(uint16(scenes))
	}

	b.valid("Grant", "a ride code of another city, for which both cities list transit", nil)
	b.valid("Grant", "a ride code of this city at the same gate", func(c *tokenCase) { c.draft = ride() })
	b.valid("Grant TimeFloor", "the other city's lists were signed tomorrow: they do not move this city's time floor", func(c *tokenCase) {
		c.world = listed(func(city *cityDraft) {
			city.trust.issuedAt = now + day
			city.status[0].issuedAt, city.status[0].expires = now+day, now+9*day
		})
	})
	b.valid("Grant Boundary TrustStale", "the last second of the other city's list", func(c *tokenCase) {
		c.world = listed(func(city *cityDraft) { city.trust.expires = now })
	})
	b.valid("Grant Boundary", "the key of that city lists every scene, the grant has this one", func(c *tokenCase) {
		c.world = listed(func(city *cityDraft) { city.trust.entries[0].scenes = 0xffff })
	})

	no := func(fault, comment string, change func(*tokenCase)) {
		b.invalid(citycode.IssuerNotAllowed, fault, "Grant", comment, change)
	}
	no("scenes/listed-not-granted", "parking: the other city lists it, the grant does not", func(c *tokenCase) { serves(c, citycode.Parking) })
	no("scenes/granted-not-listed", "medical: the grant has it, the other city's key does not", func(c *tokenCase) { serves(c, citycode.Medical) })
	no("profile/listed-not-granted", "universal: the other city lists it, the grant does not", func(c *tokenCase) { c.profile, c.notAfter = byte(citycode.ProfileUniversal), start+day })
	no("profile/granted-not-listed", "medical: the grant has it, the other city's key does not", func(c *tokenCase) { c.profile = byte(citycode.ProfileMedical) })
	no("profile/granted-with-another-definition", "the grant pins another definition of transit", func(c *tokenCase) {
		c.world = granted(func(g *grantDraft) { g.pins[1].digest = filler("another definition", 32) })
	})
	no("profile/foreign-with-another-definition", "the other city lists another definition of transit", func(c *tokenCase) {
		c.world = listed(func(city *cityDraft) { city.trust.entries[0].pins[0].digest = filler("another definition", 32) })
	})
	no("scenes/grant-without-scenes", "a grant of no scene", func(c *tokenCase) { c.world = granted(func(g *grantDraft) { g.scenes = 0 }) })
	no("profile/grant-without-profiles", "a grant of no profile", func(c *tokenCase) { c.world = granted(func(g *grantDraft) { g.pins = nil }) })

	refuse := func(r citycode.Reason, fault, flags, comment string, change func(*tokenCase)) {
		b.invalid(r, fault, "Grant "+flags, comment, change)
	}
	refuse(citycode.UnknownIssuer, "foreign/list-missing", "UnknownIssuer", "the city is granted, and the terminal has not its list", func(c *tokenCase) { c.world = &world{Foreign: &[]foreignJSON{}} })
	refuse(citycode.UnknownIssuer, "issuer/third-city", "UnknownIssuer", "a city that nobody granted", func(c *tokenCase) { c.issuer = id(440100, 1) })
	refuse(citycode.UnknownIssuer, "issuer/foreign-index-not-listed", "UnknownIssuer", "an index that the other city does not list and this city does", func(c *tokenCase) { c.issuer = id(hangzhou, 2) })
	refuse(citycode.UnknownIssuer, "issuer/foreign-status-key", "KeyUse", "the other city's key for status lists issues a code", func(c *tokenCase) {
		c.issuer, c.issuerSign.key = id(hangzhou, 3), "330100 status"
	})
	refuse(citycode.TrustStale, "foreign/list-expired", "TrustStale", "one second after the last of the other city's list", func(c *tokenCase) {
		c.world = listed(func(city *cityDraft) { city.trust.expires = now - 1 })
	})
	refuse(citycode.BadIssuerSignature, "issuerSignature/foreign-by-home-key", "WrongKey", "this city's key under the other city's id", func(c *tokenCase) { c.issuerSign.key = issuerKey })
	refuse(citycode.BadIssuerSignature, "issuerSignature/home-by-foreign-key", "WrongKey", "the other city's key under this city's id", func(c *tokenCase) { c.issuer = id(shenyang, 1) })
	refuse(citycode.Revoked, "statusIndex/foreign-revoked", "Status", "revoked in the other city's status list", func(c *tokenCase) { c.index = revokedIndex })
	refuse(citycode.StatusUnknown, "statusIndex/foreign-no-list", "Status", "the other city's status list is missing; index 4711 of this city's own list says nothing about it", func(c *tokenCase) {
		c.world = listed(func(city *cityDraft) { city.status = nil })
		(*c.world.Foreign)[0].StatusLists = []hexBytes{}
	})
	refuse(citycode.Replayed, "token/foreign-again", "Replay", "a code of another city a second time", func(c *tokenCase) { c.before = []scan{{nil, "", c.token(), valid}} })
	e.snapshots(b)
}

// snapshots has terminals with a snapshot of their lists.
func (e *envelope) snapshots(b *tokenBuilder) {
	with := func(change func(*snapshotDraft)) *world {
		home := newCity()
		home.trust.grants = []grantDraft{hangzhouGrant()}
		home.add(home.issuer(4, snapshotKey, useSnapshot, 0, 0))
		s := newSnapshot(home)
		if change != nil {
			change(&s)
		}
		return &world{TrustList: home.trust.message(), Snapshot: s.message()}
	}
	own := func(c *tokenCase) { c.draft = ride() }
	b.valid("Snapshot", "a snapshot names the lists that the terminal uses", func(c *tokenCase) { own(c); c.world = with(nil) })
	b.valid("Snapshot Grant", "the snapshot says nothing about the other city's lists", func(c *tokenCase) { c.world = with(nil) })
	b.valid("Snapshot Boundary", "the last second of the snapshot", func(c *tokenCase) {
		own(c)
		c.world = with(func(s *snapshotDraft) { s.expires = now })
	})
	b.invalid(citycode.TrustStale, "snapshot/expired", "Snapshot TrustStale", "one second after the last of the snapshot", func(c *tokenCase) {
		own(c)
		c.world = with(func(s *snapshotDraft) { s.expires = now - 1 })
	})
	b.invalid(citycode.TrustStale, "snapshot/expired-foreign-code", "Snapshot TrustStale Grant", "a code of another city one second after the last of the snapshot", func(c *tokenCase) {
		c.world = with(func(s *snapshotDraft) { s.expires = now - 1 })
	})
	b.invalid(citycode.TerminalClockWrong, "snapshot/issued-after-clock", "Snapshot TimeFloor", "the snapshot was signed one second more than the terminal skew after the clock", func(c *tokenCase) {
		own(c)
		c.world = with(func(s *snapshotDraft) { s.issuedAt = now + 31 })
	})
	signerUntil := func(t uint32) *world {
		home := newCity()
		home.trust.grants = []grantDraft{hangzhouGrant()}
		signer := home.issuer(4, snapshotKey, useSnapshot, 0, 0)
		signer.verify = t
		home.add(signer)
		s := newSnapshot(home)
		return &world{TrustList: home.trust.message(), Snapshot: s.message()}
	}
	b.valid("Snapshot Boundary KeyWindow", "the last second at which the key that signed the snapshot counts", func(c *tokenCase) { own(c); c.world = signerUntil(now) })
	b.invalid(citycode.TrustStale, "verifyUntil/of-the-snapshot-s-signer", "Snapshot TrustStale KeyWindow", "the key that signed the snapshot no longer counts", func(c *tokenCase) {
		own(c)
		c.world = signerUntil(now - 1)
	})
}

const snapshotKey = "210100 snapshot"

// A snapshotDraft is a snapshot in the making (../SPEC.md §6.7).
type snapshotDraft struct {
	version, kind     byte
	signer            uint32
	epoch, counter    uint32
	issuedAt, expires uint32
	lists             []snapshotEntry
	count             *uint16 // in place of len(lists)
	sign              signing
}

type snapshotEntry struct {
	kind           byte
	issuer         uint32
	list           byte
	epoch, counter uint32
	digest         []byte
}

// newSnapshot names every list of a city.
func newSnapshot(c *cityDraft) snapshotDraft {
	s := snapshotDraft{version: 0x11, kind: 'N', signer: id(shenyang, 4), epoch: 1, counter: 20, issuedAt: start, expires: start + 12*hour,
		sign: signing{key: snapshotKey, tag: "CC1/snap"}}
	for i := range c.status {
		l := &c.status[i]
		s.lists = append(s.lists, snapshotEntry{'S', l.issuer, l.list, l.epoch, l.counter, sm3(l.body())})
	}
	s.lists = append(s.lists, snapshotEntry{'T', 0, 0, c.trust.epoch, c.trust.counter, sm3(c.trust.body())})
	return s
}

func (s *snapshotDraft) message() []byte {
	b := []byte{s.version, s.kind}
	for _, v := range []uint32{s.signer, s.epoch, s.counter, s.issuedAt, s.expires} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	n := uint16(len(s.lists))
	if s.count != nil {
		n = *s.count
	}
	b = binary.BigEndian.AppendUint16(b, n)
	for _, l := range s.lists {
		b = append(binary.BigEndian.AppendUint32(append(b, l.kind), l.issuer), l.list)
		b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, l.epoch), l.counter)
		b = append(b, l.digest...)
	}
	return append(b, s.sign.sign(b).signature...)
}
