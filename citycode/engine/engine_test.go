package engine_test

import (
	"bytes"
	"crypto/cipher"
	"encoding/hex"
	"math/big"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode/engine"
)

// The key of GB/T 32918.5-2017, Annex A.
var exampleKey = point{
	integer("09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"),
	integer("ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"),
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

// rounds returns n, and a twentieth of it under the race detector: that slows
// arithmetic down by as much, and arithmetic has nothing to race with.
func rounds(n int) int {
	info, ok := debug.ReadBuildInfo()
	if ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		return max(1, n/20)
	}
	return n
}

func eachEngine(t *testing.T, test func(*testing.T, engine.Engine)) {
	for _, e := range engines() {
		t.Run(e.Name(), func(t *testing.T) {
			t.Parallel()
			test(t, e)
		})
	}
}

// GB/T 32905-2016, Annex A.
func TestSM3(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		for message, want := range map[string]string{
			"abc":                      "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
			strings.Repeat("abcd", 16): "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732",
		} {
			h := e.NewSM3()
			h.Write([]byte(message))
			assert.Equal(t, unhex(t, want), h.Sum(nil))
		}
	})
}

// A hash.Hash appends its sum to the argument and keeps its state; tjfoc's own
// does neither.
func TestSM3Hash(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		h := e.NewSM3()
		assert.Equal(t, engine.DigestSize, h.Size())
		assert.Equal(t, 64, h.BlockSize())
		h.Write([]byte("ab"))
		h.Sum([]byte("prefix"))
		h.Write([]byte("c"))
		want := unhex(t, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0")
		assert.Equal(t, append([]byte("prefix"), want...), h.Sum([]byte("prefix")))
		assert.Equal(t, want, h.Sum(nil))
		var into [engine.DigestSize]byte
		h.Sum(into[:0])
		assert.Equal(t, want, into[:])
		h.Reset()
		h.Write([]byte("abc"))
		assert.Equal(t, want, h.Sum(nil))
	})
}

// Every length around the block boundaries, written in two pieces.
func TestSM3Agreement(t *testing.T) {
	random := rand.NewChaCha8([32]byte{3})
	message := make([]byte, 260)
	random.Read(message)
	for n := range message {
		var sums [][]byte
		for _, e := range engines() {
			h := e.NewSM3()
			h.Write(message[:n/3])
			h.Write(message[n/3 : n])
			sums = append(sums, h.Sum(nil))
		}
		require.Equal(t, sums[0], sums[1], "%d bytes", n)
	}
}

// GB/T 32907-2016, A.1.
func TestSM4(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		key := unhex(t, "0123456789abcdeffedcba9876543210")
		block, err := e.NewSM4(key)
		require.NoError(t, err)
		assert.Equal(t, 16, block.BlockSize())
		out := make([]byte, 16)
		block.Encrypt(out, key)
		assert.Equal(t, unhex(t, "681edf34d206965e86b3e94f536e4246"), out)
		block.Decrypt(out, out)
		assert.Equal(t, key, out)
	})
}

// GB/T 32907-2016, A.2.
func TestSM4Million(t *testing.T) {
	const million = 1_000_000
	if rounds(million) < million {
		t.Skip("the race detector makes a million rounds half a minute")
	}
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		block := unhex(t, "0123456789abcdeffedcba9876543210")
		sm4, err := e.NewSM4(block)
		require.NoError(t, err)
		for range million {
			sm4.Encrypt(block, block)
		}
		assert.Equal(t, unhex(t, "595298c7c6fd271f0402f804c33d3f66"), block)
	})
}

func TestSM4Refuses(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		for _, size := range []int{0, 1, 15, 17, 24, 32} {
			block, err := e.NewSM4(make([]byte, size))
			assert.Error(t, err, "%d-byte key", size)
			assert.Nil(t, block)
		}
		block, err := e.NewSM4(make([]byte, 16))
		require.NoError(t, err)
		for _, crypt := range []func(dst, src []byte){block.Encrypt, block.Decrypt} {
			assert.Panics(t, func() { crypt(make([]byte, 16), make([]byte, 15)) })
			assert.Panics(t, func() { crypt(make([]byte, 15), make([]byte, 16)) })
		}
	})
}

func TestSM4Agreement(t *testing.T) {
	random := rand.NewChaCha8([32]byte{4})
	for range 100 {
		var key, nonce [16]byte
		message := make([]byte, 1+random.Uint64()%200)
		random.Read(key[:])
		random.Read(nonce[:])
		random.Read(message)
		var sealed [][]byte
		for _, e := range engines() {
			block, err := e.NewSM4(key[:])
			require.NoError(t, err)
			gcm, err := cipher.NewGCM(block)
			require.NoError(t, err)
			sealed = append(sealed, gcm.Seal(nil, nonce[:12], message, key[:3]))
		}
		require.Equal(t, sealed[0], sealed[1])
	}
}

func TestPrepare(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		for _, p := range []point{exampleKey, exampleKey.negate(), curveG, curveG.negate()} {
			key, err := e.Prepare(p.compressed())
			require.NoError(t, err)
			raw := key.Bytes()
			assert.Equal(t, byte(4), raw[0])
			got := point{new(big.Int).SetBytes(raw[1:33]), new(big.Int).SetBytes(raw[33:])}
			assert.True(t, got.onCurve())
			assert.Equal(t, p, got)
		}
	})
}

// Small x, among them x = 0 and x with leading zeros, and x just below p.
func TestPrepareEdges(t *testing.T) {
	for i := range int64(40) {
		for _, x := range []*big.Int{big.NewInt(i), sub(curveP, big.NewInt(i+1)), new(big.Int).Add(curveN, big.NewInt(i))} {
			p, exists := pointAt(x)
			for _, e := range engines() {
				if !exists {
					point := append([]byte{2}, x.FillBytes(make([]byte, 32))...)
					_, err := e.Prepare(point)
					require.ErrorIs(t, err, engine.ErrPoint, "%s: %x", e.Name(), point)
					continue
				}
				for _, p := range []point{p, p.negate()} {
					key, err := e.Prepare(p.compressed())
					require.NoError(t, err, "%s: %x", e.Name(), p.compressed())
					raw := key.Bytes()
					require.Equal(t, p.y.FillBytes(make([]byte, 32)), raw[33:], "%s: %x", e.Name(), p.compressed())
				}
			}
		}
	}
}

func TestPrepareRefuses(t *testing.T) {
	good := exampleKey.compressed()
	withPrefix := func(b byte) []byte { return append([]byte{b}, good[1:]...) }
	raw := append([]byte{4}, good[1:]...)
	raw = append(raw, exampleKey.y.FillBytes(make([]byte, 32))...)
	withX := func(x *big.Int) []byte { return append([]byte{2}, x.FillBytes(make([]byte, 32))...) }

	cases := map[string][]byte{
		"nil":             nil,
		"infinity":        {0},
		"prefix 00":       withPrefix(0),
		"prefix 01":       withPrefix(1),
		"prefix 04":       withPrefix(4),
		"prefix 05":       withPrefix(5),
		"prefix 06":       withPrefix(6),
		"prefix 82":       withPrefix(0x82),
		"uncompressed":    raw,
		"raw without 04":  raw[1:],
		"x = p":           withX(curveP),
		"x = p+1":         withX(new(big.Int).Add(curveP, big.NewInt(1))),
		"x = 2^256-1":     append([]byte{2}, bytes.Repeat([]byte{0xff}, 32)...),
		"trailing zero":   append(append([]byte{}, good...), 0),
		"leading zero":    append([]byte{0}, good...),
		"two points":      append(append([]byte{}, good...), good...),
		"ascii":           []byte("02" + hex.EncodeToString(good[1:])),
		"hybrid encoding": append([]byte{7}, raw[1:]...),
	}
	for n := range engine.PointSize {
		cases["short"+string(rune('A'+n))] = good[:n]
	}
	// x+p is the same field element as x: it must not be a second spelling of
	// a key. It fits in 32 bytes for the small x of the curve.
	for i := range int64(20) {
		if p, exists := pointAt(big.NewInt(i)); exists {
			cases["x = p+small"+string(rune('A'+i))] = withX(new(big.Int).Add(p.x, curveP))
		}
	}
	// Half of all x belong to no point.
	for i := int64(0); i < 10; i++ {
		x := new(big.Int).Add(exampleKey.x, big.NewInt(i))
		if _, exists := pointAt(x); !exists {
			cases["no such point"+string(rune('A'+i))] = withX(x)
		}
	}
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		for name, b := range cases {
			key, err := e.Prepare(b)
			assert.ErrorIs(t, err, engine.ErrPoint, name)
			assert.Nil(t, key, name)
		}
	})
}

// The value of GB/T 32918.5-2017, Annex A.
func TestZA(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		key, err := e.Prepare(exampleKey.compressed())
		require.NoError(t, err)
		za := engine.ZA(e, key)
		assert.Equal(t, unhex(t, "b2e14c5c79c6df5b85f4fe7ed8db7a262b9da7e07ccb0ea9f4747b8ccda8a4f3"), za[:])
	})
}

func TestValidScalars(t *testing.T) {
	one, zero := big.NewInt(1), new(big.Int)
	last := sub(curveN, one)
	beyond := new(big.Int).Add(curveN, one)
	top := sub(new(big.Int).Lsh(one, 256), one)
	for _, good := range []*big.Int{one, last, big.NewInt(256), exampleKey.x} {
		assert.True(t, engine.ValidScalars(signatureOf(good, one)))
		assert.True(t, engine.ValidScalars(signatureOf(one, good)))
		for _, bad := range []*big.Int{zero, curveN, beyond, curveP, top} {
			assert.False(t, engine.ValidScalars(signatureOf(good, bad)), "%x", bad)
			assert.False(t, engine.ValidScalars(signatureOf(bad, good)), "%x", bad)
		}
	}
}
