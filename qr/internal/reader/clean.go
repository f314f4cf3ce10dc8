package reader

import (
	"math"

	"github.com/citizencode/citizencode/qr/internal/luma"
	"github.com/citizencode/citizencode/qr/internal/matrix"
	"github.com/citizencode/citizencode/qr/internal/sample"
)

// clean reads a picture that is one upright symbol and its margin, as a program draws it: the symbol is what is inside
// the margin, and needs no search. A search misses about one of a thousand of these, at one pixel to a module.
func (r *Reader) clean(m *luma.Image) {
	ground, ok := margin(m)
	if !ok {
		return
	}
	// The box around everything that differs from the margin by half of what any pixel does.
	most := 0
	for y := range m.H {
		for _, v := range m.Row(y) {
			most = max(most, apart(v, ground))
		}
	}
	if most < 2*flat {
		return
	}
	x0, y0, x1, y1 := m.W, m.H, -1, -1
	for y := range m.H {
		for x, v := range m.Row(y) {
			if 2*apart(v, ground) > most {
				x0, x1 = min(x0, x), max(x1, x)
				y0, y1 = min(y0, y), max(y1, y)
			}
		}
	}
	w, h := x1-x0+1, y1-y0+1
	if w < minSide || max(w-h, h-w) > 1+w/100 {
		return
	}
	// Three of its corners are finder patterns, whose upper or lower edge is seven modules of ink. At least one of
	// two that lie crosswise is one.
	for _, from := range [2][2]int{{x0, y0}, {x1, y0}} {
		step, run := 1, 0
		if from[0] == x1 {
			step = -1
		}
		for x := from[0]; x >= x0 && x <= x1 && 2*apart(m.Row(from[1])[x], ground) > most; x += step {
			run++
		}
		version := int(math.Round((float64(w)*7/float64(max(run, 1)) - 17) / 4))
		if version < 1 || version > matrix.MaxVersion {
			continue
		}
		v := sample.View{Image: m, Light: ground < 128}
		for turn := range 4 {
			r.grid.Square(float64(x0), float64(y0), float64(x1+1), float64(y1+1), version, turn)
			r.sampler.Take(&v, &r.grid)
			r.sampler.Global()
			if s, ok := r.decoder.Decode(&r.sampler.Modules); ok {
				r.keep(s, v.Light, 1)
				return
			}
		}
	}
}

// flat is the difference in brightness below which pixels are one surface.
const flat = 16

func apart(a, b byte) int { return max(int(a)-int(b), int(b)-int(a)) }

// margin returns the brightness of the outermost pixels, if they are all of about one.
func margin(m *luma.Image) (ground byte, ok bool) {
	ground = m.Pix[0]
	for y := range m.H {
		row := m.Row(y)
		if y > 0 && y < m.H-1 {
			if apart(row[0], ground) > flat || apart(row[m.W-1], ground) > flat {
				return 0, false
			}
			continue
		}
		for _, v := range row {
			if apart(v, ground) > flat {
				return 0, false
			}
		}
	}
	return ground, true
}
