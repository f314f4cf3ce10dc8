package qr

import (
	"testing"

	"github.com/makiuchi-d/gozxing/qrcode/decoder"
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
	out := make([]byte, n)
	for i := range out {
		out[i] = []byte{0xEC, 0x11}[i%2]
	}
	for i, b := range append(w.bits, 0, 0, 0, 0) {
		if i/8 < n {
			out[i/8] = out[i/8]&^(0x80>>(i%8)) | b<<(7-i%8)
		}
	}
	return out
}

func TestContent(t *testing.T) {
	bits := func() *bitWriter { return &bitWriter{} }
	for _, c := range []struct {
		name    string
		version int
		bits    *bitWriter
		want    string
		bad     bool
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

		{name: "ECI of four bytes", version: 1, bits: bits().put(7, 4).put(0xE0, 8), bad: true},
		{name: "part of a structured append", version: 1, bits: bits().put(3, 4).put(0x01AA, 16).put(4, 4).put(1, 8).put('x', 8), bad: true},
		{name: "FNC1 first", version: 1, bits: bits().put(5, 4).put(4, 4).put(1, 8).put('x', 8), bad: true},
		{name: "FNC1 second", version: 1, bits: bits().put(9, 4).put(4, 4).put(1, 8).put('x', 8), bad: true},
		{name: "unknown mode", version: 1, bits: bits().put(15, 4), bad: true},
		{name: "hanzi of another subset", version: 1, bits: bits().put(13, 4).put(2, 4).put(1, 8).put(0, 13), bad: true},
		{name: "three digits above 999", version: 1, bits: bits().put(1, 4).put(3, 10).put(1000, 10), bad: true},
		{name: "two digits above 99", version: 1, bits: bits().put(1, 4).put(2, 10).put(100, 7), bad: true},
		{name: "one digit above 9", version: 1, bits: bits().put(1, 4).put(1, 10).put(10, 4), bad: true},
		{name: "pair above 2024", version: 1, bits: bits().put(2, 4).put(2, 9).put(2025, 11), bad: true},
		{name: "character above 44", version: 1, bits: bits().put(2, 4).put(1, 9).put(45, 6), bad: true},
		{name: "count beyond the end", version: 1, bits: bits().put(4, 4).put(255, 8), bad: true},
		{name: "digits beyond the end", version: 1, bits: bits().put(1, 4).put(1023, 10), bad: true},
		{name: "kanji beyond the end", version: 1, bits: bits().put(8, 4).put(255, 8), bad: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := content(c.bits.codewords(16), c.version)
			if c.bad {
				require.ErrorIs(t, err, errBits)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.want, string(got))
		})
	}
	full := bits().put(4, 4).put(14, 8).put(0x41424344, 32).put(0x41424344, 32).put(0x41424344, 32).put(0x4142, 16)
	got, err := content(full.codewords(16), 1)
	require.NoError(t, err, "a full symbol has no terminator")
	assert.Equal(t, "ABCDABCDABCDAB", string(got))
}

// The table is checked against the one of the foreign reader, which sums blocks.
func TestDataCodewords(t *testing.T) {
	for level, foreign := range map[Level]decoder.ErrorCorrectionLevel{
		L: decoder.ErrorCorrectionLevel_L, M: decoder.ErrorCorrectionLevel_M,
		Q: decoder.ErrorCorrectionLevel_Q, H: decoder.ErrorCorrectionLevel_H,
	} {
		for number := 1; number <= 40; number++ {
			version, err := decoder.Version_GetVersionForNumber(number)
			require.NoError(t, err)
			n := 0
			for _, b := range version.GetECBlocksForLevel(foreign).GetECBlocks() {
				n += b.GetCount() * b.GetDataCodewords()
			}
			require.Equal(t, n, dataCodewords[level][number-1], "%d-%s", number, level)
			require.Equal(t, number, versionOf(level, n))
		}
		require.Zero(t, versionOf(level, 17))
	}
	require.Zero(t, versionOf(0, 16))
}

func FuzzContent(f *testing.F) {
	f.Add([]byte{0x10, 0x20, 0x0C, 0x56, 0x61, 0x80, 0xEC, 0x11}, 1)
	f.Add([]byte{0xD1, 0xFF, 0xFF, 0xFF, 0xFF}, 40)
	f.Fuzz(func(t *testing.T, codewords []byte, version int) {
		got, err := content(codewords, version)
		if err == nil && len(got) > 4*len(codewords) {
			t.Fatalf("%d bytes out of %d", len(got), len(codewords))
		}
	})
}

// dataCodewords is the number of data codewords of version 1 to 40 at each level: ISO/IEC 18004, table 7.
// Within a level it grows with the version, so it tells the version of what a reader has corrected.
var dataCodewords = map[Level][40]int{
	L: {
		19, 34, 55, 80, 108, 136, 156, 194, 232, 274, 324, 370, 428, 461, 523, 589, 647, 721, 795, 861,
		932, 1006, 1094, 1174, 1276, 1370, 1468, 1531, 1631, 1735, 1843, 1955, 2071, 2191, 2306, 2434, 2566, 2702, 2812, 2956,
	},
	M: {
		16, 28, 44, 64, 86, 108, 124, 154, 182, 216, 254, 290, 334, 365, 415, 453, 507, 563, 627, 669,
		714, 782, 860, 914, 1000, 1062, 1128, 1193, 1267, 1373, 1455, 1541, 1631, 1725, 1812, 1914, 1992, 2102, 2216, 2334,
	},
	Q: {
		13, 22, 34, 48, 62, 76, 88, 110, 132, 154, 180, 206, 244, 261, 295, 325, 367, 397, 445, 485,
		512, 568, 614, 664, 718, 754, 808, 871, 911, 985, 1033, 1115, 1171, 1231, 1286, 1354, 1426, 1502, 1582, 1666,
	},
	H: {
		9, 16, 26, 36, 46, 60, 66, 86, 100, 122, 140, 158, 180, 197, 223, 253, 283, 313, 341, 385,
		406, 442, 464, 514, 538, 596, 628, 661, 701, 745, 793, 845, 901, 961, 986, 1054, 1096, 1142, 1222, 1276,
	},
}
