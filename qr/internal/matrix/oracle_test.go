package matrix

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/encoder"
	skip2 "github.com/skip2/go-qrcode"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Two libraries by other people, and the standard's own figures, say whether a symbol is right. They share no
// line with this package.

func seeded(t testing.TB, seed uint64) *rand.Rand {
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, seed))
}

var gozxingLevel = [4]decoder.ErrorCorrectionLevel{
	decoder.ErrorCorrectionLevel_L, decoder.ErrorCorrectionLevel_M, decoder.ErrorCorrectionLevel_Q, decoder.ErrorCorrectionLevel_H,
}

// textFor returns a text of one mode that nearly fills a version.
func textFor(r *rand.Rand, m mode, version int, level Level) []byte {
	alphabets := [modeCount]string{numeric: "0123456789", alphanumeric: "ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", byteMode: "abcdefghijklmnopqrstuvwxyz"}
	n := 1
	for segmentBits(m, n+1, classOf(version)) <= 8*DataCodewords(version, level) {
		n++
	}
	if n > 3 {
		n -= r.IntN(3)
	}
	text := make([]byte, n)
	for i := range text {
		text[i] = alphabets[m][r.IntN(len(alphabets[m]))]
	}
	return text
}

// TestAgreesWithGozxing: every version and level, module by module: function patterns, format and version
// information, packing, Reed-Solomon, interleaving, placement. And the mask that is chosen.
func TestAgreesWithGozxing(t *testing.T) {
	t.Parallel()
	r := seeded(t, 1)
	var e Encoder
	for version := 1; version <= MaxVersion; version++ {
		for level := L; level <= H; level++ {
			m := mode(r.IntN(int(modeCount)))
			text := textFor(r, m, version, level)
			masks := []int{(version + int(level)) % 8, BestMask} // the others are for TestMasks
			if testing.Short() {
				masks = masks[:version%2]
			}
			for _, mask := range masks {
				what := fmt.Sprintf("version %d level %d mask %d mode %d", version, level, mask, m)
				hints := map[gozxing.EncodeHintType]any{gozxing.EncodeHintType_QR_VERSION: version}
				if mask != BestMask {
					hints[gozxing.EncodeHintType_QR_MASK_PATTERN] = mask
				}
				want, err := encoder.Encoder_encode(string(text), gozxingLevel[level], hints)
				require.NoError(t, err, what)
				var got Matrix
				require.NoError(t, e.Encode(&got, text, Request{Level: level, Version: version, Mask: mask}), what)
				require.Equal(t, version, got.Version)
				require.Equal(t, level, got.Level)
				require.Equal(t, want.GetMaskPattern(), got.Mask, what)
				for y, row := range want.GetMatrix().GetArray() {
					for x, v := range row {
						if (v == 1) != got.At(x, y) {
							t.Fatalf("%s: module %d, %d", what, x, y)
						}
					}
				}
			}
		}
	}
}

// TestAgreesWithSkip2: it reads rule N3 in another way and may choose another mask, but there is exactly one mask
// under which every module is the same.
func TestAgreesWithSkip2(t *testing.T) {
	t.Parallel()
	r := seeded(t, 2)
	var e Encoder
	step := 3
	if testing.Short() {
		step = 9
	}
	for i := 0; i < 4*MaxVersion; i += step {
		version, level := 1+i/4, Level(i%4)
		text := textFor(r, mode(r.IntN(int(modeCount))), version, level)
		symbol, err := skip2.NewWithForcedVersion(string(text), version, skip2.RecoveryLevel(level))
		require.NoError(t, err)
		symbol.DisableBorder = true
		want := symbol.Bitmap()
		same := 0
		for mask := range masks {
			var got Matrix
			require.NoError(t, e.Encode(&got, text, Request{Level: level, Version: version, Mask: mask}))
			if equal(want, &got) {
				same++
			}
		}
		assert.Equal(t, 1, same, "version %d level %d", version, level)
	}
}

func equal(want [][]bool, got *Matrix) bool {
	for y, row := range want {
		for x, v := range row {
			if v != got.At(x, y) {
				return false
			}
		}
	}
	return len(want) == got.Size()
}

// TestTables: capacities, blocks and alignment patterns against gozxing's tables, and the figures that everyone
// knows from table 7.
func TestTables(t *testing.T) {
	for version := 1; version <= MaxVersion; version++ {
		v, err := decoder.Version_GetVersionForNumber(version)
		require.NoError(t, err)
		assert.Equal(t, v.GetTotalCodewords(), codewords(version))
		centres := alignment(nil, version)
		assert.ElementsMatch(t, v.GetAlignmentPatternCenters(), centres, "version %d", version)
		assert.LessOrEqual(t, len(centres), 7)
		for level := L; level <= H; level++ {
			blocks := v.GetECBlocksForLevel(gozxingLevel[level])
			assert.EqualValues(t, blocks.GetECCodewordsPerBlock(), checkCodewords[level][version-1])
			assert.EqualValues(t, blocks.GetNumBlocks(), blockCount[level][version-1])
			assert.LessOrEqual(t, blocks.GetECCodewordsPerBlock(), 30)
		}
	}
	assert.Equal(t, maxCodewords, codewords(MaxVersion))
	for _, c := range []struct {
		version int
		level   Level
		most    [modeCount]int
	}{
		{1, L, [3]int{41, 25, 17}}, {1, H, [3]int{17, 10, 7}}, {9, L, [3]int{552, 335, 230}}, {10, M, [3]int{513, 311, 213}},
		{26, Q, [3]int{1804, 1094, 751}}, {27, L, [3]int{3517, 2132, 1465}}, {40, L, [3]int{7089, 4296, 2953}}, {40, H, [3]int{3057, 1852, 1273}},
	} {
		for m, n := range c.most {
			room := 8 * DataCodewords(c.version, c.level)
			assert.LessOrEqual(t, segmentBits(mode(m), n, classOf(c.version)), room, "version %d", c.version)
			assert.Greater(t, segmentBits(mode(m), n+1, classOf(c.version)), room, "version %d", c.version)
		}
	}
}

// The worked examples of annexes C and D, and that both words are multiples of their generators.
func TestFormatAndVersionInformation(t *testing.T) {
	assert.Equal(t, 0b100000011001110, formatInformation(M, 5))
	assert.Equal(t, 0b000111110010010100, versionInformation(7))
	remainder := func(word, generator, degree int) int {
		for bit := 20; bit >= degree; bit-- {
			if word>>bit&1 != 0 {
				word ^= generator << (bit - degree)
			}
		}
		return word
	}
	seen := map[int]bool{}
	for level := L; level <= H; level++ {
		for mask := range masks {
			word := formatInformation(level, mask)
			assert.Zero(t, remainder(word^0b101010000010010, 0b10100110111, 10))
			seen[word] = true
		}
	}
	assert.Len(t, seen, 32)
	for version := 7; version <= MaxVersion; version++ {
		word := versionInformation(version)
		assert.Equal(t, version, word>>12)
		assert.Zero(t, remainder(word, 0b1111100100101, 12))
	}
}

// TestReedSolomon: a block with its error correction codewords is zero at every root of the generator, computed
// with nothing but shifts.
func TestReedSolomon(t *testing.T) {
	times := func(a, b int) (product int) {
		for ; b > 0; b >>= 1 {
			if b&1 != 0 {
				product ^= a
			}
			if a <<= 1; a > 0xFF {
				a ^= 0x11D
			}
		}
		return product
	}
	r := seeded(t, 3)
	var rs reedSolomon
	for range 3 {
		for degree := 1; degree <= 30; degree++ {
			block := make([]byte, 1+r.IntN(150))
			for i := range block {
				block[i] = byte(r.Uint32())
			}
			rs.prepare(degree)
			var check [32]byte
			rs.check(check[:], block)
			assert.Equal(t, make([]byte, 32-degree), check[degree:])
			root := 1
			for range degree {
				value := 0
				for _, c := range append(block[:len(block):len(block)], check[:degree]...) {
					value = times(value, root) ^ int(c)
				}
				require.Zero(t, value, "degree %d", degree)
				root = times(root, 2)
			}
		}
	}
}
