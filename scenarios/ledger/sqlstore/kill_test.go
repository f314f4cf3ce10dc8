package sqlstore_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/ledger/ledgertest"
	"github.com/citizencode/citizencode/scenarios/ledger/sqlstore"
)

// make long raises it to a thousand.
var kills = flag.Int("kills", 15, "rounds of TestKill")

// The child of TestKill is this test binary with these set.
const (
	childFile  = "LEDGER_KILL_FILE"
	childRound = "LEDGER_KILL_ROUND"
)

func TestMain(m *testing.M) {
	if file := os.Getenv(childFile); file != "" {
		fmt.Fprintln(os.Stderr, post(file, os.Getenv(childRound)))
		os.Exit(1) // it is to be killed, not to end
	}
	os.Exit(m.Run())
}

// post posts from four workers for ever, and says on standard output, one line
// a write, which keys were acknowledged. The first worker closes the day before.
func post(file, numeral string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	round, err := strconv.Atoi(numeral)
	if err != nil {
		return err
	}
	db, err := sql.Open("sqlite", durable(file))
	if err != nil {
		return err
	}
	store, err := sqlstore.Open(ctx, db, sqlstore.Options{})
	if err != nil {
		return err
	}
	l := ledger.New(store)
	var wait sync.WaitGroup
	failed := make(chan error, 4)
	for worker := range cap(failed) {
		wait.Go(func() {
			for i := 0; ; i++ {
				if worker == 0 && i == 3 {
					if _, err := l.CloseDay(ctx, ledgertest.Day.Add(round-1)); err != nil {
						failed <- err
						return
					}
				}
				if err := postSome(ctx, l, round, worker, i); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	return <-failed
}

// postSome posts up to four fares, of which every second batch repeats one, and
// takes one back.
func postSome(ctx context.Context, l *ledger.Ledger, round, worker, i int) error {
	var drafts []ledger.Draft
	for n := range i%4 + 1 {
		d := ledgertest.Fare(fmt.Sprintf("%d-%d-%d-%d", round, worker, i, n), int64(1+n))
		d.Day = d.Day.Add(round)
		drafts = append(drafts, d)
	}
	if i%2 == 1 {
		drafts = append(drafts, drafts[0])
		back := drafts[0]
		back.Key, back.Reverses, back.Postings = back.Key+"-", back.Key, ledger.Mirror(back.Postings)
		drafts = append(drafts, back)
	}
	verdicts, err := l.PostEach(ctx, drafts)
	if err != nil {
		return err
	}
	acknowledged := ""
	for _, v := range verdicts {
		if v.Refused != nil {
			return v.Refused
		}
		acknowledged += v.Receipt.Key + "\n"
	}
	_, err = os.Stdout.WriteString(acknowledged)
	return err
}

// TestKill: a server that is killed with -9, again and again, at points that
// nobody chose, has every transaction that it acknowledged, none twice, and
// books that balance.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("the child is another process: runs in full without -short")
	}
	file := filepath.Join(t.TempDir(), "ledger.db")
	r := rand.New(rand.NewPCG(1, 1))
	acknowledged := make(map[string]bool)
	unheard := 0
	for round := range *kills {
		killChild(t, file, round, r.IntN(60), acknowledged)

		db, err := sql.Open("sqlite", durable(file))
		require.NoError(t, err)
		var integrity string
		require.NoError(t, db.QueryRow(`PRAGMA integrity_check`).Scan(&integrity))
		require.Equal(t, "ok", integrity)
		store, err := sqlstore.Open(t.Context(), db, sqlstore.Options{})
		require.NoError(t, err)
		unheard = checkBooks(t, ledger.New(store), round, acknowledged)
		require.NoError(t, db.Close())
	}
	t.Logf("%d kills, %d acknowledged, %d posted and not heard of", *kills, len(acknowledged), unheard)
	assert.Greater(t, len(acknowledged), *kills)
}

// killChild runs a child until it has acknowledged so many, and kills it. What
// it said before it died is added to acknowledged.
func killChild(t *testing.T, file string, round, after int, acknowledged map[string]bool) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childFile+"="+file, childRound+"="+strconv.Itoa(round))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	lines := 0
	scanner := bufio.NewScanner(out)
	for scanner.Scan() {
		acknowledged[scanner.Text()] = true
		if lines++; lines == after+1 {
			require.NoError(t, child.Process.Kill())
		}
	}
	err = child.Wait()
	exit, ok := errors.AsType[*exec.ExitError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, -1, exit.ExitCode(), "the child ended by itself")
}

// checkBooks compares the ledger with what was acknowledged, and its balances
// with its transactions. It returns how many transactions stand of which nobody
// was told.
func checkBooks(t *testing.T, l *ledger.Ledger, round int, acknowledged map[string]bool) (unheard int) {
	t.Helper()
	seen := make(map[string]bool)
	var moved ledger.Balance
	for tx, err := range l.Transactions(t.Context(), ledgertest.Day, ledgertest.Day.Add(round+1)) {
		require.NoError(t, err)
		require.False(t, seen[tx.Key()], "%s stands twice", tx.Key())
		seen[tx.Key()] = true
		for _, p := range tx.Postings() {
			if p.Account == ledgertest.Citizen {
				moved.Debit += p.Debit
				moved.Credit += p.Credit
			}
		}
		if !acknowledged[tx.Key()] {
			unheard++
		}
	}
	for key := range acknowledged {
		require.True(t, seen[key], "%s was acknowledged and is lost", key)
	}
	balance, err := l.Balance(t.Context(), ledgertest.Citizen)
	require.NoError(t, err)
	require.Equal(t, moved, balance)
	totals, err := l.Totals(t.Context())
	require.NoError(t, err)
	require.Zero(t, totals.Net())
	if last, err := l.LastClosing(t.Context()); err == nil {
		require.NoError(t, l.Audit(t.Context(), last.Day))
	} else {
		require.ErrorIs(t, err, ledger.ErrNotFound)
	}
	return unheard
}
