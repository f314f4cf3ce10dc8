package gtfstest

import (
	"fmt"
	"strings"
)

// A Shape is how large a made-up city is.
type Shape struct {
	MetroLines int // each crosses every other once
	Stations   int // of a metro line; more than 4 times MetroLines
	BusLines   int
	BusStops   int // of a bus line
}

// Shenyang returns the shape of a city as large as Shenyang: 125 metro stations
// on five lines, and 220 bus lines.
func Shenyang() Shape { return Shape{MetroLines: 5, Stations: 27, BusLines: 220, BusStops: 18} }

// City returns the feed of a made-up city.
//
// Metro: every station is an area of its own, and each ordered pair of stations
// has a leg rule with one of the distance classes metro_2, metro_3, … (2 yuan
// up to six stops, 1 yuan more for each six stops on). Buses: odd lines are in
// the network bus_1 (1 yuan), even ones in bus_2 (2 yuan, 1 yuan on workdays
// before 06:30). A change from bus or metro to a bus takes off 50 fen within an
// hour. Riders: adult (default), student (half fare), elder (free). At most 12
// yuan a day and 60 a week. The exits of stations M1-02 and M2-02 are near each
// other: a change there on foot is one ride.
func City(s Shape) Feed {
	b := &city{Shape: s, files: make(map[string]*strings.Builder)}
	b.row("agency.txt", "agency_id,agency_name,agency_url,agency_timezone")
	b.row("agency.txt", "metro,示例地铁,https://example.org/metro,Asia/Shanghai")
	b.row("agency.txt", "bus,示例公交,https://example.org/bus,Asia/Shanghai")
	b.row("stops.txt", "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station")
	b.row("routes.txt", "route_id,agency_id,route_short_name,route_long_name,route_type")
	b.row("trips.txt", "route_id,service_id,trip_id")
	b.row("stop_times.txt", "trip_id,arrival_time,departure_time,stop_id,stop_sequence")
	b.row("networks.txt", "network_id,network_name\nmetro,地铁\nbus_1,一元公交\nbus_2,空调公交")
	b.row("route_networks.txt", "network_id,route_id")
	b.row("areas.txt", "area_id,area_name")
	b.row("stop_areas.txt", "area_id,stop_id")
	b.row("calendar.txt", "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date")
	b.row("calendar.txt", "workdays,1,1,1,1,1,0,0,20260101,20261231\neveryday,1,1,1,1,1,1,1,20260101,20261231")
	b.row("calendar_dates.txt", "service_id,date,exception_type\nworkdays,20261001,2\nworkdays,20261010,1")
	b.row("timeframes.txt", "timeframe_group_id,start_time,end_time,service_id\nearly,00:00:00,06:30:00,workdays")
	b.row("rider_categories.txt", "rider_category_id,rider_category_name,is_default_fare_category\nadult,普通,1\nstudent,学生,0\nelder,老人,0")
	b.row("fare_media.txt", "fare_media_id,fare_media_name,fare_media_type\ncitizen_code,市民码,4\ncitizen_card,市民卡,2")
	b.row("fare_products.txt", "fare_product_id,fare_product_name,rider_category_id,amount,currency")
	b.row("fare_leg_rules.txt", "leg_group_id,network_id,from_area_id,to_area_id,from_timeframe_group_id,fare_product_id,rule_priority")
	b.metro()
	b.buses()
	if s.MetroLines > 1 {
		b.row("fare_leg_join_rules.txt", "from_network_id,to_network_id,from_stop_id,to_stop_id\nmetro,metro,M1-02,M2-02\nmetro,metro,M2-02,M1-02")
	}
	b.row("fare_products.txt", "change,换乘优惠,,-0.50,CNY")
	b.row("fare_transfer_rules.txt", "from_leg_group_id,to_leg_group_id,transfer_count,duration_limit,duration_limit_type,fare_transfer_type,fare_product_id")
	b.row("fare_transfer_rules.txt", "bus,bus,1,3600,1,1,change\nmetro,bus,,3600,2,1,change")
	b.row("citizencode_fare_caps.txt", "fare_cap_id,fare_cap_name,period,amount,currency,network_id\nday,日封顶,day,12.00,CNY,\nweek,周封顶,week,60.00,CNY,")
	feed := make(Feed)
	for name, text := range b.files {
		feed[name] = text.String()
	}
	return feed
}

// A city is a feed on its way.
type city struct {
	Shape
	files    map[string]*strings.Builder
	products map[string]bool
}

func (c *city) row(file, format string, args ...any) {
	if c.files[file] == nil {
		c.files[file] = new(strings.Builder)
	}
	fmt.Fprintf(c.files[file], format+"\n", args...)
}

// station returns the station at a place of a metro line. Two lines share the
// one where they cross, which bears the number of the lower line.
func (c *city) station(line, place int) string {
	for other := range line {
		if place == 3+4*other {
			return fmt.Sprintf("M%d-%02d", other+1, 3+4*line)
		}
	}
	return fmt.Sprintf("M%d-%02d", line+1, place)
}

func (c *city) metro() {
	near := make(map[string][]string) // stations one stop away
	var stations []string
	for line := range c.MetroLines {
		c.row("routes.txt", "M%d,metro,%d号线,,1", line+1, line+1)
		c.row("route_networks.txt", "metro,M%d", line+1)
		c.row("trips.txt", "M%d,everyday,M%d-T", line+1, line+1)
		last := ""
		for place := range c.Stations {
			id := c.station(line, place)
			if _, old := near[id]; !old {
				near[id] = nil
				stations = append(stations, id)
				c.row("stops.txt", "%s,%s站,%.5f,%.5f,1,", id, id, 41.6+0.01*float64(line), 123.3+0.01*float64(place))
				c.row("stops.txt", "%s-A,%s站A口,%.5f,%.5f,2,%s", id, id, 41.601+0.01*float64(line), 123.3+0.01*float64(place), id)
				c.row("areas.txt", "%s,", id)
				c.row("stop_areas.txt", "%s,%s", id, id)
			}
			c.row("stops.txt", "%s-P%d,%s站%d号线站台,%.5f,%.5f,0,%s", id, line+1, id, line+1, 41.6+0.01*float64(line), 123.3+0.01*float64(place), id)
			c.row("stop_times.txt", "M%d-T,%s,%s,%s-P%d,%d", line+1, clock(6, 3*place), clock(6, 3*place), id, line+1, place)
			if last != "" {
				near[id] = append(near[id], last)
				near[last] = append(near[last], id)
			}
			last = id
		}
	}
	for _, from := range stations {
		stops := hops(near, from)
		for _, to := range stations {
			yuan := 2 + max(0, stops[to]-1)/6
			product := fmt.Sprintf("metro_%d", yuan)
			c.product(product, fmt.Sprintf("地铁%d元", yuan), 100*yuan)
			c.row("fare_leg_rules.txt", "metro,metro,%s,%s,,%s,", from, to, product)
		}
	}
}

// hops returns how many stops every station is away from one.
func hops(near map[string][]string, from string) map[string]int {
	stops := map[string]int{from: 0}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		for _, next := range near[queue[0]] {
			if _, seen := stops[next]; !seen {
				stops[next] = stops[queue[0]] + 1
				queue = append(queue, next)
			}
		}
	}
	return stops
}

func (c *city) buses() {
	for line := 1; line <= c.BusLines; line++ {
		c.row("routes.txt", "B%d,bus,%d路,,3", line, line)
		c.row("route_networks.txt", "bus_%d,B%d", 2-line%2, line)
		c.row("trips.txt", "B%d,everyday,B%d-T", line, line)
		for place := 1; place <= c.BusStops; place++ {
			c.row("stops.txt", "B%d-%02d,%d路%d站,%.5f,%.5f,0,", line, place, line, place, 41.7+0.001*float64(line%97), 123.2+0.01*float64(place))
			c.row("stop_times.txt", "B%d-T,%s,%s,B%d-%02d,%d", line, clock(5, 2*place), clock(5, 2*place), line, place, place)
		}
	}
	c.product("bus_1", "公交1元", 100)
	c.product("bus_2", "公交2元", 200)
	c.row("fare_leg_rules.txt", "bus,bus_1,,,,bus_1,\nbus,bus_2,,,,bus_2,\nbus,bus_2,,,early,bus_1,1")
}

// product writes a fare product with its concessions, once.
func (c *city) product(id, name string, fen int) {
	if c.products[id] {
		return
	}
	if c.products == nil {
		c.products = make(map[string]bool)
	}
	c.products[id] = true
	for _, category := range []struct {
		id     string
		weight int
	}{{"adult", 2}, {"student", 1}, {"elder", 0}} {
		half := fen * category.weight / 2
		c.row("fare_products.txt", "%s,%s,%s,%d.%02d,CNY", id, name, category.id, half/100, half%100)
	}
}

func clock(hour, minutes int) string { return fmt.Sprintf("%02d:%02d:00", hour+minutes/60, minutes%60) }
