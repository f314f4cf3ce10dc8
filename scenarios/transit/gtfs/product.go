package gtfs

import (
	"fmt"
	"io/fs"
)

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
