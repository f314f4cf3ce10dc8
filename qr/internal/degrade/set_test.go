package degrade

import (
	"crypto/sha256"
	_ "embed"
	"flag"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var whole = flag.Bool("whole", false, "make every frame of the set and put each to gozxing, not one in fourteen")

// recorded has a line for each frame: number, kind, severity, the first 16 digits of the SHA-256 of its pixels, and
// whether gozxing v0.1.1 reads it, plain and with TRY_HARDER. It was written once, before there was a reader to suit.
//
//go:embed testdata/set.txt
var recorded string

// recordedSum is the checksum of that file, so that neither can be changed alone.
const recordedSum = "6ac873eb26b1235340832bcdffa030372850e2af09b436a93022d43959658a74"

// gozxingCount is how many of the Count frames gozxing reads, with TRY_HARDER or without: 63.1 %.
const gozxingCount = 318

func line(f *Frame) string {
	yes := map[bool]string{true: "read", false: "-"}
	sum := sha256.Sum256(f.Pix)
	return fmt.Sprintf("%03d %s %d %x %s %s", f.Number, f.Kind, f.Severity, sum[:8], yes[gozxingReads(f, false)], yes[gozxingReads(f, true)])
}

// TestSet: the frames are those that were recorded, and gozxing reads as many as it did.
func TestSet(t *testing.T) {
	t.Parallel()
	require.Equal(t, recordedSum, fmt.Sprintf("%x", sha256.Sum256([]byte(recorded))))
	lines := strings.Split(strings.TrimSpace(recorded), "\n")
	require.Len(t, lines, Count)
	plain, harder := 0, 0
	for _, l := range lines {
		fields := strings.Fields(l)
		require.Len(t, fields, 6)
		if fields[4] == "read" {
			plain++
		}
		if fields[5] == "read" {
			harder++
		}
	}
	assert.Equal(t, gozxingCount, plain)
	assert.Equal(t, gozxingCount, harder)
	// Elsewhere the compiler may join a multiplication and an addition, which rounds differently.
	if runtime.GOARCH != "amd64" {
		return
	}
	step := 14
	if *whole {
		step = 1
	}
	for n := 4 % step; n < Count; n += step {
		assert.Equal(t, lines[n], line(Make(n)))
	}
}
