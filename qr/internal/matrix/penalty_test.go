package matrix

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/makiuchi-d/gozxing/qrcode/encoder"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// modules returns a square of a few kinds: noise of any darkness, long runs, much of rule N3.
func modules(r *rand.Rand, size int) (rows, columns plane, other *encoder.ByteMatrix) {
	other = encoder.NewByteMatrix(size, size)
	kind, dark := r.IntN(4), r.Float64()
	finder := "00001011101000010111010000"
	for y := range size {
		for x := range size {
			v := r.Float64() < dark
			switch kind {
			case 1:
				v = (x/6+y/9)%2 == 0 != (r.IntN(50) == 0)
			case 2:
				v = finder[(x+3*y)%len(finder)] == '1' != (r.IntN(40) == 0)
			case 3:
				v = finder[(y+5*x)%len(finder)] == '1'
			}
			if v {
				rows.set(y, x)
				columns.set(x, y)
			}
			other.SetBool(x, y, v)
		}
	}
	return rows, columns, other
}

// TestPenalty compares each rule with gozxing's, which looks at one module at a time.
func TestPenalty(t *testing.T) {
	t.Parallel()
	r := seeded(t, 4)
	rounds := 10
	if testing.Short() {
		rounds = 2
	}
	for version := 1; version <= MaxVersion; version++ {
		for range rounds {
			size := sizeOf(version)
			rows, columns, other := modules(r, size)
			lines := encoder.MaskUtil_applyMaskPenaltyRule1(other) + encoder.MaskUtil_applyMaskPenaltyRule3(other)
			got := 0
			for k := range words(size) {
				got += linesPenalty(&rows[k], size, lowBits(size-64*k)) + linesPenalty(&columns[k], size, lowBits(size-64*k))
			}
			require.Equal(t, lines, got, "version %d, N1 and N3", version)
			squares := encoder.MaskUtil_applyMaskPenaltyRule2(other)
			require.Equal(t, squares, weightBlock*blocks(&rows, size), "version %d, N2", version)
			all := lines + squares + encoder.MaskUtil_applyMaskPenaltyRule4(other)
			require.Equal(t, all, penalty(&rows, &columns, size, math.MaxInt), "version %d", version)
			require.Equal(t, all, penalty(&rows, &columns, size, all+1), "just low enough")
			require.GreaterOrEqual(t, penalty(&rows, &columns, size, all), all)
			require.GreaterOrEqual(t, penalty(&rows, &columns, size, all/2), all/2)
		}
	}
}

// TestBestMask: the first mask with the lowest score, also where two have it.
func TestBestMask(t *testing.T) {
	t.Parallel()
	r := seeded(t, 8)
	var e Encoder
	ties := 0
	for range 200 {
		text := textFor(r, byteMode, 1, M)
		want, lowest := 0, math.MaxInt
		for mask := range masks {
			var m Matrix
			require.NoError(t, e.Encode(&m, text, Request{Level: M, Version: 1, Mask: mask}))
			other := encoder.NewByteMatrix(m.Size(), m.Size())
			for y := range m.Size() {
				for x := range m.Size() {
					other.SetBool(x, y, m.At(x, y))
				}
			}
			score := encoder.MaskUtil_applyMaskPenaltyRule1(other) + encoder.MaskUtil_applyMaskPenaltyRule2(other) +
				encoder.MaskUtil_applyMaskPenaltyRule3(other) + encoder.MaskUtil_applyMaskPenaltyRule4(other)
			if score < lowest {
				want, lowest = mask, score
			} else if score == lowest {
				ties++
			}
		}
		var m Matrix
		require.NoError(t, e.Encode(&m, text, Request{Level: M, Version: 1, Mask: BestMask}))
		require.Equal(t, want, m.Mask)
	}
	assert.Positive(t, ties)
}

// TestMasks: the stored lines against the formulas, at every module of the largest symbol.
func TestMasks(t *testing.T) {
	var free plane
	for y := range MaxSize {
		for x := range MaxSize {
			free.set(y, x)
		}
	}
	for mask := range masks {
		var rows, columns plane
		apply(&rows, &plane{}, &free, &maskLines[0][mask], MaxSize)
		apply(&columns, &plane{}, &free, &maskLines[1][mask], MaxSize)
		for y := range MaxSize {
			for x := range MaxSize {
				want, err := encoder.MaskUtil_getDataMaskBit(mask, x, y)
				require.NoError(t, err)
				if rows.at(y, x) != want || columns.at(x, y) != want {
					t.Fatalf("mask %d, module %d, %d", mask, x, y)
				}
			}
		}
	}
}

func TestTurn(t *testing.T) {
	r := seeded(t, 5)
	for _, size := range []int{21, 57, 61, 65, 125, 129, 177} {
		rows, columns, _ := modules(r, size)
		var turned plane
		turned.turn(&rows, size)
		assert.True(t, columns == turned, "size %d", size)
		count := 0
		for y := range size {
			for x := range size {
				if rows.at(y, x) {
					count++
				}
			}
		}
		assert.Equal(t, count, rows.count(size))
	}
}
