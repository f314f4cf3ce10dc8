package engine

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPrivateKeysApart: no function of the files that handle private keys can
// name, itself or through what it names, anything of native.go, which verifies
// in variable time. Methods count as named where their type is.
func TestPrivateKeysApart(t *testing.T) {
	packages, err := parser.ParseDir(token.NewFileSet(), ".", func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }, 0)
	require.NoError(t, err)
	names := map[string][]string{}    // a declaration names these
	declared := map[string][]string{} // a file declares these
	declare := func(file, name string, body ast.Node) {
		declared[file] = append(declared[file], name)
		ast.Inspect(body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				ast.Inspect(n.X, func(n ast.Node) bool {
					if i, ok := n.(*ast.Ident); ok {
						names[name] = append(names[name], i.Name)
					}
					return true
				})
				return false
			case *ast.Ident:
				names[name] = append(names[name], n.Name)
			}
			return true
		})
	}
	for file, parsed := range packages["engine"].Files {
		for _, i := range parsed.Imports {
			assert.False(t, strings.Contains(i.Path.Value, "sm2verify") && file != "native.go", file)
		}
		for _, d := range parsed.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				name := d.Name.Name
				if d.Recv != nil {
					receiver := d.Recv.List[0].Type
					if star, ok := receiver.(*ast.StarExpr); ok {
						receiver = star.X
					}
					name = receiver.(*ast.Ident).Name
				}
				declare(file, name, d)
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						declare(file, s.Name.Name, s)
					case *ast.ValueSpec:
						for _, n := range s.Names {
							if n.Name != "_" {
								declare(file, n.Name, s)
							}
						}
					}
				}
			}
		}
	}
	reached := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		if reached[name] {
			return
		}
		reached[name] = true
		for _, n := range names[name] {
			visit(n)
		}
	}
	for _, file := range []string{"sign.go", "implicit.go"} {
		require.NotEmpty(t, declared[file])
		for _, name := range declared[file] {
			visit(name)
		}
	}
	require.True(t, reached["gmsm"], "what is reached is followed")
	require.Contains(t, declared["native.go"], "Default")
	for _, name := range declared["native.go"] {
		assert.False(t, reached[name], "%s can be reached from where private keys are", name)
	}
}
