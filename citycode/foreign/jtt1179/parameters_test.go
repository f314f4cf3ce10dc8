package jtt1179_test

import (
	"bytes"
	"crypto/sha1"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode/foreign/jtt1179"
	"github.com/citizencode/citizencode/citycode/foreign/jtt1179/jtt1179test"
)

func TestRootKey(t *testing.T) {
	b := jtt1179test.RootKey(jtt1179test.CA, 0x17, "1235")
	require.Len(t, b, 144)
	k, err := jtt1179.ParseRootKey(b)
	require.NoError(t, err)
	assert.Equal(t, byte(0x17), k.Index)
	assert.Equal(t, "12/35", k.Expires.String())
	again, err := k.Bytes()
	require.NoError(t, err)
	assert.Equal(t, b, again)
	// 0..79 is fixed, a key, an index or a month; the signature is opaque.
	for i := range b[:80] {
		changed := slices.Clone(b)
		changed[i] ^= 0x80
		_, err := jtt1179.ParseRootKey(changed)
		assert.Equal(t, i == 10, err == nil, i)
	}
	b[14] = 0x11
	_, err = jtt1179.ParseRootKey(b)
	assert.NoError(t, err, "both parameters are in the field")
	for _, n := range []int{0, 143, 145} {
		_, err = jtt1179.ParseRootKey(make([]byte, n))
		assert.Error(t, err)
	}
	_, err = (&jtt1179.RootKey{}).Bytes()
	assert.Error(t, err)
}

// file is a parameter file, put together by hand.
func file(records ...[]byte) []byte {
	var body []byte
	for _, r := range records {
		body = slices.Concat(body, []byte{1, 0x81}, r, make([]byte, 14))
	}
	digest := sha1.Sum(body)
	return slices.Concat([]byte{0, 0, 0, 7}, []byte{0, 0, 0, byte(len(records))}, []byte{0, 0, 0, 0}, digest[:], body)
}

func TestParameters(t *testing.T) {
	a, b := jtt1179test.RootKey(jtt1179test.CA, 1, "1235"), jtt1179test.RootKey("other", 2, "0127")
	whole := file(a, b)
	require.Len(t, whole, 32+2*160)
	p, err := jtt1179.ParseParameters(whole)
	require.NoError(t, err)
	assert.EqualValues(t, 7, p.Version)
	require.Len(t, p.Records, 2)
	assert.Equal(t, byte(0x81), p.Records[1].CodeVersion)
	assert.Equal(t, byte(2), p.Records[1].Root.Index)
	again, err := p.Bytes()
	require.NoError(t, err)
	assert.Equal(t, whole, again)

	// A verifier takes the keys of a file.
	v, err := jtt1179.NewVerifier(jtt1179.Config{Roots: []jtt1179.RootKey{p.Records[0].Root, p.Records[1].Root}, Now: (&clock{jtt1179test.Noon}).now})
	require.NoError(t, err)
	r := jtt1179test.New()
	r.CAIndex = []byte{1}
	assert.NoError(t, second(v.Verify(r.Bytes(), jtt1179.Check{})))
	r.CAIndex = []byte{2}
	assertReason(t, jtt1179.BadCertificate, second(v.Verify(r.Bytes(), jtt1179.Check{})))

	for name, change := range map[string]func(b []byte) []byte{
		"bytes":          func(b []byte) []byte { return b[:31] },
		"digest":         func(b []byte) []byte { b[50] ^= 1; return b },
		"records":        func(b []byte) []byte { b[7]++; return b },
		"of 16777218":    func(b []byte) []byte { b[4]++; return b },
		"parameter file": func([]byte) []byte { return make([]byte, 32+257*160) },
		"record 1":       func([]byte) []byte { return file(a, bytes.Repeat([]byte{0x21}, 144)) },
	} {
		_, err := jtt1179.ParseParameters(change(slices.Clone(whole)))
		assert.ErrorContains(t, err, name)
	}
	p.Records = make([]jtt1179.Parameter, 257)
	_, err = p.Bytes()
	assert.Error(t, err)
	p.Records = p.Records[:1]
	_, err = p.Bytes()
	assert.ErrorContains(t, err, "record 0")
	none, err := jtt1179.ParseParameters(file())
	require.NoError(t, err)
	assert.Empty(t, none.Records)
}
