package occupancy

// The names are those of the DATEX II Parking Publication Light, version 3.
// Feeds in the field write an enumeration as a plain string, and so does this;
// the JSON schema of DATEX II wraps it into an object.
type (
	datexPayload struct {
		Version          string           `json:"_version"`
		ModelBaseVersion string           `json:"_modelBaseVersion"`
		Publication      datexPublication `json:"parkingPublicationLight"`
	}
	datexPublication struct {
		Lang            string      `json:"lang"`
		PublicationTime string      `json:"publicationTime"`
		ParkingSite     []datexSite `json:"parkingSite"`
	}
	datexSite struct {
		ID              string        `json:"_id"`
		Type            string        `json:"type"`
		Name            string        `json:"name"`
		LastUpdate      string        `json:"lastUpdate,omitempty"`
		NumberOfSpaces  int           `json:"numberOfSpaces"`
		AvailableSpaces *int          `json:"availableSpaces,omitempty"`
		IsOpenNow       bool          `json:"isOpenNow"`
		Location        datexLocation `json:"locationAndDimension"`
		Quality         quality       `json:"quality"`
	}
	datexLocation struct {
		Coordinates datexPoint `json:"coordinatesForDisplay"`
	}
	datexPoint struct {
		Latitude  float64 `json:"latitude"`
		Longitude float64 `json:"longitude"`
	}
)

var datexForms = [...]string{Garage: "carPark", Surface: "offStreetParkingGround", Street: "onStreet"}

// DATEX writes the feed as a DATEX II Parking Publication Light in JSON. The
// form cannot say that a number is old other than by lastUpdate, which few read:
// of a stale figure the number is left out.
func (f *Feed) DATEX() ([]byte, error) {
	out := datexPayload{"3.4", "3", datexPublication{"zh", stamp(f.At), make([]datexSite, 0, len(f.Figures))}}
	for i := range f.Figures {
		g := &f.Figures[i]
		site := datexSite{
			ID: g.lot.ID, Type: datexForms[g.lot.Form], Name: g.lot.Name, LastUpdate: stamp(g.asOf),
			NumberOfSpaces: g.lot.Bays, IsOpenNow: g.open,
			Location: datexLocation{datexPoint{g.lot.Lat, g.lot.Lon}}, Quality: g.quality(),
		}
		if free, known := g.Free(); known && !g.Has(Stale) {
			site.AvailableSpaces = &free
		}
		out.Publication.ParkingSite = append(out.Publication.ParkingSite, site)
	}
	return encode(out)
}
