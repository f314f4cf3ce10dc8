package vectors_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
)

// every calls f for every test of a file.
func every(t *testing.T, name string, f func(c common, test json.RawMessage)) {
	t.Helper()
	for _, raw := range open(t, name).Groups {
		var g struct{ Tests []json.RawMessage }
		unmarshalLoosely(t, raw, &g)
		for _, test := range g.Tests {
			var c common
			unmarshalLoosely(t, test, &c)
			f(c, test)
		}
	}
}

// TestEnvelopes checks ids, faults and flags. What is wrong with each vector, in the words of field, fault and
// reason, is wrong with no other of its file.
func TestEnvelopes(t *testing.T) {
	ids := map[string]bool{}
	valid, invalid := 0, 0
	for _, name := range names {
		f := open(t, name)
		n, last := 0, ""
		faults := map[string]string{}
		flags := map[string]bool{}
		every(t, name, func(c common, _ json.RawMessage) {
			n++
			assert.False(t, ids[c.ID], "%s stands twice", c.ID)
			ids[c.ID] = true
			assert.Less(t, last, c.ID, "ids ascend")
			last = c.ID
			for _, flag := range c.Flags {
				flags[flag] = true
				assert.Contains(t, f.Notes, flag, c.ID)
			}
			if c.Result == "valid" {
				valid++
				return
			}
			invalid++
			fault := fmt.Sprintf("%s/%s/%s", c.Field, c.Fault, c.Reason)
			assert.Empty(t, faults[fault], "%s has the fault of %s: %s", faults[fault], c.ID, fault)
			faults[fault] = c.ID
		})
		assert.Equal(t, f.NumberOfTests, n, name)
		for flag := range f.Notes {
			assert.True(t, flags[flag], "%s explains %s and no test has it", name, flag)
		}
	}
	t.Logf("%d valid, %d invalid", valid, invalid)
	assert.GreaterOrEqual(t, valid+invalid, 150)
	assert.GreaterOrEqual(t, invalid, 110)
}

// TestReasonsCovered checks that every reason that a verifier gives is the right one of some vector.
func TestReasonsCovered(t *testing.T) {
	seen := map[string]int{}
	for _, name := range []string{"token_parse", "token_verify"} {
		every(t, name, func(c common, _ json.RawMessage) { seen[c.Reason]++ })
	}
	later := []citycode.Reason{citycode.OverOfflineLimit} // the scenario decides it
	for _, r := range citycode.Reasons() {
		if slices.Contains(later, r) {
			assert.Zero(t, seen[r.String()], "%s is covered now: take it off the list", r)
		} else {
			assert.NotZero(t, seen[r.String()], r.String())
		}
	}
	for _, name := range []string{"trust_list", "status_list", "root_change", "snapshot", "status_delta"} {
		seen := map[string]int{}
		every(t, name, func(c common, _ json.RawMessage) { seen[c.Reason]++ })
		for r := citycode.ListMalformed; r <= citycode.ListRollback; r++ {
			assert.NotZero(t, seen[r.String()], "%s: %s", name, r)
		}
	}
}

// TestProfilesCovered checks that every profile has a valid token and an invalid one.
func TestProfilesCovered(t *testing.T) {
	seen := map[string]map[citycode.ProfileID]bool{"valid": {}, "invalid": {}}
	every(t, "token_verify", func(c common, raw json.RawMessage) {
		var test struct{ Token data }
		unmarshalLoosely(t, raw, &test)
		token, err := citycode.ParseToken(test.Token)
		require.NoError(t, err, c.ID) // what cannot be cut belongs to token_parse
		seen[c.Result][token.Profile()] = true
	})
	for _, p := range citycode.Profiles() {
		assert.True(t, seen["valid"][p.ID], "no valid token of profile %s", p.Name)
		assert.True(t, seen["invalid"][p.ID], "no invalid token of profile %s", p.Name)
	}
}
