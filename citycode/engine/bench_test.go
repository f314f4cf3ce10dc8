package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode/engine"
)

// A sample is one valid signature; benchmarks go round many of them, since one
// alone would train branches and caches.
type sample struct {
	point     [engine.PointSize]byte
	digest    [engine.DigestSize]byte
	signature [engine.SignatureSize]byte
}

func samples(b *testing.B) []sample {
	b.Helper()
	random := seeded(0x50)
	all := make([]sample, 256)
	for i := range all {
		signer, err := engine.GenerateKey(random)
		require.NoError(b, err)
		all[i].point, err = engine.Point(signer.Public())
		require.NoError(b, err)
		random.Read(all[i].digest[:])
		all[i].signature, err = engine.SignDigest(random, signer, all[i].digest)
		require.NoError(b, err)
	}
	return all
}

func BenchmarkPrepare(b *testing.B) {
	all := samples(b)
	for _, e := range engines() {
		b.Run(e.Name(), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := e.Prepare(all[i%len(all)].point[:]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkVerify measures a prepared key, as a gate meets its issuer's.
func BenchmarkVerify(b *testing.B) {
	all := samples(b)
	for _, e := range engines() {
		keys := make([]engine.Key, len(all))
		for i := range all {
			var err error
			keys[i], err = e.Prepare(all[i].point[:])
			require.NoError(b, err)
			// Right before fast.
			require.True(b, keys[i].Verify(all[i].digest, all[i].signature))
		}
		b.Run(e.Name(), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				s := &all[i%len(all)]
				if !keys[i%len(all)].Verify(s.digest, s.signature) {
					b.Fatal("valid signature rejected")
				}
			}
		})
	}
}

// BenchmarkVerifyNewKey measures a key seen for the first time, as a gate meets
// a holder's.
func BenchmarkVerifyNewKey(b *testing.B) {
	all := samples(b)
	for _, e := range engines() {
		b.Run(e.Name(), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				s := &all[i%len(all)]
				key, err := e.Prepare(s.point[:])
				if err != nil || !key.Verify(s.digest, s.signature) {
					b.Fatal("valid signature rejected")
				}
			}
		})
	}
}
