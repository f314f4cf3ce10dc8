package tariff_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/citizencode/citizencode/scenarios/parking/tariff"
)

func BenchmarkFee(b *testing.B) {
	night, street := load(b, "night"), load(b, "street")
	at := local(b, "2026-03-02 17:10", "")
	for _, c := range []struct {
		name string
		t    *tariff.Tariff
		stay time.Duration
	}{
		{"visit", street, 100 * time.Minute},
		{"night", night, 16 * time.Hour},
		{"month", night, 30 * 24 * time.Hour},
		{"years", night, 30 * 365 * 24 * time.Hour},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.t.Fee(at, at.Add(c.stay), tariff.Small); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestFeeAllocates: the lines, and nothing else.
func TestFeeAllocates(t *testing.T) {
	night := load(t, "night")
	at := local(t, "2026-03-02 17:10", "")
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		if _, err := night.Fee(at, at.Add(16*time.Hour), tariff.Small); err != nil {
			t.Fatal(err)
		}
	}), 2.0)
}
