package gozxing

import "github.com/citizencode/citizencode/qr/internal/luma"

// invert returns the picture with dark and light changed over.
func invert(m *luma.Image) *luma.Image {
	out := new(luma.Image)
	out.Reset(m.W, m.H)
	for y := range m.H {
		for x, v := range m.Row(y) {
			out.Row(y)[x] = 255 - v
		}
	}
	return out
}

// turn returns the picture turned by a quarter, clockwise.
func turn(m *luma.Image) *luma.Image {
	out := new(luma.Image)
	out.Reset(m.H, m.W)
	for y := range m.H {
		for x, v := range m.Row(y) {
			out.Pix[x*out.Stride+m.H-1-y] = v
		}
	}
	return out
}

// part returns w×h pixels from column x and row y on.
func part(m *luma.Image, x, y, w, h int) *luma.Image {
	return &luma.Image{W: w, H: h, Stride: m.Stride, Pix: m.Pix[y*m.Stride+x:]}
}

// framed reports whether the outermost pixels are all of about one brightness, as the quiet zone of a
// drawn symbol is and the edge of a camera frame hardly ever.
func framed(m *luma.Image) bool {
	low, high := m.Pix[0], m.Pix[0]
	look := func(row []byte) {
		for _, v := range row {
			low, high = min(low, v), max(high, v)
		}
	}
	look(m.Row(0))
	look(m.Row(m.H - 1))
	for y := range m.H {
		row := m.Row(y)
		look(row[:1])
		look(row[m.W-1:])
	}
	return high-low < 32
}
