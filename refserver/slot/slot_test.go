package slot_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/refserver/slot"
)

// Every index is given out once, whatever the size, and Place knows when.
func TestOrderIsPermutation(t *testing.T) {
	t.Parallel()
	for _, size := range []uint32{1, 2, 3, 4, 5, 16, 17, 100, 1000, 4096} {
		order, err := slot.NewOrder([]byte("0123456789abcdef"), size)
		require.NoError(t, err)
		seen := make(map[uint32]bool)
		for n := range size {
			index := order.At(n)
			require.Less(t, index, size)
			require.False(t, seen[index], "size %d: index %d stands twice", size, index)
			seen[index] = true
			require.Equal(t, n, order.Place(index))
		}
		require.Panics(t, func() { order.At(size) })
	}
}

func TestOrderInverse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Uint32Range(1, citycode.MaxStatusEntries).Draw(t, "size")
		key := rapid.SliceOfN(rapid.Byte(), slot.KeySize, slot.KeySize).Draw(t, "key")
		order, err := slot.NewOrder(key, size)
		require.NoError(t, err)
		n := rapid.Uint32Range(0, size-1).Draw(t, "n")
		require.Equal(t, n, order.Place(order.At(n)))
	})
}

// What is issued one after the other does not stand together: the mean distance
// of neighbours is that of two random indices, a third of the list, and another
// key gives another order.
func TestOrderHidesNeighbours(t *testing.T) {
	t.Parallel()
	const size = 20_000
	a, err := slot.NewOrder([]byte("0123456789abcdef"), size)
	require.NoError(t, err)
	b, err := slot.NewOrder([]byte("fedcba9876543210"), size)
	require.NoError(t, err)
	sum, same, adjacent := 0, 0, 0
	for n := range uint32(size - 1) {
		distance := int(a.At(n+1)) - int(a.At(n))
		if distance < 0 {
			distance = -distance
		}
		sum += distance
		if distance == 1 {
			adjacent++
		}
		if a.At(n) == b.At(n) {
			same++
		}
	}
	require.InDelta(t, size/3, sum/size, size/100)
	require.Less(t, adjacent, 20)
	require.Less(t, same, 20)
}

func TestOrderRefuses(t *testing.T) {
	t.Parallel()
	for _, bad := range []struct {
		key  int
		size uint32
	}{{15, 10}, {17, 10}, {0, 10}, {16, 0}, {16, citycode.MaxStatusEntries + 1}} {
		_, err := slot.NewOrder(make([]byte, bad.key), bad.size)
		require.Error(t, err)
	}
}

func TestValidity(t *testing.T) {
	t.Parallel()
	beijing := time.FixedZone("Beijing", 8*3600)
	now := time.Date(2026, 11, 22, 20, 45, 59, 0, time.UTC)
	for _, c := range []struct {
		profile     citycode.Profile
		now         time.Time
		days        int
		from, until string
	}{
		{citycode.TransitProfile(), now, 0, "2026-11-22T00:00:00Z", "2026-11-29T00:00:00Z"},
		{citycode.TransitProfile(), now, 2, "2026-11-22T00:00:00Z", "2026-11-24T00:00:00Z"},
		{citycode.TransitProfile(), now.In(beijing), 1, "2026-11-23T00:00:00+08:00", "2026-11-24T00:00:00+08:00"},
		{citycode.UniversalProfile(), now, 0, "2026-11-22T18:00:00Z", "2026-11-23T18:00:00Z"},
		{citycode.CardProfile(), now, 1095, "2026-11-22T00:00:00Z", "2029-11-21T00:00:00Z"},
		{citycode.PlaceProfile(), now, 3, "2026-11-22T00:00:00Z", "2026-11-25T00:00:00Z"},
	} {
		from, until, err := slot.Validity(c.profile, c.now, c.days)
		require.NoError(t, err)
		require.Equal(t, c.from, from.Format(time.RFC3339))
		require.Equal(t, c.until, until.Format(time.RFC3339))
	}
	for profile, want := range map[string]string{
		"transit": "3 days: profile transit allows 1, 2, 4, 7", "universal": "3 days: profile universal allows 1",
		"card": "3 days: profile card allows 30, 365, 1095, 1830",
	} {
		for _, p := range citycode.Profiles() {
			if p.Name == profile {
				_, _, err := slot.Validity(p, now, 3)
				require.EqualError(t, err, want)
			}
		}
	}
	_, _, err := slot.Validity(citycode.ThingProfile(), now, 3651)
	require.EqualError(t, err, "3651 days: profile thing allows 1 to 3650")
	_, _, err = slot.Validity(citycode.ThingProfile(), now, -1)
	require.Error(t, err)
}

// However people ask in the course of a day, a person's profile shows at most four
// ends for it, and an issuedAt is never after now.
func TestValidityHasFewValues(t *testing.T) {
	t.Parallel()
	for _, p := range citycode.Profiles() {
		if p.Mode == citycode.Static {
			continue
		}
		ends, lives := make(map[time.Time]bool), slot.Spans(p)
		require.LessOrEqual(t, len(lives), 4)
		for minute := range 24 * 60 {
			now := time.Date(2026, 11, 22, 0, minute, 30, 0, time.UTC)
			for _, days := range append([]int{0}, lives...) {
				from, until, err := slot.Validity(p, now, days)
				require.NoError(t, err)
				require.False(t, from.After(now))
				ends[until] = true
			}
		}
		require.LessOrEqual(t, len(ends), 4, p.Name)
	}
}

func ExampleOrder() {
	order, err := slot.NewOrder([]byte("a key of a test!"), 1000)
	if err != nil {
		panic(err)
	}
	for n := range uint32(3) {
		index := order.At(n)
		fmt.Println(n, order.Place(index) == n)
	}
	// Output:
	// 0 true
	// 1 true
	// 2 true
}
