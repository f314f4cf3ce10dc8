package engine_test

import (
	"math/rand/v2"
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
	for size, e := range map[int]engine.Engine{256 << 10: engine.Default(), 832 << 10: engine.New(engine.Options{WideTables: true}), 2816 << 10: engine.New(engine.Options{BatchTables: true})} {
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
	small, err := engine.Default().(engine.SmallKeeper).KeepSmall(key)
	require.NoError(t, err)
	assert.Equal(t, 86<<10, small.(engine.Tabled).TableBytes())
	assert.True(t, small.Verify(digest, signature))
	assert.False(t, small.Verify(digest, bad))
}

// TestBatch: keys of any engine, good and bad signatures, right and wrong hints,
// more than are verified together.
func TestBatch(t *testing.T) {
	random := seeded(0x62)
	var few []engine.Statement
	for i := range 40 {
		digest := digestOf(randomScalar(random))
		public, signature := signed(t, random, digest)
		key, err := []engine.Engine{engine.Default(), engine.GMSM(), tjfoc.New(), engine.Default()}[i%4].Prepare(public.compressed())
		require.NoError(t, err)
		q := engine.Statement{Key: key, Digest: digest, Signature: signature}
		if hinter, ok := key.(engine.Hinter); ok {
			q.Hint, q.Valid = hinter.VerifyHint(digest, signature)
			require.True(t, q.Valid)
		}
		if i%13 == 5 {
			q.Signature[9] ^= 1
		}
		if i%11 == 4 {
			q.Hint ^= 1
		}
		few = append(few, q)
	}
	list := append([]engine.Statement(nil), few...)
	for len(list) < 2100 {
		list = append(list, few...)
	}
	b := engine.Default().(engine.Batcher).NewBatch()
	for range 2 {
		b.Verify(list)
		for i, q := range list {
			require.Equal(t, i%40%13 != 5, q.Valid, i)
			require.Equal(t, few[i%40].Key, q.Key)
		}
	}
	assert.Less(t, b.Bytes(), 2<<20)
	assert.Zero(t, testing.AllocsPerRun(1, func() { b.Verify(list[3:4]) }))
}

// A key in reused memory is the key that a new one would be.
func TestReuse(t *testing.T) {
	random := seeded(0x63)
	e := engine.Default()
	reuser := e.(engine.Reuser)
	var old engine.Key
	for i := range 6 {
		public, _ := signed(t, random, digestOf(randomScalar(random)))
		want, err := e.Prepare(public.compressed())
		require.NoError(t, err)
		if i == 3 { // of another engine: nothing of it can be reused
			old, err = engine.GMSM().Prepare(public.compressed())
			require.NoError(t, err)
		}
		got, err := reuser.PrepareIn(old, public.compressed())
		require.NoError(t, err)
		require.Equal(t, want, got)
		sum, err := e.(engine.Combiner).Combine(want, want, [32]byte{31: 7})
		require.NoError(t, err)
		old, err = reuser.CombineIn(got, got, want, [32]byte{31: 7})
		require.NoError(t, err)
		require.Equal(t, sum, old)
		_, err = reuser.PrepareIn(nil, []byte{2})
		require.ErrorIs(t, err, engine.ErrPoint)
	}
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

// TestSumSM3: many sums at once are those of one after the other.
func TestSumSM3(t *testing.T) {
	random := rand.NewChaCha8([32]byte{5})
	var messages [][]byte
	for n := range 100 {
		m := make([]byte, 7*n)
		random.Read(m)
		messages = append(messages, m)
	}
	sums := make([][engine.DigestSize]byte, len(messages))
	engine.Default().(engine.Summer).SumSM3(sums, messages)
	for i, m := range messages {
		h := tjfoc.New().NewSM3()
		h.Write(m)
		assert.Equal(t, h.Sum(nil), sums[i][:], "%d bytes", len(m))
	}
}
