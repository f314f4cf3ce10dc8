package parking

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/parking/tariff"
	"github.com/citizencode/citizencode/scenarios/scenariotest"
)

// The contract, with a plate beside the code and a fee.
func TestContractWithLots(t *testing.T) {
	newScenario := func() scenarios.Scenario {
		clock := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
		w := newTown(t, func(c *Config) { c.Now = func() time.Time { return clock } })
		w.bind(li, plateLi, "mandate-li")
		return w.Scenario
	}
	people := scenariotest.NewPeople(t, newScenario(), citycode.ProfileTransit)
	scenariotest.Run(t, newScenario, func(c scenarios.Carrier) (script []scenarios.Visit) {
		for i, step := range []struct{ action, params string }{
			{Enter, `{"lot":"north","plate":"` + plateLi + `","confidence":700}`}, {Enter, `{"lot":"north"}`}, {Leave, `{"lot":"north"}`}, {Leave, `{"lot":"north"}`},
			{Enter, `{"lot":"nowhere"}`}, {Enter, `{"lot":"north","class":"large"}`},
		} {
			v := people.Visit(c, "li", 0, step.action, step.params)
			v.Time = v.Time.Add(time.Duration(i) * time.Hour)
			script = append(script, v)
		}
		return script
	})
}

func TestParamsAreStrict(t *testing.T) {
	w := newTown(t, nil)
	for params, path := range map[string]string{
		`{"lot":"north","confidence":1001}`: "params.confidence", `{"class":"tank"}`: "params.class", `{"lot":7}`: "params.lot", `{"lots":"north"}`: "params.lots",
	} {
		v := w.people.Visit(scenarios.Phone, "li", 0, Enter, params)
		_, err := w.Handle(context.Background(), &v)
		var wrong *scenarios.RequestError
		require.ErrorAs(t, err, &wrong, params)
		assert.Equal(t, path, wrong.Path)
	}
	for path, e := range map[string]PlateEvent{
		"confidence": {Event: "e", Lot: "north", Plate: plateLi, Confidence: -1, Time: w.clock},
		"time":       {Event: "e", Lot: "north", Plate: plateLi, Time: time.Unix(0, 0)},
		"class":      {Event: "e", Lot: "north", Plate: plateLi, Time: w.clock, Class: "tank"},
		"key":        {Lot: "north", Plate: plateLi, Time: w.clock},
	} {
		_, err := w.Camera(context.Background(), e)
		var wrong *scenarios.RequestError
		require.ErrorAs(t, err, &wrong, path)
		assert.Equal(t, path, wrong.Path)
	}
}

func TestParseLots(t *testing.T) {
	const good = `{"version":1,
		"tariffs":[{"id":"hourly","zone":"Asia/Shanghai","plans":{"car":{"workday":[{"name":"day","from":"00:00","minutes":60,"fen":500}]}},"classes":{"small":{"plan":"car"}}}],
		"lots":[{"id":"p1","name":"北站","bays":140,"tariff":"hourly","reserved":10,"lat":41.8,"lon":123.4,"form":"surface","shared":[{"id":"bay-7","owner":"owner-7"}]}]}`
	lots, err := ParseLots([]byte(good))
	require.NoError(t, err)
	require.Len(t, lots, 1)
	assert.Equal(t, []tariff.Class{tariff.Small}, lots[0].Tariff.Classes())
	New(Config{Lots: lots})
	for text, path := range map[string]string{
		`{"version":2,"news":1}`:                                                               "lots.version",
		`{"version":1,"news":1}`:                                                               "lots.news",
		`{"version":1,"lots":[]}`:                                                              "lots.lots",
		`{"version":1,"lots":[{"id":"p1","bay":1}]}`:                                           "lots.lots[0].bay",
		`{"version":1,"lots":[{"id":"p1","tariff":"x"}]}`:                                      "lots.lots[0].tariff",
		`{"version":1,"lots":[{"id":"p1","form":"moon"}]}`:                                     "lots.lots[0].form",
		`{"version":1,"lots":[{"id":"p1"},{"id":"p1"}]}`:                                       "lots[1].id",
		`{"version":1,"lots":[{"id":"P 1"}]}`:                                                  "lots[0].id",
		`{"version":1,"lots":[{"id":"p1","bays":-1}]}`:                                         "lots[0].bays",
		`{"version":1,"lots":[{"id":"p1","bays":1,"reserved":2}]}`:                             "lots[0].reserved",
		`{"version":1,"lots":[{"id":"p1","shared":[{"id":"p1","owner":"o"}]}]}`:                "lots[0].shared[0]",
		`{"version":1,"tariffs":[{"id":"x","zone":"moon"}],"lots":[{"id":"p1","tariff":"x"}]}`: "lots.tariffs[0]",
		`{"version":1,"lots":[{"id":"p1","shared":[{"id":"b","owner":"o","rent":1}]}]}`:        "lots.lots[0].shared[0].rent",
	} {
		_, err := ParseLots([]byte(text))
		assert.ErrorContains(t, err, path+": ", text)
	}
}

func FuzzParseLots(f *testing.F) {
	f.Add([]byte(`{"version":1,"lots":[{"id":"p1","bays":1}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if lots, err := ParseLots(data); err == nil {
			_, err := Open(context.Background(), Config{Lots: lots})
			var wrong *ConfigError
			if err != nil {
				require.ErrorAs(t, err, &wrong)
			}
		}
	})
}
