package pcsc

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// The messages of pcscd's socket (winscard_msg.h and eventhandler.h of pcsc-lite): C structs in the byte order
// of the machine, a request with a header of size and command, the answer the same struct without one. Protocol
// 4.4 is that of pcscd 1.9.9, and the oldest that 2.x still accepts.
const (
	versionMajor = 4
	versionMinor = 4

	maxReaders      = 16  // PCSCLITE_MAX_READERS_CONTEXTS
	readerNameSize  = 128 // MAX_READERNAME
	maxATR          = 33  // MAX_ATR_SIZE
	readerStateSize = readerNameSize + 4 + 4 + 4 + 36 + 4 + 4
)

type command uint32

const (
	cmdEstablish        command = 0x01
	cmdConnect          command = 0x04
	cmdReconnect        command = 0x05
	cmdDisconnect       command = 0x06
	cmdBeginTransaction command = 0x07
	cmdEndTransaction   command = 0x08
	cmdTransmit         command = 0x09
	cmdStatus           command = 0x0B
	cmdVersion          command = 0x11
	cmdReaders          command = 0x12
	cmdWait             command = 0x13
	cmdStopWaiting      command = 0x14
)

type versionMessage struct {
	Major, Minor int32
	RV           uint32
}

type establishMessage struct{ Scope, Context, RV uint32 }

type connectMessage struct {
	Context          uint32
	Reader           [readerNameSize]byte
	Share, Protocols uint32
	Card             int32
	Active, RV       uint32
}

type reconnectMessage struct {
	Card                                      int32
	Share, Protocols, Disposition, Active, RV uint32
}

type dispositionMessage struct { // disconnect_struct and end_struct
	Card            int32
	Disposition, RV uint32
}

type cardMessage struct { // begin_struct and status_struct
	Card int32
	RV   uint32
}

type transmitMessage struct {
	Card                                                               int32
	SendProtocol, SendPCI, SendLen, RecvProtocol, RecvPCI, RecvLen, RV uint32
}

type waitMessage struct{ Timeout, RV uint32 }

type readerMessage struct {
	Name     [readerNameSize]byte
	Events   uint32
	State    uint32
	Sharing  int32
	ATR      [maxATR]byte
	_        [3]byte
	ATRLen   uint32
	Protocol uint32
}

// ErrDaemon is returned when pcscd hung up, or what came out of the socket is no answer of it. The connection
// is closed then.
var ErrDaemon = errors.New("pcsc: no proper answer of pcscd")

// A socket is a connection to pcscd. After half a message nobody knows where the next begins, so the first
// failure closes it for good.
type socket struct {
	conn    net.Conn
	timeout time.Duration
}

// do runs f, which sends and receives, until ctx or the time allowed ends.
func (s *socket) do(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err // nothing was sent, the connection stands
	}
	stop := context.AfterFunc(ctx, func() { s.conn.Close() })
	defer stop()
	err := s.conn.SetDeadline(time.Now().Add(s.timeout))
	if err == nil {
		err = f()
	}
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	s.conn.Close()
	return err
}

// send writes a request: header, struct (nil for none) and data.
func (s *socket) send(c command, message any, data []byte) error {
	size := 0
	if message != nil {
		size = binary.Size(message)
	}
	b := make([]byte, 0, 8+size+len(data))
	b = binary.NativeEndian.AppendUint32(b, uint32(size))
	b = binary.NativeEndian.AppendUint32(b, uint32(c))
	if message != nil {
		var err error
		if b, err = binary.Append(b, binary.NativeEndian, message); err != nil {
			return err
		}
	}
	_, err := s.conn.Write(append(b, data...))
	return err
}

// receive reads the answer's struct into message.
func (s *socket) receive(message any) error {
	if err := binary.Read(s.conn, binary.NativeEndian, message); err != nil {
		return fmt.Errorf("%w: %w", ErrDaemon, err)
	}
	return nil
}

// call sends message and reads the answer into it.
func (s *socket) call(ctx context.Context, c command, message any) error {
	return s.do(ctx, func() error {
		if err := s.send(c, message, nil); err != nil {
			return err
		}
		return s.receive(message)
	})
}

// readers reads the table of readers, which has always the same size.
func (s *socket) readers() ([]Reader, error) {
	var table [maxReaders]readerMessage
	if err := s.receive(&table); err != nil {
		return nil, err
	}
	var list []Reader
	for i := range table {
		m := &table[i]
		name, _, ok := bytes.Cut(m.Name[:], []byte{0})
		if len(name) == 0 {
			continue
		}
		if !ok || m.ATRLen > maxATR {
			return nil, fmt.Errorf("%w: reader %d", ErrDaemon, i)
		}
		list = append(list, Reader{
			Name:    string(name),
			Present: m.State&statePresent != 0,
			ATR:     bytes.Clone(m.ATR[:m.ATRLen]),
			Events:  m.Events,
		})
	}
	return list, nil
}

// wait asks for the table of readers, and, if ready does not like it, for the next change of it. One answer
// comes to each wait that was registered: of the change, or of its cancellation.
func (s *socket) wait(ctx context.Context, ready func([]Reader) bool) error {
	var cancelled error
	err := s.do(context.Background(), func() error {
		if err := s.send(cmdWait, nil, nil); err != nil {
			return err
		}
		list, err := s.readers()
		if err != nil {
			return err
		}
		stop := func() bool { return true }
		stopped := make(chan error, 1)
		if ready(list) {
			err = s.send(cmdStopWaiting, nil, nil)
		} else {
			err = s.conn.SetReadDeadline(time.Time{}) // a person may take her time
			stop = context.AfterFunc(ctx, func() {
				s.conn.SetDeadline(time.Now().Add(s.timeout))
				stopped <- s.send(cmdStopWaiting, nil, nil)
			})
		}
		if err != nil {
			stop()
			return err
		}
		var m waitMessage
		err = s.receive(&m)
		if !stop() {
			cancelled = ctx.Err()
			err = errors.Join(err, <-stopped)
		}
		if err != nil {
			return err
		}
		if m.RV != 0 && cancelled == nil {
			return Error(m.RV)
		}
		return nil
	})
	return errors.Join(err, cancelled)
}

// readAnswer reads n bytes of an answer, n being bounded by the caller.
func (s *socket) readAnswer(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(s.conn, b); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDaemon, err)
	}
	return b, nil
}
