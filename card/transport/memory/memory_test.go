package memory_test

import (
	"bytes"
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/transport/memory"
)

// A scribbler keeps one buffer for all of its answers and writes over the command.
type scribbler struct {
	buffer []byte
	busy   int
}

func (s *scribbler) Transmit(command []byte) ([]byte, error) {
	s.busy++
	s.buffer = append(append(s.buffer[:0], command...), 0x90, 0x00)
	clear(command)
	if s.buffer[0] == 0xFF {
		return s.buffer[:1], nil
	}
	return s.buffer, nil
}

func TestBytesAreNobodyElses(t *testing.T) {
	link := memory.New(&scribbler{})
	command := []byte{0, 1, 2, 3}
	answer, err := link.Transmit(command)
	require.NoError(t, err)
	assert.Equal(t, []byte{0, 1, 2, 3}, command)
	_, err = link.Transmit([]byte{9, 9, 9, 9})
	require.NoError(t, err)
	assert.Equal(t, []byte{0, 1, 2, 3, 0x90, 0x00}, answer)
}

func TestRefused(t *testing.T) {
	s := &scribbler{}
	link := memory.New(s)
	for _, n := range []int{0, 3, card.MaxCommand + 1} {
		_, err := link.Transmit(make([]byte, n))
		assert.Error(t, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := link.TransmitContext(ctx, make([]byte, 4))
	assert.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, s.busy)
	_, err = link.Transmit(bytes.Repeat([]byte{0xFF}, 4))
	assert.ErrorIs(t, err, card.ErrCardLost)
	atr, err := link.Reset(true)
	require.NoError(t, err)
	assert.Nil(t, atr, "a card that cannot be reset")
}

// Many terminals at one card: one command at a time, and everybody gets his own answer.
func TestConcurrent(t *testing.T) {
	s := &scribbler{}
	link := memory.New(s)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			command := []byte{0, byte(i), 2, 3}
			for range 200 {
				answer, err := link.Transmit(command)
				assert.NoError(t, err)
				assert.Equal(t, append(bytes.Clone(command), 0x90, 0x00), answer)
			}
		})
	}
	group.Wait()
	assert.Equal(t, 1600, s.busy)
}
