package city

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios"
)

// A step at a server that ends otherwise than the script says is named, and
// nothing of the servers stays behind.
func TestServersFail(t *testing.T) {
	c, err := New(Config{})
	require.NoError(t, err)
	s, err := c.openServers(t.Context())
	require.NoError(t, err)
	yesterday := midnight(c.Now()).Add(-day) // the calls are of the day after
	calls := s.calls()[:4]
	calls[1].want = "revoked"
	calls[2].do = func(context.Context) (*scenarios.Decision, error) { return nil, errors.New("no answer") }
	var out bytes.Buffer
	failed, err := s.play(t.Context(), &out, yesterday, 74, calls)
	require.NoError(t, err)
	assert.Equal(t, []int{76, 77}, failed)
	assert.Contains(t, out.String(), "! got ok; the script says revoked")
	assert.Contains(t, out.String(), "! no answer")
	assert.Contains(t, out.String(), "2 of 4 steps at the servers")
	_, err = s.play(t.Context(), brokenPipe{}, yesterday, 0, calls[3:])
	assert.ErrorIs(t, err, errPipe)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.play(ended, &out, yesterday, 0, calls)
	assert.ErrorIs(t, err, context.Canceled)
	require.NoError(t, s.close())
	assert.NoDirExists(t, s.dir)
}
