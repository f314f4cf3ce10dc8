package ticket

import (
	"context"
	"errors"
	"time"
)

// A State is where a booking is between its visit and the ledger.
type State string

// The states. A booking begins as Held, or Confirmed if it is free.
const (
	Held       State = "held"       // places are kept; not posted yet
	Confirmed  State = "confirmed"  // lets people in
	Cancelling State = "cancelling" // places are free again; not taken back in the ledger yet
	Cancelled  State = "cancelled"
)

// A Booking is some places in a slot, or a pass.
type Booking struct {
	ID          string    `json:"id"`     // 32 hexadecimal digits, from the visit that made it
	Person      string    `json:"person"` // pseudonym, 32 hexadecimal digits
	Product     string    `json:"product"`
	Slot        string    `json:"slot"` // of a pass: passSlot
	Party       int       `json:"party"`
	Pass        bool      `json:"pass,omitempty"`
	Fen         int64     `json:"fen"` // owed for all
	Time        time.Time `json:"time"`
	From        time.Time `json:"from"`
	Until       time.Time `json:"until"` // exclusive
	State       State     `json:"state"`
	CancelledBy string    `json:"cancelledBy,omitempty"` // the order; "" if it was released
	CancelledAt time.Time `json:"cancelledAt,omitzero"`
}

// A Use is people who went through a gate.
type Use struct {
	Key     string    `json:"key"` // 32 hexadecimal digits, from the visit
	Booking string    `json:"booking"`
	Ticket  string    `json:"ticket"` // the booking; of a pass, the booking on one day
	Gate    string    `json:"gate"`
	People  int       `json:"people"`
	Time    time.Time `json:"time"`           // of the gate
	Void    string    `json:"void,omitempty"` // the order that took it back
}

// What a Store answers with.
var (
	ErrSoldOut   = errors.New("ticket: the slot is full")
	ErrBooked    = errors.New("ticket: the person has a booking for it")
	ErrNoBooking = errors.New("ticket: no such booking")
	ErrUsed      = errors.New("ticket: used")
	ErrNoUse     = errors.New("ticket: no such use")
)

// A Store keeps bookings and uses. Each call is whole or not at all. Times are
// whole seconds. Implementations are safe for concurrent use; package
// tickettest is the contract as a test.
type Store interface {
	// Book stores b, which is Held or Confirmed, while no more than capacity people are in its slot, else
	// ErrSoldOut. A booking with its ID is returned as it is. A person has one
	// booking of a slot that is neither cancelled nor over when b begins, else
	// ErrBooked.
	Book(ctx context.Context, b Booking, capacity int) (Booking, error)
	// Settle makes a Held booking Confirmed and a Cancelling one Cancelled, and
	// returns it; the others stay as they are.
	Settle(ctx context.Context, id string) (Booking, error)
	// Cancel makes a Held or Confirmed booking Cancelling and frees its places.
	// One that is cancelled is returned as it is. ErrUsed if somebody is in.
	Cancel(ctx context.Context, id, by string, at time.Time) (Booking, error)
	// Find returns a booking, or ErrNoBooking.
	Find(ctx context.Context, id string) (Booking, error)
	// OfPerson returns the bookings of a person that are not over at a time,
	// in the order of From and ID, whatever their state.
	OfPerson(ctx context.Context, person string, at time.Time) ([]Booking, error)
	// Between returns the bookings that are valid at some time from one moment
	// to another, in the order of ID.
	Between(ctx context.Context, from, until time.Time) ([]Booking, error)
	// Unsettled returns the Held and Cancelling bookings that were made, or
	// cancelled, before a time, in the order of ID.
	Unsettled(ctx context.Context, before time.Time) ([]Booking, error)
	// Taken returns how many people are in a slot.
	Taken(ctx context.Context, slot string) (int, error)

	// Use stores u while the ticket's uses that are not void have no more than
	// party people together, else ErrUsed; People 0 means all who are left. A
	// use with its Key is returned as it is. ErrNoBooking if its booking is not
	// Confirmed.
	Use(ctx context.Context, u Use, party int) (Use, error)
	// Add stores uses that have happened, whatever is left of their tickets.
	// Those whose Key is there already stay as they are.
	Add(ctx context.Context, uses []Use) error
	// Void takes a use back by an order. One that is void is returned as it is.
	// ErrNoUse if there is none.
	Void(ctx context.Context, key, by string) (Use, error)
	// Uses returns those of a ticket, in the order of Compare.
	Uses(ctx context.Context, ticket string) ([]Use, error)
	// UsesBetween returns those from one moment to before another, in the
	// order of Compare.
	UsesBetween(ctx context.Context, from, until time.Time) ([]Use, error)
}
