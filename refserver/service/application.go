package service

import (
	"context"
	"database/sql"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/refserver/store"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/ledger"
)

// Limits of an application.
const (
	MaxTerminals = 1024
	MaxConfig    = 1 << 20 // bytes of a configuration
)

// An Application is one kind of server, configured.
type Application struct {
	Name      string   // a word; its database is called by it
	Terminals []string // gates, desks or barriers, each a word of up to 64 characters
	// Open opens the scenario over its storage: it reads what has happened and
	// posts what a crash has left unposted.
	Open func(ctx context.Context, b Books) (*Office, error)
}

// Books are where an application keeps what happens. They are its own: no
// other application writes there.
type Books struct {
	Events eventlog.Store
	Ledger *ledger.Ledger
	DB     *sql.DB
	// Lists returns the signed lists in use, for records of what was judged by.
	Lists func() *store.Lists
	// Judge returns a verifier, without a replay guard, for a set of lists that
	// was in use, by the name that it has in [scenarios.Visit]. The error is
	// fs.ErrNotExist where the set is not kept.
	Judge func(ctx context.Context, lists string) (*citycode.Verifier, error)
	// Now is the server's clock.
	Now func() time.Time
	// Secret returns a key of so many bytes that is kept beside the database.
	// It is drawn the first time.
	Secret func(name string, size int) ([]byte, error)
}

// An Office is an application at work.
type Office struct {
	Scenario scenarios.Scenario
	Routes   []Route // of the back office; none of [Server]'s own
	// Problem says what an error of the scenario means to who asked; nil, or
	// nil returned: see [ProblemOf].
	Problem func(error) *Problem
	Chores  []Chore
}

// A Chore is what an application does by itself, one after the other: at the
// start, and then Every so often while it serves.
type Chore struct {
	Name  string
	Every time.Duration
	Do    func(ctx context.Context, now time.Time) error
}

// ReadConfig reads a configuration, one strict JSON object, into a pointer to a
// struct. An error has the path of what is wrong, as in config.lots[2].bays.
func ReadConfig(raw []byte, into any) error {
	return scenarios.ReadStrict("config", raw, MaxConfig, into)
}
