package citycode_test

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLines: the core stays small enough to be read whole, by a standards body
// or by somebody who has to trust it.
func TestLines(t *testing.T) {
	const most = 3500
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	total := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := os.Open(name)
		require.NoError(t, err)
		defer f.Close()
		lines := 0
		for s := bufio.NewScanner(f); s.Scan(); {
			lines++
		}
		// One file, one noun: beyond this a file holds two.
		assert.LessOrEqual(t, lines, 400, name)
		total += lines
	}
	t.Logf("%d lines", total)
	assert.Less(t, total, most)
	assert.Greater(t, total, 1000, "the count sees the package")
}
