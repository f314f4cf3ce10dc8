package parking

import (
	"context"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/parking/plate"
	"github.com/citizencode/citizencode/scenarios/parking/tariff"
)

// A PlateEvent is what a camera at a barrier says.
type PlateEvent struct {
	Event      string       `json:"event"` // names it; the same again is the same event
	Lot        string       `json:"lot"`
	Gate       string       `json:"gate,omitempty"`
	Exit       bool         `json:"exit,omitempty"`  // which way
	Plate      string       `json:"plate"`           // as it was read
	Confidence int          `json:"confidence"`      // per mille
	Class      tariff.Class `json:"class,omitempty"` // absent: what the plate says
	Time       time.Time    `json:"time"`            // of the camera
}

// Camera decides about one car whose plate was read; its outcome is a Passage.
// A refusal has charged nobody, and its message says what the driver can do.
func (s *Scenario) Camera(ctx context.Context, e PlateEvent) (*scenarios.Decision, error) {
	lot, known := s.lot(e.Lot)
	switch {
	case e.Confidence < 0 || e.Confidence > 1000:
		return nil, badRequest("confidence", "not 0 to 1000")
	case e.Time.Before(tariff.Earliest) || !e.Time.Before(tariff.Latest): // a clock without its battery
		return nil, badRequest("time", "not a time from 2001 to 2200")
	case len(e.Plate) > plate.MaxText:
		return nil, badRequest("plate", "too long")
	case !known:
		return refuse(LotUnknown), nil
	case e.Time.After(s.now().Add(s.rules.Skew)):
		return refuse(ClockAhead), nil // a fee must not be for what has not been
	}
	if err := checkClass("class", e.Class); err != nil {
		return nil, err
	}
	p := &passing{lot: lot, gate: e.Gate, at: e.Time, class: e.Class}
	s.read(p, e.Plate, e.Confidence)
	if !e.Exit && p.plate.IsZero() {
		return refuse(PlateUnreadable), nil
	}
	request := e
	request.Time = e.Time.UTC()
	return s.pass(ctx, "c:", e.Event, request, !e.Exit, p)
}

// read puts what a camera read into a passing.
func (s *Scenario) read(p *passing, text string, confidence int) {
	p.read, p.sure = normalised(text), confidence >= s.rules.MinConfidence
	if read, err := plate.Parse(text); err == nil {
		p.plate, p.name, p.read = read, s.seal.name(read.Clear()), []rune(read.Clear())
	}
}
