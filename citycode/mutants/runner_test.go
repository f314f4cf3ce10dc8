package mutants

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// root is the root of the module as seen from this directory.
const root = "../.."

// A patch is one file of the module with other contents.
type patch struct {
	file     string // from the root of the module, with slashes
	contents string
}

// overlay writes the patches where the go command finds them, and returns its flag. No file of the module is
// touched: a run that is killed leaves nothing behind.
func overlay(t *testing.T, patches ...patch) string {
	t.Helper()
	dir := t.TempDir()
	replace := map[string]string{}
	for _, p := range patches {
		path, err := filepath.Abs(filepath.Join(root, filepath.FromSlash(p.file)))
		require.NoError(t, err)
		broken := filepath.Join(dir, filepath.Base(path))
		require.NoError(t, os.WriteFile(broken, []byte(p.contents), 0o666))
		replace[path] = broken
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, err)
	path := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(path, text, 0o666))
	return "-overlay=" + path
}

// A program is a built test binary and the directory it runs in.
type program struct{ path, dir string }

// build builds the tests of a package, or of some files of it, in dir. The error is the compiler's.
func build(t *testing.T, dir, overlay string, what ...string) (program, error) {
	t.Helper()
	p := program{filepath.Join(t.TempDir(), "broken.test"), dir}
	command := exec.Command("go", append([]string{"test", "-c", "-vet=off", "-ldflags=-s -w", overlay, "-o", p.path}, what...)...)
	command.Dir = dir
	out, err := command.CombinedOutput()
	if err != nil {
		return p, &buildError{string(out)}
	}
	return p, nil
}

type buildError struct{ output string }

func (e *buildError) Error() string { return e.output }

// buildRunner builds the runner of the vectors without their generator: it reads nothing but the JSON.
func buildRunner(t *testing.T, overlay string) (program, error) {
	t.Helper()
	const dir = "../vectors"
	list := exec.Command("go", "list", "-f", `{{join .XTestGoFiles " "}}`, ".")
	list.Dir = dir
	out, err := list.Output()
	require.NoError(t, err)
	return build(t, dir, overlay, strings.Fields(string(out))...)
}

// A judgement is what a run of a test binary says.
type judgement struct {
	failed, passed []string // ids of vectors
	ok             bool     // the whole run passed
	hung           bool
	output         string
}

var verdictLine = regexp.MustCompile(`(?m)^ *--- (FAIL|PASS): \S*/([a-z]{2}-\d{4}) `)

// run runs a test binary, and ends it after a limit: what was broken may never end by itself. It ends itself a little
// later where this process is gone by then.
func (p program) run(t *testing.T, limit time.Duration, flags ...string) judgement {
	t.Helper()
	flags = append(flags, "-test.timeout="+(limit+10*time.Second).String())
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	command := exec.CommandContext(ctx, p.path, flags...)
	if shell, err := exec.LookPath("sh"); err == nil {
		// Nor may it take all the memory.
		command = exec.CommandContext(ctx, shell, append([]string{"-c", `ulimit -v 4194304; exec "$0" "$@"`, p.path}, flags...)...)
	}
	command.Dir, command.WaitDelay = p.dir, 10*time.Second
	out, err := command.CombinedOutput()
	j := judgement{ok: err == nil, hung: ctx.Err() != nil, output: string(out)}
	for _, m := range verdictLine.FindAllStringSubmatch(j.output, -1) {
		if m[1] == "FAIL" {
			j.failed = append(j.failed, m[2])
		} else {
			j.passed = append(j.passed, m[2])
		}
	}
	return j
}

// tests are the tests of the runner, by the ids of their vectors.
var tests = map[string]string{
	"tp": "TokenParse", "tv": "TokenVerify", "tl": "TrustList", "sl": "StatusList", "rc": "RootChange", "sn": "Snapshot", "sd": "StatusDelta",
	"qt": "QRText", "sg": "Signature",
}

// judge runs the vectors of some tests once, on the default engine. Making a list again from what it says
// (draft) is no verifier's work.
func (p program) judge(t *testing.T, names ...string) judgement {
	t.Helper()
	return p.run(t, time.Minute, "-test.v", "-test.skip=^.*$/^(tjfoc|draft)$", "-test.run=^Test("+strings.Join(names, "|")+")$")
}
