package tap

import (
	"time"

	"github.com/citizencode/citizencode/scenarios"
)

// A Batch is what a gate sends to the back office in one call.
type Batch struct {
	Gate string `json:"gate"`
	// Through says that the back office has every tap of the gate up to this
	// time, by what it acknowledged before and by this batch. Zero says
	// nothing. An inspection relies on it to tell "no tap" from "not heard yet".
	Through time.Time `json:"through,omitzero"`
	Taps    []Tap     `json:"taps"`
}

// MaxBatch is how many taps a batch holds.
const MaxBatch = 1000

// maxTap bounds one tap in JSON, in bytes: every field at its longest.
const maxTap = 4096

// ReadBatch reads a batch from JSON, strictly: an unknown name is refused with
// its path, because what a gate says and nobody reads is lost money. It checks
// the form only; the office checks the taps. The error is a
// [*scenarios.RequestError].
func ReadBatch(raw []byte) (*Batch, error) {
	var b Batch
	if err := scenarios.ReadStrict("batch", raw, MaxBatch*maxTap, &b); err != nil {
		return nil, err
	}
	return &b, nil
}
