package qr

import (
	"fmt"
	"image"
	"image/color"

	"github.com/citizencode/citizencode/qr/internal/matrix"
	"github.com/citizencode/citizencode/qr/internal/png"
)

// MaxScale is the largest number of pixels on a side of a module. With it the largest symbol stays below
// MaxPixels, so whatever PNG draws DecodePicture will look at. A poster is better served by SVG.
const MaxScale = 24

// maxSpan is the side of the largest symbol with the widest quiet zone, in modules.
const maxSpan = matrix.MaxSize + 2*MaxQuiet

// Image returns the symbol with its quiet zone, scale pixels to a module, in black and white.
// A scale below 1 counts as 1 and one above MaxScale as MaxScale.
func (s *Symbol) Image(scale int) image.Image {
	scale = min(max(scale, 1), MaxScale)
	side := s.span() * scale
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range s.Size() { // one row of pixels, then its copies
		top := (s.quiet + y) * scale * img.Stride
		row := img.Pix[top : top+img.Stride]
		for x := range s.Size() {
			if s.At(x, y) {
				left := (s.quiet + x) * scale
				for i := left; i < left+scale; i++ {
					row[i] = 1
				}
			}
		}
		for i := 1; i < scale; i++ {
			copy(img.Pix[top+i*img.Stride:], row)
		}
	}
	return img
}

// PNG returns the picture of Image as a PNG file of one bit per pixel. The same symbol and scale give the
// same pixels always. A scale outside 1 to MaxScale is refused.
//
// For a screen or a gate take 3 to 10 pixels a module; below 2 many readers fail.
func (s *Symbol) PNG(scale int) ([]byte, error) {
	return s.AppendPNG(nil, scale)
}

// AppendPNG appends the file of PNG to dst. It allocates only where dst has no room.
func (s *Symbol) AppendPNG(dst []byte, scale int) ([]byte, error) {
	// Both bounds: a scale often comes from a URL, and its square is memory.
	if scale < 1 || scale > MaxScale {
		return nil, refuse(ReasonBadOption, fmt.Sprintf("scale %d, want 1 to %d", scale, MaxScale))
	}
	if s.Size() == 0 {
		return nil, refuse(ReasonBadOption, "a symbol that nothing was drawn into")
	}
	var rows [maxSpan * ((maxSpan + 7) / 8)]byte
	var edges [maxSpan + 1]int
	for i := range edges {
		edges[i] = i * scale
	}
	picture := png.Picture{
		Rows: s.modules.AppendRows(rows[:0], s.quiet), Edges: edges[:s.span()+1],
		Palette: [2]color.NRGBA{{R: 0xFF, G: 0xFF, B: 0xFF, A: 0xFF}, {A: 0xFF}},
	}
	return picture.Append(dst), nil
}
