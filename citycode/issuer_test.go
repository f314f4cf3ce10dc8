package citycode_test

import (
	"crypto"
	"encoding/asn1"
	"io"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

// personsClaims are those of a ride code, with the proof of its holder's key.
func personsClaims(t testing.TB, issuer *citycode.Issuer) citycode.Claims {
	t.Helper()
	return citycode.Claims{Profile: citycode.ProfileTransit, IssuedAt: at(noon), NotAfter: at(noon + dayLong), List: 1, Index: 4711,
		Scenes: citycode.Transit, Benefit: 2, Subject: []byte("pseudony"), Possession: possession(t, "citizen", issuer.ID())}
}

func possession(t testing.TB, name string, issuer citycode.KeyID) *citycode.Possession {
	t.Helper()
	key, err := citycode.NewSoftwareKey(citycodetest.Key(name), new(counter))
	require.NoError(t, err)
	proof, err := key.ProvePossession(issuer, [16]byte{1, 2, 3})
	require.NoError(t, err)
	return proof
}

// provenToBeListed is what the owner of a key gives to those who list it.
func provenToBeListed(t testing.TB, name string, id citycode.KeyID) *citycode.Possession {
	t.Helper()
	owner, err := citycode.NewIssuer(citycode.IssuerConfig{ID: id, Key: citycodetest.Key(name)})
	require.NoError(t, err)
	proof, err := owner.ProvePossession(id, [16]byte{1, 2, 3})
	require.NoError(t, err)
	return proof
}

// TestIssueBytes: the library and the stranger issue the same credentials.
func TestIssueBytes(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	cred, err := c.Issuer.Issue(personsClaims(t, c.Issuer))
	require.NoError(t, err)
	s := stranger{version: 0x11, mode: 0x11, profile: 3, issuer: uint32(c.Issuer.ID()), issuedAt: uint32(noon), notAfter: uint32(noon + dayLong), list: 1, index: 4711,
		scenes: 1, benefit: 2, subject: []byte("pseudony"), issuerKey: citycodetest.Key("210100 issuer"), holder: citycodetest.Key("citizen")}
	assert.Equal(t, s.static(t), cred.Bytes())
	assert.Len(t, cred.Bytes(), 128)

	place, err := c.Printer.Issue(citycode.Claims{Profile: citycode.ProfilePlace, IssuedAt: at(noon), NotAfter: at(noon), Subject: []byte("platform"), Scenes: 0x8001})
	require.NoError(t, err)
	s = stranger{version: 0x11, mode: 0x10, profile: 0x82, issuer: uint32(c.Printer.ID()), issuedAt: uint32(noon), notAfter: uint32(noon),
		scenes: 0x8001, subject: []byte("platform"), issuerKey: citycodetest.Key("210100 printer")}
	assert.Equal(t, s.static(t), place.Bytes())

	for _, i := range []*citycode.Issuer{c.Issuer, c.Printer} {
		assert.EqualValues(t, compressed(t, citycodetest.Key(map[citycode.KeyID]string{c.ID(1): "210100 issuer", c.ID(2): "210100 printer"}[i.ID()])), i.PublicKey())
	}
}

// TestIssueLimits: the largest and smallest that may be issued is issued.
func TestIssueLimits(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	for name, change := range map[string]func(*citycode.Claims){
		"last index":            func(k *citycode.Claims) { k.Index, k.List = 1<<24-1, 255 },
		"first index":           func(k *citycode.Claims) { k.Index, k.List = 0, 0 },
		"the whole lifetime":    func(k *citycode.Claims) { k.NotAfter = k.IssuedAt.Add(7 * 24 * time.Hour) },
		"no lifetime":           func(k *citycode.Claims) { k.NotAfter = k.IssuedAt },
		"the first second":      func(k *citycode.Claims) { k.IssuedAt, k.NotAfter = at(0), at(1) },
		"the last second":       func(k *citycode.Claims) { k.IssuedAt, k.NotAfter = at(1<<32-2), at(1<<32-1) },
		"a scene of the city":   func(k *citycode.Claims) { k.Scenes = 0x8000 },
		"every benefit":         func(k *citycode.Claims) { k.Benefit = 255 },
		"universal, all scenes": func(k *citycode.Claims) { k.Profile, k.Scenes = citycode.ProfileUniversal, 0xffff },
	} {
		claims := personsClaims(t, c.Issuer)
		change(&claims)
		cred, err := c.Issuer.Issue(claims)
		require.NoError(t, err, name)
		_, err = citycode.ParseCredential(cred.Bytes())
		require.NoError(t, err, name)
	}
}

// TestIssueRefuses: what must not leave an issuer.
func TestIssueRefuses(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	for _, r := range []struct {
		name   string
		says   string
		change func(*citycode.Claims)
	}{
		{"profile 0", "profile 0x00", func(k *citycode.Claims) { k.Profile = 0 }},
		{"unknown profile", "profile 0x08", func(k *citycode.Claims) { k.Profile = 8 }},
		{"an implicit profile", "implicit issuer", func(k *citycode.Claims) { k.Profile = citycode.ProfileImplicit }},
		{"an identity without a seal", "no identity", func(k *citycode.Claims) { k.Identity = []byte("somebody") }},
		{"a source segment without a place", "source segment of 1 bytes, not 0", func(k *citycode.Claims) { k.SourceSegment = []byte{1} }},
		{"a delegation to nobody", "source segment of 0 bytes, not 14", func(k *citycode.Claims) { k.Profile = citycode.ProfileDelegated }},
		{"private profile that nobody gave", "profile 0xf0", func(k *citycode.Claims) { k.Profile = 0xf0 }},
		{"subject of 7", "subject of 7", func(k *citycode.Claims) { k.Subject = k.Subject[:7] }},
		{"subject of 16", "subject of 16", func(k *citycode.Claims) { k.Subject = make([]byte, 16) }},
		{"no subject", "subject of 0", func(k *citycode.Claims) { k.Subject = nil }},
		{"no scene", "scene", func(k *citycode.Claims) { k.Scenes = 0 }},
		{"two scenes", "more than one", func(k *citycode.Claims) { k.Scenes = citycode.Transit | citycode.Medical }},
		{"all scenes", "more than one", func(k *citycode.Claims) { k.Scenes = 0xffff }},
		{"universal without a scene", "scene", func(k *citycode.Claims) { k.Profile, k.Scenes = citycode.ProfileUniversal, 0 }},
		{"a second too long", "longer", func(k *citycode.Claims) { k.NotAfter = k.IssuedAt.Add(7*24*time.Hour + time.Second) }},
		{"universal for two days", "longer", func(k *citycode.Claims) {
			k.Profile, k.NotAfter = citycode.ProfileUniversal, k.IssuedAt.Add(48*time.Hour)
		}},
		{"ends before it begins", "before", func(k *citycode.Claims) { k.NotAfter = k.IssuedAt.Add(-time.Second) }},
		{"no times", "issuedAt", func(k *citycode.Claims) { k.IssuedAt, k.NotAfter = time.Time{}, time.Time{} }},
		{"before 1970", "issuedAt", func(k *citycode.Claims) { k.IssuedAt = at(-1) }},
		{"after 2106", "notAfter", func(k *citycode.Claims) { k.IssuedAt, k.NotAfter = at(1<<32-1), at(1<<32) }},
		{"index of 25 bits", "24 bits", func(k *citycode.Claims) { k.Index = 1 << 24 }},
		{"index of 32 bits", "24 bits", func(k *citycode.Claims) { k.Index = 1<<32 - 1 }},
		{"no proof", "no proof of possession", func(k *citycode.Claims) { k.Possession = nil }},
		{"a proof made for another issuer", "made for 210100/2", func(k *citycode.Claims) { k.Possession = possession(t, "citizen", c.ID(2)) }},
		{"a proof made for the same key of another city", "made for 220100/1", func(k *citycode.Claims) { k.Possession = possession(t, "citizen", 220100<<12|1) }},
		{"a proof that was made to be listed under this id", "does not verify", func(k *citycode.Claims) { k.Possession = provenToBeListed(t, "citizen", c.ID(1)) }},
		{"a proof with another nonce", "does not verify", func(k *citycode.Claims) { k.Possession.Nonce[0] ^= 1 }},
		{"another's key under one's own proof", "does not verify", func(k *citycode.Claims) { k.Possession.Key = possession(t, "victim", c.ID(1)).Key }},
		{"a proof of zeros", "does not verify", func(k *citycode.Claims) { k.Possession.Signature = [64]byte{} }},
		{"a proof with a bit flipped", "does not verify", func(k *citycode.Claims) { k.Possession.Signature[63] ^= 1 }},
		{"a key off the curve", "public key", func(k *citycode.Claims) { k.Possession.Key = citycode.PublicKey(offCurve()) }},
		{"a key of zeros", "public key", func(k *citycode.Claims) { k.Possession.Key = citycode.PublicKey{} }},
		{"the issuer's own key", "issuer's own", func(k *citycode.Claims) { k.Possession = possession(t, "210100 issuer", c.ID(1)) }},
	} {
		claims := personsClaims(t, c.Issuer)
		r.change(&claims)
		cred, err := c.Issuer.Issue(claims)
		assert.ErrorContains(t, err, r.says, r.name)
		assert.Nil(t, cred, r.name)
	}
}

// TestIssuePossessionIsNoTokenSignature: what a holder signs to prove his key
// is a message of its own: no relabelled token passes, and the other way round.
func TestIssuePossessionIsNoTokenSignature(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	for _, tag := range []string{"CC1/tokn", "CC1/cred", "CC1/stat", "CC1/list"} {
		claims := personsClaims(t, c.Issuer)
		p := claims.Possession
		message := append([]byte{2, byte(p.Issuer >> 24), byte(p.Issuer >> 16), byte(p.Issuer >> 8), byte(p.Issuer)}, p.Nonce[:]...)
		message = append(message, p.Key[:]...)
		require.Equal(t, signMessage(t, citycodetest.Key("citizen"), "CC1/popp", message), p.Signature[:])
		p.Signature = [64]byte(signMessage(t, citycodetest.Key("citizen"), tag, message))
		_, err := c.Issuer.Issue(claims)
		assert.ErrorContains(t, err, "does not verify", tag)
	}
}

// TestIssueSegments: an issuer does not write half of what a profile names:
// no seal without a sealer and no source segment that is not the profile's.
func TestIssueSegments(t *testing.T) {
	for says, change := range map[string]func(p *citycode.Profile){
		"the issuer has no sealer":          func(p *citycode.Profile) { p.SealSize = 18 },
		"source segment of 0 bytes, not 28": func(p *citycode.Profile) { p.SourceSize = 28 },
	} {
		p := citycode.TransitProfile()
		change(&p)
		issuer, err := citycode.NewIssuer(citycode.IssuerConfig{ID: 210100<<12 | 1, Key: citycodetest.Key("210100 issuer"), Profiles: []citycode.Profile{p}})
		require.NoError(t, err)
		_, err = issuer.Issue(personsClaims(t, issuer))
		assert.ErrorContains(t, err, says)
	}
}

func TestNewIssuerRefuses(t *testing.T) {
	key := citycodetest.Key("210100 issuer")
	static := citycode.TransitProfile()
	static.Mode = citycode.Static
	for name, cfg := range map[string]citycode.IssuerConfig{
		"no id":               {Key: key},
		"city 1000000":        {ID: 1000000 << 12 & (1<<32 - 1), Key: key},
		"city 99999":          {ID: 99999<<12 | 1, Key: key},
		"no key":              {ID: 210100 << 12},
		"a key of NIST P-256": {ID: 210100 << 12, Key: otherCurve(t)},
		"a static person":     {ID: 210100 << 12, Key: key, Profiles: []citycode.Profile{static}},
		"a profile twice":     {ID: 210100 << 12, Key: key, Profiles: []citycode.Profile{citycode.PlaceProfile(), citycode.PlaceProfile()}},
	} {
		issuer, err := citycode.NewIssuer(cfg)
		assert.Error(t, err, name)
		assert.Nil(t, issuer, name)
	}
}

// A faultyHSM signs and sometimes gives something else back.
type faultyHSM struct {
	crypto.Signer
	spoil func(der []byte) []byte
}

func (h faultyHSM) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	der, err := h.Signer.Sign(random, digest, opts)
	return h.spoil(der), err
}

// TestIssueFaultyHSM: a signature that does not verify does not leave the
// process; DER is taken strictly.
func TestIssueFaultyHSM(t *testing.T) {
	var sig struct{ R, S *big.Int }
	der := func(r, s *big.Int) []byte {
		b, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
		require.NoError(t, err)
		return b
	}
	n := new(big.Int).SetBytes(curveOrder)
	for name, spoil := range map[string]func([]byte) []byte{
		"a bit flipped":   func(b []byte) []byte { return flip(b, 8*len(b)-1) },
		"r and s swapped": func([]byte) []byte { return der(sig.S, sig.R) },
		"s negated":       func([]byte) []byte { return der(sig.R, new(big.Int).Sub(n, sig.S)) },
		"s + n":           func([]byte) []byte { return der(sig.R, new(big.Int).Add(n, sig.S)) },
		"r = 0":           func([]byte) []byte { return der(new(big.Int), sig.S) },
		"s = n":           func([]byte) []byte { return der(sig.R, n) },
		"a byte behind":   func(b []byte) []byte { return append(b, 0) },
		"a byte too few":  func(b []byte) []byte { return b[:len(b)-1] },
		"r and s as bytes": func([]byte) []byte {
			return append(sig.R.FillBytes(make([]byte, 32)), sig.S.FillBytes(make([]byte, 32))...)
		},
		"nothing": func([]byte) []byte { return nil },
	} {
		hsm := faultyHSM{citycodetest.Key("210100 issuer"), func(b []byte) []byte {
			_, err := asn1.Unmarshal(b, &sig)
			require.NoError(t, err)
			return spoil(b)
		}}
		issuer, err := citycode.NewIssuer(citycode.IssuerConfig{ID: 210100<<12 | 1, Key: hsm})
		require.NoError(t, err, name)
		cred, err := issuer.Issue(personsClaims(t, issuer))
		assert.ErrorIs(t, err, engine.ErrSignature, name)
		assert.Nil(t, cred, name)
		_, err = issuer.ProvePossession(210100<<12|1, [16]byte{})
		assert.Error(t, err, name)
	}
	issuer, err := citycode.NewIssuer(citycode.IssuerConfig{ID: 210100<<12 | 1, Key: brokenHSM{citycodetest.Key("210100 issuer"), errHSM}})
	require.NoError(t, err)
	_, err = issuer.Issue(personsClaims(t, issuer))
	assert.ErrorIs(t, err, errHSM)
}

// TestIssueRandomSource: the random source is the configured one, so that an
// issuer can be given that of its HSM.
func TestIssueRandomSource(t *testing.T) {
	source := strings.NewReader(strings.Repeat("not random at all, and enough of it ", 100))
	issuer, err := citycode.NewIssuer(citycode.IssuerConfig{ID: 210100<<12 | 1, Key: plainKey(t, "210100 issuer"), Rand: source})
	require.NoError(t, err)
	left := source.Len()
	_, err = issuer.Issue(personsClaims(t, issuer))
	require.NoError(t, err)
	assert.Less(t, source.Len(), left)
}

// plainKey is the TEST key without its determinism.
func plainKey(t testing.TB, name string) crypto.Signer {
	t.Helper()
	key, err := engine.NewSigner(citycodetest.Scalar(name))
	require.NoError(t, err)
	return key
}
