package tap

import (
	"time"

	"github.com/citizencode/citizencode/scenarios/transit/fare"
)

// A Concession (优待) is what a benefit class of the city's codes means for fares.
type Concession struct {
	Category string `json:"category"` // rider category of the feed
	// Until is when the class ends for everybody, as that of the pupils of a
	// school year; zero: never.
	Until time.Time `json:"until,omitzero"`
	// Holds is how long a claim is believed after its credential was issued,
	// when the city last looked; 0: as long as the credential.
	Holds time.Duration `json:"holds,omitempty"`
}

// Concessions are the classes that a city knows.
type Concessions map[uint8]Concession

// Rider returns what a benefit class says about fares, with the moment at which
// it expires. A class that is not known is no concession: the full fare, and
// never a refusal.
func (c Concessions) Rider(class uint8, issued time.Time) fare.Rider {
	k, known := c[class]
	if class == 0 || !known {
		return fare.Rider{}
	}
	r := fare.Rider{Category: k.Category, Until: k.Until}
	if k.Holds > 0 {
		if end := issued.Add(k.Holds); r.Until.IsZero() || end.Before(r.Until) {
			r.Until = end
		}
	}
	return r
}
