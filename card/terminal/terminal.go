package terminal

import (
	"context"
	"errors"
	"time"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/purse"
	"github.com/citizencode/citizencode/card/sam"
)

// What a Config leaves at zero.
const (
	DefaultTimeout     = time.Second      // of one command
	DefaultServeWithin = 10 * time.Minute // of a lost answer
	DefaultMaxPurchase = 100_000          // fen: 1,000 yuan, what a card may hold by the rules for purses
	DefaultMaxBalance  = 100_000          // fen

	// A card of ours answers in one piece; strangers may need a few.
	maxAnswer = 512 // bytes
	maxRounds = 8
)

// A Config is what a terminal is made of.
type Config struct {
	AID app.AID // required

	// Module and Journal are required for Purchase; Loads, Numbers and Journal for Load.
	Module  sam.Purchaser
	Journal Journal
	Loads   Loads
	Numbers sam.Numbers      // of a load desk; a gate's are in its module
	Desk    purse.TerminalID // of a load desk; a gate's is in its module

	KeyIndex byte // of the purchase and load keys on the cards; 0: 1

	MaxPurchase int64 // fen; 0: DefaultMaxPurchase
	MaxBalance  int64 // fen that a load leaves at most; 0: DefaultMaxBalance

	// ServeWithin is how long a purchase whose answer was lost opens the gate when the same person comes again. Behind
	// it, the money is given back by the back office.
	ServeWithin time.Duration // 0: DefaultServeWithin
	Timeout     time.Duration // 0: DefaultTimeout

	// InsecureTDES takes cards whose keys are 3DES.
	InsecureTDES bool

	Now func() time.Time // nil: time.Now
}

// A Terminal serves cards, one session at a time for each transport. It is safe for concurrent use as far as its parts
// are.
type Terminal struct{ cfg Config }

// New returns a terminal.
func New(cfg Config) (*Terminal, error) {
	if err := cfg.AID.Validate(); err != nil {
		return nil, err
	}
	if (cfg.Module != nil || cfg.Loads != nil) && cfg.Journal == nil {
		return nil, errors.New("terminal: who moves money needs a journal")
	}
	if cfg.Loads != nil && cfg.Numbers == nil {
		return nil, errors.New("terminal: a load desk needs numbers")
	}
	if cfg.KeyIndex == 0 {
		cfg.KeyIndex = 1
	}
	if cfg.MaxPurchase == 0 {
		cfg.MaxPurchase = DefaultMaxPurchase
	}
	if cfg.MaxBalance == 0 {
		cfg.MaxBalance = DefaultMaxBalance
	}
	if cfg.ServeWithin == 0 {
		cfg.ServeWithin = DefaultServeWithin
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Terminal{cfg}, nil
}

// A Session is one card in the field, from SELECT on. It is for one goroutine.
type Session struct {
	t      *Terminal
	client *apdu.Client
	link   *link
	fci    app.FCI
}

// Open selects the application on the card. Every error of a session is a *Failure. A transport that was given up
// (Stalled) may still be waiting for its card: before it is opened again it must have come back.
func (t *Terminal) Open(ctx context.Context, transport card.Transport) (*Session, error) {
	l := &link{transport: transport, timeout: t.cfg.Timeout}
	s := &Session{t: t, link: l, client: apdu.NewClient(l, apdu.Options{MaxAnswer: maxAnswer, MaxRounds: maxRounds})}
	fci, err := s.selectApp(ctx)
	if err != nil {
		return nil, err
	}
	s.fci = fci
	return s, nil
}

func (s *Session) selectApp(ctx context.Context) (fci app.FCI, err error) {
	data, err := s.send(ctx, "SELECT", app.Select(s.t.cfg.AID))
	if err != nil {
		f := err.(*Failure)
		if f.Status == apdu.FileNotFound || f.Status == apdu.FunctionNotSupported {
			f.Reason = NotOurs
		}
		return fci, f
	}
	if fci, err = app.ParseFCI(data); err != nil {
		return fci, fail("SELECT", BadAnswer, "%w", err)
	}
	if fci.AID != s.t.cfg.AID {
		// A card that selects by a part of the name may have selected another application.
		return fci, fail("SELECT", NotOurs, "application %s", fci.AID)
	}
	return fci, nil
}

// FCI returns what the card said of itself when it was selected.
func (s *Session) FCI() app.FCI { return s.fci }

// factor is what the card's keys are diversified by, and what the journal knows it by.
func (s *Session) factor() key.Factor { return key.Factor(s.fci.Serial) }

// send sends one command. The error is a *Failure whose Outcome is NothingMoved.
func (s *Session) send(ctx context.Context, step string, c apdu.Command) ([]byte, error) {
	r, err := s.client.SendContext(ctx, c)
	if err != nil {
		return nil, failureOf(step, err)
	}
	return r.Data, nil
}

// Again selects the application anew, as a card needs it before it signs a second token (SPEC §4). It fails with
// OtherCard if another card has taken the place of the first.
func (s *Session) Again(ctx context.Context) error {
	fci, err := s.selectApp(ctx)
	if err != nil {
		return err
	}
	if fci != s.fci {
		return fail("SELECT", OtherCard, "another serial number or version")
	}
	return nil
}

// VerifyPIN shows the PIN to the card. A wrong one is Refused with the tries that are left in the status.
func (s *Session) VerifyPIN(ctx context.Context, pin []byte) error {
	_, err := s.send(ctx, "VERIFY", app.Verify(pin))
	return err
}
