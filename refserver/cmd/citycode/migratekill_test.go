package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/refserver/migrate"
)

// answeredBase founds a city in dir and writes the rows of people who have all
// proven their keys, with the line ends of a spreadsheet.
func answeredBase(t testing.TB, dir string, people int) {
	at := func(name string) string { return filepath.Join(dir, name) }
	must(t, "keys", "--dir", at("city"), "--city", "210100", "--at", now)
	base := new(strings.Builder)
	base.WriteString("\ufeffsubject,key\r\n")
	var phones []*citycode.SoftwareKey
	for n := range people {
		phones = append(phones, oldPhone(t, n))
		fmt.Fprintf(base, "%016x,%s\r\n", n+1, phones[n].PublicKey())
	}
	require.NoError(t, os.WriteFile(at("base.csv"), []byte(base.String()), 0o600))
	must(t, "migrate", "ask", "--dir", at("city"), "--profile", "medical", "--at", now, "--out", at("asked.csv"), at("base.csv"))
	asked, err := os.ReadFile(at("asked.csv"))
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(asked)), "\n")
	require.Len(t, lines, people+1)
	issuer := issuerOf(t, at("city"))
	for n := range people {
		cells := strings.Split(lines[n+1], ",")
		nonce, err := hex.DecodeString(cells[5])
		require.NoError(t, err)
		proof, err := phones[n].ProvePossession(issuer, [citycode.PossessionNonceSize]byte(nonce))
		require.NoError(t, err)
		lines[n+1] += hex.EncodeToString(proof.Signature[:])
	}
	require.NoError(t, os.WriteFile(at("answered.csv"), []byte(strings.Join(lines, "\r\n")), 0o600))
}

// A run that is killed in the middle of the work is repeated: nobody gets two
// credentials, no index is used twice, and what stood in the file stays.
func TestKillMigrate(t *testing.T) {
	const people = 1000
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	answeredBase(t, dir, people)
	args := []string{"migrate", "issue", "--dir", at("city"), "--profile", "medical", "--at", now, "--json", "--out", at("credentials.csv"), at("answered.csv")}
	issued := func() string {
		b, err := os.ReadFile(at("credentials.csv"))
		if !os.IsNotExist(err) {
			require.NoError(t, err)
		}
		return string(b)
	}
	before, cut := "", 0
	for n := range *kills {
		process := exec.Command("citycode", args...)
		require.NoError(t, process.Start())
		done := make(chan struct{})
		go func() { process.Wait(); close(done) }()
		for after := (n + 1) * 60_000; len(issued()) < after; {
			select {
			case <-done: // it was faster than the kill
				after = 0
			case <-time.After(time.Millisecond):
			}
		}
		process.Process.Kill()
		<-done
		got := issued()
		whole := got[:strings.LastIndexByte(got, '\n')+1]
		assert.True(t, strings.HasPrefix(got, before), "what was issued before has gone")
		before = whole
		if lines := strings.Count(whole, "\n") - 1; lines > 0 && lines < people {
			cut++
		}
	}
	assert.NotZero(t, cut, "no kill came in the middle")
	r := reportOf(t, must(t, args...))
	assert.Equal(t, people, r.Rows)
	assert.Equal(t, people-(strings.Count(before, "\n")-1), r.Issued)
	require.True(t, strings.HasPrefix(issued(), before))
	subjects, serials := make(map[string]bool), make(map[string]bool)
	for line := range strings.Lines(strings.TrimPrefix(issued(), issuedHeader+"\n")) {
		cells := strings.Split(strings.TrimSpace(line), ",")
		require.Len(t, cells, 3)
		assert.False(t, subjects[cells[0]] || serials[cells[1]], cells[0])
		subjects[cells[0]], serials[cells[1]] = true, true
	}
	assert.Len(t, subjects, people)
}

// What would be refused is reported before, and a file of something else is not gone on with.
func TestMigrateStops(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	answeredBase(t, dir, 3)
	flags := func(command, profile string, more ...string) []string {
		return append([]string{"migrate", command, "--dir", at("city"), "--profile", profile, "--at", now, "--json"}, more...)
	}
	// Two groups in one credential would join what they know. The report promises
	// no more than is issued.
	answered, err := os.ReadFile(at("answered.csv"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(at("two.csv"), []byte(strings.ReplaceAll(string(answered), ",medical,", ",medical|transit,")), 0o600))
	two := map[migrate.Reason]int{migrate.BadScenes: 3}
	assert.Equal(t, two, reportOf(t, must(t, flags("report", "medical", at("two.csv"))...)).Left)
	r := reportOf(t, must(t, flags("issue", "medical", "--out", at("none.csv"), at("two.csv"))...))
	assert.Equal(t, two, r.Left)
	assert.Zero(t, r.Issued)

	assert.Equal(t, 3, reportOf(t, must(t, flags("issue", "medical", "--out", at("credentials.csv"), at("answered.csv"))...)).Issued)
	// The file of another profile would pass over everybody in it.
	before, err := os.ReadFile(at("credentials.csv"))
	require.NoError(t, err)
	code, out, problem := call(t.Context(), strings.NewReader(""), flags("issue", "transit", "--out", at("credentials.csv"), at("answered.csv"))...)
	assert.Equal(t, exitFault, code, out)
	assert.Contains(t, problem, "line 2: it is no credential of profile transit")
	same, err := os.ReadFile(at("credentials.csv"))
	require.NoError(t, err)
	assert.Equal(t, before, same)
}
