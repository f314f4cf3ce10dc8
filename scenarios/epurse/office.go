package epurse

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/ledger"
)

// A Verifier checks certificates (TAC). Its key lives in the back office and
// nowhere else.
type Verifier interface {
	// CheckTAC reports whether the card made the certificate of a paid claim.
	// An error is a fault, and says nothing about the claim.
	CheckTAC(ctx context.Context, c Claim) (bool, error)
}

// DefaultWait is how long an unresolved claim waits for terminals that have not
// been heard: the 72 hours that a gate may be offline, and a day.
const DefaultWait = 96 * time.Hour

// A Config is what an office is made of.
type Config struct {
	// Name is of the office's stream and keys: a word of up to MaxName bytes.
	// It never changes, and no two offices of one ledger share it.
	Name     string
	Ledger   *ledger.Ledger // required
	Verifier Verifier       // required
	Events   eventlog.Store // nil: memory

	// Merchant names whose terminal it is: a word of an account. Nil: each
	// terminal is a merchant.
	Merchant func(terminal string) string
	Wait     time.Duration    // 0: DefaultWait
	Now      func() time.Time // nil: time.Now
}

// MaxName bounds the name of an office, in bytes.
const MaxName = 24

// An Office is the back office of the purse. It is safe for concurrent use; two
// processes may run one on the same stores.
type Office struct {
	cfg    Config
	stream *eventlog.Stream
	books  *books
}

// Open returns the office with what its events say.
func Open(ctx context.Context, cfg Config) (*Office, error) {
	if cfg.Ledger == nil || cfg.Verifier == nil {
		return nil, errors.New("epurse: no ledger or no verifier")
	}
	if _, err := ledger.NewAccount(ledger.Liability, cfg.Name); err != nil || len(cfg.Name) > MaxName {
		return nil, fmt.Errorf("epurse: the name is not a word of up to %d bytes", MaxName)
	}
	if cfg.Events == nil {
		cfg.Events = eventlog.NewMemory()
	}
	if cfg.Merchant == nil {
		cfg.Merchant = func(terminal string) string { return terminal }
	}
	if cfg.Wait == 0 {
		cfg.Wait = DefaultWait
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	o := &Office{cfg: cfg, books: newBooks()}
	var err error
	o.stream, err = eventlog.Open(ctx, cfg.Events, "epurse:"+cfg.Name, o.books)
	return o, err
}

// A Receipt is what became of a batch. Whoever has it may forget the batch.
type Receipt struct {
	New     int       `json:"new"`
	Known   int       `json:"known"` // they were here before, and say nothing new
	Refused []Finding `json:"refused,omitempty"`
}

// Upload takes a batch. It is durable when Upload returns; the same again is
// known and changes nothing. A claim that no terminal of ours writes is a
// [*scenarios.RequestError] with its path, and nothing of the batch is taken.
func (o *Office) Upload(ctx context.Context, b Batch) (*Receipt, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	valid := make([]bool, len(b.Claims))
	for i, c := range b.Claims {
		if c.State != Paid {
			valid[i] = true
			continue
		}
		var err error
		if valid[i], err = o.cfg.Verifier.CheckTAC(ctx, c); err != nil {
			return nil, fmt.Errorf("epurse: certificate of %s: %w", c.id(), err)
		}
	}
	var receipt *Receipt
	err := o.stream.Change(ctx, func() ([]eventlog.Event, error) {
		receipt = &Receipt{} // decide may be called anew
		fresh := o.books.fresh(&b, valid, receipt)
		if len(fresh.Claims)+len(fresh.Log)+len(fresh.Answers)+len(fresh.Refused) == 0 {
			return nil, nil
		}
		return o.event(claimedKind, fresh)
	})
	return receipt, err
}

// event returns one event whose key is a digest of what it says and of where.
func (o *Office) event(kind string, data any) ([]eventlog.Event, error) {
	e, err := eventlog.New("", kind, o.cfg.Now(), data)
	if err != nil {
		return nil, err
	}
	h := engine.Default().NewSM3()
	fmt.Fprintf(h, "%d\x00", o.books.events)
	h.Write(e.Data)
	e.Key = kind + ":" + hex.EncodeToString(h.Sum(nil)[:16])
	return []eventlog.Event{e}, nil
}

// fresh returns what of a batch changes the state.
func (b *books) fresh(batch *Batch, valid []bool, receipt *Receipt) (f claimedEvent) {
	refuse := func(kind string, shown ...Claim) {
		finding := Finding{Kind: kind, Of: shown[0].Card, Detail: shown[len(shown)-1].id().String(), Claims: shown}
		receipt.Refused = append(receipt.Refused, finding)
		again := func(old Finding) bool { return old.Kind == kind && slices.Equal(old.Claims, shown) }
		if !slices.ContainsFunc(b.refused, again) && !slices.ContainsFunc(f.Refused, again) {
			f.Refused = append(f.Refused, finding)
		}
	}
	added := make(map[claimID]Claim)
	for i, c := range batch.Claims {
		c.Time = c.Time.UTC()
		old, known := added[c.id()]
		if e := b.claims[c.id()]; e != nil && !known {
			old, known = e.Claim, true
		}
		switch {
		case !valid[i]:
			refuse(WrongTAC, c)
		case known && old.order() != c.order():
			refuse(ClaimConflict, old, c)
		case known && !betterState(c, old) && (old.Served || !c.Served):
			receipt.Known++
		default:
			receipt.New++
			added[c.id()] = c
			f.Claims = append(f.Claims, c)
		}
	}
	for _, r := range batch.Log {
		s := b.cards[r.Card].find(r.Kind, r.Sequence)
		if s != nil && (slices.Contains(s.log, r) || slices.ContainsFunc(s.claims, func(e *entry) bool { return e.State == Paid })) ||
			slices.Contains(f.Log, r) {
			receipt.Known++
			continue
		}
		receipt.New++
		f.Log = append(f.Log, r)
	}
	for _, a := range batch.Answers {
		a.Time = a.Time.UTC()
		if b.answers[a.Serial].has(a) || slices.Contains(f.Answers, a) {
			receipt.Known++
			continue
		}
		receipt.New++
		f.Answers = append(f.Answers, a)
	}
	return f
}

// Observe takes the number that a card has proven, by its MAC1, to be that of
// its next load.
func (o *Office) Observe(ctx context.Context, serial string, next uint16) error {
	if !cardForm.MatchString(serial) {
		return wrong("card", "not 16 hexadecimal digits")
	}
	return o.stream.Change(ctx, func() ([]eventlog.Event, error) {
		c := o.books.cards[serial]
		if s := c.find(Load, next); c != nil && c.next >= next && !slices.ContainsFunc(s.entries(), func(e *entry) bool { return e.granted && !e.void }) {
			return nil, nil
		}
		return o.event(observedKind, observedEvent{serial, next})
	})
}

// ErrNumberTaken refuses a grant under a number that a terminal has used.
var ErrNumberTaken = errors.New("epurse: the terminal has used this number for something else")

// Grant takes a load that was paid for, before the card is told to credit it.
// The caller has verified the card's MAC1 over the number. The same grant again
// changes nothing.
func (o *Office) Grant(ctx context.Context, c Claim) error {
	if err := c.Check(); err != nil {
		return err
	}
	if c.Kind != Load || c.State != Unresolved {
		return &scenarios.RequestError{Path: "kind", Err: errors.New("not a load that is to be made")}
	}
	c.Time = c.Time.UTC()
	return o.stream.Change(ctx, func() ([]eventlog.Event, error) {
		if old := o.books.claims[c.id()]; old != nil {
			if old.order() != c.order() {
				return nil, ErrNumberTaken
			}
			if old.granted {
				return nil, nil
			}
		}
		// Whoever grants has seen the number: the grants before are void.
		seen, err := o.event(observedKind, observedEvent{c.Card, c.Sequence})
		if err != nil {
			return nil, err
		}
		granted, err := o.event(grantedKind, c)
		return append(seen, granted...), err
	})
}
