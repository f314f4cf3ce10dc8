package hcert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/qr"
)

// independent.json is made by testdata/make.py with other implementations of
// everything.
type independentFile struct {
	Comment      string
	Key          struct{ KID, X, Y string }
	Clock        int64
	Certificates map[string]string
	HCert        string
	Items        []string
}

func independent(tb testing.TB) *independentFile {
	b, err := os.ReadFile("testdata/independent.json")
	require.NoError(tb, err)
	f := new(independentFile)
	require.NoError(tb, json.Unmarshal(b, f))
	return f
}

func TestIndependent(t *testing.T) {
	f := independent(t)
	number := func(digits string) *big.Int { n, _ := new(big.Int).SetString(digits, 16); return n }
	kid, err := hex.DecodeString(f.Key.KID)
	require.NoError(t, err)
	public := &ecdsa.PublicKey{Curve: elliptic.P256(), X: number(f.Key.X), Y: number(f.Key.Y)}
	assert.True(t, public.Equal(&signer(t, issuer).PublicKey), "both derive the key from the same sentence")
	v, err := NewVerifier(Config{Keys: []Key{{KID(kid), public, time.Unix(0, 0), time.Unix(f.Clock+1e9, 0)}}, Now: func() time.Time { return time.Unix(f.Clock, 0) }})
	require.NoError(t, err)
	require.Len(t, f.Certificates, 9)
	for name, text := range f.Certificates {
		c, err := v.Verify(text)
		require.NoError(t, err, name)
		assert.Equal(t, f.HCert, hex.EncodeToString(c.HCert), name)
		assert.Equal(t, f.Key.KID, hex.EncodeToString(c.KeyID[:]))
		assert.Equal(t, name == "without an issuer", c.Issuer == "", name)
		assert.Equal(t, name == "expiring this second", c.Expires.Unix() == f.Clock, name)
	}
	strict, err := NewVerifier(Config{Keys: []Key{{KID(kid), public, time.Unix(0, 0), time.Unix(f.Clock+1e9, 0)}}, Now: func() time.Time { return time.Unix(f.Clock, 0) }, Skew: 29 * time.Second})
	require.NoError(t, err)
	_, err = strict.Verify(f.Certificates["issued 30 s ahead"])
	assert.Equal(t, "not-yet-valid", reasonOf(err))
}

func TestReasons(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range alterations() {
		d := newDraft()
		c.change(d)
		text := d.text(t)
		got, err := newVerifier(t, nil).Verify(text)
		assert.Equal(t, c.reason, reasonOf(err), "%s: %v", c.what, err)
		assert.Equal(t, err == nil, got != nil, c.what)
		seen[c.reason] = true
	}
	for _, r := range Reasons() {
		assert.True(t, seen[r.String()], r)
		assert.NotEmpty(t, (&Error{Reason: r}).Next().Zh, r)
		assert.Contains(t, (&Error{Reason: r}).Next().En, "; ", r)
		assert.ErrorIs(t, &Error{Reason: r, Err: assert.AnError}, &Error{Reason: r})
	}
}

func TestTexts(t *testing.T) {
	v := newVerifier(t, nil)
	for _, c := range framings(t) {
		_, err := v.Verify(c.text)
		assert.Equal(t, "malformed", reasonOf(err), c.what)
	}
	_, err := v.Verify(newDraft().text(t))
	assert.NoError(t, err)
}

// A few thousand characters that would make four megabytes are left when they
// have made sixteen kilobytes.
func TestBomb(t *testing.T) {
	bomb := deflate(make([]byte, 2<<20))
	text := Prefix + encode45(bomb)
	require.Less(t, len(text), MaxText)
	v := newVerifier(t, nil)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := v.Verify(text)
	runtime.ReadMemStats(&after)
	assert.Equal(t, "too-large", reasonOf(err))
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(256<<10))
}

// Lists repeat ids, by chance or because two lists were joined: every key of the
// id is tried, and the policy is that of the key that verified.
func TestRepeatedKID(t *testing.T) {
	d := newDraft()
	d.by = "second"
	ended := keyOf(t, "second")
	ended.ID, ended.NotAfter = kidOf(issuer), time.Unix(noon-1, 0)
	v := newVerifier(t, func(cfg *Config) { cfg.Keys = append(cfg.Keys, ended) })
	_, err := v.Verify(newDraft().text(t))
	assert.NoError(t, err)
	_, err = v.Verify(d.text(t))
	assert.Equal(t, "key-not-valid", reasonOf(err))
	d.by = "third"
	_, err = v.Verify(d.text(t))
	assert.Equal(t, "bad-signature", reasonOf(err))
}

func TestConfig(t *testing.T) {
	good := keyOf(t, issuer)
	for what, change := range map[string]func(c *Config){
		"0 keys": func(c *Config) { c.Keys = nil }, "16385 keys": func(c *Config) { c.Keys = make([]Key, MaxKeys+1) },
		"skew":         func(c *Config) { c.Skew = time.Hour },
		"P-256":        func(c *Config) { c.Keys[0].Public = &ecdsa.PublicKey{Curve: elliptic.P384()} },
		"not on P-256": func(c *Config) { c.Keys[0].Public = nil },
		"never valid":  func(c *Config) { c.Keys[0].NotAfter = c.Keys[0].NotBefore },
		"verifier: ": func(c *Config) {
			c.Keys[0].Public = &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)}
		},
	} {
		cfg := Config{Keys: []Key{good}}
		change(&cfg)
		_, err := NewVerifier(cfg)
		assert.ErrorContains(t, err, what)
	}
}

// The CBOR of another implementation is read to its end, and none of its
// beginnings is.
func TestItems(t *testing.T) {
	items := independent(t).Items
	require.Len(t, items, 120)
	for _, digits := range items {
		b, err := hex.DecodeString(digits)
		require.NoError(t, err)
		c := &cbor{rest: append(b[:len(b):len(b)], 0xf6)}
		assert.Equal(t, digits, hex.EncodeToString(c.item()))
		assert.Equal(t, []byte{0xf6}, c.rest)
		for n := 0; n < len(b); n += 1 + len(b)/200 {
			c := &cbor{rest: b[:n]}
			assert.Nil(t, c.item(), digits[:2*n])
			assert.True(t, c.bad)
		}
	}
	// RFC 8949, Appendix F, and what is well-formed there and not wanted here:
	// indefinite lengths.
	for _, digits := range []string{"", "18", "19", "1a", "1b", "1901", "1a0102", "1b01020304050607", "38", "58", "78", "98", "9a01ff00", "b8", "d8", "f8", "f900", "fa0000", "fb000000",
		"41", "61", "5affffffff00", "5bffffffffffffffff010203", "7affffffff00", "7b7fffffffffffffff010203", "81", "818181818181818181", "8200", "a1", "a20102", "a100", "a2000000",
		"c0", "1c", "1d", "1e", "3c", "5c", "7c", "9c", "bc", "dc", "fc", "f800", "f818", "f81f", "ff", "1f", "3f", "df", "9f", "5f00", "9fff", "bfff", "5fff", "7fff", "61ff", "62c0ae",
		"9bffffffffffffffff", "bbffffffffffffffff00", "bb800000000000000000"} {
		b, err := hex.DecodeString(digits)
		require.NoError(t, err)
		c := &cbor{rest: b}
		assert.Nil(t, c.item(), digits)
		assert.True(t, c.bad, digits)
	}
}

// Base45 as package qr reads it, which shares no line.
func TestBase45(t *testing.T) {
	for n := qr.MinToken; n < 300; n += 7 {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(i * n)
		}
		text, err := qr.EncodeBase45(b)
		require.NoError(t, err)
		got, ok := base45(strings.TrimPrefix(text, "CC1:"))
		assert.True(t, ok)
		assert.Equal(t, b, got)
		assert.Equal(t, text[4:], encode45(b))
	}
	for text, ok := range map[string]bool{"": true, "FGW": true, "GGW": false, ":::": false, "U5": true, "V5": false, "0": false, "0000": false, "a0": false, "0\xff": false} {
		_, got := base45(text)
		assert.Equal(t, ok, got, text)
	}
}

// A gate that only verifies links nothing of this package, and this package no
// network: certificates come as bytes.
func TestLinks(t *testing.T) {
	deps := func(pkg string) string {
		out, err := exec.Command("go", "list", "-deps", pkg).Output()
		require.NoError(t, err)
		return string(out)
	}
	for _, pkg := range []string{"..", "../..", "../jtt1179"} {
		assert.NotContains(t, deps(pkg), "/foreign/hcert\n", pkg)
	}
	assert.NotContains(t, deps("../.."), "/citycode/foreign")
	assert.NotContains(t, deps(".."), "/foreign/jtt1179\n")
	own := deps(".")
	for _, banned := range []string{"net", "os/exec", "net/http", "log", "crypto/x509"} {
		assert.NotContains(t, own, "\n"+banned+"\n")
	}
	assert.Contains(t, own, "/foreign/hcert\n")
}
