package store

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
)

// newWallet makes a wallet with a credential of a test city.
func newWallet(t testing.TB) string {
	t.Helper()
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	dir := filepath.Join(t.TempDir(), "wallet")
	w, err := CreateWallet(context.Background(), dir, sampleKey(t))
	require.NoError(t, err)
	defer w.Close()
	proof, err := w.Key().ProvePossession(c.Issuer.ID(), [16]byte{7})
	require.NoError(t, err)
	now := c.Clock.Now()
	cred, err := c.Issuer.Issue(citycode.Claims{Profile: citycode.ProfileTransit, IssuedAt: now, NotAfter: now.Add(24 * time.Hour), Index: 1,
		Scenes: citycode.Transit, Subject: make([]byte, 8), Possession: proof})
	require.NoError(t, err)
	require.NoError(t, w.SetCredential(cred))
	require.ErrorIs(t, w.SetCredential(cred), os.ErrExist)
	return dir
}

func openWallet(t testing.TB, dir string) *Wallet {
	t.Helper()
	w, err := OpenWallet(context.Background(), dir)
	require.NoError(t, err)
	return w
}

func TestWallet(t *testing.T) {
	t.Parallel()
	dir := newWallet(t)
	for want := range uint32(3) {
		w := openWallet(t, dir)
		h, err := w.Holder()
		require.NoError(t, err)
		scene, err := w.OnlyScene()
		require.NoError(t, err)
		require.Equal(t, citycode.Transit, scene)
		token, err := h.Present(citycode.Presentation{Time: citycodetest.Start, Audience: scene})
		require.NoError(t, err)
		require.Len(t, token.Bytes(), 203)
		b, err := os.ReadFile(filepath.Join(dir, walletCounter))
		require.NoError(t, err)
		n, err := parseCounter(b)
		require.NoError(t, err)
		require.Equal(t, want+1, n)
		w.Close()
	}
	_, err := CreateWallet(context.Background(), dir, sampleKey(t))
	require.ErrorContains(t, err, dir+" is not empty")
}

// The number is on disk before the code is: whatever happens in between wastes
// it, and a wallet that cannot keep it signs nothing.
func TestWalletCountsFirst(t *testing.T) {
	t.Parallel()
	dir := newWallet(t)
	w := openWallet(t, dir)
	defer w.Close()
	h, err := w.Holder()
	require.NoError(t, err)
	counter := filepath.Join(dir, walletCounter)
	for _, bad := range []string{"", "\n", "5", "5 \n", "+5\n", "05\n", "-1\n", "4294967296\n", "5\n5\n", "x\n", "4294967295\n", "12345678901234567890\n"} {
		put(t, counter, bad)
		_, err := h.Present(citycode.Presentation{Time: citycodetest.Start, Audience: citycode.Transit})
		require.ErrorContains(t, err, counter+": ", "%q", bad)
		b, err := os.ReadFile(counter)
		require.NoError(t, err)
		require.Equal(t, bad, string(b))
	}
	require.NoError(t, os.Remove(counter))
	_, err = h.Present(citycode.Presentation{Time: citycodetest.Start, Audience: citycode.Transit})
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, counter)
	_, err = os.Stat(counter)
	require.ErrorIs(t, err, os.ErrNotExist, "a new counter would begin again")
}

func TestWalletIsLocked(t *testing.T) {
	t.Parallel()
	dir := newWallet(t)
	var mu sync.Mutex
	var counters []uint32
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 4 {
				w, err := OpenWallet(context.Background(), dir)
				if err != nil {
					t.Error(err)
					return
				}
				n, err := w.Next()
				w.Close()
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				counters = append(counters, n)
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	slices.Sort(counters)
	require.Len(t, slices.Compact(counters), 32)
	require.EqualValues(t, 32, counters[31])
}

func TestWalletDamaged(t *testing.T) {
	t.Parallel()
	dir := newWallet(t)
	for _, name := range []string{walletKey, walletCredential} {
		path := filepath.Join(dir, name)
		whole, err := os.ReadFile(path)
		require.NoError(t, err)
		use := func() error {
			w, err := OpenWallet(context.Background(), dir)
			if err != nil {
				return err
			}
			defer w.Close()
			_, err = w.Holder()
			return err
		}
		for i := range whole {
			put(t, path, string(whole[:i]))
			require.ErrorContains(t, use(), path+": ", "cut at %d", i)
		}
		put(t, path, string(whole)+"x")
		require.ErrorContains(t, use(), path+": ")
		require.NoError(t, os.Remove(path))
		require.ErrorIs(t, use(), os.ErrNotExist)
		require.ErrorContains(t, use(), path)
		put(t, path, string(whole))
		require.NoError(t, use())
	}
	// Another one's key.
	key, err := encodeKey(testKey(t, "other"), nil, 0)
	require.NoError(t, err)
	put(t, filepath.Join(dir, walletKey), string(key))
	w := openWallet(t, dir)
	defer w.Close()
	_, err = w.Holder()
	require.ErrorContains(t, err, dir+": citycode: the key is not the one that the credential names")
}

// Discard takes back only what was just made.
func TestWalletDiscard(t *testing.T) {
	t.Parallel()
	made := filepath.Join(t.TempDir(), "wallet")
	w, err := CreateWallet(context.Background(), made, sampleKey(t))
	require.NoError(t, err)
	w.Discard()
	_, err = os.Stat(made)
	require.ErrorIs(t, err, os.ErrNotExist)

	there := t.TempDir()
	w, err = CreateWallet(context.Background(), there, sampleKey(t))
	require.NoError(t, err)
	w.Discard()
	list, err := os.ReadDir(there)
	require.NoError(t, err)
	require.Empty(t, list)
}
