package fare_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/transit/fare"
)

// The examples that gtfs.org publishes for Fares v2, in feeds of our own with
// the same amounts, in yuan. Each expected fare is the example's arithmetic.

// "Create rules for single leg journeys" and "Create rules for transfers":
// Maryland, one ticket of 2.00 and passes on the same leg, 90 minutes of free
// transfers from boarding to boarding.
func TestExampleMaryland(t *testing.T) {
	e := newEngine(t, `
-- stops.txt --
stop_id
-- routes.txt --
route_id,route_type,network_id
core,3,core
-- fare_products.txt --
fare_product_id,fare_product_name,amount,currency
oneway,One Way Full Fare,2.00,CNY
1_day,1-Day Pass,4.60,CNY
31_day,31-Day Pass,77.00,CNY
7_day,7-Day Pass,22.00,CNY
-- fare_leg_rules.txt --
leg_group_id,network_id,fare_product_id
one_way_trip,core,1_day
one_way_trip,core,31_day
one_way_trip,core,oneway
one_way_trip,core,7_day
-- fare_transfer_rules.txt --
from_leg_group_id,to_leg_group_id,duration_limit,duration_limit_type,fare_transfer_type,transfer_count
one_way_trip,one_way_trip,5400,1,0,-1
`, fare.Config{})
	costs(t, e, "200", bus("core", "08:00"))
	s := costs(t, e, "200+0+0+0", bus("core", "08:00"), bus("core", "08:20"), bus("core", "09:00"), bus("core", "09:30"))
	assert.Equal(t, "leg-fare fare_leg_rules.txt:4 oneway  +200", line(s.Charges[0].Steps[0]))
	assert.Equal(t, "transfer fare_transfer_rules.txt:2   +0", line(s.Charges[3].Steps[1]))
	// From the first leg of the run: the last is 90 minutes and a second later.
	costs(t, e, "200+0+0+200", bus("core", "08:00"), bus("core", "08:20"), bus("core", "09:00"), bus("core", "09:30:01"))
}

// "Describe service locations in the same fare zone": BART.
func TestExampleBART(t *testing.T) {
	e := newEngine(t, `
-- stops.txt --
stop_id
ASHB
GLEN
OAKL
-- routes.txt --
route_id,route_type,network_id
r,1,BA
-- areas.txt --
area_id
ASHB
GLEN
OAKL
-- stop_areas.txt --
area_id,stop_id
ASHB,ASHB
GLEN,GLEN
OAKL,OAKL
-- fare_products.txt --
fare_product_id,amount,currency
BA:matrix:ASHB-GLEN,4.75,CNY
BA:matrix:ASHB-OAKL,9.45,CNY
-- fare_leg_rules.txt --
leg_group_id,from_area_id,to_area_id,fare_product_id
BA,ASHB,GLEN,BA:matrix:ASHB-GLEN
BA,ASHB,OAKL,BA:matrix:ASHB-OAKL
`, fare.Config{})
	costs(t, e, "475", metro("BA", "ASHB", "08:00", "GLEN", "08:30"))
	costs(t, e, "945", metro("BA", "ASHB", "08:00", "OAKL", "08:30"))
	s := costs(t, e, "0", metro("BA", "GLEN", "08:00", "ASHB", "08:30"))
	assert.Equal(t, fare.NoFare, s.Charges[0].Fault)
}

// "Define price differences based on fare media": Muni; and the Clean Air
// Express, whose price without a medium is everybody's.
func TestExampleMedia(t *testing.T) {
	e := newEngine(t, `
-- stops.txt --
stop_id
-- routes.txt --
route_id,route_type,network_id
muni,3,muni
clean,3,clean
-- fare_media.txt --
fare_media_id,fare_media_name,fare_media_type
clipper,Clipper,2
cash,Cash,0
tap_to_ride,Tap to Ride,3
-- fare_products.txt --
fare_product_id,amount,currency,fare_media_id
SF:local:single,3.00,CNY,cash
SF:local:single,2.50,CNY,clipper
single-ride,6.00,CNY,tap_to_ride
single-ride,7.00,CNY,
-- fare_leg_rules.txt --
network_id,fare_product_id
muni,SF:local:single
clean,single-ride
`, fare.Config{})
	for _, c := range []struct{ route, media, want string }{{"muni", "cash", "300"}, {"muni", "clipper", "250"},
		{"clean", "tap_to_ride", "600"}, {"clean", "cash", "700"}, {"clean", "", "700"}} {
		leg := bus(c.route, "08:00")
		leg.Rider.Media = c.media
		costs(t, e, c.want, leg)
	}
	s := costs(t, e, "0", bus("muni", "08:00"))
	assert.Equal(t, fare.NoFare, s.Charges[0].Fault, "nobody said how it is paid")
}

// "Define price differences based on time and day of trip": Washington.
func TestExampleWashington(t *testing.T) {
	e := newEngine(t, `
-- stops.txt --
stop_id
-- routes.txt --
route_id,route_type,network_id
1,1,1
-- calendar.txt --
service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
weekday_service,1,1,1,1,1,0,0,20260101,20261231
saturday_service,0,0,0,0,0,1,0,20260101,20261231
sunday_service,0,0,0,0,0,0,1,20260101,20261231
-- timeframes.txt --
timeframe_group_id,start_time,end_time,service_id
weekday_peak,5:00:00,9:30:00,weekday_service
weekday_offpeak,9:30:00,15:00:00,weekday_service
weekday_peak,15:00:00,19:00:00,weekday_service
weekday_offpeak,19:00:00,21:30:00,weekday_service
weekday_late_night,21:30:00,24:00:00,weekday_service
weekday_late_night,00:00:00,5:00:00,weekday_service
weekend,,,saturday_service
weekend,,,sunday_service
-- fare_products.txt --
fare_product_id,amount,currency
peak_fare,5.00,CNY
regular_fare,3.00,CNY
weekend_fare,2.00,CNY
late_night_fare,2.00,CNY
-- fare_leg_rules.txt --
network_id,fare_product_id,from_timeframe_group_id,to_timeframe_group_id
1,weekend_fare,weekend,
1,late_night_fare,weekday_late_night,
1,peak_fare,weekday_peak,
1,regular_fare,weekday_offpeak,
`, fare.Config{})
	for _, c := range []struct{ when, want, product string }{
		{"2026-03-02 07:30", "500", "peak_fare"},
		{"2026-03-02 11:30", "300", "regular_fare"},
		{"2026-03-02 09:29:59", "500", "peak_fare"},
		{"2026-03-02 09:30", "300", "regular_fare"},
		{"2026-03-02 21:30", "200", "late_night_fare"},
		{"2026-03-06 23:59:59", "200", "late_night_fare"},
		{"2026-03-07 00:00", "200", "weekend_fare"}, // the calendar day, not the service day
		{"2026-03-08 07:30", "200", "weekend_fare"},
	} {
		leg := bus("1", "00:00")
		leg.Entry = at(c.when)
		s := costs(t, e, c.want, leg)
		assert.Equal(t, c.product, s.Charges[0].Steps[0].Product, c.when)
	}
}

// "Define time-variable fares along with zone based fares": Metro-North, where
// the fare inbound depends on the time of the exit.
func TestExampleMetroNorth(t *testing.T) {
	e := newEngine(t, `
-- stops.txt --
stop_id,stop_name
ITO1897,Cold Spring
ITO2383,Grand Central
-- routes.txt --
route_id,route_type
669,2
-- networks.txt --
network_id
mnr_hudson
-- route_networks.txt --
network_id,route_id
mnr_hudson,669
-- areas.txt --
area_id
mnr_1
mnr_HUD-7
-- stop_areas.txt --
area_id,stop_id
mnr_1,ITO2383
mnr_HUD-7,ITO1897
-- calendar.txt --
service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
weekdays,1,1,1,1,1,0,0,20260101,20261231
weekends,0,0,0,0,0,1,1,20260101,20261231
anyday,1,1,1,1,1,1,1,20260101,20261231
-- timeframes.txt --
timeframe_group_id,start_time,end_time,service_id
anytime,00:00:00,24:00:00,anyday
weekdays,00:00:00,24:00:00,weekdays
weekends,00:00:00,24:00:00,weekends
mnr_ampeak,06:00:00,10:00:00,weekdays
mnr_notampeak,00:00:00,06:00:00,weekdays
mnr_notampeak,10:00:00,24:00:00,weekdays
mnr_am2pmpeak,06:00:00,09:00:00,weekdays
mnr_am2pmpeak,16:00:00,20:00:00,weekdays
mnr_notam2pmpeak,00:00:00,06:00:00,weekdays
mnr_notam2pmpeak,09:00:00,16:00:00,weekdays
mnr_notam2pmpeak,20:00:00,24:00:00,weekdays
-- fare_media.txt --
fare_media_id,fare_media_type
paper,1
-- fare_products.txt --
fare_product_id,fare_media_id,amount,currency
mnr_1:HUD-7_adult_peak,paper,20.00,CNY
mnr_1:HUD-7_adult,paper,15.00,CNY
mnr_HUD-7:1_adult_peak,paper,20.00,CNY
mnr_HUD-7:1_adult,paper,15.00,CNY
-- fare_leg_rules.txt --
network_id,from_area_id,to_area_id,fare_product_id,from_timeframe_group_id,to_timeframe_group_id
mnr_hudson,mnr_1,mnr_HUD-7,mnr_1:HUD-7_adult,mnr_notam2pmpeak,anytime
mnr_hudson,mnr_1,mnr_HUD-7,mnr_1:HUD-7_adult,weekends,anytime
mnr_hudson,mnr_1,mnr_HUD-7,mnr_1:HUD-7_adult_peak,mnr_am2pmpeak,anytime
mnr_hudson,mnr_HUD-7,mnr_1,mnr_HUD-7:1_adult,weekdays,mnr_notampeak
mnr_hudson,mnr_HUD-7,mnr_1,mnr_HUD-7:1_adult,weekends,anytime
mnr_hudson,mnr_HUD-7,mnr_1,mnr_HUD-7:1_adult_peak,weekdays,mnr_ampeak
`, fare.Config{})
	ride := func(from, in, to, out string) fare.Leg {
		l := metro("mnr_hudson", from, in, to, out)
		l.Rider.Media = "paper"
		return l
	}
	costs(t, e, "2000", ride("ITO2383", "18:45", "ITO1897", "19:55"))
	costs(t, e, "1500", ride("ITO2383", "21:04", "ITO1897", "22:15"))
	costs(t, e, "2000", ride("ITO1897", "08:50", "ITO2383", "09:59:59"))
	costs(t, e, "1500", ride("ITO1897", "08:50", "ITO2383", "10:00"))
}

// translink is the guide's Vancouver: flat buses, three zones, and an island in
// zone 2 that costs 5 more to leave; evenings and weekends are flat.
const translink = `
-- stops.txt --
stop_id,stop_name
8039,Waterfront
8066,Edmonds
8100,Surrey
99901,YVR-Airport
99902,Sea Island Centre
-- routes.txt --
route_id,route_type
10232,3
13686,1
-- networks.txt --
network_id
translink_bus
skytrain_seabus
-- route_networks.txt --
network_id,route_id
translink_bus,10232
skytrain_seabus,13686
-- areas.txt --
area_id
ZN1
ZN2
ZN3
sea_island
-- stop_areas.txt --
area_id,stop_id
ZN1,8039
ZN2,8066
ZN3,8100
ZN2,99901
ZN2,99902
sea_island,99901
sea_island,99902
-- calendar.txt --
service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
weekday_service,1,1,1,1,1,0,0,20260101,20261231
weekend_service,0,0,0,0,0,1,1,20260101,20261231
-- timeframes.txt --
timeframe_group_id,start_time,end_time,service_id
weekday_daytime,03:00:00,18:30:00,weekday_service
weekday_evening,18:30:00,24:00:00,weekday_service
weekday_evening,00:00:00,03:00:00,weekday_service
weekend,,,weekend_service
-- rider_categories.txt --
rider_category_id,rider_category_name,is_default_fare_category
adult,Adult,1
concession,Concession,
-- fare_products.txt --
fare_product_id,amount,currency,rider_category_id
bus_flat_fare,3.20,CNY,adult
bus_flat_fare,2.15,CNY,concession
1_zone_fare,3.20,CNY,
2_zone_fare,4.65,CNY,
3_zone_fare,6.35,CNY,
sea_island_1_zone_fare,8.20,CNY,
sea_island_2_zone_fare,9.65,CNY,
sea_island_sea_island_fare,0.00,CNY,
1_zone_to_2_zone_upgrade,1.45,CNY,
2_zone_to_3_zone_upgrade,1.70,CNY,
1_zone_to_3_zone_upgrade,3.15,CNY,
-- fare_leg_rules.txt --
leg_group_id,network_id,fare_product_id,from_area_id,to_area_id,from_timeframe_group_id,to_timeframe_group_id,rule_priority
flat_fare_leg,translink_bus,bus_flat_fare,,,,,
ZN1_ZN1,skytrain_seabus,1_zone_fare,ZN1,ZN1,,,
ZN2_ZN2,skytrain_seabus,1_zone_fare,ZN2,ZN2,,,
ZN3_ZN3,skytrain_seabus,1_zone_fare,ZN3,ZN3,,,
ZN1_ZN2,skytrain_seabus,2_zone_fare,ZN1,ZN2,,,
ZN2_ZN3,skytrain_seabus,2_zone_fare,ZN2,ZN3,,,
ZN1_ZN2,skytrain_seabus,2_zone_fare,ZN2,ZN1,,,
ZN2_ZN3,skytrain_seabus,2_zone_fare,ZN3,ZN2,,,
ZN1_ZN3,skytrain_seabus,3_zone_fare,ZN1,ZN3,,,
ZN1_ZN3,skytrain_seabus,3_zone_fare,ZN3,ZN1,,,
sea_island_ZN1,skytrain_seabus,sea_island_2_zone_fare,sea_island,ZN1,,,1
sea_island_ZN2,skytrain_seabus,sea_island_1_zone_fare,sea_island,ZN2,,,1
sea_island_ZN3,skytrain_seabus,sea_island_2_zone_fare,sea_island,ZN3,,,1
sea_island_sea_island,skytrain_seabus,sea_island_sea_island_fare,sea_island,sea_island,,,3
flat_fare_leg,skytrain_seabus,1_zone_fare,,,weekday_evening,,1
flat_fare_leg,skytrain_seabus,1_zone_fare,,,weekend,,1
flat_fare_sea_island_leg,skytrain_seabus,sea_island_1_zone_fare,sea_island,,weekday_evening,,2
flat_fare_sea_island_leg,skytrain_seabus,sea_island_1_zone_fare,sea_island,,weekend,,2
-- fare_transfer_rules.txt --
from_leg_group_id,to_leg_group_id,duration_limit,duration_limit_type,fare_transfer_type,fare_product_id,transfer_count
flat_fare_leg,flat_fare_leg,5400,1,0,,-1
ZN1_ZN1,flat_fare_leg,5400,1,0,,
flat_fare_leg,ZN1_ZN1,5400,1,0,,
ZN1_ZN2,flat_fare_leg,5400,1,0,,
flat_fare_leg,ZN1_ZN2,5400,1,0,1_zone_to_2_zone_upgrade,
ZN1_ZN1,ZN1_ZN2,5400,1,0,1_zone_to_2_zone_upgrade,
ZN1_ZN1,ZN1_ZN3,5400,1,0,1_zone_to_3_zone_upgrade,
ZN1_ZN2,ZN1_ZN1,5400,1,0,,
ZN1_ZN2,ZN2_ZN2,5400,1,0,,
ZN1_ZN2,ZN1_ZN2,5400,1,0,,-1
ZN1_ZN2,ZN2_ZN3,5400,1,0,2_zone_to_3_zone_upgrade,
`

// "Zone-based fares", "Rule priority for legs", "Time-based fares".
func TestExampleVancouver(t *testing.T) {
	e := newEngine(t, translink, fare.Config{})
	train := func(from, in, to, out string) fare.Leg { return metro("skytrain_seabus", from, in, to, out) }
	for _, c := range []struct{ from, to, day, evening string }{
		{"8039", "8039", "320", "320"},
		{"8039", "8066", "465", "320"},
		{"8066", "8100", "465", "320"},
		{"8100", "8039", "635", "320"},
		{"8066", "99901", "320", "320"},         // to the island as to zone 2
		{"8039", "99901", "465", "320"},         //
		{"99901", "8039", "465+500", "320+500"}, // from the island 5 more
		{"99901", "8066", "320+500", "320+500"},
		{"99901", "8100", "465+500", "320+500"},
		{"99901", "99902", "0", "0"},
	} {
		costs(t, e, c.day, train(c.from, "08:00", c.to, "08:30"))
		costs(t, e, c.evening, train(c.from, "18:30", c.to, "19:00"))
		weekend := train(c.from, "08:00", c.to, "08:30")
		weekend.Entry, weekend.Exit = at("2026-03-07 08:00"), at("2026-03-07 08:30")
		costs(t, e, c.evening, weekend)
	}
}

// "Create transfer fare products": an AddFare is paid to a longer leg.
func TestExampleVancouverTransfers(t *testing.T) {
	e := newEngine(t, translink, fare.Config{})
	train := func(from, in, to, out string) fare.Leg { return metro("skytrain_seabus", from, in, to, out) }
	ride := fare.Leg{Route: "10232", Network: "translink_bus", Entry: monday("08:00")}
	costs(t, e, "320", ride)
	costs(t, e, "320+0", ride, train("8039", "08:20", "8039", "08:30"))
	costs(t, e, "320+145", ride, train("8039", "08:20", "8066", "08:50"))
	costs(t, e, "320+145", train("8039", "08:00", "8039", "08:10"), train("8039", "08:20", "8066", "08:50"))
	costs(t, e, "320+315", train("8039", "08:00", "8039", "08:10"), train("8039", "08:20", "8100", "08:50"))
	costs(t, e, "465+170", train("8039", "08:00", "8066", "08:10"), train("8066", "08:20", "8100", "08:50"))
	// The guide's journey of three legs. Rules apply to legs that follow each
	// other, so the upgrade is paid again; nonconsecutive_transfers_allowed, with
	// which it is not, has not been adopted.
	costs(t, e, "465+0+145", train("8066", "08:00", "8039", "08:15"), train("8039", "08:20", "8039", "08:40"), train("8039", "08:50", "8066", "09:20"))
}

// "Associate with fare products": the concession.
func TestExampleVancouverConcession(t *testing.T) {
	e := newEngine(t, translink, fare.Config{})
	leg := fare.Leg{Route: "10232", Network: "translink_bus", Entry: monday("08:00")}
	leg.Rider = fare.Rider{Category: "concession", Until: monday("08:00:01")}
	s := costs(t, e, "215", leg)
	assert.Equal(t, "leg-fare fare_leg_rules.txt:2 bus_flat_fare concession +215", line(s.Charges[0].Steps[0]))
	// At the end of the category and after it: the full fare, never a refusal.
	leg.Rider.Until = monday("08:00")
	s = costs(t, e, "320", leg)
	assert.Equal(t, []fare.StepKind{fare.ConcessionExpired, fare.LegFare}, kinds(s.Charges[0]))
	leg.Rider = fare.Rider{Category: "sailor", Until: monday("09:00")}
	s = costs(t, e, "320", leg)
	assert.Equal(t, []fare.StepKind{fare.ConcessionUnknown, fare.LegFare}, kinds(s.Charges[0]))
	// A category without a price of its own pays what everybody pays.
	train := metro("skytrain_seabus", "8039", "08:00", "8066", "08:30")
	train.Rider = fare.Rider{Category: "concession", Until: monday("09:00")}
	costs(t, e, "465", train)
}

// "Nonconsecutive transfers": ORCA, by the consecutive rules that are adopted.
func TestExampleORCA(t *testing.T) {
	e := newEngine(t, `
-- stops.txt --
stop_id
-- routes.txt --
route_id,route_type,network_id
kcm,3,kcm
rail,0,rail
community,3,community
-- fare_products.txt --
fare_product_id,amount,currency
kcm_adult_fare,2.75,CNY
light_rail_adult_fare,3.00,CNY
community_adult_fare,2.50,CNY
kcm_to_light_rail,0.25,CNY
community_to_light_rail,0.50,CNY
free,0.00,CNY
-- fare_leg_rules.txt --
leg_group_id,fare_product_id,network_id
kcm_leg,kcm_adult_fare,kcm
light_rail_leg,light_rail_adult_fare,rail
community_leg,community_adult_fare,community
-- fare_transfer_rules.txt --
from_leg_group_id,to_leg_group_id,duration_limit,duration_limit_type,fare_transfer_type,fare_product_id
kcm_leg,light_rail_leg,3600,1,0,kcm_to_light_rail
light_rail_leg,kcm_leg,3600,1,0,free
community_leg,light_rail_leg,3600,1,0,community_to_light_rail
kcm_leg,community_leg,3600,1,0,free
`, fare.Config{})
	costs(t, e, "275+25", bus("kcm", "08:00"), bus("rail", "08:20"))
	costs(t, e, "275+0+50", bus("kcm", "08:00"), bus("community", "08:20"), bus("rail", "08:40"))
	// Transfer rules have a direction: there is none back from rail to community.
	costs(t, e, "300+250", bus("rail", "08:00"), bus("community", "08:20"))
}

// "Fare media transfer mechanism" and "Joining fare legs": SEPTA, two free
// transfers, and stations where lines are changed without a gate.
func TestExampleSEPTA(t *testing.T) {
	text := `
-- stops.txt --
stop_id,stop_name
32141,City Hall
32175,15th St
1,North
2,West
-- routes.txt --
route_id,route_type,network_id
metro_bus,3,metro_bus
-- fare_products.txt --
fare_product_id,amount,currency
key,2.00,CNY
-- fare_leg_rules.txt --
leg_group_id,network_id,fare_product_id
metro_bus_leg,metro_bus,key
-- fare_transfer_rules.txt --
from_leg_group_id,to_leg_group_id,transfer_count,duration_limit,duration_limit_type,fare_transfer_type
metro_bus_leg,metro_bus_leg,2,7200,1,0
`
	e := newEngine(t, text, fare.Config{})
	var legs []fare.Leg
	for i, want := range []string{"200", "200+0", "200+0+0", "200+0+0+200", "200+0+0+200+0"} {
		legs = append(legs, bus("metro_bus", []string{"08:00", "08:10", "08:20", "08:30", "08:40"}[i]))
		costs(t, e, want, legs...)
	}
	e = newEngine(t, text+`
-- fare_transfer_rules.txt --
fare_transfer_type
-- fare_leg_join_rules.txt --
from_network_id,to_network_id,from_stop_id,to_stop_id
metro_bus,metro_bus,32141,32175
`, fare.Config{})
	there := []fare.Leg{metro("metro_bus", "1", "08:00", "32141", "08:10"), metro("metro_bus", "32175", "08:12", "2", "08:30")}
	s := costs(t, e, "200", there...)
	require.Len(t, s.Charges, 1)
	assert.Equal(t, []string{"1", "2"}, []string{s.Charges[0].Leg.From, s.Charges[0].Leg.To})
	assert.Equal(t, []fare.StepKind{fare.Joined, fare.LegFare}, kinds(s.Charges[0]))
	back := []fare.Leg{metro("metro_bus", "2", "08:00", "32175", "08:10"), metro("metro_bus", "32141", "08:12", "1", "08:30")}
	costs(t, e, "2×200", back...)
}
