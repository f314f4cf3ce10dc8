package reservetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/parking/reserve"
)

// testCrowd: five thousand people at once want one of a hundred bays.
func testCrowd(t *testing.T, w *world) {
	people := 5000
	if testing.Short() {
		people = 500
	}
	var got, full, other atomic.Int64
	var crowd sync.WaitGroup
	for i := range people {
		q := w.request("lot", fmt.Sprintf("p%d", i), 60, 180)
		crowd.Go(func() {
			_, err := w.Reserve(t.Context(), q)
			var no *reserve.RefusedError
			switch {
			case err == nil:
				got.Add(1)
			case errors.As(err, &no) && no.Reason == reserve.Full:
				full.Add(1)
			default:
				other.Add(1)
				t.Error(err)
			}
		})
	}
	crowd.Wait()
	assert.Equal(t, []int64{100, int64(people) - 100, 0}, []int64{got.Load(), full.Load(), other.Load()})
	assert.Equal(t, 0, w.free("lot", 60, 180))
	assert.Equal(t, 100, w.free("lot", 180, 240))
}

// testOneKey: the same request many times at once is one reservation, and
// another request under its key is refused.
func testOneKey(t *testing.T, w *world) {
	q := w.request("lot", "li", 60, 180)
	var ids sync.Map
	var same sync.WaitGroup
	for range 100 {
		same.Go(func() {
			r, err := w.Reserve(t.Context(), q)
			if assert.NoError(t, err) {
				ids.Store(r.ID, true)
			}
		})
	}
	same.Wait()
	var count int
	var id string
	ids.Range(func(k, _ any) bool { count, id = count+1, k.(string); return true })
	assert.Equal(t, 1, count)
	assert.Equal(t, 99, w.free("lot", 60, 180))

	other := q
	other.Until = other.Until.Add(reserve.SlotLength)
	_, err := w.Reserve(t.Context(), other)
	w.refused(reserve.KeyReused, err)
	_, err = w.Cancel(t.Context(), "li", id)
	require.NoError(t, err)
	w.at(500)
	r, err := w.Reserve(t.Context(), q) // an answer that was lost is asked for much later
	require.NoError(t, err)
	assert.Equal(t, reserve.Cancelled, r.State)
}

// testOnePerson: nobody can hold a lot to ransom.
func testOnePerson(t *testing.T, w *world) {
	var got atomic.Int64
	var last atomic.Value
	var all sync.WaitGroup
	for range 50 {
		q := w.request("lot", "li", 60, 180)
		all.Go(func() {
			if r, err := w.Reserve(t.Context(), q); err == nil {
				got.Add(1)
				last.Store(r.ID)
			} else {
				w.refused(reserve.TooMany, err)
			}
		})
	}
	all.Wait()
	assert.EqualValues(t, 3, got.Load())
	_, err := w.Cancel(t.Context(), "li", last.Load().(string))
	require.NoError(t, err)
	w.reserve("lot", "li", 60, 180)
}

// testEnterAndCancel: of a driver at the barrier who cancels at the same moment,
// one of the two counts.
func testEnterAndCancel(t *testing.T, w *world) {
	for i := range 20 {
		lot, who := fmt.Sprintf("lot%d", i), fmt.Sprintf("p%d", i)
		r := w.reserve(lot, who, 0, 60)
		var entered, cancelled error
		var both sync.WaitGroup
		both.Go(func() { _, entered = w.Enter(t.Context(), r.ID) })
		both.Go(func() { _, cancelled = w.Cancel(t.Context(), who, r.ID) })
		both.Wait()
		free := 99
		if cancelled == nil {
			free = 100
			w.refused(reserve.WrongState, entered)
		} else {
			require.NoError(t, entered)
			w.refused(reserve.WrongState, cancelled)
		}
		assert.Equal(t, free, w.free(lot, 0, 60))
	}
}
