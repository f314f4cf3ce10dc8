package citycode_test

import (
	"bytes"
	"crypto"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

// dalian is the city next door.
const dalian = 210200

// rootsOf returns the root keys of a test city, ascending.
func rootsOf(t testing.TB, city string) (roots [][]byte) {
	t.Helper()
	for _, i := range []string{"0", "1", "2"} {
		roots = append(roots, compressed(t, citycodetest.Key(city+" root "+i)))
	}
	slices.SortFunc(roots, bytes.Compare)
	return roots
}

// strangersGrant is what Shenyang takes of Dalian's codes, as the stranger
// writes it.
func strangersGrant(t testing.TB) strangerGrant {
	t.Helper()
	pin := citycode.PinProfile(citycode.TransitProfile())
	return strangerGrant{city: dalian, epoch: 1, threshold: 2, roots: rootsOf(t, "210200"), scenes: 1, pins: []strangerPin{{byte(pin.ID), pin.Digest}}}
}

// neighbours are two cities at noon, of which Shenyang takes some of Dalian's
// codes.
type neighbours struct {
	t           testing.TB
	here, there *citycodetest.City
}

// newNeighbours has Shenyang grant transit and medical codes for transit and
// medical scenes, and Dalian's issuer speak for transit and universal codes for
// transit and parking. Both list transit codes for transit.
func newNeighbours(t testing.TB) *neighbours {
	t.Helper()
	n := &neighbours{t, citycodetest.NewCity(t, citycodetest.Shenyang), citycodetest.NewCity(t, dalian)}
	n.here.Clock.Set(at(noon))
	n.there.Clock.Set(at(noon))
	n.here.Draft.Grants = []citycode.Grant{n.grant()}
	e := &n.there.Draft.Entries[0]
	e.Scenes = citycode.Transit | citycode.Parking
	e.Profiles = []citycode.TrustProfile{citycode.PinProfile(citycode.TransitProfile()), citycode.PinProfile(citycode.UniversalProfile())}
	return n
}

func (n *neighbours) grant() citycode.Grant {
	g := citycode.Grant{City: dalian, Epoch: 1, Threshold: 2, Scenes: citycode.Transit | citycode.Medical,
		Profiles: []citycode.TrustProfile{citycode.PinProfile(citycode.MedicalProfile()), citycode.PinProfile(citycode.TransitProfile())}}
	for _, root := range rootsOf(n.t, "210200") {
		g.Roots = append(g.Roots, citycode.PublicKey(root))
	}
	return g
}

// config is a terminal in Shenyang that holds the lists of both cities.
func (n *neighbours) config(e engine.Engine) citycode.VerifierConfig {
	n.t.Helper()
	here, there := n.here.Trust(e), n.foreign(e)
	return citycode.VerifierConfig{Trust: here, Foreign: []*citycode.TrustList{there}, InsecureNoReplayGuard: true, Now: n.here.Clock.Now,
		Status: slices.Concat(n.here.Status(here), n.there.Status(there))}
}

// foreign opens Dalian's list with the roots that Shenyang grants.
func (n *neighbours) foreign(e engine.Engine) *citycode.TrustList {
	n.t.Helper()
	g, ok := n.here.Trust(e).Grant(dalian)
	require.True(n.t, ok)
	l, err := citycode.OpenTrustList(n.there.TrustMessage(), g.TrustConfig(citycode.Version{}, e))
	require.NoError(n.t, err)
	return l
}

// code is a code of Dalian's in which all is well.
func (n *neighbours) code() stranger {
	return stranger{version: 0x11, mode: 0x10 | modeExplicit, profile: byte(citycode.ProfileTransit), issuer: dalian<<12 | 1,
		issuedAt: uint32(noon - 8*hour), notAfter: uint32(noon + 8*hour), index: 4711, scenes: 1, subject: []byte("pseudony"),
		issuerKey: citycodetest.Key("210200 issuer"), holder: citycodetest.Key("210200 citizen"),
		time: uint32(noon - 2), counter: 7, audience: 1}
}

func (n *neighbours) verdict(cfg citycode.VerifierConfig, code stranger) citycode.Reason {
	n.t.Helper()
	v, err := citycode.NewVerifier(cfg)
	require.NoError(n.t, err)
	_, reason := verdict(n.t, v, reads(n.t, code.token(n.t)), citycode.Check{Audience: 0xffff, Online: true})
	return reason
}

// TestGrantMatrix: a code of another city is taken only for what both cities
// list: neither widens what the other says (SPEC §6.8).
func TestGrantMatrix(t *testing.T) {
	n := newNeighbours(t)
	granted := map[citycode.ProfileID]bool{citycode.ProfileMedical: true, citycode.ProfileTransit: true}
	listed := map[citycode.ProfileID]bool{citycode.ProfileTransit: true, citycode.ProfileUniversal: true}
	const grantScenes, entryScenes = citycode.Transit | citycode.Medical, citycode.Transit | citycode.Parking
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		cfg := n.config(e)
		accepted := 0
		for _, p := range []citycode.ProfileID{citycode.ProfileMedical, citycode.ProfileTransit, citycode.ProfileUniversal} {
			for scenes := citycode.Scenes(1); scenes < 16; scenes++ {
				code := n.code()
				code.profile, code.scenes, code.audience = byte(p), uint16(scenes), uint16(scenes&-scenes)
				want := citycode.IssuerNotAllowed
				if granted[p] && listed[p] && scenes&^(grantScenes&entryScenes) == 0 {
					want = 0
					accepted++
				}
				require.Equal(t, want.String(), n.verdict(cfg, code).String(), "profile 0x%02x, scenes %s", byte(p), scenes)
			}
		}
		assert.Equal(t, 1, accepted, "transit codes for transit")
	})
}

// TestGrantPins: both cities mean the same definition under an id, or none.
func TestGrantPins(t *testing.T) {
	n := newNeighbours(t)
	other := citycode.TransitProfile()
	other.MaxAge /= 2
	n.here.Draft.Grants[0].Profiles[1] = citycode.PinProfile(other)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		cfg := n.config(e)
		assert.Equal(t, citycode.IssuerNotAllowed, n.verdict(cfg, n.code()), "the grant has another definition")
		cfg.Profiles = []citycode.Profile{other}
		assert.Equal(t, citycode.IssuerNotAllowed, n.verdict(cfg, n.code()), "the entry has another definition")
	})
}

// TestGrantVerdicts: what a terminal says about codes of other cities, and that
// its own are taken as before.
func TestGrantVerdicts(t *testing.T) {
	own := func(code *stranger) {
		code.issuer, code.issuerKey = uint32(210100<<12|1), citycodetest.Key("210100 issuer")
	}
	for _, c := range []struct {
		name   string
		want   citycode.Reason
		change func(n *neighbours, code *stranger)
		config func(n *neighbours, cfg *citycode.VerifierConfig)
	}{
		{name: "both list it"},
		{name: "Shenyang's own", change: func(n *neighbours, code *stranger) { own(code) }},
		{name: "a city that nobody granted", want: citycode.UnknownIssuer, change: func(n *neighbours, code *stranger) { code.issuer = 220100<<12 | 1 }},
		{name: "a granted city whose list is not here", want: citycode.UnknownIssuer, config: func(n *neighbours, cfg *citycode.VerifierConfig) { cfg.Foreign = nil }},
		{name: "a key that Dalian does not list", want: citycode.UnknownIssuer, change: func(n *neighbours, code *stranger) { code.issuer++; code.issuer |= 0x40 }},
		{name: "Dalian's status key", want: citycode.UnknownIssuer, change: func(n *neighbours, code *stranger) {
			code.issuer, code.issuerKey = dalian<<12|citycodetest.StatusIndex, citycodetest.Key("210200 status")
		}},
		{name: "no profile granted", want: citycode.IssuerNotAllowed, change: func(n *neighbours, code *stranger) { n.here.Draft.Grants[0].Profiles = nil }},
		{name: "no scene granted", want: citycode.IssuerNotAllowed, change: func(n *neighbours, code *stranger) { n.here.Draft.Grants[0].Scenes = 0 }},
		// Dalian's list is old: nobody can tell which of its keys still count.
		{name: "Dalian's list has expired", want: citycode.TrustStale, change: func(n *neighbours, code *stranger) { n.there.Draft.Expires = at(noon - 1) }},
		{name: "Dalian's list expires now", change: func(n *neighbours, code *stranger) { n.there.Draft.Expires = at(noon) }},
		{name: "Dalian's list has expired, Shenyang's own", change: func(n *neighbours, code *stranger) {
			n.there.Draft.Expires = at(noon - 1)
			own(code)
		}},
		{name: "Shenyang's list has expired", want: citycode.TrustStale, change: func(n *neighbours, code *stranger) { n.here.Draft.Expires = at(noon - 1) }},
		// The key of one city is not one of the other's.
		{name: "Dalian's key under Shenyang's id", want: citycode.BadIssuerSignature, change: func(n *neighbours, code *stranger) { code.issuer = 210100<<12 | 1 }},
		{name: "Shenyang's key under Dalian's id", want: citycode.BadIssuerSignature, change: func(n *neighbours, code *stranger) { code.issuerKey = citycodetest.Key("210100 issuer") }},
		{name: "beyond the lifetime that Dalian allows", want: citycode.LifetimeExceeded, change: func(n *neighbours, code *stranger) { n.there.Draft.Entries[0].MaxLifetime = 1e9 }},
		// The status of a code is its own city's word.
		{name: "revoked in Dalian", want: citycode.Revoked, change: func(n *neighbours, code *stranger) {
			require.NoError(n.t, n.there.Register[dalian<<12|1].Set(code.index, citycode.StatusRevoked))
		}},
		{name: "suspended in Dalian", want: citycode.Suspended, change: func(n *neighbours, code *stranger) {
			require.NoError(n.t, n.there.Register[dalian<<12|1].Set(code.index, citycode.StatusSuspended))
		}},
		{name: "the same index revoked in Shenyang", change: func(n *neighbours, code *stranger) {
			require.NoError(n.t, n.here.Register[210100<<12|1].Set(code.index, citycode.StatusRevoked))
		}},
		{name: "no status list of Dalian's", want: citycode.StatusUnknown, config: func(n *neighbours, cfg *citycode.VerifierConfig) { cfg.Status = cfg.Status[:3] }},
		{name: "revoked in Dalian, Shenyang's own of that index", change: func(n *neighbours, code *stranger) {
			require.NoError(n.t, n.there.Register[dalian<<12|1].Set(code.index, citycode.StatusRevoked))
			own(code)
		}},
	} {
		for _, e := range thin(engines(), 2) {
			n := newNeighbours(t)
			code := n.code()
			if c.change != nil {
				c.change(n, &code)
			}
			cfg := n.config(e)
			if c.config != nil {
				c.config(n, &cfg)
			}
			assert.Equal(t, c.want.String(), n.verdict(cfg, code).String(), "%s (%s)", c.name, e.Name())
		}
	}
}

// TestGrantTimeFloor: no other city stops this one's terminals by a date in
// the future, in whatever list it stands.
func TestGrantTimeFloor(t *testing.T) {
	n := newNeighbours(t)
	n.there.Draft.IssuedAt = at(noon + 1000*dayLong)
	n.there.Draft.Expires = at(noon + 2000*dayLong)
	n.there.Draft.Entries[2].IssueUntil = at(noon + 2000*dayLong)
	n.there.Clock.Set(at(noon + 1000*dayLong)) // the time of its status lists
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		cfg := n.config(e)
		v, err := citycode.NewVerifier(cfg)
		require.NoError(t, err)
		assert.Equal(t, at(noon), v.TimeFloor(), "that of Shenyang's status lists")
		assert.Zero(t, n.verdict(cfg, n.code()))
	})
}

// TestForeignListsThatAreRefused: a terminal holds another city's list only
// under the very roots that its own city grants.
func TestForeignListsThatAreRefused(t *testing.T) {
	n := newNeighbours(t)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		open := func(c *citycodetest.City, change func(cfg *citycode.TrustConfig)) *citycode.TrustList {
			cfg := c.TrustConfig()
			cfg.Engine = e
			if change != nil {
				change(&cfg)
			}
			d := c.Draft
			if cfg.Epoch != 0 {
				d.Version.Epoch = cfg.Epoch
			}
			body, err := d.Body()
			require.NoError(t, err)
			l, err := citycode.OpenTrustList(c.SignTrust(body, 0, 1), cfg)
			require.NoError(t, err)
			return l
		}
		there := open(n.there, nil)
		changchun := citycodetest.NewCity(t, 220100)
		for _, c := range []struct {
			name  string
			lists []*citycode.TrustList
			want  string
		}{
			{"none", nil, ""},
			{"Dalian's, with its roots in another order", []*citycode.TrustList{open(n.there, func(cfg *citycode.TrustConfig) {
				cfg.Roots = []citycode.PublicKey{cfg.Roots[2], cfg.Roots[0], cfg.Roots[1]}
			})}, ""},
			{"with one root less", []*citycode.TrustList{open(n.there, func(cfg *citycode.TrustConfig) { cfg.Roots = cfg.Roots[:2] })}, "grants"},
			{"with a root more", []*citycode.TrustList{open(n.there, func(cfg *citycode.TrustConfig) { cfg.Roots = append(slices.Clone(cfg.Roots), n.here.Roots[0]) })}, "grants"},
			{"with another root", []*citycode.TrustList{open(n.there, func(cfg *citycode.TrustConfig) {
				cfg.Roots = []citycode.PublicKey{cfg.Roots[0], cfg.Roots[1], n.here.Roots[0]}
			})}, "grants"},
			{"with another threshold", []*citycode.TrustList{open(n.there, func(cfg *citycode.TrustConfig) { cfg.Threshold = 1 })}, "grants"},
			{"with roots of another epoch", []*citycode.TrustList{open(n.there, func(cfg *citycode.TrustConfig) { cfg.Epoch = 2 })}, "grants"},
			{"of a city that is not granted", []*citycode.TrustList{open(changchun, nil)}, "grants"},
			{"Shenyang's own", []*citycode.TrustList{open(n.here, nil)}, "grants"},
			{"Dalian's twice", []*citycode.TrustList{there, there}, "two trust lists"},
		} {
			_, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: n.here.Trust(e), Foreign: c.lists, InsecureNoReplayGuard: true})
			if c.want == "" {
				assert.NoError(t, err, c.name)
			} else {
				assert.ErrorContains(t, err, c.want, c.name)
			}
		}
		// What Dalian grants is no grant of Shenyang's: trust does not travel.
		far := citycode.Grant{City: 220100, Epoch: 1, Threshold: 2, Scenes: 0xffff}
		for _, root := range rootsOf(t, "220100") {
			far.Roots = append(far.Roots, citycode.PublicKey(root))
		}
		n.there.Draft.Grants = []citycode.Grant{far}
		_, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: n.here.Trust(e), InsecureNoReplayGuard: true,
			Foreign: []*citycode.TrustList{open(n.there, nil), open(changchun, nil)}})
		assert.ErrorContains(t, err, "220100")
		n.there.Draft.Grants = nil
	})
}

// TestForeignCityOverreaches: what Dalian's own roots and keys signed about
// Shenyang is refused wherever it is opened.
func TestForeignCityOverreaches(t *testing.T) {
	n := newNeighbours(t)
	l := strangersTrust(t)
	l.city, l.entries, l.roots = dalian, l.entries[:1], []crypto.Signer{citycodetest.Key("210200 root 0"), citycodetest.Key("210200 root 1")}
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		here, there := n.here.Trust(e), n.foreign(e)
		_, err := citycode.OpenTrustList(l.message(t), n.grant().TrustConfig(citycode.Version{}, e))
		assert.Equal(t, citycode.ListForeignCity, listReason(t, trustList, err), "Dalian defines Shenyang's key")
		for name, change := range map[string]func(s *strangerStatus){
			"Dalian's key about Shenyang": func(s *strangerStatus) { s.signer, s.key = dalian<<12|3, citycodetest.Key("210200 status") },
			"Shenyang's key about Dalian": func(s *strangerStatus) { s.issuer = dalian<<12 | 1 },
		} {
			s := strangersStatus()
			change(&s)
			for _, trust := range []*citycode.TrustList{here, there} {
				_, reason := openStatus(t, trust, s.message(t), citycode.Version{})
				assert.Equal(t, citycode.ListForeignCity, reason, name)
			}
		}
	})
}

// TestGrantBytes: the library and the stranger write the same grants, and what
// is read is what was granted.
func TestGrantBytes(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	l := strangersTrust(t)
	second := strangersGrant(t)
	second.city, second.epoch, second.threshold, second.scenes, second.pins = 220100, 1<<32-1, 1, 0, nil
	l.grants = []strangerGrant{strangersGrant(t), second}
	msg := l.message(t)
	for _, g := range slices.Backward(l.grants) { // in any order
		grant := citycode.Grant{City: int(g.city), Epoch: g.epoch, Threshold: int(g.threshold), Scenes: citycode.Scenes(g.scenes)}
		for _, r := range g.roots {
			grant.Roots = append(grant.Roots, citycode.PublicKey(r))
		}
		for _, p := range g.pins {
			grant.Profiles = append(grant.Profiles, citycode.TrustProfile{ID: citycode.ProfileID(p.id), Digest: p.digest})
		}
		c.Draft.Grants = append(c.Draft.Grants, grant)
	}
	assert.Equal(t, msg, c.TrustMessage())
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		list, reason := openTrust(t, e, msg, nil)
		require.Zero(t, reason)
		for _, want := range c.Draft.Grants {
			got, ok := list.Grant(want.City)
			require.True(t, ok)
			assert.Equal(t, want, got)
			assert.Equal(t, citycode.TrustConfig{City: want.City, Epoch: want.Epoch, Roots: want.Roots, Threshold: want.Threshold,
				Have: citycode.Version{Epoch: 1, Counter: 2}, Engine: e}, got.TrustConfig(citycode.Version{Epoch: 1, Counter: 2}, e))
		}
		_, ok := list.Grant(citycodetest.Shenyang)
		assert.False(t, ok)
	})
}

// TestGrantRules: grants that the city's own roots signed and that are refused
// all the same (SPEC §6.8).
func TestGrantRules(t *testing.T) {
	count := func(n uint16) *uint16 { return &n }
	many := func(g strangerGrant, n int) (list []strangerGrant) {
		for i := range n {
			g.city = uint32(300000 + i)
			g.roots, g.threshold = g.roots[:1], 1
			list = append(list, g)
		}
		return list
	}
	for _, c := range []struct {
		name   string
		want   citycode.ListReason
		change func(l *strangerTrust, g *strangerGrant)
	}{
		{"nothing wrong", 0, func(l *strangerTrust, g *strangerGrant) {}},
		{"no profiles", 0, func(l *strangerTrust, g *strangerGrant) { g.pins = nil }},
		{"all of three", 0, func(l *strangerTrust, g *strangerGrant) { g.threshold = 3 }},
		{"1024 grants", 0, func(l *strangerTrust, g *strangerGrant) { l.grants = many(*g, citycode.MaxGrants) }},
		{"the last standard profile", 0, func(l *strangerTrust, g *strangerGrant) { g.pins[0].id = 0xef }},
		{"for itself", citycode.ListMalformed, func(l *strangerTrust, g *strangerGrant) { g.city = 210100 }},
		{"for city 99999", citycode.ListMalformed, func(l *strangerTrust, g *strangerGrant) { g.city = 99999 }},
		{"for city 1000000", citycode.ListMalformed, func(l *strangerTrust, g *strangerGrant) { g.city = 1000000 }},
		{"for city 2^32-1", citycode.ListMalformed, func(l *strangerTrust, g *strangerGrant) { g.city = 1<<32 - 1 }},
		{"twice", citycode.ListMalformed, func(l *strangerTrust, g *strangerGrant) { l.grants = append(l.grants, *g) }},
		{"not ascending", citycode.ListMalformed, func(l *strangerTrust, g *strangerGrant) {
			second := *g
			second.city--
			l.grants = append(l.grants, second)
		}},
		{"a private profile", citycode.ListMalformed, func(l *strangerTrust, g *strangerGrant) { g.pins[0].id = 0xf0 }},
		{"the last private profile", citycode.ListMalformed, func(l *strangerTrust, g *strangerGrant) { g.pins[0].id = 0xff }},
		{"a profile twice", citycode.ListMalformed, func(l *strangerTrust, g *strangerGrant) { g.pins = append(g.pins, g.pins[0]) }},
		{"profiles that descend", citycode.ListMalformed, func(l *strangerTrust, g *strangerGrant) { g.pins = append(g.pins, strangerPin{id: 1}) }},
		{"epoch 0", citycode.ListMalformed, func(l *strangerTrust, g *strangerGrant) { g.epoch = 0 }},
		{"threshold 0", citycode.ListMalformed, func(l *strangerTrust, g *strangerGrant) { g.threshold = 0 }},
		{"threshold 4 of 3", citycode.ListMalformed, func(l *strangerTrust, g *strangerGrant) { g.threshold = 4 }},
		{"threshold 255", citycode.ListMalformed, func(l *strangerTrust, g *strangerGrant) { g.threshold = 255 }},
		{"no roots", citycode.ListMalformed, func(l *strangerTrust, g *strangerGrant) { g.roots = nil }},
		{"no roots, threshold 0", citycode.ListMalformed, func(l *strangerTrust, g *strangerGrant) { g.roots, g.threshold = nil, 0 }},
		{"a root twice", citycode.ListMalformed, func(l *strangerTrust, g *strangerGrant) { g.roots[1] = g.roots[0] }},
		{"roots that descend", citycode.ListMalformed, func(l *strangerTrust, g *strangerGrant) { slices.Reverse(g.roots) }},
		{"17 roots", citycode.ListMalformed, func(l *strangerTrust, g *strangerGrant) {
			g.roots = nil
			for i := range byte(citycode.MaxRoots + 1) {
				g.roots = append(g.roots, append([]byte{2, i}, make([]byte, 31)...))
			}
		}},
		{"1025 grants", citycode.ListMalformed, func(l *strangerTrust, g *strangerGrant) { l.grants = many(*g, citycode.MaxGrants+1) }},
		{"a grant that is not there", citycode.ListMalformed, func(l *strangerTrust, g *strangerGrant) { l.grantCount = count(2) }},
		{"65535 grants that are not there", citycode.ListMalformed, func(l *strangerTrust, g *strangerGrant) { l.grantCount = count(0xffff) }},
		{"a grant too many", citycode.ListMalformed, func(l *strangerTrust, g *strangerGrant) { l.grantCount = count(0) }},
	} {
		l := strangersTrust(t)
		l.grants = []strangerGrant{strangersGrant(t)}
		c.change(&l, &l.grants[0])
		msg := l.message(t)
		for _, e := range thin(engines(), 2) {
			_, reason := openTrust(t, e, msg, nil)
			assert.Equal(t, c.want.String(), reason.String(), "%s (%s)", c.name, e.Name())
		}
	}
	// The authority finds these mistakes before the roots are brought together.
	for name, change := range map[string]func(g *citycode.Grant){
		"for itself":         func(g *citycode.Grant) { g.City = citycodetest.Shenyang },
		"a private profile":  func(g *citycode.Grant) { g.Profiles[0].ID = 0xf3 },
		"roots that descend": func(g *citycode.Grant) { slices.Reverse(g.Roots) },
		"threshold 0":        func(g *citycode.Grant) { g.Threshold = 0 },
		"threshold 258":      func(g *citycode.Grant) { g.Threshold = 258 }, // 2 in one byte
		"threshold -254":     func(g *citycode.Grant) { g.Threshold = -254 },
	} {
		n := newNeighbours(t)
		change(&n.here.Draft.Grants[0])
		_, err := n.here.Draft.Body()
		assert.Error(t, err, name)
	}
}
