package qr

import (
	"image"
	"image/color"
	"testing"

	"github.com/makiuchi-d/gozxing/common/reedsolomon"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/qr/internal/matrix"
)

// composed draws a symbol of version 1-M under mask 0 from its 16 data codewords, which our encoder never writes.
func composed(t testing.TB, data []byte) *image.Gray {
	t.Helper()
	words := make([]int, 26)
	for i, pad := 0, 0xEC; i < 16; i++ {
		if i < len(data) {
			words[i] = int(data[i])
			continue
		}
		words[i] = pad
		pad ^= 0xEC ^ 0x11
	}
	require.NoError(t, reedsolomon.NewReedSolomonEncoder(reedsolomon.GenericGF_QR_CODE_FIELD_256).Encode(words, 10))
	const scale, margin, size = 4, 4, 21
	img := image.NewGray(image.Rect(0, 0, scale*(size+2*margin), scale*(size+2*margin)))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	put := func(x, y int, dark bool) {
		for j := range scale * scale {
			v := uint8(255)
			if dark {
				v = 0
			}
			img.SetGray(scale*(x+margin)+j%scale, scale*(y+margin)+j/scale, color.Gray{Y: v})
		}
	}
	var p matrix.Pattern
	p.Prepare(1)
	at, up := 0, true
	for y := range size {
		for x := range size {
			if !p.Free(x, y) {
				put(x, y, p.Dark(x, y))
			}
		}
	}
	for right := size - 1; right > 0; right -= 2 {
		if right == 6 {
			right--
		}
		for n := range size {
			y := n
			if up {
				y = size - 1 - n
			}
			for x := right; x >= right-1; x-- {
				if p.Free(x, y) {
					put(x, y, words[at/8]>>(7-at%8)&1 != 0 != matrix.Masked(0, x, y))
					at++
				}
			}
		}
		up = !up
	}
	info := matrix.FormatInformation(matrix.M, 0)
	for i := range 15 {
		x1, y1, x2, y2 := matrix.FormatPlaces(i, size)
		put(x1, y1, info>>i&1 != 0)
		put(x2, y2, info>>i&1 != 0)
	}
	return img
}

// A part of a message is refused with its own reason, and never returned; beside a whole one it is left out.
func TestStructuredAppend(t *testing.T) {
	whole := composed(t, []byte{0x40, 0x17, 0x80}) // the byte "x", and a terminator
	results, err := Decode(whole, ReadOptions{})
	require.NoError(t, err)
	require.Equal(t, "x", results[0].Text)
	assert.Equal(t, []Segment{{Mode: Byte, Bytes: []byte("x"), ECI: -1}}, results[0].Segments)

	part := composed(t, []byte{0x30, 0x1A, 0xA4, 0x01, 0x78, 0x00}) // the first of two, and the same
	_, err = Decode(part, ReadOptions{})
	assert.Equal(t, ReasonStructuredAppend, reasonOf(t, err))
	asked := false
	_, err = Decode(part, ReadOptions{Second: secondFunc(func(*image.Gray, func() bool) []Result { asked = true; return nil })})
	assert.Equal(t, ReasonStructuredAppend, reasonOf(t, err))
	assert.False(t, asked, "nor by another reader")

	fnc1 := composed(t, []byte{0x54, 0x01, 0x78, 0x00})
	_, err = Decode(fnc1, ReadOptions{})
	assert.Equal(t, ReasonNoCode, reasonOf(t, err))

	both := image.NewGray(image.Rect(0, 0, 2*whole.Rect.Dx(), whole.Rect.Dy()))
	for y := range whole.Rect.Dy() {
		copy(both.Pix[y*both.Stride:], whole.Pix[y*whole.Stride:][:whole.Rect.Dx()])
		copy(both.Pix[y*both.Stride+whole.Rect.Dx():], part.Pix[y*part.Stride:][:whole.Rect.Dx()])
	}
	results, err = Decode(both, ReadOptions{})
	require.NoError(t, err)
	require.Len(t, results, 1)
	assert.Equal(t, "x", results[0].Text)
}

func TestDecodeGray(t *testing.T) {
	s, err := NewSymbol("GRAY", Options{})
	require.NoError(t, err)
	g := drawn(s, 4)
	wide := newGray(g.w+13, g.h)
	for y := range g.h {
		copy(wide.row(y), g.row(y))
	}
	results, err := DecodeGray(wide.pix[:len(wide.pix)-13], g.w, g.h, wide.w, ReadOptions{})
	require.NoError(t, err)
	require.Len(t, results, 1)
	r := results[0]
	assert.Equal(t, "GRAY", r.Text)
	assert.Equal(t, []Segment{{Mode: Alphanumeric, Bytes: []byte("GRAY"), ECI: -1}}, r.Segments)
	assert.Equal(t, s.modules.Mask, r.Mask)
	for i, c := range [4]Point{{16, 16}, {16 + 84, 16}, {16 + 84, 16 + 84}, {16, 16 + 84}} {
		assert.InDelta(t, c.X, r.Corners[i].X, 2)
		assert.InDelta(t, c.Y, r.Corners[i].Y, 2)
	}
	for _, c := range []struct {
		n, w, h, stride int
		want            Reason
	}{
		{0, 0, 0, 0, ReasonPictureUnreadable}, {100, 10, 0, 10, ReasonPictureUnreadable}, {100, -1, 5, 10, ReasonPictureUnreadable},
		{100, 10, 10, 9, ReasonPictureUnreadable}, {99, 10, 10, 10, ReasonPictureUnreadable}, {5, 10, 1, 10, ReasonPictureUnreadable},
		{100, 10, 2, 1 << 62, ReasonPictureUnreadable}, {100, 1 << 40, 1 << 40, 1 << 40, ReasonPictureTooLarge},
		{100, 10, 10, 10, ReasonNoCode}, {91, 1, 10, 10, ReasonNoCode},
	} {
		_, err := DecodeGray(make([]byte, c.n), c.w, c.h, c.stride, ReadOptions{})
		assert.Equal(t, c.want, reasonOf(t, err), "%+v", c)
	}
	assert.Equal(t, "numeric alphanumeric byte kanji hanzi mode(9)", joined(Numeric, Alphanumeric, Byte, Kanji, Hanzi, 9))
}

func joined(modes ...Mode) (line string) {
	for i, m := range modes {
		if i > 0 {
			line += " "
		}
		line += m.String()
	}
	return line
}
