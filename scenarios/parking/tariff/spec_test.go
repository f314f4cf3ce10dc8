package tariff_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/parking/tariff"
)

// good is a tariff with every field.
const good = `{
  "id": "t", "zone": "Asia/Shanghai", "free": {"minutes": 15, "deducted": true}, "graceMinutes": 15,
  "maxStayMinutes": 4320, "boundary": "finish",
  "calendar": {"weekends": true, "holidays": ["2026-10-01"], "workdays": ["2026-10-10"]},
  "plans": {"car": {
    "workday": [
      {"name": "day", "from": "08:00", "first": {"units": 1, "minutes": 60, "fen": 600}, "minutes": 30, "fen": 200, "capFen": 900},
      {"name": "night", "from": "20:00", "minutes": 60, "fen": 100}
    ],
    "holiday": [{"name": "holiday", "from": "00:00", "minutes": 60, "fen": 300}],
    "cap": {"per": "24h", "fen": 3000, "restart": true}, "visitCapFen": 9000
  }},
  "classes": {"small": {"plan": "car", "percent": 50, "free": {"minutes": 60}}}
}`

func TestParse(t *testing.T) {
	tf, err := tariff.Parse([]byte(good))
	require.NoError(t, err)
	assert.Equal(t, "t", tf.ID())
	assert.Equal(t, []tariff.Class{tariff.Small}, tf.Classes())
}

// TestParseRefuses changes one place of a good tariff and expects the path of
// it.
func TestParseRefuses(t *testing.T) {
	long := strings.Repeat("x", tariff.MaxName+1)
	for _, c := range []struct {
		old, new, path string
		reason         tariff.Reason
	}{
		{`"id"`, `"Id"`, "tariff.Id", tariff.Malformed}, // encoding/json alone would take it
		{`"id": "t"`, `"id": "t", "id": "u"`, "tariff.id", tariff.Malformed},
		{`"id": "t"`, `"id": 7`, "tariff.id", tariff.Malformed},
		{`"id": "t"`, `"id": ""`, "tariff.id", tariff.Missing},
		{`"id": "t"`, `"id": "` + long + `"`, "tariff.id", tariff.OutOfRange},
		{`"id": "t"`, `"id": "\n"`, "tariff.id", tariff.OutOfRange},
		{`"zone": "Asia/Shanghai",`, ``, "tariff.zone", tariff.Missing},
		{`Asia/Shanghai`, `Europe/Berlin`, "tariff.zone", tariff.Unknown}, // has a summer time
		{`Asia/Shanghai`, `UTC+8`, "tariff.zone", tariff.Unknown},
		{`"minutes": 15, "deducted"`, `"minutes": -1, "deducted"`, "tariff.free.minutes", tariff.OutOfRange},
		{`"minutes": 15, "deducted"`, `"minutes": 1441, "deducted"`, "tariff.free.minutes", tariff.OutOfRange},
		{`"minutes": 15, "deducted"`, `"minutes": 0, "deducted"`, "tariff.free.minutes", tariff.Missing},
		{`"minutes": 15, "deducted"`, `"minutes": 1.5, "deducted"`, "tariff.free.minutes", tariff.Malformed},
		{`"graceMinutes": 15`, `"graceMinutes": -1`, "tariff.graceMinutes", tariff.OutOfRange},
		{`"maxStayMinutes": 4320`, `"maxStayMinutes": -1`, "tariff.maxStayMinutes", tariff.OutOfRange},
		{`"finish"`, `"round"`, "tariff.boundary", tariff.Unknown},
		{`["2026-10-01"]`, `["2026-10-01", "2026-10-01"]`, "tariff.calendar.holidays", tariff.Duplicate},
		{`["2026-10-01"]`, `["2026-10-01", "2026-02-29"]`, "tariff.calendar.holidays[1]", tariff.Malformed},
		{`["2026-10-01"]`, `["2026-10-1"]`, "tariff.calendar.holidays[0]", tariff.Malformed},
		{`["2026-10-10"]`, `["2026-10-01"]`, "tariff.calendar.workdays", tariff.Duplicate},
		{`"weekends": true, `, ``, "tariff.calendar.workdays", tariff.Forbidden},
		{`"plans": {"car"`, `"plans": {"bus"`, "tariff.classes.small.plan", tariff.Unknown},
		{`"plans": {"car"`, `"plans": {""`, "tariff.plans.", tariff.Missing},
		{`"from": "08:00"`, `"from": "8:00"`, "tariff.plans.car.workday[0].from", tariff.Malformed},
		{`"from": "08:00"`, `"from": "24:00"`, "tariff.plans.car.workday[0].from", tariff.Malformed},
		{`"from": "08:00", `, ``, "tariff.plans.car.workday[0].from", tariff.Malformed},
		{`"from": "08:00"`, `"from": "20:00"`, "tariff.plans.car.workday[1].from", tariff.Order},
		{`"name": "day", `, ``, "tariff.plans.car.workday[0].name", tariff.Missing},
		{`"minutes": 30`, `"minutes": 0`, "tariff.plans.car.workday[0].minutes", tariff.OutOfRange},
		{`"minutes": 30`, `"minutes": 1441`, "tariff.plans.car.workday[0].minutes", tariff.OutOfRange},
		{`"minutes": 30, "fen": 200`, `"minutes": 30`, "tariff.plans.car.workday[0].fen", tariff.Missing},
		{`"fen": 200`, `"fen": null`, "tariff.plans.car.workday[0].fen", tariff.Missing},
		{`"fen": 200`, `"fen": -1`, "tariff.plans.car.workday[0].fen", tariff.OutOfRange},
		{`"fen": 200`, `"fen": 1000001`, "tariff.plans.car.workday[0].fen", tariff.OutOfRange},
		{`"fen": 200`, `"fen": 2.00`, "tariff.plans.car.workday[0].fen", tariff.Malformed},
		{`"fen": 200`, `"fen": 99999999999999999999`, "tariff.plans.car.workday[0].fen", tariff.Malformed},
		{`"fen": 200`, `"fen": 200, "yuan": 2`, "tariff.plans.car.workday[0].yuan", tariff.Malformed},
		{`"units": 1, `, ``, "tariff.plans.car.workday[0].first.units", tariff.OutOfRange},
		{`"units": 1`, `"units": 1001`, "tariff.plans.car.workday[0].first.units", tariff.OutOfRange},
		{`"minutes": 60, "fen": 600`, `"fen": 600`, "tariff.plans.car.workday[0].first.minutes", tariff.OutOfRange},
		{`"fen": 600`, `"fen": -600`, "tariff.plans.car.workday[0].first.fen", tariff.OutOfRange},
		{`"capFen": 900`, `"capFen": -1`, "tariff.plans.car.workday[0].capFen", tariff.OutOfRange},
		{`[{"name": "holiday", "from": "00:00", "minutes": 60, "fen": 300}]`, `[]`, "tariff.plans.car.holiday", tariff.Missing},
		{`"per": "24h"`, `"per": "week"`, "tariff.plans.car.cap.per", tariff.Unknown},
		{`"fen": 3000, `, ``, "tariff.plans.car.cap.fen", tariff.Missing},
		{`"visitCapFen": 9000`, `"visitCapFen": 1000000000001`, "tariff.plans.car.visitCapFen", tariff.OutOfRange},
		{`"small"`, `"Small"`, "tariff.classes.Small", tariff.Unknown},
		{`"small"`, `"emergency"`, "tariff.classes.emergency", tariff.Forbidden},
		{`"percent": 50`, `"percent": 101`, "tariff.classes.small.percent", tariff.OutOfRange},
		{`"percent": 50`, `"percent": -1`, "tariff.classes.small.percent", tariff.OutOfRange},
		{`"free": {"minutes": 60}`, `"free": {"minutes": 60, "fen": 1}`, "tariff.classes.small.free.fen", tariff.Malformed},
		{`"free": {"minutes": 60}`, `"free": {"minutes": 9999}`, "tariff.classes.small.free.minutes", tariff.OutOfRange},
		{good, `{}`, "tariff.id", tariff.Missing},
		{good, `[]`, "tariff", tariff.Malformed},
		{good, ``, "tariff", tariff.Malformed},
		{good, good + good, "tariff", tariff.Malformed},
		{good, good + strings.Repeat(" ", tariff.MaxSpec) + "x", "tariff", tariff.Malformed},
	} {
		require.Contains(t, good, c.old)
		tf, err := tariff.Parse([]byte(strings.Replace(good, c.old, c.new, 1)))
		var refused *tariff.Error
		if assert.ErrorAs(t, err, &refused, "%s -> %.100s", c.old, c.new) {
			assert.Equal(t, c.path, refused.Path, "%s -> %.100s", c.old, c.new)
			assert.Equal(t, c.reason, refused.Reason, refused.Error())
		}
		assert.Nil(t, tf)
	}
}

// TestSpecRoundTrip: a Spec written as JSON is the tariff that it was.
func TestSpecRoundTrip(t *testing.T) {
	files, err := filepath.Glob("testdata/tariffs/*.json")
	require.NoError(t, err)
	for _, f := range files {
		data, err := os.ReadFile(f)
		require.NoError(t, err)
		var s tariff.Spec
		require.NoError(t, json.Unmarshal(data, &s))
		again, err := json.Marshal(s)
		require.NoError(t, err)
		one, err := tariff.Parse(data)
		require.NoError(t, err)
		two, err := tariff.Parse(again)
		require.NoError(t, err)
		assert.Equal(t, one, two, f)
	}
}

func TestTooMany(t *testing.T) {
	var s tariff.Spec
	require.NoError(t, json.Unmarshal([]byte(good), &s))
	refuse := func(path string, change func(s *tariff.Spec)) {
		c := s
		c.Plans = maps.Clone(s.Plans)
		change(&c)
		_, err := tariff.New(c)
		var refused *tariff.Error
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, path, refused.Path)
		assert.Equal(t, tariff.OutOfRange, refused.Reason)
	}
	refuse("tariff.plans", func(s *tariff.Spec) {
		for i := range tariff.MaxPlans {
			s.Plans[fmt.Sprint(i)] = s.Plans["car"]
		}
	})
	refuse("tariff.plans.car.workday", func(s *tariff.Spec) {
		p := s.Plans["car"]
		p.Workday = nil
		for i := range tariff.MaxBands + 1 {
			b := s.Plans["car"].Workday[0]
			b.From = fmt.Sprintf("%02d:00", i)
			p.Workday = append(p.Workday, b)
		}
		s.Plans["car"] = p
	})
	refuse("tariff.calendar.holidays", func(s *tariff.Spec) {
		s.Calendar.Holidays = slices.Repeat([]string{"2026-10-01"}, tariff.MaxDates+1)
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	files, err := filepath.Glob("testdata/tariffs/*.json")
	require.NoError(f, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(data)
	}
	at := local(f, "2026-03-02 08:00", "")
	exit := local(f, "2026-03-09 09:30:01", "")
	f.Fuzz(func(t *testing.T, data []byte) {
		tf, err := tariff.Parse(data)
		if err != nil {
			var refused *tariff.Error
			require.ErrorAs(t, err, &refused)
			require.True(t, strings.HasPrefix(refused.Path, "tariff") && refused.Reason != "")
			return
		}
		for _, class := range tf.Classes() {
			short, err := tf.Fee(at, at.Add(1), class)
			require.NoError(t, err)
			long, err := tf.Fee(at, exit, class)
			require.NoError(t, err)
			require.True(t, short.Fen >= 0 && long.Fen >= short.Fen)
			for _, l := range long.Lines {
				require.NotEmpty(t, tf.Text(l).Zh)
			}
		}
	})
}
