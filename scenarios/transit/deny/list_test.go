package deny_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/transit/deny"
)

func TestHolder(t *testing.T) {
	var h deny.Holder
	assert.Zero(t, h.List().Version)
	assert.False(t, h.List().Has("a"))
	people := []string{"a", "c"}
	require.NoError(t, h.Set(&deny.List{Version: 2, People: people}))
	people[0] = "x"
	assert.True(t, h.List().Has("a"), "it is a copy")
	assert.False(t, h.List().Has("b"))
	for _, version := range []uint64{0, 1, 2} {
		require.NoError(t, h.Set(&deny.List{Version: version}))
		assert.True(t, h.List().Has("c"), "version %d frees nobody", version)
	}
	var wrong *scenarios.RequestError
	require.ErrorAs(t, h.Set(&deny.List{Version: 3, People: []string{"a", "c", "c"}}), &wrong)
	assert.Equal(t, "people[2]", wrong.Path)
	require.ErrorAs(t, h.Set(&deny.List{Version: 3, People: make([]string, deny.MaxPeople+1)}), &wrong)
	assert.Equal(t, "people", wrong.Path)
}

// TestOvertaking: whichever of many lists arrives last, the newest is held.
func TestOvertaking(t *testing.T) {
	var h deny.Holder
	var wait sync.WaitGroup
	for version := range uint64(100) {
		wait.Go(func() {
			assert.NoError(t, h.Set(&deny.List{Version: version, People: []string{fmt.Sprint(version)}}))
		})
	}
	wait.Wait()
	assert.Equal(t, deny.List{Version: 99, People: []string{"99"}}, *h.List())
}
