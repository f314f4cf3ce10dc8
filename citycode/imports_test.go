package citycode_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A goPackage is what go list says about one package.
type goPackage struct {
	ImportPath                         string
	Standard                           bool
	Imports, TestImports, XTestImports []string
	Deps                               []string
}

const module = "github.com/citizencode/citizencode"

// goList lists packages of the module. One that does not compile is listed
// with what it imports: several people work in one tree.
func goList(t *testing.T, patterns ...string) []goPackage {
	t.Helper()
	command := exec.Command("go", append([]string{"list", "-e", "-json=ImportPath,Standard,Imports,TestImports,XTestImports,Deps"}, patterns...)...)
	command.Dir = ".."
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	require.NoError(t, err, stderr.String())
	var list []goPackage
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return list
		}
		require.NoError(t, err)
		list = append(list, p)
	}
}

// within reports whether a package is one of those trees of the module.
func within(path string, trees ...string) bool {
	for _, tree := range trees {
		if path == module+"/"+tree || strings.HasPrefix(path, module+"/"+tree+"/") {
			return true
		}
	}
	return false
}

// TestImports: imports go one way (DESIGN §2), so that a gate that only
// verifies links what verifies, and a stranger knows where to look.
func TestImports(t *testing.T) {
	// What each tree of the module may import of the module, besides itself.
	may := map[string][]string{
		"citycode":   {},
		"qr":         {},
		"card":       {},
		"scenarios":  {"citycode"},
		"refserver":  {"citycode", "qr", "card", "scenarios"},
		"benchmarks": {"citycode", "qr", "card", "scenarios", "refserver/gate", "refserver/store", "refserver/uplink"},
	}
	// What ships is judged; tests may look further, but never at the servers'
	// or the benchmarks' insides.
	mayTest := map[string][]string{
		"citycode":  {"qr"},
		"qr":        {"citycode"},
		"card":      {"citycode"},
		"scenarios": {"qr", "card"},
	}
	packages := goList(t, "./...")
	seen := 0
	for _, p := range packages {
		tree, _, _ := strings.Cut(strings.TrimPrefix(p.ImportPath, module+"/"), "/")
		allowed, known := may[tree]
		if !assert.True(t, known, "%s: nothing else stands at the top (DESIGN §2)", p.ImportPath) {
			continue
		}
		seen++
		for _, i := range p.Imports {
			if strings.HasPrefix(i, module) {
				assert.True(t, within(i, append(allowed, tree)...), "%s imports %s", p.ImportPath, i)
			}
			if strings.HasSuffix(p.ImportPath, "test") {
				continue // equipment of tests
			}
			assert.False(t, i == "testing" || strings.HasPrefix(i, "github.com/stretchr/testify") || i == module+"/citycode/citycodetest",
				"%s, which ships, imports %s", p.ImportPath, i)
		}
		for _, i := range append(p.TestImports, p.XTestImports...) {
			if strings.HasPrefix(i, module) && tree != "refserver" && tree != "benchmarks" {
				assert.True(t, within(i, append(append([]string{tree}, allowed...), mayTest[tree]...)...), "a test of %s imports %s", p.ImportPath, i)
			}
		}
	}
	assert.Greater(t, seen, 3)
}

// TestImportsOfTheCore: what decides offline links no network, no database and
// no logger, whatever way they would come in; signing and verifying keep apart.
func TestImportsOfTheCore(t *testing.T) {
	for _, p := range goList(t, "./citycode", "./citycode/engine") {
		for _, d := range p.Deps {
			for _, banned := range []string{"net", "database", "log", "testing", "os/exec", "plugin", "html", "text/template", "github.com/stretchr", "github.com/tjfoc", "pgregory.net"} {
				assert.False(t, d == banned || strings.HasPrefix(d, banned+"/"), "%s links %s", p.ImportPath, d)
			}
		}
	}
	for _, p := range goList(t, "./citycode/engine/tjfoc") {
		assert.NotContains(t, p.Deps, module+"/citycode")
	}
	// Verification in variable time has one user, and engine's own test keeps
	// that apart from private keys.
	for _, p := range goList(t, "./...") {
		if slices.Contains(p.Imports, module+"/citycode/internal/sm2verify") {
			assert.Equal(t, module+"/citycode/engine", p.ImportPath)
		}
	}
	// The core itself knows no SM2 library: it has an engine.
	for _, p := range goList(t, "./citycode") {
		for _, i := range p.Imports {
			assert.False(t, strings.Contains(i, "gmsm"), i)
			assert.NotContains(t, []string{"os", "net", "log", "log/slog", "context", "reflect", "unsafe"}, i)
		}
	}
}
