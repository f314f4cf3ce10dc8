package purse_test

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/purse"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func testKey(t testing.TB, a key.Algorithm, s string) key.Key {
	t.Helper()
	k, err := key.New(a, unhex(t, s))
	require.NoError(t, err)
	return k
}

func mac(t testing.TB, s string) purse.MAC { return purse.MAC(unhex(t, s)) }

// TestPublishedVectors holds the 3DES form to what was published for the PBOC e-purse.
func TestPublishedVectors(t *testing.T) {
	k := testKey(t, key.TDES, "11223344556677888877665544332211")
	r := purse.Random{0x11, 0x22, 0x33, 0x44}
	terminal := purse.TerminalID{0, 0x11, 0x22, 0x33, 0x44, 0x55}

	load := purse.Transaction{Amount: 0x1000, Kind: purse.LoadED, Terminal: terminal, At: purse.DateTime(unhex(t, "20111221214822"))}
	s := purse.LoadSession(k, r, 0)
	assert.Equal(t, mac(t, "2988AE5A"), purse.LoadMAC1(s, 0, load))
	assert.Equal(t, mac(t, "3A845BF0"), purse.LoadMAC2(s, load))

	purchase := purse.Transaction{Amount: 0x1000, Kind: purse.Purchase, Terminal: terminal, At: purse.DateTime(unhex(t, "20120229135100"))}
	s = purse.PurchaseSession(k, r, 0, 1)
	assert.Equal(t, mac(t, "F15CAB75"), purse.PurchaseMAC1(s, purchase))
	assert.Equal(t, mac(t, "56988A13"), purse.PurchaseMAC2(s, 0x1000))
}
