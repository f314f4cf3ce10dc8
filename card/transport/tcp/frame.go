// Package tcp carries APDUs over a TCP link in the framing of vpcd, the virtual reader of the project
// vsmartcard: two bytes of length, big-endian, and a body. A body of one byte steers the power, any longer
// one is a command, and the answer comes in a frame of its own.
//
// The card's side is [Serve]; with [Dial] and [Keep] the card is pushed into a vpcd, which listens, and with
// [Listen] it waits for a terminal. The terminal's side is [Reader].
//
//	err := tcp.Dial(ctx, "127.0.0.1:35963", emulator, tcp.Options{})    // the card appears in "Virtual PCD 00 00"
//	reader, err := tcp.Connect(ctx, "127.0.0.1:4000", tcp.ReaderOptions{})   // a terminal and a card, without PC/SC
//
// There is no secrecy and no authentication in it: whoever reaches the port is a reader or a card. It is for
// tests, for demonstrations and for a machine's own loopback.
package tcp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/citizencode/citizencode/card"
)

const (
	// MaxFrame is the longest body of a frame, in bytes: what two bytes of length can say.
	MaxFrame = 1<<16 - 1
	// MaxATR is the longest answer to reset, in bytes (ISO/IEC 7816-3 §8.2).
	MaxATR = 33
)

// The bodies of one byte (vpcd.h of vsmartcard). Only controlATR is answered.
const (
	controlOff   = 0
	controlOn    = 1
	controlReset = 2
	controlATR   = 4
)

// ErrFrame is returned for a frame that neither side of this protocol sends.
var ErrFrame = errors.New("tcp: malformed frame")

// A link reads and writes frames. Not safe for concurrent use.
type link struct {
	conn net.Conn
	ack  func(net.Conn) error
	in   []byte // body of the last frame
	out  []byte
}

func newLink(conn net.Conn) *link { return &link{conn: conn, ack: quickAck} }

// read returns the body of the next frame, valid until the next call. io.EOF means that the other side closed
// the link between two frames.
func (l *link) read() ([]byte, error) {
	var head [2]byte
	if err := l.fill(head[:]); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint16(head[:]))
	if n == 0 {
		return nil, fmt.Errorf("%w: an empty body", ErrFrame)
	}
	if cap(l.in) < n {
		l.in = make([]byte, n)
	}
	l.in = l.in[:n]
	if err := l.fill(l.in); err != nil {
		return nil, unexpected(err)
	}
	return l.in, nil
}

// fill reads len(b) bytes. vpcd 3.3 sends length and body in two packets with Nagle's algorithm on, so the
// body waits for the acknowledgement of the length, which this side's kernel delays by 40 ms. The option that
// acknowledges at once holds only for a while, so it is set after every read.
func (l *link) fill(b []byte) error {
	for n := 0; n < len(b); {
		m, err := l.conn.Read(b[n:])
		n += m
		if err == nil {
			err = l.ack(l.conn)
		}
		switch {
		case n == len(b):
			return nil
		case err != nil && n > 0:
			return unexpected(err)
		case err != nil:
			return err
		}
	}
	return nil
}

// write sends body as one frame in one packet, for a reader that has the fault described at fill.
func (l *link) write(body []byte) error {
	if len(body) > MaxFrame {
		return fmt.Errorf("%w: %d bytes in a frame", card.ErrAnswerTooLong, len(body))
	}
	l.out = binary.BigEndian.AppendUint16(l.out[:0], uint16(len(body)))
	l.out = append(l.out, body...)
	_, err := l.conn.Write(l.out)
	return err
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
