package parking

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/parking/occupancy"
	"github.com/citizencode/citizencode/scenarios/parking/tariff"
)

// MaxLotFile is how long a file of lots may be, in bytes.
const MaxLotFile = 16 << 20

// lotFile is a file of lots, version 1.
type lotFile struct {
	Version int           `json:"version"`
	Tariffs []tariff.Spec `json:"tariffs"`
	Lots    []struct {
		ID         string  `json:"id"`
		Name       string  `json:"name"`
		Bays       int     `json:"bays"`
		Tariff     string  `json:"tariff"` // id; absent: free of charge
		Reserved   int     `json:"reserved"`
		OpenUnpaid bool    `json:"openUnpaid"`
		Lat        float64 `json:"lat"`
		Lon        float64 `json:"lon"`
		Form       string  `json:"form"` // garage, surface, street; absent: garage
		Shared     []struct {
			ID    string `json:"id"`
			Owner string `json:"owner"`
		} `json:"shared"`
	} `json:"lots"`
}

var forms = map[string]occupancy.Form{"": occupancy.Garage, "garage": occupancy.Garage, "surface": occupancy.Surface, "street": occupancy.Street}

// ParseLots reads an operator's lots from strict JSON:
//
//	{
//	  "version": 1,
//	  "tariffs": [{"id": "day", "zone": "Asia/Shanghai", …}],
//	  "lots": [{"id": "p1", "name": "北站", "bays": 140, "tariff": "day", "lat": 41.8, "lon": 123.4}]
//	}
//
// Package tariff says what a tariff is. The error has the path of what is
// wrong: a *ConfigError, *scenarios.RequestError or *tariff.Error.
func ParseLots(data []byte) ([]Lot, error) {
	var head struct {
		Version int `json:"version"`
	}
	// The version first: another version's fields are not this one's faults.
	if err := json.Unmarshal(data[:min(len(data), MaxLotFile)], &head); err == nil && head.Version != 1 {
		return nil, configError("lots.version", "not 1")
	}
	var file lotFile
	if err := scenarios.ReadStrict("lots", data, MaxLotFile, &file); err != nil {
		return nil, err
	}
	tariffs := make(map[string]*tariff.Tariff)
	for i, spec := range file.Tariffs {
		t, err := tariff.New(spec)
		if err != nil {
			return nil, &ConfigError{fmt.Sprintf("lots.tariffs[%d]", i), err}
		}
		if tariffs[t.ID()] != nil {
			return nil, &ConfigError{fmt.Sprintf("lots.tariffs[%d].id", i), errors.New("stands twice")}
		}
		tariffs[t.ID()] = t
	}
	var lots []Lot
	for i, l := range file.Lots {
		at := func(field string) string { return fmt.Sprintf("lots.lots[%d].%s", i, field) }
		lot := Lot{ID: l.ID, Name: l.Name, Bays: l.Bays, Reserved: l.Reserved, OpenUnpaid: l.OpenUnpaid, Lat: l.Lat, Lon: l.Lon}
		var known bool
		if lot.Form, known = forms[l.Form]; !known {
			return nil, configError(at("form"), "none of garage, surface, street")
		}
		if lot.Tariff = tariffs[l.Tariff]; lot.Tariff == nil && l.Tariff != "" {
			return nil, configError(at("tariff"), "there is none of this id")
		}
		for _, b := range l.Shared {
			lot.Shared = append(lot.Shared, SharedBay{b.ID, b.Owner})
		}
		lots = append(lots, lot)
	}
	if len(lots) == 0 {
		return nil, configError("lots.lots", "none")
	}
	_, _, err := checkLots(lots)
	return lots, err
}
