package vectors_test

import (
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/qr"
)

func TestQRText(t *testing.T) {
	type group struct {
		Type, Comment string
		Tests         []struct {
			common
			Form       string
			PrefixSize int
			Prefix     string
			Token      *data
			Text       *string
			QRVersionM int
		}
	}
	for _, g := range groups[group](t, "qr_text") {
		for _, test := range g.Tests {
			t.Run(test.ID, func(t *testing.T) {
				encode := map[string]func([]byte) (string, error){"decimal": qr.EncodeDecimal, "base45": qr.EncodeBase45}[test.Form]
				requireText := func(err error) {
					if test.Result == "valid" {
						require.NoError(t, err)
						return
					}
					var refused *qr.Error
					require.ErrorAs(t, err, &refused)
					require.Equal(t, test.Reason, string(refused.Reason))
				}
				if g.Type == "encode" {
					_, err := encode(*test.Token)
					requireText(err)
					return
				}
				front, token, err := qr.DecodePrefixed(*test.Text, test.PrefixSize)
				requireText(err)
				if err != nil {
					return
				}
				require.Equal(t, []byte(*test.Token), token)
				require.Equal(t, test.Prefix, front)
				if g.Type == "prefixed" {
					text, err := qr.EncodePrefixed(front, token, map[string]qr.Form{"decimal": qr.Decimal, "base45": qr.Base45}[test.Form])
					require.NoError(t, err)
					require.Equal(t, *test.Text, text)
					return
				}
				text, err := encode(token)
				require.NoError(t, err)
				require.Equal(t, *test.Text, text)
				symbol, err := qr.NewSymbol(text, qr.Options{Level: qr.M})
				require.NoError(t, err)
				require.Equal(t, test.QRVersionM, symbol.Version())
			})
		}
	}
}

// A known is a known answer of any type.
type known struct {
	common
	Sentence                     string
	Scalar, Point, X, Y          data
	Identity, Tag                string
	Message                      *data
	ZA, Digest, Nonce, Signature data
	Key, Plaintext               data
	Rounds                       int
	Ciphertext                   data
}

func TestSignature(t *testing.T) {
	type group struct {
		Type, Comment string
		Tests         []known
	}
	all := groups[group](t, "signature")
	kinds := map[string]func(*testing.T, engine.Engine, known){
		"sm2-verify": checkVerify, "sm2-point": checkPoint, "sm3": checkSM3, "sm4": checkSM4, "signed-message": checkMessage,
	}
	eachEngine(t, func(t *testing.T, e thinned) {
		for _, g := range all {
			require.Contains(t, kinds, g.Type)
			for i, test := range g.Tests {
				e.run(t, i, test.ID, func(t *testing.T) { kinds[g.Type](t, e, test) })
			}
		}
	})
}

func checkVerify(t *testing.T, e engine.Engine, k known) {
	key, err := e.Prepare(k.Point)
	require.NoError(t, err)
	assert.Equal(t, k.Result == "valid", key.Verify([32]byte(k.Digest), [64]byte(k.Signature)))
	if k.Message == nil {
		return
	}
	require.Equal(t, engine.DefaultID, k.Identity)
	za := engine.ZA(e, key)
	assert.Equal(t, []byte(k.ZA), za[:])
	assert.Equal(t, []byte(k.Digest), digestOf(e, za[:], *k.Message))
	checkNonce(t, k)
}

// checkNonce checks s·(1+d) = k - r·d (GB/T 32918.2-2016, 6.1, A6).
func checkNonce(t *testing.T, k known) {
	n, _ := new(big.Int).SetString("fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123", 16)
	d, r, s, nonce := new(big.Int).SetBytes(k.Scalar), new(big.Int).SetBytes(k.Signature[:32]), new(big.Int).SetBytes(k.Signature[32:]), new(big.Int).SetBytes(k.Nonce)
	s.Mul(s, new(big.Int).Add(d, big.NewInt(1))).Add(s, r.Mul(r, d)).Mod(s, n)
	assert.Equal(t, nonce, s)
}

func checkPoint(t *testing.T, e engine.Engine, k known) {
	key, err := e.Prepare(k.Point)
	if k.Result == "invalid" {
		require.ErrorIs(t, err, engine.ErrPoint)
		return
	}
	require.NoError(t, err)
	raw := key.Bytes()
	assert.Equal(t, raw[:], join(data{4}, k.X, k.Y))
}

func checkSM3(t *testing.T, e engine.Engine, k known) {
	assert.Equal(t, []byte(k.Digest), digestOf(e, *k.Message))
}

func checkSM4(t *testing.T, e engine.Engine, k known) {
	if k.Rounds > 1000 && raceEnabled() {
		t.Skip("the race detector makes a million rounds half a minute, and they share nothing")
	}
	c, err := e.NewSM4(k.Key)
	require.NoError(t, err)
	b := slices.Clone(k.Plaintext)
	for range k.Rounds {
		c.Encrypt(b, b)
	}
	assert.Equal(t, k.Ciphertext, b)
}

func checkMessage(t *testing.T, e engine.Engine, k known) {
	checkSignature(t, e, k.Point, message(k.Tag, *k.Message), k.ZA, k.Digest, k.Signature)
	name, found := strings.CutPrefix(k.Sentence, citycodetest.KeySentence)
	require.True(t, found)
	assert.Equal(t, citycodetest.Scalar(name), []byte(k.Scalar))
	// Deterministic, as everything here: the signature can be made again from the key.
	again, err := engine.SignDigest(nil, citycodetest.Key(name), [32]byte(k.Digest))
	require.NoError(t, err)
	assert.Equal(t, []byte(k.Signature), again[:])
}
