package matrix

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// fewest tries every division of a text into segments.
func fewest(text []byte, class int) int {
	best := make([]int, len(text)+1) // bits of the first i characters
	for end := 1; end <= len(text); end++ {
		best[end] = 1 << 30
		for start := range end {
			for m := range modeCount {
				holds := true
				for _, c := range text[start:end] {
					holds = holds && m.holds(c)
				}
				if holds {
					best[end] = min(best[end], best[start]+segmentBits(m, end-start, class))
				}
			}
		}
	}
	return best[len(text)]
}

// TestPlanIsTheShortest: no division of a text is shorter, and the segments are a division.
func TestPlanIsTheShortest(t *testing.T) {
	t.Parallel()
	piece := rapid.OneOf(
		rapid.StringMatching(`[0-9]{1,24}`), rapid.StringMatching(`[A-Z $%*+./:-]{1,14}`), rapid.StringMatching(`[a-z\x00-\xff]{1,9}`),
	)
	var p planner
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(strings.Join(rapid.SliceOfN(piece, 1, 6).Draw(t, "text"), ""))
		for class := range lastOf {
			got := p.plan(text, class)
			require.Equal(t, fewest(text, class), got)
			rest, bits := text, 0
			for _, s := range p.segments {
				require.Positive(t, s.n)
				for _, c := range rest[:s.n] {
					require.True(t, s.mode.holds(c))
				}
				rest = rest[s.n:]
				bits += segmentBits(s.mode, s.n, class)
			}
			require.Empty(t, rest)
			require.Equal(t, got, bits)
		}
	})
}

func TestPlan(t *testing.T) {
	for _, c := range []struct {
		text string
		want []segment
	}{
		{"1", []segment{{numeric, 1}}},
		{"A1", []segment{{alphanumeric, 2}}},
		{"CC1:" + strings.Repeat("A9", 50), []segment{{alphanumeric, 104}}},
		// Somebody else's code in front of a token.
		{"TESTCODE" + strings.Repeat("7", 240), []segment{{alphanumeric, 8}, {numeric, 240}}},
		{"https://example.org/" + strings.Repeat("7", 240), []segment{{byteMode, 20}, {numeric, 240}}},
		{"市民码", []segment{{byteMode, 9}}},
	} {
		var p planner
		p.plan([]byte(c.text), 1)
		assert.Equal(t, c.want, p.segments, "%.20s", c.text)
	}
}
