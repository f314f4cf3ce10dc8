package benchmarks_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/benchmarks"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/foreign"
	"github.com/citizencode/citizencode/citycode/foreign/jtt1179"
	"github.com/citizencode/citizencode/citycode/foreign/jtt1179/jtt1179test"
)

// rideCodes are those of many phones of one issuer.
func rideCodes(n int) [][]byte {
	codes := make([][]byte, n)
	for i := range codes {
		r := jtt1179test.New()
		r.ShownBy = fmt.Sprint("jtt1179 TEST phone ", i)
		r.UserKey = jtt1179test.Point(r.ShownBy)
		codes[i] = r.Bytes()
	}
	return codes
}

func rideVerifier(tb testing.TB) *jtt1179.Verifier {
	root, err := jtt1179.ParseRootKey(jtt1179test.RootKey(jtt1179test.CA, jtt1179test.CAIndex, "1235"))
	require.NoError(tb, err)
	v, err := jtt1179.NewVerifier(jtt1179.Config{Roots: []jtt1179.RootKey{*root}, Now: func() time.Time { return time.Unix(jtt1179test.Noon+5, 0) }})
	require.NoError(tb, err)
	return v
}

// TestRideCodeRatio relates a ride code of a known CA and issuer to the three
// plain verifications that its layout asks for: at most 0.6 of them. The margin
// is for noise.
func TestRideCodeRatio(t *testing.T) {
	codes, v := rideCodes(256), rideVerifier(t)
	next := 0
	verify := func() {
		next++
		if _, err := v.Verify(codes[next%len(codes)], jtt1179.Check{Amount: 200}); err != nil {
			t.Fatal(err)
		}
	}
	for range codes { // the issuer is known, and its table made
		verify()
	}
	forged := jtt1179test.New()
	forged.SignedBy = "attacker"
	bad := forged.Bytes()
	recogniser, err := foreign.NewRecogniser(foreign.Config{})
	require.NoError(t, err)
	plain := gmsmVerify(t)
	rows := benchmarks.Compare(*rounds, 20*time.Millisecond,
		benchmarks.Candidate{Name: "three verifications by gmsm (baseline)", Do: func() { plain(); plain(); plain() }},
		benchmarks.Candidate{Name: "ride code, CA and issuer known", Do: verify},
		benchmarks.Candidate{Name: "the same by a verifier that was just made", Do: func() {
			next++
			if _, err := rideVerifier(t).Verify(codes[next%len(codes)], jtt1179.Check{}); err != nil {
				t.Fatal(err)
			}
		}},
		benchmarks.Candidate{Name: "forged authorisation, refused", Do: func() {
			if _, err := v.Verify(bad, jtt1179.Check{}); err == nil {
				t.Fatal("a forged code is accepted")
			}
		}},
		benchmarks.Candidate{Name: "recognise", Do: func() { recogniser.Recognise(codes[0]) }},
	)
	benchmarks.Print(os.Stdout, "Ride codes beside three times "+engine.GMSM().Name()+", SM2 verify", rows)
	assert.Less(t, rows[1].Ratio, 0.6*1.15, "known issuer")
	assert.Less(t, rows[3].Ratio, 0.3, "a flood of forgeries must cost less than one verification each")
	assert.Less(t, rows[4].Ratio, 0.01, "recognise")
}

func BenchmarkRideCode(b *testing.B) {
	codes, v := rideCodes(64), rideVerifier(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := v.Verify(codes[i%len(codes)], jtt1179.Check{}); err != nil {
			b.Fatal(err)
		}
	}
}
