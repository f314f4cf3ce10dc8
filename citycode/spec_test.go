package citycode_test

import (
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

// What SPEC.md says and what the code does are compared here, so that neither
// can move alone.

func readSpec(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("SPEC.md")
	require.NoError(t, err)
	return string(b)
}

// section returns what stands between two headings.
func section(t *testing.T, spec, from, to string) string {
	t.Helper()
	_, rest, ok := strings.Cut(spec, "\n"+from)
	require.True(t, ok, "no section %q", from)
	part, _, ok := strings.Cut(rest, "\n"+to)
	require.True(t, ok, "no section %q", to)
	return part
}

func TestSpecExample(t *testing.T) {
	example := section(t, readSpec(t), "## 0.", "## 1.")
	rows := regexp.MustCompile("(?m)^\\| (\\d+) \\| (\\d+) \\| (\\w+) \\| `([0-9a-f]+)` \\|").FindAllStringSubmatch(example, -1)
	var bytes []byte
	var fields []citycode.Field
	for _, r := range rows {
		value, err := hex.DecodeString(r[4])
		require.NoError(t, err)
		offset, _ := strconv.Atoi(r[1])
		length, _ := strconv.Atoi(r[2])
		require.Len(t, value, length, r[3])
		bytes = append(bytes, value...)
		fields = append(fields, citycode.Field{Name: r[3], Offset: offset, Length: length})
	}
	token, err := citycode.ParseToken(bytes)
	require.NoError(t, err)
	assert.Equal(t, token.Fields(), fields)

	// The library makes the very same bytes, and accepts them.
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	a := c.Citizen("Test Person A", citycode.ProfileTransit, citycode.Transit, func(claims *citycode.Claims) {
		claims.NotAfter = claims.IssuedAt.Add(7 * 24 * time.Hour)
		claims.Index = 4711
		claims.Benefit = 1
		claims.Subject = []byte{0x5e, 0x1f, 0x0a, 0x77, 0x20, 0xc4, 0x9b, 0x3d}
	})
	c.Clock.Advance(8 * time.Hour)
	assert.Equal(t, bytes, a.Show(citycode.Transit).Bytes())
	_, err = c.Verifier(nil).Verify(token, citycode.Check{Audience: citycode.Transit})
	assert.NoError(t, err)

	issuer := c.Issuer.PublicKey()
	key, err := engine.Default().Prepare(issuer[:])
	require.NoError(t, err)
	assert.Contains(t, example, fmt.Sprintf("`%s`", issuer))
	assert.Contains(t, example, fmt.Sprintf("`%x`", engine.ZA(engine.Default(), key)))
	assert.Contains(t, example, hex.EncodeToString([]byte("CC1/cred")))
}

func TestSpecReasons(t *testing.T) {
	table := section(t, readSpec(t), "## 5.", "### 5.0")
	rows := regexp.MustCompile("(?m)^\\| (\\d+) \\| `([a-z-]+)` \\| 5\\.(\\d+)").FindAllStringSubmatch(table, -1)
	var got []string
	for _, r := range rows {
		got = append(got, r[1]+" "+r[2])
		n, _ := strconv.Atoi(r[1])
		assert.Equal(t, strconv.Itoa(n/10), r[3], r[2])
	}
	var want []string
	for _, r := range citycode.Reasons() {
		want = append(want, fmt.Sprintf("%d %s", r, r))
	}
	assert.Equal(t, want, got)
}

func TestSpecProfiles(t *testing.T) {
	table := section(t, readSpec(t), "### 3.2", "### 3.3")
	seconds := func(s string) time.Duration {
		n, unit, _ := strings.Cut(s, " ")
		v, err := strconv.Atoi(n)
		require.NoError(t, err, s)
		if unit == "d" {
			return time.Duration(v) * 24 * time.Hour
		}
		return time.Duration(v) * time.Second
	}
	known := make(map[citycode.ProfileID]citycode.Profile)
	for _, p := range citycode.Profiles() {
		known[p.ID] = p
	}
	kinds := map[string]citycode.SubjectKind{"person": citycode.Person, "thing": citycode.Thing, "place": citycode.Place, "matter": citycode.Matter, "organisation": citycode.Organisation}
	modes := map[string]citycode.KeyMode{"static": citycode.Static, "explicit": citycode.Explicit, "implicit": citycode.Implicit}
	sources := map[string]citycode.Source{"none": citycode.SourceNone, "medical": citycode.SourceMedical, "transit": citycode.SourceTransit, "social-security": citycode.SourceSocialSecurity}
	assurances := map[string]citycode.Assurance{"none": citycode.AssuranceNone, "software": citycode.AssuranceSoftware, "card": citycode.AssuranceCard}
	segments := regexp.MustCompile(`(prefix|source) (\d+)`)
	rules := map[string]citycode.ChallengeRule{"none": citycode.ChallengeNone, "optional": citycode.ChallengeOptional, "required": citycode.ChallengeRequired}
	scenes := map[string]citycode.Scenes{"all": 0xffff, "none": 0, "medical": citycode.Medical}
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if len(cells) != 15 || !strings.HasPrefix(cells[0], "0x") {
			continue
		}
		id, err := strconv.ParseUint(cells[0], 0, 8)
		require.NoError(t, err)
		p := known[citycode.ProfileID(id)]
		delete(known, p.ID)
		size, _ := strconv.Atoi(cells[5])
		name, _, _ := strings.Cut(cells[1], " ")
		want := citycode.Profile{ID: citycode.ProfileID(id), Name: name, Kind: kinds[cells[2]], Mode: modes[cells[3]], Source: sources[cells[4]],
			SubjectSize: size, Challenge: rules[cells[6]], Assurance: assurances[cells[7]], MaxAge: seconds(cells[8]), MaxLifetime: seconds(cells[9]),
			StatusAge: seconds(cells[10]), StatusUnknownPasses: cells[11] == "passes, marked", AnyAudience: cells[12] == "yes", OnlineScenes: scenes[cells[13]]}
		for _, m := range segments.FindAllStringSubmatch(cells[14], -1) {
			n, _ := strconv.Atoi(m[2])
			switch m[1] {
			case "prefix":
				want.PrefixSize = n
			case "source":
				want.SourceSize = n
			}
		}
		assert.Equal(t, want, p)
		assert.NoError(t, p.Validate())
		assert.Len(t, p.Definition(), 29)
	}
	assert.Empty(t, known, "profiles that SPEC.md does not list")
}

func TestSpecSizes(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	assert.Len(t, c.Citizen("a", citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit).Bytes(), 203)
	assert.Len(t, c.Place(nil).Bytes(), 95)
}
