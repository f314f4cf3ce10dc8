package store

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine/tjfoc"
)

// publish writes the public side of a test city into a directory.
func publish(t testing.TB, c *citycodetest.City, dir string) string {
	t.Helper()
	roots := &Roots{City: c.Code, Epoch: 1, Threshold: 2, Keys: c.Roots}
	require.NoError(t, roots.Write(filepath.Join(dir, RootsName)))
	require.NoError(t, WriteFile(filepath.Join(dir, TrustName), c.TrustMessage(), Public))
	for _, issuer := range []citycode.KeyID{c.Issuer.ID(), c.Printer.ID(), c.Implicit.ID()} {
		require.NoError(t, WriteFile(filepath.Join(dir, StatusName(issuer, 0)), c.StatusMessage(issuer), Public))
	}
	return dir
}

func open(dir, state string) (*Lists, error) {
	return OpenLists(context.Background(), ListsConfig{Dir: dir, State: state})
}

func TestLists(t *testing.T) {
	t.Parallel()
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	dir := publish(t, c, t.TempDir())
	l, err := OpenLists(context.Background(), ListsConfig{Dir: dir, Engine: tjfoc.New()})
	require.NoError(t, err)
	require.Equal(t, citycode.Version{Epoch: 1, Counter: 1}, l.Trust.Version())
	require.Len(t, l.Status, 3)
	require.True(t, l.Floor.IsZero())
	require.Equal(t, c.Roots, l.Roots.Keys)

	// What was cut is what the city wrote, so it can be signed again.
	require.Len(t, l.Trust.Entries(), 4)
	draft := c.Draft
	draft.Entries, draft.Proofs, draft.Previous = l.Trust.Entries(), nil, l.Trust
	body, err := draft.Body()
	require.NoError(t, err)
	want, err := c.Draft.Body()
	require.NoError(t, err)
	require.Equal(t, want, body)

	require.Equal(t, dir, PublicDir(dir))
	city := t.TempDir()
	require.Equal(t, city, PublicDir(city), "the name to complain about")
	require.NoError(t, os.Mkdir(filepath.Join(city, PublicName), 0o755))
	publish(t, c, filepath.Join(city, PublicName))
	require.Equal(t, filepath.Join(city, PublicName), PublicDir(city))
}

// Every list is refused by name when a bit of it is flipped or its end is
// missing, and nothing is written.
func TestListsDamaged(t *testing.T) {
	t.Parallel()
	dir := publish(t, citycodetest.NewCity(t, citycodetest.Shenyang), t.TempDir())
	for _, name := range []string{TrustName, "status-1-0.list", "status-2-0.list"} {
		path := filepath.Join(dir, name)
		whole, err := os.ReadFile(path)
		require.NoError(t, err)
		var bad []string
		for i := range whole {
			flipped := []byte(string(whole))
			flipped[i] ^= 1 << (i % 8)
			bad = append(bad, string(flipped), string(whole[:i]))
		}
		bad = append(bad, string(whole)+"\x00", strings.Repeat("\x11", citycode.MaxStatusMessage+1))
		for i, content := range bad {
			if testing.Short() && i%16 != 0 {
				continue
			}
			put(t, path, content)
			before := tree(t, dir)
			_, err := open(dir, "")
			require.ErrorContains(t, err, path+": ", "content %d", i)
			require.Equal(t, before, tree(t, dir))
		}
		put(t, path, string(whole))
	}
	_, err := open(dir, "")
	require.NoError(t, err)
}

func TestListsMissing(t *testing.T) {
	t.Parallel()
	dir := publish(t, citycodetest.NewCity(t, citycodetest.Shenyang), t.TempDir())
	for _, name := range []string{RootsName, TrustName, "status-1-0.list", "status-2-0.list"} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.Rename(path, path+".away"))
		_, err := open(dir, "")
		require.ErrorIs(t, err, os.ErrNotExist)
		require.ErrorContains(t, err, path)
		require.NoError(t, os.Mkdir(path, 0o755))
		_, err = open(dir, "")
		require.ErrorContains(t, err, path+": it is not a regular file")
		require.NoError(t, os.Remove(path))
		require.NoError(t, os.Rename(path+".away", path))
	}
}

func TestListsUnderWrongNames(t *testing.T) {
	t.Parallel()
	dir := publish(t, citycodetest.NewCity(t, citycodetest.Shenyang), t.TempDir())
	one, two := filepath.Join(dir, "status-1-0.list"), filepath.Join(dir, "status-2-0.list")
	b, err := os.ReadFile(one)
	require.NoError(t, err)
	require.NoError(t, os.Rename(two, one))
	put(t, two, string(b))
	_, err = open(dir, "")
	require.EqualError(t, err, one+": it is list 0 of 210100/2")
	for _, name := range []string{"status-01-0.list", "status-1-00.list", "status-1-256.list", "status-4096-0.list", "status-a-b.list", "status-1-0-0.list"} {
		path := put(t, filepath.Join(dir, name), string(b))
		_, err = open(dir, "")
		require.ErrorContains(t, err, "it ", name)
		require.NoError(t, os.Remove(path))
	}
}

func TestListsOfAnotherCity(t *testing.T) {
	t.Parallel()
	dir := publish(t, citycodetest.NewCity(t, citycodetest.Shenyang), t.TempDir())
	dalian := citycodetest.NewCity(t, 210200)
	path := filepath.Join(dir, TrustName)
	put(t, path, string(dalian.TrustMessage()))
	_, err := open(dir, "")
	require.ErrorContains(t, err, path+": citycode: trust list: list-foreign-city")
}

// A list that is put back lists a key that was taken off it, or forgets who
// was revoked.
func TestListsRollback(t *testing.T) {
	t.Parallel()
	for _, name := range []string{TrustName, "status-1-0.list"} {
		c := citycodetest.NewCity(t, citycodetest.Shenyang)
		dir, state := publish(t, c, t.TempDir()), filepath.Join(t.TempDir(), "state")
		path := filepath.Join(dir, name)
		old, err := os.ReadFile(path)
		require.NoError(t, err)
		l, err := open(dir, state)
		require.NoError(t, err)
		require.True(t, l.First)
		require.Equal(t, citycodetest.Start, l.Floor.UTC())

		c.Clock.Advance(time.Hour)
		c.Draft.Version.Counter++
		c.Draft.IssuedAt = c.Clock.Now()
		publish(t, c, dir)
		// Nobody has seen the new list: the old one is as good.
		newer, err := os.ReadFile(path)
		require.NoError(t, err)
		put(t, path, string(old))
		_, err = open(dir, state)
		require.NoError(t, err)
		put(t, path, string(newer))
		l, err = open(dir, state)
		require.NoError(t, err)
		require.False(t, l.First)
		require.Equal(t, citycodetest.Start.Add(time.Hour), l.Floor.UTC())

		put(t, path, string(old))
		before := tree(t, state)
		held, err := open(dir, state)
		require.NoError(t, err, "the last good set stays in use")
		require.Equal(t, fingerprint(l), fingerprint(held))
		require.Len(t, held.Refused, 1)
		require.ErrorContains(t, held.Refused[0], path+": ")
		require.ErrorContains(t, held.Refused[0], "list-rollback")
		require.Equal(t, before, tree(t, state))
		_, err = open(dir, "")
		require.NoError(t, err, "without a state nobody knows")
	}
}

func TestRoots(t *testing.T) {
	t.Parallel()
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	dir := publish(t, c, t.TempDir())
	path := filepath.Join(dir, RootsName)
	roots, err := ReadRoots(path)
	require.NoError(t, err)
	require.Equal(t, &Roots{City: c.Code, Epoch: 1, Threshold: 2, Keys: c.Roots}, roots)

	key := c.Roots[0].String()
	for name, bad := range map[string]string{
		"cut":            `{"city":210100,"threshold":2,"roots":["` + key,
		"no key":         `{"city":210100,"threshold":2,"roots":["02"]}`,
		"not hex":        `{"city":210100,"threshold":2,"roots":["zz"]}`,
		"off the curve":  `{"city":210100,"threshold":1,"roots":["02` + strings.Repeat("ff", 32) + `"]}`,
		"twice":          `{"city":210100,"threshold":2,"roots":["` + key + `","` + key + `"]}`,
		"no threshold":   `{"city":210100,"threshold":0,"roots":["` + key + `"]}`,
		"high threshold": `{"city":210100,"threshold":2,"roots":["` + key + `"]}`,
		"no city":        `{"threshold":1,"roots":["` + key + `"]}`,
		"unknown field":  `{"city":210100,"threshold":1,"roots":["` + key + `"],"quorum":1}`,
		"trailing":       `{"city":210100,"threshold":1,"roots":["` + key + `"]}]`,
		"long":           strings.Repeat(" ", maxRootsFile+1),
	} {
		put(t, path, bad)
		_, err := open(dir, "")
		require.ErrorContains(t, err, path+": ", name)
	}
}
