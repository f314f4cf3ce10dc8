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

// TestVerifyBatchKeyChange: while one key replaces another under the same id,
// codes of both are good in a batch too.
func TestVerifyBatchKeyChange(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	old := c.Issuer
	var err error
	c.Issuer, err = citycode.NewIssuer(citycode.IssuerConfig{ID: old.ID(), Key: citycodetest.Key("the next issuer's key")})
	require.NoError(t, err)
	next := c.Draft.Entries[0]
	next.Key = c.Issuer.PublicKey()
	proof, err := c.Issuer.ProvePossession(old.ID(), [16]byte{1})
	require.NoError(t, err)
	c.Draft.Proofs = append(c.Draft.Proofs, proof)
	c.Draft.Entries = append(c.Draft.Entries, next)
	slices.SortFunc(c.Draft.Entries, func(a, b citycode.TrustEntry) int {
		if a.ID != b.ID {
			return int(a.ID) - int(b.ID)
		}
		return slices.Compare(a.Key[:], b.Key[:])
	})
	keys := []*citycode.Issuer{old, c.Issuer}
	cache, err := citycode.NewCache(citycode.CacheConfig{})
	require.NoError(t, err)
	v, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: c.Trust(nil), Status: c.Status(c.Trust(nil)), InsecureNoReplayGuard: true, Cache: cache, Now: c.Clock.Now})
	require.NoError(t, err)
	for range 3 {
		var taps []citycode.Tap
		for i := range 80 {
			c.Issuer = keys[i%2]
			taps = append(taps, citycode.Tap{Token: c.Citizen(fmt.Sprint(i), citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit), Check: citycode.Check{Audience: citycode.Transit}})
		}
		v.VerifyBatch(taps)
		for i := range taps {
			require.NoError(t, taps[i].Err)
			_, err := v.Verify(taps[i].Token, taps[i].Check)
			require.NoError(t, err)
		}
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
