package city

import (
	"context"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/qr"
	"github.com/citizencode/citizencode/scenarios"
)

// A Step is one thing that happens on the scripted day: somebody holds a
// picture in front of a gate, or a card to it.
type Step struct {
	At     time.Duration  // after midnight of the day
	Who    string         // shows the picture
	What   scenarios.Text // happens
	Gate   *Gate          // where
	Online bool           // whether the gate has its network at that time

	// Before is what happened since the last step; it may be nil.
	Before func() error
	// Picture draws what is shown, a PNG file, at the time of the step.
	Picture func() ([]byte, error)
	// Tap holds a card to the gate, where no picture is shown.
	Tap func(context.Context) (*scenarios.Decision, error)
	// Times is how often it is shown, a minute apart, each time drawn anew,
	// and each time with the same result; 0 means once.
	Times int

	Want Want
	// Also looks at more of the decision than Want; it may be nil.
	Also func(*scenarios.Decision) error
}

// Want is what the script says that a gate decides.
type Want struct {
	Allow    bool
	Reason   string
	Repeated bool
}

// String returns the verdict and the reason.
func (w Want) String() string { return verdictOf(w).En + ", " + w.Reason }

func allowed() Want { return Want{Allow: true, Reason: "ok"} }

func refused(r citycode.Reason) Want { return Want{Reason: r.String()} }

// A Result is what a step ended in.
type Result struct {
	Decision *scenarios.Decision // nil if there was none
	Took     time.Duration       // drawing, reading and deciding
	Decided  time.Duration       // reading and deciding, as the gate does
	Err      error               // how that differs from the script; nil if it does not
}

// Run lets the step happen: the clock runs to its time, the picture is drawn,
// and the gate looks at it.
func (c *City) Run(ctx context.Context, s *Step) *Result {
	r := new(Result)
	c.clock.Advance(c.today.Add(s.At).Sub(c.clock.Now()))
	if err := s.Gate.SetOnline(s.Online); err != nil {
		r.Err = err
		return r
	}
	if s.Before != nil {
		if r.Err = s.Before(); r.Err != nil {
			return r
		}
	}
	for n := range max(1, s.Times) {
		if n > 0 {
			c.clock.Advance(time.Minute)
		}
		r.look(ctx, s)
		if r.Err != nil {
			return r
		}
	}
	return r
}

func (r *Result) look(ctx context.Context, s *Step) {
	start := time.Now()
	shown := start
	if s.Tap != nil {
		r.Decision, r.Err = s.Tap(ctx)
	} else {
		var picture []byte
		if picture, r.Err = s.Picture(); r.Err != nil {
			return
		}
		shown = time.Now()
		// A busy computer makes the day slower, not different.
		r.Decision, r.Err = s.Gate.Scan(ctx, picture, qr.ReadOptions{Timeout: time.Minute})
	}
	r.Decided = time.Since(shown)
	r.Took = time.Since(start)
	if r.Err != nil {
		return
	}
	got := Want{r.Decision.Allow, r.Decision.Reason, r.Decision.Repeated}
	switch {
	case got != s.Want:
		r.Err = fmt.Errorf("got %s; the script says %s", got, s.Want)
	case s.Also != nil:
		r.Err = s.Also(r.Decision)
	}
}
