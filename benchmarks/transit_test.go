package benchmarks_test

import (
	"context"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/citizencode/citizencode/benchmarks"
	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/scenariotest"
	"github.com/citizencode/citizencode/scenarios/transit"
	"github.com/citizencode/citizencode/scenarios/transit/deny"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

// TestTransitRatio: what the gate decides beyond the code, with its tap in a
// queue in memory, costs less than a quarter of one verification.
func TestTransitRatio(t *testing.T) {
	queue := tap.NewMemory()
	s := transit.New(transit.Config{Lines: []string{"9", "168"}, Operator: "bus", Deny: new(deny.Holder),
		Concessions: tap.Concessions{3: {Category: "student"}}, Queue: queue})
	people := scenariotest.NewPeople(t, s, citycode.ProfileTransit)
	board := people.Visit(scenarios.Phone, "rider", 3, transit.Board, `{"line":"168","vehicle":"5501","stop":"B168-03"}`)
	enter := people.Visit(scenarios.Phone, "rider", 3, transit.Enter, `{"network":"metro","stop":"M1-00-A","line":"9"}`)
	shown := 0
	handle := func(v *scenarios.Visit) func() {
		return func() {
			v.Key = strconv.Itoa(shown) // a queue answers a known visit from memory
			if shown++; shown%1000 == 0 {
				queue.Acknowledge(queue.Waiting(tap.MaxQueue))
			}
			if d, err := s.Handle(context.Background(), v); err != nil || !d.Allow {
				t.Fatal(d, err)
			}
		}
	}
	rows := benchmarks.Compare(*rounds, 10*time.Millisecond,
		benchmarks.Candidate{Name: "engine verify, key prepared (baseline)", Do: engineVerify(t)},
		benchmarks.Candidate{Name: "board", Do: handle(&board)},
		benchmarks.Candidate{Name: "enter", Do: handle(&enter)})
	benchmarks.Print(os.Stdout, "The transit gate, ratios to "+engine.Default().Name()+", SM2 verify", rows)
	assert.Less(t, rows[1].Ratio, 0.25, "board")
	assert.Less(t, rows[2].Ratio, 0.25, "enter")
}
