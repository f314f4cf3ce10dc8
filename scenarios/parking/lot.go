package parking

import (
	"errors"
	"fmt"
	"slices"

	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/parking/occupancy"
	"github.com/citizencode/citizencode/scenarios/parking/plate"
	"github.com/citizencode/citizencode/scenarios/parking/reserve"
	"github.com/citizencode/citizencode/scenarios/parking/tariff"
)

// MaxLots is how many lots one operator may have.
const MaxLots = 10_000

// A Lot is a car park (停车场).
type Lot struct {
	ID     string // a word as accounts have: a-z, 0-9 and, inside, . _ -
	Name   string
	Bays   int            // how many cars there is room for
	Tariff *tariff.Tariff // nil: free of charge

	Reserved int         // of the bays, kept for reservations
	Shared   []SharedBay // bays of other owners, besides Bays

	// OpenUnpaid opens the exit for who has not paid and has no mandate: what
	// is due becomes a debt.
	OpenUnpaid bool

	// Lat and Lon are where it is, WGS-84; a lot at 0, 0 is in no feed.
	Lat, Lon float64
	Form     occupancy.Form

	classes []tariff.Class // that Tariff prices
}

// A SharedBay is a bay that its owner shares by time windows (共享泊位).
type SharedBay struct {
	ID    string
	Owner string // a pseudonym; words as in accounts
}

// A ConfigError says what is wrong with a configuration and where.
type ConfigError struct {
	Path string // as in lots[3].bays
	Err  error
}

// Error names the place first.
func (e *ConfigError) Error() string { return "parking: " + e.Path + ": " + e.Err.Error() }

// Unwrap returns the detail.
func (e *ConfigError) Unwrap() error { return e.Err }

func configError(path, format string, args ...any) error {
	return &ConfigError{path, fmt.Errorf(format, args...)}
}

// checkLots returns the lots by id, and the places that can be reserved.
func checkLots(list []Lot) (map[string]*Lot, map[string]place, error) {
	if len(list) > MaxLots {
		return nil, nil, configError("lots", "more than %d", MaxLots)
	}
	lots, places := make(map[string]*Lot), make(map[string]place)
	for i := range list {
		l := list[i]
		l.Shared = slices.Clone(l.Shared)
		at := func(field string) string { return fmt.Sprintf("lots[%d].%s", i, field) }
		switch {
		case !isWord(l.ID):
			return nil, nil, configError(at("id"), "not a word of a-z, 0-9 and, inside, . _ -")
		case lots[l.ID] != nil:
			return nil, nil, configError(at("id"), "stands twice")
		case l.Bays < 0 || l.Bays > occupancy.MaxBays:
			return nil, nil, configError(at("bays"), "not 0 to %d", occupancy.MaxBays)
		case l.Reserved < 0 || l.Reserved > l.Bays:
			return nil, nil, configError(at("reserved"), "not 0 to the number of bays")
		case l.Tariff != nil && !slices.Contains(l.Tariff.Classes(), tariff.Small):
			return nil, nil, configError(at("tariff"), "no price for the class small")
		}
		if _, twice := places[l.ID]; twice {
			return nil, nil, configError(at("id"), "is a shared bay's too")
		}
		if l.Tariff != nil {
			l.classes = l.Tariff.Classes()
		}
		lots[l.ID] = &l
		places[l.ID] = place{reserve.Place{Bays: l.Reserved}, &l}
		for j, b := range l.Shared {
			if _, twice := places[b.ID]; twice || !isWord(b.ID) || !isWord(b.Owner) {
				return nil, nil, &ConfigError{at(fmt.Sprintf("shared[%d]", j)), errors.New("its id or owner is not a word, or the id stands twice")}
			}
			places[b.ID] = place{reserve.Place{Owner: b.Owner}, &l}
		}
	}
	return lots, places, nil
}

type place struct {
	reserve.Place
	lot *Lot
}

func isWord(s string) bool {
	_, err := ledger.NewAccount(ledger.Income, "parking", s)
	return err == nil
}

// class returns the class that a vehicle is charged as: what the terminal says,
// or else what the plate says. Where the lot prices no green plates, they are
// cars and lorries like others.
func (l *Lot) class(p plate.Plate, said tariff.Class) (tariff.Class, bool) {
	c := said
	if c == "" {
		c = tariff.Small
		if given, known := tariff.ClassOf(p); known {
			c = given
		}
	}
	if l.Tariff == nil || c == tariff.Emergency {
		return c, true
	}
	if !slices.Contains(l.classes, c) {
		switch c {
		case tariff.NewEnergy:
			c = tariff.Small
		case tariff.NewEnergyLarge:
			c = tariff.Large
		}
	}
	return c, slices.Contains(l.classes, c)
}
