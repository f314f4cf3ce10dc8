package reserve

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/scenarios/sqltx"
)

// A Store keeps reservations, offers and the counts of slots. Package
// reservetest is its contract as a test.
type Store interface {
	// Update runs f in one transaction. Where f returns an error, or ctx is
	// done before the end, nothing has changed; else everything is durable.
	// f may run several times and must not use the Tx afterwards.
	Update(ctx context.Context, f func(Tx) error) error
}

// A Tx is one transaction. Its methods return ErrConflict, or another error of
// the store, to begin again; f passes it on.
type Tx interface {
	Reservation(id string) (r Reservation, found bool, err error)
	ReservationOfKey(key string) (r Reservation, found bool, err error)
	// Put inserts a reservation of version 0 and else replaces the one of
	// the same version; what it stores has the next version.
	Put(r Reservation) error
	// Due returns open reservations of a state whose Deadline is before by,
	// in order of it, at most limit.
	Due(s State, by time.Time, limit int) ([]Reservation, error)
	// OpenOf returns the open reservations of an offer.
	OpenOf(offer string) ([]Reservation, error)

	Offer(id string) (o Offer, found bool, err error)
	OfferOfKey(key string) (o Offer, found bool, err error)
	// OfferAt returns the offer that a slot of a bay belongs to.
	OfferAt(bay string, slot int64) (o Offer, found bool, err error)
	// Open stores an offer and its slots, or reports that one of them exists.
	Open(o Offer) (opened bool, err error)
	// Shut removes slots of an offer, of which none may be taken.
	Shut(o Offer, from, until int64) error

	// Take adds one to every slot from..until of a place, or reports that one
	// of them has no bay left; f then returns an error, and the rest is undone
	// with it. Slots of an offer must exist, those of a lot (offer "") come
	// into being.
	Take(place, offer string, from, until int64, bays int) (taken bool, err error)
	// Release takes one off.
	Release(place string, from, until int64) error
	// Taken returns the highest count of the slots, and how many exist.
	Taken(place string, from, until int64) (taken, slots int, err error)
}

// ErrConflict says that another transaction came between; the store begins
// again, a bounded number of times.
var ErrConflict = fmt.Errorf("reserve: %w", sqltx.ErrCollided)

// errNotTaken says that a count was about to fall below 0: a slot was released
// that nobody had taken. It is a fault of the program or of the data.
var errNotTaken = errors.New("reserve: a slot was released that was not taken")
