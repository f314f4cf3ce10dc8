package mutants

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A mutant is a verifier with one mistake, such as deployed systems make.
type mutant struct {
	name     string
	attack   string // what the mistake lets in
	clause   string // of the SPEC that it breaks
	vector   string // whose attack is exactly this one; it must fail
	file     string // from the root of the module
	old, new string // a fragment of the source that occurs once, and what stands there in the broken verifier
}

// all returns every mutant.
func all() []mutant {
	return slices.Concat(layoutMutants, signatureMutants, implicitMutants, rightMutants, timeMutants, useMutants, listMutants)
}

// patch breaks the source. It fails when the fragment is not there exactly once: then the source has moved on,
// and the mutant must follow it.
func (m mutant) patch(t *testing.T) patch {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(m.file)))
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(source), m.old), "%s: %s has moved on: this fragment must occur exactly once:\n%s", m.name, m.file, m.old)
	return patch{m.file, strings.Replace(string(source), m.old, m.new, 1)}
}
