package citycode_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
)

// A verifier makes tables for the issuers whose codes it meets, explicit and
// implicit ones, and none for forgeries and holders.
func TestVerifierTables(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	v := c.Verifier(nil)
	show := func(token *citycode.Token, want bool) {
		for range 40 {
			_, err := v.Verify(token, citycode.Check{Audience: citycode.Transit})
			var refused *citycode.VerifyError
			if err != nil {
				require.ErrorAs(t, err, &refused)
			}
			// All but the first of the good ones are replays.
			require.Equal(t, want, err == nil || refused.Reason == citycode.Replayed, "%v", err)
		}
	}
	for i, token := range []*citycode.Token{
		c.Citizen("somebody", citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit),
		c.ImplicitCitizen("somebody else", nil).Show(citycode.Transit),
	} {
		forged := bytes.Clone(token.Bytes())
		forged[100] ^= 1 // in the issuer's signature, or in what the implicit holder signs
		bad, err := citycode.ParseToken(forged)
		require.NoError(t, err)
		show(bad, false)
		assert.Equal(t, i*256<<10, v.TableBytes())
		show(token, true)
		assert.Equal(t, (i+1)*256<<10, v.TableBytes())
	}
}
