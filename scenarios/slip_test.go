package scenarios_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/scenarios"
)

var wang = scenarios.Person{City: citycodetest.Shenyang, Subject: "\x00\x01\x02\x03\x04\x05\x06\x07"}

func slips(c *citycodetest.City) *scenarios.Slips {
	return scenarios.NewSlips(scenarios.SlipConfig{Now: c.Clock.Now, Rand: citycodetest.Random("slips")})
}

func TestSlip(t *testing.T) {
	c, ctx := citycodetest.NewCity(t, citycodetest.Shenyang), context.Background()
	book, d := slips(c), new(door)
	lane, err := scenarios.NewTerminal(scenarios.TerminalConfig{Name: "a", Scenario: d, Verifier: c.Verifier(nil), Now: c.Clock.Now, Slips: book})
	require.NoError(t, err)
	enter := func(number string) *scenarios.Decision {
		t.Helper()
		got, err := lane.Decide(ctx, scenarios.Request{Slip: number, Action: "open"})
		require.NoError(t, err)
		return got
	}
	var seen scenarios.Visit
	d.handle = func(_ context.Context, v *scenarios.Visit) (*scenarios.Decision, error) {
		seen = *v
		return scenarios.Allowed(scenarios.Text{Zh: "请进", En: "Come in"}, nil)
	}
	slip, err := book.Issue(ctx, "door", wang, 0, time.Hour)
	require.NoError(t, err)
	assert.Len(t, slip.Number, scenarios.SlipDigits)
	assert.True(t, enter(slip.Number).Allow)
	assert.Equal(t, wang, seen.Citizen.Person())
	assert.Equal(t, scenarios.Paper, seen.Citizen.Carrier())
	assert.True(t, seen.Citizen.Bound())
	assert.Equal(t, scenarios.SlipUnknown, enter(slip.Number).Reason, "one visit")

	elsewhere, err := book.Issue(ctx, "window", wang, 0, time.Hour)
	require.NoError(t, err)
	assert.Equal(t, scenarios.SlipUnknown, enter(elsewhere.Number).Reason)
	late, err := book.Issue(ctx, "door", wang, 0, time.Hour)
	require.NoError(t, err)
	c.Clock.Advance(time.Hour + time.Second)
	assert.Equal(t, "expired", enter(late.Number).Reason)
	_, err = lane.Decide(ctx, scenarios.Request{Slip: late.Number, Code: []byte{1}, Action: "open"})
	assert.Error(t, err)

	// A terminal without a book, and a scenario that does not serve paper.
	bare := terminal(t, c, "b", c.Verifier(nil), d)
	got, err := bare.Decide(ctx, scenarios.Request{Slip: slip.Number, Action: "open"})
	require.NoError(t, err)
	assert.Equal(t, scenarios.CarrierNotServed, got.Reason)
}

// Every wrong digit, and every pair of neighbours that changed places, is
// called mistyped and does not count as a try.
func TestSlipMistyped(t *testing.T) {
	c, ctx := citycodetest.NewCity(t, citycodetest.Shenyang), context.Background()
	book := slips(c)
	lane, err := scenarios.NewTerminal(scenarios.TerminalConfig{Name: "a", Scenario: new(door), Verifier: c.Verifier(nil), Now: c.Clock.Now, Slips: book})
	require.NoError(t, err)
	slip, err := book.Issue(ctx, "door", wang, 0, time.Hour)
	require.NoError(t, err)
	reason := func(number string) string {
		d, err := lane.Decide(ctx, scenarios.Request{Slip: number, Action: "open"})
		require.NoError(t, err)
		return d.Reason
	}
	for i := range slip.Number {
		for digit := '0'; digit <= '9'; digit++ {
			if wrong := slip.Number[:i] + string(digit) + slip.Number[i+1:]; wrong != slip.Number {
				assert.Equal(t, scenarios.SlipMistyped, reason(wrong))
			}
		}
	}
	for _, wrong := range []string{slip.Number[1:], slip.Number + "0", " " + slip.Number[1:], strings.Repeat("9", 1000), "１" + slip.Number[3:]} {
		assert.Equal(t, scenarios.SlipMistyped, reason(wrong))
	}
	assert.Equal(t, "ok", reason(slip.Number))
}

// Who tries numbers out is stopped for a while, and only at that terminal.
func TestSlipGuessing(t *testing.T) {
	c, ctx := citycodetest.NewCity(t, citycodetest.Shenyang), context.Background()
	book := slips(c)
	lane, err := scenarios.NewTerminal(scenarios.TerminalConfig{Name: "a", Scenario: new(door), Verifier: c.Verifier(nil), Now: c.Clock.Now, Slips: book})
	require.NoError(t, err)
	other := slips(c) // whose numbers are well formed and unknown here
	reason := func() string {
		slip, err := other.Issue(ctx, "door", wang, 0, time.Hour)
		require.NoError(t, err)
		d, err := lane.Decide(ctx, scenarios.Request{Slip: slip.Number, Action: "open"})
		require.NoError(t, err)
		return d.Reason
	}
	for range 5 {
		assert.Equal(t, scenarios.SlipUnknown, reason())
	}
	assert.Equal(t, scenarios.SlipLocked, reason())
	c.Clock.Advance(time.Minute)
	assert.Equal(t, scenarios.SlipUnknown, reason())
}

func TestSlipIssue(t *testing.T) {
	c, ctx := citycodetest.NewCity(t, citycodetest.Shenyang), context.Background()
	book := slips(c)
	for name, issue := range map[string]func() error{
		"no scenario": func() error { _, err := book.Issue(ctx, "", wang, 0, time.Hour); return err },
		"nobody": func() error {
			_, err := book.Issue(ctx, "door", scenarios.Person{City: wang.City}, 0, time.Hour)
			return err
		},
		"no city": func() error {
			_, err := book.Issue(ctx, "door", scenarios.Person{Subject: "x"}, 0, time.Hour)
			return err
		},
		"no life":  func() error { _, err := book.Issue(ctx, "door", wang, 0, 0); return err },
		"too long": func() error { _, err := book.Issue(ctx, "door", wang, 0, 25*time.Hour); return err },
		"no random": func() error {
			_, err := scenarios.NewSlips(scenarios.SlipConfig{Rand: bytes.NewReader(nil)}).Issue(ctx, "door", wang, 0, time.Hour)
			return err
		},
		"random that repeats": func() error {
			stuck := scenarios.NewSlips(scenarios.SlipConfig{Rand: zeros{}})
			if _, err := stuck.Issue(ctx, "door", wang, 0, time.Hour); err != nil {
				return nil // the first one is good
			}
			_, err := stuck.Issue(ctx, "door", wang, 0, time.Hour)
			return err
		},
	} {
		assert.Error(t, issue(), name)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// Of many terminals that are handed one slip at once, one opens.
func TestSlipConcurrent(t *testing.T) {
	c, ctx := citycodetest.NewCity(t, citycodetest.Shenyang), context.Background()
	book, d := slips(c), new(door)
	slip, err := book.Issue(ctx, "door", wang, 0, time.Hour)
	require.NoError(t, err)
	var opened atomic.Int32
	var wait sync.WaitGroup
	for i := range 16 {
		lane, err := scenarios.NewTerminal(scenarios.TerminalConfig{Name: fmt.Sprint(i), Scenario: d, Verifier: c.Verifier(nil), Now: c.Clock.Now, Slips: book})
		require.NoError(t, err)
		wait.Go(func() {
			if got, err := lane.Decide(ctx, scenarios.Request{Slip: slip.Number, Action: "open"}); assert.NoError(t, err) && got.Allow {
				opened.Add(1)
			}
		})
	}
	wait.Wait()
	assert.EqualValues(t, 1, opened.Load())
}

// A fault decides nothing, so the slip is not lost.
func TestSlipFault(t *testing.T) {
	c, ctx := citycodetest.NewCity(t, citycodetest.Shenyang), context.Background()
	book, d := slips(c), new(door)
	lane, err := scenarios.NewTerminal(scenarios.TerminalConfig{Name: "a", Scenario: d, Verifier: c.Verifier(nil), Now: c.Clock.Now, Slips: book})
	require.NoError(t, err)
	slip, err := book.Issue(ctx, "door", wang, 0, time.Hour)
	require.NoError(t, err)
	calls, keys := 0, make(map[string]bool)
	d.handle = func(_ context.Context, v *scenarios.Visit) (*scenarios.Decision, error) {
		keys[v.Key] = true
		if calls++; calls == 1 {
			return nil, errors.New("the motor does not answer")
		}
		return scenarios.Allowed(scenarios.Text{Zh: "请进", En: "Come in"}, nil)
	}
	request := scenarios.Request{Slip: slip.Number, Action: "open"}
	_, err = lane.Decide(ctx, request)
	require.ErrorContains(t, err, "motor")
	got, err := lane.Decide(ctx, request)
	require.NoError(t, err)
	assert.True(t, got.Allow)
	assert.Len(t, keys, 1, "both are one visit: money moves once")
	got, err = lane.Decide(ctx, request)
	require.NoError(t, err)
	assert.Equal(t, scenarios.SlipUnknown, got.Reason)
}
