//go:build !purego

package sm3lanes

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// withEach runs f with Go, and with assembly where the processor can run it.
func withEach(f func(name string)) {
	start()
	defer func(was bool) { useAVX512 = was }(useAVX512)
	for _, useAVX512 = range []bool{false, true} {
		switch {
		case !useAVX512:
			f("go")
		case hasAVX512():
			f("avx512")
		}
	}
}

// The assembly is taken where the processor has what it needs: the check at the
// start passes, so that the rest of the tests test something.
func TestChoose(t *testing.T) {
	defer func(was bool) { useAVX512 = was }(useAVX512)
	choose()
	assert.Equal(t, hasAVX512(), useAVX512)
	t.Logf("AVX-512: %t", useAVX512)
}

// The routine and its twin in Go, more often and on other words than at every start.
func TestAssembly(t *testing.T) {
	if !hasAVX512() {
		t.Skip("this processor has no AVX-512: the lanes cannot run")
	}
	next := splitMix()
	next()
	assert.True(t, check(blockAVX512, func() uint32 { return next() }, 3000))
	// Words that are all zeros or ones, where a carry runs through or none does.
	assert.True(t, check(blockAVX512, func() uint32 { return -(next() & 1) }, 300))
}
