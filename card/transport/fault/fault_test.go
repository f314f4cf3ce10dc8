package fault_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/transport/fault"
)

// A counter counts what it executed and answers with the command and 9000.
type counter struct{ executed, resets int }

func (c *counter) Transmit(command []byte) ([]byte, error) {
	c.executed++
	return append(bytes.Clone(command), 0x90, 0x00), nil
}

func (c *counter) Reset(bool) ([]byte, error) {
	c.resets++
	return []byte{0x3B, 0x00}, nil
}

var command = []byte{0x80, 0x54, 0x01, 0x00}

// For every kind: whether the card did it, what the terminal got, and whether the card is still there.
func TestKinds(t *testing.T) {
	plain := append(bytes.Clone(command), 0x90, 0x00)
	for _, test := range []struct {
		fault    fault.Fault
		executed int
		answer   []byte // nil: lost
		torn     bool
	}{
		{fault.Fault{}, 1, plain, false},
		{fault.Fault{Kind: fault.TearCommand}, 0, nil, true},
		{fault.Fault{Kind: fault.TearAnswer}, 1, nil, true},
		{fault.Fault{Kind: fault.DropCommand}, 0, nil, false},
		{fault.Fault{Kind: fault.DropAnswer}, 1, nil, false},
		{fault.Fault{Kind: fault.FlipCommand, Bit: 8}, 1, []byte{0x80, 0x55, 0x01, 0x00, 0x90, 0x00}, false},
		{fault.Fault{Kind: fault.FlipAnswer, Bit: 47}, 1, []byte{0x80, 0x54, 0x01, 0x00, 0x90, 0x80}, false},
		{fault.Fault{Kind: fault.FlipAnswer, Bit: 48}, 1, []byte{0x81, 0x54, 0x01, 0x00, 0x90, 0x00}, false},
		{fault.Fault{Kind: fault.Pad, Extra: 2}, 1, append([]byte{0, 0}, plain...), false},
	} {
		t.Run(fmt.Sprint(test.fault.Kind), func(t *testing.T) {
			c := &counter{}
			var slept time.Duration
			test.fault.Delay = time.Second
			link := fault.New(c, fault.At(1, test.fault), fault.Options{Sleep: func(d time.Duration) { slept += d }})
			given := bytes.Clone(command)
			answer, err := link.Transmit(given)
			require.NoError(t, err)
			require.Equal(t, plain, answer)
			require.Zero(t, slept)

			answer, err = link.Transmit(given)
			assert.Equal(t, command, given, "the caller's command was changed")
			assert.Equal(t, 1+test.executed, c.executed)
			assert.Equal(t, test.answer, answer)
			assert.Equal(t, test.answer == nil, errors.Is(err, card.ErrCardLost))
			assert.Equal(t, test.torn, link.Torn())
			if test.fault.Kind != fault.TearCommand {
				assert.Equal(t, time.Second, slept)
			}

			before := c.executed
			_, err = link.Transmit(command)
			assert.Equal(t, test.torn, errors.Is(err, card.ErrCardLost))
			if test.torn {
				assert.Equal(t, before, c.executed)
			}
			_, err = link.Reset(false)
			require.NoError(t, err)
			_, err = link.Transmit(command)
			assert.NoError(t, err)
		})
	}
}

// Torn after every number of bytes: the card has done exactly the commands that it had whole, the terminal has
// exactly the answers that it had whole, and the tear happens once.
func TestTearAfter(t *testing.T) {
	exchange := len(command) + len(command) + 2
	rapid.Check(t, func(t *rapid.T) {
		after := rapid.IntRange(1, 6*exchange).Draw(t, "bytes")
		c := &counter{}
		link := fault.New(c, nil, fault.Options{TearAfter: after})
		answers := 0
		for range 6 {
			if _, err := link.Transmit(command); err != nil {
				require.ErrorIs(t, err, card.ErrCardLost)
				break
			}
			answers++
		}
		assert.Equal(t, after/exchange, answers)
		whole := after / exchange
		if after%exchange >= len(command) {
			whole++
		}
		assert.Equal(t, whole, c.executed)
		if answers == 6 {
			return
		}
		require.True(t, link.Torn())
		_, err := link.Reset(true)
		require.NoError(t, err)
		for range 12 {
			_, err := link.Transmit(command)
			require.NoError(t, err)
		}
	})
}

// A relay adds its delay to every exchange; what a terminal can see of it is the clock.
func TestRelay(t *testing.T) {
	var slept time.Duration
	link := fault.New(&counter{}, fault.Always(fault.Fault{Delay: 30 * time.Millisecond}),
		fault.Options{Sleep: func(d time.Duration) { slept += d }})
	_, err := link.Reset(true)
	require.NoError(t, err)
	for range 3 {
		_, err := link.Transmit(command)
		require.NoError(t, err)
	}
	assert.Equal(t, 120*time.Millisecond, slept)
}

// A reset can be lost too, and a card that came back was without power.
func TestReset(t *testing.T) {
	for _, kind := range []fault.Kind{fault.TearCommand, fault.TearAnswer, fault.DropCommand, fault.DropAnswer} {
		link := fault.New(&counter{}, fault.At(0, fault.Fault{Kind: kind}), fault.Options{})
		_, err := link.Reset(true)
		assert.ErrorIs(t, err, card.ErrCardLost)
		assert.Equal(t, kind == fault.TearCommand || kind == fault.TearAnswer, link.Torn())
	}
	var cold []bool
	link := fault.New(resets(func(c bool) { cold = append(cold, c) }), fault.At(0, fault.Fault{Kind: fault.TearAnswer}), fault.Options{})
	_, err := link.Transmit(command)
	require.Error(t, err)
	_, err = link.Reset(false)
	require.NoError(t, err)
	_, err = link.Reset(false)
	require.NoError(t, err)
	assert.Equal(t, []bool{true, false}, cold)
}

type resets func(cold bool)

func (r resets) Transmit(command []byte) ([]byte, error) { return []byte{0x90, 0x00}, nil }
func (r resets) Reset(cold bool) ([]byte, error)         { r(cold); return []byte{0x3B, 0x00}, nil }

func ExampleNew() {
	// The answer to the second command is lost when the card is pulled out of the field.
	link := fault.New(&counter{}, fault.At(1, fault.Fault{Kind: fault.TearAnswer}), fault.Options{})
	for range 3 {
		answer, err := link.Transmit(command)
		fmt.Printf("%X %v\n", answer, err)
	}
	// Output:
	// 805401009000 <nil>
	//  card: lost: torn away in the answer
	//  card: lost: it is not in the field
}
