package scenarios

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"sync"
	"time"

	"github.com/citizencode/citizencode/citycode"
)

// A Slip (纸质凭条) is a visit on paper, for a person who has neither phone nor
// card at hand. A staffed desk that has seen the person's document, and is
// online, prints its number; the terminal takes the number once. It carries the
// pseudonym that the person's phone would carry, so the decision is the same.
type Slip struct {
	Number   string // 12 digits, the last one for checking
	Scenario ID     // where it opens
	Person   Person
	Benefit  uint8
	IssuedAt time.Time
	NotAfter time.Time
}

// Limits of slips.
const (
	SlipDigits  = 12
	MaxSlipLife = 24 * time.Hour
)

// The reasons of slips.
const (
	SlipMistyped = "slip-mistyped"
	SlipUnknown  = "slip-unknown" // never issued, used, or of another place
	SlipLocked   = "slip-locked"
)

// What a [SlipStore] answers with.
var (
	ErrSlipExists = errors.New("scenarios: the slip's number is taken")
	ErrNoSlip     = errors.New("scenarios: no such slip")
)

// A SlipStore keeps the slips that are not used yet.
type SlipStore interface {
	// Put stores a slip unless its number is taken: ErrSlipExists.
	Put(ctx context.Context, s Slip) error
	// Take removes and returns the slip of a number and scenario. Of two that
	// take one slip at once, one is told ErrNoSlip.
	Take(ctx context.Context, number string, at ID) (Slip, error)
}

// A SlipConfig says where slips are kept.
type SlipConfig struct {
	Store SlipStore        // nil: memory
	Now   func() time.Time // nil: time.Now
	Rand  io.Reader        // nil: crypto/rand
}

// Slips issues and takes slips. It is safe for concurrent use.
type Slips struct{ cfg SlipConfig }

// NewSlips returns a book of slips.
func NewSlips(cfg SlipConfig) *Slips {
	if cfg.Store == nil {
		cfg.Store = &slipMemory{byNumber: make(map[string]Slip)}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	return &Slips{cfg}
}

// Issue makes a slip for one visit of a person whom the desk knows.
func (b *Slips) Issue(ctx context.Context, at ID, who Person, benefit uint8, life time.Duration) (Slip, error) {
	switch {
	case at == "" || who.City < citycode.MinCity || who.City > citycode.MaxCity || who.Subject == "" || len(who.Subject) > 64:
		return Slip{}, errors.New("scenarios: slip: no scenario or no person")
	case life <= 0 || life > MaxSlipLife:
		return Slip{}, fmt.Errorf("scenarios: slip: a life of %s is not up to %s", life, MaxSlipLife)
	}
	now := b.cfg.Now()
	s := Slip{Scenario: at, Person: who, Benefit: benefit, IssuedAt: now, NotAfter: now.Add(life)}
	// Of 10^11 numbers few are out at a time: a second draw is rare, a fourth
	// means that the randomness is broken.
	for range 4 {
		n, err := rand.Int(b.cfg.Rand, big.NewInt(1e11))
		if err != nil {
			return Slip{}, fmt.Errorf("scenarios: slip: %w", err)
		}
		digits := fmt.Sprintf("%011d", n)
		s.Number = digits + string('0'+checkDigit(digits))
		if err = b.cfg.Store.Put(ctx, s); err == nil {
			return s, nil
		} else if !errors.Is(err, ErrSlipExists) {
			return Slip{}, fmt.Errorf("scenarios: slip: %w", err)
		}
	}
	return Slip{}, fmt.Errorf("scenarios: slip: %w four times", ErrSlipExists)
}

// Redeem uses a slip up and returns its citizen for a scenario, as a terminal
// does. The error of a slip that is refused is a *SlipError.
func (b *Slips) Redeem(ctx context.Context, number string, at Scenario) (Citizen, error) {
	if !validSlipNumber(number) {
		return Citizen{}, &SlipError{SlipMistyped}
	}
	s, err := b.cfg.Store.Take(ctx, number, at.ID())
	switch {
	case errors.Is(err, ErrNoSlip):
		return Citizen{}, &SlipError{SlipUnknown}
	case err != nil:
		return Citizen{}, fmt.Errorf("take slip: %w", err)
	case b.cfg.Now().After(s.NotAfter):
		return Citizen{}, &SlipError{citycode.Expired.String()}
	}
	c := Citizen{carrier: Paper, showing: slipShowing(number), issuedAt: s.IssuedAt, notAfter: s.NotAfter, known: true, bound: true}
	c.disclose(s.Person, s.Benefit, at.Describe())
	return c, nil
}

func slipShowing(number string) string { return "slip:" + number }

// A SlipError says why a slip is refused.
type SlipError struct{ Reason string }

// Error names the reason.
func (e *SlipError) Error() string { return "scenarios: slip: " + e.Reason }

// checkDigit is that of ISO/IEC 7064 MOD 11,10: it finds every single mistyped
// digit and nearly every pair that changed places.
func checkDigit(digits string) byte {
	p := 10
	for i := range len(digits) {
		if p = (p + int(digits[i]-'0')) % 10; p == 0 {
			p = 10
		}
		p = p * 2 % 11
	}
	return byte((11 - p) % 10)
}

func validSlipNumber(number string) bool {
	if len(number) != SlipDigits {
		return false
	}
	for i := range len(number) {
		if number[i] < '0' || number[i] > '9' {
			return false
		}
	}
	return number[SlipDigits-1] == '0'+checkDigit(number[:SlipDigits-1])
}

var slipTexts = map[string]Text{
	SlipMistyped:              {"凭条号码有误，请重新输入", "The number of the slip is mistyped; please enter it again"},
	SlipUnknown:               {"凭条无效或已使用，请到人工窗口", "This slip is unknown or used; please go to the staffed desk"},
	SlipLocked:                {"输错次数过多，请稍候再试", "Too many wrong numbers; please wait a minute"},
	citycode.Expired.String(): {"凭条已过期，请到人工窗口", "This slip has expired; please go to the staffed desk"},
}

// slipMemory is a store that a restart forgets.
type slipMemory struct {
	mu       sync.Mutex
	byNumber map[string]Slip
}

func (m *slipMemory) Put(ctx context.Context, s Slip) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for number, old := range m.byNumber {
		if s.IssuedAt.After(old.NotAfter) {
			delete(m.byNumber, number)
		}
	}
	if _, taken := m.byNumber[s.Number]; taken {
		return ErrSlipExists
	}
	m.byNumber[s.Number] = s
	return ctx.Err()
}

func (m *slipMemory) Take(ctx context.Context, number string, at ID) (Slip, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.byNumber[number]
	if !ok || s.Scenario != at {
		return Slip{}, ErrNoSlip
	}
	if err := ctx.Err(); err != nil {
		return Slip{}, err
	}
	delete(m.byNumber, number)
	return s, nil
}

// A slipGuard slows down who tries numbers out at one terminal.
type slipGuard struct {
	misses int
	until  time.Time
}

const (
	slipMisses = 5
	slipPause  = time.Minute
)

func (g *slipGuard) locked(now time.Time) bool { return now.Before(g.until) }

func (g *slipGuard) miss(now time.Time) {
	if g.misses++; g.misses >= slipMisses {
		g.misses, g.until = 0, now.Add(slipPause)
	}
}
