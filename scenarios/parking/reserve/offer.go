package reserve

import (
	"context"
	"errors"
	"time"
)

// An Offer is a window of time for which an owner shares his bay.
type Offer struct {
	ID         string    `json:"id"`
	Key        string    `json:"key"`
	Bay        string    `json:"bay"`
	Owner      string    `json:"owner"`
	From       time.Time `json:"from"`
	Until      time.Time `json:"until"`
	FenPerSlot int64     `json:"fenPerSlot"`
}

// An OfferRequest offers a bay.
type OfferRequest struct {
	Key         string // chosen by the caller: the same again is the same request
	Bay         string
	Owner       string
	From, Until time.Time // multiples of SlotLength
	FenPerSlot  int64     // the price of 15 minutes
}

// Offer shares a bay. It is refused where an offer of the same bay stands in
// any slot of the window.
func (d *Desk) Offer(ctx context.Context, q OfferRequest) (Offer, error) {
	if err := errors.Join(checkName("Key", q.Key), checkName("Bay", q.Bay), checkName("Owner", q.Owner), checkWindow(q.From, q.Until, MaxOffer)); err != nil {
		return Offer{}, first(err)
	}
	if q.FenPerSlot < 0 || q.FenPerSlot > MaxFen {
		return Offer{}, refused(BadRequest, "FenPerSlot")
	}
	place, known := d.cfg.Place(q.Bay)
	switch {
	case !known:
		return Offer{}, refused(UnknownPlace, "")
	case place.Owner != q.Owner:
		return Offer{}, refused(NotOwner, "")
	}
	now := d.now()
	offer := Offer{d.cfg.Random(), q.Key, q.Bay, q.Owner, q.From.UTC(), q.Until.UTC(), q.FenPerSlot}
	var out Offer
	err := d.cfg.Store.Update(ctx, func(tx Tx) error {
		old, found, err := tx.OfferOfKey(q.Key)
		if err != nil {
			return err
		}
		if found {
			same := offer
			same.ID = old.ID
			if same != old {
				return refused(KeyReused, "")
			}
			out = old
			return nil
		}
		if Slot(q.From) < Slot(now) {
			return refused(TooLate, "From is over")
		}
		if open, err := tx.Open(offer); err != nil || !open {
			return either(err, refused(OfferOverlaps, ""))
		}
		out = offer
		return nil
	})
	if err != nil {
		return Offer{}, err
	}
	return out, nil
}

// Withdraw takes a bay back for the part of an offer in from..until, on the
// grid and not over. A guest who has booked any of it loses the reservation, if
// there is notice enough before it begins; a guest who is inside stays. It
// returns the reservations that fell.
func (d *Desk) Withdraw(ctx context.Context, owner, offerID string, from, until time.Time) ([]Reservation, error) {
	if err := checkWindow(from, until, MaxOffer); err != nil {
		return nil, err
	}
	now := d.now()
	var fallen []Reservation
	err := d.cfg.Store.Update(ctx, func(tx Tx) error {
		fallen = nil
		offer, found, err := tx.Offer(offerID)
		switch {
		case err != nil:
			return err
		case !found || offer.Owner != owner:
			return refused(Unknown, "")
		case Slot(from) < Slot(now):
			return refused(TooLate, "From is over")
		}
		booked, err := tx.OpenOf(offerID)
		if err != nil {
			return err
		}
		for _, r := range booked {
			switch {
			case !r.From.Before(until) || !from.Before(r.Until):
				continue
			case r.State == Entered:
				return refused(GuestInside, "")
			case now.After(r.From.Add(-d.cfg.Rules.OwnerNotice)):
				return refused(NoticeTooShort, "")
			}
			if err := r.end(tx, Withdrawn, now); err != nil {
				return err
			}
			if err := tx.Put(r); err != nil {
				return err
			}
			r.Version++
			fallen = append(fallen, r)
		}
		return tx.Shut(offer, Slot(from), Slot(until))
	})
	if err != nil {
		return nil, err
	}
	return fallen, nil
}
