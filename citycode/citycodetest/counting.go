package citycodetest

import (
	"sync/atomic"

	"github.com/citizencode/citizencode/citycode/engine"
)

// A CountingEngine says how many signatures were verified. It offers no more than
// verification and implicit keys, so that nothing verifies past the count.
type CountingEngine struct {
	engine.Engine
	Verified atomic.Int32
}

type countingKey struct {
	engine.Key
	of *CountingEngine
}

// NewCountingEngine returns the default engine with a count.
func NewCountingEngine() *CountingEngine { return &CountingEngine{Engine: engine.Default()} }

// Prepare implements engine.Engine.
func (e *CountingEngine) Prepare(point []byte) (engine.Key, error) {
	k, err := e.Engine.Prepare(point)
	return countingKey{k, e}, err
}

// Combine implements engine.Combiner.
func (e *CountingEngine) Combine(w, p engine.Key, k [engine.DigestSize]byte) (engine.Key, error) {
	sum, err := e.Engine.(engine.Combiner).Combine(w.(countingKey).Key, p.(countingKey).Key, k)
	return countingKey{sum, e}, err
}

func (k countingKey) Verify(digest [engine.DigestSize]byte, signature [engine.SignatureSize]byte) bool {
	k.of.Verified.Add(1)
	return k.Key.Verify(digest, signature)
}
