package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
)

// sampleTokens returns a token or static code of every layout that version 1
// can cut, also those of which no profile has one yet. The signatures are none.
func sampleTokens(t testing.TB) [][]byte {
	t.Helper()
	var list [][]byte
	for mode := range byte(4) {
		for _, flags := range []byte{0, 4, 8, 12} {
			for _, challenge := range []int{0, 8, 16} {
				profile := byte(0xf3) // private, of a person
				if mode == byte(citycode.Static) {
					profile = 0xfb
				}
				b := []byte{citycode.WireVersion, 0x10 | flags | mode, profile}
				b = binary.BigEndian.AppendUint32(b, 210100<<12|1)
				b = append(b, make([]byte, 15)...)
				b = append(append(b, 16), bytes.Repeat([]byte{0x55}, 16)...)
				if flags&4 != 0 {
					b = append(append(b, 40), bytes.Repeat([]byte{0x66}, 40)...)
				}
				if flags&8 != 0 {
					b = append(append(b, 1), 0x77)
				}
				point := append([]byte{2}, make([]byte, 32)...)
				switch citycode.KeyMode(mode) {
				case citycode.CertifiedMultiple:
					b = append(append(b, point...), point...)
				case citycode.Explicit, citycode.Implicit:
					b = append(b, point...)
				}
				if citycode.KeyMode(mode) != citycode.Implicit {
					b = append(b, make([]byte, 64)...)
				}
				if citycode.KeyMode(mode) != citycode.Static {
					b = append(b, make([]byte, 10)...)
					b = append(append(b, byte(challenge)), make([]byte, challenge+64)...)
				}
				list = append(list, b)
			}
		}
	}
	return list
}

// The inspector cuts by its own hands, to get as far as it can. Where the
// library's parser gets to the end, both must have seen the same.
func TestByteMapIsTheLibrarys(t *testing.T) {
	_, wallet, _ := newCity(t)
	tokens := append(sampleTokens(t), []byte(must(t, "show", "--wallet", wallet, "--raw", "--at", now)))
	for _, b := range tokens {
		token, err := citycode.ParseToken(b)
		require.NoError(t, err)
		require.Equal(t, token.Fields(), mapBytes(b).fields, "%x", b)
	}
	b, err := os.ReadFile(wallet + "/credential.code")
	require.NoError(t, err)
	cred, err := citycode.ParseCredential(b)
	require.NoError(t, err)
	require.Equal(t, cred.Fields(), mapBytes(b).fields)
}

// However short it is cut, the map names the bytes from the first on, each once.
func TestByteMapOfBrokenTokens(t *testing.T) {
	for _, b := range sampleTokens(t) {
		whole := mapBytes(b).fields
		for n := range b {
			i := inspect(b[:n])
			at := 0
			for k, f := range i.Fields {
				if (whole[k] != citycode.Field{Name: f.Name, Offset: at, Length: f.Length}) || f.Offset != at || f.Meaning == "" {
					t.Fatalf("%x: field %d is %+v", b[:n], k, f)
				}
				at += f.Length
			}
			if len(i.Rest)/2 != n-at {
				t.Fatalf("%x: %d bytes are left, not %d", b[:n], len(i.Rest)/2, n-at)
			}
		}
	}
}

// sampleLists returns a list of every kind, as a city publishes them.
func sampleLists(t testing.TB) (lists [][]byte) {
	dir := filepath.Join(t.TempDir(), "city")
	must(t, "keys", "--dir", dir, "--city", "210100", "--at", now)
	must(t, "lists", "--dir", dir, "--snapshot", "6h", "--delta", "--at", now)
	must(t, "lists", "roots", "--dir", dir, "--at", now)
	must(t, "lists", "--dir", dir, "--delta", "--at", now)
	for _, name := range []string{"trust.list", "root-2.change", "snapshot.list", "status-1-0.list", "status-1-0.delta"} {
		b, err := os.ReadFile(filepath.Join(dir, "public", name))
		require.NoError(t, err)
		lists = append(lists, b)
	}
	return lists
}

// A list that is cut short is named as far as it goes, each byte once, and is
// never called whole.
func TestListMapOfBrokenLists(t *testing.T) {
	for _, whole := range sampleLists(t) {
		for n := 2; n <= len(whole); n++ {
			i := inspect(whole[:n])
			at := 0
			for _, f := range i.Fields {
				require.Equal(t, at, f.Offset)
				require.NotEmpty(t, f.Meaning)
				at += f.Length
			}
			require.LessOrEqual(t, at, n)
			// The states of a status list end where its signature begins.
			if n < len(whole) && i.Kind != "status list" && i.Kind != "status delta" {
				require.NotNil(t, i.Error, "%s cut at %d of %d", i.Kind, n, len(whole))
			}
		}
		require.Nil(t, inspect(whole).Error)
		require.NotNil(t, inspect(append(whole[:2:2], 0)).Error)
	}
}

func FuzzInspect(f *testing.F) {
	for _, b := range sampleTokens(f) {
		f.Add(b)
	}
	for _, b := range sampleLists(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		i := inspect(b)
		if _, ok := listKindOf(b); ok {
			_, err := citycode.ParseToken(b)
			require.Error(t, err)
			require.NoError(t, i.print(new(bytes.Buffer), false))
			return
		}
		i.verify(b, []citycode.TrustEntry{{ID: 210100<<12 | 1, Use: citycode.UseExplicit}})
		require.False(t, i.Verified && i.Error != nil)
		token, err := citycode.ParseToken(b)
		require.Equal(t, err == nil, i.Kind == "token")
		if err == nil {
			require.Len(t, i.Fields, len(token.Fields()))
		}
		var out bytes.Buffer
		require.NoError(t, i.print(&out, true))
	})
}
