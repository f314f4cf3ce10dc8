package eventlog_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/eventlog/eventlogtest"
)

func sqlite(t *testing.T, file string) *sql.DB {
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)&_txlock=immediate")
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

func TestMemory(t *testing.T) {
	eventlogtest.Run(t, func(*testing.T) eventlog.Store { return eventlog.NewMemory() })
}

func TestSQLite(t *testing.T) {
	eventlogtest.Run(t, func(t *testing.T) eventlog.Store {
		s, err := eventlog.NewSQL(context.Background(), sqlite(t, filepath.Join(t.TempDir(), "events.db")))
		require.NoError(t, err)
		return s
	})
}

// What was appended is there after the database was opened anew.
func TestSQLiteReopened(t *testing.T) {
	ctx, file := context.Background(), filepath.Join(t.TempDir(), "events.db")
	for i := range 3 {
		db := sqlite(t, file)
		s, err := eventlog.NewSQL(ctx, db)
		require.NoError(t, err)
		var seen total
		stream, err := eventlog.Open(ctx, s, "a", &seen)
		require.NoError(t, err)
		assert.EqualValues(t, i, stream.Events())
		require.NoError(t, stream.Change(ctx, func() ([]eventlog.Event, error) { return add(fmt.Sprint(i), 1), nil }))
		require.NoError(t, db.Close())
	}
}

// total is a state that a wrong event breaks.
type total struct{ sum int }

func (s *total) Apply(e eventlog.Event) error {
	var n int
	if _, err := fmt.Sscan(string(e.Data), &n); err != nil || e.Kind != "add" {
		return errors.New("not a number")
	}
	s.sum += n
	return nil
}

func add(key string, n int) []eventlog.Event {
	return []eventlog.Event{{Key: key, Kind: "add", Time: time.Unix(1_800_000_000, 0).UTC(), Data: []byte(fmt.Sprint(n))}}
}

// A decision is asked for once, and none is no change.
func TestChange(t *testing.T) {
	ctx, s := context.Background(), eventlog.NewMemory()
	var sum total
	stream, err := eventlog.Open(ctx, s, "a", &sum)
	require.NoError(t, err)
	require.NoError(t, stream.Change(ctx, func() ([]eventlog.Event, error) { return add("1", 5), nil }))
	require.NoError(t, stream.Change(ctx, func() ([]eventlog.Event, error) { return nil, nil }))
	no := errors.New("no")
	require.ErrorIs(t, stream.Change(ctx, func() ([]eventlog.Event, error) { return add("2", 5), no }), no)
	require.ErrorIs(t, stream.Change(ctx, func() ([]eventlog.Event, error) { return add("1", 5), nil }), eventlog.ErrKeyTaken)
	require.Error(t, stream.Change(ctx, func() ([]eventlog.Event, error) { return add("", 5), nil }))
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, stream.Change(cancelled, func() ([]eventlog.Event, error) { return add("3", 5), nil }), context.Canceled)
	require.NoError(t, stream.View(ctx, func() error { assert.Equal(t, 5, sum.sum); return nil }))
	assert.EqualValues(t, 1, stream.Events())
}

// A state that met an event it does not know decides nothing any more.
func TestBrokenState(t *testing.T) {
	ctx, s := context.Background(), eventlog.NewMemory()
	require.NoError(t, s.Append(ctx, "a", 0, []eventlog.Event{{Key: "1", Kind: "subtract", Time: time.Unix(0, 0).UTC(), Data: []byte("1")}}))
	_, err := eventlog.Open(ctx, s, "a", new(total))
	assert.ErrorContains(t, err, "event 1 of a, subtract: not a number")

	var sum total
	stream, err := eventlog.Open(ctx, s, "b", &sum)
	require.NoError(t, err)
	wrong := []eventlog.Event{{Key: "1", Kind: "subtract", Time: time.Unix(0, 0).UTC(), Data: []byte("1")}}
	require.Error(t, stream.Change(ctx, func() ([]eventlog.Event, error) { return wrong, nil }))
	require.Error(t, stream.Change(ctx, func() ([]eventlog.Event, error) { return add("2", 1), nil }))
	require.Error(t, stream.View(ctx, func() error { return nil }))
	require.Error(t, stream.Refresh(ctx))
}

// flaky fails when it is told to: before the events are kept, or after.
type flaky struct {
	eventlog.Store
	before, after bool
	fail          func() bool
}

var errDisk = errors.New("the disk does not answer")

func (f *flaky) Append(ctx context.Context, stream string, after int64, events []eventlog.Event) error {
	if f.before = f.fail(); f.before {
		return errDisk
	}
	err := f.Store.Append(ctx, stream, after, events)
	if f.after = f.fail(); f.after {
		return errDisk
	}
	return err
}

// Whatever fails and whoever else writes: who asks until it is done finds each
// of his events once.
func TestFaults(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctx, kept := context.Background(), eventlog.NewMemory()
		want := 0
		var sums [2]total
		var streams [2]*eventlog.Stream
		for i := range streams {
			var err error
			store := &flaky{Store: kept, fail: func() bool { return rapid.IntRange(0, 3).Draw(t, "fault") == 0 }}
			streams[i], err = eventlog.Open(ctx, store, "a", &sums[i])
			require.NoError(t, err)
		}
		for op := range rapid.IntRange(1, 20).Draw(t, "operations") {
			who, done := rapid.IntRange(0, 1).Draw(t, "who"), false
			for try := 0; !done; try++ {
				require.Less(t, try, 1000)
				done = streams[who].Change(ctx, func() ([]eventlog.Event, error) {
					if sums[who].sum > want { // the event of a try that seemed to fail
						return nil, nil
					}
					return add(fmt.Sprint(op), 1), nil
				}) == nil
			}
			want++
		}
		for i, s := range streams {
			require.NoError(t, s.Refresh(ctx))
			require.NoError(t, s.View(ctx, func() error { require.Equal(t, want, sums[i].sum); return nil }))
		}
	})
}

func BenchmarkChange(b *testing.B) {
	ctx := context.Background()
	var sum total
	stream, err := eventlog.Open(ctx, eventlog.NewMemory(), "a", &sum)
	require.NoError(b, err)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		require.NoError(b, stream.Change(ctx, func() ([]eventlog.Event, error) { return add(fmt.Sprint(n), 1), nil }))
	}
}
