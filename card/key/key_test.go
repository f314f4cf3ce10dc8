package key_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/cbcmac"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/card/key"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func newKey(t testing.TB, a key.Algorithm, b []byte) key.Key {
	t.Helper()
	k, err := key.New(a, b)
	require.NoError(t, err)
	return k
}

// The examples of SPEC §3. The SM4 master is the key of GB/T 32907-2016 example A.1, which there encrypts itself.
const (
	specMaster  = "0123456789abcdeffedcba9876543210"
	gbCipher    = "681edf34d206965e86b3e94f536e4246"
	specCardKey = "f9ac34045641e28b6b08f38e988c9352"
	specTwo     = "df1bd27ed17e4bc42a6801662a193867"
	specWrapped = "021c435f816a31416968608f043a65ec"
	tdesMaster  = "11223344556677888877665544332211"
	tdesCardKey = "f269f91af633a1801086733c4d11e5d1"
)

var (
	specFactor = key.Factor{0x21, 0x01, 0, 0, 0, 0, 0, 0x42}
	cityFactor = key.Factor{0x21, 0x01, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF}
)

// TestSpec: the bytes of SPEC §3. TestOpenSSL computes them with another program.
func TestSpec(t *testing.T) {
	master := newKey(t, key.SM4, unhex(t, specMaster))
	b := unhex(t, specMaster)
	master.Block().Encrypt(b, b)
	assert.Equal(t, gbCipher, hex.EncodeToString(b))
	assert.Equal(t, [3]byte{0x26, 0x77, 0xF4}, master.CheckValue())

	card := master.Diversify(specFactor)
	assert.True(t, card.Equal(newKey(t, key.SM4, unhex(t, specCardKey))))
	assert.Equal(t, [3]byte{0x84, 0xDF, 0xA6}, card.CheckValue())
	assert.True(t, master.Diversify(cityFactor).Diversify(specFactor).Equal(newKey(t, key.SM4, unhex(t, specTwo))))

	wrapped := card.Wrap(master)
	assert.Equal(t, specWrapped, hex.EncodeToString(wrapped[:]))
	back, err := key.Unwrap(key.SM4, wrapped, master)
	require.NoError(t, err)
	assert.True(t, back.Equal(card))

	tdes := newKey(t, key.TDES, unhex(t, tdesMaster))
	assert.Equal(t, [3]byte{0x49, 0x15, 0x10}, tdes.CheckValue())
	assert.True(t, tdes.Diversify(specFactor).Equal(newKey(t, key.TDES, unhex(t, tdesCardKey))))
	assert.False(t, tdes.Equal(newKey(t, key.SM4, unhex(t, tdesMaster))))
}

func TestNewRefuses(t *testing.T) {
	for _, n := range []int{0, 8, 15, 17, 24} {
		_, err := key.New(key.SM4, make([]byte, n))
		assert.Error(t, err, n)
	}
	_, err := key.New(key.Algorithm(7), make([]byte, 16))
	assert.Error(t, err)
	_, err = key.Unwrap(key.Algorithm(7), [16]byte{}, newKey(t, key.SM4, make([]byte, 16)))
	assert.Error(t, err)
}

func TestAlgorithm(t *testing.T) {
	for _, a := range []key.Algorithm{key.SM4, key.TDES} {
		b, err := key.ParseAlgorithm(a.ID())
		require.NoError(t, err)
		assert.Equal(t, a, b)
	}
	_, err := key.ParseAlgorithm(1) // single DES
	assert.Error(t, err)
}

// TestNoKeyIsPrinted: not by a verb, not in a struct, not in JSON, not in a log.
func TestNoKeyIsPrinted(t *testing.T) {
	secret := unhex(t, specMaster)
	k := newKey(t, key.SM4, secret)
	type holder struct {
		name string
		K    key.Key
		k    key.Key
		p    *key.Key
	}
	h := holder{"a SAM", k, k, &k}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b", "%U"} {
		for _, v := range []any{k, &k, h, &h, []key.Key{k}, map[string]key.Key{"k": k}} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
	}
	text, err := json.Marshal(h)
	require.NoError(t, err)
	out.Write(text)
	slog.New(slog.NewTextHandler(&out, nil)).Info("key", "k", k, "h", h)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("key", "k", k, "h", h)
	printed := strings.ToLower(out.String())
	for _, form := range []string{hex.EncodeToString(secret[:4]), "1 35 69 103", "1, 35, 69, 103", "0x1, 0x23", "[1 43 105", "u+0001 u+0023"} {
		assert.NotContains(t, printed, form)
	}
	assert.Contains(t, printed, "sm4 key, check value 2677f4")
	assert.Equal(t, "no key", fmt.Sprint(key.Key{}))
}

// TestMAC: against the library's CBC-MAC, which has no initial value; and an initial value is a block in front.
func TestMAC(t *testing.T) {
	for _, a := range []key.Algorithm{key.SM4, key.TDES} {
		k := newKey(t, a, unhex(t, specMaster))
		size := k.Block().BlockSize()
		oracle := cbcmac.NewCBCMAC(k.Block(), size)
		rapid.Check(t, func(t *rapid.T) {
			data := rapid.SliceOfN(rapid.Byte(), 0, 70).Draw(t, "data")
			if !bytes.Equal(key.MAC(k.Block(), nil, data), oracle.MAC(data)) {
				t.Fatalf("%x", data)
			}
			first := rapid.SliceOfN(rapid.Byte(), size, size).Draw(t, "first")
			iv := make([]byte, size)
			k.Block().Encrypt(iv, first)
			if !bytes.Equal(key.MAC(k.Block(), iv, data), oracle.MAC(append(first, data...))) {
				t.Fatalf("%x %x", first, data)
			}
		})
	}
}

func TestPad(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.SampledFrom([]int{8, 16}).Draw(t, "size")
		data := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 0x80, 1}), 0, 40).Draw(t, "data")
		padded := key.Pad(data, size)
		if len(padded)%size != 0 || len(padded) <= len(data) || len(padded) > len(data)+size {
			t.Fatalf("%d bytes become %d", len(data), len(padded))
		}
		if back, ok := key.Unpad(padded, size); !ok || !bytes.Equal(back, data) {
			t.Fatalf("%x becomes %x", data, back)
		}
		if back, ok := key.Unpad(data, size); ok && len(data)%size == 0 && !bytes.Equal(key.Pad(back, size), data) {
			t.Fatalf("%x is taken for padded %x", data, back)
		}
	})
	for _, s := range []string{"", "00", "0101", "8001", strings.Repeat("00", 16), "80" + strings.Repeat("00", 16)} {
		_, ok := key.Unpad(unhex(t, s), 16)
		assert.False(t, ok, s)
	}
}

func TestWipe(t *testing.T) {
	k := newKey(t, key.SM4, unhex(t, specMaster))
	again := k
	k.Wipe()
	assert.Zero(t, again.Bytes())
	assert.True(t, again.IsZero())
	assert.Equal(t, "no key", fmt.Sprint(again))
	assert.Panics(t, func() { again.Diversify(specFactor) })
}
