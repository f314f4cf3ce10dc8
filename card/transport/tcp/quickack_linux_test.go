package tcp

import (
	"bytes"
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type echo struct{}

func (echo) Transmit(command []byte) ([]byte, error) {
	return append(bytes.Clone(command), 0x90, 0x00), nil
}

// counted counts the reads that brought something.
type counted struct {
	net.Conn
	reads int
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.reads++
	}
	return n, err
}

// The trap of vpcd 3.3: each packet that is read must be acknowledged at once. The reader below sends length and
// body in two packets, as vpcd does.
func TestEveryReadIsAcknowledged(t *testing.T) {
	reader, side := net.Pipe()
	c := &counted{Conn: side}
	l := newLink(c)
	acks, order := 0, true
	l.ack = func(net.Conn) error {
		acks++
		order = order && acks == c.reads
		return nil
	}
	done := make(chan error, 1)
	go func() { done <- serve(t.Context(), l, echo{}, Options{}) }()
	const commands = 20
	for range commands {
		for _, part := range [][]byte{{0, 4}, {0, 0x84, 0, 0}} {
			_, err := reader.Write(part)
			require.NoError(t, err)
		}
		answer := make([]byte, 8)
		_, err := reader.Read(answer)
		require.NoError(t, err)
	}
	reader.Close()
	require.NoError(t, <-done)
	assert.Equal(t, 2*commands, acks)
	assert.True(t, order, "an acknowledgement came late")
}

// quickAck takes a connection out of the mode in which the kernel delays acknowledgements.
func TestQuickAck(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	conn, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	require.NoError(t, err)
	mode := func() (value int) {
		require.NoError(t, raw.Control(func(fd uintptr) {
			value, err = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK)
		}))
		require.NoError(t, err)
		return value
	}
	require.NoError(t, raw.Control(func(fd uintptr) {
		err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 0)
	}))
	require.NoError(t, err)
	require.Equal(t, 0, mode())
	require.NoError(t, quickAck(conn))
	assert.Equal(t, 1, mode())
}
