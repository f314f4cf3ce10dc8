// Package transit is the reference server of a transit operator (乘车).
package transit

import (
	"context"
	_ "embed"

	"github.com/citizencode/citizencode/refserver/service"
	"github.com/citizencode/citizencode/scenarios/transit"
)

// Example is a configuration that works as it is.
//
//go:embed example.json
var Example []byte

// config is the operator's configuration.
type config struct {
	Terminals    []string `json:"terminals"` // gates and vehicles
	Lines        []string `json:"lines"`     // that take the code
	OfflineRides int      `json:"offlineRides"`
}

// New reads a configuration. Its error has the path of what is wrong.
func New(raw []byte) (service.Application, error) {
	var c config
	if err := service.ReadConfig(raw, &c); err != nil {
		return service.Application{}, err
	}
	return service.Application{Name: "transit", Terminals: c.Terminals, Open: func(context.Context, service.Books) (*service.Office, error) {
		return &service.Office{Scenario: transit.New(transit.Config{Lines: c.Lines, OfflineRides: c.OfflineRides})}, nil
	}}, nil
}
