package mutants

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A change is one place of a source at which a machine breaks it.
type change struct {
	file     string
	line     int
	operator string
	from, to int // bytes of the source
	new      string
}

func (c change) apply(source string) string { return source[:c.from] + c.new + source[c.to:] }

// show prints the line as it was, and what stands in it now.
func (c change) show(source string) string {
	old := strings.Join(strings.Fields(source[c.from:c.to]), " ")
	return fmt.Sprintf("%s:%d: %s: %s -> %s", c.file, c.line, c.operator, old, c.new)
}

// swapped are operators and what is put in their place.
var swapped = map[token.Token]token.Token{
	token.LSS: token.LEQ, token.LEQ: token.LSS, token.GTR: token.GEQ, token.GEQ: token.GTR, token.EQL: token.NEQ, token.NEQ: token.EQL,
	token.LAND: token.LOR, token.LOR: token.LAND, token.ADD: token.SUB, token.SUB: token.ADD,
}

// changes returns every change of a source, in its order. Functions that left names are passed over, and so is
// what only words an error.
func changes(t *testing.T, file, source string, left map[string]bool) []change {
	t.Helper()
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, file, source, parser.SkipObjectResolution)
	require.NoError(t, err)
	var list []change
	add := func(operator string, from, to token.Pos, new string) {
		at := set.Position(from)
		list = append(list, change{file, at.Line, operator, at.Offset, set.Position(to).Offset, new})
	}
	text := func(n ast.Node) string { return source[set.Position(n.Pos()).Offset:set.Position(n.End()).Offset] }
	condition := func(e ast.Expr, drops bool) {
		add("negate", e.Pos(), e.End(), "!("+text(e)+")")
		if drops {
			add("drop check", e.Pos(), e.End(), "false && ("+text(e)+")")
		}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			return !left[n.Name.Name]
		case *ast.ArrayType, *ast.ImportSpec:
			return false
		case *ast.CallExpr:
			return !words(n)
		case *ast.IfStmt:
			_, returns := last(n.Body.List).(*ast.ReturnStmt)
			condition(n.Cond, returns && n.Else == nil)
		case *ast.SwitchStmt:
			if n.Tag == nil {
				for _, c := range n.Body.List {
					for _, e := range c.(*ast.CaseClause).List {
						condition(e, true)
					}
				}
			}
		case *ast.BinaryExpr:
			if other, ok := swapped[n.Op]; ok {
				add("swap operator", n.OpPos, n.OpPos+token.Pos(len(n.Op.String())), other.String())
			}
		case *ast.BasicLit:
			if n.Kind == token.INT {
				add("constant", n.Pos(), n.End(), "("+n.Value+" + 1)")
				add("constant", n.Pos(), n.End(), "("+n.Value+" - 1)")
			}
		case *ast.Ident:
			if n.Name == "true" || n.Name == "false" {
				add("constant", n.Pos(), n.End(), map[string]string{"true": "false", "false": "true"}[n.Name])
			}
		case *ast.ExprStmt, *ast.IncDecStmt:
			add("drop statement", n.Pos(), n.End(), "")
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				add("drop statement", n.Pos(), n.End(), "")
			}
		}
		return true
	})
	slices.SortStableFunc(list, func(a, b change) int { return cmp.Compare(a.from, b.from) })
	return list
}

func last(list []ast.Stmt) ast.Stmt {
	if len(list) == 0 {
		return nil
	}
	return list[len(list)-1]
}

// words reports whether a call only words an error: no verdict depends on its arguments but the reason.
func words(call *ast.CallExpr) bool {
	name := ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	return slices.Contains([]string{"refuse", "listError", "malformed", "fail", "Errorf"}, name)
}

// TestChanges shows every operator on a small source.
func TestChanges(t *testing.T) {
	const source = `package p

const most = 3

func f(n int) (bool, error) {
	if n < 0 {
		return true, refuse(n, 7)
	}
	n = g(n) - 1
	switch {
	case n == 4 && h():
		n++
	}
	return n > 0, nil
}

func String() { f(5) }
`
	var shown []string
	for _, c := range changes(t, "p.go", source, map[string]bool{"String": true}) {
		broken := c.apply(source)
		assert.NotEqual(t, source, broken)
		_, err := parser.ParseFile(token.NewFileSet(), "p.go", broken, 0)
		require.NoError(t, err, broken)
		shown = append(shown, c.show(source))
	}
	assert.Equal(t, []string{
		"p.go:3: constant: 3 -> (3 + 1)", "p.go:3: constant: 3 -> (3 - 1)",
		"p.go:6: negate: n < 0 -> !(n < 0)", "p.go:6: drop check: n < 0 -> false && (n < 0)",
		"p.go:6: swap operator: < -> <=", "p.go:6: constant: 0 -> (0 + 1)", "p.go:6: constant: 0 -> (0 - 1)",
		"p.go:7: constant: true -> false",
		"p.go:9: drop statement: n = g(n) - 1 -> ", "p.go:9: swap operator: - -> +", "p.go:9: constant: 1 -> (1 + 1)", "p.go:9: constant: 1 -> (1 - 1)",
		"p.go:11: negate: n == 4 && h() -> !(n == 4 && h())", "p.go:11: drop check: n == 4 && h() -> false && (n == 4 && h())",
		"p.go:11: swap operator: == -> !=", "p.go:11: constant: 4 -> (4 + 1)", "p.go:11: constant: 4 -> (4 - 1)",
		"p.go:11: swap operator: && -> ||", "p.go:12: drop statement: n++ -> ",
		"p.go:14: swap operator: > -> >=", "p.go:14: constant: 0 -> (0 + 1)", "p.go:14: constant: 0 -> (0 - 1)",
	}, shown)
}
