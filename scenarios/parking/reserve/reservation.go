package reserve

import (
	"context"
	"errors"
	"time"
)

// A State is where a reservation stands.
type State string

// The states.
const (
	Held      State = "held"
	Entered   State = "entered"
	Completed State = "completed"
	Cancelled State = "cancelled"
	NoShow    State = "no-show"
	Withdrawn State = "withdrawn" // by the owner of the bay
)

// A Reservation is a bay for a window of time. Times are whole seconds, UTC.
type Reservation struct {
	ID         string    `json:"id"`
	Key        string    `json:"key"` // of the request
	Place      string    `json:"place"`
	Offer      string    `json:"offer,omitempty"`  // of a shared bay
	Owner      string    `json:"owner,omitempty"`  // of a shared bay
	Holder     string    `json:"holder"`           // a pseudonym of the citizen
	From       time.Time `json:"from"`             // earlier than asked for, if the car came early
	Until      time.Time `json:"until"`            // not included
	ArriveBy   time.Time `json:"arriveBy"`         // when the hold expires
	FenPerSlot int64     `json:"fenPerSlot"`       // of a shared bay; a lot charges by its tariff
	Grace      int64     `json:"graceS,omitempty"` // seconds after Until
	Terms      Terms     `json:"terms"`
	State      State     `json:"state"`
	EnteredAt  time.Time `json:"enteredAt,omitzero"`
	EndedAt    time.Time `json:"endedAt,omitzero"`
	Late       bool      `json:"late,omitempty"` // cancelled without the notice
	Version    int64     `json:"version"`        // counts the changes; the store compares it
	// Asked is the window of the request, to know a repeated one.
	Asked time.Time `json:"asked"`
}

// Open reports whether the reservation holds a bay.
func (r *Reservation) Open() bool { return r.State == Held || r.State == Entered }

// Deadline returns when an open reservation wants attention: a hold when it
// expires, a car inside when its time is over. Of others it is zero.
func (r *Reservation) Deadline() time.Time {
	switch r.State {
	case Held:
		return r.ArriveBy
	case Entered:
		return r.Until
	}
	return time.Time{}
}

// Overstay returns how long the car was inside after its time, or is at now; 0
// within the grace.
func (r *Reservation) Overstay(now time.Time) time.Duration {
	switch r.State {
	case Completed:
		now = r.EndedAt
	case Entered:
	default:
		return 0
	}
	if over := now.Sub(r.Until); over > time.Duration(r.Grace)*time.Second {
		return over
	}
	return 0
}

// A Request asks for a bay.
type Request struct {
	Key         string // chosen by the caller: the same again is the same request
	Place       string
	Holder      string
	From, Until time.Time // multiples of SlotLength
}

// Reserve holds a bay. It is refused where not every slot of the window has one
// left.
func (d *Desk) Reserve(ctx context.Context, q Request) (Reservation, error) {
	if err := errors.Join(checkName("Key", q.Key), checkName("Place", q.Place), checkName("Holder", q.Holder), checkWindow(q.From, q.Until, d.cfg.Rules.MaxLength)); err != nil {
		return Reservation{}, first(err)
	}
	place, known := d.cfg.Place(q.Place)
	if !known {
		return Reservation{}, refused(UnknownPlace, "")
	}
	r, err := d.reserve(ctx, q, place)
	var no *RefusedError
	if errors.As(err, &no) && no.Reason == Full {
		// Holds that have expired may be in the way; nobody has to wait for
		// the next sweep.
		swept, sweepErr := d.Sweep(ctx)
		if sweepErr != nil {
			return Reservation{}, sweepErr
		}
		if len(swept) > 0 {
			r, err = d.reserve(ctx, q, place)
		}
	}
	return r, err
}

func (d *Desk) reserve(ctx context.Context, q Request, place Place) (Reservation, error) {
	now, id := d.now(), d.cfg.Random()
	q.From, q.Until = q.From.UTC(), q.Until.UTC()
	var out Reservation
	err := d.cfg.Store.Update(ctx, func(tx Tx) error {
		known, found, err := tx.ReservationOfKey(q.Key)
		if err != nil {
			return err
		}
		if found {
			if known.Place != q.Place || known.Holder != q.Holder || !known.Asked.Equal(q.From) || !known.Until.Equal(q.Until) {
				return refused(KeyReused, "")
			}
			out = known
			return nil
		}
		switch {
		case Slot(q.From) < Slot(now):
			return refused(TooLate, "From is over")
		case q.From.Sub(now) > d.cfg.Rules.MaxAhead:
			return refused(TooEarly, "not that far ahead")
		}
		r := Reservation{
			ID: id, Key: q.Key, Place: q.Place, Holder: q.Holder,
			From: q.From, Until: q.Until, Asked: q.From,
			Grace: int64(d.cfg.Rules.Grace / time.Second), Terms: d.cfg.Rules.Terms, State: Held,
		}
		// Who books the slot that runs has the hold from now on; nobody comes
		// when the window is over.
		r.ArriveBy = earlier(later(q.From, now).Add(d.cfg.Rules.Hold), q.Until.Add(-time.Second))
		bays := place.Bays
		if place.Owner != "" {
			bays = 1
			if err := r.of(tx, place); err != nil {
				return err
			}
		}
		if taken, err := tx.Take(openOf(r.Holder), "", 0, 1, d.cfg.Rules.MaxOpen); err != nil || !taken {
			return either(err, refused(TooMany, ""))
		}
		if taken, err := tx.Take(r.Place, r.Offer, Slot(r.From), Slot(r.Until), bays); err != nil || !taken {
			return either(err, refused(Full, ""))
		}
		out = r
		out.Version = 1
		return tx.Put(r)
	})
	if err != nil {
		return Reservation{}, err
	}
	return out, nil
}

// of fills in the offer that the window lies in.
func (r *Reservation) of(tx Tx, place Place) error {
	offer, found, err := tx.OfferAt(r.Place, Slot(r.From))
	switch {
	case err != nil:
		return err
	case !found || offer.Owner != place.Owner || offer.Until.Before(r.Until):
		return refused(NotOffered, "")
	}
	r.Offer, r.Owner, r.FenPerSlot = offer.ID, offer.Owner, offer.FenPerSlot
	return nil
}

// openOf is the name under which the store counts the open reservations of a
// person.
func openOf(holder string) string { return "open/" + holder }

// end closes a reservation and gives back what it still holds: the person's
// place in the count, and the slots from the one that runs.
func (r *Reservation) end(tx Tx, s State, now time.Time) error {
	r.State, r.EndedAt = s, now
	if err := tx.Release(openOf(r.Holder), 0, 1); err != nil {
		return err
	}
	from, until := max(Slot(r.From), Slot(now)), Slot(r.Until)
	if from >= until {
		return nil
	}
	return tx.Release(r.Place, from, until)
}

// Enter confirms a reservation at the barrier: the car is here. The same again
// changes nothing.
func (d *Desk) Enter(ctx context.Context, id string) (Reservation, error) {
	now := d.now()
	return d.update(ctx, id, func(tx Tx, r *Reservation) (error, error) {
		switch {
		case r.State == Entered:
			return nil, nil
		case r.State != Held:
			return nil, refused(WrongState, string(r.State))
		case now.After(r.ArriveBy):
			return refused(HoldExpired, ""), r.end(tx, NoShow, now)
		case now.Before(r.From.Add(-d.cfg.Rules.Early)):
			return nil, refused(TooEarly, "")
		}
		if from := Slot(now); from < Slot(r.From) {
			// The bay may still be another's: who comes early takes the
			// slots before his own, or waits.
			place, known := d.cfg.Place(r.Place)
			if !known {
				return nil, refused(UnknownPlace, "")
			}
			bays := place.Bays
			if r.Offer != "" {
				bays = 1
			}
			if taken, err := tx.Take(r.Place, r.Offer, from, Slot(r.From), bays); err != nil || !taken {
				return nil, either(err, refused(TooEarly, "the bay is not free yet"))
			}
			r.From = slotTime(from)
		}
		r.State, r.EnteredAt = Entered, now
		return nil, nil
	})
}

// Leave ends a reservation: the car is gone. What is left of the window is free
// again. The same again changes nothing.
func (d *Desk) Leave(ctx context.Context, id string) (Reservation, error) {
	now := d.now()
	return d.update(ctx, id, func(tx Tx, r *Reservation) (error, error) {
		switch r.State {
		case Completed:
			return nil, nil
		case Entered:
			return nil, r.end(tx, Completed, later(now, r.EnteredAt)) // a clock may have been set back
		}
		return nil, refused(WrongState, string(r.State))
	})
}

// Cancel gives a reservation back; without the notice of the rules it is late
// and has its price. The same again changes nothing.
func (d *Desk) Cancel(ctx context.Context, holder, id string) (Reservation, error) {
	now := d.now()
	return d.update(ctx, id, func(tx Tx, r *Reservation) (error, error) {
		switch {
		case r.Holder != holder: // to a stranger it does not exist
			return nil, refused(Unknown, "")
		case r.State == Cancelled:
			return nil, nil
		case r.State != Held:
			return nil, refused(WrongState, string(r.State))
		case now.After(r.ArriveBy):
			return refused(HoldExpired, ""), r.end(tx, NoShow, now)
		}
		r.Late = now.After(r.From.Add(-d.cfg.Rules.CancelNotice))
		return nil, r.end(tx, Cancelled, now)
	})
}

// Sweep turns holds that have expired into no-shows, MaxBatch at most, and
// returns them.
func (d *Desk) Sweep(ctx context.Context) ([]Reservation, error) {
	now := d.now()
	var out []Reservation
	err := d.cfg.Store.Update(ctx, func(tx Tx) error {
		out = nil
		due, err := tx.Due(Held, now, MaxBatch)
		if err != nil {
			return err
		}
		for _, r := range due {
			if err := r.end(tx, NoShow, now); err != nil {
				return err
			}
			if err := tx.Put(r); err != nil {
				return err
			}
			r.Version++
			out = append(out, r)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Overstaying returns the cars inside whose time and grace are over, MaxBatch
// at most, the longest first.
func (d *Desk) Overstaying(ctx context.Context) ([]Reservation, error) {
	now := d.now()
	var out []Reservation
	err := d.cfg.Store.Update(ctx, func(tx Tx) (err error) {
		out, err = tx.Due(Entered, now, MaxBatch)
		return err
	})
	if err != nil {
		return nil, err
	}
	over := out[:0]
	for _, r := range out {
		if r.Overstay(now) > 0 {
			over = append(over, r)
		}
	}
	return over, nil
}

// Find returns a reservation.
func (d *Desk) Find(ctx context.Context, id string) (Reservation, error) {
	return d.update(ctx, id, func(Tx, *Reservation) (error, error) { return nil, nil })
}

// Free returns how many bays of a place are free in every slot of a window.
func (d *Desk) Free(ctx context.Context, placeID string, from, until time.Time) (int, error) {
	if err := checkWindow(from, until, MaxOffer); err != nil {
		return 0, err
	}
	place, known := d.cfg.Place(placeID)
	if !known {
		return 0, refused(UnknownPlace, "")
	}
	var taken, rows int
	err := d.cfg.Store.Update(ctx, func(tx Tx) (err error) {
		taken, rows, err = tx.Taken(placeID, Slot(from), Slot(until))
		return err
	})
	switch {
	case err != nil:
		return 0, err
	case place.Owner == "":
		return max(0, place.Bays-taken), nil // the lot may have shrunk
	case rows < int(Slot(until)-Slot(from)):
		return 0, nil // not offered all the time
	}
	return 1 - taken, nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// either returns the fault, or else the refusal.
func either(fault, refusal error) error {
	if fault != nil {
		return fault
	}
	return refusal
}

// first returns the first of joined refusals.
func first(err error) error {
	var r *RefusedError
	if errors.As(err, &r) {
		return r
	}
	return err
}
