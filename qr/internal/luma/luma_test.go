package luma

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func of(w int, pix ...byte) *Image { return &Image{W: w, H: len(pix) / w, Stride: w, Pix: pix} }

func TestSizes(t *testing.T) {
	var m Image
	m.Half(of(5, 0, 4, 8, 8, 99, 4, 8, 0, 1, 99, 99, 99, 99, 99, 99))
	assert.Equal(t, of(2, 4, 4), &m)
	m.Double(of(2, 0, 160))
	assert.Equal(t, of(4, 0, 40, 120, 160, 0, 40, 120, 160), &m)
	m.Blur(of(3, 0, 0, 0, 0, 160, 0, 0, 0, 0))
	assert.Equal(t, of(3, 10, 20, 10, 20, 40, 20, 10, 20, 10), &m)
	m.Blur(of(2, 1, 2, 3, 4))
	assert.Equal(t, of(2, 1, 2, 3, 4), &m)
}

func TestAt(t *testing.T) {
	m := of(2, 0, 100, 200, 60)
	for _, c := range []struct{ x, y, want float64 }{
		{0.5, 0.5, 0}, {1.5, 0.5, 100}, {0.5, 1.5, 200}, {1.5, 1.5, 60}, {1, 0.5, 50}, {0.5, 1, 100}, {1, 1, 90},
		{-9, -9, 0}, {99, -9, 100}, {-9, 99, 200}, {99, 99, 60},
	} {
		assert.InDelta(t, c.want, m.At(c.x, c.y), 1e-9, "%+v", c)
	}
}
