package benchmarks_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/benchmarks"
	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/engine/tjfoc"
)

var (
	results   = flag.String("results", "", "write the tables of SM2 to results/, with this behind their names; default: nothing")
	reference = flag.Bool("openssl", false, "time OpenSSL's SM2 and P-256 in every round as well")
)

// statements returns n valid signatures of as many holders as there are, or of one
// key that is kept, each with its hint.
func statements(tb testing.TB, n int, keep engine.Engine) []engine.Statement {
	tb.Helper()
	list := make([]engine.Statement, n)
	var signer = must(engine.GenerateKey(rand.Reader))
	var key engine.Key
	for i := range list {
		if keep == nil {
			signer = must(engine.GenerateKey(rand.Reader))
		}
		if keep == nil || i == 0 {
			point := must(engine.Point(signer.Public()))
			key = must(engine.Default().Prepare(point[:]))
			if keep != nil {
				key = must(keep.(engine.Keeper).Keep(key))
			}
		}
		q := &list[i]
		q.Key = key
		rand.Read(q.Digest[:])
		q.Signature = must(engine.SignDigest(rand.Reader, signer, q.Digest))
		q.Hint, q.Valid = key.(engine.Hinter).VerifyHint(q.Digest, q.Signature)
		require.True(tb, q.Valid)
	}
	return list
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// batch returns one verification of all statements together.
func batch(tb testing.TB, list []engine.Statement, hints bool) func() {
	b := engine.Default().(engine.Batcher).NewBatch()
	list = slices.Clone(list)
	for i := range list {
		if !hints {
			list[i].Hint = engine.NoHint
		}
	}
	return func() {
		b.Verify(list)
		for i := range list {
			if !list[i].Valid {
				tb.Fatal("a valid signature does not verify")
			}
		}
	}
}

// TestSM2Ratios prints what verification costs in every situation that a gate and
// a back office know. The bounds are far below what a quiet machine shows.
func TestSM2Ratios(t *testing.T) {
	native := engine.Default()
	one, each := newSignatures(t, 1), newSignatures(t, 256)
	holders, small := statements(t, 1024, nil), statements(t, 256, engine.New(engine.Options{BatchTables: true}))
	known := slices.Clone(small)
	for len(known) < 1024 {
		known = append(known, small...)
	}
	master := must(native.Prepare(each.points[0]))
	issuer := must(native.(engine.Keeper).Keep(master))
	reuser := native.(engine.Reuser)
	var holder, w engine.Key
	next := 0
	candidates := []benchmarks.Candidate{
		{Name: "gmsm, key prepared (baseline)", Do: gmsmVerify(t)},
		{Name: "issuer, table of 256 KiB", Do: one.known(t, kept(t, native, one))},
		{Name: "issuer, 832 KiB", Do: one.known(t, kept(t, engine.New(engine.Options{WideTables: true}), one))},
		{Name: "issuer, 2.75 MiB", Do: one.known(t, kept(t, engine.New(engine.Options{BatchTables: true}), one))},
		{Name: "holder seen first, key of 33 bytes", Do: func() {
			next++
			i := next % len(each.points)
			holder = must(reuser.PrepareIn(holder, each.points[i]))
			if !holder.Verify(each.digests[i], each.sigs[i]) {
				t.Fatal("a valid signature does not verify")
			}
		}},
		{Name: "the same, with its hint taken", Do: func() {
			next++
			i := next % len(each.points)
			holder = must(reuser.PrepareIn(holder, each.points[i]))
			if _, ok := holder.(engine.Hinter).VerifyHint(each.digests[i], each.sigs[i]); !ok {
				t.Fatal("a valid signature does not verify")
			}
		}},
		{Name: "implicit, seen first: W, key, signature", Do: func() {
			// Nobody has such a signature by chance: what it costs is the point.
			next++
			i := next % len(each.points)
			w = must(reuser.PrepareIn(w, each.points[i]))
			holder = must(reuser.CombineIn(holder, w, issuer, each.digests[i]))
			if holder.Verify(each.digests[i], each.sigs[i]) {
				t.Fatal("a forged signature verifies")
			}
		}},
		{Name: "holder who comes again, 86 KiB", Do: one.known(t, must(native.(engine.SmallKeeper).KeepSmall(prepared(t, native, one))))},
		{Name: "batch of 1024, issuer, 2.75 MiB", Do: batch(t, known[:1024], true), Of: 1024},
		{Name: "batch of 64, issuer, 2.75 MiB", Do: batch(t, known[:64], true), Of: 64},
		{Name: "batch of 1024, other holders, hints", Do: batch(t, holders, true), Of: 1024},
		{Name: "batch of 256, other holders, hints", Do: batch(t, holders[:256], true), Of: 256},
		{Name: "batch of 64, other holders, hints", Do: batch(t, holders[:64], true), Of: 64},
		{Name: "batch of 64, other holders, no hints", Do: batch(t, holders[:64], false), Of: 64},
		{Name: "tjfoc/gmsm, key prepared", Do: one.known(t, prepared(t, tjfoc.New(), one))},
		{Name: "Go crypto/ecdsa, P-256", Do: p256(t)},
	}
	rows := benchmarks.Compare(*rounds, 10*time.Millisecond, candidates...)
	if *reference {
		rows = append(rows, openssl(t, rows[0].PerOp, *rounds)...)
	}
	var text bytes.Buffer
	benchmarks.Print(&text, "SM2 verify, digest in, ratio to "+engine.GMSM().Name(), rows)
	for _, c := range candidates[1:4] {
		per, ratio := benchmarks.Cold(30, c)
		fmt.Fprintf(&text, "%-44s %12s %8.2f times as long as warm\n", c.Name+", tables evicted", per.Round(10*time.Nanosecond), ratio)
	}
	fmt.Fprintf(&text, "Memory: table of G 832 KiB, a second one of 2.75 MiB for batches; batch %d KiB\n", native.(engine.Batcher).NewBatch().Bytes()>>10)
	publish(t, "sm2", text.Bytes())

	row := func(name string) benchmarks.Row {
		i := slices.IndexFunc(rows, func(r benchmarks.Row) bool { return strings.HasPrefix(r.Name, name) })
		require.GreaterOrEqual(t, i, 0, name)
		return rows[i]
	}
	for name, bound := range map[string]float64{"issuer, table of 256": 1 / 2.5, "issuer, 832": 1 / 2.5, "issuer, 2.75": 1 / 2.5, "holder who": 1 / 2.2,
		"batch of 1024, issuer": 1 / 3.5, "batch of 1024, other": 1 / 2.0, "batch of 64, other holders, hints": 1 / 1.3} {
		assert.Less(t, row(name).Ratio, bound, name)
	}
	assert.Less(t, row("implicit").Ratio/row("holder seen").Ratio, 1.4)
	assert.Less(t, row("batch of 64, other holders, no").Ratio/row("holder seen").Ratio, 1.2)
	for _, r := range rows[1:14] {
		assert.Zero(t, r.Allocs, r.Name)
	}
}

// TestGateRatios prints what a gate pays for one code, everything between the
// reader and the door, and what a back office pays for the record of it.
func TestGateRatios(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	trust := c.Trust(nil)
	verifier := func(cache *citycode.Cache, hints bool) *citycode.Verifier {
		return must(citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Status: c.Status(trust), InsecureNoReplayGuard: true, Cache: cache, Hints: hints, Now: c.Clock.Now}))
	}
	const n = 512
	explicit, implicit := make([]citycode.Tap, n), make([]citycode.Tap, n)
	for i := range n {
		for list, token := range map[*citycode.Tap]*citycode.Token{
			&explicit[i]: c.Citizen(strconv.Itoa(i), citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit),
			&implicit[i]: c.ImplicitCitizen(strconv.Itoa(i), nil).Show(citycode.Transit),
		} {
			*list = citycode.Tap{Token: token, Check: citycode.Check{Audience: citycode.Transit}}
			list.Hint = must(verifier(nil, true).Verify(token, list.Check)).Hint()
		}
	}
	cache := must(citycode.NewCache(citycode.CacheConfig{}))
	scan := func(v *citycode.Verifier, taps []citycode.Tap) func() {
		var token citycode.Token
		var verified citycode.Verified
		next := 0
		return func() {
			tap := &taps[next%len(taps)]
			next++
			if token.Parse(tap.Token.Bytes()) != nil || v.VerifyInto(&verified, &token, tap.Check) != nil {
				t.Fatal("a good code is refused")
			}
		}
	}
	again, often := scan(verifier(cache, false), explicit[:100]), scan(verifier(must(citycode.NewCache(citycode.CacheConfig{})), false), explicit[:8])
	for range 3000 { // until it is settled who has a table
		again()
	}
	for range 8 * 20 {
		often()
	}
	together := func(taps []citycode.Tap) func() {
		v := verifier(nil, false)
		return func() {
			v.VerifyBatch(taps)
			for i := range taps {
				if taps[i].Err != nil {
					t.Fatal(taps[i].Err)
				}
			}
		}
	}
	procs := runtime.GOMAXPROCS(1)
	rows := benchmarks.Compare(*rounds, 10*time.Millisecond,
		benchmarks.Candidate{Name: "gmsm, one verification (baseline)", Do: gmsmVerify(t)},
		benchmarks.Candidate{Name: "explicit code, holder seen first", Do: scan(verifier(nil, false), explicit)},
		benchmarks.Candidate{Name: "the same, with the hint taken", Do: scan(verifier(nil, true), explicit)},
		benchmarks.Candidate{Name: "implicit code, holder seen first", Do: scan(verifier(nil, false), implicit)},
		benchmarks.Candidate{Name: "explicit code, credential in the cache", Do: again},
		benchmarks.Candidate{Name: "the same, holder with a table", Do: often},
		benchmarks.Candidate{Name: "batch of 512 explicit codes with hints", Do: together(explicit), Of: n},
		benchmarks.Candidate{Name: "batch of 512 implicit codes with hints", Do: together(implicit), Of: n})
	runtime.GOMAXPROCS(procs)
	var text bytes.Buffer
	benchmarks.Print(&text, "Decision about one code, ratio to one verification by "+engine.GMSM().Name(), rows)
	now, most := cache.Bytes()
	fmt.Fprintf(&text, "Memory: cache %d KiB of at most %d KiB\n", now>>10, most>>10)
	publish(t, "gate", text.Bytes())
	assert.Less(t, rows[1].Ratio, 1.8)
	assert.Less(t, rows[3].Ratio, 1.8)
	assert.Less(t, rows[4].Ratio/rows[1].Ratio, 0.95)
	assert.Less(t, rows[5].Ratio, 0.6)
	assert.Less(t, rows[6].Ratio/rows[1].Ratio, 0.95)
	for _, r := range rows[1:6] {
		assert.Less(t, r.Allocs, 0.5, r.Name) // a table may be made on the way
	}
}

// publish prints a table, and writes it where the repository keeps it if asked to.
func publish(t *testing.T, name string, text []byte) {
	t.Helper()
	os.Stdout.Write(text)
	switch *results {
	case "":
		return
	case "default":
	default:
		name += "_" + *results
	}
	require.NoError(t, os.WriteFile(filepath.Join("results", name+".txt"), text, 0o666))
}

// p256 returns one verification by the standard library.
func p256(tb testing.TB) func() {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	digest := make([]byte, 32)
	sig := must(ecdsa.SignASN1(rand.Reader, key, digest))
	return func() {
		if !ecdsa.VerifyASN1(&key.PublicKey, digest, sig) {
			tb.Fatal("a valid signature does not verify")
		}
	}
}

// openssl times the command's own measurement, one second each and round by round.
func openssl(t *testing.T, baseline time.Duration, rounds int) (rows []benchmarks.Row) {
	t.Helper()
	command, err := exec.LookPath("openssl")
	if err != nil {
		t.Log("skipped: no openssl")
		return nil
	}
	version := strings.Fields(string(must(exec.Command(command, "version").Output())))
	algorithms := []string{"sm2", "ecdsap256"}
	times := make([][]time.Duration, len(algorithms))
	for range rounds {
		for i, algorithm := range algorithms {
			out, err := exec.Command(command, "speed", "-seconds", "1", algorithm).Output()
			require.NoError(t, err)
			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			fields := strings.Fields(lines[len(lines)-1])
			perSecond, err := strconv.ParseFloat(fields[len(fields)-1], 64)
			require.NoError(t, err)
			times[i] = append(times[i], time.Duration(float64(time.Second)/perSecond))
		}
	}
	for i, algorithm := range algorithms {
		slices.Sort(times[i])
		of := func(d time.Duration) float64 { return float64(d) / float64(baseline) }
		median := times[i][rounds/2]
		rows = append(rows, benchmarks.Row{Name: "OpenSSL " + version[1] + ", " + algorithm, PerOp: median, Ratio: of(median), Min: of(times[i][0]), Max: of(times[i][rounds-1]), Allocs: -1})
	}
	return rows
}
