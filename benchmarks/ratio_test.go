package benchmarks_test

import (
	"crypto"
	"crypto/rand"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/benchmarks"
	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

var rounds = flag.Int("rounds", 5, "rounds of each comparison; make bench takes 15")

// gate is a bus gate with codes to scan. Each code is another citizen's, as in
// life: no signature or key is seen twice.
type gate struct {
	verifier *citycode.Verifier
	codes    [][]byte
	next     int
	token    citycode.Token // used again for each code
	verified citycode.Verified
}

func newGate(tb testing.TB, codes int) *gate {
	c := citycodetest.NewCity(tb, citycodetest.Shenyang)
	g := &gate{verifier: c.Verifier(nil)}
	for range codes {
		key, err := engine.GenerateKey(rand.Reader)
		require.NoError(tb, err)
		g.codes = append(g.codes, c.CitizenWithKey(key, citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit).Bytes())
	}
	return g
}

// decide is everything between the reader and the door: cut, trust, both
// signatures, times, status, replay.
func (g *gate) decide(tb testing.TB) {
	code := g.codes[g.next%len(g.codes)]
	g.next++
	if err := g.token.Parse(code); err != nil {
		tb.Fatal(err)
	}
	if err := g.verifier.VerifyInto(&g.verified, &g.token, citycode.Check{Audience: citycode.Transit}); err != nil && g.next <= len(g.codes) {
		tb.Fatal(err)
	}
}

// A signer's signatures, of which a loop shows another each time.
type signatures struct {
	points  [][]byte // one key for all, or one for each
	digests [256][32]byte
	sigs    [256][64]byte
	next    int
}

func newSignatures(tb testing.TB, keys int) *signatures {
	s := &signatures{}
	var key crypto.Signer
	for i := range s.sigs {
		if i < keys {
			var err error
			key, err = engine.GenerateKey(rand.Reader)
			require.NoError(tb, err)
			point, err := engine.Point(key.Public())
			require.NoError(tb, err)
			s.points = append(s.points, point[:])
		}
		rand.Read(s.digests[i][:])
		var err error
		s.sigs[i], err = engine.SignDigest(rand.Reader, key, s.digests[i])
		require.NoError(tb, err)
	}
	return s
}

// known returns one verification with a prepared key, digest in.
func (s *signatures) known(tb testing.TB, key engine.Key) func() {
	return func() {
		s.next++
		if i := s.next % len(s.sigs); !key.Verify(s.digests[i], s.sigs[i]) {
			tb.Fatal("a valid signature does not verify")
		}
	}
}

// fresh returns one verification with a key that is not prepared, of 33 bytes.
func (s *signatures) fresh(tb testing.TB, e engine.Engine) func() {
	return func() {
		s.next++
		i := s.next % len(s.sigs)
		key, err := e.Prepare(s.points[i])
		if err != nil || !key.Verify(s.digests[i], s.sigs[i]) {
			tb.Fatal("a valid signature does not verify")
		}
	}
}

func prepared(tb testing.TB, e engine.Engine, s *signatures) engine.Key {
	key, err := e.Prepare(s.points[0])
	require.NoError(tb, err)
	return key
}

func kept(tb testing.TB, e engine.Engine, s *signatures) engine.Key {
	key, err := e.(engine.Keeper).Keep(prepared(tb, e, s))
	require.NoError(tb, err)
	return key
}

// gmsmVerify returns the baseline of every table: one verification by
// emmansun/gmsm, key prepared.
func gmsmVerify(tb testing.TB) func() {
	s := newSignatures(tb, 1)
	return s.known(tb, prepared(tb, engine.GMSM(), s))
}

// TestVerifyRatios prints what one SM2 verification costs. The bounds are far
// below what a quiet machine shows.
func TestVerifyRatios(t *testing.T) {
	one, each := newSignatures(t, 1), newSignatures(t, 256)
	native, wide := engine.Default(), engine.New(engine.Options{WideTables: true})
	rows := benchmarks.Compare(*rounds, 10*time.Millisecond,
		benchmarks.Candidate{Name: "gmsm, key prepared (baseline)", Do: gmsmVerify(t)},
		benchmarks.Candidate{Name: "key kept, 256 KiB", Do: one.known(t, kept(t, native, one))},
		benchmarks.Candidate{Name: "key kept, 832 KiB", Do: one.known(t, kept(t, wide, one))},
		benchmarks.Candidate{Name: "key prepared", Do: one.known(t, prepared(t, native, one))},
		benchmarks.Candidate{Name: "key from its 33 bytes", Do: each.fresh(t, native)},
		benchmarks.Candidate{Name: "gmsm, key from its 33 bytes", Do: each.fresh(t, engine.GMSM())},
	)
	benchmarks.Print(os.Stdout, "Ratios to "+engine.GMSM().Name()+", SM2 verify, digest in", rows)
	assert.Less(t, rows[1].Ratio, 1/2.5, "key kept")
	assert.Less(t, rows[2].Ratio, 1/2.5, "key kept")
	assert.Less(t, rows[3].Ratio, 1.3, "key prepared")
	assert.Less(t, rows[4].Ratio/rows[5].Ratio, 1.3, "key from its bytes")
	for _, r := range rows[1:4] {
		assert.Zero(t, r.Allocs, r.Name)
	}
}

// TestRatios prints the table of `make bench`. The gate row must stay within
// 1.8 of one verification by gmsm; the margin is for noise.
func TestRatios(t *testing.T) {
	g := newGate(t, *rounds<<10)
	garbage := append([]byte(nil), g.codes[0]...)
	garbage[100] ^= 1 // in the issuer's signature
	rows := benchmarks.Compare(*rounds, 10*time.Millisecond,
		benchmarks.Candidate{Name: "gmsm, key prepared (baseline)", Do: gmsmVerify(t)},
		benchmarks.Candidate{Name: "gate decision, first sight of a holder", Do: func() { g.decide(t) }},
		benchmarks.Candidate{Name: "forged code, refused", Do: func() {
			token, _ := citycode.ParseToken(garbage)
			if _, err := g.verifier.Verify(token, citycode.Check{Audience: citycode.Transit}); err == nil {
				t.Fatal("a forged code is accepted")
			}
		}},
		benchmarks.Candidate{Name: "parse", Do: func() { g.token.Parse(g.codes[0]) }},
	)
	require.Less(t, g.next, len(g.codes), "codes were shown twice: the row would measure replays")
	benchmarks.Print(os.Stdout, "Ratios to "+engine.GMSM().Name()+", SM2 verify", rows)
	assert.Less(t, rows[1].Ratio, 1.8*1.15, "gate decision")
	assert.Less(t, rows[2].Ratio, 1.0, "a flood of forgeries must cost less than one verification each")
	assert.Less(t, rows[1].Allocs, 0.5, "gate decision: the guard's memory may grow on the way")
	assert.Zero(t, rows[3].Allocs)
}

// TestStatusLookupRatio relates a lookup among 8.3 million entries to one among
// a thousand: both are a few reads, whatever the size.
func TestStatusLookupRatio(t *testing.T) {
	small, large := statusList(t, 1_000), statusList(t, 8_300_000)
	i := uint32(0)
	look := func(l *citycode.StatusList, n uint32) func() {
		return func() {
			for range 1000 {
				i = i*1664525 + 1013904223
				if _, ok := l.At(i % n); !ok {
					t.Fatal("not covered")
				}
			}
		}
	}
	rows := benchmarks.Compare(*rounds, 5*time.Millisecond,
		benchmarks.Candidate{Name: "gmsm, key prepared (baseline)", Do: gmsmVerify(t)},
		benchmarks.Candidate{Name: "1000 status lookups among 1,000", Do: look(small, 1_000)},
		benchmarks.Candidate{Name: "1000 status lookups among 8,300,000", Do: look(large, 8_300_000)})
	benchmarks.Print(os.Stdout, "Status lookups", rows)
	// A thousand lookups cost less than one signature: one is nothing.
	assert.Less(t, rows[2].Ratio, 1.0)
	assert.Zero(t, rows[2].Allocs)
}

func statusList(tb testing.TB, size int) *citycode.StatusList {
	c := citycodetest.NewCity(tb, citycodetest.Shenyang)
	r, err := citycode.NewStatusRegister(c.Issuer.ID(), 0, size)
	require.NoError(tb, err)
	for i := 0; i < size; i += 97 {
		require.NoError(tb, r.Set(uint32(i), citycode.StatusRevoked))
	}
	c.Register[c.Issuer.ID()] = r
	l, err := citycode.OpenStatusList(c.StatusMessage(c.Issuer.ID()), c.Trust(nil), citycode.Version{})
	require.NoError(tb, err)
	return l
}

func BenchmarkGateDecision(b *testing.B) {
	g := newGate(b, 1<<12)
	b.ReportAllocs()
	for b.Loop() {
		g.decide(b)
	}
}

func BenchmarkEngineVerify(b *testing.B) {
	s := newSignatures(b, 1)
	verify := s.known(b, kept(b, engine.Default(), s))
	b.ReportAllocs()
	for b.Loop() {
		verify()
	}
}

func BenchmarkStatusLookup8300000(b *testing.B) {
	l := statusList(b, 8_300_000)
	b.ReportAllocs()
	i := uint32(0)
	for b.Loop() {
		i = i*1664525 + 1013904223
		l.At(i % 8_300_000)
	}
}
