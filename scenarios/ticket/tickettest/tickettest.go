// Package tickettest is the contract of ticket.Store as a test.
package tickettest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/ticket"
)

// noon is when the tests happen; slots begin an hour later and last two.
var noon = time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)

func booking(id, person string, party int) ticket.Booking {
	return ticket.Booking{ID: id, Person: person, Product: "zoo", Slot: "am", Party: party, Fen: 100, Time: noon,
		From: noon.Add(time.Hour), Until: noon.Add(3 * time.Hour), State: ticket.Held}
}

func use(key, id string, people int) ticket.Use {
	return ticket.Use{Key: key, Booking: id, Ticket: id, Gate: "north", People: people, Time: noon.Add(time.Hour)}
}

// Run tests the store that open makes: a new and empty one at every call.
func Run(t *testing.T, open func(t *testing.T) ticket.Store) {
	for name, test := range map[string]func(t *testing.T, s ticket.Store){
		"bookings": bookings, "cancellation": cancellation, "uses": uses, "lists": lists, "rush": rush, "one in": oneIn, "cancel or enter": cancelOrEnter, "cancelled": cancelled,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func bookings(t *testing.T, s ticket.Store) {
	ctx := t.Context()
	b := booking("b1", "li", 3)
	for range 2 {
		got, err := s.Book(ctx, b, 5)
		require.NoError(t, err)
		assert.Equal(t, b, got)
	}
	_, err := s.Book(ctx, booking("b2", "li", 1), 5)
	assert.ErrorIs(t, err, ticket.ErrBooked)
	_, err = s.Book(ctx, booking("b3", "wang", 3), 5)
	assert.ErrorIs(t, err, ticket.ErrSoldOut)
	_, err = s.Find(ctx, "b3")
	assert.ErrorIs(t, err, ticket.ErrNoBooking)
	_, err = s.Book(ctx, booking("b4", "wang", 2), 5)
	require.NoError(t, err)
	taken, err := s.Taken(ctx, "am")
	require.NoError(t, err)
	assert.Equal(t, 5, taken)
	got, err := s.Book(ctx, b, 5)
	require.NoError(t, err)
	assert.Equal(t, b, got, "the same booking, also when the slot is full")
	taken, err = s.Taken(ctx, "am")
	require.NoError(t, err)
	assert.Equal(t, 5, taken)

	next := booking("b5", "li", 1)
	next.Slot = "pm"
	_, err = s.Book(ctx, next, 5)
	require.NoError(t, err)
	later := booking("b6", "li", 1)
	later.From, later.Until = b.Until, b.Until.Add(time.Hour)
	_, err = s.Book(ctx, later, 6)
	require.NoError(t, err, "the other one is over by then")

	confirmed, err := s.Settle(ctx, "b1")
	require.NoError(t, err)
	b.State = ticket.Confirmed
	assert.Equal(t, b, confirmed)
	_, err = s.Settle(ctx, "none")
	assert.ErrorIs(t, err, ticket.ErrNoBooking)
}

func cancellation(t *testing.T, s ticket.Store) {
	ctx := t.Context()
	_, err := s.Book(ctx, booking("b1", "li", 3), 3)
	require.NoError(t, err)
	b, err := s.Cancel(ctx, "b1", "order", noon)
	require.NoError(t, err)
	assert.Equal(t, ticket.Cancelling, b.State)
	again, err := s.Cancel(ctx, "b1", "another", noon.Add(time.Minute))
	require.NoError(t, err)
	assert.Equal(t, b, again, "the first order stays")
	_, err = s.Book(ctx, booking("b2", "li", 3), 3)
	require.NoError(t, err, "the places are free, and the person may book anew")
	b, err = s.Settle(ctx, "b1")
	require.NoError(t, err)
	assert.Equal(t, ticket.Cancelled, b.State)
	assert.Equal(t, "order", b.CancelledBy)
	assert.True(t, b.CancelledAt.Equal(noon))
	b, err = s.Settle(ctx, "b1")
	require.NoError(t, err)
	assert.Equal(t, ticket.Cancelled, b.State)
	_, err = s.Cancel(ctx, "none", "order", noon)
	assert.ErrorIs(t, err, ticket.ErrNoBooking)

	_, err = s.Use(ctx, use("u1", "b2", 1), 3)
	assert.ErrorIs(t, err, ticket.ErrNoBooking, "held, not confirmed")
	_, err = s.Settle(ctx, "b2")
	require.NoError(t, err)
	_, err = s.Use(ctx, use("u1", "b2", 1), 3)
	require.NoError(t, err)
	_, err = s.Cancel(ctx, "b2", "order", noon)
	assert.ErrorIs(t, err, ticket.ErrUsed)
	_, err = s.Void(ctx, "u1", "order")
	require.NoError(t, err)
	_, err = s.Cancel(ctx, "b2", "order", noon)
	require.NoError(t, err)
	_, err = s.Use(ctx, use("u2", "b2", 1), 3)
	assert.ErrorIs(t, err, ticket.ErrNoBooking)
	taken, err := s.Taken(ctx, "am")
	require.NoError(t, err)
	assert.Zero(t, taken)
}

func confirmed(t *testing.T, s ticket.Store, id, person string, party int) {
	_, err := s.Book(t.Context(), booking(id, person, party), 1000)
	require.NoError(t, err)
	_, err = s.Settle(t.Context(), id)
	require.NoError(t, err)
}

func uses(t *testing.T, s ticket.Store) {
	ctx := t.Context()
	confirmed(t, s, "b1", "li", 3)
	first := use("u1", "b1", 1)
	for range 2 {
		got, err := s.Use(ctx, first, 3)
		require.NoError(t, err)
		assert.Equal(t, first, got)
	}
	_, err := s.Use(ctx, use("u2", "b1", 3), 3)
	assert.ErrorIs(t, err, ticket.ErrUsed)
	rest, err := s.Use(ctx, use("u3", "b1", 0), 3)
	require.NoError(t, err)
	assert.Equal(t, 2, rest.People, "all who are left")
	_, err = s.Use(ctx, use("u4", "b1", 0), 3)
	assert.ErrorIs(t, err, ticket.ErrUsed)
	other := use("u5", "b1", 1)
	other.Ticket = "b1/2026-11-23"
	_, err = s.Use(ctx, other, 1)
	require.NoError(t, err, "another ticket of the same booking")
	_, err = s.Use(ctx, use("u6", "none", 1), 1)
	assert.ErrorIs(t, err, ticket.ErrNoBooking)

	for range 2 {
		v, err := s.Void(ctx, "u3", "order")
		require.NoError(t, err)
		assert.Equal(t, "order", v.Void)
	}
	v, err := s.Void(ctx, "u3", "another")
	require.NoError(t, err)
	assert.Equal(t, "order", v.Void)
	_, err = s.Void(ctx, "none", "order")
	assert.ErrorIs(t, err, ticket.ErrNoUse)
	_, err = s.Use(ctx, use("u7", "b1", 2), 3)
	require.NoError(t, err, "what was taken back is free again")

	late := use("u8", "b1", 3)
	late.Time = late.Time.Add(-time.Minute)
	require.NoError(t, s.Add(ctx, []ticket.Use{late, late, first}))
	list, err := s.Uses(ctx, "b1")
	require.NoError(t, err)
	var keys []string
	for _, u := range list {
		keys = append(keys, u.Key)
	}
	assert.Equal(t, []string{"u8", "u1", "u3", "u7"}, keys, "added whatever is left, once, in order of time")
}

func lists(t *testing.T, s ticket.Store) {
	ctx := t.Context()
	confirmed(t, s, "b2", "li", 1)
	earlier := booking("b1", "li", 1)
	earlier.Slot, earlier.From, earlier.Until, earlier.Pass = "pass/zoo", noon, noon.Add(240*time.Hour), true
	_, err := s.Book(ctx, earlier, 10)
	require.NoError(t, err)
	ids := func(list []ticket.Booking, err error) (names []string) {
		require.NoError(t, err)
		for _, b := range list {
			names = append(names, b.ID)
		}
		return names
	}
	assert.Equal(t, []string{"b1", "b2"}, ids(s.OfPerson(ctx, "li", noon)))
	assert.Equal(t, []string{"b1"}, ids(s.OfPerson(ctx, "li", noon.Add(3*time.Hour))))
	assert.Empty(t, ids(s.OfPerson(ctx, "wang", noon)))
	assert.Equal(t, []string{"b1"}, ids(s.Between(ctx, noon, noon.Add(time.Hour))))
	assert.Equal(t, []string{"b1", "b2"}, ids(s.Between(ctx, noon, noon.Add(time.Hour+time.Second))))
	assert.Equal(t, []string{"b1"}, ids(s.Unsettled(ctx, noon.Add(time.Second))), "held")
	assert.Empty(t, ids(s.Unsettled(ctx, noon)))
	_, err = s.Cancel(ctx, "b2", "order", noon.Add(time.Hour))
	require.NoError(t, err)
	assert.Equal(t, []string{"b1", "b2"}, ids(s.Unsettled(ctx, noon.Add(2*time.Hour))))
	b, err := s.Find(ctx, "b1")
	require.NoError(t, err)
	assert.Equal(t, earlier, b)

	a, c := use("u1", "b1", 1), use("u2", "b1", 1)
	c.Time = c.Time.Add(time.Second)
	require.NoError(t, s.Add(ctx, []ticket.Use{c, a}))
	got, err := s.UsesBetween(ctx, a.Time, c.Time)
	require.NoError(t, err)
	assert.Equal(t, []ticket.Use{a}, got)
	got, err = s.UsesBetween(ctx, a.Time, c.Time.Add(time.Second))
	require.NoError(t, err)
	assert.Equal(t, []ticket.Use{a, c}, got)
}

// rush: parties of one to three for few places; never more in than places.
func rush(t *testing.T, s ticket.Store) {
	const capacity = 20
	var places atomic.Int32
	var wait sync.WaitGroup
	for i := range 60 {
		wait.Go(func() {
			b := booking(fmt.Sprint("b", i), fmt.Sprint("person ", i), 1+i%3)
			switch _, err := s.Book(context.Background(), b, capacity); {
			case err == nil:
				places.Add(int32(b.Party))
			case !errors.Is(err, ticket.ErrSoldOut):
				t.Error(err)
			}
		})
	}
	wait.Wait()
	taken, err := s.Taken(t.Context(), "am")
	require.NoError(t, err)
	assert.EqualValues(t, places.Load(), taken)
	assert.LessOrEqual(t, taken, capacity)
	assert.Greater(t, taken, capacity-3)
}

// oneIn: one ticket at many gates that are online.
func oneIn(t *testing.T, s ticket.Store) {
	confirmed(t, s, "b1", "li", 1)
	var in atomic.Int32
	var wait sync.WaitGroup
	for i := range 12 {
		wait.Go(func() {
			switch _, err := s.Use(context.Background(), use(fmt.Sprint("u", i), "b1", 0), 1); {
			case err == nil:
				in.Add(1)
			case !errors.Is(err, ticket.ErrUsed):
				t.Error(err)
			}
		})
	}
	wait.Wait()
	assert.EqualValues(t, 1, in.Load())
}

// cancelOrEnter: somebody cancels at home while a friend goes in.
func cancelOrEnter(t *testing.T, s ticket.Store) {
	for i := range 10 {
		id := fmt.Sprint("b", i)
		confirmed(t, s, id, fmt.Sprint("person ", i), 1)
		var in, out atomic.Bool
		var wait sync.WaitGroup
		wait.Go(func() { _, err := s.Use(context.Background(), use("u"+id, id, 1), 1); in.Store(err == nil) })
		wait.Go(func() { _, err := s.Cancel(context.Background(), id, "order", noon); out.Store(err == nil) })
		wait.Wait()
		assert.NotEqual(t, in.Load(), out.Load(), "either of them, not both")
	}
}

func cancelled(t *testing.T, s ticket.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	is := func(err error) { t.Helper(); assert.ErrorIs(t, err, context.Canceled) }
	_, err := s.Book(ctx, booking("b1", "li", 1), 1)
	is(err)
	_, err = s.Settle(ctx, "b1")
	is(err)
	_, err = s.Cancel(ctx, "b1", "order", noon)
	is(err)
	_, err = s.Find(ctx, "b1")
	is(err)
	_, err = s.OfPerson(ctx, "li", noon)
	is(err)
	_, err = s.Between(ctx, noon, noon)
	is(err)
	_, err = s.Unsettled(ctx, noon)
	is(err)
	_, err = s.Taken(ctx, "am")
	is(err)
	_, err = s.Use(ctx, use("u1", "b1", 1), 1)
	is(err)
	is(s.Add(ctx, []ticket.Use{use("u1", "b1", 1)}))
	_, err = s.Void(ctx, "u1", "order")
	is(err)
	_, err = s.Uses(ctx, "b1")
	is(err)
	_, err = s.UsesBetween(ctx, noon, noon)
	is(err)
	taken, err := s.Taken(t.Context(), "am")
	require.NoError(t, err)
	assert.Zero(t, taken)
}
