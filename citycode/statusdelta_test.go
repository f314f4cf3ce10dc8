package citycode_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

const statusDelta = "status delta"

// changed is the header of the issue after strangersStatus.
var changed = citycode.StatusHeader{Signer: 210100<<12 | citycodetest.StatusIndex, Version: citycode.Version{Epoch: 1, Counter: 10}, IssuedAt: at(noon + hour), Expires: at(noon + dayLong + hour)}

// strangersDelta makes strangersStatus, 3 revoked and 8 suspended, into what
// changes says, in a list of size entries. Its digests are right, whatever the
// changes are: the next list is written from what they come to.
func strangersDelta(t testing.TB, size int, changes map[uint32]string) strangerDelta {
	t.Helper()
	from := strangersStatus()
	next := strangersStatus()
	next.counter, next.issuedAt, next.expires, next.size = 10, uint32(noon+hour), uint32(noon+dayLong+hour), uint32(size)
	d := strangerDelta{strangerStatus: next, base: sm3(from.body())}
	d.kind, d.changes, d.gaps = 'D', uint32(len(changes)), riceCode(size, changes)
	states := map[uint32]byte{3: '0', 8: '1'}
	for i, v := range changes {
		switch v {
		case "00":
			delete(states, i)
		case "01", "11": // 3 is no state: in a list, where one bit is left of it, it would be 1
			states[i] = '0'
		case "10":
			states[i] = '1'
		}
	}
	next.changes, next.gaps = uint32(len(states)), riceBits(size, states)
	d.result = sm3(next.body())
	return d
}

// heldStatus is strangersStatus, opened.
func heldStatus(t testing.TB, trust *citycode.TrustList) *citycode.StatusList {
	t.Helper()
	l := strangersStatus()
	list, reason := openStatus(t, trust, l.message(t), citycode.Version{})
	require.Zero(t, reason)
	return list
}

func applyDelta(t testing.TB, l *citycode.StatusList, msg []byte, trust *citycode.TrustList) (*citycode.StatusList, citycode.ListReason) {
	t.Helper()
	next, err := l.Apply(msg, trust)
	if err != nil {
		require.Nil(t, next)
	}
	return next, listReason(t, statusDelta, err)
}

// signedAgain is everything that a list says, as bytes.
func signedAgain(t testing.TB, l *citycode.StatusList) []byte {
	t.Helper()
	msg, err := l.Register().Sign(changed, citycodetest.Key("210100 status"))
	require.NoError(t, err)
	return fmt.Appendf(msg, "%s %d %s %d %x", l.Issuer(), l.List(), l.Version(), l.Len(), l.Digest())
}

// TestStatusDeltaBytes: the library and the stranger write the same delta, and
// it leaves the list that it began with as it was.
func TestStatusDeltaBytes(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	d := strangersDelta(t, 20, map[uint32]string{0: "01", 8: "00", 9: "10", 15: "01", 19: "10"})
	msg := d.message(t)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		trust := c.Trust(e)
		held := heldStatus(t, trust)
		r, err := citycode.NewStatusRegister(held.Issuer(), 7, 20)
		require.NoError(t, err)
		want := map[uint32]citycode.Status{0: 1, 3: 1, 9: 2, 15: 1, 19: 2}
		for i, s := range want {
			require.NoError(t, r.Set(i, s))
		}
		ours, err := r.SignDelta(held, changed, d.key)
		require.NoError(t, err)
		assert.Equal(t, msg, ours)

		before := signedAgain(t, held)
		next, reason := applyDelta(t, held, msg, trust)
		require.Zero(t, reason)
		assert.Equal(t, held.Issuer(), next.Issuer())
		assert.EqualValues(t, 7, next.List())
		assert.Equal(t, changed.Version, next.Version())
		assert.Equal(t, changed.IssuedAt, next.IssuedAt())
		assert.Equal(t, 20, next.Len())
		assert.Equal(t, d.result, next.Digest())
		for i := range uint32(20) {
			state, covered := next.At(i)
			assert.True(t, covered)
			assert.Equal(t, want[i], state, "%d", i)
		}
		assert.Equal(t, before, signedAgain(t, held))
		state, _ := held.At(8)
		assert.Equal(t, citycode.StatusSuspended, state)
		// It is applied once: what it makes is not what it was made for.
		_, reason = applyDelta(t, next, msg, trust)
		assert.Equal(t, citycode.ListRollback, reason)
	})
}

// TestStatusDeltaIsTheList: whatever is changed in whatever list, the delta
// comes to the list sent whole, in its states and its digest.
func TestStatusDeltaIsTheList(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	key := citycodetest.Key("210100 status")
	for _, e := range engines() {
		trust := c.Trust(e)
		rapid.Check(t, func(t *rapid.T) {
			size := rapid.OneOf(rapid.IntRange(0, 20), rapid.IntRange(0, 3000)).Draw(t, "size")
			grown := size + rapid.OneOf(rapid.Just(0), rapid.IntRange(0, 1000)).Draw(t, "more")
			random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
			fill := rapid.SampledFrom([]int{1, 2, 10, 100, 1 << 20}).Draw(t, "one filled in")
			share := rapid.SampledFrom([]int{1, 2, 10, 100, 1 << 20}).Draw(t, "one changed in")
			first, err := citycode.NewStatusRegister(c.Issuer.ID(), 3, size)
			if err != nil {
				t.Fatal(err)
			}
			second, _ := citycode.NewStatusRegister(c.Issuer.ID(), 3, grown)
			for i := range uint32(grown) {
				old := citycode.StatusValid
				if random.IntN(fill) == 0 && i < uint32(size) {
					old = citycode.Status(random.IntN(3))
					first.Set(i, old)
				}
				second.Set(i, old)
				if random.IntN(share) == 0 {
					second.Set(i, citycode.Status(random.IntN(3))) // a revoked one stays, by an error
				}
			}
			header := func(counter uint32) citycode.StatusHeader {
				return citycode.StatusHeader{Signer: c.ID(citycodetest.StatusIndex), Version: citycode.Version{Epoch: 1, Counter: counter}, IssuedAt: at(noon), Expires: at(noon + dayLong)}
			}
			open := func(r *citycode.StatusRegister, counter uint32) *citycode.StatusList {
				msg, err := r.Sign(header(counter), key)
				if err != nil {
					t.Fatal(err)
				}
				l, err := citycode.OpenStatusList(msg, trust, citycode.Version{})
				if err != nil {
					t.Fatal(err)
				}
				return l
			}
			from, whole := open(first, 1), open(second, 2)
			before := from.Digest()
			delta, err := second.SignDelta(from, header(2), key)
			if err != nil {
				t.Fatal(err)
			}
			next, err := from.Apply(delta, trust)
			if err != nil {
				t.Fatal(err)
			}
			if next.Digest() != whole.Digest() || next.Len() != whole.Len() || next.Version() != whole.Version() || from.Digest() != before {
				t.Fatalf("%x, not %x", next.Digest(), whole.Digest())
			}
			for i := range uint32(grown) {
				a, _ := next.At(i)
				if b, _ := whole.At(i); a != b {
					t.Fatalf("%d is %s, not %s", i, a, b)
				}
			}
			if _, err := whole.Apply(delta, trust); err == nil {
				t.Fatal("a delta is applied twice")
			}
			// From another base it leads nowhere.
			if size > 0 {
				other := first
				i := uint32(random.IntN(size))
				was, _ := from.At(i)
				if was == citycode.StatusRevoked {
					return
				}
				other.Set(i, citycode.StatusRevoked)
				refused := new(citycode.ListError)
				if _, err := open(other, 1).Apply(delta, trust); !errors.As(err, &refused) || refused.Reason != citycode.ListWrongBase {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestStatusDeltaRules: what Apply refuses, also where the city's own key
// signed it and every digest is right (SPEC §7.6).
func TestStatusDeltaRules(t *testing.T) {
	stage := newSnapshotStage(t)
	good := func() strangerDelta { return strangersDelta(t, 10, map[uint32]string{0: "01", 8: "00"}) }
	// made returns a rule about a delta of these changes.
	made := func(size int, changes map[uint32]string) func(d *strangerDelta) {
		return func(d *strangerDelta) { *d = strangersDelta(t, size, changes) }
	}
	for _, c := range []struct {
		name   string
		want   citycode.ListReason
		change func(d *strangerDelta)
	}{
		{"nothing wrong", 0, func(d *strangerDelta) {}},
		{"no changes but a new time", 0, made(10, nil)},
		{"a suspension becomes a revocation", 0, made(10, map[uint32]string{8: "01"})},
		{"it grows by nothing but size", 0, made(4000, nil)},
		{"it grows to 2^24", 0, made(1<<24, nil)},
		{"a counter is skipped", 0, func(d *strangerDelta) {
			whole := strangersStatus()
			whole.counter, whole.issuedAt, whole.expires, whole.changes, whole.gaps = 77, d.issuedAt, d.expires, 2, riceBits(10, map[uint32]byte{0: '0', 3: '0'})
			d.counter, d.result = 77, sm3(whole.body())
		}},

		{"version 2", citycode.ListUnsupported, func(d *strangerDelta) { d.version = 0x12 }},
		{"version of something else", citycode.ListMalformed, func(d *strangerDelta) { d.version = 0x21 }},
		{"a status list's kind", citycode.ListMalformed, func(d *strangerDelta) { d.kind = 'S' }},
		{"city 0 signs", citycode.ListMalformed, func(d *strangerDelta) { d.signer = 3 }},
		{"2^24+1 entries", citycode.ListMalformed, func(d *strangerDelta) { d.size = 1<<24 + 1 }},

		{"another list", citycode.ListForeignCity, func(d *strangerDelta) { d.list = 8 }},
		{"another issuer", citycode.ListForeignCity, func(d *strangerDelta) { d.issuer++ }},
		{"another city's issuer", citycode.ListForeignCity, func(d *strangerDelta) { d.issuer = dalian<<12 | 1 }},
		{"another city's key", citycode.ListForeignCity, func(d *strangerDelta) { d.signer, d.key = dalian<<12|3, citycodetest.Key("210200 status") }},

		{"a key that is not listed", citycode.ListUnknownSigner, func(d *strangerDelta) { d.signer |= 0x40 }},
		{"the issuer's key", citycode.ListUnknownSigner, func(d *strangerDelta) { d.signer, d.key = 210100<<12|1, citycodetest.Key("210100 issuer") }},
		{"the snapshot key", citycode.ListUnknownSigner, func(d *strangerDelta) {
			d.signer, d.key = 210100<<12|snapshotIndex, citycodetest.Key("210100 snapshot")
		}},
		{"after the key's time", citycode.ListUnknownSigner, func(d *strangerDelta) { d.issuedAt = uint32(citycodetest.Start.Unix() + 60*dayLong + 1) }},
		{"somebody's signature", citycode.ListBadSignature, func(d *strangerDelta) { d.key = citycodetest.Key("somebody") }},
		{"under the tag of lists", citycode.ListBadSignature, func(d *strangerDelta) { d.tag = "CC1/list" }},

		{"the version that is held", citycode.ListRollback, func(d *strangerDelta) { d.counter = 9 }},
		{"an older version", citycode.ListRollback, func(d *strangerDelta) { d.counter = 8 }},
		{"a version of an older epoch", citycode.ListRollback, func(d *strangerDelta) { d.epoch, d.counter = 0, 1<<32-1 }},
		{"another base", citycode.ListWrongBase, func(d *strangerDelta) { d.base[0] ^= 1 }},
		{"base and result the same way round", citycode.ListWrongBase, func(d *strangerDelta) { d.base = d.result }},

		{"it shrinks", citycode.ListMalformed, func(d *strangerDelta) {
			*d = strangersDelta(t, 9, map[uint32]string{0: "01"})
		}},
		{"it shrinks to nothing", citycode.ListMalformed, func(d *strangerDelta) {
			next := strangersStatus()
			next.counter, next.issuedAt, next.expires, next.size, next.changes, next.gaps = d.counter, d.issuedAt, d.expires, 0, 0, nil
			d.size, d.changes, d.gaps, d.result = 0, 0, nil, sm3(next.body())
		}},
		{"a valid one stays valid", citycode.ListMalformed, made(10, map[uint32]string{0: "00"})},
		{"a revoked one stays revoked", citycode.ListMalformed, made(10, map[uint32]string{3: "01"})},
		{"a suspended one stays suspended", citycode.ListMalformed, made(10, map[uint32]string{8: "10"})},
		{"a new one is valid", citycode.ListMalformed, made(11, map[uint32]string{10: "00"})},
		{"a change and an idle one", citycode.ListMalformed, made(10, map[uint32]string{0: "01", 1: "00"})},
		{"a revocation is lifted", citycode.ListMalformed, made(10, map[uint32]string{3: "00"})},
		{"a revocation becomes a suspension", citycode.ListMalformed, made(10, map[uint32]string{3: "10"})},
		{"state 3", citycode.ListMalformed, made(10, map[uint32]string{0: "11"})},
		{"state 3 of a suspended one", citycode.ListMalformed, made(10, map[uint32]string{8: "11"})},
		{"a digest of another result", citycode.ListMalformed, func(d *strangerDelta) { d.result[31] ^= 1 }},
		{"the digest of the base", citycode.ListMalformed, func(d *strangerDelta) { d.result = d.base }},
		{"the result of another time", citycode.ListMalformed, func(d *strangerDelta) { d.issuedAt++ }},
		{"more changes than entries", citycode.ListMalformed, func(d *strangerDelta) { d.changes = 11 }},
		{"2^32-1 changes", citycode.ListMalformed, func(d *strangerDelta) { d.changes = 1<<32 - 1 }},
		{"a change that is not there", citycode.ListMalformed, func(d *strangerDelta) { d.changes++ }},
		{"a change too few", citycode.ListMalformed, func(d *strangerDelta) { d.changes-- }},
		{"changes beyond the end", citycode.ListMalformed, made(10, map[uint32]string{10: "01"})},
		{"other padding", citycode.ListMalformed, func(d *strangerDelta) { d.gaps[len(d.gaps)-1] |= 1 }},
		{"a byte of padding", citycode.ListMalformed, func(d *strangerDelta) { d.gaps = append(d.gaps, 0) }},
		{"changes cut", citycode.ListMalformed, func(d *strangerDelta) { d.gaps = nil }},
		{"more than a megabyte", citycode.ListMalformed, func(d *strangerDelta) { d.gaps = make([]byte, citycode.MaxDeltaMessage) }},
	} {
		d := good()
		c.change(&d)
		msg := d.message(t)
		for _, e := range thin(engines(), 2) {
			trust := stage.Trust(e)
			held := heldStatus(t, trust)
			before := signedAgain(t, held)
			_, reason := applyDelta(t, held, msg, trust)
			assert.Equal(t, c.want.String(), reason.String(), "%s (%s)", c.name, e.Name())
			// There is the old list or the new one, and never a half.
			require.Equal(t, before, signedAgain(t, held), c.name)
		}
	}

	// Another city's list and keys do not change this one's, however a terminal
	// of both cities confuses them.
	n := newNeighbours(t)
	held := heldStatus(t, stage.Trust(nil))
	d := good()
	d.signer, d.key = dalian<<12|3, citycodetest.Key("210200 status")
	for _, trust := range []*citycode.TrustList{n.foreign(nil), stage.Trust(nil)} {
		_, reason := applyDelta(t, held, d.message(t), trust)
		assert.Equal(t, citycode.ListForeignCity, reason)
	}
	_, err := held.Apply(nil, nil)
	refused := new(citycode.ListError)
	assert.Error(t, err)
	assert.NotErrorAs(t, err, &refused)
}

// TestStatusDeltaEveryBit: no bit of a delta can be flipped, nor can it be cut
// or made longer.
func TestStatusDeltaEveryBit(t *testing.T) {
	t.Parallel()
	changes := make(map[uint32]string)
	random := rand.New(rand.NewPCG(4, 0))
	for range 60 {
		changes[10+random.Uint32N(1990)] = []string{"01", "10"}[random.IntN(2)]
	}
	d := strangersDelta(t, 2000, changes)
	msg := d.message(t)
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		trust := c.Trust(e)
		held := heldStatus(t, trust)
		_, reason := applyDelta(t, held, msg, trust)
		require.Zero(t, reason)
		reasons := make(map[citycode.ListReason]int)
		for bit := range 8 * len(msg) {
			if !every(e, bit, 7, 401) {
				continue
			}
			_, reason := applyDelta(t, held, flip(msg, bit), trust)
			require.NotZero(t, reason, "byte %d", bit/8)
			reasons[reason]++
			want := []citycode.ListReason{citycode.ListBadSignature}
			switch offset := bit / 8; {
			case offset == 0:
				want = []citycode.ListReason{citycode.ListMalformed, citycode.ListUnsupported}
			case offset == 1:
				want = []citycode.ListReason{citycode.ListMalformed}
			case offset < 6: // signer
				want = []citycode.ListReason{citycode.ListMalformed, citycode.ListForeignCity, citycode.ListUnknownSigner}
			case offset < 11: // issuer and list
				want = []citycode.ListReason{citycode.ListMalformed, citycode.ListForeignCity}
			case 19 <= offset && offset < 23: // issuedAt, beside the signer's window
				want = append(want, citycode.ListUnknownSigner)
			case 27 <= offset && offset < 31: // size
				want = append(want, citycode.ListMalformed)
			}
			require.Contains(t, want, reason, "byte %d, bit %d", bit/8, 7-bit%8)
		}
		t.Log(len(msg), reasons)
		for n := range msg {
			if !every(e, n, 3, 101) {
				continue
			}
			_, reason := applyDelta(t, held, msg[:n], trust)
			require.Contains(t, []citycode.ListReason{citycode.ListMalformed, citycode.ListBadSignature}, reason, "cut at %d", n)
		}
		for _, tail := range []string{"\x00", "\xff\xff", string(msg[len(msg)-64:])} {
			_, reason := applyDelta(t, held, append(bytes.Clone(msg), tail...), trust)
			require.Equal(t, citycode.ListBadSignature, reason)
		}
	})
}

// TestStatusDeltaChain: a terminal that missed no delta holds, after a month of
// them, what the city holds; one that missed one cannot go on.
func TestStatusDeltaChain(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	trust := c.Trust(nil)
	key := citycodetest.Key("210100 status")
	first := heldStatus(t, trust)
	held, r := first, first.Register()
	random := rand.New(rand.NewPCG(30, 0))
	var missed, last []byte
	for i := range uint32(30) {
		for range 3 {
			r.Set(random.Uint32N(10), citycode.Status(random.IntN(3)))
		}
		h := changed
		h.Version.Counter += i
		msg, err := r.SignDelta(held, h, key)
		require.NoError(t, err)
		if i == 0 {
			missed = msg
		}
		next, reason := applyDelta(t, held, msg, trust)
		require.Zero(t, reason)
		if i > 0 {
			_, reason = applyDelta(t, first, msg, trust)
			require.Equal(t, citycode.ListWrongBase, reason)
		}
		held, last = next, msg
	}
	whole := held.Register()
	assert.NoError(t, second(whole.SignDelta(first, changed, key)), "one delta may be made over all of them")
	for i := range uint32(10) {
		was, _ := first.At(i)
		is, _ := held.At(i)
		if was == citycode.StatusRevoked {
			assert.Equal(t, was, is, "for good")
		}
	}
	_, reason := applyDelta(t, held, missed, trust)
	assert.Equal(t, citycode.ListRollback, reason)
	_, reason = applyDelta(t, held, last, trust)
	assert.Equal(t, citycode.ListRollback, reason)
}

// TestStatusDeltaOfACity: 8.3 million entries of which 1 % are revoked, and two
// thousand changes of a day.
func TestStatusDeltaOfACity(t *testing.T) {
	citizens, changes := uint32(8_300_000), 2000
	if testing.Short() {
		citizens, changes = citizens/10, changes/10
	}
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	key := citycodetest.Key("210100 status")
	trust := c.Trust(nil)
	r, err := citycode.NewStatusRegister(c.Issuer.ID(), 0, int(citizens))
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(8, 4))
	for range citizens / 100 {
		require.NoError(t, r.Set(random.Uint32N(citizens), citycode.StatusRevoked))
	}
	h := changed
	h.Version.Counter = 1
	msg, err := r.Sign(h, key)
	require.NoError(t, err)
	assert.LessOrEqual(t, len(msg), 120_000)
	held, reason := openStatus(t, trust, msg, citycode.Version{})
	require.Zero(t, reason)
	assert.LessOrEqual(t, held.Memory(), 2_100_000)

	touched := make(map[uint32]bool)
	for len(touched) < changes {
		i := random.Uint32N(citizens)
		if was, _ := held.At(i); was == citycode.StatusValid && !touched[i] {
			touched[i] = true
			require.NoError(t, r.Set(i, citycode.Status(1+random.IntN(2))))
		}
	}
	delta, err := r.SignDelta(held, changed, key)
	require.NoError(t, err)
	assert.LessOrEqual(t, len(delta), 8<<10)
	before := allocated()
	next, reason := applyDelta(t, held, delta, trust)
	took := allocated() - before
	require.Zero(t, reason)
	assert.LessOrEqual(t, next.Memory(), 2_100_000)
	// Two bits an entry, and the next list's message while its digest is taken.
	assert.LessOrEqual(t, took, uint64(3_000_000), "while it is applied")
	t.Logf("list %d bytes, delta %d, memory %d, %d allocated to apply", len(msg), len(delta), next.Memory(), took)

	whole, err := r.Sign(changed, key)
	require.NoError(t, err)
	sent, reason := openStatus(t, trust, whole, held.Version())
	require.Zero(t, reason)
	assert.Equal(t, sent.Digest(), next.Digest())
	for i := range touched {
		was, _ := held.At(i)
		is, _ := next.At(i)
		want, _ := sent.At(i)
		require.Equal(t, citycode.StatusValid, was)
		require.Equal(t, want, is)
	}
}

// TestSignDeltaRefuses: the authority signs no delta that terminals refuse.
func TestSignDeltaRefuses(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	held := heldStatus(t, c.Trust(nil))
	key := citycodetest.Key("210100 status")
	register := func(issuer citycode.KeyID, list uint8, size int) *citycode.StatusRegister {
		r, err := citycode.NewStatusRegister(issuer, list, size)
		require.NoError(t, err)
		return r
	}
	header := func(change func(h *citycode.StatusHeader)) citycode.StatusHeader { h := changed; change(&h); return h }
	for name, err := range map[string]error{
		"another issuer":         second(register(c.ID(9), 7, 10).SignDelta(held, changed, key)),
		"another list":           second(register(held.Issuer(), 8, 10).SignDelta(held, changed, key)),
		"a smaller list":         second(register(held.Issuer(), 7, 9).SignDelta(held, changed, key)),
		"a revocation lifted":    second(register(held.Issuer(), 7, 10).SignDelta(held, changed, key)),
		"the same version":       second(held.Register().SignDelta(held, header(func(h *citycode.StatusHeader) { h.Version.Counter-- }), key)),
		"a signer of no city":    second(held.Register().SignDelta(held, header(func(h *citycode.StatusHeader) { h.Signer = 3 }), key)),
		"issuedAt before 1970":   second(held.Register().SignDelta(held, header(func(h *citycode.StatusHeader) { h.IssuedAt = at(-1) }), key)),
		"expires after 2106":     second(held.Register().SignDelta(held, header(func(h *citycode.StatusHeader) { h.Expires = at(1 << 32) }), key)),
		"a key of another curve": second(held.Register().SignDelta(held, changed, otherCurve(t))),
		"an HSM that fails":      second(held.Register().SignDelta(held, changed, brokenHSM{key, errHSM})),
	} {
		assert.Error(t, err, name)
	}
	if testing.Short() {
		return
	}
	// More than a delta may hold is sent as a list.
	big := register(held.Issuer(), 7, 1<<22)
	require.NoError(t, big.Set(3, citycode.StatusRevoked))
	for i := range uint32(1 << 22) {
		big.Set(i, citycode.StatusRevoked)
	}
	assert.ErrorContains(t, second(big.SignDelta(held, changed, key)), "sign the list instead")
}

// TestStatusDeltaCodingIsUnique: for every small list, every byte string that
// decodes is the one that encodes, so a delta has one form.
func TestStatusDeltaCodingIsUnique(t *testing.T) {
	for size := range 5 {
		for changes := range size + 2 {
			for n := range 3 {
				for v := range 1 << (8 * n) {
					b := []byte{byte(v >> 8), byte(v)}[2-n:]
					values := make(map[uint32]string)
					if citycode.ReadDelta(b, uint32(size), uint32(changes), func(i uint32, s citycode.Status) { values[i] = fmt.Sprintf("%02b", s) }) != nil {
						continue
					}
					if again := riceCode(size, values); len(values) != changes || !slices.Equal(again, b) {
						t.Fatalf("%x of %d in %d is written %x", b, changes, size, again)
					}
				}
			}
		}
	}
}
