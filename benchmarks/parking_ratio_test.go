package benchmarks_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/benchmarks"
	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/parking"
	"github.com/citizencode/citizencode/scenarios/parking/tariff"
	"github.com/citizencode/citizencode/scenarios/scenariotest"
)

// TestParkingRatio relates what the car park decides to the signature that was
// verified before: a car in, a car out with a fee that is billed and booked.
// Each is under a quarter of one verification; the margin is for noise.
func TestParkingRatio(t *testing.T) {
	fen := int64(500)
	price, err := tariff.New(tariff.Spec{ID: "hourly", Zone: "Asia/Shanghai",
		Plans:   map[string]tariff.PlanSpec{"car": {Workday: []tariff.BandSpec{{Name: "day", From: "00:00", Minutes: 60, Fen: &fen}}}},
		Classes: map[tariff.Class]tariff.ClassSpec{tariff.Small: {Plan: "car"}}})
	require.NoError(t, err)
	s := parking.New(parking.Config{Lots: []parking.Lot{{ID: "lot", Bays: 100, Tariff: price, OpenUnpaid: true}}})
	visit := scenariotest.NewPeople(t, s, citycode.ProfileTransit).Visit(scenarios.Phone, "li", 0, parking.Enter, `{}`)
	ctx, n := context.Background(), 0
	handle := func() {
		// In and out in turn.
		if n++; n%2 == 1 {
			visit.Action = parking.Enter
		} else {
			visit.Action = parking.Leave
		}
		visit.Key, visit.Params, visit.Time = fmt.Sprint("visit ", n), json.RawMessage(`{}`), visit.Time.Add(time.Minute)
		if d, err := s.Handle(ctx, &visit); err != nil || !d.Allow {
			t.Fatal(d, err)
		}
	}
	rows := benchmarks.Compare(*rounds, 10*time.Millisecond,
		benchmarks.Candidate{Name: "engine verify, key prepared (baseline)", Do: engineVerify(t)},
		benchmarks.Candidate{Name: "parking, a decision at the barrier", Do: handle})
	benchmarks.Print(os.Stdout, "Parking beside "+engine.Default().Name()+", SM2 verify", rows)
	assert.Less(t, rows[1].Ratio, 0.25*1.15)
}
