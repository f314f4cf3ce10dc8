package reader

import (
	"github.com/citizencode/citizencode/qr/internal/bits"
	"github.com/citizencode/citizencode/qr/internal/luma"
)

// A Sight is a symbol that was located and could not be read: what one frame of several says about it.
type Sight struct {
	Version   int
	Corners   [4][2]float64 // pixels, as in Found
	Inverted  bool
	Modules   *bits.Modules // the Reader's; holds until Unread returns
	Agreement float64       // of the function patterns, to 1
}

// Ways is the number of ways that Look knows, and Cheap how many of them are for a picture that may hold nothing.
const (
	Cheap = len(quick)
	Ways  = len(quick) + len(thorough)
)

// Begin takes a frame of a stream, or a part of one, whose pixels are only looked at. What was returned before it holds
// no longer.
func (r *Reader) Begin(m *luma.Image) {
	r.found, r.content, r.segments = r.found[:0], r.content[:0], r.segments[:0]
	r.made = 1
	r.pyramid[0] = *m
	r.decoder.Accept = r.Accept
	r.knots = 0 // the next frame is another view, and sooner there
}

// Look looks in one way, of 0 to Ways-1. It returns all that has been found since Begin, and whether this look saw
// the corner marks of a symbol.
func (r *Reader) Look(way int) (found []Found, shown bool) {
	if m := &r.pyramid[0]; m.W < minSide || m.H < minSide || r.stopped() {
		return r.found, false
	}
	p := &quick[0]
	if way < Cheap {
		p = &quick[way]
	} else {
		p = &thorough[way-Cheap]
	}
	r.look(*p, r.start())
	return r.found, r.shown > 0
}

// Reread reads modules that several frames have made up. The result holds until the next call of any method.
func (r *Reader) Reread(m *bits.Modules) (bits.Symbol, bool) { return r.decoder.Decode(m) }

// miss tells of the symbol under the grid. What is told is what the filter makes of it that the function patterns teach:
// a value near zero where a frame says little, so that frames add up with the weight that each deserves.
func (r *Reader) miss(light bool, scale float64) {
	if r.Unread == nil {
		return
	}
	r.sampler.Equalise(&r.pattern, 1, false)
	s := Sight{Version: (r.grid.Size - 17) / 4, Corners: r.grid.Corners(), Inverted: light, Modules: &r.sampler.Modules}
	for i := range s.Corners {
		s.Corners[i][0] /= scale
		s.Corners[i][1] /= scale
	}
	s.Agreement = r.sampler.Agreement(&r.pattern)
	r.Unread(s)
}
