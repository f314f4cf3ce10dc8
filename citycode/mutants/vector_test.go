package mutants

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode/vectors"
)

// A vector is what is asked here of a test of the vectors: which clauses it tests.
type vector struct {
	ID      string
	Flags   []string
	Section string // of the SPEC, of a refused one
	clauses []string
}

// readVectors returns every vector by its id. Its clauses are the section that decides it and those of its flags.
func readVectors(t *testing.T) map[string]vector {
	t.Helper()
	paths, err := vectors.Vectors.ReadDir("v1")
	require.NoError(t, err)
	all := map[string]vector{}
	for _, path := range paths {
		if !strings.HasSuffix(path.Name(), ".json") {
			continue
		}
		raw, err := vectors.Vectors.ReadFile("v1/" + path.Name())
		require.NoError(t, err)
		var file struct {
			Notes  map[string]struct{ Clause string }
			Groups []struct{ Tests []vector }
		}
		require.NoError(t, json.Unmarshal(raw, &file))
		for _, g := range file.Groups {
			for _, v := range g.Tests {
				if v.Section != "" {
					v.clauses = append(v.clauses, "§"+v.Section)
				}
				for _, flag := range v.Flags {
					v.clauses = append(v.clauses, file.Notes[flag].Clause)
				}
				slices.Sort(v.clauses)
				v.clauses = slices.Compact(v.clauses)
				all[v.ID] = v
			}
		}
	}
	require.NotEmpty(t, all)
	return all
}
