package qr

import (
	"iter"
	"sync/atomic"
)

// fastPixels is where a picture stops being cheap to look at. Larger ones are looked at reduced first:
// a photograph of 12 million pixels is mostly readable at a quarter of its side, in a sixteenth of the time.
const fastPixels = 2_000_000

// climb tries the engine in one way after another until a symbol is read.
func climb(e engine, g *gray, stop *atomic.Bool) ([]Result, error) {
	for view, m := range looks(g) {
		// Between looks the work can be left without a trace, so an abandoned picture costs one look more at most.
		if stop.Load() {
			return nil, refuse(ReasonDeadline, "stopped")
		}
		if r, err := e.read(view, m, stop); err == nil {
			return []Result{r}, nil
		}
	}
	return nil, refuse(ReasonNoCode, "")
}

// looks yields the ways to look at a picture. One look with one threshold misses half of what a phone
// reads; the sizes and methods together are worth more than a better threshold. The cheap looks that read
// most come first:
//
//  1. the whole picture as one clean upright symbol, which a search misses in one of sixty;
//  2. every method at every size, from full to an eighth;
//  3. if the frame is of one brightness: a clean symbol lying on its side, or light on dark;
//  4. the picture doubled, for modules of two or three pixels.
func looks(g *gray) iter.Seq2[*gray, method] {
	return func(yield func(*gray, method) bool) {
		sizes := pyramid(g)
		if len(sizes) == 0 {
			return
		}
		if !yield(sizes[0], pure) {
			return
		}
		for _, m := range []method{local, global, blurred, inverted} {
			for _, size := range sizes {
				if !yield(size, m) {
					return
				}
			}
		}
		if sizes[0].framed() {
			for _, side := range []*gray{sizes[0], sizes[0].inverted()} {
				for range 4 {
					if !yield(side, pure) {
						return
					}
					side = side.turned()
				}
			}
		}
		if 4*g.w*g.h <= fastPixels {
			twice := g.doubled()
			_ = yield(twice, local) && yield(twice, global)
		}
	}
}

// pyramid returns the picture at full, 1/2, 1/4 and 1/8 of its side, as far as each can hold a symbol, in
// the order in which to look: the largest cheap one first, down, and then the costly ones upwards.
func pyramid(g *gray) []*gray {
	var cheap, costly []*gray
	for range 4 {
		if g.w < minSide || g.h < minSide {
			break
		}
		if g.w*g.h <= fastPixels {
			cheap = append(cheap, g)
		} else {
			costly = append([]*gray{g}, costly...)
		}
		g = g.half()
	}
	return append(cheap, costly...)
}
