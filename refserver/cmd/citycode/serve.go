package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/citizencode/citizencode/refserver/hospital"
	"github.com/citizencode/citizencode/refserver/parking"
	"github.com/citizencode/citizencode/refserver/partner"
	"github.com/citizencode/citizencode/refserver/service"
	"github.com/citizencode/citizencode/refserver/store"
	"github.com/citizencode/citizencode/refserver/transit"
)

type serveCmd struct {
	Hospital serveHospital `cmd:"" help:"Serve a hospital: JSON over HTTP."`
	Parking  serveParking  `cmd:"" help:"Serve a car park operator: JSON over HTTP."`
	Transit  serveTransit  `cmd:"" help:"Serve a transit operator: JSON over HTTP."`
	Medical  serveMedical  `cmd:"" help:"Serve a simulated centre of the medical code that misbehaves on demand."`
}

// serveMedical is for trying a hospital's system out: it knows invented people
// and no others, in memory.
type serveMedical struct {
	Config  string `help:"Configuration, a JSON file. Default: the one that --example prints." placeholder:"FILE"`
	Addr    string `help:"Where to listen; port 0 is a free one." default:"127.0.0.1:8084" placeholder:"HOST:PORT"`
	Example bool   `help:"Print a configuration and end."`
}

// Help is what --help prints below the usage.
func (serveMedical) Help() string {
	return `Answers ec.query at ` + partner.QueryPath + `. POST /simulated/codes is the wallet of an insured person, and POST /simulated/faults makes the next queries go wrong: stalled, failed, busy, lost, cut, not-json, too-long, twice, replayed, for-other-place, for-other-business, of-other-patient, redirected, unknown-result-code.

Example:

    citycode serve medical
    curl -d '{"index": "EC-TEST-0001"}' http://127.0.0.1:8084/simulated/codes
    curl -d '{"faults": ["busy", "cut"]}' http://127.0.0.1:8084/simulated/faults`
}

// Run serves until ctx ends.
func (c *serveMedical) Run(ctx context.Context, std *stdio) error {
	config := partner.MedicalExample
	if c.Example {
		_, err := std.Out.Write(config)
		return err
	}
	if c.Config != "" {
		var err error
		if config, err = store.ReadFile(c.Config, service.MaxConfig); err != nil {
			return err
		}
	}
	h, err := partner.NewMedical(config, time.Now)
	if err != nil {
		return err
	}
	return partner.Serve(ctx, "medical", c.Addr, h, std.Out)
}

// serveFlags are those of every server.
type serveFlags struct {
	Lists     string `help:"Directory with the city's signed lists; they are taken again when they change." placeholder:"DIR"`
	Data      string `help:"Directory of this server's own data. Made where missing." placeholder:"DIR"`
	Config    string `help:"Configuration, a JSON file. Default: the one that --example prints." placeholder:"FILE"`
	Addr      string `help:"Where to listen; port 0 is a free one." default:"127.0.0.1:8081" placeholder:"HOST:PORT"`
	DeskToken string `help:"File with the token of the staffed desk that prints slips. Default: no such desk." placeholder:"FILE"`
	Example   bool   `help:"Print a configuration and end."`
}

// Help is what --help prints below the usage.
func (serveFlags) Help() string {
	return `Prints one line with the address, logs to stderr one line a request, and ends at Ctrl-C or SIGTERM, when what has begun is finished. What was answered is there at the next start with the same --data.

A refusal is an answer (200, "allow": false); what could not be decided is a problem (RFC 9457). The server asks nobody who he is: it stands behind a gateway that does.

Example:

    citycode serve parking --lists shenyang/public --data parking
    curl -H 'Content-Type: application/json' -d '{"code": "77…", "action": "enter"}' http://127.0.0.1:8081/v1/terminals/north-in/visits`
}

type (
	serveHospital struct{ serveFlags }
	serveParking  struct{ serveFlags }
	serveTransit  struct{ serveFlags }
)

// Run serves until ctx ends.
func (c *serveHospital) Run(ctx context.Context, std *stdio) error {
	return c.serve(ctx, std, hospital.Example, hospital.New)
}

// Run serves until ctx ends.
func (c *serveParking) Run(ctx context.Context, std *stdio) error {
	return c.serve(ctx, std, parking.Example, parking.New)
}

// Run serves until ctx ends.
func (c *serveTransit) Run(ctx context.Context, std *stdio) error {
	return c.serve(ctx, std, transit.Example, transit.New)
}

func (f *serveFlags) serve(ctx context.Context, std *stdio, config []byte, read func([]byte) (service.Application, error)) error {
	if f.Example {
		_, err := std.Out.Write(config)
		return err
	}
	// Not required of the parser: --example needs neither.
	var missing []string
	if f.Lists == "" {
		missing = append(missing, "--lists=DIR")
	}
	if f.Data == "" {
		missing = append(missing, "--data=DIR")
	}
	if missing != nil {
		return fmt.Errorf("missing flags: %s (see citycode --help)", strings.Join(missing, ", "))
	}
	if f.Config != "" {
		var err error
		if config, err = store.ReadFile(f.Config, service.MaxConfig); err != nil {
			return err
		}
	}
	app, err := read(config)
	if err != nil {
		return err
	}
	o := service.Options{Lists: f.Lists, Data: f.Data, Log: slog.New(slog.NewTextHandler(std.Err, nil))}
	if f.DeskToken != "" {
		if o.DeskToken, err = service.ReadToken(f.DeskToken); err != nil {
			return err
		}
	}
	return service.Run(ctx, app, o, f.Addr, std.Out)
}
