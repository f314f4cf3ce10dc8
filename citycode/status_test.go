package citycode_test

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

const statusList = "status list"

// strangersStatus is a list of ten entries with two changes, as the stranger
// writes it.
func strangersStatus() strangerStatus {
	return strangerStatus{version: 0x11, kind: 'S', signer: 210100<<12 | citycodetest.StatusIndex, issuer: 210100<<12 | 1, list: 7, epoch: 1, counter: 9,
		issuedAt: uint32(noon), expires: uint32(noon + dayLong), size: 10, changes: 2, gaps: riceBits(10, map[uint32]byte{3: '0', 8: '1'}),
		key: citycodetest.Key("210100 status")}
}

func openStatus(t testing.TB, trust *citycode.TrustList, msg []byte, have citycode.Version) (*citycode.StatusList, citycode.ListReason) {
	t.Helper()
	list, err := citycode.OpenStatusList(msg, trust, have)
	if err != nil {
		require.Nil(t, list)
	}
	return list, listReason(t, statusList, err)
}

// TestStatusListBytes: the library and the stranger write the same list.
func TestStatusListBytes(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	l := strangersStatus()
	msg := l.message(t)
	r, err := citycode.NewStatusRegister(citycode.KeyID(l.issuer), 7, 10)
	require.NoError(t, err)
	require.NoError(t, r.Set(8, citycode.StatusSuspended))
	require.NoError(t, r.Set(3, citycode.StatusRevoked))
	ours, err := r.Sign(citycode.StatusHeader{Signer: citycode.KeyID(l.signer), Version: citycode.Version{Epoch: 1, Counter: 9},
		IssuedAt: at(noon), Expires: at(noon + dayLong)}, l.key)
	require.NoError(t, err)
	assert.Equal(t, msg, ours)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		list, reason := openStatus(t, c.Trust(e), msg, citycode.Version{})
		require.Zero(t, reason)
		assert.Equal(t, citycode.KeyID(l.issuer), list.Issuer())
		assert.EqualValues(t, 7, list.List())
		assert.Equal(t, citycode.Version{Epoch: 1, Counter: 9}, list.Version())
		assert.Equal(t, at(noon), list.IssuedAt())
		assert.Equal(t, 10, list.Len())
		for i := range uint32(12) {
			want := map[uint32]citycode.Status{3: citycode.StatusRevoked, 8: citycode.StatusSuspended}[i]
			state, covered := list.At(i)
			assert.Equal(t, want, state, "%d", i)
			assert.Equal(t, i < 10, covered, "%d", i)
		}
		_, covered := list.At(1<<32 - 1)
		assert.False(t, covered)
	})
}

// TestStatusCoding: any states of any size come back, in the stranger's bytes.
func TestStatusCoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.OneOf(rapid.IntRange(0, 40), rapid.IntRange(0, 5000)).Draw(t, "size")
		states := make(map[uint32]citycode.Status)
		bits := make(map[uint32]byte)
		if size > 0 {
			share := rapid.SampledFrom([]int{0, 1, 2, 10, 50, 300}).Draw(t, "one in")
			random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
			for i := range size {
				if share == 0 || random.IntN(share) == 0 {
					suspended := random.IntN(2)
					states[uint32(i)] = citycode.StatusRevoked + citycode.Status(suspended)
					bits[uint32(i)] = '0' + byte(suspended)
				}
			}
		}
		changes, gaps := citycode.EncodeChanges(size, states)
		if int(changes) != len(states) {
			t.Fatalf("%d changes of %d", changes, len(states))
		}
		if want := riceBits(size, bits); !bytes.Equal(want, gaps) {
			t.Fatalf("%x, not %x", gaps, want)
		}
		back := make(map[uint32]citycode.Status)
		if err := citycode.ReadChanges(gaps, uint32(size), changes, func(i uint32, s citycode.Status) { back[i] = s }); err != nil {
			t.Fatal(err)
		}
		if len(back) != len(states) {
			t.Fatalf("%d states of %d", len(back), len(states))
		}
		for i, s := range states {
			if back[i] != s {
				t.Fatalf("%d: %s, not %s", i, back[i], s)
			}
		}
		// No other counts go with these bytes, no other bytes with these counts.
		for _, other := range []struct {
			b             []byte
			size, changes int
		}{
			{append(bytes.Clone(gaps), 0), size, len(states)},
			{append(bytes.Clone(gaps), 0xff), size, len(states)},
			{gaps[:max(0, len(gaps)-1)], size, len(states)},
		} {
			if bytes.Equal(other.b, gaps) {
				continue
			}
			if citycode.ReadChanges(other.b, uint32(other.size), uint32(other.changes), func(uint32, citycode.Status) {}) == nil {
				t.Fatalf("%x is a second form of %x", other.b, gaps)
			}
		}
	})
}

// TestStatusCodingIsUnique: for every small list, every byte string that
// decodes is the one that encodes.
func TestStatusCodingIsUnique(t *testing.T) {
	sizes := 6
	if testing.Short() {
		sizes = 4
	}
	for size := range sizes {
		for changes := range size + 2 {
			for n := range 3 {
				for v := range 1 << (8 * n) {
					b := []byte{byte(v >> 8), byte(v)}[2-n:]
					states := make(map[uint32]citycode.Status)
					if citycode.ReadChanges(b, uint32(size), uint32(changes), func(i uint32, s citycode.Status) { states[i] = s }) != nil {
						continue
					}
					count, again := citycode.EncodeChanges(size, states)
					if int(count) != changes || !bytes.Equal(again, b) {
						t.Fatalf("%x of %d in %d is written %x of %d", b, changes, size, again, count)
					}
				}
			}
		}
	}
}

// TestStatusCodingAtItsLimits: sizes that a register or a signed list may have
// and that nobody tries by hand.
func TestStatusCodingAtItsLimits(t *testing.T) {
	for _, c := range []struct {
		name   string
		size   int
		states map[uint32]citycode.Status
		bytes  int
	}{
		{"nothing", 0, nil, 0},
		{"one, valid", 1, nil, 0},
		{"one, revoked", 1, map[uint32]citycode.Status{0: citycode.StatusRevoked}, 1},
		{"2^24, the last suspended", 1 << 24, map[uint32]citycode.Status{1<<24 - 1: citycode.StatusSuspended}, 4},
		{"2^24, all valid", 1 << 24, nil, 0},
	} {
		if testing.Short() && c.size > 1 {
			break // the longest lists there are take a second
		}
		changes, gaps := citycode.EncodeChanges(c.size, c.states)
		require.Len(t, gaps, c.bytes, c.name)
		require.Len(t, c.states, int(changes), c.name)
		states := make(map[uint32]citycode.Status)
		require.NoError(t, citycode.ReadChanges(gaps, uint32(c.size), changes, func(i uint32, s citycode.Status) { states[i] = s }), c.name)
		require.Equal(t, len(c.states), len(states), c.name)
		for i, s := range c.states {
			require.Equal(t, s, states[i], c.name)
		}
	}
	empty := strangersStatus()
	empty.gaps = nil
	require.Len(t, empty.body(), citycode.MaxStatusMessage-1<<24*2/8-64)
	if testing.Short() {
		return
	}
	r, err := citycode.NewStatusRegister(210100<<12|1, 0, citycode.MaxStatusEntries)
	require.NoError(t, err)
	for i := range uint32(citycode.MaxStatusEntries) {
		r.Set(i, citycode.StatusRevoked)
	}
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	msg, err := r.Sign(citycode.StatusHeader{Signer: c.ID(citycodetest.StatusIndex), IssuedAt: at(noon), Expires: at(noon)}, citycodetest.Key("210100 status"))
	require.NoError(t, err)
	require.Len(t, msg, citycode.MaxStatusMessage, "the longest message")
	list, reason := openStatus(t, c.Trust(nil), msg, citycode.Version{})
	require.Zero(t, reason)
	for i := range uint32(citycode.MaxStatusEntries) {
		if state, _ := list.At(i); state != citycode.StatusRevoked {
			t.Fatalf("%d is %s", i, state)
		}
	}
}

// TestStatusLongestMessage: no share of changes makes a list longer than the
// one in which everything changed, so MaxStatusMessage holds all of them.
func TestStatusLongestMessage(t *testing.T) {
	const size = 1 << 14
	for share := 1; share <= 64; share++ {
		states := make(map[uint32]citycode.Status)
		for i := 0; i < size; i += share {
			states[uint32(i)] = citycode.StatusRevoked
		}
		_, even := citycode.EncodeChanges(size, states)
		// The same number at the very end: one long gap.
		n := len(states)
		clear(states)
		for i := size - n; i < size; i++ {
			states[uint32(i)] = citycode.StatusSuspended
		}
		_, end := citycode.EncodeChanges(size, states)
		require.LessOrEqual(t, max(len(even), len(end)), size/4, "one in %d", share)
	}
}

// statusOfACity returns the list of so many entries, 1 % of them revoked.
func statusOfACity(t *testing.T, c *citycodetest.City, random *rand.Rand, citizens uint32) (msg []byte, revoked map[uint32]bool) {
	t.Helper()
	r, err := citycode.NewStatusRegister(c.Issuer.ID(), 0, int(citizens))
	require.NoError(t, err)
	revoked = make(map[uint32]bool)
	for len(revoked) < int(citizens/100) {
		i := random.Uint32N(citizens)
		revoked[i] = true
		require.NoError(t, r.Set(i, citycode.StatusRevoked))
	}
	msg, err = r.Sign(citycode.StatusHeader{Signer: c.ID(citycodetest.StatusIndex), Version: citycode.Version{Epoch: 1}, IssuedAt: at(noon), Expires: at(noon + dayLong)}, citycodetest.Key("210100 status"))
	require.NoError(t, err)
	return msg, revoked
}

// TestStatusListOfACity: 8.3 million entries, 1 % of them revoked: small on the
// wire and two bits an entry in memory.
func TestStatusListOfACity(t *testing.T) {
	citizens := uint32(8_300_000)
	if testing.Short() {
		citizens /= 10
	}
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	random := rand.New(rand.NewPCG(8, 3))
	msg, revoked := statusOfACity(t, c, random, citizens)
	assert.LessOrEqual(t, len(msg), 120_000)
	trust := c.Trust(nil)
	before := allocated()
	list, reason := openStatus(t, trust, msg, citycode.Version{})
	took := allocated() - before
	require.Zero(t, reason)
	assert.LessOrEqual(t, list.Memory(), 2_100_000)
	assert.LessOrEqual(t, took, uint64(2_200_000), "while it is opened")
	t.Logf("%d bytes on the wire, %d in memory, %d allocated to open it", len(msg), list.Memory(), took)
	for range 100_000 {
		i := random.Uint32N(citizens)
		state, covered := list.At(i)
		require.True(t, covered)
		require.Equal(t, revoked[i], state == citycode.StatusRevoked)
	}
	// The next issue begins where this one ended.
	again, err := list.Register().Sign(citycode.StatusHeader{Signer: c.ID(citycodetest.StatusIndex), Version: citycode.Version{Epoch: 1}, IssuedAt: at(noon), Expires: at(noon + dayLong)}, citycodetest.Key("210100 status"))
	require.NoError(t, err)
	assert.Equal(t, msg, again)
}

// TestStatusListOfACityBits: no bit of the list of 8.3 million that was drawn
// can be flipped: 2,000 of them, and 20,000 in the long form.
func TestStatusListOfACityBits(t *testing.T) {
	t.Parallel()
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	random := rand.New(rand.NewPCG(8, 4))
	msg, _ := statusOfACity(t, c, random, uint32(cases(830_000, 8_300_000, 8_300_000)))
	bits := random.Perm(8 * len(msg))[:cases(100, 2000, 20_000)]
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		trust := c.Trust(e)
		_, reason := openStatus(t, trust, msg, citycode.Version{})
		require.Zero(t, reason)
		const shards = 2
		for shard := range shards {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				msg := bytes.Clone(msg)
				for i := shard; i < len(bits); i += shards {
					if slow(e) && i%101 > 1 {
						continue
					}
					bit := bits[i]
					msg[bit/8] ^= 1 << (bit % 8)
					_, reason := openStatus(t, trust, msg, citycode.Version{})
					require.NotZero(t, reason, "byte %d", bit/8)
					if bit/8 >= 35 { // behind the counts
						require.Equal(t, citycode.ListBadSignature, reason, "byte %d", bit/8)
					}
					msg[bit/8] ^= 1 << (bit % 8)
				}
				_, reason := openStatus(t, trust, msg, citycode.Version{})
				require.Zero(t, reason, "every bit was put back")
			})
		}
	})
}

// TestStatusListEveryBit: no bit of a list of ten thousand can be flipped.
func TestStatusListEveryBit(t *testing.T) {
	t.Parallel()
	l := strangersStatus()
	states := make(map[uint32]byte)
	random := rand.New(rand.NewPCG(2, 0))
	for range 120 {
		states[random.Uint32N(10_000)] = '0' + byte(random.IntN(2))
	}
	l.size, l.changes, l.gaps = 10_000, uint32(len(states)), riceBits(10_000, states)
	msg := l.message(t)
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		trust := c.Trust(e)
		_, reason := openStatus(t, trust, msg, citycode.Version{})
		require.Zero(t, reason)
		reasons := make(map[citycode.ListReason]int)
		for bit := range 8 * len(msg) {
			if !every(e, bit, 7, 601) {
				continue
			}
			_, reason := openStatus(t, trust, flip(msg, bit), citycode.Version{})
			require.NotZero(t, reason, "byte %d", bit/8)
			reasons[reason]++
			want := []citycode.ListReason{citycode.ListBadSignature}
			switch offset := bit / 8; {
			case offset == 0:
				want = []citycode.ListReason{citycode.ListMalformed, citycode.ListUnsupported}
			case offset == 1:
				want = []citycode.ListReason{citycode.ListMalformed}
			case offset < 10: // key ids
				want = append(want, citycode.ListMalformed, citycode.ListForeignCity, citycode.ListUnknownSigner)
			case 19 <= offset && offset < 23: // issuedAt, beside the signer's window
				want = append(want, citycode.ListUnknownSigner)
			case 27 <= offset && offset < 35: // counts
				want = append(want, citycode.ListMalformed)
			}
			require.Contains(t, want, reason, "byte %d, bit %d", bit/8, 7-bit%8)
		}
		t.Log(len(msg), reasons)
		for n := range msg {
			if !every(e, n, 3, 151) {
				continue
			}
			_, reason := openStatus(t, trust, msg[:n], citycode.Version{})
			require.Contains(t, []citycode.ListReason{citycode.ListMalformed, citycode.ListBadSignature}, reason, "cut at %d", n)
			_, reason = openStatus(t, trust, append(bytes.Clone(msg[:n]), append([]byte{0}, msg[n:]...)...), citycode.Version{})
			require.NotZero(t, reason, "a byte put in at %d", n)
		}
		for _, tail := range []string{"\x00", "\xff\xff", "\x00\x00\x00"} {
			_, reason := openStatus(t, trust, append(bytes.Clone(msg), tail...), citycode.Version{})
			require.Equal(t, citycode.ListBadSignature, reason)
		}
	})
}

// TestStatusListRules: what OpenStatusList refuses, also where the city's own
// key signed it (SPEC §7.3, §7.4).
func TestStatusListRules(t *testing.T) {
	stage := newStage(t)
	stage.prove("new status", stage.ID(citycodetest.StatusIndex))
	entries := stage.Draft.Entries
	second := entries[2]
	second.Key = citycode.PublicKey(compressed(t, citycodetest.Key("new status")))
	second.IssueUntil = at(noon - 1) // the old one, in fact
	stage.Draft.Entries = append(entries, second)
	rules := []struct {
		name   string
		want   citycode.ListReason
		change func(l *strangerStatus)
	}{
		{"nothing wrong", 0, func(l *strangerStatus) {}},
		{"no entries", 0, func(l *strangerStatus) { l.size, l.changes, l.gaps = 0, 0, nil }},
		{"no changes", 0, func(l *strangerStatus) { l.changes, l.gaps = 0, nil }},
		{"2^24 entries", 0, func(l *strangerStatus) { l.size, l.changes, l.gaps = 1<<24, 0, nil }},
		{"an issuer that is not listed", 0, func(l *strangerStatus) { l.issuer = 210100<<12 | 77 }},
		{"the newest version", 0, func(l *strangerStatus) { l.counter = 0xffffffff }},
		{"the last second of the key", 0, func(l *strangerStatus) { l.issuedAt = uint32(citycodetest.Start.Unix() + 60*dayLong) }},
		{"the first second of the key", 0, func(l *strangerStatus) { l.issuedAt = uint32(citycodetest.Start.Unix() - 30*dayLong) }},
		{"the other key of the id, in its time", 0, func(l *strangerStatus) { l.key, l.issuedAt = citycodetest.Key("new status"), uint32(noon-1) }},

		{"version 2", citycode.ListUnsupported, func(l *strangerStatus) { l.version = 0x12 }},
		{"version of something else", citycode.ListMalformed, func(l *strangerStatus) { l.version = 0x21 }},
		{"a trust list's kind", citycode.ListMalformed, func(l *strangerStatus) { l.kind = 'T' }},
		{"city 0 signs", citycode.ListMalformed, func(l *strangerStatus) { l.signer = 3 }},
		{"city 1048575 is meant", citycode.ListMalformed, func(l *strangerStatus) { l.issuer = 1<<32 - 1 }},
		{"2^24+1 entries", citycode.ListMalformed, func(l *strangerStatus) { l.size, l.changes, l.gaps = 1<<24+1, 0, nil }},
		{"2^32-1 entries", citycode.ListMalformed, func(l *strangerStatus) { l.size, l.changes, l.gaps = 1<<32-1, 0, nil }},
		{"more changes than entries", citycode.ListMalformed, func(l *strangerStatus) { l.changes = 11 }},
		{"eight changes too many", citycode.ListMalformed, func(l *strangerStatus) { l.changes = 10 }},
		{"a change too few", citycode.ListMalformed, func(l *strangerStatus) { l.changes = 1 }},
		{"no changes and states", citycode.ListMalformed, func(l *strangerStatus) { l.changes = 0 }},
		{"a size that makes another code", citycode.ListMalformed, func(l *strangerStatus) { l.size = 1000 }},
		{"changes beyond the end", citycode.ListMalformed, func(l *strangerStatus) { l.size = 8 }},
		{"other padding", citycode.ListMalformed, func(l *strangerStatus) { l.gaps[len(l.gaps)-1] |= 1 }},
		{"a byte of padding", citycode.ListMalformed, func(l *strangerStatus) { l.gaps = append(l.gaps, 0) }},
		{"states cut", citycode.ListMalformed, func(l *strangerStatus) { l.gaps = l.gaps[:0] }},
		{"all ones", citycode.ListMalformed, func(l *strangerStatus) { l.gaps = bytes.Repeat([]byte{0xff}, 100) }},
		{"another city is meant", citycode.ListForeignCity, func(l *strangerStatus) { l.issuer = 220100<<12 | 1 }},
		{"another city signs", citycode.ListForeignCity, func(l *strangerStatus) { l.signer = 220100<<12 | 3 }},
		{"signer not listed", citycode.ListUnknownSigner, func(l *strangerStatus) { l.signer = 210100<<12 | 4 }},
		{"an issuer signs", citycode.ListUnknownSigner, func(l *strangerStatus) {
			l.signer, l.key = 210100<<12|1, citycodetest.Key("210100 issuer")
		}},
		{"issued before the key signed", citycode.ListUnknownSigner, func(l *strangerStatus) { l.issuedAt = uint32(citycodetest.Start.Unix() - 30*dayLong - 1) }},
		{"issued after the key signed", citycode.ListUnknownSigner, func(l *strangerStatus) { l.issuedAt = uint32(citycodetest.Start.Unix() + 60*dayLong + 1) }},
		{"the other key of the id, after its time", citycode.ListBadSignature, func(l *strangerStatus) { l.key = citycodetest.Key("new status") }},
		{"somebody signs", citycode.ListBadSignature, func(l *strangerStatus) { l.key = citycodetest.Key("somebody") }},
		{"a root signs", citycode.ListBadSignature, func(l *strangerStatus) { l.key = root(0) }},
		{"under another tag", citycode.ListBadSignature, func(l *strangerStatus) { l.tag = "CC1/trst" }},
		{"rollback", citycode.ListRollback, func(l *strangerStatus) { l.counter = 4 }},
		{"rollback of the epoch", citycode.ListRollback, func(l *strangerStatus) { l.epoch, l.counter = 0, 0xffffffff }},
		{"the version held", 0, func(l *strangerStatus) { l.counter = 5 }},
		{"the epoch beats the counter", 0, func(l *strangerStatus) { l.epoch, l.counter = 2, 0 }},
	}
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		trust := stage.Trust(e)
		for i, c := range rules {
			if slow(e) && !every(e, i, 1, 11) {
				continue
			}
			l := strangersStatus()
			c.change(&l)
			list, reason := openStatus(t, trust, l.message(t), citycode.Version{Epoch: 1, Counter: 5})
			assert.Equal(t, c.want.String(), reason.String(), c.name)
			if list != nil {
				assert.EqualValues(t, l.size, list.Len(), c.name)
			}
		}
	})
	l := strangersStatus()
	_, err := citycode.OpenStatusList(l.message(t), nil, citycode.Version{})
	assert.Error(t, err, "without a trust list")
	long := make([]byte, citycode.MaxStatusMessage+1)
	copy(long, l.body())
	_, reason := openStatus(t, stage.Trust(nil), long, citycode.Version{})
	assert.Equal(t, citycode.ListMalformed, reason)
}

// TestStatusRegister: a revocation is for good, a suspension is not.
func TestStatusRegister(t *testing.T) {
	r, err := citycode.NewStatusRegister(210100<<12|1, 0, 9)
	require.NoError(t, err)
	const valid, revoked, suspended = citycode.StatusValid, citycode.StatusRevoked, citycode.StatusSuspended
	for _, step := range []struct {
		index uint32
		set   citycode.Status
		ok    bool
	}{
		{0, valid, true}, {0, suspended, true}, {0, valid, true}, {0, suspended, true}, {0, revoked, true},
		{0, valid, false}, {0, suspended, false}, {0, revoked, true},
		{8, revoked, true}, {9, revoked, false}, {1<<32 - 1, revoked, false},
		{1, 3, false}, {1, 255, false}, {1, 4, false},
	} {
		err := r.Set(step.index, step.set)
		assert.Equal(t, step.ok, err == nil, "%v: %v", step, err)
	}
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	header := citycode.StatusHeader{Signer: c.ID(citycodetest.StatusIndex), Version: citycode.Version{Epoch: 1}, IssuedAt: at(noon), Expires: at(noon)}
	key := citycodetest.Key("210100 status")
	msg, err := r.Sign(header, key)
	require.NoError(t, err)
	list, reason := openStatus(t, c.Trust(nil), msg, citycode.Version{})
	require.Zero(t, reason)
	for i, want := range []citycode.Status{revoked, valid, valid, valid, valid, valid, valid, valid, revoked} {
		state, _ := list.At(uint32(i))
		assert.Equal(t, want, state)
	}
	// A register that goes on from a list does not forget, nor change the list.
	next := list.Register()
	assert.Error(t, next.Set(0, valid), "un-revoked the next day")
	require.NoError(t, next.Set(1, suspended))
	state, _ := list.At(1)
	assert.Equal(t, valid, state)

	for name, change := range map[string]func(h *citycode.StatusHeader){
		"issuedAt before 1970": func(h *citycode.StatusHeader) { h.IssuedAt = at(-1) },
		"expires after 2106":   func(h *citycode.StatusHeader) { h.Expires = at(1 << 32) },
		"signer of no city":    func(h *citycode.StatusHeader) { h.Signer = 3 },
	} {
		h := header
		change(&h)
		_, err := r.Sign(h, key)
		assert.Error(t, err, name)
	}
	_, err = r.Sign(header, brokenHSM{key, errHSM})
	assert.ErrorIs(t, err, errHSM)
	_, err = r.Sign(header, otherCurve(t))
	assert.Error(t, err)

	for _, size := range []int{0, citycode.MaxStatusEntries} {
		_, err := citycode.NewStatusRegister(c.Issuer.ID(), 0, size)
		assert.NoError(t, err)
	}
	for _, c := range []struct {
		issuer citycode.KeyID
		size   int
	}{{1, 9}, {210100<<12 | 1, -1}, {210100<<12 | 1, citycode.MaxStatusEntries + 1}} {
		_, err := citycode.NewStatusRegister(c.issuer, 0, c.size)
		assert.Error(t, err)
	}
	assert.Equal(t, []string{"valid", "revoked", "suspended", "status-3"}, []string{valid.String(), revoked.String(), suspended.String(), citycode.Status(3).String()})
}

// TestStatusOfAPlace: where an unknown status passes, the verdict says so; what
// an old list says against a code still counts (SPEC §5.8).
func TestStatusOfAPlace(t *testing.T) {
	stage := newStage(t)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		for _, c := range []struct {
			name   string
			want   citycode.Reason
			known  bool
			change func(s *scan)
		}{
			{"a fresh list", 0, true, func(s *scan) {}},
			{"no list", 0, false, func(s *scan) { s.noStatus = true }},
			{"a list that is too short", 0, false, func(s *scan) { s.statusSize = 42 }},
			{"a list that is too old", 0, false, func(s *scan) { s.statusIssued = noon - 30*dayLong - 1 }},
			{"a list at its last second", 0, true, func(s *scan) { s.statusIssued = noon - 30*dayLong }},
			{"an expired list", 0, false, func(s *scan) { s.statusExpires = noon - 1 }},
			{"revoked", citycode.Revoked, false, func(s *scan) { s.state = citycode.StatusRevoked }},
			{"suspended", citycode.Suspended, false, func(s *scan) { s.state = citycode.StatusSuspended }},
			{"revoked in an old list", citycode.Revoked, false, func(s *scan) {
				s.state, s.statusIssued = citycode.StatusRevoked, noon-30*dayLong-1
			}},
			{"suspended in an expired list", citycode.Suspended, false, func(s *scan) {
				s.state, s.statusExpires = citycode.StatusSuspended, noon-1
			}},
		} {
			s := stage.place()
			for i := range s.entries {
				s.entries[i].IssueFrom = at(noon - 90*dayLong)
			}
			c.change(s)
			v, reason := s.run(e)
			assert.Equal(t, c.want.String(), reason.String(), c.name)
			if v != nil {
				assert.Equal(t, c.known, v.StatusKnown(), c.name)
			}
		}
		// Under a profile that does not let it pass, old is unknown, whatever it says.
		for _, state := range []citycode.Status{citycode.StatusValid, citycode.StatusSuspended, citycode.StatusRevoked} {
			s := stage.scan()
			s.state, s.statusExpires = state, noon-1
			_, reason := s.run(e)
			assert.Equal(t, citycode.StatusUnknown, reason)
		}
	})
}

// TestStatusListsAreApart: a list speaks for one issuer key and one number.
func TestStatusListsAreApart(t *testing.T) {
	stage := newStage(t)
	for _, change := range []func(s *scan){
		func(s *scan) { s.code.list = 1 },
		func(s *scan) { s.code.issuer, s.code.issuerKey = 210100<<12|1, citycodetest.Key("210100 issuer") },
	} {
		s := stage.scan()
		s.state = citycode.StatusRevoked
		trust := s.trust(engine.Default())
		lists := s.status(engine.Default(), trust) // of list 0
		change(s)
		v, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Status: lists, Replay: s.replayGuard(), Profiles: []citycode.Profile{s.profile}, Now: func() time.Time { return at(s.now) }})
		require.NoError(t, err)
		check := s.check
		check.Challenge = s.challenge()
		_, reason := verdict(t, v, reads(t, s.bytes()), check)
		if s.code.list == 1 {
			assert.Equal(t, citycode.StatusUnknown, reason)
		} else {
			assert.Equal(t, citycode.Revoked, reason)
		}
	}
}
