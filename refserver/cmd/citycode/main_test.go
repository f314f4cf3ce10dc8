package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

// The scripts in testdata/script are the specification of the command. Beside
// citycode itself they call it as
//
//	refused verify …   which must exit with 1, and
//	fault verify …     which must exit with 2, say why in one line, and print nothing else
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"citycode": main,
		"refused":  func() { os.Exit(mustExit(exitRefused)) },
		"fault":    func() { os.Exit(mustExit(exitFault)) },
	})
}

func mustExit(want int) int {
	var out, lines bytes.Buffer
	code := run(context.Background(), os.Args[1:], &stdio{os.Stdin, io.MultiWriter(os.Stdout, &out), io.MultiWriter(os.Stderr, &lines)})
	errors := 0
	for line := range strings.Lines(lines.String()) {
		if !strings.HasPrefix(line, "citycode: ") || len(line) > 1000 {
			fmt.Fprintf(os.Stderr, "not one clear line: %q\n", line)
			return 1
		}
		if !strings.HasPrefix(line, "citycode: note: ") {
			errors++
		}
	}
	if code != want || want == exitFault && (errors != 1 || out.Len() > 0) || errors > 1 {
		fmt.Fprintf(os.Stderr, "exit code %d, not %d; %d errors; %d bytes printed\n", code, want, errors, out.Len())
		return 1
	}
	return 0
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("NOW", now)
			env.Setenv("PARTNER", "6901234567890123456789012345")
			env.Setenv("OTHER", "6900000000000000000000000000")
			env.Setenv("GORACE", "atexit_sleep_ms=0") // else every command takes a second under -race
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"jpeg": scriptJPEG, "flip": scriptFlip, "cut": scriptCut, "fill": scriptFill, "need": scriptNeed,
			"keep": scriptKeep, "served": scriptServed, "ask": scriptAsk, "visit": scriptVisit,
			"serial-of": scriptSerialOf, "carry": scriptCarry, "uncarry": scriptUncarry,
		},
		RequireUniqueNames: true,
	})
}

// need skips a script that needs an outside tool, and fails it in CI: there a
// missing tool would go unseen for ever. Use: need zbarimg zbar-tools
func scriptNeed(ts *testscript.TestScript, neg bool, args []string) {
	if _, err := exec.LookPath(args[0]); err == nil {
		return
	}
	line := fmt.Sprintf("%s is missing: apt-get install %s", args[0], args[1])
	if os.Getenv("CI") == "true" {
		ts.Fatalf("%s", line)
	}
	ts.Setenv("missing", line)
}

// jpeg writes a PNG picture as a camera would. Use: jpeg in.png out.jpg
func scriptJPEG(ts *testscript.TestScript, neg bool, args []string) {
	picture, err := png.Decode(strings.NewReader(ts.ReadFile(args[0])))
	ts.Check(err)
	var b bytes.Buffer
	ts.Check(jpeg.Encode(&b, picture, &jpeg.Options{Quality: 60}))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b.Bytes(), 0o600))
}

// keep puts what the last command printed into a variable. Use: keep SERIAL
func scriptKeep(ts *testscript.TestScript, neg bool, args []string) {
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}

// flip changes one bit of a file. Use: flip file offset
func scriptFlip(ts *testscript.TestScript, neg bool, args []string) {
	b := []byte(ts.ReadFile(args[0]))
	at, err := strconv.Atoi(args[1])
	ts.Check(err)
	b[at] ^= 1
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o600))
}

// cut leaves the first bytes of a file. Use: cut file length
func scriptCut(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), int64(n)))
}

// fill writes a file of one byte again and again. Use: fill file length byte
func scriptFill(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	value, err := strconv.ParseUint(args[2], 0, 8)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), bytes.Repeat([]byte{byte(value)}, n), 0o600))
}

// call runs the command in this process.
func call(ctx context.Context, in io.Reader, args ...string) (code int, out, err string) {
	var o, e bytes.Buffer
	code = run(ctx, args, &stdio{in, &o, &e})
	return code, o.String(), e.String()
}

// must runs the command and returns what it printed.
func must(t testing.TB, args ...string) string {
	t.Helper()
	code, out, err := call(context.Background(), strings.NewReader(""), args...)
	require.Zero(t, code, "citycode %s: %s%s", strings.Join(args, " "), out, err)
	return out
}

type panics struct{}

func (panics) Write([]byte) (int, error) { panic(fmt.Errorf("a fault\nof two lines")) }

type fails struct{}

func (fails) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// Whatever happens inside, outside there is one line and exit code 2.
func TestInternalFault(t *testing.T) {
	var lines bytes.Buffer
	for _, out := range []io.Writer{panics{}, fails{}} {
		lines.Reset()
		code := run(context.Background(), []string{"keys", "--dir", t.TempDir(), "--city", "210100"}, &stdio{strings.NewReader(""), out, &lines})
		require.Equal(t, exitFault, code)
		require.Equal(t, 1, strings.Count(lines.String(), "\n"), "%s", lines.String())
		require.NotContains(t, lines.String(), "goroutine")
	}
	require.Equal(t, "citycode: no space left on device\n", lines.String())

	// A verdict that nobody could read is none, also one that refuses.
	dir := t.TempDir()
	must(t, "keys", "--dir", dir, "--city", "210100")
	require.Equal(t, exitFault, run(context.Background(), []string{"verify", "--dir", dir, "-"}, &stdio{strings.NewReader("hello"), fails{}, &lines}))
}

func TestOneLine(t *testing.T) {
	code, out, err := call(context.Background(), strings.NewReader(""), "verify", "--dir", "no\nwhere\x1b[2J", "-")
	require.Equal(t, exitFault, code)
	require.Empty(t, out)
	require.Equal(t, "citycode: open no where [2J/roots.json: no such file or directory\n", err)
}

// Ctrl-C ends the command also while nobody writes into its pipe.
func TestInterrupt(t *testing.T) {
	dir := t.TempDir()
	must(t, "keys", "--dir", dir, "--city", "210100")
	never, _ := io.Pipe()
	for _, args := range [][]string{{"verify", "--dir", dir, "-"}, {"inspect", "-"}, {"show", "--code", "-"}} {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(errors.New("interrupted"))
		code, out, err := call(ctx, never, args...)
		require.Equal(t, exitFault, code)
		require.Empty(t, out)
		require.Equal(t, "citycode: read -: interrupted\n", err)
	}
}
