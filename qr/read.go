package qr

import (
	"fmt"
	"image"
	"sync/atomic"
	"time"
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
}

// A Result is one symbol that was found and corrected. Nothing in it is authentic: anyone can print one.
type Result struct {
	// Bytes is the content, byte for byte, also when it is binary.
	Bytes []byte

	// Text is the content as text. It is empty where Bytes is not UTF-8, for no character set is ever guessed.
	Text string

	Version int // 1 to 40
	Level   Level
}

// Decode finds the symbols in a picture: in any position, turned, mirrored, light on dark. The error is
// ReasonNoCode when there is none, so a nil error comes with at least one Result. This version returns the
// first that it finds; a caller that must have exactly one checks the number all the same.
//
// Decode copies the brightness of img first and never looks at img again, so the caller may reuse its
// buffer as soon as Decode returns, whatever the error. When the time is over it returns ReasonDeadline; the
// goroutine that reads then ends by itself after the look that it is in, within about two seconds on a desktop
// even for a picture made to be slow, and holds on to its copy until then.
func Decode(img image.Image, o ReadOptions) ([]Result, error) {
	g, err := grayOf(img, o.maxPixels())
	if err != nil {
		return nil, err
	}
	return within(o.timeout(), func(stop *atomic.Bool) ([]Result, error) {
		return climb(gozxingEngine{}, g, stop)
	})
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
