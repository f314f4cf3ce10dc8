package record

import (
	"context"
	"io"
	"slices"
	"sync"

	"github.com/citizencode/citizencode/card"
)

// Options of a Recorder. The zero value hides PINs.
type Options struct {
	// InsecurePINs writes PINs down. For test cards.
	InsecurePINs bool
}

// A Recorder passes everything on to a card and writes it down. Safe for concurrent use.
type Recorder struct {
	mu      sync.Mutex
	card    card.Transport
	w       io.Writer
	options Options
	begun   bool
	err     error
}

// NewRecorder returns a Recorder that writes to w. The names of cards and the balances of purses stand in what
// it writes: it is for tests and for finding faults, with the leave of whoever holds the card.
func NewRecorder(c card.Transport, w io.Writer, o Options) *Recorder {
	return &Recorder{card: c, w: w, options: o}
}

// Err returns the first error of the writer. A record that cannot be written does not stop a terminal.
func (r *Recorder) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// Transmit is the card's.
func (r *Recorder) Transmit(command []byte) ([]byte, error) {
	return r.TransmitContext(context.Background(), command)
}

// TransmitContext is the card's.
func (r *Recorder) TransmitContext(ctx context.Context, command []byte) (answer []byte, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := Exchange{Command: slices.Clone(command)} // now: the card may scribble on its command
	if n := len(command); !r.options.InsecurePINs && carriesPIN(command) {
		e.Command, e.Hidden = e.Command[:5], n-5
	}
	answer, err = card.Transmit(ctx, r.card, command)
	r.write(e, answer, err)
	return answer, err
}

// Reset is the card's; one that has none returns no ATR, and no line is written.
func (r *Recorder) Reset(cold bool) (atr []byte, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, ok := r.card.(card.Resetter)
	if !ok {
		return nil, nil
	}
	e := Exchange{Reset: Warm}
	if cold {
		e.Reset = Cold
	}
	atr, err = c.Reset(cold)
	r.write(e, atr, err)
	return atr, err
}

func (r *Recorder) write(e Exchange, answer []byte, err error) {
	if r.err != nil {
		return
	}
	text := ""
	if !r.begun {
		text, r.begun = Header+"\n", true
	}
	switch {
	case err != nil:
		e.Failure = err.Error()
	case len(answer) < card.MinAnswer: // of a Reset
		e.Failure = "no answer"
	default:
		e.Answer = answer
	}
	_, r.err = io.WriteString(r.w, text+e.String())
}

// carriesPIN knows the commands whose data is a PIN or contains one: VERIFY, CHANGE REFERENCE DATA and RESET
// RETRY COUNTER of ISO/IEC 7816-4, and RELOAD/CHANGE PIN of PBOC. In every class and of every length, because
// a mistake in the rest of the command must not give the PIN away.
func carriesPIN(command []byte) bool {
	if len(command) <= 5 {
		return false
	}
	switch command[1] {
	case 0x20, 0x21, 0x24, 0x25, 0x2C, 0x2D, 0x5E:
		return true
	}
	return false
}
