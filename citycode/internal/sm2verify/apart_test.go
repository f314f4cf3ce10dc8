package sm2verify

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestApart: the package takes no private key, signs nothing and reaches nothing
// that does. Whoever adds to these lists says so here.
func TestApart(t *testing.T) {
	packages, err := parser.ParseDir(token.NewFileSet(), ".", func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }, 0)
	require.NoError(t, err)
	imports := map[string]bool{}
	var exported []string
	for _, file := range packages["sm2verify"].Files {
		for _, i := range file.Imports {
			path, err := strconv.Unquote(i.Path.Value)
			require.NoError(t, err)
			imports[path] = true
		}
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() {
					exported = append(exported, d.Name.Name)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						if s.Name.IsExported() {
							exported = append(exported, s.Name.Name)
						}
					case *ast.ValueSpec:
						for _, n := range s.Names {
							if n.IsExported() {
								exported = append(exported, n.Name)
							}
						}
					}
				}
			}
		}
	}
	slices.Sort(exported)
	assert.Equal(t, []string{"encoding/binary", "errors", "golang.org/x/sys/cpu", "io", "math/bits", "sync"}, slices.Sorted(maps.Keys(imports)))
	assert.Equal(t, []string{"Batch", "Build", "Bytes", "Bytes", "Combine", "ErrPoint", "ErrSelfTest", "Even", "Hint", "Item", "Key", "Narrow", "NewBatch", "NewKey", "NoHint", "Odd", "Set",
		"SetCombined", "Small", "TableBytes", "Verify", "Verify", "VerifyHint", "Wide", "Widest", "WithTable"}, exported)
}
