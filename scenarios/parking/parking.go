// Package parking is the car park (好停车): a camera reads a plate, or a driver
// shows a code, and the barrier opens; on the way out the stay is charged to the
// driver's mandate (无感通行), or he pays by himself.
//
// # Codes
//
// A credential belongs to one purpose group, and the group of a barrier is
// [citycode.Parking]. The standard has no profile of its own for cars, and needs
// none: a profile says how a code works, not what for. A barrier wants what a
// bus wants, a code that can be verified offline, so a parking credential has
// the profile transit with the scene parking, and a bus refuses it as the
// barrier refuses a ride code, because the verifier compares the scenes. The
// universal code is taken too. A driver is known by the subject of the code,
// which stays the same when the credential is renewed, on another phone, and on
// a card.
//
// Actions "enter" and "leave" take [Params].
//
// # Sessions
//
// A car that comes in begins a session, and every session ends in a state with a
// name; see [State]. A session is billed once, when its car leaves, and its bill
// is charged by mandate once: the key of the order is that of the session. What
// a camera alone says moves money only where nothing is in doubt: both readings
// are sure, the plate is in no other lot, its owner is verified and his mandate
// is active.
//
//	the camera sees                            what becomes of it
//	exit, no such car inside                   exit-without-entry: closed, no charge
//	exit again                                 duplicate-exit: closed, no charge
//	exit, one character unlike a car inside    plate-in-doubt: that session is exit-in-doubt
//	exit, not sure                             plate-in-doubt: the session is exit-in-doubt
//	entry of a plate that is in another lot    both sessions are contested
//	entry of a plate that is in this lot       the old session is exit-missing, the new one inside
//	no exit for long                           exit-missing, by [Scenario.Sweep]
//	exit before the entry                      times-in-doubt: open, no charge
//
// The driver may always show his code, which names the payer, or pay by himself.
//
// # API
//
// Operations that decide answer with a Decision, have a key, and do nothing
// twice; the same key with another request is key-reused.
//
//	barrier       Handle, Camera
//	money         Quote, Pay, Refund, Reverse, HandOut, PayOut; Collect, which a server runs every few seconds
//	plates        BindPlate, VerifyPlate, SuspendPlate, ResumePlate, RevokePlate, Plates
//	passes        GrantPass
//	reservations  Offer, Withdraw, Reserve, CancelReservation, Reservations, FreeBays
//	occupancy     Feed, Observe, Recount
//	back office   Sessions, Session, Reviews, Resolve, Debts, Bill, Notices, Sweep
//	books         Settle, Report, CloseDay, Metrics
//
// # Keeping
//
// What happens is an event in Config.Store, and the state in memory is read from
// the events. Transactions and orders to the bank follow from events, under keys
// made of them, and are made again at a restart where they may be missing. The
// events hold no personal data but pseudonyms: a plate is in them masked, or
// sealed under Config.Key as a mandate is.
package parking

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/parking/occupancy"
	"github.com/citizencode/citizencode/scenarios/parking/reserve"
	"github.com/citizencode/citizencode/scenarios/parking/tariff"
	"github.com/citizencode/citizencode/scenarios/rails"
)

// The actions of a barrier.
const (
	Enter = "enter"
	Leave = "leave"
)

// A Scenario is the barriers and the back office of one operator.
type Scenario struct {
	operator string
	lots     map[string]*Lot
	places   map[string]place
	rules    Rules
	seal     *sealer
	now      func() time.Time
	stream   *eventlog.Stream
	state    *state
	books    *ledger.Ledger
	bank     rails.Bank
	settler  rails.Settler
	desk     *reserve.Desk
	early    time.Duration // before a reservation at which its car may come
	board    *occupancy.Board
	single   string // the lot, where there is one only

	follower ledger.Follower
	refused  atomic.Int64 // transactions, by the ledger
	deciding sync.Mutex   // held while Collect asks the bank
}

var (
	_ scenarios.Scenario = (*Scenario)(nil)
	_ scenarios.Reverser = (*Scenario)(nil)
	_ scenarios.Settler  = (*Scenario)(nil)
	_ scenarios.Meter    = (*Scenario)(nil)
)

// New returns the car parks of a configuration that is kept in memory and known
// to be right. It panics where Open fails.
func New(cfg Config) *Scenario {
	s, err := Open(context.Background(), cfg)
	if err != nil {
		panic(err)
	}
	return s
}

// Open returns the car parks as their events left them. An error is a
// *ConfigError or a fault of a store.
func Open(ctx context.Context, cfg Config) (*Scenario, error) {
	if len(cfg.Lots) == 0 {
		cfg.Lots = []Lot{{ID: "lot", Name: "lot", Bays: max(0, cfg.Bays)}}
	} else if cfg.Bays != 0 {
		return nil, configError("bays", "beside lots")
	}
	if cfg.Operator == "" {
		cfg.Operator = "parking"
	}
	if !isWord(cfg.Operator) {
		return nil, configError("operator", "not a word of a-z, 0-9 and, inside, . _ -")
	}
	if cfg.Key == nil {
		if cfg.Store != nil {
			return nil, configError("key", "missing: what is kept must be sealed")
		}
		cfg.Key = make([]byte, KeySize)
	}
	seal, err := newSealer(cfg.Key)
	if err != nil {
		return nil, configError("key", "not %d bytes", KeySize)
	}
	if err := cfg.Rules.fill(); err != nil {
		return nil, err
	}
	lots, places, err := checkLots(cfg.Lots)
	if err != nil {
		return nil, err
	}
	if cfg.Store == nil {
		cfg.Store = eventlog.NewMemory()
	}
	if cfg.Ledger == nil {
		cfg.Ledger = ledger.New(ledger.NewMemory())
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Reservations == nil {
		cfg.Reservations = new(reserve.MemoryStore)
	}
	s := &Scenario{operator: cfg.Operator, lots: lots, places: places, rules: cfg.Rules, seal: seal, now: cfg.Now, books: cfg.Ledger, bank: cfg.Bank,
		settler: rails.Settler{Ledger: cfg.Ledger, Wait: cfg.Wait}, state: newState(cfg.Operator, lots, seal)}
	s.follower = ledger.Follower{Ledger: s.books, Pending: s.pending, Refused: s.refuse}
	s.early = cfg.ReserveRules.Early
	if len(cfg.Lots) == 1 {
		s.single = cfg.Lots[0].ID
	}
	s.desk, err = reserve.NewDesk(reserve.Config{Store: cfg.Reservations, Rules: cfg.ReserveRules, Now: cfg.Now,
		Place: func(id string) (reserve.Place, bool) { p, ok := places[id]; return p.Place, ok }})
	if err != nil {
		return nil, &ConfigError{"reserveRules", err}
	}
	if s.board, err = newBoard(cfg.Lots); err != nil {
		return nil, &ConfigError{"lots", err}
	}
	s.state.keepDays, s.state.canCharge = cfg.Rules.KeepDays, cfg.Bank != nil
	if s.stream, err = eventlog.Open(ctx, cfg.Store, "parking/"+cfg.Operator, s.state); err != nil {
		return nil, err
	}
	s.watch()
	return s, s.finish(ctx)
}

// ID returns "parking".
func (s *Scenario) ID() scenarios.ID { return "parking" }

// Describe returns what the barriers declare. Without a network a driver goes in
// and out ten times, for 200 yuan at most: what a mandate that was revoked
// meanwhile can cost.
func (s *Scenario) Describe() scenarios.Description {
	return scenarios.Description{Purpose: text("停车", "to park"), Group: scenarios.Public, Audience: citycode.Parking,
		Actions: []string{Enter, Leave}, Identity: scenarios.Pseudonym, Offline: scenarios.Offline{Policy: scenarios.WithinBudget, Uses: 10, Fen: 20_000}}
}

// Accepts reports whether p works offline and stands for a person: the profile
// transit, here with the scene parking, the universal or a fused code, a card, or a code
// in the hands of a guardian.
func (s *Scenario) Accepts(p citycode.Profile) bool {
	switch p.ID {
	case citycode.ProfileTransit, citycode.ProfileUniversal, citycode.ProfileFused, citycode.ProfileCard, citycode.ProfileDelegated:
		return true
	}
	return false
}

// Params are the parameters of both actions. A barrier without a camera sends
// none.
type Params struct {
	Lot        string       `json:"lot"`        // not needed where there is one only
	Plate      string       `json:"plate"`      // that the camera read beside the code
	Confidence *int         `json:"confidence"` // of it, per mille; absent: 1000
	Class      tariff.Class `json:"class"`      // of the vehicle; absent: what the plate says
}

// Handle decides about one car whose driver shows a code.
func (s *Scenario) Handle(ctx context.Context, v *scenarios.Visit) (*scenarios.Decision, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if v.Action != Enter && v.Action != Leave {
		return nil, scenarios.UnknownAction(v.Action, Enter, Leave)
	}
	var params Params
	// A barrier without a camera, at every car: not worth a parser.
	if string(v.Params) != "{}" {
		if err := scenarios.ReadParams(v.Params, &params); err != nil {
			return nil, err
		}
	}
	if v.Key == "" {
		return nil, badRequest("key", "missing")
	}
	p := &passing{gate: v.Terminal, at: v.Time, person: v.Citizen.Person().String(), class: params.Class}
	if err := checkClass("params.class", params.Class); err != nil {
		return nil, err
	}
	confidence := 1000
	if params.Confidence != nil {
		confidence = *params.Confidence
	}
	if confidence < 0 || confidence > 1000 {
		return nil, badRequest("params.confidence", "not 0 to 1000")
	}
	if params.Plate != "" {
		// A reading that is no plate is no fault: the code is there.
		s.read(p, params.Plate, confidence)
	}
	var known bool
	if p.lot, known = s.lot(params.Lot); !known {
		return refuse(LotUnknown), nil
	}
	return s.pass(ctx, "v:", v.Key, nil, v.Action == Enter, p)
}

// lot returns a lot by its id, or the only one.
func (s *Scenario) lot(id string) (*Lot, bool) {
	if id == "" {
		id = s.single
	}
	l := s.lots[id]
	return l, l != nil
}

// pass decides about a car at a barrier, whoever saw it.
func (s *Scenario) pass(ctx context.Context, space, key string, request any, in bool, p *passing) (*scenarios.Decision, error) {
	if in {
		if err := s.useReservation(ctx, p); err != nil {
			return nil, err
		}
	}
	return s.do(ctx, space, key, request, p.at, func(st *state) (*scenarios.Decision, []fact, error) {
		if in {
			return st.enter(p, &s.rules)
		}
		return st.leave(p, &s.rules)
	})
}
