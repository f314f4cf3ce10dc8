package gtfs

import (
	"archive/zip"
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
