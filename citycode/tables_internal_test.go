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
	"github.com/citizencode/citizencode/citycode/internal/pubkey"
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

// signedKeys returns a verifier with a list of n keys, all of one signer, and a
// signature of it.
func signedKeys(t *testing.T, e engine.Engine, n int) (*Verifier, []*pubkey.Listed, []byte) {
	t.Helper()
	signer, err := engine.GenerateKey(rand.NewChaCha8([32]byte{9}))
	require.NoError(t, err)
	key, err := newSignKey(signer, nil)
	require.NoError(t, err)
	signature, err := key.sign(tagCredential, []byte("message"))
	require.NoError(t, err)
	list, keys := &TrustList{entries: map[KeyID][]*trustEntry{}}, make([]*pubkey.Listed, n)
	for i := range keys {
		prepared, err := pubkey.NewSuite(e).Prepare(key.Public)
		require.NoError(t, err)
		keys[i] = &pubkey.Listed{Key: prepared}
		list.entries[KeyID(i/2)] = append(list.entries[KeyID(i/2)], &trustEntry{key: keys[i]})
	}
	v := &Verifier{trust: list}
	v.adopt(nil)
	return v, keys, signature
}

// accepts does with a signature of a code what checkSignatures does.
func accepts(v *Verifier, k *pubkey.Listed, signature []byte, tag string) bool {
	if !k.Verify(signature, tag, []byte("message")) {
		return false
	}
	v.signatures.Tables.Count(k)
	return true
}

func tabled(k *pubkey.Listed) bool { return k.Best().TableBytes() > 0 }

func TestTableAfterValidSignatures(t *testing.T) {
	e := &countingKeeper{Engine: engine.Default()}
	v, keys, signature := signedKeys(t, e, 1)
	k := keys[0]
	forged := append([]byte(nil), signature...)
	forged[40] ^= 1
	for range 3 * pubkey.TableAfter {
		require.False(t, accepts(v, k, forged, tagCredential))
	}
	for i := range 3 * pubkey.TableAfter {
		assert.Equal(t, i >= pubkey.TableAfter, tabled(k), "after %d", i)
		require.True(t, accepts(v, k, signature, tagCredential))
		require.False(t, accepts(v, k, forged, tagCredential))
		require.False(t, accepts(v, k, signature, tagStatic))
	}
	assert.EqualValues(t, 1, e.asked.Load())
}

func TestTablesAreBounded(t *testing.T) {
	e := &countingKeeper{Engine: engine.Default()}
	v, keys, signature := signedKeys(t, e, pubkey.MaxTables+3)
	fill := func(v *Verifier, keys []*pubkey.Listed) {
		for _, k := range keys {
			for range pubkey.TableAfter + 1 {
				require.True(t, accepts(v, k, signature, tagCredential))
			}
		}
	}
	const before = pubkey.MaxTables - 10
	fill(v, keys[:before])
	assert.Equal(t, before*256<<10, v.TableBytes())
	// The next verifier goes on with the same list.
	v = &Verifier{trust: v.trust}
	v.adopt(nil)
	fill(v, keys)
	for i, k := range keys {
		assert.Equal(t, i < pubkey.MaxTables, tabled(k))
	}
	assert.EqualValues(t, pubkey.MaxTables, e.asked.Load())
	assert.Equal(t, 16<<20, v.TableBytes())
}

// A table that fails its check is done without, as is an engine without tables.
func TestTablesFail(t *testing.T) {
	broken := &countingKeeper{Engine: engine.Default(), err: errors.New("bit flipped")}
	for _, e := range []engine.Engine{broken, engine.GMSM()} {
		v, keys, signature := signedKeys(t, e, 1)
		for range 3 * pubkey.TableAfter {
			require.True(t, accepts(v, keys[0], signature, tagCredential))
		}
		assert.Zero(t, v.TableBytes())
	}
	assert.EqualValues(t, 1, broken.asked.Load())
}

func TestTablesConcurrently(t *testing.T) {
	e := &countingKeeper{Engine: engine.Default()}
	v, keys, signature := signedKeys(t, e, 1)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range pubkey.TableAfter {
				assert.True(t, accepts(v, keys[0], signature, tagCredential))
			}
		})
	}
	group.Wait()
	assert.EqualValues(t, 1, e.asked.Load())
	assert.True(t, tabled(keys[0]))
}
