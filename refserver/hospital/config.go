package hospital

import (
	"context"
	"encoding/hex"

	"github.com/citizencode/citizencode/refserver/partner"
	"github.com/citizencode/citizencode/refserver/service"
	"github.com/citizencode/citizencode/scenarios/hospital"
	"github.com/citizencode/citizencode/scenarios/hospital/credit"
	"github.com/citizencode/citizencode/scenarios/hospital/ecquery"
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
	Medical      *medical              `json:"medicalCode"` // absent: no fused code is served
	Simulated    *simulated            `json:"simulated"`
}

// medical is the line to the insurance's centre of the medical code, and whom of
// the patients it insures.
type medical struct {
	URL     string            `json:"url"`
	Place   ecquery.Place     `json:"place"`
	MinSize int               `json:"minSize"` // of a code, in characters; both 0: the usual one
	MaxSize int               `json:"maxSize"`
	Insured map[string]string `json:"insured"` // pseudonym: index at the insurance
}

// client returns the line, nil if there is none.
func (m *medical) client() (*ecquery.Client, error) {
	if m == nil {
		return nil, nil
	}
	return ecquery.NewClient(ecquery.Config{URL: m.URL, Place: m.Place, Size: ecquery.Size{Min: m.MinSize, Max: m.MaxSize}})
}

// simulated are partners that exist here only; absent: there are none.
type simulated struct {
	Insured  map[string]partner.Policy `json:"insured"`  // by pseudonym
	Mandates map[string]int64          `json:"mandates"` // token: fen in the account
}

// scenario returns what the scenario is opened with, its storage left out.
func (c *config) scenario() (hospital.Config, error) {
	line, err := c.Medical.client()
	cfg := hospital.Config{Hospital: c.Hospital, Capabilities: c.Capabilities, Directory: c, Departments: c.Departments,
		Staff: c.Staff, Limit: c.Limit, Terms: c.Terms, AdvanceCap: c.AdvanceCap, MedicalCodes: line}
	return cfg, err
}

// open opens the scenario over its storage.
func (c *config) open(ctx context.Context, b service.Books) (*hospital.Scenario, error) {
	cfg, err := c.scenario()
	if err != nil {
		return nil, err
	}
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

var _ hospital.Directory = (*config)(nil)

// Lookup implements [hospital.Directory].
func (c *config) Lookup(_ context.Context, subject []byte) (*hospital.Patient, error) {
	pseudonym, known := c.Patients[hex.EncodeToString(subject)]
	if !known {
		return nil, hospital.ErrUnknownPatient
	}
	p := &hospital.Patient{Pseudonym: pseudonym}
	if c.Medical != nil {
		p.Insured = c.Medical.Insured[pseudonym]
	}
	return p, nil
}
