package occupancy_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/scenarios/parking/occupancy"
)

var update = flag.Bool("update", false, "write the golden feeds anew")

// board is a city of one lot of each kind at a moment.
func board(t testing.TB) *occupancy.Board {
	var lots []occupancy.Config
	for i, name := range []string{"fresh", "full", "stale", "silent", "closed", "drifted", "suspect", "forgotten"} {
		cfg := lot(fmt.Sprintf("p%d", i+1), 100)
		cfg.Name, cfg.Form = name, occupancy.Form(i%3)
		cfg.Lat = float64(4180+i) / 100
		lots = append(lots, cfg)
	}
	b, err := occupancy.NewBoard(lots...)
	require.NoError(t, err)
	for _, r := range []struct {
		lot     string
		minutes float64
		kind    occupancy.Kind
		n       int
		fails   bool
	}{
		{"p8", -200, occupancy.Recount, 50, false},
		{"p1", -1, occupancy.OccupiedBays, 58, false},
		{"p2", -0.5, occupancy.FreeBays, 0, false},
		{"p3", -20, occupancy.Recount, 30, false},
		{"p5", -2, occupancy.Recount, 100, false},
		{"p5", -1, occupancy.Closed, 0, false},
		{"p6", -3, occupancy.Recount, 0, false},
		{"p6", -2, occupancy.Leave, 0, false},
		{"p7", -2, occupancy.Recount, 10, false},
		{"p7", -1, occupancy.FreeBays, 8259, true},
	} {
		err := b.Apply(occupancy.Report{Lot: r.lot, At: at(r.minutes), Kind: r.kind, N: r.n}, at(r.minutes))
		require.Equal(t, r.fails, err != nil)
	}
	return b
}

var forms = map[string]func(*occupancy.Feed) ([]byte, error){
	"apds.json":       (*occupancy.Feed).APDS,
	"datex.json":      (*occupancy.Feed).DATEX,
	"parking.geojson": (*occupancy.Feed).GeoJSON,
}

func TestGolden(t *testing.T) {
	feed := board(t).Feed(noon)
	for name, form := range forms {
		got, err := form(&feed)
		require.NoError(t, err)
		path := filepath.Join("testdata", name)
		if *update {
			require.NoError(t, os.WriteFile(path, got, 0o644))
		}
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got), name)
	}
}

// A shown is what a stranger reads about one lot in a feed.
type shown struct {
	id      string
	total   int
	free    *int
	asOf    string
	at      string
	state   string
	flags   []string
	age     *int
	located bool
}

// member finds a value in decoded JSON by its path; nil if it is absent.
func member(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

func number(v any) *int {
	f, is := v.(float64)
	if n := int(f); is && float64(n) == f {
		return &n
	}
	return nil
}

// read reads a form as its consumers do, by the names of the standard, and
// checks that what they require is there.
func read(name string, data []byte) (list []shown, err error) {
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return nil, err
	}
	items, at, where := member(v, "data"), "", []any{"indicativePointLocation", "geometry", "coordinates", 1}
	switch name {
	case "datex.json":
		items, where = member(v, "parkingPublicationLight", "parkingSite"), []any{"locationAndDimension", "coordinatesForDisplay", "latitude"}
		at, _ = member(v, "parkingPublicationLight", "publicationTime").(string)
		if member(v, "_modelBaseVersion") != "3" {
			return nil, fmt.Errorf("no version")
		}
	case "parking.geojson":
		items, where = member(v, "features"), []any{"geometry", "coordinates", 1}
		if member(v, "type") != "FeatureCollection" {
			return nil, fmt.Errorf("no FeatureCollection")
		}
	default:
		if total := number(member(v, "meta", "total")); total == nil || *total != len(items.([]any)) {
			return nil, fmt.Errorf("meta.total")
		}
	}
	for _, item := range items.([]any) {
		s := shown{at: at}
		text := func(into *string, path ...any) { *into, _ = member(item, path...).(string) }
		text(&s.id, "id")
		quality := []any{"quality"}
		switch name {
		case "apds.json":
			supply := number(member(item, "hierarchyElementReference", "supply", 0, "supplyQuantity"))
			total := number(member(item, "characteristics", "spacesTotal"))
			if supply == nil || total == nil || *supply != *total {
				return nil, fmt.Errorf("%s: supply", s.id)
			}
			s.total = *total
			demand := member(item, "hierarchyElementReference", "demandTable", 0)
			if count := number(member(demand, "demandType", 0, "count")); count != nil {
				free := s.total - *count
				s.free = &free
				s.asOf, _ = member(demand, "demandType", 0, "recordDateTime").(string)
				s.at, _ = member(demand, "timestamp").(string)
			}
		case "datex.json":
			text(&s.id, "_id")
			text(&s.asOf, "lastUpdate")
			if n := number(member(item, "numberOfSpaces")); n != nil {
				s.total = *n
			}
			s.free = number(member(item, "availableSpaces"))
			if open := member(item, "isOpenNow"); open != (member(item, "quality", "state") == "open") {
				return nil, fmt.Errorf("%s: isOpenNow is %v", s.id, open)
			}
		default:
			text(&s.asOf, "properties", "asOf")
			text(&s.at, "properties", "publishedAt")
			if n := number(member(item, "properties", "total")); n != nil {
				s.total = *n
			}
			s.free = number(member(item, "properties", "free"))
			quality = []any{"properties", "quality"}
		}
		text(&s.state, append(quality, "state")...)
		flags, is := member(item, append(quality, "flags")...).([]any)
		if !is {
			return nil, fmt.Errorf("%s: no list of flags", s.id)
		}
		for _, f := range flags {
			s.flags = append(s.flags, f.(string))
		}
		s.age = number(member(item, append(quality, "ageSeconds")...))
		_, s.located = member(item, where...).(float64)
		list = append(list, s)
	}
	return list, nil
}

// lie returns what is wrong with what a feed says about a lot.
func (s *shown) lie(staleAfter time.Duration) string {
	switch {
	case s.id == "" || s.total < 1 || !s.located || s.state != "open" && s.state != "closed":
		return "something is missing"
	case s.free != nil && (*s.free < 0 || *s.free > s.total):
		return "free is not within the lot"
	case s.free != nil && s.state == "closed":
		return "a closed lot has a number"
	case s.free != nil && slices.Contains(s.flags, "unknown"):
		return "what is unknown has a number"
	case s.free == nil:
		return ""
	}
	asOf, err := time.Parse(time.RFC3339, s.asOf)
	if err != nil {
		return "a number of no time"
	}
	published, err := time.Parse(time.RFC3339, s.at)
	switch age := published.Sub(asOf); {
	case err != nil || s.age == nil:
		return "a number of no age"
	case age < 0:
		return "a number from the future"
	case age > staleAfter+time.Second && !slices.Contains(s.flags, "stale"):
		return "an old number looks fresh"
	case time.Duration(*s.age)*time.Second > age+time.Second || time.Duration(*s.age)*time.Second < age-time.Second:
		return "the age is another one than that of the number"
	}
	return ""
}

// TestRow31NoLie plays random reports of honest and of broken lots and reads the
// feeds after each.
func TestRow31NoLie(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := lot("p1", rapid.IntRange(1, 60).Draw(t, "bays"))
		cfg.StaleAfter = time.Duration(rapid.IntRange(1, 20).Draw(t, "stale")) * time.Minute
		cfg.UnknownAfter = cfg.StaleAfter * 3
		b, err := occupancy.NewBoard(cfg)
		if err != nil {
			t.Fatal(err)
		}
		now := noon
		kinds := []occupancy.Kind{occupancy.Enter, occupancy.Leave, occupancy.FreeBays, occupancy.OccupiedBays, occupancy.Recount, occupancy.Alive, occupancy.Opened, occupancy.Closed}
		for range rapid.IntRange(1, 40).Draw(t, "reports") {
			now = now.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 30, 400, 5000}).Draw(t, "wait")) * time.Second)
			r := occupancy.Report{Lot: "p1", At: now.Add(time.Duration(rapid.IntRange(-300, 70).Draw(t, "clock")) * time.Second), Kind: rapid.SampledFrom(kinds).Draw(t, "kind")}
			if r.Kind == occupancy.FreeBays || r.Kind == occupancy.OccupiedBays || r.Kind == occupancy.Recount {
				r.N = rapid.OneOf(rapid.IntRange(0, cfg.Bays), rapid.IntRange(-5, cfg.Bays+5), rapid.Int()).Draw(t, "n")
			}
			_ = b.Apply(r, now)
			feed := b.Feed(now)
			for name, form := range forms {
				data, err := form(&feed)
				if err != nil {
					t.Fatal(err)
				}
				list, err := read(name, data)
				if err != nil || len(list) != 1 {
					t.Fatal(name, err, list)
				}
				if lie := list[0].lie(cfg.StaleAfter); lie != "" {
					t.Fatalf("%s: %s\n%s", name, lie, data)
				}
			}
		}
	})
}

// TestHonestLot: a lot that misses no car is shown as it is, without a flag.
func TestHonestLot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bays := rapid.IntRange(1, 50).Draw(t, "bays")
		b, err := occupancy.NewBoard(lot("p1", bays))
		if err != nil {
			t.Fatal(err)
		}
		now, inside := noon, rapid.IntRange(0, bays).Draw(t, "inside")
		apply := func(k occupancy.Kind, n int) {
			if err := b.Apply(occupancy.Report{Lot: "p1", At: now, Kind: k, N: n}, now); err != nil {
				t.Fatal(err)
			}
		}
		apply(occupancy.Recount, inside)
		for range rapid.IntRange(0, 200).Draw(t, "cars") {
			now = now.Add(time.Second)
			switch in := rapid.Bool().Draw(t, "in"); {
			case in && inside < bays:
				inside++
				apply(occupancy.Enter, 0)
			case !in && inside > 0:
				inside--
				apply(occupancy.Leave, 0)
			}
			f := b.Feed(now).Figures[0]
			if free, known := f.Free(); !known || free != bays-inside || len(f.Flags()) > 0 || f.Full() != (inside == bays) {
				t.Fatalf("%d inside of %d, %d free, flags %v", inside, bays, free, f.Flags())
			}
		}
	})
}

// TestGoldenIsRead: the reader of these tests finds in the golden feeds what
// each lot is.
func TestGoldenIsRead(t *testing.T) {
	for name := range forms {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(t, err)
		list, err := read(name, data)
		require.NoError(t, err)
		var free []string
		for i := range list {
			assert.Empty(t, list[i].lie(5*time.Minute))
			switch n := list[i].free; {
			case n == nil:
				free = append(free, "-")
			default:
				free = append(free, fmt.Sprint(*n, list[i].flags))
			}
		}
		want := []string{"42 []", "0 []", "70 [stale]", "-", "-", "100 [clamped]", "90 [suspect]", "-"}
		if name == "datex.json" {
			want[2] = "-"
		}
		assert.Equal(t, want, free, name)
	}
}

func FuzzReport(f *testing.F) {
	f.Add([]byte(`{"lot": "p1", "at": "2026-03-02T04:00:00Z", "kind": "free", "n": 42}`))
	f.Add([]byte(`{"lot": "p1", "at": "2026-03-02T12:00:00+08:00", "kind": "enter"}`))
	f.Add([]byte(`{"lot": "p1", "at": "2026-03-02T04:00:00Z", "kind": "occupied", "n": -1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := occupancy.ParseReport(data)
		if err != nil {
			return
		}
		r.Lot = "p1"
		b := board(t)
		_ = b.Apply(r, noon)
		feed := b.Feed(noon)
		for name, form := range forms {
			out, err := form(&feed)
			require.NoError(t, err)
			list, err := read(name, out)
			require.NoError(t, err)
			for i := range list {
				require.Empty(t, list[i].lie(5*time.Minute))
			}
		}
	})
}

func BenchmarkFeed(b *testing.B) {
	var lots []occupancy.Config
	for i := range 300 {
		lots = append(lots, lot(fmt.Sprintf("p%03d", i), 200))
	}
	board, err := occupancy.NewBoard(lots...)
	require.NoError(b, err)
	for i := range lots {
		require.NoError(b, board.Apply(occupancy.Report{Lot: lots[i].ID, At: noon, Kind: occupancy.Recount, N: i % 200}, noon))
	}
	b.Run("apply", func(b *testing.B) {
		b.ReportAllocs()
		kinds := []occupancy.Kind{occupancy.Enter, occupancy.Leave}
		for i := 0; b.Loop(); i++ {
			if err := board.Apply(occupancy.Report{Lot: "p007", At: noon.Add(time.Second), Kind: kinds[i%2]}, noon); err != nil {
				b.Fatal(err)
			}
		}
	})
	for name, form := range forms {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				feed := board.Feed(noon)
				if _, err := form(&feed); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
