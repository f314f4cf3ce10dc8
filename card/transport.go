package card

import (
	"context"
	"errors"
)

// The sizes of ISO/IEC 7816-3 §12.1, in bytes. A transport may hold less.
const (
	MaxCommand = 4 + 3 + 65535 + 2 // header, extended Lc, data, extended Le
	MaxAnswer  = 65536 + 2         // data, status word
	MinAnswer  = 2                 // the status word
)

// A Transport carries one command APDU to a card and brings its answer. An answer has at least MinAnswer bytes; a
// transport that gets less returns ErrCardLost. The caller may change both slices after the call. A Transport is for
// one goroutine at a time: commands of two sessions must not mix.
type Transport interface {
	Transmit(command []byte) (answer []byte, err error)
}

// A Resetter is a Transport that can reset its card. Cold means that the supply was cut. It returns the answer to
// reset (ISO/IEC 7816-3 §8). All security state in the card is gone after it.
type Resetter interface {
	Reset(cold bool) (atr []byte, err error)
}

// A ContextTransport is a Transport that can stop waiting. A command that was given up may still have been executed:
// what happened to the card is as unknown as after ErrCardLost.
type ContextTransport interface {
	TransmitContext(ctx context.Context, command []byte) (answer []byte, err error)
}

var (
	// ErrCardLost: the link dropped, or an answer came that is shorter than a status word, as PC/SC gives when a
	// card leaves in the middle of a command. The command may or may not have been executed.
	ErrCardLost = errors.New("card: lost")

	// ErrAnswerTooLong: the card said more than it was asked for, or more than a limit of ours.
	ErrAnswerTooLong = errors.New("card: answer too long")
)

// Transmit sends one command over t, by TransmitContext where t has it, and refuses with ErrCardLost or
// ErrAnswerTooLong what cannot be an answer APDU.
func Transmit(ctx context.Context, t Transport, command []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var answer []byte
	var err error
	if c, ok := t.(ContextTransport); ok {
		answer, err = c.TransmitContext(ctx, command)
	} else {
		answer, err = t.Transmit(command)
	}
	switch {
	case err != nil:
		return nil, err
	case len(answer) < MinAnswer:
		return nil, ErrCardLost
	case len(answer) > MaxAnswer:
		return nil, ErrAnswerTooLong
	}
	return answer, nil
}
