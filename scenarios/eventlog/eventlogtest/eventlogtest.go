// Package eventlogtest is the contract of an eventlog store as a test.
package eventlogtest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/eventlog"
)

var at = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

func event(t *testing.T, key string) eventlog.Event {
	e, err := eventlog.New(key, "opened", at, map[string]string{"名": key})
	require.NoError(t, err)
	return e
}

// Run tests a store. newStore returns an empty one at every call.
func Run(t *testing.T, newStore func(t *testing.T) eventlog.Store) {
	ctx := context.Background()

	t.Run("append and read", func(t *testing.T) {
		s := newStore(t)
		got, err := s.Read(ctx, "a", 0, 10)
		require.NoError(t, err)
		assert.Empty(t, got)
		var all []eventlog.Event
		for i := range 5 {
			batch := []eventlog.Event{event(t, fmt.Sprint(i, "x")), event(t, fmt.Sprint(i, "y"))}
			require.NoError(t, s.Append(ctx, "a", int64(len(all)), batch))
			all = append(all, batch...)
		}
		require.NoError(t, s.Append(ctx, "b", 0, []eventlog.Event{event(t, "0x")}), "another stream")
		for after := range 11 {
			for _, limit := range []int{1, 3, 100} {
				got, err := s.Read(ctx, "a", int64(after), limit)
				require.NoError(t, err)
				require.Equal(t, all[after:min(after+limit, 10)], append([]eventlog.Event{}, got...))
			}
		}
	})

	t.Run("moved", func(t *testing.T) {
		s := newStore(t)
		require.NoError(t, s.Append(ctx, "a", 0, []eventlog.Event{event(t, "1")}))
		assert.ErrorIs(t, s.Append(ctx, "a", 0, []eventlog.Event{event(t, "2")}), eventlog.ErrMoved)
		assert.ErrorIs(t, s.Append(ctx, "a", 2, []eventlog.Event{event(t, "2")}), eventlog.ErrMoved)
		require.NoError(t, s.Append(ctx, "a", 1, []eventlog.Event{event(t, "2")}))
	})

	t.Run("all or none", func(t *testing.T) {
		s := newStore(t)
		require.NoError(t, s.Append(ctx, "a", 0, []eventlog.Event{event(t, "1")}))
		assert.ErrorIs(t, s.Append(ctx, "a", 1, []eventlog.Event{event(t, "2"), event(t, "1"), event(t, "3")}), eventlog.ErrKeyTaken)
		got, err := s.Read(ctx, "a", 0, 10)
		require.NoError(t, err)
		assert.Len(t, got, 1)
	})

	t.Run("refused", func(t *testing.T) {
		s := newStore(t)
		good := event(t, "1")
		many := make([]eventlog.Event, eventlog.MaxBatch+1)
		for i := range many {
			many[i] = event(t, fmt.Sprint(i))
		}
		for name, call := range map[string]func() error{
			"no stream": func() error { return s.Append(ctx, "", 0, []eventlog.Event{good}) },
			"negative":  func() error { return s.Append(ctx, "a", -1, []eventlog.Event{good}) },
			"nothing":   func() error { return s.Append(ctx, "a", 0, nil) },
			"too many":  func() error { return s.Append(ctx, "a", 0, many) },
			"twice":     func() error { return s.Append(ctx, "a", 0, []eventlog.Event{good, good}) },
			"no key":    func() error { e := good; e.Key = ""; return s.Append(ctx, "a", 0, []eventlog.Event{e}) },
			"NUL":       func() error { e := good; e.Key = "a\x00"; return s.Append(ctx, "a", 0, []eventlog.Event{e}) },
			"long key": func() error {
				e := good
				e.Key = strings.Repeat("k", 129)
				return s.Append(ctx, "a", 0, []eventlog.Event{e})
			},
			"no kind":         func() error { e := good; e.Kind = ""; return s.Append(ctx, "a", 0, []eventlog.Event{e}) },
			"no JSON":         func() error { e := good; e.Data = []byte("{"); return s.Append(ctx, "a", 0, []eventlog.Event{e}) },
			"half a second":   func() error { e := good; e.Time = at.Add(1); return s.Append(ctx, "a", 0, []eventlog.Event{e}) },
			"before our time": func() error { e := good; e.Time = time.Time{}; return s.Append(ctx, "a", 0, []eventlog.Event{e}) },
			"long data": func() error {
				e := good
				e.Data = []byte(`"` + strings.Repeat("x", eventlog.MaxData) + `"`)
				return s.Append(ctx, "a", 0, []eventlog.Event{e})
			},
		} {
			assert.Error(t, call(), name)
		}
		got, err := s.Read(ctx, "a", 0, 10)
		require.NoError(t, err)
		assert.Empty(t, got)
	})

	t.Run("cancelled", func(t *testing.T) {
		s := newStore(t)
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		assert.ErrorIs(t, s.Append(cancelled, "a", 0, []eventlog.Event{event(t, "1")}), context.Canceled)
		_, err := s.Read(cancelled, "a", 0, 10)
		assert.ErrorIs(t, err, context.Canceled)
		got, err := s.Read(ctx, "a", 0, 10)
		require.NoError(t, err)
		assert.Empty(t, got)
	})

	// Programs that know nothing of each other decide about one number.
	t.Run("several writers", func(t *testing.T) {
		s := newStore(t)
		const writers, each, room = 4, 20, 50
		taken := make([]int, writers)
		var wait sync.WaitGroup
		for w := range writers {
			wait.Go(func() {
				var seats counter
				stream, err := eventlog.Open(ctx, s, "hall", &seats)
				if !assert.NoError(t, err) {
					return
				}
				for i := range each {
					err := stream.Change(ctx, func() ([]eventlog.Event, error) {
						if seats.n == room {
							return nil, nil
						}
						return []eventlog.Event{{Key: fmt.Sprintf("%d/%d", w, i), Kind: "took", Time: at, Data: []byte("1")}}, nil
					})
					assert.NoError(t, err)
				}
				taken[w] = seats.own(fmt.Sprint(w, "/"))
			})
		}
		wait.Wait()
		got, err := s.Read(ctx, "hall", 0, 1000)
		require.NoError(t, err)
		assert.Len(t, got, room)
	})
}

type counter struct {
	n    int
	keys []string
}

func (c *counter) Apply(e eventlog.Event) error {
	c.n++
	c.keys = append(c.keys, e.Key)
	return nil
}

func (c *counter) own(prefix string) (n int) {
	for _, k := range c.keys {
		if strings.HasPrefix(k, prefix) {
			n++
		}
	}
	return n
}
