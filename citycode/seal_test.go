package citycode_test

import (
	"bytes"
	"crypto/cipher"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/engine/smcryptotest"
	"github.com/citizencode/citizencode/citycode/engine/tjfoc"
)

// sealedProfile is a city's own ride code with an identity under seal.
func sealedProfile() citycode.Profile {
	return private(citycode.TransitProfile(), 0xf1, citycodetest.Shenyang, func(p *citycode.Profile) { p.SealSize = 48 })
}

func sealSecret(id uint16) []byte { return citycodetest.Scalar(fmt.Sprint("seal key ", id))[:16] }

func newSealKey(t testing.TB, id uint16, change func(*citycode.SealKeyConfig)) *citycode.SealKey {
	t.Helper()
	cfg := citycode.SealKeyConfig{ID: id, Key: sealSecret(id), Rand: citycodetest.Random(fmt.Sprint("nonces ", id))}
	if change != nil {
		change(&cfg)
	}
	k, err := citycode.NewSealKey(cfg)
	require.NoError(t, err)
	return k
}

func newUnsealer(t testing.TB, keys ...*citycode.SealKey) *citycode.Unsealer {
	t.Helper()
	u, err := citycode.NewUnsealer(keys...)
	require.NoError(t, err)
	return u
}

// sealed issues, shows and verifies a sealed identity.
func sealedCode(t testing.TB, e engine.Engine, sealer citycode.Sealer, identity []byte) *citycode.Verified {
	t.Helper()
	c := newPrivateCity(t, citycodetest.Shenyang, sealer, sealedProfile())
	claims := c.claims("citizen", sealedProfile(), citycode.Transit)
	claims.Identity = identity
	verified, err := c.verifier(e).Verify(c.show(c.holder("citizen", claims), citycode.Transit, nil), atTheGate)
	require.NoError(t, err)
	return verified
}

func TestSealRoundTrip(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		identity := []byte("210102199001011234")
		v := sealedCode(t, e, newSealKey(t, 7, nil), identity)
		assert.Len(t, v.Bytes(), 203+1+2+12+48+16)
		got, err := v.Unseal(newUnsealer(t, newSealKey(t, 7, nil)))
		require.NoError(t, err)
		assert.Equal(t, identity, got)

		// Whoever has no key, or another one, learns nothing, and the verdict
		// that was given stands.
		for name, u := range map[string]*citycode.Unsealer{
			"no unsealer": nil, "no keys": newUnsealer(t), "another id": newUnsealer(t, newSealKey(t, 8, nil)),
			"another key under the id": newUnsealer(t, newSealKey(t, 7, func(c *citycode.SealKeyConfig) { c.Key = sealSecret(8) })),
			"the key under another id": newUnsealer(t, newSealKey(t, 8, func(c *citycode.SealKeyConfig) { c.Key = sealSecret(7) })),
		} {
			got, err := v.Unseal(u)
			assert.ErrorIs(t, err, citycode.ErrCannotUnseal, name)
			assert.Nil(t, got, name)
		}

		c := citycodetest.NewCity(t, citycodetest.Shenyang)
		plain, err := c.Verifier(e).Verify(c.Citizen("a", citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit), atTheGate)
		require.NoError(t, err)
		_, err = plain.Unseal(newUnsealer(t, newSealKey(t, 7, nil)))
		assert.ErrorIs(t, err, citycode.ErrCannotUnseal, "a code without a seal")
	})
}

// TestSealRotation: a reader holds the current key and earlier ones.
func TestSealRotation(t *testing.T) {
	old, current := newSealKey(t, 1, nil), newSealKey(t, 2, nil)
	before, after := sealedCode(t, engine.Default(), old, []byte("a")), sealedCode(t, engine.Default(), current, []byte("b"))
	both := newUnsealer(t, newSealKey(t, 1, nil), newSealKey(t, 2, nil))
	for want, v := range map[string]*citycode.Verified{"a": before, "b": after} {
		got, err := v.Unseal(both)
		require.NoError(t, err)
		assert.Equal(t, want, string(got))
	}
	_, err := before.Unseal(newUnsealer(t, newSealKey(t, 2, nil)))
	assert.ErrorIs(t, err, citycode.ErrCannotUnseal)
	_, err = citycode.NewUnsealer(old, current, newSealKey(t, 1, nil))
	assert.ErrorContains(t, err, "stands twice")
}

// eachCipher runs f with SM4-GCM of other origins under the secret of a seal
// key: a second SM4 in the standard library's GCM, and one in which neither the
// block nor the mode is ours.
func eachCipher(t *testing.T, id uint16, f func(t *testing.T, gcm cipher.AEAD)) {
	t.Run(tjfoc.New().Name(), func(t *testing.T) {
		block, err := tjfoc.New().NewSM4(sealSecret(id))
		require.NoError(t, err)
		gcm, err := cipher.NewGCM(block)
		require.NoError(t, err)
		f(t, gcm)
	})
	t.Run(smcryptotest.Name, func(t *testing.T) {
		f(t, smcryptotest.Start(t, "engine/testdata/smcrypto").NewGCM(sealSecret(id)))
	})
}

// TestSealOtherCipher: other ciphers open what was sealed, write the same bytes,
// and find every bit of the additional data, the text and the tag in the tag.
func TestSealOtherCipher(t *testing.T) {
	key := newSealKey(t, 7, nil)
	aad, plaintext := []byte("what stands before the seal"), bytes.Repeat([]byte{0x5a}, 48)
	seal, err := key.Seal(aad, plaintext)
	require.NoError(t, err)
	require.Len(t, seal, 2+12+48+16)
	assert.Equal(t, []byte{0, 7}, seal[:2])
	again, err := key.Seal(aad, plaintext)
	require.NoError(t, err)
	assert.NotEqual(t, seal[2:14], again[2:14], "a nonce is never used twice")
	assert.EqualValues(t, 2, key.Used())

	random := rand.New(rand.NewPCG(7, 0))
	some := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	eachCipher(t, 7, func(t *testing.T, gcm cipher.AEAD) {
		got, err := gcm.Open(nil, seal[2:14], seal[14:], aad)
		require.NoError(t, err)
		assert.Equal(t, plaintext, got)
		for bit := range 8 * len(aad) {
			_, err := gcm.Open(nil, seal[2:14], seal[14:], flip(aad, bit))
			require.Error(t, err)
		}
		for bit := 8 * 2; bit < 8*len(seal); bit++ {
			wrong := flip(seal, bit)
			_, err := gcm.Open(nil, wrong[2:14], wrong[14:], aad)
			require.Error(t, err, "bit %d", bit)
		}
		// Every length that a seal may have, and what may stand in front of it.
		for n := 1; n <= 255-30; n++ {
			aad, plaintext := some(random.IntN(300)), some(n)
			seal, err := key.Seal(aad, plaintext)
			require.NoError(t, err)
			got, err := gcm.Open(nil, seal[2:14], seal[14:], aad)
			require.NoError(t, err, "%x under %x", seal, aad)
			require.Equal(t, plaintext, got)
			require.Equal(t, seal[14:], gcm.Seal(nil, seal[2:14], plaintext, aad))
		}
	})
}

// TestSealInToken: the additional data is every byte of the token before the key
// id, the length byte of the seal included.
func TestSealInToken(t *testing.T) {
	c := newPrivateCity(t, citycodetest.Shenyang, newSealKey(t, 7, nil), sealedProfile())
	claims := c.claims("citizen", sealedProfile(), citycode.Transit)
	claims.Identity = []byte("somebody")
	token := c.show(c.holder("citizen", claims), citycode.Transit, nil)
	b, seal := token.Bytes(), fieldOf(t, token, "seal")
	from := bytes.Index(b, seal)
	eachCipher(t, 7, func(t *testing.T, gcm cipher.AEAD) {
		padded, err := gcm.Open(nil, seal[2:14], seal[14:], b[:from])
		require.NoError(t, err)
		assert.Equal(t, append([]byte("\x08somebody"), make([]byte, 39)...), padded)
		for bit := range 8 * from {
			_, err := gcm.Open(nil, seal[2:14], seal[14:], flip(b, bit)[:from])
			require.Error(t, err)
		}
	})

	// In a token every bit of the seal, and in front of it, is the issuer's word.
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		v := c.verifier(e)
		for bit := 8 * 7; bit < 8*(from+len(seal)); bit++ {
			if bit/8 == 19 || bit/8 == 20 || bit/8 == 22 || bit/8 == from-1 || !every(e, bit, 5, 101) {
				continue // the mask and the lengths are judged before any signature
			}
			_, reason := verdict(t, v, reads(t, flip(b, bit)), atTheGate)
			require.Equal(t, citycode.BadIssuerSignature, reason, "bit %d", bit)
		}
	})

	// A seal that was moved to another credential, by somebody with the
	// issuer's key but not the seal's: the code is valid, the seal is not.
	s := stranger{version: 0x11, mode: 0x15, profile: 0xf1, issuer: uint32(c.Issuer.ID()), issuedAt: uint32(claims.IssuedAt.Unix()), notAfter: uint32(claims.NotAfter.Unix()),
		index: claims.Index, scenes: 1, subject: claims.Subject, seal: seal, issuerKey: citycodetest.Key("210100 issuer"), holder: citycodetest.Key("citizen"),
		time: uint32(c.Clock.Now().Unix()), audience: 1}
	u := newUnsealer(t, newSealKey(t, 7, nil))
	for name, change := range map[string]func(*stranger){
		"as it was": nil, "another subject": func(s *stranger) { s.subject = []byte("somebody") }, "another index": func(s *stranger) { s.index++ }, "another end": func(s *stranger) { s.notAfter-- },
		"another benefit": func(s *stranger) { s.benefit = 1 }, "another key id": func(s *stranger) { s.seal = flip(s.seal, 15) }, "another nonce": func(s *stranger) { s.seal = flip(s.seal, 16) },
		"another text": func(s *stranger) { s.seal = flip(s.seal, 8*20) }, "another tag": func(s *stranger) { s.seal = flip(s.seal, 8*len(s.seal)-1) },
	} {
		moved := s
		if change != nil {
			change(&moved)
		}
		for _, e := range engines() {
			v, reason := verdict(t, c.verifier(e), reads(t, moved.token(t)), atTheGate)
			require.Zero(t, reason, name)
			got, err := v.Unseal(u)
			if change == nil {
				require.NoError(t, err, name)
				assert.Equal(t, "somebody", string(got))
			} else {
				assert.ErrorIs(t, err, citycode.ErrCannotUnseal, name)
			}
		}
	}
}

// TestSealPadding: a seal's length tells nothing about the identity.
func TestSealPadding(t *testing.T) {
	key := newSealKey(t, 7, nil)
	u := newUnsealer(t, key)
	c := newPrivateCity(t, citycodetest.Shenyang, key, sealedProfile())
	v := c.verifier(engine.Default())
	rapid.Check(t, func(r *rapid.T) {
		claims := c.claims("citizen", sealedProfile(), citycode.Transit)
		claims.Identity = rapid.SliceOfN(rapid.Byte(), 0, 47).Draw(r, "identity")
		token := c.show(c.holder("citizen", claims), citycode.Transit, nil)
		require.Len(r, token.Bytes(), 203+79)
		verified, err := v.Verify(token, atTheGate)
		require.NoError(r, err)
		got, err := verified.Unseal(u)
		require.NoError(r, err)
		require.Equal(r, len(claims.Identity), len(got))
		require.True(r, bytes.Equal(claims.Identity, got))
	})
	claims := c.claims("citizen", sealedProfile(), citycode.Transit)
	used := key.Used()
	claims.Identity = make([]byte, 48)
	_, err := c.issuer.Issue(claims)
	assert.ErrorContains(t, err, "at most 47")
	assert.Equal(t, used, key.Used())
}

// A sealerFunc is a sealer that does what a test wants.
type sealerFunc func(aad, plaintext []byte) ([]byte, error)

func (f sealerFunc) Seal(aad, plaintext []byte) ([]byte, error) { return f(aad, plaintext) }

// TestSealFilling: an issuer that hides something behind the identity, where no
// reader would look, is not read at all.
func TestSealFilling(t *testing.T) {
	key := newSealKey(t, 7, nil)
	for name, change := range map[string]func([]byte){
		"as it should be": nil, "a byte at the end": func(b []byte) { b[47] = 1 }, "a byte behind the identity": func(b []byte) { b[9] = 0x80 },
		"a length beyond the seal": func(b []byte) { b[0] = 48 }, "length 255": func(b []byte) { b[0] = 255 }, "a length too small": func(b []byte) { b[0] = 7 },
	} {
		v := sealedCode(t, engine.Default(), sealerFunc(func(aad, plaintext []byte) ([]byte, error) {
			if change != nil {
				change(plaintext)
			}
			return key.Seal(aad, plaintext)
		}), []byte("somebody"))
		_, err := v.Unseal(newUnsealer(t, key))
		assert.Equal(t, change != nil, errors.Is(err, citycode.ErrCannotUnseal), name)
	}
}

// TestSealRefuses: what a sealer may do wrong does not leave the issuer.
func TestSealRefuses(t *testing.T) {
	key := newSealKey(t, 7, nil)
	broken := errors.New("the HSM is out of order")
	for name, sealer := range map[string]citycode.Sealer{
		"a byte too long": sealerFunc(func(aad, p []byte) ([]byte, error) { b, err := key.Seal(aad, p); return append(b, 0), err }),
		"a byte too short": sealerFunc(func(aad, p []byte) ([]byte, error) {
			b, err := key.Seal(aad, p)
			return b[:len(b)-1], err
		}),
		"nothing":       sealerFunc(func(aad, p []byte) ([]byte, error) { return nil, nil }),
		"the plaintext": sealerFunc(func(aad, p []byte) ([]byte, error) { return p, nil }),
		"an error":      sealerFunc(func(aad, p []byte) ([]byte, error) { return nil, broken }),
		"no sealer":     nil,
	} {
		c := newPrivateCity(t, citycodetest.Shenyang, sealer, sealedProfile())
		claims := c.claims("citizen", sealedProfile(), citycode.Transit)
		claims.Identity = []byte("somebody")
		cred, err := c.issuer.Issue(claims)
		assert.Error(t, err, name)
		assert.Nil(t, cred, name)
	}
	for _, n := range []int{0, 15, 17, 32} {
		_, err := citycode.NewSealKey(citycode.SealKeyConfig{Key: make([]byte, n)})
		assert.Error(t, err, n)
	}
	k := newSealKey(t, 7, func(c *citycode.SealKeyConfig) { c.Rand = noRandom{} })
	_, err := k.Seal(nil, make([]byte, 48))
	assert.ErrorIs(t, err, errNoRandom)
}

// TestSealUsedUp: after 2^32 random nonces two could meet, and then both texts
// and the key of the tags are anybody's.
func TestSealUsedUp(t *testing.T) {
	key := newSealKey(t, 7, func(c *citycode.SealKeyConfig) { c.Used = citycode.MaxSeals - 1 })
	_, err := key.Seal(nil, make([]byte, 48))
	require.NoError(t, err)
	for range 2 {
		seal, err := key.Seal(nil, make([]byte, 48))
		assert.ErrorContains(t, err, "used up")
		assert.Nil(t, seal)
		assert.EqualValues(t, 1<<32, key.Used())
	}
	_, err = newSealKey(t, 7, func(c *citycode.SealKeyConfig) { c.Used = 1<<64 - 1 }).Seal(nil, nil)
	assert.ErrorContains(t, err, "used up")
	// It still reads.
	_, err = sealedCode(t, engine.Default(), newSealKey(t, 7, nil), []byte("a")).Unseal(newUnsealer(t, key))
	assert.NoError(t, err)
}
