package citycode_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

// recordedDay returns what gates recorded: codes of all modes, good ones and bad ones, some
// twice, with hints that are right, wrong or missing.
func recordedDay(t testing.TB, c *citycodetest.City, n int) []citycode.Tap {
	t.Helper()
	random := rand.New(rand.NewPCG(uint64(n), 1))
	hinting, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: c.Trust(nil), Status: c.Status(c.Trust(nil)), InsecureNoReplayGuard: true, Hints: true, Now: c.Clock.Now})
	require.NoError(t, err)
	people := make([]*citycodetest.Citizen, n)
	for i := range people {
		switch i % 5 {
		case 0:
			people[i] = c.ImplicitCitizen(fmt.Sprint("implicit ", i), nil)
		case 1:
			people[i] = c.Citizen(fmt.Sprint("revoked ", i), citycode.ProfileTransit, citycode.Transit, nil)
			if i%10 == 1 {
				require.NoError(t, c.Register[c.Issuer.ID()].Set(people[i].Claims.Index, citycode.StatusRevoked))
			}
		default:
			people[i] = c.Citizen(fmt.Sprint("explicit ", i), citycode.ProfileTransit, citycode.Transit, nil)
		}
	}
	var taps []citycode.Tap
	for i := range 2 * n {
		tap := citycode.Tap{Token: people[random.IntN(n)].Show(citycode.Transit), Check: citycode.Check{Audience: citycode.Transit}, At: c.Clock.Now()}
		if i%17 == 0 {
			tap.Token = c.Place(nil)
		}
		if verified, err := hinting.Verify(tap.Token, tap.Check); err == nil {
			tap.Hint = verified.Hint()
		}
		b := slices.Clone(tap.Token.Bytes())
		switch random.IntN(24) {
		case 0, 1: // anywhere, often in a signature
			b[random.IntN(len(b))] ^= 1 << random.IntN(8)
		case 2:
			b[len(b)-1] ^= 1
		case 3:
			tap.Hint ^= 1
		case 4:
			tap.Hint = citycode.Tap{}.Hint
		case 5:
			tap.Check.Audience = citycode.Medical
		case 6:
			tap.At = tap.At.Add(time.Duration(random.IntN(400)-200) * time.Second)
		case 7:
			tap.Check.Lane = "lane 1"
		case 8:
			if len(taps) > 0 {
				b = slices.Clone(taps[random.IntN(len(taps))].Token.Bytes())
			}
		case 9:
			tap.Hint = engine.Hint(random.Uint32())
		}
		if token, err := citycode.ParseToken(b); err == nil {
			tap.Token = token
		} else if random.IntN(2) == 0 {
			tap.Token = nil
		}
		taps = append(taps, tap)
	}
	return taps
}

func requireSameVerdict(t *testing.T, verified citycode.Verified, err error, tap *citycode.Tap) {
	t.Helper()
	require.Equal(t, err, tap.Err)
	if err == nil {
		require.Equal(t, verified, tap.Verified)
	}
}

// TestVerifyBatch: whatever is recorded, a batch says of each code what scanning
// one after the other says, with a guard and without, on every engine.
func TestVerifyBatch(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	taps := recordedDay(t, c, 120)
	reasons := map[citycode.Reason]int{}
	for _, e := range []engine.Engine{engine.Default(), engine.New(engine.Options{BatchTables: true}), engine.GMSM()} {
		for _, guarded := range []bool{true, false} {
			verifier := func() (*citycode.Verifier, *time.Time) {
				now := new(time.Time)
				cfg := citycode.VerifierConfig{Trust: c.Trust(e), Status: c.Status(c.Trust(e)), Now: func() time.Time { return *now }, InsecureNoReplayGuard: !guarded}
				if guarded {
					cfg.Replay = c.Guard()
				}
				v, err := citycode.NewVerifier(cfg)
				require.NoError(t, err)
				return v, now
			}
			one, now := verifier()
			many, _ := verifier()
			list := slices.Clone(taps)
			many.VerifyBatch(list[:0])
			many.VerifyBatch(list[:1])
			many.VerifyBatch(list[1:100])
			many.VerifyBatch(list[100:])
			for i := range list {
				*now = list[i].At
				verified, err := one.Verify(list[i].Token, list[i].Check)
				if err != nil {
					var refused *citycode.VerifyError
					require.True(t, errors.As(err, &refused))
					reasons[refused.Reason]++
					requireSameVerdict(t, citycode.Verified{}, err, &list[i])
					continue
				}
				reasons[0]++
				requireSameVerdict(t, *verified, nil, &list[i])
			}
		}
	}
	for _, r := range []citycode.Reason{0, citycode.Malformed, citycode.BadIssuerSignature, citycode.BadHolderSignature, citycode.BadSignature, citycode.Revoked,
		citycode.CodeTooOld, citycode.WrongAudience, citycode.Replayed} {
		assert.NotZero(t, reasons[r], r)
	}
}

// TestVerifyBatchOrder: of two taps of one code the first in the batch is the one
// that counts, and the verifier's clock serves where none was journalled.
func TestVerifyBatchOrder(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	token := c.Citizen("a", citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit)
	taps := make([]citycode.Tap, 200)
	for i := range taps {
		taps[i] = citycode.Tap{Token: token, Check: citycode.Check{Audience: citycode.Transit}}
	}
	c.Verifier(nil).VerifyBatch(taps)
	require.NoError(t, taps[0].Err)
	assert.Equal(t, c.Clock.Now(), taps[0].Verified.At())
	for i := range taps[1:] {
		assert.ErrorIs(t, taps[1+i].Err, &citycode.VerifyError{Reason: citycode.Replayed})
	}
}

// A summingEngine counts what is hashed together, and may be wrong about it.
type summingEngine struct {
	keptEngine
	n     *int
	wrong bool
}

// keptEngine is an engine with what the issuers of batches need.
type keptEngine struct {
	engine.Engine
	engine.Keeper
	engine.Combiner
}

func (e summingEngine) SumSM3(sums [][engine.DigestSize]byte, messages [][]byte) {
	for i, m := range messages {
		h := e.NewSM3()
		h.Write(m)
		h.Sum(sums[i][:0])
		if e.wrong {
			sums[i][0] ^= 1
		}
	}
	*e.n += len(messages)
}

// TestVerifyBatchSums: what a batch hashes it has hashed together, and goes by it:
// for an explicit code two digests and ZA, or one less while the issuer has no
// table; for an implicit one HA, lambda, ZA and a digest.
func TestVerifyBatchSums(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	taps := make([]citycode.Tap, 150)
	for i := range taps {
		taps[i] = citycode.Tap{Check: inTransit}
		if i < 100 {
			taps[i].Token = c.Citizen(fmt.Sprint("explicit ", i), citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit)
		} else {
			taps[i].Token = c.ImplicitCitizen(fmt.Sprint("implicit ", i), nil).Show(citycode.Transit)
		}
	}
	for _, wrong := range []bool{false, true} {
		d, n := engine.Default(), 0
		trust := c.Trust(summingEngine{keptEngine{d, d.(engine.Keeper), d.(engine.Combiner)}, &n, wrong})
		v, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Status: c.Status(trust), InsecureNoReplayGuard: true, Now: c.Clock.Now})
		require.NoError(t, err)
		v.VerifyBatch(taps)
		for i := range taps {
			assert.Equal(t, wrong, taps[i].Err != nil, i)
		}
		const beforeTable = 16
		if !wrong {
			assert.Equal(t, 3*100-beforeTable+4*50, n)
		}
	}
}

// changingKeys lists a second key under the id of the issuer's, and returns both
// issuers. change is done to the entry of the second.
func changingKeys(t testing.TB, c *citycodetest.City, change func(*citycode.TrustEntry)) [2]*citycode.Issuer {
	t.Helper()
	old := c.Issuer
	next, err := citycode.NewIssuer(citycode.IssuerConfig{ID: old.ID(), Key: citycodetest.Key("the next issuer's key")})
	require.NoError(t, err)
	entry := c.Draft.Entries[0]
	entry.Key = next.PublicKey()
	change(&entry)
	proof, err := next.ProvePossession(old.ID(), [16]byte{1})
	require.NoError(t, err)
	c.Draft.Proofs = append(c.Draft.Proofs, proof)
	c.Draft.Entries = append(c.Draft.Entries, entry)
	slices.SortFunc(c.Draft.Entries, func(a, b citycode.TrustEntry) int {
		if a.ID != b.ID {
			return int(a.ID) - int(b.ID)
		}
		return slices.Compare(a.Key[:], b.Key[:])
	})
	return [2]*citycode.Issuer{old, next}
}

// TestVerifyBatchKeyChange: while one key replaces another under the same id,
// codes of both are good, alone, in a batch and from the cache, and each is judged
// by what stands beside the key that signed it.
func TestVerifyBatchKeyChange(t *testing.T) {
	for ended := range 3 { // the first, the second, none
		c := citycodetest.NewCity(t, citycodetest.Shenyang)
		keys := changingKeys(t, c, func(e *citycode.TrustEntry) {
			if ended == 1 {
				e.VerifyUntil = c.Clock.Now().Add(-time.Hour)
				e.IssueUntil = e.VerifyUntil
			}
		})
		if ended == 0 {
			i := slices.IndexFunc(c.Draft.Entries, func(e citycode.TrustEntry) bool { return e.Key == keys[0].PublicKey() })
			c.Draft.Entries[i].VerifyUntil = c.Clock.Now().Add(-time.Hour)
			c.Draft.Entries[i].IssueUntil = c.Draft.Entries[i].VerifyUntil
		}
		cache, err := citycode.NewCache(citycode.CacheConfig{})
		require.NoError(t, err)
		trust := c.Trust(nil)
		v, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Status: c.Status(trust), InsecureNoReplayGuard: true, Cache: cache, Now: c.Clock.Now})
		require.NoError(t, err)
		var taps []citycode.Tap
		for i := range 80 {
			c.Issuer = keys[i%2]
			token := c.Citizen(fmt.Sprint(i), citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit)
			taps = append(taps, citycode.Tap{Token: token, Check: citycode.Check{Audience: citycode.Transit}})
		}
		for range 4 {
			v.VerifyBatch(taps)
			for i := range taps {
				_, err := v.Verify(taps[i].Token, taps[i].Check)
				require.Equal(t, taps[i].Err, err)
				if i%2 == ended {
					require.ErrorIs(t, err, &citycode.VerifyError{Reason: citycode.IssuerKeyNotValid})
				} else {
					require.NoError(t, err)
				}
			}
		}
		assert.Greater(t, cache.Len(), len(taps)/2, "those of both keys; by the seed, a few may share a place at the door")
	}
}

// TestVerifyAll: a stream has the verdicts of a batch, in order, and may end early.
func TestVerifyAll(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // so that the stream is several batches long
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	taps := recordedDay(t, c, 40)
	for len(taps) < 3000 {
		taps = append(taps, taps[:min(len(taps), 3000-len(taps))]...)
	}
	verifier := func() *citycode.Verifier {
		v, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: c.Trust(nil), Status: c.Status(c.Trust(nil)), Replay: c.Guard(), Now: c.Clock.Now})
		require.NoError(t, err)
		return v
	}
	want := slices.Clone(taps)
	verifier().VerifyBatch(want)
	n := 0
	for tap := range verifier().VerifyAll(slices.Values(taps)) {
		requireSameVerdict(t, want[n].Verified, want[n].Err, tap)
		n++
	}
	assert.Equal(t, len(taps), n)
	read := 0
	for range verifier().VerifyAll(func(yield func(citycode.Tap) bool) {
		for i := range taps {
			if read++; !yield(taps[i]) {
				return
			}
		}
	}) {
		break
	}
	assert.Equal(t, 1024, read, "no more is read than is verified together")
}
