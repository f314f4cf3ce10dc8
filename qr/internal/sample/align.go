package sample

import (
	"math"

	"github.com/citizencode/citizencode/qr/internal/matrix"
)

// Align looks for the alignment patterns and bends the grid to them. It returns how many of how many were found.
func (g *Grid) Align(v *View) (found, of int) {
	centres := matrix.Alignment(g.centres[:0], g.version)
	g.count = len(centres)
	if g.count == 0 {
		return 0, 0
	}
	for i, c := range centres {
		g.place[g.count-1-i] = float64(c) + 0.5
	}
	last := g.count - 1
	g.nodes = [maxNodes][maxNodes]node{}
	// The last one of all says most about the perspective, and is looked for farthest.
	of = g.count*g.count - 3
	h := float64(g.Size) / 2
	if last == 1 {
		reach := math.Min(4+float64(g.Size)/16, 8)
		if g.missing >= 0 {
			reach *= 1.5 // one side of the symbol is a guess
		}
		x, y, ok := g.search(v, g.place[1], g.place[1], 0, 0, reach)
		if ok {
			found = 1
			g.matches = append(g.matches[:len(g.base)], match{g.place[1]/h - 1, g.place[1]/h - 1, x, y, 4})
			old := g.t
			if !g.refit() {
				g.t, found = old, 0
			}
		}
		return found, of
	}
	for pass := range 2 {
		found = 0
		g.matches = append(g.matches[:0], g.base...)
		for sum := 1; sum < 2*last+1; sum++ {
			for i := max(0, sum-last); i <= min(sum, last); i++ {
				j := sum - i
				if i == 0 && j == last || j == 0 && i == last {
					continue
				}
				n := &g.nodes[j][i]
				dx, dy, reach := g.drift(i, j)
				if pass == 1 {
					reach = 2
				}
				x, y, ok := g.search(v, g.place[i], g.place[j], dx, dy, reach)
				n.found = ok
				if ok {
					found++
					fx, fy := g.flat(g.place[i], g.place[j])
					n.x, n.y, n.dx, n.dy = x, y, x-fx, y-fy
					g.matches = append(g.matches, match{g.place[i]/h - 1, g.place[j]/h - 1, x, y, 4})
				}
			}
		}
		if found == 0 {
			return 0, of
		}
		old := g.t
		if !g.refit() {
			g.t = old
		}
		for j := range g.count {
			for i := range g.count {
				if n := &g.nodes[j][i]; n.found {
					fx, fy := g.flat(g.place[i], g.place[j])
					n.dx, n.dy = n.x-fx, n.y-fy
				}
			}
		}
	}
	g.fill()
	g.bent = true
	return found, of
}

// drift returns how far from the transform a node may be expected, from the nearest nodes that were found, and how far
// around that it must be looked for, in modules.
func (g *Grid) drift(i, j int) (dx, dy, reach float64) {
	var weight float64
	nearest := g.count * 2
	for b := range g.count {
		for a := range g.count {
			n := &g.nodes[b][a]
			d := max(i-a, a-i) + max(j-b, b-j)
			if !n.found || d > 2 || d == 0 {
				continue
			}
			w := 1 / float64(d*d*d)
			dx, dy, weight = dx+w*n.dx, dy+w*n.dy, weight+w
			nearest = min(nearest, d)
		}
	}
	if weight == 0 {
		return 0, 0, 4
	}
	return dx / weight, dy / weight, 1.5 + 0.8*float64(nearest)
}

// fill gives the nodes that were not found the drift of those around them. At the finder patterns there is none.
func (g *Grid) fill() {
	last := g.count - 1
	for i, c := range [3][2]int{{0, 0}, {last, 0}, {0, last}} {
		if i == g.missing {
			continue
		}
		g.nodes[c[1]][c[0]] = node{found: true}
	}
	for range 2 * g.count {
		missing := false
		for j := range g.count {
			for i := range g.count {
				n := &g.nodes[j][i]
				if n.found {
					continue
				}
				var dx, dy, w float64
				for _, s := range [4][2]int{{1, 0}, {-1, 0}, {0, 1}, {0, -1}} {
					a, b := i+s[0], j+s[1]
					if a < 0 || b < 0 || a > last || b > last || !g.nodes[b][a].found && g.nodes[b][a].dx == 0 {
						continue
					}
					dx, dy, w = dx+g.nodes[b][a].dx, dy+g.nodes[b][a].dy, w+1
				}
				if w > 0 {
					n.dx, n.dy = dx/w, dy/w
				}
				missing = true
			}
		}
		if !missing {
			return
		}
	}
}

// alike is the correlation with an alignment pattern from which on a place is one.
const alike = 0.62

// search looks for an alignment pattern around a place on the symbol, moved by a drift in pixels, up to reach modules
// away.
func (g *Grid) search(v *View, x, y, dx, dy, reach float64) (px, py float64, ok bool) {
	x0, y0 := g.flat(x, y)
	xr, yr := g.flat(x+0.5, y)
	xl, yl := g.flat(x-0.5, y)
	xd, yd := g.flat(x, y+0.5)
	xu, yu := g.flat(x, y-0.5)
	ux, uy, vx, vy := xr-xl, yr-yl, xd-xu, yd-yu
	x0, y0 = x0+dx, y0+dy
	best, bx, by := -1.0, 0.0, 0.0
	look := func(i, j, pull float64) {
		score := g.correlate(v, x0+i*ux+j*vx, y0+i*uy+j*vy, ux, uy, vx, vy) - pull*math.Hypot(i, j)
		if score > best {
			best, bx, by = score, i, j
		}
	}
	const coarse = 0.5
	// A far place must look better than a near one: data look like an alignment pattern now and then.
	pull := 0.12 / math.Max(reach, 1)
	steps := int(reach / coarse)
	for j := -steps; j <= steps; j++ {
		for i := -steps; i <= steps; i++ {
			look(float64(i)*coarse, float64(j)*coarse, pull)
		}
	}
	if best < alike-0.2 {
		return 0, 0, false
	}
	best += pull * math.Hypot(bx, by)
	for _, step := range [3]float64{0.25, 0.12, 0.06} {
		cx, cy := bx, by
		for j := -1.0; j <= 1; j++ {
			for i := -1.0; i <= 1; i++ {
				if i != 0 || j != 0 {
					look(cx+i*step, cy+j*step, 0)
				}
			}
		}
	}
	return x0 + bx*ux + by*vx, y0 + bx*uy + by*vy, best >= alike
}

// correlate compares 5×5 modules around a place with an alignment pattern, from -1 to 1.
func (g *Grid) correlate(v *View, x, y, ux, uy, vx, vy float64) float64 {
	// 17 of 25 are dark. The middle first: nearly all places end there.
	middle := v.at(x, y)
	var ring, edge, square float64
	for k := range 8 {
		i, j := float64(around[k][0]), float64(around[k][1])
		b := v.at(x+i*ux+j*vx, y+i*uy+j*vy)
		ring += b
		square += b * b
	}
	if middle*8 <= ring+16 {
		return -1
	}
	for k := 8; k < 24; k++ {
		i, j := float64(around[k][0]), float64(around[k][1])
		b := v.at(x+i*ux+j*vx, y+i*uy+j*vy)
		edge += b
		square += b * b
	}
	sum := ring + edge + middle
	square += middle * middle
	variance := square/25 - sum/25*sum/25
	if variance < 4 {
		return -1
	}
	covariance := (edge+middle)/25 - sum/25*17/25
	return covariance / math.Sqrt(variance*17/25*8/25)
}

// around are the modules of an alignment pattern around its middle: the light ring, then the dark one.
var around = func() (a [24][2]int) {
	n := 0
	for ring := 1; ring <= 2; ring++ {
		for j := -2; j <= 2; j++ {
			for i := -2; i <= 2; i++ {
				if max(i, -i, j, -j) == ring {
					a[n] = [2]int{i, j}
					n++
				}
			}
		}
	}
	return a
}()
