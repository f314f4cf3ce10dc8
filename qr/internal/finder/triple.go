package finder

import (
	"math"
	"slices"
)

// A Triple is three patterns that may be the corners of one symbol, or two of them where the third is covered.
type Triple struct {
	// Corner is where the two sides meet, Right and Down the patterns at their ends, clockwise in the picture: in a
	// mirrored symbol they are changed over. Missing is one that was not found.
	Corner, Right, Down int
	RX, RY, DX, DY      float64 // the way right and the way down, of any length
	Modules             float64 // estimated from middle to middle of two patterns
	Fault               float64 // how badly they fit together; zero is best
}

// Missing is the pattern of a Triple that was not found.
const Missing = -1

// Any returns one of the patterns that were found.
func (t *Triple) Any() int { return max(t.Corner, t.Right) }

const (
	maxTriples  = 400 // kept, of which the best are tried first
	maxPatterns = 256 // looked at: the search grows with the square of their number
	maxLinks    = 12  // of a pattern, the nearest: its own symbol is nearer than most others
)

// larger is what a module of distance adds to a fault: corners of several symbols in rows and columns fit together as
// well as those of one, and are farther apart.
const larger = 0.004

// A link is a pattern that another one has along one of its sides.
type link struct {
	to       int
	side     int     // 0 to 3: right, down, left, up in the frame of the one
	u, v     float64 // the way there in that frame, of length 1
	distance float64
	fault    float64
}

// Triples appends to out what of the patterns fits together, best first.
func Triples(out []Triple, patterns []Pattern) []Triple {
	out = out[:0]
	patterns = patterns[:min(len(patterns), maxPatterns)]
	var store [maxLinks]link
	for i := range patterns {
		links := store[:0]
		for j := range patterns {
			if i == j {
				continue
			}
			if l, ok := linked(&patterns[i], &patterns[j]); ok {
				l.to = j
				links = nearest(links, l)
			}
		}
		for a := range links {
			for b := range links {
				right, down := &links[a], &links[b]
				// A right angle in the frame of the corner, clockwise.
				if right.u*down.v-right.v*down.u < 0.8 {
					continue
				}
				stretch := math.Abs(math.Log(right.distance / down.distance))
				if stretch > 0.65 {
					continue
				}
				// Of every corner only as many as can be looked at.
				p, q, c := &patterns[i], &patterns[right.to], &patterns[down.to]
				t := Triple{
					Corner: i, Right: right.to, Down: down.to, RX: q.X - p.X, RY: q.Y - p.Y, DX: c.X - p.X, DY: c.Y - p.Y,
					Modules: (right.distance + down.distance) / 2,
				}
				size := math.Abs(math.Log(patterns[right.to].Module / patterns[down.to].Module))
				t.Fault = right.fault + down.fault + 2*stretch + 0.5*size + larger*t.Modules +
					patterns[i].Fault + patterns[right.to].Fault + patterns[down.to].Fault
				out = append(out, t)
			}
		}
		if len(out) > 4*maxTriples {
			out = best(out)
		}
	}
	return best(out)
}

// nearest adds a link to those that are kept, by their distance.
func nearest(links []link, l link) []link {
	at := len(links)
	for at > 0 && links[at-1].distance > l.distance {
		at--
	}
	if at == maxLinks {
		return links
	}
	if len(links) < maxLinks {
		links = append(links, link{})
	}
	copy(links[at+1:], links[at:])
	links[at] = l
	return links
}

// Pairs appends to out what two patterns alone may be: two corners of a symbol whose third is covered, torn off or lost
// in a reflection. Best first.
func Pairs(out []Triple, patterns []Pattern) []Triple {
	out = out[:0]
	patterns = patterns[:min(len(patterns), maxPatterns)]
	for i := range patterns {
		p := &patterns[i]
		for j := range patterns {
			q := &patterns[j]
			if i == j || p.Round || q.Round { // where the third would be, only sides can tell
				continue
			}
			fault := p.Fault + q.Fault + math.Abs(math.Log(p.Module/q.Module))
			if l, ok := linked(p, q); ok {
				fault += l.fault
				x, y := q.X-p.X, q.Y-p.Y
				nx, ny := p.side(l.side + 1)
				out = append(out, Triple{i, j, Missing, x, y, nx, ny, l.distance, fault})
				nx, ny = p.side(l.side + 3)
				out = append(out, Triple{i, Missing, j, nx, ny, x, y, l.distance, fault})
			} else if modules, slant, ok := diagonal(p, q); ok {
				// The corner between them is to the right of the way from the lower one, seen clockwise.
				u, v := p.Local(q.X, q.Y)
				rx, ry, dx, dy := -u*p.UX, -u*p.UY, v*p.VX, v*p.VY
				if u*v > 0 {
					rx, ry, dx, dy = -v*p.VX, -v*p.VY, u*p.UX, u*p.UY
				}
				out = append(out, Triple{Missing, i, j, rx, ry, dx, dy, modules, fault + slant})
			}
		}
		if len(out) > 4*maxTriples {
			out = best(out)
		}
	}
	return best(out)
}

// side returns the way to a side, numbered as in link.
func (p *Pattern) side(k int) (x, y float64) {
	switch k & 3 {
	case 0:
		return p.UX, p.UY
	case 1:
		return p.VX, p.VY
	case 2:
		return -p.UX, -p.UY
	}
	return -p.VX, -p.VY
}

// diagonal reports whether two patterns lie across from each other in a square along their sides.
func diagonal(p, q *Pattern) (modules, slant float64, ok bool) {
	if p.Light != q.Light || p.Module > 3*q.Module || q.Module > 3*p.Module {
		return 0, 0, false
	}
	u, v := p.Local(q.X, q.Y)
	s, t := q.Local(p.X, p.Y)
	u, v, s, t = math.Abs(u), math.Abs(v), math.Abs(s), math.Abs(t)
	if u > 1.6*v || v > 1.6*u || s > 1.6*t || t > 1.6*s {
		return 0, 0, false
	}
	modules = math.Sqrt((u + v) * (s + t) / 4)
	return modules, math.Abs(math.Log(u/v)) + math.Abs(math.Log(s/t)), modules > 10 && modules < 190
}

func best(t []Triple) []Triple {
	slices.SortFunc(t, func(a, b Triple) int {
		switch {
		case a.Fault < b.Fault:
			return -1
		case a.Fault > b.Fault:
			return 1
		}
		return 0
	})
	return t[:min(len(t), maxTriples)]
}

// steepest is how far off the axis of one pattern another one is, as a part of the way there: bent paper turns them.
const steepest = 0.5

// linked reports whether q lies along a side of p, and p along a side of q, at a distance that a symbol has.
func linked(p, q *Pattern) (link, bool) {
	if p.Light != q.Light || p.Module > 3*q.Module || q.Module > 3*p.Module {
		return link{}, false
	}
	side, there, slant, ok := along(p, q)
	if !ok {
		return link{}, false
	}
	_, back, slantBack, ok := along(q, p)
	if !ok || there > 3*back || back > 3*there {
		return link{}, false
	}
	// Seen from the side, modules grow along the way at an even rate: the true number is near the geometric mean.
	distance := math.Sqrt(there * back)
	if distance < 10 || distance > 190 {
		return link{}, false
	}
	u, v := p.Local(q.X, q.Y)
	length := math.Hypot(u, v)
	return link{side: side, u: u / length, v: v / length, distance: distance, fault: slant + slantBack}, true
}

// along returns on which side of p the middle of q is, how many modules away, and how far off the axis.
func along(p, q *Pattern) (side int, distance, slant float64, ok bool) {
	u, v := p.Local(q.X, q.Y)
	if math.Abs(u) >= math.Abs(v) {
		side, distance, slant = 0, math.Abs(u), math.Abs(v/u)
		if u < 0 {
			side = 2
		}
	} else {
		side, distance, slant = 1, math.Abs(v), math.Abs(u/v)
		if v < 0 {
			side = 3
		}
	}
	if p.Round {
		distance, slant = math.Hypot(u, v), 0
	}
	return side, distance, slant, slant < steepest && distance > 7
}
