package engine

import (
	"bytes"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const orderHex = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123"

type derSignature struct{ R, S *big.Int }

// acceptedByASN1 is the oracle: encoding/asn1 reads der as two integers in
// 1..n-1 and writes them as the same bytes. (Reading alone is too lenient: it
// ignores further elements of a SEQUENCE.)
func acceptedByASN1(der []byte) (derSignature, bool) {
	var v derSignature
	rest, err := asn1.Unmarshal(der, &v)
	if err != nil || len(rest) != 0 {
		return v, false
	}
	n := new(big.Int).SetBytes([]byte(order))
	for _, half := range []*big.Int{v.R, v.S} {
		if half.Sign() <= 0 || half.Cmp(n) >= 0 {
			return v, false
		}
	}
	again, err := asn1.Marshal(v)
	return v, err == nil && string(again) == string(der)
}

// checkDER checks signatureFromDER against the oracle and reports whether der is
// accepted. Fuzzing calls it millions of times, so it compares by
// hand.
func checkDER(t *testing.T, der []byte) bool {
	t.Helper()
	want, accepted := acceptedByASN1(der)
	sig, err := signatureFromDER(der)
	if !accepted {
		if err != ErrSignature {
			t.Fatalf("%x: error %v, want ErrSignature", der, err)
		}
		return false
	}
	if err != nil {
		t.Fatalf("%x: %v", der, err)
	}
	r, s := new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])
	if r.Cmp(want.R) != 0 || s.Cmp(want.S) != 0 || !ValidScalars(sig) {
		t.Fatalf("%x: r‖s = %x", der, sig)
	}
	if again, err := asn1.Marshal(derSignature{r, s}); err != nil || !bytes.Equal(again, der) {
		t.Fatalf("%x: written again as %x", der, again)
	}
	return true
}

func fromHex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	require.NoError(t, err)
	return b
}

var goodDER = map[string]string{
	"one, one":       "3006 020101 020101",
	"short halves":   "3007 02020100 02017f",
	"high bit":       "3008 02020080 020200ff",
	"example":        "3046 022100f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3 022100b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa",
	"32 bytes":       "3025 02207fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff 020101",
	"31 bytes":       "3024 020101 021f7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"n-1, n-1":       "3046 022100fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54122 022100fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54122",
	"inner zero run": "3009 020400ff0000 020101",
}

var badDER = map[string]string{
	"empty":                     "",
	"only a tag":                "30",
	"empty sequence":            "3000",
	"not a sequence":            "3106 020101 020101",
	"primitive sequence":        "1006 020101 020101",
	"one integer":               "3003 020101",
	"third integer":             "3009 020101 020101 020101",
	"trailing null":             "3008 020101 020101 0500",
	"trailing byte":             "3006 020101 020101 00",
	"trailing byte inside":      "3007 020101 020101 00",
	"length too small":          "3005 020101 020101",
	"length too large":          "3007 020101 020101",
	"long-form sequence length": "308106 020101 020101",
	"longer sequence length":    "30820006 020101 020101",
	"long-form integer length":  "3007 02810101 020101",
	"indefinite length":         "3080 020101 020101 0000",
	"integer of no bytes":       "3005 0200 020101",
	"second of no bytes":        "3005 020101 0200",
	"integer past the end":      "3006 020101 020201",
	"first past the end":        "3006 020501 020101",
	"octet string":              "3006 040101 020101",
	"second octet string":       "3006 020101 040101",
	"zero r":                    "3006 020100 020101",
	"zero s":                    "3006 020101 020100",
	"negative r":                "3006 0201ff 020101",
	"negative s":                "3006 020101 020180",
	"leading zero":              "3007 02020001 020101",
	"leading zero, 7f":          "3007 020101 0202007f",
	"two leading zeros":         "3008 0203000080 020101",
	"leading ff":                "3007 0202ff80 020101",
	"zero in two bytes":         "3007 02020000 020101",
	"r = n":                     "3026 022100" + orderHex + " 020101",
	"s = n":                     "3026 020101 022100" + orderHex,
	"r = 2^256-1":               "3026 022100ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff 020101",
	"33 bytes without need":     "3026 0221007fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff 020101",
	"33 bytes, 2^256":           "3026 0221010000000000000000000000000000000000000000000000000000000000000000 020101",
	"34 bytes":                  "3027 02220080ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff 020101",
	"nested sequence":           "3008 3006 020101 020101",
}

func TestSignatureFromDER(t *testing.T) {
	for name, s := range goodDER {
		assert.True(t, checkDER(t, fromHex(t, s)), name)
	}
	for name, s := range badDER {
		assert.False(t, checkDER(t, fromHex(t, s)), name)
	}
}

func TestSignatureFromDERPads(t *testing.T) {
	sig, err := signatureFromDER(fromHex(t, "3008 02020080 02020102"))
	require.NoError(t, err)
	want := [SignatureSize]byte{31: 0x80, 62: 0x01, 63: 0x02}
	assert.Equal(t, want, sig)
}

// Whatever happens to a byte, the oracle agrees: bits flipped, and 00, ff, 7f
// or 80 in its place.
func TestSignatureFromDEREveryByte(t *testing.T) {
	for _, s := range goodDER {
		der := fromHex(t, s)
		for i := range der {
			for _, flip := range []byte{1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80, 3, der[i], ^der[i], der[i] ^ 0x7f, der[i] ^ 0x80} {
				mutated := bytes.Clone(der)
				mutated[i] ^= flip
				checkDER(t, mutated)
			}
		}
		for n := range der {
			assert.False(t, checkDER(t, der[:n]))
		}
	}
}

func FuzzSignatureFromDER(f *testing.F) {
	for _, cases := range []map[string]string{goodDER, badDER} {
		for _, s := range cases {
			f.Add(fromHex(f, s))
		}
	}
	f.Fuzz(func(t *testing.T, der []byte) { checkDER(t, der) })
}
