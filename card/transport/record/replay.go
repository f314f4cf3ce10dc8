package record

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"github.com/citizencode/citizencode/card"
)

// ErrOtherCommand is returned when a terminal does something else than the record says.
var ErrOtherCommand = errors.New("record: not what was recorded")

// A Replay is a card that knows one conversation. It is a [card.Transport] and [card.Resetter], safe for
// concurrent use.
type Replay struct {
	mu     sync.Mutex
	record *Record
	next   int
}

// Replay returns a card that answers as this record does, from its beginning.
func (r *Record) Replay() *Replay { return &Replay{record: r} }

// Transmit answers the next command of the record. Another command is ErrOtherCommand, and the record stays
// where it is; where it has no answer, the error is [card.ErrCardLost].
func (p *Replay) Transmit(command []byte) ([]byte, error) {
	return p.step(func(e *Exchange) bool {
		n := len(e.Command)
		return e.Reset == None && len(command) == n+e.Hidden && bytes.Equal(command[:n], e.Command)
	}, fmt.Sprintf("command %X", command[:min(len(command), 5)]))
}

// Reset answers the next reset of the record.
func (p *Replay) Reset(cold bool) ([]byte, error) {
	want, name := Warm, "reset warm"
	if cold {
		want, name = Cold, "reset cold"
	}
	return p.step(func(e *Exchange) bool { return e.Reset == want }, name)
}

// Left returns how many exchanges have not been played.
func (p *Replay) Left() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.record.Exchanges) - p.next
}

func (p *Replay) step(matches func(*Exchange) bool, got string) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next == len(p.record.Exchanges) {
		return nil, fmt.Errorf("%w: %s after the end", ErrOtherCommand, got)
	}
	e := &p.record.Exchanges[p.next]
	if !matches(e) {
		return nil, fmt.Errorf("%w: %s in place of line %d", ErrOtherCommand, got, e.Line)
	}
	p.next++
	if e.Answer == nil {
		return nil, fmt.Errorf("%w: %s", card.ErrCardLost, e.Failure)
	}
	return bytes.Clone(e.Answer), nil
}
