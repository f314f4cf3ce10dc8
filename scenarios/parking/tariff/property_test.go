package tariff_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/scenarios/parking/tariff"
)

// clerk works a fee out minute by minute from the words of the package
// comment, with a wall clock and no arithmetic of intervals. Entries, exits and
// passes are whole minutes.
type clerk struct {
	spec tariff.Spec
	zone *time.Location

	visit, window int64
	windowID      int
	used          map[string]int64
	night         map[string]int64 // by occurrence of a capped band
	left          int              // minutes of the unit that runs
	unit          string           // the band that it began in
}

func (c *clerk) holiday(at time.Time) bool {
	date := at.Format(time.DateOnly)
	if slices.Contains(c.spec.Calendar.Holidays, date) {
		return true
	}
	weekend := at.Weekday() == time.Saturday || at.Weekday() == time.Sunday
	return c.spec.Calendar.Weekends && weekend && !slices.Contains(c.spec.Calendar.Workdays, date)
}

// band returns the band of a minute, its identity and its occurrence.
func (c *clerk) band(p tariff.PlanSpec, at time.Time) (b tariff.BandSpec, id, occurrence string) {
	for date, clock := at, at.Format("15:04"); ; date, clock = date.AddDate(0, 0, -1), "24:00" {
		list := p.Workday
		if p.Holiday != nil && c.holiday(date) {
			list = p.Holiday
		}
		for _, b := range slices.Backward(list) {
			if b.From <= clock {
				id := fmt.Sprint(b.Name, b.Minutes, *b.Fen)
				if b.First != nil {
					id += fmt.Sprint(" first ", b.First.Units, b.First.Minutes, *b.First.Fen)
				}
				if b.CapFen != nil {
					id += fmt.Sprint(" cap ", *b.CapFen)
				}
				return b, id, date.Format(time.DateOnly) + b.From
			}
		}
	}
}

func covers(p tariff.Pass, c *clerk, at time.Time) bool {
	if !p.From.IsZero() && at.Before(p.From) || !p.Until.IsZero() && !at.Before(p.Until) {
		return false
	}
	clock := time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
	from, to := p.Daily.From, p.Daily.To
	on := func(date time.Time) bool {
		return p.Daily.Days == tariff.AllDays || c.holiday(date) == (p.Daily.Days == tariff.Holidays)
	}
	if from < to {
		return on(at) && from <= clock && clock < to
	}
	return on(at) && from <= clock || on(at.AddDate(0, 0, -1)) && clock < to
}

func (c *clerk) close(p tariff.PlanSpec) {
	if p.Cap != nil {
		c.window = min(c.window, *p.Cap.Fen)
		if p.Cap.Restart {
			c.used = map[string]int64{}
		}
	}
	c.visit, c.window = c.visit+c.window, 0
}

func (c *clerk) fee(entry, exit time.Time, class tariff.Class, passes []tariff.Pass) int64 {
	s := c.spec.Classes[class]
	p, free := c.spec.Plans[s.Plan], c.spec.Free
	if s.Free != nil {
		free = *s.Free
	}
	open := 0
	covered := func(at time.Time) bool {
		return slices.ContainsFunc(passes, func(p tariff.Pass) bool { return covers(p, c, at) })
	}
	for at := entry; at.Before(exit); at = at.Add(time.Minute) {
		if !covered(at.In(c.zone)) {
			open++
		}
	}
	if open <= free.Minutes {
		return 0
	}
	skip := 0
	if free.Deducted {
		skip = free.Minutes
	}
	c.used, c.night, c.windowID = map[string]int64{}, map[string]int64{}, -1
	finish := c.spec.Boundary == "finish"
	var first time.Time
	for at := entry; at.Before(exit); at = at.Add(time.Minute) {
		wall := at.In(c.zone)
		if covered(wall) {
			if c.left = max(0, c.left-1); !finish {
				c.left = 0
			}
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		if first.IsZero() {
			first = at
		}
		window := 0
		if p.Cap != nil && p.Cap.Per == "24h" {
			window = int(at.Sub(first) / (24 * time.Hour))
		} else if p.Cap != nil {
			window = wall.Year()*366 + wall.YearDay()
		}
		b, id, occurrence := c.band(p, wall)
		if b.CapFen == nil {
			occurrence = ""
		}
		if window != c.windowID {
			if c.windowID >= 0 {
				c.close(p)
			}
			c.windowID = window
			if !finish {
				c.left = 0
			}
		}
		if id+occurrence != c.unit && !finish {
			c.left = 0
		}
		if c.left == 0 {
			fen := *b.Fen
			c.left = b.Minutes
			if b.First != nil && c.used[id] < int64(b.First.Units) {
				c.used[id]++
				fen, c.left = *b.First.Fen, b.First.Minutes
			}
			c.unit = id + occurrence
			if b.CapFen != nil {
				fen = min(fen, *b.CapFen-c.night[occurrence])
				c.night[occurrence] += fen
			}
			c.window += fen
		}
		c.left--
	}
	c.close(p)
	if p.VisitCapFen != nil {
		c.visit = min(c.visit, *p.VisitCapFen)
	}
	if s.Percent != nil {
		c.visit = c.visit * int64(*s.Percent) / 100
	}
	return c.visit
}

func ptr[T any](v T) *T { return &v }

// someSpec draws a valid tariff.
func someSpec(t *rapid.T) tariff.Spec {
	minutes := rapid.SampledFrom([]int{1, 7, 15, 30, 45, 60, 90, 120, 600, 1440})
	fen := rapid.Int64Range(0, 1000)
	optional := func(name string, high int64) *int64 {
		if rapid.Bool().Draw(t, name+"?") {
			return ptr(rapid.Int64Range(0, high).Draw(t, name))
		}
		return nil
	}
	list := func(name string) []tariff.BandSpec {
		starts := rapid.SliceOfNDistinct(rapid.IntRange(0, 47), 1, 4, rapid.ID).Draw(t, name+" starts")
		slices.Sort(starts)
		var bands []tariff.BandSpec
		for _, start := range starts {
			b := tariff.BandSpec{
				Name:    rapid.SampledFrom([]string{"a", "b"}).Draw(t, "name"),
				From:    fmt.Sprintf("%02d:%02d", start/2, start%2*30),
				Minutes: minutes.Draw(t, "minutes"),
				Fen:     ptr(fen.Draw(t, "fen")),
				CapFen:  optional("band cap", 3000),
			}
			if rapid.Bool().Draw(t, "first?") {
				b.First = &tariff.UnitsSpec{Units: rapid.IntRange(1, 5).Draw(t, "units"), Minutes: minutes.Draw(t, "first minutes"), Fen: ptr(fen.Draw(t, "first fen"))}
			}
			if len(bands) > 0 && rapid.Bool().Draw(t, "same") { // equal neighbours
				b = bands[len(bands)-1]
				b.From = fmt.Sprintf("%02d:%02d", start/2, start%2*30)
			}
			bands = append(bands, b)
		}
		return bands
	}
	plan := tariff.PlanSpec{Workday: list("workday"), VisitCapFen: optional("visit cap", 20000)}
	switch rapid.IntRange(0, 2).Draw(t, "holiday") {
	case 1:
		plan.Holiday = list("holiday")
	case 2:
		plan.Holiday = plan.Workday
	}
	if rapid.Bool().Draw(t, "cap?") {
		plan.Cap = &tariff.CapSpec{
			Per:     rapid.SampledFrom([]string{"24h", "day"}).Draw(t, "per"),
			Fen:     ptr(rapid.Int64Range(0, 8000).Draw(t, "cap")),
			Restart: rapid.Bool().Draw(t, "restart"),
		}
	}
	free := func() tariff.Free {
		f := tariff.Free{Minutes: rapid.SampledFrom([]int{0, 10, 15, 60, 120}).Draw(t, "free")}
		f.Deducted = f.Minutes > 0 && rapid.Bool().Draw(t, "deducted")
		return f
	}
	s := tariff.Spec{
		ID: "drawn", Zone: rapid.SampledFrom([]string{"Asia/Shanghai", "Asia/Urumqi", "UTC-03:30"}).Draw(t, "zone"),
		Free:     free(),
		Boundary: rapid.SampledFrom([]string{"", "split", "finish"}).Draw(t, "boundary"),
		Plans:    map[string]tariff.PlanSpec{"car": plan},
		Classes:  map[tariff.Class]tariff.ClassSpec{"small": {Plan: "car"}, "new-energy": {Plan: "car", Percent: ptr(rapid.IntRange(0, 100).Draw(t, "percent")), Free: ptr(free())}},
	}
	if s.Calendar.Weekends = rapid.Bool().Draw(t, "weekends"); s.Calendar.Weekends {
		s.Calendar.Workdays = []string{"2028-02-26"} // a Saturday
	}
	s.Calendar.Holidays = []string{"2028-02-29", "2028-03-01"}
	return s
}

func somePasses(t *rapid.T, entry time.Time) []tariff.Pass {
	var passes []tariff.Pass
	at := func(name string) time.Time {
		if rapid.Bool().Draw(t, name+"?") {
			return entry.Add(time.Duration(rapid.IntRange(-2000, 5000).Draw(t, name)) * time.Minute)
		}
		return time.Time{}
	}
	for range rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "passes") {
		p := tariff.Pass{From: at("pass from"), Until: at("pass until")}
		if !p.From.IsZero() && !p.Until.IsZero() && p.Until.Before(p.From) {
			p.From, p.Until = p.Until, p.From
		}
		half := rapid.IntRange(0, 47)
		p.Daily = tariff.Daily{
			From: time.Duration(half.Draw(t, "daily from")) * 30 * time.Minute,
			To:   time.Duration(half.Draw(t, "daily to")) * 30 * time.Minute,
			Days: tariff.Days(rapid.IntRange(0, 2).Draw(t, "days")),
		}
		passes = append(passes, p)
	}
	return passes
}

// TestAgainstClerk: the engine, which computes with intervals, gives what the
// clerk gives, who counts minutes; and what every tariff promises holds.
func TestAgainstClerk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := someSpec(t)
		tf, err := tariff.New(spec)
		if err != nil {
			t.Fatal(err)
		}
		zone := map[string]*time.Location{"Asia/Shanghai": time.FixedZone("", 8*3600), "Asia/Urumqi": time.FixedZone("", 6*3600), "UTC-03:30": time.FixedZone("", -3*3600-1800)}[spec.Zone]
		// Around the end of a leap February, which begins with a weekend.
		entry := time.Date(2028, 2, 25, 0, rapid.IntRange(0, 2*24*60).Draw(t, "entry"), 0, 0, zone)
		stay := func(name string) time.Duration {
			long := rapid.SampledFrom([]int{100, 1500, 7000}).Draw(t, name+" at most")
			return time.Duration(rapid.IntRange(0, long).Draw(t, name)) * time.Minute
		}
		exit := entry.Add(stay("stay"))
		passes := somePasses(t, entry)
		class := rapid.SampledFrom([]tariff.Class{tariff.Small, tariff.NewEnergy}).Draw(t, "class")

		got, err := tf.Fee(entry, exit, class, passes...)
		if err != nil {
			t.Fatal(err)
		}
		if want := (&clerk{spec: spec, zone: zone}).fee(entry, exit, class, passes); got.Fen != want {
			for _, l := range got.Lines {
				t.Log(tf.Text(l).En)
			}
			t.Fatalf("%v..%v: engine %d, clerk %d", entry, exit, got.Fen, want)
		}
		later, err := tf.Fee(entry, exit.Add(stay("longer")+time.Second), class, passes...)
		if err != nil {
			t.Fatal(err)
		}
		var sum int64
		for _, l := range got.Lines {
			sum += l.Fen
		}
		free, plan := spec.Free, spec.Plans["car"]
		if c := spec.Classes[class]; c.Free != nil {
			free = *c.Free
		}
		switch {
		case sum != got.Fen:
			t.Fatalf("the lines add up to %d, the fee is %d", sum, got.Fen)
		case got.Fen < 0:
			t.Fatal("a negative fee")
		case later.Fen < got.Fen:
			t.Fatalf("longer is cheaper: %d, %d", got.Fen, later.Fen)
		case got.Stay <= time.Duration(free.Minutes)*time.Minute && got.Fen != 0:
			t.Fatal("the free minutes cost")
		case plan.VisitCapFen != nil && got.Fen > *plan.VisitCapFen:
			t.Fatal("above the cap of the visit")
		case plan.Cap != nil && plan.Cap.Per == "24h" && got.Fen > *plan.Cap.Fen*int64(got.Stay/(24*time.Hour)+1):
			t.Fatal("above the cap of 24 hours")
		}
	})
}

// TestDueProperty: paying in two parts costs what paying once does, and never
// less than 0.
func TestDueProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := someSpec(t)
		spec.GraceMinutes = rapid.IntRange(0, 30).Draw(t, "grace")
		tf, err := tariff.New(spec)
		if err != nil {
			t.Fatal(err)
		}
		entry := time.Date(2028, 2, 25, 0, rapid.IntRange(0, 2*24*60).Draw(t, "entry"), 0, 0, time.UTC)
		paidAt := entry.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "paid at")) * time.Minute)
		exit := paidAt.Add(time.Duration(rapid.IntRange(0, 100).Draw(t, "later")) * time.Minute)
		first, err := tf.Due(entry, paidAt, tariff.Small, tariff.Payment{})
		if err != nil {
			t.Fatal(err)
		}
		then, err := tf.Due(entry, exit, tariff.Small, tariff.Payment{Fen: first.Fen, At: paidAt})
		if err != nil {
			t.Fatal(err)
		}
		whole, err := tf.Fee(entry, exit, tariff.Small)
		if err != nil {
			t.Fatal(err)
		}
		inTime := first.Fen > 0 && exit.Sub(paidAt) <= time.Duration(spec.GraceMinutes)*time.Minute
		if want := whole.Fen - first.Fen; inTime && then.Fen != 0 || !inTime && then.Fen != want {
			t.Fatalf("paid %d, then %d, the whole %d, in time %v", first.Fen, then.Fen, whole.Fen, inTime)
		}
	})
}
