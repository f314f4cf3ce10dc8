package fare_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/transit/fare"
	"github.com/citizencode/citizencode/scenarios/transit/gtfs"
	"github.com/citizencode/citizencode/scenarios/transit/gtfstest"
)

// base is what every feed needs and no fare depends on.
const base = `
-- agency.txt --
agency_name,agency_timezone
Example,Asia/Shanghai
`

// newEngine returns the engine of a feed that is written as text.
func newEngine(t testing.TB, text string, cfg fare.Config) *fare.Engine {
	t.Helper()
	feed, err := gtfs.Load(gtfstest.Text(base + text).FS())
	require.NoError(t, err)
	e, err := fare.New(feed, cfg)
	require.NoError(t, err)
	return e
}

// at returns a local time: "2026-03-02 08:30", with or without seconds.
func at(s string) time.Time {
	layout := time.DateTime
	if len(s) == len("2026-03-02 08:30") {
		s += ":00"
	}
	when, err := time.ParseInLocation(layout, s, time.FixedZone("CST", 8*60*60))
	if err != nil {
		panic(err)
	}
	return when
}

// monday is a time on Monday, 2 March 2026.
func monday(clock string) time.Time { return at("2026-03-02 " + clock) }

// sum works out an arithmetic of fen that was written by hand, as "2×500+300-50".
func sum(t testing.TB, arithmetic string) int64 {
	t.Helper()
	var total int64
	for _, term := range strings.Split(strings.ReplaceAll(arithmetic, "-", "+-"), "+") {
		product := int64(1)
		for _, factor := range strings.Split(term, "×") {
			n, err := strconv.ParseInt(factor, 10, 64)
			require.NoError(t, err, arithmetic)
			product *= n
		}
		total += product
	}
	return total
}

func TestSum(t *testing.T) {
	assert.Equal(t, int64(1250), sum(t, "2×500+300-50"))
}

// costs asserts what legs cost, and that the explanation adds up.
func costs(t testing.TB, e *fare.Engine, arithmetic string, legs ...fare.Leg) *fare.Statement {
	t.Helper()
	s, err := e.Fare(legs)
	require.NoError(t, err)
	assert.Equal(t, sum(t, arithmetic), s.Total, "%s\n%s", arithmetic, explanation(s))
	addsUp(t, s)
	return s
}

// addsUp asserts what holds for every statement.
func addsUp(t interface {
	Helper()
	Fatalf(string, ...any)
}, s *fare.Statement) {
	t.Helper()
	var total int64
	faults := 0
	for _, c := range s.Charges {
		var fen int64
		for _, step := range c.Steps {
			fen += step.Fen
		}
		if fen != c.Fen || c.Fen < 0 || c.Fault != "" && c.Fen != 0 {
			t.Fatalf("a charge does not add up:\n%s", explanation(s))
		}
		total += c.Fen
		if c.Fault != "" {
			faults++
		}
	}
	if total != s.Total || faults != s.Faults {
		t.Fatalf("the statement does not add up:\n%s", explanation(s))
	}
}

// explanation prints a statement.
func explanation(s *fare.Statement) string {
	var b strings.Builder
	for i, c := range s.Charges {
		fmt.Fprintf(&b, "%d %s %s→%s %d %s\n", i, c.Day, c.Leg.From, c.Leg.To, c.Fen, c.Fault)
		for _, step := range c.Steps {
			fmt.Fprintf(&b, "    %s\n", line(step))
		}
	}
	return b.String()
}

func line(s fare.Step) string {
	where := ""
	if s.Rule.File != "" {
		where = fmt.Sprintf(" %s:%d", s.Rule.File, s.Rule.Line)
	}
	return strings.TrimRight(fmt.Sprintf("%s%s %s %s %+d", s.Kind, where, s.Product, s.Category, s.Fen), " ")
}

// kinds returns the steps of a charge by their kinds.
func kinds(c fare.Charge) (list []fare.StepKind) {
	for _, s := range c.Steps {
		list = append(list, s.Kind)
	}
	return list
}

// bus is a leg without an exit.
func bus(route, clock string) fare.Leg {
	return fare.Leg{Route: route, Entry: monday(clock), Network: route}
}

// metro is a leg between two gates.
func metro(network, from, in, to, out string) fare.Leg {
	return fare.Leg{Network: network, From: from, Entry: monday(in), To: to, Exit: monday(out)}
}
