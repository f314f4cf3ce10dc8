package bits

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// bitWriter composes codewords by hand, so that the reader is not checked by an encoder of the same mind.
type bitWriter struct {
	bits []byte
}

func (w *bitWriter) put(v, n int) *bitWriter {
	for i := n - 1; i >= 0; i-- {
		w.bits = append(w.bits, byte(v>>i&1))
	}
	return w
}

func (w *bitWriter) codewords(n int) []byte {
	bits := append(w.bits, 0, 0, 0, 0)
	for len(bits)%8 != 0 {
		bits = append(bits, 0)
	}
	out := make([]byte, max(n, len(bits)/8))
	for i := range out {
		out[i] = []byte{0xEC, 0x11}[(i+len(bits)/8)%2]
	}
	clear(out[:len(bits)/8])
	for i, b := range bits {
		out[i/8] |= b << (7 - i%8)
	}
	return out[:n]
}

func TestContent(t *testing.T) {
	bits := func() *bitWriter { return &bitWriter{} }
	for _, c := range []struct {
		name    string
		version int
		bits    *bitWriter
		want    string
		fault   Fault
	}{
		{name: "nothing", version: 1, bits: bits(), want: ""},
		// ISO/IEC 18004, 7.4.3 and 7.4.4 work these two out.
		{name: "digits", version: 1, bits: bits().put(1, 4).put(8, 10).put(12, 10).put(345, 10).put(67, 7), want: "01234567"},
		{name: "alphanumeric", version: 1, bits: bits().put(2, 4).put(5, 9).put(10*45+12, 11).put(41*45+4, 11).put(2, 6), want: "AC-42"},
		{name: "one digit", version: 10, bits: bits().put(1, 4).put(1, 12).put(9, 4), want: "9"},
		{name: "binary", version: 1, bits: bits().put(4, 4).put(4, 8).put(0xFF00FE80, 32), want: "\xff\x00\xfe\x80"},
		{name: "binary, wide count", version: 27, bits: bits().put(4, 4).put(1, 16).put(0xAA, 8), want: "\xaa"},
		{name: "digits, wide count", version: 27, bits: bits().put(1, 4).put(3, 14).put(7, 10), want: "007"},
		{name: "alphanumeric, wide count", version: 27, bits: bits().put(2, 4).put(1, 13).put(44, 6), want: ":"},
		{name: "segments in their order", version: 1, want: "12\xff:7", bits: bits().put(1, 4).put(2, 10).put(12, 7).
			put(4, 4).put(1, 8).put(0xFF, 8).put(2, 4).put(1, 9).put(44, 6).put(1, 4).put(1, 10).put(7, 4)},
		{name: "kanji", version: 1, bits: bits().put(8, 4).put(2, 8).put(0xD9F, 13).put(0x1AAA, 13), want: "\x93\x5f\xe4\xaa"},
		{name: "hanzi", version: 1, bits: bits().put(13, 4).put(1, 4).put(1, 8).put((0xB0-0xA6)*0x60, 13), want: "\xb0\xa1"},
		{name: "hanzi, low half", version: 1, bits: bits().put(13, 4).put(1, 4).put(1, 8).put(2*0x60+1, 13), want: "\xa3\xa2"},
		{name: "ECI of one byte", version: 1, bits: bits().put(7, 4).put(26, 8).put(4, 4).put(1, 8).put('x', 8), want: "x"},
		{name: "ECI of two bytes", version: 1, bits: bits().put(7, 4).put(0x8300, 16).put(4, 4).put(1, 8).put('x', 8), want: "x"},
		{name: "ECI of three bytes", version: 1, bits: bits().put(7, 4).put(0xC03000, 24).put(4, 4).put(1, 8).put('x', 8), want: "x"},

		{name: "ECI of four bytes", version: 1, bits: bits().put(7, 4).put(0xE0, 8), fault: Broken},
		{name: "part of a structured append", version: 1, bits: bits().put(3, 4).put(0x01AA, 16).put(4, 4).put(1, 8).put('x', 8), fault: Structured},
		{name: "FNC1 first", version: 1, bits: bits().put(5, 4).put(4, 4).put(1, 8).put('x', 8), fault: FNC1},
		{name: "FNC1 second", version: 1, bits: bits().put(9, 4).put(4, 4).put(1, 8).put('x', 8), fault: FNC1},
		{name: "unknown mode", version: 1, bits: bits().put(15, 4), fault: Broken},
		{name: "hanzi of another subset", version: 1, bits: bits().put(13, 4).put(2, 4).put(1, 8).put(0, 13), fault: Broken},
		{name: "three digits above 999", version: 1, bits: bits().put(1, 4).put(3, 10).put(1000, 10), fault: Broken},
		{name: "two digits above 99", version: 1, bits: bits().put(1, 4).put(2, 10).put(100, 7), fault: Broken},
		{name: "one digit above 9", version: 1, bits: bits().put(1, 4).put(1, 10).put(10, 4), fault: Broken},
		{name: "pair above 2024", version: 1, bits: bits().put(2, 4).put(2, 9).put(2025, 11), fault: Broken},
		{name: "character above 44", version: 1, bits: bits().put(2, 4).put(1, 9).put(45, 6), fault: Broken},
		{name: "count beyond the end", version: 1, bits: bits().put(4, 4).put(255, 8), fault: Broken},
		{name: "digits beyond the end", version: 1, bits: bits().put(1, 4).put(1023, 10), fault: Broken},
		{name: "kanji beyond the end", version: 1, bits: bits().put(8, 4).put(255, 8), fault: Broken},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, segments, filling, fault := Content([]byte("before"), nil, c.bits.codewords(16), c.version)
			require.Equal(t, c.fault, fault)
			if fault != Plain {
				return
			}
			assert.Equal(t, "before"+c.want, string(got))
			assert.Equal(t, 8*16-len(c.bits.bits), filling)
			at := len("before")
			for _, s := range segments { // side by side
				require.Equal(t, at, s.From)
				at = s.To
			}
			require.Equal(t, len(got), at)
		})
	}
	full := bits().put(4, 4).put(14, 8).put(0x41424344, 32).put(0x41424344, 32).put(0x41424344, 32).put(0x4142, 16)
	got, _, filling, fault := Content(nil, nil, full.codewords(16), 1)
	require.Equal(t, Plain, fault, "a full symbol has no terminator")
	assert.Equal(t, 4, filling)
	assert.Equal(t, "ABCDABCDABCDAB", string(got))
	_, segments, _, _ := Content(nil, nil, bits().put(1, 4).put(1, 10).put(7, 4).put(7, 4).put(26, 8).put(4, 4).put(1, 8).put('x', 8).codewords(16), 1)
	assert.Equal(t, []Segment{{Numeric, 0, 1, -1}, {Byte, 1, 2, 26}}, segments)
	spoilt := bits().put(4, 4).put(1, 8).put('x', 8).codewords(16)
	spoilt[9] ^= 1
	_, _, filling, fault = Content(nil, nil, spoilt, 1)
	assert.Equal(t, Plain, fault)
	assert.Equal(t, -1, filling)
}

func FuzzContent(f *testing.F) {
	f.Add([]byte{0x10, 0x20, 0x0C, 0x56, 0x61, 0x80, 0xEC, 0x11}, 1)
	f.Add([]byte{0xD1, 0xFF, 0xFF, 0xFF, 0xFF}, 40)
	f.Fuzz(func(t *testing.T, codewords []byte, version int) {
		got, _, _, _ := Content(nil, nil, codewords, version)
		if len(got) > 4*len(codewords)+4 {
			t.Fatalf("%d bytes out of %d", len(got), len(codewords))
		}
	})
}
