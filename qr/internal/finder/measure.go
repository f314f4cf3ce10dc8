package finder

import (
	"math"

	"github.com/citizencode/citizencode/qr/internal/binarize"
)

// A Pattern is one finder pattern with its own frame: the middle, and how far one module right and one module down
// lead, in pixels. Which of its four sides is the upper one is not known.
type Pattern struct {
	X, Y   float64
	UX, UY float64 // one module along a side
	VX, VY float64 // one module along the next side, clockwise
	Module float64 // the root of the area of a module, pixels
	Fault  float64 // how far its edges are from where they should be, modules, root mean square
	Light  bool    // light on dark
	Round  bool    // drawn as rings and not as squares, as some do: then its axes say nothing about its sides
}

// Local returns where a place lies in the frame of the pattern, in modules from its middle.
func (p *Pattern) Local(x, y float64) (u, v float64) {
	x, y = x-p.X, y-p.Y
	det := p.UX*p.VY - p.UY*p.VX
	return (x*p.VY - y*p.VX) / det, (y*p.UX - x*p.UY) / det
}

const (
	rays     = 32           // directions in which edges are looked for
	rings    = 3            // edges in each: around the middle, the light ring and the dark one
	fewest   = rays * 5 / 8 // complete ones: a corner may be dirty
	maxFault = 0.4
	// Where a square fits better than this, rings are not tried.
	squareFault = 0.25
	// The mean square of a coordinate on a ring is half the square of its radius, on a square seen at equal angles 0.637.
	roundScale = 1.1287
)

// radius is half the side of the square that each edge belongs to, in modules.
var radius = [rings]float64{1.5, 2.5, 3.5}

// A point is an edge that a ray met.
type point struct {
	x, y   float64
	radius float64
}

func (p *point) from(x, y float64) float64 {
	x, y = p.x-x, p.y-y
	return math.Sqrt(x*x + y*y)
}

var directions = func() (d [rays][2]float64) {
	for i := range d {
		// In an order in which any few are all around.
		at := float64(i*5%rays) + 0.5
		d[i][1], d[i][0] = math.Sincos(2 * math.Pi * at / rays)
	}
	return d
}()

// measure follows rays from the middle of a spot through its three edges and fits three squares, seen from any side,
// to where they are.
func (f *Finder) measure(b *binarize.Bits, s *spot) (Pattern, bool) {
	points := f.points[:0]
	step := math.Max(0.35, s.module/12)
	x0, y0 := s.x, s.y
	complete := 0
	var xx, xy, yy, mx, my float64
	for k, d := range directions {
		// Most spots are chance: they end here, after the first few rays.
		if k-complete > rays-fewest || k == rays/4 && complete < rays/8 {
			return Pattern{}, false
		}
		want := !s.light // inside
		edge := 0
		from := len(points)
		last := 0.0
		for t := step; t < 9*s.module && edge < rings; t += step {
			i, j := int(math.Floor(x0+t*d[0])), int(math.Floor(y0+t*d[1]))
			if i < 0 || j < 0 || i >= b.W || j >= b.H {
				// The edge of the picture may be the edge of the symbol.
				if edge == rings-1 {
					points = append(points, point{x0 + t*d[0], y0 + t*d[1], radius[edge]})
					edge++
				}
				break
			}
			if b.At(i, j) == want {
				continue
			}
			// A single step back and forth at an edge is noise and not a ring.
			if edge > 0 && t-last < 0.3*s.module {
				continue
			}
			at := t - step/2
			points = append(points, point{x0 + at*d[0], y0 + at*d[1], radius[edge]})
			want = !want
			last = t
			edge++
		}
		// Wherever a straight line through the middle goes, seen from any side, it is cut in these proportions.
		if edge == rings {
			a, b, c := points[from].from(x0, y0), points[from+1].from(x0, y0), points[from+2].from(x0, y0)
			if a < 0.26*c || a > 0.62*c || b < 0.55*c || b > 0.88*c {
				edge = 0
			}
		}
		if edge < rings {
			points = points[:from]
			continue
		}
		complete++
		p := points[len(points)-1]
		mx += p.x
		my += p.y
	}
	if complete < fewest {
		return Pattern{}, false
	}
	mx, my = mx/float64(complete), my/float64(complete)
	for i := rings - 1; i < len(points); i += rings {
		x, y := points[i].x-mx, points[i].y-my
		xx, xy, yy = xx+x*x, xy+x*y, yy+y*y
	}
	// The root of the matrix of second moments turns a circle into the ellipse of the pattern.
	n := float64(complete)
	xx, xy, yy = xx/n, xy/n, yy/n
	root := math.Sqrt(math.Max(xx*yy-xy*xy, 1e-9))
	trace := math.Sqrt(xx + yy + 2*root)
	a, c, e := (xx+root)/trace, xy/trace, (yy+root)/trace
	// The mean square of the distance from the middle of a square of half side 3.5, along one axis, seen at equal angles:
	// 3.5²·(4/π - 1 + …) is close to 3.5² · 0.637.
	scale := 1 / (3.5 * math.Sqrt(0.637))
	a, c, e = a*scale, c*scale, e*scale
	best := frame{}
	bestFault := math.Inf(1)
	const turns = 8
	for k := range turns {
		sin, cos := math.Sincos(math.Pi / 2 * float64(k) / turns)
		fr := invert(mx, my, a*cos+c*sin, c*cos+e*sin, c*cos-a*sin, e*cos-c*sin)
		if fault := fr.fault(points, rings); fault < bestFault { // the outer edges alone say it well enough
			best, bestFault = fr, fault
		}
	}
	bestFault = best.fault(points, 1)
	for range 4 {
		next, ok := best.fit(points)
		if !ok {
			break
		}
		fault := next.fault(points, 1)
		if fault >= bestFault {
			break
		}
		best, bestFault = next, fault
	}
	p := best.pattern()
	p.Light, p.Fault = s.light, bestFault
	if bestFault > squareFault {
		// Rings have their edges at the same distances all around.
		rings := invert(mx, my, a*roundScale, c*roundScale, c*roundScale, e*roundScale)
		if fault := rings.roundFault(points); fault < 0.6*bestFault {
			p = rings.pattern()
			p.Light, p.Fault, p.Round = s.light, fault, true
		}
	}
	if p.Fault > maxFault {
		return Pattern{}, false
	}
	if !(p.Module > 0.7) {
		return Pattern{}, false
	}
	// One side more than four times the other is no view of a square that can be read.
	u, v := math.Hypot(p.UX, p.UY), math.Hypot(p.VX, p.VY)
	if u > 4*v || v > 4*u || p.Module*p.Module < 0.35*u*v {
		return Pattern{}, false
	}
	return p, true
}

// A frame takes pixels to modules: u = a·x + b·y + c and v = d·x + e·y + f.
type frame struct{ a, b, c, d, e, f float64 }

// invert returns the frame with its middle at x, y and axes (ux, uy), (vx, vy).
func invert(x, y, ux, uy, vx, vy float64) frame {
	det := ux*vy - uy*vx
	a, b, d, e := vy/det, -vx/det, -uy/det, ux/det
	return frame{a, b, -a*x - b*y, d, e, -d*x - e*y}
}

func (f frame) pattern() Pattern {
	det := f.a*f.e - f.b*f.d
	p := Pattern{UX: f.e / det, UY: -f.d / det, VX: -f.b / det, VY: f.a / det}
	p.X, p.Y = -p.UX*f.c-p.VX*f.f, -p.UY*f.c-p.VY*f.f
	if det < 0 { // clockwise
		p.VX, p.VY = -p.VX, -p.VY
	}
	p.Module = math.Sqrt(math.Abs(1 / det))
	return p
}

const outlier = 0.8 // modules: what is farther from its edge is dirt

// fault is the root of the mean square of the distances of points from their squares; dirt counts as outlier. every is 1
// for all points, or rings for the outer edges alone.
func (f frame) fault(points []point, every int) float64 {
	sum, count := 0.0, 0.0
	for i := every - 1; i < len(points); i += every {
		p := &points[i]
		count++
		u, v := math.Abs(f.a*p.x+f.b*p.y+f.c), math.Abs(f.d*p.x+f.e*p.y+f.f)
		if v > u {
			u = v
		}
		d := math.Abs(u - p.radius)
		if d > outlier {
			d = outlier
		}
		sum += d * d
	}
	return math.Sqrt(sum / count)
}

// roundFault is fault for rings.
func (f frame) roundFault(points []point) float64 {
	sum := 0.0
	for _, p := range points {
		d := math.Min(math.Abs(math.Hypot(f.a*p.x+f.b*p.y+f.c, f.d*p.x+f.e*p.y+f.f)-p.radius), outlier)
		sum += d * d
	}
	return math.Sqrt(sum / float64(len(points)))
}

// fit improves the frame: each point says where one of the four sides of its square is, which is linear.
func (f frame) fit(points []point) (frame, bool) {
	var u, v normal
	for _, p := range points {
		pu, pv := f.a*p.x+f.b*p.y+f.c, f.d*p.x+f.e*p.y+f.f
		if math.Abs(math.Max(math.Abs(pu), math.Abs(pv))-p.radius) > outlier {
			continue
		}
		// Near a corner it is not clear which side an edge belongs to.
		if math.Abs(pu) > math.Abs(pv) {
			u.add(p.x, p.y, math.Copysign(p.radius, pu))
		} else {
			v.add(p.x, p.y, math.Copysign(p.radius, pv))
		}
	}
	a, b, c, ok := u.solve()
	d, e, g, ok2 := v.solve()
	return frame{a, b, c, d, e, g}, ok && ok2
}

// normal are the normal equations of z = a·x + b·y + c.
type normal struct{ n, x, y, xx, xy, yy, z, xz, yz float64 }

func (s *normal) add(x, y, z float64) {
	s.n++
	s.x, s.y, s.z = s.x+x, s.y+y, s.z+z
	s.xx, s.xy, s.yy = s.xx+x*x, s.xy+x*y, s.yy+y*y
	s.xz, s.yz = s.xz+x*z, s.yz+y*z
}

func (s *normal) solve() (a, b, c float64, ok bool) {
	if s.n < 6 {
		return 0, 0, 0, false
	}
	mx, my, mz := s.x/s.n, s.y/s.n, s.z/s.n
	xx, xy, yy := s.xx-s.n*mx*mx, s.xy-s.n*mx*my, s.yy-s.n*my*my
	xz, yz := s.xz-s.n*mx*mz, s.yz-s.n*my*mz
	det := xx*yy - xy*xy
	if !(det > 1e-6) {
		return 0, 0, 0, false
	}
	a, b = (xz*yy-yz*xy)/det, (yz*xx-xz*xy)/det
	return a, b, mz - a*mx - b*my, true
}
