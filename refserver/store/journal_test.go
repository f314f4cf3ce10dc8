package store

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
)

func sampleAccepted(n uint32) citycode.Accepted {
	return citycode.Accepted{Serial: citycode.Serial{Issuer: issuerKey, Index: n}, Time: 1795334400 + int64(n), Counter: n, Until: 1795334490 + int64(n)}
}

func openJournal(t testing.TB, path string) *Journal {
	t.Helper()
	j, err := OpenJournal(context.Background(), path)
	require.NoError(t, err)
	return j
}

// newJournal writes a journal of n codes.
func newJournal(t testing.TB, n uint32) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "journal")
	j := openJournal(t, path)
	require.True(t, j.New)
	for i := range n {
		require.NoError(t, j.Append(sampleAccepted(i)))
	}
	j.Close()
	return path
}

// codes returns what a journal holds.
func codes(t testing.TB, path string) []citycode.Accepted {
	t.Helper()
	j := openJournal(t, path)
	defer j.Close()
	list := slices.Collect(j.Accepted())
	require.NoError(t, j.Err())
	return list
}

func TestJournal(t *testing.T) {
	t.Parallel()
	path := newJournal(t, 3)
	want := []citycode.Accepted{sampleAccepted(0), sampleAccepted(1), sampleAccepted(2)}
	require.Equal(t, want, codes(t, path))
	j := openJournal(t, path)
	require.False(t, j.New)
	require.NoError(t, j.Append(sampleAccepted(3)))
	require.Equal(t, append(want, sampleAccepted(3)), slices.Collect(j.Accepted()), "also what was appended")
	for range j.Accepted() {
		break
	}
	j.Close()
	require.Len(t, codes(t, path), 4)

	// A guard that is built from it knows what was used.
	j = openJournal(t, path)
	defer j.Close()
	guard, err := citycode.NewReplayGuard(citycode.ReplayConfig{Journal: j.Accepted(), Boot: time.Unix(1795334400, 0)})
	require.NoError(t, err)
	require.Equal(t, 4, guard.Len())

	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err = OpenJournal(ctx, path)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// A crash in the middle of a write leaves any part of the last line, or blocks
// that were never written. The rest stands, and the next line follows on it.
func TestJournalTorn(t *testing.T) {
	t.Parallel()
	path := newJournal(t, 3)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	last := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1
	var torn []string
	for i := last + 1; i < len(whole); i++ {
		torn = append(torn, string(whole[:i]))
	}
	zeros := strings.Repeat("\x00", len(whole)-last)
	torn = append(torn, string(whole[:last])+zeros, string(whole[:last])+zeros[:9]+string(whole[last+9:]))
	for _, content := range torn {
		put(t, path, content)
		require.Equal(t, []citycode.Accepted{sampleAccepted(0), sampleAccepted(1)}, codes(t, path), "%q", content[last:])
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, string(whole[:last]), string(b))
		j := openJournal(t, path)
		require.NoError(t, j.Append(sampleAccepted(2)))
		j.Close()
		b, err = os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, string(whole), string(b))
	}
}

// Anything else is damage: the line is named and the file left alone, because
// what it said decides who may pass.
func TestJournalDamaged(t *testing.T) {
	t.Parallel()
	path := newJournal(t, 3)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := strings.SplitAfter(string(whole), "\n")
	bad := map[string]string{
		lines[0] + lines[2] + lines[3]:            "line 2 is damaged",
		lines[0] + lines[1] + lines[3]:            "line 3 is damaged",
		lines[0] + lines[2] + lines[1] + lines[3]: "line 2 is damaged",
		lines[0] + lines[1] + lines[1]:            "line 3 is damaged",
		lines[0] + "\n":                           "line 2 is damaged",
		lines[0] + strings.Repeat("x", 200):       "line 2 is damaged",
		lines[0] + strings.Repeat("x", 1<<20):     "line 2 is damaged",
		lines[0] + strings.Repeat("\x00", 200):    "line 2 is damaged",
		"":                                        "it is not a journal",
		"\x89PNG\r\n\x1a\n and so on":             "it is not a journal",
		strings.Repeat("x", 1<<16):                "it is not a journal",
		strings.TrimSuffix(lines[0], "\n"):        "it is not a journal",
	}
	for i := len(lines[0]); i < len(whole)-1; i++ { // without its newline the last line is torn
		flipped := bytes.Clone(whole)
		flipped[i] ^= 1
		bad[string(flipped)] = " is damaged"
	}
	for content, want := range bad {
		put(t, path, content)
		_, err := OpenJournal(context.Background(), path)
		require.ErrorContains(t, err, path+": ", "%.200q", content)
		require.ErrorContains(t, err, want, "%.200q", content)
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, content, string(b))
	}
	dir := t.TempDir()
	_, err = OpenJournal(context.Background(), dir)
	require.ErrorContains(t, err, dir+": it is not a regular file")
	_, err = OpenJournal(context.Background(), filepath.Join(dir, "none", "journal"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

// A journal that is begun anew holds what can still be shown, and the newest of
// what cannot: a guard that is rebuilt from either refuses the same codes.
func TestJournalCompact(t *testing.T) {
	path := newJournal(t, 100)
	j := openJournal(t, path)
	before := j.Size()
	const now = 1795334490 + 90 // codes 90 to 99 are not too old
	require.NoError(t, j.Compact(now))
	require.Less(t, j.Size(), before/5)
	kept := slices.Collect(j.Accepted())
	require.NoError(t, j.Err())
	require.Len(t, kept, 11)
	require.Equal(t, sampleAccepted(89), kept[10])
	require.Equal(t, sampleAccepted(90), kept[0])
	require.NoError(t, j.Append(sampleAccepted(100)))
	j.Close()

	j = openJournal(t, path)
	defer j.Close()
	require.False(t, j.New)
	require.Equal(t, append(kept, sampleAccepted(100)), slices.Collect(j.Accepted()))
	guard, err := citycode.NewReplayGuard(citycode.ReplayConfig{Boot: time.Unix(now, 0), Journal: j.Accepted()})
	require.NoError(t, err)
	require.Equal(t, 11, guard.Len())

	// Nothing can be shown any more: the floor stays known.
	require.NoError(t, j.Compact(now+1000))
	require.Equal(t, []citycode.Accepted{sampleAccepted(100)}, slices.Collect(j.Accepted()))
	require.NoError(t, j.Compact(now+1000), "twice")
}
