package ledgertest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/ledger"
)

const crowd = 16

// concurrentKeys: many servers are told of the same taps at once.
func concurrentKeys(b *book) {
	var posted atomic.Int64
	var wait sync.WaitGroup
	for i := range crowd {
		wait.Go(func() {
			for j := range 5 {
				var drafts []ledger.Draft
				for k := range 4 {
					drafts = append(drafts, Fare(fmt.Sprint("tap-", (i+j*4+k)%20), 100))
				}
				verdicts, err := b.PostEach(b.ctx(), drafts)
				if !assert.NoError(b.t, err) {
					return
				}
				for _, v := range verdicts {
					assert.Nil(b.t, v.Refused)
					if v.New {
						posted.Add(1)
					}
				}
			}
		})
	}
	wait.Wait()
	assert.EqualValues(b.t, 20, posted.Load())
	b.stands(Citizen, 2000, 0)
	b.totals()
}

// concurrentRefunds: two desks at once must not both give back what is left.
func concurrentRefunds(b *book) {
	b.post(Fare("a", 100))
	var given atomic.Int64
	var wait sync.WaitGroup
	for i := range crowd {
		wait.Go(func() {
			d := Fare(fmt.Sprint("r", i), 15)
			d.Refunds, d.Postings = "a", ledger.Mirror(d.Postings)
			_, err := b.Post(b.ctx(), d)
			if err == nil {
				given.Add(1)
			} else {
				assert.ErrorIs(b.t, err, ledger.ExceedsOriginal)
			}
		})
	}
	wait.Wait()
	assert.EqualValues(b.t, 6, given.Load())
	b.stands(Citizen, 100, 90)
}

// concurrentClosings: nothing slips into a day that is being closed.
func concurrentClosings(b *book) {
	const days = 3
	var wait sync.WaitGroup
	for i := range crowd / 2 {
		wait.Go(func() {
			for j := range 4 * days {
				d := Fare(fmt.Sprint("tap-", i, "-", j), 100)
				d.Day = Day.Add(j / 4)
				_, err := b.Post(b.ctx(), d)
				if refused, ok := errors.AsType[*ledger.RefusedError](err); ok && refused.Reason == ledger.DayClosed {
					d = d.On(Day.Add(days)) // which is never closed here
					_, err = b.Post(b.ctx(), d)
				}
				assert.NoError(b.t, err)
			}
		})
	}
	for range 2 {
		wait.Go(func() {
			for day := range days {
				_, err := b.CloseDay(b.ctx(), Day.Add(day))
				assert.True(b.t, err == nil || errors.Is(err, ledger.ErrNotFound), "%v", err)
			}
		})
	}
	wait.Wait()
	b.stands(Citizen, crowd/2*4*days*100, 0)
	b.totals()
	for day := range days {
		require.NoError(b.t, b.Audit(b.ctx(), Day.Add(day)))
	}
}
