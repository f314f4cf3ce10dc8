package perso_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/perso"
	"github.com/citizencode/citizencode/citycode"
)

const killed = "CARD_PERSO_KILLED"

// TestKill kills a real process in the middle of a run (SIGKILL), again and again, and begins it again until all is
// done: every row has one card, every card works, and none was done twice.
func TestKill(t *testing.T) {
	if dir := os.Getenv(killed); dir != "" {
		child(t, dir)
		return
	}
	n, kills := 120, 6
	if os.Getenv("CITIZENCODE_LONG") != "" {
		n, kills = 5000, 200
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "people.csv"), []byte(people(n)), 0o600))
	ended := false
	for run := 0; !ended; run++ {
		require.Less(t, run, 2*kills+10)
		cmd := exec.Command(os.Args[0], "-test.run=^TestKill$")
		cmd.Env = append(os.Environ(), killed+"="+dir)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		// A line is one credential asked for: the place of the kill, at different points of a batch.
		lines, count := bufio.NewScanner(out), 0
		for lines.Scan() {
			if lines.Text() == "card" {
				count++
			}
			if run < kills && count == 3+run*n/kills%37 {
				require.NoError(t, cmd.Process.Signal(syscall.SIGKILL))
				break
			}
			ended = lines.Text() == "ended"
			if ended {
				break
			}
		}
		for lines.Scan() { // until the process is gone
		}
		err = cmd.Wait()
		if ended {
			require.NoError(t, err)
		}
	}
	d := open(t, dir)
	assert.Len(t, d.Serials(), n)
	for _, s := range d.Serials() {
		c, err := d.Card(s)
		require.NoError(t, err)
		send(t, c, app.Select(app.TestAID))
		_, err = citycode.ParseCredential(send(t, c, app.ReadBinary(app.SFICredential, 0, 256)))
		require.NoError(t, err)
	}
	journal, err := os.ReadFile(filepath.Join(dir, "journal"))
	require.NoError(t, err)
	assert.Equal(t, n, strings.Count(string(journal), "\ndone "), "each is done once")
	assert.Equal(t, n, strings.Count(string(journal), "\nbegun "))
}

func child(t *testing.T, dir string) {
	cfg := config(t)
	cfg.Batch = 16
	issue := cfg.Issue
	cfg.Issue = func(ctx context.Context, a *perso.Applicant) ([]byte, error) {
		fmt.Println("card")
		return issue(ctx, a)
	}
	rows, err := os.ReadFile(filepath.Join(dir, "people.csv"))
	require.NoError(t, err)
	run(t, cfg, dir, string(rows))
	fmt.Println("ended")
}
