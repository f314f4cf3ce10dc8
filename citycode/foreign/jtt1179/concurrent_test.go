package jtt1179_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode/foreign/jtt1179"
	"github.com/citizencode/citizencode/citycode/foreign/jtt1179/jtt1179test"
)

// Lanes that share everything take each code once, whoever is first; run under
// the race detector.
func TestConcurrent(t *testing.T) {
	v, clock := newVerifier(t, nil)
	clock.unix = boot
	lane, err := v.NewLane(jtt1179.LaneConfig{})
	require.NoError(t, err)
	clock.unix = jtt1179test.Noon + 5
	codes := make([][]byte, 24)
	for i := range codes {
		r := jtt1179test.New()
		r.Serial, r.Card[9] = []byte{0, 0, byte(i % 3)}, byte(i/10<<4|i%10)
		codes[i] = r.Bytes()
	}
	var mu sync.Mutex
	taken := map[int]int{}
	var lanes sync.WaitGroup
	for n := range 4 {
		lanes.Go(func() {
			for i := range codes {
				i = (i + 6*n) % len(codes)
				ride, err := v.Verify(codes[i], jtt1179.Check{})
				if err == nil {
					err = lane.Pass(ride)
				}
				mu.Lock()
				if err == nil {
					taken[i]++
				} else if r := err.(*jtt1179.Error).Reason; r != jtt1179.Debounced {
					t.Error(err)
				}
				mu.Unlock()
			}
		})
	}
	lanes.Wait()
	assert.Len(t, taken, len(codes))
	for i, n := range taken {
		assert.Equal(t, 1, n, i)
	}
	issuers, _ := v.Certificates()
	assert.Equal(t, 3, issuers)
}
