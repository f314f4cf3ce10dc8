// Package office is the back office of the gates (乘车后台): it takes taps, makes
// journeys and fares of them, books and charges what people owe, keeps the list
// of debtors, and settles with the operators.
//
// # API
//
//	Upload     takes a batch of taps of one gate; any order, any number of times
//	Recheck    verifies the codes of taps again, and takes forged ones out of the fares
//	Book       computes the fares of finished service days and posts what has changed
//	Charge     charges every person what he owes, once for each person and day
//	Repay      tries a debt again when the person asks for it
//	Account    what a person owes
//	Debtors    the deny list for the gates
//	Journeys   a person's journeys of a month with the rule behind every figure
//	Findings   what is wrong with the taps of a month: a code at two gates, an
//	           allowance overused, counters of a card that nobody has seen, a code
//	           that no honest gate had let in
//	Snapshot   taps for the devices of inspectors
//	Reverse    takes a tap back, with its money    (scenarios.Reverser)
//	Settle     each operator's and line's day      (scenarios.Settler)
//	Metrics    numbers for the operations room     (scenarios.Meter)
//	Archive    ends a month: it takes no more taps and leaves the memory
//
// # Exact settlement
//
// What a person owes for a service day is a function of the set of his taps,
// with those taken back left out: it does not matter when taps come, in which
// order and how often. A visit's key names a tap. Two records that differ under
// one key are a fault of a gate; the first of them in the order of their bytes
// stands, whichever came first here. The fares of a month follow from its taps,
// those of the week in which it begins, and those of the day behind it; what is
// usual for a rider is learnt within these. A tap whose code Recheck refuses is
// left out as one that was taken back is.
//
// Book posts, for each person and service day, the difference to what was
// posted before: a late tap makes a transaction of its own, forwards or
// backwards, on the first day that is open and with the service day as its
// Origin. Nothing is posted for what has not changed.
//
// # Money
//
//	transit.fare    asset/receivable/transit/<person>  to  income/transit/<operator>/<line>
//	transit.charge  asset/bank/clearing or asset/credit/clearing  to  asset/receivable/transit/<person>
//
// A balance below zero is the person's, and pays for the next rides.
//
// # Events
//
// The record is in package eventlog: one stream of taps, reversals and fares
// for each month, and one of accounts. A batch of taps of one month is one append.
// Of an archived month only its last week stays in memory, as long as the next
// month needs it. A city of several million riders runs several offices by a
// hash of the pseudonym: nothing that an office decides crosses people.
package office

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/rails"
	"github.com/citizencode/citizencode/scenarios/transit/fare"
	"github.com/citizencode/citizencode/scenarios/transit/gtfs"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

// A Config is what an office is made of.
type Config struct {
	// Name is of the office's streams and keys: a word of up to MaxName bytes.
	// It never changes, and no two offices of one ledger share it.
	Name string

	Feed *gtfs.Feed // required
	Fare fare.Config
	// Routes says which route of the feed a gate's line is, where the two have
	// different names.
	Routes      map[string]string
	Concessions tap.Concessions
	// OfflineUses is the allowance that gates hold credentials to, for
	// Findings; 0 does not look for its overuse.
	OfflineUses int
	// Explained reports that the counters of a card between two taps were used
	// in other scenes; nil: none were. See CounterGap.
	Explained func(serial string, after, before uint32) bool
	// Judge finds the lists that gates judged by, for Recheck; nil: codes are
	// not verified again.
	Judge Judge

	Ledger *ledger.Ledger // required
	Events eventlog.Store // nil: memory

	// Payers, Bank and Credit are how people pay. Whoever has no way is a debtor.
	Payers Payers
	Bank   rails.Bank
	Credit rails.Credit
	// Wait waits before an order is sent again, as in [rails.Settler]; nil: an
	// order is sent once in a run.
	Wait func(ctx context.Context, failed int) error

	Now func() time.Time // nil: time.Now
}

// MaxName bounds the name of an office, in bytes.
const MaxName = 24

// A Payer is how a person pays: by a mandate, else by a credit account. The zero
// Payer cannot.
type Payer struct {
	Mandate rails.Mandate
	Credit  string // account, a pseudonym
}

// Payers finds how people pay. Tokens stay there: no event holds one. While an
// order is pending it is sent again under the payer that Payers names then; a
// mandate that ends meanwhile must be named until the order has its answer.
type Payers interface {
	Payer(ctx context.Context, person string) (Payer, error)
}

// An Office is the back office. It is safe for concurrent use; two processes
// may run one on the same stores.
type Office struct {
	cfg     Config
	engine  *fare.Engine
	settler rails.Settler
	agency  map[string]string // by network: of its first route
	main    *eventlog.Stream
	books   *books

	// booking is held by what reads several months or sends orders, so that
	// locks of months are never taken crosswise.
	booking sync.Mutex

	mu     sync.Mutex
	months map[int]*monthStream
	heard  map[string]time.Time         // by gate, what it said without a tap
	faults map[int]map[string][]Finding // of the last Book, by month and person
	owing  map[string]bool              // who may owe something; the ledger knows
}

// A monthStream is one month in memory.
type monthStream struct {
	stream *eventlog.Stream
	state  *month
}

var (
	_ scenarios.Reverser = (*Office)(nil)
	_ scenarios.Settler  = (*Office)(nil)
	_ scenarios.Meter    = (*Office)(nil)
)

// Open reads the events and returns the office. What was decided before a crash
// and not posted yet is posted by the next Book or Charge, once.
func Open(ctx context.Context, cfg Config) (*Office, error) {
	switch {
	case len(cfg.Name) > MaxName || !isWord(cfg.Name):
		return nil, fmt.Errorf("office: Name: not a word of up to %d bytes", MaxName)
	case cfg.Feed == nil || cfg.Ledger == nil:
		return nil, errors.New("office: Feed and Ledger are required")
	case cfg.OfflineUses < 0:
		return nil, errors.New("office: OfflineUses: negative")
	case cfg.Payers != nil && cfg.Bank == nil && cfg.Credit == nil:
		return nil, errors.New("office: Payers without a Bank or a Credit")
	}
	engine, err := fare.New(cfg.Feed, cfg.Fare)
	if err != nil {
		return nil, err
	}
	if cfg.Events == nil {
		cfg.Events = eventlog.NewMemory()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.Routes, cfg.Concessions = maps.Clone(cfg.Routes), maps.Clone(cfg.Concessions)
	o := &Office{cfg: cfg, engine: engine, settler: rails.Settler{Ledger: cfg.Ledger, Wait: cfg.Wait},
		agency: make(map[string]string), books: newBooks(), months: make(map[int]*monthStream),
		heard: make(map[string]time.Time), faults: make(map[int]map[string][]Finding), owing: make(map[string]bool)}
	if err := o.readLines(); err != nil {
		return nil, err
	}
	if o.main, err = eventlog.Open(ctx, cfg.Events, "transit/"+cfg.Name, o.books); err != nil {
		return nil, err
	}
	if err := o.refresh(ctx); err != nil {
		return nil, err
	}
	for person, a := range o.books.people {
		o.owing[person] = a.since != "" || a.open != nil
	}
	return o, nil
}

// readLines finds whose the networks are, and refuses a feed in which two lines
// would be one account.
func (o *Office) readLines() error {
	seen := make(map[string]string)
	for _, r := range o.cfg.Feed.Routes() {
		if o.agency[r.Network] == "" {
			o.agency[r.Network] = r.Agency
		}
		if other, twice := seen[word(r.ID)]; twice {
			return fmt.Errorf("office: the routes %q and %q have one account", other, r.ID)
		}
		seen[word(r.ID)] = r.ID
	}
	for line, route := range o.cfg.Routes {
		if _, ok := o.cfg.Feed.Route(route); !ok {
			return fmt.Errorf("office: Routes[%q]: the feed has no route %q", line, route)
		}
	}
	return nil
}

// refresh reads what other processes have appended, and holds the months that
// are needed now.
func (o *Office) refresh(ctx context.Context) error {
	if err := o.main.Refresh(ctx); err != nil {
		return err
	}
	live, archived := o.books.live(), o.books.archivedThrough()
	o.mu.Lock()
	for m, s := range o.months {
		if m < archived || m == archived && s.state.keep == 0 {
			delete(o.months, m)
			delete(o.faults, m)
		}
	}
	o.mu.Unlock()
	for _, m := range live {
		s, err := o.load(ctx, m)
		if err != nil {
			return err
		}
		if err := s.stream.Refresh(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (o *Office) streamName(m int) string { return fmt.Sprintf("transit/%s/%d", o.cfg.Name, m) }

// load opens the stream of a month.
func (o *Office) load(ctx context.Context, m int) (*monthStream, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if s := o.months[m]; s != nil {
		return s, nil
	}
	state := newMonth(m, o.engine.ServiceDay, o.party)
	archived := o.books.archivedThrough()
	if m == archived {
		state.keep = contextOf(nextMonth(m))
	}
	stream, err := eventlog.Open(ctx, o.cfg.Events, o.streamName(m), state)
	if err != nil {
		return nil, err
	}
	state.trim(o.books.posted(m))
	for person, r := range state.riders {
		if len(r.booked) > 0 && m > archived {
			o.owing[person] = true
		}
	}
	s := &monthStream{stream, state}
	o.months[m] = s
	return s, nil
}

// month returns a month in memory, or nil.
func (o *Office) month(m int) *monthStream {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.months[m]
}
