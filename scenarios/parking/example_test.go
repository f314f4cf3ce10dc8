package parking_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/parking"
)

// A car park with one bay: in, in again, out.
func Example() {
	city := citycodetest.NewCity(exampleTB{}, citycodetest.Shenyang)
	barrier, err := scenarios.NewTerminal(scenarios.TerminalConfig{
		Name:     "north barrier",
		Scenario: parking.New(parking.Config{Bays: 1}),
		Verifier: city.Verifier(nil),
		Now:      city.Clock.Now,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	driver := city.Citizen("a driver", citycode.ProfileTransit, citycode.Parking, nil)
	for _, action := range []string{parking.Enter, parking.Enter, parking.Leave} {
		code := driver.Show(citycode.Parking).Bytes()
		d, err := barrier.Scan(context.Background(), code, action, nil)
		fmt.Println(d.Allow, d.Reason, d.Message.Zh, string(d.Outcome), err)
	}
	// Output:
	// true ok 请入场 {"free":0,"session":"s-1","state":"inside"} <nil>
	// false already-inside 此码已在场内，请先出场或联系工作人员  <nil>
	// true ok 一路平安 {"free":1,"session":"s-1","state":"left","payment":"free"} <nil>
}

// exampleTB stands where a test would: what goes wrong in an example panics.
type exampleTB struct{ testing.TB }

func (exampleTB) Helper()                           {}
func (exampleTB) Errorf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (exampleTB) FailNow()                          { panic("failed") }
