package scenarios_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios"
)

type stay struct {
	Bays []struct {
		ID int `json:"id"`
	} `json:"bays"`
	Since time.Time         `json:"since"`
	Note  map[string]string `json:"note"`
	Next  *stay             `json:"next"`
	Plain string
	Skip  string `json:"-"`
}

func TestReadParams(t *testing.T) {
	var got stay
	require.NoError(t, scenarios.ReadParams(json.RawMessage(`
		{"bays":[{"id":7}],"since":"2026-11-22T08:00:00Z","note":{"any":"name"},"next":{"bays":[]},"Plain":"p"} `), &got))
	assert.Equal(t, 7, got.Bays[0].ID)
	assert.Equal(t, "name", got.Note["any"])
	assert.NotNil(t, got.Next)
	assert.Equal(t, "p", got.Plain)
	for _, absent := range []string{"", " \n", "{}"} {
		assert.NoError(t, scenarios.ReadParams(json.RawMessage(absent), new(stay)))
	}
}

func TestReadParamsRefuses(t *testing.T) {
	long := strings.Repeat("长", 30)
	for _, c := range []struct{ params, path, says string }{
		{`{"bay":1}`, "params.bay", "unknown"},
		{`{"BAYS":[]}`, "params.BAYS", "unknown"}, // encoding/json would take it for bays
		{`{"Skip":"x"}`, "params.Skip", "unknown"},
		{`{"-":"x"}`, "params.-", "unknown"},
		{`{"bays":[{"id":1},{"id":2,"x":3}]}`, "params.bays[1].x", "unknown"},
		{`{"next":{"next":{"bay":1}}}`, "params.next.next.bay", "unknown"},
		{`{"bays":[],"bays":[]}`, "params.bays", "twice"},
		{`{"note":{"a":"1","a":"2"}}`, "params.note.a", "twice"},
		{`{"` + long + `":1}`, "params." + strings.Repeat("长", 13) + "…", "unknown"},
		{`{"bays":[{"id":"seven"}]}`, "params.bays[0].id", "string where int"},
		{`{"bays":{"id":1}}`, "params.bays", "object where"},
		{`{"bays":[1.5]}`, "params.bays[0]", "number where"},
		{`{"since":"yesterday"}`, "params", "type"},
		{`[]`, "params", "object"},
		{`null`, "params", "object"},
		{`7`, "params", "object"},
		{`{"bays":[]`, "params", "valid"},
		{`{} {}`, "params", "valid"},
		{"\f{}", "params", "valid"}, // white space, but not of JSON
		{"{}\u00a0", "params", "valid"},
		{"{\"note\":{\"a\":\"\xff\"}}", "params", "valid"},
		{`{"Plain":"` + strings.Repeat("x", scenarios.MaxParams) + `"}`, "params", "longer"},
	} {
		err := scenarios.ReadParams(json.RawMessage(c.params), new(stay))
		var wrong *scenarios.RequestError
		require.ErrorAs(t, err, &wrong, "%.60s", c.params)
		assert.Equal(t, c.path, wrong.Path, "%.60s", c.params)
		assert.ErrorContains(t, wrong, c.says, "%.60s", c.params)
		assert.NotContains(t, err.Error(), "\n")
		assert.NotNil(t, errors.Unwrap(err))
	}
}

// A value may be a number plate; an error goes into a log.
func TestReadParamsQuotesNoValue(t *testing.T) {
	for _, params := range []string{`{"bays":"辽A12345"}`, `{"since":"辽A12345"}`, `{"Plain":"辽A12345","x":"辽A12345"}`, `"辽A12345"`} {
		err := scenarios.ReadParams(json.RawMessage(params), new(stay))
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "12345")
	}
}

func FuzzReadParams(f *testing.F) {
	for _, seed := range []string{`{}`, `{"bays":[{"id":1}]}`, `{"next":{"next":{}}}`, `{"a":1,"a":2}`, `[[[`, `{"note":{"":""}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var got stay
		if err := scenarios.ReadParams(b, &got); err != nil {
			var wrong *scenarios.RequestError
			if !errors.As(err, &wrong) || wrong.Path == "" {
				t.Fatalf("%v is not a request error with a path", err)
			}
			return
		}
		if len(strings.Trim(string(b), " \t\r\n")) == 0 {
			return
		}
		// What was taken has nothing that the struct does not know.
		d := json.NewDecoder(strings.NewReader(string(b)))
		d.DisallowUnknownFields()
		if err := d.Decode(new(stay)); err != nil {
			t.Fatalf("encoding/json refuses what was taken: %v", err)
		}
	})
}

func TestUnknownAction(t *testing.T) {
	err := scenarios.UnknownAction("fly", "enter", "leave")
	assert.EqualError(t, err, `scenarios: action: "fly" is none of enter, leave`)
}
