package sample

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/qr/internal/finder"
	"github.com/citizencode/citizencode/qr/internal/luma"
	"github.com/citizencode/citizencode/qr/internal/matrix"
)

// A view from the side is recovered from where its places are seen.
func TestFit(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 100 {
		want := transform{80 + 50*r.Float64(), 40 * r.Float64(), 300, -30 * r.Float64(), 90, 200, 0.25 * (r.Float64() - 0.5), 0.25 * (r.Float64() - 0.5)}
		var matches []match
		for range 12 {
			x, y := 2*r.Float64()-1, 2*r.Float64()-1
			px, py := want.at(x, y)
			matches = append(matches, match{x, y, px, py, 1})
		}
		got, ok := fit(matches)
		require.True(t, ok)
		for range 20 {
			x, y := 2*r.Float64()-1, 2*r.Float64()-1
			px, py := want.at(x, y)
			qx, qy := got.at(x, y)
			// The pull towards no perspective costs a little.
			assert.InDelta(t, px, qx, 1)
			assert.InDelta(t, py, qy, 1)
		}
	}
	_, ok := fit([]match{{0, 0, 5, 5, 1}, {1, 0, 5, 5, 1}, {0, 1, 5, 5, 1}, {1, 1, 5, 5, 1}})
	assert.False(t, ok, "all in one place")
}

// drawn is a symbol under a transform, with the patterns as a perfect search would find them.
func drawn(m *matrix.Matrix, at func(x, y float64) (float64, float64)) (*luma.Image, []finder.Pattern) {
	img := new(luma.Image)
	img.Reset(500, 500)
	for i := range img.Pix {
		img.Pix[i] = 220
	}
	const fine = 30
	for y := range m.Size() * fine {
		for x := range m.Size() * fine {
			if m.At(x/fine, y/fine) {
				px, py := at((float64(x)+0.5)/fine, (float64(y)+0.5)/fine)
				img.Pix[int(py)*500+int(px)] = 30
			}
		}
	}
	n := float64(m.Size())
	var patterns []finder.Pattern
	for _, c := range [3][2]float64{{3.5, 3.5}, {n - 3.5, 3.5}, {3.5, n - 3.5}} {
		x, y := at(c[0], c[1])
		ux, uy := at(c[0]+0.5, c[1])
		vx, vy := at(c[0], c[1]+0.5)
		patterns = append(patterns, finder.Pattern{X: x, Y: y, UX: 2 * (ux - x), UY: 2 * (uy - y), VX: 2 * (vx - x), VY: 2 * (vy - y), Module: math.Hypot(ux-x, uy-y) * 2})
	}
	return img, patterns
}

// Every alignment pattern is found under a view that bends, and every module is then taken where it is.
func TestAlign(t *testing.T) {
	var e matrix.Encoder
	for _, version := range []int{2, 6, 7, 14, 21} {
		var m matrix.Matrix
		require.NoError(t, e.Encode(&m, []byte("alignment"), matrix.Request{Level: matrix.Q, Version: version, Mask: matrix.BestMask}))
		n := float64(m.Size())
		pixels := 440 / n
		bend := 0.35 * pixels
		if version < 7 {
			bend = 0 // one pattern says nothing about a bend
		}
		img, patterns := drawn(&m, func(x, y float64) (float64, float64) {
			w := 1 + 0.12*x/n
			return (20 + pixels*x + bend*math.Sin(3*y/n)) / w, (20 + pixels*y - bend*math.Sin(3*x/n)) / w
		})
		triple := finder.Triple{Corner: 0, Right: 1, Down: 2, RX: 1, DY: 1}
		var g Grid
		v := View{Image: img}
		require.True(t, g.Lay(patterns, triple, version))
		if version < 7 {
			assert.Greater(t, g.Timing(&v), 0.5)
		}
		found, of := g.Align(&v)
		assert.Equal(t, of, found, "version %d", version)
		var s Sampler
		s.Take(&v, &g)
		s.Local(4)
		wrong := 0
		for y := range m.Size() {
			for x := range m.Size() {
				if (s.Modules.V[y*m.Size()+x] > 0) != m.At(x, y) {
					wrong++
				}
			}
		}
		assert.Less(t, wrong, m.Size()*m.Size()/100+1, "version %d", version)
		var p matrix.Pattern
		p.Prepare(version)
		assert.Greater(t, s.Agreement(&p), 0.97)
	}
}

// The filter brings back modules that have run into each other, where thresholds do not.
func TestEqualise(t *testing.T) {
	var e matrix.Encoder
	var m matrix.Matrix
	require.NoError(t, e.Encode(&m, []byte("out of focus"), matrix.Request{Level: matrix.M, Version: 5, Mask: matrix.BestMask}))
	n := m.Size()
	spread := [5]float64{0.02, 0.22, 0.52, 0.22, 0.02} // over two modules to each side
	dark := func(x, y int) (sum float64) {
		for j, a := range spread {
			for i, b := range spread {
				if m.At(x+i-2, y+j-2) {
					sum += 200 * a * b
				}
			}
		}
		return sum
	}
	var s Sampler
	s.Modules.Size = n
	s.Modules.V = make([]int16, n*n)
	s.mean, s.sums = make([]float32, n*n), make([]float64, (n+1)*(n+1))
	wide := n + 2*margin
	s.dark = make([]float32, wide*wide)
	for i := range s.dark {
		s.dark[i] = float32(math.Round(dark(i%wide-margin, i/wide-margin)))
	}
	wrong := func() (count int) {
		for y := range n {
			for x := range n {
				if (s.Modules.V[y*n+x] > 0) != m.At(x, y) {
					count++
				}
			}
		}
		return count
	}
	s.Local(4)
	before := wrong()
	var p matrix.Pattern
	p.Prepare(5)
	s.Equalise(&p, 2, false)
	assert.Greater(t, before, n*n/20)
	assert.Less(t, wrong(), before/3)
}
