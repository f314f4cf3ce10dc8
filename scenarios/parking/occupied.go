package parking

import (
	"context"
	"errors"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/parking/occupancy"
)

// newBoard returns the board of the lots that have a place on the map.
func newBoard(lots []Lot) (*occupancy.Board, error) {
	var list []occupancy.Config
	for _, l := range lots {
		if l.Lat != 0 || l.Lon != 0 {
			list = append(list, occupancy.Config{Lot: occupancy.Lot{ID: l.ID, Name: l.Name, Bays: l.Bays, Lat: l.Lat, Lon: l.Lon, Form: l.Form}})
		}
	}
	return occupancy.NewBoard(list...)
}

// watch lets the board follow the sessions from now on. What is known of the
// past is a count of who is inside.
func (s *Scenario) watch() {
	set := func(lot string, at time.Time) {
		_ = s.board.Apply(occupancy.Report{Lot: lot, At: at, Kind: occupancy.Recount, N: s.state.yard(lot).occupied()}, at)
	}
	for id := range s.lots {
		set(id, s.now().UTC())
	}
	s.state.onRecount = func(lot string) { set(lot, s.now().UTC()) }
	s.state.onReport = func(lot string, in bool, at time.Time) {
		r := occupancy.Report{Lot: lot, At: at, Kind: occupancy.Leave}
		if in {
			r.Kind = occupancy.Enter
		}
		now := s.now().UTC()
		// A car of the second in which a whole number was set, or of before it:
		// the sessions know whether it is in that number.
		if e, ok := errors.AsType[*occupancy.Error](s.board.Apply(r, now)); ok && e.Reason == occupancy.Old {
			set(lot, now)
		}
	}
}

// Feed returns what may be published about every lot that has a place on the
// map; Feed.APDS, Feed.DATEX and Feed.GeoJSON write it.
func (s *Scenario) Feed() occupancy.Feed { return s.board.Feed(s.now()) }

// Observe takes what else a lot says: the reading of its sensors, that it is
// alive, its doors. An error is a *occupancy.Error. Cars come as sessions, and
// counts by hand by Recount.
func (s *Scenario) Observe(r occupancy.Report) error {
	switch r.Kind {
	case occupancy.Enter, occupancy.Leave, occupancy.Recount:
		return &occupancy.Error{Path: "report.kind", Reason: occupancy.Malformed}
	}
	return s.board.Apply(r, s.now())
}

// A RecountRequest says how many bays a person has counted as occupied.
type RecountRequest struct {
	Key      string `json:"key"`
	Lot      string `json:"lot"`
	Occupied int    `json:"occupied"`
	By       string `json:"by"`
}

// Recount implements the operation: it corrects the feed, and the room that the
// entry sees.
func (s *Scenario) Recount(ctx context.Context, r RecountRequest) (*scenarios.Decision, error) {
	lot, known := s.lot(r.Lot)
	switch {
	case !known:
		return refuse(LotUnknown), nil
	case r.Occupied < 0 || r.Occupied > lot.Bays:
		return nil, badRequest("occupied", "not 0 to the number of bays")
	case r.By == "":
		return nil, badRequest("by", "missing")
	}
	now := s.now().UTC()
	return s.do(ctx, "q:", r.Key, r, now, func(*state) (*scenarios.Decision, []fact, error) {
		d, err := scenarios.Allowed(text("已更正", "Corrected"), nil)
		return d, []fact{&recounted{Lot: lot.ID, Occupied: r.Occupied, By: r.By}}, err
	})
}

// recounted: somebody has counted.
type recounted struct {
	Lot      string `json:"lot"`
	Occupied int    `json:"occupied"`
	By       string `json:"by"`
}

func (*recounted) kind() string { return "recounted" }

func (f *recounted) apply(st *state, _ string, at time.Time) error {
	y := st.yard(f.Lot)
	y.correction, y.recountedAt = f.Occupied-y.cars, at
	if st.onRecount != nil {
		st.onRecount(f.Lot)
	}
	return nil
}
