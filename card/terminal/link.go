package terminal

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"time"

	"github.com/citizencode/citizencode/card"
)

// A link is a transport with a time for each command. After a command that was given up, or a lost card, it is dead:
// an answer that came late would be taken for the next one's.
type link struct {
	transport card.Transport
	readers   *readers
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

// wait does not trust a transport to come back: one that knows no context, or does not keep to it, is left behind, and
// nothing is sent over it until it has come back. So there is never more than one goroutine behind a reader.
func (l *link) wait(ctx context.Context, command []byte) ([]byte, error) {
	if !l.readers.enter(l.transport) {
		return nil, errWaiting
	}
	type result struct {
		answer []byte
		err    error
	}
	done := make(chan result, 1)
	go func() {
		answer, err := card.Transmit(ctx, l.transport, command)
		l.readers.leave(l.transport)
		done <- result{answer, err}
	}()
	select {
	case r := <-done:
		return r.answer, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

var errWaiting = errors.New("terminal: the transport has not come back from another command")

// readers are the transports that a command is under way on. One whose value cannot be compared is not found again, and
// is its caller's to keep apart.
type readers struct {
	mu   sync.Mutex
	busy map[card.Transport]bool
}

func (r *readers) enter(t card.Transport) bool {
	if !reflect.ValueOf(t).Comparable() {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy[t] {
		return false
	}
	if r.busy == nil {
		r.busy = make(map[card.Transport]bool)
	}
	r.busy[t] = true
	return true
}

func (r *readers) leave(t card.Transport) {
	if !reflect.ValueOf(t).Comparable() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.busy, t)
}
