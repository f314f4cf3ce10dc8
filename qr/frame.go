package qr

import "github.com/citizencode/citizencode/qr/internal/luma"

// A Frame is one picture of a camera: W×H pixels of one byte, 0 dark and 255 light. Row y begins at Pix[y*Stride], so the
// first plane of a YUV frame is read in place.
type Frame struct {
	Pix          []byte
	W, H, Stride int
}

// check refuses what is no picture of at most limit pixels.
func (f *Frame) check(limit int) error {
	if err := checkPixels(f.W, f.H, limit); err != nil {
		return err
	}
	// Divided and not multiplied: a product of a hostile stride may wrap.
	if f.Stride < f.W || len(f.Pix) < f.W || (len(f.Pix)-f.W)/f.Stride < f.H-1 {
		return refuse(ReasonPictureUnreadable, "fewer pixels than rows of that stride have")
	}
	return nil
}

// A box is a part of a frame: columns x0 to x1-1 and rows y0 to y1-1.
type box struct{ x0, y0, x1, y1 int }

func (b box) empty() bool { return b.x0 >= b.x1 || b.y0 >= b.y1 }

// part shows a box of the frame as a picture, without a copy.
func (f *Frame) part(b box) luma.Image {
	return luma.Image{W: b.x1 - b.x0, H: b.y1 - b.y0, Stride: f.Stride, Pix: f.Pix[b.y0*f.Stride+b.x0:]}
}

// around returns the box that holds a symbol and room to move, or the whole frame where that is hardly less.
func (f *Frame) around(c *[4][2]float64) box {
	x0, y0, x1, y1 := float64(f.W), float64(f.H), 0.0, 0.0
	for _, p := range c {
		x0, y0, x1, y1 = min(x0, p[0]), min(y0, p[1]), max(x1, p[0]), max(y1, p[1])
	}
	if !(x0 < x1 && y0 < y1) {
		return box{}
	}
	dx, dy := room*(x1-x0), room*(y1-y0)
	b := box{
		int(max(x0-dx, 0)), int(max(y0-dy, 0)),
		int(min(x1+dx, float64(f.W))), int(min(y1+dy, float64(f.H))),
	}
	if b.empty() || 3*(b.x1-b.x0)*(b.y1-b.y0) > 2*f.W*f.H {
		return box{}
	}
	return b
}

// room is how far a symbol may move between two frames, as a part of its side.
const room = 0.3
