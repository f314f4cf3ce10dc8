package parking_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/parking"
	"github.com/citizencode/citizencode/scenarios/rails"
	"github.com/citizencode/citizencode/scenarios/rails/railstest"
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

// A car whose owner has bound its plate drives through; the bank is asked later.
func ExampleScenario_Camera() {
	ctx, now := context.Background(), time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)
	lots, err := parking.ParseLots([]byte(`{"version": 1,
	  "tariffs": [{"id": "hourly", "zone": "Asia/Shanghai",
	    "plans": {"car": {"workday": [{"name": "日间", "from": "00:00", "minutes": 60, "fen": 500}]}}, "classes": {"small": {"plan": "car"}}}],
	  "lots": [{"id": "north", "name": "北场", "bays": 140, "tariff": "hourly", "lat": 41.8, "lon": 123.4}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	token, _ := rails.ParseMandate("mandate-7")
	bank := railstest.NewBank(railstest.Faults{}, map[rails.Mandate]int64{token: 10_000})
	s := parking.New(parking.Config{Lots: lots, Bank: bank, Now: func() time.Time { return now }})
	show := func(d *scenarios.Decision, err error) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(d.Allow, d.Reason, d.Message.Zh)
	}
	show(s.BindPlate(ctx, parking.BindRequest{Key: "app-1", Person: "210100-00ff", Plate: "辽A12345", Mandate: token.Token()}))
	show(s.VerifyPlate(ctx, parking.PlateRequest{Key: "register-1", Person: "210100-00ff", Plate: "辽A12345", By: "register"}))
	show(s.Camera(ctx, parking.PlateEvent{Event: "in-1", Plate: "辽A12345", Confidence: 990, Time: now}))
	now = now.Add(90 * time.Minute)
	show(s.Camera(ctx, parking.PlateEvent{Event: "out-1", Exit: true, Plate: "辽A12346", Confidence: 990, Time: now}))
	show(s.Camera(ctx, parking.PlateEvent{Event: "out-2", Exit: true, Plate: "辽A12345", Confidence: 990, Time: now}))
	fmt.Println(s.Collect(ctx))
	settlement, err := s.Settle(ctx, "2026-03-02")
	fmt.Println(settlement.Lines, err)
	// Output:
	// true ok 已提交，待验证车主身份
	// true ok 车牌已验证，无感通行已开通
	// true ok 请入场
	// false plate-in-doubt 车牌识别存疑，没有扣费；请出示市民码、自助缴费或联系工作人员
	// true ok 已受理代扣 10.00 元，一路平安
	// {1 0 0} <nil>
	// [{north 1 1000}] <nil>
}
