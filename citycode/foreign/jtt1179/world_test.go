package jtt1179_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/foreign/jtt1179"
	"github.com/citizencode/citizencode/citycode/foreign/jtt1179/jtt1179test"
)

// A clock is set by hand.
type clock struct{ unix int64 }

func (c *clock) now() time.Time { return time.Unix(c.unix, 0) }

func rootKey(tb testing.TB, name string, index byte) jtt1179.RootKey {
	k, err := jtt1179.ParseRootKey(jtt1179test.RootKey(name, index, "1235"))
	require.NoError(tb, err)
	return *k
}

// newVerifier returns a verifier whose clock stands five seconds after the code
// of the recipe was generated.
func newVerifier(tb testing.TB, change func(*jtt1179.Config)) (*jtt1179.Verifier, *clock) {
	c := &clock{jtt1179test.Noon + 5}
	cfg := jtt1179.Config{Roots: []jtt1179.RootKey{rootKey(tb, jtt1179test.CA, jtt1179test.CAIndex)}, Now: c.now}
	if change != nil {
		change(&cfg)
	}
	v, err := jtt1179.NewVerifier(cfg)
	require.NoError(tb, err)
	return v, c
}

func reasonOf(tb testing.TB, err error) jtt1179.Reason {
	if err == nil {
		return 0
	}
	var refused *jtt1179.Error
	require.ErrorAs(tb, err, &refused)
	return refused.Reason
}

// assertReason compares by name.
func assertReason(t *testing.T, want jtt1179.Reason, err error, args ...any) {
	t.Helper()
	assert.Equal(t, want.String(), reasonOf(t, err).String(), args...)
}

// countingEngine counts the keys that it prepares and the tables it makes.
type countingEngine struct {
	engine.Engine
	prepared, kept, verified *int
}

type countingKey struct {
	engine.Key
	n *int
}

func (k countingKey) Verify(d [engine.DigestSize]byte, s [engine.SignatureSize]byte) bool {
	*k.n++
	return k.Key.Verify(d, s)
}

func (e countingEngine) Prepare(point []byte) (engine.Key, error) {
	*e.prepared++
	k, err := e.Engine.Prepare(point)
	if err != nil {
		return nil, err
	}
	return countingKey{k, e.verified}, nil
}

func (e countingEngine) Keep(k engine.Key) (engine.Key, error) {
	*e.kept++
	kept, err := e.Engine.(engine.Keeper).Keep(k.(countingKey).Key)
	return countingKey{kept, e.verified}, err
}

func newCountingEngine() countingEngine {
	return countingEngine{engine.Default(), new(int), new(int), new(int)}
}
