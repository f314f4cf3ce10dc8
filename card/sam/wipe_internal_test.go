package sam

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card/key"
)

// TestWipe: behind Close the bytes are gone.
func TestWipe(t *testing.T) {
	s, err := NewSoftware(Config{Role: Office})
	require.NoError(t, err)
	ref := Ref{Usage: TAC, Version: 1}
	k, err := key.New(key.SM4, []byte("made-up test key"))
	require.NoError(t, err)
	require.NoError(t, s.Inject(ref, k))
	own := s.keys[ref]
	require.True(t, own.Equal(k))
	require.NoError(t, s.Close())
	assert.Zero(t, own.Bytes())
	assert.NotZero(t, k.Bytes(), "the caller's")
}
