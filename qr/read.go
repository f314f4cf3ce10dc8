package qr

import (
	"fmt"
	"image"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/citizencode/citizencode/qr/internal/bits"
	"github.com/citizencode/citizencode/qr/internal/reader"
)

// DefaultTimeout is how long one picture may take when ReadOptions.Timeout is zero.
const DefaultTimeout = 5 * time.Second

// ReadOptions say how much a picture may cost. The zero value is safe for pictures from strangers.
type ReadOptions struct {
	// Timeout is how long reading may take; zero means DefaultTimeout. It does not cover what the caller's own
	// code takes: an io.Reader to deliver its bytes, or an image.Image to give its pixels.
	Timeout time.Duration

	// MaxPixels lowers the limit on the pixels of a picture for a small machine; zero, and anything above
	// the constant MaxPixels, mean MaxPixels.
	MaxPixels int

	// Accept is the last arbiter of content that error correction alone does not prove, because nearly all of it was
	// used up: such content is returned only if Accept reports true. Nil means that it must be exactly a text that
	// DecodeText takes. Content that is proved is returned without asking.
	Accept func(content []byte) bool

	// Second is asked where this package's own reader has found nothing; nil is nobody. See package qr/gozxing.
	Second SecondReader
}

// A SecondReader is another reader of symbols.
type SecondReader interface {
	// ReadGray returns what it finds. It gives up soon after stop reports true, and keeps neither argument.
	ReadGray(g *image.Gray, stop func() bool) []Result
}

// A Result is one symbol that was found and corrected. Nothing in it is authentic: anyone can print one.
type Result struct {
	// Bytes is the content, byte for byte, also when it is binary: all segments in their order.
	Bytes []byte

	// Text is the content as text. It is empty where Bytes is not UTF-8, for no character set is ever guessed.
	Text string

	// Segments are the runs that Bytes is made of.
	Segments []Segment

	Version int // 1 to 40
	Level   Level
	Mask    int // 0 to 7

	// Corners are the outer corners of the symbol without its quiet zone, from its own upper left one clockwise in the
	// picture; in a mirrored symbol counter-clockwise.
	Corners [4]Point

	Corrected int  // codewords that were wrong
	Inverted  bool // light on dark
	Mirrored  bool
}

// Decode finds the symbols in a picture: in any position, turned, mirrored, light on dark. The error is
// ReasonNoCode when there is none, so a nil error comes with at least one Result, and with several where the picture
// has several, best seen first. A caller that must have exactly one checks the number.
//
// Decode copies the brightness of img first and never looks at img again, so the caller may reuse its
// buffer as soon as Decode returns, whatever the error. Beside the copy it takes at most six bytes of memory for each
// pixel. When the time is over it returns ReasonDeadline; the goroutine that reads then ends by itself within about
// a quarter of a second on a desktop (with a Second reader after the look that that one is in, about two seconds for a
// picture made to be slow), and holds on to its copy until then.
func Decode(img image.Image, o ReadOptions) ([]Result, error) {
	g, err := grayOf(img, o.maxPixels())
	if err != nil {
		return nil, err
	}
	return within(o.timeout(), func(stop *atomic.Bool) ([]Result, error) { return search(g, o, stop) })
}

// DecodeGray is Decode for a camera frame of w×h pixels of one byte, 0 dark and 255 light. Row y begins at
// pix[y*stride], so the first plane of a YUV frame is read in place.
func DecodeGray(pix []byte, w, h, stride int, o ReadOptions) ([]Result, error) {
	f := Frame{Pix: pix, W: w, H: h, Stride: stride}
	if err := f.check(o.maxPixels()); err != nil {
		return nil, err
	}
	g := newGray(w, h)
	for y := range h {
		copy(g.row(y), pix[y*stride:])
	}
	return within(o.timeout(), func(stop *atomic.Bool) ([]Result, error) { return search(g, o, stop) })
}

// readers are kept between pictures with their memory, some of them: a server's goroutines share them.
var readers = sync.Pool{New: func() any { return new(reader.Reader) }}

// search looks for symbols with our own reader, then with the caller's.
func search(g *gray, o ReadOptions, stop *atomic.Bool) ([]Result, error) {
	r := readers.Get().(*reader.Reader)
	r.Stop, r.Accept = stop.Load, o.Accept
	if r.Accept == nil {
		r.Accept = isToken
	}
	var results []Result
	part := false
	for _, f := range r.Read(g.luma()) {
		if f.Fault == bits.Plain {
			results = append(results, resultOf(&f))
		}
		part = part || f.Fault == bits.Structured
	}
	r.Stop, r.Accept = nil, nil
	readers.Put(r) // not after a panic: who knows what state it is in
	if len(results) == 0 && o.Second != nil && !part {
		results = o.Second.ReadGray(&image.Gray{Pix: g.pix, Stride: g.w, Rect: image.Rect(0, 0, g.w, g.h)}, stop.Load)
	}
	switch {
	case len(results) > 0:
		return results, nil
	case stop.Load():
		return nil, refuse(ReasonDeadline, "stopped")
	case part:
		return nil, refuse(ReasonStructuredAppend, "a part of a message")
	}
	return nil, refuse(ReasonNoCode, "")
}

// isToken reports whether content is exactly the text of some token.
func isToken(content []byte) bool {
	if len(content) > MaxText {
		return false
	}
	_, err := DecodeText(string(content))
	return err == nil
}

func resultOf(f *reader.Found) Result {
	r := Result{
		Bytes: slices.Clone(f.Content), Version: f.Version, Level: L + Level(f.Level), Mask: f.Mask,
		Corrected: f.Corrected, Inverted: f.Inverted, Mirrored: f.Mirrored,
	}
	if utf8.Valid(r.Bytes) {
		r.Text = string(r.Bytes)
	}
	for _, s := range f.Segments {
		r.Segments = append(r.Segments, Segment{Mode: Mode(s.Mode), Bytes: r.Bytes[s.From:s.To:s.To], ECI: s.ECI})
	}
	for i, c := range f.Corners {
		r.Corners[i] = Point{c[0], c[1]}
	}
	return r
}

func (o ReadOptions) timeout() time.Duration {
	if o.Timeout <= 0 {
		return DefaultTimeout
	}
	return o.Timeout
}

func (o ReadOptions) maxPixels() int {
	if o.MaxPixels <= 0 || o.MaxPixels > MaxPixels {
		return MaxPixels
	}
	return o.MaxPixels
}

// grayOf copies the brightness of a picture that may be of any type, also one whose methods lie or panic.
func grayOf(img image.Image, limit int) (g *gray, err error) {
	defer func() {
		if r := recover(); r != nil {
			g, err = nil, &Error{Reason: ReasonPictureUnreadable, Detail: "picture failed", Err: fmt.Errorf("%v", r)}
		}
	}()
	if img == nil {
		return nil, refuse(ReasonPictureUnreadable, "no picture")
	}
	b := img.Bounds()
	if err := checkPixels(b.Dx(), b.Dy(), limit); err != nil {
		return nil, err
	}
	return toGray(img), nil
}

// within runs work in a goroutine and waits for it no longer than the time allowed. Go cannot end a
// goroutine from outside: stop asks it to end, and work looks at stop wherever a hostile picture could hold it.
func within(timeout time.Duration, work func(stop *atomic.Bool) ([]Result, error)) ([]Result, error) {
	type answer struct {
		results []Result
		err     error
	}
	var stop atomic.Bool
	done := make(chan answer, 1) // buffered: a late answer must not keep the goroutine for ever
	go func() {
		defer func() {
			// A panic in a goroutine of ours cannot be caught by the caller: it would end his server.
			if r := recover(); r != nil {
				done <- answer{nil, &Error{Reason: ReasonPictureUnreadable, Detail: "reader failed", Err: fmt.Errorf("%v", r)}}
			}
		}()
		results, err := work(&stop)
		done <- answer{results, err}
	}()
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case a := <-done:
		return a.results, a.err
	case <-timer.C:
		stop.Store(true)
		return nil, refuse(ReasonDeadline, fmt.Sprintf("picture not read within %v", timeout))
	}
}
