package vectors

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the vectors anew from their seeds")

// released says that v1 has been published. From then on it is append-only: -update refuses to change or to
// drop a test, because somewhere somebody's report names its id.
const released = false

// files makes every file of v1.
func files() []*envelope {
	return []*envelope{tokenParse(), tokenVerify(), trustList(), statusList(), rootChanges(), snapshotList(), statusDelta(), qrText(), signatureAnswers()}
}

// TestGenerate makes every file from its seeds and compares it with the one in the repository. It runs before
// the tests of package vectors_test, which read what it has written.
func TestGenerate(t *testing.T) {
	for _, f := range files() {
		path := filepath.Join("v1", f.name+".json")
		want := f.encode()
		have, err := os.ReadFile(path)
		if *update {
			if err == nil {
				changes := changedTests(t, have, want)
				t.Logf("%s: changed or dropped: %v", path, changes)
				require.False(t, released && len(changes) > 0, "%s is append-only: correct a test by a new one", path)
			}
			require.NoError(t, os.WriteFile(path, want, 0o666))
			continue
		}
		require.NoError(t, err)
		if !bytes.Equal(have, want) {
			t.Errorf("%s is not what its generator makes (changed or dropped: %v): go test ./citycode/vectors -update", path, changedTests(t, have, want))
		}
	}
}

// TestGenerateTwice checks that the generator keeps nothing from one run that changes the next.
func TestGenerateTwice(t *testing.T) {
	for _, f := range []func() *envelope{trustList, statusList, signatureAnswers} {
		assert.True(t, bytes.Equal(f().encode(), f().encode()))
	}
}

// TestEmbedded checks that the files in the program are those in the directory.
func TestEmbedded(t *testing.T) {
	if *update {
		t.Skip("the program was built before the files were written")
	}
	paths, err := filepath.Glob("*/*")
	require.NoError(t, err)
	assert.Len(t, paths, 2*9+1)
	for _, path := range paths {
		have, err := Vectors.ReadFile(filepath.ToSlash(path))
		require.NoError(t, err)
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(have, want), path)
	}
}

// TestSpecExample checks that the first token is the example of ../SPEC.md §0, field by field.
func TestSpecExample(t *testing.T) {
	spec, err := os.ReadFile("../SPEC.md")
	require.NoError(t, err)
	example := ride()
	for _, f := range example.fields() {
		assert.Contains(t, string(spec), fmt.Sprintf("| %d | %d | %s | `%x` |", f.Offset, f.Length, f.Name, f.Value))
	}
}

// changedTests returns the ids of the tests of before that are not in after as they were.
func changedTests(t *testing.T, before, after []byte) []string {
	t.Helper()
	order, old := testsOf(t, before)
	_, young := testsOf(t, after)
	var ids []string
	for _, id := range order {
		if old[id] != young[id] {
			ids = append(ids, id)
		}
	}
	return ids
}

// testsOf returns the ids of a file in their order, and each test in its compact form with what it takes from
// its group.
func testsOf(t *testing.T, file []byte) (ids []string, tests map[string]string) {
	t.Helper()
	var f struct{ Groups []map[string]json.RawMessage }
	require.NoError(t, json.Unmarshal(file, &f))
	tests = map[string]string{}
	for _, group := range f.Groups {
		var list []map[string]any
		require.NoError(t, json.Unmarshal(group["tests"], &list))
		// A new test may bring its keys along; a comment may be made clearer.
		delete(group, "tests")
		delete(group, "privateKeys")
		delete(group, "comment")
		for _, test := range list {
			id := test["id"].(string)
			text, err := json.Marshal([]any{group, test})
			require.NoError(t, err)
			ids = append(ids, id)
			tests[id] = string(text)
		}
	}
	return ids, tests
}

func TestChangedTests(t *testing.T) {
	fileOf := func(world, tests string) []byte {
		return []byte(`{"groups": [{"comment": "…", "world": "` + world + `", "tests": [` + tests + `]}]}`)
	}
	file := func(tests string) []byte { return fileOf("one", tests) }
	a, b, other := `{"id": "tv-0001", "token": "00"}`, `{"id": "tv-0002", "token": "01"}`, `{"id":"tv-0002","token":"02"}`
	assert.Empty(t, changedTests(t, file(a+","+b), file(a+", "+b)))
	assert.Empty(t, changedTests(t, file(a), file(a+","+b)), "a new test is no change")
	assert.Equal(t, []string{"tv-0002"}, changedTests(t, file(a+","+b), file(a)), "a test was dropped")
	assert.Equal(t, []string{"tv-0002"}, changedTests(t, file(a+","+b), file(a+","+other)), "a test was changed")
	assert.Equal(t, []string{"tv-0001"}, changedTests(t, file(a), fileOf("another", a)), "the world of a test was changed")
}
