package qr

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
)

// MaxScale is the largest number of pixels on a side of a module. With it the largest symbol stays below
// MaxPixels, so whatever PNG draws DecodePicture will look at. A poster is better served by SVG.
const MaxScale = 24

// Image returns the symbol with its quiet zone, scale pixels to a module, in black and white.
// A scale below 1 counts as 1 and one above MaxScale as MaxScale.
func (s *Symbol) Image(scale int) image.Image {
	return s.paint(min(max(scale, 1), MaxScale))
}

// PNG returns the picture of Image as a PNG file of one bit per pixel. The same symbol and scale give the
// same pixels always. A scale outside 1 to MaxScale is refused.
//
// For a screen or a gate take 3 to 10 pixels a module; below 2 many readers fail.
func (s *Symbol) PNG(scale int) ([]byte, error) {
	// Both bounds: a scale often comes from a URL, and its square is memory.
	if scale < 1 || scale > MaxScale {
		return nil, refuse(ReasonBadOption, fmt.Sprintf("scale %d, want 1 to %d", scale, MaxScale))
	}
	var file bytes.Buffer
	if err := png.Encode(&file, s.paint(scale)); err != nil {
		return nil, &Error{Reason: ReasonBadOption, Detail: "encode PNG", Err: err}
	}
	return file.Bytes(), nil
}

// paint draws one row of pixels for each row of modules and repeats it. The palette has two colours, so
// image/png writes one bit per pixel.
func (s *Symbol) paint(scale int) *image.Paletted {
	side := s.span() * scale
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range s.size {
		top := (s.quiet + y) * scale * img.Stride
		row := img.Pix[top : top+img.Stride]
		for x := range s.size {
			if s.modules[y*s.size+x] {
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
