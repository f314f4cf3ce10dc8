package gtfs

import (
	"errors"
	"io/fs"
)

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
