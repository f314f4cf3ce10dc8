// Package sample lays the grid of a symbol over a picture and takes its modules: where the corner marks are, where
// the alignment patterns are, how bright each module is, and which side of its neighbourhood's threshold that is.
package sample

import "math"

// A transform takes a place on the flat symbol to one in the picture, in homogeneous coordinates. The symbol's
// coordinates run from -1 to 1, so that the equations are well conditioned.
type transform [8]float64

func (t *transform) at(x, y float64) (px, py float64) {
	w := t[6]*x + t[7]*y + 1
	return (t[0]*x + t[1]*y + t[2]) / w, (t[3]*x + t[4]*y + t[5]) / w
}

// A match is a place on the symbol that was seen in the picture.
type match struct {
	x, y   float64 // on the symbol, -1 to 1
	px, py float64 // in the picture
	weight float64
}

// straight is the weight that pulls towards no perspective: what corners of small patterns say about it is mostly noise.
const straight = 0.03

// fit returns the transform with the least squares of distances to the matches, of which there are at least four. Errors
// are as in the picture: two rounds weigh what lies far away as it is seen there.
func fit(matches []match) (t transform, ok bool) {
	var cx, cy, n float64
	for _, m := range matches {
		cx, cy, n = cx+m.px, cy+m.py, n+1
	}
	cx, cy = cx/n, cy/n
	scale := 0.0
	for _, m := range matches {
		scale += math.Hypot(m.px-cx, m.py-cy)
	}
	if scale /= n; !(scale > 0) {
		return t, false
	}
	for range 2 {
		var a [8][9]float64
		add := func(row *[9]float64, weight float64) {
			for i := range 8 {
				if row[i] == 0 {
					continue
				}
				for j := i; j < 9; j++ {
					a[i][j] += weight * row[i] * row[j]
				}
			}
		}
		total := 0.0
		for _, m := range matches {
			w := t[6]*m.x + t[7]*m.y + 1
			weight := m.weight / (w * w)
			total += m.weight
			px, py := (m.px-cx)/scale, (m.py-cy)/scale
			add(&[9]float64{m.x, m.y, 1, 0, 0, 0, -px * m.x, -px * m.y, px}, weight)
			add(&[9]float64{0, 0, 0, m.x, m.y, 1, -py * m.x, -py * m.y, py}, weight)
		}
		for i := range 8 {
			for j := range i {
				a[i][j] = a[j][i]
			}
		}
		a[6][6] += straight * straight * total
		a[7][7] += straight * straight * total
		if t, ok = solve(&a); !ok {
			return t, false
		}
	}
	// Back to pixels.
	for i, c := range [2]float64{cx, cy} {
		for j := range 3 {
			h := 1.0
			if j < 2 {
				h = t[6+j]
			}
			t[3*i+j] = scale*t[3*i+j] + c*h
		}
	}
	return t, true
}

// solve is Gauss's elimination with pivots.
func solve(a *[8][9]float64) (x transform, ok bool) {
	for i := range 8 {
		p := i
		for j := i + 1; j < 8; j++ {
			if math.Abs(a[j][i]) > math.Abs(a[p][i]) {
				p = j
			}
		}
		if !(math.Abs(a[p][i]) > 1e-12) {
			return x, false
		}
		a[i], a[p] = a[p], a[i]
		for j := i + 1; j < 8; j++ {
			f := a[j][i] / a[i][i]
			for k := i; k < 9; k++ {
				a[j][k] -= f * a[i][k]
			}
		}
	}
	for i := 7; i >= 0; i-- {
		x[i] = a[i][8]
		for j := i + 1; j < 8; j++ {
			x[i] -= a[i][j] * x[j]
		}
		x[i] /= a[i][i]
	}
	return x, true
}
