// Package reserve books bays ahead (车位预约) and shares private ones (泊位共享).
//
// Time is cut into slots of 15 minutes. A place is a lot with a number of bays,
// or one bay that its owner offers for windows of time. What is booked is a
// count for each place and slot, raised only below the number of bays, in one
// transaction for the whole window: a place cannot be oversold. A slot of a
// shared bay exists only inside an offer, and once: two offers of one bay
// cannot overlap.
//
//	Held ──Enter──> Entered ──Leave──> Completed
//	 ├──Cancel──> Cancelled
//	 ├──(hold expires)──> NoShow
//	 └──(the owner needs his bay)──> Withdrawn
//
// A request carries a key; the same request again is answered with the same
// reservation. Every step is one transaction of the [Store], so that a crash or
// a cancelled context leaves it done or not begun.
//
// Money is named here and moved elsewhere: [Reservation.Dues] says who owes whom
// what for which reason, with a key that makes a posting happen once.
package reserve

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"time"
)

// SlotLength is the grid of every window.
const SlotLength = 15 * time.Minute

// The limits of a request.
const (
	MaxID     = 64                 // bytes of a key, a place, a person
	MaxFen    = 1_000_000          // of one amount
	MaxWindow = 7 * 24 * time.Hour // of a reservation; an offer may have four times that
	MaxOffer  = 4 * MaxWindow
	MaxBatch  = 100 // reservations that Sweep and Overstaying handle at once
)

// Slot returns the number of the slot that a time is in, and floors.
func Slot(at time.Time) int64 {
	const length = int64(SlotLength / time.Second)
	s := at.Unix()
	return (s - (s%length+length)%length) / length
}

// slotTime is the inverse of Slot on the grid.
func slotTime(n int64) time.Time { return time.Unix(n*int64(SlotLength/time.Second), 0).UTC() }

// A Place is a lot, or a bay that somebody shares.
type Place struct {
	Bays  int    // of a lot: how many may be booked at once
	Owner string // of a shared bay; Bays is 1 then, whatever it says
}

// Rules say what a Desk allows. The zero value of each is in brackets.
type Rules struct {
	Hold         time.Duration // after From for which a bay is kept (30 min)
	Early        time.Duration // before From at which a car may come, if the bay is free (0)
	CancelNotice time.Duration // before From until which cancelling is free (0)
	OwnerNotice  time.Duration // before From until which an owner may take his bay back (2 h)
	Grace        time.Duration // after Until before a stay is an overstay (0)
	MaxAhead     time.Duration // how far ahead a reservation may begin (30 days)
	MaxLength    time.Duration // of a reservation (24 h)
	MaxOpen      int           // reservations that one person may have open at once (3)
	Terms
}

// Terms are the amounts that go with a reservation. They are copied into it: a
// change of the rules changes no reservation that was made before.
type Terms struct {
	NoShowFen     int64 `json:"noShowFen,omitempty"`
	LateCancelFen int64 `json:"lateCancelFen,omitempty"`
	OverstayFen   int64 `json:"overstayFen,omitempty"`  // of every slot begun after Until
	WithdrawFen   int64 `json:"withdrawFen,omitempty"`  // what an owner pays who takes a booked bay back
	OwnerPercent  int64 `json:"ownerPercent,omitempty"` // of the price of a shared bay; the rest is the operator's
}

// Config is what a Desk works with.
type Config struct {
	Store  Store
	Place  func(id string) (Place, bool) // the register of places
	Rules  Rules
	Now    func() time.Time // nil: time.Now
	Random func() string    // a new id; nil: crypto/rand
}

// A Desk takes reservations. It is safe for concurrent use, and several desks
// may work on one store.
type Desk struct{ cfg Config }

// NewDesk returns a desk, or an error about its rules.
func NewDesk(cfg Config) (*Desk, error) {
	r := &cfg.Rules
	for _, d := range []struct {
		at   *time.Duration
		zero time.Duration
	}{{&r.Hold, 30 * time.Minute}, {&r.Early, 0}, {&r.CancelNotice, 0}, {&r.OwnerNotice, 2 * time.Hour}, {&r.Grace, 0}, {&r.MaxAhead, 30 * 24 * time.Hour}, {&r.MaxLength, 24 * time.Hour}} {
		if *d.at == 0 {
			*d.at = d.zero
		}
		if *d.at < 0 || *d.at%time.Second != 0 {
			return nil, fmt.Errorf("reserve: a duration of the rules is negative or not in whole seconds")
		}
	}
	if r.MaxOpen == 0 {
		r.MaxOpen = 3
	}
	for _, fen := range []int64{r.NoShowFen, r.LateCancelFen, r.OverstayFen, r.WithdrawFen} {
		if fen < 0 || fen > MaxFen {
			return nil, fmt.Errorf("reserve: an amount of the rules is not in 0..%d fen", MaxFen)
		}
	}
	switch {
	case r.OwnerPercent < 0 || r.OwnerPercent > 100:
		return nil, errors.New("reserve: OwnerPercent is not in 0..100")
	case r.MaxOpen < 0 || r.MaxLength > MaxWindow:
		return nil, errors.New("reserve: MaxOpen or MaxLength is beyond its limit")
	case cfg.Store == nil || cfg.Place == nil:
		return nil, errors.New("reserve: a desk needs a Store and a register of places")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Random == nil {
		cfg.Random = rand.Text
	}
	return &Desk{cfg}, nil
}

// now is the time of the desk in whole seconds.
func (d *Desk) now() time.Time { return d.cfg.Now().UTC().Truncate(time.Second) }

// A Reason says in one stable word why something is refused.
type Reason string

// The reasons.
const (
	BadRequest     Reason = "bad-request"
	KeyReused      Reason = "key-reused" // for another request
	UnknownPlace   Reason = "unknown-place"
	Unknown        Reason = "unknown" // no such reservation or offer of this person
	Full           Reason = "full"
	NotOffered     Reason = "not-offered" // the bay is not shared at that time
	TooMany        Reason = "too-many"    // open reservations of one person
	TooEarly       Reason = "too-early"
	TooLate        Reason = "too-late"
	HoldExpired    Reason = "hold-expired"
	WrongState     Reason = "wrong-state"
	OfferOverlaps  Reason = "offer-overlaps"
	NotOwner       Reason = "not-owner"
	GuestInside    Reason = "guest-inside"
	NoticeTooShort Reason = "notice-too-short"
)

// A RefusedError is an answer, not a fault: nothing was changed, except that a
// hold which had expired is now a no-show.
type RefusedError struct {
	Reason Reason
	Detail string // for a person; names no one
}

func (e *RefusedError) Error() string {
	if e.Detail == "" {
		return "reserve: " + string(e.Reason)
	}
	return "reserve: " + string(e.Reason) + ": " + e.Detail
}

func refused(r Reason, detail string) error { return &RefusedError{r, detail} }

// A name is a key, a place or a person. No slash: the store counts other things
// under names with one.
var name = regexp.MustCompile(`^[\p{L}\p{N}.:_-]+$`)

func checkName(what, s string) error {
	if len(s) > MaxID || !name.MatchString(s) {
		return refused(BadRequest, what+": 1 to 64 bytes of letters, digits and .:_-")
	}
	return nil
}

// checkWindow checks that a window is on the grid, not empty and at most limit
// long.
func checkWindow(from, until time.Time, limit time.Duration) error {
	switch {
	case !slotTime(Slot(from)).Equal(from) || !slotTime(Slot(until)).Equal(until):
		return refused(BadRequest, "From and Until are multiples of 15 minutes")
	case !from.Before(until):
		return refused(BadRequest, "Until is not after From")
	case until.Sub(from) > limit:
		return refused(BadRequest, "longer than "+limit.String())
	}
	return nil
}

// update runs one step of a reservation in a transaction. step returns an
// error to change nothing, and may say refusal to change what it did and still
// refuse.
func (d *Desk) update(ctx context.Context, id string, step func(tx Tx, r *Reservation) (refusal error, err error)) (Reservation, error) {
	var out Reservation
	var refusal error
	err := d.cfg.Store.Update(ctx, func(tx Tx) error {
		r, found, err := tx.Reservation(id)
		if err != nil {
			return err
		}
		if !found {
			return refused(Unknown, "")
		}
		before := r
		if refusal, err = step(tx, &r); err != nil {
			return err
		}
		out = r
		if r == before {
			return nil
		}
		out.Version++
		return tx.Put(r)
	})
	if err != nil {
		return Reservation{}, err
	}
	if refusal != nil {
		return Reservation{}, refusal
	}
	return out, nil
}
