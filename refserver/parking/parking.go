// Package parking is the reference server of a car park operator (停车).
package parking

import (
	"context"
	_ "embed"

	"github.com/citizencode/citizencode/refserver/service"
	"github.com/citizencode/citizencode/scenarios/parking"
)

// Example is a configuration that works as it is.
//
//go:embed example.json
var Example []byte

// config is the operator's configuration.
type config struct {
	Terminals []string `json:"terminals"` // barriers
	Bays      int      `json:"bays"`
}

// New reads a configuration. Its error has the path of what is wrong.
func New(raw []byte) (service.Application, error) {
	var c config
	if err := service.ReadConfig(raw, &c); err != nil {
		return service.Application{}, err
	}
	return service.Application{Name: "parking", Terminals: c.Terminals, Open: func(context.Context, service.Books) (*service.Office, error) {
		return &service.Office{Scenario: parking.New(parking.Config{Bays: c.Bays})}, nil
	}}, nil
}
