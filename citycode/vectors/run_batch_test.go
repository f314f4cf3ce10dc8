package vectors_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
)

// TestTokenVerifyBatch puts all codes of all vectors that meet one kind of terminal into batches, each code twice
// and in two orders, and scans them one after the other as well. What a batch says of a code must be what the scan
// says: the reason, the words and the fields, whatever stands beside it.
func TestTokenVerifyBatch(t *testing.T) {
	type meeting struct {
		group tokenGroup
		test  tokenTest
		taps  []citycode.Tap
	}
	meetings := map[string]*meeting{}
	var order []string
	for _, g := range groups[tokenGroup](t, "token_verify") {
		for _, test := range g.Tests {
			raw := merge(t, g.Terminal, test.Terminal)
			name := string(merge(t, g.World, test.World)) + string(raw)
			m := meetings[name]
			if m == nil {
				m = &meeting{group: g, test: test}
				meetings[name] = m
				order = append(order, name)
			}
			var j terminal
			unmarshal(t, raw, &j)
			token, err := citycode.ParseToken(test.Token)
			if err != nil {
				token = nil
			}
			m.taps = append(m.taps, citycode.Tap{Token: token, Check: citycode.Check{Audience: citycode.Scenes(j.Audience), Online: j.Online, Prefix: test.Prefix, Lane: j.Lane}})
		}
	}
	worlds := &worlds{engine: engine.Default(), opened: map[string]*openWorld{}}
	reasons := map[citycode.Reason]bool{}
	largest := 0
	for _, name := range order {
		m := meetings[name]
		world := worlds.open(t, merge(t, m.group.World, m.test.World))
		raw := merge(t, m.group.Terminal, m.test.Terminal)
		taps := slices.Concat(m.taps, m.taps)
		largest = max(largest, len(taps))
		for _, reversed := range []bool{false, true} {
			if reversed {
				slices.Reverse(taps)
			}
			one, many := newStage(t, worlds.engine, world, raw, nil), newStage(t, worlds.engine, world, raw, nil)
			for i := range taps {
				taps[i].Hint = engine.Hint(i % 5)
				if i%2 == 0 { // the journalled time; else the terminal's clock
					taps[i].At = time.Unix(one.unix, 0).UTC()
				}
				taps[i].Check.Challenge = many.challenge
			}
			many.verifier.VerifyBatch(taps)
			for i := range taps {
				check := taps[i].Check
				check.Challenge = one.challenge
				verified, err := one.verifier.Verify(taps[i].Token, check)
				require.Equal(t, err, taps[i].Err, "%s", m.test.ID)
				if refused, ok := err.(*citycode.VerifyError); ok {
					reasons[refused.Reason] = true
				} else {
					require.Equal(t, *verified, taps[i].Verified, "%s", m.test.ID)
				}
			}
		}
	}
	assert.Greater(t, largest, 300)
	assert.Greater(t, len(reasons), 20)
}
