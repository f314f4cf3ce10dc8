package qr

import (
	"fmt"
	"hash/maphash"
	"slices"
	"time"

	"github.com/citizencode/citizencode/qr/internal/bits"
	"github.com/citizencode/citizencode/qr/internal/reader"
)

const (
	// DefaultFrameTime is how long one frame may take when ReaderOptions.FrameTime is zero: thirty a second, and a
	// little left for what is done with a code.
	DefaultFrameTime = 25 * time.Millisecond

	// DefaultAgain is how long a code must have been out of sight to be returned once more.
	DefaultAgain = 2 * time.Second

	wholeEvery = 4  // frames, of which one is looked at whole although the tracked region is read: there may be a second code
	lostAfter  = 8  // frames without a sight, after which a region and a sum of frames are given up
	known      = 32 // codes that are remembered for a while
)

// ReaderOptions say how a stream is read. The zero value is that of a gate.
type ReaderOptions struct {
	// FrameTime is how long one frame may take; zero means DefaultFrameTime. The cheap look at the whole frame of a
	// camera (640×480) takes a millisecond or two of a desktop; a look that has begun is not interrupted before it tries
	// what it has found, so a frame takes longer than this by at most one such look.
	FrameTime time.Duration

	// Again is how long a code must have been out of sight before it is returned once more; zero means DefaultAgain.
	Again time.Duration

	// MaxPixels lowers the limit on the pixels of a frame; zero, and anything above the constant MaxPixels, mean MaxPixels.
	MaxPixels int

	// Accept is as in ReadOptions. Beside that it is asked about every content that was put together from parts of
	// different frames.
	Accept func(content []byte) bool

	// Clock tells the time; nil is time.Now.
	Clock func() time.Time
}

// A Reader reads the frames of one camera. Each frame is looked at in the cheap way, first where a symbol was last, and
// in one of the dearer ways, which take turns. A symbol that is located and that no frame shows well enough is added up
// over frames, wherever it moves, and also where the frames are torn between two codes of a display that changes.
//
// It keeps its memory: once it has seen a size of frame and of symbol, a frame without a new code allocates nothing. It is
// not for two goroutines at once.
type Reader struct {
	options ReaderOptions
	eye     *reader.Reader
	began   time.Time
	frame   Frame
	frames  int

	origin [2]float64 // of the part that is looked at
	taken  int        // symbols found in it that have been dealt with
	read   [][4][2]float64
	new    []Result

	region  box
	last    int // frame in which the region held something
	turn    int // the dearer way whose turn it is
	way     int // the way that is used
	lucky   int // the way that found something last
	sights  []sight
	tracks  []track
	codes   [known]code
	content maphash.Seed
}

// A code was seen lately.
type code struct {
	sum  uint64
	size int
	at   time.Time
}

// NewReader returns a Reader. The error is ReasonBadOption for a negative time.
func NewReader(o ReaderOptions) (*Reader, error) {
	if o.FrameTime < 0 || o.Again < 0 {
		return nil, refuse(ReasonBadOption, "a negative time")
	}
	if o.FrameTime == 0 {
		o.FrameTime = DefaultFrameTime
	}
	if o.Again == 0 {
		o.Again = DefaultAgain
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Accept == nil {
		o.Accept = isToken
	}
	o.MaxPixels = ReadOptions{MaxPixels: o.MaxPixels}.maxPixels()
	r := &Reader{options: o, content: maphash.MakeSeed()}
	r.wake()
	return r, nil
}

// wake gives the Reader an eye that has seen nothing.
func (r *Reader) wake() {
	r.eye = &reader.Reader{Accept: r.options.Accept, Stop: r.over, Unread: r.unread}
	r.region, r.sights, r.tracks = box{}, nil, nil
}

// over reports whether the time of the frame is.
func (r *Reader) over() bool { return r.options.Clock().Sub(r.began) > r.options.FrameTime }

// Push looks at the next frame, whose pixels it neither changes nor keeps, and returns the codes that are new in it. Most
// frames have none, which is no error: then both results are nil.
//
// The error is ReasonDeadline where time was over before the whole frame had its cheap look, ReasonPictureTooLarge or
// ReasonPictureUnreadable for what is no frame. The next frame is read in any case.
func (r *Reader) Push(f Frame) (results []Result, err error) {
	if err := f.check(r.options.MaxPixels); err != nil {
		return nil, err
	}
	defer func() {
		// What no test has found must cost a frame, and not the gate.
		if fault := recover(); fault != nil {
			r.wake()
			results, err = nil, &Error{Reason: ReasonPictureUnreadable, Detail: "reader failed", Err: fmt.Errorf("%v", fault)}
		}
		r.frame.Pix = nil
	}()
	if f.W != r.frame.W || f.H != r.frame.H || r.frames-r.last > lostAfter {
		r.region = box{}
	}
	r.began, r.frame, r.new = r.options.Clock(), f, nil
	r.frames++
	r.read, r.sights = r.read[:0], r.sights[:0]
	seen := r.look()
	r.follow()
	if len(r.new) == 0 && !seen {
		return nil, refuse(ReasonDeadline, "frame not seen whole")
	}
	return r.new, nil
}

// look looks at the frame. It reports whether the frame had all that each has.
func (r *Reader) look() bool {
	whole := box{0, 0, r.frame.W, r.frame.H}
	shown := false
	if !r.region.empty() {
		r.begin(r.region)
		shown = r.glance(0)
		if r.lucky != 0 && len(r.read) == 0 {
			shown = r.glance(r.lucky) || shown
		}
	}
	if len(r.read) == 0 || r.frames%wholeEvery == 0 {
		r.begin(whole)
		shown = r.glance(0) || shown
		if r.over() {
			return false
		}
	}
	if len(r.read) > 0 {
		return true
	}
	// An empty lane gets the few dear looks that find what the cheap one overlooks; the others are for what shows itself.
	ways := reader.Cheap
	if shown || len(r.sights) > 0 || !r.region.empty() {
		ways = reader.Ways
	}
	r.turn = r.turn%(ways-1) + 1
	if !r.region.empty() && r.turn != r.lucky {
		r.begin(r.region)
	}
	r.glance(r.turn)
	return true
}

// begin turns to a part of the frame.
func (r *Reader) begin(b box) {
	part := r.frame.part(b)
	r.eye.Begin(&part)
	r.origin, r.taken = [2]float64{float64(b.x0), float64(b.y0)}, 0
}

// glance looks at that part in one way and takes what is found. It reports whether there were corner marks.
func (r *Reader) glance(way int) bool {
	r.way = way
	found, shown := r.eye.Look(way)
	for i := r.taken; i < len(found); i++ {
		f := found[i]
		f.Corners = r.placed(f.Corners)
		r.lucky = way
		r.take(&f)
	}
	r.taken = len(found)
	return shown
}

// placed moves corners from the part that is looked at to the frame.
func (r *Reader) placed(c [4][2]float64) [4][2]float64 {
	for i := range c {
		c[i][0] += r.origin[0]
		c[i][1] += r.origin[1]
	}
	return c
}

// take keeps the place of a symbol that was read, and returns it to the caller if it is new.
func (r *Reader) take(f *reader.Found) {
	r.read = append(r.read, f.Corners)
	r.region, r.last = r.frame.around(&f.Corners), r.frames
	if f.Fault == bits.Plain && r.isNew(f.Content) {
		r.new = append(r.new, resultOf(f))
	}
}

// isNew reports whether content has been out of sight for as long as the options say, and keeps it as seen.
func (r *Reader) isNew(content []byte) bool {
	// The seed is secret, so that nobody can make a code that hides another one.
	sum, now := maphash.Bytes(r.content, content), r.began
	oldest := 0
	for i := range r.codes {
		c := &r.codes[i]
		if c.sum == sum && c.size == len(content) && !c.at.IsZero() {
			quiet := now.Sub(c.at)
			c.at = now
			return quiet >= r.options.Again
		}
		if c.at.Before(r.codes[oldest].at) {
			oldest = i
		}
	}
	r.codes[oldest] = code{sum, len(content), now}
	return true
}

// unread keeps a symbol that this frame shows and that could not be read; of several readings of it, the best.
func (r *Reader) unread(s reader.Sight) {
	if s.Agreement < goodSight || s.Version > maxFused {
		return
	}
	corners := r.placed(s.Corners)
	at := -1
	for i := range r.sights {
		if apart(&r.sights[i].corners, &corners) < 0.3 {
			at = i
		}
	}
	switch {
	case at >= 0 && r.sights[at].agreement >= s.Agreement, at < 0 && len(r.sights) == maxTracks:
		return
	case at < 0:
		at = len(r.sights)
		r.sights = slices.Grow(r.sights, 1)[:at+1] // an old one's memory, if there was one
	}
	r.lucky = r.way
	k := &r.sights[at]
	k.version, k.corners, k.inverted, k.agreement = s.Version, corners, s.Inverted, s.Agreement
	k.modules.Size = s.Modules.Size
	k.modules.V = append(k.modules.V[:0], s.Modules.V...)
}
