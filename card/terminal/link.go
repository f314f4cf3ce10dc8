package terminal

import (
	"context"
	"errors"
	"time"

	"github.com/citizencode/citizencode/card"
)

// A link is a transport with a time for each command. After a command that was given up, or a lost card, it is dead:
// an answer that came late would be taken for the next one's.
type link struct {
	transport card.Transport
	timeout   time.Duration
	dead      bool
}

var _ card.ContextTransport = (*link)(nil)

func (l *link) Transmit(command []byte) ([]byte, error) {
	return l.TransmitContext(context.Background(), command)
}

func (l *link) TransmitContext(ctx context.Context, command []byte) ([]byte, error) {
	if l.dead {
		return nil, card.ErrCardLost
	}
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	answer, err := l.wait(ctx, command)
	if err != nil && !errors.Is(err, card.ErrAnswerTooLong) {
		l.dead = true
	}
	return answer, err
}

// wait does not trust a transport to come back: one that knows no context, or does not keep to it, is left behind.
func (l *link) wait(ctx context.Context, command []byte) ([]byte, error) {
	type result struct {
		answer []byte
		err    error
	}
	done := make(chan result, 1)
	go func() {
		answer, err := card.Transmit(ctx, l.transport, command)
		done <- result{answer, err}
	}()
	select {
	case r := <-done:
		return r.answer, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
