package city

import (
	"bytes"
	"context"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/engine/tjfoc"
	"github.com/citizencode/citizencode/scenarios"
)

func newDay(t *testing.T, e engine.Engine) (*City, []Step) {
	t.Helper()
	c, err := New(Config{Engine: e})
	require.NoError(t, err)
	steps, err := c.Day()
	require.NoError(t, err)
	return c, steps
}

func TestPlay(t *testing.T) {
	engines := []engine.Engine{engine.Default(), tjfoc.New()}
	if testing.Short() {
		engines = engines[:1] // the second takes ten times as long
	}
	for _, e := range engines {
		t.Run(e.Name(), func(t *testing.T) {
			var out bytes.Buffer
			require.NoError(t, Play(context.Background(), &out, Config{Engine: e, Cities: 2}), "\n%s", &out)
			assert.Contains(t, out.String(), "the neighbour's code, offline")
			out.Reset()
			require.NoError(t, Play(context.Background(), &out, Config{Engine: e}), "\n%s", &out)
			assert.NotContains(t, out.String(), "the neighbour's code, offline")
			assert.Contains(t, out.String(), "ended as the script says")
			assert.NotContains(t, out.String(), "!")
			checkColumns(t, out.String())
		})
	}
}

// checkColumns: lines stand in columns, whatever letters they are written in.
func checkColumns(t *testing.T, out string) {
	rows := regexp.MustCompile(`(?m)^ *\d+  \d\d:\d\d:\d\d  .*$`).FindAllString(out, -1)
	require.GreaterOrEqual(t, len(rows), 30)
	head := regexp.MustCompile(`(?m)^ *#  time .*$`).FindString(out)
	for name, cell := range map[string]string{"who": `  \d\d:\d\d:\d\d  `, "network": `(none|online) +[✓✗]`, "verdict": `[✓✗] `, "what": ` \d+\.\d ms  `} {
		want, pattern := cellsOf(head[:strings.Index(head, name)]), regexp.MustCompile(cell)
		for _, row := range rows {
			found := pattern.FindStringIndex(row)
			if !assert.NotNil(t, found, "column %s of %s", name, row) {
				continue
			}
			at := found[0]
			if name == "who" || name == "what" {
				at = found[1] // it begins behind the cell that is easy to find
			}
			assert.Equal(t, want, cellsOf(row[:at]), "column %s of %s", name, row)
		}
	}
}

// The verdicts are the library's: with every expectation turned round, every
// step fails, and each line says what it got.
func TestPlayFails(t *testing.T) {
	c, steps := newDay(t, nil)
	if testing.Short() {
		steps = steps[:20]
	}
	for i := range steps {
		steps[i].Want.Allow = !steps[i].Want.Allow
	}
	var out bytes.Buffer
	err := c.play(context.Background(), &out, steps)
	var failed *FailedError
	require.ErrorAs(t, err, &failed)
	assert.Len(t, failed.Steps, len(steps))
	assert.Equal(t, 1, failed.ExitCode())
	assert.NotContains(t, failed.Error(), "\n")
	assert.Equal(t, len(steps), strings.Count(out.String(), "; the script says "))
}

func TestPlayNamesTheStep(t *testing.T) {
	c, steps := newDay(t, nil)
	steps = steps[:8]
	steps[2].Want.Reason = "revoked"
	steps[4].Also = func(*scenarios.Decision) error { return errors.New("not enough") }
	steps[6].Picture = func() ([]byte, error) { return []byte("no picture at all"), nil }
	var out bytes.Buffer
	err := c.play(context.Background(), &out, steps)
	assert.EqualError(t, err, "city: 3 of 8 steps ended otherwise than the script says: 3 5 7")
	assert.Contains(t, out.String(), "! got refuse, replayed; the script says refuse, revoked")
	assert.Contains(t, out.String(), "! not enough")
	assert.Contains(t, out.String(), "! qr: picture-unreadable")
}

func TestPlayEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	assert.ErrorIs(t, Play(ctx, io.Discard, Config{}), context.Canceled)
	assert.ErrorIs(t, Play(context.Background(), brokenPipe{}, Config{}), errPipe)
}

var errPipe = errors.New("broken pipe")

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errPipe }

// Every step has what its line needs, and every reason that a gate of this
// version can give is among the steps.
func TestDay(t *testing.T) {
	_, steps := newDay(t, nil)
	assert.GreaterOrEqual(t, len(steps), 30)
	ended := make(map[string]bool)
	for i, s := range steps {
		assert.NotEmpty(t, s.Who, i)
		assert.NotEmpty(t, s.What.Zh, i)
		assert.NotEmpty(t, s.What.En, i)
		assert.Equal(t, s.Want.Allow, s.Want.Reason == "ok", i)
		ended[s.Want.Reason] = true
	}
	notYet := map[citycode.Reason]string{
		citycode.BadSignature:     "implicit tokens",
		citycode.ChallengeMissing: "a gate that asks", citycode.ChallengeExpired: "a gate that asks", citycode.ChallengeReused: "a gate that asks",
	}
	for _, r := range citycode.Reasons() {
		if _, later := notYet[r]; later {
			assert.False(t, ended[r.String()], "%s is among the steps now", r)
		} else {
			assert.True(t, ended[r.String()], "no step ends in %s", r)
		}
	}
}

func TestCells(t *testing.T) {
	for s, n := range map[string]int{"": 0, "abc": 3, "测试甲": 6, "，。（）": 8, "✓ 通过": 6, "é·—": 3} {
		assert.Equal(t, n, cellsOf(s), s)
	}
}
