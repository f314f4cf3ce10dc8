package sqlstore_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/ledger/ledgertest"
	"github.com/citizencode/citizencode/scenarios/ledger/sqlstore"
)

var errBroken = errors.New("the disk is gone")

// A sqliteError is what SQLite's driver says, a postgresError PostgreSQL's.
type sqliteError int

func (e sqliteError) Error() string { return "SQLite says no" }
func (e sqliteError) Code() int     { return int(e) }

type postgresError string

func (e postgresError) Error() string    { return "PostgreSQL says no" }
func (e postgresError) SQLState() string { return string(e) }

// A scene is a ledger before a call that will be disturbed.
type scene struct {
	t      *testing.T
	faults *faulty
	*ledger.Ledger
	waits int
}

func newScene(t *testing.T) *scene {
	t.Helper()
	f, db := openFaulty(t, filepath.Join(t.TempDir(), "ledger.db"))
	s := &scene{t: t, faults: f}
	store, err := sqlstore.Open(t.Context(), db, sqlstore.Options{Shards: 2, Attempts: 3, Wait: func(context.Context, int) error {
		s.waits++
		return nil
	}})
	require.NoError(t, err)
	s.Ledger = ledger.New(store)
	_, err = s.PostAll(t.Context(), []ledger.Draft{ledgertest.Fare("a", 100), ledgertest.Fare("b", 100)})
	require.NoError(t, err)
	return s
}

// calls are what is disturbed: a batch with everything that a commit writes,
// and a closing.
var calls = map[string]func(context.Context, *ledger.Ledger) error{
	"commit": func(ctx context.Context, l *ledger.Ledger) error {
		whole, part := ledgertest.Fare("a-", 100), ledgertest.Fare("b-", 40)
		whole.Reverses, whole.Postings = "a", ledger.Mirror(whole.Postings)
		part.Refunds, part.Postings = "b", ledger.Mirror(part.Postings)
		drafts := []ledger.Draft{ledgertest.Fare("c", 7), whole, part}
		for i := range 30 { // so many that statements are prepared
			drafts = append(drafts, ledgertest.Fare(fmt.Sprint("tap-", i), 1))
		}
		_, err := l.PostAll(ctx, drafts)
		return err
	},
	"closing": func(ctx context.Context, l *ledger.Ledger) error {
		_, err := l.CloseDay(ctx, ledgertest.Day)
		return err
	},
}

// state is all that the calls could change.
func (s *scene) state() string {
	s.t.Helper()
	s.faults.arm(nil, nil)
	var text []byte
	for _, key := range []string{"a", "b", "c", "a-", "b-"} {
		r, err := s.Find(s.t.Context(), key)
		if errors.Is(err, ledger.ErrNotFound) {
			text = append(text, '-', '\n')
			continue
		}
		require.NoError(s.t, err)
		text = append(text, describe(s.t, r)...)
	}
	for _, account := range []ledger.Account{ledgertest.Citizen, ledgertest.Line} {
		st, err := s.Statement(s.t.Context(), ledger.StatementQuery{Account: account, From: ledgertest.Day, To: ledgertest.Day})
		require.NoError(s.t, err)
		b, err := s.Balance(s.t.Context(), account)
		require.NoError(s.t, err)
		assert.Equal(s.t, b, st.Closing, "the balance is not that of the postings")
		text = append(text, describe(s.t, b)...)
	}
	total, err := s.Totals(s.t.Context())
	require.NoError(s.t, err)
	assert.Zero(s.t, total.Net())
	c, err := s.Closing(s.t.Context(), ledgertest.Day)
	if err == nil {
		require.NoError(s.t, s.Audit(s.t.Context(), ledgertest.Day))
		text = append(text, describe(s.t, c)...)
	} else {
		require.ErrorIs(s.t, err, ledger.ErrNotFound)
	}
	return string(text)
}

// TestFaults breaks each statement of a call in each way. What stands is the
// whole or nothing, and to call again makes it the whole, once.
func TestFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("many databases and nothing concurrent: runs in full without -short")
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			before := s.state()
			s.faults.arm(nil, nil)
			require.NoError(t, call(t.Context(), s.Ledger))
			steps := s.faults.steps()
			require.Greater(t, steps, 5)
			done := s.state()
			require.NotEqual(t, before, done)

			for step := 1; step <= steps; step++ {
				for _, fault := range []struct {
					name  string
					late  bool  // the statement is run first
					error error // nil cancels the call
				}{
					{"fails", false, errBroken}, {"answer lost", true, errBroken}, {"cancelled", false, nil}, {"cancelled after", true, nil},
				} {
					s := newScene(t)
					require.Equal(t, before, s.state())
					ctx, cancel := context.WithCancel(t.Context())
					disturb := func(k int) error {
						if k == step && fault.error == nil {
							cancel()
						}
						if k == step {
							return fault.error
						}
						return nil
					}
					if fault.late {
						s.faults.arm(nil, disturb)
					} else {
						s.faults.arm(disturb, nil)
					}
					err := call(ctx, s.Ledger)
					cancel()
					what := fmt.Sprintf("%s at step %d of %d", fault.name, step, steps)
					now := s.state()
					if step == steps && (fault.late || err == nil) {
						// The commit itself: it was done, whatever the caller heard.
						assert.ErrorIs(t, err, fault.error, what)
						assert.Equal(t, done, now, what)
					} else {
						assert.ErrorIs(t, err, cmp.Or(fault.error, context.Canceled), what)
						assert.Equal(t, before, now, "%s: a part stands", what)
					}
					assert.Zero(t, s.waits)
					require.NoError(t, call(t.Context(), s.Ledger), "%s: again", what)
					assert.Equal(t, done, s.state(), what)
				}
			}
		})
	}
}

// TestNoCollision: other errors are not tried again.
func TestNoCollision(t *testing.T) {
	for _, other := range []error{sqliteError(11), postgresError("23505"), errBroken} {
		s := newScene(t)
		s.faults.arm(func(int) error { return other }, nil)
		_, err := s.Post(t.Context(), ledgertest.Fare("c", 1))
		require.ErrorIs(t, err, other)
		assert.Zero(t, s.waits)
	}
}

// TestCollisions: what collides is tried again and succeeds, or is given up.
func TestCollisions(t *testing.T) {
	if testing.Short() {
		t.Skip("many databases and nothing concurrent: runs in full without -short")
	}
	collisions := []error{sqliteError(5), sqliteError(5 | 2<<8), sqliteError(6), postgresError("40001"), postgresError("40P01")}
	for name, call := range calls {
		s := newScene(t)
		s.faults.arm(nil, nil)
		require.NoError(t, call(t.Context(), s.Ledger))
		steps, done := s.faults.steps(), s.state()
		require.Greater(t, steps, len(collisions))
		for step := 1; step <= steps; step++ {
			s := newScene(t)
			collision := collisions[step%len(collisions)]
			s.faults.arm(func(k int) error {
				if k == step {
					return collision
				}
				return nil
			}, nil)
			require.NoError(t, call(t.Context(), s.Ledger), "%s: %v at step %d", name, collision, step)
			assert.Equal(t, 1, s.waits)
			assert.Equal(t, done, s.state())
		}
		s = newScene(t)
		before := s.state()
		s.faults.arm(func(k int) error {
			if k%3 == 0 {
				return collisions[0]
			}
			return nil
		}, nil)
		err := call(t.Context(), s.Ledger)
		require.ErrorIs(t, err, collisions[0])
		assert.ErrorContains(t, err, "3 attempts")
		assert.Equal(t, 2, s.waits)
		assert.Equal(t, before, s.state())
	}
}
