package partner

import (
	"context"
	"errors"
	"sync"

	"github.com/citizencode/citizencode/citycode"
)

// MaxBindings is how many subjects one [Bindings] holds.
const MaxBindings = 1 << 20

// Bindings is a [Directory] in memory, for a small partner, for tests, and as the
// rules that a large one's database keeps: a subject is bound, suspended, or not
// there. It is safe for concurrent use.
type Bindings struct {
	partner string
	max     int
	mu      sync.RWMutex
	bound   map[Subject]binding
}

type binding struct {
	account   string
	suspended bool
}

var _ Directory = (*Bindings)(nil)

// NewBindings returns an empty directory of the named partner.
func NewBindings(partner string) *Bindings {
	return &Bindings{partner: partner, max: MaxBindings, bound: make(map[Subject]binding)}
}

func (b *Bindings) refuse(r Reason, why string) error {
	e := &Error{Partner: b.partner, Reason: r}
	if why != "" {
		e.Err = errors.New(why)
	}
	return e
}

// Bind joins the subject of a code with an account whose owner the partner has
// before it, logged in. The code must answer a challenge and be shown by its own
// subject.
func (b *Bindings) Bind(citizen *citycode.Verified, account string) error {
	if citizen == nil || account == "" {
		return errors.New("partner: bind: no citizen or no account")
	}
	// A picture of somebody's screen, a minute old, would bind his code to the
	// account of whoever took it.
	if citizen.OneWay() || citizen.Repeated() {
		return b.refuse(NotProven, "the code answers no challenge")
	}
	if _, other := citizen.Delegation(); other {
		return b.refuse(NotProven, "the code is shown for somebody else")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s := SubjectOf(citizen)
	if _, known := b.bound[s]; known {
		return b.refuse(AlreadyBound, "")
	}
	if len(b.bound) >= b.max {
		return b.refuse(Full, "")
	}
	b.bound[s] = binding{account: account}
	return nil
}

// Suspend keeps a binding and lets nobody in by it.
func (b *Bindings) Suspend(s Subject) error { return b.set(s, true) }

// Resume ends a suspension.
func (b *Bindings) Resume(s Subject) error { return b.set(s, false) }

func (b *Bindings) set(s Subject, suspended bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	old, known := b.bound[s]
	if !known {
		return b.refuse(NotBound, "")
	}
	b.bound[s] = binding{old.account, suspended}
	return nil
}

// Unbind forgets a binding: nothing of it is left here. The code itself, and
// every other partner, goes on.
func (b *Bindings) Unbind(s Subject) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, known := b.bound[s]; !known {
		return b.refuse(NotBound, "")
	}
	delete(b.bound, s)
	return nil
}

// Account implements [Directory].
func (b *Bindings) Account(_ context.Context, s Subject) (string, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	switch at, known := b.bound[s]; {
	case !known:
		return "", b.refuse(NotBound, "")
	case at.suspended:
		return "", b.refuse(Suspended, "")
	default:
		return at.account, nil
	}
}
