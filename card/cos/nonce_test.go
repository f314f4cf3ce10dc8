package cos_test

import (
	"math/big"
	"testing"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/cos"
	"github.com/citizencode/citizencode/card/cos/costest"
)

type stuckRandom struct{}

func (stuckRandom) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 0x5A
	}
	return len(b), nil
}

// TestNonces: a card whose random source is stuck signs no two messages with one nonce, from which anybody could compute
// its key. r - e is the x of the nonce's point.
func TestNonces(t *testing.T) {
	t.Parallel()
	var public [33]byte
	made := costest.New(t, costest.Options{Credential: func(p *costest.Personaliser) []byte {
		public = p.Public
		return costest.Stand()
	}})
	x, y := decompress(public)
	key := must2(sm2.NewPublicKey(append(append([]byte{4}, x...), y...)))
	za, err := sm2.CalculateZA(key, nil)
	require.NoError(t, err)
	c, err := cos.New(made.Memory(), cos.Config{Rand: stuckRandom{}})
	require.NoError(t, err)
	seen := make(map[string]bool)
	const signatures = 20
	for range signatures {
		sel(t, c)
		a, err := app.ParseAuthenticateAnswer(costest.Send(t, c, app.InternalAuthenticate(authenticateRequest)))
		require.NoError(t, err)
		h := sm3.New()
		h.Write(za)
		h.Write([]byte("CC1/tokn"))
		h.Write(costest.Stand())
		h.Write(authenticateRequest.Dynamic(a.Counter))
		point := new(big.Int).Sub(new(big.Int).SetBytes(a.Signature[:32]), new(big.Int).SetBytes(h.Sum(nil)))
		seen[point.Mod(point, key.Params().N).String()] = true
	}
	assert.Len(t, seen, signatures)
}
