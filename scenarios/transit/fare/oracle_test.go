package fare_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/scenarios/transit/fare"
	"github.com/citizencode/citizencode/scenarios/transit/gtfs"
	"github.com/citizencode/citizencode/scenarios/transit/gtfstest"
)

// The oracle tries every combination of leg rules and follows the sentences of
// the specification over whole files, with no index and nothing merged.
type oracle struct{ feed *gtfs.Feed }

func (o oracle) matching(l fare.Leg) (rules []gtfs.FareLegRule) {
	all := o.feed.LegRules()
	named := func(of func(gtfs.FareLegRule) string, values ...string) bool {
		for _, r := range all {
			for _, v := range values {
				if v != "" && of(r) == v {
					return true
				}
			}
		}
		return false
	}
	field := func(of func(gtfs.FareLegRule) string, r gtfs.FareLegRule, values ...string) bool {
		if of(r) == "" {
			return o.feed.HasPriority() || !named(of, values...)
		}
		for _, v := range values {
			if of(r) == v {
				return true
			}
		}
		return false
	}
	priority := -1
	for _, r := range all {
		if field(func(r gtfs.FareLegRule) string { return r.Network }, r, l.Network) &&
			field(func(r gtfs.FareLegRule) string { return r.From }, r, o.feed.StopAreas(l.From)...) &&
			field(func(r gtfs.FareLegRule) string { return r.To }, r, o.feed.StopAreas(l.To)...) {
			rules = append(rules, r)
			priority = max(priority, r.Priority)
		}
	}
	var highest []gtfs.FareLegRule
	for _, r := range rules {
		if r.Priority == priority {
			highest = append(highest, r)
		}
	}
	return highest
}

func (o oracle) fen(product string) int64 {
	if product == "" {
		return 0
	}
	return o.feed.Products(product)[0].Fen
}

// A sofar is one combination: the rules of the legs, and of the transfers
// between them, nil where the legs are separate.
type sofar struct {
	legs      []gtfs.FareLegRule
	transfers []*gtfs.FareTransferRule
	rides     []int64
}

func (o oracle) cheapest(legs []fare.Leg, s sofar) int64 {
	k := len(s.legs)
	if k == len(legs) {
		var total int64
		for _, ride := range s.rides {
			total += ride
		}
		return total
	}
	least := int64(math.MaxInt64)
	for _, r := range o.matching(legs[k]) {
		next := sofar{append(s.legs[:k:k], r), append(s.transfers[:k:k], nil), append(s.rides[:len(s.rides):len(s.rides)], o.fen(r.Product))}
		options := o.transfers(legs, s, r)
		if len(options) == 0 {
			least = min(least, o.cheapest(legs, next))
		}
		for _, t := range options {
			t := t
			ride := s.rides[len(s.rides)-1]
			switch {
			case t.Type == gtfs.TransferOnly && s.transfers[k-1] == nil:
				ride = o.fen(t.Product)
			case t.Type == gtfs.FromLegTransferAndToLeg:
				ride += o.fen(t.Product) + o.fen(r.Product)
			default:
				ride += o.fen(t.Product)
			}
			next := sofar{next.legs, append(s.transfers[:k:k], &t), append(s.rides[:len(s.rides)-1:len(s.rides)-1], max(0, ride))}
			least = min(least, o.cheapest(legs, next))
		}
	}
	return least
}

// transfers returns the transfer rules that hold between the last leg and r.
func (o oracle) transfers(legs []fare.Leg, s sofar, r gtfs.FareLegRule) (options []gtfs.FareTransferRule) {
	k := len(s.legs)
	if k == 0 || s.legs[k-1].Group == "" || r.Group == "" {
		return nil
	}
	listed := func(group string, of func(gtfs.FareTransferRule) string) bool {
		for _, t := range o.feed.TransferRules() {
			if of(t) == group {
				return true
			}
		}
		return false
	}
	holds := func(t gtfs.FareTransferRule, group string, of func(gtfs.FareTransferRule) string) bool {
		return of(t) == group || of(t) == "" && !listed(group, of)
	}
	enough := math.MaxInt
	for _, t := range o.feed.TransferRules() {
		from, to := func(t gtfs.FareTransferRule) string { return t.From }, func(t gtfs.FareTransferRule) string { return t.To }
		if !holds(t, s.legs[k-1].Group, from) || !holds(t, r.Group, to) {
			continue
		}
		first, count := k-1, 1
		for j := k - 1; s.transfers[j] != nil && s.transfers[j].From == t.From && s.transfers[j].To == t.To; j-- {
			first, count = j-1, count+1
		}
		begin, end := legs[first].Entry, legs[k].Entry
		if t.DurationType >= 2 {
			begin = legs[first].Exit
		}
		if t.DurationType == 0 || t.DurationType == 3 {
			end = legs[k].Exit
		}
		if t.Duration > 0 && (begin.IsZero() || end.IsZero() || end.Sub(begin) > t.Duration) {
			continue
		}
		span := t.Count
		if span <= 0 {
			span = math.MaxInt - 1
		}
		if span < count || span > enough {
			continue
		}
		if span < enough {
			options, enough = nil, span
		}
		options = append(options, t)
	}
	return options
}

// drawFeed draws a small feed with rules of every form.
func drawFeed(t *rapid.T) gtfstest.Feed {
	pick := func(label string, values ...string) string { return rapid.SampledFrom(values).Draw(t, label) }
	f := gtfstest.Text(base + `
-- stops.txt --
stop_id
s0
s1
s2
s3
-- routes.txt --
route_id,route_type,network_id
R0,3,N0
R1,3,N1
R2,3,
-- areas.txt --
area_id
a
b
c
`)
	rows := func(file, header string, least, most int, row func() (key, text string)) {
		seen, lines := make(map[string]bool), []string{header}
		for range rapid.IntRange(least, most).Draw(t, file) {
			if key, text := row(); !seen[key] {
				seen[key] = true
				lines = append(lines, text)
			}
		}
		f[file] = strings.Join(lines, "\n") + "\n"
	}
	rows("stop_areas.txt", "stop_id,area_id", 0, 6, func() (string, string) {
		row := pick("stop", "s0", "s1", "s2", "s3") + "," + pick("area", "a", "b", "c")
		return row, row
	})
	f["fare_products.txt"] = "fare_product_id,amount,currency\n"
	for i := range 8 {
		f["fare_products.txt"] += fmt.Sprintf("p%d,%d.00,CNY\n", i, rapid.IntRange(0, 9).Draw(t, "price"))
		f["fare_products.txt"] += fmt.Sprintf("t%d,%d.00,CNY\n", i, rapid.IntRange(-9, 9).Draw(t, "fee"))
	}
	column, priority := "", func() string { return "" }
	if rapid.Bool().Draw(t, "priority") {
		column, priority = ",rule_priority", func() string { return "," + pick("priority", "", "1", "2") }
	}
	rows("fare_leg_rules.txt", "network_id,from_area_id,to_area_id,fare_product_id,leg_group_id"+column, 5, 12, func() (string, string) {
		key := pick("network", "", "N0", "N1") + "," + pick("from", "", "", "", "a", "b") + "," + pick("to", "", "", "", "a", "c") + "," + fmt.Sprintf("p%d", rapid.IntRange(0, 7).Draw(t, "product"))
		group := pick("group", "", "G0", "G0", "G1", "G1", "G2")
		return key, key + "," + group + priority()
	})
	rows("fare_transfer_rules.txt", "from_leg_group_id,to_leg_group_id,transfer_count,duration_limit,duration_limit_type,fare_transfer_type,fare_product_id", 3, 10, func() (string, string) {
		from, to := pick("from group", "", "G0", "G1", "G2"), pick("to group", "", "G0", "G1", "G2")
		for _, g := range []*string{&from, &to} {
			if !strings.Contains(f["fare_leg_rules.txt"], ","+*g) {
				*g = ""
			}
		}
		count := ""
		if from == to {
			count = pick("count", "-1", "1", "2", "3")
		}
		limit := pick("limit", ",", "1200,0", "1200,1", "1200,2", "2400,1", "2400,3")
		product := pick("transfer product", "", "t0", "t1", "t2")
		key := strings.Join([]string{from, to, product, count, limit[:strings.Index(limit, ",")]}, ",")
		return key, strings.Join([]string{from, to, count, limit, pick("type", "0", "1", "2"), product}, ",")
	})
	return f
}

func drawLegs(t *rapid.T) (legs []fare.Leg) {
	clock := monday("08:00")
	for range rapid.IntRange(2, 5).Draw(t, "legs") {
		l := fare.Leg{Route: rapid.SampledFrom([]string{"R0", "R1", "R2"}).Draw(t, "route"), Entry: clock,
			From: rapid.SampledFrom([]string{"", "s0", "s1", "s2", "s3"}).Draw(t, "from")}
		l.Network = map[string]string{"R0": "N0", "R1": "N1", "R2": ""}[l.Route]
		clock = clock.Add(time.Duration(rapid.SampledFrom([]int{0, 5, 10, 20, 40}).Draw(t, "ride")) * time.Minute)
		if rapid.Bool().Draw(t, "taps out") {
			l.Exit = clock
			if l.From != "" {
				l.To = rapid.SampledFrom([]string{"s0", "s1", "s2", "s3"}).Draw(t, "to")
			}
		}
		legs = append(legs, l)
		clock = clock.Add(time.Duration(rapid.SampledFrom([]int{0, 5, 10}).Draw(t, "wait")) * time.Minute)
	}
	return legs
}

func TestAgainstOracle(t *testing.T) {
	fares, transfers := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		feed, err := gtfs.Load(drawFeed(t).FS())
		if err != nil {
			t.Fatal(err)
		}
		e, err := fare.New(feed, fare.Config{})
		if err != nil {
			t.Fatal(err)
		}
		legs := drawLegs(t)
		s, err := e.Fare(legs)
		if err != nil {
			t.Fatal(err)
		}
		addsUp(t, s)
		// A leg without a fare stands between the others: each stretch by itself.
		var want int64
		var stretch []fare.Leg
		for i, l := range legs {
			if known := len(oracle{feed}.matching(l)) > 0; known != (s.Charges[i].Fault == "") {
				t.Fatalf("leg %d: %v\n%s", i, known, explanation(s))
			} else if known {
				stretch = append(stretch, l)
				fares++
			} else {
				want += oracle{feed}.cheapest(stretch, sofar{})
				stretch = nil
			}
			for _, step := range s.Charges[i].Steps {
				if step.Kind == fare.Transfer {
					transfers++
				}
			}
		}
		want += oracle{feed}.cheapest(stretch, sofar{})
		// The search counts as it goes, the explanation afterwards: alike.
		if counted := e.PathTotal(legs); counted != s.Total {
			t.Fatalf("the search counted %d\n%s", counted, explanation(s))
		}
		if want != s.Total {
			t.Fatalf("%d, and not %d\n%s", s.Total, want, explanation(s))
		}
	})
	t.Logf("%d legs with a fare, %d transfers", fares, transfers)
	require.Positive(t, transfers, "the drawn feeds have transfers at all")
}
