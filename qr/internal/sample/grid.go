package sample

import (
	"math"

	"github.com/citizencode/citizencode/qr/internal/finder"
	"github.com/citizencode/citizencode/qr/internal/luma"
	"github.com/citizencode/citizencode/qr/internal/matrix"
)

// A View is a picture and how many of its pixels there are to one of the picture that the patterns were found in.
type View struct {
	Image *luma.Image
	Scale float64
	Light bool // light on dark
}

// at returns how dark a place is, 0 to 255.
func (v *View) at(x, y float64) float64 {
	b := v.Image.At(x*v.Scale, y*v.Scale)
	if v.Light {
		return b
	}
	return 255 - b
}

const maxNodes = 7

// A node is a place on the symbol where an alignment pattern is, or would be.
type node struct {
	x, y   float64 // in the picture
	dx, dy float64 // from where the transform puts it
	found  bool
}

// A Grid is the grid of one symbol over a picture: a transform of the plane, and what the surface differs from a plane
// at the alignment patterns. It keeps its memory.
type Grid struct {
	Size    int
	version int
	t       transform
	count   int // nodes along a side
	place   [maxNodes]float64
	nodes   [maxNodes][maxNodes]node
	bent    bool
	matches []match
	base    []match // of the three corners
	missing int     // which of the three was not seen, -1 for none
	centres [maxNodes]int
	module  float64 // pixels
}

// Corners returns the corners of the symbol in the picture, clockwise from the one between the upper finder patterns'.
func (g *Grid) Corners() (c [4][2]float64) {
	n := float64(g.Size)
	for i, p := range [4][2]float64{{0, 0}, {n, 0}, {n, n}, {0, n}} {
		c[i][0], c[i][1] = g.At(p[0], p[1])
	}
	return c
}

// Module returns the mean side of a module in pixels.
func (g *Grid) Module() float64 { return g.module }

func (g *Grid) flat(x, y float64) (px, py float64) {
	h := float64(g.Size) / 2
	return g.t.at(x/h-1, y/h-1)
}

// At returns where a place on the symbol, in modules from its corner, is in the picture.
func (g *Grid) At(x, y float64) (px, py float64) {
	px, py = g.flat(x, y)
	if !g.bent {
		return px, py
	}
	i, fx := g.between(x)
	j, fy := g.between(y)
	a, b, c, d := &g.nodes[j][i], &g.nodes[j][i+1], &g.nodes[j+1][i], &g.nodes[j+1][i+1]
	px += (1-fy)*((1-fx)*a.dx+fx*b.dx) + fy*((1-fx)*c.dx+fx*d.dx)
	py += (1-fy)*((1-fx)*a.dy+fx*b.dy) + fy*((1-fx)*c.dy+fx*d.dy)
	return px, py
}

// between returns the node before a coordinate and how far it is to the next one, a little beyond the ends.
func (g *Grid) between(x float64) (i int, f float64) {
	for i < g.count-2 && x > g.place[i+1] {
		i++
	}
	f = (x - g.place[i]) / (g.place[i+1] - g.place[i])
	return i, math.Min(math.Max(f, -0.5), 1.5)
}

// Corner is a finder pattern with its axes turned as the symbol's.
type corner struct {
	x, y           float64
	ux, uy, vx, vy float64
}

// turned returns the pattern with its axes along right and down of the symbol.
func turned(p *finder.Pattern, rx, ry, dx, dy float64) corner {
	c := corner{x: p.X, y: p.Y}
	best := math.Inf(-1)
	for k := range 4 {
		ux, uy, vx, vy := p.UX, p.UY, p.VX, p.VY
		for range k {
			ux, uy, vx, vy = vx, vy, -ux, -uy
		}
		if dot := (ux*rx+uy*ry)/math.Hypot(rx, ry) + (vx*dx+vy*dy)/math.Hypot(dx, dy); dot > best {
			best = dot
			c.ux, c.uy, c.vx, c.vy = ux, uy, vx, vy
		}
	}
	return c
}

// Lay lays the grid of a version over the patterns of a triple by their places and edges alone.
func (g *Grid) Lay(p []finder.Pattern, t finder.Triple, version int) bool {
	g.version, g.Size, g.bent = version, matrix.SizeOf(version), false
	n, h := float64(g.Size), float64(g.Size)/2
	g.base = g.base[:0]
	g.missing = -1
	for i, at := range [3]int{t.Corner, t.Right, t.Down} {
		if at == finder.Missing {
			g.missing = i
			continue
		}
		x, y := 3.5, 3.5
		if i == 1 {
			x = n - 3.5
		}
		if i == 2 {
			y = n - 3.5
		}
		k := turned(&p[at], t.RX, t.RY, t.DX, t.DY)
		g.base = append(g.base, match{x/h - 1, y/h - 1, k.x, k.y, 4})
		for _, s := range [4][2]float64{{-3.5, -3.5}, {3.5, -3.5}, {3.5, 3.5}, {-3.5, 3.5}} {
			g.base = append(g.base, match{(x+s[0])/h - 1, (y+s[1])/h - 1, k.x + s[0]*k.ux + s[1]*k.vx, k.y + s[0]*k.uy + s[1]*k.vy, 0.25})
		}
	}
	g.matches = append(g.matches[:0], g.base...)
	return g.refit()
}

// Square lays the grid of a version over a rectangle, turned clockwise by so many quarters.
func (g *Grid) Square(x0, y0, x1, y1 float64, version, quarters int) {
	g.version, g.Size, g.bent = version, matrix.SizeOf(version), false
	cx, cy, rx, ry := (x0+x1)/2, (y0+y1)/2, (x1-x0)/2, (y1-y0)/2
	g.module = (x1 - x0) / float64(g.Size)
	switch quarters & 3 {
	case 0:
		g.t = transform{rx, 0, cx, 0, ry, cy}
	case 1:
		g.t = transform{0, -rx, cx, ry, 0, cy}
	case 2:
		g.t = transform{-rx, 0, cx, 0, -ry, cy}
	case 3:
		g.t = transform{0, rx, cx, -ry, 0, cy}
	}
}

func (g *Grid) refit() bool {
	t, ok := fit(g.matches)
	if !ok {
		return false
	}
	g.t = t
	return g.check()
}

// check refuses a grid that is folded, or whose modules are much larger on one side than on the other.
func (g *Grid) check() bool {
	h := float64(g.Size)
	least, most := math.Inf(1), 0.0
	for _, c := range [5][2]float64{{0, 0}, {h, 0}, {0, h}, {h, h}, {h / 2, h / 2}} {
		x, y := g.flat(c[0], c[1])
		x1, y1 := g.flat(c[0]+0.5, c[1])
		x2, y2 := g.flat(c[0], c[1]+0.5)
		area := 4 * ((x1-x)*(y2-y) - (y1-y)*(x2-x))
		if g.t[6]*(2*c[0]/h-1)+g.t[7]*(2*c[1]/h-1)+1 < 0.1 {
			return false
		}
		least, most = math.Min(least, area), math.Max(most, area)
	}
	g.module = math.Sqrt(math.Max(least, 0)+most) / math.Sqrt2
	return least > 0.3 && most < 40*least
}

// Timing returns how well the timing patterns alternate under the grid, from -1 to 1.
func (g *Grid) Timing(v *View) float64 {
	var sum, square, product, count float64
	score := 0.0
	for _, across := range [2]bool{true, false} {
		sum, square, product, count = 0, 0, 0, 0
		expected := 0.0
		for i := 8; i < g.Size-8; i++ {
			x, y := float64(i)+0.5, 6.5
			if !across {
				x, y = y, x
			}
			px, py := g.At(x, y)
			b, want := v.at(px, py), float64(1-i&1)
			sum, square, product, count, expected = sum+b, square+b*b, product+b*want, count+1, expected+want
		}
		variance := square/count - sum/count*sum/count
		mean := expected / count
		if variance > 1 {
			score += (product/count - sum/count*mean) / math.Sqrt(variance*mean*(1-mean)) / 2
		}
	}
	return score
}

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
