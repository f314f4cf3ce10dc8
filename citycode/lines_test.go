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
// or by somebody who has to trust it. Only lines of code count, not blank ones
// and not those of comments alone: the house rules ask for long comments, and a
// limit must not be an argument against saying why.
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
			if line := strings.TrimSpace(s.Text()); line != "" && !strings.HasPrefix(line, "//") {
				lines++
			}
		}
		// One file, one noun: beyond this a file holds two.
		assert.LessOrEqual(t, lines, 400, name)
		total += lines
	}
	t.Logf("%d lines of code", total)
	assert.Less(t, total, most)
	assert.Greater(t, total, 1000, "the count sees the package")
}
