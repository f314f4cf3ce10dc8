//go:build !purego

package sm2verify

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// A backend is one choice that choose could have made. What a processor cannot
// run is not tested on it.
type backend struct {
	name      string
	adx, ifma bool
}

func backends() []backend {
	list := []backend{{"go", false, false}}
	if hasADX() {
		list = append(list, backend{"adx", true, false})
	}
	if hasIFMA() {
		list = append(list, backend{"ifma", hasADX(), true})
	}
	return list
}

// withEach runs f with each backend in turn.
func withEach(f func(name string)) {
	adx, ifma := useADX, useIFMA
	defer func() { useADX, useIFMA = adx, ifma }()
	for _, b := range backends() {
		useADX, useIFMA = b.adx, b.ifma
		f(b.name)
	}
}

// The assembly is taken where the processor has what it needs: the checks at
// the start pass, so that the rest of the tests test something.
func TestChoose(t *testing.T) {
	adx, ifma := useADX, useIFMA
	defer func() { useADX, useIFMA = adx, ifma }()
	choose()
	list := backends()
	best := list[len(list)-1]
	assert.Equal(t, best, backend{best.name, useADX, useIFMA})
	t.Logf("%s is the best of %d backends here", best.name, len(list))
}

// The routines and their twins in Go, more often and on other numbers than at
// every start.
func TestAssembly(t *testing.T) {
	adx, ifma := useADX, useIFMA
	defer func() { useADX, useIFMA = adx, ifma }()
	useADX, useIFMA = false, false
	for _, b := range backends() {
		random := seeded(70)
		limb := func() uint64 { return specialLimb(random) }
		if b.ifma {
			assert.True(t, checkLanes(limb, cases(400)))
			assert.True(t, checkChain(limb, cases(400)))
		} else if b.adx {
			assert.True(t, checkADX(limb, cases(50_000)))
		}
	}
}
