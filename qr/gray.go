package qr

import (
	"image"
	"image/color"

	"github.com/citizencode/citizencode/qr/internal/luma"
)

// gray is a picture reduced to brightness: 0 is dark, 255 is light. It owns its pixels, so nothing that
// runs after a deadline can look into the caller's picture.
type gray struct {
	w, h int
	pix  []byte // w*h, row by row
}

// luma shows the pixels as a picture of the luma package, without a copy.
func (g *gray) luma() *luma.Image { return &luma.Image{W: g.w, H: g.h, Stride: g.w, Pix: g.pix} }

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
