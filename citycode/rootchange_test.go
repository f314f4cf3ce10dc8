package citycode_test

import (
	"bytes"
	"crypto"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

const rootChange = "root change"

// newRoot is a root key of the set that follows.
func newRoot(i int) crypto.Signer { return citycodetest.Key(fmt.Sprintf("210100 new root %d", i)) }

// heldRoots is what terminals hold before the change: 2 of 3.
func heldRoots(t testing.TB, e engine.Engine) citycode.TrustConfig {
	t.Helper()
	cfg := citycode.TrustConfig{City: 210100, Threshold: 2, Engine: e}
	for i := range 3 {
		cfg.Roots = append(cfg.Roots, citycode.PublicKey(compressed(t, root(i))))
	}
	return cfg
}

// ascendingKeys returns keys as they stand in a root change.
func ascendingKeys(t testing.TB, keys ...crypto.Signer) (list [][]byte) {
	t.Helper()
	for _, k := range keys {
		list = append(list, compressed(t, k))
	}
	slices.SortFunc(list, bytes.Compare)
	return list
}

// strangersRoot goes from 2 of 3 to 3 of 5 and has just as many signatures as
// it needs.
func strangersRoot(t testing.TB) strangerRoot {
	t.Helper()
	return strangerRoot{version: 0x11, kind: 'R', city: 210100, epoch: 2, issuedAt: uint32(noon), threshold: 3,
		roots:   ascendingKeys(t, newRoot(0), newRoot(1), newRoot(2), newRoot(3), newRoot(4)),
		signers: []crypto.Signer{root(0), root(2), newRoot(0), newRoot(1), newRoot(4)}}
}

func openRoot(t testing.TB, msg []byte, held citycode.TrustConfig) (citycode.TrustConfig, citycode.ListReason) {
	t.Helper()
	next, err := citycode.OpenRootChange(msg, held)
	if err != nil {
		require.Empty(t, next)
	}
	return next, listReason(t, rootChange, err)
}

// TestRootChange: the library and the stranger write the same change, and it
// leaves the terminal with the new set and what it knew of versions.
func TestRootChange(t *testing.T) {
	s := strangersRoot(t)
	msg := s.message(t)
	change := citycode.RootChange{City: 210100, Epoch: 2, IssuedAt: at(noon), Threshold: 3}
	for i := range 5 {
		change.Roots = append(change.Roots, citycode.PublicKey(compressed(t, newRoot(4-i))))
	}
	body, err := change.Body()
	require.NoError(t, err)
	assert.Equal(t, s.body(), body)
	var sigs []*citycode.RootSignature
	for _, key := range s.signers {
		sig, err := citycode.SignRootChange(body, key)
		require.NoError(t, err)
		sigs = append(sigs, sig)
	}
	ours, err := citycode.AssembleRootChange(body, sigs...)
	require.NoError(t, err)
	assert.Equal(t, msg, ours)

	eachEngine(t, func(t *testing.T, e engine.Engine) {
		held := heldRoots(t, e)
		held.Have = citycode.Version{Epoch: 1, Counter: 42}
		next, reason := openRoot(t, msg, held)
		require.Zero(t, reason)
		want := citycode.TrustConfig{City: 210100, Epoch: 2, Threshold: 3, Have: held.Have, Engine: e}
		for _, r := range s.roots {
			want.Roots = append(want.Roots, citycode.PublicKey(r))
		}
		assert.Equal(t, want, next)
		assert.Equal(t, heldRoots(t, e).Roots, held.Roots, "what is held is not touched")

		// The next step goes on from there.
		third := strangerRoot{version: 0x11, kind: 'R', city: 210100, epoch: 3, threshold: 1, roots: ascendingKeys(t, root(7)),
			signers: []crypto.Signer{root(7), newRoot(1), newRoot(2), newRoot(3)}}
		last, reason := openRoot(t, third.message(t), next)
		require.Zero(t, reason)
		assert.EqualValues(t, 3, last.Epoch)
		assert.Equal(t, 1, last.Threshold)
	})
}

// TestRootChangeRules: who follows is what the old roots say, and the new ones
// must be there (SPEC §6.6).
func TestRootChangeRules(t *testing.T) {
	stranger := citycodetest.Key("somebody")
	count := func(n byte) *byte { return &n }
	signers := func(keys ...crypto.Signer) func(c *strangerRoot) { return func(c *strangerRoot) { c.signers = keys } }
	a, b, c := newRoot(0), newRoot(1), newRoot(2)
	// shared has one key of the old set go on in the new one.
	shared := func(c *strangerRoot, signers ...crypto.Signer) {
		c.threshold, c.roots, c.signers = 2, ascendingKeys(t, root(0), newRoot(0), newRoot(1)), signers
	}
	for _, rule := range []struct {
		name   string
		want   citycode.ListReason
		change func(c *strangerRoot)
	}{
		{"nothing wrong", 0, func(c *strangerRoot) {}},
		{"all sign", 0, signers(root(0), root(1), root(2), a, b, c, newRoot(3), newRoot(4))},
		{"the same set again", 0, func(c *strangerRoot) {
			c.threshold, c.roots, c.signers = 2, ascendingKeys(t, root(0), root(1), root(2)), []crypto.Signer{root(0), root(1)}
		}},
		{"a key of both sets counts for both", 0, func(c *strangerRoot) { shared(c, root(0), root(1), a) }},
		{"16 roots", 0, func(c *strangerRoot) {
			c.threshold, c.signers = 1, []crypto.Signer{root(0), root(1), newRoot(15)}
			keys := []crypto.Signer{}
			for i := range citycode.MaxRoots {
				keys = append(keys, newRoot(i))
			}
			c.roots = ascendingKeys(t, keys...)
		}},

		{"no signature", citycode.ListBadSignature, signers()},
		{"too few of the old", citycode.ListBadSignature, signers(root(0), a, b, c)},
		{"none of the old", citycode.ListBadSignature, signers(a, b, c, newRoot(3), newRoot(4))},
		{"too few of the new", citycode.ListBadSignature, signers(root(0), root(1), root(2), a, b)},
		{"none of the new", citycode.ListBadSignature, signers(root(0), root(1), root(2))},
		// The number alone says nothing: which set they are of does.
		{"a key of both sets, too few of the old", citycode.ListBadSignature, func(c *strangerRoot) { shared(c, root(0), a, b) }},
		{"a key of both sets, too few of the new", citycode.ListBadSignature, func(c *strangerRoot) { shared(c, root(0), root(1), root(2)) }},
		{"a key of both sets that does not sign", citycode.ListBadSignature, func(c *strangerRoot) { shared(c, root(1), a, b) }},
		{"a signature twice", citycode.ListMalformed, signers(root(0), root(0), a, b, c)},
		{"an unknown signer", citycode.ListUnknownSigner, signers(root(0), root(1), a, b, c, stranger)},
		{"an unknown signer alone", citycode.ListUnknownSigner, signers(stranger)},
		{"under another tag", citycode.ListBadSignature, func(c *strangerRoot) { c.tag = "CC1/trst" }},

		{"version 2", citycode.ListUnsupported, func(c *strangerRoot) { c.version = 0x12 }},
		{"version of something else", citycode.ListMalformed, func(c *strangerRoot) { c.version = 0x21 }},
		{"a trust list's kind", citycode.ListMalformed, func(c *strangerRoot) { c.kind = 'T' }},
		{"another city", citycode.ListForeignCity, func(c *strangerRoot) { c.city = dalian }},
		{"city 1000000", citycode.ListForeignCity, func(c *strangerRoot) { c.city = 1000000 }},
		{"epoch 0", citycode.ListRollback, func(c *strangerRoot) { c.epoch = 0 }},
		{"the epoch that is held", citycode.ListRollback, func(c *strangerRoot) { c.epoch = 1 }},
		{"an epoch skipped", citycode.ListRollback, func(c *strangerRoot) { c.epoch = 3 }},
		{"the last epoch", citycode.ListRollback, func(c *strangerRoot) { c.epoch = 1<<32 - 1 }},

		{"a new key twice", citycode.ListMalformed, func(c *strangerRoot) { c.roots[1] = c.roots[0] }},
		{"new keys that descend", citycode.ListMalformed, func(c *strangerRoot) { slices.Reverse(c.roots) }},
		{"a new key off the curve", citycode.ListMalformed, func(c *strangerRoot) {
			c.roots[4] = offCurve()
			slices.SortFunc(c.roots, bytes.Compare)
		}},
		{"a new key of zeros", citycode.ListMalformed, func(c *strangerRoot) { c.roots[0] = make([]byte, 33) }},
		{"no new keys", citycode.ListMalformed, func(c *strangerRoot) { c.roots = nil }},
		{"no new keys, threshold 0", citycode.ListMalformed, func(c *strangerRoot) {
			c.roots, c.threshold, c.signers = nil, 0, []crypto.Signer{root(0), root(1)}
		}},
		{"threshold 0", citycode.ListMalformed, func(c *strangerRoot) { c.threshold, c.signers = 0, []crypto.Signer{root(0), root(1)} }},
		{"threshold 6 of 5", citycode.ListMalformed, func(c *strangerRoot) { c.threshold = 6 }},
		{"17 roots", citycode.ListMalformed, func(c *strangerRoot) {
			keys := []crypto.Signer{}
			for i := range citycode.MaxRoots + 1 {
				keys = append(keys, newRoot(i))
			}
			c.roots = ascendingKeys(t, keys...)
		}},
		{"a new key that is not there", citycode.ListMalformed, func(c *strangerRoot) { c.count = count(6) }},
		{"a new key too many", citycode.ListMalformed, func(c *strangerRoot) { c.count = count(4) }},
		{"255 new keys that are not there", citycode.ListMalformed, func(c *strangerRoot) { c.count = count(255) }},
	} {
		change := strangersRoot(t)
		rule.change(&change)
		msg := change.message(t)
		for _, e := range thin(engines(), 2) {
			_, reason := openRoot(t, msg, heldRoots(t, e))
			assert.Equal(t, rule.want.String(), reason.String(), "%s (%s)", rule.name, e.Name())
		}
	}

	// One signature that is not good spoils all of them, whichever it is; and
	// one that nobody knows is said first, wherever it stands.
	change := strangersRoot(t)
	body := change.body()
	for broken := range change.signers {
		for _, unknown := range []bool{false, true} {
			keys := change.signers
			if unknown {
				keys = append(slices.Clone(keys), stranger)
			}
			var sigs [][]byte
			for i, key := range keys {
				sig := append(rootID(t, key), signMessage(t, key, "CC1/root", body)...)
				if i == broken {
					sig[70] ^= 1
				}
				sigs = append(sigs, sig)
			}
			slices.SortFunc(sigs, bytes.Compare)
			want := citycode.ListBadSignature
			if unknown {
				want = citycode.ListUnknownSigner
			}
			_, reason := openRoot(t, joinSignatures(body, sigs), heldRoots(t, nil))
			assert.Equal(t, want, reason)
			slices.Reverse(sigs)
			_, reason = openRoot(t, joinSignatures(body, sigs), heldRoots(t, nil))
			assert.Equal(t, citycode.ListMalformed, reason)
		}
	}

	// After the highest epoch there is none.
	held := heldRoots(t, nil)
	held.Epoch = 1<<32 - 1
	change.epoch = 0
	_, reason := openRoot(t, change.message(t), held)
	assert.Equal(t, citycode.ListRollback, reason)
	held.Epoch--
	change.epoch = 1<<32 - 1
	_, reason = openRoot(t, change.message(t), held)
	assert.Zero(t, reason)

	// A terminal that holds nothing it could refuse by is no change's fault.
	held.Threshold = 0
	_, err := citycode.OpenRootChange(change.message(t), held)
	assert.ErrorContains(t, err, "trust configuration")
	refused := new(citycode.ListError)
	assert.NotErrorAs(t, err, &refused)
}

// TestRootChangeReplay: a change that was made is not made again, nor is one
// that was overtaken.
func TestRootChangeReplay(t *testing.T) {
	first := strangersRoot(t)
	back := strangersRoot(t) // to the old keys, which are not lost
	back.epoch, back.threshold, back.roots = 3, 2, ascendingKeys(t, root(0), root(1), root(2))
	back.signers = []crypto.Signer{root(0), root(1), newRoot(0), newRoot(1), newRoot(2)}
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		second, reason := openRoot(t, first.message(t), heldRoots(t, e))
		require.Zero(t, reason)
		_, reason = openRoot(t, first.message(t), second)
		assert.Equal(t, citycode.ListUnknownSigner, reason, "the old keys are nobody now")
		third, reason := openRoot(t, back.message(t), second)
		require.Zero(t, reason)
		// The keys are those of epoch 1 again, the epoch is not.
		_, reason = openRoot(t, first.message(t), third)
		assert.Equal(t, citycode.ListRollback, reason)
		_, reason = openRoot(t, back.message(t), heldRoots(t, e))
		assert.Equal(t, citycode.ListUnknownSigner, reason, "a step is missing, and with it the keys that signed this one")
	})
}

// TestRootChangeEveryBit: no bit of a signed change can be flipped, nor can it
// be cut or made longer.
func TestRootChangeEveryBit(t *testing.T) {
	t.Parallel()
	change := strangersRoot(t)
	msg, body := change.message(t), len(change.body())
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		held := heldRoots(t, e)
		reasons := make(map[citycode.ListReason]int)
		for bit := range 8 * len(msg) {
			if !every(e, bit, 13, 401) {
				continue
			}
			_, reason := openRoot(t, flip(msg, bit), held)
			require.NotZero(t, reason, "byte %d", bit/8)
			reasons[reason]++
			var allowed []citycode.ListReason
			switch offset := bit / 8; {
			case offset == 0:
				allowed = []citycode.ListReason{citycode.ListMalformed, citycode.ListUnsupported}
			case offset == 1, offset == 15, offset == body:
				allowed = []citycode.ListReason{citycode.ListMalformed}
			case offset < 6:
				allowed = []citycode.ListReason{citycode.ListForeignCity}
			case offset < 14:
				allowed = []citycode.ListReason{citycode.ListBadSignature}
			case offset == 14: // threshold
				allowed = []citycode.ListReason{citycode.ListMalformed, citycode.ListBadSignature}
			case offset < body: // another key, if any, and perhaps not one that signed
				allowed = []citycode.ListReason{citycode.ListMalformed, citycode.ListUnknownSigner, citycode.ListBadSignature}
			case (offset-body-1)%72 < 8:
				allowed = []citycode.ListReason{citycode.ListMalformed, citycode.ListUnknownSigner}
			default:
				allowed = []citycode.ListReason{citycode.ListBadSignature}
			}
			require.Contains(t, allowed, reason, "byte %d, bit %d", bit/8, 7-bit%8)
		}
		t.Log(reasons)
	})
	for n := range msg {
		_, reason := openRoot(t, msg[:n], heldRoots(t, nil))
		require.Equal(t, citycode.ListMalformed, reason, "cut at %d", n)
	}
	for _, tail := range []string{"\x00", "\xff\xff", string(msg[len(msg)-72:])} {
		_, reason := openRoot(t, append(bytes.Clone(msg), tail...), heldRoots(t, nil))
		require.Equal(t, citycode.ListMalformed, reason)
	}
}

// TestRotationHealsFastForward: whoever once had two of the old keys pushed the
// list to its highest version, so that no list of the city's is newer. The new
// roots overtake it (SPEC §6.6).
func TestRotationHealsFastForward(t *testing.T) {
	list := func(epoch, counter uint32, roots ...crypto.Signer) []byte {
		l := strangersTrust(t)
		l.epoch, l.counter, l.roots = epoch, counter, roots
		return l.message(t)
	}
	change := strangersRoot(t)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		held := heldRoots(t, e)
		open := func(msg []byte) (*citycode.TrustList, citycode.ListReason) {
			l, err := citycode.OpenTrustList(msg, held)
			return l, listReason(t, trustList, err)
		}
		pushed, reason := open(list(1, 1<<32-1, root(0), root(1)))
		require.Zero(t, reason)
		held.Have = pushed.Version()
		_, reason = open(list(1, 2, root(0), root(2)))
		require.Equal(t, citycode.ListRollback, reason, "the city's own list")
		_, reason = open(list(2, 1, root(0), root(1)))
		require.Equal(t, citycode.ListUnknownSigner, reason, "nor may the old keys speak for the next epoch")

		held, reason = openRoot(t, change.message(t), held)
		require.Zero(t, reason)
		healed, reason := open(list(2, 1, newRoot(0), newRoot(2), newRoot(3)))
		require.Zero(t, reason)
		assert.Equal(t, citycode.Version{Epoch: 2, Counter: 1}, healed.Version())
		held.Have = healed.Version()

		// What was signed in the old epoch is over, whoever signs it.
		_, reason = open(list(1, 1<<32-1, newRoot(0), newRoot(1), newRoot(2)))
		assert.Equal(t, citycode.ListRollback, reason)
		held.Have = citycode.Version{}
		_, reason = open(list(1, 1<<32-1, newRoot(0), newRoot(1), newRoot(2)))
		assert.Equal(t, citycode.ListRollback, reason, "also to a terminal that holds no list")
		_, reason = open(list(1, 1<<32-1, root(0), root(1)))
		assert.Equal(t, citycode.ListUnknownSigner, reason, "keys that did not go on are nobody")
	})
	// Where the keys went on, the list itself is what is old.
	change.threshold, change.roots = 2, ascendingKeys(t, root(0), root(1), newRoot(0))
	change.signers = []crypto.Signer{root(0), root(1)}
	next, reason := openRoot(t, change.message(t), heldRoots(t, nil))
	require.Zero(t, reason)
	_, err := citycode.OpenTrustList(list(1, 1<<32-1, root(0), root(1)), next)
	assert.Equal(t, citycode.ListRollback, listReason(t, trustList, err))
}

// TestRootChangeDraftRefuses: the authority finds its own mistakes before two
// sets of keys are brought together.
func TestRootChangeDraftRefuses(t *testing.T) {
	good := citycode.RootChange{City: 210100, Epoch: 2, IssuedAt: at(noon), Threshold: 2}
	for i := range citycode.MaxRoots + 1 {
		good.Roots = append(good.Roots, citycode.PublicKey(compressed(t, newRoot(i))))
	}
	all := good.Roots
	good.Roots = all[:3]
	body, err := good.Body()
	require.NoError(t, err)
	for name, change := range map[string]func(c *citycode.RootChange){
		"no keys":              func(c *citycode.RootChange) { c.Roots = nil },
		"17 keys":              func(c *citycode.RootChange) { c.Roots = all },
		"a key twice":          func(c *citycode.RootChange) { c.Roots = []citycode.PublicKey{all[0], all[1], all[0]} },
		"a key off the curve":  func(c *citycode.RootChange) { c.Roots = append(all[:2:2], citycode.PublicKey(offCurve())) },
		"threshold 0":          func(c *citycode.RootChange) { c.Threshold = 0 },
		"threshold 4 of 3":     func(c *citycode.RootChange) { c.Threshold = 4 },
		"epoch 0":              func(c *citycode.RootChange) { c.Epoch = 0 },
		"the first epoch":      func(c *citycode.RootChange) { c.Epoch = 1 },
		"city 1000000":         func(c *citycode.RootChange) { c.City = 1000000 },
		"issuedAt before 1970": func(c *citycode.RootChange) { c.IssuedAt = at(-1) },
	} {
		c := good
		change(&c)
		_, err := c.Body()
		assert.Error(t, err, name)
	}
	_, err = citycode.AssembleRootChange(body)
	assert.Error(t, err, "no signatures")
	_, err = citycode.SignRootChange(body, otherCurve(t))
	assert.Error(t, err)
	_, err = citycode.SignRootChange(body, brokenHSM{root(0), errHSM})
	assert.ErrorIs(t, err, errHSM)
}
