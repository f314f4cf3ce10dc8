// Package gtfs reads the part of a GTFS Schedule feed that fares and line
// acceptance need: agency, stops, routes, networks, areas, timeframes with
// their days, rider categories, fare media, and the Fares v2 files. The
// specification is gtfs.org/documentation/schedule/reference as of April 2026.
//
//	feed, err := gtfs.Load(os.DirFS("shenyang"))   // a directory
//	feed, err := gtfs.LoadZip(file, size)          // the usual .zip
//
// A [Feed] is valid by construction: only Load makes one, every reference in
// it has been resolved, and it never changes. A broken feed is refused as a
// whole with an [*Error] that names file, line, field and one [Reason]. Time
// and memory are linear in the size of the feed, and every limit is a constant.
//
// What is read, with * for a file that must be there:
//
//	agency.txt*            agency_id, agency_name, agency_timezone
//	stops.txt*             stop_id, stop_name, stop_lat, stop_lon, location_type, parent_station, stop_timezone
//	routes.txt*            route_id, agency_id, route_short_name, route_long_name, route_type, network_id
//	networks.txt           network_id, network_name
//	route_networks.txt     network_id, route_id
//	areas.txt              area_id, area_name
//	stop_areas.txt         area_id, stop_id
//	timeframes.txt         timeframe_group_id, start_time, end_time, service_id
//	calendar.txt           all; with calendar_dates.txt read only where timeframes.txt is
//	calendar_dates.txt     all
//	rider_categories.txt   rider_category_id, rider_category_name, is_default_fare_category
//	fare_media.txt         fare_media_id, fare_media_name, fare_media_type
//	fare_products.txt      all
//	fare_leg_rules.txt     all
//	fare_leg_join_rules.txt, fare_transfer_rules.txt   all
//	citizencode_fare_caps.txt                          all, see below
//	trips.txt, stop_times.txt                          only by [Feed.LoadLines]
//
// Other files and other columns are left alone.
//
// Where the reader is narrower than the specification, and refuses: the
// timezone is Asia/Shanghai, the one legal time of China, eight hours ahead of
// UTC with no daylight saving; the currency is CNY with exactly two decimals,
// kept as int64 fen; a fare that a leg rule charges is not negative, a transfer
// fare may be; a quoted value does not span lines, which GTFS forbids anyway.
//
// # Fare caps (封顶)
//
// GTFS has no fare caps yet. citizencode_fare_caps.txt is this standard's own
// optional file, in the form of the others:
//
//	fare_cap_id        required, unique
//	fare_cap_name      optional
//	period             required: day (service day) or week (seven service days from Monday)
//	amount, currency   required: most that is charged in the period for the legs that the cap covers
//	network_id         optional: legs of this network; empty: of all
//	fare_product_id    optional: legs whose leg rule charges this product; empty: any
//	rider_category_id  optional: riders of this category; empty: all
package gtfs
