package tcp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/citizencode/citizencode/card"
)

// DefaultTimeout is how long a Reader waits for one answer.
const DefaultTimeout = 10 * time.Second

// ReaderOptions of the terminal's side. The zero value waits DefaultTimeout for each answer.
type ReaderOptions struct {
	Timeout time.Duration // for one answer
}

// A Reader is the terminal's side of a link. It is a [card.Transport], [card.ContextTransport] and
// [card.Resetter], safe for concurrent use: one command at a time. After the first failure the link is closed
// and every call returns an error that is [card.ErrCardLost]; a card that comes back is a new link.
type Reader struct {
	mu      sync.Mutex
	link    *link
	timeout time.Duration
	atr     []byte
}

// NewReader powers the card at the other end of conn and reads its ATR. It takes conn over.
func NewReader(ctx context.Context, conn net.Conn, o ReaderOptions) (*Reader, error) {
	r := &Reader{link: newLink(conn), timeout: o.Timeout}
	if r.timeout <= 0 {
		r.timeout = DefaultTimeout
	}
	if _, err := r.reset(ctx, true); err != nil {
		return nil, err
	}
	return r, nil
}

// Connect dials a card that waits in [Listen].
func Connect(ctx context.Context, address string, o ReaderOptions) (*Reader, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return NewReader(ctx, conn, o)
}

// ATR returns the answer to the last reset.
func (r *Reader) ATR() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.atr
}

// Transmit sends one command and returns the answer, which is at least two bytes long.
func (r *Reader) Transmit(command []byte) ([]byte, error) {
	return r.TransmitContext(context.Background(), command)
}

// TransmitContext is Transmit until ctx ends. The end of ctx in mid-command closes the link: the answer might
// come later and be taken for the next one's.
func (r *Reader) TransmitContext(ctx context.Context, command []byte) ([]byte, error) {
	if len(command) < 4 || len(command) > MaxFrame {
		return nil, fmt.Errorf("tcp: a command of %d bytes", len(command)) // one byte would read as a control
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var answer []byte
	err := r.exchange(ctx, func() error {
		body, err := r.ask(command)
		if err == nil && len(body) < card.MinAnswer {
			err = fmt.Errorf("%w: an answer of %d bytes", ErrFrame, len(body))
		}
		answer = append([]byte(nil), body...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// Reset resets the card, cold (power off and on) or warm, and returns its ATR.
func (r *Reader) Reset(cold bool) ([]byte, error) { return r.reset(context.Background(), cold) }

func (r *Reader) reset(ctx context.Context, cold bool) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	controls := []byte{controlReset}
	if cold {
		controls = []byte{controlOff, controlOn}
	}
	err := r.exchange(ctx, func() error {
		for _, c := range controls {
			if err := r.link.write([]byte{c}); err != nil {
				return err
			}
		}
		atr, err := r.ask([]byte{controlATR})
		if err == nil && (len(atr) < 2 || len(atr) > MaxATR) {
			err = fmt.Errorf("%w: answer to reset of %d bytes", ErrFrame, len(atr))
		}
		r.atr = append([]byte(nil), atr...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return r.atr, nil
}

// Close hangs up.
func (r *Reader) Close() error {
	// Without the lock: it ends a Transmit that is waiting.
	return r.link.conn.Close()
}

func (r *Reader) ask(body []byte) ([]byte, error) {
	if err := r.link.write(body); err != nil {
		return nil, err
	}
	return r.link.read()
}

// exchange runs f under the time limits. Any failure ends the link, because after half a frame nobody knows
// where the next one begins.
func (r *Reader) exchange(ctx context.Context, f func() error) error {
	err := ctx.Err()
	if err != nil {
		return err // nothing was sent, the link stands
	}
	stop := context.AfterFunc(ctx, func() { r.link.conn.Close() })
	defer stop()
	if err = r.link.conn.SetDeadline(time.Now().Add(r.timeout)); err == nil {
		err = f()
	}
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	r.link.conn.Close()
	if !errors.Is(err, card.ErrCardLost) {
		err = fmt.Errorf("%w: %w", card.ErrCardLost, err)
	}
	return err
}
