package gtfs_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/transit/gtfs"
	"github.com/citizencode/citizencode/scenarios/transit/gtfstest"
)

// small is a feed that uses every file and column.
const small = `
-- agency.txt --
agency_id,agency_name,agency_timezone
a,Metro,Asia/Shanghai
-- stops.txt --
stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station,stop_timezone
p1,Platform 1,41.8,123.4,,s1,
s1,Station 1,41.8,123.4,1,,Asia/Shanghai
e1,Entrance 1,41.8,123.4,2,s1,
b1,Boarding area 1,,,4,p1,
p2,Bus stop,41.9,-123.5,0,,
-- networks.txt --
network_id,network_name
metro,Metro
bus,Bus
-- routes.txt --
route_id,agency_id,route_short_name,route_long_name,route_type
m,a,1,First,1
b,,168,,3
-- route_networks.txt --
network_id,route_id
metro,m
bus,b
-- areas.txt --
area_id,area_name
z1,Zone 1
z2,
-- stop_areas.txt --
area_id,stop_id
z1,s1
z2,p2
-- calendar.txt --
service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
work,1,1,1,1,1,0,0,20260101,20261231
-- calendar_dates.txt --
service_id,date,exception_type
work,20261001,2
work,20261010,1
feast,20260217,1
-- timeframes.txt --
timeframe_group_id,start_time,end_time,service_id
peak,07:00:00,9:00:00,work
peak,17:00:00,19:00:00,work
peak,,,feast
late,22:00:00,24:00:00,work
-- rider_categories.txt --
rider_category_id,rider_category_name,is_default_fare_category
adult,Adult,1
elder,Elder,
-- fare_media.txt --
fare_media_id,fare_media_name,fare_media_type
code,Citizen code,4
-- fare_products.txt --
fare_product_id,fare_product_name,rider_category_id,fare_media_id,amount,currency
two,Two yuan,adult,,2.00,CNY
two,Two yuan,elder,code,0.05,CNY
off,Discount,,,-0.50,CNY
-- fare_leg_rules.txt --
leg_group_id,network_id,from_area_id,to_area_id,from_timeframe_group_id,to_timeframe_group_id,fare_product_id,rule_priority
g,metro,z1,z2,peak,late,two,7
,bus,,,,,two,
-- fare_leg_join_rules.txt --
from_network_id,to_network_id,from_stop_id,to_stop_id
metro,metro,s1,p2
metro,bus,,
-- fare_transfer_rules.txt --
from_leg_group_id,to_leg_group_id,transfer_count,duration_limit,duration_limit_type,fare_transfer_type,fare_product_id
g,g,2,3600,1,1,off
g,,,,,0,
-- citizencode_fare_caps.txt --
fare_cap_id,fare_cap_name,period,amount,currency,network_id,fare_product_id,rider_category_id
d,Day,day,12.00,CNY,metro,two,elder
w,,week,60.00,CNY,,,
-- trips.txt --
route_id,service_id,trip_id
m,work,t1
m,work,t2
b,work,t3
-- stop_times.txt --
trip_id,arrival_time,departure_time,stop_id,stop_sequence
t2,,,p2,20
t1,,,p1,1
t2,,,p1,10
t3,,,p2,1
`

func load(t testing.TB, f gtfstest.Feed) *gtfs.Feed {
	t.Helper()
	feed, err := gtfs.Load(f.FS())
	require.NoError(t, err)
	return feed
}

func TestLoad(t *testing.T) {
	f := load(t, gtfstest.Text(small))
	assert.Equal(t, []gtfs.Agency{{ID: "a", Name: "Metro"}}, f.Agencies())
	require.Len(t, f.Stops(), 5)
	assert.Equal(t, gtfs.Stop{ID: "b1", Name: "Boarding area 1", Kind: gtfs.BoardingArea, Parent: "p1"}, f.Stops()[3])
	p2, ok := f.Stop("p2")
	assert.True(t, ok)
	assert.Equal(t, gtfs.Stop{ID: "p2", Name: "Bus stop", Lat: 41.9, Lon: -123.5}, p2)
	_, ok = f.Stop("p9")
	assert.False(t, ok)
	assert.Equal(t, []gtfs.Network{{"metro", "Metro"}, {"bus", "Bus"}}, f.Networks())
	assert.Equal(t, []gtfs.Route{{ID: "m", Agency: "a", ShortName: "1", LongName: "First", Type: 1, Network: "metro"},
		{ID: "b", ShortName: "168", Type: 3, Network: "bus"}}, f.Routes())
	assert.Equal(t, []gtfs.Area{{"z1", "Zone 1"}, {"z2", ""}}, f.Areas())
	assert.Equal(t, []gtfs.RiderCategory{{"adult", "Adult", true}, {"elder", "Elder", false}}, f.Categories())
	code, _ := f.Media("code")
	assert.Equal(t, gtfs.FareMedia{ID: "code", Name: "Citizen code", Type: 4}, code)
	products := func(line int) gtfs.Ref { return gtfs.Ref{File: "fare_products.txt", Line: line} }
	assert.Equal(t, []gtfs.FareProduct{{"two", "Two yuan", "adult", "", 200, products(2)}, {"two", "Two yuan", "elder", "code", 5, products(3)}}, f.Products("two"))
	assert.Equal(t, []gtfs.FareProduct{{"off", "Discount", "", "", -50, products(4)}}, f.Products("off"))
	assert.Empty(t, f.Products("none"))
	assert.True(t, f.HasPriority())
	assert.Equal(t, []gtfs.FareLegRule{
		{"g", "metro", "z1", "z2", "peak", "late", "two", 7, gtfs.Ref{File: "fare_leg_rules.txt", Line: 2}},
		{"", "bus", "", "", "", "", "two", 0, gtfs.Ref{File: "fare_leg_rules.txt", Line: 3}}}, f.LegRules())
	assert.Equal(t, []gtfs.FareLegJoinRule{{"metro", "metro", "s1", "p2", gtfs.Ref{File: "fare_leg_join_rules.txt", Line: 2}},
		{"metro", "bus", "", "", gtfs.Ref{File: "fare_leg_join_rules.txt", Line: 3}}}, f.JoinRules())
	assert.Equal(t, []gtfs.FareTransferRule{
		{"g", "g", 2, time.Hour, gtfs.DepartureToDeparture, gtfs.FromLegTransferAndToLeg, "off", gtfs.Ref{File: "fare_transfer_rules.txt", Line: 2}},
		{"g", "", 0, 0, 0, gtfs.FromLegAndTransfer, "", gtfs.Ref{File: "fare_transfer_rules.txt", Line: 3}}}, f.TransferRules())
	assert.Equal(t, []gtfs.FareCap{{"d", "Day", false, "metro", "two", "elder", 1200, gtfs.Ref{File: "citizencode_fare_caps.txt", Line: 2}},
		{"w", "", true, "", "", "", 6000, gtfs.Ref{File: "citizencode_fare_caps.txt", Line: 3}}}, f.Caps())
}

func TestStations(t *testing.T) {
	f := load(t, gtfstest.Text(small))
	for stop, station := range map[string]string{"b1": "s1", "p1": "s1", "e1": "s1", "s1": "s1", "p2": "p2", "p9": "p9"} {
		assert.Equal(t, station, f.Station(stop), stop)
	}
	for stop, areas := range map[string][]string{"b1": {"z1"}, "p1": {"z1"}, "e1": {"z1"}, "s1": {"z1"}, "p2": {"z2"}, "p9": nil} {
		assert.Equal(t, areas, f.StopAreas(stop), stop)
	}
	// A platform with areas of its own does not have those of its station.
	f = load(t, gtfstest.Text(small).With("stop_areas.txt", "area_id,stop_id\nz1,s1\nz2,p1\n"))
	assert.Equal(t, []string{"z2"}, f.StopAreas("b1"))
	assert.Equal(t, []string{"z1"}, f.StopAreas("e1"))
}

func TestTimeframes(t *testing.T) {
	f := load(t, gtfstest.Text(small))
	for _, c := range []struct {
		group, at string
		in        bool
	}{
		{"peak", "2026-03-02 06:59:59", false}, // Monday
		{"peak", "2026-03-02 07:00:00", true},
		{"peak", "2026-03-02 08:59:59", true},
		{"peak", "2026-03-02 09:00:00", false},
		{"peak", "2026-03-02 18:00:00", true},
		{"peak", "2026-03-01 08:00:00", false}, // Sunday
		{"peak", "2025-12-31 08:00:00", false}, // before the service begins
		{"peak", "2026-12-31 08:00:00", true},
		{"peak", "2027-01-01 08:00:00", false},
		{"peak", "2026-10-01 08:00:00", false}, // a feast day on a Thursday
		{"peak", "2026-10-10 08:00:00", true},  // a Saturday that is worked
		{"peak", "2026-02-17 23:59:59", true},  // a service of one day, all of it
		{"peak", "2026-02-18 00:00:00", false},
		{"late", "2026-03-02 23:59:59", true},
		{"late", "2026-03-03 00:00:00", false},
		{"none", "2026-03-02 08:00:00", false},
	} {
		at, err := time.ParseInLocation(time.DateTime, c.at, f.Location())
		require.NoError(t, err)
		assert.Equal(t, c.in, f.InTimeframe(c.group, at.UTC()), "%s %s", c.group, c.at)
	}
}

func TestDate(t *testing.T) {
	for day, monday := range map[gtfs.Date]gtfs.Date{20260302: 20260302, 20260301: 20260223, 20260307: 20260302, 20260101: 20251229, 20240303: 20240226} {
		assert.Equal(t, monday, day.Monday(), day)
	}
	assert.Equal(t, "20260302", gtfs.Date(20260302).String())
}

func TestLoadLines(t *testing.T) {
	files := gtfstest.Text(small)
	f := load(t, files)
	lines, err := f.LoadLines(files.FS())
	require.NoError(t, err)
	assert.Equal(t, []gtfs.Line{{"m", []string{"p1", "p2"}}, {"b", []string{"p2"}}}, lines)

	lines, err = f.LoadLines(files.With("stop_times.txt", "trip_id,stop_id,stop_sequence\nt2,p2,1\nt1,p1,1\n").FS())
	require.NoError(t, err)
	assert.Equal(t, []gtfs.Line{{"m", []string{"p1"}}, {"b", nil}}, lines, "of equals the first trip")
	_, err = f.LoadLines(files.With("stop_times.txt", "trip_id,stop_id,stop_sequence\nt1,p1,5\nt1,p2,5\n").FS())
	assertError(t, gtfs.Error{File: "stop_times.txt", Field: "stop_sequence", Reason: gtfs.Duplicate}, err)
	_, err = f.LoadLines(files.With("trips.txt", "").FS())
	assertError(t, gtfs.Error{File: "trips.txt", Reason: gtfs.MissingFile}, err)
	_, err = f.LoadLines(files.With("trips.txt", "route_id,trip_id\nm,t1\nx,t2\n").FS())
	assertError(t, gtfs.Error{File: "trips.txt", Line: 3, Field: "route_id", Reason: gtfs.Dangling}, err)
	_, err = f.LoadLines(files.With("stop_times.txt", "trip_id,stop_id,stop_sequence\nt9,p1,5\n").FS())
	assertError(t, gtfs.Error{File: "stop_times.txt", Line: 2, Field: "trip_id", Reason: gtfs.Dangling}, err)

	city := gtfstest.City(gtfstest.Shenyang())
	lines, err = load(t, city).LoadLines(city.FS())
	require.NoError(t, err)
	require.Len(t, lines, 225)
	assert.Equal(t, "M2", lines[1].Route)
	assert.Equal(t, []string{"M2-00-P2", "M2-01-P2", "M2-02-P2", "M1-07-P2"}, lines[1].Stops[:4])
}

func assertError(t *testing.T, want gtfs.Error, err error) {
	t.Helper()
	var got *gtfs.Error
	if assert.ErrorAs(t, err, &got) {
		assert.Equal(t, want, gtfs.Error{File: got.File, Line: got.Line, Field: got.Field, Reason: got.Reason}, err.Error())
	}
}

// replace changes a text that stands once in the small feed.
func replace(t *testing.T, old, by string) gtfstest.Feed {
	require.Equal(t, 1, strings.Count(small, old), old)
	return gtfstest.Text(strings.Replace(small, old, by, 1))
}

func TestSameFeedInOtherBytes(t *testing.T) {
	want := load(t, gtfstest.Text(small))
	for name, f := range map[string]gtfstest.Feed{
		"byte order mark": gtfstest.Text(small).With("areas.txt", "\ufeffarea_id,area_name\nz1,Zone 1\nz2,\n"),
		"CRLF":            gtfstest.Text(small).With("areas.txt", "area_id,area_name\r\nz1,Zone 1\r\nz2,\r\n"),
		"no last newline": gtfstest.Text(small).With("areas.txt", "area_id,area_name\nz1,Zone 1\nz2,"),
		"blank lines":     gtfstest.Text(small).With("areas.txt", "area_id,area_name\nz1,Zone 1\n\n\r\nz2,\n\n"),
		"quotes":          gtfstest.Text(small).With("areas.txt", "\"area_id\",area_name\n\"z1\",\"Zone 1\"\nz2,\"\"\n"),
		"order, extras":   gtfstest.Text(small).With("areas.txt", "colour,area_name,area_id\nred,Zone 1,z1\n,,z2\n"),
		"unknown file":    gtfstest.Text(small).With("shapes.txt", "\x00\x00"),
	} {
		assert.Equal(t, want, load(t, f), name)
	}
	f := load(t, gtfstest.Text(small).With("areas.txt", "area_id,area_name\nz1,\"Zone \"\"1\"\", east\"\nz2,\n"))
	assert.Equal(t, `Zone "1", east`, f.Areas()[0].Name)
}

// From a directory and out of a compressed zip comes the same feed.
func TestCarriers(t *testing.T) {
	files := gtfstest.Text(small)
	want := load(t, files)
	dir := t.TempDir()
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	got, err := gtfs.Load(os.DirFS(dir))
	require.NoError(t, err)
	assert.Equal(t, want, got)
	z := files.Zip()
	got, err = gtfs.LoadZip(bytes.NewReader(z), int64(len(z)))
	require.NoError(t, err)
	assert.Equal(t, want, got)
	_, err = gtfs.LoadZip(bytes.NewReader(z[:len(z)/2]), int64(len(z)/2))
	assertError(t, gtfs.Error{Reason: gtfs.Unreadable}, err)
}

// Where networks stand in routes.txt, and nothing is optional that can be left out.
func TestLeastFeed(t *testing.T) {
	f := load(t, gtfstest.Text(`
-- agency.txt --
agency_name,agency_timezone
Bus,Asia/Shanghai
-- stops.txt --
stop_id
-- routes.txt --
route_id,route_type,network_id
1,3,core
2,3,core
3,3,
`))
	assert.Equal(t, []gtfs.Network{{ID: "core"}}, f.Networks())
	assert.Equal(t, []string{"core", "core", ""}, []string{f.Routes()[0].Network, f.Routes()[1].Network, f.Routes()[2].Network})
	assert.False(t, f.HasPriority())
}

func TestBrokenFeeds(t *testing.T) {
	long := strings.Repeat("x", gtfs.MaxID+1)
	for _, c := range []struct {
		old, by string // in the small feed
		want    gtfs.Error
	}{
		// The file.
		{"-- stops.txt --", "-- stop.txt --", gtfs.Error{File: "stops.txt", Reason: gtfs.MissingFile}},
		{"-- areas.txt --\narea_id,area_name\nz1,Zone 1\nz2,\n", "-- areas.txt --\n", gtfs.Error{File: "areas.txt", Reason: gtfs.MissingColumn}},
		{"stop_id,stop_name,stop_lat", "stop,stop_name,stop_lat", gtfs.Error{File: "stops.txt", Line: 1, Field: "stop_id", Reason: gtfs.MissingColumn}},
		{"area_id,area_name", "area_id,area_id", gtfs.Error{File: "areas.txt", Line: 1, Reason: gtfs.DuplicateColumn}},
		{"area_id,area_name", "area_id,area_name" + strings.Repeat(",", gtfs.MaxColumns), gtfs.Error{File: "areas.txt", Line: 1, Reason: gtfs.TooMany}},
		// The line.
		{"z1,Zone 1", "z1,Zone 1,", gtfs.Error{File: "areas.txt", Line: 2, Reason: gtfs.FieldCount}},
		{"z1,Zone 1", "z1", gtfs.Error{File: "areas.txt", Line: 2, Reason: gtfs.FieldCount}},
		{"z1,Zone 1", `z1,"Zone 1`, gtfs.Error{File: "areas.txt", Line: 2, Field: "area_name", Reason: gtfs.BadQuote}},
		{"z1,Zone 1", "z1,\"Zone\n1\"", gtfs.Error{File: "areas.txt", Line: 2, Field: "area_name", Reason: gtfs.BadQuote}},
		{"z1,Zone 1", `z1,"Zone" 1`, gtfs.Error{File: "areas.txt", Line: 2, Field: "area_name", Reason: gtfs.BadQuote}},
		{"z1,Zone 1", `z1,Zone "1"`, gtfs.Error{File: "areas.txt", Line: 2, Field: "area_name", Reason: gtfs.BadQuote}},
		{"z1,Zone 1", "z1,Zone\t1", gtfs.Error{File: "areas.txt", Line: 2, Reason: gtfs.ControlCharacter}},
		{"z1,Zone 1", "z1,Zone\r1", gtfs.Error{File: "areas.txt", Line: 2, Reason: gtfs.ControlCharacter}},
		{"z1,Zone 1", "z1,Zone\xff1", gtfs.Error{File: "areas.txt", Line: 2, Reason: gtfs.NotUTF8}},
		{"z1,Zone 1", "z1," + strings.Repeat("x", gtfs.MaxLine), gtfs.Error{File: "areas.txt", Line: 2, Reason: gtfs.TooLong}},
		{"z1,Zone 1", "z1," + strings.Repeat("x", gtfs.MaxText+1), gtfs.Error{File: "areas.txt", Line: 2, Field: "area_name", Reason: gtfs.TooLong}},
		// Ids.
		{"z2,\n-- stop_areas", ",\n-- stop_areas", gtfs.Error{File: "areas.txt", Line: 3, Field: "area_id", Reason: gtfs.MissingValue}},
		{"z2,\n-- stop_areas", long + ",\n-- stop_areas", gtfs.Error{File: "areas.txt", Line: 3, Field: "area_id", Reason: gtfs.TooLong}},
		{"z2,\n-- stop_areas", "z1,\n-- stop_areas", gtfs.Error{File: "areas.txt", Line: 3, Field: "area_id", Reason: gtfs.Duplicate}},
		{"z2,p2", "z3,p2", gtfs.Error{File: "stop_areas.txt", Line: 3, Field: "area_id", Reason: gtfs.Dangling}},
		{"z2,p2", "z2," + long, gtfs.Error{File: "stop_areas.txt", Line: 3, Field: "stop_id", Reason: gtfs.Dangling}},
		{"z2,p2", "z2,", gtfs.Error{File: "stop_areas.txt", Line: 3, Field: "stop_id", Reason: gtfs.MissingValue}},
		{"z2,p2", "z1,s1", gtfs.Error{File: "stop_areas.txt", Line: 3, Reason: gtfs.Duplicate}},
		// Agencies, stops, routes.
		{"a,Metro,Asia/Shanghai", "a,Metro,Europe/Berlin", gtfs.Error{File: "agency.txt", Line: 2, Field: "agency_timezone", Reason: gtfs.BadValue}},
		{"a,Metro,Asia/Shanghai\n", "", gtfs.Error{File: "agency.txt", Line: 1, Reason: gtfs.MissingValue}},
		{"a,Metro,Asia/Shanghai", "a,Metro,Asia/Shanghai\nc,Bus,Asia/Shanghai", gtfs.Error{File: "routes.txt", Line: 3, Field: "agency_id", Reason: gtfs.MissingValue}},
		{"1,,Asia/Shanghai", "1,,Asia/Urumqi", gtfs.Error{File: "stops.txt", Line: 3, Field: "stop_timezone", Reason: gtfs.BadValue}},
		{"41.9,-123.5", "90.1,-123.5", gtfs.Error{File: "stops.txt", Line: 6, Field: "stop_lat", Reason: gtfs.BadValue}},
		{"41.9,-123.5", "41.9,NaN", gtfs.Error{File: "stops.txt", Line: 6, Field: "stop_lon", Reason: gtfs.BadValue}},
		{"Bus stop,41.9,-123.5,0", "Bus stop,41.9,-123.5,5", gtfs.Error{File: "stops.txt", Line: 6, Field: "location_type", Reason: gtfs.BadValue}},
		{"Bus stop,41.9,-123.5,0", "Bus stop,41.9,-123.5,-0", gtfs.Error{File: "stops.txt", Line: 6, Field: "location_type", Reason: gtfs.BadValue}},
		{"123.4,2,s1", "123.4,2,", gtfs.Error{File: "stops.txt", Line: 4, Field: "parent_station", Reason: gtfs.MissingValue}},
		{"123.4,2,s1", "123.4,2,s9", gtfs.Error{File: "stops.txt", Line: 4, Field: "parent_station", Reason: gtfs.Dangling}},
		{"123.4,2,s1", "123.4,2,p1", gtfs.Error{File: "stops.txt", Line: 4, Field: "parent_station", Reason: gtfs.BadValue}},
		{"123.4,1,,", "123.4,1,s1,", gtfs.Error{File: "stops.txt", Line: 3, Field: "parent_station", Reason: gtfs.ForbiddenValue}},
		{",4,p1,", ",4,s1,", gtfs.Error{File: "stops.txt", Line: 5, Field: "parent_station", Reason: gtfs.BadValue}},
		{"b,,168,,3", "b,,168,,", gtfs.Error{File: "routes.txt", Line: 3, Field: "route_type", Reason: gtfs.MissingValue}},
		{"route_long_name,route_type\nm,a,1,First,1\nb,,168,,3", "route_long_name,route_type,network_id\nm,a,1,First,1,metro\nb,,168,,3,", gtfs.Error{File: "routes.txt", Line: 2, Field: "network_id", Reason: gtfs.ForbiddenValue}},
		{"bus,b\n", "bus,m\n", gtfs.Error{File: "route_networks.txt", Line: 3, Field: "route_id", Reason: gtfs.Duplicate}},
		{"bus,b\n", "bus,x\n", gtfs.Error{File: "route_networks.txt", Line: 3, Field: "route_id", Reason: gtfs.Dangling}},
		// Days and times.
		{"20260101,20261231", "20260101,20260229", gtfs.Error{File: "calendar.txt", Line: 2, Field: "end_date", Reason: gtfs.BadValue}},
		{"20260101,20261231", "20260101,20251231", gtfs.Error{File: "calendar.txt", Line: 2, Field: "end_date", Reason: gtfs.BadValue}},
		{"work,1,1,1", "work,1,,1", gtfs.Error{File: "calendar.txt", Line: 2, Field: "tuesday", Reason: gtfs.MissingValue}},
		{"work,20261010,1", "work,20261001,1", gtfs.Error{File: "calendar_dates.txt", Line: 3, Field: "date", Reason: gtfs.Duplicate}},
		{"work,20261010,1", "work,20261010,0", gtfs.Error{File: "calendar_dates.txt", Line: 3, Field: "exception_type", Reason: gtfs.BadValue}},
		{"work,20261010,1", "work,2026101O,1", gtfs.Error{File: "calendar_dates.txt", Line: 3, Field: "date", Reason: gtfs.BadValue}},
		{"peak,,,feast", "peak,,,dance", gtfs.Error{File: "timeframes.txt", Line: 4, Field: "service_id", Reason: gtfs.Dangling}},
		{"peak,,,feast", "peak,01:00:00,,feast", gtfs.Error{File: "timeframes.txt", Line: 4, Field: "end_time", Reason: gtfs.MissingValue}},
		{"peak,,,feast", "peak,,01:00:00,feast", gtfs.Error{File: "timeframes.txt", Line: 4, Field: "start_time", Reason: gtfs.MissingValue}},
		{"24:00:00", "24:00:01", gtfs.Error{File: "timeframes.txt", Line: 5, Field: "end_time", Reason: gtfs.BadValue}},
		{"24:00:00", "23:60:00", gtfs.Error{File: "timeframes.txt", Line: 5, Field: "end_time", Reason: gtfs.BadValue}},
		{"24:00:00", "22:00:00", gtfs.Error{File: "timeframes.txt", Line: 5, Field: "end_time", Reason: gtfs.BadValue}},
		{"17:00:00,19:00:00", "08:59:59,19:00:00", gtfs.Error{File: "timeframes.txt", Field: "timeframe_group_id", Reason: gtfs.Overlap}},
		{"17:00:00,19:00:00", "09:00:00,19:00:00", gtfs.Error{}}, // one ends where the other begins
		// Products.
		{"adult,,2.00,CNY", "adult,,2.00,USD", gtfs.Error{File: "fare_products.txt", Line: 2, Field: "currency", Reason: gtfs.BadValue}},
		{"two,Two yuan,elder", "two,Two yuan,adult", gtfs.Error{}}, // media differs: a second price
		{"elder,code,", "child,code,", gtfs.Error{File: "fare_products.txt", Line: 3, Field: "rider_category_id", Reason: gtfs.Dangling}},
		{"elder,code,", "elder,cash,", gtfs.Error{File: "fare_products.txt", Line: 3, Field: "fare_media_id", Reason: gtfs.Dangling}},
		{"two,Two yuan,elder,code,0.05,CNY", "two,Two yuan,adult,,0.05,CNY", gtfs.Error{File: "fare_products.txt", Line: 3, Reason: gtfs.Duplicate}},
		{"code,Citizen code,4", "code,Citizen code,5", gtfs.Error{File: "fare_media.txt", Line: 2, Field: "fare_media_type", Reason: gtfs.BadValue}},
		{"adult,Adult,1", "adult,Adult,yes", gtfs.Error{File: "rider_categories.txt", Line: 2, Field: "is_default_fare_category", Reason: gtfs.BadValue}},
		// Rules.
		{"off,Discount,,,-0.50,CNY", "off,Discount,,,-0.50,CNY\ntwo,,,,-0.01,CNY", gtfs.Error{File: "fare_leg_rules.txt", Line: 2, Field: "fare_product_id", Reason: gtfs.BadValue}},
		{",bus,,,,,two,", ",bus,,,,,two,-1", gtfs.Error{File: "fare_leg_rules.txt", Line: 3, Field: "rule_priority", Reason: gtfs.BadValue}},
		{",bus,,,,,two,", ",bus,,,noon,,two,", gtfs.Error{File: "fare_leg_rules.txt", Line: 3, Field: "from_timeframe_group_id", Reason: gtfs.Dangling}},
		{",bus,,,,,two,", "h,metro,z1,z2,peak,late,two,8", gtfs.Error{File: "fare_leg_rules.txt", Line: 3, Reason: gtfs.Duplicate}},
		{"metro,bus,,", "metro,bus,s1,", gtfs.Error{File: "fare_leg_join_rules.txt", Line: 3, Field: "to_stop_id", Reason: gtfs.MissingValue}},
		{"metro,bus,,", "metro,bus,,s1", gtfs.Error{File: "fare_leg_join_rules.txt", Line: 3, Field: "from_stop_id", Reason: gtfs.MissingValue}},
		{"g,g,2,3600", "g,g,,3600", gtfs.Error{File: "fare_transfer_rules.txt", Line: 2, Field: "transfer_count", Reason: gtfs.MissingValue}},
		{"g,g,2,3600", "g,g,0,3600", gtfs.Error{File: "fare_transfer_rules.txt", Line: 2, Field: "transfer_count", Reason: gtfs.BadValue}},
		{"g,g,2,3600", "g,g,-2,3600", gtfs.Error{File: "fare_transfer_rules.txt", Line: 2, Field: "transfer_count", Reason: gtfs.BadValue}},
		{"g,g,2,3600", "g,,2,3600", gtfs.Error{File: "fare_transfer_rules.txt", Line: 2, Field: "transfer_count", Reason: gtfs.ForbiddenValue}},
		{"g,g,2,3600", "g,h,2,3600", gtfs.Error{File: "fare_transfer_rules.txt", Line: 2, Field: "to_leg_group_id", Reason: gtfs.Dangling}},
		{"g,g,2,3600,1,1,off", "g,g,2,0,1,1,off", gtfs.Error{File: "fare_transfer_rules.txt", Line: 2, Field: "duration_limit", Reason: gtfs.BadValue}},
		{"g,g,2,3600,1,1,off", "g,g,2,3600,,1,off", gtfs.Error{File: "fare_transfer_rules.txt", Line: 2, Field: "duration_limit_type", Reason: gtfs.MissingValue}},
		{"g,g,2,3600,1,1,off", "g,g,2,,1,1,off", gtfs.Error{File: "fare_transfer_rules.txt", Line: 2, Field: "duration_limit_type", Reason: gtfs.ForbiddenValue}},
		{"g,g,2,3600,1,1,off", "g,g,2,3600,4,1,off", gtfs.Error{File: "fare_transfer_rules.txt", Line: 2, Field: "duration_limit_type", Reason: gtfs.BadValue}},
		{"g,g,2,3600,1,1,off", "g,g,2,3600,1,3,off", gtfs.Error{File: "fare_transfer_rules.txt", Line: 2, Field: "fare_transfer_type", Reason: gtfs.BadValue}},
		{"g,,,,,0,", "g,g,2,3600,2,0,off", gtfs.Error{File: "fare_transfer_rules.txt", Line: 3, Reason: gtfs.Duplicate}},
		// Caps.
		{"w,,week", "w,,month", gtfs.Error{File: "citizencode_fare_caps.txt", Line: 3, Field: "period", Reason: gtfs.BadValue}},
		{"60.00", "-60.00", gtfs.Error{File: "citizencode_fare_caps.txt", Line: 3, Field: "amount", Reason: gtfs.BadValue}},
		{"w,,week", "d,,week", gtfs.Error{File: "citizencode_fare_caps.txt", Line: 3, Field: "fare_cap_id", Reason: gtfs.Duplicate}},
		{"metro,two,elder", "tram,two,elder", gtfs.Error{File: "citizencode_fare_caps.txt", Line: 2, Field: "network_id", Reason: gtfs.Dangling}},
	} {
		_, err := gtfs.Load(replace(t, c.old, c.by).FS())
		if c.want.Reason == "" {
			assert.NoError(t, err, c.by)
			continue
		}
		assertError(t, c.want, err)
	}
}

func TestAmounts(t *testing.T) {
	for amount, fen := range map[string]int64{"0.00": 0, "0.01": 1, "12.30": 1230, "-0.50": -50, "-0.00": 0, "100000.00": 100_000_00, "007.05": 705} {
		f := load(t, replace(t, "off,Discount,,,-0.50,CNY", "off,Discount,,,"+amount+",CNY"))
		assert.Equal(t, fen, f.Products("off")[0].Fen, amount)
	}
	for _, amount := range []string{"1", "1.", "1.0", "1.000", ".50", "-.50", "1,00", "+1.00", "1.0a", "1e2.00", " 1.00", "--1.00", "1.-0", "100000.01", "-100000.01",
		"99999999999999999999.00", "184467440737095516.17", "１.00", "1.0.00", "0x1.00"} {
		_, err := gtfs.Load(replace(t, "off,Discount,,,-0.50,CNY", `off,Discount,,,"`+amount+`",CNY`).FS())
		assertError(t, gtfs.Error{File: "fare_products.txt", Line: 4, Field: "amount", Reason: gtfs.BadValue}, err)
	}
	_, err := gtfs.Load(replace(t, "off,Discount,,,-0.50,CNY", "off,Discount,,,,CNY").FS())
	assertError(t, gtfs.Error{File: "fare_products.txt", Line: 4, Field: "amount", Reason: gtfs.MissingValue}, err)
}

// The limits on how many, each at the limit and one beyond.
func TestLimits(t *testing.T) {
	rows := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format+"\n", i)
		}
		return b.String()
	}
	areas := gtfstest.Text(small).With("fare_leg_rules.txt", "").With("fare_transfer_rules.txt", "").With("areas.txt", "area_id\n"+rows(gtfs.MaxStopAreas+1, "z%d"))
	categories := gtfstest.Text(small).With("rider_categories.txt", "rider_category_id,rider_category_name,is_default_fare_category\nelder,,\n"+rows(gtfs.MaxPrices+1, "c%d,,"))
	for _, c := range []struct {
		feed             gtfstest.Feed
		most             int
		file, head, line string
	}{
		{areas, gtfs.MaxStopAreas, "stop_areas.txt", "area_id,stop_id\n", "z%d,p2"},
		{gtfstest.Text(small), gtfs.MaxFrames - 1, "timeframes.txt", "timeframe_group_id,start_time,end_time,service_id\nlate,23:00:00,24:00:00,work\n", "peak,00:00:00,24:00:00,s%d"},
		{gtfstest.Text(small), gtfs.MaxCaps, "citizencode_fare_caps.txt", "fare_cap_id,period,amount,currency\n", "c%d,day,1.00,CNY"},
		{gtfstest.Text(small).With("fare_transfer_rules.txt", ""), gtfs.MaxLegGroups, "fare_leg_rules.txt", "fare_product_id,network_id,leg_group_id\n", "p%[1]d,bus,g%[1]d"},
		{categories, gtfs.MaxPrices, "fare_products.txt", "fare_product_id,amount,currency,rider_category_id\noff,-1.00,CNY,\n", "two,1.00,CNY,c%d"},
	} {
		switch c.file {
		case "timeframes.txt":
			c.most = gtfs.MaxFrames
			c.feed = c.feed.With("calendar_dates.txt", "service_id,date,exception_type\nwork,20260101,1\n"+rows(c.most+1, "s%d,20260101,1"))
		case "fare_leg_rules.txt":
			c.feed = c.feed.With("fare_products.txt", "fare_product_id,amount,currency\ntwo,1.00,CNY\n"+rows(c.most+1, "p%d,1.00,CNY"))
		}
		load(t, c.feed.With(c.file, c.head+rows(c.most, c.line)))
		_, err := gtfs.Load(c.feed.With(c.file, c.head+rows(c.most+1, c.line)).FS())
		var got *gtfs.Error
		require.ErrorAs(t, err, &got)
		assert.Equal(t, []any{c.file, gtfs.TooMany}, []any{got.File, got.Reason}, err.Error())
	}
}

// A file system that fails is an Error like the others.
func TestUnreadable(t *testing.T) {
	_, err := gtfs.Load(brokenFS{})
	assertError(t, gtfs.Error{File: "agency.txt", Reason: gtfs.Unreadable}, err)
	assert.ErrorIs(t, err, fs.ErrPermission)
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "agency.txt"), 0o700))
	_, err = gtfs.Load(os.DirFS(dir))
	assertError(t, gtfs.Error{File: "agency.txt", Line: 1, Reason: gtfs.Unreadable}, err)
}

type brokenFS struct{}

func (brokenFS) Open(string) (fs.File, error) { return nil, fs.ErrPermission }

// Twice the feed costs about twice the memory and allocations: of lines and
// stops, and of leg rules.
func TestLinear(t *testing.T) {
	measure := func(f gtfstest.Feed) (perByte, objectsPerByte float64) {
		z := f.FS()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := gtfs.Load(z)
		runtime.ReadMemStats(&after)
		require.NoError(t, err)
		size := float64(f.Size())
		return float64(after.TotalAlloc-before.TotalAlloc) / size, float64(after.Mallocs-before.Mallocs) / size
	}
	for name, shapes := range map[string][2]gtfstest.Shape{
		"lines and stops": {{MetroLines: 1, Stations: 5, BusLines: 500, BusStops: 20}, {MetroLines: 1, Stations: 5, BusLines: 1000, BusStops: 20}},
		"leg rules":       {{MetroLines: 1, Stations: 150, BusLines: 2, BusStops: 2}, {MetroLines: 1, Stations: 212, BusLines: 2, BusStops: 2}},
	} {
		small, large := gtfstest.City(shapes[0]), gtfstest.City(shapes[1])
		doubled := float64(large.Size()) / float64(small.Size())
		require.InDelta(t, 2, doubled, 0.1, name)
		bytes1, objects1 := measure(small)
		bytes2, objects2 := measure(large)
		t.Logf("%s: %.2f times the bytes, %.2f times the objects for %.2f times the feed", name, doubled*bytes2/bytes1, doubled*objects2/objects1, doubled)
		assert.LessOrEqual(t, doubled*bytes2/bytes1, 2.3, name)
		assert.LessOrEqual(t, doubled*objects2/objects1, 2.3, name)
		assert.Less(t, bytes2, 40.0, "bytes of memory for a byte of the feed")
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(small)
	reasons := map[gtfs.Reason]bool{gtfs.Unreadable: true, gtfs.MissingFile: true, gtfs.MissingColumn: true, gtfs.DuplicateColumn: true, gtfs.BadQuote: true,
		gtfs.FieldCount: true, gtfs.NotUTF8: true, gtfs.ControlCharacter: true, gtfs.TooLong: true, gtfs.TooMany: true, gtfs.MissingValue: true,
		gtfs.ForbiddenValue: true, gtfs.BadValue: true, gtfs.Duplicate: true, gtfs.Dangling: true, gtfs.Overlap: true}
	f.Fuzz(func(t *testing.T, text string) {
		files := make(fstest.MapFS) // takes names that a zip does not
		for name, text := range gtfstest.Text(text) {
			files[name] = &fstest.MapFile{Data: []byte(text)}
		}
		feed, err := gtfs.Load(files)
		if err != nil {
			var refused *gtfs.Error
			if !errors.As(err, &refused) || !reasons[refused.Reason] || refused.File == "" {
				t.Fatalf("%v", err)
			}
			return
		}
		// Whatever a rule names is there.
		have := func(ok bool, what, id string) {
			if id != "" && !ok {
				t.Fatalf("%s %q dangles", what, id)
			}
		}
		for _, r := range feed.LegRules() {
			_, ok := feed.Network(r.Network)
			have(ok, "network", r.Network)
			for _, p := range feed.Products(r.Product) {
				if p.Fen < 0 {
					t.Fatalf("a leg costs %d", p.Fen)
				}
			}
			have(len(feed.Products(r.Product)) > 0, "product", r.Product)
		}
		for _, r := range feed.TransferRules() {
			have(len(feed.Products(r.Product)) > 0, "product", r.Product)
			if (r.From == r.To) != (r.Count != 0) || r.Duration < 0 {
				t.Fatalf("%+v", r)
			}
		}
		for _, s := range feed.Stops() {
			parent, ok := feed.Stop(s.Parent)
			have(ok, "stop", s.Parent)
			station, _ := feed.Stop(feed.Station(s.ID))
			if station.Parent != "" || ok && parent.Kind != gtfs.Station && parent.Kind != gtfs.Platform {
				t.Fatalf("%+v is in %+v", s, parent)
			}
			for _, area := range feed.StopAreas(s.ID) {
				found := false
				for _, a := range feed.Areas() {
					found = found || a.ID == area
				}
				have(found, "area", area)
			}
		}
		if lines, err := feed.LoadLines(files); err == nil {
			for _, line := range lines {
				_, ok := feed.Route(line.Route)
				have(ok, "route", line.Route)
			}
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	city := gtfstest.City(gtfstest.Shenyang())
	files := city.FS()
	b.SetBytes(int64(city.Size()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := gtfs.Load(files); err != nil {
			b.Fatal(err)
		}
	}
}
