package terminal_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/purse"
	"github.com/citizencode/citizencode/card/sam"
	"github.com/citizencode/citizencode/card/terminal"
)

func claim(number uint32, card byte) terminal.Claim {
	return terminal.Claim{Number: number, Balance: 5000, Order: sam.Transaction{Card: key.Factor{7: card}, KeyVersion: 1, Random: purse.Random{1, 2, 3, byte(number)},
		Sequence: uint16(number), Transaction: purse.Transaction{Amount: 200, Kind: purse.Purchase, Terminal: gateID, At: purse.DateTime{0x20, 0x26, 0x11, 0x22}}}}
}

func openJournal(tb testing.TB, path string) *terminal.FileJournal {
	tb.Helper()
	j, err := terminal.OpenJournal(path)
	require.NoError(tb, err)
	return j
}

func openOf(tb testing.TB, j terminal.Journal, card byte) []terminal.Claim {
	tb.Helper()
	list, err := j.Open(context.Background(), key.Factor{7: card})
	require.NoError(tb, err)
	return list
}

func pendingOf(tb testing.TB, j terminal.Journal) []terminal.Claim {
	tb.Helper()
	list, err := j.Pending(context.Background(), 1000)
	require.NoError(tb, err)
	return list
}

// TestJournals: memory and file are one thing, through restarts and compactions.
func TestJournals(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	runs := 0
	rapid.Check(t, func(t *rapid.T) {
		runs++
		path := filepath.Join(dir, "journal")
		os.Remove(path)
		file, err := terminal.OpenJournal(path)
		require.NoError(t, err)
		defer func() { file.Close() }()
		memory := terminal.NewMemoryJournal()
		both := func(do func(terminal.Journal) error) {
			require.Equal(t, do(memory), do(file))
		}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			c := claim(uint32(rapid.IntRange(1, 5).Draw(t, "number")), byte(rapid.IntRange(1, 2).Draw(t, "card")))
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0, 1, 2:
				c.State = terminal.State(rapid.IntRange(0, 3).Draw(t, "state"))
				c.Served = c.State == terminal.Paid && rapid.Bool().Draw(t, "served")
				both(func(j terminal.Journal) error { return j.Put(ctx, c) })
			case 3:
				limit := rapid.IntRange(0, 3).Draw(t, "limit")
				both(func(j terminal.Journal) error {
					pending, err := j.Pending(ctx, limit)
					require.NoError(t, err)
					require.LessOrEqual(t, len(pending), limit)
					return j.Acknowledge(ctx, append(pending, c))
				})
			case 4:
				require.NoError(t, file.Compact())
			case 5:
				require.NoError(t, file.Close())
				file, err = terminal.OpenJournal(path)
				require.NoError(t, err)
			}
			for card := range byte(3) {
				a, err := memory.Open(ctx, key.Factor{7: card})
				require.NoError(t, err)
				b, err := file.Open(ctx, key.Factor{7: card})
				require.NoError(t, err)
				require.Equal(t, a, b)
			}
			a, err := memory.Pending(ctx, 100)
			require.NoError(t, err)
			b, err := file.Pending(ctx, 100)
			require.NoError(t, err)
			require.Equal(t, a, b)
		}
	})
	assert.NotZero(t, runs)
}

func TestJournal(t *testing.T) {
	ctx := context.Background()
	j := terminal.NewMemoryJournal()
	c := claim(1, 1)
	require.NoError(t, j.Put(ctx, c))
	assert.Equal(t, []terminal.Claim{c}, openOf(t, j, 1))
	assert.Empty(t, openOf(t, j, 2))
	other := claim(1, 2)
	assert.ErrorIs(t, j.Put(ctx, other), terminal.ErrReused)

	// The office has heard that it is unresolved; what is found out later is news.
	require.NoError(t, j.Acknowledge(ctx, pendingOf(t, j)))
	assert.Empty(t, pendingOf(t, j))
	assert.Equal(t, []terminal.Claim{c}, openOf(t, j, 1), "the terminal still asks")
	paid := c
	paid.State = terminal.Paid
	require.NoError(t, j.Put(ctx, paid))
	require.NoError(t, j.Acknowledge(ctx, []terminal.Claim{c}), "a late acknowledgement")
	assert.Equal(t, []terminal.Claim{paid}, pendingOf(t, j))
	require.NoError(t, j.Acknowledge(ctx, []terminal.Claim{paid}))
	assert.Empty(t, pendingOf(t, j))
	assert.Empty(t, openOf(t, j, 1))
}

// TestJournalTorn cuts the file at every byte, as a power cut does, and puts zeros where blocks were never written: what
// was whole stays, the rest is taken off, and the journal goes on.
func TestJournalTorn(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "journal")
	j := openJournal(t, path)
	require.NoError(t, j.Put(ctx, claim(1, 1)))
	require.NoError(t, j.Put(ctx, claim(2, 1)))
	require.NoError(t, j.Close())
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	head := len("card terminal journal 1\n")
	record := (len(whole) - head) / 2

	reopen := func(b []byte) (*terminal.FileJournal, error) {
		require.NoError(t, os.WriteFile(path, b, 0o600))
		return terminal.OpenJournal(path)
	}
	for n := range whole {
		j, err := reopen(whole[:n])
		if n < head {
			require.Error(t, err, "%d bytes", n)
			continue
		}
		require.NoError(t, err, "%d bytes", n)
		require.Len(t, openOf(t, j, 1), (n-head)/record)
		require.NoError(t, j.Put(ctx, claim(9, 1)), "it goes on")
		require.NoError(t, j.Close())
		j = openJournal(t, path)
		require.Len(t, openOf(t, j, 1), (n-head)/record+1)
		require.NoError(t, j.Close())
	}
	for _, zeros := range []int{1, 8, 20, record} {
		torn := append([]byte(nil), whole...)
		clear(torn[len(torn)-max(zeros, 8):])
		j, err := reopen(torn)
		require.NoError(t, err)
		assert.Len(t, openOf(t, j, 1), 1)
		require.NoError(t, j.Close())
	}

	// The front of the last record stands in a block that was never written, its end in one that was.
	torn := append([]byte(nil), whole...)
	clear(torn[head+record : head+record+20])
	j, err = reopen(torn)
	require.NoError(t, err)
	assert.Len(t, openOf(t, j, 1), 1)
	require.NoError(t, j.Close())

	// Every other change is found, and nothing is written in its place.
	for i := range whole {
		bad := append([]byte(nil), whole...)
		bad[i] ^= 0x41
		_, err := reopen(bad)
		require.Error(t, err, "byte %d", i)
		left, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, bad, left)
	}
	swapped := append(append(append([]byte(nil), whole[:head]...), whole[head+record:]...), whole[head:head+record]...)
	_, err = reopen(swapped)
	assert.Error(t, err)
	_, err = terminal.OpenJournal(t.TempDir())
	assert.Error(t, err, "a directory")
}

// FuzzJournal opens any bytes: a journal or an error, and what was opened opens again as the same.
func FuzzJournal(f *testing.F) {
	path := filepath.Join(f.TempDir(), "seed")
	j := openJournal(f, path)
	require.NoError(f, j.Put(context.Background(), claim(1, 1)))
	require.NoError(f, j.Close())
	seed, err := os.ReadFile(path)
	require.NoError(f, err)
	f.Add(seed)
	f.Add(seed[:len(seed)-3])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "journal")
		require.NoError(t, os.WriteFile(path, b, 0o600))
		j, err := terminal.OpenJournal(path)
		if err != nil {
			return
		}
		pending := pendingOf(t, j)
		require.NoError(t, j.Close())
		j = openJournal(t, path)
		require.Equal(t, pending, pendingOf(t, j))
		require.NoError(t, j.Close())
	})
}
