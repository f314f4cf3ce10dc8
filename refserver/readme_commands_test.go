package refserver_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCommands runs the commands of the README as they stand there, from the
// first to the last, in an empty directory: those by hand, of cards and of a
// migration. What starts a server is in TestServe.
func TestCommands(t *testing.T) {
	dir := t.TempDir()
	out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "bin")+"/", "./cmd/citycode").CombinedOutput()
	require.NoError(t, err, "%s", out)
	var first []string
	for _, name := range []string{"../README.md", "../README.zh-CN.md"} {
		readme, err := os.ReadFile(name)
		require.NoError(t, err)
		var blocks []string
		for block := range strings.SplitSeq(string(readme), "\n\n") {
			if strings.HasPrefix(block, "    ") && strings.Contains(block, "bin/citycode ") && !strings.Contains(block, "bin/citycode serve") {
				blocks = append(blocks, strings.Replace(block, "    go build -o bin/ ./refserver/cmd/citycode\n", "", 1))
			}
		}
		if first == nil {
			first = blocks
		}
		require.Equal(t, first, blocks, "%s shows other commands", name)
	}
	require.Len(t, first, 3)
	for i, want := range []string{`{"valid":true,"reason":"ok"`, `"balanceFen": 9800`, "no-proof 1"} {
		cmd := exec.Command("bash", "-euc", first[i])
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s\n%s", first[i], out)
		assert.Contains(t, string(out), want)
	}
}
