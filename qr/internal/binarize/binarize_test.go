package binarize

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/qr/internal/luma"
)

func picture(w, h int, at func(x, y int) byte) *luma.Image {
	m := new(luma.Image)
	m.Reset(w, h)
	for i := range m.Pix {
		m.Pix[i] = at(i%w, i/w)
	}
	return m
}

// Eight bytes at once are what eight comparisons are.
func TestLess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := rapid.Uint64().Draw(t, "x"), rapid.Uint64().Draw(t, "y")
		got := less(x, y)
		for shift := 0; shift < 64; shift += 8 {
			want := uint64(0)
			if byte(x>>shift) < byte(y>>shift) {
				want = 0x80
			}
			require.Equal(t, want, got>>shift&0xFF)
		}
	})
}

// A block is measured as one looks at every other row of it, byte by byte.
func TestMeasure(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for rows := 1; rows <= side; rows++ {
		m := picture(11, 8, func(int, int) byte { return byte(r.Uint32()) })
		sum, low, high := measure(m.Pix[2:], m.Stride, rows)
		wantSum, wantLow, wantHigh, count := int32(0), byte(255), byte(0), int32(0)
		for y := 0; y < rows; y += 2 {
			count++
			for _, v := range m.Row(y)[2:10] {
				wantSum += int32(v)
				wantLow, wantHigh = min(wantLow, v), max(wantHigh, v)
			}
		}
		assert.Equal(t, wantSum*side/count, sum)
		assert.Equal(t, wantLow, low)
		assert.Equal(t, wantHigh, high)
	}
}

// Large dark and light fields under a light that falls off come out as they are, at every width and height, and
// nothing is set beyond the width.
func TestDivide(t *testing.T) {
	var z Binarizer
	var b Bits
	for _, size := range [][2]int{{200, 120}, {63, 65}, {64, 64}, {65, 63}, {129, 41}, {7, 90}, {90, 7}} {
		dark := func(x, y int) bool { return (x/5+y/5)%2 == 0 }
		m := picture(size[0], size[1], func(x, y int) byte {
			light := 240 - 100*x/size[0]
			if dark(x, y) {
				light /= 3
			}
			return byte(light)
		})
		z.Measure(m)
		z.Divide(&b, m, Options{Reach: 2, Contrast: 20})
		check(t, &b, size, dark)
		z.Fine(&b, m, 9, 2)
		check(t, &b, size, dark)
	}
}

func check(t *testing.T, b *Bits, size [2]int, dark func(x, y int) bool) {
	t.Helper()
	require.Equal(t, size, [2]int{b.W, b.H})
	for y := range b.H {
		for x := range b.W {
			require.Equal(t, dark(x, y), b.At(x, y), "%v at %d, %d", size, x, y)
		}
		if left := b.W % 64; left != 0 {
			row := b.Row(y)
			require.Zero(t, row[len(row)-1]>>left)
		}
	}
}

// One surface with a little noise is one surface, dark or light.
func TestOneSurface(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	var z Binarizer
	var b Bits
	for _, ground := range []int{20, 128, 240} {
		m := picture(100, 100, func(int, int) byte { return byte(ground + r.IntN(9)) })
		z.Measure(m)
		z.Divide(&b, m, Options{Reach: 2, Contrast: 20})
		for y := range b.H {
			for _, w := range b.Row(y) {
				require.Zero(t, w)
			}
		}
	}
}
