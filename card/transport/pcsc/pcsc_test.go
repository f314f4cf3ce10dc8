package pcsc

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card"
)

var getChallenge = []byte{0x00, 0x84, 0x00, 0x00, 0x08}

// The sizes of the C structs of winscard_msg.h.
func TestMessageSizes(t *testing.T) {
	for size, message := range map[int]any{
		8: cardMessage{}, 12: establishMessage{}, 24: reconnectMessage{}, 32: transmitMessage{},
		152: connectMessage{}, readerStateSize: readerMessage{},
	} {
		assert.Equal(t, size, binary.Size(message), "%T", message)
	}
	assert.Equal(t, 12, binary.Size(versionMessage{}))
	assert.Equal(t, 12, binary.Size(dispositionMessage{}))
	assert.Equal(t, 8, binary.Size(waitMessage{}))
	assert.Equal(t, 184, readerStateSize)
}

func TestSession(t *testing.T) {
	ctx := t.Context()
	d := &daemon{present: true, answer: []byte{1, 2, 0x90, 0x00}}
	c, err := start(t, d)
	require.NoError(t, err)
	readers, err := c.Readers(ctx)
	require.NoError(t, err)
	assert.Equal(t, []Reader{{Name: deviceName, Present: true, ATR: []byte{0x3B, 0x00}, Events: 3}}, readers)
	k, err := c.Connect(ctx, deviceName, Exclusive)
	require.NoError(t, err)
	require.NoError(t, k.Begin(ctx))
	answer, err := k.Transmit(getChallenge)
	require.NoError(t, err)
	assert.Equal(t, d.answer, answer)
	require.NoError(t, k.End(Leave))
	require.NoError(t, k.Status(ctx))
	atr, err := k.Reset(true)
	require.NoError(t, err)
	assert.Equal(t, []byte{0x3B, 0x00}, atr)
	require.NoError(t, k.Disconnect(Reset))
	assert.Equal(t, []command{cmdVersion, cmdEstablish, cmdReaders, cmdConnect, cmdBeginTransaction, cmdTransmit,
		cmdEndTransaction, cmdStatus, cmdReconnect, cmdReaders, cmdDisconnect}, d.seen)
}

// A program without pcscd gets a question, not a riddle.
func TestNoDaemon(t *testing.T) {
	_, err := Establish(t.Context(), Options{Socket: filepath.Join(t.TempDir(), "none")})
	assert.ErrorContains(t, err, "is pcscd running?")
	t.Setenv(SocketVariable, filepath.Join(t.TempDir(), "named"))
	_, err = Establish(t.Context(), Options{})
	assert.ErrorContains(t, err, "named")
}

func TestVersionRefused(t *testing.T) {
	_, err := start(t, &daemon{bend: set(cmdVersion, 8, uint32(ServiceStopped))})
	assert.ErrorIs(t, err, ServiceStopped)
}

// Every way for a card to be gone is one error, and from then on nothing is sent to it but a reset.
func TestCardLost(t *testing.T) {
	for name, d := range map[string]*daemon{
		"no bytes":        {}, // success, as pcscd says when the link drops in mid-command
		"one byte":        {answer: []byte{0x90}},
		"not transacted":  {bend: set(cmdTransmit, 28, uint32(NotTransacted))},
		"answer too long": {bend: set(cmdTransmit, 28, 0x80100008)}, // for pcscd; the card has done it
		"removed":         {bend: set(cmdTransmit, 28, uint32(RemovedCard))},
		"reset by others": {bend: set(cmdTransmit, 28, uint32(ResetCard))},
		"daemon dies":     {hangup: true, bend: func(command, []byte) []byte { return nil }},
		"half an answer":  {hangup: true, bend: func(_ command, b []byte) []byte { return b[:9] }},
	} {
		t.Run(name, func(t *testing.T) {
			k := connected(t, d)
			_, err := k.Transmit(getChallenge)
			require.ErrorIs(t, err, card.ErrCardLost)
			n := len(d.seen)
			_, err = k.Transmit(getChallenge)
			require.ErrorIs(t, err, card.ErrCardLost)
			assert.Len(t, d.seen, n)
		})
	}
}

// What pcscd says about the length of an answer is not believed further than an answer can be long.
func TestAnswerTooLong(t *testing.T) {
	k := connected(t, &daemon{bend: set(cmdTransmit, 24, card.MaxAnswer+1)})
	_, err := k.Transmit(getChallenge)
	assert.ErrorIs(t, err, card.ErrAnswerTooLong)
	assert.ErrorIs(t, err, ErrDaemon)

	k = connected(t, &daemon{answer: make([]byte, card.MaxAnswer)})
	answer, err := k.Transmit(getChallenge)
	require.NoError(t, err)
	assert.Len(t, answer, card.MaxAnswer)
}

// A refusal that has nothing to do with the card leaves the connection as it is.
func TestSharingViolation(t *testing.T) {
	d := &daemon{answer: []byte{0x90, 0x00}, bend: set(cmdTransmit, 28, uint32(SharingViolation))}
	// The card's answer does not follow a refusal.
	refuse := d.bend
	d.bend = func(c command, b []byte) []byte { return refuse(c, b)[:32] }
	k := connected(t, d)
	_, err := k.Transmit(getChallenge)
	assert.ErrorIs(t, err, SharingViolation)
	assert.NotErrorIs(t, err, card.ErrCardLost)
	d.bend = nil
	_, err = k.Transmit(getChallenge)
	assert.NoError(t, err)
}

func TestCommandLength(t *testing.T) {
	d := &daemon{answer: []byte{0x90, 0x00}}
	k := connected(t, d)
	n := len(d.seen)
	for _, length := range []int{0, 3, MaxCommand + 1} {
		_, err := k.Transmit(make([]byte, length))
		assert.Error(t, err)
	}
	assert.Len(t, d.seen, n, "nothing was sent")
	_, err := k.Transmit(make([]byte, MaxCommand))
	assert.NoError(t, err)
}

func TestReadersTable(t *testing.T) {
	for name, bend := range map[string]func(command, []byte) []byte{
		"ATR longer than its field": set(cmdReaders, 176, 34),
		"name without an end":       func(_ command, b []byte) []byte { copy(b, bytes.Repeat([]byte{'x'}, 128)); return b },
		"half a table":              func(_ command, b []byte) []byte { return b[:100] },
	} {
		t.Run(name, func(t *testing.T) {
			d := &daemon{}
			c, err := start(t, d)
			require.NoError(t, err)
			d.bend, d.hangup = bend, true
			_, err = c.Readers(t.Context())
			assert.ErrorIs(t, err, ErrDaemon)
		})
	}
}

func TestWaitForCard(t *testing.T) {
	d := &daemon{}
	c, err := start(t, d)
	require.NoError(t, err)
	d.change <- func(d *daemon) {}                   // something else happened
	d.change <- func(d *daemon) { d.present = true } // at last
	r, err := c.WaitForCard(t.Context(), deviceName)
	require.NoError(t, err)
	assert.True(t, r.Present)

	// It is there already: no change is waited for, and the connection is free for the next request.
	r, err = c.WaitForCard(t.Context(), "")
	require.NoError(t, err)
	assert.Equal(t, deviceName, r.Name)
	_, err = c.Readers(t.Context())
	require.NoError(t, err)

	d.change <- func(d *daemon) { d.present = false }
	r, err = c.WaitForRemoval(t.Context(), r)
	require.NoError(t, err)
	assert.False(t, r.Present)
}

// The end of a wait leaves a connection that still works, however the cancellation and a change meet.
func TestWaitCancelled(t *testing.T) {
	d := &daemon{}
	c, err := start(t, d)
	require.NoError(t, err)
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		_, err = c.WaitForCard(ctx, "")
		require.ErrorIs(t, err, context.Canceled)
		_, err = c.Readers(t.Context())
		require.NoError(t, err)
	}
}

// Another program has the card: Begin comes back when it is free, or when the caller has had enough.
func TestBeginWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refusals := 3
		k := connected(t, &daemon{bend: func(c command, b []byte) []byte {
			if c == cmdBeginTransaction && refusals > 0 {
				refusals--
				order.PutUint32(b[4:], uint32(SharingViolation))
			}
			return b
		}})
		start := time.Now()
		require.NoError(t, k.Begin(t.Context()))
		assert.Equal(t, 3*retryPeriod, time.Since(start))

		refusals = 1 << 30
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := k.Begin(ctx)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.ErrorIs(t, err, SharingViolation)
	})
}

// The recipe for a card that was torn away: let it go with a reset, wait until one is there again, connect.
func TestResetAfterLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &daemon{}
		k := connected(t, d)
		_, err := k.Transmit(getChallenge)
		require.ErrorIs(t, err, card.ErrCardLost)
		d.present, d.seen = false, nil
		go func() {
			time.Sleep(time.Second)
			d.change <- func(d *daemon) { d.present, d.answer = true, []byte{0x90, 0x00} }
		}()
		atr, err := k.Reset(true)
		require.NoError(t, err)
		assert.Equal(t, []byte{0x3B, 0x00}, atr)
		assert.Equal(t, []command{cmdDisconnect, cmdConnect}, d.seen[:2])
		_, err = k.Transmit(getChallenge)
		assert.NoError(t, err)

		d.present = false
		_, err = k.Reset(true)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.ErrorIs(t, err, card.ErrCardLost)
	})
}

// A card or a daemon that stalls: the call ends in time and says that the card may have done it.
func TestStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stall := func(d *daemon) func(command, []byte) []byte {
			return func(c command, b []byte) []byte {
				if c == cmdTransmit {
					time.Sleep(time.Hour)
				}
				return b
			}
		}
		d := &daemon{}
		k := connected(t, d)
		d.bend = stall(d)
		start := time.Now()
		_, err := k.Transmit(getChallenge)
		assert.ErrorIs(t, err, card.ErrCardLost)
		assert.Equal(t, time.Minute, time.Since(start))

		d = &daemon{}
		k = connected(t, d)
		d.bend = stall(d)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start = time.Now()
		_, err = k.TransmitContext(ctx, getChallenge)
		assert.ErrorIs(t, err, card.ErrCardLost)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(start))

		k = connected(t, &daemon{})
		_, err = k.TransmitContext(ctx, getChallenge)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.NotErrorIs(t, err, card.ErrCardLost, "nothing was sent")
	})
}

func TestErrorText(t *testing.T) {
	assert.Equal(t, "pcsc: no smart card (0x8010000C)", NoSmartcard.Error())
	assert.Equal(t, "pcsc: error (0x80100001)", Error(0x80100001).Error())
	assert.False(t, errors.Is(SharingViolation, card.ErrCardLost))
}

// Whatever comes out of the socket: an answer that is one, or an error, in bounded memory, and an end. The input
// changes bytes of a good conversation, three for each: where, twice, and what; and says where it breaks off. (Whole
// conversations as inputs would be thousands of zeros for the fuzzer to look through.)
func FuzzAnswers(f *testing.F) {
	table := (&daemon{present: true}).table()
	transmit := make([]byte, 32)
	order.PutUint32(transmit[24:], 2)
	good := bytes.Join([][]byte{make([]byte, 12+12), table, make([]byte, 152), transmit, {0x90, 0x00}, table, make([]byte, 8)}, nil)
	f.Add([]byte{}, uint16(len(good)))
	f.Add([]byte{0, 8, 1}, uint16(len(good)))
	f.Add([]byte{0x0C, 0x48 + 26, 1}, uint16(len(good)))
	f.Fuzz(func(t *testing.T, changes []byte, end uint16) {
		input := bytes.Clone(good[:min(int(end), len(good))])
		for ; len(changes) >= 3; changes = changes[3:] {
			if at := int(changes[0])<<8 | int(changes[1]); at < len(input) {
				input[at] = changes[2]
			}
		}
		c, err := establish(t.Context(), &answers{Reader: bytes.NewReader(input)}, 0)
		if err != nil {
			return
		}
		readers, err := c.Readers(t.Context())
		require.LessOrEqual(t, len(readers), maxReaders)
		for _, r := range readers {
			require.LessOrEqual(t, len(r.ATR), maxATR)
		}
		k, err := c.Connect(t.Context(), deviceName, Shared)
		if err != nil {
			return
		}
		if answer, err := k.Transmit(getChallenge); err == nil {
			require.GreaterOrEqual(t, len(answer), card.MinAnswer)
			require.LessOrEqual(t, len(answer), len(input))
		}
		_, _ = c.WaitForCard(t.Context(), deviceName)
	})
}

// answers is a socket whose other side has said everything already.
type answers struct {
	net.Conn
	*bytes.Reader
}

func (a *answers) Read(b []byte) (int, error)      { return a.Reader.Read(b) }
func (a *answers) Write(b []byte) (int, error)     { return len(b), nil }
func (a *answers) Close() error                    { return nil }
func (a *answers) SetDeadline(time.Time) error     { return nil }
func (a *answers) SetReadDeadline(time.Time) error { return nil }
