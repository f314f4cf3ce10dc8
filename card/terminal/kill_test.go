package terminal_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card/sam"
	"github.com/citizencode/citizencode/card/terminal"
)

// killedIn is how the child process of TestKill knows its directory.
const killedIn = "CITIZENCODE_TEST_KILLED_IN"

// TestKill ends a terminal with kill -9 while it writes numbers and claims, again and again on the same files. Whatever it
// said that it had written is there, no number comes twice, the lock is free, and meanwhile nobody else could have opened
// them. CITIZENCODE_LONG does it 200 times.
func TestKill(t *testing.T) {
	ctx := context.Background()
	if dir := os.Getenv(killedIn); dir != "" {
		untilKilled(t, dir)
	}
	kills := 4
	if os.Getenv("CITIZENCODE_LONG") != "" {
		kills = 200
	}
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(1, 2))
	last, claims := uint32(0), 0
	for range kills {
		child := exec.Command(os.Args[0], "-test.run=^TestKill$")
		child.Env = append(os.Environ(), killedIn+"="+dir)
		said, err := child.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, child.Start())
		lines, n := bufio.NewScanner(said), uint32(0)
		stop := last + 1 + random.Uint32N(60)
		for n < stop && lines.Scan() {
			_, err := fmt.Sscanf(lines.Text(), "number %d", &n)
			require.NoError(t, err, lines.Text())
			require.Greater(t, n, last)
			last = n
		}
		require.GreaterOrEqual(t, n, stop, "the child ended by itself")
		_, err = terminal.OpenJournal(filepath.Join(dir, "journal"))
		assert.ErrorIs(t, err, terminal.ErrInUse)
		_, err = sam.OpenNumbers(filepath.Join(dir, "numbers"))
		assert.ErrorIs(t, err, sam.ErrInUse)
		require.NoError(t, child.Process.Kill())
		for lines.Scan() { // what it said until it was dead
			fmt.Sscanf(lines.Text(), "number %d", &last)
		}
		assert.Error(t, child.Wait(), "killed")

		j := openJournal(t, filepath.Join(dir, "journal"))
		pending, err := j.Pending(ctx, 1<<20)
		require.NoError(t, err)
		require.NotEmpty(t, pending)
		claims = len(pending)
		newest := pending[claims-1].Number
		assert.True(t, newest == last || newest == last+1, "claim %d is the newest, the child said %d", newest, last)
		for i, c := range pending {
			require.EqualValues(t, pending[0].Number+uint32(i), c.Number, "a claim is missing")
			if c.Number <= last {
				require.Equal(t, terminal.NotCharged, c.State)
			}
		}
		if c := pending[claims-1]; c.State == terminal.Unresolved { // the child was killed before it decided
			c.State = terminal.NotCharged
			require.NoError(t, j.Put(ctx, c))
		}
		require.NoError(t, j.Close())
		numbers, err := sam.OpenNumbers(filepath.Join(dir, "numbers"))
		require.NoError(t, err)
		next, err := numbers.Next(ctx)
		require.NoError(t, err)
		assert.Greater(t, next, newest)
		require.NoError(t, numbers.Close())
		// A claim for the number that this drew, so that there is no hole.
		j = openJournal(t, filepath.Join(dir, "journal"))
		for n := newest + 1; n <= next; n++ {
			require.NoError(t, j.Put(ctx, claim(n, 1)))
			c := claim(n, 1)
			c.State = terminal.NotCharged
			require.NoError(t, j.Put(ctx, c))
		}
		require.NoError(t, j.Close())
		last = next
	}
	t.Logf("%d kills, %d claims", kills, claims)
}

// untilKilled is the child: it draws numbers and decides claims until it is killed, and says what is durable.
func untilKilled(t *testing.T, dir string) {
	ctx := context.Background()
	j := openJournal(t, filepath.Join(dir, "journal"))
	numbers, err := sam.OpenNumbers(filepath.Join(dir, "numbers"))
	require.NoError(t, err)
	for range 100_000 { // more than it is let
		n, err := numbers.Next(ctx)
		require.NoError(t, err)
		c := claim(n, 1)
		require.NoError(t, j.Put(ctx, c))
		c.State = terminal.NotCharged
		require.NoError(t, j.Put(ctx, c))
		fmt.Printf("number %d\n", n)
	}
}
