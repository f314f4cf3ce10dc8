package mutants

import (
	"flag"
	"go/parser"
	"go/token"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each mutant is a program to build and to run. A plain go test has a few of them; which ones turns with the source.
var every = flag.Bool("all", false, "build and run every mutant, not only a few")

const few = 3

// TestTable checks what can be checked without building: that every mutant still fits the source, and that
// its vector tests the clause that it breaks.
func TestTable(t *testing.T) {
	spec, err := os.ReadFile("../SPEC.md")
	require.NoError(t, err)
	known := readVectors(t)
	names, attacks := map[string]bool{}, map[string]bool{}
	for _, m := range all() {
		assert.False(t, names[m.name] || attacks[m.attack], "%s stands twice", m.name)
		names[m.name], attacks[m.attack] = true, true
		_, err := parser.ParseFile(token.NewFileSet(), m.file, m.patch(t).contents, 0)
		assert.NoError(t, err, m.name)
		if clause, ours := strings.CutPrefix(m.clause, "§"); ours {
			assert.Regexp(t, `(?m)^#+ `+strings.ReplaceAll(clause, ".", `\.`)+`\.? `, string(spec), m.name)
		}
		assert.Contains(t, known[m.vector].clauses, m.clause, "%s: %s tests no such clause", m.name, m.vector)
	}
	assert.GreaterOrEqual(t, len(names), 24)
}

// TestMutants builds the runner of the vectors on each broken verifier. The vectors must catch it: of the file in
// which its attack stands, the one with the attack fails, and most others pass, or it would be broken as a whole and
// prove nothing.
func TestMutants(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program for each: runs without -short, and all of them in the mutants part of .ci/test")
	}
	number := map[string]int{}
	for id := range readVectors(t) {
		number[id[:2]]++
	}
	sound, err := buildRunner(t, overlay(t))
	require.NoError(t, err)
	for kind, n := range number {
		verdict := sound.judge(t, tests[kind])
		require.True(t, verdict.ok, "the verifier that nobody broke fails: %.2000s", verdict.output)
		require.Len(t, verdict.passed, n, "a vector that did not run proves nothing")
	}

	for _, m := range chosen(t) {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			broken, err := buildRunner(t, overlay(t, m.patch(t)))
			require.NoError(t, err)
			kind := m.vector[:2]
			verdict := broken.judge(t, tests[kind])
			require.False(t, verdict.ok, "no vector catches it")
			assert.Contains(t, verdict.failed, m.vector)
			assert.Len(t, append(verdict.passed, verdict.failed...), number[kind], "it must run to its end")
			assert.Less(t, len(verdict.failed), number[kind]/2, "it refuses nearly everything: that is no mistake that anybody would not see")
			t.Logf("%s: %d vectors catch it: %.100s", m.clause, len(verdict.failed), strings.Join(verdict.failed, " "))
		})
	}
}

// chosen returns the mutants to build. The few of a plain run follow from the source: the same tree has the same
// ones, and in time each has its turn.
func chosen(t *testing.T) []mutant {
	t.Helper()
	list := all()
	if *every {
		return list
	}
	h := fnv.New32()
	paths, err := filepath.Glob(filepath.Join(root, "citycode", "*.go"))
	require.NoError(t, err)
	for _, path := range paths {
		source, err := os.ReadFile(path)
		require.NoError(t, err)
		h.Write(source)
	}
	first := int(h.Sum32() % uint32(len(list)))
	return append(list, list...)[first : first+few]
}
