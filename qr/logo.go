package qr

import (
	"image"
	"image/color"
	"image/draw"

	"github.com/citizencode/citizencode/qr/internal/luma"
)

// logoShare is the part of the side of a symbol that a logo takes: a fifth, 4 % of the area. Level M can lose
// 15 %, and dirt and glare need the rest.
const logoShare = 5

// ImageWithLogo returns Image with a logo over the middle fifth of its side, on white, as large as fits without
// changing its shape. It reads the picture back, as it is and out of focus, and refuses with ReasonDoesNotFit where
// either fails: a logo costs error correction, and a version is never raised for one. A logo that is not a
// picture, or has more than MaxPixels, is refused as Decode refuses it.
func (s *Symbol) ImageWithLogo(scale int, logo image.Image) (image.Image, error) {
	if s.Size() == 0 {
		return nil, refuse(ReasonBadOption, "a symbol that nothing was drawn into")
	}
	if _, err := grayOf(logo, MaxPixels); err != nil { // it may lie or panic
		return nil, err
	}
	plain := s.Image(scale)
	img := image.NewRGBA(plain.Bounds())
	draw.Draw(img, img.Rect, plain, image.Point{}, draw.Src)
	// An odd number of modules, as the symbol has: then the logo covers whole ones.
	pixels := img.Rect.Dx() / s.span()
	side := (s.Size()/logoShare&^1 - 1) * pixels
	from := (img.Rect.Dx() - side) / 2
	ground := image.Rect(from, from, from+side, from+side)
	draw.Draw(img, ground, image.White, image.Point{}, draw.Src)
	paste(img, ground.Inset(pixels/2), logo)

	if err := s.readIn(img); err != nil {
		return nil, err
	}
	return img, nil
}

// readIn returns an error unless a picture is read as this symbol, as it is and out of focus.
func (s *Symbol) readIn(img image.Image) error {
	g := toGray(img)
	var blurred luma.Image
	blurred.Blur(g.luma())
	for _, m := range []*luma.Image{g.luma(), &blurred} {
		results, err := DecodeGray(m.Pix, m.W, m.H, m.Stride, ReadOptions{})
		if err != nil || string(results[0].Bytes) != string(s.text) {
			return &Error{Reason: ReasonDoesNotFit, Detail: "the symbol cannot be read under its logo", Err: err}
		}
	}
	return nil
}

// paste draws a picture into the middle of a rectangle, over what is there. A pixel is the mean of those
// that it stands for, so that a large logo does not fall into dots.
func paste(img *image.RGBA, into image.Rectangle, logo image.Image) {
	b := logo.Bounds()
	longer := max(b.Dx(), b.Dy())
	w, h := max(into.Dx()*b.Dx()/longer, 1), max(into.Dy()*b.Dy()/longer, 1)
	at := into.Min.Add(image.Pt((into.Dx()-w)/2, (into.Dy()-h)/2))
	for y := range h {
		y0, y1 := y*b.Dy()/h, max((y+1)*b.Dy()/h, y*b.Dy()/h+1)
		for x := range w {
			x0, x1 := x*b.Dx()/w, max((x+1)*b.Dx()/w, x*b.Dx()/w+1)
			var sum [4]uint64
			for j := y0; j < y1; j++ {
				for i := x0; i < x1; i++ {
					r, g, b, a := logo.At(b.Min.X+i, b.Min.Y+j).RGBA()
					for k, v := range [4]uint32{r, g, b, a} {
						sum[k] += uint64(v)
					}
				}
			}
			n := uint64((y1 - y0) * (x1 - x0))
			under := uint64(0xFFFF) - min(sum[3]/n, 0xFFFF) // of the white ground
			mean := func(k int) uint8 { return uint8(min(sum[k]/n+under, 0xFFFF) >> 8) }
			img.SetRGBA(at.X+x, at.Y+y, color.RGBA{mean(0), mean(1), mean(2), 0xFF})
		}
	}
}
