package matrix

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fewest tries every division of a text into segments.
func fewest(text []byte, class int) int {
	best := make([]int, len(text)+1) // bits of the first i characters
	for end := 1; end <= len(text); end++ {
		best[end] = 1 << 30
		for m := range modeCount {
			for start := end - 1; start >= 0 && m.holds(text[start]); start-- {
				best[end] = min(best[end], best[start]+segmentBits(m, end-start, class))
			}
		}
	}
	return best[len(text)]
}

// TestPlanIsTheShortest: no division of a text is shorter, and the segments are a division.
func TestPlanIsTheShortest(t *testing.T) {
	t.Parallel()
	r := seeded(t, 7)
	kinds := []string{"0123456789", "AZ $%*+./:-", "az\x00\x80\xff"}
	var p planner
	for range 1500 {
		var text []byte
		for range 1 + r.IntN(6) { // runs, for it is at their ends that a segment may begin
			kind := kinds[r.IntN(len(kinds))]
			for range 1 + r.IntN(18) {
				text = append(text, kind[r.IntN(len(kind))])
			}
		}
		for class := range lastOf {
			got := p.plan(text, class)
			require.Equal(t, fewest(text, class), got, "%q", text)
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
			require.Equal(t, got, bits, "%q", text)
		}
	}
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
