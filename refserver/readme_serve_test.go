package refserver_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestServe does what the README shows of a server: the commands as they stand
// there, but for the port, and the request that the shell hands to curl.
func TestServe(t *testing.T) {
	dir := t.TempDir()
	out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "bin")+"/", "./cmd/citycode").CombinedOutput()
	require.NoError(t, err, "%s", out)
	var example string
	for _, name := range []string{"../README.md", "../README.zh-CN.md"} {
		readme, err := os.ReadFile(name)
		require.NoError(t, err)
		_, behind, ok := strings.Cut(string(readme), "    bin/citycode serve parking")
		require.True(t, ok, name)
		block, _, _ := strings.Cut(behind, "\n\n")
		if example == "" {
			example = block
		}
		assert.Equal(t, example, block, "%s shows other commands", name)
	}
	flags, rest, ok := strings.Cut(example, " &\n")
	require.True(t, ok)
	shell := func(script string) string {
		cmd := exec.Command("bash", "-euc", script)
		cmd.Dir = dir
		out, err := cmd.Output()
		require.NoError(t, err, "%s", script)
		return string(out)
	}
	shell("bin/citycode keys --dir shenyang --city 210100")
	server := exec.Command("bash", "-c", "exec bin/citycode serve parking"+flags+" --addr 127.0.0.1:0")
	server.Dir = dir
	pipe, err := server.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		server.Process.Signal(os.Interrupt)
		assert.NoError(t, server.Wait())
	})
	line, err := bufio.NewReader(pipe).ReadString('\n')
	require.NoError(t, err)
	address := strings.TrimPrefix(strings.TrimSpace(line), "parking: ")

	// curl is a function that says what it was given.
	said := shell("curl() { printf '%s\\n' \"$@\"; }\n" + rest)
	lines := strings.Split(strings.TrimSpace(said), "\n")
	require.GreaterOrEqual(t, len(lines), 5, said)
	args := lines[len(lines)-5:] // issue has printed a line before
	require.Equal(t, []string{"-H", "Content-Type: application/json", "-d"}, args[:3])
	path, ok := strings.CutPrefix(args[4], "http://127.0.0.1:8081")
	require.True(t, ok, args[4])
	answer, err := http.Post(address+path, "application/json", strings.NewReader(args[3]))
	require.NoError(t, err)
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	assert.Equal(t, fmt.Sprint(http.StatusOK, ` {"allow":true,"reason":"ok"`), fmt.Sprint(answer.StatusCode, " ", string(b[:min(len(b), 27)])))
}
