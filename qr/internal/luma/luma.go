// Package luma holds pictures of one byte a pixel, 0 dark and 255 light, in memory that is used again.
package luma

// An Image is W×H pixels; row y begins at Pix[y*Stride].
type Image struct {
	W, H, Stride int
	Pix          []byte
}

// Reset makes m a picture of w×h pixels of any content, in its old memory where that is large enough.
func (m *Image) Reset(w, h int) {
	if cap(m.Pix) < w*h {
		m.Pix = make([]byte, w*h)
	}
	m.W, m.H, m.Stride, m.Pix = w, h, w, m.Pix[:w*h]
}

// Row returns row y.
func (m *Image) Row(y int) []byte { return m.Pix[y*m.Stride : y*m.Stride+m.W] }

// At returns the brightness at a place, between the four pixels around it. The middle of the first pixel is 0.5, 0.5;
// outside the picture its edge goes on.
func (m *Image) At(x, y float64) float64 {
	// A few thousand modules times several samples: this is the inner loop of every reading.
	x, y = x-0.5, y-0.5
	if !(x > 0) {
		x = 0
	}
	if !(y > 0) {
		y = 0
	}
	if limit := float64(m.W - 1); x > limit {
		x = limit
	}
	if limit := float64(m.H - 1); y > limit {
		y = limit
	}
	i, j := int(x), int(y)
	fx, fy := x-float64(i), y-float64(j)
	at := j*m.Stride + i
	right, down := 1, m.Stride
	if i+1 >= m.W {
		right = 0
	}
	if j+1 >= m.H {
		down = 0
	}
	a, b := float64(m.Pix[at]), float64(m.Pix[at+right])
	c, d := float64(m.Pix[at+down]), float64(m.Pix[at+down+right])
	a += (b - a) * fx
	c += (d - c) * fx
	return a + (c-a)*fy
}

// Half makes m the picture at half its size, each pixel the mean of four. It takes out noise, moiré and the fine
// texture of screens, which hide a large symbol from a search that looks at single pixels.
func (m *Image) Half(from *Image) {
	m.Reset(from.W/2, from.H/2)
	for y := range m.H {
		upper, lower := from.Row(2 * y)[:2*m.W], from.Row(2*y + 1)[:2*m.W]
		row := m.Row(y)
		for x := range row {
			a, b := upper[2*x:2*x+2], lower[2*x:2*x+2]
			row[x] = byte((int(a[0]) + int(a[1]) + int(b[0]) + int(b[1]) + 2) >> 2)
		}
	}
}

// Blur makes m the picture with each pixel the weighted mean of 3×3 around it, 1 2 1 across and down.
func (m *Image) Blur(from *Image) {
	m.Reset(from.W, from.H)
	if from.W < 3 || from.H < 3 {
		for y := range m.H {
			copy(m.Row(y), from.Row(y))
		}
		return
	}
	for y := range m.H {
		a, b, c := from.Row(max(y-1, 0)), from.Row(y), from.Row(min(y+1, m.H-1))
		row := m.Row(y)
		a, b, c = a[:len(row)], b[:len(row)], c[:len(row)]
		here := int(a[0]) + 2*int(b[0]) + int(c[0])
		left := here
		for x := range len(row) - 1 {
			right := int(a[x+1]) + 2*int(b[x+1]) + int(c[x+1])
			row[x] = byte((left + 2*here + right + 8) >> 4)
			left, here = here, right
		}
		row[len(row)-1] = byte((left + 3*here + 8) >> 4)
	}
}

// Double makes m the picture at twice its size, the new pixels between the old ones on straight lines.
func (m *Image) Double(from *Image) {
	m.Reset(2*from.W, 2*from.H)
	for y := range m.H {
		// Each new pixel lies a quarter of a pixel from one old centre and three quarters from the next.
		near, far := y/2, y/2+2*(y%2)-1
		nearRow, farRow := from.Row(near), from.Row(min(max(far, 0), from.H-1))
		row := m.Row(y)
		for x := range row {
			near, far := x/2, min(max(x/2+2*(x%2)-1, 0), from.W-1)
			sum := 3*(3*int(nearRow[near])+int(nearRow[far])) + 3*int(farRow[near]) + int(farRow[far])
			row[x] = byte((sum + 8) >> 4)
		}
	}
}
