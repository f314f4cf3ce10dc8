package city

import (
	"sync/atomic"
	"time"
)

// Zone is the time of the city, China Standard Time. It is fixed so that a
// machine without a time zone database plays the same day.
var Zone = time.FixedZone("CST", 8*60*60)

// A Clock is the time of a city. It only runs forward.
type Clock struct {
	start time.Time // with a monotonic reading if it runs by itself
	wall  bool
	moved atomic.Int64 // nanoseconds
}

// NewClock returns a clock that shows start and stands still until it is moved.
func NewClock(start time.Time) *Clock { return &Clock{start: start} }

// WallClock returns the clock of this computer, which can be moved too.
func WallClock() *Clock { return &Clock{start: time.Now(), wall: true} }

// Now returns what the clock shows.
func (c *Clock) Now() time.Time {
	now := c.start
	if c.wall {
		now = time.Now()
	}
	return now.Add(time.Duration(c.moved.Load())).In(Zone)
}

// Elapsed returns how long the clock has run. A correction of the computer's
// time of day does not change it.
func (c *Clock) Elapsed() time.Duration {
	elapsed := time.Duration(c.moved.Load())
	if c.wall {
		elapsed += time.Since(c.start)
	}
	return elapsed
}

// Advance moves the clock forward; it does not turn it back.
func (c *Clock) Advance(d time.Duration) {
	if d > 0 {
		c.moved.Add(int64(d))
	}
}
