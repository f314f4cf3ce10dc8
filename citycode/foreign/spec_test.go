package foreign_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode/foreign"
	"github.com/citizencode/citizencode/citycode/foreign/hcert"
	"github.com/citizencode/citizencode/citycode/foreign/jtt1179"
)

// What SPEC.md lists and what the code has are compared here.
func TestSpec(t *testing.T) {
	b, err := os.ReadFile("SPEC.md")
	require.NoError(t, err)
	section := func(from, to string) string {
		_, rest, ok := strings.Cut(string(b), "\n"+from)
		require.True(t, ok, from)
		part, _, ok := strings.Cut(rest, "\n"+to)
		require.True(t, ok || to == "END", to)
		return part
	}
	// The words of the first cells of the tables, in their order, once each.
	words := func(part string) (list []string) {
		seen := map[string]bool{}
		for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]*|by rule \\|[^|]*)\\|").FindAllStringSubmatch(part, -1) {
			for _, w := range regexp.MustCompile("`([a-z0-9-]+)`").FindAllStringSubmatch(row[1], -1) {
				if !seen[w[1]] {
					seen[w[1]] = true
					list = append(list, w[1])
				}
			}
		}
		return list
	}
	kinds := []string{}
	for _, k := range foreign.Kinds() {
		if k != foreign.Unknown {
			kinds = append(kinds, k.String())
		}
	}
	assert.ElementsMatch(t, kinds, words(section("### 2.1", "### 2.3")))
	rides := []string{}
	for _, r := range jtt1179.Reasons() {
		rides = append(rides, r.String())
	}
	assert.Equal(t, rides, words(section("### 3.3", "### 3.4")))
	certificates := []string{}
	for _, r := range hcert.Reasons() {
		certificates = append(certificates, r.String())
	}
	assert.Equal(t, certificates, words(section("## 4.", "END")))
	for _, f := range []string{"7089", "332 to 364", "48\nbytes", "18 to 24"} {
		assert.Contains(t, string(b), f)
	}
}
