package citycode_test

import (
	"bytes"
	"crypto"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

const trustList = "trust list"

func root(i int) crypto.Signer { return citycodetest.Key(fmt.Sprintf("210100 root %d", i)) }

// strangersTrust is the list of the test city as the stranger writes it.
func strangersTrust(t testing.TB) strangerTrust {
	t.Helper()
	pin := func(p citycode.Profile) strangerPin {
		h := engine.Default().NewSM3()
		h.Write(p.Definition())
		return strangerPin{byte(p.ID), [32]byte(h.Sum(nil))}
	}
	start := uint32(citycodetest.Start.Unix())
	entry := func(index uint32, role string, use byte, scenes uint16, life uint32, profiles ...citycode.Profile) strangerEntry {
		e := strangerEntry{id: 210100<<12 | index, use: use, key: compressed(t, citycodetest.Key("210100 "+role)), scenes: scenes,
			from: start - 30*dayLong, until: start + 60*dayLong, verify: start + 4000*dayLong, life: life}
		for _, p := range profiles {
			e.pins = append(e.pins, pin(p))
		}
		return e
	}
	return strangerTrust{version: 0x11, kind: 'T', city: 210100, epoch: 1, counter: 1, issuedAt: start - hour, expires: start + 30*dayLong,
		entries: []strangerEntry{
			entry(1, "issuer", 1, 0x000f, 7*dayLong, profilesOf(citycode.Explicit)...),
			entry(2, "printer", 0, 0xffff, 3650*dayLong, profilesOf(citycode.Static)...),
			entry(3, "status", 0x10, 0, 0),
			entry(4, "implicit", 2, 0x0001, 7*dayLong, citycode.ImplicitTransitProfile()),
		},
		roots: []crypto.Signer{root(0), root(1)}}
}

// profilesOf returns the standard profiles of a key mode.
func profilesOf(mode citycode.KeyMode) (list []citycode.Profile) {
	for _, p := range citycode.Profiles() {
		if p.Mode == mode {
			list = append(list, p)
		}
	}
	return list
}

func openTrust(t testing.TB, e engine.Engine, msg []byte, change func(*citycode.TrustConfig)) (*citycode.TrustList, citycode.ListReason) {
	t.Helper()
	cfg := citycode.TrustConfig{City: 210100, Threshold: 2, Engine: e}
	for i := range 3 {
		cfg.Roots = append(cfg.Roots, citycode.PublicKey(compressed(t, root(i))))
	}
	if change != nil {
		change(&cfg)
	}
	list, err := citycode.OpenTrustList(msg, cfg)
	if err != nil {
		require.Nil(t, list)
	}
	return list, listReason(t, trustList, err)
}

// TestTrustListBytes: the library and the stranger write the same list.
func TestTrustListBytes(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	l := strangersTrust(t)
	msg := l.message(t)
	assert.Equal(t, msg, c.TrustMessage())
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		list, reason := openTrust(t, e, msg, nil)
		require.Zero(t, reason)
		assert.Equal(t, 210100, list.City())
		assert.Equal(t, citycode.Version{Epoch: 1, Counter: 1}, list.Version())
		assert.Equal(t, at(int64(l.issuedAt)), list.IssuedAt())
		assert.Equal(t, at(int64(l.expires)), list.Expires())
	})
	// What the list says is what was drafted.
	list, reason := openTrust(t, engine.Default(), msg, nil)
	require.Zero(t, reason)
	assert.Equal(t, len(c.Draft.Entries), len(list.Entries()))
	for i, e := range list.Entries() {
		want := c.Draft.Entries[i]
		want.IssueFrom, want.IssueUntil, want.VerifyUntil = want.IssueFrom.UTC(), want.IssueUntil.UTC(), want.VerifyUntil.UTC()
		assert.Equal(t, want, e)
	}
	next := citycode.TrustDraft{City: list.City(), Version: list.Version(), IssuedAt: list.IssuedAt(), Expires: list.Expires(), Entries: list.Entries(), Previous: list}
	body, err := next.Body()
	require.NoError(t, err)
	assert.Equal(t, l.body(), body, "a list that is begun with the last one")
	// The draft may stand in any order; the list has one.
	slices.Reverse(c.Draft.Entries)
	assert.Equal(t, msg, c.TrustMessage())
	// And so may the signatures.
	assert.Equal(t, c.SignTrust(body, 0, 1, 2), c.SignTrust(body, 2, 0, 1))
}

// TestTrustListEveryBit: no bit of a signed list can be flipped, nor can it be
// cut or made longer.
func TestTrustListEveryBit(t *testing.T) {
	t.Parallel()
	l := strangersTrust(t)
	msg := l.message(t)
	body := len(l.body())
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		reasons := make(map[citycode.ListReason]int)
		for bit := range 8 * len(msg) {
			if !every(e, bit, 13, 1001) {
				continue
			}
			_, reason := openTrust(t, e, flip(msg, bit), nil)
			require.NotZero(t, reason, "byte %d", bit/8)
			reasons[reason]++
			allowed := []citycode.ListReason{citycode.ListMalformed, citycode.ListBadSignature}
			switch offset := bit / 8; {
			case offset == 0:
				allowed = []citycode.ListReason{citycode.ListMalformed, citycode.ListUnsupported}
			case offset == 1, offset == body:
				allowed = []citycode.ListReason{citycode.ListMalformed}
			case offset < 6:
				allowed = []citycode.ListReason{citycode.ListMalformed, citycode.ListForeignCity}
			case offset >= 24 && offset < body:
				allowed = append(allowed, citycode.ListForeignCity) // the city of an entry
			case offset > body && (offset-body-1)%72 < 8:
				allowed = []citycode.ListReason{citycode.ListMalformed, citycode.ListUnknownSigner}
			case offset > body:
				allowed = []citycode.ListReason{citycode.ListBadSignature}
			}
			require.Contains(t, allowed, reason, "byte %d, bit %d", bit/8, 7-bit%8)
		}
		t.Log(reasons)
	})
	for n := range msg {
		if !every(engine.Default(), n, 1, 1) {
			continue
		}
		_, reason := openTrust(t, engine.Default(), msg[:n], nil)
		require.Equal(t, citycode.ListMalformed, reason, "cut at %d", n)
	}
	for _, tail := range []string{"\x00", "\xff", "\x00\x00", "\x11T", "\x00\x00\x00", string(msg[len(msg)-72:])} {
		_, reason := openTrust(t, engine.Default(), append(bytes.Clone(msg), tail...), nil)
		require.Equal(t, citycode.ListMalformed, reason)
	}
}

// TestTrustListSignatures: k of n distinct keys, each by its own name.
func TestTrustListSignatures(t *testing.T) {
	l := strangersTrust(t)
	body := l.body()
	sign := func(roots ...crypto.Signer) []byte {
		c := l
		c.roots = roots
		return c.message(t)
	}
	one := func(key crypto.Signer, b []byte) []byte {
		return append(rootID(t, key), signMessage(t, key, "CC1/trst", b)...)
	}
	stranger := citycodetest.Key("somebody")
	again := newRandomised(t, citycodetest.Scalar("210100 root 0"))
	ascending := func(sigs ...[]byte) [][]byte { slices.SortFunc(sigs, bytes.Compare); return sigs }
	descending := func(sigs ...[]byte) [][]byte { sigs = ascending(sigs...); slices.Reverse(sigs); return sigs }
	wrongTag := l
	wrongTag.tag = "CC1/cred"
	renamed := one(root(0), body)
	copy(renamed, rootID(t, root(1)))
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		for _, c := range []struct {
			name string
			msg  []byte
			want citycode.ListReason
		}{
			{"two of three", sign(root(0), root(1)), 0},
			{"another two", sign(root(1), root(2)), 0},
			{"all three", sign(root(0), root(1), root(2)), 0},
			{"none", sign(), citycode.ListBadSignature},
			{"one", sign(root(0)), citycode.ListBadSignature},
			{"one key twice, same signature", sign(root(0), root(0)), citycode.ListMalformed},
			{"one key twice, new signature", joinSignatures(body, ascending(one(root(0), body), one(again, body))), citycode.ListMalformed},
			{"one key under two names", joinSignatures(body, ascending(one(root(0), body), renamed)), citycode.ListBadSignature},
			{"an unknown key", sign(root(0), stranger), citycode.ListUnknownSigner},
			{"an unknown key alone", sign(stranger), citycode.ListUnknownSigner},
			{"an unknown key beyond the threshold", sign(root(0), root(1), stranger), citycode.ListUnknownSigner},
			{"an unknown key and a broken signature", joinSignatures(body, ascending(one(root(0), body[1:]), one(root(1), body[1:]), one(stranger, body))), citycode.ListUnknownSigner},
			{"a broken signature beyond the threshold", joinSignatures(body, ascending(one(root(0), body), one(root(1), body), one(root(2), body[1:]))), citycode.ListBadSignature},
			{"out of order", joinSignatures(body, descending(one(root(0), body), one(root(1), body))), citycode.ListMalformed},
			{"under another tag", wrongTag.message(t), citycode.ListBadSignature},
		} {
			if slow(e) && testing.Short() && c.want == 0 {
				continue
			}
			_, reason := openTrust(t, e, c.msg, nil)
			assert.Equal(t, c.want.String(), reason.String(), c.name)
		}
	})
}

// TestTrustConfig: a configuration that could not refuse anything is no list's
// fault; the error is not that of a list.
func TestTrustConfig(t *testing.T) {
	l := strangersTrust(t)
	msg := l.message(t)
	keys := func(names ...string) (list []citycode.PublicKey) {
		for _, n := range names {
			list = append(list, citycode.PublicKey(compressed(t, citycodetest.Key(n))))
		}
		return list
	}
	many := make([]string, citycode.MaxRoots+1)
	for i := range many {
		many[i] = fmt.Sprint("root ", i)
	}
	good := keys("210100 root 0", "210100 root 1", "210100 root 2")
	for name, cfg := range map[string]citycode.TrustConfig{
		"no roots":                 {City: 210100, Threshold: 1},
		"threshold 0":              {City: 210100, Roots: good},
		"threshold -1":             {City: 210100, Roots: good, Threshold: -1},
		"threshold 4 of 3":         {City: 210100, Roots: good, Threshold: 4},
		"a key twice":              {City: 210100, Roots: append(keys("210100 root 0"), good...), Threshold: 2},
		"a key twice, two of two":  {City: 210100, Roots: keys("210100 root 0", "210100 root 0"), Threshold: 2},
		"17 roots":                 {City: 210100, Roots: keys(many...), Threshold: 2},
		"a root off the curve":     {City: 210100, Roots: append(slices.Clone(good), citycode.PublicKey(offCurve())), Threshold: 2},
		"a root that is not there": {City: 210100, Roots: append(slices.Clone(good), citycode.PublicKey{}), Threshold: 2},
		"city 0":                   {Roots: good, Threshold: 2},
		"city 99999":               {City: 99999, Roots: good, Threshold: 2},
		"city 1000000":             {City: 1000000, Roots: good, Threshold: 2},
	} {
		for _, e := range engines() {
			cfg.Engine = e
			list, err := citycode.OpenTrustList(msg, cfg)
			assert.ErrorContains(t, err, "trust configuration", name)
			assert.Nil(t, list)
			refused := new(citycode.ListError)
			assert.NotErrorAs(t, err, &refused, name)
		}
	}
}

// TestTrustListLimits: the first and the last city, as many roots, and a list as
// long, as there may be.
func TestTrustListLimits(t *testing.T) {
	for _, city := range []uint32{citycode.MinCity, citycode.MaxCity} {
		l := strangersTrust(t)
		l.city = city
		for i := range l.entries {
			l.entries[i].id = city<<12 | l.entries[i].id&0xfff
		}
		_, reason := openTrust(t, engine.Default(), l.message(t), func(cfg *citycode.TrustConfig) { cfg.City = int(city) })
		assert.Zero(t, reason)
	}
	l := strangersTrust(t)
	l.roots = nil
	for i := range citycode.MaxRoots {
		l.roots = append(l.roots, root(i))
	}
	all := func(cfg *citycode.TrustConfig) {
		cfg.Roots, cfg.Threshold = nil, citycode.MaxRoots
		for i := range citycode.MaxRoots {
			cfg.Roots = append(cfg.Roots, citycode.PublicKey(compressed(t, root(i))))
		}
	}
	_, reason := openTrust(t, engine.Default(), l.message(t), all)
	assert.Zero(t, reason)

	// 24 + 57a + 33b + 2 + 46 + 1 + 144 bytes for a entries with b profiles and
	// one grant with one root are 1 MiB.
	l = strangersTrust(t)
	l.grants = []strangerGrant{{city: 210200, epoch: 1, threshold: 1, roots: [][]byte{compressed(t, root(0))}}}
	l.entries = manyEntries(l.entries[0], 1014)
	for i, left := 0, 30017; i < len(l.entries); i++ {
		n := min(left, citycode.MaxPins)
		left -= n
		l.entries[i].pins = make([]strangerPin, n)
		for j := range n {
			l.entries[i].pins[j].id = byte(j + 1)
		}
	}
	msg := l.message(t)
	require.Equal(t, citycode.MaxTrustMessage, len(msg))
	_, reason = openTrust(t, engine.Default(), msg, nil)
	assert.Zero(t, reason)
	l = strangersTrust(t)
	l.entries = manyEntries(l.entries[0], citycode.MaxTrustEntries)
	for i := range l.entries {
		l.entries[i].pins = nil
	}
	_, reason = openTrust(t, engine.Default(), l.message(t), nil)
	assert.Zero(t, reason, "1024 entries")
}

// TestTrustListRollback: SPEC §6.2.
func TestTrustListRollback(t *testing.T) {
	v := func(epoch, counter uint32) citycode.Version { return citycode.Version{Epoch: epoch, Counter: counter} }
	const last = 1<<32 - 1
	for _, c := range []struct {
		roots      uint32 // epoch of the root keys
		list, have citycode.Version
		want       citycode.ListReason
	}{
		{1, v(1, 1), v(0, 0), 0},
		{0, v(1, 1), v(0, 0), 0},    // the first roots
		{1, v(1, 1), v(1, 1), 0},    // the same list again
		{1, v(1, 0), v(0, last), 0}, // whatever there was before
		{1, v(1, 1), v(1, 2), citycode.ListRollback},
		{1, v(1, 2), v(1, 1), 0},
		{1, v(1, last), v(1, last), 0},
		{1, v(1, last-1), v(1, last), citycode.ListRollback},
		{2, v(2, 0), v(1, last), 0}, // a fast-forward heals by a new epoch
		{2, v(2, 0), v(2, 1), citycode.ListRollback},
		{last, v(last, last), v(1, 1), 0},
		// A list is of the epoch of the keys that signed it. A later one would
		// be beyond the reach of the roots that follow.
		{1, v(2, 0), v(1, 1), citycode.ListUnknownSigner},
		{1, v(2, 0), v(2, 1), citycode.ListUnknownSigner},
		{1, v(last, last), v(1, 1), citycode.ListUnknownSigner},
		{0, v(2, 1), v(0, 0), citycode.ListUnknownSigner},
		{2, v(3, 1), v(2, 1), citycode.ListUnknownSigner},
		// An earlier one is what the roots were changed for.
		{1, v(0, 0), v(0, 1), citycode.ListRollback},
		{1, v(0, last), v(0, 0), citycode.ListRollback},
		{0, v(0, 1), v(0, 0), citycode.ListRollback},
		{2, v(1, last), v(0, 0), citycode.ListRollback},
		{2, v(1, last), v(2, 0), citycode.ListRollback},
	} {
		l := strangersTrust(t)
		l.epoch, l.counter = c.list.Epoch, c.list.Counter
		msg := l.message(t)
		for _, e := range thin(engines(), 2) {
			_, reason := openTrust(t, e, msg, func(cfg *citycode.TrustConfig) { cfg.Have, cfg.Epoch = c.have, c.roots })
			assert.Equal(t, c.want.String(), reason.String(), "%s after %s, roots of epoch %d", c.list, c.have, c.roots)
		}
	}
	// Whose list it is, and whether it is genuine, comes before its age.
	l := strangersTrust(t)
	l.roots = l.roots[:1]
	_, reason := openTrust(t, engine.Default(), l.message(t), func(cfg *citycode.TrustConfig) { cfg.Have = v(9, 9) })
	assert.Equal(t, citycode.ListBadSignature, reason)
	l.epoch = 2
	_, reason = openTrust(t, engine.Default(), l.message(t), nil)
	assert.Equal(t, citycode.ListBadSignature, reason)
}

// TestTrustListRules: lists that their own roots signed and that are refused
// all the same (SPEC §6.3, §6.4).
func TestTrustListRules(t *testing.T) {
	key := func(name string) []byte { return compressed(t, citycodetest.Key(name)) }
	another := func(l *strangerTrust, id uint32, use byte, k []byte) {
		e := l.entries[0]
		e.id, e.use, e.key = id, use, k
		l.entries = append(l.entries, e)
		slices.SortFunc(l.entries, func(a, b strangerEntry) int {
			if a.id != b.id {
				return int(a.id) - int(b.id)
			}
			return bytes.Compare(a.key, b.key)
		})
	}
	const id = 210100 << 12
	count := func(n uint16) *uint16 { return &n }
	for _, c := range []struct {
		name   string
		want   citycode.ListReason
		change func(l *strangerTrust)
	}{
		{"nothing wrong", 0, func(l *strangerTrust) {}},
		{"no entries", 0, func(l *strangerTrust) { l.entries = nil }},
		{"two keys under one id", 0, func(l *strangerTrust) { another(l, id|1, 1, key("new issuer")) }},
		{"one key under two ids", 0, func(l *strangerTrust) { another(l, id|9, 1, key("210100 issuer")) }},
		{"an implicit key", 0, func(l *strangerTrust) { another(l, id|9, 2, key("implicit")) }},
		{"a profile that nobody knows", 0, func(l *strangerTrust) {
			l.entries[0].pins = append(l.entries[0].pins, strangerPin{0xef, [32]byte{}})
		}},
		{"a snapshot key", 0, func(l *strangerTrust) {
			another(l, id|9, 0x11, key("snapshot"))
			e := &l.entries[len(l.entries)-1]
			e.scenes, e.life, e.pins = 0, 0, nil
		}},
		{"expired before it was issued", 0, func(l *strangerTrust) { l.expires = 1 }},

		{"version 2", citycode.ListUnsupported, func(l *strangerTrust) { l.version = 0x12 }},
		{"version of something else", citycode.ListMalformed, func(l *strangerTrust) { l.version = 0x81 }},
		{"a status list's kind", citycode.ListMalformed, func(l *strangerTrust) { l.kind = 'S' }},
		{"city 1000000", citycode.ListMalformed, func(l *strangerTrust) { l.city, l.entries = 1000000, nil }},
		{"city 99999", citycode.ListMalformed, func(l *strangerTrust) { l.city, l.entries = 99999, nil }},
		{"city 210100 + 2^20", citycode.ListMalformed, func(l *strangerTrust) { l.city = 210100 + 1<<20 }},
		{"city 2^32-1", citycode.ListMalformed, func(l *strangerTrust) { l.city, l.entries = 1<<32-1, nil }},
		{"another city's list", citycode.ListForeignCity, func(l *strangerTrust) { l.city, l.entries = 220100, nil }},
		{"another city's key", citycode.ListForeignCity, func(l *strangerTrust) { another(l, 220100<<12|1, 1, key("220100 issuer")) }},
		{"a key of city 1048575", citycode.ListForeignCity, func(l *strangerTrust) { another(l, 0xffffffff, 1, key("220100 issuer")) }},
		{"a key of city 0", citycode.ListForeignCity, func(l *strangerTrust) { another(l, 1, 1, key("220100 issuer")) }},
		{"three keys under one id", citycode.ListMalformed, func(l *strangerTrust) {
			another(l, id|1, 1, key("new issuer"))
			another(l, id|1, 1, key("newer issuer"))
		}},
		{"an entry twice", citycode.ListMalformed, func(l *strangerTrust) { another(l, id|1, 1, key("210100 issuer")) }},
		{"ids that descend", citycode.ListMalformed, func(l *strangerTrust) { slices.Reverse(l.entries) }},
		{"keys that descend", citycode.ListMalformed, func(l *strangerTrust) {
			another(l, id|1, 1, key("new issuer"))
			l.entries[0], l.entries[1] = l.entries[1], l.entries[0]
		}},
		{"a key with two uses", citycode.ListMalformed, func(l *strangerTrust) { another(l, id|9, 0, key("210100 issuer")) }},
		{"a status key that issues", citycode.ListMalformed, func(l *strangerTrust) { another(l, id|9, 1, key("210100 status")) }},
		{"use 3", citycode.ListMalformed, func(l *strangerTrust) { l.entries[0].use = 3 }},
		{"use 17", citycode.ListMalformed, func(l *strangerTrust) { l.entries[0].use = 0x11 }},
		{"use 18", citycode.ListMalformed, func(l *strangerTrust) { l.entries[2].use = 0x12 }},
		{"a snapshot key with scenes", citycode.ListMalformed, func(l *strangerTrust) { l.entries[2].use, l.entries[2].scenes = 0x11, 1 }},
		{"a snapshot key with a lifetime", citycode.ListMalformed, func(l *strangerTrust) { l.entries[2].use, l.entries[2].life = 0x11, 1 }},
		{"a status key that signs snapshots", citycode.ListMalformed, func(l *strangerTrust) {
			another(l, id|9, 0x11, key("210100 status"))
			e := &l.entries[len(l.entries)-1]
			e.scenes, e.life, e.pins = 0, 0, nil
		}},
		{"use 255", citycode.ListMalformed, func(l *strangerTrust) { l.entries[0].use = 0xff }},
		{"a status key with scenes", citycode.ListMalformed, func(l *strangerTrust) { l.entries[2].scenes = 1 }},
		{"a status key with profiles", citycode.ListMalformed, func(l *strangerTrust) { l.entries[2].pins = []strangerPin{{id: 3}} }},
		{"a status key with a lifetime", citycode.ListMalformed, func(l *strangerTrust) { l.entries[2].life = 1 }},
		{"profiles that descend", citycode.ListMalformed, func(l *strangerTrust) { slices.Reverse(l.entries[0].pins) }},
		{"a profile twice", citycode.ListMalformed, func(l *strangerTrust) {
			l.entries[0].pins = append(l.entries[0].pins, l.entries[0].pins[2])
		}},
		{"65 profiles", citycode.ListMalformed, func(l *strangerTrust) {
			l.entries[0].pins = make([]strangerPin, citycode.MaxPins+1)
			for i := range l.entries[0].pins {
				l.entries[0].pins[i].id = byte(i + 1)
			}
		}},
		{"64 profiles", 0, func(l *strangerTrust) {
			l.entries[0].pins = make([]strangerPin, citycode.MaxPins)
			for i := range l.entries[0].pins {
				l.entries[0].pins[i].id = byte(i + 1)
			}
		}},
		{"an entry that is not there", citycode.ListMalformed, func(l *strangerTrust) { l.count = count(5) }},
		{"65535 entries that are not there", citycode.ListMalformed, func(l *strangerTrust) { l.count = count(0xffff) }},
		{"an entry too many", citycode.ListMalformed, func(l *strangerTrust) { l.count = count(3) }},
		{"1025 entries", citycode.ListMalformed, func(l *strangerTrust) { l.entries = manyEntries(l.entries[0], citycode.MaxTrustEntries+1) }},
		{"a root key", citycode.ListMalformed, func(l *strangerTrust) { another(l, id|9, 1, compressed(t, root(2))) }},
		{"a root key for status lists", citycode.ListMalformed, func(l *strangerTrust) { l.entries[2].key = compressed(t, root(0)) }},
		{"a key off the curve", citycode.ListMalformed, func(l *strangerTrust) { l.entries[0].key = offCurve() }},
		{"a key with prefix 04", citycode.ListMalformed, func(l *strangerTrust) { l.entries[0].key[0] = 4 }},
		{"a key of zeros", citycode.ListMalformed, func(l *strangerTrust) { l.entries[0].key = make([]byte, 33) }},
		{"a key with x = p", citycode.ListMalformed, func(l *strangerTrust) { l.entries[0].key = append([]byte{2}, curveP...) }},
		{"more than a megabyte", citycode.ListMalformed, func(l *strangerTrust) {
			l.entries[0].pins = make([]strangerPin, 64)
			l.entries = manyEntries(l.entries[0], citycode.MaxTrustEntries)
		}},
	} {
		l := strangersTrust(t)
		c.change(&l)
		msg := l.message(t)
		for _, e := range thin(engines(), 2) {
			_, reason := openTrust(t, e, msg, nil)
			assert.Equal(t, c.want.String(), reason.String(), "%s (%s)", c.name, e.Name())
		}
	}
}

func manyEntries(e strangerEntry, n int) []strangerEntry {
	list := make([]strangerEntry, n)
	for i := range list {
		list[i] = e
		list[i].id = 210100<<12 | uint32(i)
	}
	return list
}

// TestTrustTwoKeysOneID: while a key is exchanged two stand under its id, and
// each speaks only for what stands beside itself (SPEC §5.4, §5.6).
func TestTrustTwoKeysOneID(t *testing.T) {
	stage := newStage(t)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		scan := func(signer string, change func(old, new *citycode.TrustEntry)) *scan {
			s := stage.scan()
			second := *s.entry()
			second.Key = citycode.PublicKey(compressed(t, citycodetest.Key("new issuer")))
			change(s.entry(), &second)
			s.entries = append(s.entries, second)
			stage.prove("new issuer", s.entries[0].ID)
			s.code.issuerKey = citycodetest.Key(signer)
			return s
		}
		old, new := "210100 issuer", "new issuer"
		for _, c := range []struct {
			name   string
			signer string
			want   citycode.Reason
			change func(old, new *citycode.TrustEntry)
		}{
			{"both may: the old", old, 0, func(o, n *citycode.TrustEntry) {}},
			{"both may: the new", new, 0, func(o, n *citycode.TrustEntry) {}},
			{"both may: somebody", "somebody", citycode.BadIssuerSignature, func(o, n *citycode.TrustEntry) {}},
			{"the verifying key lacks the scene", old, citycode.BadIssuerSignature, func(o, n *citycode.TrustEntry) { o.Scenes = citycode.Medical }},
			{"the other key lacks the scene", new, 0, func(o, n *citycode.TrustEntry) { o.Scenes = citycode.Medical }},
			{"both lack the scene", new, citycode.IssuerNotAllowed, func(o, n *citycode.TrustEntry) { o.Scenes, n.Scenes = citycode.Medical, citycode.Medical }},
			{"the verifying key lacks the profile", new, citycode.BadIssuerSignature, func(o, n *citycode.TrustEntry) { n.Profiles = nil }},
			{"the verifying key is implicit", new, citycode.BadIssuerSignature, func(o, n *citycode.TrustEntry) { n.Use = citycode.UseImplicit }},
			{"the verifying key no longer signs", old, citycode.IssuerKeyNotValid, func(o, n *citycode.TrustEntry) { o.IssueUntil = at(noon - 9*hour) }},
			{"the other key no longer signs", new, 0, func(o, n *citycode.TrustEntry) { o.IssueUntil = at(noon - 9*hour) }},
			{"the verifying key has a shorter lifetime", new, citycode.LifetimeExceeded, func(o, n *citycode.TrustEntry) { n.MaxLifetime = time.Hour }},
			{"the other key has a shorter lifetime", old, 0, func(o, n *citycode.TrustEntry) { n.MaxLifetime = time.Hour }},
			{"one is a status key: the issuer's", old, 0, func(o, n *citycode.TrustEntry) { asStatusKey(n) }},
			{"one is a status key: the status key's", new, citycode.BadIssuerSignature, func(o, n *citycode.TrustEntry) { asStatusKey(n) }},
			{"one is a status key, the other way round: the issuer's", new, 0, func(o, n *citycode.TrustEntry) { asStatusKey(o) }},
			{"one is a status key, the other way round: the status key's", old, citycode.BadIssuerSignature, func(o, n *citycode.TrustEntry) { asStatusKey(o) }},
			{"both are status keys", old, citycode.UnknownIssuer, func(o, n *citycode.TrustEntry) { asStatusKey(o); asStatusKey(n) }},
		} {
			_, reason := scan(c.signer, c.change).run(e)
			assert.Equal(t, c.want.String(), reason.String(), c.name)
		}
	})
}

func asStatusKey(e *citycode.TrustEntry) {
	e.Use, e.Scenes, e.Profiles, e.MaxLifetime = citycode.UseStatus, 0, nil, 0
}

// prove has the owner of a test key prove it for an id of a trust list.
func (s *stage) prove(name string, id citycode.KeyID) {
	s.t.Helper()
	issuer, err := citycode.NewIssuer(citycode.IssuerConfig{ID: id, Key: citycodetest.Key(name)})
	require.NoError(s.t, err)
	proof, err := issuer.ProvePossession(id, [16]byte{7})
	require.NoError(s.t, err)
	s.Draft.Proofs = append(s.Draft.Proofs, proof)
}

// TestTrustStaleIsSaid: an expired list is opened, so that a terminal can say
// what is wrong with it and not that every issuer is unknown.
func TestTrustStaleIsSaid(t *testing.T) {
	stage := newStage(t)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		s := stage.scan()
		s.expires = noon - 300*dayLong
		_, reason := s.run(e)
		assert.Equal(t, citycode.TrustStale, reason)
		// Also before it says that it does not know an issuer: a new key.
		s.code.issuer |= 0x40
		_, reason = s.run(e)
		assert.Equal(t, citycode.TrustStale, reason)
	})
}

// TestTrustDraftPossession: no key is listed that was not proven for its id.
func TestTrustDraftPossession(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	_, err := c.Draft.Body()
	require.NoError(t, err)

	draft := c.Draft
	draft.Proofs = draft.Proofs[1:]
	_, err = draft.Body()
	assert.ErrorContains(t, err, "possession", "no proof")

	// Keys that the list before already had need none.
	draft.Previous = c.Trust(nil)
	_, err = draft.Body()
	assert.NoError(t, err)

	forged := *c.Draft.Proofs[0]
	forged.Signature[40] ^= 1
	draft = c.Draft
	draft.Proofs = append([]*citycode.Possession{&forged}, c.Draft.Proofs[1:]...)
	_, err = draft.Body()
	assert.ErrorContains(t, err, "possession", "a forged proof")

	offCurveProof := forged
	offCurveProof.Key = citycode.PublicKey(offCurve())
	draft.Proofs = append(slices.Clone(c.Draft.Proofs), &offCurveProof)
	_, err = draft.Body()
	assert.Error(t, err, "a proof of no key")

	// A proof that was made for another id: that of a holder who asked an issuer
	// for a credential, or of a key in another city.
	issuer, err := citycode.NewIssuer(citycode.IssuerConfig{ID: c.ID(9), Key: citycodetest.Key("210100 issuer")})
	require.NoError(t, err)
	elsewhere, err := issuer.ProvePossession(220100<<12|1, [16]byte{})
	require.NoError(t, err)
	draft.Proofs = append([]*citycode.Possession{elsewhere}, c.Draft.Proofs[1:]...)
	_, err = draft.Body()
	assert.ErrorContains(t, err, "possession", "a proof for another id")

	// What a citizen signed to get a credential from this very key does not list
	// his own key under its id.
	draft.Proofs = append([]*citycode.Possession{possession(t, "210100 implicit", c.Implicit.ID())}, c.Draft.Proofs[1:]...)
	require.Equal(t, c.Draft.Proofs[0].Key, draft.Proofs[0].Key)
	_, err = draft.Body()
	assert.ErrorContains(t, err, "possession", "a holder's proof")
}

// TestTrustDraftRefuses: the authority finds its own mistakes before the roots
// are brought together.
func TestTrustDraftRefuses(t *testing.T) {
	for name, change := range map[string]func(d *citycode.TrustDraft){
		"city 1000000":              func(d *citycode.TrustDraft) { d.City = 1000000 },
		"another city's key":        func(d *citycode.TrustDraft) { d.City = 220100 },
		"issuedAt before 1970":      func(d *citycode.TrustDraft) { d.IssuedAt = at(-1) },
		"expires after 2106":        func(d *citycode.TrustDraft) { d.Expires = at(1 << 32) },
		"issueFrom without a value": func(d *citycode.TrustDraft) { d.Entries[0].IssueFrom = time.Time{} },
		"verifyUntil after 2106":    func(d *citycode.TrustDraft) { d.Entries[0].VerifyUntil = at(1 << 32) },
		"lifetime below zero":       func(d *citycode.TrustDraft) { d.Entries[0].MaxLifetime = -1 },
		"lifetime above a century":  func(d *citycode.TrustDraft) { d.Entries[0].MaxLifetime = citycode.MaxLifetime + 1 },
		"two uses":                  func(d *citycode.TrustDraft) { d.Entries[1].Key = d.Entries[0].Key },
		"an entry twice":            func(d *citycode.TrustDraft) { d.Entries[1] = d.Entries[0] },
		"profiles in disorder":      func(d *citycode.TrustDraft) { slices.Reverse(d.Entries[0].Profiles) },
	} {
		c := citycodetest.NewCity(t, citycodetest.Shenyang)
		change(&c.Draft)
		_, err := c.Draft.Body()
		assert.Error(t, err, name)
	}
}

func TestAssembleTrustListRefuses(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	body, err := c.Draft.Body()
	require.NoError(t, err)
	var sigs []*citycode.RootSignature
	for i := range citycode.MaxRoots + 1 {
		sig, err := citycode.SignTrustList(body, root(i))
		require.NoError(t, err)
		sigs = append(sigs, sig)
	}
	_, err = citycode.AssembleTrustList(body, sigs[:citycode.MaxRoots]...)
	require.NoError(t, err)
	for name, list := range map[string][]*citycode.RootSignature{"none": nil, "17": sigs, "one twice": {sigs[0], sigs[0]}} {
		_, err := citycode.AssembleTrustList(body, list...)
		assert.Error(t, err, name)
	}
	_, err = citycode.AssembleTrustList(body[:len(body)-1], sigs[0], sigs[1])
	assert.Equal(t, citycode.ListMalformed, listReason(t, trustList, err))
	_, err = citycode.AssembleTrustList(append(bytes.Clone(body), 1), sigs[0], sigs[1])
	assert.Error(t, err)

	// A root of another curve, and one that cannot sign.
	_, err = citycode.SignTrustList(body, otherCurve(t))
	assert.Error(t, err)
	_, err = citycode.SignTrustList(body, brokenHSM{root(0), errHSM})
	assert.ErrorIs(t, err, errHSM)
}

// TestPinProfile: the pin is SM3 of the definition, and says which part of it
// two cities see differently by being another one.
func TestPinProfile(t *testing.T) {
	seen := make(map[[32]byte]string)
	for _, p := range citycode.Profiles() {
		pin := citycode.PinProfile(p)
		assert.Equal(t, p.ID, pin.ID)
		h := engine.Default().NewSM3()
		h.Write(p.Definition())
		assert.Equal(t, [32]byte(h.Sum(nil)), pin.Digest)
		assert.Empty(t, seen[pin.Digest])
		seen[pin.Digest] = p.Name
	}
}
