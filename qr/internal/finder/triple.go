package finder

import (
	"math"
	"slices"
)

// A Triple is three patterns that may be the corners of one symbol.
type Triple struct {
	// Corner is where the two sides meet, Right and Down the patterns at their ends, clockwise in the picture: in a
	// mirrored symbol they are changed over.
	Corner, Right, Down int
	Modules             float64 // estimated from middle to middle of two patterns
	Fault               float64 // how badly the three fit together; zero is best
}

const (
	maxTriples  = 200 // kept, of which the best are tried first
	maxPatterns = 96  // looked at: the search grows with the square of their number, and a little more
)

// A link is a pattern that another one has along one of its sides.
type link struct {
	to       int
	side     int // 0 to 3: right, down, left, up in the frame of the one
	distance float64
	fault    float64
}

// Triples appends to out what of the patterns fits together, best first.
func Triples(out []Triple, patterns []Pattern) []Triple {
	out = out[:0]
	patterns = patterns[:min(len(patterns), maxPatterns)]
	var store [maxPatterns]link
	for i := range patterns {
		links := store[:0]
		for j := range patterns {
			if i == j {
				continue
			}
			if l, ok := linked(&patterns[i], &patterns[j]); ok {
				l.to = j
				links = append(links, l)
			}
		}
		for a := range links {
			for b := range links {
				right, down := &links[a], &links[b]
				if (right.side+1)%4 != down.side {
					continue
				}
				stretch := math.Abs(math.Log(right.distance / down.distance))
				if stretch > 0.65 {
					continue
				}
				// Of every corner only as many as can be looked at.
				t := Triple{i, right.to, down.to, (right.distance + down.distance) / 2, 0}
				size := math.Abs(math.Log(patterns[right.to].Module / patterns[down.to].Module))
				t.Fault = right.fault + down.fault + 2*stretch + 0.5*size +
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
	return link{side: side, distance: distance, fault: slant + slantBack}, true
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
	return side, distance, slant, slant < 0.35 && distance > 7
}
