package catalogue

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/hospital"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/parking"
	"github.com/citizencode/citizencode/scenarios/ticket"
	"github.com/citizencode/citizencode/scenarios/transit"
	"github.com/citizencode/citizencode/scenarios/voucher"
)

// root is the module.
const root = "../.."

func TestEntries(t *testing.T) {
	list := Entries()
	require.Len(t, list, Rows)
	names := make(map[string]bool)
	for i, e := range list {
		at := fmt.Sprintf("row %d", i+1)
		assert.Equal(t, i+1, e.Row)
		assert.NotEmpty(t, e.Group.Text().Zh, at)
		for _, name := range []string{e.Name.Zh, e.Name.En} {
			assert.NotEmpty(t, name, at)
			assert.False(t, names[name], "%s: %q stands twice", at, name)
			names[name] = true
		}
		switch e.State {
		case Built:
			assert.NotEmpty(t, e.Module, at)
			assert.NotEmpty(t, e.Proof, "%s: built, and no test shows it", at)
			assert.Zero(t, e.Instead, "%s: built, and something else to do instead", at)
		case Partly:
			assert.NotEmpty(t, e.Module, at)
			assert.NotEmpty(t, e.Instead.Zh, at)
			assert.NotEmpty(t, e.Instead.En, at)
		case Planned:
			assert.Empty(t, e.Module, "%s: planned, and has a module", at)
			assert.Empty(t, e.Scenario, "%s: planned, and is scanned", at)
			assert.NotEmpty(t, e.Instead.Zh, at)
			assert.NotEmpty(t, e.Instead.En, at)
		default:
			t.Errorf("%s: state %q", at, e.State)
		}
		assert.True(t, e.Proof == "" || e.State == Built, "%s: a proof of what is not built", at)
		assert.True(t, len(e.Actions) == 0 || e.Scenario != "", at)
	}
	list[0].Name.En, list[18].Actions[0] = "changed", "changed"
	assert.NotEqual(t, "changed", Entries()[0].Name.En, "what is handed out is a copy")
	assert.NotEqual(t, "changed", Entries()[18].Actions[0])
}

// What is said to be there is there: the packages, and the tests that show it.
func TestEntriesAreTrue(t *testing.T) {
	for _, e := range Entries() {
		if e.Module == "" {
			continue
		}
		tests, sources := testsIn(t, e.Module)
		assert.NotZero(t, sources, "row %d: %s holds no Go package", e.Row, e.Module)
		if e.Proof != "" {
			assert.Contains(t, tests, e.Proof, "row %d: %s", e.Row, e.Module)
		}
	}
}

// testsIn returns the tests of a package and how many files it has besides.
func testsIn(t *testing.T, dir string) (tests []string, sources int) {
	files, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
	require.NoError(t, err)
	for _, name := range files {
		if !strings.HasSuffix(name, "_test.go") {
			sources++
			continue
		}
		for _, d := range parse(t, name).Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				tests = append(tests, f.Name.Name)
			}
		}
	}
	return tests, sources
}

func parse(t *testing.T, name string) *ast.File {
	f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	return f
}

// Every scenario in the tree, which is every package with an ID method of a
// scenario, has a row.
func TestEveryScenarioHasARow(t *testing.T) {
	has := make(map[string]bool)
	for _, e := range Entries() {
		has[e.Module] = true
	}
	found := 0
	err := filepath.WalkDir(filepath.Join(root, "scenarios"), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == "testdata" {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || !declaresScenario(parse(t, path)) {
			return nil
		}
		dir, err := filepath.Rel(root, filepath.Dir(path))
		found++
		assert.True(t, has[filepath.ToSlash(dir)], "%s is a scenario and has no row", dir)
		return err
	})
	require.NoError(t, err)
	assert.GreaterOrEqual(t, found, 5)
}

// declaresScenario looks for func (…) ID() scenarios.ID.
func declaresScenario(f *ast.File) bool {
	return slices.ContainsFunc(f.Decls, func(d ast.Decl) bool {
		m, ok := d.(*ast.FuncDecl)
		if !ok || m.Recv == nil || m.Name.Name != "ID" || m.Type.Results == nil || len(m.Type.Results.List) != 1 {
			return false
		}
		result, ok := m.Type.Results.List[0].Type.(*ast.SelectorExpr)
		return ok && result.Sel.Name == "ID"
	})
}

// The scenario and the actions of a row are ones that it declares.
func TestEntriesNameTheirVisits(t *testing.T) {
	vouchers, err := voucher.New(voucher.Config{Ledger: ledger.New(ledger.NewMemory())})
	require.NoError(t, err)
	tickets, err := ticket.New(ticket.Config{Venue: "zoo"})
	require.NoError(t, err)
	set, err := scenarios.NewSet(hospital.New(hospital.Config{}), parking.New(parking.Config{}), transit.New(transit.Config{}), vouchers, tickets)
	require.NoError(t, err)
	counted := make(map[string]int)
	for _, e := range Entries() {
		if e.Scenario == "" {
			continue
		}
		s, ok := set.Find(e.Scenario)
		if !assert.True(t, ok, "row %d: %s", e.Row, e.Scenario) {
			continue
		}
		assert.Equal(t, e.Group, s.Describe().Group, "row %d: the group of %s", e.Row, e.Scenario)
		actions := e.Actions
		if len(actions) == 0 {
			actions = s.Describe().Actions
		}
		for _, action := range actions {
			assert.Contains(t, s.Describe().Actions, action, "row %d", e.Row)
			key := string(e.Scenario) + " " + action
			assert.Zero(t, counted[key], "%s counts for row %d and row %d", key, counted[key], e.Row)
			counted[key] = e.Row
		}
	}
	for _, id := range set.IDs() {
		assert.True(t, slices.ContainsFunc(Entries(), func(e Entry) bool { return e.Scenario == id }), "no row counts the visits of %s", id)
	}
}

func TestOpen(t *testing.T) {
	for _, e := range Entries() {
		got, refused := Open(e.Row)
		if e.Live() {
			assert.Equal(t, &e, got)
			assert.Nil(t, refused)
			continue
		}
		assert.Nil(t, got)
		require.NotNil(t, refused, "row %d is planned and answers as if it were there", e.Row)
		assert.Equal(t, NotOpenYet, refused.Reason)
		assert.False(t, refused.Allow)
		for _, says := range []string{e.Name.Zh, "尚未开通", e.Instead.Zh} {
			assert.Contains(t, refused.Message.Zh, says)
		}
		for _, says := range []string{e.Name.En, "not open yet", e.Instead.En} {
			assert.Contains(t, refused.Message.En, says)
		}
	}
	for _, row := range []int{-1, 0, Rows + 1} {
		got, refused := Open(row)
		assert.Nil(t, got)
		assert.Equal(t, NoSuchService, refused.Reason)
	}
}

// journal is a usage of made-up scans.
type journal []scan

type scan struct {
	id     scenarios.ID
	action string
	at     time.Time
}

func (j journal) Scans(_ context.Context, id scenarios.ID, action string, from, until time.Time) (n int64, err error) {
	for _, s := range j {
		if s.id == id && (action == "" || s.action == action) && !s.at.Before(from) && s.at.Before(until) {
			n++
		}
	}
	return n, nil
}

func TestCount(t *testing.T) {
	now := time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)
	list := []Entry{
		{Row: 1, State: Built, Scenario: "a", Actions: []string{"in", "out"}},
		{Row: 2, State: Partly, Scenario: "a", Actions: []string{"pay"}},
		{Row: 3, State: Partly, Scenario: "b"},
		{Row: 4, State: Built},
		{Row: 5, State: Planned, Scenario: "c"},
	}
	for _, c := range []struct {
		j    journal
		used int
	}{
		{nil, 0},
		{journal{{"a", "out", now.Add(-time.Second)}}, 1},
		{journal{{"a", "out", now.Add(-time.Second)}, {"a", "pay", now.Add(-Window)}, {"b", "x", now.Add(-1)}}, 3},
		{journal{{"a", "in", now.Add(-Window - 1)}}, 0},
		{journal{{"a", "in", now}}, 0},
		{journal{{"c", "in", now.Add(-1)}, {"", "in", now.Add(-1)}}, 0},
	} {
		got, err := Count(t.Context(), list, c.j, now)
		require.NoError(t, err)
		assert.Equal(t, Counts{Designed: 5, Live: 4, Built: 2, Used: c.used}, got)
	}
	_, err := Count(t.Context(), list, brokenUsage{}, now)
	assert.ErrorContains(t, err, "row 1")
}

type brokenUsage struct{}

func (brokenUsage) Scans(context.Context, scenarios.ID, string, time.Time, time.Time) (int64, error) {
	return 0, errors.New("the journal does not answer")
}

// The three groups have functions each, and together all.
func TestRow14Groups(t *testing.T) {
	n := make(map[scenarios.Group]int)
	for _, e := range Entries() {
		n[e.Group]++
	}
	assert.Len(t, n, 3)
	for _, g := range []scenarios.Group{scenarios.Government, scenarios.Public, scenarios.Commercial} {
		assert.NotZero(t, n[g], g.Text().En)
	}
	assert.Equal(t, Rows, n[scenarios.Government]+n[scenarios.Public]+n[scenarios.Commercial])
}

// The catalogue of a city in which only buses were ridden this month.
func Example() {
	now := time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)
	c, err := Count(context.Background(), Entries(), journal{{"transit", "board", now.Add(-time.Hour)}}, now)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("designed", c.Designed, "used", c.Used)
	_, refused := Open(39)
	fmt.Println(refused.Message.Zh)
	fmt.Println(refused.Message.En)
	// Output:
	// designed 49 used 1
	// 图书借阅：尚未开通，请到图书馆服务台使用读者证
	// borrowing books: not open yet; please use your reader's card at the library desk
}
