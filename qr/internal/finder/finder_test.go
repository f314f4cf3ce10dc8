package finder

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/qr/internal/binarize"
	"github.com/citizencode/citizencode/qr/internal/luma"
)

// view is where a place, in modules from the corner of a symbol of 29 modules, is seen.
type view func(x, y float64) (float64, float64)

// seen draws three finder patterns, or the ones named, and divides the picture.
func seen(at view, light bool, which ...int) *binarize.Bits {
	img := new(luma.Image)
	img.Reset(400, 400)
	ink, ground := byte(20), byte(230)
	if light {
		ink, ground = ground, ink
	}
	for i := range img.Pix {
		img.Pix[i] = ground
	}
	const fine = 24
	for _, k := range which {
		cx, cy := [3]float64{3.5, 25.5, 3.5}[k], [3]float64{3.5, 3.5, 25.5}[k]
		for i := range 7 * fine {
			for j := range 7 * fine {
				x, y := (float64(i)+0.5)/fine-3.5, (float64(j)+0.5)/fine-3.5
				if ring := max(math.Abs(x), math.Abs(y)); ring < 1.5 || ring > 2.5 {
					px, py := at(cx+x, cy+y)
					img.Pix[int(py)*400+int(px)] = ink
				}
			}
		}
	}
	var z binarize.Binarizer
	var b binarize.Bits
	z.Measure(img)
	z.Divide(&b, img, binarize.Options{Reach: 6, Contrast: 20})
	return &b
}

func views() map[string]view {
	turned := func(angle, pixels, side float64) view {
		sin, cos := math.Sincos(angle)
		return func(x, y float64) (float64, float64) {
			x, y = (x-14.5)*pixels, (y-14.5)*pixels
			x, y = cos*x-sin*y, sin*x+cos*y
			w := 1 + side*x/200
			return 200 + x/w, 200 + y/w
		}
	}
	return map[string]view{
		"upright": turned(0, 8, 0), "turned": turned(0.6, 8, 0), "by a right angle": turned(math.Pi/2, 5, 0),
		"upside down": turned(3, 3, 0), "from the side": turned(0.2, 7, 0.25),
	}
}

// A pattern is found wherever and however it is seen, with its middle and the size of its modules.
func TestFind(t *testing.T) {
	for name, at := range views() {
		for _, light := range []bool{false, true} {
			var f Finder
			f.Find(seen(at, light, 0, 1, 2), 1, 400)
			require.Len(t, f.Patterns, 3, name)
			for _, c := range [3][2]float64{{3.5, 3.5}, {25.5, 3.5}, {3.5, 25.5}} {
				x, y := at(c[0], c[1])
				x1, y1 := at(c[0]+1, c[1])
				near := false
				for _, p := range f.Patterns {
					if math.Hypot(p.X-x, p.Y-y) < 1.2 {
						near = true
						assert.Equal(t, light, p.Light)
						u, v := p.Local(p.X+x1-x, p.Y+y1-y) // one module along a side
						assert.InDelta(t, 1, math.Hypot(u, v), 0.15, name)
						assert.Less(t, min(math.Abs(u), math.Abs(v)), 0.15, name)
					}
				}
				assert.True(t, near, "%s: %v", name, c)
			}
			triples := Triples(nil, f.Patterns)
			require.NotEmpty(t, triples, name)
			best := triples[0]
			x, y := at(3.5, 3.5)
			corner := f.Patterns[best.Corner]
			assert.Less(t, math.Hypot(corner.X-x, corner.Y-y), 1.5, name)
			assert.InDelta(t, 22, best.Modules, 1.5, name)
			assert.Positive(t, best.RX*best.DY-best.RY*best.DX, "clockwise")
		}
	}
}

// Two of three lead to the same corner, whichever is missing.
func TestPairs(t *testing.T) {
	at := views()["turned"]
	for missing := range 3 {
		which := []int{0, 1, 2}
		which = append(which[:missing], which[missing+1:]...)
		var f Finder
		f.Find(seen(at, false, which...), 1, 400)
		require.Len(t, f.Patterns, 2)
		require.Empty(t, Triples(nil, f.Patterns))
		x0, y0 := at(0, 0)
		x1, y1 := at(1, 0)
		x2, y2 := at(0, 1)
		right := false
		for _, p := range Pairs(nil, f.Patterns) {
			assert.Equal(t, Missing, min(p.Corner, p.Right, p.Down))
			assert.GreaterOrEqual(t, p.Any(), 0)
			r, d := math.Hypot(p.RX, p.RY), math.Hypot(p.DX, p.DY)
			along := (p.RX*(x1-x0)+p.RY*(y1-y0))/r/8 + (p.DX*(x2-x0)+p.DY*(y2-y0))/d/8
			if along > 1.98 && [3]int{p.Corner, p.Right, p.Down}[missing] == Missing {
				right = true
				assert.InDelta(t, 22, p.Modules, 1.5)
			}
		}
		assert.True(t, right, "missing %d", missing)
	}
}

// However many places look like a pattern, only so many are looked at.
func TestLimit(t *testing.T) {
	img := new(luma.Image)
	img.Reset(900, 900)
	for i := range img.Pix {
		u, v := i%900%9, i/900%9
		if ring := min(u, v, 8-u, 8-v); ring == 0 || ring == 2 {
			img.Pix[i] = 255
		}
	}
	var z binarize.Binarizer
	var b binarize.Bits
	z.Measure(img)
	z.Divide(&b, img, binarize.Options{Reach: 2, Contrast: 20})
	var f Finder
	f.Find(&b, 1, 10*maxSpots)
	assert.Equal(t, maxSpots, f.Chances)
	assert.LessOrEqual(t, len(Triples(nil, f.Patterns)), maxTriples)
	assert.LessOrEqual(t, len(Pairs(nil, f.Patterns)), maxTriples)
	f.Find(&b, 1, 10)
	assert.Equal(t, 10, f.Chances)
}
