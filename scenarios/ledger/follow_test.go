package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/ledger/ledgertest"
)

// TestFollower: everything of a list stands in the ledger once, whatever of it was
// there before, was forgotten by the list, or is refused.
func TestFollower(t *testing.T) {
	var list []ledger.Draft
	for i := range 2*ledger.MaxBatch + 7 {
		list = append(list, ledgertest.Fare(fmt.Sprint("fare-", i), 200))
	}
	list[3] = ledger.Draft{Key: "fare-3", Kind: "test", Time: list[3].Time, Day: list[3].Day, Reverses: "nothing", Postings: ledger.Mirror(list[3].Postings)}
	const gone = 2
	l := ledger.New(ledger.NewMemory())
	for _, d := range list[:5] {
		_, err := l.PostLate(t.Context(), d)
		require.True(t, err == nil || errors.Is(err, ledger.UnknownTransaction), err)
	}
	var asked []int64
	var refused []string
	stop := error(nil)
	f := &ledger.Follower{
		Ledger: l,
		Pending: func(_ context.Context, from int64) (int64, []ledger.Draft, error) {
			asked = append(asked, from)
			rest := list[max(from, gone):]
			return gone, rest[:min(len(rest), ledger.MaxBatch)], nil
		},
		Refused: func(r *ledger.RefusedError) error { refused = append(refused, r.Key); return stop },
	}
	stop = errors.New("stop here")
	posted, first, err := f.Follow(t.Context())
	require.ErrorIs(t, err, stop)
	assert.Equal(t, []int64{gone, gone}, []int64{posted, first}, "nothing of the batch counts")
	stop = nil
	for range 2 {
		posted, first, err = f.Follow(t.Context())
		require.NoError(t, err)
		assert.EqualValues(t, len(list), posted)
		assert.EqualValues(t, gone, first)
	}
	assert.Equal(t, []string{"fare-3", "fare-3"}, refused)
	assert.Equal(t, []int64{0, gone, gone + ledger.MaxBatch, gone + 2*ledger.MaxBatch, int64(len(list)), int64(len(list))}, asked)
	balance, err := l.Balance(t.Context(), list[0].Postings[0].Account)
	require.NoError(t, err)
	assert.EqualValues(t, 200*(len(list)-1), max(balance.Net(), -balance.Net()))
	f.Pending = func(context.Context, int64) (int64, []ledger.Draft, error) { return 0, nil, context.Canceled }
	_, _, err = f.Follow(t.Context())
	assert.ErrorIs(t, err, context.Canceled)
}
