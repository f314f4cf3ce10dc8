package citycode_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

// A brokenHSM has the key and does not sign.
type brokenHSM struct {
	crypto.Signer
	err error
}

var errHSM = errors.New("the HSM is out of order")

func (h brokenHSM) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, h.err }

// otherCurve is a signer of NIST P-256.
func otherCurve(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.NewChaCha8([32]byte{}))
	require.NoError(t, err)
	return key
}

// A counter counts, until it is told to fail.
type counter struct {
	n   uint32
	err error
}

func (c *counter) Next() (uint32, error) { c.n++; return c.n, c.err }

// holderOf returns a ride code's holder with a key of the test's making.
func holderOf(t testing.TB, c *citycodetest.City, key citycode.HolderSigner) (*citycode.Holder, error) {
	t.Helper()
	claims := personsClaims(t, c.Issuer)
	claims.IssuedAt, claims.NotAfter, claims.List = at(noon-hour), at(noon+hour), 0
	cred, err := c.Issuer.Issue(claims)
	require.NoError(t, err)
	return citycode.NewHolder(cred, key)
}

func softwareKey(t testing.TB, name string, c citycode.Counter) *citycode.SoftwareKey {
	t.Helper()
	key, err := citycode.NewSoftwareKey(citycodetest.Key(name), c)
	require.NoError(t, err)
	return key
}

// TestHolderBytes: the library and the stranger show the same code.
func TestHolderBytes(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	holder, err := holderOf(t, c, softwareKey(t, "citizen", &counter{n: 41}))
	require.NoError(t, err)
	for _, n := range []int{0, 8, 16} {
		challenge := make([]byte, n)
		token, err := holder.Present(citycode.Presentation{Time: at(noon), Audience: citycode.Transit, Challenge: challenge})
		require.NoError(t, err)
		assert.Len(t, token.Bytes(), 203+n)
		s := stranger{mode: 1, holder: citycodetest.Key("citizen"), time: uint32(noon), counter: binary.BigEndian.Uint32(token.Bytes()[132:]), audience: 1, challenge: challenge}
		assert.Equal(t, s.show(t, token.Bytes()[:128]), token.Bytes())
	}
}

// A keyOffCurve is a device that names a key which nobody can hold.
type keyOffCurve struct{ citycode.HolderSigner }

func (keyOffCurve) PublicKey() citycode.PublicKey { return citycode.PublicKey(offCurve()) }

func TestNewHolderRefuses(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	key := softwareKey(t, "citizen", new(counter))
	_, err := holderOf(t, c, softwareKey(t, "another citizen", new(counter)))
	assert.ErrorContains(t, err, "not the one that the credential names")
	_, err = holderOf(t, c, nil)
	assert.Error(t, err)
	_, err = citycode.NewHolder(nil, key)
	assert.Error(t, err)
	place, err := citycode.ParseCredential(c.Place(nil).Bytes())
	require.NoError(t, err)
	_, err = citycode.NewHolder(place, key)
	assert.ErrorContains(t, err, "static credential has no holder key")
	s := stranger{version: 0x11, mode: 0x10 | modeMultiple, profile: 3, issuer: 210100<<12 | 1, subject: make([]byte, 8),
		holder: citycodetest.Key("citizen"), multiple: compressed(t, citycodetest.Key("citizen")), issuerKey: citycodetest.Key("210100 issuer")}
	cred, err := citycode.ParseCredential(s.static(t))
	require.NoError(t, err)
	_, err = citycode.NewHolder(cred, key)
	assert.ErrorContains(t, err, "credential has no holder key")

	// A key off the curve in a credential is no key's that can be held; one
	// that a device claims to hold is found before the names are compared.
	off := stranger{version: 0x11, mode: 0x11, profile: 3, issuer: 210100<<12 | 1, subject: make([]byte, 8), key: offCurve(), issuerKey: citycodetest.Key("210100 issuer")}
	cred, err = citycode.ParseCredential(off.static(t))
	require.NoError(t, err)
	_, err = citycode.NewHolder(cred, key)
	assert.ErrorContains(t, err, "not the one that the credential names")
	_, err = citycode.NewHolder(cred, keyOffCurve{key})
	assert.ErrorIs(t, err, engine.ErrPoint)

	for _, bad := range []struct {
		signer  crypto.Signer
		counter citycode.Counter
	}{{nil, new(counter)}, {citycodetest.Key("citizen"), nil}, {otherCurve(t), new(counter)}} {
		_, err := citycode.NewSoftwareKey(bad.signer, bad.counter)
		assert.Error(t, err)
	}
}

// TestPresentRefuses: what a wallet finds before the gate does.
func TestPresentRefuses(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	count := new(counter)
	holder, err := holderOf(t, c, softwareKey(t, "citizen", count))
	require.NoError(t, err)
	for name, p := range map[string]citycode.Presentation{
		"a group outside the mask": {Time: at(noon), Audience: citycode.Medical},
		"two groups":               {Time: at(noon), Audience: citycode.Transit | citycode.Medical},
		"all groups":               {Time: at(noon), Audience: 0xffff},
		"a challenge of 1":         {Time: at(noon), Audience: citycode.Transit, Challenge: make([]byte, 1)},
		"a challenge of 15":        {Time: at(noon), Audience: citycode.Transit, Challenge: make([]byte, 15)},
		"a challenge of 32":        {Time: at(noon), Audience: citycode.Transit, Challenge: make([]byte, 32)},
		"no time":                  {Audience: citycode.Transit},
		"after 2106":               {Time: at(1 << 32), Audience: citycode.Transit},
	} {
		_, err := holder.Present(p)
		assert.Error(t, err, name)
	}
	assert.Zero(t, count.n, "a refused showing takes no counter")

	// Several scenes: one is chosen, or none where the profile allows it.
	universal := c.Citizen("u", citycode.ProfileUniversal, citycode.Transit|citycode.Medical, nil)
	for audience, ok := range map[citycode.Scenes]bool{0: true, citycode.Transit: true, citycode.Medical: true, citycode.Transit | citycode.Medical: false, citycode.Parking: false} {
		_, err := universal.Present(citycode.Presentation{Time: at(noon), Audience: audience})
		assert.Equal(t, ok, err == nil, audience.String())
	}
}

// A liar is a HolderSigner that does something else than it is asked to.
type liar struct {
	*citycode.SoftwareKey
	lie func(honest *citycode.SoftwareKey, static, dynamic []byte) ([]byte, error)
}

func (l liar) SignToken(static, dynamic []byte) ([]byte, error) {
	return l.lie(l.SoftwareKey, static, dynamic)
}

// TestPresentLiars: a card or key store that signed something else is found
// here, and not by a gate in front of a queue.
func TestPresentLiars(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	type lie = func(k *citycode.SoftwareKey, static, dynamic []byte) ([]byte, error)
	change := func(f func(answer []byte) []byte) lie {
		return func(k *citycode.SoftwareKey, static, dynamic []byte) ([]byte, error) {
			b, err := k.SignToken(static, dynamic)
			return f(b), err
		}
	}
	for name, lie := range map[string]lie{
		"a bit flipped":   change(func(b []byte) []byte { return flip(b, 8*len(b)-1) }),
		"another counter": change(func(b []byte) []byte { b[3]++; return b }),
		"a byte too few":  change(func(b []byte) []byte { return b[:len(b)-1] }),
		"a byte too many": change(func(b []byte) []byte { return append(b, 0) }),
		"nothing":         change(func(b []byte) []byte { return nil }),
		"no counter":      change(func(b []byte) []byte { return b[4:] }),
		"zeros":           change(func(b []byte) []byte { return make([]byte, len(b)) }),
		"ones":            change(func(b []byte) []byte { clear(b); b[35], b[67] = 1, 1; return b }),
		"another time": func(k *citycode.SoftwareKey, s, d []byte) ([]byte, error) {
			d = append([]byte(nil), d...)
			d[3]++
			return k.SignToken(s, d)
		},
		"another audience": func(k *citycode.SoftwareKey, s, d []byte) ([]byte, error) {
			d = append([]byte(nil), d...)
			d[9] = 2
			return k.SignToken(s, d)
		},
		"another credential": func(k *citycode.SoftwareKey, s, d []byte) ([]byte, error) { return k.SignToken(s[1:], d) },
		"no credential":      func(k *citycode.SoftwareKey, s, d []byte) ([]byte, error) { return k.SignToken(nil, d) },
		"a challenge": func(k *citycode.SoftwareKey, s, d []byte) ([]byte, error) {
			return k.SignToken(s, append(d[:len(d):len(d)], 1))
		},
		"another key": func(_ *citycode.SoftwareKey, s, d []byte) ([]byte, error) {
			return softwareKey(t, "somebody", new(counter)).SignToken(s, d)
		},
		"writes a time where it is": func(k *citycode.SoftwareKey, s, d []byte) ([]byte, error) { d[3]++; return k.SignToken(s, d) },
		"writes an audience there":  func(k *citycode.SoftwareKey, s, d []byte) ([]byte, error) { d[9] = 2; return k.SignToken(s, d) },
		"writes on the credential":  func(k *citycode.SoftwareKey, s, d []byte) ([]byte, error) { s[23]++; return k.SignToken(s, d) },
	} {
		key := softwareKey(t, "citizen", new(counter))
		holder, err := holderOf(t, c, liar{key, lie})
		require.NoError(t, err)
		_, err = holder.Present(citycode.Presentation{Time: at(noon), Audience: citycode.Transit})
		assert.Error(t, err, name)
	}
	// A key that writes its counter into what it was given has done no harm.
	holder, err := holderOf(t, c, liar{softwareKey(t, "citizen", new(counter)), func(k *citycode.SoftwareKey, s, d []byte) ([]byte, error) {
		b, err := k.SignToken(s, d)
		copy(d[4:8], b[:4])
		return b, err
	}})
	require.NoError(t, err)
	_, err = holder.Present(citycode.Presentation{Time: at(noon), Audience: citycode.Transit})
	assert.NoError(t, err)
	// A key asked to sign less than a dynamic part signs nothing.
	_, err = softwareKey(t, "citizen", new(counter)).SignToken(nil, make([]byte, 10))
	assert.Error(t, err)
}

// TestPresentCounter: a counter that could not be made durable signs nothing,
// and one that is used twice is found by whoever has seen the first.
func TestPresentCounter(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	c.Clock.Set(at(noon))
	broken := errors.New("the flash is worn out")
	holder, err := holderOf(t, c, softwareKey(t, "citizen", &counter{err: broken}))
	require.NoError(t, err)
	_, err = holder.Present(citycode.Presentation{Time: at(noon), Audience: citycode.Transit})
	assert.ErrorIs(t, err, broken)

	holder, err = holderOf(t, c, softwareKey(t, "citizen", stuckCounter{}))
	require.NoError(t, err)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		if slow(e) && testing.Short() {
			t.Skip("tjfoc is twenty times as slow: runs without -short")
		}
		v := c.Verifier(e)
		show := func(made int64) citycode.Reason {
			token, err := holder.Present(citycode.Presentation{Time: at(made), Audience: citycode.Transit})
			require.NoError(t, err)
			_, reason := verdict(t, v, token, citycode.Check{Audience: citycode.Transit})
			return reason
		}
		assert.Zero(t, show(noon))
		assert.Equal(t, citycode.Replayed, show(noon), "the same second")
		assert.Zero(t, show(noon+1), "a later second is another token")
		assert.Equal(t, citycode.Replayed, show(noon), "and the first one is over")
	})

	key := softwareKey(t, "citizen", brokenCounter{})
	holder, err = holderOf(t, c, key)
	require.NoError(t, err)
	_, err = holder.Present(citycode.Presentation{Time: at(noon), Audience: citycode.Transit})
	assert.ErrorIs(t, err, errHSM)
	failing, err := citycode.NewSoftwareKey(brokenHSM{citycodetest.Key("citizen"), errHSM}, new(counter))
	require.NoError(t, err)
	holder, err = holderOf(t, c, failing)
	require.NoError(t, err)
	_, err = holder.Present(citycode.Presentation{Time: at(noon), Audience: citycode.Transit})
	assert.ErrorIs(t, err, errHSM)
	_, err = failing.ProvePossession(c.Issuer.ID(), [16]byte{})
	assert.ErrorIs(t, err, errHSM)
}

// A stuckCounter gives one number for ever, as after a restored backup.
type stuckCounter struct{}

func (stuckCounter) Next() (uint32, error) { return 5, nil }

type brokenCounter struct{}

func (brokenCounter) Next() (uint32, error) { return 0, errHSM }
