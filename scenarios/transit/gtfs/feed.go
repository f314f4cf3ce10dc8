package gtfs

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// A Feed is a whole, valid feed. It never changes, so any number of goroutines
// may read it. The slices that its methods return are its own: read them only.
type Feed struct {
	agencies     set[Agency]
	stops        set[Stop]
	routes       set[Route]
	networks     set[Network]
	areas        set[Area]
	stopAreas    map[string][]string
	services     set[service]
	timeframes   set[[]frame]
	categories   set[RiderCategory]
	media        set[FareMedia]
	products     set[[]FareProduct]
	discounts    map[string]bool // products with a negative price
	legRules     []FareLegRule
	legGroups    index
	priority     bool
	joinRules    []FareLegJoinRule
	transfers    []FareTransferRule
	caps         set[FareCap]
	usesServices bool // timeframes.txt is there
}

// Load reads a feed whose files lie in the root of fsys. The error is an [*Error].
func Load(fsys fs.FS) (*Feed, error) {
	f := new(Feed)
	// In this order, because each refers only to those before it.
	for _, read := range []func(fs.FS) error{
		f.readAgencies, f.readStops, f.readNetworks, f.readRoutes, f.readRouteNetworks, f.readAreas, f.readStopAreas,
		f.readCalendar, f.readCalendarDates, f.readTimeframes,
		f.readCategories, f.readMedia, f.readProducts,
		f.readLegRules, f.readJoinRules, f.readTransferRules, f.readCaps,
	} {
		if err := read(fsys); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// LoadZip is [Load] for the usual carrier of a feed, a zip of size bytes.
func LoadZip(r io.ReaderAt, size int64) (*Feed, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, &Error{Reason: Unreadable, Err: err}
	}
	return Load(z)
}

// A Ref is the line of the feed that a rule stands on, so that a fare can be
// explained from the published file.
type Ref struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

// Location returns the timezone of the feed, Asia/Shanghai. It needs no
// timezone database: the zone has been UTC+8 without daylight saving since 1991.
func (f *Feed) Location() *time.Location { return shanghai() }

func shanghai() *time.Location { return time.FixedZone("Asia/Shanghai", 8*60*60) }

func isShanghai(zone []byte) bool { return string(zone) == "Asia/Shanghai" }

// An Agency is an operator (agency.txt).
type Agency struct {
	ID, Name string
}

// Agencies lists the operators.
func (f *Feed) Agencies() []Agency { return f.agencies.rows }

func (f *Feed) readAgencies(fsys fs.FS) error {
	t := open(fsys, "agency.txt", true)
	id, name, zone := t.column("agency_id"), t.must("agency_name"), t.must("agency_timezone")
	for t.nextKept() {
		a := Agency{Name: t.text(name)}
		// The id may be left out where there is only one operator.
		if len(t.bytes(id)) > 0 {
			a.ID = t.id(id)
		}
		if t.err == nil && !isShanghai(t.bytes(zone)) {
			t.bad(zone, "Asia/Shanghai")
		}
		f.agencies.add(t, id, a.ID, a)
	}
	if len(f.agencies.rows) == 0 {
		t.fail(-1, MissingValue, errors.New("there is no agency"))
	}
	return t.close()
}

// A RiderCategory is a class of riders, as elderly or student (人群类别).
type RiderCategory struct {
	ID, Name string
	Default  bool // what everybody is who is nothing else
}

// Categories lists the rider categories.
func (f *Feed) Categories() []RiderCategory { return f.categories.rows }

// Category finds a rider category.
func (f *Feed) Category(id string) (RiderCategory, bool) { return f.categories.find(id) }

func (f *Feed) readCategories(fsys fs.FS) error {
	t := open(fsys, "rider_categories.txt", false)
	id, name, isDefault := t.must("rider_category_id"), t.must("rider_category_name"), t.must("is_default_fare_category")
	for t.nextKept() {
		c := RiderCategory{ID: t.id(id), Name: t.text(name), Default: t.option(isDefault, 1, 0) == 1}
		f.categories.add(t, id, c.ID, c)
	}
	return t.close()
}

// FareMedia is what a fare is paid with: cash, card, phone (fare_media.txt).
type FareMedia struct {
	ID, Name string
	Type     int // 0 none, 1 paper, 2 transit card, 3 bank card, 4 app
}

// Media finds a fare medium.
func (f *Feed) Media(id string) (FareMedia, bool) { return f.media.find(id) }

func (f *Feed) readMedia(fsys fs.FS) error {
	t := open(fsys, "fare_media.txt", false)
	id, name, kind := t.must("fare_media_id"), t.column("fare_media_name"), t.must("fare_media_type")
	for t.nextKept() {
		m := FareMedia{ID: t.id(id), Name: t.text(name), Type: t.option(kind, 4, -1)}
		f.media.add(t, id, m.ID, m)
	}
	return t.close()
}

// A FareProduct is one price (fare_products.txt). A product id has several
// where riders or media pay differently.
type FareProduct struct {
	ID, Name string
	Category string // empty: every rider
	Media    string // empty: any
	Fen      int64  // may be negative, a discount on a transfer
	Ref      Ref
}

// MaxPrices is how many prices a product has at most.
const MaxPrices = 256

// Products returns the prices of a product.
func (f *Feed) Products(id string) []FareProduct {
	prices, _ := f.products.find(id)
	return prices
}

func (f *Feed) readProducts(fsys fs.FS) error {
	t := open(fsys, "fare_products.txt", false)
	id, name, category, media := t.must("fare_product_id"), t.column("fare_product_name"), t.column("rider_category_id"), t.column("fare_media_id")
	amount, currency := t.must("amount"), t.must("currency")
	type key struct{ id, category, media string }
	seen := make(map[key]bool)
	f.discounts = make(map[string]bool)
	for t.nextKept() {
		p := FareProduct{ID: t.id(id), Name: t.text(name), Category: t.optional(category, &f.categories.index),
			Media: t.optional(media, &f.media.index), Fen: t.amount(amount, currency), Ref: Ref{t.name, t.line}}
		once(t, seen, key{p.ID, p.Category, p.Media})
		if !f.products.has(p.ID) {
			f.products.add(t, id, p.ID, nil)
		}
		if t.err != nil {
			break
		}
		i := f.products.at[p.ID]
		if f.products.rows[i] = append(f.products.rows[i], p); len(f.products.rows[i]) > MaxPrices {
			t.fail(id, TooMany, fmt.Errorf("more than %d prices of one product", MaxPrices))
		}
		if p.Fen < 0 {
			f.discounts[p.ID] = true
		}
	}
	return t.close()
}

// A FareCap is the most that is charged in a period (citizencode_fare_caps.txt).
type FareCap struct {
	ID, Name string
	Weekly   bool   // else daily
	Network  string // empty: all
	Product  string // of the leg rule; empty: any
	Category string // empty: all riders
	Fen      int64  // never negative
	Ref      Ref
}

// MaxCaps is how many fare caps a feed has at most: every leg is held against each.
const MaxCaps = 256

// Caps lists the fare caps.
func (f *Feed) Caps() []FareCap { return f.caps.rows }

func (f *Feed) readCaps(fsys fs.FS) error {
	t := open(fsys, "citizencode_fare_caps.txt", false)
	id, name, period := t.must("fare_cap_id"), t.column("fare_cap_name"), t.must("period")
	amount, currency := t.must("amount"), t.must("currency")
	network, product, category := t.column("network_id"), t.column("fare_product_id"), t.column("rider_category_id")
	for t.nextKept() {
		c := FareCap{ID: t.id(id), Name: t.text(name), Fen: t.amount(amount, currency), Network: t.optional(network, &f.networks.index),
			Product: t.optional(product, &f.products.index), Category: t.optional(category, &f.categories.index), Ref: Ref{t.name, t.line}}
		if c.Weekly = string(t.bytes(period)) == "week"; t.err == nil && !c.Weekly && string(t.bytes(period)) != "day" {
			t.bad(period, "day or week")
		}
		if c.Fen < 0 {
			t.bad(amount, "a cap, which is not negative")
		}
		f.caps.add(t, id, c.ID, c)
		if len(f.caps.rows) > MaxCaps {
			t.fail(-1, TooMany, errors.New("too many caps"))
		}
	}
	return t.close()
}
