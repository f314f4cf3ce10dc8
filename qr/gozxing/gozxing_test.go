package gozxing

import (
	"image"
	"image/draw"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/qr"
	"github.com/citizencode/citizencode/qr/internal/luma"
)

func never() bool { return false }

func plain(w, h int) *luma.Image {
	m := new(luma.Image)
	m.Reset(w, h)
	return m
}

func grayOf(img image.Image) *image.Gray {
	g := image.NewGray(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(g, g.Rect, img, img.Bounds().Min, draw.Src)
	return g
}

// What our own reader is checked against in every run: this one reads what we draw, and says the same about it.
func TestReadsWhatWeDraw(t *testing.T) {
	for i, text := range []string{"7", "HTTPS://CITY.EXAMPLE/", "\x00\xff\xfe", "0123456789abcABC-:/0123456789"} {
		for level := qr.L; level <= qr.H; level++ {
			s, err := qr.NewSymbol(text, qr.Options{Level: level})
			require.NoError(t, err)
			img := s.Image(2 + i)
			results := Reader{}.ReadGray(grayOf(img), never)
			require.Len(t, results, 1)
			ours, err := qr.Decode(img, qr.ReadOptions{Timeout: time.Minute})
			require.NoError(t, err)
			require.Len(t, ours, 1)
			assert.Equal(t, text, string(results[0].Bytes))
			assert.Equal(t, ours[0].Bytes, results[0].Bytes)
			assert.Equal(t, ours[0].Text, results[0].Text)
			assert.Equal(t, ours[0].Segments, results[0].Segments)
			assert.Equal(t, ours[0].Version, results[0].Version)
			assert.Equal(t, ours[0].Level, results[0].Level)
		}
	}
}

func TestStops(t *testing.T) {
	looks := 0
	assert.Empty(t, climb(func(*luma.Image, method, func() bool) (qr.Result, error) {
		looks++
		return qr.Result{}, errNothing
	}, plain(100, 100), func() bool { return looks > 0 }))
	assert.Equal(t, 1, looks, "an abandoned picture costs the look that it was in and no other")
	// A panic costs one look.
	_, err := once(&luma.Image{W: 100, H: 100, Stride: 100, Pix: make([]byte, 5)}, local, never)
	assert.ErrorIs(t, err, errNothing)
	assert.Zero(t, versionOf(qr.L, 17))
	assert.Zero(t, versionOf(0, 16))
}

// The ladder: every method meets every size, and a later rung is reached when the earlier ones fail.
func TestLadder(t *testing.T) {
	type rung struct {
		w int
		m method
	}
	climbed := func(w, h int) (rungs []rung) {
		require.Empty(t, climb(func(m *luma.Image, how method, _ func() bool) (qr.Result, error) {
			rungs = append(rungs, rung{m.W, how})
			return qr.Result{}, errNothing
		}, plain(w, h), never))
		return rungs
	}
	small := climbed(100, 90)
	assert.Equal(t, rung{100, pure}, small[0])
	for _, m := range []method{local, global, blurred, inverted} {
		for _, w := range []int{100, 50, 25} {
			if w == 25 { // 25×22: the smallest size that can still hold a symbol
				assert.Contains(t, small, rung{25, m})
			}
			assert.Contains(t, small, rung{w, m})
		}
		assert.NotContains(t, small, rung{12, m})
	}
	assert.Equal(t, rung{200, global}, small[len(small)-1])
	large := climbed(2000, 1500)
	assert.Equal(t, []rung{{1000, pure}, {1000, local}, {500, local}, {250, local}, {2000, local}}, large[:5],
		"a large picture is looked at reduced first")
	assert.NotContains(t, large, rung{4000, local}, "and not doubled")
	assert.Empty(t, climbed(20, 400))
}
func TestTiles(t *testing.T) {
	assert.Equal(t, []int{0}, tileStarts(1))
	assert.Equal(t, []int{0}, tileStarts(2048))
	assert.Equal(t, []int{0, 1}, tileStarts(2049))
	assert.Equal(t, []int{0, 1536, 2952}, tileStarts(5000))
	for n := tileSide; n < 4*tileSide; n += 97 { // every stretch of tileOverlap lies whole in one tile
		starts := tileStarts(n)
		for i := 1; i < len(starts); i++ {
			require.LessOrEqual(t, starts[i], starts[i-1]+tileSide-tileOverlap)
		}
		require.Equal(t, n-tileSide, starts[len(starts)-1])
	}
	m := plain(3, 3)
	copy(m.Pix, []byte{1, 2, 3, 4, 5, 6, 7, 8, 9})
	p := part(m, 1, 1, 2, 2)
	assert.Equal(t, []byte{5, 6}, p.Row(0))
	assert.Equal(t, []byte{8, 9}, p.Row(1))
}

// Stripes, each crossing of which is followed from end to end: what bounds them is the size of a look.
func TestSlowStripes(t *testing.T) {
	for _, side := range [][2]int{{2100, 300}, {300, 2100}, {30, 9000}, {9000, 30}, {1400, 900}} {
		for view, m := range looks(plain(side[0], side[1])) {
			if m != pure {
				require.LessOrEqual(t, max(view.W, view.H), tileSide)
			}
		}
	}
}
