package timing

import (
	"context"

	"github.com/citizencode/citizencode/card"
)

// An Exchange is one command and its answer.
type Exchange struct {
	INS     byte
	Command int // bytes
	Answer  int // bytes, with the status word
}

// A Meter is a transport that counts what goes over it.
type Meter struct {
	Transport card.Transport
	Exchanges []Exchange
}

var _ card.ContextTransport = (*Meter)(nil)

// Transmit implements [card.Transport].
func (m *Meter) Transmit(command []byte) ([]byte, error) {
	return m.TransmitContext(context.Background(), command)
}

// TransmitContext implements [card.ContextTransport].
func (m *Meter) TransmitContext(ctx context.Context, command []byte) ([]byte, error) {
	answer, err := card.Transmit(ctx, m.Transport, command)
	x := Exchange{Command: len(command), Answer: len(answer)}
	if len(command) > 1 {
		x.INS = command[1]
	}
	m.Exchanges = append(m.Exchanges, x)
	return answer, err
}

// Bytes returns how many bytes were exchanged, both ways.
func (m *Meter) Bytes() (n int) {
	for _, x := range m.Exchanges {
		n += x.Command + x.Answer
	}
	return n
}
