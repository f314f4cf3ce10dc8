package purse

import (
	"crypto/des"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card/key"
)

// TestPublishedSessionKeys: the session keys that were published with the vectors. A block under both keys is compared,
// since a cipher does not give its key.
func TestPublishedSessionKeys(t *testing.T) {
	b, err := hex.DecodeString("11223344556677888877665544332211")
	require.NoError(t, err)
	k, err := key.New(key.TDES, b)
	require.NoError(t, err)
	r := Random{0x11, 0x22, 0x33, 0x44}
	for published, s := range map[string]Session{
		"9B1D924E05595603": LoadSession(k, r, 0),
		"003238ABC57659DD": PurchaseSession(k, r, 0, 1),
	} {
		b, err := hex.DecodeString(published)
		require.NoError(t, err)
		c, err := des.NewCipher(b)
		require.NoError(t, err)
		var want, got [8]byte
		c.Encrypt(want[:], want[:])
		s.block.Encrypt(got[:], got[:])
		assert.Equal(t, want, got, published)
	}
}
