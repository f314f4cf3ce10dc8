package occupancy

// The names are those of the APDS data model, version 4 (Alliance for Parking
// Data Standards, on which ISO/TS 5206-1 rests), domains Place and Occupancy.
type (
	apdsList struct {
		Meta apdsMeta    `json:"meta"`
		Data []apdsPlace `json:"data"`
	}
	apdsMeta struct {
		ReferenceInstant int64 `json:"referenceInstant"` // seconds since 1970
		PageSize         int   `json:"pageSize"`
		Offset           int   `json:"offset"`
		Total            int   `json:"total"`
	}
	apdsPlace struct {
		ID              string              `json:"id"`
		Version         int                 `json:"version"`
		Type            string              `json:"type"`
		Layer           int                 `json:"layer"`
		Name            []apdsText          `json:"name"`
		TimeZone        string              `json:"timeZone"`
		Point           point               `json:"indicativePointLocation"`
		Characteristics apdsCharacteristics `json:"characteristics"`
		Element         apdsElement         `json:"hierarchyElementReference"`
		Quality         quality             `json:"quality"`
	}
	apdsText struct {
		Language string `json:"language"`
		String   string `json:"string"`
	}
	apdsCharacteristics struct {
		StructureType string `json:"structureType"`
		OpenToPublic  bool   `json:"openToPublic"`
		SpacesTotal   int    `json:"spacesTotal"`
	}
	apdsElement struct {
		ElementID   apdsReference `json:"elementId"`
		Supply      []apdsSupply  `json:"supply"`
		DemandTable []apdsDemands `json:"demandTable,omitempty"` // absent: unknown
	}
	apdsReference struct {
		ID      string `json:"id"`
		Version int    `json:"version"`
	}
	apdsSupply struct {
		SupplyViewType string `json:"supplyViewType"`
		SupplyQuantity int    `json:"supplyQuantity"`
	}
	apdsDemands struct {
		Timestamp  string       `json:"timestamp"`
		DemandType []apdsDemand `json:"demandType"`
	}
	apdsDemand struct {
		OccupancyCalculation string `json:"occupancyCalculation"`
		Count                int    `json:"count"`          // occupied
		RecordDateTime       string `json:"recordDateTime"` // of the number
	}
)

var apdsForms = [...]string{Garage: "offStreetStructure", Surface: "offStreetSurface", Street: "onStreet"}

// APDS writes the feed as a list of Places with their Occupancy, as an APDS
// server answers GET /places?expand=occupancy. Of a lot without a number the
// demandTable is absent.
func (f *Feed) APDS() ([]byte, error) {
	out := apdsList{apdsMeta{f.At.Unix(), len(f.Figures), 0, len(f.Figures)}, make([]apdsPlace, 0, len(f.Figures))}
	for i := range f.Figures {
		g := &f.Figures[i]
		lot := g.lot
		place := apdsPlace{
			ID: lot.ID, Version: 1, Type: "place", Layer: 1,
			Name:            []apdsText{{"zh", lot.Name}},
			TimeZone:        "Asia/Shanghai",
			Point:           pointOf(lot, struct{}{}),
			Characteristics: apdsCharacteristics{apdsForms[lot.Form], true, lot.Bays},
			Element:         apdsElement{ElementID: apdsReference{lot.ID, 1}, Supply: []apdsSupply{{"spaceView", lot.Bays}}},
			Quality:         g.quality(),
		}
		if free, known := g.Free(); known {
			place.Element.DemandTable = []apdsDemands{{stamp(f.At), []apdsDemand{{"counted", lot.Bays - free, stamp(g.asOf)}}}}
		}
		out.Data = append(out.Data, place)
	}
	return encode(out)
}
