// Package vouchertest is the contract of voucher.Store as a test.
package vouchertest

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

	"github.com/citizencode/citizencode/scenarios/voucher"
)

// noon is when the grants of the tests happen.
var noon = time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)

// Grant returns the nth grant of a campaign.
func Grant(campaign string, n int) voucher.Grant {
	return voucher.Grant{Campaign: campaign, Person: fmt.Sprintf("%032x", n), Visit: fmt.Sprintf("%s visit %d", campaign, n), Time: noon}
}

// Run tests the store that open makes: a new and empty one at every call.
func Run(t *testing.T, open func(t *testing.T) voucher.Store) {
	t.Run("one each", func(t *testing.T) { oneEach(t, open(t)) })
	t.Run("pages", func(t *testing.T) { pages(t, open(t)) })
	t.Run("visits", func(t *testing.T) { visits(t, open(t)) })
	t.Run("rush", func(t *testing.T) { rush(t, open(t)) })
	t.Run("cancelled", func(t *testing.T) { cancelled(t, open(t)) })
}

func oneEach(t *testing.T, s voucher.Store) {
	ctx := t.Context()
	first := Grant("a", 1)
	for range 2 {
		got, err := s.Grant(ctx, first, 2)
		require.NoError(t, err)
		assert.Equal(t, first, got)
	}
	again := first
	again.Visit, again.Time = "another visit", noon.Add(time.Hour)
	got, err := s.Grant(ctx, again, 2)
	require.NoError(t, err)
	assert.Equal(t, first, got, "a person has one, the first")
	_, err = s.Grant(ctx, Grant("a", 2), 2)
	require.NoError(t, err)
	_, err = s.Grant(ctx, Grant("a", 3), 2)
	assert.ErrorIs(t, err, voucher.ErrSpent)
	_, err = s.Find(ctx, "a", Grant("a", 3).Person)
	assert.ErrorIs(t, err, voucher.ErrNoGrant)
	_, _, err = s.Noted(ctx, Grant("a", 3).Visit)
	assert.ErrorIs(t, err, voucher.ErrNoVisit, "what was refused left a trace")
	got, err = s.Grant(ctx, again, 2)
	require.NoError(t, err)
	assert.Equal(t, first, got, "also when the budget is spent")
	_, err = s.Grant(ctx, Grant("b", 1), 1)
	require.NoError(t, err, "another campaign has its own budget")
	got, err = s.Find(ctx, "a", first.Person)
	require.NoError(t, err)
	assert.Equal(t, first, got)
	_, err = s.Grant(ctx, Grant("empty", 1), 0)
	assert.ErrorIs(t, err, voucher.ErrSpent)
}

func pages(t *testing.T, s voucher.Store) {
	const n = voucher.MaxPage + 3
	for i := range n {
		_, err := s.Grant(t.Context(), Grant("a", (i*7919)%n), n) // in no order
		require.NoError(t, err)
	}
	var seen int
	for after := ""; ; {
		page, err := s.Grants(t.Context(), "a", after)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page), voucher.MaxPage)
		for _, g := range page {
			require.Equal(t, Grant("a", seen), g)
			seen, after = seen+1, g.Person
		}
		if len(page) == 0 {
			break
		}
	}
	assert.Equal(t, n, seen)
	page, err := s.Grants(t.Context(), "b", "")
	require.NoError(t, err)
	assert.Empty(t, page)
}

func visits(t *testing.T, s voucher.Store) {
	ctx := t.Context()
	_, _, err := s.Noted(ctx, "v")
	assert.ErrorIs(t, err, voucher.ErrNoVisit)
	require.NoError(t, s.Note(ctx, "v", "a", "p"))
	require.NoError(t, s.Note(ctx, "v", "b", "q"))
	campaign, person, err := s.Noted(ctx, "v")
	require.NoError(t, err)
	assert.Equal(t, [2]string{"a", "p"}, [2]string{campaign, person}, "the first stays")
	g := Grant("a", 1)
	_, err = s.Grant(ctx, g, 1)
	require.NoError(t, err)
	campaign, person, err = s.Noted(ctx, g.Visit)
	require.NoError(t, err)
	assert.Equal(t, [2]string{"a", g.Person}, [2]string{campaign, person})
}

// rush: many people, each several times at once, for few vouchers.
func rush(t *testing.T, s voucher.Store) {
	const people, vouchers, each = 40, 10, 3
	var given, had, spent atomic.Int32
	var wait sync.WaitGroup
	for try := range each {
		for i := range people {
			wait.Go(func() {
				g := Grant("a", i)
				g.Visit += fmt.Sprint(" try ", try)
				switch got, err := s.Grant(context.Background(), g, vouchers); {
				case errors.Is(err, voucher.ErrSpent):
					spent.Add(1)
				case err != nil:
					t.Error(err)
				case got.Visit == g.Visit:
					given.Add(1)
				default:
					had.Add(1)
				}
			})
		}
	}
	wait.Wait()
	assert.EqualValues(t, vouchers, given.Load())
	assert.EqualValues(t, people*each, given.Load()+had.Load()+spent.Load())
	page, err := s.Grants(t.Context(), "a", "")
	require.NoError(t, err)
	assert.Len(t, page, vouchers)
}

func cancelled(t *testing.T, s voucher.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Grant(ctx, Grant("a", 1), 1)
	assert.ErrorIs(t, err, context.Canceled)
	assert.ErrorIs(t, s.Note(ctx, "v", "a", "p"), context.Canceled)
	_, err = s.Find(ctx, "a", "p")
	assert.ErrorIs(t, err, context.Canceled)
	_, err = s.Grants(ctx, "a", "")
	assert.ErrorIs(t, err, context.Canceled)
	_, _, err = s.Noted(ctx, "v")
	assert.ErrorIs(t, err, context.Canceled)
	_, err = s.Find(t.Context(), "a", Grant("a", 1).Person)
	assert.ErrorIs(t, err, voucher.ErrNoGrant)
}
