package qr

import (
	"math"
	"slices"

	"github.com/citizencode/citizencode/qr/internal/bits"
	"github.com/citizencode/citizencode/qr/internal/fuse"
	"github.com/citizencode/citizencode/qr/internal/reader"
)

const (
	maxTracks = 3   // symbols that are added up at once
	goodSight = 0.8 // of the function patterns, below which a sight says nothing
	maxFused  = fuse.MaxVersion
)

// A sight is a symbol that one frame shows and that could not be read.
type sight struct {
	version   int
	corners   [4][2]float64
	inverted  bool
	agreement float64
	modules   bits.Modules
}

// A track is a symbol that is added up over frames.
type track struct {
	sum      fuse.Track
	corners  [4][2]float64
	inverted bool
	last     int // frame that was added last
}

// follow adds the sights of the frame to the tracks, and reads what they come to.
func (r *Reader) follow() {
	for i := range r.sights {
		s := &r.sights[i]
		// A symbol that was not read in one way and then in another has nothing to add.
		if slices.ContainsFunc(r.read, func(c [4][2]float64) bool { return apart(&c, &s.corners) < 0.5 }) {
			continue
		}
		if r.region.empty() || r.last < r.frames {
			r.region, r.last = r.frame.around(&s.corners), r.frames
		}
		t := r.trackOf(s)
		t.corners, t.inverted, t.last = s.corners, s.inverted, r.frames
		t.sum.Add(&s.modules)
		if r.reread(t, t.sum.Sum(), false) {
			continue
		}
		for k := range t.sum.Torn() {
			if r.over() || r.reread(t, t.sum.Mixed(k), true) {
				break
			}
		}
	}
}

// reread reads modules that frames have made up. A mixture must be what the caller looks for: many are tried.
func (r *Reader) reread(t *track, m *bits.Modules, mixture bool) bool {
	s, ok := r.eye.Reread(m)
	if !ok || s.Fault != bits.Plain || mixture && !r.options.Accept(s.Content) {
		return false
	}
	found := reader.Found{Symbol: s, Corners: t.corners, Inverted: t.inverted}
	if s.Mirrored {
		found.Corners[1], found.Corners[3] = found.Corners[3], found.Corners[1]
	}
	r.take(&found)
	return true
}

// trackOf returns the nearest track of a sight, or a new one in place of the oldest.
func (r *Reader) trackOf(s *sight) *track {
	best, nearest, oldest := -1, 1.5, 0
	for i := range r.tracks {
		t := &r.tracks[i]
		if r.frames-t.last <= lostAfter && t.last < r.frames && t.sum.Version == s.version && t.inverted == s.inverted {
			if d := apart(&t.corners, &s.corners); d < nearest {
				best, nearest = i, d
			}
		}
		if t.last < r.tracks[oldest].last {
			oldest = i
		}
	}
	if best >= 0 {
		return &r.tracks[best]
	}
	if len(r.tracks) < maxTracks {
		oldest = len(r.tracks)
		r.tracks = append(r.tracks, track{})
	}
	t := &r.tracks[oldest]
	t.sum.Reset(s.version)
	return t
}

// apart returns how far two symbols are from each other, in sides of the first.
func apart(a, b *[4][2]float64) float64 {
	var x, y, u, v float64
	for i := range a {
		x, y, u, v = x+a[i][0]/4, y+a[i][1]/4, u+b[i][0]/4, v+b[i][1]/4
	}
	side := math.Hypot(a[2][0]-a[0][0], a[2][1]-a[0][1]) / math.Sqrt2
	return math.Hypot(x-u, y-v) / max(side, 1)
}
