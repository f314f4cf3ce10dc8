package engine_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/engine/tjfoc"
)

func TestKeep(t *testing.T) {
	random := seeded(0x60)
	digest := digestOf(randomScalar(random))
	public, signature := signed(t, random, digest)
	bad := signature
	bad[0] ^= 1
	for size, e := range map[int]engine.Engine{256 << 10: engine.Default(), 832 << 10: engine.New(engine.Options{WideTables: true})} {
		// Keys of other engines can be kept too.
		for _, of := range []engine.Engine{e, engine.GMSM(), tjfoc.New()} {
			key, err := of.Prepare(public.compressed())
			require.NoError(t, err)
			kept, err := e.(engine.Keeper).Keep(key)
			require.NoError(t, err)
			assert.Equal(t, key.Bytes(), kept.Bytes())
			assert.Equal(t, size, kept.(engine.Tabled).TableBytes())
			assert.True(t, kept.Verify(digest, signature))
			assert.False(t, kept.Verify(digest, bad))
		}
	}
	key, err := engine.Default().Prepare(public.compressed())
	require.NoError(t, err)
	assert.Zero(t, key.(engine.Tabled).TableBytes())
}

func TestVerifyAllocates(t *testing.T) {
	random := seeded(0x61)
	digest := digestOf(randomScalar(random))
	public, signature := signed(t, random, digest)
	for _, e := range []engine.Engine{engine.Default(), keeping{engine.Default()}} {
		key, err := e.Prepare(public.compressed())
		require.NoError(t, err)
		require.True(t, key.Verify(digest, signature))
		assert.Zero(t, testing.AllocsPerRun(20, func() { key.Verify(digest, signature) }), e.Name())
	}
	e, point := engine.Default(), public.compressed()
	assert.EqualValues(t, 1, testing.AllocsPerRun(20, func() { e.Prepare(point) }), "the key")
	key, err := e.Prepare(point)
	require.NoError(t, err)
	assert.EqualValues(t, 2, testing.AllocsPerRun(20, func() { engine.ZA(e, key) }), "the hash and its buffer")
}
