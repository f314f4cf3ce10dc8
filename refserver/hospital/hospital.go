// Package hospital is the reference server of a hospital (就医).
package hospital

import (
	"context"
	_ "embed"

	"github.com/citizencode/citizencode/refserver/service"
	"github.com/citizencode/citizencode/scenarios/hospital"
)

// Example is a configuration that works as it is.
//
//go:embed example.json
var Example []byte

// config is the hospital's configuration.
type config struct {
	Terminals   []string  `json:"terminals"` // desks and kiosks
	Departments []string  `json:"departments"`
	Patients    directory `json:"patients"`
}

// New reads a configuration. Its error has the path of what is wrong.
func New(raw []byte) (service.Application, error) {
	var c config
	if err := service.ReadConfig(raw, &c); err != nil {
		return service.Application{}, err
	}
	return service.Application{Name: "hospital", Terminals: c.Terminals, Open: func(context.Context, service.Books) (*service.Office, error) {
		return &service.Office{Scenario: hospital.New(hospital.Config{Directory: c.Patients, Departments: c.Departments})}, nil
	}}, nil
}
