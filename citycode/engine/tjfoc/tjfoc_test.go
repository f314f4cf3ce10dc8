package tjfoc

import (
	"encoding/hex"
	"math/big"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tjfoc/gmsm/sm2"
	"github.com/tjfoc/gmsm/sm3"

	"github.com/citizencode/citizencode/citycode/engine"
)

// What every engine must do is tested in package engine, on all of them. Here
// are the faults of the library, pinned as they are, and that they do not get
// through: when a newer version mends one, its test says so.

// The key and signature of GB/T 32918.5-2017, Annex A.
const (
	examplePoint     = "0309f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
	exampleDigest    = "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640"
	exampleSignature = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3" +
		"b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

// This test comes first in its process, so that the goroutines also compete
// for the initialisation of the library's curve. Then they share one key.
func TestConcurrent(t *testing.T) {
	var (
		point     = unhex(t, examplePoint)
		digest    = [32]byte(unhex(t, exampleDigest))
		signature = [64]byte(unhex(t, exampleSignature))
		start     = make(chan struct{})
		keys      = make(chan engine.Key, 8)
		group     sync.WaitGroup
	)
	for range cap(keys) {
		group.Go(func() {
			<-start
			key, err := New().Prepare(point)
			if assert.NoError(t, err) {
				assert.True(t, key.Verify(digest, signature))
				keys <- key
			}
		})
	}
	close(start)
	group.Wait()
	require.Len(t, keys, cap(keys))

	key := <-keys
	altered := digest
	altered[0] ^= 1
	for range 8 {
		group.Go(func() {
			assert.True(t, key.Verify(digest, signature))
			assert.False(t, key.Verify(altered, signature))
			h := New().NewSM3()
			h.Write([]byte("abc"))
			assert.Equal(t, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0", hex.EncodeToString(h.Sum(nil)))
		})
	}
	group.Wait()
}

// GB/T 32907-2016, A.1, in many goroutines on one block. The loop is bare: an
// assertion takes a lock, and the race detector would see order where there is
// none.
func TestConcurrentBlock(t *testing.T) {
	plain := [16]byte(unhex(t, "0123456789abcdeffedcba9876543210"))
	sealed := [16]byte(unhex(t, "681edf34d206965e86b3e94f536e4246"))
	block, err := New().NewSM4(plain[:])
	require.NoError(t, err)
	var (
		group sync.WaitGroup
		wrong atomic.Int64
	)
	for range 8 {
		group.Go(func() {
			bad := 0
			for range 2000 {
				var out [16]byte
				if block.Encrypt(out[:], plain[:]); out != sealed {
					bad++
				}
				if block.Decrypt(out[:], sealed[:]); out != plain {
					bad++
				}
			}
			wrong.Add(int64(bad))
		})
	}
	group.Wait()
	assert.Zero(t, wrong.Load())
}

// A panic in the library is a rejection.
func TestVerifyPanic(t *testing.T) {
	digest, signature := [32]byte(unhex(t, exampleDigest)), [64]byte(unhex(t, exampleSignature))
	for name, broken := range map[string]*key{
		"no curve":       {},
		"no coordinates": {public: sm2.PublicKey{Curve: sm2.P256Sm2()}},
	} {
		assert.NotPanics(t, func() { assert.False(t, broken.Verify(digest, signature)) }, name)
	}
}

// Sum of the library hashes its argument, for good, and returns the sum alone.
func TestLibrarySum(t *testing.T) {
	library := sm3.New()
	library.Write([]byte("abc"))
	assert.Equal(t, sm3.Sm3Sum([]byte("abcprefix")), library.Sum([]byte("prefix")))
	assert.Equal(t, sm3.Sm3Sum([]byte("abcprefix")), library.Sum(nil))

	mended := sm3Hash{sm3.New()}
	mended.Write([]byte("abc"))
	assert.Equal(t, append([]byte("prefix"), sm3.Sm3Sum([]byte("abc"))...), mended.Sum([]byte("prefix")))
	assert.Equal(t, sm3.Sm3Sum([]byte("abc")), mended.Sum(nil))
}

// A backwards signature: s and t are chosen, and the digest is that for which
// the library's R, s·G + t·P, fits r = t-s when x(R) is x.
func backwards(s, t, x *big.Int) (digest [32]byte, signature [64]byte) {
	n := sm2.P256Sm2().Params().N
	r := new(big.Int).Sub(t, s)
	r.Mod(r, n)
	e := new(big.Int).Sub(r, x)
	e.Mod(e, n).FillBytes(digest[:])
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return digest, signature
}

// libraryAccepts is the library's verdict, without the care of this package.
func libraryAccepts(public sm2.PublicKey, digest [32]byte, signature [64]byte) bool {
	return sm2.Verify(&public, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
}

func prepared(t *testing.T, point []byte) *key {
	t.Helper()
	k, err := New().Prepare(point)
	require.NoError(t, err)
	return k.(*key)
}

// multiple returns k·G.
func multiple(t *testing.T, k *big.Int) *key {
	t.Helper()
	x, y := sm2.P256Sm2().ScalarBaseMult(k.Bytes())
	return prepared(t, append([]byte{2 + byte(y.Bit(0))}, x.FillBytes(make([]byte, 32))...))
}

// For t = n-6 the library loses t·P, and anyone can sign a digest of his
// choice under any key.
func TestLibraryForgery(t *testing.T) {
	curve := sm2.P256Sm2()
	multiplier := new(big.Int).Sub(curve.Params().N, big.NewInt(6))
	for _, s := range []*big.Int{big.NewInt(1), big.NewInt(12345), new(big.Int).SetBytes(unhex(t, exampleDigest))} {
		x, _ := curve.ScalarBaseMult(s.Bytes())
		digest, signature := backwards(s, multiplier, x)
		for _, k := range []*key{prepared(t, unhex(t, examplePoint)), multiple(t, big.NewInt(77))} {
			assert.True(t, libraryAccepts(k.public, digest, signature), "the library is mended")
			assert.False(t, k.Verify(digest, signature))
		}
	}
}

// When s·G = ±t·P the library takes x(R) = 0, and accepts e = r.
func TestLibraryInfinity(t *testing.T) {
	n := sm2.P256Sm2().Params().N
	s, multiplier := big.NewInt(98765), new(big.Int).SetBytes(unhex(t, exampleDigest))
	ratio := new(big.Int).ModInverse(multiplier, n)
	ratio.Mul(ratio, s).Mod(ratio, n)
	digest, signature := backwards(s, multiplier, new(big.Int))
	for _, k := range []*key{multiple(t, ratio), multiple(t, ratio.Sub(n, ratio))} {
		assert.True(t, libraryAccepts(k.public, digest, signature), "the library is mended")
		assert.False(t, k.Verify(digest, signature))
	}
}

// The library takes some good points for points off the curve, because it
// reduces x² wrongly; Prepare does not ask it.
func TestLibraryReduction(t *testing.T) {
	for _, x := range []string{
		"00000000fffffffe000000000000000080000000000000000000000000000002",
		"00000000fffffffffffffffeffffffff7fffffffffffffff0000000100000000",
		"7fffffffffffffff7fffffffffffffffffffffffffffffffffffffff00000001",
	} {
		for _, prefix := range []string{"02", "03"} {
			k := prepared(t, unhex(t, prefix+x))
			assert.False(t, k.public.IsOnCurve(k.public.X, k.public.Y), "the library is mended")
		}
	}
}

// A point whose x is 0 is a good R with e = r, and no forgery.
func TestVerifyZeroX(t *testing.T) {
	curve := sm2.P256Sm2()
	params := curve.Params()
	y := squareRoot(params.B, params.P)
	require.NotNil(t, y)
	s, multiplier := big.NewInt(98765), new(big.Int).SetBytes(unhex(t, exampleDigest))
	x1, y1 := curve.ScalarBaseMult(s.Bytes())
	x, y := curve.Add(new(big.Int), y, x1, y1.Sub(params.P, y1))
	x, y = curve.ScalarMult(x, y, new(big.Int).ModInverse(multiplier, params.N).Bytes())
	k := prepared(t, append([]byte{2 + byte(y.Bit(0))}, x.FillBytes(make([]byte, 32))...))
	digest, signature := backwards(s, multiplier, new(big.Int))
	assert.True(t, k.Verify(digest, signature))
}

// The library agrees with the seam on the curve.
func TestLibraryCurve(t *testing.T) {
	params := sm2.P256Sm2().Params()
	for want, got := range map[string]*big.Int{
		"fffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff": params.P,
		"fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123": params.N,
		"28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93": params.B,
		"32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7": params.Gx,
		"bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0": params.Gy,
	} {
		assert.Equal(t, unhex(t, want), got.Bytes())
	}
}
