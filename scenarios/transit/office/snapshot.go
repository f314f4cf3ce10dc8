package office

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

// MaxGates bounds a SnapshotRequest.
const MaxGates = 1000

// A SnapshotRequest asks for what an inspector's device needs: the taps of some
// gates, as those of a line's vehicles, since a moment.
type SnapshotRequest struct {
	Gates []string  `json:"gates"`
	Since time.Time `json:"since"`
}

// Snapshot returns a batch for each gate, with how far the office has heard it,
// for [inspect.Device.Learn]. A gate that has said nothing has no Through: an
// inspector must not take its silence for a "no".
func (o *Office) Snapshot(ctx context.Context, r SnapshotRequest) ([]tap.Batch, error) {
	if len(r.Gates) > MaxGates {
		return nil, &scenarios.RequestError{Path: "gates", Err: fmt.Errorf("more than %d", MaxGates)}
	}
	if r.Since.IsZero() {
		return nil, &scenarios.RequestError{Path: "since", Err: errors.New("not there")}
	}
	batches := make([]tap.Batch, len(r.Gates))
	at := make(map[string]int, len(r.Gates))
	o.mu.Lock()
	for i, g := range r.Gates {
		at[g] = i
		batches[i] = tap.Batch{Gate: g, Through: o.heard[g]}
	}
	o.mu.Unlock()
	// First how far, then what: a tap that comes in between does no harm.
	each := func(read func(m *month)) error {
		for _, m := range o.openMonths() {
			if s := o.month(m); s != nil {
				if err := s.stream.View(ctx, func() error { read(s.state); return nil }); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if err := each(func(m *month) {
		for g, i := range at {
			if through := m.through[g]; through.After(batches[i].Through) {
				batches[i].Through = through
			}
		}
	}); err != nil {
		return nil, err
	}
	since := monthOf(o.engine.ServiceDay(r.Since))
	if err := each(func(m *month) {
		if m.id < since {
			return
		}
		for person, rider := range m.riders {
			for _, t := range rider.taps {
				if i, ok := at[t.place.gate]; ok && !t.time().Before(r.Since) {
					batches[i].Taps = append(batches[i].Taps, t.tap(person))
				}
			}
		}
	}); err != nil {
		return nil, err
	}
	for i := range batches {
		slices.SortFunc(batches[i].Taps, func(a, b tap.Tap) int { return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Key, b.Key)) })
	}
	return batches, nil
}
