package fuse

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/qr/internal/bits"
	"github.com/citizencode/citizencode/qr/internal/matrix"
)

// truth is a symbol of chance.
func truth(r *rand.Rand, version int) []bool {
	n := matrix.SizeOf(version)
	var p matrix.Pattern
	p.Prepare(version)
	dark := make([]bool, n*n)
	for i := range dark {
		if dark[i] = r.IntN(2) == 0; !p.Free(i%n, i/n) {
			dark[i] = p.Dark(i%n, i/n)
		}
	}
	return dark
}

// seen is how a frame shows it: 512 for a clear module, and noise.
func seen(r *rand.Rand, dark []bool, version int, noise float64) *bits.Modules {
	m := &bits.Modules{Size: matrix.SizeOf(version), V: make([]int16, len(dark))}
	for i, d := range dark {
		v := -512.0
		if d {
			v = 512
		}
		m.V[i] = int16(max(-8000, min(8000, v+noise*r.NormFloat64())))
	}
	return m
}

func wrong(m *bits.Modules, dark []bool) (count int) {
	for i, v := range m.V {
		if (v > 0) != dark[i] {
			count++
		}
	}
	return count
}

// Noise goes down with the number of frames, in every version.
func TestSum(t *testing.T) {
	for version := 1; version <= MaxVersion; version += 3 {
		r := rand.New(rand.NewPCG(uint64(version), 0))
		dark := truth(r, version)
		var track Track
		track.Reset(version)
		first := 0
		for i := range 12 {
			track.Add(seen(r, dark, version, 700))
			if i == 0 {
				first = wrong(track.Sum(), dark)
			}
		}
		assert.Greater(t, first, len(dark)/6, "version %d", version)
		assert.Less(t, wrong(track.Sum(), dark), len(dark)/40, "version %d", version)
		assert.Equal(t, 12, track.Frames)
	}
}

// Another symbol takes the place of the first at once; of poor frames, after a few.
func TestChange(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, version := range []int{5, 8, 14} {
		a, b := truth(r, version), truth(r, version)
		var track Track
		track.Reset(version)
		for range 10 {
			track.Add(seen(r, a, version, 200))
		}
		require.Zero(t, track.Torn())
		track.Add(seen(r, b, version, 200))
		assert.Positive(t, track.Torn())
		assert.Less(t, wrong(track.Sum(), b), len(b)/50)
		track.Add(seen(r, b, version, 200))
		assert.Zero(t, track.Torn())

		track.Reset(version)
		for range 10 {
			track.Add(seen(r, a, version, 700))
		}
		for range 10 {
			track.Add(seen(r, b, version, 700))
		}
		assert.Less(t, wrong(track.Sum(), b), len(b)/30)
	}
}

// A part of the symbol changes, as the part of a code that names the time: what stays is kept. So is it where that part is
// smaller than a tile, after a while.
func TestPartChanges(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	const version = 8
	n := matrix.SizeOf(version)
	for _, every := range []int{0, 6} {
		a, other := truth(r, version), truth(r, version)
		b := append([]bool(nil), a...)
		for i := range b {
			if every == 0 && i/n >= n/2 || every > 0 && i%every == 0 {
				b[i] = other[i]
			}
		}
		var track Track
		track.Reset(version)
		for range 60 {
			track.Add(seen(r, a, version, 100))
		}
		frames := 1
		if every > 0 {
			frames = window
		}
		for range frames {
			track.Add(seen(r, b, version, 100))
		}
		assert.Less(t, wrong(track.Sum(), b), len(b)/50)
	}
}

// The one half of one frame and the other half of the next are one symbol, wherever the line between them is.
func TestTorn(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	const version = 8
	n := matrix.SizeOf(version)
	for _, across := range []bool{false, true} {
		for cut := 8; cut < n-8; cut++ {
			a, b, c := truth(r, version), truth(r, version), truth(r, version)
			first, second := seen(r, b, version, 100), seen(r, c, version, 100)
			for i := range first.V {
				at := i / n
				if across {
					at = i % n
				}
				if at >= cut {
					first.V[i] = seen(r, a[i:i+1], version, 100).V[0]
					second.V[i] = seen(r, b[i:i+1], version, 100).V[0]
				}
			}
			var track Track
			track.Reset(version)
			track.Add(first)
			track.Add(second)
			best := len(b)
			for k := range track.Torn() {
				best = min(best, wrong(track.Mixed(k), b))
			}
			assert.Less(t, best, 2*n, "cut %d", cut) // a row and a half is in doubt, and perhaps a tile
		}
	}
}

// A reflection says nothing, and what it covers is not begun anew.
func TestFaint(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	const version = 8
	dark := truth(r, version)
	n := matrix.SizeOf(version)
	var track Track
	track.Reset(version)
	for range 4 {
		track.Add(seen(r, dark, version, 300))
	}
	m := seen(r, dark, version, 300)
	for i := range m.V {
		if i/n > n/2 {
			m.V[i] = int16(20 * r.NormFloat64())
		}
	}
	track.Add(m)
	assert.Zero(t, track.Torn())
	assert.Less(t, wrong(track.Sum(), dark), len(dark)/50)
}

func TestAllocatesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	a, b := seen(r, truth(r, 10), 10, 100), seen(r, truth(r, 10), 10, 100)
	var track Track
	track.Reset(10)
	assert.Zero(t, testing.AllocsPerRun(5, func() {
		track.Reset(7)
		track.Reset(10)
		track.Add(a)
		track.Add(b)
		track.Sum()
		for k := range track.Torn() {
			track.Mixed(k)
		}
	}))
	track.Add(&bits.Modules{Size: 21, V: make([]int16, 441)}) // of another size: passed over
	assert.Equal(t, 2, track.Frames)
}
