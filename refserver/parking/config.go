package parking

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/citizencode/citizencode/refserver/partner"
	"github.com/citizencode/citizencode/refserver/service"
	"github.com/citizencode/citizencode/scenarios/parking"
	"github.com/citizencode/citizencode/scenarios/parking/reserve"
)

// config is an operator's configuration.
type config struct {
	Operator  string          `json:"operator"`
	Terminals []string        `json:"terminals"` // barriers
	Lots      json.RawMessage `json:"lots"`      // as [parking.ParseLots] reads them
	Rules     rules           `json:"rules"`
	Simulated *simulated      `json:"simulated"`
}

// rules are the operator's choices; what is absent is as the scenario has it.
type rules struct {
	MinConfidence int           `json:"minConfidence"` // of a sure reading, per mille
	MaxDebit      int64         `json:"maxDebit"`      // fen of one charge by mandate
	AbandonHours  int           `json:"abandonHours"`  // after which a car inside has left unseen
	KeepDays      int           `json:"keepDays"`      // of sessions in memory
	Reserve       reserve.Terms `json:"reserve"`       // what goes with a reservation
	HoldMinutes   int           `json:"holdMinutes"`   // that a reserved bay is kept
	EarlyMinutes  int           `json:"earlyMinutes"`  // before the time that its car may come
	NoticeMinutes int           `json:"noticeMinutes"` // until which cancelling is free
	OverstayAfter int           `json:"overstayAfter"` // minutes after the end
}

// simulated is a bank that exists here only; absent: nobody is charged by mandate.
type simulated struct {
	Mandates map[string]int64 `json:"mandates"` // token: fen in the account
}

// An operator is a configuration with everything in it read.
type operator struct {
	config
	lots []parking.Lot
}

func readConfig(raw []byte) (*operator, error) {
	o := new(operator)
	if err := service.ReadConfig(raw, &o.config); err != nil {
		return nil, err
	}
	if len(o.Lots) == 0 {
		return nil, errors.New("config.lots: none")
	}
	var err error
	if o.lots, err = parking.ParseLots(o.Lots); err != nil {
		return nil, err
	}
	// Opened once in memory: whatever is wrong with it is found before the data is touched.
	_, err = parking.Open(context.Background(), o.scenario())
	return o, err
}

// scenario returns what the scenario is opened with, its storage left out.
func (o *operator) scenario() parking.Config {
	minutes := func(n int) time.Duration { return time.Duration(n) * time.Minute }
	return parking.Config{Operator: o.Operator, Lots: o.lots,
		Rules: parking.Rules{MinConfidence: o.Rules.MinConfidence, MaxDebit: o.Rules.MaxDebit, AbandonAfter: time.Duration(o.Rules.AbandonHours) * time.Hour, KeepDays: o.Rules.KeepDays},
		ReserveRules: reserve.Rules{Hold: minutes(o.Rules.HoldMinutes), Early: minutes(o.Rules.EarlyMinutes), CancelNotice: minutes(o.Rules.NoticeMinutes),
			Grace: minutes(o.Rules.OverstayAfter), Terms: o.Rules.Reserve}}
}

// open opens the scenario over its storage.
func (o *operator) open(ctx context.Context, b service.Books) (*parking.Scenario, error) {
	cfg := o.scenario()
	cfg.Store, cfg.Ledger, cfg.Now = b.Events, b.Ledger, b.Now
	var err error
	if cfg.Key, err = b.Secret("plates", parking.KeySize); err != nil {
		return nil, err
	}
	if cfg.Reservations, err = reserve.NewSQLStore(ctx, b.DB); err != nil {
		return nil, err
	}
	if o.Simulated != nil {
		if cfg.Bank, err = partner.NewBank(ctx, b.DB, o.Simulated.Mandates); err != nil {
			return nil, err
		}
	}
	return parking.Open(ctx, cfg)
}
