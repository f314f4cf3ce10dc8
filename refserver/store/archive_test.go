package store

import (
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm3"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
)

// TestArchive: every set that was in use can be judged by again, with its own
// states and profiles, and by nobody by another name.
func TestArchive(t *testing.T) {
	t.Parallel()
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	dir, state, a := t.TempDir(), filepath.Join(t.TempDir(), "state"), Archive{filepath.Join(t.TempDir(), "archive")}
	li := c.Citizen("li", citycode.ProfileTransit, citycode.Transit, nil)
	token := li.Show(citycode.Transit)
	verdict := func(name string) string {
		t.Helper()
		lists, profiles, err := a.Open(t.Context(), name, nil)
		require.NoError(t, err)
		cfg := lists.Config()
		cfg.Profiles, cfg.InsecureNoReplayGuard, cfg.Now = profiles, true, c.Clock.Now
		v, err := citycode.NewVerifier(cfg)
		require.NoError(t, err)
		_, err = v.Verify(token, citycode.Check{Audience: citycode.Transit})
		if err == nil {
			return "ok"
		}
		return err.(*citycode.VerifyError).Reason.String()
	}
	keep := func(profiles []citycode.Profile) string {
		t.Helper()
		lists, err := open(dir, state)
		require.NoError(t, err)
		name, err := a.Keep(t.Context(), state, lists, profiles, c.Clock.Now())
		require.NoError(t, err)
		again, err := a.Keep(t.Context(), state, lists, profiles, c.Clock.Now())
		require.NoError(t, err)
		require.Equal(t, name, again)
		fresh, err := OpenLists(t.Context(), ListsConfig{Dir: dir})
		require.NoError(t, err)
		require.Equal(t, name, fresh.Name(profiles), "who holds the same lists calls them the same")
		return name
	}
	publish(t, c, dir)
	first := keep(citycode.Profiles())
	// As scenarios/SPEC.md §11 has it; the city has signed three status lists so far.
	digest := sm3.Sum([]byte("status 210100/1#0 1.1\nstatus 210100/2#0 1.2\nstatus 210100/4#0 1.3\ntrust 210100 1.1\n"))
	require.Equal(t, hex.EncodeToString(digest[:16]), first)
	require.NoError(t, c.Register[c.Issuer.ID()].Set(li.Claims.Index, citycode.StatusRevoked))
	c.Draft.Version.Counter++
	publish(t, c, dir)
	second := keep(citycode.Profiles())
	ride := citycode.TransitProfile()
	ride.ID, ride.City, ride.Name = 0xF0, c.Code, "ferry"
	third := keep(append(citycode.Profiles(), ride))
	require.Len(t, slices.Compact(slices.Sorted(slices.Values([]string{first, second, third}))), 3)
	for range 2 {
		require.Equal(t, []string{"ok", "revoked", "revoked"}, []string{verdict(first), verdict(second), verdict(third)})
	}
	_, profiles, err := a.Open(t.Context(), third, nil)
	require.NoError(t, err)
	require.Contains(t, profiles, ride)

	for _, name := range []string{"", "..", "../state", strings.Repeat("0", 32), strings.ToUpper(first), first + ".new", first[:30]} {
		_, _, err := a.Open(t.Context(), name, nil)
		require.ErrorIs(t, err, fs.ErrNotExist, name)
	}
	// A set under the name of another one, and one with a damaged message.
	require.NoError(t, os.RemoveAll(filepath.Join(a.Dir, first)))
	require.NoError(t, os.Rename(filepath.Join(a.Dir, second), filepath.Join(a.Dir, first)))
	var damage *DamagedError
	_, _, err = a.Open(t.Context(), first, nil)
	require.ErrorAs(t, err, &damage)
	entries, err := os.ReadDir(filepath.Join(a.Dir, third))
	require.NoError(t, err)
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), messageExt) {
			require.NoError(t, os.Truncate(filepath.Join(a.Dir, third, e.Name()), 10))
			break
		}
	}
	var stale *StaleError
	_, _, err = a.Open(t.Context(), third, nil)
	require.ErrorAs(t, err, &stale)

	// Lists that the holding has moved on from are not archived under their name.
	old, err := open(dir, state)
	require.NoError(t, err)
	c.Draft.Version.Counter++
	publish(t, c, dir)
	_, err = open(dir, state)
	require.NoError(t, err)
	_, err = a.Keep(t.Context(), state, old, citycode.Profiles(), c.Clock.Now())
	require.ErrorContains(t, err, "holds other lists")
}

// TestArchiveForgets: a set stays as long as records of it are taken, counted from
// when the next took its place.
func TestArchiveForgets(t *testing.T) {
	t.Parallel()
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	dir, state, a := t.TempDir(), filepath.Join(t.TempDir(), "state"), Archive{filepath.Join(t.TempDir(), "archive")}
	var names []string
	now := c.Clock.Now()
	for range 5 {
		publish(t, c, dir)
		lists, err := open(dir, state)
		require.NoError(t, err)
		require.Empty(t, lists.Refused)
		name, err := a.Keep(t.Context(), state, lists, citycode.Profiles(), now)
		require.NoError(t, err)
		names = append(names, name)
		_, _, err = a.Open(t.Context(), names[0], nil) // to look at it does not begin it anew
		require.Equal(t, len(names) == 5, err != nil)
		now = now.Add(50 * 24 * time.Hour)
		c.Draft.Version.Counter++
	}
	// At 150 days the first had been out of use for 100, at 200 for 150.
	for i, name := range names {
		_, _, err := a.Open(t.Context(), name, nil)
		require.Equal(t, i == 0, err != nil, i)
	}
}
