package qr

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mustRead fails unless the picture is read as exactly this symbol.
func mustRead(t testing.TB, s *Symbol, img image.Image, what ...any) {
	t.Helper()
	results, err := Decode(img, ReadOptions{Timeout: time.Minute})
	require.NoError(t, err, what...)
	require.Len(t, results, 1)
	r := results[0]
	require.Equal(t, s.Text(), r.Text, what...)
	require.Equal(t, []byte(s.Text()), r.Bytes)
	require.Equal(t, s.Version(), r.Version)
	require.Equal(t, s.Level(), r.Level)
}

// What we draw we read: no clean symbol is ever missed, whatever its data, size, scale and position. A
// reader that only searches misses one in sixty of these.
func TestReadsWhatWeDraw(t *testing.T) {
	t.Parallel()
	r := seeded(t, 10)
	for i := range rounds(60) {
		o := Options{Form: Form(i % 2), Level: Level(i % 5), Quiet: MinQuiet + i%3}
		s := symbolOf(t, someToken(r, MinToken+r.IntN(150)), o)
		scale := 2 + i%9
		mustRead(t, s, s.Image(scale), "%d: upright, scale %d", i, scale)
		scale = 2 + i%5
		g := drawn(s, scale)
		switch i % 6 {
		case 0:
			mustRead(t, s, g.turned().image(), "%d: turned, scale %d", i, scale)
		case 1:
			mustRead(t, s, g.turned().turned().image(), "%d: upside down, scale %d", i, scale)
		case 2:
			mustRead(t, s, g.turned().turned().turned().image(), "%d: turned back, scale %d", i, scale)
		case 3:
			mustRead(t, s, g.inverted().image(), "%d: light on dark, scale %d", i, scale)
		case 4:
			mustRead(t, s, g.mirrored().image(), "%d: mirrored, scale %d", i, scale)
		case 5:
			mustRead(t, s, g.compressed(t, 50).image(), "%d: JPEG, scale %d", i, scale)
		}
	}
	s := symbolOf(t, someToken(r, 203), Options{})
	mustRead(t, s, s.Image(1), "one pixel to a module")
	mustRead(t, s, s.Image(MaxScale), "a large picture")
	s = symbolOf(t, someToken(r, MaxToken), Options{})
	mustRead(t, s, s.Image(3), "the largest token")
}

func TestReadsSpoiltPictures(t *testing.T) {
	t.Parallel()
	for i, kind := range []struct {
		name  string
		spoil func(t *testing.T, r *rand.Rand, s *Symbol) *gray
	}{
		{"any angle", func(t *testing.T, r *rand.Rand, s *Symbol) *gray { return held(s, 5, 7*r.Float64(), 0) }},
		{"a little tilted", func(t *testing.T, r *rand.Rand, s *Symbol) *gray { return held(s, 5, 0.3, 0.1) }},
		{"blurred", func(t *testing.T, r *rand.Rand, s *Symbol) *gray { return held(s, 5, 0.2, 0).blurred() }},
		{"noisy", func(t *testing.T, r *rand.Rand, s *Symbol) *gray { return held(s, 5, 0.2, 0).noisy(r, 20) }},
		{"pale", func(t *testing.T, r *rand.Rand, s *Symbol) *gray { return held(s, 5, 0.2, 0).pale(80, 150) }},
		{"shaded", func(t *testing.T, r *rand.Rand, s *Symbol) *gray { return held(s, 5, 0.2, 0).shaded() }},
		{"compressed", func(t *testing.T, r *rand.Rand, s *Symbol) *gray { return held(s, 5, 0.2, 0).compressed(t, 30) }},
		{"light on dark", func(t *testing.T, r *rand.Rand, s *Symbol) *gray { return held(s, 5, 0.2, 0).inverted() }},
		{"small and turned", func(t *testing.T, r *rand.Rand, s *Symbol) *gray { return held(s, 2.4, 0.15, 0) }},
	} {
		t.Run(kind.name, func(t *testing.T) {
			r := seeded(t, 100+uint64(i))
			for _, n := range []int{95, 203}[:rounds(2)] {
				s := symbolOf(t, someToken(r, n), Options{})
				mustRead(t, s, kind.spoil(t, r, s).image(), "%d bytes", n)
			}
		})
	}
}

// Bytes is the content whatever it is. Readers that return text lose this.
func TestReadsBinaryContent(t *testing.T) {
	t.Parallel()
	r := seeded(t, 11)
	for i := range 20 {
		content := make([]byte, 1+r.IntN(300))
		for j := range content {
			content[j] = byte(r.Uint32())
		}
		if i%2 == 0 { // digits in the middle become a segment of their own
			content = append(append(content, "0123456789012345678901234567890123456789"...), content...)
		}
		s, err := NewSymbol(string(content), Options{})
		require.NoError(t, err)
		results, err := Decode(s.Image(3), ReadOptions{Timeout: time.Minute})
		require.NoError(t, err)
		require.Equal(t, content, results[0].Bytes)
	}
	for text, want := range map[string]string{"市民码 ✓": "市民码 ✓", "\xff\xfe": "", "A-1": "A-1"} {
		s, err := NewSymbol(text, Options{})
		require.NoError(t, err)
		results, err := Decode(s.Image(3), ReadOptions{Timeout: time.Minute})
		require.NoError(t, err)
		assert.Equal(t, text, string(results[0].Bytes))
		assert.Equal(t, want, results[0].Text)
	}
}

// plain is a picture type that this package has never heard of.
type plain struct{ image.Image }

// hostile is a picture whose methods fail.
type hostile struct{ bounds image.Rectangle }

func (h hostile) ColorModel() color.Model { return color.GrayModel }
func (h hostile) Bounds() image.Rectangle { return h.bounds }
func (h hostile) At(x, y int) color.Color { panic("no pixels here") }

// Every kind of picture of the standard library, as a part of a larger one that starts at an odd place.
func TestPictureKinds(t *testing.T) {
	s := symbolOf(t, someToken(seeded(t, 12), 95), Options{})
	from := s.Image(3)
	inside := from.Bounds().Add(image.Pt(-37, 11))
	outside := inside.Inset(-9)
	type subImager interface {
		draw.Image
		SubImage(image.Rectangle) image.Image
	}
	for _, img := range []subImager{
		image.NewGray(outside), image.NewGray16(outside), image.NewRGBA(outside), image.NewRGBA64(outside),
		image.NewNRGBA(outside), image.NewNRGBA64(outside), image.NewCMYK(outside),
		image.NewPaletted(outside, color.Palette{color.Black, color.White, color.Gray{Y: 128}}),
	} {
		draw.Draw(img, outside, image.NewUniform(color.Gray{Y: 128}), image.Point{}, draw.Src)
		draw.Draw(img, inside, from, image.Point{}, draw.Src)
		part := img.SubImage(inside)
		mustRead(t, s, part, "%T", img)
		mustRead(t, s, plain{part}, "%T behind an interface", img)
		assert.Equal(t, toGray(plain{part}).pix, toGray(part).pix, "%T: the fast way and the slow way differ", img)
	}
	clear := image.NewAlpha(outside) // dark where it is opaque
	for y := outside.Min.Y; y < outside.Max.Y; y++ {
		for x := outside.Min.X; x < outside.Max.X; x++ {
			if image.Pt(x, y).In(inside) && s.At((x-inside.Min.X)/3-MinQuiet, (y-inside.Min.Y)/3-MinQuiet) {
				clear.SetAlpha(x, y, color.Alpha{A: 255})
			}
		}
	}
	// image.Alpha is white by its colour model: black it as a drawing on a transparent ground would be.
	black := image.NewNRGBA(outside)
	draw.DrawMask(black, outside, image.Black, image.Point{}, clear, outside.Min, draw.Over)
	mustRead(t, s, black, "black on transparent")

	ycc := image.NewYCbCr(outside, image.YCbCrSubsampleRatio420)
	for i := range ycc.Cb {
		ycc.Cb[i], ycc.Cr[i] = 128, 128
	}
	for y := inside.Min.Y; y < inside.Max.Y; y++ {
		for x := inside.Min.X; x < inside.Max.X; x++ {
			if !s.At((x-inside.Min.X)/3-MinQuiet, (y-inside.Min.Y)/3-MinQuiet) {
				ycc.Y[ycc.YOffset(x, y)] = 255
			}
		}
	}
	mustRead(t, s, ycc.SubImage(inside), "YCbCr")
	assert.Equal(t, toGray(plain{ycc.SubImage(inside)}).pix, toGray(ycc.SubImage(inside)).pix)
}

func TestStrangePictures(t *testing.T) {
	for _, c := range []struct {
		name string
		img  image.Image
		want Reason
	}{
		{"nil", nil, ReasonPictureUnreadable},
		{"typed nil", (*image.RGBA)(nil), ReasonPictureUnreadable},
		{"0x0", image.NewGray(image.Rectangle{}), ReasonPictureUnreadable},
		{"0x5", image.NewRGBA(image.Rect(0, 0, 0, 5)), ReasonPictureUnreadable},
		{"inside out", hostile{image.Rectangle{Min: image.Pt(5, 5)}}, ReasonPictureUnreadable},
		{"1x1", image.NewGray(image.Rect(0, 0, 1, 1)), ReasonNoCode},
		{"20x20", image.NewGray(image.Rect(0, 0, 20, 20)), ReasonNoCode},
		{"21x21 black", image.NewGray(image.Rect(0, 0, 21, 21)), ReasonNoCode},
		{"40x40 clear", image.NewNRGBA(image.Rect(0, 0, 40, 40)), ReasonNoCode},
		{"30000x1", image.NewGray(image.Rect(0, 0, 30000, 1)), ReasonNoCode},
		{"1x30000", image.NewCMYK(image.Rect(0, 0, 1, 30000)), ReasonNoCode},
		{"3000x40", image.NewGray(image.Rect(0, 0, 3000, 40)), ReasonNoCode},
		{"40x3000", image.NewPaletted(image.Rect(0, 0, 40, 3000), color.Palette{color.White}), ReasonNoCode},
		{"boundless", image.NewUniform(color.White), ReasonPictureTooLarge},
		{"one pixel too many", hostile{image.Rect(0, 0, MaxPixels+1, 1)}, ReasonPictureTooLarge},
		{"wider than an int", hostile{image.Rect(math.MinInt, 0, math.MaxInt, 9)}, ReasonPictureUnreadable},
		{"product that wraps", hostile{image.Rect(0, 0, 1<<32, 1<<32)}, ReasonPictureTooLarge},
		{"pixels that fail", hostile{image.Rect(0, 0, 100, 100)}, ReasonPictureUnreadable},
		{"pixels missing", &image.RGBA{Pix: make([]byte, 10), Stride: 400, Rect: image.Rect(0, 0, 100, 100)}, ReasonPictureUnreadable},
		{"index without colour", &image.Paletted{Pix: []byte{9, 9, 9, 9}, Stride: 2, Rect: image.Rect(0, 0, 2, 2)}, ReasonNoCode},
	} {
		t.Run(c.name, func(t *testing.T) {
			results, err := Decode(c.img, ReadOptions{Timeout: time.Minute})
			assert.Equal(t, c.want, reasonOf(t, err))
			assert.Nil(t, results)
		})
	}
	_, err := Decode(image.NewGray(image.Rect(0, 0, 101, 100)), ReadOptions{MaxPixels: 10000})
	assert.Equal(t, ReasonPictureTooLarge, reasonOf(t, err))
	_, err = Decode(image.NewGray(image.Rect(0, 0, 100, 100)), ReadOptions{MaxPixels: 10000, Timeout: time.Minute})
	assert.Equal(t, ReasonNoCode, reasonOf(t, err))
	assert.Equal(t, MaxPixels, ReadOptions{MaxPixels: math.MaxInt}.maxPixels(), "a caller can lower the limit, never raise it")
}

// Random pixels hold no code: what is found has passed error correction, so chance does not invent one.
func TestNoiseHoldsNoCode(t *testing.T) {
	r := seeded(t, 13)
	for i := range 12 {
		g := newGray(60+r.IntN(200), 60+r.IntN(200))
		for j := range g.pix {
			g.pix[j] = byte(r.Uint32())
		}
		if i%2 == 0 {
			g = g.blurred().blurred()
		}
		_, err := Decode(g.image(), ReadOptions{Timeout: time.Minute})
		require.Equal(t, ReasonNoCode, reasonOf(t, err))
	}
}

func TestDecodeAtTheSameTime(t *testing.T) {
	r := seeded(t, 14)
	var wait sync.WaitGroup
	for range 4 {
		s := symbolOf(t, someToken(r, 95), Options{})
		wait.Go(func() {
			for scale := 2; scale < 5; scale++ {
				results, err := Decode(s.Image(scale), ReadOptions{Timeout: time.Minute})
				if err != nil || results[0].Text != s.Text() {
					t.Errorf("%v", err)
				}
			}
		})
	}
	wait.Wait()
}

// secondFunc is a second reader for tests of what surrounds it.
type secondFunc func(g *image.Gray, stop func() bool) []Result

func (f secondFunc) ReadGray(g *image.Gray, stop func() bool) []Result { return f(g, stop) }

func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, release := time.Now(), make(chan bool)
		stopped := false
		second := secondFunc(func(g *image.Gray, stop func() bool) []Result {
			<-release // a reader that hangs
			stopped = stop()
			return nil
		})
		_, err := Decode(image.NewGray(image.Rect(0, 0, 100, 100)), ReadOptions{Timeout: 3 * time.Second, Second: second})
		assert.Equal(t, ReasonDeadline, reasonOf(t, err))
		assert.Equal(t, 3*time.Second, time.Since(start))
		close(release)
		synctest.Wait() // fails if the goroutine does not end
		assert.True(t, stopped, "the work that is left is told that nobody waits")
	})
	assert.Equal(t, DefaultTimeout, ReadOptions{}.timeout())
	assert.Equal(t, DefaultTimeout, ReadOptions{Timeout: -1}.timeout())
}

// The second reader is asked only where the first has found nothing.
func TestSecondReader(t *testing.T) {
	asked := 0
	o := ReadOptions{Second: secondFunc(func(g *image.Gray, stop func() bool) []Result {
		asked++
		assert.Equal(t, image.Rect(0, 0, 50, 40), g.Rect)
		return []Result{{Version: 7}}
	})}
	s, err := NewSymbol("HELLO", Options{})
	require.NoError(t, err)
	results, err := Decode(s.Image(3), o)
	require.NoError(t, err)
	assert.Equal(t, "HELLO", results[0].Text)
	assert.Zero(t, asked)
	results, err = Decode(image.NewGray(image.Rect(0, 0, 50, 40)), o)
	require.NoError(t, err)
	assert.Equal(t, []Result{{Version: 7}}, results)
	assert.Equal(t, 1, asked)
}

func TestPanicIsAnError(t *testing.T) {
	_, err := within(time.Minute, func(*atomic.Bool) ([]Result, error) { panic("reader at fault") })
	assert.Equal(t, ReasonPictureUnreadable, reasonOf(t, err))
}

// tiled covers a picture with corner marks, 9 pixels each: the picture that the foreign search is worst at.
func tiled(w, h int) *gray {
	g := newGray(w, h)
	for y := range h {
		for x := range w {
			i, j := x%9, y%9
			if ring := min(i, j, 8-i, 8-j); ring == 0 || ring == 2 {
				g.pix[y*w+x] = 255
			}
		}
	}
	return g
}

// A picture made to be slow: corner marks side by side, of which a search compares every three. Without the limit on
// marks this one takes longer than it is given, and so would the goroutine that a deadline leaves behind.
func TestSlowMarks(t *testing.T) {
	t.Parallel()
	_, err := Decode(tiled(640, 500).image(), ReadOptions{Timeout: 5 * time.Minute})
	assert.Equal(t, ReasonNoCode, reasonOf(t, err))
}

// A code in the corner of a large photograph, too small to survive any reduction.
func TestReadsSmallCodeInLargePicture(t *testing.T) {
	t.Parallel()
	s := symbolOf(t, someToken(seeded(t, 15), 95), Options{})
	small := held(s, 3, 0.2, 0)
	g := newGray(4000, 3000)
	for i := range g.pix {
		g.pix[i] = 170
	}
	for y := range small.h {
		copy(g.row(2300 + y)[3200:], small.row(y))
	}
	mustRead(t, s, g.image())
}

func TestReasonsAreStable(t *testing.T) {
	// Programs and logs compare these words; SPEC.md §7 lists them.
	assert.Equal(t, "[not-citizen-code malformed-text token-size does-not-fit bad-option no-code structured-append picture-too-large picture-unreadable deadline incomplete-scan wrong-layout]",
		fmt.Sprint([]Reason{ReasonNotCitizenCode, ReasonMalformedText, ReasonTokenSize, ReasonDoesNotFit, ReasonBadOption,
			ReasonNoCode, ReasonStructuredAppend, ReasonPictureTooLarge, ReasonPictureUnreadable, ReasonDeadline, ReasonIncompleteScan, ReasonWrongLayout}))
	cause := errors.New("no plain content")
	err := &Error{Reason: ReasonNoCode, Detail: "why", Err: cause}
	assert.EqualError(t, err, "qr: no-code: why: no plain content")
	assert.ErrorIs(t, err, cause)
	assert.EqualError(t, refuse(ReasonNoCode, ""), "qr: no-code")
}

// FuzzDecode looks at pixels directly; in files most mutations end at a checksum.
func FuzzDecode(f *testing.F) {
	for i, text := range []string{"1", "HELLO", "\xff\x00", "77"} {
		s, err := NewSymbol(text, Options{Level: Level(i)})
		require.NoError(f, err)
		for scale := 1; scale <= 3; scale++ {
			g := drawn(s, scale)
			f.Add(g.w, g.pix)
			f.Add(g.w, g.inverted().pix)
		}
	}
	f.Add(27, tiled(27, 27).pix)
	f.Fuzz(func(t *testing.T, width int, pix []byte) {
		if width < 1 || len(pix) > 1<<14 {
			return
		}
		g := &gray{w: width, h: len(pix) / width, pix: pix[:len(pix)/width*width]}
		results, err := Decode(g.image(), ReadOptions{Timeout: time.Minute})
		if err != nil {
			if r := reasonOf(t, err); r != ReasonNoCode && r != ReasonPictureUnreadable {
				t.Fatal(err)
			}
			return
		}
		if len(results) == 0 || results[0].Version < 1 || results[0].Version > 40 {
			t.Fatalf("%+v", results)
		}
		canonical(t, nil, results[0].Text)
	})
}
