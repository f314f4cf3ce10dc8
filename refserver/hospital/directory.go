package hospital

import (
	"context"
	"encoding/hex"

	"github.com/citizencode/citizencode/scenarios/hospital"
)

// directory is the patients of a configuration: the pseudonym at this hospital
// of each subject, in hex. A real hospital asks its records.
type directory map[string]string

var _ hospital.Directory = directory(nil)

// Lookup implements [hospital.Directory].
func (d directory) Lookup(_ context.Context, subject []byte) (*hospital.Patient, error) {
	pseudonym, known := d[hex.EncodeToString(subject)]
	if !known {
		return nil, hospital.ErrUnknownPatient
	}
	return &hospital.Patient{Pseudonym: pseudonym}, nil
}
