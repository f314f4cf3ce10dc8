package apdu_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/card/apdu"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	require.NoError(t, err)
	return b
}

func bytesOf(n int, b byte) []byte { return bytes.Repeat([]byte{b}, n) }

// TestCases: the seven cases, each at its bounds, in both directions.
func TestCases(t *testing.T) {
	hx := func(n int) string { return hex.EncodeToString(bytesOf(n, 0xDA)) }
	c := func(nc, ne int, extended bool) apdu.Command {
		c := apdu.Command{CLA: 0x80, INS: 0xCA, P1: 1, P2: 2, Ne: ne, Extended: extended}
		if nc > 0 {
			c.Data = bytesOf(nc, 0xDA)
		}
		return c
	}
	for name, tc := range map[string]struct {
		command apdu.Command
		body    string
	}{
		"1":                    {c(0, 0, false), ""},
		"2 short 1":            {c(0, 1, false), "01"},
		"2 short 255":          {c(0, 255, false), "ff"},
		"2 short 256":          {c(0, 256, false), "00"},
		"3 short 1":            {c(1, 0, false), "01" + hx(1)},
		"3 short 255":          {c(255, 0, false), "ff" + hx(255)},
		"4 short 1":            {c(1, 1, false), "01" + hx(1) + "01"},
		"4 short 255":          {c(255, 256, false), "ff" + hx(255) + "00"},
		"2 long 257":           {c(0, 257, false), "000101"},
		"2 long 65535":         {c(0, 65535, false), "00ffff"},
		"2 long 65536":         {c(0, 65536, false), "000000"},
		"2 long, short enough": {c(0, 1, true), "000001"},
		"2 long 256":           {c(0, 256, true), "000100"},
		"3 long 256":           {c(256, 0, false), "000100" + hx(256)},
		"3 long 65535":         {c(65535, 0, false), "00ffff" + hx(65535)},
		"3 long, short enough": {c(1, 0, true), "000001" + hx(1)},
		"4 long by Nc":         {c(256, 1, false), "000100" + hx(256) + "0001"},
		"4 long by Ne":         {c(1, 257, false), "000001" + hx(1) + "0101"},
		"4 long 65535":         {c(65535, 65536, false), "00ffff" + hx(65535) + "0000"},
		"4 long, short enough": {c(255, 256, true), "0000ff" + hx(255) + "0100"},
	} {
		t.Run(name, func(t *testing.T) {
			want := unhex(t, "80CA0102"+tc.body)
			got, err := tc.command.Bytes()
			require.NoError(t, err)
			require.Equal(t, want, got)
			back, err := apdu.Parse(want)
			require.NoError(t, err)
			require.Equal(t, tc.command, back)
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		bytes  string
		reason apdu.Reason
	}{
		"nothing":                     {"", apdu.ReasonShort},
		"three bytes":                 {"00A404", apdu.ReasonShort},
		"Lc without data":             {"00A40400 02 01", apdu.ReasonLength},
		"a byte too many":             {"00A40400 01 01 00 00", apdu.ReasonLength},
		"short Lc with long Le":       {"00A40400 01 01 0100", apdu.ReasonLength},
		"Lc zero":                     {"00A40400 00 00", apdu.ReasonLength},
		"long Lc zero":                {"00A40400 000000 00", apdu.ReasonLength},
		"long Lc zero with Le":        {"00A40400 000000 0100", apdu.ReasonLength},
		"long Lc without data":        {"00A40400 000002 01", apdu.ReasonLength},
		"long Lc with short Le":       {"00A40400 000001 01 00", apdu.ReasonLength},
		"long Lc and a byte too many": {"00A40400 000001 01 0000 00", apdu.ReasonLength},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := apdu.Parse(unhex(t, tc.bytes))
			var refused *apdu.Error
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, tc.reason, refused.Reason)
		})
	}
	_, err := apdu.Parse(make([]byte, 4+3+65535+2+1))
	var refused *apdu.Error
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, apdu.ReasonTooLong, refused.Reason)
}

func TestBytesRefuses(t *testing.T) {
	for reason, c := range map[apdu.Reason]apdu.Command{
		apdu.ReasonTooLong: {Data: make([]byte, 65536)},
		apdu.ReasonLength:  {Ne: 65537},
	} {
		_, err := c.Bytes()
		var refused *apdu.Error
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, reason, refused.Reason)
	}
	_, err := apdu.Command{Ne: -1}.Bytes()
	assert.Error(t, err)
}

// TestRoundTrip: what a caller builds is written, and read again as what he built.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.OneOf(rapid.IntRange(0, 4), rapid.IntRange(253, 258), rapid.IntRange(65533, 65535), rapid.IntRange(0, 65535))
		c := apdu.Command{
			CLA: rapid.Byte().Draw(t, "cla"), INS: rapid.Byte().Draw(t, "ins"),
			P1: rapid.Byte().Draw(t, "p1"), P2: rapid.Byte().Draw(t, "p2"),
			Ne: rapid.OneOf(size, rapid.Just(65536)).Draw(t, "ne"),
		}
		if n := size.Draw(t, "nc"); n > 0 {
			c.Data = bytesOf(n, rapid.Byte().Draw(t, "fill"))
		}
		if (len(c.Data) > 0 || c.Ne > 0) && len(c.Data) < 256 && c.Ne <= 256 {
			c.Extended = rapid.Bool().Draw(t, "extended")
		}
		b, err := c.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		back, err := apdu.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		if back.String() != c.String() || !bytes.Equal(back.Data, c.Data) || back.Extended != c.Extended {
			t.Fatalf("%v is read as %v", c, back)
		}
	})
}

// FuzzCommand: what Parse takes, Bytes writes again to the byte.
func FuzzCommand(f *testing.F) {
	for _, s := range []string{"00840000", "0084000008", "00A40400 01 01", "00A40400 01 01 00", "00B00000 000101",
		"00D60000 000001 FF", "00D60000 000001 FF 0000", "00A40400 00 00", "FFFFFFFF 000000 00"} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := apdu.Parse(b)
		if err != nil {
			var refused *apdu.Error
			if !errors.As(err, &refused) || refused.Reason == "" {
				t.Fatalf("%x: %v", b, err)
			}
			return
		}
		if again, err := c.Bytes(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x is written %x, %v", b, again, err)
		}
	})
}
