package jtt1179

import (
	"fmt"
	"sync"
	"time"
)

// Limits of a lane.
const (
	DefaultDebounce = 2 * time.Second
	MaxInterval     = 24 * time.Hour
	// MaxAccounts is how many accounts a lane remembers unless configured.
	MaxAccounts = 1 << 16
)

// A LaneConfig says what a lane holds against a second use.
type LaneConfig struct {
	// Debounce is how long the same account in front of the reader is taken for
	// the same passage; 0: DefaultDebounce.
	Debounce time.Duration
	// Interval is how long an account has to wait after a passage (禁止带人, no
	// companions on one account); 0: no rule.
	Interval time.Duration
	// MaxAccounts is how many are remembered; 0: MaxAccounts.
	MaxAccounts int
}

// A Lane remembers which codes were taken, by account: terminals that compare
// with the last code only take the one before it again. Terminals that stand
// together should share one. It keeps nothing over a restart, so a new one takes
// no code that was generated before it began. It is safe for concurrent use.
type Lane struct {
	cfg   LaneConfig
	now   func() time.Time
	floor int64 // codes generated up to then may have been taken before

	mu   sync.Mutex
	seen map[string]passage
}

type passage struct {
	at, until int64 // seconds of the terminal; it may be forgotten after until
	generated int64 // of the newest code that was taken
}

// NewLane returns a lane that begins now, by the verifier's clock. It may be
// shared with other verifiers whose phones may be no further ahead.
func (v *Verifier) NewLane(cfg LaneConfig) (*Lane, error) {
	if cfg.Debounce == 0 {
		cfg.Debounce = DefaultDebounce
	}
	if cfg.MaxAccounts == 0 {
		cfg.MaxAccounts = MaxAccounts
	}
	if cfg.Debounce < 0 || cfg.Debounce > time.Minute || cfg.Interval < 0 || cfg.Interval > MaxInterval || cfg.MaxAccounts < 0 || cfg.MaxAccounts > MaxAccounts {
		return nil, fmt.Errorf("jtt1179: lane: debounce %s, interval %s, accounts %d", cfg.Debounce, cfg.Interval, cfg.MaxAccounts)
	}
	return &Lane{cfg: cfg, now: v.now, floor: v.now().Unix() + v.ahead, seen: make(map[string]passage)}, nil
}

// Pass takes the code of a ride that [Verifier.Verify] has just returned, once.
// An error is an *Error: Debounced, Replayed, TooSoon or ReplayUnknown. A
// refusal leaves no trace.
func (l *Lane) Pass(r *Ride) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	// By account and time, not by the bytes: the phone can sign the same display
	// a second time.
	account := r.Issuer + string(r.CardAccount)
	now, generated := l.now().Unix(), r.GeneratedAt.Unix()
	if last, known := l.seen[account]; known {
		// After a clock was set back nobody knows how long ago it was.
		ago := time.Duration(now-last.at) * time.Second
		switch {
		case ago >= 0 && ago < l.cfg.Debounce:
			return refuse(Debounced, "")
		case generated <= last.generated:
			return refuse(Replayed, "")
		case ago >= 0 && ago < l.cfg.Interval:
			return refuse(TooSoon, "")
		}
	} else if generated <= l.floor || !l.room(now) {
		return refuse(ReplayUnknown, "")
	}
	// Any older code of the account is too old by then.
	until := max(now+int64(l.cfg.Interval/time.Second), generated+int64(MaxValidity/time.Second))
	l.seen[account] = passage{now, until, generated}
	return nil
}

// room reports whether one more account can be remembered. To forget one that
// is still good would let its code pass again.
func (l *Lane) room(now int64) bool {
	if len(l.seen) < l.cfg.MaxAccounts {
		return true
	}
	for account, p := range l.seen {
		if p.until < now {
			delete(l.seen, account)
		}
	}
	return len(l.seen) < l.cfg.MaxAccounts
}

// Len returns how many accounts are remembered.
func (l *Lane) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.seen)
}
