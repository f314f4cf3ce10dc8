package refserver_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSecondCity does what the README tells another city to do: make its keys,
// write a scenario, run it. The program is the one in the README.
func TestSecondCity(t *testing.T) {
	source, err := os.ReadFile("testdata/ferry/main.go")
	require.NoError(t, err)
	_, body, ok := strings.Cut(string(source), "type ferry struct{}")
	require.True(t, ok)
	for _, name := range []string{"../README.md", "../README.zh-CN.md"} {
		readme, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.True(t, strings.Contains(string(readme), "type ferry struct{}"+body), "%s shows another program", name)
	}

	dir := t.TempDir()
	for _, pkg := range []string{"./testdata/ferry", "./cmd/citycode"} {
		out, err := exec.Command("go", "build", "-o", dir, pkg).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	run := func(input string, args ...string) string {
		cmd := exec.Command(filepath.Join(dir, args[0]), args[1:]...)
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(input)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		require.NoError(t, err, "%s: %s", args, &stderr)
		return string(out)
	}
	run("", "citycode", "keys", "--dir", "dalian", "--city", "210200")
	run("", "citycode", "issue", "--dir", "dalian", "--profile", "transit", "--scenes", "transit", "--benefit", "1", "--wallet", "a")
	code := run("", "citycode", "show", "--wallet", "a", "--text")
	lines := strings.Split(run(code+"hello\n", "ferry", "dalian/public"), "\n")
	assert.Equal(t, "true 敬老免费，欢迎登船 Free for seniors; welcome aboard", lines[0])
	assert.True(t, strings.HasPrefix(lines[1], "closed:"), lines[1])
	// The journal survives the restart.
	assert.True(t, strings.HasPrefix(run(code, "ferry", "dalian/public"), "false 此码已使用"))
}
