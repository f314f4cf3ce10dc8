package qr

import (
	"image"
	"image/color"
)

// minSide is the side of the smallest symbol in modules: a picture with fewer pixels cannot hold one.
const minSide = 21

// gray is a picture reduced to brightness: 0 is dark, 255 is light. It owns its pixels, so nothing that
// runs after a deadline can look into the caller's picture.
type gray struct {
	w, h int
	pix  []byte // w*h, row by row
}

func newGray(w, h int) *gray { return &gray{w: w, h: h, pix: make([]byte, w*h)} }

// checkPixels refuses a picture by its measure alone, before anything of its size is allocated. It counts
// without multiplying: image.Uniform is 2*10^9 pixels wide, and a wrapped product would look small.
func checkPixels(w, h, limit int) error {
	if w <= 0 || h <= 0 {
		return refuse(ReasonPictureUnreadable, "picture without pixels")
	}
	if w > limit/h {
		return refuse(ReasonPictureTooLarge, "too many pixels")
	}
	return nil
}

// toGray copies the brightness of a picture. Transparent pixels count as lying on white paper.
// The common kinds have a loop of their own: a camera frame through image.Image.At costs more than reading it.
func toGray(img image.Image) *gray {
	b := img.Bounds()
	g := newGray(b.Dx(), b.Dy())
	switch p := img.(type) {
	case *image.Gray:
		for y := range g.h {
			copy(g.row(y), p.Pix[p.PixOffset(b.Min.X, b.Min.Y+y):])
		}
	case *image.YCbCr:
		for y := range g.h {
			copy(g.row(y), p.Y[p.YOffset(b.Min.X, b.Min.Y+y):])
		}
	case *image.Paletted:
		var table [256]byte
		for i, c := range p.Palette {
			table[i&0xFF] = brightness(c.RGBA())
		}
		for y := range g.h {
			in := p.Pix[p.PixOffset(b.Min.X, b.Min.Y+y):]
			for x, row := 0, g.row(y); x < len(row); x++ {
				row[x] = table[in[x]]
			}
		}
	case *image.RGBA:
		for y := range g.h {
			in := p.Pix[p.PixOffset(b.Min.X, b.Min.Y+y):]
			for x, row := 0, g.row(y); x < len(row); x++ {
				c := in[4*x : 4*x+4]
				row[x] = brightness(uint32(c[0])*0x101, uint32(c[1])*0x101, uint32(c[2])*0x101, uint32(c[3])*0x101)
			}
		}
	case *image.NRGBA:
		for y := range g.h {
			in := p.Pix[p.PixOffset(b.Min.X, b.Min.Y+y):]
			for x, row := 0, g.row(y); x < len(row); x++ {
				c := in[4*x : 4*x+4]
				row[x] = brightness(color.NRGBA{R: c[0], G: c[1], B: c[2], A: c[3]}.RGBA())
			}
		}
	case image.RGBA64Image: // every other kind of the standard library, without an allocation a pixel
		for y := range g.h {
			for x, row := 0, g.row(y); x < len(row); x++ {
				row[x] = brightness(p.RGBA64At(b.Min.X+x, b.Min.Y+y).RGBA())
			}
		}
	default:
		for y := range g.h {
			for x, row := 0, g.row(y); x < len(row); x++ {
				row[x] = brightness(img.At(b.Min.X+x, b.Min.Y+y).RGBA())
			}
		}
	}
	return g
}

// brightness weighs alpha-premultiplied colours as ITU-R BT.601 does, on white.
func brightness(r, g, b, a uint32) byte {
	white := 0xFFFF - min(a, 0xFFFF)
	y := (19595*(min(r+white, 0xFFFF)) + 38470*(min(g+white, 0xFFFF)) + 7471*(min(b+white, 0xFFFF)) + 1<<15) >> 24
	return byte(y)
}

func (g *gray) row(y int) []byte { return g.pix[y*g.w : (y+1)*g.w] }

// part returns a copy of w×h pixels from column x and row y on.
func (g *gray) part(x, y, w, h int) *gray {
	out := newGray(w, h)
	for i := range h {
		copy(out.row(i), g.row(y + i)[x:])
	}
	return out
}

// half returns the picture at half its size, each pixel the mean of four. It takes out noise, moiré and
// the fine texture of screens, which hide a large symbol from a reader that looks at single pixels.
func (g *gray) half() *gray {
	out := newGray(g.w/2, g.h/2)
	for y := range out.h {
		upper, lower := g.row(2*y), g.row(2*y+1)
		for x, row := 0, out.row(y); x < len(row); x++ {
			sum := int(upper[2*x]) + int(upper[2*x+1]) + int(lower[2*x]) + int(lower[2*x+1])
			row[x] = byte((sum + 2) / 4)
		}
	}
	return out
}

// blurred returns the mean over 3×3 pixels; the frame keeps its pixels.
func (g *gray) blurred() *gray {
	out := newGray(g.w, g.h)
	copy(out.pix, g.pix)
	columns := make([]int, g.w) // sum of three rows
	for y := 1; y < g.h-1; y++ {
		above, here, below := g.row(y-1), g.row(y), g.row(y+1)
		for x := range columns {
			columns[x] = int(above[x]) + int(here[x]) + int(below[x])
		}
		for x, row := 1, out.row(y); x < g.w-1; x++ {
			row[x] = byte((columns[x-1] + columns[x] + columns[x+1] + 4) / 9)
		}
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

// doubled returns the picture at twice its size, the new pixels between the old ones on straight lines.
// A symbol of two or three pixels a module, turned a little, has edges between pixels that one threshold
// cannot place.
func (g *gray) doubled() *gray {
	out := newGray(2*g.w, 2*g.h)
	for y := range out.h {
		// Each new pixel lies a quarter of a pixel from one old centre and three quarters from the next.
		near, far := y/2, y/2+2*(y%2)-1
		nearRow, farRow := g.row(near), g.row(min(max(far, 0), g.h-1))
		for x, row := 0, out.row(y); x < len(row); x++ {
			near, far := x/2, min(max(x/2+2*(x%2)-1, 0), g.w-1)
			sum := 3*(3*int(nearRow[near])+int(nearRow[far])) + 3*int(farRow[near]) + int(farRow[far])
			row[x] = byte((sum + 8) / 16)
		}
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

// framed reports whether the outermost pixels are all of about one brightness, as the quiet zone of a
// drawn symbol is and the edge of a camera frame hardly ever.
func (g *gray) framed() bool {
	low, high := g.pix[0], g.pix[0]
	look := func(v byte) { low, high = min(low, v), max(high, v) }
	for x := range g.w {
		look(g.pix[x])
		look(g.pix[(g.h-1)*g.w+x])
	}
	for y := range g.h {
		look(g.pix[y*g.w])
		look(g.pix[y*g.w+g.w-1])
	}
	return high-low < 32
}
