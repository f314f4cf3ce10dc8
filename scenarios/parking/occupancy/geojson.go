package occupancy

// The names of RFC 7946.
type (
	collection struct {
		Type     string  `json:"type"`
		Features []point `json:"features"`
	}
	point struct {
		Type       string   `json:"type"`
		ID         string   `json:"id,omitempty"`
		Geometry   geometry `json:"geometry"`
		Properties any      `json:"properties"`
	}
	geometry struct {
		Type        string     `json:"type"`
		Coordinates [2]float64 `json:"coordinates"` // longitude first
	}
	properties struct {
		Name    string  `json:"name"`
		Total   int     `json:"total"`
		Free    *int    `json:"free"` // null: unknown, or closed
		AsOf    string  `json:"asOf,omitempty"`
		At      string  `json:"publishedAt"`
		Quality quality `json:"quality"`
	}
)

func pointOf(l Lot, properties any) point {
	return point{"Feature", "", geometry{"Point", [2]float64{l.Lon, l.Lat}}, properties}
}

// GeoJSON writes the feed as points for a map (RFC 7946).
func (f *Feed) GeoJSON() ([]byte, error) {
	out := collection{"FeatureCollection", make([]point, 0, len(f.Figures))}
	for i := range f.Figures {
		g := &f.Figures[i]
		p := properties{Name: g.lot.Name, Total: g.lot.Bays, AsOf: stamp(g.asOf), At: stamp(f.At), Quality: g.quality()}
		if free, known := g.Free(); known {
			p.Free = &free
		}
		feature := pointOf(g.lot, p)
		feature.ID = g.lot.ID
		out.Features = append(out.Features, feature)
	}
	return encode(out)
}
