package fare_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/scenarios/transit/fare"
	"github.com/citizencode/citizencode/scenarios/transit/gtfs"
	"github.com/citizencode/citizencode/scenarios/transit/gtfstest"
)

// everything uses all of a Config.
var everything = fare.Config{DayStart: 3 * time.Hour, Reentry: 5 * time.Minute, Autofill: fare.Autofill{PerMonth: 2, UsualRides: 2}}

func cityEngine(t testing.TB, shape gtfstest.Shape, cfg fare.Config) (*gtfs.Feed, *fare.Engine) {
	feed, err := gtfs.Load(gtfstest.City(shape).FS())
	require.NoError(t, err)
	e, err := fare.New(feed, cfg)
	require.NoError(t, err)
	return feed, e
}

// village is a city with everything in it, and few stops, so that drawn taps meet.
var village = gtfstest.Shape{MetroLines: 2, Stations: 9, BusLines: 4, BusStops: 2}

// drawTaps draws taps from a time on, in any order of kinds.
func drawTaps(t *rapid.T, label string, from time.Time, most int) (taps []fare.Tap) {
	stops := []string{"M1-00", "M1-00-A", "M1-02", "M1-07", "M2-02", "M2-08-P2", "M1-08", "nowhere"}
	for i := range rapid.IntRange(0, most).Draw(t, label) {
		from = from.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 5, 15, 60, 300}).Draw(t, "minutes")) * time.Minute)
		tap := fare.Tap{ID: fare.TapID{Gate: label, Sequence: uint64(i)}, Time: from, Kind: rapid.SampledFrom([]fare.Kind{fare.Ride, fare.In, fare.In, fare.Out, fare.Out}).Draw(t, "kind")}
		if tap.Kind == fare.Ride {
			tap.Route = rapid.SampledFrom([]string{"B1", "B2", "B3", "B4", "B99"}).Draw(t, "route")
		} else {
			tap.Network, tap.Stop = "metro", rapid.SampledFrom(stops).Draw(t, "stop")
		}
		if rapid.Bool().Draw(t, "student") {
			tap.Rider = fare.Rider{Category: "student", Until: monday("23:00")}
		}
		taps = append(taps, tap)
	}
	return taps
}

func settle(t *rapid.T, e *fare.Engine, taps []fare.Tap) *fare.Statement {
	s, err := e.Settle(taps)
	if err != nil {
		t.Fatal(err)
	}
	addsUp(t, s)
	return s
}

// The same set of taps in any order, each any number of times, settles alike.
func TestPureFunctionOfTheSet(t *testing.T) {
	_, e := cityEngine(t, village, everything)
	rapid.Check(t, func(t *rapid.T) {
		taps := drawTaps(t, "gate", monday("05:00"), 30)
		// Some ids are borne by two different taps.
		for i := range taps {
			if rapid.IntRange(0, 9).Draw(t, "clash") == 0 {
				taps[i].ID = taps[0].ID
			}
		}
		want := settle(t, e, taps)
		again := slices.Clone(taps)
		for range len(taps) {
			again = append(again, rapid.SampledFrom(taps).Draw(t, "again"))
		}
		again = rapid.Permutation(again).Draw(t, "order")
		if got := settle(t, e, again); !reflect.DeepEqual(want, got) {
			t.Fatalf("%s\n%s", explanation(want), explanation(got))
		}
	})
}

// What came before a pause is final.
func TestPauseMakesFinal(t *testing.T) {
	_, e := cityEngine(t, village, everything)
	rapid.Check(t, func(t *rapid.T) {
		before := drawTaps(t, "before", monday("05:00"), 15)
		after := monday("05:00")
		if len(before) > 0 {
			after = before[len(before)-1].Time
		}
		// More than the longest ride, and a 03:00 in it.
		for pause := after.Add(fare.DefaultMaxRide + time.Second); after.Before(pause) || e.ServiceDay(after) == e.ServiceDay(pause.Add(-fare.DefaultMaxRide-time.Second)); {
			after = after.Add(time.Hour)
		}
		first := settle(t, e, before)
		all := settle(t, e, append(drawTaps(t, "after", after, 15), before...))
		if n := len(first.Charges); !reflect.DeepEqual(first.Charges, all.Charges[:n:n]) && n > 0 {
			t.Fatalf("%s\n%s", explanation(first), explanation(all))
		}
	})
}

// No cap is passed; a charge is never more than its leg alone would cost; and
// every tap is in one leg.
func TestBounds(t *testing.T) {
	feed, e := cityEngine(t, village, everything)
	rapid.Check(t, func(t *rapid.T) {
		taps := drawTaps(t, "gate", monday("05:00"), 60)
		s := settle(t, e, taps)
		spent := make(map[string]int64)
		var alone int64
		seen := make(map[fare.TapID]int)
		for _, c := range s.Charges {
			for _, id := range c.Leg.Taps {
				seen[id]++
			}
			single, err := e.Fare([]fare.Leg{c.Leg})
			if err != nil {
				t.Fatal(err)
			}
			alone += single.Total
			if c.Leg.State == fare.Complete || c.Leg.State == fare.Autofilled {
				spent[c.Day.String()] += c.Fen
				spent["week "+c.Day.Monday().String()] += c.Fen
			}
		}
		for period, fen := range spent {
			limit := feed.Caps()[0].Fen
			if len(period) > 8 {
				limit = feed.Caps()[1].Fen
			}
			if fen > limit {
				t.Fatalf("%s: %d of %d\n%s", period, fen, limit, explanation(s))
			}
		}
		// In this feed a transfer never costs more than the legs apart.
		if s.Total > alone {
			t.Fatalf("%d, alone %d\n%s", s.Total, alone, explanation(s))
		}
		if len(seen) != len(taps) {
			t.Fatalf("%d taps of %d", len(seen), len(taps))
		}
		for id, n := range seen {
			if n != 1 {
				t.Fatalf("%v is in %d legs", id, n)
			}
		}
	})
}

// Where no transfer links the rides, a late exit never makes the whole dearer,
// nor does a concession or autofill.
func TestWhatMakesCheaper(t *testing.T) {
	plain, filling := newEngine(t, town+dayAndWeek, fare.Config{}), newEngine(t, town+dayAndWeek, fare.Config{Autofill: fare.Autofill{PerMonth: 100, UsualRides: 1}})
	uncapped := newEngine(t, town, fare.Config{})
	rapid.Check(t, func(t *rapid.T) {
		var taps []fare.Tap
		clock := monday("05:00")
		stations := []string{"s1", "s1a", "s2", "s3"}
		for i := range rapid.IntRange(1, 12).Draw(t, "rides") {
			clock = clock.Add(time.Duration(rapid.IntRange(1, 300).Draw(t, "wait")) * time.Minute)
			from, to := rapid.IntRange(0, 3).Draw(t, "from"), rapid.IntRange(0, 3).Draw(t, "to")
			taps = append(taps, fare.Tap{ID: fare.TapID{Sequence: uint64(2 * i)}, Time: clock, Kind: fare.In, Network: "metro", Stop: stations[from]},
				fare.Tap{ID: fare.TapID{Sequence: uint64(2*i + 1)}, Time: clock.Add(time.Minute), Kind: fare.Out, Network: "metro", Stop: stations[to]})
			clock = clock.Add(time.Minute)
		}
		missing := 1 + 2*rapid.IntRange(0, len(taps)/2-1).Draw(t, "missing")
		without := slices.Delete(slices.Clone(taps), missing, missing+1)
		whole, incomplete := settle(t, plain, taps), settle(t, plain, without)
		if whole.Faults == 0 && whole.Total > incomplete.Total {
			t.Fatalf("%s\n%s", explanation(whole), explanation(incomplete))
		}
		if filled := settle(t, filling, without); filled.Total > incomplete.Total {
			t.Fatalf("%s\n%s", explanation(incomplete), explanation(filled))
		}
		students := slices.Clone(taps)
		for i := range students {
			students[i].Rider = fare.Rider{Category: "student", Until: at("2027-01-01 00:00")}
		}
		if s, full := settle(t, uncapped, students), settle(t, uncapped, taps); s.Total > full.Total || s.Faults > full.Faults {
			t.Fatalf("%s\n%s", explanation(full), explanation(s))
		}
	})
}

// FuzzSettle makes taps of bytes, four to a tap.
func FuzzSettle(f *testing.F) {
	_, e := cityEngine(f, village, everything)
	f.Add([]byte{1, 0, 0, 0, 2, 2, 10, 1, 0, 0, 5, 2})
	f.Add([]byte{1, 0, 0, 0, 1, 0, 2, 1, 1, 4, 200, 2, 2, 4, 255, 3, 0, 1, 0, 3})
	stops := []string{"M1-00", "M1-00-A", "M1-02", "M1-07", "M2-02", "M2-08-P2", "", "nowhere"}
	routes := []string{"B1", "B2", "B3", "B99"}
	f.Fuzz(func(t *testing.T, b []byte) {
		var taps []fare.Tap
		clock := monday("05:00")
		for ; len(b) >= 4; b = b[4:] {
			clock = clock.Add(time.Duration(b[2]) * 2 * time.Minute)
			tap := fare.Tap{ID: fare.TapID{Gate: "g", Sequence: uint64(b[3])}, Time: clock, Kind: fare.Kind(b[0] & 3)}
			if tap.Kind == fare.In || tap.Kind == fare.Out {
				tap.Network, tap.Stop = []string{"metro", "metro", "bus_1", ""}[b[0]>>6], stops[b[1]&7]
			} else {
				tap.Route = routes[b[1]&3]
			}
			if b[1]&8 != 0 {
				tap.Rider = fare.Rider{Category: "student", Until: monday("12:00")}
			}
			taps = append(taps, tap)
		}
		s, err := e.Settle(taps)
		if err != nil {
			if len(taps) > fare.MaxTaps {
				return
			}
			t.Fatal(err)
		}
		addsUp(t, s)
		ids, kept := make(map[fare.TapID]bool), 0
		for _, tap := range taps {
			ids[tap.ID] = true
		}
		for i, c := range s.Charges {
			kept += len(c.Leg.Taps)
			if i > 0 && c.Leg.Start().Before(s.Charges[i-1].Leg.Start()) {
				t.Fatalf("out of order\n%s", explanation(s))
			}
			if c.Leg.State == fare.Complete && !c.Leg.Exit.IsZero() && len(c.Leg.Taps) == 2 && c.Leg.Exit.Sub(c.Leg.Entry) > fare.DefaultMaxRide {
				t.Fatalf("a ride of %v", c.Leg.Exit.Sub(c.Leg.Entry))
			}
		}
		if kept != len(ids) {
			t.Fatalf("%d taps of %d ids", kept, len(ids))
		}
		slices.Reverse(taps)
		if again, err := e.Settle(append(taps, taps...)); err != nil && len(taps) <= fare.MaxTaps/2 || err == nil && !reflect.DeepEqual(s, again) {
			t.Fatalf("backwards: %v\n%s\n%s", err, explanation(s), explanation(again))
		}
	})
}

// month returns the taps of a commuter: metro and bus on every day.
func month(days int) (taps []fare.Tap) {
	for day := range days {
		clock := monday("07:00").AddDate(0, 0, day)
		for i, tap := range []fare.Tap{{Kind: fare.Ride, Route: "B168"}, {Kind: fare.In, Network: "metro", Stop: "M1-03-A"}, {Kind: fare.Out, Network: "metro", Stop: "M3-20-A"},
			{Kind: fare.In, Network: "metro", Stop: "M3-20-A"}, {Kind: fare.Out, Network: "metro", Stop: "M1-03-A"}, {Kind: fare.Ride, Route: "B168"}} {
			tap.ID = fare.TapID{Gate: fmt.Sprint("g", i), Sequence: uint64(day)}
			tap.Time = clock.Add(time.Duration(i) * 20 * time.Minute)
			taps = append(taps, tap)
		}
	}
	return taps
}

// The cost of a settlement grows with the taps and not with the feed.
func TestSettleAllocations(t *testing.T) {
	_, e := cityEngine(t, gtfstest.Shenyang(), everything)
	allocations := func(taps []fare.Tap) float64 {
		return testing.AllocsPerRun(5, func() {
			if _, err := e.Settle(taps); err != nil {
				panic(err)
			}
		})
	}
	one, two := allocations(month(30)), allocations(month(60))
	t.Logf("%.1f allocations a tap", one/180)
	assert.LessOrEqual(t, two/one, 2.3)
	assert.Less(t, one/180, 25.0)
}

func BenchmarkSettle(b *testing.B) {
	_, e := cityEngine(b, gtfstest.Shenyang(), everything)
	taps := month(30)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Settle(taps); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(taps)), "ns/tap")
}
