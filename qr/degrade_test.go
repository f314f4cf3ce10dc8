package qr

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/qr/internal/luma"
)

// The pictures of this file are made, not taken: a symbol drawn by us and then spoilt in one known way, by a
// generator whose seed the failing test prints.

func drawn(s *Symbol, scale int) *gray {
	return toGray(s.Image(scale))
}

// part returns a copy of w×h pixels from column x and row y on.
func (g *gray) part(x, y, w, h int) *gray {
	out := newGray(w, h)
	for i := range h {
		copy(out.row(i), g.row(y + i)[x:])
	}
	return out
}

// inverted returns the picture with dark and light changed over.
func (g *gray) inverted() *gray {
	out := newGray(g.w, g.h)
	for i, v := range g.pix {
		out.pix[i] = 255 - v
	}
	return out
}

// turned returns the picture turned by a quarter, clockwise.
func (g *gray) turned() *gray {
	out := newGray(g.h, g.w)
	for y := range g.h {
		for x, v := range g.row(y) {
			out.pix[x*out.w+g.h-1-y] = v
		}
	}
	return out
}

// blurred returns the picture a little out of focus.
func (g *gray) blurred() *gray {
	var m luma.Image
	m.Blur(g.luma())
	return &gray{w: m.W, h: m.H, pix: m.Pix}
}

// half returns the picture at half its size.
func (g *gray) half() *gray {
	var m luma.Image
	m.Half(g.luma())
	return &gray{w: m.W, h: m.H, pix: m.Pix}
}

func (g *gray) image() *image.Gray {
	return &image.Gray{Pix: g.pix, Stride: g.w, Rect: image.Rect(0, 0, g.w, g.h)}
}

// mirrored is the symbol seen in a mirror or through glass from behind.
func (g *gray) mirrored() *gray {
	out := newGray(g.w, g.h)
	for y := range g.h {
		for x, v := range g.row(y) {
			out.pix[y*g.w+g.w-1-x] = v
		}
	}
	return out
}

// noisy adds the noise of a camera in poor light.
func (g *gray) noisy(r *rand.Rand, deviation float64) *gray {
	out := newGray(g.w, g.h)
	for i, v := range g.pix {
		out.pix[i] = byte(min(max(float64(v)+deviation*r.NormFloat64(), 0), 255))
	}
	return out
}

// pale squeezes the brightness between two values.
func (g *gray) pale(dark, light int) *gray {
	out := newGray(g.w, g.h)
	for i, v := range g.pix {
		out.pix[i] = byte(dark + int(v)*(light-dark)/255)
	}
	return out
}

// shaded lets the light fall off from left to right.
func (g *gray) shaded() *gray {
	out := newGray(g.w, g.h)
	for y := range g.h {
		for x, v := range g.row(y) {
			out.pix[y*g.w+x] = byte(int(v) * (4*g.w - 3*x) / (4 * g.w))
		}
	}
	return out
}

// compressed goes through a JPEG file of this quality.
func (g *gray) compressed(t testing.TB, quality int) *gray {
	t.Helper()
	var file bytes.Buffer
	require.NoError(t, jpeg.Encode(&file, g.image(), &jpeg.Options{Quality: quality}))
	img, err := jpeg.Decode(&file)
	require.NoError(t, err)
	return toGray(img)
}

// held is a camera frame of 640×480 with the symbol at pixels to a module, turned by angle around its
// middle, and the far side a little smaller by tilt. Beyond the quiet zone lies a grey desk.
func held(s *Symbol, pixels, angle, tilt float64) *gray {
	const fine = 6 // pixels to a module of the picture that is sampled
	from, out := drawn(s, fine), newGray(640, 480)
	sin, cos := math.Sincos(angle)
	middle := float64(from.w) / 2
	for y := range out.h {
		for x := range out.w {
			sum := 0
			for sub := range 4 { // four samples a pixel, as a sensor averages
				u := float64(x) + 0.25 + 0.5*float64(sub%2) - 320
				v := float64(y) + 0.25 + 0.5*float64(sub/2) - 240
				a, b := cos*u+sin*v, cos*v-sin*u
				w := (1 + tilt*a/(pixels*float64(s.span()))) * pixels / fine
				i, j := int(math.Floor(a/w+middle)), int(math.Floor(b/w+middle))
				if i < 0 || j < 0 || i >= from.w || j >= from.h {
					sum += 170
				} else {
					sum += int(from.pix[j*from.w+i])
				}
			}
			out.pix[y*out.w+x] = byte(sum / 4)
		}
	}
	return out
}
