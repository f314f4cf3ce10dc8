package hospital_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/hospital"
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
