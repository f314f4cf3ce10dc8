package ledger

import (
	"context"
	"sync"
)

// A Follower brings into a ledger what follows from a list of events and may be
// missing there. Keys make it the same however often it is done, so that a
// restart only costs time. It is safe for concurrent use.
type Follower struct {
	Ledger *Ledger

	// Pending returns how many drafts the list no longer holds, and at most
	// MaxBatch of those from a number on, or from the first that it does hold.
	Pending func(ctx context.Context, from int64) (gone int64, drafts []Draft, err error)

	// Refused hears of each draft that the ledger refused. Its error ends Follow
	// before the draft counts as posted.
	Refused func(*RefusedError) error

	mu   sync.Mutex
	next int64
}

// Follow posts until nothing is pending, those of closed days as [Ledger.PostLate]
// does. It returns how many drafts of the list, from its first, are posted now,
// and how many of those it no longer holds.
func (f *Follower) Follow(ctx context.Context) (posted, gone int64, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		gone, drafts, err := f.Pending(ctx, f.next)
		if err != nil {
			return f.next, gone, err
		}
		f.next = max(f.next, gone)
		if len(drafts) == 0 {
			return f.next, gone, nil
		}
		verdicts, err := f.Ledger.PostEachLate(ctx, drafts)
		if err != nil {
			return f.next, gone, err
		}
		for _, v := range verdicts {
			if v.Refused == nil {
				continue
			}
			if err := f.Refused(v.Refused); err != nil {
				return f.next, gone, err
			}
		}
		f.next += int64(len(drafts))
	}
}
