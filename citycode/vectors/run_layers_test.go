package vectors_test

import (
	"bytes"
	"crypto"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/qr"
)

// TestLayers checks every layer of every valid token by itself, and that the library makes the same token from
// the claims and the private keys.
func TestLayers(t *testing.T) {
	all := groups[tokenGroup](t, "token_verify")
	eachEngine(t, func(t *testing.T, e thinned) {
		for _, g := range all {
			for i, test := range g.Tests {
				if test.Result == "valid" {
					e.run(t, i, test.ID, func(t *testing.T) { checkLayers(t, e, test.Token, test.Layers) })
				}
			}
		}
	})
	for _, g := range all {
		for _, test := range g.Tests {
			if test.Result == "valid" {
				t.Run("text/"+test.ID, func(t *testing.T) { checkText(t, test.Token, test.Prefix, test.Layers) })
			}
			if test.Result == "valid" {
				t.Run("issue/"+test.ID, func(t *testing.T) { checkIssue(t, g, test) })
			}
		}
	}
}

// message returns tag ‖ bytes.
func message(tag string, b []byte) []byte { return append([]byte(tag), b...) }

// checkSignature checks what a signature is over, ZA, the digest, and that it verifies.
func checkSignature(t *testing.T, e engine.Engine, public, signed, za, digest, signature []byte) {
	t.Helper()
	key, err := e.Prepare(public)
	require.NoError(t, err)
	want := engine.ZA(e, key)
	assert.Equal(t, want[:], za)
	assert.Equal(t, digestOf(e, za, signed), digest)
	assert.True(t, key.Verify([32]byte(digest), [64]byte(signature)))
}

func checkLayers(t *testing.T, e engine.Engine, token []byte, l *layers) {
	require.NotNil(t, l)
	holder := l.Claims.HolderKey
	if l.Implicit != nil {
		checkImplicit(t, e, l)
		holder = l.Implicit.HolderPublicKey
	} else {
		assert.Equal(t, []byte(l.Credential), join(l.IssuerMessage[8:], l.IssuerSignature))
		assert.Equal(t, l.IssuerTag, string(l.IssuerMessage[:8]))
		checkSignature(t, e, l.IssuerKey, l.IssuerMessage, l.IssuerZA, l.IssuerDigest, l.IssuerSignature)
	}
	if d := l.Dynamic; d == nil {
		assert.Equal(t, []byte(l.Credential), token)
	} else {
		assert.Equal(t, join(l.Credential, d.Bytes, d.HolderSignature), token)
		assert.Equal(t, message(d.HolderTag, join(l.Credential, d.Bytes)), []byte(d.HolderMessage))
		checkSignature(t, e, holder, d.HolderMessage, d.HolderZA, d.HolderDigest, d.HolderSignature)
	}
}

func checkText(t *testing.T, token []byte, prefix string, l *layers) {
	decimal, err := qr.EncodeDecimal(token)
	require.NoError(t, err)
	assert.Equal(t, l.Text.Decimal, decimal)
	if prefix != "" {
		assert.Equal(t, prefix+decimal, l.Text.Whole)
	}
	base45, err := qr.EncodeBase45(token)
	require.NoError(t, err)
	assert.Equal(t, l.Text.Base45, base45)
	assert.Equal(t, l.Text.QRVersionM, versionOf(t, decimal))
}

// versions are those of digits, which depend on their number alone, so that few symbols are drawn.
var versions = map[int]int{}

func versionOf(t *testing.T, digits string) int {
	t.Helper()
	v, known := versions[len(digits)]
	if !known {
		symbol, err := qr.NewSymbol(digits, qr.Options{Level: qr.M})
		require.NoError(t, err)
		v = symbol.Version()
		versions[len(digits)] = v
	}
	return v
}

// checkIssue makes the token from its claims by the library: every byte before each signature must be the same.
func checkIssue(t *testing.T, g tokenGroup, test tokenTest) {
	l := test.Layers
	var w world
	unmarshal(t, merge(t, g.World, test.World), &w)
	var profiles []citycode.Profile
	for _, p := range w.Profiles {
		profiles = append(profiles, profileOf(t, p))
	}
	id, err := citycode.ParseKeyID(l.Claims.Issuer)
	require.NoError(t, err)
	c := citycode.Claims{Profile: citycode.ProfileID(l.Claims.Profile), IssuedAt: time.Unix(l.Claims.IssuedAt, 0), NotAfter: time.Unix(l.Claims.NotAfter, 0),
		List: uint8(l.Claims.List), Index: uint32(l.Claims.Index), Scenes: citycode.Scenes(l.Claims.Scenes), Benefit: uint8(l.Claims.Benefit), Subject: l.Claims.Subject,
		SourceSegment: l.Claims.Source}
	if l.Implicit != nil {
		checkImplicitIssue(t, g, test, id, profiles, c)
		return
	}
	issuer, err := citycode.NewIssuer(citycode.IssuerConfig{ID: id, Key: signer(t, g, l.IssuerKey), Profiles: profiles, Sealer: fixedSeal(l.Claims.Seal)})
	require.NoError(t, err)
	d := l.Dynamic
	var holderKey *citycode.SoftwareKey
	if d != nil {
		holderKey, err = citycode.NewSoftwareKey(signer(t, g, l.Claims.HolderKey), fixed(d.Counter))
		require.NoError(t, err)
		c.Possession, err = holderKey.ProvePossession(id, [citycode.PossessionNonceSize]byte{})
		require.NoError(t, err)
	}
	cred, err := issuer.Issue(c)
	require.NoError(t, err)
	signed := len(l.Credential) - 64
	assert.Equal(t, []byte(l.Credential[:signed]), cred.Bytes()[:signed])
	if d == nil {
		return
	}
	checkPresent(t, g, test, holderKey)
}

// checkPresent makes the token from its credential.
func checkPresent(t *testing.T, g tokenGroup, test tokenTest, holderKey *citycode.SoftwareKey) {
	l, d := test.Layers, test.Layers.Dynamic
	// The library signs with a nonce of its own, so the token is made of the credential of the vector.
	cred, err := citycode.ParseCredential(l.Credential)
	require.NoError(t, err)
	holder, err := citycode.NewHolder(cred, holderKey)
	require.NoError(t, err)
	p := citycode.Presentation{Time: time.Unix(d.Time, 0), Audience: citycode.Scenes(d.Audience), Challenge: d.Challenge, Prefix: test.Prefix}
	if test.Prefix != "" { // the challenge field is made of the terminal's challenge and the text in front
		var j terminal
		unmarshal(t, merge(t, g.Terminal, test.Terminal), &j)
		p.Challenge = nil
		if j.Challenge != nil {
			p.Challenge = j.Challenge.Value
		}
	}
	token, err := holder.Present(p)
	require.NoError(t, err)
	signed := len(test.Token) - 64
	assert.Equal(t, []byte(test.Token[:signed]), token.Bytes()[:signed])
}

// signer returns the private key of a public key of the group.
func signer(t *testing.T, g tokenGroup, public []byte) crypto.Signer {
	t.Helper()
	i := slices.IndexFunc(g.PrivateKeys, func(k privateKey) bool { return bytes.Equal(k.Public, public) })
	require.GreaterOrEqual(t, i, 0, "no private key for %x", public)
	key, err := engine.NewSigner(g.PrivateKeys[i].Scalar)
	require.NoError(t, err)
	return key
}

// fixedSeal gives one seal: a nonce of the library's own would make another.
type fixedSeal []byte

func (f fixedSeal) Seal(_, _ []byte) ([]byte, error) { return f, nil }

// fixed is a counter that gives one number.
type fixed uint32

func (f fixed) Next() (uint32, error) { return uint32(f), nil }

// TestPrivateKeys checks that every private key follows from its sentence and belongs to its public key.
func TestPrivateKeys(t *testing.T) {
	type keyed struct {
		PrivateKeys []privateKey
	}
	for _, name := range []string{"token_verify", "trust_list", "status_list", "root_change", "snapshot", "status_delta"} {
		for _, raw := range open(t, name).Groups {
			var g keyed
			unmarshalLoosely(t, raw, &g)
			require.NotEmpty(t, g.PrivateKeys)
			for _, k := range g.PrivateKeys {
				assert.Equal(t, citycodetest.KeySentence+k.Name, k.Sentence)
				assert.Equal(t, citycodetest.Scalar(k.Name), []byte(k.Scalar))
				key, err := engine.NewSigner(k.Scalar)
				require.NoError(t, err)
				public, err := citycode.PublicKeyOf(key)
				require.NoError(t, err)
				assert.Equal(t, public[:], []byte(k.Public))
			}
		}
	}
}
