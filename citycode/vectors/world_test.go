package vectors

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/citizencode/citizencode/citycode"
)

// The everyday of the vectors: Shenyang, eight in the morning UTC.
const (
	shenyang = 210100
	hangzhou = 330100 // another city

	start = 1795305600 // 2026-11-22T00:00:00Z
	hour  = 3600
	day   = 24 * hour
	now   = start + 8*hour
)

// id returns a key id.
func id(city, index uint32) uint32 { return city<<12 | index }

// Keys of Shenyang.
const (
	root0, root1, root2 = "210100 root 0", "210100 root 1", "210100 root 2"
	issuerKey           = "210100 issuer"
	printerKey          = "210100 printer"
	statusKey           = "210100 status"
	personA             = "210100 citizen Test Person A"
	personB             = "210100 citizen Test Person B"
	attacker            = "attacker"
	foreignKey          = "330100 issuer"
)

// A world is what a terminal has been given: all of it is signed, or burnt in.
type world struct {
	City        int            `json:"city,omitempty"`
	Roots       []hexBytes     `json:"roots,omitempty"`
	Epoch       int            `json:"epoch,omitempty"` // of the roots
	Threshold   int            `json:"threshold,omitempty"`
	TrustList   hexBytes       `json:"trustList,omitempty"`
	StatusLists []hexBytes     `json:"statusLists,omitempty"`
	Profiles    []profileJSON  `json:"profiles,omitempty"`
	Foreign     *[]foreignJSON `json:"foreign,omitempty"`
	Snapshot    hexBytes       `json:"snapshot,omitempty"`
}

// A foreignJSON holds the lists of another city. Its trust list is opened with the roots that the world's own
// trust list grants it.
type foreignJSON struct {
	City        int        `json:"city"`
	TrustList   hexBytes   `json:"trustList"`
	StatusLists []hexBytes `json:"statusLists"`
}

// A profileJSON is a profile in words, with its definition of ../SPEC.md §3.4.
type profileJSON struct {
	ID                  int      `json:"id"`
	Name                string   `json:"name"`
	City                int      `json:"city"`
	Kind                string   `json:"kind"`
	Mode                string   `json:"mode"`
	Source              string   `json:"source"`
	SubjectSize         int      `json:"subjectSize"`
	SealSize            int      `json:"sealSize"`
	SourceSize          int      `json:"sourceSize"`
	PrefixSize          int      `json:"prefixSize"`
	Challenge           string   `json:"challenge"`
	Assurance           string   `json:"assurance"`
	MaxAge              int      `json:"maxAge"`
	MaxLifetime         int      `json:"maxLifetime"`
	StatusAge           int      `json:"statusAge"`
	StatusUnknownPasses bool     `json:"statusUnknownPasses"`
	AnyAudience         bool     `json:"anyAudience"`
	OnlineScenes        int      `json:"onlineScenes"`
	Definition          hexBytes `json:"definition"`
	SM3                 hexBytes `json:"sm3"`
}

func profileOf(p citycode.Profile) profileJSON {
	seconds := func(d time.Duration) int { return int(d / time.Second) }
	j := profileJSON{
		ID: int(p.ID), Name: p.Name, City: p.City,
		Kind:        []string{"", "person", "organisation", "thing", "place", "matter"}[p.Kind],
		Mode:        []string{"static", "explicit", "implicit", "certified-multiple"}[p.Mode],
		Source:      []string{"none", "medical", "social-security", "transit"}[p.Source],
		SubjectSize: p.SubjectSize, SealSize: p.SealSize, SourceSize: p.SourceSize, PrefixSize: p.PrefixSize,
		Challenge: []string{"none", "optional", "required"}[p.Challenge],
		Assurance: []string{"none", "software", "tee", "secure-element", "card"}[p.Assurance],
		MaxAge:    seconds(p.MaxAge), MaxLifetime: seconds(p.MaxLifetime), StatusAge: seconds(p.StatusAge),
		StatusUnknownPasses: p.StatusUnknownPasses, AnyAudience: p.AnyAudience, OnlineScenes: int(p.OnlineScenes),
	}
	bit := func(set bool, b byte) byte {
		if set {
			return b
		}
		return 0
	}
	mode := 0x10 | byte(p.Mode) | bit(p.SealSize > 0, 4) | bit(p.SourceSize > 0, 8)
	b := binary.BigEndian.AppendUint32([]byte{byte(p.ID)}, uint32(p.City))
	b = append(b, byte(p.Kind), mode, byte(p.Source), byte(p.SubjectSize), byte(p.SealSize), byte(p.SourceSize),
		byte(p.PrefixSize), byte(p.Challenge), byte(p.Assurance), bit(p.StatusUnknownPasses, 1)|bit(p.AnyAudience, 2))
	for _, n := range []int{j.MaxAge, j.MaxLifetime, j.StatusAge} {
		b = binary.BigEndian.AppendUint32(b, uint32(n))
	}
	j.Definition = binary.BigEndian.AppendUint16(b, uint16(p.OnlineScenes))
	j.SM3 = sm3(j.Definition)
	return j
}

func pinOf(p citycode.Profile) pin { return pin{byte(p.ID), profileOf(p).SM3} }

func pinsOf(profiles ...citycode.Profile) []pin {
	var list []pin
	for _, p := range profiles {
		list = append(list, pinOf(p))
	}
	return list
}

// A cityDraft is a world in the making.
type cityDraft struct {
	roots     []string
	threshold int
	trust     trustDraft
	status    []statusDraft
	profiles  []citycode.Profile
}

// Indices whose state the everyday status lists give. 70247 and 70336 have the low 16 bits of 4711 and 4800.
const (
	revokedIndex    = 4800
	suspendedIndex  = 4801
	revokedHigh     = 70247
	validHigh       = 70336
	statusEntries   = 80_000
	revokedPlace    = 200
	suspendedPlace  = 201
	placeEntries    = 10_000
	ordinaryIndex   = 4711
	universalIndex  = 4713
	medicalIndex    = 4712
	cardIndex       = 4714
	ordinaryPlace   = 100
	issuerLifetime  = 7 * day
	printerLifetime = 3650 * day
)

// newCity returns the everyday: issuer 1 for transit, medical and universal codes in four scene groups, issuer
// 2 for printed codes, key 3 for status lists, and a status list for each issuer.
func newCity() *cityDraft {
	c := &cityDraft{roots: []string{root0, root1, root2}, threshold: 2, profiles: citycode.Profiles()}
	c.trust = trustDraft{version: 0x11, kind: 'T', city: shenyang, epoch: 1, counter: 7, issuedAt: start - day, expires: start + 30*day,
		signers: []string{root0, root1}}
	c.trust.entries = []listEntry{
		c.issuer(1, issuerKey, useExplicit, 0x000f, issuerLifetime, citycode.MedicalProfile(), citycode.TransitProfile(), citycode.UniversalProfile()),
		c.issuer(2, printerKey, useStatic, 0xffff, printerLifetime, citycode.ThingProfile(), citycode.PlaceProfile()),
		c.issuer(3, statusKey, useStatus, 0, 0),
	}
	c.status = []statusDraft{
		newStatus(1, statusEntries, []uint32{revokedIndex, revokedHigh}, []uint32{suspendedIndex}),
		newStatus(2, placeEntries, []uint32{revokedPlace}, []uint32{suspendedPlace}),
	}
	return c
}

func (c *cityDraft) issuer(index uint32, name string, use byte, scenes uint16, lifetime uint32, profiles ...citycode.Profile) listEntry {
	return listEntry{id: id(shenyang, index), use: use, key: key(name).public(), scenes: scenes, from: start - 400*day, until: start + 60*day,
		verify: start + 4000*day, lifetime: lifetime, pins: pinsOf(profiles...)}
}

// newStatus returns a status list about an issuer of Shenyang.
func newStatus(issuer, size uint32, revoked, suspended []uint32) statusDraft {
	return statusDraft{version: 0x11, kind: 'S', signer: id(shenyang, 3), issuer: id(shenyang, issuer), epoch: 1, counter: 4,
		issuedAt: start, expires: start + 7*day, size: size, revoked: revoked, suspended: suspended,
		sign: signing{key: statusKey, tag: "CC1/list"}}
}

// add lists a key, in its place.
func (c *cityDraft) add(e listEntry) {
	i := slices.IndexFunc(c.trust.entries, func(o listEntry) bool {
		return o.id > e.id || o.id == e.id && slices.Compare(o.key, e.key) > 0
	})
	if i < 0 {
		i = len(c.trust.entries)
	}
	c.trust.entries = slices.Insert(c.trust.entries, i, e)
}

// learn makes a profile known to the terminal, and lists it for an entry.
func (c *cityDraft) learn(entry int, profiles ...citycode.Profile) {
	c.profiles = append(c.profiles, profiles...)
	c.trust.entries[entry].pins = append(c.trust.entries[entry].pins, pinsOf(profiles...)...)
}

func (c *cityDraft) rootKeys() []hexBytes {
	var list []hexBytes
	for _, name := range c.roots {
		list = append(list, key(name).public())
	}
	return list
}

func (c *cityDraft) statusMessages() []hexBytes {
	var list []hexBytes
	for _, s := range c.status {
		list = append(list, s.message())
	}
	return list
}

func (c *cityDraft) world() *world {
	w := &world{City: int(c.trust.city), Roots: c.rootKeys(), Epoch: 1, Threshold: c.threshold, TrustList: c.trust.message(), StatusLists: c.statusMessages()}
	for _, p := range c.profiles {
		w.Profiles = append(w.Profiles, profileOf(p))
	}
	return w
}
