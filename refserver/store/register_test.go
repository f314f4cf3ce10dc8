package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/refserver/slot"
)

const (
	issuerKey  citycode.KeyID = 210100<<12 | 1
	printerKey citycode.KeyID = 210100<<12 | 2
)

func newRegister(t testing.TB, size uint32) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "register.json")
	require.NoError(t, CreateRegister(path, 210100, size, issuerKey, printerKey))
	return path
}

func openRegister(t testing.TB, path string) *Register {
	t.Helper()
	r, err := OpenRegister(context.Background(), path)
	require.NoError(t, err)
	return r
}

func TestRegister(t *testing.T) {
	t.Parallel()
	path := newRegister(t, 3)
	var given []uint32
	for range 3 {
		r := openRegister(t, path)
		s, err := r.Reserve(issuerKey)
		require.NoError(t, err)
		given = append(given, s.Index)
		r.Close() // or a crash: what was given out is on disk
	}
	slices.Sort(given)
	require.Equal(t, []uint32{0, 1, 2}, given)
	r := openRegister(t, path)
	defer r.Close()
	_, err := r.Reserve(issuerKey)
	require.ErrorContains(t, err, path+": no status index is left for key 210100/1")
	_, err = r.Reserve(210100<<12 | 9)
	require.Error(t, err)

	for want := range uint32(2) {
		v, err := r.NextTrust()
		require.NoError(t, err)
		require.Equal(t, citycode.Version{Epoch: 1, Counter: want + 1}, v)
	}
	require.ErrorIs(t, CreateRegister(path, 210100, 3, issuerKey), os.ErrExist)
	require.Error(t, CreateRegister(path+"2", 1, 3, issuerKey))
	require.Error(t, CreateRegister(path+"2", 210100, 3, issuerKey, issuerKey))
}

func TestRegisterStatus(t *testing.T) {
	t.Parallel()
	path := newRegister(t, 10)
	r := openRegister(t, path)
	var given []citycode.Serial
	for range 5 {
		s, err := r.Reserve(issuerKey)
		require.NoError(t, err)
		given = append(given, s)
	}
	order, err := r.file.Lists[0].order()
	require.NoError(t, err)
	at := func(i uint32) citycode.Serial {
		if i < 5 {
			return given[i]
		}
		return citycode.Serial{Issuer: issuerKey, Index: order.At(i)}
	}
	require.NoError(t, r.SetStatus(at(4), citycode.StatusRevoked))
	require.NoError(t, r.SetStatus(at(1), citycode.StatusSuspended))
	require.NoError(t, r.SetStatus(at(1), citycode.StatusSuspended))
	require.NoError(t, r.SetStatus(at(0), citycode.StatusSuspended))
	require.NoError(t, r.SetStatus(at(0), citycode.StatusValid))
	require.NoError(t, r.SetStatus(at(2), citycode.StatusSuspended))
	require.NoError(t, r.SetStatus(at(2), citycode.StatusRevoked))
	require.NoError(t, r.SetStatus(at(2), citycode.StatusRevoked))
	require.ErrorContains(t, r.SetStatus(at(2), citycode.StatusValid), at(2).String()+" is revoked for good")
	require.ErrorContains(t, r.SetStatus(at(5), citycode.StatusRevoked), at(5).String()+" was never issued")
	require.ErrorContains(t, r.SetStatus(citycode.Serial{Issuer: issuerKey, Index: 10}, citycode.StatusRevoked), "was never issued")
	require.ErrorContains(t, r.SetStatus(citycode.Serial{Issuer: issuerKey, List: 1}, citycode.StatusRevoked), "no status list 1")
	require.Error(t, r.SetStatus(at(3), 3))
	r.Close()

	r = openRegister(t, path)
	defer r.Close()
	require.Equal(t, []uint32{at(1).Index}, r.file.Lists[0].Suspended)
	require.Equal(t, []uint32{min(at(2).Index, at(4).Index), max(at(2).Index, at(4).Index)}, r.file.Lists[0].Revoked)
	v, states, err := r.NextStatus(issuerKey, 0)
	require.NoError(t, err)
	require.NotNil(t, states)
	require.Equal(t, citycode.Version{Epoch: 1, Counter: 1}, v)
	current, err := r.Status(issuerKey, 0)
	require.NoError(t, err)
	require.Equal(t, v, current)
	_, _, err = r.NextStatus(issuerKey, 7)
	require.Error(t, err)

	// A new epoch counts anew, once.
	for range 2 {
		require.NoError(t, r.BeginEpoch(citycode.Version{Epoch: 2, Counter: 1}))
	}
	require.Equal(t, citycode.Version{Epoch: 2, Counter: 1}, r.Trust())
	snapshot, err := r.NextSnapshot()
	require.NoError(t, err)
	require.Equal(t, citycode.Version{Epoch: 2, Counter: 1}, snapshot)
	v, _, err = r.NextStatus(issuerKey, 0)
	require.NoError(t, err)
	require.Equal(t, citycode.Version{Epoch: 2, Counter: 1}, v)
	require.Equal(t, []uint32{at(1).Index}, r.file.Lists[0].Suspended, "who is suspended stays so")
}

// Two clerks at once never get one index.
func TestRegisterIsLocked(t *testing.T) {
	t.Parallel()
	path := newRegister(t, 1000)
	var mu sync.Mutex
	var given []uint32
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 5 {
				r, err := OpenRegister(context.Background(), path)
				if err != nil {
					t.Error(err)
					return
				}
				s, err := r.Reserve(issuerKey)
				r.Close()
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				given = append(given, s.Index)
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	slices.Sort(given)
	require.Len(t, slices.Compact(given), 40)

	r := openRegister(t, path)
	defer r.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err := OpenRegister(ctx, path)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, path+": another process works on it")
}

func TestRegisterDamaged(t *testing.T) {
	t.Parallel()
	path := newRegister(t, 10)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	list := func(fields string) string {
		return `{"city":210100,"epoch":1,"trust":1,"snapshot":0,"lists":[{"issuer":"210100/1","list":0,"order":"000102030405060708090a0b0c0d0e0f",` + fields + `}]}`
	}
	order, err := slot.NewOrder([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, 10)
	require.NoError(t, err)
	bad := []string{"{}", "null", string(whole) + "x",
		`{"city":210100,"epoch":0,"trust":1,"lists":[]}`,
		list(`"size":10,"next":11,"version":1,"suspended":[],"revoked":[]`),
		list(`"size":16777217,"next":0,"version":1,"suspended":[],"revoked":[]`),
		list(`"size":10,"next":-1,"version":1,"suspended":[],"revoked":[]`),
		list(fmt.Sprintf(`"size":10,"next":2,"version":1,"suspended":[%d],"revoked":[]`, order.At(2))),
		list(`"size":10,"next":2,"version":1,"suspended":[10],"revoked":[]`),
		list(`"size":10,"next":10,"version":1,"suspended":[],"revoked":[1,0]`),
		list(`"size":10,"next":10,"version":1,"suspended":[],"revoked":[1,1]`),
		list(`"size":10,"next":10,"version":1,"suspended":[1],"revoked":[1]`),
		strings.ReplaceAll(list(`"size":10,"next":2,"version":1,"suspended":[],"revoked":[]`), "0e0f", ""),
		strings.ReplaceAll(list(`"size":10,"next":2,"version":1,"suspended":[],"revoked":[]`), "0e0f", "0E0F"),
		strings.ReplaceAll(string(whole), "210100/2", "210100/1"),
		strings.ReplaceAll(string(whole), "210100/2", "210200/2"),
		strings.ReplaceAll(string(whole), "210100/2", "x"),
	}
	put(t, path, list(`"size":10,"next":10,"version":1,"suspended":[0],"revoked":[1]`))
	openRegister(t, path).Close()
	for i := range len(whole) - 1 {
		bad = append(bad, string(whole[:i]))
	}
	for _, content := range bad {
		put(t, path, content)
		_, err := OpenRegister(context.Background(), path)
		require.ErrorContains(t, err, path+": ", content)
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, content, string(b))
	}
	missing := filepath.Join(t.TempDir(), "register.json")
	_, err = OpenRegister(context.Background(), missing)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.Empty(t, tree(t, filepath.Dir(missing)))
	_, err = os.Stat(missing + ".lock")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestSerial(t *testing.T) {
	t.Parallel()
	s := citycode.Serial{Issuer: issuerKey, List: 255, Index: 1<<24 - 1}
	got, err := citycode.ParseSerial(s.String())
	require.NoError(t, err)
	require.Equal(t, s, got)
	for _, bad := range []string{"", "210100/1", "210100/1#0", "210100/1#0:", "210100/1#0:-1", "210100/1#0:01", "210100/1#256:0", "210100/1#0:16777216", "1/1#0:0", "210100/1#0:1 ", "210100/1#0:1#"} {
		_, err := citycode.ParseSerial(bad)
		require.Error(t, err, bad)
	}
}
