package sample

import (
	"github.com/citizencode/citizencode/qr/internal/bits"
	"github.com/citizencode/citizencode/qr/internal/matrix"
)

// A Sampler takes the modules under a grid. It keeps its memory.
type Sampler struct {
	dark    []float32 // how dark each module is, 0 to 255, with a margin around the symbol
	mean    []float32 // of the neighbourhood, without the margin
	sums    []float64
	Modules bits.Modules
}

// Take measures every module: the mean of five places in its middle, where its neighbours shine in least.
func (s *Sampler) Take(v *View, g *Grid) {
	n := g.Size
	wide := n + 2*margin
	if cap(s.dark) < wide*wide {
		s.dark, s.mean = make([]float32, wide*wide), make([]float32, n*n)
		s.Modules.V = make([]int16, n*n)
		s.sums = make([]float64, (n+1)*(n+1))
	}
	s.dark, s.mean, s.Modules.V = s.dark[:wide*wide], s.mean[:n*n], s.Modules.V[:n*n]
	s.sums = s.sums[:(n+1)*(n+1)]
	s.Modules.Size = n
	const off = 0.22
	small := g.module < 2.2
	for y := range wide {
		for x := range wide {
			cx, cy := float64(x-margin)+0.5, float64(y-margin)+0.5
			px, py := g.At(cx, cy)
			b := v.at(px, py)
			if !small {
				qx, qy := g.At(cx+off, cy+off)
				dx, dy := qx-px, qy-py
				b += v.at(qx, qy) + v.at(px-dx, py-dy) + v.at(px-dy, py+dx) + v.at(px+dy, py-dx)
				b /= 5
			}
			s.dark[y*wide+x] = float32(b)
		}
	}
}

// row returns how dark the modules of a row of the symbol are.
func (s *Sampler) row(y int) []float32 {
	n := s.Modules.Size
	at := (y+margin)*(n+2*margin) + margin
	return s.dark[at : at+n]
}

// Local fills Modules with how far each module is from the mean of its neighbourhood of reach modules to each side.
func (s *Sampler) Local(reach int) {
	n := s.Modules.Size
	s.means(reach)
	for y := range n {
		for x, b := range s.row(y) {
			s.Modules.V[y*n+x] = int16(8 * (b - s.mean[y*n+x]))
		}
	}
}

// means computes the mean of each neighbourhood from summed areas.
func (s *Sampler) means(reach int) {
	n := s.Modules.Size
	clear(s.sums[:n+1])
	for y := range n {
		run := 0.0
		s.sums[(y+1)*(n+1)] = 0
		for x, b := range s.row(y) {
			run += float64(b)
			s.sums[(y+1)*(n+1)+x+1] = s.sums[y*(n+1)+x+1] + run
		}
	}
	for y := range n {
		y0, y1 := max(y-reach, 0), min(y+reach+1, n)
		for x := range n {
			x0, x1 := max(x-reach, 0), min(x+reach+1, n)
			sum := s.sums[y1*(n+1)+x1] - s.sums[y0*(n+1)+x1] - s.sums[y1*(n+1)+x0] + s.sums[y0*(n+1)+x0]
			s.mean[y*n+x] = float32(sum / float64((x1-x0)*(y1-y0)))
		}
	}
}

// Global fills Modules with how far each module is from one threshold, the one that divides all of them best (Otsu).
func (s *Sampler) Global() {
	var histogram [256]int
	n := s.Modules.Size
	total, sum := n*n, 0
	for y := range n {
		for _, b := range s.row(y) {
			histogram[min(max(int(b), 0), 255)]++
			sum += int(b)
		}
	}
	best, threshold := -1.0, 128.0
	below, under := 0, 0
	for i, c := range histogram {
		below += c
		under += i * c
		if below == 0 || below == total {
			continue
		}
		d := float64(under)/float64(below) - float64(sum-under)/float64(total-below)
		if score := d * d * float64(below) * float64(total-below); score > best {
			best, threshold = score, float64(i)+0.5
		}
	}
	for y := range n {
		for x, b := range s.row(y) {
			s.Modules.V[y*n+x] = int16(8 * (float64(b) - threshold))
		}
	}
}

// Agreement returns which part of the function patterns Modules shows as they are, from 0 to 1. By chance it is a half.
func (s *Sampler) Agreement(p *matrix.Pattern) float64 {
	n := s.Modules.Size
	right, all := 0, 0
	for y := range n {
		for x := range n {
			if p.Free(x, y) || formatPlace(x, y, n) {
				continue
			}
			all++
			if (s.Modules.V[y*n+x] > 0) == p.Dark(x, y) {
				right++
			}
		}
	}
	return float64(right) / float64(all)
}
