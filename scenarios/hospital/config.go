package hospital

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/hospital/credit"
	"github.com/citizencode/citizencode/scenarios/hospital/ecquery"
	"github.com/citizencode/citizencode/scenarios/hospital/payer"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/rails"
)

// ErrUnknownPatient is what a [Directory] returns for a handle that it does
// not know.
var ErrUnknownPatient = errors.New("hospital: the handle stands for no patient")

// A Patient is what a desk learns: a pseudonym of this hospital, never a name
// or a number of a document. It is up to 64 bytes of printable ASCII without
// space, and it is what insurer and lender are asked about.
type Patient struct {
	Pseudonym string
	// Insured is the index of the person at the insurance (ecIndexNo); empty:
	// none is known here, and no fused code is served.
	Insured string
}

// A Directory is the online service that knows for whom a handle stands.
type Directory interface {
	// Lookup returns the patient of a subject. The error is
	// ErrUnknownPatient when there is none, and any other when the service
	// failed: then nothing is decided.
	Lookup(ctx context.Context, subject []byte) (*Patient, error)
}

// A Capability is a function that a hospital may not have yet.
type Capability string

// The capabilities.
const (
	Appointments Capability = "appointments" // 预约挂号
	CheckIns     Capability = "check-in"     // 扫码签到
	Credit       Capability = "credit"       // 先诊疗后付费
	Emergency    Capability = "emergency"    // 急救垫付
)

// Capabilities lists them all.
func Capabilities() []Capability { return []Capability{Appointments, CheckIns, Credit, Emergency} }

// A Staff is one member who may break the glass; an approver also decides about
// advances afterwards.
type Staff struct {
	ID       string `json:"id"`
	Approver bool   `json:"approver,omitempty"`
}

// Bounds of a configuration.
const (
	MaxDepartments = 500
	MaxLimit       = 100_000_000 // of a credit or an advance, in fen: a million yuan
	MaxStaff       = 10_000
)

// A Config says what a hospital is. The zero value has one queue and no money:
// no insurer, no credit, no advance.
type Config struct {
	Hospital     string         // names it in books and to partners, as in "sy-01"; "" is "hospital"
	Capabilities []Capability   // what it offers; nil: everything
	Directory    Directory      // nil: no patient is known
	Departments  []string       // each has its own queue; nil: one queue, without a name
	Location     *time.Location // whose midnight begins a day; nil: China Standard Time
	Staff        []Staff        // who may break the glass; nil: nobody

	Store  eventlog.Store // keeps the events; nil: in memory
	Ledger *ledger.Ledger // nil: in memory

	// MedicalCodes decodes the medical code in front of a fused code (融合); nil:
	// no fused code is served.
	MedicalCodes *ecquery.Client

	Insurer payer.Insurer // nil: nobody is insured
	// Limit is the credit of a patient, in fen. A Lender holds it for each
	// visit and knows what other hospitals have lent; without one it is kept
	// here, for all visits to this hospital.
	Limit  int64
	Lender rails.Credit
	Terms  credit.Terms
	Bank   rails.Bank // takes repayments by mandate; nil: at the desk only
	// AdvanceCap is what the emergency fund bears of one visit, in fen.
	AdvanceCap int64
	// Wait waits before a partner is asked again; see rails.Settler. Nil asks
	// once, and leaves the rest to Resume.
	Wait func(ctx context.Context, failed int) error
}

var idForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9._-]{0,30}[a-z0-9])?$`)

// Validate returns what is wrong with a configuration, with the path.
func (c *Config) Validate() error {
	fail := func(path, text string) error { return fmt.Errorf("hospital: config: %s: %s", path, text) }
	switch {
	case c.Hospital != "" && !idForm.MatchString(c.Hospital):
		return fail("hospital", "not up to 32 of a-z, 0-9 and, inside, . _ -")
	case len(c.Departments) > MaxDepartments:
		return fail("departments", "too many")
	case c.Limit < 0 || c.Limit > MaxLimit:
		return fail("limit", "not an amount up to MaxLimit")
	case c.AdvanceCap < 0 || c.AdvanceCap > MaxLimit:
		return fail("advanceCap", "not an amount up to MaxLimit")
	case len(c.Staff) > MaxStaff:
		return fail("staff", "too many")
	}
	for i, name := range c.Capabilities {
		if !slices.Contains(Capabilities(), name) {
			return fail(fmt.Sprintf("capabilities[%d]", i), "unknown")
		}
	}
	for i, name := range c.Departments {
		if name != "" && !isID(name) || slices.Contains(c.Departments[:i], name) {
			return fail(fmt.Sprintf("departments[%d]", i), "not a word, or stands twice")
		}
	}
	seen := make(map[string]bool)
	for i, m := range c.Staff {
		if !isID(m.ID) || seen[m.ID] {
			return fail(fmt.Sprintf("staff[%d].id", i), "not a word, or stands twice")
		}
		seen[m.ID] = true
	}
	if err := c.Terms.Validate(); err != nil {
		return fail("terms", err.Error())
	}
	return nil
}

// A Scenario is one hospital: its desks, and what stands behind them. It is
// safe for concurrent use.
type Scenario struct {
	id           string
	capabilities []Capability
	directory    Directory
	departments  []string
	location     *time.Location
	staff        map[string]Staff
	medicalCodes *ecquery.Client

	insurer    payer.Insurer
	lender     rails.Credit
	bank       rails.Bank
	limit      int64
	terms      credit.Terms
	advanceCap int64
	settler    rails.Settler

	stream *eventlog.Stream
	state  *state // of stream

	books    *ledger.Ledger
	follower ledger.Follower
}

// Open returns the hospital as its events in cfg.Store tell, and brings into the
// ledger what a crash kept from it. Call [Scenario.Resume] then, and from time
// to time, to go on with what partners have not answered.
func Open(ctx context.Context, cfg Config) (*Scenario, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Scenario{id: cfg.Hospital, capabilities: slices.Clone(cfg.Capabilities), directory: cfg.Directory, departments: slices.Clone(cfg.Departments),
		location: cfg.Location, staff: make(map[string]Staff), medicalCodes: cfg.MedicalCodes, insurer: cfg.Insurer, lender: cfg.Lender, bank: cfg.Bank, limit: cfg.Limit,
		terms: cfg.Terms, advanceCap: cfg.AdvanceCap, books: cfg.Ledger}
	if s.id == "" {
		s.id = "hospital"
	}
	if s.capabilities == nil {
		s.capabilities = Capabilities()
	}
	if len(s.departments) == 0 {
		s.departments = []string{""}
	}
	if s.location == nil {
		s.location = time.FixedZone("CST", 8*60*60)
	}
	for _, m := range cfg.Staff {
		s.staff[m.ID] = m
	}
	if s.books == nil {
		s.books = ledger.New(ledger.NewMemory())
	}
	s.settler = rails.Settler{Ledger: s.books, Wait: cfg.Wait}
	store := cfg.Store
	if store == nil {
		store = eventlog.NewMemory()
	}
	s.state = newState(s.id)
	var err error
	if s.stream, err = eventlog.Open(ctx, store, "hospital/"+s.id, s.state); err != nil {
		return nil, err
	}
	s.follower = ledger.Follower{Ledger: s.books, Pending: s.pending, Refused: func(r *ledger.RefusedError) error { return r }}
	return s, s.post(ctx)
}

// New returns a hospital that cannot fail to open: one whose configuration is
// written in a program, kept in memory. It panics where Open fails.
func New(cfg Config) *Scenario {
	s, err := Open(context.Background(), cfg)
	if err != nil {
		panic(err)
	}
	return s
}

func (s *Scenario) can(c Capability) bool { return slices.Contains(s.capabilities, c) }

// day returns the local date of a time.
func (s *Scenario) day(t time.Time) string { return t.In(s.location).Format(time.DateOnly) }

// businessDay is day for the ledger; t is in its era.
func (s *Scenario) businessDay(t time.Time) ledger.Day {
	d, _ := ledger.ParseDay(s.day(t))
	return d
}
