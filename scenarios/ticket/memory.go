package ticket

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Memory is a Store that a restart forgets.
type Memory struct {
	mu       sync.Mutex
	bookings map[string]*Booking
	byPerson map[string][]*Booking
	bySlot   map[string]int // people
	uses     map[string]*Use
	byTicket map[string][]*Use
	inside   map[string]int // by booking: uses that are not void
}

var _ Store = (*Memory)(nil)

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return &Memory{bookings: make(map[string]*Booking), byPerson: make(map[string][]*Booking), bySlot: make(map[string]int),
		uses: make(map[string]*Use), byTicket: make(map[string][]*Use),
		inside: make(map[string]int)}
}

// enter locks the store for a call.
func (m *Memory) enter(ctx context.Context) (leave func(), err error) {
	m.mu.Lock()
	if err := ctx.Err(); err != nil {
		m.mu.Unlock()
		return nil, err
	}
	return m.mu.Unlock, nil
}

// Book implements Store.
func (m *Memory) Book(ctx context.Context, b Booking, capacity int) (Booking, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return Booking{}, err
	}
	defer leave()
	if had := m.bookings[b.ID]; had != nil {
		return *had, nil
	}
	for _, other := range m.byPerson[b.Person] {
		if other.Slot == b.Slot && other.live() && other.Until.After(b.From) {
			return Booking{}, ErrBooked
		}
	}
	if b.Party > capacity-m.bySlot[b.Slot] {
		return Booking{}, ErrSoldOut
	}
	kept := b
	m.bookings[b.ID] = &kept
	m.byPerson[b.Person] = append(m.byPerson[b.Person], &kept)
	m.bySlot[b.Slot] += b.Party
	return b, nil
}

func (b *Booking) live() bool { return b.State == Held || b.State == Confirmed }

// Settle implements Store.
func (m *Memory) Settle(ctx context.Context, id string) (Booking, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return Booking{}, err
	}
	defer leave()
	b := m.bookings[id]
	if b == nil {
		return Booking{}, ErrNoBooking
	}
	switch b.State {
	case Held:
		b.State = Confirmed
	case Cancelling:
		b.State = Cancelled
	}
	return *b, nil
}

// Cancel implements Store.
func (m *Memory) Cancel(ctx context.Context, id, by string, at time.Time) (Booking, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return Booking{}, err
	}
	defer leave()
	b := m.bookings[id]
	if b == nil {
		return Booking{}, ErrNoBooking
	}
	if !b.live() {
		return *b, nil
	}
	if m.inside[id] > 0 {
		return Booking{}, ErrUsed
	}
	b.State, b.CancelledBy, b.CancelledAt = Cancelling, by, at
	m.bySlot[b.Slot] -= b.Party
	return *b, nil
}

// Find implements Store.
func (m *Memory) Find(ctx context.Context, id string) (Booking, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return Booking{}, err
	}
	defer leave()
	if b := m.bookings[id]; b != nil {
		return *b, nil
	}
	return Booking{}, ErrNoBooking
}

// OfPerson implements Store.
func (m *Memory) OfPerson(ctx context.Context, person string, at time.Time) ([]Booking, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	var list []Booking
	for _, b := range m.byPerson[person] {
		if b.Until.After(at) {
			list = append(list, *b)
		}
	}
	slices.SortFunc(list, func(a, b Booking) int { return cmp.Or(a.From.Compare(b.From), strings.Compare(a.ID, b.ID)) })
	return list, nil
}

// Between implements Store.
func (m *Memory) Between(ctx context.Context, from, until time.Time) ([]Booking, error) {
	return m.list(ctx, func(b *Booking) bool { return b.From.Before(until) && b.Until.After(from) })
}

// Unsettled implements Store.
func (m *Memory) Unsettled(ctx context.Context, before time.Time) ([]Booking, error) {
	return m.list(ctx, func(b *Booking) bool {
		return b.State == Held && b.Time.Before(before) || b.State == Cancelling && b.CancelledAt.Before(before)
	})
}

func (m *Memory) list(ctx context.Context, want func(*Booking) bool) ([]Booking, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	var list []Booking
	for _, b := range m.bookings {
		if want(b) {
			list = append(list, *b)
		}
	}
	slices.SortFunc(list, func(a, b Booking) int { return strings.Compare(a.ID, b.ID) })
	return list, nil
}

// Taken implements Store.
func (m *Memory) Taken(ctx context.Context, slot string) (int, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return 0, err
	}
	defer leave()
	return m.bySlot[slot], nil
}

// Use implements Store.
func (m *Memory) Use(ctx context.Context, u Use, party int) (Use, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return Use{}, err
	}
	defer leave()
	if had := m.uses[u.Key]; had != nil {
		return *had, nil
	}
	if b := m.bookings[u.Booking]; b == nil || b.State != Confirmed {
		return Use{}, ErrNoBooking
	}
	left := party
	for _, other := range m.byTicket[u.Ticket] {
		if other.Void == "" {
			left -= other.People
		}
	}
	if u.People == 0 {
		u.People = left
	}
	if u.People < 1 || u.People > left {
		return Use{}, ErrUsed
	}
	m.add(u)
	return u, nil
}

func (m *Memory) add(u Use) {
	if m.uses[u.Key] == nil {
		m.uses[u.Key] = &u
		m.byTicket[u.Ticket] = append(m.byTicket[u.Ticket], &u)
		if u.Void == "" {
			m.inside[u.Booking]++
		}
	}
}

// Add implements Store.
func (m *Memory) Add(ctx context.Context, uses []Use) error {
	leave, err := m.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	for _, u := range uses {
		m.add(u)
	}
	return nil
}

// Void implements Store.
func (m *Memory) Void(ctx context.Context, key, by string) (Use, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return Use{}, err
	}
	defer leave()
	u := m.uses[key]
	if u == nil {
		return Use{}, ErrNoUse
	}
	if u.Void == "" {
		u.Void = by
		m.inside[u.Booking]--
	}
	return *u, nil
}

// Uses implements Store.
func (m *Memory) Uses(ctx context.Context, ticket string) ([]Use, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	var list []Use
	for _, u := range m.byTicket[ticket] {
		list = append(list, *u)
	}
	slices.SortFunc(list, Use.Compare)
	return list, nil
}

// UsesBetween implements Store.
func (m *Memory) UsesBetween(ctx context.Context, from, until time.Time) ([]Use, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	var list []Use
	for _, u := range m.uses {
		if !u.Time.Before(from) && u.Time.Before(until) {
			list = append(list, *u)
		}
	}
	slices.SortFunc(list, Use.Compare)
	return list, nil
}
