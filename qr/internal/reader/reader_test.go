package reader

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/qr/internal/bits"
	"github.com/citizencode/citizencode/qr/internal/degrade"
	"github.com/citizencode/citizencode/qr/internal/luma"
	"github.com/citizencode/citizencode/qr/internal/matrix"
)

var whole = flag.Bool("whole", false, "read every frame of the set, not one in fourteen")

// wholeCount is how many of the degrade.Count frames are read at least: 97.8 %. A change that lowers it is to be explained.
const wholeCount = 493

func frame(pix []byte) *luma.Image {
	return &luma.Image{W: degrade.Width, H: degrade.Height, Stride: degrade.Width, Pix: pix}
}

// TestSet: the frames that were made before there was a reader. None may be read as anything but what it says.
func TestSet(t *testing.T) {
	t.Parallel()
	step := 14
	if *whole {
		step = 1
	}
	var r Reader
	var read, made [degrade.Kinds]int
	total, all := 0, 0
	for n := 4 % step; n < degrade.Count; n += step {
		f := degrade.Make(n)
		made[f.Kind]++
		all++
		for _, found := range r.Read(frame(f.Pix)) {
			require.Equal(t, f.Text, found.Content, "frame %d", n)
			require.Equal(t, f.Symbol.Version, found.Version)
			require.Equal(t, f.Symbol.Level, found.Level)
			require.Equal(t, f.Symbol.Mask, found.Mask)
			require.Equal(t, f.Kind == degrade.Inverted, found.Inverted)
			read[f.Kind]++
			total++
		}
	}
	for k := range degrade.Kinds {
		t.Logf("%-12s %d of %d", k, read[k], made[k])
	}
	if *whole {
		assert.GreaterOrEqual(t, total, wholeCount)
	} else {
		assert.GreaterOrEqual(t, total, all*95/100)
	}
}

// scene is a picture that symbols are drawn into.
type scene struct{ luma.Image }

func newScene(w, h int, ground byte) *scene {
	s := new(scene)
	s.Reset(w, h)
	for i := range s.Pix {
		s.Pix[i] = ground
	}
	return s
}

func symbol(t testing.TB, text string, version int) *matrix.Matrix {
	t.Helper()
	var e matrix.Encoder
	m := new(matrix.Matrix)
	require.NoError(t, e.Encode(m, []byte(text), matrix.Request{Level: matrix.M, Version: version, Mask: matrix.BestMask}))
	return m
}

// draw puts a symbol with its margin on white; place says where a place of the symbol lies in the picture, back the
// other way round.
func (s *scene) draw(m *matrix.Matrix, back func(x, y float64) (float64, float64)) {
	n := float64(m.Size())
	for y := range s.H {
		for x := range s.W {
			sum, count := 0, 0
			for k := range 9 {
				i, j := back(float64(x)+float64(k%3)/3+1./6, float64(y)+float64(k/3)/3+1./6)
				if !(i >= -4 && j >= -4 && i < n+4 && j < n+4) {
					continue
				}
				count++
				if i < 0 || j < 0 || !m.At(int(i), int(j)) {
					sum += 230
				} else {
					sum += 25
				}
			}
			if count > 0 {
				s.Pix[y*s.Stride+x] = byte((sum + (9-count)*int(s.Pix[y*s.Stride+x])) / 9)
			}
		}
	}
}

// turned places a symbol with its middle at x, y, turned by angle, pixels to a module.
func turned(m *matrix.Matrix, x, y, pixels, angle float64) func(float64, float64) (float64, float64) {
	sin, cos := math.Sincos(angle)
	half := float64(m.Size()) / 2
	return func(px, py float64) (float64, float64) {
		px, py = (px-x)/pixels, (py-y)/pixels
		return cos*px + sin*py + half, cos*py - sin*px + half
	}
}

// Every symbol of a picture is found, and its corners are where it was drawn.
func TestSeveral(t *testing.T) {
	s := newScene(900, 700, 140)
	type placed struct {
		text                 string
		x, y, pixels, angle  float64
		m                    *matrix.Matrix
		corners              [4][2]float64
		version              int
		inverted, wasMatched bool
	}
	list := []*placed{
		{text: "one", x: 150, y: 150, pixels: 5, angle: 0.3, version: 1},
		{text: "two, which is larger", x: 550, y: 220, pixels: 4.5, angle: -1.1, version: 7},
		{text: "three", x: 180, y: 520, pixels: 4, angle: 3, version: 4},
		{text: "four", x: 640, y: 560, pixels: 3.2, angle: 0.05, version: 2},
	}
	for _, p := range list {
		p.m = symbol(t, p.text, p.version)
		s.draw(p.m, turned(p.m, p.x, p.y, p.pixels, p.angle))
		sin, cos := math.Sincos(p.angle)
		half := p.pixels * float64(p.m.Size()) / 2
		for i, c := range [4][2]float64{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}} {
			p.corners[i] = [2]float64{p.x + half*(cos*c[0]-sin*c[1]), p.y + half*(sin*c[0]+cos*c[1])}
		}
	}
	var r Reader
	found := r.Read(&s.Image)
	require.Len(t, found, len(list))
	for _, p := range list {
		for _, f := range found {
			if string(f.Content) != p.text {
				continue
			}
			p.wasMatched = true
			for i := range f.Corners {
				assert.InDelta(t, p.corners[i][0], f.Corners[i][0], 0.6*p.pixels, p.text)
				assert.InDelta(t, p.corners[i][1], f.Corners[i][1], 0.6*p.pixels, p.text)
			}
		}
		assert.True(t, p.wasMatched, p.text)
	}
}

// A surface that bends away between the alignment patterns, and a symbol of many modules.
func TestBent(t *testing.T) {
	s := newScene(1000, 900, 120)
	m := symbol(t, "a label on a bottle", 14)
	radius := 430.0
	s.draw(m, func(x, y float64) (float64, float64) {
		x = (x - 500) / radius
		if math.Abs(x) > 0.99 {
			return math.NaN(), math.NaN()
		}
		return radius*math.Asin(x)/9 + 36.5, (y-450)/9 + 36.5 + 2*x*x
	})
	var r Reader
	found := r.Read(&s.Image)
	require.Len(t, found, 1)
	assert.Equal(t, "a label on a bottle", string(found[0].Content))
}

// A surface that bends, with one alignment pattern to say so: what is known of the symbol has to lead the grid.
func TestBottle(t *testing.T) {
	s := newScene(640, 480, 120)
	m := symbol(t, "on a bottle", 5)
	radius := 210.0
	s.draw(m, func(x, y float64) (float64, float64) {
		x = (x - 320) / radius
		if math.Abs(x) > 0.99 {
			return math.NaN(), math.NaN()
		}
		return radius*math.Asin(x)/9 + 18.5, (y-240)/9 + 18.5 + 2.5*x*x
	})
	var r Reader
	found := r.Read(&s.Image)
	require.Len(t, found, 1)
	assert.Equal(t, "on a bottle", string(found[0].Content))
}

// Paper that is crumpled, with its alignment patterns too far apart to say how: the modules themselves lead the grid.
func TestCrumpled(t *testing.T) {
	for i, c := range []struct {
		version int
		wave    float64 // modules
	}{{1, 1.4}, {2, 1}, {5, 1.2}, {6, 1.6}, {10, 1.8}} {
		s := newScene(800, 700, 150)
		m := symbol(t, "crumpled", c.version)
		half := float64(m.Size()) / 2
		pixels := 420 / float64(m.Size())
		s.draw(m, func(x, y float64) (float64, float64) {
			u, v := (x-400)/pixels, (y-350)/pixels
			return u + half + c.wave*math.Sin(2.4*v/half+float64(i)), v + half + c.wave*math.Sin(2.1*u/half+1.5*v/half)
		})
		var r Reader
		found := r.Read(&s.Image)
		require.Len(t, found, 1, "version %d", c.version)
		assert.Equal(t, "crumpled", string(found[0].Content))
	}
}

// A sheet of labels: one look is not enough for all of them, nor are the corner marks that one label needs.
func TestMany(t *testing.T) {
	const columns, rows, pitch = 9, 6, 150
	s := newScene(columns*pitch+60, rows*pitch+60, 230)
	for j := range rows {
		for i := range columns {
			m := symbol(t, fmt.Sprintf("LABEL %d", j*columns+i), 1)
			label := newScene(pitch, pitch, 230)
			label.draw(m, turned(m, pitch/2, pitch/2, 4, 0.02))
			for y := range pitch {
				copy(s.Row(30 + j*pitch + y)[30+i*pitch:], label.Row(y))
			}
		}
	}
	var r Reader
	contents := map[string]bool{}
	for _, f := range r.Read(&s.Image) {
		contents[string(f.Content)] = true
	}
	assert.Len(t, contents, columns*rows)
}

// A symbol that is small in a large photograph, and lost where that is made smaller.
func TestSmallInLarge(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	s := newScene(2400, 1500, 170)
	m := symbol(t, "far away", 7)
	part := newScene(200, 200, 170)
	part.draw(m, turned(m, 100, 100, 2.3, 0.3))
	for y := range part.H {
		copy(s.Row(900 + y)[1600:], part.Row(y))
	}
	for i, v := range s.Pix {
		s.Pix[i] = byte(min(max(float64(v)*0.5+60+14*rnd.NormFloat64(), 0), 255))
	}
	var r Reader
	found := r.Read(&s.Image)
	require.Len(t, found, 1)
	assert.Equal(t, "far away", string(found[0].Content))
}

// Each of the three corner marks may be covered.
func TestCovered(t *testing.T) {
	m := symbol(t, "a torn corner", 5)
	for i, corner := range [3][2]float64{{-1, -1}, {1, -1}, {-1, 1}} {
		s := newScene(640, 480, 128)
		s.draw(m, turned(m, 320, 240, 7, 0))
		x, y := 320+corner[0]*7*15, 240+corner[1]*7*15
		for j := range s.Pix {
			if dx, dy := float64(j%640)-x, float64(j/640)-y; dx*dx+dy*dy < 1000 {
				s.Pix[j] = 128
			}
		}
		var r Reader
		found := r.Read(&s.Image)
		require.Len(t, found, 1, "corner %d", i)
		assert.Equal(t, "a torn corner", string(found[0].Content))
	}
}

// A part of a structured append is found and said to be one.
func TestStructured(t *testing.T) {
	codewords := []byte{0x30, 0x1A, 0xA4, 0x01, 0x78} // part 1 of 2, then the byte "x"
	_, _, _, fault := bits.Content(nil, nil, codewords, 1)
	require.Equal(t, bits.Structured, fault)
}

// A camera at a gate reads thirty frames a second all day, most of them empty.
func TestAllocatesNothing(t *testing.T) {
	m := symbol(t, "HELLO", 6)
	s := newScene(640, 480, 128)
	s.draw(m, turned(m, 320, 240, 5, 0.2))
	empty := newScene(640, 480, 128)
	var r Reader
	for range 3 {
		require.Len(t, r.Read(&s.Image), 1)
		require.Empty(t, r.Read(&empty.Image))
	}
	assert.Zero(t, testing.AllocsPerRun(5, func() {
		r.Read(&s.Image)
		r.Read(&empty.Image)
	}))
}

// Nothing is found where nothing is: noise, stripes, text, corner marks alone.
func TestNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	var reader Reader
	for i := range 12 {
		s := newScene(500, 400, 200)
		for j := range s.Pix {
			x, y := j%500, j/500
			switch i % 4 {
			case 0:
				s.Pix[j] = byte(r.Uint32())
			case 1:
				s.Pix[j] = byte(128 + 100*math.Sin(float64(x*(i+3))/20)*math.Sin(float64(y)/7))
			case 2:
				if r.IntN(3) == 0 && y/12%2 == 0 {
					s.Pix[j] = 30
				}
			case 3: // corner marks side by side
				n := 7 + i
				u, v := x%n*9/n, y%n*9/n
				if ring := min(u, v, 8-u, 8-v); ring != 0 && ring != 2 {
					s.Pix[j] = 30
				}
			}
		}
		require.Empty(t, reader.Read(&s.Image), "picture %d", i)
	}
}

// The work is given up where it is asked to be, however many corner marks there are.
func TestStop(t *testing.T) {
	s := newScene(800, 800, 255)
	for j := range s.Pix {
		u, v := j%800%9, j/800%9
		if ring := min(u, v, 8-u, 8-v); ring != 0 && ring != 2 {
			s.Pix[j] = 0
		}
	}
	asked := 0
	r := Reader{Stop: func() bool { asked++; return false }}
	require.Empty(t, r.Read(&s.Image))
	assert.Greater(t, asked, 10)
	assert.Less(t, asked, 1000, "what a picture can cost is bounded")
	for after := range 5 {
		asked = 0
		r.Stop = func() bool { asked++; return asked > after }
		require.Empty(t, r.Read(&s.Image))
		assert.LessOrEqual(t, asked, after+3, "it stops soon")
	}
}

// The pictures that have no size worth looking at.
func TestSmall(t *testing.T) {
	var r Reader
	for _, c := range [][2]int{{1, 1}, {20, 20}, {21, 21}, {22, 23}, {30000, 1}, {21, 3000}, {3000, 25}, {63, 65}} {
		s := newScene(c[0], c[1], 77)
		assert.Empty(t, r.Read(&s.Image), fmt.Sprint(c))
	}
}

// A picture with a stride is read in place and not written to.
func TestStride(t *testing.T) {
	m := symbol(t, "STRIDE", 3)
	s := newScene(400, 300, 200)
	s.draw(m, turned(m, 200, 150, 5, 0.1))
	part := luma.Image{W: 250, H: 260, Stride: 400, Pix: s.Pix[20*400+70:]}
	before := bytes.Clone(s.Pix)
	var r Reader
	found := r.Read(&part)
	require.Len(t, found, 1)
	assert.Equal(t, "STRIDE", string(found[0].Content))
	assert.Equal(t, before, s.Pix)
}

// Memory is a few bytes a pixel, whatever is in the picture.
func TestMemory(t *testing.T) {
	for _, c := range []struct{ w, h, bytes int }{{640, 480, 6}, {3000, 2000, 2}} {
		s := newScene(c.w, c.h, 255)
		for i := range s.Pix {
			s.Pix[i] = byte(i * 7919 >> 4)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		new(Reader).Read(&s.Image)
		runtime.ReadMemStats(&after)
		assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(c.bytes*c.w*c.h+1<<20), "%dx%d", c.w, c.h)
	}
}
