package pcsc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/card"
)

// Sharing says whether other programs may talk to the card too.
type Sharing uint32

const (
	// Exclusive is for terminals: nobody else can come between two commands of a transaction.
	Exclusive Sharing = 1
	// Shared lets others in; use [Card.Begin] around what belongs together.
	Shared Sharing = 2
)

// Disposition is what becomes of the card when it is let go.
type Disposition uint32

const (
	Leave   Disposition = 0 // as it is, unlocked if it was
	Reset   Disposition = 1 // warm
	Unpower Disposition = 2 // cold
)

// MaxCommand is the longest command in bytes, header and lengths included: the virtual reader frames it with two
// bytes of length. It is a little less than card.MaxCommand.
const MaxCommand = 1<<16 - 1

const (
	protocolT0  = 1
	protocolT1  = 2
	protocolAny = protocolT0 | protocolT1
	pciSize     = 16 // sizeof(SCARD_IO_REQUEST); pcscd hands it on, nobody reads it
)

// retryPeriod is how often Begin and Connect try again what another program or an empty field prevents.
const retryPeriod = 50 * time.Millisecond

// A Card is a connection to a card in a reader. It is a [card.Transport], [card.ContextTransport] and
// [card.Resetter], and as safe for concurrent use as its [Context].
type Card struct {
	context  *Context
	reader   string
	sharing  Sharing
	handle   int32
	protocol uint32
	lost     bool // the handle is dead: only Reset helps
}

// Connect powers the card in the reader and connects to it.
func (c *Context) Connect(ctx context.Context, reader string, sharing Sharing) (*Card, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := &Card{context: c, reader: reader, sharing: sharing}
	if err := k.connect(ctx); err != nil {
		return nil, err
	}
	return k, nil
}

func (k *Card) connect(ctx context.Context) error {
	m := connectMessage{Context: k.context.handle, Share: uint32(k.sharing), Protocols: protocolAny}
	if len(k.reader) >= readerNameSize {
		return UnknownReader
	}
	copy(m.Reader[:], k.reader)
	if err := k.context.socket.call(ctx, cmdConnect, &m); err != nil {
		return err
	}
	k.handle, k.protocol = m.Card, m.Active
	return check(m.RV)
}

// Transmit sends one command and returns the answer, which is at least two bytes long.
func (k *Card) Transmit(command []byte) ([]byte, error) {
	return k.TransmitContext(context.Background(), command)
}

// TransmitContext is Transmit until ctx ends. The end of ctx in mid-command closes the whole [Context], because
// pcscd has no way to call a command back. Whatever fails but a [SharingViolation] is [card.ErrCardLost]: a card that
// leaves in mid-command, an answer that does not come in time, a daemon that dies. The card may or may not have done
// what it was told, and every command after it is refused until Reset.
func (k *Card) TransmitContext(ctx context.Context, command []byte) ([]byte, error) {
	if len(command) < 4 || len(command) > MaxCommand {
		return nil, fmt.Errorf("pcsc: a command of %d bytes", len(command))
	}
	k.context.mu.Lock()
	defer k.context.mu.Unlock()
	if k.lost {
		return nil, card.ErrCardLost
	}
	if err := ctx.Err(); err != nil {
		return nil, err // nothing was sent, the card stands
	}
	answer, err := k.transmit(ctx, command)
	switch {
	case err == nil:
		return answer, nil
	case errors.Is(err, SharingViolation):
		return nil, err // the one code that says for sure that nothing was sent
	case !errors.Is(err, card.ErrCardLost):
		err = fmt.Errorf("%w: %w", card.ErrCardLost, err)
	}
	k.lost = true
	return nil, err
}

func (k *Card) transmit(ctx context.Context, command []byte) (answer []byte, err error) {
	s := k.context.socket
	m := transmitMessage{
		Card: k.handle, SendProtocol: k.protocol, SendPCI: pciSize, SendLen: uint32(len(command)),
		RecvProtocol: protocolAny, RecvPCI: pciSize, RecvLen: card.MaxAnswer,
	}
	err = s.do(ctx, func() error {
		if err := s.send(cmdTransmit, &m, command); err != nil {
			return err
		}
		if err := s.receive(&m); err != nil {
			return err
		}
		if m.RV != 0 {
			return nil // no data follows
		}
		if m.RecvLen > card.MaxAnswer {
			return fmt.Errorf("%w: %w: %d bytes", ErrDaemon, card.ErrAnswerTooLong, m.RecvLen)
		}
		answer, err = s.readAnswer(int(m.RecvLen))
		return err
	})
	if err == nil {
		err = check(m.RV)
	}
	if err == nil && len(answer) < card.MinAnswer {
		// pcscd calls it a success when the card drops the link in mid-command.
		err = fmt.Errorf("%w: pcscd returned %d bytes", card.ErrCardLost, len(answer))
	}
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// Status returns nil while the card is there and nobody has reset it.
func (k *Card) Status(ctx context.Context) error {
	k.context.mu.Lock()
	defer k.context.mu.Unlock()
	m := cardMessage{Card: k.handle}
	if err := k.context.socket.call(ctx, cmdStatus, &m); err != nil {
		return err
	}
	return check(m.RV)
}

// Begin starts a transaction: until End no other program gets at the card. It waits for others as long as
// ctx lasts.
func (k *Card) Begin(ctx context.Context) error {
	return retry(ctx, func(err error) bool { return errors.Is(err, SharingViolation) }, func() error {
		k.context.mu.Lock()
		defer k.context.mu.Unlock()
		m := cardMessage{Card: k.handle}
		if err := k.context.socket.call(ctx, cmdBeginTransaction, &m); err != nil {
			return err
		}
		return check(m.RV)
	})
}

// End ends the transaction.
func (k *Card) End(d Disposition) error { return k.dispose(cmdEndTransaction, d) }

// Disconnect lets the card go. A card that was lost wants Reset: with Leave the reader keeps refusing commands
// until the card has really been away.
func (k *Card) Disconnect(d Disposition) error { return k.dispose(cmdDisconnect, d) }

func (k *Card) dispose(c command, d Disposition) error {
	k.context.mu.Lock()
	defer k.context.mu.Unlock()
	m := dispositionMessage{Card: k.handle, Disposition: uint32(d)}
	if err := k.context.socket.call(context.Background(), c, &m); err != nil {
		return err
	}
	return check(m.RV)
}

// Reset resets the card and returns its ATR. A card that was lost is let go first; then Reset waits until one
// is in the reader again, at most the time that Options allow for an answer. It may be another card: ask it.
func (k *Card) Reset(cold bool) (atr []byte, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), k.context.socket.timeout)
	defer cancel()
	return k.ResetContext(ctx, cold)
}

// ResetContext is Reset with the caller's limit of time.
func (k *Card) ResetContext(ctx context.Context, cold bool) (atr []byte, err error) {
	k.context.mu.Lock()
	lost := k.lost
	k.context.mu.Unlock()
	d := Reset
	if cold {
		d = Unpower
	}
	if !lost {
		atr, err = k.reconnect(ctx, d)
		if !errors.Is(err, card.ErrCardLost) {
			return atr, err
		}
	}
	_ = k.Disconnect(Reset) // of a handle that is dead already; connecting tells how things are
	err = retry(ctx, func(err error) bool { return errors.Is(err, card.ErrCardLost) }, func() error {
		k.context.mu.Lock()
		defer k.context.mu.Unlock()
		return k.connect(ctx)
	})
	if err != nil {
		return nil, err
	}
	return k.reconnect(ctx, d)
}

func (k *Card) reconnect(ctx context.Context, d Disposition) ([]byte, error) {
	k.context.mu.Lock()
	defer k.context.mu.Unlock()
	m := reconnectMessage{Card: k.handle, Share: uint32(k.sharing), Protocols: protocolAny, Disposition: uint32(d)}
	if err := k.context.socket.call(ctx, cmdReconnect, &m); err != nil {
		return nil, err
	}
	if err := check(m.RV); err != nil {
		return nil, err
	}
	k.protocol, k.lost = m.Active, false
	list, err := k.context.readers(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range list {
		if r.Name == k.reader && r.Present {
			return r.ATR, nil
		}
	}
	return nil, NoSmartcard
}

// retry calls f until it returns something else than what again knows, or ctx ends. Then the error is that of
// ctx and what stood in the way.
func retry(ctx context.Context, again func(error) bool, f func() error) error {
	var last error
	for {
		err := f()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil && last != nil:
			return fmt.Errorf("%w: %w", ctx.Err(), last)
		case !again(err):
			return err
		}
		last = err
		select {
		case <-ctx.Done():
		case <-time.After(retryPeriod):
		}
	}
}
