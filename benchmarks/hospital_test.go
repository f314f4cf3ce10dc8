package benchmarks_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/benchmarks"
	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/hospital"
	"github.com/citizencode/citizencode/scenarios/scenariotest"
)

// patients are known by their subject.
type patients map[string]hospital.Patient

func (p patients) Lookup(_ context.Context, subject []byte) (*hospital.Patient, error) {
	patient := p[string(subject)]
	return &patient, nil
}

// checkIns returns check-ins of 64 people, one after another, each a new visit.
func checkIns(tb testing.TB) func() {
	known := make(patients)
	s := hospital.New(hospital.Config{Directory: known, Departments: []string{"internal"}})
	people := scenariotest.NewPeople(tb, s, citycode.ProfileMedical)
	var visits [64]scenarios.Visit
	for i := range visits {
		name := fmt.Sprintf("person %d", i)
		known[string(scenariotest.Subject(name))] = hospital.Patient{Pseudonym: fmt.Sprintf("P-%d", i)}
		visits[i] = people.Visit(scenarios.Phone, name, 0, hospital.CheckIn, `{"department":"internal"}`)
	}
	n := 0
	return func() {
		v := visits[n%64]
		n++
		v.Key = "visit " + strconv.Itoa(n)
		d, err := s.Handle(context.Background(), &v)
		if err != nil || !d.Allow {
			tb.Fatal(d, err)
		}
	}
}

// TestHospitalRatio relates a check-in, with its event, to one signature.
func TestHospitalRatio(t *testing.T) {
	rows := benchmarks.Compare(*rounds, 10*time.Millisecond,
		benchmarks.Candidate{Name: "engine verify, key prepared (baseline)", Do: engineVerify(t)},
		benchmarks.Candidate{Name: "hospital check-in, in memory", Do: checkIns(t)})
	require.Len(t, rows, 2)
	benchmarks.Print(os.Stdout, "Hospital", rows)
	assert.Less(t, rows[1].Ratio, 0.25*1.15)
}

func BenchmarkHandleHospital(b *testing.B) {
	do := checkIns(b)
	b.ReportAllocs()
	for b.Loop() {
		do()
	}
}
