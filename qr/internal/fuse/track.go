// Package fuse adds up what several frames say about one symbol that none of them shows well enough. It sees no
// picture: it is given how dark each module of the symbol seemed, with how sure that is, wherever the symbol was.
//
// The symbol of a display changes while it is looked at, and a camera catches it half changed. So a symbol is added up
// in tiles: one that no longer agrees with its sum begins anew, and what it was is kept for a while, since a frame's upper
// half and another one's lower half may be one symbol.
package fuse

import (
	"math"
	"slices"

	"github.com/citizencode/citizencode/qr/internal/bits"
	"github.com/citizencode/citizencode/qr/internal/matrix"
)

const (
	// MaxVersion is the largest symbol that is added up: two above the largest token's at any level below H.
	MaxVersion = 25

	tile     = 8    // modules on a side: 64 of chance agree to a correlation of an eighth or less
	clipAt   = 1024 // of one module in one frame, where 512 is a clear one
	window   = 16   // frames: what is older fades, for a module may change in a tile that mostly stays
	faint    = 0.25 // of the mean energy, below which a tile says nothing: a lamp's reflection
	same     = 0.35 // correlation of good tiles above which a frame shows the same symbol: twice what chance gives
	overall  = 0.12 // or, of all modules
	changed  = 0.25 // of the correlation of good tiles, below which one has changed
	step     = 3    // modules between two places where a frame may be torn: half of it is wrong at most
	memory   = 4    // frames for which a tile remembers what it was
	maxTiles = (4*MaxVersion + 17 + tile - 1) / tile
)

// A Track is the sum of the frames of one symbol. The zero value is ready for Reset; it keeps its memory.
type Track struct {
	Version int
	Frames  int // that were added

	size, across int
	pattern      matrix.Pattern
	now, before  []int32
	changes      [maxTiles * maxTiles]int // frame at which a tile changed last, 0 for never
	torn         bool                     // the last frame changed a fifth of the tiles or more
	mixed        bits.Modules
}

// Reset forgets everything and begins with a version from 1 to MaxVersion.
func (t *Track) Reset(version int) {
	t.Version, t.Frames, t.torn = version, 0, false
	t.size = matrix.SizeOf(version)
	t.across = (t.size + tile - 1) / tile
	t.pattern.Prepare(version)
	n := t.size * t.size
	if cap(t.now) < n {
		t.now, t.before, t.mixed.V = make([]int32, n), make([]int32, n), make([]int16, n)
	}
	t.now, t.before = t.now[:n], t.before[:n]
	t.mixed.Size, t.mixed.V = t.size, t.mixed.V[:n]
	clear(t.now)
	clear(t.before)
	clear(t.changes[:])
}

// Add adds a frame. Modules of another size than Reset's are passed over.
func (t *Track) Add(m *bits.Modules) {
	if m.Size != t.size || len(m.V) < t.size*t.size {
		return
	}
	t.Frames++
	t.torn = false
	if t.Frames > 1 {
		t.compare(m)
	}
	for i, v := range m.V[:t.size*t.size] {
		t.now[i] += clip(v) - t.now[i]/window
	}
}

func clip(v int16) int32 { return int32(max(-clipAt, min(clipAt, v))) }

// compare finds the tiles that have changed and makes them begin anew.
func (t *Track) compare(m *bits.Modules) {
	var store, sorted [maxTiles * maxTiles]float64
	tiles := t.across * t.across
	correlation, good := store[:tiles], sorted[:0]
	var energy [maxTiles * maxTiles]float64
	var all, allNow, allNew float64
	for k := range tiles {
		product, then, here, count := t.correlate(m, k)
		all, allNow, allNew = all+product, allNow+then, allNew+here
		correlation[k], energy[k] = 2, 0 // nothing to compare
		if then > 0 && here > 0 && count >= tile {
			correlation[k], energy[k] = product/math.Sqrt(then*here), here/float64(count)
		}
	}
	if allNow == 0 || allNew == 0 {
		return
	}
	mean := allNew / float64(t.size*t.size)
	for k, c := range correlation {
		if c <= 1.5 && energy[k] >= faint*mean {
			good = append(good, c)
		}
	}
	if len(good) == 0 {
		return
	}
	slices.Sort(good)
	level := good[len(good)*6/7]
	whole := all / math.Sqrt(allNow*allNew)
	if level < same && whole >= overall {
		return // poor frames of one symbol: no tile says anything by itself, all together do
	}
	count := 0
	for k, c := range correlation {
		if level >= same && (c > changed*level || energy[k] < faint*mean) {
			continue
		}
		count++
		t.changes[k] = t.Frames
		t.each(k, func(i int) { t.before[i], t.now[i] = t.now[i], 0 })
	}
	t.torn = 5*count >= tiles
}

// correlate compares the data of a tile with its sum.
func (t *Track) correlate(m *bits.Modules, k int) (product, then, here float64, count int) {
	t.each(k, func(i int) {
		if !t.pattern.Free(i%t.size, i/t.size) {
			return
		}
		a, b := float64(t.now[i]), float64(clip(m.V[i]))
		product, then, here = product+a*b, then+a*a, here+b*b
		count++
	})
	return product, then, here, count
}

// each visits the modules of a tile.
func (t *Track) each(k int, visit func(i int)) {
	x0, y0 := k%t.across*tile, k/t.across*tile
	for y := y0; y < min(y0+tile, t.size); y++ {
		for x := x0; x < min(x0+tile, t.size); x++ {
			visit(y*t.size + x)
		}
	}
}

// Sum returns what the frames come to. It holds until the next call.
func (t *Track) Sum() *bits.Modules {
	for i, v := range t.now {
		t.mixed.V[i] = int16(v) // at most window*clipAt
	}
	return &t.mixed
}

// Torn returns how many mixtures Mixed knows: none unless the last frame changed a good part of the symbol.
func (t *Track) Torn() int {
	if !t.torn {
		return 0
	}
	return 4 * ((t.size - 1) / step)
}

// Mixed returns a mixture of what the symbol is and what it was, k from 0 to Torn()-1: on one side of a line across the
// symbol the one, on the other side the other. It holds until the next call.
func (t *Track) Mixed(k int) *bits.Modules {
	across, after := k/2%2 == 1, k%2 == 1
	cut := (k/4 + 1) * step
	for i := range t.now {
		x, y := i%t.size, i/t.size
		at := y
		if across {
			at = x
		}
		from := t.now
		if change := t.changes[y/tile*t.across+x/tile]; (at >= cut) == after && change > 0 && t.Frames-change < memory {
			from = t.before
		}
		t.mixed.V[i] = int16(from[i])
	}
	return &t.mixed
}
