package main

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const together = 6

// atOnce runs the command several times at the same time.
func atOnce(args ...string) (codes []int, outs []string) {
	codes, outs = make([]int, together), make([]string, together)
	var wait sync.WaitGroup
	for i := range together {
		wait.Go(func() {
			codes[i], outs[i], _ = call(context.Background(), strings.NewReader(""), args...)
		})
	}
	wait.Wait()
	return codes, outs
}

// Several gates that share a journal let one code in once.
func TestOneCodeAtManyGates(t *testing.T) {
	city, wallet, _ := newCity(t)
	code := filepath.Join(t.TempDir(), "code.png")
	must(t, "show", "--wallet", wallet, "--png", code, "--at", now)
	codes, outs := atOnce("verify", "--dir", city, "--journal", filepath.Join(t.TempDir(), "station.journal"), "--state", t.TempDir(), "--at", now, code)
	valid := 0
	for i, out := range outs {
		var v verdict
		require.NoError(t, json.Unmarshal([]byte(out), &v))
		if v.Valid {
			valid++
			require.Equal(t, exitDone, codes[i])
			continue
		}
		require.Equal(t, "replayed", v.Reason)
		require.Equal(t, exitRefused, codes[i])
	}
	require.Equal(t, 1, valid)
}

// One wallet on two screens never shows one number twice, and two clerks never
// give one serial out twice.
func TestNumbersAreUsedOnce(t *testing.T) {
	city, wallet, _ := newCity(t)
	codes, outs := atOnce("show", "--wallet", wallet, "--raw", "--at", now)
	seen := make(map[string]bool)
	for i, out := range outs {
		require.Equal(t, exitDone, codes[i])
		seen[out[132:136]] = true
	}
	require.Len(t, seen, together)

	serials := make(map[string]bool)
	var mu sync.Mutex
	var wait sync.WaitGroup
	for i := range together {
		wait.Go(func() {
			code, out, err := call(context.Background(), strings.NewReader(""), "issue", "--dir", city, "--profile", "transit",
				"--wallet", filepath.Join(wallet, "more", string(rune('a'+i))), "--at", now)
			if code != exitDone {
				t.Error(err)
			}
			mu.Lock()
			serials[out] = true
			mu.Unlock()
		})
	}
	wait.Wait()
	require.Len(t, serials, together)
}
