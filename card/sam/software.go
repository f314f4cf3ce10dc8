package sam

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/purse"
	"github.com/citizencode/citizencode/card/sm"
)

// A Config is what a Software module is made of.
type Config struct {
	Role     Role
	Terminal purse.TerminalID // of a Gate
	Numbers  Numbers          // of a Gate
	Rand     io.Reader        // of challenges; nil: crypto/rand
}

// A Software is a module in this program's memory. It protects its keys from mistakes, and from nobody who can read the
// memory. It is safe for concurrent use.
type Software struct {
	cfg Config

	mu     sync.RWMutex
	keys   map[Ref]key.Key
	closed bool
}

var (
	_ Purchaser     = (*Software)(nil)
	_ Loader        = (*Software)(nil)
	_ Auditor       = (*Software)(nil)
	_ Authenticator = (*Software)(nil)
)

// NewSoftware returns a module without keys.
func NewSoftware(cfg Config) (*Software, error) {
	if allowed[cfg.Role] == nil {
		return nil, errors.New("sam: unknown role")
	}
	if cfg.Role == Gate && cfg.Numbers == nil {
		return nil, errors.New("sam: a gate needs numbers")
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	return &Software{cfg: cfg, keys: make(map[Ref]key.Key)}, nil
}

// Inject puts a master key in. ErrUsage if keys of this usage do not belong here; a key that is there is not replaced.
func (s *Software) Inject(ref Ref, k key.Key) error {
	if !s.cfg.Role.Holds(ref.Usage) {
		return fmt.Errorf("%w: %s", ErrUsage, ref.Usage)
	}
	if k.IsZero() || k.Algorithm() != ref.Algorithm {
		return fmt.Errorf("sam: not a %s", ref)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	if _, ok := s.keys[ref]; ok {
		return fmt.Errorf("sam: there is a %s", ref)
	}
	// A copy, which Close can wipe without touching the caller's.
	b := k.Bytes()
	own, err := key.New(ref.Algorithm, b[:])
	clear(b[:])
	if err == nil {
		s.keys[ref] = own
	}
	return err
}

// Close wipes the keys. The module does nothing more.
func (s *Software) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, k := range s.keys {
		k.Wipe()
	}
	clear(s.keys)
	return nil
}

// String says what the module is for.
func (s *Software) String() string { return fmt.Sprintf("SAM of role %d", s.cfg.Role) }

// Format keeps every verb of package fmt from the keys.
func (s *Software) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// Terminal implements [Purchaser].
func (s *Software) Terminal() purse.TerminalID { return s.cfg.Terminal }

// with lends a card's key to use. A key of the card lives no longer than this.
func (s *Software) with(ref Ref, card key.Factor, use func(key.Key)) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return ErrClosed
	}
	master, ok := s.keys[ref]
	if !ok {
		return fmt.Errorf("%w: %s", ErrNoKey, ref)
	}
	k := master.Diversify(card)
	use(k)
	k.Wipe()
	return nil
}

// check lends a card's key to compute what a card must have said, and compares.
func (s *Software) check(ref Ref, card key.Factor, said purse.MAC, compute func(key.Key) purse.MAC) error {
	var want purse.MAC
	if err := s.with(ref, card, func(k key.Key) { want = compute(k) }); err != nil {
		return err
	}
	if !want.Equal(said) {
		return ErrWrongMAC
	}
	return nil
}

// Purchase implements [Purchaser].
func (s *Software) Purchase(ctx context.Context, t Transaction) (number uint32, mac1 purse.MAC, err error) {
	if t.Kind != purse.Purchase || t.Terminal != s.cfg.Terminal {
		return 0, purse.MAC{}, errors.New("sam: not a purchase at this terminal")
	}
	ref := Ref{Purchase, t.KeyVersion, t.Algorithm}
	// Before a number is drawn: what no key is for costs none.
	if err := s.with(ref, t.Card, func(key.Key) {}); err != nil {
		return 0, purse.MAC{}, err
	}
	if number, err = s.cfg.Numbers.Next(ctx); err != nil {
		return 0, purse.MAC{}, err
	}
	err = s.with(ref, t.Card, func(k key.Key) {
		mac1 = purse.PurchaseMAC1(purse.PurchaseSession(k, t.Random, t.Sequence, number), t.Transaction)
	})
	return number, mac1, err
}

// CheckPurchase implements [Purchaser].
func (s *Software) CheckPurchase(_ context.Context, t Transaction, number uint32, mac2 purse.MAC) error {
	return s.check(Ref{Purchase, t.KeyVersion, t.Algorithm}, t.Card, mac2, func(k key.Key) purse.MAC {
		return purse.PurchaseMAC2(purse.PurchaseSession(k, t.Random, t.Sequence, number), t.Amount)
	})
}

// CheckLoad implements [Loader].
func (s *Software) CheckLoad(_ context.Context, t Transaction, balance purse.Amount, mac1 purse.MAC) error {
	return s.check(Ref{Load, t.KeyVersion, t.Algorithm}, t.Card, mac1, func(k key.Key) purse.MAC {
		return purse.LoadMAC1(purse.LoadSession(k, t.Random, t.Sequence), balance, t.Transaction)
	})
}

// Load implements [Loader].
func (s *Software) Load(ctx context.Context, t Transaction, balance purse.Amount, mac1 purse.MAC) (mac2 purse.MAC, err error) {
	// Whoever has not proven to be a card gets no order to be credited.
	if err := s.CheckLoad(ctx, t, balance, mac1); err != nil {
		return purse.MAC{}, err
	}
	err = s.with(Ref{Load, t.KeyVersion, t.Algorithm}, t.Card, func(k key.Key) {
		mac2 = purse.LoadMAC2(purse.LoadSession(k, t.Random, t.Sequence), t.Transaction)
	})
	return mac2, err
}

// CheckPurchaseTAC implements [Auditor].
func (s *Software) CheckPurchaseTAC(_ context.Context, t Transaction, number uint32, tac purse.MAC) error {
	return s.check(Ref{TAC, t.KeyVersion, t.Algorithm}, t.Card, tac, func(k key.Key) purse.MAC {
		return purse.PurchaseTAC(k, number, t.Transaction)
	})
}

// CheckLoadTAC implements [Auditor].
func (s *Software) CheckLoadTAC(_ context.Context, t Transaction, balance purse.Amount, tac purse.MAC) error {
	return s.check(Ref{TAC, t.KeyVersion, t.Algorithm}, t.Card, tac, func(k key.Key) purse.MAC {
		return purse.LoadTAC(k, balance, t.Sequence, t.Transaction)
	})
}

// access lends a card's access key to use. No other key of the module computes over what somebody outside chose.
func (s *Software) access(ref Ref, card key.Factor, use func(key.Key)) error {
	if ref.Usage != GateAccess && ref.Usage != HospitalAccess || ref.Algorithm != key.SM4 {
		return ErrUsage
	}
	return s.with(ref, card, use)
}

// Authenticate implements [Authenticator].
func (s *Software) Authenticate(_ context.Context, card key.Factor, ref Ref, cardChallenge [sm.ChallengeSize]byte) (h sm.Handshake, proof [sm.ProofSize]byte, err error) {
	h.CardChallenge = cardChallenge
	if _, err := io.ReadFull(s.cfg.Rand, h.TerminalChallenge[:]); err != nil {
		return h, proof, fmt.Errorf("sam: %w", err)
	}
	err = s.access(ref, card, func(k key.Key) { proof = h.TerminalProof(k) })
	return h, proof, err
}

// Session implements [Authenticator].
func (s *Software) Session(_ context.Context, card key.Factor, ref Ref, h sm.Handshake, cardProof [sm.ProofSize]byte) (session *sm.TerminalSession, err error) {
	wrong := s.access(ref, card, func(k key.Key) {
		if sm.Equal(cardProof, h.CardProof(k)) {
			session = h.Terminal(k)
		} else {
			err = ErrWrongMAC
		}
	})
	if wrong != nil {
		return nil, wrong
	}
	return session, err
}
