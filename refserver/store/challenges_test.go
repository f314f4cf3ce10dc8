package store

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
)

var drawnAt = time.Unix(1795334400, 0)

func openChallenges(t *testing.T, state string) *Challenges {
	t.Helper()
	c, err := OpenChallenges(context.Background(), state)
	require.NoError(t, err)
	return c
}

func draw(t *testing.T, c *Challenges, at time.Time) *citycode.Challenge {
	t.Helper()
	drawn, err := c.Draw(citycode.ChallengeConfig{Terminal: []byte("gate"), Now: at})
	require.NoError(t, err)
	return drawn
}

func TestChallenges(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "state")
	c := openChallenges(t, state)
	one, two := draw(t, c, drawnAt), draw(t, c, drawnAt)
	c.Close()

	c = openChallenges(t, state)
	for _, drawn := range []*citycode.Challenge{one, two} {
		found, err := c.Find(drawn.Bytes())
		require.NoError(t, err)
		require.Equal(t, citycode.RestoreChallenge(drawn.Bytes(), drawnAt, false), found)
	}
	require.NoError(t, c.Use(one.Bytes()))
	c.Close() // or a crash: that it was used is on disk

	c = openChallenges(t, state)
	defer c.Close()
	used, err := c.Find(one.Bytes())
	require.NoError(t, err)
	require.Equal(t, citycode.RestoreChallenge(one.Bytes(), drawnAt, true), used)
	_, err = c.Find(two.Bytes()[:8])
	require.ErrorContains(t, err, "was not drawn here")

	// It is remembered for as long as an answer could be accepted, and no longer.
	draw(t, c, drawnAt.Add(challengeMemory))
	_, err = c.Find(one.Bytes())
	require.NoError(t, err)
	draw(t, c, drawnAt.Add(challengeMemory+time.Second))
	_, err = c.Find(one.Bytes())
	require.Error(t, err)

	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err = OpenChallenges(ctx, state)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestChallengesAreBounded(t *testing.T) {
	t.Parallel()
	c := openChallenges(t, t.TempDir())
	defer c.Close()
	for range maxChallenges {
		c.list = append(c.list, drawnChallenge{"00", drawnAt.Unix(), false})
	}
	_, err := c.Draw(citycode.ChallengeConfig{Terminal: []byte("gate"), Now: drawnAt})
	require.ErrorContains(t, err, "4096 challenges were drawn in the last 5m0s")
	draw(t, c, drawnAt.Add(time.Hour))
	require.Len(t, c.list, 1)
}

func TestChallengesDamaged(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	path := put(t, filepath.Join(state, challengesName), `[{"value":`)
	_, err := OpenChallenges(context.Background(), state)
	require.ErrorContains(t, err, path+": ")
}
