package qr

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPrefixedRoundTrip: every size, both forms, from token to picture and back.
func TestPrefixedRoundTrip(t *testing.T) {
	r := seeded(t, 20261122)
	printed := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte('!' + r.IntN('~'-'!'+1))
		}
		return string(b)
	}
	for size := 1; size <= MaxPrefix; size += rounds(8) {
		for form, encode := range encoders {
			prefix, token := printed(size), someToken(r, MinToken+r.IntN(MaxToken-MinToken+1))
			text, err := EncodePrefixed(prefix, token, form)
			require.NoError(t, err)
			behind, err := encode(token)
			require.NoError(t, err)
			require.Equal(t, prefix+behind, text)
			front, back, err := DecodePrefixed(text, size)
			require.NoError(t, err)
			require.Equal(t, prefix, front)
			require.Equal(t, token, back)
		}
	}
	for _, prefix := range []string{strings.Repeat("7", 28), "TESTCODE0000000000000000A001", printed(28)} {
		token := someToken(r, 211)
		text, err := EncodePrefixed(prefix, token, Decimal)
		require.NoError(t, err)
		symbol, err := NewSymbol(text, Options{})
		require.NoError(t, err)
		file, err := symbol.PNG(4)
		require.NoError(t, err)
		results, err := DecodePicture(bytes.NewReader(file), ReadOptions{})
		require.NoError(t, err)
		require.Len(t, results, 1)
		front, back, err := DecodePrefixed(results[0].Text, 28)
		require.NoError(t, err)
		assert.Equal(t, prefix, front)
		assert.Equal(t, token, back)
		assert.LessOrEqual(t, symbol.Version(), 12, "%.4s", prefix)
	}
}

// TestPrefixedNone: with nothing in front it is DecodeText, errors included.
func TestPrefixedNone(t *testing.T) {
	r := seeded(t, 1)
	good, err := EncodeDecimal(someToken(r, 95))
	require.NoError(t, err)
	for _, text := range []string{good, "", "77", good + "1", "x" + good, strings.Repeat("7", MaxText+1), "https://example.org/"} {
		want, wantErr := DecodeText(text)
		front, got, err := DecodePrefixed(text, 0)
		assert.Empty(t, front)
		assert.Equal(t, want, got)
		assert.Equal(t, wantErr, err)
	}
}

func TestPrefixedRefuses(t *testing.T) {
	token := bytes.Repeat([]byte{0x5a}, 95)
	text, err := EncodeDecimal(token)
	require.NoError(t, err)
	front := "TESTCODE0000000000000000A001"
	for _, c := range []struct {
		name, text string
		size       int
		want       Reason
	}{
		{"a size below zero", front + text, -1, ReasonBadOption},
		{"a size above the limit", front + text, MaxPrefix + 1, ReasonBadOption},
		{"shorter than the size", "TESTCODE", 28, ReasonNotCitizenCode},
		{"nothing behind", front, 28, ReasonNotCitizenCode},
		{"one character less in front", front[1:] + text, 28, ReasonNotCitizenCode},
		{"one character more in front", front + "0" + text, 28, ReasonNotCitizenCode},
		{"nothing in front", text, 28, ReasonNotCitizenCode},
		{"the text twice", text + text, 0, ReasonMalformedText},
		{"a digit lost", front + text[:len(text)-1], 28, ReasonMalformedText},
		{"a space between", front + " " + text[1:], 28, ReasonNotCitizenCode},
		{"a space in front", " " + front[1:] + text, 28, ReasonMalformedText},
		{"a space in the middle of the front", front[:9] + " " + front[10:] + text, 28, ReasonMalformedText},
		{"a tab at the end of the front", front[:27] + "\t" + text, 28, ReasonMalformedText},
		{"a line end", "\n" + front[1:] + text, 28, ReasonMalformedText},
		{"DEL", "\x7f" + front[1:] + text, 28, ReasonMalformedText},
		{"zero bytes", strings.Repeat("\x00", 28) + text, 28, ReasonMalformedText},
		{"characters of three bytes", strings.Repeat("码", 10)[:28] + text, 28, ReasonMalformedText},
		{"a byte order mark", "\ufeff" + front[3:] + text, 28, ReasonMalformedText},
		{"longer than any token's", front + strings.Repeat("7", MaxText+1), 28, ReasonNotCitizenCode},
	} {
		prefix, got, err := DecodePrefixed(c.text, c.size)
		require.Error(t, err, c.name)
		assert.Equal(t, c.want, reasonOf(t, err), c.name)
		assert.Empty(t, prefix, c.name)
		assert.Nil(t, got, c.name)
		assert.NotContains(t, err.Error(), "TESTCODE", "an error does not quote the text")
	}
	for _, c := range []struct {
		name, prefix string
		token        []byte
		form         Form
		want         Reason
	}{
		{"no prefix", "", token, Decimal, ReasonBadOption},
		{"a prefix too long", strings.Repeat("1", MaxPrefix+1), token, Decimal, ReasonBadOption},
		{"a space", "A 1", token, Decimal, ReasonBadOption},
		{"a letter beyond ASCII", "é", token, Decimal, ReasonBadOption},
		{"a token too short", front, token[:MinToken-1], Decimal, ReasonTokenSize},
		{"an unknown form", front, token, 7, ReasonBadOption},
	} {
		text, err := EncodePrefixed(c.prefix, c.token, c.form)
		require.Error(t, err, c.name)
		assert.Equal(t, c.want, reasonOf(t, err), c.name)
		assert.Empty(t, text, c.name)
	}
}

// TestPrefixedIsNotSearched: a text that an attacker writes into the part in front is not found.
func TestPrefixedIsNotSearched(t *testing.T) {
	inner, err := EncodeDecimal(bytes.Repeat([]byte{1}, 82))
	require.NoError(t, err)
	outer, err := EncodeDecimal(bytes.Repeat([]byte{2}, 95))
	require.NoError(t, err)
	for size := range MaxPrefix + 1 {
		_, got, err := DecodePrefixed(inner+outer, size)
		assert.Error(t, err, "size %d", size)
		assert.Nil(t, got)
	}
}

func FuzzDecodePrefixed(f *testing.F) {
	for _, n := range []int{82, 211, 512} {
		token := bytes.Repeat([]byte{byte(n)}, n)
		f.Add("TESTCODE0000000000000000A001"+oracleDecimal(token), 28)
		f.Add("77"+oracleBase45(token), 2)
		f.Add(oracleDecimal(token), 0)
	}
	f.Add("码", 1)
	f.Fuzz(func(t *testing.T, text string, size int) {
		prefix, token, err := DecodePrefixed(text, size)
		if err != nil {
			reasonOf(t, err)
			require.Nil(t, token)
			return
		}
		require.Len(t, prefix, size)
		if size == 0 {
			canonical(t, nil, text)
			return
		}
		form := Decimal
		if strings.HasPrefix(text[size:], base45Prefix) {
			form = Base45
		}
		again, err := EncodePrefixed(prefix, token, form)
		require.NoError(t, err)
		require.Equal(t, text, again)
	})
}
