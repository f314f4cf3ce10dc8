package service_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/refserver/service"
	"github.com/citizencode/citizencode/refserver/service/servicetest"
)

// Whatever a body holds, a visit ends in a decision or in a problem of the
// request, as JSON: never in a fault.
func FuzzVisit(f *testing.F) {
	_, s, _ := open(f)
	for _, body := range []string{`{"code":"77","action":"open"}`, `{"slip":"123456789012","action":"open"}`, `{"code":"x","action":"open","params":{"wide":true}}`,
		`{"params":[[[[`, "{}", "null", `{"code":"` + "\x00" + `"}`, `{"code":"1","code":"2"}`} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got := servicetest.Post(s, front, "", body)
		require.True(t, json.Valid([]byte(got.Body)), "%q", got.Body)
		if got.Status == 200 {
			require.NotEmpty(t, decision(t, got).Message.En)
			return
		}
		p := got.Problem(t)
		require.Contains(t, []int{400, 413}, p.Status, got.Body)
	})
}

// A pseudonym is read as it is written, and nothing else is one.
func FuzzPerson(f *testing.F) {
	f.Add("210100-0000006500c1712e")
	f.Add("0210100-00")
	f.Add("210100-0A")
	f.Fuzz(func(t *testing.T, text string) {
		if p, ok := service.ParsePerson(text); ok {
			require.Equal(t, text, p.String())
			require.NotEmpty(t, p.Subject)
		}
	})
}

func ExampleReadConfig() {
	var config struct {
		Terminals []string `json:"terminals"`
		Bays      int      `json:"bays"`
	}
	fmt.Println(service.ReadConfig([]byte(`{"terminals": ["north-in"], "bays": 12}`), &config), config.Bays)
	fmt.Println(service.ReadConfig([]byte(`{"terminals": ["north-in", 7]}`), &config))
	fmt.Println(service.ReadConfig([]byte(`{"bay": 12}`), &config))
	// Output:
	// <nil> 12
	// scenarios: config.terminals[1]: number where string belongs
	// scenarios: config.bay: unknown parameter
}

func TestParsePerson(t *testing.T) {
	for _, text := range []string{"", "-", "210100", "210100-", "210100-0", "210100-0A", "0210100-00", "x-00"} {
		_, ok := service.ParsePerson(text)
		assert.False(t, ok, "%q", text)
	}
}
