package gtfs

import (
	"errors"
	"io/fs"
)

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
