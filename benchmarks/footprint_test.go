package benchmarks_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const gateProgram = "./testdata/gate"

// TestGateProgramSize builds the program that only verifies, as a gate vendor
// would, for the processors that gates have.
func TestGateProgramSize(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		t.Run(arch, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "gate")
			cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", out, gateProgram)
			cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
			text, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", text)
			info, err := os.Stat(out)
			require.NoError(t, err)
			t.Logf("linux/%s, stripped: %.2f MB", arch, float64(info.Size())/1e6)
			assert.LessOrEqual(t, info.Size(), int64(6_000_000))
		})
	}
}

// TestLinkedModules holds the list of modules that a program with citycode, qr
// and card links against the README: one that is not explained there is not
// there.
func TestLinkedModules(t *testing.T) {
	modules := linked(t, gateProgram)
	if _, err := os.Stat("../card"); err == nil {
		out, err := exec.Command("go", "list", "../card/...").Output()
		require.NoError(t, err)
		// cardtest and costest are for tests and link testify.
		packages := slices.DeleteFunc(strings.Fields(string(out)), func(p string) bool { return strings.HasSuffix(p, "test") })
		modules = append(modules, linked(t, packages...)...)
	}
	slices.Sort(modules)
	modules = slices.Compact(modules)
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	_, table, ok := strings.Cut(string(readme), "\n## Dependencies")
	require.True(t, ok)
	var explained []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` [^|]*\\| core \\|").FindAllStringSubmatch(table, -1) {
		explained = append(explained, row[1])
	}
	slices.Sort(explained)
	assert.Equal(t, explained, modules)
}

// TestDependenciesExplained wants a line in both READMEs for every module that
// go.mod asks for by itself.
func TestDependenciesExplained(t *testing.T) {
	cmd := exec.Command("go", "list", "-m", "-f", "{{if not (or .Indirect .Main)}}{{.Path}}{{end}}", "all")
	out, err := cmd.Output()
	require.NoError(t, err)
	for _, name := range []string{"../README.md", "../README.zh-CN.md"} {
		readme, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, module := range strings.Fields(string(out)) {
			assert.True(t, strings.Contains(string(readme), "`"+module+"`"), "%s does not explain %s", name, module)
		}
	}
}

func linked(t *testing.T, packages ...string) []string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}"}, packages...)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.Output()
	require.NoError(t, err)
	list := strings.Fields(string(out))
	slices.Sort(list)
	list = slices.Compact(list)
	return slices.DeleteFunc(list, func(m string) bool { return m == "github.com/citizencode/citizencode" })
}

// TestReadmeProgram keeps the program in the README equal to the one that is
// built and measured here.
func TestReadmeProgram(t *testing.T) {
	program, err := os.ReadFile(gateProgram + "/main.go")
	require.NoError(t, err)
	_, body, _ := strings.Cut(string(program), "func main() {")
	for _, name := range []string{"../README.md", "../README.zh-CN.md"} {
		readme, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.True(t, strings.Contains(string(readme), "func main() {"+body), "%s shows another program", name)
	}
}
