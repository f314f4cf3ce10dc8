package tcp_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/transport/tcp"
)

var atr = []byte{0x3B, 0x81, 0x80, 0x01, 0xAA, 0xAA}

// A chip answers with the command and 9000, and with other things in the classes F0 to F3.
type chip struct {
	log    []string
	resets int
}

func (c *chip) Transmit(command []byte) ([]byte, error) {
	switch command[0] {
	case 0xF0:
		return []byte{0x90}, nil
	case 0xF1:
		return nil, errors.New("torn away")
	case 0xF2:
		return make([]byte, tcp.MaxFrame), nil
	case 0xF3:
		return make([]byte, tcp.MaxFrame+1), nil
	}
	return append(bytes.Clone(command), 0x90, 0x00), nil
}

func (c *chip) Reset(cold bool) ([]byte, error) {
	c.resets++
	c.log = append(c.log, map[bool]string{true: "cold", false: "warm"}[cold])
	return atr, nil
}

// insert serves c at one end of a pipe and returns the other end, and a function that waits for the end.
func insert(t *testing.T, ctx context.Context, c card.Transport) (net.Conn, func() error) {
	t.Helper()
	reader, side := net.Pipe()
	t.Cleanup(func() { reader.Close() })
	done := make(chan error, 1)
	go func() { done <- tcp.Serve(ctx, side, c, tcp.Options{}) }()
	return reader, func() error { return <-done }
}

func frame(body ...byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(body))), body...)
}

// The bytes that vpcd sends when a card comes, is used and is let go, and the bytes that it gets.
func TestServeVPCD(t *testing.T) {
	c := &chip{}
	conn, wait := insert(t, t.Context(), c)
	for _, step := range []struct{ send, want []byte }{
		{frame(4), frame(atr...)}, // presence
		{frame(1), nil},           // power on
		{frame(4), frame(atr...)},
		{frame(0x00, 0x84, 0x00, 0x00, 0x08), frame(0x00, 0x84, 0x00, 0x00, 0x08, 0x90, 0x00)},
		{frame(2), nil}, // reset
		{frame(0), nil}, // power off
		{frame(4), frame(atr...)},
	} {
		_, err := conn.Write(step.send)
		require.NoError(t, err)
		got := make([]byte, len(step.want))
		_, err = io.ReadFull(conn, got)
		require.NoError(t, err)
		assert.Equal(t, step.want, append([]byte(nil), got...)[:len(got):len(got)])
	}
	conn.Close()
	require.NoError(t, wait())
	assert.Equal(t, []string{"cold", "cold", "warm"}, c.log)
}

// What neither side may send ends the link, and says why.
func TestServeRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		send []byte
		want error
	}{
		"empty body":            {[]byte{0, 0}, tcp.ErrFrame},
		"unknown control":       {frame(3), tcp.ErrFrame},
		"command without power": {append(frame(0), frame(0, 0x84, 0, 0)...), tcp.ErrUnpowered},
		"half a length":         {[]byte{0}, io.ErrUnexpectedEOF},
		"half a body":           {[]byte{0, 9, 1}, io.ErrUnexpectedEOF},
		"card says one byte":    {frame(0xF0, 0, 0, 0), card.ErrCardLost},
		"card fails":            {frame(0xF1, 0, 0, 0), nil},
		"card says too much":    {frame(0xF3, 0, 0, 0), card.ErrAnswerTooLong},
	} {
		t.Run(name, func(t *testing.T) {
			conn, wait := insert(t, t.Context(), &chip{})
			_, err := conn.Write(test.send)
			require.NoError(t, err)
			if errors.Is(test.want, io.ErrUnexpectedEOF) {
				conn.Close()
			} else {
				answer, err := io.ReadAll(conn)
				require.NoError(t, err)
				assert.Empty(t, answer, "the link must drop without an answer")
			}
			err = wait()
			require.Error(t, err)
			if test.want != nil {
				assert.ErrorIs(t, err, test.want)
			}
		})
	}
}

func TestServeEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, wait := insert(t, ctx, &chip{})
	cancel()
	assert.ErrorIs(t, wait(), context.Canceled)
}

// A card that is no Resetter has an ATR all the same.
func TestDefaultATR(t *testing.T) {
	conn, _ := insert(t, t.Context(), struct{ card.Transport }{&chip{}})
	r, err := tcp.NewReader(t.Context(), conn, tcp.ReaderOptions{})
	require.NoError(t, err)
	assert.Equal(t, tcp.DefaultATR[:], r.ATR())
}

// A terminal and a card over real TCP, one terminal after the other: the second one gets a card that was reset.
func TestListen(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	c := &chip{}
	reports := make(chan error, 1)
	done := make(chan error, 1)
	go func() {
		done <- tcp.Listen(ctx, ln, c, tcp.Options{}, func(err error) { reports <- err })
	}()
	for range 2 {
		r, err := tcp.Connect(ctx, ln.Addr().String(), tcp.ReaderOptions{})
		require.NoError(t, err)
		assert.Equal(t, atr, r.ATR())
		for _, n := range []int{4, 5, 261, 262, 65533} {
			command := make([]byte, n)
			answer, err := r.Transmit(command)
			require.NoError(t, err)
			assert.Equal(t, append(command, 0x90, 0x00), answer)
		}
		answer, err := r.Transmit([]byte{0xF2, 0, 0, 0})
		require.NoError(t, err)
		assert.Len(t, answer, tcp.MaxFrame)
		got, err := r.Reset(false)
		require.NoError(t, err)
		assert.Equal(t, atr, got)
		_, err = r.Transmit([]byte{0xF1, 0, 0, 0})
		assert.ErrorIs(t, err, card.ErrCardLost)
		_, err = r.Transmit([]byte{0, 0, 0, 0})
		assert.ErrorIs(t, err, card.ErrCardLost)
		_, err = r.Reset(true)
		assert.ErrorIs(t, err, card.ErrCardLost)
		r.Close()
		assert.ErrorContains(t, <-reports, "torn away")
	}
	cancel()
	assert.ErrorIs(t, <-done, context.Canceled)
	assert.Equal(t, []string{"cold", "cold", "warm", "cold", "cold", "warm"}, c.log)
}

// A card that is torn away from a reader, and held to it again.
func TestKeep(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	ctx, cancel := context.WithCancel(t.Context())
	reports := make(chan error, 10)
	done := make(chan error, 1)
	go func() {
		done <- tcp.Keep(ctx, ln.Addr().String(), &chip{}, tcp.Options{Absence: 1}, func(err error) { reports <- err })
	}()
	for range 3 {
		conn, err := ln.Accept()
		require.NoError(t, err)
		r, err := tcp.NewReader(ctx, conn, tcp.ReaderOptions{})
		require.NoError(t, err)
		_, err = r.Transmit([]byte{0xF1, 0, 0, 0})
		assert.ErrorIs(t, err, card.ErrCardLost)
		assert.ErrorContains(t, <-reports, "torn away")
	}
	cancel()
	assert.ErrorIs(t, <-done, context.Canceled)
}

// A card that stalls: the terminal's patience ends the link, and the next command does not get the late answer.
func TestReaderGivesUp(t *testing.T) {
	stall := make(chan struct{})
	defer close(stall)
	conn, _ := insert(t, t.Context(), stalling(stall))
	r, err := tcp.NewReader(t.Context(), conn, tcp.ReaderOptions{})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = r.TransmitContext(ctx, make([]byte, 4))
	require.ErrorIs(t, err, context.Canceled)
	assert.NotErrorIs(t, err, card.ErrCardLost, "nothing was sent")

	ctx, cancel = context.WithCancel(t.Context())
	go func() {
		stall <- struct{}{} // it has the command
		cancel()
	}()
	_, err = r.TransmitContext(ctx, make([]byte, 4))
	assert.ErrorIs(t, err, context.Canceled)
	assert.ErrorIs(t, err, card.ErrCardLost)
	_, err = r.Transmit(make([]byte, 4))
	assert.ErrorIs(t, err, card.ErrCardLost)
}

type stalling chan struct{}

func (s stalling) Transmit([]byte) ([]byte, error) {
	<-s
	<-s
	return []byte{0x90, 0x00}, nil
}

func TestReaderTimeout(t *testing.T) {
	conn, side := net.Pipe()
	defer side.Close()
	go io.Copy(io.Discard, side)
	_, err := tcp.NewReader(t.Context(), conn, tcp.ReaderOptions{Timeout: 1})
	assert.ErrorIs(t, err, card.ErrCardLost)
}

// A card that lies about lengths, or an ATR that is none.
func TestReaderRefuses(t *testing.T) {
	for name, answers := range map[string][]byte{
		"no ATR":       {0, 0},
		"short ATR":    frame(0x3B),
		"long ATR":     frame(make([]byte, 34)...),
		"short answer": append(frame(atr...), frame(0x90)...),
		"half answer":  append(frame(atr...), 0, 9, 1),
		"empty answer": append(frame(atr...), 0, 0),
		"no answer":    frame(atr...),
	} {
		t.Run(name, func(t *testing.T) {
			conn, side := net.Pipe()
			go io.Copy(io.Discard, side)
			go func() {
				side.Write(answers)
				side.Close()
			}()
			r, err := tcp.NewReader(t.Context(), conn, tcp.ReaderOptions{})
			if err == nil {
				_, err = r.Transmit(make([]byte, 4))
			}
			assert.ErrorIs(t, err, card.ErrCardLost)
		})
	}
	r, err := tcp.NewReader(t.Context(), first(insert(t, t.Context(), &chip{})), tcp.ReaderOptions{})
	require.NoError(t, err)
	for _, n := range []int{0, 1, 3, tcp.MaxFrame + 1} {
		_, err := r.Transmit(make([]byte, n))
		assert.Error(t, err)
	}
	_, err = r.Transmit(make([]byte, 4))
	assert.NoError(t, err, "what was not sent does not end the link")
}

func first(conn net.Conn, _ func() error) net.Conn { return conn }

// Whatever comes over the link, the card's side ends, answers only in whole frames, and holds no more than a frame.
func FuzzServe(f *testing.F) {
	f.Add(append(frame(1), append(frame(4), frame(0, 0x84, 0, 0, 8)...)...))
	f.Add([]byte{0xFF, 0xFF, 0})
	f.Add(frame(0))
	f.Fuzz(func(t *testing.T, input []byte) {
		conn := &script{Reader: bytes.NewReader(input)}
		_ = tcp.Serve(t.Context(), conn, &chip{}, tcp.Options{})
		for out := conn.out.Bytes(); len(out) > 0; {
			require.GreaterOrEqual(t, len(out), 4)
			n := int(binary.BigEndian.Uint16(out))
			require.LessOrEqual(t, 2+n, len(out))
			out = out[2+n:]
		}
	})
}

// Whatever a card says, the terminal's side gets an answer that is one, or an error.
func FuzzReader(f *testing.F) {
	f.Add(append(frame(atr...), frame(0x90, 0x00)...))
	f.Add([]byte{0, 0})
	f.Fuzz(func(t *testing.T, input []byte) {
		r, err := tcp.NewReader(t.Context(), &script{Reader: bytes.NewReader(input)}, tcp.ReaderOptions{})
		for err == nil {
			var answer []byte
			if answer, err = r.Transmit(make([]byte, 4)); err == nil {
				require.GreaterOrEqual(t, len(answer), card.MinAnswer)
			}
		}
		require.ErrorIs(t, err, card.ErrCardLost)
	})
}

// A script is the end of a link whose other side has said everything already.
type script struct {
	net.Conn
	*bytes.Reader
	out bytes.Buffer
}

func (s *script) Read(b []byte) (int, error)  { return s.Reader.Read(b) }
func (s *script) Write(b []byte) (int, error) { return s.out.Write(b) }
func (s *script) Close() error                { return nil }
func (s *script) SetDeadline(time.Time) error { return nil }
