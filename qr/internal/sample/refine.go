package sample

import "github.com/citizencode/citizencode/qr/internal/matrix"

// A bow is how a surface differs from a plane where there are too few alignment patterns to say: how far its rows and
// columns are bent in the middle, and how far they are moved along themselves between the middle and the ends. A label
// on a bottle is all four. Units are those of the transform's symbol, -1 to 1.
type bow struct{ rows, columns, along, down float64 }

func (b *bow) at(x, y float64) (float64, float64) {
	return x + b.columns*(1-y*y) + b.along*x*(1-x*x), y + b.rows*(1-x*x) + b.down*y*(1-y*y)
}

const refinements = 5 // rounds, each with half the step

// Refine moves the far corner of a grid with at most one alignment pattern, and bows it, for as long as the function
// patterns come out clearer. It reports whether they did. It looks at most 60 times at each of them.
func (g *Grid) Refine(v *View, p *matrix.Pattern) bool {
	if g.count > 2 || g.missing >= 0 {
		return false
	}
	h := float64(g.Size) / 2
	far := 1 - 6.5/h
	x, y := g.t.at(far, far)
	first := g.clear(v, p)
	best := first
	step := 1.0 // modules
	for range refinements {
		for k := range 12 {
			t, b, sign := g.t, g.bow, float64(1-2*(k&1))
			qx, qy := x, y
			switch k / 2 {
			case 0:
				qx += sign * step * g.module
			case 1:
				qy += sign * step * g.module
			case 2:
				g.bow.rows += sign * step / h
			case 3:
				g.bow.columns += sign * step / h
			case 4:
				g.bow.along += sign * step / h
			case 5:
				g.bow.down += sign * step / h
			}
			ok := true
			if k < 4 {
				g.matches = append(g.matches[:0], g.base...)
				g.matches = append(g.matches, match{far, far, qx, qy, 4})
				ok = g.refit()
			}
			if score := g.clear(v, p); ok && score > best {
				best, x, y = score, qx, qy
			} else {
				g.t, g.bow = t, b
			}
		}
		step /= 2
	}
	return best > first
}

// clear returns how much darker the dark modules of the function patterns are than the light ones.
func (g *Grid) clear(v *View, p *matrix.Pattern) float64 {
	var sum, count [2]float64
	n := g.Size
	for y := range n {
		for x := range n {
			if p.Free(x, y) || formatPlace(x, y, n) {
				continue
			}
			k := 0
			if p.Dark(x, y) {
				k = 1
			}
			px, py := g.At(float64(x)+0.5, float64(y)+0.5)
			sum[k] += v.at(px, py)
			count[k]++
		}
	}
	return sum[1]/count[1] - sum[0]/count[0]
}
