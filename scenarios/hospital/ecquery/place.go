package ecquery

import "fmt"

// The lengths of the fields of a place, in bytes of UTF-8.
const (
	MaxOrganisation = 40
	MaxOperator     = 64
	MaxOffice       = 20
	MaxName         = 64
)

// A Place is where and by whom a code is decoded.
type Place struct {
	Organisation string `json:"organisation"` // code of the institution (机构编码)
	Operator     string `json:"operator"`     // who does it (操作员)
	OperatorName string `json:"operatorName"`
	Office       string `json:"office"` // department (科室)
	OfficeName   string `json:"officeName"`
	SelfService  bool   `json:"selfService"` // nobody of the staff is there
}

// Validate returns which field is wrong.
func (p Place) Validate() error {
	for _, f := range []struct {
		name, value string
		max         int
	}{
		{"organisation", p.Organisation, MaxOrganisation}, {"operator", p.Operator, MaxOperator}, {"operator name", p.OperatorName, MaxName},
		{"office", p.Office, MaxOffice}, {"office name", p.OfficeName, MaxName},
	} {
		if f.value == "" || len(f.value) > f.max {
			return fmt.Errorf("ecquery: place: %s is not 1 to %d bytes", f.name, f.max)
		}
	}
	return nil
}
