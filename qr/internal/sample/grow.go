package sample

import (
	"math"
	"slices"

	"github.com/citizencode/citizencode/qr/internal/matrix"
)

const (
	fineStep = 2 // modules from one knot to the next
	wideStep = 3 // the same in a symbol of more than fineSide modules
	fineSide = 61
	maxKnots = 60 // along a side of version 40
	window   = 3  // modules to each side of a knot that say where it is

	// footprint is how far from the middle of a module it is looked at, to each side: it must not reach the next one,
	// and must say when it nearly does.
	footprint = 0.2

	// straightOn is what moving a knot by a module costs, levels of brightness: where nothing is seen it goes straight on.
	straightOn = 6
)

// A knot is a place of the symbol in the picture, and which way one module right and one down lead there.
type knot struct {
	x, y           float64
	ux, uy, vx, vy float64
	known          bool
}

// A mesh is a grid that follows a surface of any shape, from knot to knot.
type mesh struct {
	count int     // knots along a side
	step  float64 // modules
	knots [maxKnots * maxKnots]knot
	order []int32
	far   []float64 // how far each knot is from where the mesh begins
}

func (m *mesh) at(x, y float64) (px, py float64) {
	x, y = x/m.step, y/m.step
	i, j := min(max(int(x), 0), m.count-2), min(max(int(y), 0), m.count-2)
	fx, fy := x-float64(i), y-float64(j)
	a, b := &m.knots[j*m.count+i], &m.knots[j*m.count+i+1]
	c, d := &m.knots[(j+1)*m.count+i], &m.knots[(j+1)*m.count+i+1]
	px = (1-fy)*((1-fx)*a.x+fx*b.x) + fy*((1-fx)*c.x+fx*d.x)
	py = (1-fy)*((1-fx)*a.y+fx*b.y) + fy*((1-fx)*c.y+fx*d.y)
	return px, py
}

// Knots returns how many knots Grow or Settle would move, which is what it costs.
func (g *Grid) Knots() int {
	n := g.knots()
	return n * n
}

// knots returns how many there are along a side.
func (g *Grid) knots() int {
	if g.Size > fineSide {
		return (g.Size+wideStep-1)/wideStep + 1
	}
	return (g.Size+fineStep-1)/fineStep + 1
}

// Grow lays the grid anew, from the finder patterns outwards: each knot goes on from those before it, and then to where
// the modules around it come out clearest. So it follows paper that is bent or crumpled, and a symbol of which only two
// finder patterns are seen.
func (g *Grid) Grow(v *View, p *matrix.Pattern) {
	m := &g.mesh
	m.count = g.knots()
	m.step = float64(g.Size) / float64(m.count-1)
	n := m.count * m.count
	if cap(m.order) < n {
		m.order, m.far = make([]int32, 0, n), make([]float64, n)
	}
	m.order, m.far = m.order[:0], m.far[:n]
	for k := range n {
		x, y := float64(k%m.count)*m.step, float64(k/m.count)*m.step
		m.knots[k] = knot{}
		m.far[k] = math.Inf(1)
		for i := range g.corners {
			c := &g.corners[i]
			if i == g.missing {
				continue
			}
			dx, dy := x-c.sx, y-c.sy
			if d := math.Max(math.Abs(dx), math.Abs(dy)); d < m.far[k] {
				m.far[k] = d
				if d < 4.2 {
					m.knots[k] = knot{c.x + dx*c.ux + dy*c.vx, c.y + dx*c.uy + dy*c.vy, c.ux, c.uy, c.vx, c.vy, true}
				}
			}
		}
		if !m.knots[k].known {
			m.order = append(m.order, int32(k))
		}
	}
	slices.SortFunc(m.order, func(a, b int32) int {
		if m.far[a] < m.far[b] {
			return -1
		}
		if m.far[a] > m.far[b] {
			return 1
		}
		return int(a - b)
	})
	g.grown = false
	for _, k := range m.order {
		m.predict(g, int(k))
		g.settle(v, p, int(k), 0.5)
		m.turn(int(k))
	}
	g.grown = true
}

// Settle goes over the knots of a grown grid again, now from all sides.
func (g *Grid) Settle(v *View, p *matrix.Pattern) {
	for _, k := range g.mesh.order {
		g.mesh.smooth(int(k))
		g.rival(v, p, int(k))
		g.settle(v, p, int(k), 0.35)
	}
}

func (m *mesh) knot(i, j int) *knot {
	if i < 0 || j < 0 || i >= m.count || j >= m.count {
		return nil
	}
	if k := &m.knots[j*m.count+i]; k.known {
		return k
	}
	return nil
}

// predict puts a knot where those around it lead.
func (m *mesh) predict(g *Grid, at int) {
	i, j := at%m.count, at/m.count
	var x, y, weight float64
	var ux, uy, vx, vy, w float64
	add := func(px, py, by float64) { x, y, weight = x+by*px, y+by*py, weight+by }
	for _, s := range [4][2]int{{1, 0}, {-1, 0}, {0, 1}, {0, -1}} {
		a := m.knot(i+s[0], j+s[1])
		if a == nil {
			continue
		}
		ux, uy, vx, vy, w = ux+a.ux, uy+a.uy, vx+a.vx, vy+a.vy, w+1
		h := m.step
		add(a.x-h*(float64(s[0])*a.ux+float64(s[1])*a.vx), a.y-h*(float64(s[0])*a.uy+float64(s[1])*a.vy), 1)
		if b := m.knot(i+2*s[0], j+2*s[1]); b != nil {
			add(2*a.x-b.x, 2*a.y-b.y, 1)
		}
		// The next way round: two sides of a parallelogram.
		t := [2]int{-s[1], s[0]}
		if b, c := m.knot(i+t[0], j+t[1]), m.knot(i+s[0]+t[0], j+s[1]+t[1]); b != nil && c != nil {
			add(a.x+b.x-c.x, a.y+b.y-c.y, 3)
		}
	}
	k := &m.knots[at]
	if weight == 0 { // cannot be: order begins beside what is known
		k.x, k.y = g.flat(float64(i)*m.step, float64(j)*m.step)
		*k = knot{k.x, k.y, g.module, 0, 0, g.module, true}
		return
	}
	*k = knot{x / weight, y / weight, ux / w, uy / w, vx / w, vy / w, true}
}

// turn takes the axes of a knot from the knots beside it.
func (m *mesh) turn(at int) {
	i, j := at%m.count, at/m.count
	k := &m.knots[at]
	for _, s := range [2]int{-1, 1} {
		f := float64(s) / m.step
		if a := m.knot(i+s, j); a != nil {
			k.ux, k.uy = (k.ux+(a.x-k.x)*f)/2, (k.uy+(a.y-k.y)*f)/2
		}
		if a := m.knot(i, j+s); a != nil {
			k.vx, k.vy = (k.vx+(a.x-k.x)*f)/2, (k.vy+(a.y-k.y)*f)/2
		}
	}
}

// smooth moves a knot towards the middle of those on both sides.
func (m *mesh) smooth(at int) {
	i, j := at%m.count, at/m.count
	k := &m.knots[at]
	for _, s := range [2][2]int{{1, 0}, {0, 1}} {
		a, b := m.knot(i-s[0], j-s[1]), m.knot(i+s[0], j+s[1])
		if a == nil || b == nil {
			continue
		}
		k.x, k.y = 0.6*k.x+0.2*(a.x+b.x), 0.6*k.y+0.2*(a.y+b.y)
		if s[0] == 1 {
			k.ux, k.uy = (b.x-a.x)/(2*m.step), (b.y-a.y)/(2*m.step)
		} else {
			k.vx, k.vy = (b.x-a.x)/(2*m.step), (b.y-a.y)/(2*m.step)
		}
	}
}

// clearness returns how clear the modules around a knot come out, levels of brightness, if it lies at k.
func (g *Grid) clearness(v *View, p *matrix.Pattern, at int, k *knot) float64 {
	m := &g.mesh
	x, y := float64(at%m.count)*m.step, float64(at/m.count)*m.step
	i0, i1 := max(int(math.Round(x))-window, 0), min(int(math.Round(x))+window, g.Size)
	j0, j1 := max(int(math.Round(y))-window, 0), min(int(math.Round(y))+window, g.Size)
	var dark [4 * window * window]float64
	n, total := 0, 0.0
	ex, ey := footprint*(k.ux+k.vx), footprint*(k.uy+k.vy)
	fx, fy := footprint*(k.ux-k.vx), footprint*(k.uy-k.vy)
	for j := j0; j < j1; j++ {
		for i := i0; i < i1; i++ {
			a, b := float64(i)+0.5-x, float64(j)+0.5-y
			px, py := k.x+a*k.ux+b*k.vx, k.y+a*k.uy+b*k.vy
			d := v.at(px+ex, py+ey) + v.at(px-ex, py-ey) + v.at(px+fx, py+fy) + v.at(px-fx, py-fy)
			dark[n] = d
			total += d
			n++
		}
	}
	mean, sum := total/float64(n), 0.0
	n = 0
	for j := j0; j < j1; j++ {
		for i := i0; i < i1; i++ {
			d := dark[n] - mean
			n++
			switch {
			case p.Free(i, j) || formatPlace(i, j, g.Size):
				sum += math.Abs(d)
			case p.Dark(i, j):
				sum += d
			default:
				sum -= d
			}
		}
	}
	return sum / float64(4*n)
}

// settle moves a knot by up to reach modules to each side to where the modules around it come out clearest.
func (g *Grid) settle(v *View, p *matrix.Pattern, at int, reach float64) {
	k := g.mesh.knots[at]
	best, bx, by := math.Inf(-1), 0.0, 0.0
	look := func(dx, dy float64) {
		moved := k
		moved.x, moved.y = k.x+dx*k.ux+dy*k.vx, k.y+dx*k.uy+dy*k.vy
		if score := g.clearness(v, p, at, &moved) - straightOn*(dx*dx+dy*dy); score > best {
			best, bx, by = score, dx, dy
		}
	}
	for j := -2.0; j <= 2; j++ {
		for i := -2.0; i <= 2; i++ {
			look(i*reach/2, j*reach/2)
		}
	}
	cx, cy := bx, by
	for _, s := range [8][2]float64{{-1, -1}, {0, -1}, {1, -1}, {-1, 0}, {1, 0}, {-1, 1}, {0, 1}, {1, 1}} {
		look(cx+s[0]*reach/4, cy+s[1]*reach/4)
	}
	g.mesh.knots[at].x, g.mesh.knots[at].y = k.x+bx*k.ux+by*k.vx, k.y+bx*k.uy+by*k.vy
}

// rival moves a knot to where one of those beside it would have it, if the modules come out clearer there: what lies on
// the grid spreads over what slipped off it.
func (g *Grid) rival(v *View, p *matrix.Pattern, at int) {
	m := &g.mesh
	i, j := at%m.count, at/m.count
	best := g.clearness(v, p, at, &m.knots[at])
	for _, s := range [4][2]int{{1, 0}, {-1, 0}, {0, 1}, {0, -1}} {
		a := m.knot(i+s[0], j+s[1])
		if a == nil {
			continue
		}
		k := *a
		k.x -= m.step * (float64(s[0])*a.ux + float64(s[1])*a.vx)
		k.y -= m.step * (float64(s[0])*a.uy + float64(s[1])*a.vy)
		if score := g.clearness(v, p, at, &k); score > best+1 {
			best, m.knots[at] = score, k
		}
	}
}

// formatPlace reports whether a module is format information, which is not known beforehand.
func formatPlace(x, y, n int) bool {
	return (x == 8 || y == 8) && (x < 9 || x >= n-8) && (y < 9 || y >= n-8)
}
