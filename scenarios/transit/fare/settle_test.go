package fare_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/transit/fare"
	"github.com/citizencode/citizencode/scenarios/transit/gtfs"
	"github.com/citizencode/citizencode/scenarios/transit/gtfstest"
)

// town is a metro of three stations, 2 yuan to the next and 3 to the one after,
// with a fourth that has no fares, and a bus.
const town = `
-- stops.txt --
stop_id,location_type,parent_station
s1,1,
s1a,2,s1
s1b,2,s1
s2,1,
s3,1,
s4,1,
-- routes.txt --
route_id,route_type,network_id
M,1,metro
A,3,bus
-- areas.txt --
area_id
s1
s2
s3
-- stop_areas.txt --
area_id,stop_id
s1,s1
s2,s2
s3,s3
-- rider_categories.txt --
rider_category_id,rider_category_name,is_default_fare_category
adult,,1
student,,
-- fare_products.txt --
fare_product_id,rider_category_id,amount,currency
m2,adult,2.00,CNY
m3,adult,3.00,CNY
m9,adult,9.00,CNY
m2,student,1.00,CNY
m3,student,1.50,CNY
m9,student,4.50,CNY
b,,1.00,CNY
-- fare_leg_rules.txt --
network_id,from_area_id,to_area_id,fare_product_id
metro,s1,s2,m2
metro,s2,s1,m2
metro,s2,s3,m2
metro,s3,s2,m2
metro,s1,s3,m3
metro,s3,s1,m3
metro,s1,s1,m9
metro,s2,s2,m2
bus,,,b
`

// A trace makes taps out of words: "in s1 08:00", "ride A 2026-03-02 23:00".
func trace(words ...string) (taps []fare.Tap) {
	for i, w := range words {
		var kind, where, clock string
		day := "2026-03-02"
		if n, _ := fmt.Sscanf(w, "%s %s %s %s", &kind, &where, &day, &clock); n == 3 {
			day, clock = "2026-03-02", day
		}
		tap := fare.Tap{ID: fare.TapID{Gate: "gate " + where, Sequence: uint64(i)}, Time: at(day + " " + clock)}
		switch kind {
		case "in":
			tap.Kind, tap.Network, tap.Stop = fare.In, "metro", where
		case "out":
			tap.Kind, tap.Network, tap.Stop = fare.Out, "metro", where
		case "ride":
			tap.Kind, tap.Route = fare.Ride, where
		default:
			panic(w)
		}
		taps = append(taps, tap)
	}
	return taps
}

// settles asserts what taps cost, forwards and backwards.
func settles(t testing.TB, e *fare.Engine, arithmetic string, taps ...fare.Tap) *fare.Statement {
	t.Helper()
	s, err := e.Settle(taps)
	require.NoError(t, err)
	assert.Equal(t, sum(t, arithmetic), s.Total, "%s\n%s", arithmetic, explanation(s))
	addsUp(t, s)
	reverse := slices.Clone(taps)
	slices.Reverse(reverse)
	again, err := e.Settle(append(reverse, taps...))
	require.NoError(t, err)
	assert.Equal(t, s, again, "backwards, and every tap twice")
	return s
}

func states(s *fare.Statement) (list []fare.State) {
	for _, c := range s.Charges {
		list = append(list, c.Leg.State)
	}
	return list
}

func TestPairing(t *testing.T) {
	e := newEngine(t, town, fare.Config{})
	settles(t, e, "0")
	settles(t, e, "100", trace("ride A 08:00")...)
	settles(t, e, "300", trace("in s1a 08:00", "out s3 08:20")...)
	settles(t, e, "300+200", trace("in s1 08:00", "out s3 08:20", "in s3 08:30", "out s2 08:40")...)
	// A bus between the gates does not end the metro leg: its clock may differ.
	settles(t, e, "300+100", trace("in s1 08:00", "ride A 08:10", "out s3 08:20")...)
	// Missing taps cost the highest fare of the network.
	s := settles(t, e, "900", trace("in s1 08:00")...)
	assert.Equal(t, []fare.State{fare.MissingExit}, states(s))
	assert.Equal(t, "max-fare fare_products.txt:4 m9 adult +900", line(s.Charges[0].Steps[0]))
	s = settles(t, e, "900", trace("out s1 08:00")...)
	assert.Equal(t, []fare.State{fare.MissingEntry}, states(s))
	s = settles(t, e, "900+200", trace("in s1 08:00", "in s2 08:10", "out s3 08:20")...)
	assert.Equal(t, []fare.State{fare.MissingExit, fare.Complete}, states(s))
	s = settles(t, e, "200+900", trace("in s1 08:00", "out s2 08:10", "out s3 08:20")...)
	assert.Equal(t, []fare.State{fare.Complete, fare.MissingEntry}, states(s))
	// Exactly the longest ride, and a second more.
	settles(t, e, "200", trace("in s1 08:00", "out s2 12:00")...)
	settles(t, e, "2×900", trace("in s1 08:00", "out s2 12:00:01")...)
	// The entry that is left behind takes no later exit.
	settles(t, e, "3×900", trace("in s1 08:00", "out s2 12:00:01", "out s2 12:10")...)

	e = newEngine(t, town, fare.Config{MaxFare: map[string]int64{"metro": 700}, MaxRide: time.Hour})
	settles(t, e, "2×700", trace("in s1 08:00", "out s2 09:00:01")...)

	student := trace("in s1 08:00")
	student[0].Rider = fare.Rider{Category: "student", Until: monday("09:00")}
	settles(t, newEngine(t, town, fare.Config{}), "450", student...)
}

// The rider of a leg is the one that went in.
func TestRiderOfALeg(t *testing.T) {
	e := newEngine(t, town, fare.Config{})
	taps := trace("in s1 08:00", "out s2 08:10")
	taps[0].Rider = fare.Rider{Category: "student", Until: monday("08:05")}
	settles(t, e, "100", taps...)
	taps[0].Rider, taps[1].Rider = taps[1].Rider, taps[0].Rider
	settles(t, e, "200", taps...)
}

func TestReentry(t *testing.T) {
	taps := trace("in s1a 08:00", "in s1b 08:05", "out s2 08:20")
	settles(t, newEngine(t, town, fare.Config{}), "900+200", taps...)
	s := settles(t, newEngine(t, town, fare.Config{Reentry: 5 * time.Minute}), "200", taps...)
	assert.Equal(t, []fare.TapID{taps[0].ID, taps[1].ID, taps[2].ID}, s.Charges[0].Leg.Taps)
	assert.Equal(t, "s1b", s.Charges[0].Leg.From)
	settles(t, newEngine(t, town, fare.Config{Reentry: 5*time.Minute - 1}), "900+200", taps...)
	settles(t, newEngine(t, town, fare.Config{Reentry: time.Hour}), "900+200", trace("in s1 08:00", "in s2 08:05", "out s3 08:20")...)
}

// Two different taps under one id: the same one stands whichever came first.
func TestConflicts(t *testing.T) {
	e := newEngine(t, town, fare.Config{})
	taps := append(trace("in s1 08:00", "out s2 08:10"), trace("in s3 07:00", "out s3 08:10")...)
	taps[2].ID, taps[3].ID = taps[0].ID, taps[1].ID
	s := settles(t, e, "200", taps[0], taps[1], taps[3])
	assert.Equal(t, []fare.TapID{taps[1].ID}, s.Conflicts)
	s = settles(t, e, "200", taps...) // from s3 at 07:00
	assert.Equal(t, []fare.TapID{taps[0].ID, taps[1].ID}, s.Conflicts)
	assert.Equal(t, monday("07:00").UTC(), s.Charges[0].Leg.Entry)
	// The same instant in another zone, or with another clock, is the same tap.
	here := time.Now()
	ride := fare.Tap{ID: fare.TapID{Gate: "g"}, Time: here, Route: "A"}
	there := ride
	there.Time = here.Round(0).UTC()
	assert.Empty(t, settles(t, e, "100", ride, there).Conflicts)
}

func TestAutofillFromNeighbours(t *testing.T) {
	e := newEngine(t, town, fare.Config{DayStart: 3 * time.Hour, Autofill: fare.Autofill{PerMonth: 2}})
	// The next entry is where he got out.
	s := settles(t, e, "200+200", trace("in s1 08:00", "in s2 18:00", "out s3 18:30")...)
	assert.Equal(t, []fare.State{fare.Autofilled, fare.Complete}, states(s))
	assert.Equal(t, []fare.StepKind{fare.NextEntry, fare.LegFare}, kinds(s.Charges[0]))
	assert.Equal(t, "s2", s.Charges[0].Leg.To)
	// The exit before is where he got in.
	s = settles(t, e, "200+200", trace("in s1 08:00", "out s2 08:30", "out s3 18:30")...)
	assert.Equal(t, []fare.StepKind{fare.PreviousExit, fare.LegFare}, kinds(s.Charges[1]))
	// Not at the same station, and not over the end of the service day.
	settles(t, e, "900+200", trace("in s2 08:00", "in s2 18:00", "out s3 18:30")...)
	settles(t, e, "200+900", trace("in s1 08:00", "out s2 08:30", "out s2 18:30")...)
	settles(t, e, "200+200", trace("in s1 22:00", "out s2 23:00", "out s3 2026-03-03 02:59:59")...)
	settles(t, e, "200+900", trace("in s1 22:00", "out s2 23:00", "out s3 2026-03-03 03:00")...)
	settles(t, e, "200+200", trace("in s1 23:00", "in s2 2026-03-03 02:59:59", "out s3 2026-03-03 03:10")...)
	settles(t, e, "900+200", trace("in s1 23:00", "in s2 2026-03-03 03:00", "out s3 2026-03-03 03:10")...)
	// Not from an exit, nor over one.
	settles(t, e, "2×900", trace("in s1 08:00", "out s2 18:00")...)
	// Where the feed has no fare for the inferred leg, the maximum stands.
	e = newEngine(t, town, fare.Config{Autofill: fare.Autofill{PerMonth: 1}})
	settles(t, e, "2×900", trace("in s1 08:00", "in s4 09:00")...)
}

// A stop that the feed does not know completes nothing, even where any stop would do.
func TestAutofillUnknownStop(t *testing.T) {
	e := newEngine(t, letters, fare.Config{Autofill: fare.Autofill{PerMonth: 1}})
	tap := func(sequence uint64, clock, stop string) fare.Tap {
		return fare.Tap{ID: fare.TapID{Sequence: sequence}, Time: monday(clock), Kind: fare.In, Network: "A", Stop: stop}
	}
	s := settles(t, e, "500+500", tap(0, "08:00", "1"), tap(1, "09:00", "2"))
	assert.Equal(t, []fare.State{fare.Autofilled, fare.MissingExit}, states(s))
	s = settles(t, e, "500+0", tap(0, "08:00", "1"), tap(1, "09:00", "9"))
	assert.Equal(t, []fare.State{fare.MissingExit, fare.MissingExit}, states(s))
	assert.Equal(t, fare.UnknownStop, s.Charges[1].Fault)
}

// The first legs of a month are completed; then the maximum fare is charged.
func TestAutofillPerMonth(t *testing.T) {
	e := newEngine(t, town, fare.Config{DayStart: 3 * time.Hour, Autofill: fare.Autofill{PerMonth: 2}})
	taps := trace("in s1 2026-03-30 08:00", "in s2 2026-03-30 09:00", "in s1 2026-03-30 10:00", "in s2 2026-03-30 11:00", "out s3 2026-03-30 12:00",
		// The night of 31 March still is March.
		"in s1 2026-04-01 01:00", "in s2 2026-04-01 02:00", "out s3 2026-04-01 02:30",
		"in s1 2026-04-01 08:00", "in s2 2026-04-01 09:00", "out s3 2026-04-01 10:00")
	s := settles(t, e, "200+200+900+200+900+200+200+200", taps...)
	assert.Equal(t, []fare.State{fare.Autofilled, fare.Autofilled, fare.MissingExit, fare.Complete, fare.MissingExit, fare.Complete, fare.Autofilled, fare.Complete}, states(s))
}

func TestAutofillUsualRide(t *testing.T) {
	e := newEngine(t, town, fare.Config{Autofill: fare.Autofill{PerMonth: 5, UsualRides: 2}})
	twice := trace("in s1a 2026-03-03 08:00", "out s3 2026-03-03 08:30", "in s1b 2026-03-04 08:00", "out s3 2026-03-04 08:30")
	forgot := trace("in s1a 2026-03-05 08:00")
	forgot[0].ID.Sequence = 99
	s := settles(t, e, "3×300", append(forgot, twice...)...)
	assert.Equal(t, []fare.StepKind{fare.UsualRide, fare.LegFare}, kinds(s.Charges[2]))
	settles(t, e, "300+900", append(forgot, twice[:2]...)...) // once is not usual
	// Only what was before counts: a day that is over does not change.
	early := trace("in s1a 2026-03-02 08:00")
	early[0].ID.Sequence = 98
	settles(t, e, "900+2×300", append(early, twice...)...)
	// Two rides equally often: none is usual.
	other := trace("in s1a 2026-03-03 12:00", "out s2 2026-03-03 12:30", "in s1b 2026-03-04 12:00", "out s2 2026-03-04 12:30")
	for i := range other {
		other[i].ID.Sequence += 10
	}
	settles(t, e, "2×300+2×200+900", slices.Concat(twice, other, forgot)...)
	// The other way round: a usual entry for an exit.
	arrived := trace("out s3 2026-03-05 08:30")
	s = settles(t, e, "3×300", append(arrived[:1:1], renumbered(twice, 50)...)...)
	assert.Equal(t, "s1b", s.Charges[2].Leg.From)
}

func renumbered(taps []fare.Tap, by uint64) []fare.Tap {
	taps = slices.Clone(taps)
	for i := range taps {
		taps[i].ID.Sequence += by
	}
	return taps
}

const dayAndWeek = `
-- citizencode_fare_caps.txt --
fare_cap_id,period,amount,currency,network_id,fare_product_id,rider_category_id
metro,day,6.00,CNY,metro,,
day,day,7.00,CNY,,,
week,week,15.00,CNY,,,
bus,week,2.00,CNY,,b,
`

func TestCaps(t *testing.T) {
	e := newEngine(t, town+dayAndWeek, fare.Config{DayStart: 3 * time.Hour})
	there := func(day string) []fare.Tap {
		return trace("in s1 "+day+" 08:00", "out s3 "+day+" 08:30", "in s3 "+day+" 18:00", "out s1 "+day+" 18:30", "in s1 "+day+" 20:00", "out s3 "+day+" 20:30",
			"ride A "+day+" 21:00", "ride A "+day+" 21:10")
	}
	// The metro cap takes the third ride, the day cap the second bus.
	s := settles(t, e, "300+300+0+100+0", there("2026-03-02")...)
	assert.Equal(t, []string{"leg-fare fare_leg_rules.txt:6 m3 adult +300", "cap citizencode_fare_caps.txt:2 metro  -300"},
		[]string{line(s.Charges[2].Steps[0]), line(s.Charges[2].Steps[1])})
	// Monday, Tuesday 7 yuan each; on Wednesday 1 yuan of the week is left.
	week := slices.Concat(there("2026-03-02"), renumbered(there("2026-03-03"), 10), renumbered(there("2026-03-04"), 20))
	settles(t, e, "700+700+100", week...)
	// Sunday night before 03:00 belongs to the week that ends.
	settles(t, e, "700+700+100+0", append(week, renumbered(trace("in s1 2026-03-09 02:00", "out s3 2026-03-09 02:59:59"), 40)...)...)
	settles(t, e, "700+700+100+300", append(week, renumbered(trace("in s1 2026-03-09 03:00", "out s3 2026-03-09 03:10"), 40)...)...)
	// Maximum fares are outside the caps, both ways.
	settles(t, e, "900+300+300+0", trace("in s1 06:00", "in s1 08:00", "out s3 08:30", "in s3 18:00", "out s1 18:30", "in s1 20:00", "out s3 20:30")...)
}

// A cap for a category is for its riders, one for the default for all.
func TestCapCategories(t *testing.T) {
	e := newEngine(t, town+`
-- citizencode_fare_caps.txt --
fare_cap_id,period,amount,currency,rider_category_id
students,day,2.00,CNY,student
adults,day,4.00,CNY,adult
`, fare.Config{})
	taps := trace("in s1 08:00", "out s3 08:30", "in s3 18:00", "out s1 18:30")
	settles(t, e, "300+100", taps...)
	for i := range taps {
		taps[i].Rider = fare.Rider{Category: "student", Until: monday("23:00")}
	}
	settles(t, e, "150+50", taps...)
	taps[2].Rider.Until = monday("18:00") // for the second ride he is none
	settles(t, e, "150+250", taps...)
}

func TestServiceDay(t *testing.T) {
	for _, c := range []struct {
		start time.Duration
		when  string
		day   gtfs.Date
	}{
		{0, "2026-03-02 00:00", 20260302}, {0, "2026-03-01 23:59:59", 20260301},
		{3 * time.Hour, "2026-03-02 03:00", 20260302}, {3 * time.Hour, "2026-03-02 02:59:59", 20260301}, {3 * time.Hour, "2026-03-01 02:00", 20260228},
	} {
		e := newEngine(t, town, fare.Config{DayStart: c.start})
		assert.Equal(t, c.day, e.ServiceDay(at(c.when).UTC()), c.when)
		s := settles(t, e, "100", trace("ride A "+c.when)...)
		assert.Equal(t, c.day, s.Charges[0].Day)
	}
}

// A day of a rider in a whole city, to the fen.
func TestCityDay(t *testing.T) {
	feed, err := gtfs.Load(gtfstest.City(gtfstest.Shenyang()).FS())
	require.NoError(t, err)
	e, err := fare.New(feed, fare.Config{DayStart: 3 * time.Hour})
	require.NoError(t, err)
	day := trace("ride B168 06:10", "in M1-00 06:40", "out M1-12 07:10", "ride B1 07:30", "ride B3 07:40", "ride B5 07:50",
		"in M1-12 18:00", "out M5-26-P5 19:00")
	// The 168 is in bus_2 and before 06:30: 1 yuan. M1-00 to M1-12 is 12 stops: 3
	// yuan. The B1 within an hour of the exit takes off 50 fen, the B3 once more as
	// a change from bus to bus, the B5 not: one change. M1-12 to M5-26: M1-19 is
	// where lines 1 and 5 cross, 7 stops, and 23 from place 3 of line 5: 30, 6 yuan.
	s := settles(t, e, "100+300+100-50+100-50+100+600", day...)
	assert.Equal(t, []fare.StepKind{fare.LegFare, fare.Transfer}, kinds(s.Charges[3]))
	// Another ride reaches the cap of 12 yuan.
	settles(t, e, "1200", append(day, renumbered(trace("in M1-00 20:00", "out M1-12 21:00"), 10)...)...)
}
