package citycode_test

import (
	"bytes"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

func newCache(t testing.TB, cfg citycode.CacheConfig) *citycode.Cache {
	t.Helper()
	cache, err := citycode.NewCache(cfg)
	require.NoError(t, err)
	return cache
}

// cached returns a verifier with a cache.
func cached(t testing.TB, c *citycodetest.City, e engine.Engine, cache *citycode.Cache) *citycode.Verifier {
	t.Helper()
	trust := c.Trust(e)
	v, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Status: c.Status(trust), Replay: c.Guard(), Cache: cache, Now: c.Clock.Now})
	require.NoError(t, err)
	return v
}

var inTransit = citycode.Check{Audience: citycode.Transit}

// TestCache: the third time a citizen comes, one signature is verified and not
// two, and everything else is judged as ever.
func TestCache(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	e := citycodetest.NewCountingEngine()
	cache := newCache(t, citycode.CacheConfig{})
	v := cached(t, c, e, cache)
	cost := func(v *citycode.Verifier, token *citycode.Token) (int, error) {
		before := e.Verified.Load()
		_, err := v.Verify(token, inTransit)
		return int(e.Verified.Load() - before), err
	}
	explicit := c.Citizen("a", citycode.ProfileTransit, citycode.Transit, nil)
	for i, want := range []int{2, 2, 1, 1} {
		got, err := cost(v, explicit.Show(citycode.Transit))
		require.NoError(t, err)
		assert.Equal(t, want, got, "time %d", i)
	}
	assert.Equal(t, 1, cache.Len())
	implicit := c.ImplicitCitizen("b", nil)
	for range 4 {
		got, err := cost(v, implicit.Show(citycode.Transit))
		require.NoError(t, err)
		assert.Equal(t, 1, got)
	}
	assert.Equal(t, 2, cache.Len())

	refuses := func(v *citycode.Verifier, b []byte, reason citycode.Reason) {
		t.Helper()
		token, err := citycode.ParseToken(b)
		require.NoError(t, err)
		_, err = v.Verify(token, inTransit)
		assert.ErrorIs(t, err, &citycode.VerifyError{Reason: reason}, reason)
	}
	for _, p := range []*citycodetest.Citizen{explicit, implicit} {
		wrongHolder, wrongIssuer := citycode.BadHolderSignature, citycode.BadIssuerSignature
		if p == implicit {
			wrongHolder, wrongIssuer = citycode.BadSignature, citycode.BadSignature
		}
		token := p.Show(citycode.Transit)
		b := slices.Clone(token.Bytes())
		b[len(b)-1] ^= 1
		refuses(v, b, wrongHolder)
		// Every bit of the static part is in the name.
		for i := 7; i < len(p.Cred.Bytes()); i += 5 {
			b = slices.Clone(token.Bytes())
			b[i] ^= 1
			other, err := citycode.ParseToken(b)
			if err != nil {
				continue
			}
			_, err = v.Verify(other, inTransit)
			var refused *citycode.VerifyError
			require.True(t, errors.As(err, &refused))
			assert.Contains(t, []citycode.Reason{wrongIssuer, citycode.Malformed, citycode.IssuerNotAllowed, citycode.UnknownIssuer}, refused.Reason, "byte %d", i)
		}
		// Another one's signature behind a credential that is cached.
		stranger := c.Citizen("stranger", citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit).Bytes()
		if p == explicit {
			n := len(p.Cred.Bytes())
			refuses(v, append(slices.Clone(p.Cred.Bytes()), stranger[n:]...), citycode.BadHolderSignature)
		}
	}
	// Authenticity is cached, and not validity.
	require.NoError(t, c.Register[c.Issuer.ID()].Set(explicit.Claims.Index, citycode.StatusRevoked))
	revoking := cached(t, c, e, cache)
	assert.Equal(t, 2, cache.Len(), "new status lists, same trust: it is kept")
	got, err := cost(v, explicit.Show(citycode.Transit))
	require.NoError(t, err, "the old verifier has the old lists")
	assert.Equal(t, 1, got)
	_ = revoking
	foreign := cached(t, c, e, cache)
	_, err = foreign.Verify(explicit.Show(citycode.Transit), inTransit)
	if !errors.Is(err, &citycode.VerifyError{Reason: citycode.Revoked}) {
		t.Fatal("a revoked credential is accepted from the cache: ", err)
	}
	// A list without the key: nothing is left of what it had signed.
	c.Draft.Version.Counter++
	c.Draft.Entries = slices.DeleteFunc(c.Draft.Entries, func(e citycode.TrustEntry) bool { return e.ID == c.Issuer.ID() })
	without := cached(t, c, e, cache)
	assert.Zero(t, cache.Len(), "other trust: it is emptied")
	_, err = without.Verify(explicit.Show(citycode.Transit), inTransit)
	assert.ErrorIs(t, err, &citycode.VerifyError{Reason: citycode.UnknownIssuer})
	c.Clock.Advance(48 * time.Hour)
	_, err = v.Verify(implicit.Show(citycode.Transit), inTransit)
	assert.ErrorIs(t, err, &citycode.VerifyError{Reason: citycode.Expired})
}

// TestCacheFlood: codes that come once neither fill the cache nor push anybody
// out, nor do codes without a valid signature of their holder, however often.
func TestCacheFlood(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	cache := newCache(t, citycode.CacheConfig{Credentials: 8, Tables: 4})
	e := citycodetest.NewCountingEngine()
	v := cached(t, c, e, cache)
	var regulars []*citycodetest.Citizen
	for i := range 4 {
		p := c.Citizen(fmt.Sprint("regular ", i), citycode.ProfileTransit, citycode.Transit, nil)
		regulars = append(regulars, p)
		for range 4 {
			_, err := v.Verify(p.Show(citycode.Transit), inTransit)
			require.NoError(t, err)
		}
	}
	held := cache.Len()
	require.Equal(t, 4, held)
	for i := range 100 {
		_, err := v.Verify(c.Citizen(fmt.Sprint("tourist ", i), citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit), inTransit)
		require.NoError(t, err)
	}
	for _, p := range []*citycodetest.Citizen{c.Citizen("forged", citycode.ProfileTransit, citycode.Transit, nil), c.ImplicitCitizen("forged too", nil)} {
		b := bytes.Clone(p.Show(citycode.Transit).Bytes())
		b[len(b)-1] ^= 1
		for range 20 {
			token, err := citycode.ParseToken(b)
			require.NoError(t, err)
			_, err = v.Verify(token, inTransit)
			require.Error(t, err)
		}
	}
	assert.Equal(t, held, cache.Len())
	for _, p := range regulars {
		before := e.Verified.Load()
		_, err := v.Verify(p.Show(citycode.Transit), inTransit)
		require.NoError(t, err)
		assert.EqualValues(t, 1, e.Verified.Load()-before)
	}
	// Many regulars: it stays within its bound.
	_, most := cache.Bytes()
	for i := range 60 {
		p := c.Citizen(fmt.Sprint("another regular ", i), citycode.ProfileTransit, citycode.Transit, nil)
		for range 6 {
			_, err := v.Verify(p.Show(citycode.Transit), inTransit)
			require.NoError(t, err)
		}
	}
	now, _ := cache.Bytes()
	assert.LessOrEqual(t, cache.Len(), 8)
	assert.LessOrEqual(t, now, most)
}

// TestCacheTables: who comes again and again has a table, and the sum is told.
func TestCacheTables(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	cache := newCache(t, citycode.CacheConfig{Credentials: 100, Tables: 4})
	v := cached(t, c, nil, cache)
	empty, most := cache.Bytes()
	for _, p := range []*citycodetest.Citizen{c.Citizen("a", citycode.ProfileTransit, citycode.Transit, nil), c.ImplicitCitizen("b", nil)} {
		before, _ := cache.Bytes()
		for range 20 {
			_, err := v.Verify(p.Show(citycode.Transit), inTransit)
			require.NoError(t, err)
			bad := bytes.Clone(p.Show(citycode.Transit).Bytes())
			bad[len(bad)-5] ^= 8
			token, err := citycode.ParseToken(bad)
			require.NoError(t, err)
			_, err = v.Verify(token, inTransit)
			require.Error(t, err)
		}
		after, _ := cache.Bytes()
		assert.Greater(t, after-before, 86<<10)
		assert.Less(t, after-before, 100<<10)
	}
	assert.Greater(t, most, 4*86<<10)
	assert.Less(t, empty, 64<<10)
	for _, bad := range []citycode.CacheConfig{{Credentials: -1}, {Tables: -1}} {
		_, err := citycode.NewCache(bad)
		assert.Error(t, err)
	}
}

// TestCacheInTurn: regulars who come in turn, fewer than there are tables, all get
// one, by whatever seed.
func TestCacheInTurn(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	trust := c.Trust(nil)
	var tokens []*citycode.Token
	for i := range 8 {
		tokens = append(tokens, c.Citizen(fmt.Sprint(i), citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit))
	}
	for range 6 {
		cache := newCache(t, citycode.CacheConfig{})
		v, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Status: c.Status(trust), InsecureNoReplayGuard: true, Cache: cache, Now: c.Clock.Now})
		require.NoError(t, err)
		empty, _ := cache.Bytes()
		for range 2 + 8 {
			for _, token := range tokens {
				_, err := v.Verify(token, inTransit)
				require.NoError(t, err)
			}
		}
		now, _ := cache.Bytes()
		assert.Equal(t, len(tokens), (now-empty)/(86<<10))
	}
}

func TestCacheConcurrently(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	cache := newCache(t, citycode.CacheConfig{Credentials: 4, Tables: 1})
	var tokens []*citycode.Token
	for i := range 6 {
		tokens = append(tokens, c.Citizen(fmt.Sprint(i), citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit), c.ImplicitCitizen(fmt.Sprint("implicit ", i), nil).Show(citycode.Transit))
	}
	trust := c.Trust(nil)
	v, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Status: c.Status(trust), InsecureNoReplayGuard: true, Cache: cache, Hints: true, Now: c.Clock.Now})
	require.NoError(t, err)
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			var verified citycode.Verified
			for j := range 60 {
				token := tokens[(i+j)%len(tokens)]
				assert.NoError(t, v.VerifyInto(&verified, token, inTransit))
				assert.Equal(t, token.Bytes(), verified.Bytes())
			}
			taps := make([]citycode.Tap, 80)
			for j := range taps {
				taps[j] = citycode.Tap{Token: tokens[j%len(tokens)], Check: inTransit}
			}
			v.VerifyBatch(taps)
			for j := range taps {
				assert.NoError(t, taps[j].Err)
			}
		})
	}
	group.Wait()
}

func raceEnabled() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// TestVerifyAllocations: a gate that takes the same memory for each code
// allocates nothing for any, whether it knows the holder or not.
func TestVerifyAllocations(t *testing.T) {
	if raceEnabled() {
		t.Skip("the race detector makes pools forget")
	}
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	const runs = 10
	show := func(p *citycodetest.Citizen) (codes [][]byte) {
		for range runs + 2 {
			codes = append(codes, p.Show(citycode.Transit).Bytes())
		}
		return codes
	}
	explicit, implicit := show(c.Citizen("a", citycode.ProfileTransit, citycode.Transit, nil)), show(c.ImplicitCitizen("b", nil))
	var places [][]byte
	for range runs + 2 {
		places = append(places, c.Place(nil).Bytes())
	}
	for name, cache := range map[string]*citycode.Cache{"first sight": nil, "cache": newCache(t, citycode.CacheConfig{})} {
		trust := c.Trust(nil)
		v, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Status: c.Status(trust), Replay: c.Guard(), Cache: cache, Hints: true, Now: c.Clock.Now})
		require.NoError(t, err)
		for kind, codes := range map[string][][]byte{"explicit": explicit, "implicit": implicit, "static": places} {
			var token citycode.Token
			var verified citycode.Verified
			scan := func(code []byte, lane string) error {
				if err := token.Parse(code); err != nil {
					return err
				}
				return v.VerifyInto(&verified, &token, citycode.Check{Audience: citycode.Transit, Lane: lane})
			}
			// Until the issuer has its table, and the holder his where there is a cache.
			again, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Status: c.Status(trust), InsecureNoReplayGuard: true, Cache: cache, Now: c.Clock.Now})
			require.NoError(t, err)
			for range 20 {
				require.NoError(t, token.Parse(codes[0]))
				require.NoError(t, again.VerifyInto(&verified, &token, inTransit))
			}
			require.NoError(t, scan(codes[0], "lane")) // the guard's first entry, the lane's memory
			next := 1
			assert.Zero(t, testing.AllocsPerRun(runs, func() {
				if err := scan(codes[next], "lane"); err != nil {
					t.Error(err)
				}
				next++
			}), "%s, %s", kind, name)
			if kind != "static" {
				assert.Zero(t, testing.AllocsPerRun(runs, func() {
					if err := scan(codes[next-1], "lane"); err != nil || !verified.Repeated() {
						t.Error("not repeated: ", err)
					}
				}), "%s, %s, seen again", kind, name)
			}
			forged := bytes.Clone(codes[0])
			forged[len(forged)-1] ^= 1
			assert.EqualValues(t, 1, testing.AllocsPerRun(runs, func() {
				if scan(forged, "lane") == nil {
					t.Error("a forged code is accepted")
				}
			}), "%s, %s, the refusal", kind, name)
			require.Equal(t, citycode.Verified{}, verified)
		}
	}
}

// A token and a verdict whose memory is used again leave what the lane remembers.
func TestVerifyIntoReuse(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	v := c.Verifier(nil)
	p, q := c.Citizen("a", citycode.ProfileTransit, citycode.Transit, nil), c.Citizen("b", citycode.ProfileTransit, citycode.Transit, nil)
	first, second := p.Show(citycode.Transit).Bytes(), q.Show(citycode.Transit).Bytes()
	var token citycode.Token
	var verified citycode.Verified
	scan := func(code []byte, lane string) error {
		require.NoError(t, token.Parse(code))
		return v.VerifyInto(&verified, &token, citycode.Check{Audience: citycode.Transit, Lane: lane})
	}
	require.NoError(t, scan(first, "one"))
	subject := verified.Subject()
	require.NoError(t, scan(second, "two"))
	require.NotEqual(t, subject, verified.Subject())
	require.NoError(t, scan(first, "one"))
	assert.True(t, verified.Repeated())
	assert.Equal(t, subject, verified.Subject())
	assert.Equal(t, first, verified.Bytes())
	again, err := citycode.ParseToken(second)
	require.NoError(t, err)
	_, err = v.Verify(again, citycode.Check{Audience: citycode.Transit, Lane: "two"})
	require.NoError(t, err)
	third, err := citycode.ParseToken(p.Show(citycode.Transit).Bytes())
	require.NoError(t, err)
	_, err = v.Verify(third, citycode.Check{Audience: citycode.Transit, Lane: "one"})
	require.NoError(t, err)
	assert.Equal(t, first, verified.Bytes(), "what came later on the lane is not in it")
	assert.Error(t, token.Parse(first[:20]))
	assert.Empty(t, token.Bytes())
	assert.ErrorIs(t, v.VerifyInto(&verified, &token, inTransit), &citycode.VerifyError{Reason: citycode.Malformed})
	assert.ErrorIs(t, v.VerifyInto(&verified, nil, inTransit), &citycode.VerifyError{Reason: citycode.Malformed})
}

// TestHints: only who asks for them has hints, and they are those of the engine.
func TestHints(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	trust := c.Trust(nil)
	found := map[engine.Hint]int{}
	for _, hints := range []bool{false, true} {
		v, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Status: c.Status(trust), InsecureNoReplayGuard: true, Hints: hints, Now: c.Clock.Now})
		require.NoError(t, err)
		for i := range 16 {
			p := c.Citizen(fmt.Sprint(hints, i), citycode.ProfileTransit, citycode.Transit, nil)
			if i%2 == 0 {
				p = c.ImplicitCitizen(fmt.Sprint(hints, i), nil)
			}
			verified, err := v.Verify(p.Show(citycode.Transit), inTransit)
			require.NoError(t, err)
			if assert.Equal(t, hints, verified.Hint() != engine.NoHint); hints {
				found[verified.Hint()]++
			}
		}
		verified, err := v.Verify(c.Place(nil), inTransit)
		require.NoError(t, err)
		assert.Equal(t, engine.NoHint, verified.Hint())
	}
	assert.Len(t, found, 2)
}
