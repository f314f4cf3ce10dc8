package citycode

import (
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode/engine"
)

// A countingKeeper says how often it was asked for a table.
type countingKeeper struct {
	engine.Engine
	asked atomic.Int32
	err   error
}

func (k *countingKeeper) Keep(key engine.Key) (engine.Key, error) {
	k.asked.Add(1)
	if k.err != nil {
		return nil, k.err
	}
	return k.Engine.(engine.Keeper).Keep(key)
}

// signedKeys returns n listed keys of one list, all of one signer, with a
// signature of it.
func signedKeys(t *testing.T, e engine.Engine, n int) ([]*listedKey, []byte) {
	t.Helper()
	signer, err := engine.GenerateKey(rand.NewChaCha8([32]byte{9}))
	require.NoError(t, err)
	key, err := newSignKey(signer, nil)
	require.NoError(t, err)
	signature, err := key.sign(tagCredential, []byte("message"))
	require.NoError(t, err)
	shared, keys := newTables(e), make([]*listedKey, n)
	for i := range keys {
		prepared, err := newSuite(e).prepare(key.public)
		require.NoError(t, err)
		keys[i] = &listedKey{verifyKey: prepared, tables: shared}
	}
	return keys, signature
}

func tabled(k *listedKey) bool { return k.best().key.(engine.Tabled).TableBytes() > 0 }

func TestTableAfterValidSignatures(t *testing.T) {
	e := &countingKeeper{Engine: engine.Default()}
	keys, signature := signedKeys(t, e, 1)
	k := keys[0]
	forged := append([]byte(nil), signature...)
	forged[40] ^= 1
	for range 3 * tableAfter {
		require.False(t, k.verify(forged, tagCredential, []byte("message")))
	}
	for i := range 3 * tableAfter {
		assert.Equal(t, i >= tableAfter, tabled(k), "after %d", i)
		require.True(t, k.verify(signature, tagCredential, []byte("message")))
		require.False(t, k.verify(forged, tagCredential, []byte("message")))
		require.False(t, k.verify(signature, tagStatic, []byte("message")))
	}
	assert.EqualValues(t, 1, e.asked.Load())
}

func TestTablesAreBounded(t *testing.T) {
	e := &countingKeeper{Engine: engine.Default()}
	keys, signature := signedKeys(t, e, maxTables+3)
	list := &TrustList{entries: map[KeyID][]*trustEntry{}}
	for i, k := range keys {
		for range tableAfter + 1 {
			require.True(t, k.verify(signature, tagCredential, []byte("message")))
		}
		require.Equal(t, i < maxTables, tabled(k))
		list.entries[KeyID(i/2)] = append(list.entries[KeyID(i/2)], &trustEntry{key: k})
	}
	assert.EqualValues(t, maxTables, e.asked.Load())
	assert.Equal(t, 16<<20, list.TableBytes())
}

// A table that fails its check is done without, as is an engine without tables.
func TestTablesFail(t *testing.T) {
	broken := &countingKeeper{Engine: engine.Default(), err: errors.New("bit flipped")}
	for _, e := range []engine.Engine{broken, engine.GMSM()} {
		keys, signature := signedKeys(t, e, 1)
		for range 3 * tableAfter {
			require.True(t, keys[0].verify(signature, tagCredential, []byte("message")))
		}
		list := &TrustList{entries: map[KeyID][]*trustEntry{1: {{key: keys[0]}}}}
		assert.Zero(t, list.TableBytes())
	}
	assert.EqualValues(t, 1, broken.asked.Load())
}

func TestTablesConcurrently(t *testing.T) {
	e := &countingKeeper{Engine: engine.Default()}
	keys, signature := signedKeys(t, e, 1)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range tableAfter {
				assert.True(t, keys[0].verify(signature, tagCredential, []byte("message")))
			}
		})
	}
	group.Wait()
	assert.EqualValues(t, 1, e.asked.Load())
	assert.True(t, tabled(keys[0]))
}
