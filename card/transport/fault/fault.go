// Package fault puts faults between a terminal and a card: the card is torn away, a bit flips, a message is
// dropped, an answer takes too long or is too much. Which fault comes when is the caller's plan, so that every
// test does the same twice.
//
//	t := fault.New(emulator, fault.At(3, fault.Fault{Kind: fault.TearAnswer}), fault.Options{})
package fault

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/citizencode/citizencode/card"
)

// A Kind is a fault of the link. SPEC.md §13 says where each occurs.
type Kind byte

const (
	// None: the exchange goes through.
	None Kind = iota
	// TearCommand: the card leaves the field before it has the whole command. It does nothing.
	TearCommand
	// TearAnswer: the card does what it was told and leaves before the terminal has the whole answer.
	TearAnswer
	// DropCommand: the command is lost; the card stays in the field and knows nothing of it.
	DropCommand
	// DropAnswer: the card does what it was told, and the answer is lost; the card stays in the field.
	DropAnswer
	// FlipCommand: bit Bit of the command changes on the way.
	FlipCommand
	// FlipAnswer: bit Bit of the answer changes on the way.
	FlipAnswer
	// Pad: Extra bytes stand in front of the answer, as from a card that answers more than was asked.
	Pad
)

// A Fault is what happens to one exchange.
type Fault struct {
	Kind  Kind
	Bit   int           // for the flips: bit 0 is the lowest bit of the first byte; taken modulo the length
	Extra int           // for Pad, in bytes, at most MaxExtra
	Delay time.Duration // before the answer comes, with every kind
}

// MaxExtra bounds Pad.
const MaxExtra = 1 << 20

// A Plan says what happens to an exchange, n counting from 0 over resets and commands. It may be called from
// one goroutine at a time.
type Plan func(n int, command []byte) Fault

// At is the plan of one fault in exchange n.
func At(n int, f Fault) Plan {
	return func(i int, _ []byte) Fault {
		if i == n {
			return f
		}
		return Fault{}
	}
}

// Always is the plan of the same fault in every exchange. With only a delay it is a relay: a card far away
// whose answers come later.
func Always(f Fault) Plan { return func(int, []byte) Fault { return f } }

// Options of the faulty link. The zero value waits by the real clock.
type Options struct {
	Sleep func(time.Duration) // in place of time.Sleep
	// TearAfter, if positive, takes the card away once, after that many bytes of commands and answers together:
	// within a command the card does nothing, within an answer it has done what it was told.
	TearAfter int
}

// A Transport is a link with faults. It is a [card.Transport], [card.ContextTransport] and [card.Resetter],
// safe for concurrent use.
type Transport struct {
	mu      sync.Mutex
	card    card.Transport
	plan    Plan
	options Options
	n       int
	bytes   int
	torn    bool
}

// New returns the link to c. A nil plan has no faults.
func New(c card.Transport, plan Plan, o Options) *Transport {
	if plan == nil {
		plan = Always(Fault{})
	}
	if o.Sleep == nil {
		o.Sleep = time.Sleep
	}
	return &Transport{card: c, plan: plan, options: o}
}

// Torn reports whether the card has left the field.
func (t *Transport) Torn() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.torn
}

// Transmit passes the command on, with the fault of the plan.
func (t *Transport) Transmit(command []byte) ([]byte, error) {
	return t.TransmitContext(context.Background(), command)
}

// TransmitContext is Transmit until ctx ends.
func (t *Transport) TransmitContext(ctx context.Context, command []byte) ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.torn {
		return nil, fmt.Errorf("%w: it is not in the field", card.ErrCardLost)
	}
	f := t.plan(t.n, command)
	t.n++
	command = slices.Clone(command) // the caller's stays as it is
	if f.Kind == FlipCommand {
		flip(command, f.Bit)
	}
	if t.count(len(command)) && f.Kind != DropCommand {
		f.Kind = TearCommand
	}
	switch f.Kind {
	case TearCommand:
		t.torn = true
		return nil, lost("torn away in the command")
	case DropCommand:
		t.options.Sleep(f.Delay)
		return nil, lost("no answer: the command was dropped")
	}
	answer, err := card.Transmit(ctx, t.card, command)
	if err != nil {
		return nil, err
	}
	answer = slices.Clone(answer)
	t.options.Sleep(f.Delay)
	if t.count(len(answer)) {
		f.Kind = TearAnswer
	}
	switch f.Kind {
	case TearAnswer:
		t.torn = true
		return nil, lost("torn away in the answer")
	case DropAnswer:
		return nil, lost("no answer: it was dropped")
	case FlipAnswer:
		flip(answer, f.Bit)
	case Pad:
		answer = append(make([]byte, min(max(f.Extra, 0), MaxExtra)), answer...)
	}
	return answer, nil
}

// Reset brings the card back into the field if it was torn away, which always is a cold reset, and resets it.
// It is an exchange of the plan too: a tear or a drop of any kind loses its answer.
func (t *Transport) Reset(cold bool) ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.plan(t.n, nil)
	t.n++
	cold = cold || t.torn
	t.torn = false
	var atr []byte
	if r, ok := t.card.(card.Resetter); ok {
		var err error
		if atr, err = r.Reset(cold); err != nil {
			return nil, err
		}
	}
	t.options.Sleep(f.Delay)
	switch f.Kind {
	case TearCommand, TearAnswer:
		t.torn = true
		return nil, lost("torn away in the reset")
	case DropCommand, DropAnswer:
		return nil, lost("no answer to reset")
	case FlipAnswer:
		atr = slices.Clone(atr)
		flip(atr, f.Bit)
	}
	return atr, nil
}

// count adds n bytes and reports whether the card is taken away before the last of them has passed.
func (t *Transport) count(n int) bool {
	limit := t.options.TearAfter
	before := t.bytes
	t.bytes += n
	return limit > 0 && before <= limit && t.bytes > limit
}

func lost(why string) error { return fmt.Errorf("%w: %s", card.ErrCardLost, why) }

func flip(b []byte, bit int) {
	if n := 8 * len(b); n > 0 {
		bit = ((bit % n) + n) % n
		b[bit/8] ^= 1 << (bit % 8)
	}
}
