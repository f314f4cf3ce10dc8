package card_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card"
)

// A reader is a transport that has only Transmit.
type reader struct {
	answer []byte
	err    error
	asked  int
}

func (r *reader) Transmit([]byte) ([]byte, error) {
	r.asked++
	return r.answer, r.err
}

// A patientReader can be told to stop, and says which way it was called.
type patientReader struct{ reader }

func (r *patientReader) TransmitContext(ctx context.Context, command []byte) ([]byte, error) {
	return append([]byte("context"), 0x90, 0x00), nil
}

func TestTransmit(t *testing.T) {
	ctx := context.Background()
	answer, err := card.Transmit(ctx, &reader{answer: []byte{1, 0x90, 0}}, []byte{0, 0x84, 0, 0, 1})
	require.NoError(t, err)
	assert.Equal(t, []byte{1, 0x90, 0}, answer)

	answer, err = card.Transmit(ctx, &patientReader{}, nil)
	require.NoError(t, err)
	assert.Equal(t, "context\x90\x00", string(answer))

	for n, want := range map[int]error{0: card.ErrCardLost, 1: card.ErrCardLost, 2: nil, card.MaxAnswer: nil, card.MaxAnswer + 1: card.ErrAnswerTooLong} {
		_, err := card.Transmit(ctx, &reader{answer: make([]byte, n)}, nil)
		assert.Equal(t, want, err, n)
	}

	torn := errors.New("torn")
	_, err = card.Transmit(ctx, &reader{answer: []byte{0x90, 0}, err: torn}, nil)
	assert.ErrorIs(t, err, torn, "an error counts, whatever comes with it")

	over, cancel := context.WithCancel(ctx)
	cancel()
	r := &reader{answer: []byte{0x90, 0}}
	_, err = card.Transmit(over, r, nil)
	assert.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, r.asked)
}
