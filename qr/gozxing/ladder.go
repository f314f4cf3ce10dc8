package gozxing

import (
	"iter"

	"github.com/citizencode/citizencode/qr"
	"github.com/citizencode/citizencode/qr/internal/luma"
)

// minSide is the side of the smallest symbol in modules: a picture with fewer pixels cannot hold one.
const minSide = 21

// fastPixels is where a picture stops being cheap to look at. Larger ones are looked at reduced first:
// a photograph of 12 million pixels is mostly readable at a quarter of its side, in a sixteenth of the time.
const fastPixels = 2_000_000

// A search looks at no more than tileSide pixels of width and height at a time. Its cost can grow with the
// cube of the side: a picture of stripes of 25 million pixels, a small file, held the foreign search for
// 17 seconds a look. A symbol of up to tileOverlap pixels lies whole in some tile; a larger one is read at
// half the size.
const (
	tileSide    = 2048
	tileOverlap = 512
)

// climb tries read in one way after another until a symbol is read.
func climb(read func(*luma.Image, method, func() bool) (qr.Result, error), m *luma.Image, stop func() bool) []qr.Result {
	for view, how := range looks(m) {
		// Between looks the work can be left without a trace, so an abandoned picture costs one look more at most.
		if stop() {
			return nil
		}
		if r, err := read(view, how, stop); err == nil {
			return []qr.Result{r}
		}
	}
	return nil
}

// looks yields the ways to look at a picture. One look with one threshold misses half of what a phone
// reads; the sizes and methods together are worth more than a better threshold. The cheap looks that read
// most come first:
//
//  1. the whole picture as one clean upright symbol, which a search misses in one of sixty;
//  2. every method at every size, from full to an eighth;
//  3. if the frame is of one brightness: a clean symbol lying on its side, or light on dark;
//  4. the picture doubled, for modules of two or three pixels.
func looks(g *luma.Image) iter.Seq2[*luma.Image, method] {
	return func(yield func(*luma.Image, method) bool) {
		sizes := newPyramid(g)
		if len(sizes.order) == 0 {
			return
		}
		first := sizes.at(sizes.order[0])
		if !yield(first, pure) {
			return
		}
		for _, m := range []method{local, global, blurred, inverted} {
			for _, size := range sizes.order {
				for tile := range tiles(sizes.at(size)) {
					if !yield(tile, m) {
						return
					}
				}
			}
		}
		if framed(first) {
			for _, side := range []*luma.Image{first, invert(first)} {
				for range 4 {
					if !yield(side, pure) {
						return
					}
					side = turn(side)
				}
			}
		}
		if 4*g.W*g.H <= fastPixels {
			doubled := new(luma.Image)
			doubled.Double(g)
			for tile := range tiles(doubled) {
				if !yield(tile, local) || !yield(tile, global) {
					return
				}
			}
		}
	}
}

// pyramid is a picture at full, 1/2, 1/4 and 1/8 of its side, as far as each can hold a symbol. A reduced
// one is made when it is first looked at: most pictures are read before.
type pyramid struct {
	made  [4]*luma.Image
	order []int // in which to look, in halvings: the largest cheap one first, down, then the costly ones upwards
}

func newPyramid(g *luma.Image) *pyramid {
	p := &pyramid{made: [4]*luma.Image{g}}
	var costly []int
	for i := range p.made {
		w, h := g.W>>i, g.H>>i
		if w < minSide || h < minSide {
			break
		}
		if w*h <= fastPixels {
			p.order = append(p.order, i)
		} else {
			costly = append([]int{i}, costly...)
		}
	}
	p.order = append(p.order, costly...)
	return p
}

func (p *pyramid) at(halvings int) *luma.Image {
	if p.made[halvings] == nil {
		p.made[halvings] = new(luma.Image)
		p.made[halvings].Half(p.at(halvings - 1))
	}
	return p.made[halvings]
}

// tiles yields the picture in overlapping parts; an ordinary one as it is.
func tiles(g *luma.Image) iter.Seq[*luma.Image] {
	return func(yield func(*luma.Image) bool) {
		if g.W <= tileSide && g.H <= tileSide {
			yield(g)
			return
		}
		for _, y := range tileStarts(g.H) {
			for _, x := range tileStarts(g.W) {
				if !yield(part(g, x, y, min(g.W, tileSide), min(g.H, tileSide))) {
					return
				}
			}
		}
	}
}

// tileStarts returns where tiles begin along a side of n pixels; the last one ends with the picture.
func tileStarts(n int) []int {
	starts := []int{0}
	for at := 0; at+tileSide < n; {
		at = min(at+tileSide-tileOverlap, n-tileSide)
		starts = append(starts, at)
	}
	return starts
}
