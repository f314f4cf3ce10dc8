package sample

import (
	"math"

	"github.com/citizencode/citizencode/qr/internal/finder"
	"github.com/citizencode/citizencode/qr/internal/luma"
	"github.com/citizencode/citizencode/qr/internal/matrix"
)

// A View is a picture and which of its colours is the ink.
type View struct {
	Image *luma.Image
	Light bool // light on dark
}

// at returns how dark a place is, 0 to 255.
func (v *View) at(x, y float64) float64 {
	b := v.Image.At(x, y)
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
	bow     bow
	matches []match
	base    []match // of the three corners
	missing int     // which of the three was not seen, -1 for none
	corners [3]corner
	mesh    mesh
	grown   bool
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
	x, y = g.bow.at(x/h-1, y/h-1)
	return g.t.at(x, y)
}

// At returns where a place on the symbol, in modules from its corner, is in the picture.
func (g *Grid) At(x, y float64) (px, py float64) {
	if g.grown {
		return g.mesh.at(x, y)
	}
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

// A corner is a finder pattern with its axes turned as the symbol's.
type corner struct {
	x, y           float64
	ux, uy, vx, vy float64
	sx, sy         float64 // its middle on the symbol, modules
}

// turned returns the pattern with its axes along right and down of the symbol.
func turned(p *finder.Pattern, rx, ry, dx, dy float64) corner {
	c := corner{x: p.X, y: p.Y}
	if p.Round {
		u, v := p.Local(p.X+rx, p.Y+ry)
		n := math.Hypot(u, v)
		c.ux, c.uy = rx/n, ry/n
		u, v = p.Local(p.X+dx, p.Y+dy)
		n = math.Hypot(u, v)
		c.vx, c.vy = dx/n, dy/n
		return c
	}
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
	g.version, g.Size, g.bent, g.bow = version, matrix.SizeOf(version), false, bow{}
	g.grown = false
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
		k.sx, k.sy = x, y
		g.corners[i] = k
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
	g.version, g.Size, g.bent, g.bow = version, matrix.SizeOf(version), false, bow{}
	g.grown = false
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
