package apdu

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestStatusNames: every constant of type Status in the source has a name in both languages, and none shares its name
// or number.
func TestStatusNames(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "status.go", nil, 0)
	require.NoError(t, err)
	names := map[string]string{}
	constants := 0
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 {
			return true
		}
		if typ, ok := v.Type.(*ast.Ident); !ok || typ.Name != "Status" {
			return true
		}
		number, err := strconv.ParseUint(v.Values[0].(*ast.BasicLit).Value, 0, 16)
		require.NoError(t, err)
		constants++
		s, constant := Status(number), v.Names[0].Name
		assert.Equal(t, s, s.family(), constant)
		for _, name := range []string{s.Name(), s.Chinese(), s.String()} {
			assert.NotEmpty(t, name, constant)
			assert.Empty(t, names[name], "%s and %s are both %q", names[name], constant, name)
			names[name] = constant
		}
		return true
	})
	assert.Len(t, statusNames, constants)
	assert.Greater(t, constants, 40)
}
