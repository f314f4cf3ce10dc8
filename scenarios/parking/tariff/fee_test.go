package tariff_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/parking/plate"
	"github.com/citizencode/citizencode/scenarios/parking/tariff"
)

// load reads a tariff of testdata.
func load(t testing.TB, name string) *tariff.Tariff {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "tariffs", name+".json"))
	require.NoError(t, err)
	out, err := tariff.Parse(data)
	require.NoError(t, err)
	return out
}

// local reads a time of Asia/Shanghai, as in 2026-03-02 08:00 or
// 2026-03-02 08:00:01; one without a date is on the day of other.
func local(t testing.TB, text, other string) time.Time {
	t.Helper()
	if !strings.Contains(text, " ") {
		text = strings.Fields(other)[0] + " " + text
	}
	layout := "2006-01-02 15:04:05"
	at, err := time.ParseInLocation(layout[:len(text)], text, time.FixedZone("", 8*3600))
	require.NoError(t, err)
	return at
}

// TestRow28Fees holds the engine against more than 200 fees that were reasoned by
// hand; see testdata/fees.txt.
func TestRow28Fees(t *testing.T) {
	data, err := os.ReadFile("testdata/fees.txt")
	require.NoError(t, err)
	rows, tariffs := 0, make(map[string]*tariff.Tariff)
	for i, line := range strings.Split(string(data), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		column := strings.Split(line, "|")
		require.Len(t, column, 6, "line %d", i+1)
		for n := range column {
			column[n] = strings.TrimSpace(column[n])
		}
		name, class := column[0], tariff.Class(column[1])
		if tariffs[name] == nil {
			tariffs[name] = load(t, name)
		}
		want, err := evaluate(column[4])
		require.NoError(t, err)
		got, err := tariffs[name].Fee(local(t, column[2], ""), local(t, column[3], column[2]), class)
		require.NoError(t, err, line)
		assert.Equal(t, want, got.Fen, "line %d: %s\n%s", i+1, line, strings.Join(explain(tariffs[name], got), "\n"))
		var sum int64
		for _, l := range got.Lines {
			sum += l.Fen
		}
		assert.Equal(t, got.Fen, sum, "the lines of %s", line)
		rows++
	}
	assert.GreaterOrEqual(t, rows, 200)
	files, err := filepath.Glob("testdata/tariffs/*.json")
	require.NoError(t, err)
	assert.Len(t, tariffs, len(files), "every tariff is used")
}

func explain(t *tariff.Tariff, c tariff.Charge) []string {
	var lines []string
	for _, l := range c.Lines {
		lines = append(lines, t.Text(l).En)
	}
	return lines
}

func TestEvaluate(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "2×500+300": 1300, "min(1500, 7×300)": 1500, "min(1,2)+min(4,3)": 4,
		"(3000+500)×50/100": 1750, "333×33/100": 109, "10-2×3": 4, "2×(1+2)": 6,
	} {
		got, err := evaluate(text)
		require.NoError(t, err)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "2×", "min(1)", "(1", "1)", "2*3", "x", "1/0"} {
		_, err := evaluate(text)
		assert.Error(t, err, text)
	}
}

func TestFeeRefuses(t *testing.T) {
	at := local(t, "2026-03-02 08:00", "")
	hour := load(t, "hour")
	for _, c := range []struct {
		entry, exit time.Time
		class       tariff.Class
		passes      []tariff.Pass
		path        string
		reason      tariff.Reason
	}{
		{at, at.Add(-time.Nanosecond), tariff.Small, nil, "exit", tariff.ExitBeforeEntry},
		{time.Unix(0, 0), at, tariff.Small, nil, "entry", tariff.OutOfRange}, // a camera without a clock
		{time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), at, tariff.Small, nil, "entry", tariff.OutOfRange},
		{time.Time{}, at, tariff.Small, nil, "entry", tariff.OutOfRange},
		{at, tariff.Latest, tariff.Small, nil, "exit", tariff.OutOfRange},
		{at, time.Unix(1<<60, 0), tariff.Small, nil, "exit", tariff.OutOfRange},
		{at, time.Unix(0, 0), tariff.Small, nil, "exit", tariff.OutOfRange},
		{at, at, tariff.Large, nil, "class", tariff.ClassNotListed},
		{at, at, "", nil, "class", tariff.ClassNotListed},
		{at, at, tariff.Small, make([]tariff.Pass, tariff.MaxPasses+1), "passes", tariff.OutOfRange},
		{at, at, tariff.Small, []tariff.Pass{{}, {From: at, Until: at.Add(-1)}}, "passes[1]", tariff.Order},
		{at, at, tariff.Small, []tariff.Pass{{Daily: tariff.Daily{To: 24 * time.Hour}}}, "passes[0].Daily", tariff.OutOfRange},
		{at, at, tariff.Small, []tariff.Pass{{Daily: tariff.Daily{From: -time.Minute}}}, "passes[0].Daily", tariff.OutOfRange},
		{at, at, tariff.Small, []tariff.Pass{{Daily: tariff.Daily{From: time.Second}}}, "passes[0].Daily", tariff.OutOfRange},
		{at, at, tariff.Small, []tariff.Pass{{Daily: tariff.Daily{Days: 3}}}, "passes[0].Daily.Days", tariff.Unknown},
	} {
		got, err := hour.Fee(c.entry, c.exit, c.class, c.passes...)
		var refused *tariff.Error
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, c.path, refused.Path)
		assert.Equal(t, c.reason, refused.Reason)
		assert.Zero(t, got)
	}
}

func TestClassOf(t *testing.T) {
	for text, want := range map[string]tariff.Class{
		"辽AD12345": tariff.NewEnergy, "辽A12345D": tariff.NewEnergyLarge, "辽A1234警": tariff.Emergency,
		"川X1234应急": tariff.Emergency, "辽A12345": "", "辽A1234挂": "",
	} {
		p, err := plate.Parse(text)
		require.NoError(t, err)
		got, known := tariff.ClassOf(p)
		assert.Equal(t, want, got, text)
		assert.Equal(t, want != "", known, text)
	}
}

// TestLongestStay takes the longest stay that there is, at the highest price by
// the minute: no overflow, no line too many.
func TestLongestStay(t *testing.T) {
	fen := int64(tariff.MaxFen)
	dear, err := tariff.New(tariff.Spec{
		ID: "dear", Zone: "Asia/Shanghai",
		Plans: map[string]tariff.PlanSpec{"car": {Workday: []tariff.BandSpec{
			{Name: "even", From: "00:00", Minutes: 1, Fen: &fen}, {Name: "odd", From: "12:00", Minutes: 1, Fen: &fen}}}},
		Classes: map[tariff.Class]tariff.ClassSpec{"small": {Plan: "car"}},
	})
	require.NoError(t, err)
	exit := tariff.Latest.Add(-time.Second)
	got, err := dear.Fee(tariff.Earliest, exit, tariff.Small)
	require.NoError(t, err)
	minutes := (tariff.Latest.Unix() - tariff.Earliest.Unix()) / 60
	assert.Equal(t, minutes*fen, got.Fen)
	assert.LessOrEqual(t, len(got.Lines), tariff.MaxLines+1)
	assert.Equal(t, tariff.More, got.Lines[len(got.Lines)-1].Kind)
	assert.Positive(t, got.Stay)
}

func TestOverstay(t *testing.T) {
	visit := load(t, "visit") // 48 hours at most
	at := local(t, "2026-03-02 08:00", "")
	for _, c := range []struct{ stay, over time.Duration }{
		{48 * time.Hour, 0}, {48*time.Hour + time.Second, time.Second}, {72 * time.Hour, 24 * time.Hour},
	} {
		got, err := visit.Fee(at, at.Add(c.stay), tariff.Small)
		require.NoError(t, err)
		assert.Equal(t, c.over, got.Overstay)
	}
}

// TestFractions: cameras write milliseconds; a stay counts whole seconds.
func TestFractions(t *testing.T) {
	hour := load(t, "hour")
	at := local(t, "2026-03-02 08:00", "")
	got, err := hour.Fee(at.Add(900*time.Millisecond), at.Add(15*time.Minute+999*time.Millisecond), tariff.Small)
	require.NoError(t, err)
	assert.Zero(t, got.Fen)
	assert.Equal(t, 15*time.Minute, got.Stay)
}

func TestPasses(t *testing.T) {
	at := func(text string) time.Time { return local(t, text, "") }
	clock := func(h int) time.Duration { return time.Duration(h) * time.Hour }
	night := tariff.Daily{From: clock(18), To: clock(8)}
	for _, c := range []struct {
		tariff, entry, exit, sum, why string
		passes                        []tariff.Pass
	}{
		{"hour", "2026-03-02 08:00", "2026-03-05 08:00", "0", "a pass without limits", []tariff.Pass{{}}},
		{"hour", "2026-03-30 12:00", "2026-04-01 01:00", "500", "a monthly pass that ends at midnight",
			[]tariff.Pass{{From: at("2026-03-01 00:00"), Until: at("2026-04-01 00:00")}}},
		{"hour", "2026-03-31 12:00", "2026-04-01 00:15", "0", "the free minutes hold behind it",
			[]tariff.Pass{{Until: at("2026-04-01 00:00")}}},
		{"hour", "2026-03-31 12:00", "2026-04-01 00:15:01", "500", "and no longer",
			[]tariff.Pass{{Until: at("2026-04-01 00:00")}}},
		{"hour", "2026-03-31 22:00", "2026-04-02 00:00", "2×500", "one that begins tomorrow",
			[]tariff.Pass{{From: at("2026-04-01 00:00")}}},
		{"hour", "2026-03-02 17:30", "2026-03-03 08:30", "500+500", "a night pass; both ends begun",
			[]tariff.Pass{{Daily: night}}},
		{"hour", "2026-03-02 18:00", "2026-03-03 08:00", "0", "exactly its night", []tariff.Pass{{Daily: night}}},
		{"hour", "2026-03-02 18:00", "2026-03-04 08:00", "10×500", "two nights and the day between", []tariff.Pass{{Daily: night}}},
		{"hour", "2026-03-02 06:00", "2026-03-02 19:00", "10×500", "from the end of one night to the next", []tariff.Pass{{Daily: night}}},
		{"holiday", "2026-03-06 18:00", "2026-03-07 09:00", "600", "nights that begin on workdays: Friday's runs to Saturday 08",
			[]tariff.Pass{{Daily: tariff.Daily{From: clock(18), To: clock(8), Days: tariff.Workdays}}}},
		{"holiday", "2026-03-07 18:00", "2026-03-08 08:00", "14×600", "Saturday's is none",
			[]tariff.Pass{{Daily: tariff.Daily{From: clock(18), To: clock(8), Days: tariff.Workdays}}}},
		{"holiday", "2026-03-06 23:00", "2026-03-09 00:15", "100+100", "all day on holidays: an hour of Friday, a quarter of Monday",
			[]tariff.Pass{{Daily: tariff.Daily{Days: tariff.Holidays}}}},
		{"half", "2026-03-02 17:45", "2026-03-03 08:45", "300", "15 + 45 minutes, 30 of them deducted", []tariff.Pass{{Daily: night}}},
		{"hour", "2026-03-02 08:00", "2026-03-02 18:00", "2×500", "two passes that overlap",
			[]tariff.Pass{{Daily: tariff.Daily{From: clock(9), To: clock(13)}}, {Daily: tariff.Daily{From: clock(12), To: clock(17)}}}},
		{"finish", "2026-03-02 08:30", "2026-03-02 09:30", "500", "the unit of 08:30 runs on behind a pass of 09:00-09:15",
			[]tariff.Pass{{Daily: tariff.Daily{From: clock(9), To: clock(9) + 15*time.Minute}}}},
		{"city", "2026-03-02 08:00", "2026-03-04 08:00", "3000+min(3000, 12×500)", "windows of a cap run on under a pass",
			[]tariff.Pass{{Daily: tariff.Daily{From: clock(20), To: clock(8)}}}},
	} {
		want, err := evaluate(c.sum)
		require.NoError(t, err)
		tf := load(t, c.tariff)
		got, err := tf.Fee(at(c.entry), at(c.exit), tariff.Small, c.passes...)
		require.NoError(t, err)
		assert.Equal(t, want, got.Fen, "%s: %s", c.why, strings.Join(explain(tf, got), "\n"))
	}
}

func TestDue(t *testing.T) {
	tf, err := tariff.New(func() tariff.Spec {
		fen := int64(500)
		return tariff.Spec{
			ID: "due", Zone: "Asia/Shanghai", Free: tariff.Free{Minutes: 15}, GraceMinutes: 15,
			Plans:   map[string]tariff.PlanSpec{"car": {Workday: []tariff.BandSpec{{Name: "day", From: "00:00", Minutes: 60, Fen: &fen}}}},
			Classes: map[tariff.Class]tariff.ClassSpec{"small": {Plan: "car"}},
		}
	}())
	require.NoError(t, err)
	at := local(t, "2026-03-02 08:00", "")
	minute := func(n float64) time.Time { return at.Add(time.Duration(n * float64(time.Minute))) }
	for _, c := range []struct {
		exit, paidAt float64
		paid, due    int64
		why          string
	}{
		{60, 0, 0, 500, "nothing paid"},
		{60, 59, 500, 0, "paid a minute ago"},
		{74, 59, 500, 0, "exactly the grace minutes, past the hour"},
		{74.1, 59, 500, 500, "too late: two hours less one"},
		{180, 59, 500, 1000, "much too late"},
		{60, 59, 400, 100, "paid too little"},
		{70, 59, 400, 600, "paid too little gives no grace"},
		{60, 59, 900, 0, "paid too much"},
		{130, 59, 900, 600, "and it counts later"},
		{30, 10, 0, 500, "0 paid within the free minutes does not lengthen them"},
	} {
		got, err := tf.Due(at, minute(c.exit), tariff.Small, tariff.Payment{Fen: c.paid, At: minute(c.paidAt)})
		require.NoError(t, err)
		assert.Equal(t, c.due, got.Fen, c.why)
		if c.due == 0 && c.paid > 0 {
			assert.Equal(t, minute(c.paidAt+15).UTC(), got.LeaveBy.UTC(), c.why)
		} else {
			assert.Zero(t, got.LeaveBy, c.why)
		}
	}
	for _, p := range []tariff.Payment{{Fen: -1, At: minute(1)}, {Fen: 1}, {Fen: 1, At: minute(61)}} {
		_, err := tf.Due(at, minute(60), tariff.Small, p)
		var refused *tariff.Error
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, tariff.BadPayment, refused.Reason)
	}
	_, err = tf.Due(at, minute(-1), tariff.Small, tariff.Payment{})
	assert.Error(t, err)
}
