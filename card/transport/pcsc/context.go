// Package pcsc talks to cards in real readers through pcscd, the PC/SC daemon of Linux, over its socket and
// without C.
//
//	pc, err := pcsc.Establish(ctx, pcsc.Options{})
//	defer pc.Close()
//	reader, err := pc.WaitForCard(ctx, "")                   // in any reader
//	c, err := pc.Connect(ctx, reader.Name, pcsc.Exclusive)   // a card.Transport
//	answer, err := c.Transmit(command)
//	err = c.Disconnect(pcsc.Reset)
//
// 61xx and 6Cxx come through as the card sent them; following them is the client's job.
package pcsc

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"time"
)

const (
	// SocketVariable is the environment variable that names another socket than DefaultSocket, as in libpcsclite.
	SocketVariable = "PCSCLITE_CSOCK_NAME"
	// DefaultSocket is where pcscd listens.
	DefaultSocket = "/run/pcscd/pcscd.comm"
	// DefaultTimeout is how long an answer of pcscd or of a card may take.
	DefaultTimeout = 10 * time.Second
)

const scopeSystem = 2

// statePresent is the bit of a reader's state that says that a card is in it.
const statePresent = 0x0004

// Options of a connection to pcscd. The zero value connects as every other PC/SC program does.
type Options struct {
	Socket  string        // path of the socket; empty: SocketVariable, then DefaultSocket
	Timeout time.Duration // for one answer, DefaultTimeout if not positive
}

// A Context is a connection to pcscd. It is safe for concurrent use, one request at a time: a program that
// waits for a card in one reader while it talks to another has a Context for each.
type Context struct {
	mu     sync.Mutex
	socket *socket
	handle uint32
}

// A Reader is what pcscd knows of a reader and the card in it.
type Reader struct {
	Name    string
	Present bool
	ATR     []byte
	Events  uint32 // how many times a card came or went; another number is another card
}

// Establish connects to pcscd.
func Establish(ctx context.Context, o Options) (*Context, error) {
	var d net.Dialer
	path := cmp.Or(o.Socket, os.Getenv(SocketVariable), DefaultSocket)
	conn, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("pcsc: is pcscd running? %w", err)
	}
	c, err := establish(ctx, conn, o.Timeout)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

func establish(ctx context.Context, conn net.Conn, timeout time.Duration) (*Context, error) {
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	c := &Context{socket: &socket{conn: conn, timeout: timeout}}
	version := versionMessage{Major: versionMajor, Minor: versionMinor}
	if err := c.socket.call(ctx, cmdVersion, &version); err != nil {
		return nil, err
	}
	if err := check(version.RV); err != nil {
		return nil, fmt.Errorf("%w: pcscd has protocol %d.%d", err, version.Major, version.Minor)
	}
	m := establishMessage{Scope: scopeSystem}
	if err := c.socket.call(ctx, cmdEstablish, &m); err != nil {
		return nil, err
	}
	c.handle = m.Context
	return c, check(m.RV)
}

// Close hangs up, also under a request that is waiting. pcscd then resets a card that is held in a
// transaction and leaves the others as they are.
func (c *Context) Close() error { return c.socket.conn.Close() }

// Readers lists the readers, at most 16.
func (c *Context) Readers(ctx context.Context) ([]Reader, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.readers(ctx)
}

func (c *Context) readers(ctx context.Context) (list []Reader, err error) {
	err = c.socket.do(ctx, func() error {
		if err = c.socket.send(cmdReaders, nil, nil); err != nil {
			return err
		}
		list, err = c.socket.readers()
		return err
	})
	return list, err
}

// WaitForCard waits until there is a card in the reader, or in any reader if the name is empty.
func (c *Context) WaitForCard(ctx context.Context, reader string) (Reader, error) {
	return c.waitFor(ctx, func(r Reader) bool { return r.Present && (reader == "" || r.Name == reader) })
}

// WaitForRemoval waits until the card that last was in the reader has left it.
func (c *Context) WaitForRemoval(ctx context.Context, last Reader) (Reader, error) {
	return c.waitFor(ctx, func(r Reader) bool {
		return r.Name == last.Name && (!r.Present || r.Events != last.Events)
	})
}

func (c *Context) waitFor(ctx context.Context, want func(Reader) bool) (Reader, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found Reader
	ready := func(list []Reader) bool {
		i := slices.IndexFunc(list, want)
		if i >= 0 {
			found = list[i]
		}
		return i >= 0
	}
	for {
		err := c.socket.wait(ctx, ready)
		if found.Name != "" || err != nil {
			return found, err
		}
	}
}
