package pcsc

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var order = binary.NativeEndian

// A daemon is a pcscd with one reader, whose answers a test bends. Offsets are those of the C structs.
type daemon struct {
	conn    net.Conn
	present bool
	answer  []byte // of the card
	bend    func(c command, answer []byte) []byte
	hangup  bool // behind the next answer
	seen    []command
	waiting bool
	change  chan func(*daemon) // something happens in the reader
}

const deviceName = "Device 00 00"

// connect starts a daemon and returns it and a Context on it.
func start(t *testing.T, d *daemon) (*Context, error) {
	t.Helper()
	client, server := net.Pipe()
	d.conn, d.change = server, make(chan func(*daemon), 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.serve()
	}()
	t.Cleanup(func() {
		client.Close()
		<-done
	})
	return establish(t.Context(), client, time.Minute)
}

type request struct {
	command command
	body    []byte
	data    []byte
}

func (d *daemon) serve() {
	defer d.conn.Close()
	requests := make(chan request)
	gone := make(chan struct{})
	defer close(gone)
	go func() {
		defer close(requests)
		for {
			var head [8]byte
			if _, err := io.ReadFull(d.conn, head[:]); err != nil {
				return
			}
			r := request{command: command(order.Uint32(head[4:])), body: make([]byte, order.Uint32(head[:]))}
			if _, err := io.ReadFull(d.conn, r.body); err != nil {
				return
			}
			if r.command == cmdTransmit {
				r.data = make([]byte, order.Uint32(r.body[12:]))
				if _, err := io.ReadFull(d.conn, r.data); err != nil {
					return
				}
			}
			select {
			case requests <- r:
			case <-gone:
				return
			}
		}
	}()
	for {
		select {
		case r, ok := <-requests:
			if !ok {
				return
			}
			hangup := d.hangup // the test may set it as soon as it has the answer
			d.seen = append(d.seen, r.command)
			answer := d.handle(r)
			if d.bend != nil {
				answer = d.bend(r.command, answer)
			}
			if _, err := d.conn.Write(answer); err != nil || hangup {
				return
			}
		case f := <-d.change:
			f(d)
			if d.waiting {
				d.waiting = false
				if _, err := d.conn.Write(make([]byte, 8)); err != nil {
					return
				}
			}
		}
	}
}

func (d *daemon) handle(r request) []byte {
	b := r.body
	switch r.command {
	case cmdEstablish:
		order.PutUint32(b[4:], 0x1234)
	case cmdConnect:
		order.PutUint32(b[140:], 7)
		order.PutUint32(b[144:], protocolT1)
		if !d.present {
			order.PutUint32(b[148:], uint32(NoSmartcard))
		}
	case cmdReconnect:
		order.PutUint32(b[16:], protocolT1)
		if !d.present {
			order.PutUint32(b[20:], uint32(RemovedCard))
		}
	case cmdTransmit:
		order.PutUint32(b[24:], uint32(len(d.answer)))
		return append(b, d.answer...)
	case cmdReaders:
		return d.table()
	case cmdWait:
		d.waiting = true
		return d.table()
	case cmdStopWaiting:
		if !d.waiting {
			return nil
		}
		d.waiting = false
		return make([]byte, 8)
	}
	return b
}

func (d *daemon) table() []byte {
	b := make([]byte, 16*184)
	copy(b, deviceName)
	order.PutUint32(b[128:], 3)
	state := uint32(2)
	if d.present {
		state = 0x34
		copy(b[140:], []byte{0x3B, 0x00})
		order.PutUint32(b[176:], 2)
	}
	order.PutUint32(b[132:], state)
	return b
}

// connected returns a card in a daemon whose answers are then bent.
func connected(t *testing.T, d *daemon) *Card {
	t.Helper()
	d.present = true
	bend, hangup := d.bend, d.hangup
	d.bend, d.hangup = nil, false
	c, err := start(t, d)
	require.NoError(t, err)
	k, err := c.Connect(context.Background(), deviceName, Exclusive)
	require.NoError(t, err)
	d.bend, d.hangup = bend, hangup
	return k
}

// set changes four bytes of the answer to one command.
func set(of command, at int, value uint32) func(command, []byte) []byte {
	return func(c command, answer []byte) []byte {
		if c != of {
			return answer
		}
		answer = slices.Clone(answer)
		order.PutUint32(answer[at:], value)
		return answer
	}
}
