package purse

import (
	"crypto/des"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card/key"
)

// TestPublishedSessionKeys: the session keys that were published with the vectors. What both keys do is compared, since
// a session does not give its key.
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
		for _, message := range []string{"", "one block", "more than one block"} {
			assert.Equal(t, mac(c, []byte(message)), s.mac([]byte(message)), published)
		}
	}
}
