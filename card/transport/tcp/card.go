package tcp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/citizencode/citizencode/card"
)

// DefaultATR is answered for a card that is no [card.Resetter]: direct convention, T=1, no historical bytes.
var DefaultATR = [...]byte{0x3B, 0x80, 0x80, 0x01, 0x01}

// DefaultAbsence is how long a virtual card stays away once it has left. pcscd looks at its readers every 400 ms; one
// that comes back before it was missed wedges the reader until it has really been away.
const DefaultAbsence = 600 * time.Millisecond

// Options of the card's side. The zero value serves every card.
type Options struct {
	ATR     []byte        // in place of DefaultATR; a card.Resetter answers for itself
	Absence time.Duration // of Keep, between two stays; DefaultAbsence if not positive
}

// ErrUnpowered is returned when a reader sends a command to a card that it has switched off.
var ErrUnpowered = errors.New("tcp: a command without power")

// Serve is the card's side of conn until the reader hangs up (nil), ctx ends (its error) or something fails.
// It closes conn. The card is reset cold at the start, so no reader inherits what another one had unlocked.
//
// When the card answers with an error or with fewer than two bytes, it has left the field: the link is dropped
// in mid-command, which a reader sees as a card torn away, and the error is returned.
func Serve(ctx context.Context, conn net.Conn, c card.Transport, o Options) error {
	return serve(ctx, newLink(conn), c, o)
}

func serve(ctx context.Context, l *link, c card.Transport, o Options) error {
	stop := context.AfterFunc(ctx, func() { l.conn.Close() })
	defer stop()
	defer l.conn.Close()
	s := session{card: c, atr: o.ATR}
	if len(s.atr) == 0 {
		s.atr = DefaultATR[:]
	}
	err := s.reset(true)
	for err == nil {
		var body []byte
		if body, err = l.read(); err != nil {
			break
		}
		var answer []byte
		if answer, err = s.handle(ctx, body); err == nil && answer != nil {
			err = l.write(answer)
		}
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, io.EOF):
		return nil
	}
	return err
}

// Dial pushes a card into the reader that listens at address ("127.0.0.1:35963") and serves it until the
// reader hangs up or ctx ends.
func Dial(ctx context.Context, address string, c card.Transport, o Options) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return Serve(ctx, conn, c, o)
}

// Keep is Dial again and again until ctx ends, whose error it returns: a card that is held to the reader once more each
// time that it was torn away, and once the reader is there. Why a stay ended is handed to report, which may be nil.
func Keep(ctx context.Context, address string, c card.Transport, o Options, report func(error)) error {
	if o.Absence <= 0 {
		o.Absence = DefaultAbsence
	}
	for {
		err := Dial(ctx, address, c, o)
		if err != nil && ctx.Err() == nil && report != nil {
			report(err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(o.Absence):
		}
	}
}

// Listen serves a card to one terminal after another on ln until ctx ends. It closes ln. A card is in
// one field at a time: the next terminal waits until the one before has hung up. What goes wrong with one
// of them is handed to report, which may be nil, and the next is served.
func Listen(ctx context.Context, ln net.Listener, c card.Transport, o Options, report func(error)) error {
	stop := context.AfterFunc(ctx, func() { ln.Close() })
	defer stop()
	defer ln.Close()
	for {
		conn, err := ln.Accept()
		if err == nil {
			err = Serve(ctx, conn, c, o)
			if err != nil && ctx.Err() == nil && report != nil {
				report(err)
			}
			err = nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}

// A session is one stay of a card in one field.
type session struct {
	card card.Transport
	atr  []byte
	off  bool
}

// handle returns the answer to one frame, nil for a control that has none.
func (s *session) handle(ctx context.Context, body []byte) ([]byte, error) {
	if len(body) == 1 {
		switch body[0] {
		case controlOff:
			s.off = true
			return nil, nil
		case controlOn:
			return nil, s.reset(true)
		case controlReset:
			return nil, s.reset(false)
		case controlATR:
			return s.atr, nil // vpcd asks every 400 ms, with or without power, to see whether the card is there
		}
		return nil, fmt.Errorf("%w: control %02X", ErrFrame, body[0])
	}
	if s.off {
		return nil, ErrUnpowered
	}
	return card.Transmit(ctx, s.card, body)
}

func (s *session) reset(cold bool) error {
	s.off = false
	r, ok := s.card.(card.Resetter)
	if !ok {
		return nil
	}
	atr, err := r.Reset(cold)
	switch {
	case err != nil:
		return err
	case len(atr) == 0: // a wrapper around a card that is no Resetter
		return nil
	case len(atr) < 2 || len(atr) > MaxATR: // TS and T0 at least; one byte would read as a control
		return fmt.Errorf("%w: answer to reset of %d bytes", ErrFrame, len(atr))
	}
	s.atr = atr
	return nil
}
