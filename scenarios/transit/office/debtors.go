package office

import (
	"context"
	"slices"

	"github.com/citizencode/citizencode/scenarios/transit/deny"
)

// Debtors returns the deny list as it is now: those who could not be charged and
// have not paid since. Gates hold it; see [deny.Holder].
func (o *Office) Debtors(ctx context.Context) (*deny.List, error) {
	l := &deny.List{}
	err := o.main.View(ctx, func() error {
		l.Version = o.books.version
		for person, a := range o.books.people {
			if a.since != "" {
				l.People = append(l.People, person)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(l.People)
	return l, nil
}
