package main

import (
	"fmt"
	"io"
	"time"
)

// A progress writes a line to w now and then: how many are done, of how much, and
// how long the rest takes at the pace so far.
type progress struct {
	w           io.Writer
	name        string
	now         func() time.Time
	began, last time.Time
}

// progressEvery is how often a line is written. What ends sooner writes none.
const progressEvery = 2 * time.Second

func newProgress(w io.Writer, name string) *progress {
	p := &progress{w: w, name: name, now: time.Now}
	p.began = p.now()
	p.last = p.began
	return p
}

// at tells how far it is: done items, and part of whole in any unit.
func (p *progress) at(done int, part, whole int64) {
	now := p.now()
	if now.Sub(p.last) < progressEvery {
		return
	}
	p.last = now
	line := fmt.Sprintf("%s: %d done", p.name, done)
	if part > 0 && whole >= part {
		left := time.Duration(float64(now.Sub(p.began)) * float64(whole-part) / float64(part))
		line += fmt.Sprintf(", %d %%, %s left", 100*part/whole, left.Round(time.Second))
	}
	fmt.Fprintln(p.w, line)
}
