package transit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/citizencode/citizencode/refserver/partner"
	"github.com/citizencode/citizencode/refserver/service"
	"github.com/citizencode/citizencode/scenarios/agreement"
	"github.com/citizencode/citizencode/scenarios/rails"
	"github.com/citizencode/citizencode/scenarios/transit"
	"github.com/citizencode/citizencode/scenarios/transit/deny"
	"github.com/citizencode/citizencode/scenarios/transit/fare"
	"github.com/citizencode/citizencode/scenarios/transit/gtfs"
	"github.com/citizencode/citizencode/scenarios/transit/gtfstest"
	"github.com/citizencode/citizencode/scenarios/transit/office"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

// ExampleFeed in place of a path is a made-up city with two metro and two bus lines.
const ExampleFeed = "example"

// config is an operator's configuration.
type config struct {
	Operator     string                    `json:"operator"`
	Terminals    []string                  `json:"terminals"`    // gates and vehicles
	Feed         string                    `json:"feed"`         // directory or zip with a GTFS feed, or example
	Routes       map[string]string         `json:"routes"`       // line of a gate: route of the feed, where they differ
	Lines        []string                  `json:"lines"`        // that take the code; absent: all
	Agreements   []agreement.AgreementSpec `json:"agreements"`   // instead of lines
	OfflineRides int                       `json:"offlineRides"` // 0: 10; less: none
	DayStart     int                       `json:"dayStart"`     // minutes after midnight at which a service day begins
	MaxFare      map[string]int64          `json:"maxFare"`      // of an incomplete journey, in fen, by network
	Concessions  map[uint8]concession      `json:"concessions"`  // by benefit class
	Simulated    *simulated                `json:"simulated"`
}

// concession is [tap.Concession] with a length in days.
type concession struct {
	Category string    `json:"category"` // of the feed
	Until    time.Time `json:"until"`
	Days     int       `json:"days"` // that a claim is believed after its credential was issued; 0: all its life
}

// simulated are partners that exist here only; absent: there are none, and who
// rides owes.
type simulated struct {
	Payers   payers           `json:"payers"`   // person: token of a mandate
	Mandates map[string]int64 `json:"mandates"` // token: fen in the account
}

// payers implements [office.Payers].
type payers map[string]string

func (p payers) Payer(_ context.Context, person string) (office.Payer, error) {
	token, known := p[person]
	if !known {
		return office.Payer{}, nil
	}
	m, err := rails.ParseMandate(token)
	return office.Payer{Mandate: m}, err
}

// An operator is a configuration with everything in it read.
type operator struct {
	config
	feed        *gtfs.Feed
	agreements  *agreement.Registry
	concessions tap.Concessions
}

func readConfig(raw []byte) (*operator, error) {
	o := new(operator)
	if err := service.ReadConfig(raw, &o.config); err != nil {
		return nil, err
	}
	if o.Operator == "" {
		return nil, errors.New("config.operator: it names the books")
	}
	if o.DayStart < 0 || o.DayStart >= 24*60 {
		return nil, errors.New("config.dayStart: it is not within a day")
	}
	var err error
	if o.feed, err = readFeed(o.Feed); err != nil {
		return nil, fmt.Errorf("config.feed: %w", err)
	}
	if o.Agreements != nil {
		if o.Lines != nil {
			return nil, errors.New("config.lines: agreements stand in their place")
		}
		if o.agreements, err = agreement.New(agreement.Spec{Agreements: o.Agreements}); err != nil {
			return nil, fmt.Errorf("config: %w", err)
		}
	}
	o.concessions = make(tap.Concessions)
	for class, c := range o.Concessions {
		if c.Days < 0 || c.Days > 36500 {
			return nil, fmt.Errorf("config.concessions.%d.days: not 0 to 36500", class)
		}
		o.concessions[class] = tap.Concession{Category: c.Category, Until: c.Until, Holds: time.Duration(c.Days) * 24 * time.Hour}
	}
	if o.Simulated != nil {
		for person, token := range o.Simulated.Payers {
			if _, err := rails.ParseMandate(token); err != nil {
				return nil, fmt.Errorf("config.simulated.payers.%s: %w", person, err)
			}
		}
	}
	return o, nil
}

func readFeed(path string) (*gtfs.Feed, error) {
	switch {
	case path == "":
		return nil, errors.New("no feed")
	case path == ExampleFeed:
		return gtfs.Load(gtfstest.City(gtfstest.Shape{MetroLines: 2, Stations: 9, BusLines: 2, BusStops: 6}).FS())
	case filepath.Ext(path) != ".zip":
		return gtfs.Load(os.DirFS(path))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: fs.ErrInvalid}
	}
	return gtfs.LoadZip(f, info.Size())
}

// open opens the gates and their back office over their storage.
func (o *operator) open(ctx context.Context, b service.Books) (*system, error) {
	cfg := office.Config{Name: o.Operator, Feed: o.feed, Routes: o.Routes, Concessions: o.concessions, OfflineUses: max(o.OfflineRides, 0),
		Fare:  fare.Config{DayStart: time.Duration(o.DayStart) * time.Minute, MaxFare: o.MaxFare},
		Judge: b.Judge, Ledger: b.Ledger, Events: b.Events, Now: b.Now}
	if o.OfflineRides == 0 {
		cfg.OfflineUses = transit.DefaultOfflineRides
	}
	if o.Simulated != nil {
		bank, err := partner.NewBank(ctx, b.DB, o.Simulated.Mandates)
		if err != nil {
			return nil, err
		}
		cfg.Bank, cfg.Payers = bank, o.Simulated.Payers
	}
	s := &system{deny: new(deny.Holder)}
	var err error
	if s.Office, err = office.Open(ctx, cfg); err != nil {
		return nil, err
	}
	if s.queue, err = openQueue(ctx, b.DB, s.Office, o.Terminals, b.Now); err != nil {
		return nil, err
	}
	s.Scenario = transit.New(transit.Config{Operator: o.Operator, Lines: o.Lines, Agreements: o.agreements, OfflineRides: o.OfflineRides,
		Deny: s.deny, Concessions: o.concessions, Queue: s.queue, Lists: func() tap.Lists { return tap.Lists{Trust: b.Lists().Trust.Version().String()} }})
	return s, s.learnDebtors(ctx)
}
