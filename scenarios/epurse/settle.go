package epurse

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/ledger"
)

// decisionsAtOnce keeps an event of decisions within its bound.
const decisionsAtOnce = 500

// Settle decides what can be decided now, and posts it. It may be called at any
// time and any number of times, and goes on where a crash ended it.
func (o *Office) Settle(ctx context.Context) error {
	deadline := o.cfg.Now().Add(-o.cfg.Wait)
	var judged map[string]int
	err := o.stream.Change(ctx, func() ([]eventlog.Event, error) {
		var list []decision
		judged = make(map[string]int)
		for _, serial := range slices.Sorted(maps.Keys(o.books.open)) {
			v := o.books.cards[serial].judge(serial, deadline)
			if !v.open {
				judged[serial] = o.books.open[serial]
			}
			for e, to := range v.to {
				if e.to != to {
					list = append(list, decision{e.Terminal, e.Number, e.to, to, e.changes + 1})
				}
			}
		}
		slices.SortFunc(list, func(a, b decision) int {
			return claimID{a.Terminal, a.Number}.compare(claimID{b.Terminal, b.Number})
		})
		var events []eventlog.Event
		for part := range slices.Chunk(list, decisionsAtOnce) {
			e, err := o.event(decidedKind, decidedEvent{part})
			if err != nil {
				return nil, err
			}
			events = append(events, e...)
		}
		return events, nil
	})
	if err != nil {
		return err
	}
	// Whoever claims something opens a card again. It is not of the record: to
	// judge a card once more changes nothing.
	err = o.stream.Change(ctx, func() ([]eventlog.Event, error) {
		maps.DeleteFunc(o.books.open, func(serial string, at int) bool {
			seen, ok := judged[serial]
			return ok && seen == at
		})
		return nil, nil
	})
	if err != nil {
		return err
	}
	return o.post(ctx)
}

// post books the decisions that are not known to stand in the ledger. Each has
// a key of its own, so that what stands is not posted again.
func (o *Office) post(ctx context.Context) error {
	for {
		var drafts []ledger.Draft
		var through int
		err := o.stream.View(ctx, func() error {
			n := min(len(o.books.decisions), decisionsAtOnce)
			through = o.books.posted + n
			for _, d := range o.books.decisions[:n] {
				list, err := o.drafts(d)
				if err != nil {
					return err
				}
				drafts = append(drafts, list...)
			}
			return nil
		})
		if err != nil {
			return err
		}
		for part := range slices.Chunk(drafts, ledger.MaxBatch) {
			if _, err := o.cfg.Ledger.PostAllLate(ctx, part); err != nil {
				return fmt.Errorf("epurse: %w", err)
			}
		}
		done := false
		err = o.stream.Change(ctx, func() ([]eventlog.Event, error) {
			if done = through <= o.books.posted; done {
				return nil, nil
			}
			return o.event(postedKind, postedEvent{through})
		})
		if err != nil || done {
			return err
		}
	}
}

// drafts returns the transactions of a decision: the last one reversed, and
// this one.
func (o *Office) drafts(d decision) ([]ledger.Draft, error) {
	e := o.books.claims[claimID{d.Terminal, d.Number}]
	key := func(change int) string { return fmt.Sprintf("epurse:%s:%s:%d", o.cfg.Name, e.id(), change) }
	var list []ledger.Draft
	if d.From != Nobody {
		postings, err := o.postings(e, d.From)
		if err != nil {
			return nil, err
		}
		list = append(list, ledger.Draft{Key: key(d.Change-1) + ":back", Kind: kinds[d.From] + ".reversal", Time: e.Time,
			Day: ledger.DayOf(e.Time), Reverses: key(d.Change - 1), Postings: ledger.Mirror(postings)})
	}
	if d.To != Nobody {
		postings, err := o.postings(e, d.To)
		if err != nil {
			return nil, err
		}
		list = append(list, ledger.Draft{Key: key(d.Change), Kind: kinds[d.To], Time: e.Time, Day: ledger.DayOf(e.Time), Postings: postings,
			Attributes: map[string]string{"claim": e.id().String(), "card": e.Card}})
	}
	return list, nil
}

var kinds = map[Target]string{Merchant: "epurse.purchase", Holder: "epurse.holder", Suspense: "epurse.suspense",
	Float: "epurse.load", Payback: "epurse.payback"}

// FloatAccount is what the issuer owes to all cards.
var FloatAccount = ledger.MustAccount(ledger.Liability, "epurse", "float")

// SuspenseAccount is what was paid in and is not known to be on a card.
var SuspenseAccount = ledger.MustAccount(ledger.Liability, "epurse", "suspense")

func (o *Office) postings(e *entry, to Target) ([]ledger.Posting, error) {
	from, into := FloatAccount, FloatAccount
	var err error
	name := func(class ledger.Class, words ...string) ledger.Account {
		a, wrong := ledger.NewAccount(class, append([]string{"epurse"}, words...)...)
		if wrong != nil {
			err = fmt.Errorf("epurse: %w", wrong)
		}
		return a
	}
	if e.Kind == Load {
		from = name(ledger.Asset, "till", e.Terminal)
	}
	switch to {
	case Merchant:
		into = name(ledger.Liability, "merchant", o.cfg.Merchant(e.Terminal))
	case Holder:
		into = name(ledger.Liability, "holder", e.Card)
	case Payback:
		into = name(ledger.Liability, "payback", e.Card)
	case Suspense:
		into = SuspenseAccount
	}
	return []ledger.Posting{{Account: from, Debit: e.Fen}, {Account: into, Credit: e.Fen}}, err
}
