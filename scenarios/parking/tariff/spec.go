package tariff

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/citizencode/citizencode/scenarios"
)

// The limits of a tariff. With them no fee of any stay can overflow.
const (
	MaxSpec    = 64 << 10  // bytes of JSON
	MaxFen     = 1_000_000 // of one unit: 10,000 yuan
	MaxCapFen  = 1_000_000_000_000
	MaxMinutes = 24 * 60 // of a unit and of free minutes
	MaxStay    = 366 * 24 * 60
	MaxUnits   = 1000 // first units
	MaxBands   = 12   // of a day
	MaxPlans   = 16
	MaxDates   = 1000 // of each list of the calendar
	MaxName    = 64   // bytes
)

// A Spec is a tariff as data; the package comment shows it as JSON and says
// what the fields mean. Pointers are fields that have no default or for which
// 0 is not the default.
type Spec struct {
	ID           string              `json:"id"`
	Zone         string              `json:"zone"`
	Free         Free                `json:"free,omitzero"`
	GraceMinutes int                 `json:"graceMinutes,omitempty"`   // to leave after paying
	MaxStay      int                 `json:"maxStayMinutes,omitempty"` // a longer stay is named, and charged as any other; 0: no limit
	Boundary     string              `json:"boundary,omitempty"`       // "split", the default, or "finish"
	Calendar     Calendar            `json:"calendar,omitzero"`
	Plans        map[string]PlanSpec `json:"plans"`
	Classes      map[Class]ClassSpec `json:"classes"`
}

// Free is the free minutes of a stay.
type Free struct {
	Minutes  int  `json:"minutes"`
	Deducted bool `json:"deducted,omitempty"` // free in a longer stay too
}

// A Calendar says which days are holidays. Dates are as in 2026-10-01.
type Calendar struct {
	Weekends bool     `json:"weekends,omitempty"` // Saturdays and Sundays are holidays
	Holidays []string `json:"holidays,omitempty"`
	Workdays []string `json:"workdays,omitempty"` // weekends worked in exchange (调休)
}

// A PlanSpec is a table of prices.
type PlanSpec struct {
	Workday     []BandSpec `json:"workday"`
	Holiday     []BandSpec `json:"holiday,omitempty"` // absent: as on workdays
	Cap         *CapSpec   `json:"cap,omitempty"`
	VisitCapFen *int64     `json:"visitCapFen,omitempty"`
}

// A BandSpec is a time of day and its price.
type BandSpec struct {
	Name    string     `json:"name"` // for the explanation
	From    string     `json:"from"` // as in 08:00
	First   *UnitsSpec `json:"first,omitempty"`
	Minutes int        `json:"minutes"` // of a unit
	Fen     *int64     `json:"fen"`     // of a unit; 0 is a free band
	CapFen  *int64     `json:"capFen,omitempty"`
}

// A UnitsSpec is the first units of a band.
type UnitsSpec struct {
	Units   int    `json:"units"`
	Minutes int    `json:"minutes"`
	Fen     *int64 `json:"fen"`
}

// A CapSpec is the cap of a window.
type CapSpec struct {
	Per     string `json:"per"` // "24h" or "day"
	Fen     *int64 `json:"fen"`
	Restart bool   `json:"restart,omitempty"`
}

// A ClassSpec says what one class pays.
type ClassSpec struct {
	Plan    string `json:"plan"`
	Percent *int   `json:"percent,omitempty"` // absent: 100
	Free    *Free  `json:"free,omitempty"`    // absent: that of the tariff
}

// Parse reads a tariff from JSON of at most MaxSpec bytes. It is strict; an
// error is an *Error with a path.
func Parse(data []byte) (*Tariff, error) {
	var s Spec
	if err := scenarios.ReadStrict("tariff", data, MaxSpec, &s); err != nil {
		var wrong *scenarios.RequestError
		if errors.As(err, &wrong) {
			return nil, &Error{wrong.Path, Malformed, wrong.Err.Error()}
		}
		return nil, &Error{"tariff", Malformed, ""}
	}
	return New(s)
}

// New returns the tariff that s describes, or an *Error with a path.
func New(s Spec) (*Tariff, error) {
	c := &compiler{}
	t := c.tariff(s)
	if c.err != nil {
		return nil, c.err
	}
	return t, nil
}

// A compiler turns a Spec into a Tariff and keeps the first error.
type compiler struct{ err *Error }

func (c *compiler) fail(path string, r Reason, format string, args ...any) {
	if c.err == nil {
		c.err = &Error{path, r, fmt.Sprintf(format, args...)}
	}
}

func (c *compiler) within(path string, n, low, high int64) int64 {
	if n < low || n > high {
		c.fail(path, OutOfRange, "%d is not in %d..%d", n, low, high)
	}
	return n
}

func (c *compiler) minutes(path string, n, low, high int) int64 {
	return 60 * c.within(path, int64(n), int64(low), int64(high))
}

func (c *compiler) fen(path string, fen *int64, high int64) int64 {
	if fen == nil {
		c.fail(path, Missing, "")
		return 0
	}
	return c.within(path, *fen, 0, high)
}

func (c *compiler) cap(path string, fen *int64) int64 {
	if fen == nil {
		return noCap
	}
	return c.within(path, *fen, 0, MaxCapFen)
}

func (c *compiler) name(path, name string) string {
	switch {
	case name == "":
		c.fail(path, Missing, "")
	case len(name) > MaxName || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		c.fail(path, OutOfRange, "longer than %d bytes, or with a control character", MaxName)
	}
	return name
}

func (c *compiler) tariff(s Spec) *Tariff {
	t := &Tariff{
		id:      c.name("tariff.id", s.ID),
		zone:    c.zone("tariff.zone", s.Zone),
		grace:   c.minutes("tariff.graceMinutes", s.GraceMinutes, 0, MaxMinutes),
		maxStay: c.minutes("tariff.maxStayMinutes", s.MaxStay, 0, MaxStay),
		classes: make(map[Class]rate),
	}
	switch s.Boundary {
	case "", "split":
	case "finish":
		t.finish = true
	default:
		c.fail("tariff.boundary", Unknown, "neither split nor finish")
	}
	free := c.free("tariff.free", s.Free)
	t.calendar = c.calendar("tariff.calendar", s.Calendar)

	c.within("tariff.plans", int64(len(s.Plans)), 1, MaxPlans)
	plans := make(map[string]*plan)
	for _, name := range slices.Sorted(maps.Keys(s.Plans)) { // in order: the first error is always the same
		path := "tariff.plans." + name
		plans[c.name(path, name)] = c.plan(path, s.Plans[name])
	}
	if len(s.Classes) == 0 {
		c.fail("tariff.classes", Missing, "")
	}
	for _, class := range slices.Sorted(maps.Keys(s.Classes)) {
		path := "tariff.classes." + string(class)
		switch class {
		case Small, Large, NewEnergy, NewEnergyLarge, Disabled, Motorcycle:
		case Emergency:
			c.fail(path, Forbidden, "vehicles on duty never pay")
		default:
			c.fail(path, Unknown, "not a class")
		}
		t.classes[class] = c.class(path, s.Classes[class], free, plans)
	}
	return t
}

func (c *compiler) class(path string, s ClassSpec, free rate, plans map[string]*plan) rate {
	r := free
	if s.Free != nil {
		r = c.free(path+".free", *s.Free)
	}
	if r.plan = plans[s.Plan]; r.plan == nil {
		c.fail(path+".plan", Unknown, "not one of the plans")
	}
	r.percent = 100
	if s.Percent != nil {
		r.percent = c.within(path+".percent", int64(*s.Percent), 0, 100)
	}
	return r
}

func (c *compiler) free(path string, f Free) rate {
	if f.Deducted && f.Minutes == 0 {
		c.fail(path+".minutes", Missing, "nothing to deduct")
	}
	return rate{free: c.minutes(path+".minutes", f.Minutes, 0, MaxMinutes), deducted: f.Deducted}
}

func (c *compiler) plan(path string, s PlanSpec) *plan {
	p := &plan{cap: noCap, visitCap: c.cap(path+".visitCapFen", s.VisitCapFen)}
	p.days[workday] = c.day(path+".workday", s.Workday, p)
	p.days[holiday] = p.days[workday]
	if s.Holiday != nil {
		p.days[holiday] = c.day(path+".holiday", s.Holiday, p)
	}
	if s.Cap == nil {
		return p
	}
	p.cap = c.fen(path+".cap.fen", s.Cap.Fen, MaxCapFen)
	p.restart = s.Cap.Restart
	switch s.Cap.Per {
	case "24h":
		p.window = hours24
	case "day":
		p.window = calendarDay
	default:
		c.fail(path+".cap.per", Unknown, "neither 24h nor day")
	}
	return p
}

func (c *compiler) day(path string, s []BandSpec, p *plan) []band {
	if len(s) == 0 {
		c.fail(path, Missing, "")
	}
	c.within(path, int64(len(s)), 0, MaxBands)
	var bands []band
	for i, b := range s {
		path := path + "[" + strconv.Itoa(i) + "]"
		from := c.clock(path+".from", b.From)
		if i > 0 && from <= bands[i-1].from {
			c.fail(path+".from", Order, "not after the band before")
		}
		pr := price{
			name: c.name(path+".name", b.Name),
			unit: c.minutes(path+".minutes", b.Minutes, 1, MaxMinutes),
			fen:  c.fen(path+".fen", b.Fen, MaxFen),
			cap:  c.cap(path+".capFen", b.CapFen),
		}
		if f := b.First; f != nil {
			pr.firstUnits = c.within(path+".first.units", int64(f.Units), 1, MaxUnits)
			pr.firstLen = c.minutes(path+".first.minutes", f.Minutes, 1, MaxMinutes)
			pr.firstFen = c.fen(path+".first.fen", f.Fen, MaxFen)
		}
		n := slices.Index(p.prices, pr)
		if n < 0 {
			n = len(p.prices)
			p.prices = append(p.prices, pr)
		}
		bands = append(bands, band{from, n})
	}
	return bands
}

// clock reads a time of day and returns seconds after midnight.
func (c *compiler) clock(path, text string) int64 {
	at, err := time.Parse("15:04", text)
	if err != nil || len(text) != len("15:04") {
		c.fail(path, Malformed, "not a time of day as in 08:00")
	}
	return int64(at.Hour()*3600 + at.Minute()*60)
}

// zone returns seconds east of UTC.
func (c *compiler) zone(path, text string) int64 {
	switch text {
	case "":
		c.fail(path, Missing, "")
	case "Asia/Shanghai":
		return 8 * 3600
	case "Asia/Urumqi":
		return 6 * 3600
	}
	at, err := time.Parse("UTC-07:00", text)
	if err != nil {
		c.fail(path, Unknown, "neither Asia/Shanghai, Asia/Urumqi nor an offset as in UTC+08:00")
		return 0
	}
	_, offset := at.Zone()
	return int64(offset)
}
