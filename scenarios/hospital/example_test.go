package hospital_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/hospital"
	"github.com/citizencode/citizencode/scenarios/hospital/payer/payertest"
	"github.com/citizencode/citizencode/scenarios/scenariotest"
)

// directory stands for the hospital's online service.
type directory struct{ handle, pseudonym string }

func (d directory) Lookup(_ context.Context, subject []byte) (*hospital.Patient, error) {
	if string(subject) != d.handle {
		return nil, hospital.ErrUnknownPatient
	}
	return &hospital.Patient{Pseudonym: d.pseudonym}, nil
}

// A check-in desk with the network, and then without it.
func Example() {
	city := citycodetest.NewCity(exampleTB{}, citycodetest.Shenyang)
	patient := city.Citizen("a patient", citycode.ProfileMedical, citycode.Medical, nil)
	online := true
	desk, err := scenarios.NewTerminal(scenarios.TerminalConfig{
		Name:     "desk 3",
		Scenario: hospital.New(hospital.Config{Directory: directory{string(patient.Claims.Subject), "P-2041"}}),
		Verifier: city.Verifier(nil),
		Online:   func() bool { return online },
		Now:      city.Clock.Now,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, online = range []bool{true, false} {
		code := patient.Show(citycode.Medical).Bytes()
		d, err := desk.Scan(context.Background(), code, hospital.CheckIn, nil)
		fmt.Println(d.Allow, d.Reason, d.Message.Zh, d.Outcome != nil, err)
	}
	// Output:
	// true ok 签到成功，您是 1 号 true <nil>
	// false online-required 此业务需要联网，请稍后或到人工窗口 false <nil>
}

// exampleTB stands where a test would: what goes wrong in an example panics.
type exampleTB struct{ testing.TB }

func (exampleTB) Helper()                           {}
func (exampleTB) Errorf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (exampleTB) FailNow()                          { panic("failed") }

// Treat first, pay later: a patient has agreed to a credit when he checked in. A
// laboratory order is settled without him, he leaves, and pays a part by phone.
func ExampleScenario_Order() {
	ctx := context.Background()
	people := scenariotest.NewPeople(exampleTB{}, hospital.New(hospital.Config{}), citycode.ProfileMedical)
	house := hospital.New(hospital.Config{
		Directory: directory{string(scenariotest.Subject("a patient")), "P-2041"},
		Insurer:   payertest.NewInsurer(0, 1, map[string]payertest.Policy{"P-2041": {Percent: 60, Account: 5000}}),
		Limit:     100_000,
	})
	visit := people.Visit(scenarios.Phone, "a patient", 0, hospital.CheckIn, `{"credit":true}`)
	checkIn, err := house.Handle(ctx, &visit)
	fmt.Println(checkIn.Message.En, err)

	order, err := house.Order(ctx, hospital.OrderRequest{Key: "lab-1", At: visit.Time, Encounter: "e1", By: "doctor-1",
		Items: []hospital.Item{{Station: hospital.Lab, Code: "blood-count", Fen: 20_000}}})
	fmt.Println(order.Message.En, err)
	left, err := house.Leave(ctx, hospital.LeaveRequest{Key: "leave-1", At: visit.Time, Encounter: "e1"})
	fmt.Println(left.Message.En, err)
	_, err = house.Repay(ctx, hospital.RepayRequest{Key: "repay-1", At: visit.Time.AddDate(0, 0, 30), Patient: "P-2041", Fen: 1000, By: "cashier-1"})
	fmt.Println(err)
	s, err := house.Statement(ctx, "e1", visit.Time.AddDate(0, 0, 56))
	fmt.Println("pool", s.Parts.Pool, "account", s.Parts.Account, "credit", s.Parts.Credit, "self", s.Parts.Self, "owed", s.Owed, err)
	// Output:
	// Checked in; your number is 1 <nil>
	// Settled; there is nothing to pay at a desk <nil>
	// You can leave; pay the statement by phone, free of interest until 2027-01-17 <nil>
	// <nil>
	// pool 12000 account 5000 credit 3000 self 0 owed 2000 <nil>
}
