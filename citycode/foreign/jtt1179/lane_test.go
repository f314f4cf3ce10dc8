package jtt1179_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/citycode/foreign/jtt1179"
	"github.com/citizencode/citizencode/citycode/foreign/jtt1179/jtt1179test"
)

const boot = jtt1179test.Noon - 3600

// ride is an accepted code of an account, as Verify returns it.
func ride(account int, generated int64) *jtt1179.Ride {
	return &jtt1179.Ride{Authorisation: jtt1179.Authorisation{Issuer: "99990001", CardAccount: jtt1179.Account(fmt.Sprintf("%020d", account))},
		GeneratedAt: time.Unix(generated, 0)}
}

func newLane(tb testing.TB, cfg jtt1179.LaneConfig) (*jtt1179.Lane, *clock) {
	v, clock := newVerifier(tb, nil)
	clock.unix = boot
	lane, err := v.NewLane(cfg)
	require.NoError(tb, err)
	clock.unix = jtt1179test.Noon
	return lane, clock
}

func TestLane(t *testing.T) {
	lane, clock := newLane(t, jtt1179.LaneConfig{Interval: 10 * time.Second})
	const noon = jtt1179test.Noon
	for _, step := range []struct {
		at        int64
		account   int
		generated int64
		want      jtt1179.Reason
	}{
		{noon, 1, noon, 0},
		{noon + 1, 1, noon, jtt1179.Debounced},
		{noon + 1, 1, noon + 1, jtt1179.Debounced},
		{noon + 2, 2, noon, 0},
		{noon + 3, 1, noon, jtt1179.Replayed}, // a terminal that knows the last code only lets it pass
		{noon + 3, 1, noon - 1, jtt1179.Replayed},
		{noon + 9, 1, noon + 5, jtt1179.TooSoon},
		{noon + 10, 1, noon + 5, 0},
		{noon + 12, 1, noon + 5, jtt1179.Replayed},
		{noon - 60, 1, noon + 5, jtt1179.Replayed}, // the clock was set back
		{noon - 60, 1, noon + 6, 0},
		{noon - 60, 3, boot + 20, jtt1179.ReplayUnknown}, // perhaps taken before the start
		{noon - 60, 3, boot + 21, 0},
	} {
		clock.unix = step.at
		assertReason(t, step.want, lane.Pass(ride(step.account, step.generated)), step)
	}
	assert.Equal(t, 3, lane.Len())
}

func TestLaneOtherIssuer(t *testing.T) {
	lane, _ := newLane(t, jtt1179.LaneConfig{})
	require.NoError(t, lane.Pass(ride(1, jtt1179test.Noon)))
	other := ride(1, jtt1179test.Noon)
	other.Issuer = "99990002"
	assert.NoError(t, lane.Pass(other), "the same number at another issuer is another account")
}

// A full lane forgets nobody whose code is still good.
func TestLaneFull(t *testing.T) {
	lane, clock := newLane(t, jtt1179.LaneConfig{MaxAccounts: 100})
	for i := range 100 {
		require.NoError(t, lane.Pass(ride(i, jtt1179test.Noon)))
	}
	clock.unix += 1200
	assertReason(t, jtt1179.ReplayUnknown, lane.Pass(ride(100, clock.unix)))
	assertReason(t, jtt1179.Replayed, lane.Pass(ride(50, jtt1179test.Noon)))
	assert.NoError(t, lane.Pass(ride(50, clock.unix)), "who is known has room")
	clock.unix++
	assert.NoError(t, lane.Pass(ride(100, clock.unix)))
	assert.Equal(t, 2, lane.Len())
}

func TestLaneConfig(t *testing.T) {
	v, _ := newVerifier(t, nil)
	for _, cfg := range []jtt1179.LaneConfig{{Debounce: -1}, {Debounce: time.Hour}, {Interval: -1}, {Interval: 25 * time.Hour}, {MaxAccounts: -1}, {MaxAccounts: 1 << 17}} {
		_, err := v.NewLane(cfg)
		assert.Error(t, err)
	}
}

// Against a model that remembers everything for ever: a code is taken at most
// once, an account at most once an interval, and nobody else is refused.
func TestLaneModel(t *testing.T) {
	v, clock := newVerifier(t, nil)
	rapid.Check(t, func(t *rapid.T) {
		clock.unix = boot
		interval := rapid.Int64Range(0, 40).Draw(t, "interval")
		lane, err := v.NewLane(jtt1179.LaneConfig{Interval: time.Duration(interval) * time.Second, MaxAccounts: 4})
		if err != nil {
			t.Fatal(err)
		}
		clock.unix = jtt1179test.Noon
		type taken struct{ at, generated int64 }
		all := map[int][]taken{}
		for range rapid.IntRange(1, 60).Draw(t, "scans") {
			clock.unix += rapid.SampledFrom([]int64{0, 1, 2, 5, 30, 700, 1201, 5000}).Draw(t, "later")
			account := rapid.IntRange(0, 6).Draw(t, "account")
			generated := clock.unix - rapid.Int64Range(-20, 1200).Draw(t, "age")
			var want jtt1179.Reason
			live := map[int]bool{}
			for a, list := range all {
				for _, p := range list {
					if clock.unix <= max(p.at+interval, p.generated+1200) {
						live[a] = true
					}
				}
			}
			for _, p := range all[account] {
				if generated <= p.generated {
					want = jtt1179.Replayed
				}
			}
			for _, p := range all[account] {
				if want == 0 && clock.unix-p.at < interval {
					want = jtt1179.TooSoon
				}
			}
			for _, p := range all[account] {
				if clock.unix-p.at < 2 {
					want = jtt1179.Debounced
				}
			}
			got := lane.Pass(ride(account, generated))
			r := jtt1179.Reason(0)
			if got != nil {
				r = got.(*jtt1179.Error).Reason
			}
			if r == jtt1179.ReplayUnknown && want == 0 && len(live) >= 4 && !live[account] {
				continue // no room
			}
			if r != want {
				t.Fatalf("account %d, generated %d: %s, the model says %s", account, generated, r, want)
			}
			if r == 0 {
				all[account] = append(all[account], taken{clock.unix, generated})
			}
			if lane.Len() > 4 {
				t.Fatal(lane.Len())
			}
		}
	})
}
