package ticket

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/ledger"
)

func (s *Scenario) income(product string) ledger.Account {
	return ledger.MustAccount(ledger.Income, "ticket", s.venue, product)
}

func saleKey(id string) string { return "ticket.sale:" + id }

// saleDraft is the posting of a booking. It follows from the booking alone.
func (s *Scenario) saleDraft(b Booking) ledger.Draft {
	return ledger.Draft{Key: saleKey(b.ID), Kind: "ticket.sale", Time: b.Time, Day: ledger.DayOf(b.Time), Attributes: map[string]string{"slot": b.Slot},
		Postings: []ledger.Posting{{Account: ledger.MustAccount(ledger.Asset, "receivable", b.Person), Debit: b.Fen}, {Account: s.income(b.Product), Credit: b.Fen}}}
}

// post books a draft. What belongs to a closed day is booked on the first open
// one.
func (s *Scenario) post(ctx context.Context, d ledger.Draft) error {
	_, err := s.ledger.PostLate(ctx, d)
	return err
}

// takeBack reverses the sale of a cancelled booking, if there is one, and
// settles the booking.
func (s *Scenario) takeBack(ctx context.Context, b Booking) error {
	switch sale, err := s.ledger.Find(ctx, saleKey(b.ID)); {
	case err == nil:
		err = s.post(ctx, ledger.Draft{Key: "ticket.cancel:" + b.ID, Kind: "ticket.cancel", Time: b.CancelledAt, Day: ledger.DayOf(b.CancelledAt),
			Reverses: saleKey(b.ID), Postings: ledger.Mirror(sale.Transaction.Postings())})
		if err != nil {
			return fmt.Errorf("book the cancellation: %w", err)
		}
	case !errors.Is(err, ledger.ErrNotFound):
		return fmt.Errorf("find the sale: %w", err)
	}
	if _, err := s.store.Settle(ctx, b.ID); err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	return nil
}

// An Undone is the outcome of taking something back.
type Undone struct {
	Booking string `json:"booking"`
	Fen     int64  `json:"fen,omitempty"` // that is not owed any more
}

// undo cancels a booking by an order.
func (s *Scenario) undo(ctx context.Context, id, by string, at time.Time) (*scenarios.Decision, error) {
	b, err := s.store.Cancel(ctx, id, by, time.Unix(at.Unix(), 0).UTC())
	switch {
	case errors.Is(err, ErrUsed):
		return refuse(AlreadyUsed), nil
	case err != nil:
		return nil, fmt.Errorf("cancel: %w", err)
	case b.CancelledBy != by:
		return refuse(AlreadyCancelled), nil
	}
	if b.State == Cancelling {
		if err := s.takeBack(ctx, b); err != nil {
			return nil, err
		}
	}
	return scenarios.Allowed(scenarios.Text{Zh: "已取消预订，费用不再收取", En: "The booking is cancelled, and nothing is owed for it"}, Undone{b.ID, b.Fen})
}

// Reverse takes a visit back: a booking is cancelled, unless somebody is in; an
// entry, as when the gate let in the wrong person, makes the ticket good again.
func (s *Scenario) Reverse(ctx context.Context, r scenarios.Reversal) (*scenarios.Decision, error) {
	if r.Request == "" {
		return nil, &scenarios.RequestError{Path: "request", Err: errors.New("an order without a name")}
	}
	visit, by := digest(r.Key), digest(r.Request)
	switch _, err := s.store.Find(ctx, visit); {
	case err == nil && s.ledger == nil:
		return scenarios.Refused(citycode.OnlineRequired.String(), scenarios.ReasonText(citycode.OnlineRequired)), nil
	case err == nil:
		return s.undo(ctx, visit, by, r.Time)
	case !errors.Is(err, ErrNoBooking):
		return nil, fmt.Errorf("find booking: %w", err)
	}
	u, err := s.store.Void(ctx, visit, by)
	switch {
	case errors.Is(err, ErrNoUse):
		return refuse(VisitUnknown), nil
	case err != nil:
		return nil, fmt.Errorf("take a use back: %w", err)
	case u.Void != by:
		return refuse(AlreadyReversed), nil
	}
	return scenarios.Allowed(scenarios.Text{Zh: "已撤销入园记录，此票可再次使用", En: "The entry is taken back; the ticket is good again"}, Undone{Booking: u.Booking})
}

// ReconcileAge is how old a booking must be before Reconcile takes its visit
// for dead. No call may take as long.
const ReconcileAge = time.Hour

// Reconcile settles what faults left between the store and the ledger: what is
// in the ledger stands; a booking that is not is released. It may run at any
// time and as often as one likes.
func (s *Scenario) Reconcile(ctx context.Context, now time.Time) error {
	list, err := s.store.Unsettled(ctx, now.Add(-ReconcileAge))
	if err != nil {
		return fmt.Errorf("read bookings: %w", err)
	}
	for _, b := range list {
		if b.State == Held {
			_, err := s.ledger.Find(ctx, saleKey(b.ID))
			if err == nil {
				if _, err := s.store.Settle(ctx, b.ID); err != nil {
					return fmt.Errorf("confirm: %w", err)
				}
				continue
			}
			if !errors.Is(err, ledger.ErrNotFound) {
				return fmt.Errorf("find the sale: %w", err)
			}
			if b, err = s.store.Cancel(ctx, b.ID, "", time.Unix(now.Unix(), 0).UTC()); err != nil {
				return fmt.Errorf("release: %w", err)
			}
		}
		if err := s.takeBack(ctx, b); err != nil {
			return err
		}
	}
	return nil
}
