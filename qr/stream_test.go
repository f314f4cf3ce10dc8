package qr

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// watch is a clock that a test moves.
type watch struct{ now time.Time }

func (w *watch) read() time.Time { return w.now }

func newEye(t testing.TB, o ReaderOptions) (*Reader, *watch) {
	t.Helper()
	w := &watch{time.Unix(1_800_000_000, 0)}
	if o.Clock == nil {
		o.Clock = w.read
	}
	r, err := NewReader(o)
	require.NoError(t, err)
	return r, w
}

// push gives the Reader a frame and returns the texts of what is new.
func push(t testing.TB, r *Reader, w *watch, g *gray) (texts []string) {
	t.Helper()
	w.now = w.now.Add(33 * time.Millisecond)
	results, err := r.Push(Frame{Pix: g.pix, W: g.w, H: g.h, Stride: g.w})
	require.NoError(t, err)
	for _, x := range results {
		texts = append(texts, x.Text)
	}
	return texts
}

// A shot is one frame of a camera before which symbols are held. It draws one module as so many pixels, turned by an
// angle, with its middle at x, y. Above the module row cut the symbol is upper, below it lower.
type shot struct {
	upper, lower         *Symbol
	cut                  int
	across               bool // the cut is a column
	x, y, pixels, angle  float64
	noise                float64
	lampX, lampY, radius float64 // a reflection, in pixels
}

func (s shot) take(r *rand.Rand) *gray {
	const w, h = 480, 360
	g := newGray(w, h)
	sin, cos := math.Sincos(s.angle)
	n := float64(s.upper.Size())
	for y := range h {
		for x := range w {
			sum := 0.0
			for k := range 4 {
				px, py := float64(x)+0.25+0.5*float64(k%2)-s.x, float64(y)+0.25+0.5*float64(k/2)-s.y
				i, j := (cos*px+sin*py)/s.pixels+n/2, (cos*py-sin*px)/s.pixels+n/2
				symbol, along := s.upper, int(j)
				if s.across {
					along = int(i)
				}
				if along >= s.cut && s.lower != nil {
					symbol = s.lower
				}
				switch {
				case i < -4 || j < -4 || i >= n+4 || j >= n+4:
					sum += 120
				case i >= 0 && j >= 0 && i < n && j < n && symbol.At(int(i), int(j)):
					sum += 40
				default:
					sum += 215
				}
			}
			v := sum/4 + s.noise*r.NormFloat64()
			if math.Hypot(float64(x)-s.lampX, float64(y)-s.lampY) < s.radius {
				v = 255
			}
			g.pix[y*w+x] = byte(max(0, min(255, v)))
		}
	}
	return g
}

// unread fails if one frame alone is enough: then a test of several would show nothing.
func unread(t testing.TB, g *gray, what ...any) {
	t.Helper()
	results, err := Decode(g.image(), ReadOptions{Timeout: time.Minute})
	require.Error(t, err, what...)
	require.Empty(t, results)
}

// gateCode is a code of version 6 at level M, of a size that gates see.
func gateCode(t testing.TB, r *rand.Rand) *Symbol {
	return symbolOf(t, someToken(r, 95), Options{Level: M})
}

func TestStreamReads(t *testing.T) {
	rnd := seeded(t, 70)
	r, w := newEye(t, ReaderOptions{})
	a, b := gateCode(t, rnd), gateCode(t, rnd)
	empty := newGray(480, 360)
	require.Empty(t, push(t, r, w, empty))
	// It moves by, turning.
	reported := 0
	for i := range 12 {
		f := float64(i)
		got := push(t, r, w, shot{upper: a, x: 140 + 15*f, y: 170, pixels: 4, angle: 0.1 * f, noise: 3}.take(rnd))
		if len(got) > 0 {
			assert.Equal(t, []string{a.Text()}, got)
			assert.Zero(t, i, "the first frame is clear")
			reported++
		}
	}
	assert.Equal(t, 1, reported)
	// The display changes.
	assert.Equal(t, []string{b.Text()}, push(t, r, w, shot{upper: b, x: 300, y: 180, pixels: 4}.take(rnd)))
	// Back to the first, within the window: nothing new.
	assert.Empty(t, push(t, r, w, shot{upper: a, x: 300, y: 180, pixels: 4}.take(rnd)))
	// Away, and after the window again.
	w.now = w.now.Add(DefaultAgain)
	assert.Equal(t, []string{a.Text()}, push(t, r, w, shot{upper: a, x: 300, y: 180, pixels: 4}.take(rnd)))
	// As long as it is in sight it is not new, however long that is.
	for range 20 {
		w.now = w.now.Add(DefaultAgain / 2)
		assert.Empty(t, push(t, r, w, shot{upper: a, x: 300, y: 180, pixels: 4}.take(rnd)))
	}
}

// Corners are places of the frame, also where only a part of it was looked at.
func TestStreamCorners(t *testing.T) {
	rnd := seeded(t, 81)
	s := gateCode(t, rnd)
	r, w := newEye(t, ReaderOptions{})
	for i := range 3 {
		x, y := 300+8*float64(i), 200-5*float64(i)
		g := shot{upper: s, x: x, y: y, pixels: 3.4, noise: 4}.take(rnd)
		results, err := r.Push(Frame{Pix: g.pix, W: g.w, H: g.h, Stride: g.w})
		require.NoError(t, err)
		require.Len(t, results, 1)
		n := 3.4 * float64(s.Size()) / 2
		for k, c := range [4][2]float64{{-n, -n}, {n, -n}, {n, n}, {-n, n}} {
			assert.InDelta(t, x+c[0], results[0].Corners[k].X, 2)
			assert.InDelta(t, y+c[1], results[0].Corners[k].Y, 2)
		}
		require.Less(t, r.region.x1-r.region.x0, 300)
		w.now = w.now.Add(DefaultAgain)
	}
}

// A second code is seen although the first is where it was.
func TestStreamSeesASecondCode(t *testing.T) {
	rnd := seeded(t, 71)
	r, w := newEye(t, ReaderOptions{})
	a, b := gateCode(t, rnd), gateCode(t, rnd)
	one := shot{upper: a, x: 110, y: 100, pixels: 3, noise: 2}.take(rnd)
	require.Equal(t, []string{a.Text()}, push(t, r, w, one))
	both := shot{upper: b, x: 350, y: 240, pixels: 3, noise: 2}.take(rnd)
	for y := range 185 {
		copy(both.row(y)[:220], one.row(y)[:220])
	}
	var got []string
	for range wholeEvery {
		got = append(got, push(t, r, w, both)...)
	}
	assert.Equal(t, []string{b.Text()}, got)
}

// A symbol that moves in poor light: no frame is enough, some are.
func TestStreamFusesNoise(t *testing.T) {
	rnd := seeded(t, 72)
	s := gateCode(t, rnd)
	r, w := newEye(t, ReaderOptions{})
	var got []string
	frames := 0
	for ; frames < 15 && len(got) == 0; frames++ {
		f := float64(frames)
		g := shot{upper: s, x: 200 + 6*f, y: 180 - 2*f, pixels: 2.6, angle: 0.03 * f, noise: 95}.take(rnd)
		unread(t, g, "frame %d", frames)
		got = push(t, r, w, g)
	}
	t.Logf("%d frames", frames)
	assert.Equal(t, []string{s.Text()}, got)
}

// The reflection of a lamp moves over the symbol and always hides too much of it.
func TestStreamFusesGlare(t *testing.T) {
	rnd := seeded(t, 73)
	s := gateCode(t, rnd)
	r, w := newEye(t, ReaderOptions{})
	var got []string
	frames := 0
	for ; frames < 12 && len(got) == 0; frames++ {
		f := float64(frames)
		x, y := 240+10*f, 180.0
		g := shot{upper: s, x: x, y: y, pixels: 4, noise: 5,
			lampX: x + 40*math.Cos(f), lampY: y + 40*math.Sin(f), radius: 52}.take(rnd)
		unread(t, g, "frame %d", frames)
		got = push(t, r, w, g)
	}
	t.Logf("%d frames", frames)
	assert.Equal(t, []string{s.Text()}, got)
}

// A display that changes while the camera looks: no frame holds the whole of the second code.
func TestStreamFusesTornFrames(t *testing.T) {
	rnd := seeded(t, 74)
	for _, across := range []bool{false, true} {
		a, b, c := gateCode(t, rnd), gateCode(t, rnd), gateCode(t, rnd)
		r, w := newEye(t, ReaderOptions{})
		first := shot{upper: b, lower: a, cut: 21, across: across, x: 200, y: 170, pixels: 4.2, angle: 0.1, noise: 4}.take(rnd)
		second := shot{upper: c, lower: b, cut: 20, across: across, x: 212, y: 175, pixels: 4.2, angle: 0.12, noise: 4}.take(rnd)
		unread(t, first)
		unread(t, second)
		require.Empty(t, push(t, r, w, first))
		assert.Equal(t, []string{b.Text()}, push(t, r, w, second), "across %v", across)
		// Not where the caller looks for something else.
		r, w = newEye(t, ReaderOptions{Accept: func([]byte) bool { return false }})
		require.Empty(t, push(t, r, w, first))
		assert.Empty(t, push(t, r, w, second))
	}
}

// The sum begins anew where the symbol changed: noise, then another code in the same place.
func TestStreamFusesAfterAChange(t *testing.T) {
	rnd := seeded(t, 75)
	a, b := gateCode(t, rnd), gateCode(t, rnd)
	r, w := newEye(t, ReaderOptions{})
	var got []string
	for i := range 24 {
		s := a
		if i >= 2 {
			s = b
		}
		got = append(got, push(t, r, w, shot{upper: s, x: 230, y: 180, pixels: 2.6, noise: 95}.take(rnd))...)
	}
	assert.Equal(t, []string{b.Text()}, got)
}

// A camera runs all day: what is empty, known or not to be read allocates nothing.
func TestStreamAllocatesNothing(t *testing.T) {
	rnd := seeded(t, 76)
	s := gateCode(t, rnd)
	r, _ := newEye(t, ReaderOptions{})
	frames := []*gray{
		shot{upper: s, x: 230, y: 180, pixels: 4, noise: 4}.take(rnd),
		newGray(480, 360),
		shot{upper: s, x: 230, y: 180, pixels: 4, noise: 5, lampX: 250, lampY: 180, radius: 60}.take(rnd),
		newGray(480, 360).noisy(rnd, 60),
	}
	sights := 0
	round := func() {
		for _, g := range frames {
			_, err := r.Push(Frame{Pix: g.pix, W: g.w, H: g.h, Stride: g.w})
			require.NoError(t, err)
			sights += len(r.sights)
		}
	}
	for range 2 * 13 { // each of the dearer ways meets each frame
		round()
	}
	require.NotZero(t, sights, "one of them is located and not read")
	assert.Zero(t, testing.AllocsPerRun(4, round))
}

// A frame that costs more than its time is given up, and the next one is read.
func TestStreamDeadline(t *testing.T) {
	rnd := seeded(t, 77)
	s := gateCode(t, rnd)
	g := shot{upper: s, x: 230, y: 180, pixels: 4, noise: 4}.take(rnd)
	now, looks, slow := time.Unix(1_800_000_000, 0), 0, true
	r, _ := newEye(t, ReaderOptions{Clock: func() time.Time {
		if looks++; slow {
			now = now.Add(time.Second)
		}
		return now
	}})
	_, err := r.Push(Frame{Pix: g.pix, W: g.w, H: g.h, Stride: g.w})
	assert.Equal(t, ReasonDeadline, reasonOf(t, err))
	assert.Less(t, looks, 10, "it stops where it is first asked to")
	slow = false
	results, err := r.Push(Frame{Pix: g.pix, W: g.w, H: g.h, Stride: g.w})
	require.NoError(t, err)
	require.Len(t, results, 1)
	assert.Equal(t, s.Text(), results[0].Text)
	// The whole of one frame, however much there is to see: one cheap look, the region, one dearer look.
	corners := newGray(480, 360)
	for i := range corners.pix {
		if u, v := i%480%9, i/480%9; min(u, v, 8-u, 8-v) == 0 || min(u, v, 8-u, 8-v) == 2 {
			corners.pix[i] = 255
		}
	}
	for range 20 {
		looks = 0
		_, err = r.Push(Frame{Pix: corners.pix, W: 480, H: 360, Stride: 480})
		require.NoError(t, err)
		assert.Less(t, looks, 200)
	}
}

func TestStreamRefuses(t *testing.T) {
	for _, o := range []ReaderOptions{{FrameTime: -1}, {Again: -1}} {
		_, err := NewReader(o)
		assert.Equal(t, ReasonBadOption, reasonOf(t, err))
	}
	r, w := newEye(t, ReaderOptions{MaxPixels: 480 * 360})
	for _, c := range []struct {
		f    Frame
		want Reason
	}{
		{Frame{}, ReasonPictureUnreadable},
		{Frame{Pix: make([]byte, 99), W: 10, H: 10, Stride: 10}, ReasonPictureUnreadable},
		{Frame{Pix: make([]byte, 100), W: 10, H: 10, Stride: 9}, ReasonPictureUnreadable},
		{Frame{Pix: make([]byte, 100), W: 10, H: 10, Stride: math.MaxInt}, ReasonPictureUnreadable},
		{Frame{Pix: make([]byte, 100), W: -10, H: -10, Stride: 10}, ReasonPictureUnreadable},
		{Frame{Pix: make([]byte, 100), W: 481, H: 360, Stride: 481}, ReasonPictureTooLarge},
		{Frame{Pix: make([]byte, 100), W: math.MaxInt, H: math.MaxInt, Stride: math.MaxInt}, ReasonPictureTooLarge},
	} {
		results, err := r.Push(c.f)
		assert.Equal(t, c.want, reasonOf(t, err))
		assert.Empty(t, results)
	}
	// A fault of a part that the caller gave costs one frame.
	rnd := seeded(t, 78)
	s := gateCode(t, rnd)
	clock := r.options.Clock
	r.options.Clock = func() time.Time { panic("no time") }
	_, err := r.Push(Frame{Pix: make([]byte, 100), W: 10, H: 10, Stride: 10})
	assert.Equal(t, ReasonPictureUnreadable, reasonOf(t, err))
	r.options.Clock = clock
	// Frames of changing sizes, down to a pixel, between those that are read.
	for i := range 5 {
		g := shot{upper: s, x: 230, y: 180, pixels: 4, noise: 4}.take(rnd)
		got := push(t, r, w, g)
		if i == 0 {
			assert.Equal(t, []string{s.Text()}, got)
		}
		assert.Empty(t, push(t, r, w, g.part(200, 100, 1+20*i, 1+i)))
	}
}

// The frame is only looked at, and one with a stride in place.
func TestStreamLeavesTheFrame(t *testing.T) {
	rnd := seeded(t, 79)
	s := gateCode(t, rnd)
	r, _ := newEye(t, ReaderOptions{})
	g := shot{upper: s, x: 230, y: 180, pixels: 4, noise: 4}.take(rnd)
	before := append([]byte(nil), g.pix...)
	results, err := r.Push(Frame{Pix: g.pix[60:], W: 400, H: 360, Stride: 480})
	require.NoError(t, err)
	require.Len(t, results, 1)
	assert.Equal(t, before, g.pix)
	n := 4 * float64(s.Size()) / 2
	for i, c := range [4][2]float64{{-n, -n}, {n, -n}, {n, n}, {-n, n}} {
		assert.InDelta(t, 170+c[0], results[0].Corners[i].X, 3)
		assert.InDelta(t, 180+c[1], results[0].Corners[i].Y, 3)
	}
	text := results[0].Text
	for range 8 { // what was returned is the caller's
		clear(g.pix)
		_, err = r.Push(Frame{Pix: g.pix, W: 480, H: 360, Stride: 480})
		require.NoError(t, err)
	}
	assert.Equal(t, text, string(results[0].Bytes))
}

// FuzzReader: frames of any content and size, one after another, end in results or in a typed error.
func FuzzReader(f *testing.F) {
	rnd := rand.New(rand.NewPCG(80, 0))
	s, err := NewSymbol("HELLO", Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(drawn(s, 2).pix, uint16(s.span()*2), uint16(40), uint16(7), byte(3))
	f.Add(drawn(s, 2).noisy(rnd, 90).pix, uint16(s.span()*2), uint16(57), uint16(0), byte(0))
	f.Add([]byte{}, uint16(0), uint16(0), uint16(0), byte(0))
	f.Fuzz(func(t *testing.T, pix []byte, w, h, skip uint16, salt byte) {
		if len(pix) > 1<<14 {
			return
		}
		r, _ := newEye(t, ReaderOptions{Accept: func([]byte) bool { return salt&1 == 1 }})
		for i := range 4 {
			stride := int(w) + i%2*int(skip%5)
			results, err := r.Push(Frame{Pix: pix, W: int(w), H: int(h), Stride: stride})
			if err != nil {
				reasonOf(t, err)
				require.Empty(t, results)
			}
			for j := range pix { // the next frame is another one
				if (j*7+i)%64 == 0 {
					pix[j] ^= salt
				}
			}
		}
	})
}
