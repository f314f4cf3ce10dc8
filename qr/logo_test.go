package qr

import (
	"image"
	"image/color"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// disc is a logo of one colour, clear outside its circle.
func disc(w, h int, c color.Color) image.Image {
	img := image.NewNRGBA(image.Rect(-5, 7, w-5, h+7))
	for y := range h {
		for x := range w {
			if dx, dy := 2*x-w, 2*y-h; dx*dx*h*h+dy*dy*w*w < w*w*h*h {
				img.Set(x-5, y+7, c)
			}
		}
	}
	return img
}

func TestLogo(t *testing.T) {
	t.Parallel()
	r := seeded(t, 30)
	red := color.NRGBA{R: 0xC0, A: 0xFF}
	for i, n := range []int{95, 139, 203, 400}[:rounds(4)] {
		s := symbolOf(t, someToken(r, n), Options{})
		for _, logo := range []image.Image{disc(300, 300, red), disc(3, 2, color.Black), disc(40, 400, color.Black)} {
			scale := 3 + i
			img, err := s.ImageWithLogo(scale, logo)
			require.NoError(t, err, "%d bytes", n)
			plain := s.Image(scale)
			require.Equal(t, plain.Bounds(), img.Bounds())
			// Nothing but the middle fifth is touched, and there the logo's colour is.
			seen, touched := 0, image.Rectangle{}
			for y := range img.Bounds().Dy() {
				for x := range img.Bounds().Dx() {
					a, b := color.NRGBAModel.Convert(plain.At(x, y)), color.NRGBAModel.Convert(img.At(x, y))
					if a != b {
						touched = touched.Union(image.Rect(x, y, x+1, y+1))
					}
					if b == red {
						seen++
					}
				}
			}
			middle := img.Bounds().Inset((img.Bounds().Dx() - s.Size()*scale/5) / 2)
			require.True(t, touched.In(middle.Inset(-1)), "%v beyond %v", touched, middle)
			require.Equal(t, logo.Bounds().Dx() == 300, seen > 10)
			for y := touched.Min.Y; seen > 0 && y < touched.Max.Y; y++ { // clear parts show the white ground
				for x := touched.Min.X; x < touched.Max.X; x++ {
					require.GreaterOrEqual(t, color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA).R, red.R)
				}
			}
			mustRead(t, s, img)
		}
	}
}

// What cannot be read is refused, not printed.
func TestLogoRefuses(t *testing.T) {
	s := symbolOf(t, someToken(seeded(t, 31), 95), Options{})
	for _, c := range []struct {
		logo image.Image
		want Reason
	}{
		{nil, ReasonPictureUnreadable},
		{image.NewGray(image.Rectangle{}), ReasonPictureUnreadable},
		{image.NewUniform(color.Black), ReasonPictureTooLarge},
		{hostile{image.Rect(0, 0, 9, 9)}, ReasonPictureUnreadable},
	} {
		_, err := s.ImageWithLogo(4, c.logo)
		assert.Equal(t, c.want, reasonOf(t, err))
	}
	_, err := new(Symbol).ImageWithLogo(4, disc(9, 9, color.Black))
	assert.Equal(t, ReasonBadOption, reasonOf(t, err))
	// A logo much larger than ours, and another symbol in place of this one.
	img := s.Image(4).(*image.Paletted)
	require.NoError(t, s.readIn(img))
	for side := range img.Rect.Dx() / 2 {
		for i := range img.Rect.Dx() / 2 {
			img.Pix[(img.Rect.Dx()/4+side)*img.Stride+img.Rect.Dx()/4+i] = 0
		}
	}
	assert.Equal(t, ReasonDoesNotFit, reasonOf(t, s.readIn(img)))
	other := symbolOf(t, make([]byte, 95), Options{})
	assert.Equal(t, ReasonDoesNotFit, reasonOf(t, s.readIn(other.Image(4))))
	// A picture that can be read, but not out of focus: one pixel to a module, and noise.
	once := drawn(s, 1).noisy(seeded(t, 32), 30)
	mustRead(t, s, once.image())
	assert.Equal(t, ReasonDoesNotFit, reasonOf(t, s.readIn(once.image())))
}
