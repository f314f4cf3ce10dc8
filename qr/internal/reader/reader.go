// Package reader finds and reads the symbols in a picture. It is the whole of reading without a file format, a
// goroutine or a clock: package qr puts those around it.
//
// A picture is looked at in passes, cheap ones first: a threshold at one size, its finder patterns, what three of them
// make, the grid, the modules, the codewords. What a pass has read is left alone by the next.
package reader

import (
	"math"
	"slices"

	"github.com/citizencode/citizencode/qr/internal/binarize"
	"github.com/citizencode/citizencode/qr/internal/bits"
	"github.com/citizencode/citizencode/qr/internal/finder"
	"github.com/citizencode/citizencode/qr/internal/luma"
	"github.com/citizencode/citizencode/qr/internal/matrix"
	"github.com/citizencode/citizencode/qr/internal/sample"
)

// A Found is one symbol of the picture. Its slices hold until the next Read.
type Found struct {
	bits.Symbol
	Corners  [4][2]float64 // pixels, clockwise from the symbol's own upper left one
	Inverted bool          // light on dark
}

const (
	levels      = 5         // sizes of the pyramid: full to a sixteenth
	minSide     = 21        // pixels of the smallest symbol there can be
	maxFound    = 64        // symbols of a picture
	fastSide    = 1100      // pixels of the longer side of what is looked at first
	maxDoubled  = 1 << 21   // pixels of what is doubled
	framePixels = 640 * 480 // and fewer: a frame of a camera at work
	fewChances  = 3         // places like a finder pattern that a frame without a code may have
	fineBias    = 2         // brightness that a pixel must be below its neighbourhood to be dark
	agreement   = 0.68      // of the function patterns, below which a grid is none
	grownAgrees = 0.8       // the same of a grid that has followed the modules themselves
	growKnots   = 12000     // that grids may be grown by in a photograph: about half a second
	frameKnots  = 3000      // the same in a frame
	cheap       = 3         // groups of patterns without timing patterns that cost no more than one with them
)

// A Reader keeps its memory between pictures: after the first of a size it allocates next to nothing. The zero value is
// ready. It is not for two goroutines at once.
type Reader struct {
	// Accept says whether content is what the caller looks for. It is asked only about content that error correction
	// alone does not prove. Nil refuses such content.
	Accept func(content []byte) bool

	// Stop is asked now and then whether to give up. Nil never stops.
	Stop func() bool

	// Unread is told of symbols that were located and could not be read. Nil is not told.
	Unread func(Sight)

	pyramid  [levels]luma.Image
	made     int
	soft     luma.Image
	bin      binarize.Binarizer
	bits     binarize.Bits
	finder   finder.Finder
	triples  []finder.Triple
	grid     sample.Grid
	sampler  sample.Sampler
	decoder  bits.Decoder
	pattern  matrix.Pattern
	found    []Found
	content  []byte // of all that was found
	segments []bits.Segment
	shown    int // good patterns in the last pass
	open     int // of them, outside what was read
	knots    int // left to grow grids by
}

// Read returns the symbols in a picture, whose pixels it only looks at. What it returns holds until the next Read.
func (r *Reader) Read(m *luma.Image) []Found {
	r.found, r.content, r.segments = r.found[:0], r.content[:0], r.segments[:0]
	r.made = 1
	r.pyramid[0] = *m
	r.decoder.Accept = r.Accept
	if r.knots = growKnots; m.W*m.H <= framePixels {
		r.knots = frameKnots
	}
	if m.W < minSide || m.H < minSide {
		return nil
	}
	r.passes()
	if len(r.found) == 0 && !r.stopped() {
		r.clean(m)
	}
	r.pyramid[0] = luma.Image{} // the caller's
	return r.found
}

// level returns the picture at a power of a half, or nil where that is too small for a symbol.
func (r *Reader) level(n int) *luma.Image {
	for r.made <= n {
		from := &r.pyramid[r.made-1]
		if r.made == levels || from.W/2 < minSide || from.H/2 < minSide {
			return nil
		}
		r.pyramid[r.made].Half(from)
		r.made++
	}
	return &r.pyramid[n]
}

func (r *Reader) stopped() bool { return r.Stop != nil && r.Stop() }

// look makes one pass. It reports whether nothing is left to look for: every group of three patterns was read.
func (r *Reader) look(p pass, start int) bool {
	var m *luma.Image
	scale := 1.0
	r.shown = 0
	if p.level == doubled && start == 0 {
		if r.pyramid[0].W*r.pyramid[0].H > maxDoubled {
			return true
		}
		r.soft.Double(&r.pyramid[0])
		m, scale = &r.soft, 2
	} else {
		level := max(start+p.level, 0)
		if m = r.level(level); m == nil {
			return true
		}
		scale = 1 / float64(int(1)<<level)
		if p.soft {
			r.soft.Blur(m)
			m = &r.soft
		}
	}
	r.bin.Measure(m)
	if p.fine > 0 {
		r.bin.Fine(&r.bits, m, p.fine, fineBias)
	} else {
		r.bin.Divide(&r.bits, m, binarize.Options{Reach: p.reach, Contrast: p.contrast})
	}
	r.finder.Find(&r.bits, p.step, p.chances)
	for i := range r.finder.Patterns {
		if q := &r.finder.Patterns[i]; q.Fault < 0.3 && q.Module > 1.25 { // chance makes worse ones, and small
			r.shown++
		}
	}
	r.triples = finder.Triples(r.triples, r.finder.Patterns)
	left := r.tryAll(m, scale, p.tries, 0.15, p.pairs > 0)
	if p.pairs > 0 && len(r.found) == 0 {
		r.triples = finder.Pairs(r.triples, r.finder.Patterns)
		r.tryAll(m, scale, p.pairs, 0.3, true)
	}
	r.open = 0
	for i := range r.finder.Patterns {
		if q := &r.finder.Patterns[i]; q.Fault < 0.3 && q.Module > 1.25 && !r.within(q.X/scale, q.Y/scale) {
			r.open++
		}
	}
	return left == 0
}

// tryAll tries the triples, as many as allowed, and returns how many of these were not read. Those whose timing patterns
// are none cost little: of them, cheap times as many.
func (r *Reader) tryAll(m *luma.Image, scale float64, tries int, timing float64, refine bool) (left int) {
	glances := cheap * tries
	for i := range r.triples {
		t := &r.triples[i]
		if r.taken(t, scale) {
			continue
		}
		if tries == 0 || glances == 0 || r.stopped() {
			break
		}
		switch read, sampled := r.try(t, m, scale, timing, refine); {
		case read:
		case sampled:
			tries--
			left++
		default:
			glances--
			left++
		}
	}
	return left
}

// taken reports whether a corner of the triple lies in a symbol that was read.
func (r *Reader) taken(t *finder.Triple, scale float64) bool {
	for _, k := range [3]int{t.Corner, t.Right, t.Down} {
		if k == finder.Missing {
			continue
		}
		if p := &r.finder.Patterns[k]; r.within(p.X/scale, p.Y/scale) {
			return true
		}
	}
	return false
}

// within reports whether a place lies in a symbol that was read.
func (r *Reader) within(x, y float64) bool {
	for i := range r.found {
		if inside(&r.found[i].Corners, x, y) {
			return true
		}
	}
	return false
}

func inside(c *[4][2]float64, x, y float64) bool {
	left, right := 0, 0
	for i := range c {
		j := (i + 1) & 3
		if (c[j][0]-c[i][0])*(y-c[i][1])-(c[j][1]-c[i][1])*(x-c[i][0]) > 0 {
			left++
		} else {
			right++
		}
	}
	return left == 4 || right == 4
}

type candidate struct {
	version int
	timing  float64
}

// try reads the symbol that patterns may be the corners of, if the modules between them alternate as timing patterns do.
// It reports whether it was read, and whether its modules were looked at.
func (r *Reader) try(t *finder.Triple, m *luma.Image, scale, timing float64, refine bool) (read, sampled bool) {
	v := sample.View{Image: m, Light: r.finder.Patterns[t.Any()].Light}
	modules := t.Modules + 7
	slack := 1.5 + 0.05*modules
	low := max(1, int(math.Ceil((modules-slack-17)/4)))
	high := min(matrix.MaxVersion, int((modules+slack-17)/4))
	var store [16]candidate
	list := store[:0]
	for version := low; version <= high && len(list) < len(store); version++ {
		if !r.grid.Lay(r.finder.Patterns, *t, version) {
			continue
		}
		list = append(list, candidate{version, r.grid.Timing(&v)})
	}
	slices.SortFunc(list, func(a, b candidate) int {
		if a.timing > b.timing {
			return -1
		}
		if a.timing < b.timing {
			return 1
		}
		return 0
	})
	for i := 0; i < min(2, len(list)) && list[i].timing >= timing; i++ {
		version := list[i].version
		sampled = true
		r.grid.Lay(r.finder.Patterns, *t, version)
		r.grid.Align(&v)
		r.sampler.Take(&v, &r.grid)
		r.sampler.Local(4)
		r.pattern.Prepare(version)
		if r.sampler.Agreement(&r.pattern) >= agreement {
			if r.decode(v.Light, scale) {
				return true, true
			}
			if refine && r.grid.Refine(&v, &r.pattern) {
				r.sampler.Take(&v, &r.grid)
				r.sampler.Local(4)
				if r.decode(v.Light, scale) {
					return true, true
				}
			}
			r.miss(v.Light, scale)
		}
		// A large symbol says its version beside two of its corners, where the grid is still right if it is not elsewhere.
		if said := bits.Version(&r.sampler.Modules); i == 0 && version >= 7 && said != 0 && said != version && said <= high {
			store[1] = candidate{said, 1}
			list = store[:max(2, len(list))]
		}
	}
	if refine && r.grow(t, &v, list[:min(3, len(list))], scale) {
		return true, true
	}
	return false, sampled
}

// grow tries the versions again with grids that follow the surface.
func (r *Reader) grow(t *finder.Triple, v *sample.View, list []candidate, scale float64) bool {
	least := -1.0 // bent paper bends the timing patterns away
	if t.Corner == finder.Missing || t.Right == finder.Missing || t.Down == finder.Missing {
		least = 0.4
	}
	for _, c := range list {
		if c.timing < least || !r.grid.Lay(r.finder.Patterns, *t, c.version) {
			continue
		}
		r.pattern.Prepare(c.version)
		for round := range 3 {
			if r.knots -= r.grid.Knots(); r.knots < 0 || r.stopped() {
				return false
			}
			if round == 0 {
				r.grid.Grow(v, &r.pattern)
			} else {
				r.grid.Settle(v, &r.pattern)
			}
			r.sampler.Take(v, &r.grid)
			r.sampler.Local(4)
			agrees := r.sampler.Agreement(&r.pattern)
			if agrees < agreement {
				break
			}
			if round > 0 && agrees >= grownAgrees && r.decode(v.Light, scale) {
				return true
			}
		}
	}
	return false
}

// decode reads the modules that were sampled, divided into dark and light in one way after another.
func (r *Reader) decode(light bool, scale float64) bool {
	for way := range 6 {
		switch way {
		case 1:
			r.sampler.Local(2)
		case 2:
			r.sampler.Global()
		case 3:
			r.sampler.Equalise(&r.pattern, 1, false)
		case 4:
			r.sampler.Equalise(&r.pattern, 2, false)
		case 5:
			r.sampler.Equalise(&r.pattern, 2, true)
		}
		if s, ok := r.decoder.Decode(&r.sampler.Modules); ok {
			r.keep(s, light, scale)
			return true
		}
	}
	return false
}

// keep copies a symbol out of the decoder's memory.
func (r *Reader) keep(s bits.Symbol, light bool, scale float64) {
	if len(r.found) == maxFound {
		return
	}
	f := Found{Symbol: s, Corners: r.grid.Corners(), Inverted: light}
	for i := range f.Corners {
		f.Corners[i][0] /= scale
		f.Corners[i][1] /= scale
	}
	if s.Mirrored {
		f.Corners[1], f.Corners[3] = f.Corners[3], f.Corners[1]
	}
	from, segments := len(r.content), len(r.segments)
	r.content, r.segments = append(r.content, s.Content...), append(r.segments, s.Segments...)
	f.Content, f.Segments = r.content[from:len(r.content):len(r.content)], r.segments[segments:len(r.segments):len(r.segments)]
	r.found = append(r.found, f)
}
