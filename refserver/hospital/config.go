package hospital

import (
	"context"
	"encoding/hex"

	"github.com/citizencode/citizencode/refserver/partner"
	"github.com/citizencode/citizencode/refserver/service"
	"github.com/citizencode/citizencode/scenarios/hospital"
	"github.com/citizencode/citizencode/scenarios/hospital/credit"
)

// config is a hospital's configuration. What is absent is not offered; see
// [hospital.Config].
type config struct {
	Hospital     string                `json:"hospital"`  // names it in books and to partners
	Terminals    []string              `json:"terminals"` // desks, kiosks and stations
	Capabilities []hospital.Capability `json:"capabilities"`
	Departments  []string              `json:"departments"`
	Staff        []hospital.Staff      `json:"staff"`
	Limit        int64                 `json:"limit"` // credit of a patient, in fen
	Terms        credit.Terms          `json:"terms"`
	AdvanceCap   int64                 `json:"advanceCap"` // of one emergency, in fen
	Patients     directory             `json:"patients"`
	Simulated    *simulated            `json:"simulated"`
}

// simulated are partners that exist here only; absent: there are none.
type simulated struct {
	Insured  map[string]partner.Policy `json:"insured"`  // by pseudonym
	Mandates map[string]int64          `json:"mandates"` // token: fen in the account
}

// scenario returns what the scenario is opened with, its storage left out.
func (c *config) scenario() hospital.Config {
	return hospital.Config{Hospital: c.Hospital, Capabilities: c.Capabilities, Directory: c.Patients, Departments: c.Departments,
		Staff: c.Staff, Limit: c.Limit, Terms: c.Terms, AdvanceCap: c.AdvanceCap}
}

// open opens the scenario over its storage.
func (c *config) open(ctx context.Context, b service.Books) (*hospital.Scenario, error) {
	cfg := c.scenario()
	cfg.Store, cfg.Ledger = b.Events, b.Ledger
	if c.Simulated != nil {
		insurer, err := partner.NewInsurer(ctx, b.DB, c.Simulated.Insured)
		if err != nil {
			return nil, err
		}
		bank, err := partner.NewBank(ctx, b.DB, c.Simulated.Mandates)
		if err != nil {
			return nil, err
		}
		cfg.Insurer, cfg.Bank = insurer, bank
	}
	return hospital.Open(ctx, cfg)
}

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
