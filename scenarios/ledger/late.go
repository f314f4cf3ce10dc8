package ledger

import (
	"context"
	"errors"
	"slices"
)

// lateTries is how often late transactions are posted: a day may close between
// the refusal and the next try, but not often.
const lateTries = 4

// PostLate is Post for what may belong to a closed day: that is booked on the
// first open one, and keeps its day as Origin.
func (l *Ledger) PostLate(ctx context.Context, d Draft) (r Receipt, err error) {
	drafts := []Draft{d}
	err = untilOpen(drafts, func() error {
		r, err = l.Post(ctx, drafts[0])
		return err
	})
	return r, err
}

// PostAllLate is PostAll for what may belong to closed days, as PostLate.
func (l *Ledger) PostAllLate(ctx context.Context, drafts []Draft) (r []Receipt, err error) {
	drafts = slices.Clone(drafts)
	err = untilOpen(drafts, func() error {
		r, err = l.PostAll(ctx, drafts)
		return err
	})
	return r, err
}

// untilOpen calls post, and again with drafts moved where a day is closed.
func untilOpen(drafts []Draft, post func() error) (err error) {
	for range lateTries {
		err = post()
		refused, ok := errors.AsType[*RefusedError](err)
		if !ok || refused.Reason != DayClosed {
			break
		}
		for i, d := range drafts {
			if d.Day.Compare(refused.Open) < 0 {
				drafts[i] = d.On(refused.Open)
			}
		}
	}
	return err
}

// PostEachLate is PostEach for what may belong to closed days, as PostLate. The
// verdicts are those of the last try.
func (l *Ledger) PostEachLate(ctx context.Context, drafts []Draft) ([]Verdict, error) {
	verdicts, err := l.PostEach(ctx, drafts)
	if err != nil {
		return nil, err
	}
	drafts = slices.Clone(drafts)
	for range lateTries - 1 {
		var again []int
		for i, v := range verdicts {
			late := v.Refused != nil && v.Refused.Reason == DayClosed
			if late {
				drafts[i] = drafts[i].On(v.Refused.Open)
			}
			// Whatever is refused behind a late one may correct it.
			if late || v.Refused != nil && len(again) > 0 {
				again = append(again, i)
			}
		}
		if len(again) == 0 {
			break
		}
		rest := make([]Draft, len(again))
		for k, i := range again {
			rest[k] = drafts[i]
		}
		second, err := l.PostEach(ctx, rest)
		if err != nil {
			return nil, err
		}
		for k, i := range again {
			verdicts[i] = second[k]
		}
	}
	return verdicts, nil
}
