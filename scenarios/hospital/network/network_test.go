package network_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/hospital"
	"github.com/citizencode/citizencode/scenarios/hospital/network"
	"github.com/citizencode/citizencode/scenarios/scenariotest"
)

type everybody struct{}

func (everybody) Lookup(context.Context, []byte) (*hospital.Patient, error) {
	return &hospital.Patient{Pseudonym: "P-1"}, nil
}

// TestRow25Directory: 31 hospitals, and one more in the configuration appears
// with everything that it can do; nothing else changes.
func TestRow25Directory(t *testing.T) {
	n, err := network.Read(network.Example)
	require.NoError(t, err)
	require.Len(t, n.Hospitals(), 31)
	added := strings.Replace(string(network.Example), `"hospitals": [`, `"hospitals": [
    {"id": "sy-32", "name": {"zh": "示例新医院", "en": "New Example Hospital"}, "capabilities": ["check-in"], "departments": ["teeth"]},`, 1)
	more, err := network.Read([]byte(added))
	require.NoError(t, err)
	require.Len(t, more.Hospitals(), 32)
	assert.Len(t, more.Hospitals(hospital.Credit), len(n.Hospitals(hospital.Credit)), "it has no credit")
	page, found := more.Find("sy-32")
	assert.True(t, found)
	assert.Equal(t, "New Example Hospital", page.Name.En)
	_, found = n.Find("sy-32")
	assert.False(t, found)

	opened, err := more.Open(context.Background(), hospital.Config{Directory: everybody{}, Store: eventlog.NewMemory(), Limit: 1000})
	require.NoError(t, err)
	require.Len(t, opened, 32)
	people := scenariotest.NewPeople(t, opened["sy-32"], citycode.ProfileMedical)
	scan := func(id, params string) string {
		v := people.Visit(scenarios.Phone, "li", 0, hospital.CheckIn, params)
		d, err := opened[id].Handle(context.Background(), &v)
		require.NoError(t, err)
		return d.Reason
	}
	assert.Equal(t, "ok", scan("sy-32", `{"department":"teeth"}`))
	assert.Equal(t, hospital.NotOffered, scan("sy-32", `{"department":"teeth","credit":true}`))
	assert.Equal(t, hospital.DepartmentUnknown, scan("sy-01", `{"department":"teeth"}`))
	assert.Equal(t, "ok", scan("sy-01", `{"department":"internal","credit":true}`))
}

func TestReadRefuses(t *testing.T) {
	one := `{"id":"sy-01","name":{"zh":"示例","en":"Example"},"capabilities":["check-in"]}`
	for text, path := range map[string]string{
		`{"version":2,"hospitals":[` + one + `]}`:                                                       "network.version",
		`{"hospitals":[` + one + `]}`:                                                                   "network.version",
		`{"version":1,"hospitals":[]}`:                                                                  "network.hospitals",
		`{"version":1,"hospitals":[` + one + `,` + one + `]}`:                                           "network.hospitals[1].id",
		`{"version":1,"hospitals":[` + one + `],"more":1}`:                                              "network.more",
		`{"version":1,"hospitals":[` + strings.Replace(one, "check-in", "surgery", 1) + `]}`:            "network.hospitals[0].capabilities[0]",
		`{"version":1,"hospitals":[` + strings.Replace(one, "check-in", `credit","credit`, 1) + `]}`:    "network.hospitals[0].capabilities[1]",
		`{"version":1,"hospitals":[` + strings.Replace(one, "sy-01", "SY 01", 1) + `]}`:                 "network.hospitals[0]",
		`{"version":1,"hospitals":[` + strings.Replace(one, "示例", "", 1) + `]}`:                         "network.hospitals[0].name",
		`{"version":1,"hospitals":[` + strings.Replace(one, `"capabilities"`, `"capability"`, 1) + `]}`: "network.hospitals[0].capability",
		``: "network",
	} {
		_, err := network.Read([]byte(text))
		wrong, ok := errors.AsType[*scenarios.RequestError](err)
		if assert.True(t, ok, text) {
			assert.Equal(t, path, wrong.Path, text)
		}
	}
}

// FuzzRead: nothing is accepted that cannot be opened.
func FuzzRead(f *testing.F) {
	f.Add(network.Example)
	f.Add([]byte(`{"version":1,"hospitals":[{"id":"a","name":{"zh":"示","en":"E"},"capabilities":[]}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		n, err := network.Read(raw)
		if err != nil {
			return
		}
		opened, err := n.Open(context.Background(), hospital.Config{})
		require.NoError(t, err)
		require.Len(t, opened, len(n.Hospitals()))
	})
}
