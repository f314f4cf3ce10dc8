package citycode

import (
	"encoding/binary"
	"slices"

	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/internal/wire"
)

// MaxGrants is how many other cities a trust list may name (SPEC §6.8).
const MaxGrants = 1024

// A Grant is what a city accepts of another one (跨城互认, SPEC §6.8): whose
// root keys speak for it, and for which profiles and scenes its codes are
// taken. The other city's own list must say the same: what holds is what both
// list.
type Grant struct {
	City      int
	Epoch     uint32 // of the root keys
	Threshold int
	Roots     []PublicKey // ascending
	Scenes    Scenes
	Profiles  []TrustProfile // ascending by id; standard ones only
}

// TrustConfig returns what the other city's list is opened with. have is the
// highest version of it ever accepted.
func (g Grant) TrustConfig(have Version, e engine.Engine) TrustConfig {
	return TrustConfig{City: g.City, Epoch: g.Epoch, Roots: g.Roots, Threshold: g.Threshold, Have: have, Engine: e}
}

func (g *Grant) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(g.City))
	b = binary.BigEndian.AppendUint32(b, g.Epoch)
	b = append(b, byte(g.Threshold), byte(len(g.Roots)))
	for _, r := range g.Roots {
		b = append(b, r[:]...)
	}
	b = binary.BigEndian.AppendUint16(b, uint16(g.Scenes))
	return appendPins(b, g.Profiles)
}

func readGrant(r *wire.Reader) (g Grant) {
	g.City, g.Epoch, g.Threshold = int(r.Uint32()), r.Uint32(), int(r.Uint8())
	for n := int(r.Uint8()); n > 0 && r.OK(); n-- {
		var k PublicKey
		r.Copy(k[:])
		g.Roots = append(g.Roots, k)
	}
	g.Scenes = Scenes(r.Uint16())
	g.Profiles = readPins(r)
	return g
}

func appendPins(b []byte, pins []TrustProfile) []byte {
	b = append(b, byte(len(pins)))
	for _, p := range pins {
		b = append(b, byte(p.ID))
		b = append(b, p.Digest[:]...)
	}
	return b
}

func readPins(r *wire.Reader) (pins []TrustProfile) {
	for n := int(r.Uint8()); n > 0 && r.OK(); n-- {
		pin := TrustProfile{ID: ProfileID(r.Uint8())}
		r.Copy(pin.Digest[:])
		pins = append(pins, pin)
	}
	return pins
}

// checkPins reports whether the ids strictly ascend and are not too many.
func checkPins(pins []TrustProfile) bool {
	for i := 1; i < len(pins); i++ {
		if pins[i].ID <= pins[i-1].ID {
			return false
		}
	}
	return len(pins) <= maxProfiles
}

func (d *TrustDraft) checkGrants() error {
	if len(d.Grants) > MaxGrants {
		return listError(trustListName, ListMalformed, "%d grants, at most %d", len(d.Grants), MaxGrants)
	}
	for i, g := range d.Grants {
		malformed := func(what string) error {
			return listError(trustListName, ListMalformed, "grant for city %06d: %s", g.City, what)
		}
		switch {
		case g.City < MinCity || g.City > MaxCity || g.City == d.City:
			return malformed("not another GB/T 2260 city")
		case i > 0 && d.Grants[i-1].City >= g.City:
			return malformed("it does not ascend")
		case g.Epoch == 0 || g.Threshold < 1 || g.Threshold > len(g.Roots) || len(g.Roots) > MaxRoots:
			return malformed("its threshold does not fit its root keys")
		case !checkPins(g.Profiles):
			return malformed("its profiles do not ascend")
		}
		for j := 1; j < len(g.Roots); j++ {
			if comparePublicKeys(g.Roots[j-1], g.Roots[j]) >= 0 {
				return malformed("its root keys do not ascend")
			}
		}
		for _, p := range g.Profiles {
			// A private id means something else in every city.
			if p.ID.Private() {
				return malformed("a private profile cannot be granted")
			}
		}
	}
	return nil
}

// Grant returns what the list grants to another city.
func (l *TrustList) Grant(city int) (Grant, bool) {
	if g := l.grant(city); g != nil {
		return g.clone(), true
	}
	return Grant{}, false
}

// grant returns what the list grants to a city, or nil.
func (l *TrustList) grant(city int) *Grant {
	if i := slices.IndexFunc(l.grants, func(g Grant) bool { return g.City == city }); i >= 0 {
		return &l.grants[i]
	}
	return nil
}

// Grants returns what the list grants to other cities, ascending: what an
// authority begins the next list with.
func (l *TrustList) Grants() []Grant {
	var list []Grant
	for _, g := range l.grants {
		list = append(list, g.clone())
	}
	return list
}

// clone keeps callers from writing into a list that a verifier uses.
func (g Grant) clone() Grant {
	g.Roots, g.Profiles = slices.Clone(g.Roots), slices.Clone(g.Profiles)
	return g
}

// covers reports whether the grant takes codes of the profile and scenes.
func (g *Grant) covers(id ProfileID, pin *[engine.DigestSize]byte, scenes Scenes) bool {
	return scenes&^g.Scenes == 0 && slices.Contains(g.Profiles, TrustProfile{id, *pin})
}
