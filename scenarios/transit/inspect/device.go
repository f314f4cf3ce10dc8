// Package inspect is the inspector's check (稽查): has this person a valid tap
// for this ride? It works from what the inspector's device knows, with no
// network: what the back office sent, and what the vehicle's own gates say over
// a short range. A gate that was offline may hold taps that nobody else knows
// yet. So there are three answers: a device says "no" only if every gate that
// counts is known to have told all, and otherwise "unknown".
package inspect

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

// MaxTaps is how many taps a device keeps.
const MaxTaps = 200_000

// A Device is what one inspector's device knows. It is safe for concurrent use.
type Device struct {
	mu      sync.Mutex
	taps    map[string][]known // by person
	count   int
	through map[string]time.Time // by gate: every tap up to here is known
}

type known struct {
	key, gate, line, network, vehicle string
	kind                              tap.Kind
	time                              time.Time
}

// NewDevice returns a device that knows nothing.
func NewDevice() *Device {
	return &Device{taps: make(map[string][]known), through: make(map[string]time.Time)}
}

// Learn takes a batch: as a gate uploads it, heard over a short range, or of
// office.Snapshot. Batches may come twice and in any order.
func (d *Device) Learn(b tap.Batch) error {
	for i := range b.Taps {
		if err := b.Taps[i].Check(); err != nil {
			return fmt.Errorf("inspect: taps[%d]: %w", i, err)
		}
		if b.Taps[i].Gate != b.Gate {
			return &scenarios.RequestError{Path: fmt.Sprintf("taps[%d].gate", i), Err: errors.New("not that of the batch")}
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, t := range b.Taps {
		k := known{t.Key, t.Gate, t.Line, t.Network, t.Vehicle, t.Kind, t.Time}
		if slices.Contains(d.taps[t.Person], k) {
			continue
		}
		if d.count >= MaxTaps {
			// What is dropped is not known: the gate has then not told all.
			delete(d.through, b.Gate)
			return fmt.Errorf("inspect: more than %d taps; forget old ones", MaxTaps)
		}
		d.count++
		d.taps[t.Person] = append(d.taps[t.Person], k)
	}
	if b.Through.After(d.through[b.Gate]) {
		d.through[b.Gate] = b.Through
	}
	return nil
}

// Forget drops the taps before a time.
func (d *Device) Forget(before time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for person, list := range d.taps {
		kept := slices.DeleteFunc(list, func(k known) bool { return k.time.Before(before) })
		d.count -= len(list) - len(kept)
		if d.taps[person] = kept; len(kept) == 0 {
			delete(d.taps, person)
		}
	}
}

// A Question is what an inspector asks. The vehicle says which taps count, or
// the line where it is empty, or the network of a station where both are.
type Question struct {
	Person  string        `json:"person"`
	Vehicle string        `json:"vehicle,omitempty"`
	Line    string        `json:"line,omitempty"`
	Network string        `json:"network,omitempty"`
	Time    time.Time     `json:"time"`
	Window  time.Duration `json:"window"` // how long a tap is valid for; up to MaxWindow
	// Gates are all at which the person can have tapped for this ride: those
	// of the vehicle, or of the stations. Without them there is no "no".
	Gates []string `json:"gates"`
}

// MaxWindow bounds a question.
const MaxWindow = 24 * time.Hour

// An Answer is one of three.
type Answer string

// The answers.
const (
	Valid   Answer = "valid"
	None    Answer = "none"
	Unknown Answer = "unknown"
)

// A Finding is what a device knows about a question.
type Finding struct {
	Answer  Answer         `json:"answer"`
	Message scenarios.Text `json:"message"`
	Tap     time.Time      `json:"tap,omitzero"` // of the newest that counts
	// Silent are the gates that have not told all up to the time asked for.
	Silent []string `json:"silent,omitempty"`
}

// Check answers a question.
func (d *Device) Check(q Question) (*Finding, error) {
	switch {
	case q.Person == "":
		return nil, &scenarios.RequestError{Path: "person", Err: errors.New("not there")}
	case q.Vehicle == "" && q.Line == "" && q.Network == "":
		return nil, &scenarios.RequestError{Path: "vehicle", Err: errors.New("no vehicle, line or network")}
	case q.Window <= 0 || q.Window > MaxWindow:
		return nil, &scenarios.RequestError{Path: "window", Err: fmt.Errorf("not up to %s", MaxWindow)}
	case q.Time.IsZero():
		return nil, &scenarios.RequestError{Path: "time", Err: errors.New("not there")}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var newest *known
	for i := range d.taps[q.Person] {
		k := &d.taps[q.Person][i]
		// The gate's clock may be a little ahead of the device's: the window
		// is open to the front.
		if !q.counts(k) || k.time.Before(q.Time.Add(-q.Window)) {
			continue
		}
		if newest == nil || k.time.After(newest.time) {
			newest = k
		}
	}
	// Whoever has gone out is not on that ride any more.
	if newest != nil && newest.kind != tap.Exit {
		return &Finding{Answer: Valid, Tap: newest.time, Message: scenarios.Text{Zh: "已刷码，乘车有效", En: "A valid tap is there"}}, nil
	}
	f := &Finding{Answer: None, Message: scenarios.Text{Zh: "未刷码，请按规定补票", En: "No tap: please buy a ticket"}}
	for _, g := range q.Gates {
		if d.through[g].Before(q.Time) {
			f.Silent = append(f.Silent, g)
		}
	}
	if len(q.Gates) == 0 || len(f.Silent) > 0 {
		f.Answer = Unknown
		f.Message = scenarios.Text{Zh: "尚无记录：闸机可能有未上传的刷码，不能判定未刷码，请先从车载机读取",
			En: "Not known: a gate may hold taps that were not uploaded; read the vehicle's gate first"}
	}
	return f, nil
}

func (q *Question) counts(k *known) bool {
	switch {
	case q.Vehicle != "":
		return k.vehicle == q.Vehicle
	case q.Line != "":
		return k.line == q.Line
	}
	return k.network == q.Network
}
