package app_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/key"
)

func fci() app.FCI {
	return app.FCI{AID: app.TestAID, Serial: app.Serial{1, 2, 3, 4, 5, 6, 7, 8}, Profile: 5, KeySet: 2, IssuerKey: 0x334b4001, Version: app.Version}
}

func TestFCI(t *testing.T) {
	b := fci().Bytes()
	assert.Equal(t, "6F2E8409F04349544943414431A521BF0C1E5A080102030405060708DF010105DF020102DF0304334B40019F08020100", fmt.Sprintf("%X", b))
	f, err := app.ParseFCI(b)
	require.NoError(t, err)
	assert.Equal(t, fci(), f)
	for n := range b {
		_, err := app.ParseFCI(b[:n])
		assert.Error(t, err, n)
	}
	_, err = app.ParseFCI(append(bytes.Clone(b), 0))
	assert.Error(t, err)
	for _, change := range [][2]string{{"\x5A\x08", "\x5B\x08"}, {"\xDF\x01\x01\x05\xDF\x02\x01\x02", "\xDF\x02\x01\x02\xDF\x01\x01\x05"}} {
		_, err := app.ParseFCI(bytes.Replace(b, []byte(change[0]), []byte(change[1]), 1))
		assert.Error(t, err)
	}
}

func FuzzFCI(f *testing.F) {
	f.Add(fci().Bytes())
	f.Add([]byte{0x6F, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if v, err := app.ParseFCI(b); err == nil {
			assert.Equal(t, b, v.Bytes())
		}
	})
}

func create(t *rapid.T) app.Create {
	return app.Create{
		AID:        app.AID(rapid.SliceOfN(rapid.Byte(), app.MinAID, app.MaxAID).Draw(t, "aid")),
		Serial:     app.Serial(rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(t, "serial")),
		Profile:    rapid.Byte().Draw(t, "profile"),
		IssuerKey:  rapid.Uint32().Draw(t, "issuer"),
		MaxBalance: rapid.Uint32().Draw(t, "balance"), LoadNeedsPIN: rapid.Bool().Draw(t, "load"), LogNeedsPIN: rapid.Bool().Draw(t, "log"),
	}
}

func TestCreate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := create(t)
		got, err := app.ParseCreate(c.Bytes())
		require.NoError(t, err)
		assert.Equal(t, c, got)
		f, err := app.ParseFCI(c.FCI().Bytes())
		require.NoError(t, err)
		assert.Equal(t, c.FCI(), f)
	})
}

func FuzzCreate(f *testing.F) {
	f.Add(app.Create{AID: app.TestAID}.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := app.ParseCreate(b); err == nil {
			assert.Equal(t, b, c.Bytes())
		}
	})
}

func TestAID(t *testing.T) {
	a, err := app.ParseAID("F04349544943414431")
	require.NoError(t, err)
	assert.Equal(t, app.TestAID, a)
	assert.Equal(t, "F04349544943414431", a.String())
	for _, text := range []string{"", "F0", "F043495449434144F", "xx43495449", "F04349544943414431F04349544943414431"} {
		_, err := app.ParseAID(text)
		assert.Error(t, err, text)
	}
}

func TestAuthenticate(t *testing.T) {
	r := app.AuthenticateRequest{Time: 0x6b02a100, Audience: 0x0102, Challenge: [16]byte{0xA0, 15: 0xAF}}
	b := r.Bytes()
	require.Equal(t, "6B02A1000102A00000000000000000000000000000AF", fmt.Sprintf("%X", b))
	got, err := app.ParseAuthenticateRequest(b)
	require.NoError(t, err)
	assert.Equal(t, r, got)
	assert.Equal(t, "6B02A10001020304010210A00000000000000000000000000000AF", fmt.Sprintf("%X", r.Dynamic(0x01020304)))
	a := app.AuthenticateAnswer{Counter: 7, Signature: [64]byte{1, 63: 2}}
	back, err := app.ParseAuthenticateAnswer(a.Bytes())
	require.NoError(t, err)
	assert.Equal(t, a, back)
	for n := range 100 {
		var wrong *app.LengthError
		if _, err := app.ParseAuthenticateRequest(make([]byte, n)); n != 22 {
			assert.ErrorAs(t, err, &wrong)
		}
		if _, err := app.ParseAuthenticateAnswer(make([]byte, n)); n != 68 {
			assert.ErrorAs(t, err, &wrong)
		}
		if _, err := app.ParsePublicInfo(make([]byte, n)); n != 30 {
			assert.ErrorAs(t, err, &wrong)
			assert.Contains(t, err.Error(), "30")
		}
	}
}

func TestPublicInfo(t *testing.T) {
	b := make([]byte, app.PublicInfoSize)
	for i := range b {
		b[i] = byte(i)
	}
	p, err := app.ParsePublicInfo(b)
	require.NoError(t, err)
	assert.Equal(t, b, p.Bytes())
	assert.Equal(t, [4]byte{24, 25, 26, 27}, p.ValidTo)
}

// TestKeysApart: MAC and encryption never share a key, and no two keys of a card are made alike.
func TestKeysApart(t *testing.T) {
	seen := make(map[[16]byte]bool)
	for id := app.KeyTransport; id <= app.KeyPIN; id++ {
		k, err := key.New(key.SM4, bytes.Repeat([]byte{byte(id)}, 16))
		require.NoError(t, err)
		s := app.SecureKeys(k)
		for _, k := range []key.Key{k, s.MAC, s.Encryption} {
			require.False(t, seen[k.Bytes()])
			seen[k.Bytes()] = true
		}
		assert.NotContains(t, id.String(), "key-")
	}
	assert.Equal(t, "key-09", app.KeyID(9).String())
}

func TestFiles(t *testing.T) {
	for _, f := range app.Files() {
		assert.Equal(t, uint16(0xEF00)|uint16(f.SFI), f.FID)
		got, ok := app.FindFile(f.SFI)
		assert.True(t, ok)
		assert.Equal(t, f, got)
	}
	_, ok := app.FindFile(0)
	assert.False(t, ok)
}
