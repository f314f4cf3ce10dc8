package transit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/transit"
)

// A bus gate without a network: one ride code, and what the gate says.
func Example() {
	city := citycodetest.NewCity(exampleTB{}, citycodetest.Shenyang)
	gate, err := scenarios.NewTerminal(scenarios.TerminalConfig{
		Name:     "bus 168, door 1",
		Scenario: transit.New(transit.Config{Lines: []string{"168", "metro-2"}}),
		Verifier: city.Verifier(nil),
		Now:      city.Clock.Now,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	rider := city.Citizen("a rider", citycode.ProfileTransit, citycode.Transit, nil)
	for _, line := range []string{"168", "9"} {
		city.Clock.Advance(time.Minute)
		code := rider.Show(citycode.Transit).Bytes()
		d, err := gate.Scan(context.Background(), code, transit.Board, json.RawMessage(`{"line":"`+line+`"}`))
		fmt.Println(d.Allow, d.Reason, d.Message.Zh, string(d.Outcome), err)
	}
	// Output:
	// true ok 请上车 {"line":"168","offlineRidesLeft":9} <nil>
	// false line-not-accepted 本线路暂不支持市民码，请使用其他方式乘车  <nil>
}

// exampleTB stands where a test would: what goes wrong in an example panics.
type exampleTB struct{ testing.TB }

func (exampleTB) Helper()                           {}
func (exampleTB) Errorf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (exampleTB) FailNow()                          { panic("failed") }
