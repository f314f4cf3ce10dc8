package office

import (
	"context"
	"fmt"

	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/ledger"
)

// post posts the fares of a month that are not in the ledger yet, and notes on
// which day each was booked. Posted again after a crash, they change nothing.
func (o *Office) post(ctx context.Context, m int, done *Booking) error {
	s := o.month(m)
	if s == nil {
		return fmt.Errorf("office: month %d has been archived meanwhile", m)
	}
	// Fares that another process has posted are held here, and are not in list.
	var held, list []fares
	from := o.books.posted(m)
	if err := s.stream.View(ctx, func() error {
		held = s.state.fares
		list = held[min(len(held), max(0, from-(s.state.number-len(held)))):]
		return nil
	}); err != nil || len(held) == 0 {
		return err
	}
	if err := o.postFares(ctx, m, from, list, done); err != nil {
		return err
	}
	o.mu.Lock()
	for _, f := range held {
		o.owing[f.Person] = true
	}
	o.mu.Unlock()
	return s.stream.Change(ctx, func() ([]eventlog.Event, error) {
		s.state.trim(from + len(list))
		return nil, nil
	})
}

// postFares is post for a list of fares, of which the first has the number from.
func (o *Office) postFares(ctx context.Context, m, from int, list []fares, done *Booking) error {
	if len(list) == 0 {
		return nil
	}
	closed, err := o.closed(ctx)
	if err != nil {
		return err
	}
	days := make(map[ledger.Day]map[string]share)
	add := func(day ledger.Day, party string, s share) {
		if days[day] == nil {
			days[day] = make(map[string]share)
		}
		days[day][party] = days[day][party].plus(s)
	}
	legs := func(day ledger.Day, f *fares) {
		for party, change := range f.Shares {
			add(day, party, share{Legs: change.Legs})
		}
	}
	var drafts []ledger.Draft
	of := make(map[int]*fares) // by the place of their first draft
	flush := func() error {
		booked, posted, err := o.postEach(ctx, drafts)
		if err != nil {
			return err
		}
		done.Transactions += posted
		for i, d := range drafts {
			for _, p := range d.Postings {
				if p.Account.Class() == ledger.Income {
					add(booked[i], partyOf(p.Account), share{Fen: p.Credit - p.Debit})
				}
			}
			if of[i] != nil {
				legs(booked[i], of[i])
			}
		}
		drafts = drafts[:0]
		clear(of)
		return nil
	}
	for i := range list {
		f := &list[i]
		more := o.drafts(*f)
		if len(more) == 0 { // rides that cost nothing
			day := bookDay(f.Day)
			if day.Compare(closed) <= 0 {
				day = closed.Add(1)
			}
			legs(day, f)
			continue
		}
		if len(drafts)+len(more) > ledger.MaxBatch {
			if err := flush(); err != nil {
				return err
			}
		}
		of[len(drafts)] = f
		drafts = append(drafts, more...)
	}
	if len(drafts) > 0 {
		if err := flush(); err != nil {
			return err
		}
	}
	return o.notePosted(ctx, m, from, from+len(list), days)
}

// postEach posts drafts, those of a closed day on the first that is open. It
// returns the day on which each stands, and how many are new.
func (o *Office) postEach(ctx context.Context, drafts []ledger.Draft) (days []ledger.Day, posted int, err error) {
	verdicts, err := o.cfg.Ledger.PostEachLate(ctx, drafts)
	if err != nil {
		return nil, 0, fmt.Errorf("office: post fares: %w", err)
	}
	days = make([]ledger.Day, len(drafts))
	for i, v := range verdicts {
		if v.Refused != nil {
			return nil, 0, fmt.Errorf("office: post fares: %w", v.Refused)
		}
		days[i] = v.Receipt.Day
		if v.New {
			posted++
		}
	}
	return days, posted, nil
}
