// Package memory is the link to a card in the same process. It adds to the card what a reader has: one command
// at a time, and bytes that are nobody else's.
package memory

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/citizencode/citizencode/card"
)

// A Transport is safe for concurrent use. It is a [card.Transport], [card.ContextTransport] and
// [card.Resetter].
type Transport struct {
	mu   sync.Mutex
	card card.Transport
}

// New returns the link to c.
func New(c card.Transport) *Transport { return &Transport{card: c} }

// Transmit sends one command and returns the answer.
func (t *Transport) Transmit(command []byte) ([]byte, error) {
	return t.TransmitContext(context.Background(), command)
}

// TransmitContext is Transmit, which is not begun when ctx has ended.
func (t *Transport) TransmitContext(ctx context.Context, command []byte) ([]byte, error) {
	if len(command) < 4 || len(command) > card.MaxCommand {
		return nil, fmt.Errorf("memory: a command of %d bytes", len(command))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	answer, err := card.Transmit(ctx, t.card, slices.Clone(command))
	return slices.Clone(answer), err
}

// Reset resets the card if it can be reset; one that cannot returns no ATR.
func (t *Transport) Reset(cold bool) ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r, ok := t.card.(card.Resetter); ok {
		return r.Reset(cold)
	}
	return nil, nil
}
