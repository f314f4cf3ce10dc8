// Package finder finds the corner marks of symbols (finder patterns: ISO/IEC 18004, 6.3.3) in a picture of dark and
// light, and puts three of them together.
package finder

import (
	"math/bits"

	"github.com/citizencode/citizencode/qr/internal/binarize"
)

// A spot is a place where rows and columns look like the middle of a finder pattern.
type spot struct {
	x, y   float64
	module float64 // pixels
	light  bool    // light on dark
}

// maxSpots bounds what a picture can cost: noise of 640×480 pixels has some dozens, a page of patterns hundreds.
const maxSpots = 1200

// A Finder keeps its memory between pictures. The zero value is ready.
type Finder struct {
	edges    []int32
	spots    []spot
	Patterns []Pattern // of the last Find
	Chances  int       // places that the last Find looked at closely
	limit    int
	points   [rays * rings]point
}

// Find looks for finder patterns in every step-th row, dark on light and light on dark, and leaves them in Patterns. It
// looks at no more than limit places closely, and never at more than 1200.
func (f *Finder) Find(b *binarize.Bits, step, limit int) {
	f.limit = min(limit, maxSpots)
	f.spots, f.Patterns = f.spots[:0], f.Patterns[:0]
	for y := step / 2; y < b.H; y += step {
		f.scan(b, y)
	}
	f.Chances = len(f.spots)
	for i := range f.spots {
		if p, ok := f.measure(b, &f.spots[i]); ok {
			f.add(p)
		}
	}
}

// add keeps a pattern unless it is one that is known; of two the better.
func (f *Finder) add(p Pattern) {
	for i := range f.Patterns {
		q := &f.Patterns[i]
		reach := 2 * min(p.Module, q.Module)
		if q.Light == p.Light && near(p.X-q.X, reach) && near(p.Y-q.Y, reach) {
			if p.Fault < q.Fault {
				*q = p
			}
			return
		}
	}
	f.Patterns = append(f.Patterns, p)
}

func near(d, reach float64) bool { return d < reach && d > -reach }

// scan looks for five runs of 1, 1, 3, 1, 1 modules in a row.
func (f *Finder) scan(b *binarize.Bits, y int) {
	row := b.Row(y)
	edges := f.edges[:0]
	carry := uint64(0)
	for k, w := range row {
		change := w ^ (w<<1 | carry)
		carry = w >> 63
		for ; change != 0; change &= change - 1 {
			edges = append(edges, int32(k<<6+bits.TrailingZeros64(change)))
		}
	}
	first := row[0]&1 != 0 // then edges[0] is 0
	if !first {
		edges = append(edges, 0)
		copy(edges[1:], edges)
		edges[0] = 0
	}
	// Run i lies between edge i and edge i+1. Bits beyond the width are light, so a last dark run ends there by itself.
	if n := len(edges); n > 0 && int(edges[n-1]) < b.W {
		edges = append(edges, int32(b.W))
	}
	f.edges = edges
	for i := 0; i+5 < len(edges); i++ {
		a, c := edges[i+3]-edges[i+2], edges[i+5]-edges[i]
		// Nearly all windows end here: the middle run is not the longest.
		if 7*a < 2*c || 7*a > 4*c {
			continue
		}
		if !proportions([5]int{int(edges[i+1] - edges[i]), int(edges[i+2] - edges[i+1]), int(a), int(edges[i+4] - edges[i+3]), int(edges[i+5] - edges[i+4])}) {
			continue
		}
		dark := i%2 == 0 == first
		f.check(b, float64(edges[i+2]+edges[i+3])/2, y, int(c), !dark)
	}
}

// proportions reports whether five runs are about 1, 1, 3, 1, 1: each within half of what it should be and another half
// pixel, for edges lie between pixels.
func proportions(runs [5]int) bool {
	total := 0
	for _, r := range runs {
		if r == 0 {
			return false
		}
		total += r
	}
	if total < 7 {
		return false
	}
	// in fourteenths of a pixel
	within := func(run, modules int) bool {
		d := 14*run - 2*modules*total
		return max(d, -d) <= (modules+1)/2*total+7
	}
	return within(runs[0], 1) && within(runs[1], 1) && within(runs[2], 3) && within(runs[3], 1) && within(runs[4], 1)
}

// check looks down the column at x and then along the row again, and keeps the place if both agree.
func (f *Finder) check(b *binarize.Bits, x float64, y, across int, light bool) {
	cy, down, ok := cross(b, int(x), y, 0, 1, 2*across, light)
	// Seen from the side a pattern is up to three times as long one way as the other.
	if !ok || down > 3*across || across > 3*down {
		return
	}
	module := float64(across) / 7
	for i := len(f.spots) - 1; i >= 0; i-- {
		s := &f.spots[i]
		if s.light == light && near(s.x-x, 2*s.module) && near(s.y-cy, 2*s.module) && module < 1.6*s.module && s.module < 1.6*module {
			return
		}
	}
	if len(f.spots) >= f.limit {
		return
	}
	cx, again, ok := cross(b, int(x), int(cy), 1, 0, 2*across, light)
	if !ok {
		return
	}
	f.spots = append(f.spots, spot{x: cx, y: cy, module: float64(again+down) / 14, light: light})
}

// cross measures the five runs through a place along (dx, dy), which is right or down, and returns the middle of the
// middle one on that line and the length of all five.
func cross(b *binarize.Bits, x, y, dx, dy, limit int, light bool) (middle float64, total int, ok bool) {
	if b.At(x, y) == light {
		return 0, 0, false
	}
	ahead, r3, r4 := walk(b, x, y, dx, dy, limit, !light)
	if r4 == 0 {
		return 0, 0, false
	}
	behind, r1, r0 := walk(b, x, y, -dx, -dy, limit, !light)
	if r0 == 0 {
		return 0, 0, false
	}
	runs := [5]int{r0, r1, ahead + behind + 1, r3, r4}
	if !proportions(runs) {
		return 0, 0, false
	}
	at := x*dx + y*dy
	return float64(at) + float64(ahead-behind+1)/2, r0 + r1 + runs[2] + r3 + r4, true
}

// walk counts the pixels after a place that are as it is, then those that are not, then those that are again. A run
// longer than the limit makes all that follow zero.
func walk(b *binarize.Bits, x, y, dx, dy, limit int, dark bool) (first, second, third int) {
	end := 0 // pixels to the edge of the picture
	switch {
	case dx > 0:
		end = b.W - 1 - x
	case dx < 0:
		end = x
	case dy > 0:
		end = b.H - 1 - y
	default:
		end = y
	}
	n := 0
	for n < end && n <= limit && b.At(x+(n+1)*dx, y+(n+1)*dy) == dark {
		n++
	}
	if first = n; first > limit {
		return first, 0, 0
	}
	for n < end && n-first <= limit && b.At(x+(n+1)*dx, y+(n+1)*dy) != dark {
		n++
	}
	if second = n - first; second == 0 || second > limit {
		return first, 0, 0
	}
	from := n
	for n < end && n-from <= limit && b.At(x+(n+1)*dx, y+(n+1)*dy) == dark {
		n++
	}
	if third = n - from; third > limit {
		return first, second, 0
	}
	return first, second, third
}
