package fare_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/transit/fare"
	"github.com/citizencode/citizencode/scenarios/transit/gtfs"
	"github.com/citizencode/citizencode/scenarios/transit/gtfstest"
)

// letters is three one-route networks A, B, C at 5, 3 and 2 yuan.
const letters = `
-- stops.txt --
stop_id
1
2
-- routes.txt --
route_id,route_type,network_id
A,3,A
B,3,B
C,3,C
-- fare_products.txt --
fare_product_id,amount,currency
a,5.00,CNY
b,3.00,CNY
c,2.00,CNY
ab,0.70,CNY
bc,0.40,CNY
less,-2.50,CNY
much less,-9.00,CNY
free,0.00,CNY
-- fare_leg_rules.txt --
leg_group_id,network_id,fare_product_id
A,A,a
B,B,b
C,C,c
`

// The table "Cost processing interactions between multiple transfers in a
// journey" of fare_transfer_rules.txt, all nine of it.
func TestTransferTypes(t *testing.T) {
	for _, c := range []struct {
		first, second int
		want          string
	}{
		{0, 0, "500+70 + 40"}, {0, 1, "500+70 + 40+200"}, {0, 2, "500+70 + 40"},
		{1, 0, "500+70+300 + 40"}, {1, 1, "500+70+300 + 40+200"}, {1, 2, "500+70+300 + 40"},
		{2, 0, "70 + 40"}, {2, 1, "70 + 40+200"}, {2, 2, "70 + 40"},
	} {
		e := newEngine(t, letters+fmt.Sprintf(`
-- fare_transfer_rules.txt --
from_leg_group_id,to_leg_group_id,fare_transfer_type,fare_product_id
A,B,%d,ab
B,C,%d,bc
`, c.first, c.second), fare.Config{})
		costs(t, e, spaceless(c.want), bus("A", "08:00"), bus("B", "08:10"), bus("C", "08:20"))
	}
}

func spaceless(s string) string {
	var out []rune
	for _, r := range s {
		if r != ' ' {
			out = append(out, r)
		}
	}
	return string(out)
}

// A discount is taken from its own leg, then from those before in the ride, and
// never makes a ride cost less than nothing or touches another ride.
func TestDiscounts(t *testing.T) {
	rules := func(product string) string {
		return letters + "-- fare_transfer_rules.txt --\nfrom_leg_group_id,to_leg_group_id,fare_transfer_type,fare_product_id\nB,C,1," + product + "\n"
	}
	s := costs(t, newEngine(t, rules("less"), fare.Config{}), "500+300+200-250", bus("A", "08:00"), bus("B", "08:10"), bus("C", "08:20"))
	assert.Equal(t, []int64{500, 250, 0}, []int64{s.Charges[0].Fen, s.Charges[1].Fen, s.Charges[2].Fen})
	assert.Equal(t, []fare.StepKind{fare.LegFare, fare.Carried}, kinds(s.Charges[1]))
	assert.Equal(t, []fare.StepKind{fare.LegFare, fare.Transfer, fare.Carried}, kinds(s.Charges[2]))
	s = costs(t, newEngine(t, rules("much less"), fare.Config{}), "500+0+0+300", bus("A", "08:00"), bus("B", "08:10"), bus("C", "08:20"), bus("B", "08:30"))
	assert.Equal(t, []fare.StepKind{fare.LegFare, fare.Transfer, fare.Carried, fare.Floor}, kinds(s.Charges[2]))
}

// Type 2 puts its own price in the place of the first leg's.
func TestTransferOnly(t *testing.T) {
	e := newEngine(t, letters+"-- fare_transfer_rules.txt --\nfrom_leg_group_id,to_leg_group_id,fare_transfer_type,fare_product_id\nA,B,2,ab\n", fare.Config{})
	s := costs(t, e, "0+70", bus("A", "08:00"), bus("B", "08:10"))
	assert.Equal(t, []string{"leg-fare fare_leg_rules.txt:2 a  +500", "replaced fare_transfer_rules.txt:2   -500"},
		[]string{line(s.Charges[0].Steps[0]), line(s.Charges[0].Steps[1])})
	assert.Equal(t, []string{"leg-included fare_leg_rules.txt:3 b  +0", "transfer fare_transfer_rules.txt:2 ab  +70"},
		[]string{line(s.Charges[1].Steps[0]), line(s.Charges[1].Steps[1])})
}

// Each duration type between the taps that it names, exactly at the limit and a
// second beyond it. The first leg is from 08:00 to 08:20.
func TestDurationTypes(t *testing.T) {
	for kind, c := range []struct{ in, out string }{
		gtfs.DepartureToArrival:   {"08:40", "09:00"},
		gtfs.DepartureToDeparture: {"09:00", "09:20"},
		gtfs.ArrivalToDeparture:   {"09:20", "09:40"},
		gtfs.ArrivalToArrival:     {"09:00", "09:20"},
	} {
		e := newEngine(t, letters+fmt.Sprintf(`
-- fare_transfer_rules.txt --
from_leg_group_id,to_leg_group_id,fare_transfer_type,duration_limit,duration_limit_type
A,B,0,3600,%d
`, kind), fare.Config{})
		first, second := metro("A", "1", "08:00", "2", "08:20"), metro("B", "1", c.in, "2", c.out)
		costs(t, e, "500+0", first, second)
		second.Entry, second.Exit = second.Entry.Add(time.Second), second.Exit.Add(time.Second)
		costs(t, e, "500+300", first, second)
		// From a bus that nobody taps out of there is no arrival.
		second.Entry = second.Entry.Add(-time.Second)
		want := "500+300"
		if gtfs.DurationType(kind) == gtfs.DepartureToDeparture {
			want = "500+0"
		}
		first.To, first.Exit, second.To, second.Exit = "", time.Time{}, "", time.Time{}
		costs(t, e, want, first, second)
	}
}

// Of several transfer counts the least that is enough.
func TestTransferCounts(t *testing.T) {
	e := newEngine(t, letters+`
-- fare_transfer_rules.txt --
from_leg_group_id,to_leg_group_id,transfer_count,fare_transfer_type,fare_product_id,duration_limit,duration_limit_type
C,C,3,0,bc,,
C,C,1,0,ab,1800,1
C,C,1,0,,600,1
C,C,2,0,free,,
`, fare.Config{})
	ride := func(clocks ...string) (legs []fare.Leg) {
		for _, clock := range clocks {
			legs = append(legs, bus("C", clock))
		}
		return legs
	}
	costs(t, e, "200+0", ride("08:00", "08:10")...)                                                                            // of two with one count the cheaper
	costs(t, e, "200+70", ride("08:00", "08:10:01")...)                                                                        // the one in time
	costs(t, e, "200+0", ride("08:00", "08:30:01")...)                                                                         // the next count
	costs(t, e, "200+0+0+40", ride("08:00", "08:10", "08:11", "08:12")...)                                                     // second and third transfer
	costs(t, e, "200+0+0+40+200", ride("08:00", "08:10", "08:11", "08:12", "08:13")...)                                        // a fourth there is not
	costs(t, e, "200+0+300+200+0", append(ride("08:00", "08:05"), bus("B", "08:06"), bus("C", "08:07"), bus("C", "08:08"))...) // another group ends the run
}

// Empty values: without the column rule_priority "all that no rule names", with
// it "anything". Leg rules, then transfer rules, which have only the first.
func TestEmptyValues(t *testing.T) {
	text := `
-- stops.txt --
stop_id
s1
s2
s3
s4
-- routes.txt --
route_id,route_type,network_id
A,3,A
B,3,B
N,3,
-- areas.txt --
area_id
z1
z2
z3
-- stop_areas.txt --
area_id,stop_id
z1,s1
z2,s2
z3,s3
-- fare_products.txt --
fare_product_id,amount,currency
p1,1.00,CNY
p2,2.00,CNY
p3,4.00,CNY
free,0.00,CNY
-- fare_leg_rules.txt --
`
	leg := func(network, from, to string) fare.Leg { return metro(network, from, "08:00", to, "08:30") }
	without := newEngine(t, text+"leg_group_id,network_id,from_area_id,to_area_id,fare_product_id\ng,A,z1,,p1\ng,A,,z2,p2\ng,,,,p3\n", fare.Config{})
	with := newEngine(t, text+"leg_group_id,network_id,from_area_id,to_area_id,fare_product_id,rule_priority\ng,A,z1,,p1,2\ng,A,,z2,p2,1\ng,,,,p3,\n", fare.Config{})
	for _, c := range []struct {
		leg           fare.Leg
		without, with string // "" for no fare
	}{
		{leg("A", "s1", "s3"), "100", "100"},                         // z3 is named nowhere
		{leg("A", "s1", "s2"), "", "100"},                            // z1 and z2 are named, in no rule together
		{leg("A", "s3", "s2"), "200", "200"},                         // z3 again
		{leg("A", "s4", "s2"), "200", "200"},                         // a stop without an area
		{leg("A", "s3", "s3"), "", "400"},                            // A is named, so the rule for other networks is not for it
		{leg("B", "s3", "s3"), "400", "400"},                         // B is not named
		{leg("B", "s1", "s3"), "", "400"},                            // z1 is named
		{leg("B", "s4", "s4"), "400", "400"},                         //
		{fare.Leg{Route: "N", Entry: monday("08:00")}, "400", "400"}, // in no network
	} {
		for name, e := range map[string]*fare.Engine{c.without: without, c.with: with} {
			if name == "" {
				s := costs(t, e, "0", c.leg)
				assert.Equal(t, fare.NoFare, s.Charges[0].Fault, "%+v", c.leg)
			} else {
				costs(t, e, name, c.leg)
			}
		}
	}

	e := newEngine(t, letters+`
-- fare_transfer_rules.txt --
from_leg_group_id,to_leg_group_id,fare_transfer_type,fare_product_id
A,,0,
,B,0,ab
`, fare.Config{})
	costs(t, e, "500+0", bus("A", "08:00"), bus("C", "08:10"))   // from A to what is not named
	costs(t, e, "200+70", bus("C", "08:00"), bus("B", "08:10"))  // from what is not named to B
	costs(t, e, "500+300", bus("A", "08:00"), bus("B", "08:10")) // both are named, in no rule together
	costs(t, e, "200+200", bus("C", "08:00"), bus("C", "08:10")) // none is
}

// A ticket that is dearer for its leg can be cheaper for the whole.
func TestCheapestWhole(t *testing.T) {
	e := newEngine(t, `
-- stops.txt --
stop_id
-- routes.txt --
route_id,route_type,network_id
A,3,A
-- fare_products.txt --
fare_product_id,amount,currency
single,5.00,CNY
change,7.00,CNY
-- fare_leg_rules.txt --
leg_group_id,network_id,fare_product_id
single,A,single
change,A,change
-- fare_transfer_rules.txt --
from_leg_group_id,to_leg_group_id,transfer_count,fare_transfer_type
change,change,1,0
`, fare.Config{})
	costs(t, e, "500", bus("A", "08:00"))
	costs(t, e, "700", bus("A", "08:00"), bus("A", "08:10"))
	costs(t, e, "700+500", bus("A", "08:00"), bus("A", "08:10"), bus("A", "08:20"))
	costs(t, e, "2×700", bus("A", "08:00"), bus("A", "08:10"), bus("A", "08:20"), bus("A", "08:30"))
}

// A ride that has cost more so far can be the better one to go on from: the
// second leg is cheaper as a transfer, but the third takes a single leg's place.
func TestCheapestWholeInPlace(t *testing.T) {
	e := newEngine(t, letters+`
-- networks.txt --
network_id
A
B
P
-- route_networks.txt --
network_id,route_id
A,A
B,B
P,C
-- routes.txt --
route_id,route_type
A,3
B,3
C,3
-- fare_leg_rules.txt --
leg_group_id,network_id,fare_product_id
A,A,a
B,B,b
X,P,x
Y,P,y
-- fare_products.txt --
fare_product_id,amount,currency
a,5.00,CNY
b,3.00,CNY
x,10.00,CNY
y,10.00,CNY
xa,2.00,CNY
ab,1.00,CNY
-- fare_transfer_rules.txt --
from_leg_group_id,to_leg_group_id,fare_transfer_type,fare_product_id
X,A,0,xa
A,B,2,ab
`, fare.Config{})
	legs := []fare.Leg{{Network: "P", Entry: monday("08:00")}, bus("A", "08:10"), bus("B", "08:20")}
	costs(t, e, "1000+200", legs[:2]...)
	costs(t, e, "1000+0+100", legs...)
}

// A leg rule whose product the rider cannot buy does not hide one that he can.
func TestConcessionRule(t *testing.T) {
	e := newEngine(t, `
-- stops.txt --
stop_id
-- routes.txt --
route_id,route_type,network_id
A,3,A
-- rider_categories.txt --
rider_category_id,rider_category_name,is_default_fare_category
adult,Adult,1
elder,Elder,
-- fare_products.txt --
fare_product_id,rider_category_id,amount,currency
full,adult,2.00,CNY
free,elder,0.00,CNY
-- fare_leg_rules.txt --
network_id,fare_product_id,rule_priority
A,full,
A,free,1
`, fare.Config{})
	leg := bus("A", "08:00")
	costs(t, e, "200", leg)
	leg.Rider = fare.Rider{Category: "elder", Until: monday("09:00")}
	costs(t, e, "0", leg)
}

func TestJoinWithin(t *testing.T) {
	city := gtfstest.City(gtfstest.Shape{MetroLines: 2, Stations: 13, BusLines: 2, BusStops: 2})
	feed, err := gtfs.Load(city.FS())
	require.NoError(t, err)
	e, err := fare.New(feed, fare.Config{})
	require.NoError(t, err)
	first := metro("metro", "M1-00", "08:00", "M1-02-A", "08:10")
	second := metro("metro", "M2-02-A", "08:40", "M2-00", "08:50")
	// M1-00 to M2-00 is six stops by the crossing M1-07: seven and three.
	joined := costs(t, e, "300", first, second)
	require.Len(t, joined.Charges, 1)
	second.Entry = second.Entry.Add(time.Second)
	costs(t, e, "2×200", first, second)
	second.Entry = monday("08:30")
	first.State, first.To, first.Exit = fare.MissingExit, "", time.Time{}
	assert.Len(t, costs(t, e, "400+200", first, second).Charges, 2, "an incomplete leg joins nothing")
	// A change that is not by the named stations.
	costs(t, e, "2×200", metro("metro", "M1-00", "08:00", "M1-01", "08:10"), metro("metro", "M2-02-A", "08:20", "M2-00", "08:50"))
}

// Join rules by station, by named stops, and over two networks.
func TestJoinRules(t *testing.T) {
	e := newEngine(t, `
-- stops.txt --
stop_id,location_type,parent_station
1,1,
2,1,
2a,2,2
2b,2,2
3,1,
-- routes.txt --
route_id,route_type,network_id
A,1,A
B,1,B
C,1,C
-- areas.txt --
area_id
z
-- stop_areas.txt --
area_id,stop_id
z,1
-- fare_products.txt --
fare_product_id,amount,currency
one,2.00,CNY
two,3.00,CNY
-- fare_leg_rules.txt --
network_id,from_area_id,fare_product_id,rule_priority
A,,one,
B,,one,
C,,one,
,z,two,
-- fare_leg_join_rules.txt --
from_network_id,to_network_id,from_stop_id,to_stop_id
A,B,,
B,C,2,3
`, fare.Config{})
	joined := func(want string, n int, a, b fare.Leg) {
		t.Helper()
		s := costs(t, e, want, a, b)
		assert.Len(t, s.Charges, n)
	}
	// Over two networks the leg is in neither: only the rule for any network is left.
	joined("300", 1, metro("A", "1", "08:00", "2a", "08:10"), metro("B", "2b", "08:15", "3", "08:20"))
	joined("2×200", 2, metro("A", "1", "08:00", "2a", "08:10"), metro("B", "3", "08:15", "2", "08:20"))  // not in one station
	joined("2×200", 2, metro("C", "1", "08:00", "2a", "08:10"), metro("B", "2b", "08:15", "3", "08:20")) // no rule from C
	joined("2×200", 2, metro("A", "1", "08:00", "2a", "08:10"), metro("A", "2b", "08:15", "3", "08:20")) // nor to A
	joined("300", 1, metro("B", "1", "08:00", "2b", "08:10"), metro("C", "3", "08:15", "2", "08:20"))
	joined("2×200", 2, metro("B", "1", "08:00", "2b", "08:10"), metro("C", "2", "08:15", "1", "08:20")) // out at 2, but not in at 3
	joined("2×200", 2, metro("B", "1", "08:00", "3", "08:10"), metro("C", "3", "08:15", "1", "08:20"))  // nor out at 2
	// In before out is no change of lines but two codes, or two clocks.
	joined("2×200", 2, metro("A", "1", "08:00", "2a", "08:10"), metro("B", "2b", "08:09:59", "3", "08:20"))
	joined("300", 1, metro("A", "1", "08:00", "2a", "08:10"), metro("B", "2b", "08:10", "3", "08:20"))
}

func TestFaults(t *testing.T) {
	city := gtfstest.City(gtfstest.Shape{MetroLines: 1, Stations: 5, BusLines: 2, BusStops: 2})
	feed, err := gtfs.Load(city.With("networks.txt", city["networks.txt"]+"tram,\n").FS())
	require.NoError(t, err)
	e, err := fare.New(feed, fare.Config{})
	require.NoError(t, err)
	for want, leg := range map[fare.Fault]fare.Leg{
		fare.UnknownRoute:   {Route: "B999", Entry: monday("08:00")},
		fare.UnknownNetwork: {Network: "boat", Entry: monday("08:00")},
		fare.UnknownStop:    {Network: "metro", From: "M9-99", Entry: monday("08:00"), State: fare.MissingExit},
		fare.NoFare:         {Network: "tram", Entry: monday("08:00"), State: fare.MissingExit},
	} {
		s := costs(t, e, "0+200", leg, fare.Leg{Route: "B2", Network: "bus_2", Entry: monday("08:10")})
		assert.Equal(t, want, s.Charges[0].Fault)
	}
	s := costs(t, e, "0", fare.Leg{Entry: monday("08:00")})
	assert.Equal(t, fare.UnknownNetwork, s.Charges[0].Fault)
	s = costs(t, e, "0", metro("metro", "M1-00", "08:00", "", "08:10"))
	assert.Equal(t, fare.UnknownStop, s.Charges[0].Fault)

	for reason, legs := range map[string][]fare.Leg{
		"no-time":       {{Network: "metro"}},
		"unknown-state": {{Network: "metro", Entry: monday("08:00"), State: "lost"}},
		"out-of-order":  {bus("A", "08:01"), bus("A", "08:00")},
	} {
		_, err := e.Fare(legs)
		var refused *fare.LegError
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, reason, refused.Reason)
		assert.Equal(t, len(legs)-1, refused.Leg)
	}
	var limit *fare.LimitError
	_, err = e.Fare(make([]fare.Leg, fare.MaxTaps+1))
	assert.ErrorAs(t, err, &limit)
	_, err = e.Settle(make([]fare.Tap, fare.MaxTaps+1))
	assert.ErrorAs(t, err, &limit)
}

func TestConfig(t *testing.T) {
	feed, err := gtfs.Load(gtfstest.Text(base + letters).FS())
	require.NoError(t, err)
	for field, cfg := range map[string]fare.Config{
		"DayStart":   {DayStart: 24 * time.Hour},
		"MaxRide":    {MaxRide: -1},
		"Reentry":    {Reentry: -1},
		"JoinWithin": {JoinWithin: -1},
		"MaxFare":    {MaxFare: map[string]int64{"boat": 100}},
		"Autofill":   {Autofill: fare.Autofill{PerMonth: -1}},
	} {
		_, err := fare.New(feed, cfg)
		var refused *fare.ConfigError
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, field, refused.Field)
	}
	for _, fen := range []int64{-1, gtfs.MaxAmount + 1} {
		_, err := fare.New(feed, fare.Config{MaxFare: map[string]int64{"A": fen}})
		assert.Error(t, err)
	}
}
