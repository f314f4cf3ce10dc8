package agreement

import (
	"fmt"
	"math"
	"time"

	"github.com/citizencode/citizencode/scenarios"
)

// A Spec is the registry as it is written, in JSON:
//
//	{"agreements": [{
//	  "id": "metro-2026", "operator": "metro", "places": ["line-1", "line-2"],
//	  "from": "2026-01-01",
//	  "accepts": ["citizen-code", "operator-code", "cash"],
//	  "exclusive": {"until": "2026-12-31", "accepts": ["operator-code", "cash"],
//	    "switch": {"scheme": "operator-code", "wallet": "metro-app", "name": {"zh": "地铁乘车码", "en": "metro ride code"}}}
//	}]}
type Spec struct {
	Agreements []AgreementSpec `json:"agreements"`
}

// An AgreementSpec says what an operator takes at its places from one day to
// another. Days are YYYY-MM-DD, both included.
type AgreementSpec struct {
	ID       string   `json:"id"`
	Operator string   `json:"operator"`
	Places   []string `json:"places"` // lines, stations, car parks: words of the operator
	From     string   `json:"from"`
	Until    string   `json:"until,omitempty"` // absent: until it is replaced
	Accepts  []Scheme `json:"accepts"`
	// Exclusive is the contract that was there first (排他合作); absent: none.
	Exclusive *ExclusiveSpec `json:"exclusive,omitempty"`
	Fee       Fee            `json:"fee,omitzero"`
}

// An ExclusiveSpec is what holds instead of AgreementSpec.Accepts to the end
// of a day.
type ExclusiveSpec struct {
	Until   string   `json:"until"`
	Accepts []Scheme `json:"accepts"` // never the citizen code
	Switch  Switch   `json:"switch"`
}

// A Switch (切换) is the partner's own code, which the wallet shows where the
// citizen code is not taken yet.
type Switch struct {
	Scheme Scheme         `json:"scheme"`
	Wallet string         `json:"wallet"` // by which a wallet finds the code
	Name   scenarios.Text `json:"name"`
}

// A Fee (服务费) is what an operator pays the city for a visit. The zero value is
// the rule: a city's code seeks no profit (不寻求盈利).
type Fee struct {
	Fen         int64 `json:"fen,omitempty"`         // for each visit
	BasisPoints int64 `json:"basisPoints,omitempty"` // 1/10,000 of what the visitor paid
}

// Bounds of a fee.
const (
	MaxFeeFen         = 10_000
	MaxFeeBasisPoints = 1_000
)

// Of returns the fee in fen for a visit that paid fen, rounded down. What was
// not paid, or taken back, bears no fee.
func (f Fee) Of(paid int64) int64 {
	if paid <= 0 {
		return 0
	}
	// Divided first: the product of a large sum would wrap.
	share := paid/10_000*f.BasisPoints + paid%10_000*f.BasisPoints/10_000
	if share > math.MaxInt64-f.Fen {
		return math.MaxInt64
	}
	return share + f.Fen
}

// china is the zone of every date here. It has had no summer time since 1991,
// so a fixed offset needs no zone file.
var china = time.FixedZone("UTC+8", 8*60*60)

// parseDay returns the first instant of a day.
func parseDay(s string) (time.Time, error) {
	t, err := time.ParseInLocation(time.DateOnly, s, china)
	if err != nil || t.Year() < 2000 {
		return time.Time{}, fmt.Errorf("not a date such as 2026-12-31")
	}
	return t, nil
}

// A RegistryError says what is wrong with a registry.
type RegistryError struct {
	Path   string // as in agreements[3].exclusive.until
	Reason Reason
	Detail string
}

// Error names the place first.
func (e *RegistryError) Error() string {
	return fmt.Sprintf("agreement: %s: %s: %s", e.Path, e.Reason, e.Detail)
}

// A Reason is why a registry is refused.
type Reason string

// The reasons.
const (
	Malformed     Reason = "malformed"      // no JSON of this form
	OutOfRange    Reason = "out-of-range"   // too many, too long, not a word, not a date
	UnknownScheme Reason = "unknown-scheme" // none of Schemes
	Twice         Reason = "twice"          // an id, place or scheme stands twice
	Overlap       Reason = "overlap"        // two agreements for one place on one day
	Contradiction Reason = "contradiction"  // what cannot hold together
)
