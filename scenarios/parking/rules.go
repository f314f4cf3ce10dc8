package parking

import (
	"context"
	"time"

	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/parking/reserve"
	"github.com/citizencode/citizencode/scenarios/rails"
)

// A Config says what an operator's car parks are.
type Config struct {
	Lots []Lot
	// Bays is for an operator of one lot, "lot", that is free of charge; Lots
	// is empty then.
	Bays int

	Operator string         // names the books; "": parking
	Store    eventlog.Store // nil: in memory
	Key      []byte         // KeySize bytes that seal plates; needed with a Store, nil: zeros
	Ledger   *ledger.Ledger // nil: one of its own, in memory
	// Bank charges mandates; nil: nobody is charged. Its keys are made of the
	// sessions' numbers, so a real bank needs a Store that lasts.
	Bank rails.Bank
	// Wait waits between attempts to reach the bank; see rails.Settler.
	Wait func(ctx context.Context, failed int) error

	Reservations reserve.Store // nil: in memory
	ReserveRules reserve.Rules
	Rules        Rules
	Now          func() time.Time // nil: time.Now
}

// Rules are an operator's choices. The zero value of each is in brackets.
type Rules struct {
	MinConfidence   int           // of a sure reading, per mille (900)
	DuplicateWindow time.Duration // within which a second event is the same car (1 min)
	AbandonAfter    time.Duration // after which a car inside is exit-missing (30 days)
	Skew            time.Duration // that a device's clock may be ahead (1 min)
	MaxDebit        int64         // fen of one charge by mandate (50,000)
	KeepDays        int           // for which a session that is settled is kept in memory (60)
}

func (r *Rules) fill() error {
	for _, d := range []struct {
		path string
		at   *time.Duration
		zero time.Duration
	}{{"duplicateWindow", &r.DuplicateWindow, time.Minute}, {"abandonAfter", &r.AbandonAfter, 30 * 24 * time.Hour}, {"skew", &r.Skew, time.Minute}} {
		if *d.at == 0 {
			*d.at = d.zero
		}
		if *d.at < 0 {
			return configError("rules."+d.path, "negative")
		}
	}
	if r.MinConfidence == 0 {
		r.MinConfidence = 900
	}
	if r.MaxDebit == 0 {
		r.MaxDebit = 50_000
	}
	if r.KeepDays == 0 {
		r.KeepDays = 60
	}
	switch {
	case r.MinConfidence < 0 || r.MinConfidence > 1000:
		return configError("rules.minConfidence", "not 0 to 1000")
	case r.MaxDebit < 0 || r.MaxDebit > ledger.MaxAmount:
		return configError("rules.maxDebit", "not an amount")
	case r.KeepDays < 1:
		return configError("rules.keepDays", "negative")
	}
	return nil
}
